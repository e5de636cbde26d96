//! The command line.

use crate::commands::completions::Completions;
use crate::commands::doctor::Doctor;
use crate::commands::generate::Generate;
use crate::commands::lmma::Lmma;
use crate::commands::mutate::Mutate;
use crate::commands::new::New;
use crate::commands::prove::Prove;
use crate::commands::quantize::Quantize;
use crate::commands::reproduce::Reproduce;
use crate::commands::run::Run;
use crate::commands::synth::Synth;
use crate::commands::verify::Verify;
use crate::console::Colour;
use crate::failure::Failure;
use bitplane_spec::Problem;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
CONFIG is a .toml file or a preset's name (bitplane new --list).

Exit status: 0 done as asked; 1 a check failed; 2 bad input; 3 a tool is missing or too old;
4 the machine failed (disk full, a tool crashed); 130 interrupted.";

/// Low-bit matrix multiplication in SystemVerilog: generated, checked bit-exact, measured in gates.
#[derive(Debug, Parser)]
#[command(name = "bitplane", version, after_help = AFTER_HELP)]
#[command(propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
}

/// Options that every command takes.
#[derive(Args, Debug)]
pub struct Global {
    /// Also write the result to FILE as JSON; on failure too, with `status` and `errors`
    #[arg(long, global = true, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Colours on standard error (NO_COLOR is honoured)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub colour: Colour,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented configuration to start from, or list kinds and presets
    New(New),
    /// Write the bundle of a configuration: SystemVerilog, harness, manifest, README
    Generate(Generate),
    /// Check the core against the golden model, bit by bit, with Verilator
    Verify(Verify),
    /// Put faults into the core, one at a time, and count those that `verify` finds
    Mutate(Mutate),
    /// Prove for all inputs that units do what their definitions say
    Prove(Prove),
    /// Map the core to gates with Yosys: area, cells, flip-flops, latches, delay, area by unit
    Synth(Synth),
    /// Quantise and pack a weight tensor; report its error
    Quantize(Quantize),
    /// Push a real layer through the RTL; report mismatches, cycles and error
    Run(Run),
    /// Measure the cores of a published table, ours beside theirs, as ratios
    Reproduce(Reproduce),
    /// Matrix products as instructions: those of a core, and text to command words and back
    Lmma(Lmma),
    /// Explain every key of a configuration (with --json: a JSON schema under `schema`)
    Schema,
    /// Print the completions of a shell, to be kept where the shell looks for them
    Completions(Completions),
    /// List the tools found, their versions and what is missing; install pinned ones
    Doctor(Doctor),
}

impl Command {
    /// The subcommand's name.
    pub fn name(&self) -> &'static str {
        match self {
            Command::New(_) => "new",
            Command::Generate(_) => "generate",
            Command::Verify(_) => "verify",
            Command::Mutate(_) => "mutate",
            Command::Prove(_) => "prove",
            Command::Synth(_) => "synth",
            Command::Quantize(_) => "quantize",
            Command::Run(_) => "run",
            Command::Reproduce(_) => "reproduce",
            Command::Lmma(_) => "lmma",
            Command::Schema => "schema",
            Command::Completions(_) => "completions",
            Command::Doctor(_) => "doctor",
        }
    }
}

/// What the arguments came to.
pub enum Parsed {
    /// A command to run.
    Command(Box<Cli>),
    /// Help or a version was asked for.
    Text(String),
    /// Arguments that make no sense, and the `--json` among them if it can be made out.
    Misuse {
        /// What is wrong.
        failure: Failure,
        /// Global options, as far as they can be told.
        global: Global,
    },
}

/// Reads the command line.
pub fn parse(arguments: &[OsString]) -> Parsed {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => Parsed::Command(Box::new(cli)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Parsed::Text(error.render().to_string())
            }
            _ => Parsed::Misuse { failure: misuse(&error), global: salvage(arguments) },
        },
    }
}

/// What clap has to say as one problem: its first paragraph is the message, the rest the way out.
fn misuse(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let usage = text.find("Usage:").or(text.find("For more information")).unwrap_or(text.len());
    let (said, _) = text.split_at(usage);
    let mut paragraphs = said.split("\n\n").map(one_line).filter(|each| !each.is_empty());
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
    let mut help: Vec<String> =
        paragraphs.map(|each| each.trim_start_matches("tip: ").to_owned()).collect();
    help.push("see `bitplane --help` or `bitplane COMMAND --help`".to_owned());
    let problem = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let message = "no command was given";
            Problem::new("usage", "", message, "see `bitplane --help`")
        }
        _ => Problem::new("usage", culprit(error), message, help.join("; ")),
    };
    Failure::bad_input(problem)
}

fn one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The argument that the error is about.
fn culprit(error: &clap::Error) -> String {
    [ContextKind::InvalidArg, ContextKind::InvalidSubcommand]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) => Some(texts.join(" ")),
            _ => None,
        })
        .unwrap_or_default()
}

/// The global options of a command line that cannot be understood as a whole.
fn salvage(arguments: &[OsString]) -> Global {
    let colour = match value_of(arguments, "--colour").and_then(|value| value.to_str()) {
        Some("always") => Colour::Always,
        Some("never") => Colour::Never,
        _ => Colour::Auto,
    };
    Global { json: value_of(arguments, "--json").map(PathBuf::from), colour }
}

fn value_of<'a>(arguments: &'a [OsString], option: &str) -> Option<&'a OsStr> {
    use std::os::unix::ffi::OsStrExt;
    let following = arguments.iter().skip(1).map(Some).chain([None]);
    arguments.iter().zip(following).find_map(|(argument, next)| {
        if argument == option {
            return next.map(OsString::as_os_str);
        }
        let value = argument.as_bytes().strip_prefix(option.as_bytes())?.strip_prefix(b"=")?;
        Some(OsStr::from_bytes(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_json_file_is_found_in_arguments_that_make_no_sense() {
        let json = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            salvage(&arguments).json
        };
        assert_eq!(json(&["bitplane", "gnerate", "--json", "a"]), Some("a".into()));
        assert_eq!(json(&["bitplane", "--json=a", "--x"]), Some("a".into()));
        assert_eq!(json(&["bitplane", "--json"]), None);
    }
}
