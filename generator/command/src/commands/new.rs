//! `bitplane new`: a configuration to start from.

use crate::failure::Failure;
use crate::folder;
use crate::outcome::Outcome;
use crate::presets::PRESETS;
use bitplane_spec::{KINDS, Problem, starter};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Options of `new`.
#[derive(Args, Debug)]
pub struct New {
    /// Kind of core (`--list` shows them)
    #[arg(required_unless_present = "list")]
    kind: Option<String>,
    /// List the kinds of core and the presets
    #[arg(long, conflicts_with_all = ["kind", "out"])]
    list: bool,
    /// File to write; an existing one is not replaced [default: ./KIND.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes a commented starter file, or lists what there is.
pub fn run(options: &New) -> Result<Outcome, Failure> {
    match &options.kind {
        Some(kind) => write(kind, options.out.clone()),
        None => Ok(list()),
    }
}

fn write(kind: &str, out: Option<PathBuf>) -> Result<Outcome, Failure> {
    let text = starter(kind).ok_or_else(|| unknown_kind(kind))?;
    let path = out.unwrap_or_else(|| PathBuf::from(format!("{kind}.toml")));
    folder::create_file(&path, &text)?;
    let shown = path.display().to_string();
    Ok(Outcome {
        text: format!("wrote {shown}; next: bitplane generate {shown}\n"),
        json: Map::from_iter([("kind".to_owned(), kind.into()), ("file".to_owned(), shown.into())]),
    })
}

fn unknown_kind(kind: &str) -> Failure {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let message = format!("{kind} is no kind of core that can be generated");
    let help = format!("kinds: {}", names.join(", "));
    Failure::bad_input(Problem::new("unknown-kind", "KIND", message, help))
}

fn list() -> Outcome {
    let kinds = KINDS.iter().map(|kind| format!("  {:<20}{}\n", kind.name, kind.about));
    let presets = PRESETS.iter().map(|preset| format!("  {}\n", preset.name));
    let text =
        format!("kinds\n{}presets\n{}", kinds.collect::<String>(), presets.collect::<String>());
    let kinds: Vec<Value> =
        KINDS.iter().map(|kind| json!({"name": kind.name, "meaning": kind.about})).collect();
    let presets: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    let json = [("kinds".to_owned(), kinds.into()), ("presets".to_owned(), presets.into())];
    Outcome { text, json: Map::from_iter(json) }
}
