//! The table of keys told to people, to editors and as starter files.

use bitplane_formats::Codebook;
use serde_json::{Map, Value, json};

use crate::choice::{Choice, KINDS, Named};
use crate::data_types;
use crate::keys::{Default, KEYS, Key, SECTIONS, Section, keys_of};
use crate::legal::{Legal, Setting, Values};
use crate::name;
use crate::normalise::header;
use crate::parse::parse;
use crate::spec::{Kind, Spec};

/// Every key with its legal values, default and meaning, as text for people.
pub fn schema() -> String {
    let kinds: String = KINDS.iter().map(|kind| word_line(kind, "  ")).collect();
    let sections: String = SECTIONS.iter().map(describe_section).collect();
    format!("Keys of a configuration file (TOML). Kinds of core:\n{kinds}{sections}")
}

fn describe_section(section: &Section) -> String {
    let kinds = match section.kinds {
        all if all.len() == Kind::ALL.len() => String::new(),
        some => format!(" Only {}.", names(some)),
    };
    let header = header(section).unwrap_or_else(|| "(above the first section)\n".to_owned());
    let keys: String = keys_of(section.name).map(|key| describe_key(key, section)).collect();
    format!("\n{}  {}{kinds}\n{keys}", header.trim_end(), section.doc)
}

fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

fn describe_key(key: &Key, section: &Section) -> String {
    let legal: String =
        legal_by_kind(key, section).iter().map(|text| format!("      {text}\n")).collect();
    let words: String = words_of(key, section).iter().map(|w| word_line(w, "        ")).collect();
    let default = default_text(key, &(key.legal)(section.kinds[0]));
    format!("  {} ({default})\n      {}\n{legal}{words}", key.name, key.doc)
}

fn word_line(word: &Choice, indent: &str) -> String {
    format!("{indent}{:<17}{}\n", word.name, word.about)
}

/// The legal values, once if they are the same in every kind that has the section; nothing where
/// the list of words says it already.
fn legal_by_kind(key: &Key, section: &Section) -> Vec<String> {
    let all: Vec<(Kind, Legal)> =
        section.kinds.iter().map(|kind| (*kind, (key.legal)(*kind))).collect();
    let (_, first) = &all[0];
    if !all.iter().all(|(_, legal)| legal == first) {
        let same = all.chunk_by(|(_, one), (_, next)| one == next);
        let line = |alike: &[(Kind, Legal)]| {
            let kinds: Vec<Kind> = alike.iter().map(|(kind, _)| *kind).collect();
            format!("{}: {}", names(&kinds), alike[0].1.describe())
        };
        return same.map(line).collect();
    }
    match first.values {
        Values::None => Vec::new(),
        _ => vec![first.describe()],
    }
}

/// The words of a key in all kinds.
fn words_of(key: &Key, section: &Section) -> Vec<Choice> {
    let mut words: Vec<Choice> = Vec::new();
    for word in section.kinds.iter().flat_map(|kind| (key.legal)(*kind).words) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn default_text(key: &Key, legal: &Legal) -> String {
    match &key.default {
        Default::Required { .. } => "required".to_owned(),
        Default::Derived { text, .. } => format!("default: {text}"),
        Default::FirstWord | Default::Is(_) => {
            let setting = key.fixed_default(legal).expect("it is the same in every file");
            format!("default: {}", setting.to_toml())
        }
    }
}

/// The configuration as a JSON schema (draft 2020-12), for editors. Rules between keys, such as
/// `drain` dividing `n`, are beyond it.
pub fn json_schema() -> Value {
    let kinds: Vec<Value> =
        Kind::ALL.iter().map(|(kind, about)| kind_schema(*kind, about)).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bitplane configuration",
        "type": "object",
        "required": ["kind"],
        "oneOf": kinds,
    })
}

fn kind_schema(kind: Kind, about: &Choice) -> Value {
    let mut schema = object_schema("", kind);
    let sections = SECTIONS.iter().filter(|s| !s.name.is_empty() && s.kinds.contains(&kind));
    for section in sections {
        let mut inner = object_schema(section.name, kind);
        inner["description"] = section.doc.into();
        if !required(section.name).is_empty() {
            push(&mut schema["required"], section.name.into());
        }
        schema["properties"][section.name] = inner;
    }
    schema["properties"]["kind"] = json!({ "const": about.name, "description": about.about });
    schema["title"] = about.name.into();
    schema
}

fn push(array: &mut Value, value: Value) {
    if let Value::Array(values) = array {
        values.push(value);
    }
}

fn object_schema(section: &str, kind: Kind) -> Value {
    let properties: Map<String, Value> =
        keys_of(section).map(|key| (key.name.to_owned(), key_schema(key, kind))).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required(section),
        "properties": properties,
    })
}

fn required(section: &str) -> Vec<&'static str> {
    keys_of(section).filter(|key| key.is_required()).map(|key| key.name).collect()
}

fn key_schema(key: &Key, kind: Kind) -> Value {
    let legal = (key.legal)(kind);
    let mut texts: Vec<String> = legal.words.iter().map(|word| word.name.to_owned()).collect();
    if let Values::Formats(widths) = &legal.values {
        texts.extend(widths.clone().map(|bits| format!("int{bits}")));
    }
    let values = match &legal.values {
        Values::Integers(range) => {
            json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() })
        }
        Values::Name => json!({ "type": "string", "pattern": name::PATTERN }),
        Values::Booleans(flags) => json!({ "enum": flags }),
        Values::DataTypes => {
            let one = [json!({ "enum": texts }), codebook_schema()];
            let item = json!({ "anyOf": one });
            let several =
                json!({ "type": "array", "items": item, "minItems": 1, "uniqueItems": true });
            json!({ "anyOf": [one[0], one[1], several] })
        }
        Values::None | Values::Formats(_) => json!({ "enum": texts }),
    };
    let mut schema = match &legal.values {
        Values::Integers(_) if !texts.is_empty() => {
            json!({ "anyOf": [{ "enum": texts }, values] })
        }
        _ => values,
    };
    schema["description"] = format!("{} ({})", key.doc, default_text(key, &legal)).into();
    match key.fixed_default(&legal) {
        Some(Setting::Number(number)) => schema["default"] = number.into(),
        Some(Setting::Word(word)) => schema["default"] = word.into(),
        Some(Setting::Boolean(boolean)) => schema["default"] = boolean.into(),
        _ => {}
    }
    schema
}

/// A data type given by its values.
fn codebook_schema() -> Value {
    let (bits, fraction_bits) = (Codebook::BITS, Codebook::FRACTION_BITS);
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "values"],
        "properties": {
            "name": { "type": "string", "pattern": data_types::NAME_PATTERN },
            "values": {
                "type": "array",
                "items": { "type": "number" },
                "minItems": 1 << bits.start(),
                "maxItems": 1 << bits.end(),
                "description": "The value of each code from 0 on; as many as codes of some width",
            },
            "fraction_bits": {
                "type": "integer",
                "minimum": fraction_bits.start(),
                "maximum": fraction_bits.end(),
                "description": "Values are rounded to multiples of 2^-fraction_bits (default: the \
                                coarsest grid that has all of them)",
            },
        },
    })
}

/// A commented file for the kind called `kind`, ready to be used: required keys are set to an
/// example, the others stand in comments at their defaults. `None` if there is no such kind.
pub fn starter(kind: &str) -> Option<String> {
    let kind = Kind::from_name(kind)?;
    let spec = parse(&shortest(kind), kind.name()).ok()?.spec;
    let about = KINDS.iter().find(|choice| choice.name == kind.name())?.about;
    let sections = SECTIONS.iter().filter(|section| section.kinds.contains(&kind));
    let sections: String = sections.map(|section| starter_section(section, &spec)).collect();
    Some(format!(
        "# {}: {about}.\n\
         # Keys without a leading # are required; the others show their default.\n{sections}",
        kind.name()
    ))
}

/// The required keys of a kind, at their examples.
fn shortest(kind: Kind) -> String {
    let example =
        |key: &Key| format!("{} = {}\n", key.path(), key.example(&(key.legal)(kind)).to_toml());
    let others = KEYS.iter().filter(|key| key.is_required() && key.name != "kind");
    format!("kind = \"{}\"\n", kind.name()) + &others.map(example).collect::<String>()
}

fn starter_section(section: &Section, spec: &Spec) -> String {
    let header = header(section).unwrap_or_default();
    let keys: String = keys_of(section.name).map(|key| starter_key(key, spec)).collect();
    format!("\n# {}\n{header}{keys}", section.doc)
}

fn starter_key(key: &Key, spec: &Spec) -> String {
    let Some(setting) = (key.get)(spec) else {
        return String::new();
    };
    let legal = (key.legal)(spec.kind());
    let comment = if key.is_required() { "" } else { "# " };
    let derived = match key.default {
        Default::Derived { text, .. } => format!("# Default: {text}.\n"),
        _ => String::new(),
    };
    let range = match legal.values {
        Values::None => String::new(),
        _ => format!("# Legal: {}.\n", legal.describe()),
    };
    let words: String = legal.words.iter().map(|word| word_line(word, "#     ")).collect();
    let line = format!("{comment}{} = {}\n", key.name, setting.to_toml());
    format!("\n# {}\n{range}{words}{derived}{line}", key.doc)
}
