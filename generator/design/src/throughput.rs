use bitplane_spec::Spec;

use crate::core::Core;

/// What a k-step costs in a long run of weights of one width while no stream holds back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    /// Bits of the run's weights.
    pub weight_bits: u32,
    /// Beats of the activation port a k-step.
    pub activation_beats: u32,
    /// Beats of the weight port a k-step.
    pub weight_beats: u32,
    /// Cycles a k-step.
    pub cycles: u32,
    /// Those of them in which the array has nothing to work on.
    pub stall_cycles: u32,
    /// Multiply-accumulates a cycle.
    pub macs_per_cycle: f64,
}

impl Throughput {
    /// One entry for each width that a run can have, narrowest first.
    pub(crate) fn of(core: &Core, spec: &Spec) -> Vec<Self> {
        let widths = spec.run_weights();
        let entry = |weight: bitplane_formats::WeightFormat| {
            let lookups = spec.beats_per_step_of(weight);
            let macs = core.lanes() as f64 * f64::from(core.elements_per_step);
            Self {
                weight_bits: weight.bits(),
                activation_beats: spec.passes_of(weight),
                weight_beats: lookups,
                cycles: lookups,
                stall_cycles: 0,
                macs_per_cycle: macs / f64::from(lookups),
            }
        };
        widths.map(entry).collect()
    }
}
