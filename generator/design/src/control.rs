use crate::core::{Core, bits_to_hold};

/// Stream control (`<name>_control`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Width of the plane counter; 0 where a beat is a whole step.
    pub plane_bits: u32,
    /// Number of the last plane, of the widest weights where a run chooses.
    pub last_plane: u32,
    /// Whether the field with a run's weight bits can hold more than the widest.
    pub run_bits_can_exceed: bool,
    /// Width of the counter of a quantisation group's k-steps; 0 where a step is a whole group, or says
    /// that it is its last.
    pub group_step_bits: u32,
    /// Number of a quantisation group's last k-step.
    pub last_group_step: u64,
    /// Width of the k-step counter.
    pub step_count_bits: u32,
    /// Whether a run may have no row or no column here.
    pub counts_can_be_zero: bool,
    /// Whether the row count field can hold more than m.
    pub rows_can_exceed: bool,
    /// Whether the column count field can hold more than n.
    pub columns_can_exceed: bool,
    /// Cycles by which the accumulators, or what replaces their addends, follow the look-up.
    pub stages: u32,
    /// Bits of a weight in runs whose columns have two; 0 where there are none.
    pub half_bits: u32,
    /// Whether what lanes multiply is a register behind what is decoded.
    pub multiplies_late: bool,
    /// Bits that go with a look-up to the accumulators: its plane, unless lanes take that at once, or that a
    /// pass starts.
    pub delayed_bits: u32,
}

impl Control {
    pub(crate) fn of(core: &Core) -> Self {
        let last_group_step = core.group_steps.unwrap_or(1) - 1;
        let plane_bits = bits_to_hold(u64::from(core.cycles_per_step) - 1);
        let marker_bits = match (core.passes, core.early_planes) {
            (true, _) => 1,
            (false, true) => 0,
            (false, false) => plane_bits,
        };
        Self {
            plane_bits,
            last_plane: core.cycles_per_step - 1,
            run_bits_can_exceed: core.run_bits_bits > 0
                && core.half_bits == 0
                && !(core.weight.bits() + 1).is_power_of_two(),
            group_step_bits: if core.told_of_groups { 0 } else { bits_to_hold(last_group_step) },
            last_group_step,
            step_count_bits: bits_to_hold(core.max_steps),
            counts_can_be_zero: false,
            rows_can_exceed: !(core.m + 1).is_power_of_two(),
            columns_can_exceed: !(core.n + 1).is_power_of_two(),
            stages: core.stages - u32::from(core.gates_addends),
            half_bits: core.half_bits,
            multiplies_late: core.registers_operands,
            delayed_bits: core.stages * marker_bits,
        }
    }

    /// Flip-flops: seven flags, two last markers, that of a quantisation group where it is told, that a head is
    /// due where there are heads, the k-step counters, the plane and its delay
    /// line, and the run's row count, column count, last plane, zero point and exponents. With a pass for
    /// each plane, which starts from the last and needs not be held, also the flags of a pass and
    /// its length. Where columns can have two weights, whether those of the run do, and of what is behind the first
    /// registers.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let zero_point = if core.corrected { core.zero_point_bits } else { 0 };
        let delay = self.stages + self.delayed_bits;
        let last_plane = match core.heads_set_cycles || (core.run_bits_bits > 0 && !core.passes) {
            true => self.plane_bits,
            false => 0,
        };
        let pass = if core.passes { 2 + self.step_count_bits } else { 0 };
        let sampled =
            core.rows_bits + core.columns_bits + last_plane + zero_point + core.exponents_bits;
        let counters = self.step_count_bits + self.group_step_bits + self.plane_bits;
        let markers = 2 + u32::from(core.told_of_groups) + u32::from(core.heads);
        let pairs = if self.half_bits > 0 { 1 + u32::from(self.stages > 0) } else { 0 };
        u64::from(7 + pairs + markers + counters + pass + delay + sampled)
    }
}
