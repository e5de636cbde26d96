use bitplane_formats::{FloatFormat, Range, TermFormat, signed_bits};

use crate::core::bits_to_hold;

/// Floating-point adder (`<name>_floating_point_adder`): a floating-point number plus an exact term,
/// rounded once.
///
/// The term has its place in a window of bits; the augend moves in it from the top down. At the top
/// the term is less than a quarter of its last place, so that it need not go higher; what moves
/// beyond the bottom counts as one bit, where the term is so much larger that this is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatingPointAdder {
    /// Format of augend and sum.
    pub format: FloatFormat,
    /// Width of both.
    pub bits: u32,
    /// Bits below the sign.
    pub code_bits: u32,
    /// Bits of the exponent.
    pub exponent_bits: u32,
    /// Bits of the fraction.
    pub fraction_bits: u32,
    /// Whether the format has infinities; without, what is beyond the largest number is NaN.
    pub has_infinity: bool,
    /// What a unit of the term's significand weighs where its exponent is 0: 2^this.
    pub term_lowest: i32,
    /// Bits of the term's exponent; 0 where it is always the same.
    pub term_exponent_bits: u32,
    /// Bits of the term's significand.
    pub significand_bits: u32,
    /// Whether terms can be infinities or NaN.
    pub takes_specials: bool,
    /// Bits of the window.
    pub window_bits: u32,
    /// Bits below the term.
    pub term_place: u32,
    /// Bits below the augend where it is highest.
    pub augend_place: u32,
    /// Bits below the highest.
    pub below_mark: u32,
    /// What is added to the difference of the exponents, the term's less the augend's, for the places
    /// by which the augend moves down.
    pub distance_offset: i32,
    /// Width of that distance, with a sign.
    pub distance_bits: u32,
    /// Width of a biased exponent before it is seen to be too large.
    pub biased_bits: u32,
    /// Width of a count of leading zeros.
    pub count_bits: u32,
    /// Where it has registers.
    pub registers: AdderRegisters,
}

/// Registers of a [`FloatingPointAdder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdderRegisters {
    /// None: it is combinational.
    None,
    /// Behind the sum, before it is normalised and rounded.
    Sum,
    /// That, and one of the augend and of how far it moves. Augend and exponent of the term come a cycle before the
    /// rest of the term.
    AugendAndSum,
}

impl FloatingPointAdder {
    /// The adder for numbers of `format`, which have an infinity or NaN, and terms of `term`, that
    /// `takes_specials` or has numbers alone.
    pub fn of(format: FloatFormat, term: TermFormat, takes_specials: bool) -> Self {
        let fraction_bits = format.fraction_bits();
        // A result leads at least one place below the term, and has a bit behind its fraction.
        let term_place = fraction_bits + 3;
        let augend_place = term_place + term.significand_bits + 2;
        // The place of a carry, and the leading bit.
        let window_bits = augend_place + fraction_bits + 2;
        let unit_of_augend = format.bias() + fraction_bits as i32;
        let distance_offset = (augend_place - term_place) as i32 + unit_of_augend + term.lowest;
        let largest = format.largest_exponent();
        let distances = Range {
            min: i128::from(distance_offset) - i128::from(largest),
            max: i128::from(distance_offset) + i128::from(term.largest_exponent()) - 1,
        };
        let highest = (distance_offset + term.largest_exponent() as i32).max(largest as i32) + 1;
        Self {
            format,
            bits: format.bits(),
            code_bits: format.bits() - 1,
            exponent_bits: format.exponent_bits(),
            fraction_bits,
            has_infinity: format.infinity().is_some(),
            term_lowest: term.lowest,
            term_exponent_bits: term.exponent_bits,
            significand_bits: term.significand_bits,
            takes_specials,
            window_bits,
            term_place,
            augend_place,
            below_mark: window_bits - 1,
            distance_offset,
            distance_bits: signed_bits(distances),
            // A carry of rounding counts one more.
            biased_bits: bits_to_hold(highest.unsigned_abs().into()).max(format.exponent_bits())
                + 1,
            count_bits: bits_to_hold(u64::from(window_bits) - 1),
            registers: AdderRegisters::None,
        }
    }

    /// The same with `registers`.
    pub(crate) fn with(self, registers: AdderRegisters) -> Self {
        Self { registers, ..self }
    }

    /// Whether there is a register behind the sum.
    pub fn registers_sum(&self) -> bool {
        self.registers != AdderRegisters::None
    }

    /// Bits of the register of the exponent with which a sum leads at most, where the augend is not above its place. Of
    /// a term that has always the same exponent, that of the augend and its distance tell it.
    pub fn top_bits(&self) -> u32 {
        match self.registers {
            AdderRegisters::AugendAndSum if self.term_exponent_bits > 0 => self.biased_bits - 1,
            _ => 0,
        }
    }

    /// Whether the augend is registered.
    pub fn registers_augend(&self) -> bool {
        self.registers == AdderRegisters::AugendAndSum
    }

    /// Flip-flops: magnitude, leading zeros, exponent, sign, whether a difference is taken, and a sum that is
    /// not rounded with whether there is one; the augend, whether it is normal and moves beyond the
    /// window, by how far it moves, and the exponent there.
    pub(crate) fn flops(&self) -> u64 {
        let sum = self.window_bits + self.count_bits + self.biased_bits + 2 + 1 + self.bits;
        u64::from(match self.registers {
            AdderRegisters::None => 0,
            AdderRegisters::Sum => sum,
            AdderRegisters::AugendAndSum => {
                sum + self.bits + 2 + self.distance_bits + self.top_bits()
            }
        })
    }
}
