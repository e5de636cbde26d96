//! The test bench checked on a core that is known to be right, and on one with planted faults.

use crate::common::{SMALL, Shape, simulator, spec, start, text};
use bitplane_formats::ZeroPoint;
use bitplane_simulate::{
    BuildRequest, Error, Layer, Monitor, Optimisation, Options, PackedBeats, Report, Simulator,
    Trace, Weights, ZeroPoints, build, exhaustive, first_difference, layer, regression,
};
use std::sync::atomic::AtomicBool;

fn check(simulator: &Simulator, shape: Shape, seed: u64, fault: u32) -> Report {
    let options = Options { vectors: 3000, runs: 100, start: start(seed, fault) };
    match regression(simulator, &spec(shape), &options, &Monitor::silent()) {
        Ok(report) => report,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_right_core_passes_with_full_cover() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let report = check(&simulator, SMALL, 1, 0);
    if let Some(failure) = &report.failure {
        panic!("{failure}");
    }
    assert!(report.passed() && report.cover.is_full(), "{report:?}");
    assert!(report.vectors >= 3000 && report.stalled_runs >= 100, "{report:?}");
    assert!(report.runs > report.stalled_runs, "{report:?}");
    assert_eq!((report.longest_k, report.skipped.len()), (31, 0));
    let json = serde_json::to_value(&report).unwrap();
    for key in ["vectors", "lookups", "mismatches", "cycles", "seed", "tool", "cover"] {
        assert!(json.get(key).is_some(), "{key}");
    }
}

#[test]
fn the_first_difference_is_that_of_the_whole_check_and_is_not_shrunk() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let found = |fault| {
        let options = Options { vectors: 3000, runs: 100, start: start(1, fault) };
        first_difference(&simulator, &spec(SMALL), &options, &Monitor::silent()).unwrap()
    };
    assert_eq!(found(0), None);
    let mut whole = check(&simulator, SMALL, 1, 1).failure.unwrap();
    assert!(whole.shrunk.take().is_some());
    assert_eq!(found(1), Some(whole));
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    assert_eq!(check(&simulator, SMALL, 7, 0), check(&simulator, SMALL, 7, 0));
    assert_eq!(check(&simulator, SMALL, 7, 3), check(&simulator, SMALL, 7, 3));
}

#[test]
fn every_planted_fault_is_caught() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    for fault in 1..=18 {
        for seed in [1, 2, 3] {
            let report = check(&simulator, SMALL, seed, fault);
            assert!(!report.passed(), "fault {fault} passes with seed {seed}");
            eprintln!("fault {fault}: {}", report.failure.unwrap());
        }
    }
}

#[test]
fn a_wrong_value_is_shrunk_to_a_case_that_fits_a_line() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let failure = check(&simulator, SMALL, 1, 2).failure.unwrap();
    let shrunk = failure.shrunk.as_ref().unwrap();
    let [run] = &shrunk.runs[..] else { panic!("{failure}") };
    assert_eq!((run.steps, run.zero_point, shrunk.stalls), (1, 0, false));
    let activations: Vec<&i32> = run.activations.iter().flatten().collect();
    assert_eq!(activations.iter().filter(|a| ***a != 0).count(), 1, "{failure}");
    let text = failure.to_string();
    assert!(text.contains("a run of 1 k-steps, 1 rows, 1 columns"), "{text}");
}

#[test]
fn a_fault_that_a_single_run_does_not_show_is_shrunk_together_with_the_runs_before_it() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let failure = check(&simulator, SMALL, 1, 5).failure.unwrap();
    let shrunk = failure.shrunk.as_ref().unwrap();
    assert_eq!((shrunk.runs.len(), shrunk.run), (2, 1), "{failure}");
}

#[test]
fn every_combination_of_a_small_core_is_checked() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let silent = Monitor::silent();
    let report = exhaustive(&simulator, &spec(SMALL), &start(1, 0), &silent).unwrap();
    assert!(report.passed(), "{}", report.failure.unwrap());
    // 2^8 pairs of activations x 2^4 pairs of weights, 2 x 4 lanes a run, 5 zero points.
    assert_eq!(report.results, 256 * 16 * 5);
    assert_eq!(report.runs, 256 * 16 / 8 * 5);
    let report = exhaustive(&simulator, &spec(SMALL), &start(1, 3), &silent).unwrap();
    assert!(!report.passed());
}

#[test]
fn an_exhaustive_check_of_a_large_core_is_refused() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let mut wide = spec(SMALL);
    wide.activation = bitplane_formats::IntegerFormat::new(16).unwrap();
    wide.bus.activation = wide.activation_step_bits();
    let manifest = crate::common::manifest(Shape { activation: 16, ..SMALL });
    let simulator = Simulator { manifest, ..simulator };
    let refused = exhaustive(&simulator, &wide, &start(1, 0), &Monitor::silent());
    assert!(matches!(refused, Err(Error::Input(_))));
    assert!(text(refused).contains("2^36 combinations"));
}

#[test]
fn a_configuration_that_does_not_fit_the_ports_is_refused() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let other = spec(Shape { n: 6, ..SMALL });
    let options = Options { vectors: 1, runs: 1, start: start(1, 0) };
    let refused = regression(&simulator, &other, &options, &Monitor::silent());
    assert_eq!(
        text(refused),
        "the weight stream in the manifest does not fit the configuration: the data port has 8 \
         bits, 12 would fit"
    );
}

#[test]
fn a_simulator_of_another_configuration_is_refused() {
    let Some(mut simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    simulator.manifest.digest = "0123456789abcdef".to_owned();
    let options = Options { vectors: 1, runs: 1, start: start(1, 0) };
    let refused = regression(&simulator, &spec(SMALL), &options, &Monitor::silent());
    assert!(matches!(refused, Err(Error::Input(_))));
    assert!(text(refused).contains("another bundle"));
}

/// 5 tokens, 27 inputs, 10 outputs: tails in all dimensions.
fn small_layer(zero_point: i32) -> (Vec<i32>, Vec<u16>, ZeroPoint) {
    let activations = (0..5 * 27).map(|i| i * 7 % 16 - 8).collect();
    let codes = (0..10 * 27).map(|i| (i * i / 3 % 4) as u16).collect();
    (activations, codes, ZeroPoint(zero_point))
}

#[test]
fn a_whole_layer_gives_the_golden_products() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let (activations, codes, zero_point) = small_layer(-1);
    let of = |weights| Layer {
        tokens: 5,
        inputs: 27,
        outputs: 10,
        activations: &activations,
        weight: spec(SMALL).weight,
        codes: &codes,
        weights,
        zero_points: ZeroPoints::Constant(zero_point),
    };
    let run = |layer_of: &Layer, fault| {
        let (spec, silent) = (spec(SMALL), Monitor::silent());
        layer(&simulator, &spec, layer_of, &start(1, fault), &silent)
    };
    let report = run(&of(Weights::Codes), 0).unwrap();
    assert_eq!((report.mismatches, report.compared, report.runs), (0, 50, 9), "{report:?}");
    let first: i128 =
        (0..27).map(|i| i128::from(activations[i]) * (i128::from(codes[i]) - 1)).sum();
    assert_eq!(report.outputs[0], first);
    assert!(report.utilisation > 0.1 && report.utilisation < 1.0, "{report:?}");
    assert!(run(&of(Weights::Codes), 2).unwrap().mismatches > 0);
    let short = run(&of(Weights::Packed(PackedBeats { words: &[0; 3] })), 0);
    insta::assert_snapshot!(
        text(short),
        @"the packed weights have 3 words, 84 beats have 84"
    );
}

#[test]
fn a_layer_that_does_not_fit_is_refused_with_its_reason() {
    let Some(simulator) = simulator(SMALL, Trace::Off) else {
        return;
    };
    let (activations, codes, zero_point) = small_layer(1);
    let fits = Layer {
        tokens: 5,
        inputs: 27,
        outputs: 10,
        activations: &activations,
        weight: spec(SMALL).weight,
        codes: &codes,
        weights: Weights::Codes,
        zero_points: ZeroPoints::Constant(zero_point),
    };
    let refused = |layer_of: Layer| {
        let result = layer(&simulator, &spec(SMALL), &layer_of, &start(1, 0), &Monitor::silent());
        assert!(matches!(result, Err(Error::Input(_))));
        text(result)
    };
    let wide = vec![8; 135];
    let high = vec![4; 270];
    let all = [
        refused(Layer { inputs: 32, ..fits.clone() }),
        refused(Layer { tokens: 0, ..fits.clone() }),
        refused(Layer { tokens: 6, ..fits.clone() }),
        refused(Layer { activations: &wide, ..fits.clone() }),
        refused(Layer { codes: &high, ..fits.clone() }),
        refused(Layer { zero_points: ZeroPoints::Constant(ZeroPoint(2)), ..fits.clone() }),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    the layer has K = 32, the core is exact up to 31
    a layer of 0 tokens, 27 inputs, 10 outputs
    135 activations and 270 codes do not fill 6 x 27 and 10 x 27
    activation 8 is outside int4 (-8..=7)
    weight code 4 does not fit int2
    the core does not take the zero point z' = 2
    ");
}

#[test]
fn an_interrupt_stops_the_build_and_leaves_nothing_behind() {
    let Some(verilator) = crate::common::verilator() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let manifest = crate::common::write_bundle(SMALL, folder.path());
    let cache = folder.path().join("cache");
    let request = BuildRequest {
        bundle_dir: folder.path(),
        manifest: &manifest,
        verilator: &verilator,
        cache_dir: &cache,
        optimisation: Optimisation::BuildTime,
        trace: Trace::Off,
    };
    let interrupt = AtomicBool::new(false);
    let progress = |what: &str, _, _| {
        if what.starts_with("compiling") {
            interrupt.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let monitor = Monitor { progress: &progress, interrupt: &interrupt };
    assert!(matches!(build(&request, &monitor), Err(Error::Interrupted)));
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
}

#[test]
fn a_core_that_does_not_compile_leaves_its_log_and_no_simulator() {
    let Some(verilator) = crate::common::verilator() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let manifest = crate::common::write_bundle(SMALL, folder.path());
    std::fs::write(folder.path().join("rtl/behavioural_core.sv"), "module nonsense;\n").unwrap();
    let cache = folder.path().join("cache");
    let request = BuildRequest {
        bundle_dir: folder.path(),
        manifest: &manifest,
        verilator: &verilator,
        cache_dir: &cache,
        optimisation: Optimisation::BuildTime,
        trace: Trace::Off,
    };
    let failed = build(&request, &Monitor::silent());
    assert!(matches!(&failed, Err(Error::Machine(problem)) if problem.help.contains("failed-")));
    assert!(text(failed).contains("rtl/behavioural_core.sv"));
    let left: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["failed-behavioural_core.log"]);
}

#[test]
fn a_bundle_without_its_files_is_refused() {
    let Some(verilator) = crate::common::verilator() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let request = BuildRequest {
        bundle_dir: folder.path(),
        manifest: &crate::common::manifest(SMALL),
        verilator: &verilator,
        cache_dir: folder.path(),
        optimisation: Optimisation::BuildTime,
        trace: Trace::Off,
    };
    let refused = build(&request, &Monitor::silent());
    assert!(matches!(&refused, Err(Error::Input(p)) if p.code == "bundle-incomplete"));
}

#[test]
fn a_traced_simulation_writes_its_waveform() {
    let Some(simulator) = simulator(SMALL, Trace::Vcd) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waves.vcd");
    let mut start = start(1, 0);
    start.trace = Some(file.clone());
    let options = Options { vectors: 10, runs: 1, start };
    let report = regression(&simulator, &spec(SMALL), &options, &Monitor::silent()).unwrap();
    assert!(report.passed());
    let waves = std::fs::read_to_string(file).unwrap();
    assert!(waves.contains("weight_data_i") && waves.len() > 10_000);
}

#[test]
fn other_shapes_of_the_core_pass_too() {
    let shapes = [
        Shape { m: 3, n: 7, k: 3, activation: 5, weight: 3, drain: 7, max_k: 100 },
        Shape { m: 1, n: 1, k: 2, activation: 2, weight: 1, drain: 1, max_k: 1 },
    ];
    for shape in shapes {
        let Some(simulator) = simulator(shape, Trace::Off) else {
            return;
        };
        let report = check(&simulator, shape, 5, 0);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}
