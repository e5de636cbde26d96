//! The `bitplane` command: the only part of bitplane that decides on paths, prints, starts
//! programs and reads the environment.

#![allow(
    clippy::result_large_err,
    reason = "a problem is made once, on the way out; its size costs nothing"
)]

mod bundle_folder;
mod cli;
mod commands;
mod config;
mod console;
mod failure;
mod folder;
mod interrupt;
mod layer;
mod outcome;
mod places;
mod presets;
mod process;
mod progress;
mod reproduce;
mod simulation;
mod tools;
mod types_report;

use cli::{Command, Global, Parsed};
use console::{Colour, Console};
use failure::Failure;
use outcome::{JsonFile, Outcome};
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(run(&std::env::args_os().collect::<Vec<_>>()))
}

/// The whole program: arguments to exit status.
fn run(arguments: &[OsString]) -> u8 {
    interrupt::install();
    match cli::parse(arguments) {
        Parsed::Command(cli) => {
            let work = |console: &Console| dispatch(&cli.command, console);
            finish(cli.global, cli.command.name(), work)
        }
        Parsed::Misuse { failure, global } => finish(global, "", |_| Err(failure)),
        Parsed::Text(text) => {
            let outcome = Outcome { text, ..Outcome::default() };
            outcome::tell(&Console::new(Colour::Auto), &Ok(outcome))
        }
    }
}

fn dispatch(command: &Command, console: &Console) -> Result<Outcome, Failure> {
    match command {
        Command::New(options) => commands::new::run(options),
        Command::Generate(options) => commands::generate::run(options, console),
        Command::Verify(options) => commands::verify::run(options, console),
        Command::Mutate(options) => commands::mutate::run(options, console),
        Command::Prove(options) => commands::prove::run(options, console),
        Command::Run(options) => commands::run::run(options, console),
        Command::Synth(options) => commands::synth::run(options, console),
        Command::Quantize(options) => commands::quantize::run(options, console),
        Command::Reproduce(options) => commands::reproduce::run(options, console),
        Command::Lmma(options) => commands::lmma::run(options, console),
        Command::Schema => Ok(commands::schema::run()),
        Command::Completions(options) => Ok(commands::completions::run(options)),
        Command::Doctor(options) => commands::doctor::run(options),
    }
}

/// Runs `work` and says what it came to, to people and to programs.
fn finish(
    global: Global,
    command: &str,
    work: impl FnOnce(&Console) -> Result<Outcome, Failure>,
) -> u8 {
    let console = Console::new(global.colour);
    let json = match JsonFile::prepare(global.json) {
        Ok(json) => json,
        Err(failure) => return outcome::tell(&console, &Err(failure)),
    };
    let result = work(&console);
    let status = outcome::tell(&console, &result);
    match json.write(command, &result, &console.warnings()) {
        Ok(()) => status,
        Err(failure) => outcome::tell(&console, &Err(failure)),
    }
}
