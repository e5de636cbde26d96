//! Why a command did not do what was asked, and the exit status that says so.

use bitplane_spec::Problem;
use rustix::io::Errno;
use serde_json::{Map, Value};
use std::io;
use std::path::Path;

/// Everything one unsuccessful command has to say.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit status.
    pub class: Class,
    /// All problems found, in the order of the input.
    pub problems: Vec<Problem>,
    /// The text that the problems' spans point into.
    pub source: Option<SourceText>,
    /// Keys for the JSON output beside `status` and `errors`: what is known in spite of the failure.
    pub details: Map<String, Value>,
    /// What there is to show people in spite of the failure, on standard output.
    pub text: String,
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The tool did its work and the answer is no: a mismatch, a clock not met.
    CheckFailed,
    /// Configuration, weights, arguments or a path that cannot be used.
    BadInput,
    /// A program that is not installed, or too old.
    ToolMissing,
    /// Disk full, a tool crashed: nothing the input is to blame for.
    MachineFailed,
    /// Ctrl-C.
    Interrupted,
}

/// A file's text and the name it is shown under.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The path as the user gave it, or a preset's name.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Class {
    /// The process's exit status.
    pub fn exit_code(self) -> u8 {
        match self {
            Class::CheckFailed => 1,
            Class::BadInput => 2,
            Class::ToolMissing => 3,
            Class::MachineFailed => 4,
            Class::Interrupted => 130,
        }
    }

    /// Value of the JSON key `status`.
    pub fn status(self) -> &'static str {
        match self {
            Class::CheckFailed => "check_failed",
            Class::BadInput => "bad_input",
            Class::ToolMissing => "tool_missing",
            Class::MachineFailed => "machine_failed",
            Class::Interrupted => "interrupted",
        }
    }
}

impl Failure {
    /// A failure with `problems`, of which there is at least one.
    pub fn new(class: Class, problems: Vec<Problem>) -> Self {
        Self { class, problems, source: None, details: Map::new(), text: String::new() }
    }

    /// A failure with one problem.
    pub fn one(class: Class, problem: Problem) -> Self {
        Self::new(class, vec![problem])
    }

    /// One problem with what the user gave.
    pub fn bad_input(problem: Problem) -> Self {
        Self::one(Class::BadInput, problem)
    }

    /// The user asked to stop.
    pub fn interrupted() -> Self {
        let message = "interrupted; nothing was left half-written";
        Self::one(Class::Interrupted, Problem::new("interrupted", "", message, ""))
    }

    /// An operating system's error while `doing` something with `path`: the user's to put right
    /// when the path cannot be used, the machine's otherwise.
    pub fn of_io(error: &io::Error, doing: &str, path: &Path) -> Self {
        use io::ErrorKind as Kind;
        let (class, code, help) = match error.kind() {
            Kind::NotFound => (Class::BadInput, "file-not-found", "check the path"),
            Kind::PermissionDenied => {
                (Class::BadInput, "permission-denied", "choose another path or change its mode")
            }
            Kind::ReadOnlyFilesystem => {
                (Class::BadInput, "read-only", "choose a path on a file system that takes writes")
            }
            Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::InvalidFilename
            | Kind::AlreadyExists => (Class::BadInput, "unusable-path", "choose another path"),
            Kind::StorageFull | Kind::QuotaExceeded => {
                (Class::MachineFailed, "disk-full", "free some space and run the command again")
            }
            _ if Errno::from_io_error(error) == Some(Errno::LOOP) => {
                (Class::BadInput, "unusable-path", "the links at this path lead in a circle")
            }
            _ => (Class::MachineFailed, "input-output", "see the system's message"),
        };
        let message = format!("cannot {doing}: {}", plain_reason(error));
        Self::one(class, Problem::new(code, path.display().to_string(), message, help))
    }

    /// The same failure, its spans pointing into `source`.
    pub fn in_source(self, source: SourceText) -> Self {
        Self { source: Some(source), ..self }
    }

    /// The same failure with more to show.
    pub fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// The same failure with more to say in JSON.
    pub fn with_details(self, details: Map<String, Value>) -> Self {
        Self { details, ..self }
    }
}

/// The system's message without its number, in lower case as part of a sentence.
fn plain_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_the_machines_failure_and_a_missing_file_the_users() {
        let class = |kind: io::ErrorKind| {
            Failure::of_io(&io::Error::from(kind), "read the file", Path::new("x")).class
        };
        assert_eq!(class(io::ErrorKind::StorageFull), Class::MachineFailed);
        assert_eq!(class(io::ErrorKind::NotFound), Class::BadInput);
        assert_eq!(class(io::ErrorKind::PermissionDenied), Class::BadInput);
    }

    #[test]
    fn the_systems_error_number_is_left_out() {
        let error = io::Error::from_raw_os_error(2);
        assert_eq!(plain_reason(&error), "no such file or directory");
    }
}
