use bitplane_formats::{AlignedFormat, FloatFormat, ProductFormat, Specials};
use bitplane_spec::{ProductWord, Spec};

use crate::core::{Core, bits_to_hold};

/// The units at the edges of a core with floating-point activations: integers in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatEdge {
    /// Format of the activations.
    pub format: FloatFormat,
    /// One for each activation of a k-step, unless the tables come from outside.
    pub aligner: Option<Aligner>,
    /// Beside the memory of the activations, unless the tables come from outside or all blocks have
    /// the same exponent and no code is special.
    pub scanner: Option<ExponentScanner>,
    /// Format of the results.
    pub result: FloatFormat,
    /// Rounds the results of a beat, unless scaled groups are added to them.
    pub rounder: Option<ResultRounder>,
}

impl FloatEdge {
    pub(crate) fn of(core: &Core, spec: &Spec) -> Option<Self> {
        let float = spec.float?;
        if let Some((products, word)) = spec.products().zip(spec.product_word()) {
            let lane = FixedToFloat::of(&SumScale::of_products(products, word), float.result);
            let rounder = ResultRounder { word: Some(word), ..ResultRounder::of(core, lane) };
            return Some(Self {
                format: float.format,
                aligner: None,
                scanner: None,
                result: float.result,
                rounder: Some(rounder),
            });
        }
        let aligned = spec.aligned()?;
        let own = !spec.has_external_tables();
        Some(Self {
            format: float.format,
            aligner: own.then(|| Aligner::of(aligned)),
            scanner: (own && core.exponent_bits > 0).then(|| ExponentScanner::of(core, aligned)),
            result: float.result,
            rounder: (!core.scales).then(|| {
                let scale = SumScale::of_blocks(core, aligned);
                ResultRounder::of(core, FixedToFloat::of(&scale, float.result))
            }),
        })
    }

    /// Registers that a result passes.
    pub(crate) fn latency(&self) -> u32 {
        self.rounder.as_ref().map_or(0, |rounder| rounder.lane.stages)
    }
}

/// The fields of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeFields {
    /// Bits of a code.
    pub bits: u32,
    /// Bits of the exponent.
    pub exponent_bits: u32,
    /// Bits of the fraction.
    pub fraction_bits: u32,
}

impl CodeFields {
    pub(crate) fn of(format: FloatFormat) -> Self {
        Self {
            bits: format.bits(),
            exponent_bits: format.exponent_bits(),
            fraction_bits: format.fraction_bits(),
        }
    }
}

/// Aligner of one activation (`<name>_aligner`): a significand moves down from the top of an integer
/// by the distance of its exponent from that of the block, and is rounded to the nearest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aligner {
    /// What comes.
    pub format: FloatFormat,
    /// Its fields.
    pub code: CodeFields,
    /// Width of the integer.
    pub bits: u32,
    /// The exponent of all blocks, where it is always the same.
    pub fixed_exponent: Option<u32>,
    /// Width of a block's exponent.
    pub field_bits: u32,
    /// Bits in which a significand moves: those of a magnitude and below it those rounded away.
    pub window_bits: u32,
    /// Bits of the window that are rounded away; 0 where none can be lost.
    pub tail_bits: u32,
    /// Whether a number of the block's exponent is rounded too, so that it could become too large.
    pub clips: bool,
}

impl Aligner {
    fn of(aligned: AlignedFormat) -> Self {
        let (float, bits) = (aligned.float(), aligned.bits());
        let code = CodeFields::of(float);
        let most = aligned.largest_field() - 1;
        // What moves farther is less than half of the lowest place, whatever falls off the window.
        let farthest = most.min(bits - 1);
        let tail_bits = (code.fraction_bits + 2 + farthest).saturating_sub(bits);
        Self {
            format: float,
            code,
            bits,
            fixed_exponent: aligned.is_exact().then(|| float.largest_exponent()),
            field_bits: aligned.field_bits().max(code.exponent_bits),
            window_bits: bits - 1 + tail_bits,
            tail_bits,
            clips: aligned.places() < 0,
        }
    }
}

/// Exponent scanner (`<name>_exponent_scanner`): the field that each row's block of activations
/// travels with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExponentScanner {
    /// What comes.
    pub code: CodeFields,
    /// Width of a field.
    pub field_bits: u32,
    /// Whether a field is the largest exponent, and not only whether all codes are numbers.
    pub compares: bool,
    /// What codes besides numbers there are.
    pub specials: Specials,
    /// What bounds the sums of a table, where a field is for them.
    pub tables: Option<TableExponent>,
}

/// Exponent of one table (`<name>_table_exponent`): a power of two that half of the sum of its activations'
/// magnitudes is below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableExponent {
    /// What comes.
    pub code: CodeFields,
    /// Activations of a table.
    pub elements: u32,
    /// Bits of a fraction that count.
    pub counted_bits: u32,
    /// Most that the exponent is above the largest.
    pub headroom: u32,
}

impl TableExponent {
    fn of(aligned: AlignedFormat) -> Option<Self> {
        (aligned.summed() > 1).then(|| Self {
            code: CodeFields::of(aligned.float()),
            elements: aligned.summed(),
            counted_bits: aligned.counted_fraction_bits(),
            headroom: aligned.headroom(),
        })
    }

    /// Width of the sum of the magnitudes that count.
    pub fn sum_bits(&self) -> u32 {
        self.counted_bits + 1 + self.headroom
    }
}

impl ExponentScanner {
    fn of(core: &Core, aligned: AlignedFormat) -> Self {
        Self {
            code: CodeFields::of(aligned.float()),
            field_bits: core.exponent_bits,
            compares: !aligned.is_exact(),
            specials: aligned.float().specials(),
            tables: TableExponent::of(aligned),
        }
    }

    /// Flip-flops: the fields, and that a block is complete. Exponents of tables are registered with their markers.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let special = u32::from(self.specials != Specials::Nothing);
        let tables = self.tables.as_ref().map_or(0, |table| {
            3 + core.m * (special + core.groups * (table.code.exponent_bits + table.headroom))
        });
        u64::from(core.exponents_bits + 1 + tables)
    }
}

/// Result rounder (`<name>_result_rounder`): the pipeline of the result stream behind the drain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRounder {
    /// The conversion in each lane of a beat.
    pub lane: FixedToFloat,
    /// Bits of a beat of sums.
    pub data_bits: u32,
    /// Bits of a beat of results.
    pub results_bits: u32,
    /// Width of the number of a row; 0 for one row or where rows have no fields.
    pub row_bits: u32,
    /// Whether a row's field can say that its block holds something else than numbers.
    pub has_nan: bool,
    /// Where each sum has an exponent of its own, what it comes as.
    pub word: Option<ProductWord>,
}

impl ResultRounder {
    fn of(core: &Core, lane: FixedToFloat) -> Self {
        let selects = core.exponent_bits > 0;
        Self {
            data_bits: core.drain * core.result_bits,
            results_bits: core.drain * lane.bits,
            has_nan: selects,
            row_bits: if selects { bits_to_hold(u64::from(core.m) - 1) } else { 0 },
            word: None,
            lane,
        }
    }

    /// Bits that say what a sum is besides a number, where sums come with them.
    pub fn flag_bits(&self) -> u32 {
        self.word.map_or(0, |word| word.flag_bits)
    }

    /// Flip-flops: the rows' fields, for each stage valid, last and keep, and for all but the last
    /// the field, which has become a flag there.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let stages = self.lane.stages;
        let row = (stages - 1) * core.exponent_bits + u32::from(self.has_nan);
        let own = self.word.map_or(0, |word| {
            let exponent = if self.lane.fixed_exponent.is_some() { 0 } else { word.exponent_bits };
            (stages - 1) * exponent + stages * word.flag_bits
        });
        let shared = self.lane.shared_bits;
        u64::from(core.exponents_bits + stages * (2 + core.drain) + row + core.drain * own + shared)
    }
}

/// What sums are in units of.
struct SumScale {
    /// Width of a sum.
    sum_bits: u32,
    /// Width of its exponent.
    exponent_bits: u32,
    /// The power of two that a sum with exponent 0 counts, from which it rises with the exponent.
    quantum_of_exponent_0: i32,
    /// The smallest and the largest exponent of a sum other than 0.
    exponents: [u32; 2],
    /// What is counted from in exponents.
    smallest_exponent: u32,
    /// Whether all exponents are the largest.
    is_fixed: bool,
    /// Whether sums are corrected before.
    is_corrected: bool,
    /// Low bits that all sums of a beat share: what one correction gives those that no accumulator holds.
    shared_bits: u32,
}

impl SumScale {
    fn of_blocks(core: &Core, aligned: AlignedFormat) -> Self {
        Self {
            sum_bits: core.result_bits,
            exponent_bits: core.exponent_bits,
            quantum_of_exponent_0: aligned.quantum_of_exponent_0() + core.sum_unit as i32,
            exponents: [1, aligned.largest_field()],
            smallest_exponent: 0,
            is_fixed: aligned.is_exact(),
            is_corrected: core.sums_activations(),
            // One of them may go when a sum is halved.
            shared_bits: if core.corrected { core.dropped_bits.saturating_sub(1) } else { 0 },
        }
    }

    fn of_products(products: ProductFormat, word: ProductWord) -> Self {
        Self {
            sum_bits: word.sum_bits,
            exponent_bits: word.exponent_bits,
            quantum_of_exponent_0: products.quantum_of_exponent_0(),
            exponents: [word.smallest_exponent, products.largest_exponent()],
            smallest_exponent: word.smallest_exponent,
            is_fixed: false,
            is_corrected: false,
            shared_bits: 0,
        }
    }
}

/// Conversion of one sum (`<name>_fixed_to_float`): an integer in units of its block to the nearest
/// number of the result format, of two the even one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedToFloat {
    /// Width of a sum.
    pub sum_bits: u32,
    /// Width of the exponent that it comes with, if it does.
    pub sum_exponent_bits: u32,
    /// Format of a result.
    pub format: FloatFormat,
    /// Width of a result.
    pub bits: u32,
    /// Bits of a result's exponent.
    pub exponent_bits: u32,
    /// Bits of a result's fraction.
    pub fraction_bits: u32,
    /// Registers that a sum passes: itself where it is corrected before, its magnitude, the count of
    /// its leading zeros, its normalised bits.
    pub stages: u32,
    /// Whether the sum itself is registered.
    pub registers_sum: bool,
    /// Low bits of the sum that are registered once for all of a beat.
    pub shared_bits: u32,
    /// Steps of the count of leading zeros, which are its bits.
    pub count_bits: u32,
    /// Biased exponent of a result whose sum has no leading zero, less the block's exponent.
    pub exponent_offset: i32,
    /// Width of a biased exponent before it is seen to be too large, and with a sign.
    pub biased_bits: u32,
    /// The exponent of all blocks, where it is always the same.
    pub fixed_exponent: Option<u32>,
    /// The smallest exponent of all sums that do not share it with others; 0 of blocks.
    pub smallest_exponent: u32,
    /// Bit of a sum that weighs as much as the smallest normal result, plus the block's exponent:
    /// where no result can be subnormal, nothing.
    pub smallest_normal: Option<u32>,
    /// Whether a result can be beyond the largest number.
    pub can_overflow: bool,
    /// Bits of a normalised sum: zeros below it where it has none to round away.
    pub padded_bits: u32,
}

impl FixedToFloat {
    fn of(scale: &SumScale, result: FloatFormat) -> Self {
        let SumScale { sum_bits, exponents: [least, most], .. } = *scale;
        let quantum_of_zero = scale.quantum_of_exponent_0;
        let exponent_offset = sum_bits as i32 - 1 + quantum_of_zero + result.bias();
        let least = if scale.is_fixed { most } else { least };
        let marker = 1 - result.bias() - quantum_of_zero;
        let largest = exponent_offset + most as i32 + 1;
        let registers_sum = scale.is_corrected;
        Self {
            sum_bits,
            sum_exponent_bits: scale.exponent_bits,
            format: result,
            bits: result.bits(),
            exponent_bits: result.exponent_bits(),
            fraction_bits: result.fraction_bits(),
            stages: 3 + u32::from(registers_sum),
            registers_sum,
            shared_bits: scale.shared_bits,
            count_bits: bits_to_hold(u64::from(sum_bits) - 1),
            exponent_offset,
            biased_bits: bits_to_hold(largest.unsigned_abs().into())
                .max(result.exponent_bits())
                .max(scale.exponent_bits),
            fixed_exponent: scale.is_fixed.then_some(most),
            smallest_exponent: scale.smallest_exponent,
            smallest_normal: u32::try_from(marker).ok().filter(|marker| *marker > least),
            can_overflow: largest > result.largest_exponent() as i32,
            padded_bits: sum_bits.max(result.fraction_bits() + 3),
        }
    }

    /// Whether the smallest normal result lies elsewhere in every block.
    pub fn marks_by_exponent(&self) -> bool {
        self.smallest_normal.is_some() && self.fixed_exponent.is_none()
    }

    /// Flip-flops. Of a sum narrower than a result the zeros below it are none, and of bits of the
    /// biased exponent that are always equal there is one.
    pub(crate) fn flops(&self) -> u64 {
        let sum = if self.registers_sum { self.sum_bits - self.shared_bits } else { 0 };
        let magnitude = 1 + self.sum_bits;
        let counted = magnitude + self.count_bits;
        let fraction = self.fraction_bits + 2 - (self.padded_bits - self.sum_bits);
        let normalised = 1 + fraction + self.biased_flops();
        u64::from(sum + magnitude + counted + normalised)
    }

    /// Bits of the biased exponent, the highest first, in runs of those that are always equal, each as its
    /// highest and lowest: whatever the count of leading zeros is and, where blocks have exponents of their own,
    /// those. A run has one flip-flop, or none if it is always 0.
    pub fn biased_runs(&self) -> Vec<[u32; 2]> {
        let values = self.biased_values();
        let equal =
            |high: u32, low: u32| values.iter().all(|value| value >> high & 1 == value >> low & 1);
        let mut runs: Vec<[u32; 2]> = Vec::new();
        for bit in (0..self.biased_bits).rev() {
            match runs.last_mut().filter(|run| equal(run[0], bit)) {
                Some(run) => run[1] = bit,
                None => runs.push([bit, bit]),
            }
        }
        runs
    }

    /// All biased exponents that the registers before can stand for.
    fn biased_values(&self) -> Vec<i32> {
        let exponents = match self.fixed_exponent {
            Some(exponent) => exponent..exponent + 1,
            None => 0..1 << self.sum_exponent_bits,
        };
        let values = exponents.flat_map(|exponent| {
            let largest = exponent as i32 + self.exponent_offset;
            (0..1 << self.count_bits).map(move |count| largest - count)
        });
        values.collect()
    }

    /// Flip-flops of the biased exponent.
    fn biased_flops(&self) -> u32 {
        let values = self.biased_values();
        let runs = self.biased_runs();
        let used = runs.iter().filter(|run| values.iter().any(|value| value >> run[0] & 1 == 1));
        used.count() as u32
    }
}
