use crate::term::Terms;
use bitplane_formats::WeightFormat;
use bitplane_spec::{Architecture, PlaneOrder, Reset, Spec, Stages, WeightWidth, ZeroPointMode};

/// What several units must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// Prefix of every module.
    pub name: String,
    /// Rows.
    pub m: u32,
    /// Columns.
    pub n: u32,
    /// Elements of a group.
    pub k: u32,
    /// Groups summed before one accumulator.
    pub groups: u32,
    /// Elements of K that one k-step covers, k * groups.
    pub elements_per_step: u32,
    /// Weight beats of one k-step.
    pub beats_per_step: u32,
    /// Cycles of one k-step in the array, at most.
    pub cycles_per_step: u32,
    /// Bits by which the significance of what is added rises from cycle to cycle of a k-step.
    pub places_per_cycle: u32,
    /// Whether a k-step's weights stay in the weight register for all of its cycles.
    pub holds_weights: bool,
    /// Whether a head comes before each quantisation group.
    pub heads: bool,
    /// Whether heads say how many cycles a k-step takes.
    pub heads_set_cycles: bool,
    /// Whether a run is a pass over K for each bit plane, most significant first.
    pub passes: bool,
    /// Width of an activation in the array.
    pub activation_bits: u32,
    /// Width of an activation as it comes.
    pub code_bits: u32,
    /// Whether activations are aligned on their way in.
    pub aligns: bool,
    /// Width of the field that a row's block of activations travels with; 0 without.
    pub exponent_bits: u32,
    /// Bits of the fields of all rows.
    pub exponents_bits: u32,
    /// Whether the fields are those of a quantisation group, and not of a run.
    pub group_blocks: bool,
    /// Whether the fields are for the sums of tables, and not for single activations.
    pub sum_blocks: bool,
    /// Weight codes, the widest where a run chooses.
    pub weight: WeightFormat,
    /// Width of the field with the bits of a run's weights; 0 where they are fixed.
    pub run_bits_bits: u32,
    /// Bits of a weight in runs whose columns have two; 0 where no run has.
    pub half_bits: u32,
    /// Whether the decoded operands of lanes with accumulators in them are registered.
    pub registers_operands: bool,
    /// Width of one accumulator's sum; of both of a lane with two.
    pub accumulator_bits: u32,
    /// Low bits of that sum that the accumulator does not hold, because they are 0: those that are dropped from
    /// the sums in a table.
    pub dropped_bits: u32,
    /// The power of two that the sum counts in.
    pub sum_unit: u32,
    /// Width of one result; of its sum, where that is rounded to a floating-point format.
    pub result_bits: u32,
    /// Width of one result behind the drain, before anything is added to it.
    pub port_result_bits: u32,
    /// Whether results are rounded to a floating-point format.
    pub rounds: bool,
    /// Longest exact run in elements: as many as `max_steps` carry.
    pub max_k: u64,
    /// Longest exact run in k-steps.
    pub max_steps: u64,
    /// Elements that can count in one accumulator: those of a run, or of a quantisation group.
    pub accumulated_elements: u64,
    /// Results a beat.
    pub drain: u32,
    /// Width of a row count, 1 to m.
    pub rows_bits: u32,
    /// Width of a column count, 1 to n.
    pub columns_bits: u32,
    /// Whether the zero-point correction of whole runs is there.
    pub corrected: bool,
    /// Whether each quantisation group has zero points of its own.
    pub group_zero_points: bool,
    /// Whether each quantisation group has scales of its own.
    pub scales: bool,
    /// Whether a quantisation group drains from registers of its own while the array goes on.
    pub shadow: bool,
    /// K-steps of a quantisation group, where groups are corrected or scaled one by one.
    pub group_steps: Option<u64>,
    /// Whether each k-step says whether it is the last of its quantisation group, of several; otherwise
    /// k-steps are counted.
    pub told_of_groups: bool,
    /// Width of the reinterpreted zero point.
    pub zero_point_bits: u32,
    /// Whether lanes have their accumulators in them.
    pub accumulating_lanes: bool,
    /// Whether lanes are told of each plane when it reaches them, and not when its sum reaches the
    /// accumulators.
    pub early_planes: bool,
    /// Whether lanes are told of each k-step when it reaches them, and not only when its sum does.
    pub enables_lanes: bool,
    /// Whether lanes are told of a k-step's sum one register before the accumulator, where they replace
    /// what is not to be added.
    pub gates_addends: bool,
    /// Registers between look-up (or multipliers) and accumulator.
    pub stages: u32,
    /// Whether reset is asserted asynchronously.
    pub reset_is_async: bool,
    /// Copies of each table register.
    pub copies: u32,
}

impl Core {
    pub(crate) fn of(spec: &Spec) -> Self {
        let tile = spec.tile;
        Self {
            name: spec.name.clone(),
            m: tile.m,
            n: tile.n,
            k: tile.k,
            groups: tile.groups,
            elements_per_step: spec.elements_per_step(),
            beats_per_step: spec.beats_per_step(),
            cycles_per_step: spec.cycles_per_step_of(spec.weight),
            places_per_cycle: if spec.terms().is_some() { Terms::PLACES } else { 1 },
            holds_weights: spec.terms().is_some_and(|terms| terms.cycles() > 1),
            heads: spec.has_heads(),
            heads_set_cycles: spec
                .terms()
                .is_some_and(|terms| terms.plans().iter().any(|p| p.cycles != terms.cycles())),
            passes: tile.plane_order == PlaneOrder::Outer && spec.beats_per_step() > 1,
            activation_bits: spec.activation.bits(),
            code_bits: spec.activation_code_bits(),
            aligns: spec.aligned().is_some() && !spec.has_external_tables(),
            exponent_bits: spec.exponent_bits(),
            exponents_bits: tile.m * spec.exponent_bits(),
            group_blocks: spec.block_steps().is_some(),
            sum_blocks: spec.aligned().is_some_and(|aligned| aligned.summed() > 1),
            weight: spec.weight,
            run_bits_bits: match spec.weight_width {
                WeightWidth::Fixed => 0,
                WeightWidth::Runtime => bits_to_hold(spec.weight.bits().into()),
            },
            half_bits: spec.weight_pairs().map_or(0, |pairs| pairs.each().bits()),
            registers_operands: spec.rounded_products().is_some_and(|product| product.is_exact())
                && stages(spec) > spec.sum_levels() + 1,
            accumulator_bits: spec.accumulator_bits(),
            dropped_bits: spec.dropped_bits(),
            sum_unit: spec.sum_unit(),
            result_bits: spec.result_bits(),
            port_result_bits: spec.array_result_bits(),
            rounds: spec.float.is_some() && !spec.rounds_sums(),
            max_k: spec.elements_of(spec.max_steps()),
            max_steps: spec.max_steps(),
            accumulated_elements: accumulated_steps(spec) * u64::from(spec.elements_per_step()),
            drain: tile.drain,
            rows_bits: bits_to_hold(u64::from(tile.m)),
            columns_bits: bits_to_hold(u64::from(tile.n)),
            corrected: spec.zero_point == ZeroPointMode::Constant,
            group_zero_points: spec.zero_point == ZeroPointMode::PerGroup,
            scales: spec.scale().is_some(),
            shadow: spec.has_shadow(),
            group_steps: spec.group_steps(),
            told_of_groups: spec.group_steps().is_some_and(|steps| steps > 1)
                && spec.sequencer.is_some(),
            zero_point_bits: spec.weight.zero_point_bits(),
            accumulating_lanes: matches!(spec.architecture, Architecture::FpMacArray)
                || spec.term_sums().is_some()
                || spec.look_up_sums().is_some(),
            early_planes: spec.term_sums().is_some() || spec.look_up_sums().is_some(),
            enables_lanes: spec.products().is_some(),
            gates_addends: spec.held_sums().is_some() && stages(spec) > 0,
            stages: stages(spec),
            reset_is_async: spec.pipeline.reset == Reset::Async,
            copies: match &spec.architecture {
                Architecture::LookUp(table) => table.copies,
                Architecture::AddArray
                | Architecture::MacArray
                | Architecture::FpMacArray
                | Architecture::BitmodTile(_) => 1,
            },
        }
    }

    /// Width of one accumulator as it is held.
    pub fn lane_bits(&self) -> u32 {
        self.accumulator_bits - self.dropped_bits
    }

    /// Whether quantisation groups are corrected or scaled one by one.
    pub fn per_group(&self) -> bool {
        self.group_steps.is_some()
    }

    /// Whether a row's activations are summed for a correction.
    pub fn sums_activations(&self) -> bool {
        self.corrected || self.group_zero_points
    }

    /// Lanes, rows times columns.
    pub fn lanes(&self) -> u64 {
        u64::from(self.m) * u64::from(self.n)
    }
}

/// Most k-steps that are summed between two drains of the accumulators.
fn accumulated_steps(spec: &Spec) -> u64 {
    spec.group_steps().map_or(spec.max_steps(), |steps| steps.min(spec.max_steps()))
}

/// Bits of an unsigned field that holds 0 to `value`.
pub(crate) fn bits_to_hold(value: u64) -> u32 {
    64 - value.leading_zeros()
}

/// `stages = auto`: the fewest registers with which the lane is expected to reach 500 MHz in a
/// 45 nm library. Select, group sum and accumulation share one cycle as long as few groups are
/// summed and entries are narrow; `bitplane synth CONFIG --liberty FILE` tells whether they did.
fn stages(spec: &Spec) -> u32 {
    match spec.pipeline.stages {
        Stages::Fixed(stages) => stages,
        Stages::Auto => match spec.architecture {
            Architecture::LookUp(_) if spec.rounds_sums() => spec.most_stages().unwrap_or(1),
            Architecture::LookUp(_) => {
                u32::from(spec.tile.groups >= 3 || spec.activation.bits() > 8 || spec.tile.k > 4)
            }
            Architecture::AddArray => {
                u32::from(spec.elements_per_step() > 4 || spec.activation.bits() > 8)
            }
            Architecture::MacArray => {
                u32::from(spec.tile.k > 1 && spec.weight.bits() + spec.activation.bits() > 8)
            }
            Architecture::FpMacArray => spec.most_stages().unwrap_or(2),
            Architecture::BitmodTile(_) if spec.rounds_sums() => spec.most_stages().unwrap_or(3),
            Architecture::BitmodTile(_) => u32::from(spec.tile.k > 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::bits_to_hold;

    #[test]
    fn a_count_of_up_to_n_needs_the_bits_of_n() {
        assert_eq!(bits_to_hold(1), 1);
        assert_eq!(bits_to_hold(2), 2);
        assert_eq!(bits_to_hold(3), 2);
        assert_eq!(bits_to_hold(64), 7);
        assert_eq!(bits_to_hold(1024), 11);
    }
}
