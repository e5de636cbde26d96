//! The data types of weights that a file names or gives as lists of values.

use std::ops::Range;

use bitplane_formats::{Codebook, CodebookFault, DataType};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::{Fault, check_text, excerpt, line, shown, type_of, wrong_type};
use crate::keys::Key;
use crate::legal::Legal;
use crate::name;
use crate::suggest::nearest;

/// Keys of a data type that is given as a list of values.
const KEYS: [&str; 3] = ["name", "values", "fraction_bits"];
/// Longest name of one: it is part of the names of signals.
const LONGEST_NAME: usize = 16;
/// Pattern of a name, as JSON schema writes it.
pub(crate) const NAME_PATTERN: &str = "^[a-z][a-z0-9_]{0,15}$";
/// How one is written.
const EXAMPLE: &str = "{ name = \"mine\", values = [-1.5, -0.5, 0.5, 1.5], fraction_bits = 1 }";

/// A fault and where it stands.
pub(crate) type At = (Range<usize>, Fault);

/// What was read of a value of the key.
#[derive(Default)]
pub(crate) struct Listed {
    /// The data types in the order of the file.
    pub types: Vec<DataType>,
    /// What is wrong with the others.
    pub faults: Vec<At>,
    /// What is lost of those that are right.
    pub warnings: Vec<At>,
}

/// The data types that `value` gives `key`, which takes the words of `legal`: one or a list, each a word or a
/// table with a name and values.
pub(crate) fn read(key: &Key, legal: &Legal, value: &Spanned<DeValue<'_>>) -> Listed {
    let mut reader = Reader { key, legal, listed: Listed::default() };
    match value.get_ref() {
        DeValue::Array(items) if items.is_empty() => {
            let fault = empty(key, legal);
            reader.listed.faults.push((value.span(), fault));
        }
        DeValue::Array(items) => items.iter().for_each(|item| reader.item(item)),
        _ => reader.item(value),
    }
    reader.listed
}

struct Reader<'r> {
    key: &'r Key,
    legal: &'r Legal,
    listed: Listed,
}

impl Reader<'_> {
    fn item(&mut self, item: &Spanned<DeValue<'_>>) {
        let data_type = match item.get_ref() {
            DeValue::String(text) => self.word(item, text),
            DeValue::Table(table) => self.table(item, table),
            other => self.fault(item.span(), wrong_type(self.key, self.legal, other)),
        };
        let Some(data_type) = data_type else { return };
        if self.listed.types.iter().any(|known| known.name() == data_type.name()) {
            let fault = repeated(data_type.name());
            self.listed.faults.push((item.span(), fault));
            return;
        }
        self.listed.types.push(data_type);
    }

    fn fault<T>(&mut self, span: Range<usize>, fault: Fault) -> Option<T> {
        self.listed.faults.push((span, fault));
        None
    }

    fn word(&mut self, item: &Spanned<DeValue<'_>>, text: &str) -> Option<DataType> {
        match check_text(self.key, self.legal, text) {
            Ok(_) => DataType::named(text),
            Err(fault) => self.fault(item.span(), fault),
        }
    }

    fn table(&mut self, item: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<DataType> {
        let strays = table.iter().filter(|(name, _)| !KEYS.contains(&name.get_ref().as_ref()));
        let strays: Vec<At> =
            strays.map(|(name, _)| (name.span(), unknown_key(name.get_ref()))).collect();
        let is_known = strays.is_empty();
        self.listed.faults.extend(strays);
        let name = self.name(item, table);
        let values = self.values(item, table);
        let fraction_bits = self.fraction_bits(table);
        let (name, values, fraction_bits) = (name?, values?, fraction_bits?);
        let given = table.get("values").unwrap_or(item);
        match Codebook::new(values, fraction_bits) {
            Ok(codebook) => {
                let rounded = rounded(&name, &codebook);
                self.listed.warnings.extend(rounded.map(|fault| (given.span(), fault)));
                is_known.then(|| codebook.data_type(name))
            }
            Err(fault) => {
                let fault = illegal(&name, fault, given.get_ref());
                self.fault(given.span(), fault)
            }
        }
    }

    fn name(&mut self, item: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<String> {
        let Some(name) = table.get("name") else {
            return self.fault(item.span(), missing("name", &name_form()));
        };
        let fault = match name.get_ref() {
            DeValue::String(text) if !is_legal_name(text) => illegal_name(text),
            DeValue::String(text) if DataType::named(text).is_some() => taken(text),
            DeValue::String(text) => return Some(text.to_string()),
            other => wrong("name", other, "a name in quotes"),
        };
        self.fault(name.span(), fault)
    }

    fn values(&mut self, item: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<Vec<f64>> {
        let Some(values) = table.get("values") else {
            return self.fault(item.span(), missing("values", &counts()));
        };
        let DeValue::Array(items) = values.get_ref() else {
            let fault = wrong("values", values.get_ref(), "a list of numbers");
            return self.fault(values.span(), fault);
        };
        let mut numbers = Vec::new();
        let before = self.listed.faults.len();
        for item in items.iter() {
            match number(item.get_ref()) {
                Some(number) => numbers.push(number),
                None => {
                    let fault = wrong("values", item.get_ref(), "a list of numbers");
                    self.listed.faults.push((item.span(), fault));
                }
            }
        }
        (self.listed.faults.len() == before).then_some(numbers)
    }

    /// The bits that are told, if they are; `None` if they are not legal.
    fn fraction_bits(&mut self, table: &DeTable<'_>) -> Option<Option<u32>> {
        let Some(bits) = table.get("fraction_bits") else { return Some(None) };
        let range = Codebook::FRACTION_BITS;
        let number = match bits.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()),
            other => {
                let fault = wrong("fraction_bits", other, "an integer");
                return self.fault(bits.span(), fault);
            }
        };
        let legal = number.ok().and_then(|number| u32::try_from(number).ok());
        match legal.filter(|bits| range.contains(bits)) {
            Some(bits) => Some(Some(bits)),
            None => {
                let fault = Fault {
                    code: "out-of-range",
                    message: format!(
                        "fraction_bits = {} is not legal; legal is an integer from {} to {}",
                        shown(bits.get_ref()),
                        range.start(),
                        range.end()
                    ),
                    help: "leave it out where a grid has all values exactly".to_owned(),
                };
                self.fault(bits.span(), fault)
            }
        }
    }
}

fn is_legal_name(name: &str) -> bool {
    name::has_legal_form(name) && name.len() <= LONGEST_NAME
}

fn name_form() -> String {
    format!(
        "1 to {LONGEST_NAME} of the characters a-z, 0-9 and _, the first of them a letter: it is part of the \
         names of signals"
    )
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|number| number as f64)
        }
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

fn empty(key: &Key, legal: &Legal) -> Fault {
    Fault {
        code: "empty-list",
        message: format!("the list is empty; legal is {}", legal.describe_with_reason()),
        help: format!("write for example {}", line(key, &key.example(legal))),
    }
}

fn repeated(name: &str) -> Fault {
    Fault {
        code: "repeated-value",
        message: format!("\"{name}\" is listed twice; legal is a list of different data types"),
        help: format!("delete one `\"{name}\"`"),
    }
}

fn unknown_key(name: &str) -> Fault {
    let help = match nearest(name, KEYS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write it as in `{EXAMPLE}`"),
    };
    Fault {
        code: "unknown-key",
        message: format!(
            "a data type given by its values has no key `{}`; legal are {}",
            excerpt(name),
            KEYS.join(", ")
        ),
        help,
    }
}

fn missing(name: &str, legal: &str) -> Fault {
    Fault {
        code: "missing-key",
        message: format!("a data type given by its values needs `{name}`: {legal}"),
        help: format!("write it as in `{EXAMPLE}`"),
    }
}

fn wrong(name: &str, value: &DeValue<'_>, legal: &str) -> Fault {
    Fault {
        code: "wrong-type",
        message: format!("{name}: {} is {}; legal is {legal}", shown(value), type_of(value)),
        help: format!("write it as in `{EXAMPLE}`"),
    }
}

fn illegal_name(name: &str) -> Fault {
    Fault {
        code: "invalid-name",
        message: format!(
            "\"{}\" is no legal name of a data type; legal is {}",
            excerpt(name),
            name_form()
        ),
        help: "write for example `name = \"any4\"`".to_owned(),
    }
}

fn taken(name: &str) -> Fault {
    Fault {
        code: "invalid-name",
        message: format!("\"{name}\" is the name of a data type that is built in"),
        help: format!("write \"{name}\" alone for that one, or give yours another name"),
    }
}

/// The numbers of values that are legal.
fn counts() -> String {
    let counts: Vec<String> = Codebook::BITS.map(|bits| (1u32 << bits).to_string()).collect();
    let (last, others) = counts.split_last().expect("codes have several widths");
    format!("{} or {last} numbers, one for each code from 0 on", others.join(", "))
}

fn illegal(name: &str, fault: CodebookFault, values: &DeValue<'_>) -> Fault {
    let given = values.as_array();
    let value =
        |place: usize| given.and_then(|values| values.get(place)).map(|v| shown(v.get_ref()));
    let value = |place| value(place).unwrap_or_default();
    let bits = Codebook::FRACTION_BITS.end();
    let (message, help) = match fault {
        CodebookFault::Count => (
            format!("{} values; legal are {}", given.map_or(0, |values| values.len()), counts()),
            "repeat a value for a code that is not used".to_owned(),
        ),
        CodebookFault::NotFinite(place) => {
            (format!("{} is no value of a weight", value(place)), "write a number".to_owned())
        }
        CodebookFault::OnlyZeros => (
            "every value is zero on its grid; one must differ".to_owned(),
            "give more fraction_bits, or values in another unit: scales take it up".to_owned(),
        ),
        CodebookFault::NoExactGrid => (
            format!("no grid of up to {bits} fraction_bits has all values exactly"),
            "say on which to round, for example `fraction_bits = 6`".to_owned(),
        ),
        CodebookFault::TooLarge(place) => (
            format!(
                "{} is beyond {} units of the grid, the largest that terms are made for",
                value(place),
                Codebook::LARGEST
            ),
            "give fewer fraction_bits, or values in another unit: scales take it up".to_owned(),
        ),
    };
    Fault { code: "codebook", message: format!("{name}: {message}"), help }
}

/// What rounding to the grid loses, if it does.
fn rounded(name: &str, codebook: &Codebook) -> Option<Fault> {
    let error = codebook.largest_error();
    (error > 0.0).then(|| Fault {
        code: "rounded-values",
        message: format!(
            "{name}: values are rounded to multiples of 2^-{}, which moves them by up to {error:.6}",
            codebook.fraction_bits()
        ),
        help: "give more fraction_bits, which may take more cycles, or values on the grid".to_owned(),
    })
}
