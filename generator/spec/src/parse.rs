//! The walk over the tree: every problem is collected, none stops it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::{Fault, check, excerpt, line, not_built, shown, type_of};
use crate::choice::Named;
use crate::data_types;
use crate::document;
use crate::keys::{
    self, Default, KEYS, Key, LATER_KEYS, SECTIONS, Section, blank, dotted, keys_of, section,
};
use crate::legal::{Legal, Setting, Values};
use crate::name;
use crate::problem::Problem;
use crate::rules;
use crate::spec::{Kind, Spec};
use crate::suggest::nearest;

/// A configuration without errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What the user asked for.
    pub spec: Spec,
    /// What is legal but probably not meant, or costly.
    pub warnings: Vec<Problem>,
}

/// Reads a configuration.
///
/// `default_name` is the core's name where the text gives none: the file's stem.
///
/// # Errors
/// Every problem in the text, in the order of its lines; problems without a line, such as missing
/// sections, come last.
pub fn parse(text: &str, default_name: &str) -> Result<Parsed, Vec<Problem>> {
    let (root, duplicates) = document::read(text)?;
    if root.is_empty() && duplicates.is_empty() {
        return Err(vec![empty_file()]);
    }
    let mut walk = Walk::new(text, kind_of(&root));
    walk.problems = duplicates;
    walk.root(&root);
    walk.missing_keys();
    walk.default_name(default_name);
    walk.finish(default_name)
}

/// Where a rule over several keys finds what it needs.
pub(crate) struct Draft<'w> {
    /// Complete; keys that were refused or are missing hold their example.
    pub spec: &'w Spec,
    text: &'w str,
    settings: &'w BTreeMap<String, Located>,
    refused: &'w BTreeSet<String>,
}

impl Draft<'_> {
    /// Whether every one of `paths` is set to something legal or has a default.
    pub fn has(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| !self.refused.contains(*path))
    }

    /// Whether the file itself sets `path`.
    pub fn sets(&self, path: &str) -> bool {
        self.settings.contains_key(path)
    }

    /// `problem` where the file sets its key or, failing that, the key `or`.
    pub fn place(&self, problem: Problem, or: &str) -> Problem {
        match self.settings.get(&problem.key).or_else(|| self.settings.get(or)) {
            Some(located) => problem.at(self.text, located.span.clone()),
            None => problem,
        }
    }
}

/// A legal setting and where its value stands.
struct Located {
    setting: Setting,
    span: Range<usize>,
}

struct Walk<'t> {
    text: &'t str,
    /// `None` if the file names no kind that is built.
    kind: Option<Kind>,
    problems: Vec<Problem>,
    /// Legal settings by dotted key.
    settings: BTreeMap<String, Located>,
    /// Keys without a legal setting, about which there is a problem already.
    refused: BTreeSet<String>,
    /// Where the sections of the file start.
    headers: BTreeMap<&'static str, Range<usize>>,
    /// What single values are told that is legal.
    warnings: Vec<Problem>,
}

type Entry<'e, 'i> = (&'e Spanned<std::borrow::Cow<'i, str>>, &'e Spanned<DeValue<'i>>);

impl<'t> Walk<'t> {
    fn new(text: &'t str, kind: Option<Kind>) -> Self {
        Self {
            text,
            kind,
            problems: Vec::new(),
            settings: BTreeMap::new(),
            refused: BTreeSet::new(),
            headers: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    fn root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            match section(name.get_ref()).filter(|section| !section.name.is_empty()) {
                Some(section) => self.section(section, (name, value)),
                None if value.get_ref().is_table() && keys::key("", name.get_ref()).is_none() => {
                    self.unknown_section(root, (name, value));
                }
                None => self.entry("", (name, value)),
            }
        }
    }

    fn section(&mut self, section: &'static Section, (name, value): Entry<'_, '_>) {
        self.headers.insert(section.name, name.span());
        if let Some(kind) = self.kind.filter(|kind| !section.kinds.contains(kind)) {
            self.report(section.name, name.span(), section_not_for(section, kind));
            return;
        }
        match value.get_ref() {
            DeValue::Table(table) => {
                for entry in table {
                    self.entry(section.name, entry);
                }
            }
            other => {
                self.report(section.name, value.span(), no_section(section, other));
                self.refused.extend(keys_of(section.name).map(Key::path));
            }
        }
    }

    fn unknown_section(&mut self, root: &DeTable<'_>, (name, value): Entry<'_, '_>) {
        let names = SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty());
        let near = nearest(name.get_ref(), names.clone());
        let list: Vec<&str> = names.collect();
        let fault = Fault {
            code: "unknown-section",
            message: format!("there is no such section; legal are {}", list.join(", ")),
            help: match near {
                Some(near) => format!("did you mean `[{near}]`?"),
                None => "delete it; `bitplane schema` lists every key".to_owned(),
            },
        };
        self.report(&excerpt(name.get_ref()), name.span(), fault);
        // What stands under a mistyped header is checked as what it was meant to be.
        if let Some(meant) = near.filter(|near| !root.contains_key(*near)).and_then(section) {
            self.section(meant, (name, value));
        }
    }

    fn entry(&mut self, section: &'static str, (name, value): Entry<'_, '_>) {
        let Some(key) = keys::key(section, name.get_ref()) else {
            self.unknown_key(section, (name, value));
            return;
        };
        let Some(legal) = self.legal(key) else {
            return;
        };
        if legal.values == Values::DataTypes {
            return self.data_types(key, &legal, value);
        }
        match check(key, &legal, value.get_ref()) {
            Ok(setting) => {
                self.settings.insert(key.path(), Located { setting, span: value.span() });
            }
            Err(fault) => {
                self.report(&key.path(), value.span(), fault);
                self.refused.insert(key.path());
            }
        }
    }

    /// What `key` takes; `None` if that hangs on the kind and the kind is not known.
    fn legal(&mut self, key: &Key) -> Option<Legal> {
        let legal = legal_in(self.kind, key);
        if legal.is_none() {
            self.refused.insert(key.path());
        }
        legal
    }

    fn data_types(&mut self, key: &Key, legal: &Legal, value: &Spanned<DeValue<'_>>) {
        let listed = data_types::read(key, legal, value);
        let path = key.path();
        for (span, fault) in listed.warnings {
            self.warnings.push(self.problem(&path, span, fault));
        }
        if listed.faults.is_empty() {
            let setting = Setting::Types(listed.types);
            self.settings.insert(path, Located { setting, span: value.span() });
            return;
        }
        for (span, fault) in listed.faults {
            self.report(&path, span, fault);
        }
        self.refused.insert(path);
    }

    fn unknown_key(&mut self, section: &'static str, (name, value): Entry<'_, '_>) {
        let path = dotted(section, &excerpt(name.get_ref()));
        let (fault, meant) = match LATER_KEYS.iter().find(|later| later.what == path) {
            Some(later) => {
                let help = format!("delete the line `{} = ...`", later_name(later.what));
                (not_built("this key", later, help), None)
            }
            None => stray_key(section, name.get_ref(), value.get_ref()),
        };
        self.report(&path, name.span(), fault);
        // The key that was meant is not also reported as missing.
        self.refused.extend(meant.map(Key::path));
    }

    fn missing_keys(&mut self) {
        for key in KEYS.iter().filter(|key| key.is_required()) {
            let path = key.path();
            if self.settings.contains_key(&path) || self.refused.contains(&path) {
                continue;
            }
            let problem = missing(key, self.kind);
            self.problems.push(match self.headers.get(key.section) {
                Some(header) => problem.at(self.text, header.clone()),
                None => problem,
            });
            self.refused.insert(path);
        }
    }

    fn default_name(&mut self, name: &str) {
        if self.settings.contains_key("name") || self.refused.contains("name") {
            return;
        }
        if let Err(fault) = name::check(name) {
            let message =
                format!("the file's stem \"{}\", the default, {}", excerpt(name), fault.message);
            self.problems.push(Problem::new(fault.code, "name", message, fault.help));
        }
    }

    fn finish(mut self, default_name: &str) -> Result<Parsed, Vec<Problem>> {
        let spec = self.spec(self.kind.unwrap_or(Kind::LutTensorCore), default_name);
        let draft = Draft {
            spec: &spec,
            text: self.text,
            settings: &self.settings,
            refused: &self.refused,
        };
        let mut warnings = std::mem::take(&mut self.warnings);
        if self.kind.is_some() {
            self.problems.extend(rules::errors(&draft));
            warnings.extend(rules::warnings(&draft));
        }
        if self.problems.is_empty() {
            return Ok(Parsed { spec, warnings });
        }
        let position = |problem: &Problem| problem.span.as_ref().map(|span| span.start);
        self.problems.sort_by_key(|problem| position(problem).unwrap_or(usize::MAX));
        Err(self.problems)
    }

    fn spec(&self, kind: Kind, default_name: &str) -> Spec {
        let mut spec = blank(kind, default_name);
        for key in KEYS {
            let given = self.settings.get(&key.path()).map(|located| located.setting.clone());
            let setting = given.or_else(|| match key.default {
                Default::Derived { .. } => None,
                _ => Some(key.example(&(key.legal)(kind))),
            });
            if let Some(setting) = setting {
                (key.set)(&mut spec, &setting);
            }
        }
        for key in KEYS {
            match key.default {
                Default::Derived { of, .. } if !self.settings.contains_key(&key.path()) => {
                    let setting = of(&spec);
                    (key.set)(&mut spec, &setting);
                }
                _ => {}
            }
        }
        spec
    }

    fn report(&mut self, key: &str, span: Range<usize>, fault: Fault) {
        let problem = self.problem(key, span, fault);
        self.problems.push(problem);
    }

    fn problem(&self, key: &str, span: Range<usize>, fault: Fault) -> Problem {
        Problem::new(fault.code, key, fault.message, fault.help).at(self.text, span)
    }
}

fn legal_in(kind: Option<Kind>, key: &Key) -> Option<Legal> {
    if let Some(kind) = kind {
        return Some((key.legal)(kind));
    }
    let legal = (key.legal)(Kind::ALL[0].0);
    Kind::ALL.iter().all(|(kind, _)| (key.legal)(*kind) == legal).then_some(legal)
}

fn kind_of(root: &DeTable<'_>) -> Option<Kind> {
    Kind::from_name(root.get("kind")?.get_ref().as_str()?)
}

fn empty_file() -> Problem {
    let required: Vec<String> =
        KEYS.iter().filter(|key| key.is_required()).map(Key::path).collect();
    let (last, others) = required.split_last().expect("some keys are required");
    Problem::new(
        "empty-file",
        "",
        format!("the file sets nothing; {} and {last} are required", others.join(", ")),
        format!("`bitplane new {}` writes a commented starter file", Kind::ALL[0].1.name),
    )
}

fn missing(key: &Key, kind: Option<Kind>) -> Problem {
    let known = legal_in(kind, key);
    let legal = match &known {
        Some(legal) => legal.describe(),
        None => "a choice that hangs on the kind".to_owned(),
    };
    let example = key.example(&known.unwrap_or_else(|| (key.legal)(Kind::ALL[0].0)));
    Problem::new(
        "missing-key",
        key.path(),
        format!("is missing and has no default; legal is {legal}"),
        format!("add for example {}", line(key, &example)),
    )
}

fn section_not_for(section: &Section, kind: Kind) -> Fault {
    Fault {
        code: "section-not-for-kind",
        message: format!(
            "kind = \"{}\" takes no [{}]: {}",
            kind.name(),
            section.name,
            section.why_not
        ),
        help: format!("delete [{}] and the keys below it", section.name),
    }
}

fn no_section(section: &Section, value: &DeValue<'_>) -> Fault {
    let name = section.name;
    Fault {
        code: "wrong-type",
        message: format!("{} is {}, but {name} is a section", shown(value), type_of(value)),
        help: format!("write `[{name}]` on a line of its own and its keys below it"),
    }
}

/// The fault of an unknown key and, where it can be told, the key that was meant.
fn stray_key(
    section: &'static str,
    name: &str,
    value: &DeValue<'_>,
) -> (Fault, Option<&'static Key>) {
    let legal: Vec<&str> = keys_of(section).map(|key| key.name).collect();
    let place =
        if section.is_empty() { "outside sections".to_owned() } else { format!("in [{section}]") };
    let elsewhere: Vec<&Key> = KEYS.iter().filter(|key| key.name == name).collect();
    let near = nearest(name, legal.iter().copied()).and_then(|near| keys::key(section, near));
    let (help, meant) = match (elsewhere.as_slice(), near) {
        ([], Some(near)) => {
            (format!("did you mean `{} = {}`?", near.name, shown(value)), Some(near))
        }
        ([], None) => ("delete the line; `bitplane schema` lists every key".to_owned(), None),
        ([only], _) => (format!("`{name}` belongs {}", home(only)), Some(*only)),
        (several, _) => {
            let homes: Vec<String> = several.iter().map(|key| home(key)).collect();
            (format!("`{name}` belongs {}", homes.join(" or ")), None)
        }
    };
    let message = format!("there is no such key {place}; legal are {}", legal.join(", "));
    (Fault { code: "unknown-key", message, help }, meant)
}

fn home(key: &Key) -> String {
    if key.section.is_empty() {
        "above the first section".to_owned()
    } else {
        format!("in [{}]", key.section)
    }
}

fn later_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
