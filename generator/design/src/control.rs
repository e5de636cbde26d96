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
    /// Longest exact run in k-steps.
    pub max_steps: u64,
    /// Width of the k-step counter.
    pub step_count_bits: u32,
    /// Whether the row count field can hold more than m.
    pub rows_can_exceed: bool,
    /// Whether the column count field can hold more than n.
    pub columns_can_exceed: bool,
    /// Cycles by which the accumulators follow the look-up.
    pub stages: u32,
    /// Bits that go with a look-up to the accumulators: its plane, or that a pass starts.
    pub delayed_bits: u32,
}

impl Control {
    pub(crate) fn of(core: &Core) -> Self {
        let max_steps = core.max_k / u64::from(core.elements_per_step);
        let plane_bits = bits_to_hold(u64::from(core.beats_per_step) - 1);
        let marker_bits = if core.passes { 1 } else { plane_bits };
        Self {
            plane_bits,
            last_plane: core.beats_per_step - 1,
            run_bits_can_exceed: core.run_bits_bits > 0
                && !(core.weight_bits + 1).is_power_of_two(),
            max_steps,
            step_count_bits: bits_to_hold(max_steps),
            rows_can_exceed: !(core.m + 1).is_power_of_two(),
            columns_can_exceed: !(core.n + 1).is_power_of_two(),
            stages: core.stages,
            delayed_bits: core.stages * marker_bits,
        }
    }

    /// Flip-flops: seven flags, two last markers, the k-step counter, the plane and its delay
    /// line, and the run's row count, column count, last plane and zero point. With a pass for
    /// each plane, which starts from the last and needs not be held, also the flags of a pass and
    /// its length.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let zero_point = if core.corrected { core.zero_point_bits } else { 0 };
        let delay = self.stages + self.delayed_bits;
        let last_plane = if core.run_bits_bits > 0 && !core.passes { self.plane_bits } else { 0 };
        let pass = if core.passes { 2 + self.step_count_bits } else { 0 };
        let sampled = core.rows_bits + core.columns_bits + last_plane + zero_point;
        u64::from(7 + 2 + self.step_count_bits + self.plane_bits + pass + delay + sampled)
    }
}
