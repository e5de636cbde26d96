use bitplane_formats::{WeightReading, ZeroPoint, signed_bits, subset_range};
use bitplane_spec::Spec;

use crate::core::{Core, bits_to_hold};

/// Result drain (`<name>_result_drain`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultDrain {
    /// Cycles between the last look-up and the first result beat that are spent on pipeline
    /// registers and on the first correction or scale.
    pub settle_cycles: u32,
    /// Those of them that a delay line counts; a quantisation group's zero points are waited for
    /// in the last one, or with shadow registers before the first.
    pub delay_cycles: u32,
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
        let settle_cycles = core.stages.max(u32::from(core.sums_activations() || core.per_group()));
        let waits = core.per_group() && !core.shadow;
        Self {
            settle_cycles,
            delay_cycles: settle_cycles - u32::from(waits),
            positions: core.m * beats,
            beat_bits: bits_to_hold(u64::from(beats) - 1),
            last_beat: beats - 1,
            row_bits: bits_to_hold(u64::from(core.m) - 1),
            last_row: core.m - 1,
        }
    }

    /// Cycles from the look-up of the last plane of a run or quantisation group to the end of its
    /// drain, results taken and zero points given at once.
    pub(crate) fn busy_cycles(&self) -> u32 {
        self.settle_cycles + self.positions
    }

    /// Cycles from one quantisation group of `planes` planes in all to the next, nothing else waited for.
    pub(crate) fn group_cycles(&self, core: &Core, planes: u64) -> u64 {
        match core.shadow {
            false => planes + u64::from(self.busy_cycles()),
            // One for the beat behind the planes; a group is taken over when the one before has drained.
            true => (planes + 1).max(u64::from(self.busy_cycles()) + 1),
        }
    }

    /// Flip-flops: two state flags, the settling ones, position counters, what is left of rows and
    /// columns, and the column count for the next row (needed only where a row takes several
    /// beats or another row follows). With quantisation groups three more flags: zero points are
    /// due, and whether the group is its run's first and last.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let left = core.rows_bits + 2 * core.columns_bits;
        let flags = if core.per_group() { 2 + 3 } else { 2 };
        u64::from(flags + self.delay_cycles + self.beat_bits + self.row_bits + left)
    }
}

/// Activation sum of one row (`<name>_activation_sum`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationSum {
    /// Numbers that add up to a step's sum: the last table entry of each group, or the activations.
    pub terms: u32,
    /// Width of one of them.
    pub term_bits: u32,
    /// Bits of all of them.
    pub terms_bits: u32,
    /// Width of the sum over a run of `max_k`, or over a quantisation group.
    pub sum_bits: u32,
}

impl ActivationSum {
    pub(crate) fn of(core: &Core, spec: &Spec, terms: u32, term_bits: u32) -> Self {
        let range = subset_range(spec.activation, core.accumulated_elements);
        // A narrower result depends on no higher bit than its own and the one that is halved away.
        let sum_bits = signed_bits(range).min(core.accumulator_bits + 1);
        Self { terms, term_bits, terms_bits: terms * term_bits, sum_bits }
    }
}

/// Zero-point correction (`<name>_zero_point_correction`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroPointCorrection {
    /// Width of a row's sum of activations.
    pub sum_bits: u32,
    /// What is added to z' for the factor of the sum of activations: the codes' own zero point is
    /// taken away where the accumulators hold sums of codes, so that no factor is negative. 0 where
    /// they hold sums of q'.
    pub factor_offset: u32,
    /// Whether sums count twice, because halving undoes what reinterpretation has not doubled.
    pub doubles: bool,
    /// Width of the factor times the sum, as far as results depend on it.
    pub product_bits: u32,
    /// Width of a difference before it is halved.
    pub difference_bits: u32,
    /// Bits of one beat of sums.
    pub data_bits: u32,
}

impl ZeroPointCorrection {
    pub(crate) fn of(core: &Core, spec: &Spec, sum: &ActivationSum) -> Self {
        let doubles = spec.weight_reading() == WeightReading::Bits;
        let factor_offset =
            if doubles { ZeroPoint::unsigned(spec.weight).0.unsigned_abs() } else { 0 };
        // One bit more than a result: no higher bit of the product reaches it, even halved.
        let exact_bits = sum.sum_bits + core.zero_point_bits + u32::from(doubles);
        let product_bits = exact_bits.min(core.accumulator_bits + 1);
        Self {
            sum_bits: sum.sum_bits,
            factor_offset,
            doubles,
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

/// Selection of a beat's zero points from the weight register (`<name>_zero_point_select`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroPointSelect {
    /// Bits of one column in a weight beat; its zero point is the lowest of them.
    pub column_bits: u32,
    /// Bits of the zero points of all columns.
    pub all_bits: u32,
    /// Beats of a row.
    pub beats: u32,
    /// Width of a beat's number; 0 for one beat a row.
    pub beat_bits: u32,
    /// Bits of the zero points of one beat.
    pub selected_bits: u32,
}

impl ZeroPointSelect {
    pub(crate) fn of(core: &Core, drain: &ResultDrain, word_bits: u32) -> Self {
        let column_bits = core.groups * word_bits;
        Self {
            column_bits,
            all_bits: core.n * core.zero_point_bits,
            beats: core.n / core.drain,
            beat_bits: drain.beat_bits,
            selected_bits: core.drain * core.zero_point_bits,
        }
    }
}

/// Dequantiser of one column of a beat (`<name>_dequantiser`): takes the zero point out of the sum
/// of a quantisation group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dequantiser {
    /// Width of a row's sum of activations.
    pub sum_bits: u32,
    /// Width of z' times the sum.
    pub product_bits: u32,
    /// Width of a difference before it is halved: one bit more than an accumulator.
    pub difference_bits: u32,
    /// Width of a group's value: that of an accumulator, or of a narrower result.
    pub value_bits: u32,
}

impl Dequantiser {
    pub(crate) fn of(core: &Core, sum: &ActivationSum) -> Self {
        let difference_bits = core.accumulator_bits + 1;
        // No higher bit of the product reaches the difference, which is exact.
        let product_bits = (sum.sum_bits + core.zero_point_bits).min(difference_bits);
        // What is scaled is the whole value.
        let value_bits = match core.scales {
            true => core.accumulator_bits,
            false => core.accumulator_bits.min(core.result_bits),
        };
        Self { sum_bits: sum.sum_bits, product_bits, difference_bits, value_bits }
    }

    /// Flip-flops: the product, and whether its zero point is odd.
    pub(crate) fn flops(&self) -> u64 {
        u64::from(self.product_bits + 1)
    }
}

/// Group accumulator of one column of a beat (`<name>_group_accumulator`): the results so far of
/// the groups before, which go round in step with the drain chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupAccumulator {
    /// Words that go round: beats of all rows.
    pub words: u32,
    /// Bits of them.
    pub data_bits: u32,
    /// Width of a group's value.
    pub value_bits: u32,
    /// Whether the width follows from `max_k`, so that no addition leaves it.
    pub exact: bool,
}

impl GroupAccumulator {
    fn of(core: &Core, spec: &Spec, drain: &ResultDrain, value_bits: u32) -> Self {
        Self {
            words: drain.positions,
            data_bits: drain.positions * core.result_bits,
            value_bits,
            exact: core.result_bits >= signed_bits(spec.exact_result()),
        }
    }
}

/// The units at the edge that correct quantisation groups one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupEdge {
    /// Picks the zero points of a beat.
    pub select: ZeroPointSelect,
    /// One for each column of a beat.
    pub dequantiser: Dequantiser,
    /// One for each column of a beat, unless groups are scaled.
    pub accumulator: Option<GroupAccumulator>,
}

/// When the last zero points or scales of a group are used, so that the weight register is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastUse {
    /// In the only multiplication: a beat holds all rows and columns.
    Start,
    /// With the shift out of this row: a beat holds a whole row.
    Row(u32),
    /// With the product of this row's last beat.
    LastBeat(u32),
}

impl LastUse {
    /// That of a core whose groups are drained one by one.
    pub fn of(core: &Core) -> Self {
        match (core.n / core.drain, core.m) {
            (1, 1) => Self::Start,
            (1, rows) => Self::Row(rows - 2),
            (_, rows) => Self::LastBeat(rows - 1),
        }
    }
}

impl GroupEdge {
    pub(crate) fn of(core: &Core, spec: &Spec, sum: &ActivationSum, drain: &ResultDrain) -> Self {
        let dequantiser = Dequantiser::of(core, sum);
        Self {
            select: ZeroPointSelect::of(core, drain, spec.weight_word_bits()),
            accumulator: spec
                .scale()
                .is_none()
                .then(|| GroupAccumulator::of(core, spec, drain, dequantiser.value_bits)),
            dequantiser,
        }
    }
}
