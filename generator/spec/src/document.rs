//! From text to a tree with positions.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::check::excerpt;
use crate::keys::dotted;
use crate::problem::{Problem, line_of};

/// The parsed file, with a problem for each key that is set twice (the first one counts). A file
/// with errors of syntax gives only those: what else it means is not known until they are gone.
pub(crate) fn read(text: &str) -> Result<(DeTable<'_>, Vec<Problem>), Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let root = root.into_inner();
    let (duplicates, syntax): (Vec<_>, Vec<_>) =
        errors.iter().partition(|error| error.message() == "duplicate key");
    if syntax.is_empty() {
        let problems = duplicates.iter().map(|error| duplicate(text, &root, error)).collect();
        Ok((root, problems))
    } else {
        Err(syntax_problems(text, &syntax))
    }
}

/// Most lines with errors of syntax that are reported; a file that is something else altogether
/// has one in every line.
const MOST_SYNTAX_PROBLEMS: usize = 10;

/// One problem for each line, in order: what follows in the same line mostly follows from it.
fn syntax_problems(text: &str, errors: &[&Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        errors.iter().map(|error| syntax_problem(text, error)).collect();
    problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
    problems.dedup_by_key(|problem| problem.line);
    problems.truncate(MOST_SYNTAX_PROBLEMS);
    problems
}

fn syntax_problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or_default();
    let (message, help) = match assignment_at(text, span.start) {
        Some((key, "")) => {
            (format!("`{key}` has no value"), format!("write `{key} = ` and its value"))
        }
        Some((key, word)) if is_bare_word(word) => (
            format!("the word {} stands without quotes", excerpt(word)),
            format!("write `{key} = \"{}\"`", excerpt(word)),
        ),
        _ => (
            error.message().to_owned(),
            "a line is `key = value`, `[section]` or `# comment`; words stand in double quotes"
                .to_owned(),
        ),
    };
    Problem::new("syntax", "", format!("this is not TOML: {message}"), help).at(text, span)
}

/// Key and value, both trimmed, if the line at byte `offset` reads like `key = value`.
fn assignment_at(text: &str, offset: usize) -> Option<(&str, &str)> {
    let line = text.split('\n').nth(line_of(text, offset.min(text.len())) - 1)?;
    let (key, value) = line.split('#').next()?.split_once('=')?;
    let key = key.trim();
    (is_bare_word(key) && key.len() <= 40).then_some((key, value.trim()))
}

fn is_bare_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
}

fn duplicate(text: &str, root: &DeTable<'_>, error: &Error) -> Problem {
    let span = error.span().unwrap_or_default();
    let name = text.get(span.clone()).unwrap_or_default();
    let (section, first) = first_setting(root, name, span.start);
    let line = first.map(|start| line_of(text, start)).filter(|l| *l != line_of(text, span.start));
    let message = match line {
        Some(line) => format!("is given twice, first in line {line}; a key has one value"),
        None => "is given twice; a key has one value".to_owned(),
    };
    let help = "keep one of the two";
    Problem::new("duplicate-key", dotted(section, name), message, help).at(text, span)
}

/// The section in which the key called `name` at byte `offset` lies, and where it was set before.
/// Headers and inline tables have the position of their start, so the section is the last one
/// that starts before the key; a key that is not in it is one outside sections.
fn first_setting<'r>(root: &'r DeTable<'_>, name: &str, offset: usize) -> (&'r str, Option<usize>) {
    let before = |value: &Spanned<DeValue<'_>>| value.span().start <= offset;
    let section = root
        .iter()
        .filter_map(|(key, value)| Some((key, value.get_ref().as_table()?, value)))
        .filter(|(_, _, value)| before(value))
        .max_by_key(|(_, _, value)| value.span().start);
    let inner = section.and_then(|(section, table, _)| {
        Some((section.get_ref().as_ref(), table.get_key_value(name)?.0.span().start))
    });
    match inner {
        Some((section, start)) => (section, Some(start)),
        None => ("", root.get_key_value(name).map(|(key, _)| key.span().start)),
    }
}
