use bitplane_spec::lmma::{FIELDS, FieldName, Limits, WORD_BITS};
use bitplane_spec::{PlaneOrder, Spec, WeightWidth};

use crate::buffer::ReplayBuffers;
use crate::control::Control;
use crate::core::{Core, bits_to_hold};
use crate::port::{Port, step_number_bits, whole_ports};

/// Bits of a beat of activations, with the fields that come with it, and of one of weights.
fn stream_bits(ports: &[Port]) -> [u32; 2] {
    [ACTIVATION_BEAT, WEIGHT_BEAT].map(|names| {
        let of_the_beat = ports.iter().filter(|port| names.contains(&port.name));
        of_the_beat.map(|port| port.bits).sum()
    })
}

/// Ports of the core that carry a beat of activations, the highest bits first.
pub const ACTIVATION_BEAT: &[&str] = &["activation_exponents_i", "activation_data_i"];
/// Ports of the core that carry a beat of weights.
pub const WEIGHT_BEAT: &[&str] = &["weight_data_i"];

/// What runs whole products on a core: the sequencer and what stands behind its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequenced {
    /// Walks tiles and k-steps.
    pub sequencer: Sequencer,
    /// Beside the activation port, where k-steps of zeros are skipped.
    pub detector: Option<ZeroDetector>,
    /// Behind the results.
    pub edge: ResultEdge,
    /// In front of the core's streams.
    pub buffers: ReplayBuffers,
    /// Ports of the core that it drives.
    pub core_ports: Vec<Port>,
}

/// Sequencer (`<name>_sequencer`): one walk over a command's tiles and k-steps at the activation port,
/// followed by the weights from k-step to k-step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequencer {
    /// The instructions that it executes, as a pattern.
    pub pattern: String,
    /// Width of a command word.
    pub word_bits: u32,
    /// Bits of a command word that are the same in every legal command.
    pub fixed_mask: u128,
    /// What they are.
    pub fixed_value: u128,
    /// Fields of a command word that differ.
    pub fields: CommandFields,
    /// Longest K.
    pub max_k: u32,
    /// Width of the counter of K.
    pub k_bits: u32,
    /// Whether weights have a zero point of their command whose field can hold more than they take.
    pub zero_point_can_exceed: bool,
    /// Width of the counter of passes over K, or 0.
    pub pass_bits: u32,
    /// Width of the plane counter of the weights, or 0 where a beat is a whole step.
    pub plane_bits: u32,
    /// Number of the last plane of the widest weights.
    pub last_plane: u32,
    /// Width of what is told of a k-step whose weights have not come.
    pub step_bits: u32,
    /// Width of what is told of a tile whose results have not come.
    pub tile_bits: u32,
    /// Whether the weights of a command may be narrower than the widest.
    pub runtime: bool,
    /// Whether the command's zero point is corrected.
    pub corrected: bool,
    /// Whether C can be added.
    pub accumulates: bool,
    /// Whether passes over A are told, for its buffer.
    pub tells_activation_passes: bool,
    /// Whether passes over the weights of a column of tiles are told, for their buffer.
    pub tells_weight_passes: bool,
    /// Width of the number of a k-step, where k-steps of zeros are skipped.
    pub step_number_bits: Option<u32>,
    /// Width of the counter of a quantisation group's k-steps; 0 without such groups or where a step is a
    /// whole group.
    pub group_step_bits: u32,
    /// Number of a quantisation group's last k-step.
    pub last_group_step: u64,
    /// Elements of K in the last k-step of a whole quantisation group; without groups, in any.
    pub last_elements: u32,
}

/// Lowest bit and width of fields of a command word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandFields {
    /// Rows M.
    pub m: [u32; 2],
    /// Columns N.
    pub n: [u32; 2],
    /// Elements K.
    pub k: [u32; 2],
    /// Code of the weights.
    pub weight: [u32; 2],
    /// Whether C is added.
    pub accumulate: [u32; 2],
    /// z'.
    pub zero_point: [u32; 2],
    /// Number of the command.
    pub id: [u32; 2],
}

impl CommandFields {
    fn of_word() -> Self {
        let place = |name: FieldName| [name.field().low, name.field().bits];
        Self {
            m: place(FieldName::M),
            n: place(FieldName::N),
            k: place(FieldName::K),
            weight: place(FieldName::Weight),
            accumulate: place(FieldName::Accumulate),
            zero_point: place(FieldName::ZeroPoint),
            id: place(FieldName::Id),
        }
    }
}

impl Sequencer {
    fn of(core: &Core, spec: &Spec, control: &Control) -> Self {
        let runtime = spec.weight_width == WeightWidth::Runtime;
        let accumulates = spec.addend().is_some();
        let (mask, value) = fixed(spec);
        let fields = CommandFields::of_word();
        let passes = core.passes && spec.tile.plane_order == PlaneOrder::Outer;
        let (pass_bits, plane_bits) = match (passes, core.per_group()) {
            (true, _) => (control.plane_bits, 0),
            (false, false) => (0, control.plane_bits),
            // One more beat behind a group's last plane.
            (false, true) => (0, bits_to_hold(core.beats_per_step.into())),
        };
        let last_group_step = core.group_steps.unwrap_or(1) - 1;
        // Whether it is the command's last, whether C is added, and the command's number.
        let tile_bits = 1 + u32::from(accumulates) + fields.id[1];
        let last_plane = if runtime { plane_bits } else { 0 };
        let tells_weight_passes = spec.buffers().weight > 0;
        let limits = Limits::of(spec);
        let max_k = limits.max_k;
        Self {
            pattern: match runtime {
                false => limits.pattern(spec.weight_operand(spec.weight)),
                true => {
                    format!("{} or narrower W", limits.pattern(spec.weight_operand(spec.weight)))
                }
            },
            word_bits: WORD_BITS,
            fixed_mask: mask,
            fixed_value: value,
            fields,
            max_k,
            // More than a k-step has, so that no comparison with one is always true.
            k_bits: bits_to_hold(u64::from(max_k).max(u64::from(core.elements_per_step) + 1)),
            zero_point_can_exceed: runtime || core.zero_point_bits < fields.zero_point[1],
            pass_bits,
            plane_bits,
            last_plane: core.beats_per_step - 1,
            tells_activation_passes: spec.buffers().activation > 0,
            tells_weight_passes,
            step_bits: 1
                + u32::from(tells_weight_passes)
                + u32::from(passes)
                + u32::from(core.told_of_groups)
                + last_plane
                + tile_bits,
            tile_bits,
            runtime,
            corrected: core.corrected,
            accumulates,
            step_number_bits: spec.skips().then(|| step_number_bits(spec)),
            group_step_bits: bits_to_hold(last_group_step),
            last_group_step,
            last_elements: last_elements(core, spec, last_group_step),
        }
    }

    /// Flip-flops: the command that waits, the one under way with its walk, and k-steps whose weights
    /// have not come, and whether a head is due.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let CommandFields { m, n, k, weight, accumulate, zero_point, id } = self.fields;
        let when = |condition: bool, bits: u32| if condition { bits } else { 0 };
        let options = when(self.accumulates, accumulate[1]) + id[1];
        let waiting = m[1]
            + n[1]
            + k[1]
            + when(self.runtime, weight[1])
            + when(self.corrected, zero_point[1])
            + options;
        // Flags: waiting, ready, known, error, active, first, and ahead or fetch; two bits count k-steps.
        let walk = 2 * m[1] + n[1] + 2 * self.k_bits + self.pass_bits + self.group_step_bits;
        let run = core.run_bits_bits + when(self.corrected, core.zero_point_bits);
        let numbers = 2 * self.step_number_bits.unwrap_or(0);
        let steps = 2 * self.step_bits + self.plane_bits + numbers;
        let heads = u32::from(core.heads);
        u64::from(7 + 2 + waiting + walk + run + options + steps + heads)
    }
}

/// Elements of K in the k-step `last_step`, the last, of a whole quantisation group.
fn last_elements(core: &Core, spec: &Spec, last_step: u64) -> u32 {
    let step = u64::from(core.elements_per_step);
    let of_a_group = |size: u64| (size - last_step * step) as u32;
    spec.quantisation_group.map_or(core.elements_per_step, |group| of_a_group(group.size))
}

/// The bits of a command word that the core leaves no choice about: mask and value.
fn fixed(spec: &Spec) -> (u128, u128) {
    let limits = Limits::of(spec);
    let free = FIELDS.iter().filter(|field| match field.name {
        FieldName::M | FieldName::N | FieldName::K | FieldName::Id => true,
        FieldName::Weight => limits.weights.len() > 1,
        FieldName::Accumulate => limits.accumulates,
        FieldName::ZeroPoint => limits.zero_points,
        FieldName::Activation | FieldName::Accumulator | FieldName::Output => false,
    });
    let mask = free.fold(u128::MAX, |mask, field| mask & !field.mask());
    (mask, limits.tile_instruction(spec.weight_operand(spec.weight)).command().word() & mask)
}

/// Zero detector (`<name>_zero_detector`): whether all activations of a k-step are zero, in the
/// rows that a tile has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroDetector {
    /// Bits of an activation on the port.
    pub activation_bits: u32,
    /// Bits that are 0 in a zero: all, or all but the sign of a floating-point number.
    pub magnitude_bits: u32,
    /// Bits of a row.
    pub row_bits: u32,
    /// Bits of a k-step.
    pub step_bits: u32,
}

impl ZeroDetector {
    /// Whether the highest bit is a sign, which a zero has too.
    pub fn has_sign(&self) -> bool {
        self.magnitude_bits < self.activation_bits
    }

    fn of(core: &Core, spec: &Spec) -> Self {
        let bits = spec.activation_step_bits() / (core.m * core.elements_per_step);
        Self {
            activation_bits: bits,
            magnitude_bits: if spec.float.is_some() { bits - 1 } else { bits },
            row_bits: core.elements_per_step * bits,
            step_bits: spec.activation_step_bits(),
        }
    }
}

/// Result edge (`<name>_result_edge`): marks results with their command and adds C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultEdge {
    /// Tiles whose results have not come, at most.
    pub tiles: u32,
    /// Width of their counter.
    pub count_bits: u32,
    /// Width of what is known of each.
    pub tile_bits: u32,
    /// Width of a command's number.
    pub id_bits: u32,
    /// Results a beat.
    pub drain: u32,
    /// Width of a result of the core.
    pub result_bits: u32,
    /// Width of C and of its sum with a result, where C can be added.
    pub addend_bits: Option<u32>,
}

impl ResultEdge {
    fn of(core: &Core, spec: &Spec, sequencer: &Sequencer) -> Self {
        // One tile whose last weights have come, one that drains, and those that are rounded or scaled.
        let tiles = if core.rounds || core.scales { 8 } else { 4 };
        Self {
            tiles,
            count_bits: bits_to_hold(tiles.into()),
            tile_bits: sequencer.tile_bits,
            id_bits: sequencer.fields.id[1],
            drain: core.drain,
            result_bits: core.port_result_bits,
            addend_bits: spec.addend().map(|format| format.bits()),
        }
    }

    /// Bits of a beat of C.
    pub fn beat_bits(&self) -> u32 {
        self.addend_bits.map_or(0, |bits| self.drain * bits)
    }

    /// Flip-flops: tiles with their count and, where C is added, two beats of it with their count,
    /// and the flag of a sum that was too large.
    pub(crate) fn flops(&self) -> u64 {
        let addend = if self.addend_bits.is_some() { 2 * self.beat_bits() + 2 + 1 } else { 0 };
        u64::from(self.tiles * self.tile_bits + self.count_bits + addend)
    }
}

impl Sequenced {
    /// What `spec` asks for beside the core with `core_ports`, if it does.
    pub(crate) fn of(
        core: &Core,
        spec: &Spec,
        control: &Control,
        mut core_ports: Vec<Port>,
    ) -> Option<Self> {
        spec.sequencer?;
        let [activation_bits, weight_bits] = stream_bits(&core_ports);
        core_ports.extend(whole_ports(spec));
        let sequencer = Sequencer::of(core, spec, control);
        Some(Self {
            detector: spec.skips().then(|| ZeroDetector::of(core, spec)),
            edge: ResultEdge::of(core, spec, &sequencer),
            sequencer,
            buffers: ReplayBuffers::of(spec, activation_bits, weight_bits),
            core_ports,
        })
    }
}
