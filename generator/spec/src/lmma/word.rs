use bitplane_formats::{IntegerFormat, ZeroPoint};

use super::{Command, Instruction, NumberFormat, WeightOperand};
use crate::problem::Problem;

/// Width of a command word.
pub const WORD_BITS: u32 = 128;

/// Names of the fields of a command word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table of fields says what each is")]
pub enum FieldName {
    M,
    N,
    K,
    Activation,
    Accumulator,
    Output,
    Weight,
    Accumulate,
    ZeroPoint,
    Id,
}

/// A field of a command word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Which.
    pub name: FieldName,
    /// The name in text.
    pub text: &'static str,
    /// Lowest bit.
    pub low: u32,
    /// Width.
    pub bits: u32,
    /// What it holds, in one line without a full stop.
    pub about: &'static str,
}

/// The fields from the lowest bit up. Bits that no field has are 0.
pub const FIELDS: [Field; 10] = [
    field(FieldName::M, "m", 0, 16, "rows M of A, C and O, 1 to 65535"),
    field(FieldName::N, "n", 16, 16, "rows N of W, columns of C and O, 1 to 65535"),
    field(FieldName::K, "k", 32, 25, "length K of the dot products, 1 to 2^24"),
    field(FieldName::Activation, "activation", 64, 8, "format of A, a number format"),
    field(
        FieldName::Accumulator,
        "accumulator",
        72,
        8,
        "format of C and the sums, a number format",
    ),
    field(FieldName::Output, "output", 80, 8, "format of O, a number format"),
    field(
        FieldName::Weight,
        "weight",
        88,
        5,
        "what W is: bits of the weights, 9 for ternary, 10 for data types that groups tell, 17 to 23 for floating point",
    ),
    field(FieldName::Accumulate, "accumulate", 93, 1, "whether C is added"),
    field(FieldName::ZeroPoint, "zero_point", 96, 9, "z' of all weights, 0 or odd, signed"),
    field(FieldName::Id, "id", 112, 8, "any number, returned with the results"),
];

const fn field(
    name: FieldName,
    text: &'static str,
    low: u32,
    bits: u32,
    about: &'static str,
) -> Field {
    Field { name, text, low, bits, about }
}

impl FieldName {
    /// The field's row of [`FIELDS`].
    pub fn field(self) -> Field {
        *FIELDS.iter().find(|field| field.name == self).expect("every field is listed")
    }
}

impl Field {
    /// Ones where the field is.
    pub fn mask(&self) -> u128 {
        ((1 << self.bits) - 1) << self.low
    }

    /// What `word` holds here.
    pub fn of(&self, word: u128) -> u32 {
        // At most 25 bits.
        ((word & self.mask()) >> self.low) as u32
    }
}

impl Command {
    /// The word that a sequencer takes. A field that is too large keeps its low bits, so that a test
    /// can make words that no core accepts.
    pub fn word(&self) -> u128 {
        let value = |field: &Field| -> u32 {
            let Instruction { m, n, k, activation, weight, accumulator, output } = self.instruction;
            match field.name {
                FieldName::M => m,
                FieldName::N => n,
                FieldName::K => k,
                FieldName::Activation => activation.code().into(),
                FieldName::Accumulator => accumulator.code().into(),
                FieldName::Output => output.code().into(),
                FieldName::Weight => weight.code().into(),
                FieldName::Accumulate => self.accumulate.into(),
                FieldName::ZeroPoint => self.zero_point.0 as u32,
                FieldName::Id => self.id.into(),
            }
        };
        FIELDS
            .iter()
            .fold(0, |word, field| word | (u128::from(value(field)) << field.low & field.mask()))
    }

    /// The command that `word` stands for.
    ///
    /// # Errors
    /// Every field that no command has.
    pub fn of_word(word: u128) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let unused = FIELDS.iter().fold(word, |word, field| word & !field.mask());
        if unused != 0 {
            problems.push(unused_fault(unused));
        }
        let get = |name: FieldName| name.field().of(word);
        let mut number = |name| {
            let code = get(name) as u8;
            let format = NumberFormat::of_code(code);
            if format.is_none() {
                problems.push(format_fault(name.field(), code));
            }
            format
        };
        let formats =
            [FieldName::Activation, FieldName::Accumulator, FieldName::Output].map(&mut number);
        let code = get(FieldName::Weight) as u8;
        let weight = WeightOperand::of_code(code);
        if weight.is_none() {
            problems.push(format_fault(FieldName::Weight.field(), code));
        }
        // What stands in for a format that is none is not looked at.
        let stand_in = NumberFormat::Integer(IntegerFormat::new(1).expect("a format"));
        let [activation, accumulator, output] = formats.map(|format| format.unwrap_or(stand_in));
        let (m, n, k) = (get(FieldName::M), get(FieldName::N), get(FieldName::K));
        let command = Self {
            instruction: Instruction {
                m,
                n,
                k,
                activation,
                weight: weight.unwrap_or(WeightOperand::PerGroup),
                accumulator,
                output,
            },
            accumulate: get(FieldName::Accumulate) == 1,
            zero_point: zero_point(word),
            id: get(FieldName::Id) as u8,
        };
        let faults = command.faults().into_iter();
        problems.extend(faults.filter(|fault| fault.key != "zero_point" || weight.is_some()));
        if problems.is_empty() { Ok(command) } else { Err(problems) }
    }
}

fn zero_point(word: u128) -> ZeroPoint {
    let field = FieldName::ZeroPoint.field();
    let unused = u32::BITS - field.bits;
    ZeroPoint((field.of(word) << unused) as i32 >> unused)
}

fn unused_fault(bits: u128) -> Problem {
    let message = format!("bits {bits:032x} are set, which no field has; legal is 0");
    Problem::new("lmma-unused-bits", "", message, "clear them: later fields may mean something")
}

fn format_fault(field: Field, code: u8) -> Problem {
    let legal = match field.name {
        FieldName::Weight => {
            "1 to 8, the bits of a weight, 9 for ternary, 10 for data types that groups tell, or 17 to 23 \
             for floating point".to_owned()
        }
        _ => format!(
            "1 to 128, the bits of an integer, or 129 to {} for floating point",
            NumberFormat::all().map(NumberFormat::code).max().unwrap_or_default()
        ),
    };
    let message = format!("{code} is the code of no format; legal is {legal}");
    let help = "`bitplane lmma assemble` makes words from text";
    Problem::new("lmma-format", field.text, message, help)
}
