use bitplane_spec::{Architecture, Spec};

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
    /// Weights of a column, and sums of each lane.
    pub weights_per_column: u32,
}

impl Throughput {
    /// One entry for each width that a run can have, narrowest first.
    pub(crate) fn of(core: &Core, spec: &Spec) -> Vec<Self> {
        let widths = spec.run_weights();
        let entry = |weight: bitplane_formats::WeightFormat| {
            let (lookups, passes) = (spec.cycles_per_step_of(weight), spec.passes_of(weight));
            let (planes, beats) = (lookups / passes, spec.weight_bus_beats());
            let weight_beats = spec.beats_per_step_of(weight) / passes * beats;
            let cycles = passes * cycles(spec, planes, beats);
            let macs = core.lanes() as f64 * f64::from(core.elements_per_step * weight.per_code());
            Self {
                weight_bits: weight.each().bits(),
                activation_beats: passes * spec.activation_bus_beats(),
                weight_beats: passes * weight_beats,
                cycles,
                stall_cycles: cycles - lookups,
                macs_per_cycle: macs / f64::from(cycles),
                weights_per_column: weight.per_code(),
            }
        };
        widths.map(entry).collect()
    }
}

/// Cycles of one k-step in one pass, `planes` planes of `beats` beats each. A register takes the first
/// beat of the next in the cycle that empties it.
fn cycles(spec: &Spec, planes: u32, beats: u32) -> u32 {
    let activation_beats = spec.activation_bus_beats();
    match spec.architecture {
        // The next step waits beside the one under way.
        Architecture::LookUp(_) => activation_beats.max(planes * beats),
        // The next step's first plane waits for all of its activations, the others for their weights.
        Architecture::AddArray | Architecture::MacArray | Architecture::FpMacArray => {
            activation_beats.max(beats) + (planes - 1) * beats
        }
        // Both ports carry a whole k-step in a beat, and its terms follow each other.
        Architecture::BitmodTile(_) => planes,
    }
}
