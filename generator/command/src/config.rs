//! CONFIG on the command line: a file, or a preset's name.

use crate::console::Console;
use crate::failure::{Class, Failure, SourceText};
use crate::folder::{self, unusable};
use crate::presets::{self, PRESETS};
use bitplane_spec::{Problem, Spec, parse};
use std::path::{Component, Path, PathBuf};

/// Where bundles are written and presets looked for, below the working folder.
pub const BUNDLES: &str = "rtl_out";
const FILE: &str = "config.toml";

/// A configuration that was read and is right.
#[derive(Debug)]
pub struct Config {
    /// What it asks for.
    pub spec: Spec,
    /// The file it was read from; none for a preset that comes with the command.
    pub path: Option<PathBuf>,
}

/// Reads the configuration that `argument` means and shows what it warns of.
pub fn load(argument: &Path, console: &Console) -> Result<Config, Failure> {
    let found = find(argument)?;
    let source = SourceText { name: found.shown, text: found.text };
    match parse(&source.text, &found.name) {
        Ok(parsed) => {
            parsed.warnings.into_iter().for_each(|warning| console.warn(warning, Some(&source)));
            Ok(Config { spec: parsed.spec, path: found.path })
        }
        Err(problems) => Err(Failure::new(Class::BadInput, problems).in_source(source)),
    }
}

struct Found {
    text: String,
    shown: String,
    name: String,
    path: Option<PathBuf>,
}

fn find(argument: &Path) -> Result<Found, Failure> {
    match preset_name(argument) {
        Some(name) if !argument.is_file() => find_preset(name),
        _ if argument.is_dir() => Err(folder_given(argument)),
        _ => read(argument, &stem(argument)),
    }
}

/// The argument as a name: one component without an extension.
fn preset_name(argument: &Path) -> Option<&str> {
    let mut components = argument.components();
    let (Some(Component::Normal(name)), None) = (components.next(), components.next()) else {
        return None;
    };
    name.to_str().filter(|name| argument.extension().is_none() && !name.is_empty())
}

fn find_preset(name: &str) -> Result<Found, Failure> {
    let path = Path::new(BUNDLES).join(name).join(FILE);
    if path.is_file() {
        return read(&path, name);
    }
    if let Some(preset) = presets::find(name) {
        let (name, text) = (preset.name.to_owned(), preset.text.to_owned());
        return Ok(Found { text, shown: format!("preset {name}"), name, path: None });
    }
    if Path::new(name).is_dir() {
        return Err(folder_given(Path::new(name)));
    }
    let message = format!("is neither a file nor a preset, nor is there {}", path.display());
    Err(unusable("config-not-found", Path::new(name), &message, &ways_out()))
}

fn ways_out() -> String {
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    match names.is_empty() {
        true => "start a file with `bitplane new KIND`".to_owned(),
        false => format!("presets: {}; or start a file with `bitplane new KIND`", names.join(", ")),
    }
}

fn read(path: &Path, name: &str) -> Result<Found, Failure> {
    Ok(Found {
        text: folder::read_text(path)?,
        shown: path.display().to_string(),
        name: name.to_owned(),
        path: Some(path.to_owned()),
    })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn folder_given(path: &Path) -> Failure {
    let inside = path.join(FILE);
    let help = match inside.is_file() {
        true => format!("give {}", inside.display()),
        false => "give a .toml file".to_owned(),
    };
    unusable("is-a-folder", path, "is a folder, not a configuration", &help)
}

/// `problem`, about the file at `path` where it does not say what it is about.
pub fn about(problem: Problem, path: &Path) -> Problem {
    match problem.key.is_empty() {
        true => Problem { key: path.display().to_string(), ..problem },
        false => problem,
    }
}
