use std::fmt;

/// One thing that is wrong, told so that the user can put it right. The same shape serves
/// configurations, weight files and tools, on the terminal and in `--json` output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code, kebab-case, the same for the same kind of mistake (`unknown-key`).
    pub code: &'static str,
    /// Dotted key (`tile.n`), option (`--clock-mhz`) or file the problem is about; may be empty.
    pub key: String,
    /// 1-based line in the file, where there is one.
    pub line: Option<usize>,
    /// Byte range in the file's text, for underlining.
    pub span: Option<std::ops::Range<usize>>,
    /// What was found and what is legal, with the reason.
    pub message: String,
    /// The way out.
    pub help: String,
}

impl Problem {
    /// A problem without a position in a file.
    pub fn new(
        code: &'static str,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            key: key.into(),
            line: None,
            span: None,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
