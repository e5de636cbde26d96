//! LMMA: the instruction of a whole matrix product, as text and as a command word.
//!
//! `lmma.mMnNkK.A.W.Acc.O` is O\[M,N\] = A\[M,K\] x W\[N,K\], to which a matrix C\[M,N\] of format Acc is
//! added if the command says `accumulate`. The text and the word of [`WORD_BITS`] bits say the same;
//! [`FIELDS`] is the only statement of where a field lies.

mod limits;
mod number;
mod text;
mod word;

use bitplane_formats::ZeroPoint;

pub use limits::Limits;
pub use number::{NumberFormat, WeightOperand};
pub use text::SYNTAX;
pub use word::{FIELDS, Field, FieldName, WORD_BITS};

use crate::problem::Problem;

/// Most rows and columns of one command: those that 16 bits hold.
pub const MOST_ROWS: u32 = u16::MAX as u32;
/// Longest K of one command: the largest that a core's `max_k` can be.
pub const MOST_ELEMENTS: u32 = 1 << 24;
/// Largest magnitude of a zero point: that of 8-bit weights.
const LARGEST_ZERO_POINT: i32 = 255;

/// Shape and formats of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Rows M of A, C and O: 1 to [`MOST_ROWS`].
    pub m: u32,
    /// Rows N of W, which are the columns of C and O: 1 to [`MOST_ROWS`].
    pub n: u32,
    /// Length K of the dot products: 1 to [`MOST_ELEMENTS`].
    pub k: u32,
    /// Format of A.
    pub activation: NumberFormat,
    /// What W is.
    pub weight: WeightOperand,
    /// Format of C and of the sums, before they are rounded where O is floating point.
    pub accumulator: NumberFormat,
    /// Format of O.
    pub output: NumberFormat,
}

/// An instruction with what a sequencer must know besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    /// The product.
    pub instruction: Instruction,
    /// Whether C is added.
    pub accumulate: bool,
    /// The reinterpreted zero point of all weights, which [`WeightOperand::accepts`].
    pub zero_point: ZeroPoint,
    /// Any number; it comes back with the results.
    pub id: u8,
}

impl Instruction {
    /// The command without C, zero point and number.
    pub fn command(self) -> Command {
        Command { instruction: self, accumulate: false, zero_point: ZeroPoint::MID_RISE, id: 0 }
    }
}

impl Command {
    /// Everything that is wrong with it in any core.
    fn faults(&self) -> Vec<Problem> {
        let Instruction { m, n, k, weight, .. } = self.instruction;
        let sizes = [("M", m, MOST_ROWS), ("N", n, MOST_ROWS), ("K", k, MOST_ELEMENTS)];
        let wrong = sizes.into_iter().filter(|(_, size, most)| !(1..=*most).contains(size));
        let mut faults: Vec<Problem> =
            wrong.map(|(name, size, most)| size_fault(name, size.into(), most)).collect();
        if !weight.accepts(self.zero_point) {
            faults.push(zero_point_fault(weight, self.zero_point.0.into()));
        }
        faults
    }
}

fn size_fault(name: &'static str, size: i128, most: u32) -> Problem {
    let message = format!("{name} = {size} is not legal; legal is an integer from 1 to {most}");
    let help = match size {
        ..=0 => "a product without results needs no command".to_owned(),
        _ => format!("split the product into commands of up to {most}"),
    };
    Problem::new("lmma-size", name, message, help)
}

fn zero_point_fault(weight: WeightOperand, zero_point: i128) -> Problem {
    let (legal, help) = match weight.largest_zero_point() {
        None => ("0".to_owned(), "leave `zero_point` out".to_owned()),
        Some(most) => (
            format!("0 or an odd integer from -{most} to {most}"),
            "z' = 2z + 1 - 2^b for the unsigned code z that stands for 0; two's complement is 1"
                .to_owned(),
        ),
    };
    let message = format!("{zero_point} is not legal with {weight} weights; legal is {legal}");
    Problem::new("lmma-zero-point", "zero_point", message, help)
}

#[cfg(test)]
mod tests;
