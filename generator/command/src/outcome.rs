//! What a successful command has to say, and where it is said.

use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::folder;
use bitplane_spec::Problem;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The result of a command that did as asked.
#[derive(Debug, Default)]
pub struct Outcome {
    /// For people, on standard output.
    pub text: String,
    /// For programs: the keys beside `command`, `status`, `errors` and `warnings`.
    pub json: Map<String, Value>,
}

/// The file of `--json`, if it was asked for.
#[derive(Debug)]
pub struct JsonFile {
    path: Option<PathBuf>,
}

impl JsonFile {
    /// Checks that `path` can be written, before any work is done.
    pub fn prepare(path: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = &path {
            folder::check_writable(path)?;
        }
        Ok(Self { path })
    }

    /// Writes what `command` came to. Keys: `command`, `status`, `exit_code`, `errors`, `warnings`
    /// and the command's own.
    pub fn write(
        &self,
        command: &str,
        result: &Result<Outcome, Failure>,
        warnings: &[Problem],
    ) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        folder::write_file(path, format!("{:#}\n", document(command, result, warnings)))
    }
}

fn document(command: &str, result: &Result<Outcome, Failure>, warnings: &[Problem]) -> Value {
    let (class, problems, own) = match result {
        Ok(outcome) => (None, &[][..], &outcome.json),
        Err(failure) => (Some(failure.class), &failure.problems[..], &failure.details),
    };
    let mut keys = Map::new();
    keys.insert("command".into(), command.into());
    keys.insert("status".into(), class.map_or("ok", Class::status).into());
    keys.insert("exit_code".into(), class.map_or(0, Class::exit_code).into());
    keys.insert("errors".into(), problems.iter().map(problem_json).collect());
    keys.insert("warnings".into(), warnings.iter().map(problem_json).collect());
    keys.extend(own.clone());
    Value::Object(keys)
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "code": problem.code,
        "key": problem.key,
        "line": problem.line,
        "message": problem.message,
        "help": problem.help,
    })
}

/// Tells the user what `result` is and returns the exit status. A closed pipe ends the output, not
/// the verdict.
pub fn tell(console: &Console, result: &Result<Outcome, Failure>) -> u8 {
    match result {
        Ok(outcome) => match console.print(&outcome.text) {
            Ok(()) => 0,
            Err(failure) => tell(console, &Err(failure)),
        },
        Err(failure) => {
            // The failure itself matters more than that its table cannot be shown.
            let _ = console.print(&failure.text);
            console.fail(failure);
            failure.class.exit_code()
        }
    }
}
