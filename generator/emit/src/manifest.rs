//! `manifest.json`: what other programs need to know about a bundle.
//!
//! Keys are only ever added.

use serde::{Deserialize, Serialize};

/// The machine-readable description of one generated core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Prefix of every module.
    pub name: String,
    /// Key `kind` of the configuration.
    pub kind: String,
    /// First 16 hexadecimal digits of the SHA-256 of the normalised configuration.
    pub digest: String,
    /// Name and version of the generator.
    pub generator: String,
    /// Top module.
    pub top: String,
    /// SystemVerilog files below the bundle, leaves first, top last.
    pub files: Vec<String>,
    /// Ports of the top module in order.
    pub ports: Vec<Port>,
    /// Cycles from an accepted last weight beat to the first result beat, nothing stalling.
    pub latency_cycles: u32,
    /// Multiply-accumulates a cycle at the configured weight width.
    pub macs_per_cycle: f64,
    /// Cycles of every run in which no weight beat can be taken (drain and correction set-up); of
    /// every quantisation group where there are such groups.
    pub stall_cycles: u32,
    /// Flip-flops the Design predicts, all units together.
    pub flops: u64,
    /// Width of one accumulator.
    pub accumulator_bits: u32,
    /// Longest run in elements of K that is exact.
    pub max_k: u64,
    /// Weight beats per k-step.
    pub beats_per_step: u32,
    /// Elements of K per k-step.
    pub elements_per_step: u32,
    /// Sustained rate at each width that the weights of a run can have, narrowest first.
    pub throughput: Vec<Throughput>,
    /// Width of one result.
    pub result_bits: u32,
    /// What the core does with quantisation groups, where it corrects them one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantisation_group: Option<QuantisationGroup>,
    /// Memories, which synthesis leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memories: Vec<Memory>,
    /// Module tree without the top and memories: one entry per kind of unit.
    pub units: Vec<Unit>,
}

/// A memory with a write and a read port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Its module in this bundle, which a macro can take the place of.
    pub module: String,
    /// Words.
    pub words: u32,
    /// Width of a word.
    pub bits: u32,
    /// Banks of `words / banks` words.
    pub banks: u32,
    /// Flip-flops beside the words and the one of each bank that was read: which bank was.
    pub flops: u64,
}

/// What a k-step costs in a long run, or within a quantisation group, while no stream holds back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    /// Bits of the run's weights.
    pub weight_bits: u32,
    /// Beats of the activation port a k-step.
    pub activation_beats_per_step: u32,
    /// Beats of the weight port a k-step.
    pub weight_beats_per_step: u32,
    /// Cycles a k-step.
    pub cycles_per_step: u32,
    /// Those of them in which the array has nothing to work on.
    pub stall_cycles_per_step: u32,
    /// Multiply-accumulates a cycle.
    pub macs_per_cycle: f64,
    /// Weights of a column, and sums in each result, the first lowest; where it is less than at another width
    /// the others are +0.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weights_per_column: u32,
}

/// Quantisation groups: elements of K whose weights share a zero point in each column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantisationGroup {
    /// Elements of K in a whole group.
    pub size: u64,
    /// K-steps of a whole group.
    pub steps: u64,
    /// Cycles of the beat before a group, its head; 0 where it has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub head_cycles: u32,
    /// Weight beats of a whole group of the widest weights: its planes, then one of zero points.
    pub weight_beats: u64,
    /// Columns corrected a cycle.
    pub scale_units: u32,
    /// Width of a zero point in its beat.
    pub zero_point_bits: u32,
    /// Smallest and largest sum of a group that an accumulator holds.
    pub accumulator_range: [i128; 2],
    /// Smallest and largest result that a run of `max_k` can have.
    pub result_range: [i128; 2],
    /// Cycles of every group in which the array stands still: the drain through the edge.
    pub stall_cycles: u32,
    /// Whether a group drains from registers of its own while the array goes on with the next.
    #[serde(default)]
    pub shadow: bool,
    /// Cycles from the beat behind a group's planes to the end of its drain, results taken at once.
    #[serde(default)]
    pub drain_cycles: u32,
    /// The same of a run's last group, which gives results: more where tiles share the port for them.
    #[serde(default)]
    pub result_cycles: u32,
    /// Cycles in which the results of a run pass the port.
    #[serde(default)]
    pub port_cycles: u32,
    /// Cycles from one whole group of the widest weights to the next, no stream waiting.
    pub cycles: u64,
    /// Multiply-accumulates a cycle of the widest weights with that stall.
    pub macs_per_cycle: f64,
}

impl QuantisationGroup {
    /// Cycles from a group with `planes` planes in all to the next, no stream waiting.
    pub fn cycles_of(&self, planes: u32) -> u32 {
        self.cycles_with(planes, self.drain_cycles)
    }

    /// The same of a run of whole groups with `planes` planes each and a last one with `last_planes`, to the
    /// next run: at least and at most. Tiles that share the port for results wait for each other, or work
    /// meanwhile.
    pub fn run_cycles_of(&self, groups: u32, planes: u32, last_planes: u32) -> [u32; 2] {
        let others = groups * self.cycles_of(planes);
        let least = others + self.cycles_of(last_planes);
        let last = self.cycles_with(last_planes, self.result_cycles);
        let most = others + last.max(self.port_cycles);
        [least.max(self.port_cycles), most]
    }

    fn cycles_with(&self, planes: u32, drain_cycles: u32) -> u32 {
        let planes = planes + self.head_cycles;
        match self.shadow {
            false => planes + drain_cycles,
            // The beat behind the planes takes a cycle; a group is taken over when the one before has drained.
            true => (planes + 1).max(drain_cycles),
        }
    }
}

fn one() -> u32 {
    1
}

fn is_one(value: &u32) -> bool {
    *value == 1
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// One port of the top module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Name with its `_i` or `_o`.
    pub name: String,
    /// `input` or `output`.
    pub direction: String,
    /// Width in bits.
    pub bits: u32,
    /// Stream or group it belongs to (`clock`, `control`, `activation`, `weight`, `result`,
    /// `status`).
    pub group: String,
    /// Bit order and meaning.
    pub meaning: String,
}

/// A hardware unit and how often it stands in the core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// The unit's name in the documentation (`select_lane`).
    pub unit: String,
    /// Its module in this bundle.
    pub module: String,
    /// Instances in the whole core.
    pub count: u64,
    /// Flip-flops the Design predicts for all instances, sub-units not included.
    pub flops: u64,
}
