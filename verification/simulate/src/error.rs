use bitplane_spec::Problem;

/// Why something could not be simulated. A wrong result is no error but part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// What was given cannot be simulated as asked.
    Input(Box<Problem>),
    /// A tool is missing or not usable.
    Tool(Box<Problem>),
    /// The machine or a tool failed: disk full, compiler crashed, files unreadable.
    Machine(Box<Problem>),
    /// The simulation itself stopped: an assertion in the hardware failed, or it crashed.
    Died(Box<Problem>),
    /// The monitor's interrupt was set.
    Interrupted,
}

impl Error {
    pub(crate) fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::machine(
            "simulation-files",
            path.display().to_string(),
            format!("cannot {what} {}: {error}", path.display()),
            "check that the directory exists, is writable and has space left",
        )
    }

    pub(crate) fn input(
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Input(Box::new(Problem::new(code, key, message, help)))
    }

    pub(crate) fn tool(
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Tool(Box::new(Problem::new(code, key, message, help)))
    }

    pub(crate) fn machine(
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Machine(Box::new(Problem::new(code, key, message, help)))
    }

    pub(crate) fn died(
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Died(Box::new(Problem::new(code, key, message, help)))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Input(problem)
            | Error::Tool(problem)
            | Error::Machine(problem)
            | Error::Died(problem) => *problem,
            Error::Interrupted => {
                Self::new("interrupted", "", "interrupted", "run the same command again")
            }
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Problem::from(self.clone()).message)
    }
}

impl std::error::Error for Error {}
