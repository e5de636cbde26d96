//! Rules of the workspace as a whole: which crate may see which, and that the documentation names
//! files that exist.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each crate may depend on inside the workspace, tests apart.
const LAYERS: &[(&str, &[&str])] = &[
    ("bitplane-formats", &[]),
    ("bitplane-spec", &["bitplane-formats"]),
    ("bitplane-design", &["bitplane-formats", "bitplane-spec"]),
    ("bitplane-emit", &["bitplane-formats", "bitplane-spec", "bitplane-design"]),
    ("bitplane-weights", &["bitplane-formats", "bitplane-spec"]),
    ("bitplane-fuzz", &["bitplane-formats", "bitplane-spec", "bitplane-weights"]),
    ("bitplane-golden", &["bitplane-formats", "bitplane-spec"]),
    (
        "bitplane-simulate",
        &["bitplane-formats", "bitplane-spec", "bitplane-emit", "bitplane-golden"],
    ),
    ("bitplane-synthesise", &["bitplane-formats", "bitplane-spec", "bitplane-emit"]),
    ("bitplane-second", &[]),
    (
        "bitplane",
        &[
            "bitplane-formats",
            "bitplane-spec",
            "bitplane-design",
            "bitplane-emit",
            "bitplane-weights",
            "bitplane-golden",
            "bitplane-simulate",
            "bitplane-synthesise",
        ],
    ),
];

fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap().to_owned()
}

fn members() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    metadata.packages
}

/// Crates of the workspace that each of its crates depends on, tests apart.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let members = members();
    let names: BTreeSet<String> = members.iter().map(|each| each.name.to_string()).collect();
    let inner = |package: &Package| {
        let others = package.dependencies.iter();
        let others = others.filter(|other| other.kind != DependencyKind::Development);
        let others = others.map(|other| other.name.clone());
        others.filter(|name| names.contains(name)).collect()
    };
    members.iter().map(|package| (package.name.to_string(), inner(package))).collect()
}

#[test]
fn every_crate_has_its_layer() {
    let members: BTreeSet<String> = dependencies().into_keys().collect();
    let layers: BTreeSet<String> = LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, layers);
}

#[test]
fn no_crate_sees_more_than_its_layer_allows() {
    let dependencies = dependencies();
    for (name, allowed) in LAYERS {
        for other in &dependencies[*name] {
            assert!(allowed.contains(&other.as_str()), "{name} may not depend on {other}");
        }
    }
}

#[test]
fn nothing_depends_on_the_command() {
    for (name, others) in dependencies() {
        assert!(!others.contains("bitplane"), "{name} depends on the command");
    }
}

/// Every Markdown page of the project that was written by hand.
fn pages() -> Vec<PathBuf> {
    let root = root();
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    for folder in ["docs", "docs/units"] {
        let entries = fs::read_dir(root.join(folder)).expect("the folder is there");
        let paths = entries.map(|entry| entry.unwrap().path());
        pages.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    pages.sort();
    pages
}

/// A page's text on one line: quoted names may be wrapped.
fn read(page: &Path) -> String {
    let text = fs::read_to_string(page).expect("a page that can be read");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Targets of Markdown links, without web addresses and places in a page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

/// What stands in backquotes. A fence of three leaves their number even.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Words in backquotes that name a file or folder of the project: they start with one of its
/// folders. Names with a placeholder are left out.
fn quoted_paths(text: &str) -> impl Iterator<Item = &str> {
    const FOLDERS: [&str; 7] =
        ["generator/", "verification/", "templates/", "scripts/", "docs/", ".ci/", "rtl_out/"];
    quoted(text)
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
        .filter(|word| !word.contains(['<', '*', ' ', '{', 'N']))
}

/// Tests that a page says hold a sentence: `path/to/file.rs: name_of_the_test`.
fn named_tests(text: &str) -> impl Iterator<Item = (&str, &str)> {
    quoted(text).filter_map(|word| word.split_once(".rs: "))
}

#[test]
fn every_path_that_the_documentation_names_exists() {
    let root = root();
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        let folder = page.parent().unwrap();
        let linked = links(&text).map(|target| folder.join(target));
        let quoted = quoted_paths(&text).map(|path| {
            let path = path.split_once(": ").map_or(path, |(file, _)| file);
            root.join(path)
        });
        for path in linked.chain(quoted).filter(|path| !path.exists()) {
            missing.push(format!("{}: {}", page.display(), path.display()));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_test_that_the_documentation_names_exists() {
    let root = root();
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        for (file, test) in named_tests(&text) {
            let path = root.join(format!("{file}.rs"));
            let source = fs::read_to_string(&path).unwrap_or_default();
            if !source.contains(&format!("fn {test}(")) {
                missing.push(format!("{}: {file}.rs: {test}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_unit_template_has_its_page() {
    let root = root();
    let units: Vec<String> = fs::read_dir(root.join("templates/rtl"))
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem()?.to_str().map(str::to_owned)
        })
        .filter(|name| !["header", "top"].contains(&name.as_str()))
        .collect();
    let told: String = pages()
        .iter()
        .filter(|page| page.parent().unwrap().ends_with("units"))
        .map(|page| fs::read_to_string(page).unwrap())
        .collect();
    for unit in units {
        assert!(
            told.contains(&format!("templates/rtl/{unit}.sv")),
            "no page below docs/units tells about {unit}"
        );
    }
}
