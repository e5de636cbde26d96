use bitplane_formats::{Range, signed_bits};
use bitplane_spec::Spec;

use crate::core::{Core, bits_to_hold};

/// Result drain (`<name>_result_drain`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultDrain {
    /// Cycles between the last look-up and the first result beat that are spent on pipeline
    /// registers and on the first row's correction.
    pub settle_cycles: u32,
    /// Beats of all rows: shifts that empty the chain.
    pub positions: u32,
    /// Width of the beat counter; 0 for one beat a row.
    pub beat_bits: u32,
    /// Last beat of a row.
    pub last_beat: u32,
    /// Width of the row counter; 0 for one row.
    pub row_bits: u32,
    /// Last row.
    pub last_row: u32,
}

impl ResultDrain {
    pub(crate) fn of(core: &Core) -> Self {
        let beats = core.n / core.drain;
        Self {
            settle_cycles: core.stages.max(u32::from(core.corrected)),
            positions: core.m * beats,
            beat_bits: bits_to_hold(u64::from(beats) - 1),
            last_beat: beats - 1,
            row_bits: bits_to_hold(u64::from(core.m) - 1),
            last_row: core.m - 1,
        }
    }

    /// Cycles from the look-up of a run's last beat to the end of its drain, results taken at once.
    pub(crate) fn busy_cycles(&self) -> u32 {
        self.settle_cycles + self.positions
    }

    /// Flip-flops: two state flags, the settling ones, position counters, what is left of rows and
    /// columns, and the column count for the next row (needed only where a row takes several
    /// beats or another row follows).
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let left = core.rows_bits + 2 * core.columns_bits;
        u64::from(2 + self.settle_cycles + self.beat_bits + self.row_bits + left)
    }
}

/// Activation sum of one row (`<name>_activation_sum`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationSum {
    /// Width of a table entry.
    pub entry_bits: u32,
    /// Bits of one entry of each group.
    pub entries_bits: u32,
    /// Width of the sum over a run of `max_k`.
    pub sum_bits: u32,
}

impl ActivationSum {
    pub(crate) fn of(core: &Core, spec: &Spec, entry_bits: u32) -> Self {
        let elements = i128::from(core.max_k);
        let range =
            Range { min: elements * spec.activation.min(), max: elements * spec.activation.max() };
        // A narrower result depends on no higher bit than its own and the one that is halved away.
        let sum_bits = signed_bits(range).min(core.accumulator_bits + 1);
        Self { entry_bits, entries_bits: core.groups * entry_bits, sum_bits }
    }
}

/// Zero-point correction (`<name>_zero_point_correction`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroPointCorrection {
    /// Width of a row's sum of activations.
    pub sum_bits: u32,
    /// Width of z' times the sum, as far as results depend on it.
    pub product_bits: u32,
    /// Width of a difference before it is halved.
    pub difference_bits: u32,
    /// Bits of one beat of sums.
    pub data_bits: u32,
}

impl ZeroPointCorrection {
    pub(crate) fn of(core: &Core, sum: &ActivationSum) -> Self {
        // One bit more than a result: no higher bit of the product reaches it, even halved.
        let exact_bits = sum.sum_bits + core.zero_point_bits;
        let product_bits = exact_bits.min(core.accumulator_bits + 1);
        Self {
            sum_bits: sum.sum_bits,
            product_bits,
            difference_bits: core.accumulator_bits + 1,
            data_bits: core.drain * core.accumulator_bits,
        }
    }

    /// Flip-flops: the zero point and the product.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        u64::from(core.zero_point_bits + self.product_bits)
    }
}
