use std::path::{Path, PathBuf};

use bitplane_spec::Problem;

/// Why there is no report. Converts into the [`Problem`] shown to people.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Yosys cannot be started at the path given.
    #[error("Yosys cannot be run at {}: {reason}", path.display())]
    ToolMissing {
        /// The program that was tried.
        path: PathBuf,
        /// What the system or the program said.
        reason: String,
    },
    /// Yosys runs but is older than [`crate::OLDEST`].
    #[error(
        "{} is Yosys {found}; {}.{} or newer is needed, the oldest version the scripts are \
         tested with", path.display(), crate::OLDEST.0, crate::OLDEST.1
    )]
    ToolTooOld {
        /// The program that was asked.
        path: PathBuf,
        /// Version it gave.
        found: String,
    },
    /// Yosys ended with an error, or its output could not be read.
    #[error("{reason}; log kept at {}; its last lines:\n{tail}", log.display())]
    ToolCrashed {
        /// What happened.
        reason: String,
        /// Whole log of the run.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// Yosys runs and says that it cannot take the RTL.
    #[error("{reason}; log kept at {}", log.display())]
    Refused {
        /// What Yosys said, and in which run.
        reason: String,
        /// Whole log of the run.
        log: PathBuf,
    },
    /// The interrupt flag was set; all child processes have ended.
    #[error("synthesis was interrupted")]
    Interrupted,
    /// The library is no Liberty text or lacks what a core needs.
    #[error("library {name} cannot be used: {reason}")]
    Library {
        /// Library or file name.
        name: String,
        /// What is wrong.
        reason: String,
        /// 1-based line of the text, where there is one.
        line: Option<usize>,
    },
    /// A clock that is no positive number.
    #[error("the clock is {0} MHz; a positive number is needed, since the period is its inverse")]
    Clock(f64),
    /// A file or folder could not be read or written.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A library that is no regular file: reading a device or a pipe may never end.
    #[error("{} is a device, pipe or folder; a library is read from a regular file", .0.display())]
    NotAFile(PathBuf),
    /// A library beyond any that exists.
    #[error("{} holds more than {} MiB of text", .0.display(), crate::library::LIMIT >> 20)]
    TooLarge(PathBuf),
    /// A path that cannot be written into a Yosys script.
    #[error("the path {0:?} holds a quote or a control character, which a Yosys script cannot")]
    Path(PathBuf),
}

impl Failure {
    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), action: "read", source }
    }

    pub(crate) fn written(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), action: "written", source }
    }

    /// Stable code, key and way out.
    fn labels(&self) -> (&'static str, String, &'static str) {
        match self {
            Self::ToolMissing { .. } => (
                "tool-missing",
                "yosys".into(),
                "install Yosys, or name it with --yosys or BITPLANE_YOSYS",
            ),
            Self::ToolTooOld { .. } => (
                "tool-too-old",
                "yosys".into(),
                "install a newer Yosys, or name one with --yosys or BITPLANE_YOSYS",
            ),
            Self::ToolCrashed { .. } => {
                ("tool-crashed", "yosys".into(), "read the log; memory or disk may have run out")
            }
            Self::Refused { .. } => (
                "rtl-refused",
                "rtl".into(),
                "the RTL is at fault and not the machine: check that its files are as generated, \
                 and report the configuration with this log",
            ),
            Self::Interrupted => ("interrupted", String::new(), "run the command again"),
            Self::Library { name, .. } => (
                "library-unusable",
                name.clone(),
                "give a Liberty file with areas, functions, delay tables and D flip-flops",
            ),
            Self::Clock(_) => ("bad-clock", "--clock-mhz".into(), "give for example 500"),
            Self::Io { path, .. } => (
                "unusable-path",
                path.display().to_string(),
                "check that the path exists, its permissions, and space on the disk",
            ),
            Self::NotAFile(path) | Self::TooLarge(path) => (
                "library-unusable",
                path.display().to_string(),
                "give a Liberty file, plain or packed by gzip",
            ),
            Self::Path(path) => (
                "unusable-path",
                path.display().to_string(),
                "use a folder without quotes and control characters in its path",
            ),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let (code, key, help) = failure.labels();
        let mut problem = Problem::new(code, key, failure.to_string(), help);
        if let Failure::Library { line, .. } = failure {
            problem.line = line;
        }
        problem
    }
}
