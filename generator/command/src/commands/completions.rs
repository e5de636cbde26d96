//! `bitplane completions`: what a shell completes after `bitplane`.

use crate::cli::Cli;
use crate::outcome::Outcome;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::Map;

/// Options of `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// The completion script, which follows from the command line's own definition.
pub fn run(options: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "bitplane", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    let json = [
        ("shell".to_owned(), options.shell.to_string().into()),
        ("script".to_owned(), text.clone().into()),
    ];
    Outcome { text, json: Map::from_iter(json) }
}
