//! The terminal: what is printed where, and in which colours.

use crate::failure::{Class, Failure, SourceText};
use bitplane_spec::Problem;
use clap::ValueEnum;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode,
};
use std::cell::RefCell;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// Option `--colour`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How problems look on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Excerpt with underline, in colour.
    Coloured,
    /// Excerpt with underline.
    Drawn,
    /// One line a problem and its help: for logs and other programs.
    Plain,
}

/// Standard output and standard error.
#[derive(Debug)]
pub struct Console {
    look: Look,
    warnings: RefCell<Vec<Problem>>,
}

impl Console {
    /// A console that looks as `colour` asks and the environment allows.
    pub fn new(colour: Colour) -> Self {
        let terminal = io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let look = match colour {
            Colour::Always => Look::Coloured,
            Colour::Auto if terminal && !no_colour => Look::Coloured,
            Colour::Auto | Colour::Never if terminal => Look::Drawn,
            Colour::Auto | Colour::Never => Look::Plain,
        };
        Self { look, warnings: RefCell::default() }
    }

    /// Prints a result on standard output. That the reader has gone away is no failure.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::of_io(&error, "write the result", Path::new("standard output")))
            }
            _ => Ok(()),
        }
    }

    /// Shows a warning on standard error and keeps it for the JSON output.
    pub fn warn(&self, problem: Problem, source: Option<&SourceText>) {
        self.show(&problem, source, Severity::Warning);
        self.warnings.borrow_mut().push(problem);
    }

    /// All warnings so far.
    pub fn warnings(&self) -> Vec<Problem> {
        self.warnings.borrow().clone()
    }

    /// Shows every problem of a failure on standard error.
    pub fn fail(&self, failure: &Failure) {
        let severity = match failure.class {
            Class::Interrupted => Severity::Advice,
            _ => Severity::Error,
        };
        for problem in &failure.problems {
            self.show(problem, failure.source.as_ref(), severity);
        }
    }

    fn show(&self, problem: &Problem, source: Option<&SourceText>, severity: Severity) {
        let text = match self.look {
            Look::Coloured => draw(GraphicalTheme::unicode(), problem, source, severity),
            Look::Drawn => draw(GraphicalTheme::unicode_nocolor(), problem, source, severity),
            Look::Plain => plain(problem, source, severity),
        };
        // Nowhere is left to report a standard error that cannot be written.
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
    }
}

fn plain(problem: &Problem, source: Option<&SourceText>, severity: Severity) -> String {
    let origin = source.map_or("bitplane", |source| &source.name);
    let kind = if severity == Severity::Warning { "warning: " } else { "" };
    format!("{kind}{}", problem.render_plain(origin))
}

fn draw(
    theme: GraphicalTheme,
    problem: &Problem,
    source: Option<&SourceText>,
    severity: Severity,
) -> String {
    let shown = Shown {
        problem,
        source: source.map(|source| NamedSource::new(&source.name, source.text.clone())),
        severity,
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(100);
    match handler.render_report(&mut text, &shown) {
        Ok(()) => text,
        Err(fmt::Error) => plain(problem, source, severity),
    }
}

/// A problem in the shape that the drawing library takes.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    source: Option<NamedSource<String>>,
    severity: Severity,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem.key.as_str() {
            "" => write!(f, "{}", self.problem.message),
            key => write!(f, "{key}: {}", self.problem.message),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.problem.help.is_empty()).then(|| Box::new(&self.problem.help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let span = self.problem.span.clone()?;
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn a_drawn_problem_shows_the_line_underlined() {
        let text = "kind = 'mac_array'\ntile.nn = 4\n";
        let source = SourceText { name: "core.toml".into(), text: text.into() };
        let problem = Problem::new("unknown-key", "tile.nn", "no such key", "did you mean n?")
            .at(text, 19..26);
        let drawn =
            draw(GraphicalTheme::unicode_nocolor(), &problem, Some(&source), Severity::Error);
        assert_snapshot!(drawn, @r"
        unknown-key

          × tile.nn: no such key
           ╭─[core.toml:2:1]
         1 │ kind = 'mac_array'
         2 │ tile.nn = 4
           · ───────
           ╰────
          help: did you mean n?
        ");
    }

    #[test]
    fn a_span_beyond_the_text_is_no_panic() {
        let source = SourceText { name: "core.toml".into(), text: String::new() };
        let mut problem = Problem::new("x", "", "message", "");
        problem.span = Some(5..9);
        let theme = GraphicalTheme::unicode_nocolor();
        let drawn = draw(theme, &problem, Some(&source), Severity::Error);
        assert!(drawn.contains("message"));
    }
}
