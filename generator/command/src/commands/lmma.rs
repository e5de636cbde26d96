//! `bitplane lmma`: matrix products as instructions: those of a core, and text to command words.

use crate::config;
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::outcome::Outcome;
use bitplane_spec::Problem;
use bitplane_spec::lmma::{Command, Limits, WORD_BITS};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Options of `lmma`.
#[derive(Args, Debug)]
pub struct Lmma {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the instructions that a core executes
    List {
        /// The core
        config: PathBuf,
    },
    /// Turn commands into words of 32 hexadecimal digits
    Assemble {
        /// lmma.mMnNkK.A.W.Acc.O [accumulate] [zero_point=Z] [id=I]
        #[arg(required = true)]
        text: Vec<String>,
        /// Refuse what this core does not do
        #[arg(long, value_name = "CONFIG")]
        config: Option<PathBuf>,
    },
    /// Turn words into commands
    Disassemble {
        /// Up to 32 hexadecimal digits; `_` between them and `0x` before them are skipped
        #[arg(required = true)]
        hex: Vec<String>,
    },
}

/// Lists, assembles or disassembles.
pub fn run(options: &Lmma, console: &Console) -> Result<Outcome, Failure> {
    match &options.action {
        Action::List { config } => Ok(list(&Limits::of(&config::load(config, console)?.spec))),
        Action::Assemble { text, config } => {
            let limits = match config {
                Some(config) => Some(Limits::of(&config::load(config, console)?.spec)),
                None => None,
            };
            let read = |text: &String| {
                let command = Command::parse(text)?;
                let refused = limits.as_ref().map(|limits| limits.refuse(&command));
                match refused.filter(|problems| !problems.is_empty()) {
                    Some(problems) => Err(problems),
                    None => Ok(command),
                }
            };
            let words = all(text, read)?;
            Ok(told(&words, |command| digits(command.word())))
        }
        Action::Disassemble { hex } => {
            let commands = all(hex, |hex| Command::of_word(word(hex)?))?;
            Ok(told(&commands, Command::to_string))
        }
    }
}

/// Reads every one of `texts`, or tells all that is wrong with any of them.
fn all(
    texts: &[String],
    read: impl Fn(&String) -> Result<Command, Vec<Problem>>,
) -> Result<Vec<Command>, Failure> {
    let mut commands = Vec::new();
    let mut problems = Vec::new();
    for text in texts {
        match read(text) {
            Ok(command) => commands.push(command),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(commands) } else { Err(Failure::new(Class::BadInput, problems)) }
}

fn digits(word: u128) -> String {
    format!("{word:0width$x}", width = WORD_BITS as usize / 4)
}

/// The number that `hex` writes.
fn word(hex: &str) -> Result<u128, Vec<Problem>> {
    let plain = hex.trim().replace('_', "");
    let plain = plain.strip_prefix("0x").unwrap_or(&plain);
    let legal = (1..=WORD_BITS as usize / 4).contains(&plain.len())
        && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(plain, 16).ok().filter(|_| legal).ok_or_else(|| {
        let message =
            format!("\"{hex}\" is no word; legal are 1 to {} hexadecimal digits", WORD_BITS / 4);
        let help = "`bitplane lmma assemble` makes words from text";
        vec![Problem::new("lmma-word", "HEX", message, help)]
    })
}

fn told(commands: &[Command], line: impl Fn(&Command) -> String) -> Outcome {
    let text = commands.iter().map(|command| line(command) + "\n").collect();
    let both =
        |command: &Command| json!({"text": command.to_string(), "word": digits(command.word())});
    let listed: Vec<Value> = commands.iter().map(both).collect();
    Outcome { text, json: Map::from_iter([("commands".to_owned(), listed.into())]) }
}

fn list(limits: &Limits) -> Outcome {
    let patterns: String =
        limits.weights.iter().map(|weight| limits.pattern(*weight) + "\n").collect();
    let whole = limits.weights.iter().map(|weight| limits.tile_instruction(*weight).to_string());
    let tiles: String = whole.clone().map(|each| format!("  {each}\n")).collect();
    let options = options(limits);
    let told: String = options.iter().map(|option| format!("  {option}\n")).collect();
    let text =
        format!("{patterns}  {}\noptions\n{told}one tile and k-step\n{tiles}", limits.sizes());
    let keys = json!({
        "instructions": limits.weights.iter().map(|w| limits.pattern(*w)).collect::<Vec<_>>(),
        "max_m": bitplane_spec::lmma::MOST_ROWS,
        "max_n": bitplane_spec::lmma::MOST_ROWS,
        "max_k": limits.max_k,
        "accumulate": limits.accumulates,
        "zero_point": limits.zero_points,
        "tile": limits.tile,
        "tile_instructions": whole.collect::<Vec<_>>(),
    });
    Outcome { text, json: keys.as_object().cloned().unwrap_or_else(Map::new) }
}

fn options(limits: &Limits) -> Vec<&'static str> {
    let mut options = vec!["id=0 to id=255"];
    if limits.accumulates {
        options.push("accumulate");
    }
    if limits.zero_points {
        options.push("zero_point=Z, 0 or odd, of a magnitude below 2^b for weights of b bits");
    }
    options
}
