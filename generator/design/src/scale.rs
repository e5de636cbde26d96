use bitplane_formats::{AlignedFormat, FloatFormat, ScaleFormat, TermFormat, TermSum};
use bitplane_spec::Spec;

use crate::CodeFields;

use crate::adder::{AdderRegisters, FloatingPointAdder};
use crate::core::{Core, bits_to_hold};
use crate::result::ResultDrain;

/// The units at the edge that scale quantisation groups and add them to results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// Picks the scales of a beat.
    pub select: ScaleSelect,
    /// One for each column of a beat.
    pub scaler: GroupScaler,
    /// One for each column of a beat, in its scaled accumulator.
    pub adder: FloatingPointAdder,
    /// One for each column of a beat.
    pub accumulator: ScaledAccumulator,
    /// What goes with the values of a beat.
    pub pipeline: ScalePipeline,
}

impl Scaling {
    /// Registers that a value passes until it is part of a result.
    pub const STAGES: u32 = 4;

    pub(crate) fn of(core: &Core, spec: &Spec, drain: &ResultDrain) -> Option<Self> {
        let (scale, result) = (spec.scale()?, spec.result_format()?);
        let reads_ahead = drain.positions >= ScaledAccumulator::READ_AHEAD_WORDS;
        let scaler = GroupScaler::of(core, spec, scale, reads_ahead);
        let registers = match reads_ahead {
            true => AdderRegisters::AugendAndSum,
            false => AdderRegisters::Sum,
        };
        Some(Self {
            select: ScaleSelect::of(core, spec, drain, scale),
            adder: FloatingPointAdder::of(result, scaler.term(), true).with(registers),
            accumulator: ScaledAccumulator {
                words: drain.positions,
                data_bits: drain.positions * result.bits(),
                format: result,
                exponent_bits: scaler.exponent_bits,
                significand_bits: scaler.significand_bits,
                reads_ahead,
            },
            pipeline: ScalePipeline {
                row_bits: match core.exponent_bits {
                    0 => 0,
                    _ => bits_to_hold(u64::from(core.m) - 1),
                },
                field_stages: if scaler.has_exponents() || reads_ahead { 1 } else { 2 },
                reads_ahead,
                tells_nan: scaler.row_is_nan,
                tells_field: scaler.takes_field,
            },
            scaler,
        })
    }
}

/// Selection of a beat's scales from the weight register (`<name>_scale_select`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleSelect {
    /// Beats of a row.
    pub beats: u32,
    /// Width of the number of a beat; 0 for one.
    pub beat_bits: u32,
    /// Bits of a column's part of a weight beat.
    pub column_bits: u32,
    /// Bits of such a part below the scale.
    pub place: u32,
    /// Bits of a scale.
    pub scale_bits: u32,
    /// Bits of all columns' scales.
    pub all_bits: u32,
    /// Bits of a beat's scales.
    pub selected_bits: u32,
}

impl ScaleSelect {
    fn of(core: &Core, spec: &Spec, drain: &ResultDrain, scale: ScaleFormat) -> Self {
        let [place, scale_bits] = spec.group_beat_bits();
        debug_assert_eq!(scale_bits, scale.bits());
        Self {
            beats: core.n / core.drain,
            beat_bits: drain.beat_bits,
            column_bits: core.groups * spec.weight_word_bits(),
            place,
            scale_bits,
            all_bits: core.n * scale_bits,
            selected_bits: core.drain * scale_bits,
        }
    }
}

/// Group scaler of one column of a beat (`<name>_group_scaler`): the exact product of a group's value
/// and its scale, which for aligned activations takes in the exponent of their block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupScaler {
    /// How the scale is written.
    pub format: ScaleFormat,
    /// Bits of a scale.
    pub scale_bits: u32,
    /// Width of a group's value: two's complement, or the code of a floating-point number.
    pub value_bits: u32,
    /// The fields of values that are floating-point numbers, none of them subnormal.
    pub float: Option<CodeFields>,
    /// Bits of the product's significand.
    pub significand_bits: u32,
    /// Bits of its exponent; 0 where it is always the same.
    pub exponent_bits: u32,
    /// What a unit of the significand weighs where the exponent is 0: 2^this.
    pub lowest: i32,
    /// Whether the field of a row's block is part of the exponent.
    pub adds_field: bool,
    /// Whether exponents are told a cycle before the rest of a product.
    pub exponent_is_early: bool,
    /// Whether it has a register that says that a product is no number.
    pub registers_nan: bool,
    /// Whether the scale pipeline says that: all products of a row are numbers or none is.
    pub row_is_nan: bool,
    /// Whether it looks at the field of a row's block.
    pub takes_field: bool,
}

impl GroupScaler {
    fn of(core: &Core, spec: &Spec, scale: ScaleFormat, exponent_is_early: bool) -> Self {
        if let Some(sums) = spec.term_sums() {
            return Self { exponent_is_early, ..Self::of_float(core, sums, scale) };
        }
        // The magnitude of the most negative value has as many bits as the value.
        let term = scale.term_format(core.accumulator_bits);
        let aligned = spec.aligned();
        let adds_field = aligned.is_some_and(|aligned| !aligned.is_exact());
        let largest_field = match aligned {
            Some(aligned) if adds_field => aligned.largest_field(),
            _ => 0,
        };
        let largest = u64::from(term.largest_exponent() + largest_field);
        let row_is_nan = scale == ScaleFormat::Int8 && exponent_is_early && core.exponent_bits > 0;
        Self {
            format: scale,
            scale_bits: scale.bits(),
            value_bits: core.accumulator_bits,
            float: None,
            significand_bits: term.significand_bits,
            exponent_bits: bits_to_hold(largest),
            lowest: term.lowest + aligned.map_or(0, block_of_exponent_0) + core.sum_unit as i32,
            adds_field,
            exponent_is_early,
            registers_nan: scale != ScaleFormat::Int8,
            row_is_nan,
            takes_field: core.exponent_bits > 0 && (adds_field || !row_is_nan),
        }
    }

    /// That of groups whose sums are floating-point numbers.
    fn of_float(core: &Core, sums: TermSum, scale: ScaleFormat) -> Self {
        let format = sums.sum();
        let number = TermFormat::of_number(format);
        let term = scale.term_format(number.significand_bits);
        let largest = u64::from(term.largest_exponent() + number.largest_exponent());
        Self {
            format: scale,
            scale_bits: scale.bits(),
            value_bits: core.accumulator_bits,
            float: Some(CodeFields::of(format)),
            significand_bits: term.significand_bits,
            exponent_bits: bits_to_hold(largest),
            lowest: term.lowest + number.lowest,
            adds_field: false,
            exponent_is_early: false,
            registers_nan: true,
            row_is_nan: false,
            takes_field: false,
        }
    }

    /// Whether each product has an exponent of its own.
    pub fn has_exponents(&self) -> bool {
        self.float.is_some() || !self.is_integer()
    }

    /// Whether a product's exponent has a register beside its significand.
    pub fn registers_exponent(&self) -> bool {
        self.has_exponents() && !self.exponent_is_early
    }

    /// Bits of a value's magnitude: of a floating-point number its significand.
    pub fn magnitude_bits(&self) -> u32 {
        self.float.map_or(self.value_bits, |code| code.fraction_bits + 1)
    }

    /// Whether scales have fractions and exponents.
    pub fn is_float(&self) -> bool {
        self.format.float().is_some()
    }

    /// Whether scales are integers.
    pub fn is_integer(&self) -> bool {
        self.format == ScaleFormat::Int8
    }

    /// The fields of the products.
    pub(crate) fn term(&self) -> bitplane_formats::TermFormat {
        bitplane_formats::TermFormat {
            significand_bits: self.significand_bits,
            exponent_bits: self.exponent_bits,
            lowest: self.lowest,
        }
    }

    /// Flip-flops: the scale twice, sign and magnitude of the value, and the product with its two flags.
    /// An exponent that is that of the row comes from the scale pipeline, one that is told early needs no register
    /// here, and only an FP16 scale may be infinite.
    pub(crate) fn flops(&self) -> u64 {
        let magnitude = 1 + self.magnitude_bits() + self.float.map_or(0, |code| code.exponent_bits);
        let sign_and_significand = 1 + self.significand_bits;
        let exponent = if self.registers_exponent() { self.exponent_bits } else { 0 };
        // No other is ever infinite.
        let flags = u32::from(self.registers_nan) + u32::from(self.format == ScaleFormat::Fp16);
        u64::from(2 * self.scale_bits + magnitude + sign_and_significand + exponent + flags)
    }
}

/// What a unit of a sum weighs as a power of two, the field of its block taken as 0 where it counts.
fn block_of_exponent_0(aligned: AlignedFormat) -> i32 {
    if aligned.is_exact() { aligned.quantum(1) } else { aligned.quantum_of_exponent_0() }
}

/// Scaled accumulator of one column of a beat (`<name>_scaled_accumulator`): results so far, which go
/// round in step with the drain chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaledAccumulator {
    /// Words that go round: beats of all rows.
    pub words: u32,
    /// Bits of them.
    pub data_bits: u32,
    /// Format of a word.
    pub format: FloatFormat,
    /// Bits of a term's exponent; 0 where it is always the same.
    pub exponent_bits: u32,
    /// Bits of a term's significand.
    pub significand_bits: u32,
    /// Whether a word is read while the product is made that is added to it, and not when it is.
    pub reads_ahead: bool,
}

impl ScaledAccumulator {
    /// Words from which on they are read ahead: the word that is read is none of the two whose sums are on their way.
    const READ_AHEAD_WORDS: u32 = 3;
}

/// Scale pipeline (`<name>_scale_pipeline`): the markers that go with the values of a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePipeline {
    /// Width of the number of a row; 0 for one row or where rows have no fields.
    pub row_bits: u32,
    /// Stages that a row's field goes along: to the magnitude, or to the product where its exponent is
    /// that of the row and not told early.
    pub field_stages: u32,
    /// Whether words are read ahead.
    pub reads_ahead: bool,
    /// Whether it has a register that says that the products of a row are no numbers.
    pub tells_nan: bool,
    /// Whether it tells the field of a row's block.
    pub tells_field: bool,
}

impl ScalePipeline {
    /// Flip-flops: of each stage whether its beat is sent, its last marker and keep bits; of all but the
    /// last whether there is one; of those before the sum of which group; the rows' fields, and those of the stages, with
    /// whether one is no number.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let fields = core.exponents_bits + self.field_stages * core.exponent_bits;
        let firsts = if self.reads_ahead { 1 } else { 2 };
        let marks = Scaling::STAGES * (2 + core.drain) + Scaling::STAGES - 1 + firsts;
        u64::from(marks + fields + u32::from(self.tells_nan))
    }
}
