//! The legal values of a key, and a value that has been checked against them.

use std::ops::RangeInclusive;

use bitplane_formats::{DataType, IntegerFormat, WeightFormat};

use crate::choice::{Choice, Named};
use crate::name;

/// A checked value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// A name.
    Text(String),
    /// One of the key's words.
    Word(&'static str),
    /// Data types of weights, in the order of the file.
    Types(Vec<DataType>),
    /// An integer.
    Number(u64),
    /// An integer format of so many bits.
    Format(u32),
    /// A boolean.
    Boolean(bool),
}

/// The type of a setting is fixed by the legal values of its key, so that a mismatch here is a
/// wrong row in the table of keys.
impl Setting {
    pub fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            other => unreachable!("an integer key holds {other:?}"),
        }
    }

    /// An integer whose legal range lies within 32 bits.
    pub fn count(&self) -> u32 {
        u32::try_from(self.number()).expect("the legal range lies within 32 bits")
    }

    pub fn is_true(&self) -> bool {
        match self {
            Self::Boolean(boolean) => *boolean,
            other => unreachable!("a boolean key holds {other:?}"),
        }
    }

    pub fn choice<T: Named>(&self) -> T {
        match self {
            Self::Word(word) => T::named(word).expect("the word comes from the same list"),
            other => unreachable!("a key of words holds {other:?}"),
        }
    }

    pub fn integer_format(&self) -> IntegerFormat {
        match self {
            Self::Format(bits) => IntegerFormat::new(*bits).expect("legal widths are formats"),
            other => unreachable!("a format key holds {other:?}"),
        }
    }

    pub fn weight_format(&self) -> WeightFormat {
        match self {
            Self::Format(bits) => WeightFormat::new(*bits).expect("legal widths are formats"),
            other => unreachable!("a format key holds {other:?}"),
        }
    }

    /// The setting as a TOML value. Words and names need no escape.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => format!("\"{text}\""),
            Self::Word(word) => format!("\"{word}\""),
            Self::Types(types) => {
                let types: Vec<String> = types.iter().map(type_to_toml).collect();
                match types.as_slice() {
                    [only] => only.clone(),
                    several => format!("[{}]", several.join(", ")),
                }
            }
            Self::Number(number) => number.to_string(),
            Self::Format(bits) => format!("\"int{bits}\""),
            Self::Boolean(boolean) => boolean.to_string(),
        }
    }
}

/// Legal values of a key besides its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Only words.
    None,
    /// Data types of weights, one or a list of several different ones: words, or lists of values.
    DataTypes,
    /// A core's name.
    Name,
    /// Integers.
    Integers(RangeInclusive<u64>),
    /// Integer formats by width.
    Formats(RangeInclusive<u32>),
    /// Booleans, all that are listed.
    Booleans(&'static [bool]),
}

/// What a key takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Legal {
    pub words: Vec<Choice>,
    pub values: Values,
    /// Why it takes no more, as a clause without a full stop; a list of words needs no reason.
    pub reason: Option<&'static str>,
    /// Whether its first word is the example of the kind, though it takes other values too.
    pub shows_a_word: bool,
}

impl Legal {
    pub fn name(reason: &'static str) -> Self {
        Self::values(Values::Name, reason)
    }

    pub fn integers(range: RangeInclusive<u64>, reason: &'static str) -> Self {
        Self::values(Values::Integers(range), reason)
    }

    pub fn formats(bits: RangeInclusive<u32>, reason: &'static str) -> Self {
        Self::values(Values::Formats(bits), reason)
    }

    /// `false` and `true`.
    pub fn booleans() -> Self {
        Self {
            words: Vec::new(),
            values: Values::Booleans(&[false, true]),
            reason: None,
            shows_a_word: false,
        }
    }

    /// `false` alone.
    pub fn only_false(reason: &'static str) -> Self {
        Self::values(Values::Booleans(&[false]), reason)
    }

    fn values(values: Values, reason: &'static str) -> Self {
        Self { words: Vec::new(), values, reason: Some(reason), shows_a_word: false }
    }

    pub fn words<T: Named>() -> Self {
        let words = T::ALL.iter().map(|(_, choice)| *choice).collect();
        Self { words, values: Values::None, reason: None, shows_a_word: false }
    }

    /// Any of `words`.
    pub fn any_of(words: &[Choice]) -> Self {
        let (words, values) = (words.to_vec(), Values::None);
        Self { words, values, reason: None, shows_a_word: false }
    }

    /// Nothing but `words`.
    pub fn only_words(words: &[Choice], reason: &'static str) -> Self {
        Self {
            words: words.to_vec(),
            values: Values::None,
            reason: Some(reason),
            shows_a_word: false,
        }
    }

    /// The data types called `words`, those of lists of values, and several.
    pub fn data_types(words: &[Choice], reason: &'static str) -> Self {
        let (words, values) = (words.to_vec(), Values::DataTypes);
        Self { words, values, reason: Some(reason), shows_a_word: false }
    }

    /// Whether `setting` is one of the words.
    pub fn has(&self, setting: &Setting) -> bool {
        matches!(setting, Setting::Word(name) if self.words.iter().any(|word| word.name == *name))
    }

    /// The first word alone.
    pub fn first_word<T: Named>(reason: &'static str) -> Self {
        Self::first_words::<T>(1, reason)
    }

    /// The first `count` words.
    pub fn first_words<T: Named>(count: usize, reason: &'static str) -> Self {
        let mut legal = Self::words::<T>();
        legal.words.truncate(count);
        Self { reason: Some(reason), ..legal }
    }

    /// The same with the first word as the example.
    pub fn showing_a_word(self) -> Self {
        Self { shows_a_word: true, ..self }
    }

    /// All words but the first.
    pub fn without_first<T: Named>(reason: &'static str) -> Self {
        let mut legal = Self::words::<T>();
        legal.words.remove(0);
        Self { reason: Some(reason), ..legal }
    }

    /// The same with one more word.
    pub fn or(mut self, word: Choice) -> Self {
        self.words.push(word);
        self
    }

    /// The legal values with the reason after a colon.
    pub fn describe_with_reason(&self) -> String {
        match self.reason {
            Some(reason) => format!("{}: {reason}", self.describe()),
            None => self.describe(),
        }
    }

    /// The legal values in words, as in `"auto" or an integer from 0 to 2`.
    pub fn describe(&self) -> String {
        let mut parts: Vec<String> =
            self.words.iter().map(|choice| format!("\"{}\"", choice.name)).collect();
        match &self.values {
            Values::None => {}
            Values::DataTypes => {
                parts.push("{ name, values, fraction_bits }".to_owned());
                parts.push("a list of some of them".to_owned());
            }
            Values::Name => parts.push(format!("a name: {}", name::FORM)),
            Values::Integers(range) => parts.push(integer_range(range)),
            Values::Formats(bits) => {
                parts.push(format!("\"int{}\" to \"int{}\"", bits.start(), bits.end()));
            }
            Values::Booleans(flags) => parts.extend(flags.iter().map(bool::to_string)),
        }
        match parts.split_last() {
            Some((only, [])) => only.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

/// A data type as it stands in a file: its word, or its values on their grid.
fn type_to_toml(data_type: &DataType) -> String {
    let name = data_type.name();
    if DataType::named(name).is_some() {
        return format!("\"{name}\"");
    }
    let (bits, codes) = (data_type.fraction_bits(), 0..data_type.codes());
    let unit = 0.5f64.powi(bits as i32);
    let values: Vec<String> =
        codes.map(|code| (f64::from(data_type.value(code, 0)) * unit).to_string()).collect();
    format!("{{ name = \"{name}\", values = [{}], fraction_bits = {bits} }}", values.join(", "))
}

fn integer_range(range: &RangeInclusive<u64>) -> String {
    if range.start() == range.end() {
        format!("the integer {}", range.start())
    } else {
        format!("an integer from {} to {}", range.start(), range.end())
    }
}
