use bitplane_design::{Design, Direction, GroupTiming, ReplayBuffer, Stream};
use bitplane_formats::Range;
use bitplane_spec::Spec;

use crate::manifest::{Manifest, Memory, Port, QuantisationGroup, Throughput, Unit};
use crate::{documents, harness, rtl};

/// Everything that is generated for one Spec. A pure function of the Spec: no date, no path.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// Files in a fixed order.
    pub files: Vec<BundleFile>,
    /// Contents of `manifest.json`.
    pub manifest: Manifest,
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// Path below the bundle's folder, with forward slashes.
    pub path: String,
    /// Contents, ending in a newline.
    pub text: String,
}

impl BundleFile {
    pub(crate) fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text: tidy(&text) }
    }
}

/// Name and version of the generator, as printed in every file.
pub(crate) fn generator() -> String {
    format!("bitplane {}", env!("CARGO_PKG_VERSION"))
}

/// Generates the bundle of `spec`.
pub fn bundle(spec: &Spec) -> Bundle {
    let design = Design::of(spec);
    let rtl = rtl::files(&design, &spec.digest());
    let manifest = manifest(spec, &design, &rtl);
    let mut files = vec![BundleFile::new("config.toml", spec.to_toml())];
    files.extend(documents::files(spec, &design, &manifest));
    files.push(BundleFile::new("harness/sim_main.cpp", harness::print(&manifest)));
    files.extend(rtl);
    Bundle { files, manifest }
}

fn manifest(spec: &Spec, design: &Design, rtl: &[BundleFile]) -> Manifest {
    let core = &design.core;
    Manifest {
        name: core.name.clone(),
        kind: spec.kind().name().to_string(),
        digest: spec.digest(),
        generator: generator(),
        top: core.name.clone(),
        files: rtl.iter().map(|file| file.path.clone()).collect(),
        ports: design.ports.iter().map(port).collect(),
        latency_cycles: design.timing.latency_cycles,
        macs_per_cycle: design.timing.macs_per_cycle,
        stall_cycles: design.timing.stall_cycles,
        flops: design.flops(),
        accumulator_bits: core.accumulator_bits,
        max_k: core.max_k,
        beats_per_step: core.beats_per_step,
        elements_per_step: core.elements_per_step,
        throughput: design.throughput.iter().map(throughput).collect(),
        result_bits: spec.port_result_bits(),
        quantisation_group: design.timing.group.map(|group| groups(spec, design, group)),
        memories: memories(design),
        units: design.units().into_iter().map(|unit| listed(&core.name, unit)).collect(),
    }
}

fn memories(design: &Design) -> Vec<Memory> {
    let buffers = design.sequenced.iter().flat_map(|sequenced| sequenced.buffers.all());
    let memory = |(stream, buffer): (&str, &ReplayBuffer)| Memory {
        module: format!("{}_{stream}_memory", design.core.name),
        words: buffer.memory.words,
        bits: buffer.memory.word_bits,
        banks: buffer.memory.banks,
        flops: buffer.memory.bank_bits.into(),
    };
    buffers.map(memory).collect()
}

fn throughput(rate: &bitplane_design::Throughput) -> Throughput {
    Throughput {
        weight_bits: rate.weight_bits,
        activation_beats_per_step: rate.activation_beats,
        weight_beats_per_step: rate.weight_beats,
        cycles_per_step: rate.cycles,
        stall_cycles_per_step: rate.stall_cycles,
        macs_per_cycle: rate.macs_per_cycle,
        weights_per_column: rate.weights_per_column,
    }
}

fn groups(spec: &Spec, design: &Design, timing: GroupTiming) -> QuantisationGroup {
    let ends = |range: Range| [range.min, range.max];
    QuantisationGroup {
        size: timing.size,
        steps: timing.steps,
        head_cycles: design.core.heads.into(),
        weight_beats: timing.weight_beats,
        scale_units: design.core.drain,
        zero_point_bits: design.core.zero_point_bits,
        accumulator_range: ends(spec.exact_accumulator()),
        result_range: ends(spec.exact_result()),
        stall_cycles: design.timing.stall_cycles,
        shadow: design.core.shadow,
        drain_cycles: timing.drain_cycles,
        result_cycles: timing.result_cycles,
        port_cycles: timing.port_cycles,
        cycles: timing.cycles,
        macs_per_cycle: timing.macs_per_cycle,
    }
}

fn listed(name: &str, unit: bitplane_design::UnitCount) -> Unit {
    Unit {
        unit: unit.unit.to_string(),
        module: format!("{name}_{}", unit.unit),
        count: unit.count,
        flops: unit.flops,
    }
}

fn port(port: &bitplane_design::Port) -> Port {
    let direction = match port.direction {
        Direction::Input => "input",
        Direction::Output => "output",
    };
    Port {
        name: port.name.to_string(),
        direction: direction.to_string(),
        bits: port.bits,
        group: stream_name(port.stream).to_string(),
        meaning: port.meaning.clone(),
    }
}

pub(crate) fn stream_name(stream: Stream) -> &'static str {
    match stream {
        Stream::Clock => "clock",
        Stream::Control => "control",
        Stream::Activation => "activation",
        Stream::Scan => "scan",
        Stream::Command => "command",
        Stream::Addend => "addend",
        Stream::Fetch => "fetch",
        Stream::Weight => "weight",
        Stream::Result => "result",
        Stream::Status => "status",
    }
}

/// Drops trailing spaces and repeated blank lines, which optional parts of a template leave.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && blank) {
            tidied.push_str(line);
            tidied.push('\n');
        }
        blank = line.is_empty();
    }
    while tidied.ends_with("\n\n") {
        tidied.pop();
    }
    tidied
}
