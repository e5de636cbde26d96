use bitplane_formats::{Range, Specials, TermArray, TermSum, signed_bits};

use crate::CodeFields;
use crate::core::{Core, bits_to_hold};
use crate::discrete::FloatAdder;
use crate::term::Terms;

/// Decoder of a row's activations (`<name>_float_operands`), shared by its lanes: signs, significands with
/// their leading bits, the exponent of each with every shift that a term can have, and whether all are
/// numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatOperands {
    /// The fields of an activation.
    pub code: CodeFields,
    /// What codes besides numbers there are.
    pub specials: Specials,
    /// Bits of the row's activations.
    pub activations_bits: u32,
    /// Shifts of a term.
    pub lines: u32,
    /// Bits of an exponent with a shift.
    pub exponent_bits: u32,
    /// Bits of all of them: element, then shift, lowest first.
    pub exponents_bits: u32,
    /// Bits of a significand.
    pub significand_bits: u32,
    /// Bits of all significands.
    pub significands_bits: u32,
    /// Whether significands are registered, so that they come with the distances by which they move.
    pub registers_significands: bool,
    /// Whether the exponents of zeros are 0. Otherwise they are as those of subnormal numbers, by which no
    /// product moves farther than it has bits to spare.
    pub gates_zeros: bool,
    /// Registers of whether an activation is no number, on its way to the accumulators.
    pub stages: u32,
}

impl FloatOperands {
    fn of(core: &Core, terms: &TermArray, sums: TermSum) -> Self {
        let format = sums.activation();
        let lines = terms.reach() + 1;
        let exponent_bits = bits_to_hold(u64::from(format.largest_exponent() + terms.reach()));
        let significand_bits = format.fraction_bits() + 1;
        Self {
            code: CodeFields::of(format),
            specials: format.specials(),
            activations_bits: core.k * format.bits(),
            lines,
            exponent_bits,
            exponents_bits: core.k * lines * exponent_bits,
            significand_bits,
            significands_bits: core.k * significand_bits,
            registers_significands: core.stages > 2,
            gates_zeros: terms.reach() > TermSum::GUARD_BITS,
            stages: core.stages,
        }
    }

    /// Whether there are codes that are no numbers.
    pub fn has_nan(&self) -> bool {
        self.specials != Specials::Nothing
    }

    /// Whether it has registers.
    pub fn is_clocked(&self) -> bool {
        self.registers_significands || (self.has_nan() && self.stages > 0)
    }

    /// Flip-flops: significands, and in each stage whether an activation is no number.
    pub(crate) fn flops(&self) -> u64 {
        let significands = if self.registers_significands { self.significands_bits } else { 0 };
        let nan = if self.has_nan() { self.stages } else { 0 };
        u64::from(significands + nan)
    }
}

/// Lane of one row and column that rounds the sum of every cycle (`<name>_float_term_lane`): exponents,
/// significands, and an accumulator that holds a floating-point number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatTermLane {
    /// How sums are rounded.
    pub sums: TermSum,
    /// The adder of the accumulator.
    pub adder: FloatAdder,
    /// Bits of a product where all of a cycle meet.
    pub window_bits: u32,
    /// Bits behind its significand.
    pub guard_bits: u32,
    /// Bits of a distance by which a product moves down; the largest leaves nothing of it.
    pub distance_bits: u32,
    /// Width of the signed sum of a cycle.
    pub sum_bits: u32,
    /// Width of its magnitude.
    pub magnitude_bits: u32,
    /// Bits of its leading zeros.
    pub count_bits: u32,
    /// Bits of the largest exponent of a cycle with the significance of the cycle.
    pub base_bits: u32,
    /// Biased exponent of the highest bit of the magnitude where that exponent is 0.
    pub highest: u32,
    /// Bits of the significand that a sum of a cycle is rounded to, no more than it has.
    pub kept_bits: u32,
    /// Whether an activation can be no number.
    pub has_nan: bool,
    /// Whether distances and signs are registered.
    pub registers_exponents: bool,
    /// Whether the sum is registered.
    pub registers_sum: bool,
    /// Whether what it is rounded to is registered.
    pub registers_rounded: bool,
}

impl FloatTermLane {
    fn of(core: &Core, terms: &TermArray, sums: TermSum) -> Self {
        // One product moves nowhere.
        let guard_bits = if core.k > 1 { TermSum::GUARD_BITS } else { 0 };
        let window_bits = sums.activation().fraction_bits() + 1 + guard_bits;
        let largest = ((1i128 << window_bits) - (1 << guard_bits)) * i128::from(core.k);
        let sum_bits = signed_bits(Range::symmetric(largest));
        let magnitude_bits = sum_bits - 1;
        let (activation, sum) = (sums.activation(), sums.sum());
        let largest_shift = terms.reach() + Terms::PLACES * (terms.cycles() - 1);
        let highest = sum.bias() - activation.bias() + (magnitude_bits - window_bits) as i32;
        Self {
            sums,
            adder: FloatAdder::without_subnormals(sum),
            window_bits,
            guard_bits,
            distance_bits: if core.k > 1 { bits_to_hold(window_bits.into()) } else { 1 },
            sum_bits,
            magnitude_bits,
            count_bits: bits_to_hold(u64::from(magnitude_bits) - 1),
            base_bits: bits_to_hold(u64::from(activation.largest_exponent() + largest_shift)),
            highest: highest.unsigned_abs(),
            kept_bits: magnitude_bits.min(sum.fraction_bits() + 1),
            has_nan: activation.specials() != Specials::Nothing,
            registers_exponents: core.stages > 2,
            registers_sum: core.stages > 1,
            registers_rounded: core.stages > 0,
        }
    }

    /// Bits of a number: significand with its leading bit, exponent, sign, whether it is NaN.
    pub fn number_bits(&self) -> u32 {
        self.adder.number_bits
    }

    /// Whether a sum of a cycle can have more bits than a number.
    pub fn rounds(&self) -> bool {
        self.magnitude_bits > self.kept_bits
    }

    /// Flip-flops of one lane: the accumulator, what is added to it, the sum of a cycle with its exponent, and
    /// distances and signs of its products with that exponent.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let rounded = self.kept_bits + self.adder.exponent_bits + 1;
        let registers = [
            (true, self.adder.number_bits),
            (self.registers_rounded, rounded),
            (self.registers_sum, self.sum_bits + self.base_bits),
            (self.registers_exponents, core.k * (self.distance_bits + 1) + self.base_bits),
        ];
        registers.iter().filter(|(there, _)| *there).map(|(_, bits)| u64::from(*bits)).sum()
    }
}

/// The units of a `bitmod_tile` that rounds every sum, between its registers and its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatTerms {
    /// One for each row.
    pub operands: FloatOperands,
    /// One for each row and column.
    pub lane: FloatTermLane,
}

impl FloatTerms {
    pub(crate) fn of(core: &Core, terms: &TermArray, sums: TermSum) -> Self {
        Self {
            operands: FloatOperands::of(core, terms, sums),
            lane: FloatTermLane::of(core, terms, sums),
        }
    }
}
