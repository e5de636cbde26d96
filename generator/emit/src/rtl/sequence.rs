//! Text of what runs whole products on a core.

use std::ops::Deref;

use askama::Template;
use bitplane_design::{
    ACTIVATION_BEAT, BusPort, Design, Port, ReplayBuffer, ReplayBuffers, ResultEdge, Sequenced,
    Sequencer, WEIGHT_BEAT, ZeroDetector,
};

use super::{BundleFile, CoreText, PortGroup, Worded, named, port_groups, print, summary};

struct SequencerPhrases {
    masked: bool,
    tells_plane: bool,
    fixed_mask: String,
    fixed_value: String,
    weight_bits: String,
    last_plane: String,
    weight_last_plane: String,
    next_k: String,
    weight_bits_range: String,
    zero_point_range: String,
    rows_range: String,
    columns_range: String,
    number_bits: u32,
    /// The last beat of a k-step's weights is the last of its quantisation group.
    group_is_done: &'static str,
    /// Elements of K in the k-step that is described.
    step_elements: String,
    /// Whether the last k-step of a quantisation group has fewer than others, and how many each has.
    group_has_tail: bool,
    elements: String,
}

unit_text!(SequencerText, "rtl/sequencer.sv", Worded<'a, Sequencer, SequencerPhrases> {});

unit_text!(ZeroDetectorText, "rtl/zero_detector.sv", &'a ZeroDetector {});

struct EdgePhrases {
    accumulates: bool,
    sum_bits: u32,
    core_beat_bits: u32,
    beat_bits: u32,
    extended: String,
}

unit_text!(ResultEdgeText, "rtl/result_edge.sv", EdgeUnit<'a> {});

/// The result edge with all widths of its ports.
struct EdgeUnit<'a> {
    unit: &'a ResultEdge,
    phrases: EdgePhrases,
}

unit_text!(SequencedTopText, "rtl/sequenced_top.sv", SequencedTop {});

/// Everything the top module's text needs beside the core.
struct SequencedTop {
    summary: String,
    pattern: String,
    external: bool,
    accumulates: bool,
    skips: bool,
    port_groups: Vec<PortGroup>,
    tile_bits: u32,
    wires: Vec<Wire>,
    pins: Vec<Pin>,
    activation_bus: BusPort,
    weight_bus: BusPort,
    /// What comes how often.
    again: String,
    activation: StreamNets,
    weight: StreamNets,
    buffers: Vec<BufferInstance>,
}

/// The signals of a stream in front of the core.
struct StreamNets {
    buffered: bool,
    valid: String,
    ready: String,
    data: String,
}

/// A buffer with its memory.
struct BufferInstance {
    title: &'static str,
    stream: &'static str,
    valid: String,
    ready: String,
    pass_ends: &'static str,
    address_bits: u32,
    write_data: String,
    read_data: String,
}

unit_text!(ReplayBufferText, "rtl/replay_buffer.sv", BufferUnit<'a> {});
unit_text!(MemoryText, "rtl/memory.sv", BufferUnit<'a> {});

/// A buffer with the stream that it repeats.
struct BufferUnit<'a> {
    buffer: &'a ReplayBuffer,
    stream: &'static str,
    /// Width of an address in a bank.
    row_bits: u32,
}

impl Deref for BufferUnit<'_> {
    type Target = ReplayBuffer;

    fn deref(&self) -> &ReplayBuffer {
        self.buffer
    }
}

/// A signal between the units.
struct Wire {
    name: String,
    bits: u32,
}

/// A port of the core and what it is connected to.
pub(super) struct Pin {
    pub(super) port: String,
    pub(super) net: String,
}

/// Sequencer, result edge and top module.
pub(super) fn files(core: &CoreText, design: &Design, sequenced: &Sequenced) -> Vec<BundleFile> {
    let masked = sequenced.core_ports.iter().any(|port| port.name == "activation_keep_i");
    let sequencer = sequencer(core, &sequenced.sequencer, masked);
    let top = SequencedTopText { core, unit: top(core, design, sequenced) };
    let detector = sequenced.detector.as_ref().map(|unit| ZeroDetectorText { core, unit });
    let detector = detector.map(|text| named(core, "zero_detector", text));
    let others = [
        named(core, "result_edge", result_edge(core, &sequenced.edge)),
        BundleFile::new(format!("rtl/{}.sv", core.name), print(&top)),
    ];
    let first = [named(core, "sequencer", sequencer)].into_iter().chain(detector);
    first.chain(buffer_files(core, &sequenced.buffers)).chain(others).collect()
}

fn buffer_files(core: &CoreText, buffers: &ReplayBuffers) -> Vec<BundleFile> {
    let files = |(stream, buffer): (&'static str, &ReplayBuffer)| {
        let unit = || {
            let row_bits = buffer.memory.address_bits - buffer.memory.bank_bits;
            BufferUnit { buffer, stream, row_bits }
        };
        [
            named(core, &format!("{stream}_memory"), MemoryText { core, unit: unit() }),
            named(core, &format!("{stream}_buffer"), ReplayBufferText { core, unit: unit() }),
        ]
    };
    buffers.all().flat_map(files).collect()
}

fn stream_nets(sequenced: &Sequenced, stream: &'static str) -> StreamNets {
    let buffered = sequenced.buffers.all().any(|(each, _)| each == stream);
    let [valid, ready, data] = match buffered {
        true => ["valid", "ready", "data"].map(|what| format!("buffered_{stream}_{what}")),
        false => ["valid_i", "ready_o", "data_i"].map(|what| format!("{stream}_{what}")),
    };
    StreamNets { buffered, valid, ready, data }
}

fn buffers(sequenced: &Sequenced) -> Vec<BufferInstance> {
    let instance = |(stream, buffer): (&'static str, &ReplayBuffer)| {
        let StreamNets { valid, ready, .. } = stream_nets(sequenced, stream);
        let carries = beat_ports(stream)
            .iter()
            .filter(|name| sequenced.core_ports.iter().any(|port| port.name == **name));
        let ports: Vec<&str> = carries.copied().collect();
        let nets: Vec<String> = ports.iter().map(|port| buffered_net(port)).collect();
        let is_weight = stream == "weight";
        BufferInstance {
            title: if is_weight { "Weight buffer" } else { "Activation buffer" },
            stream,
            valid,
            ready,
            pass_ends: if is_weight { "tile_valid" } else { "activation_pass_ends" },
            address_bits: buffer.memory.address_bits,
            write_data: joined(&ports),
            read_data: joined(&nets),
        }
    };
    sequenced.buffers.all().map(instance).collect()
}

/// Ports of the core that a beat of `stream` lies on, the highest bits first.
fn beat_ports(stream: &str) -> &'static [&'static str] {
    if stream == "weight" { WEIGHT_BEAT } else { ACTIVATION_BEAT }
}

fn buffered_net(port: &str) -> String {
    format!("buffered_{}", port.trim_end_matches("_i"))
}

/// A concatenation, or the one signal.
fn joined(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names[..] {
        [one] => one.to_owned(),
        _ => format!("{{{}}}", names.join(", ")),
    }
}

/// What comes how often on the ports.
fn again(core: &CoreText, sequenced: &Sequenced) -> String {
    let [activation, weight] =
        ["activation", "weight"].map(|stream| stream_nets(sequenced, stream).buffered);
    let told = |buffered, what: &str, lanes| match buffered {
        true => format!("{what} once"),
        false => format!("{what} again for every tile of {lanes}"),
    };
    format!(
        "Activations come {}, weights {}",
        told(activation, "", format!("{} column(s)", core.n)).trim_start(),
        told(weight, "", format!("{} row(s)", core.m)).trim_start()
    )
}

/// The low `bits` bits of a register of `of` bits: nothing where that is all of them.
fn low_bits(bits: u32, of: u32) -> String {
    if bits == of { String::new() } else { format!("[{}:0]", bits.saturating_sub(1)) }
}

fn sequencer<'a>(core: &'a CoreText, unit: &'a Sequencer, masked: bool) -> SequencerText<'a> {
    let counter_bits = unit.plane_bits.max(unit.pass_bits);
    let fixed_last = format!("{counter_bits}'d{}", unit.last_plane);
    let run_bits = core.run_bits_bits;
    let last_plane = match unit.runtime {
        false => fixed_last.clone(),
        true if run_bits == counter_bits => format!("weight_bits_q - {run_bits}'d1"),
        true => format!("{counter_bits}'(weight_bits_q - {run_bits}'d1)"),
    };
    let tells_plane = unit.runtime && unit.plane_bits > 0;
    let whole_step = format!("KBits'({})", core.elements_per_step);
    let last_step = format!("KBits'({})", unit.last_elements);
    let group_has_tail = unit.last_elements < core.elements_per_step;
    let weight_last_plane = if tells_plane {
        "weight_last_plane".to_owned()
    } else if core.told_of_groups {
        let behind = format!("{counter_bits}'d{}", unit.last_plane + 1);
        format!("(weight_step_ends_group ? {behind} : {fixed_last})")
    } else if core.per_group() {
        format!("{counter_bits}'d{}", unit.last_plane + 1)
    } else {
        fixed_last
    };
    let phrases = SequencerPhrases {
        masked,
        tells_plane,
        fixed_mask: format!("{:032x}", unit.fixed_mask),
        fixed_value: format!("{:032x}", unit.fixed_value),
        weight_bits: match unit.runtime {
            true => "next_weight_q".to_owned(),
            false => core.weight.bits().to_string(),
        },
        last_plane,
        weight_last_plane,
        next_k: format!("next_k_q{}", low_bits(unit.k_bits, unit.fields.k[1])),
        weight_bits_range: low_bits(run_bits, unit.fields.weight[1]),
        zero_point_range: low_bits(core.zero_point_bits, unit.fields.zero_point[1]),
        rows_range: low_bits(core.rows_bits, unit.fields.m[1]),
        columns_range: low_bits(core.columns_bits, unit.fields.n[1]),
        number_bits: unit.step_number_bits.unwrap_or(0),
        group_is_done: match core.told_of_groups {
            true => "plane_is_last && weight_step_ends_group",
            false => "plane_is_last",
        },
        step_elements: match group_has_tail {
            true => "step_elements".to_owned(),
            false => whole_step.clone(),
        },
        group_has_tail,
        elements: match unit.group_step_bits {
            0 => last_step,
            _ => format!("group_step_is_last ? {last_step} : {whole_step}"),
        },
    };
    SequencerText { core, unit: Worded { unit, phrases } }
}

fn result_edge<'a>(core: &'a CoreText, unit: &'a ResultEdge) -> ResultEdgeText<'a> {
    let sum_bits = unit.addend_bits.unwrap_or(unit.result_bits);
    let result = format!("core_data_i[i*{0} +: {0}]", unit.result_bits);
    let phrases = EdgePhrases {
        accumulates: unit.addend_bits.is_some(),
        sum_bits,
        core_beat_bits: unit.drain * unit.result_bits,
        beat_bits: unit.drain * sum_bits,
        extended: match sum_bits == unit.result_bits {
            true => result,
            false => format!("SumBits'($signed({result}))"),
        },
    };
    ResultEdgeText { core, unit: EdgeUnit { unit, phrases } }
}

fn top(core: &CoreText, design: &Design, sequenced: &Sequenced) -> SequencedTop {
    let external = !sequenced.core_ports.iter().any(|port| port.name == "activation_keep_i");
    let accumulates = sequenced.sequencer.accumulates;
    let mut wires: Vec<Wire> = sequenced.core_ports.iter().filter_map(wire).collect();
    let skips = sequenced.detector.is_some();
    let flags = ["command_error"].into_iter().chain(accumulates.then_some("sum_overflow"));
    let flags =
        flags.chain(skips.then_some(["step_is_zero", "step_skipped"]).into_iter().flatten());
    wires.extend(flags.map(|name| Wire { name: name.to_owned(), bits: 1 }));
    wires.extend(buffer_wires(sequenced));
    SequencedTop {
        summary: summary(design),
        pattern: sequenced.sequencer.pattern.clone(),
        external,
        accumulates,
        skips,
        port_groups: port_groups(&design.ports),
        tile_bits: sequenced.sequencer.tile_bits,
        wires,
        pins: sequenced.core_ports.iter().map(|port| pin(port, sequenced)).collect(),
        activation_bus: *design.datapath.bus(),
        weight_bus: design.weight_register.bus,
        again: again(core, sequenced),
        activation: stream_nets(sequenced, "activation"),
        weight: stream_nets(sequenced, "weight"),
        buffers: buffers(sequenced),
    }
}

/// Signals behind the buffers.
fn buffer_wires(sequenced: &Sequenced) -> Vec<Wire> {
    let wires = |(stream, _): (&'static str, &ReplayBuffer)| {
        let carries = sequenced.core_ports.iter().filter(|p| beat_ports(stream).contains(&p.name));
        let data = carries.map(|port| Wire { name: buffered_net(port.name), bits: port.bits });
        let mut flags = ["valid", "ready"].map(|what| format!("buffered_{stream}_{what}")).to_vec();
        flags.push(format!("{stream}_pass_is_final"));
        if stream == "activation" {
            flags.push("activation_pass_ends".to_owned());
        }
        flags.into_iter().map(|name| Wire { name, bits: 1 }).chain(data).collect::<Vec<_>>()
    };
    sequenced.buffers.all().flat_map(wires).collect()
}

/// The signal that a port of the core is connected to, where it is no port of the top.
fn inner_net(port: &Port) -> Option<String> {
    let plain = port.name.trim_end_matches("_i").trim_end_matches("_o");
    let ours = |name: &str| Some(format!("core_{name}"));
    match port.name {
        "activation_valid_i" | "activation_ready_o" | "weight_valid_i" | "weight_ready_o" => {
            ours(plain)
        }
        "weight_last_i" => Some("weight_last".to_owned()),
        "error_o" | "overflow_o" | "activation_whole_o" | "weight_whole_o" => ours(plain),
        name if name.starts_with("result_") => ours(plain),
        "activation_data_i" | "activation_exponents_i" => None,
        name if name.starts_with("activation_") => Some(plain.replace("activation_", "step_")),
        _ => None,
    }
}

fn wire(port: &Port) -> Option<Wire> {
    Some(Wire { name: inner_net(port)?, bits: port.bits })
}

fn pin(port: &Port, sequenced: &Sequenced) -> Pin {
    let mut repeated = sequenced.buffers.all().flat_map(|(stream, _)| beat_ports(stream));
    let net = match repeated.any(|name| *name == port.name) {
        true => buffered_net(port.name),
        false => inner_net(port).unwrap_or_else(|| port.name.to_owned()),
    };
    Pin { port: port.name.to_owned(), net }
}
