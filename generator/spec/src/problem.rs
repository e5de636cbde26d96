use std::fmt;
use std::ops::Range;

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
    pub span: Option<Range<usize>>,
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

    /// The problem at byte range `span` of `text`, which also gives its line. A range beyond the
    /// text is cut to it.
    pub fn at(mut self, text: &str, span: Range<usize>) -> Self {
        let start = span.start.min(text.len());
        let end = span.end.clamp(start, text.len());
        self.line = Some(line_of(text, start));
        self.span = Some(start..end);
        self
    }

    /// The problem as two lines of plain text, `FILE:LINE: [CODE] KEY: MESSAGE` and the help
    /// indented below; parts that are not known are left out. No newline at the end.
    pub fn render_plain(&self, file_name: &str) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        let help =
            if self.help.is_empty() { String::new() } else { format!("\n  help: {}", self.help) };
        format!("{file_name}{line}: [{}] {key}{}{help}", self.code, self.message)
    }
}

/// 1-based line of byte `offset`, which is at most the length of `text`.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_gives_the_line_and_stays_inside_the_text() {
        let problem = Problem::new("syntax", "", "unclosed", "close it").at("a\nb\n", 2..99);
        assert_eq!((problem.line, problem.span), (Some(2), Some(2..4)));
    }

    #[test]
    fn a_rendering_leaves_out_what_is_not_known() {
        let problem = Problem::new("io", "", "no such file", "");
        assert_eq!(problem.render_plain("a.toml"), "a.toml: [io] no such file");
        let placed = Problem::new("io", "tile.n", "bad", "good").at("x", 0..1);
        assert_eq!(placed.render_plain("a.toml"), "a.toml:1: [io] tile.n: bad\n  help: good");
    }
}
