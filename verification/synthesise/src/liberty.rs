//! A scanner for Liberty text: groups, attributes, quoted lists. It knows no attribute's meaning.

use std::ops::Range;

/// `name (args) { ... }`.
#[derive(Debug)]
pub(crate) struct Group<'t> {
    pub name: &'t str,
    pub args: Vec<&'t str>,
    /// Simple (`a : b;`) and complex (`a (b, c);`) attributes in order.
    pub attributes: Vec<(&'t str, Vec<&'t str>)>,
    pub groups: Vec<Group<'t>>,
    /// Bytes of the whole group in the text.
    pub span: Range<usize>,
}

impl<'t> Group<'t> {
    /// All values of the first attribute called `name`; empty if there is none.
    pub fn values(&self, name: &str) -> &[&'t str] {
        let found = self.attributes.iter().find(|(key, _)| *key == name);
        found.map_or(&[], |(_, values)| values)
    }

    /// First value of the first attribute called `name`.
    pub fn value(&self, name: &str) -> Option<&'t str> {
        self.values(name).first().copied()
    }

    /// Sub-groups called `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Group<'t>> {
        self.groups.iter().filter(move |group| group.name == name)
    }

    /// Numbers of an attribute such as `values ("1, 2", "3, 4")`, row after row.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let words = self.values(name).iter();
        let words = words.flat_map(|row| row.split([',', ' ', '\t', '\n', '\r', '\\']));
        words.filter_map(|word| word.parse().ok()).collect()
    }
}

/// Text that is not Liberty: where, and what was expected.
#[derive(Debug, PartialEq)]
pub(crate) struct SyntaxError {
    pub offset: usize,
    pub expected: &'static str,
}

/// The outermost group (`library`).
pub(crate) fn parse(text: &str) -> Result<Group<'_>, SyntaxError> {
    let mut scanner = Scanner { text, at: 0 };
    match scanner.statement()? {
        Some(Statement::Group(group)) => Ok(group),
        _ => Err(SyntaxError { offset: 0, expected: "library (NAME) { ... }" }),
    }
}

enum Statement<'t> {
    Group(Group<'t>),
    Attribute(&'t str, Vec<&'t str>),
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { offset: self.at, expected })
    }

    /// Skips white space, continuation backslashes, stray semicolons and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
            self.at += rest.len() - blank.len();
            let length = if blank.starts_with("/*") {
                blank.find("*/").map_or(blank.len(), |end| end + 2)
            } else if blank.starts_with("//") {
                blank.find('\n').unwrap_or(blank.len())
            } else {
                return;
            };
            self.at += length;
        }
    }

    /// Takes characters up to the first of `stops`; the result is trimmed.
    fn until(&mut self, stops: &[char]) -> &'t str {
        let rest = self.rest();
        let length = rest.find(stops).unwrap_or(rest.len());
        self.at += length;
        rest[..length].trim()
    }

    fn quoted(&mut self) -> Result<&'t str, SyntaxError> {
        self.at += 1;
        let text = self.rest();
        let Some(length) = text.find('"') else {
            return self.fail("a closing quote");
        };
        self.at += length + 1;
        Ok(&text[..length])
    }

    fn args(&mut self) -> Result<Vec<&'t str>, SyntaxError> {
        let mut args = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None => return self.fail("a closing parenthesis"),
                Some(b')') => {
                    self.at += 1;
                    return Ok(args);
                }
                Some(b',') => self.at += 1,
                Some(b'"') => args.push(self.quoted()?),
                Some(_) => args.push(self.until(&[',', ')', '\n', '"'])),
            }
        }
    }

    /// The next statement, or nothing at the end of the text or before a closing brace.
    fn statement(&mut self) -> Result<Option<Statement<'t>>, SyntaxError> {
        self.skip();
        while self.peek() == Some(b';') {
            self.at += 1;
            self.skip();
        }
        if matches!(self.peek(), None | Some(b'}')) {
            return Ok(None);
        }
        let start = self.at;
        let name = self.until(&[':', '(', '{', '}', ';']);
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                self.simple(name).map(Some)
            }
            Some(b'(') => {
                self.at += 1;
                self.complex(name, start).map(Some)
            }
            _ => self.fail("`:` or `(` after a name"),
        }
    }

    fn simple(&mut self, name: &'t str) -> Result<Statement<'t>, SyntaxError> {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        let value = match self.peek() {
            Some(b'"') => self.quoted()?,
            _ => self.until(&[';', '\n', '}']),
        };
        Ok(Statement::Attribute(name, vec![value]))
    }

    fn complex(&mut self, name: &'t str, start: usize) -> Result<Statement<'t>, SyntaxError> {
        let args = self.args()?;
        self.skip();
        if self.peek() != Some(b'{') {
            return Ok(Statement::Attribute(name, args));
        }
        self.at += 1;
        let (mut attributes, mut groups) = (Vec::new(), Vec::new());
        while let Some(statement) = self.statement()? {
            match statement {
                Statement::Group(group) => groups.push(group),
                Statement::Attribute(key, values) => attributes.push((key, values)),
            }
        }
        if self.peek() != Some(b'}') {
            return self.fail("a closing brace");
        }
        self.at += 1;
        let span = start..self.at;
        Ok(Statement::Group(Group { name, args, attributes, groups, span }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"/* c */ library ("l") {
        time_unit : "1ns";
        capacitive_load_unit (1, pf);
        cell (A) { area : 1.5 ; // tail
            pin (Y) { function : "!(A B)"; values ("1, 2", \
                "3, 4"); } }
        cell ("B") { area : 2
            ff (IQ, IQN) { clocked_on : "CK"; }
        }
    }"#;

    #[test]
    fn groups_attributes_and_lists_are_read() {
        let library = parse(TEXT).unwrap();
        assert_eq!(library.args, ["l"]);
        assert_eq!(library.values("capacitive_load_unit"), ["1", "pf"]);
        let cells: Vec<_> = library.all("cell").collect();
        assert_eq!(cells[0].value("area"), Some("1.5"));
        let pin = cells[0].all("pin").next().unwrap();
        assert_eq!(pin.numbers("values"), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(cells[1].value("area"), Some("2"));
        assert!(TEXT[cells[1].span.clone()].starts_with("cell (\"B\")"));
        assert!(TEXT[cells[1].span.clone()].ends_with('}'));
    }

    #[test]
    fn text_that_is_no_liberty_is_refused_with_its_place() {
        for text in ["", "module m; endmodule", "library (l) {", "library (l", "x : 1;"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let broken = parse("library (l) {\n cell A }").unwrap_err();
        assert_eq!(broken.expected, "`:` or `(` after a name");
    }
}
