//! The crate against a real Yosys, named by `BITPLANE_YOSYS` (a `yosys`, or a Python with
//! pyosys) or found on `PATH`. Without one the tests are skipped and say so;
//! `BITPLANE_REQUIRE_TOOLS=1` makes that a failure.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bitplane_emit::manifest::{Manifest, Unit};
use bitplane_spec::Problem;
use bitplane_synthesise::{
    Failure, Fpga, FpgaReport, FpgaRequest, Library, Report, Request, Run, Stage, Watch, Yosys,
    fingerprint, gate_netlist, synthesise, synthesise_for_fpga, synthesise_total,
};

fn skip(what: &str, why: &dyn std::fmt::Display) {
    let required = env::var("BITPLANE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!required, "{what} is required: {why}");
    eprintln!("SKIPPED, NOT TESTED: {what} is missing: {why}");
}

fn yosys() -> Option<Yosys> {
    let path = env::var_os("BITPLANE_YOSYS").unwrap_or_else(|| "yosys".into());
    Yosys::at(path).map_err(|error| skip("Yosys", &error)).ok()
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/probe")
}

/// Two copies of a 48-bit table, eight 12-bit accumulators, decoded weights.
const FLOPS: u64 = 2 * 48 + 8 * 12 + 4 * (8 + 1) + 1;

fn unit(name: &str, module: &str, count: u64, flops: u64) -> Unit {
    Unit { unit: name.into(), module: module.into(), count, flops }
}

fn manifest(top: &str, files: &[&str]) -> Manifest {
    Manifest {
        name: top.into(),
        kind: "probe".into(),
        digest: String::new(),
        generator: String::new(),
        top: top.into(),
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        ports: Vec::new(),
        latency_cycles: 0,
        macs_per_cycle: 0.0,
        stall_cycles: 0,
        flops: FLOPS,
        accumulator_bits: 12,
        result_bits: 12,
        quantisation_group: None,
        max_k: 0,
        beats_per_step: 1,
        elements_per_step: 4,
        throughput: vec![],
        memories: Vec::new(),
        units: vec![unit("table", "probe_table", 2, 96), unit("lane", "probe_lane", 8, 96)],
    }
}

fn request(yosys: Yosys, work_dir: &Path) -> Request {
    let files = ["rtl/probe_lane.sv", "rtl/probe_table.sv", "rtl/probe_core.sv"];
    Request {
        bundle_dir: fixture(),
        manifest: manifest("probe_core", &files),
        library: Library::BuiltIn,
        clock_mhz: 500.0,
        work_dir: work_dir.into(),
        yosys,
    }
}

fn run(request: &Request) -> Result<Report, Failure> {
    let interrupt = AtomicBool::new(false);
    synthesise(request, &Watch { on_stage: &|_| (), interrupt: &interrupt })
}

fn with_source(yosys: Yosys, folder: &Path, top: &str, text: &str) -> Request {
    fs::write(folder.join("m.sv"), text).unwrap();
    let mut request = request(yosys, &folder.join("work"));
    request.bundle_dir = folder.into();
    request.manifest = Manifest { units: Vec::new(), ..manifest(top, &["m.sv"]) };
    request
}

#[test]
fn the_fixture_has_its_predicted_flops_no_latch_and_meets_an_easy_clock() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let work_dir = folder.path().join("with space");
    let report = run(&request(yosys, &work_dir)).unwrap();
    eprintln!("{report:#?}");
    assert_eq!(report.problems, []);
    assert_eq!((report.flops, report.latches), (FLOPS, 0));
    assert!(report.met && report.delay_ps > report.register_ps);
    assert!(report.area > 1000.0 && report.depth > 3);
    assert_eq!(report.area_unit, "GE");

    let rows: Vec<_> =
        report.units.iter().map(|unit| (unit.name.as_str(), unit.count, unit.flops)).collect();
    assert_eq!(rows, [("table", 2, 96), ("lane", 8, 96), ("probe_core", 1, 37)]);
    let sum: f64 = report.units.iter().map(|unit| unit.area).sum();
    assert!(sum > 0.9 * report.area && sum < 1.2 * report.area, "{sum} {}", report.area);
}

#[test]
fn our_area_is_the_one_yosys_reports() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let request = request(yosys.clone(), folder.path());
    let report = run(&request).unwrap();
    let script = folder.path().join("area.ys");
    fs::write(&script, "read_rtlil total.il\nstat -liberty library.lib\n").unwrap();
    let mut command = Command::new(yosys.path());
    if folder.path().join("run_yosys.py").exists() {
        command.arg("run_yosys.py");
    }
    let output = command.arg("area.ys").current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rfind(|line| line.contains("Chip area for top module")).unwrap();
    let area: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((area - report.area).abs() < 0.01, "{area} {}", report.area);
}

#[test]
fn a_clock_that_is_missed_is_tried_for_speed_and_reported_as_missed() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(yosys, folder.path());
    request.clock_mhz = 5000.0;
    let stages = Mutex::new(Vec::new());
    let interrupt = AtomicBool::new(false);
    let watch =
        Watch { on_stage: &|stage| stages.lock().unwrap().push(stage), interrupt: &interrupt };
    let report = synthesise(&request, &watch).unwrap();
    assert!(!report.met);
    assert_eq!(report.problems, []);
    let stages = stages.into_inner().unwrap();
    for run in [Run::Total, Run::Breakdown, Run::Faster] {
        assert!(stages.contains(&Stage::Started(run)) && stages.contains(&Stage::Finished(run)));
    }
}

#[test]
fn two_runs_give_the_same_report() {
    let Some(yosys) = yosys() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let reports = folders.each_ref().map(|f| run(&request(yosys.clone(), f.path())).unwrap());
    assert_eq!(reports[0], reports[1]);
}

#[test]
fn a_total_alone_is_that_of_both_runs_and_its_fingerprint_knows_no_path() {
    let Some(yosys) = yosys() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = folders.each_ref().map(|folder| request(yosys.clone(), folder.path()));
    let interrupt = AtomicBool::new(false);
    let watch = Watch { on_stage: &|_| (), interrupt: &interrupt };
    let total = synthesise_total(&first, &watch).unwrap();
    let both = run(&second).unwrap();
    assert_eq!(total, Report { units: Vec::new(), ..both });
    let digest = fingerprint(&first).unwrap();
    assert_eq!(digest, fingerprint(&second).unwrap());
    let faster = Request { clock_mhz: 500.5, ..second };
    assert_ne!(digest, fingerprint(&faster).unwrap());
}

#[test]
fn the_gate_netlist_keeps_the_ports_and_lints_without_a_library() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let request = request(yosys, folder.path());
    let interrupt = AtomicBool::new(false);
    let stages = Mutex::new(Vec::new());
    let watch =
        Watch { on_stage: &|stage| stages.lock().unwrap().push(stage), interrupt: &interrupt };
    synthesise(&request, &watch).unwrap();
    stages.lock().unwrap().clear();
    let path = gate_netlist(&request, &watch).unwrap();
    let netlist = [Stage::Started(Run::Netlist), Stage::Finished(Run::Netlist)];
    assert_eq!(stages.into_inner().unwrap(), netlist, "the mapped netlist is used again");

    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("endmodule").count(), 1);
    let ports = ["clk_i", "rst_ni", "clear_i", "load_i", "valid_i", "weight_i", "table_i", "acc_o"];
    let header = &text[text.find("module probe_core(").unwrap()..];
    assert!(header.starts_with(&format!("module probe_core({});", ports.join(", "))));
    lint(&path);
}

fn lint(path: &Path) {
    let tool = env::var_os("BITPLANE_VERILATOR").unwrap_or_else(|| "verilator".into());
    match Command::new(tool).args(["--lint-only", "-Wall"]).arg(path).output() {
        Err(error) => skip("Verilator", &error),
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_netlist_of_other_sources_is_not_used_again() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(yosys, folder.path());
    run(&request).unwrap();
    request.clock_mhz = 400.0;
    let stages = Mutex::new(Vec::new());
    let interrupt = AtomicBool::new(false);
    let watch =
        Watch { on_stage: &|stage| stages.lock().unwrap().push(stage), interrupt: &interrupt };
    gate_netlist(&request, &watch).unwrap();
    assert_eq!(stages.into_inner().unwrap()[0], Stage::Started(Run::Total));
}

#[test]
fn a_latch_and_a_loop_and_a_lost_register_fail_their_checks() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = "module m(input logic e_i, input logic d_i, output logic q_o, output logic l_o);\n\
                always @* if (e_i) q_o = d_i;\n\
                assign l_o = !(l_o & e_i);\nendmodule\n";
    let report = run(&with_source(yosys, folder.path(), "m", text)).unwrap();
    let codes: BTreeSet<_> = report.problems.iter().map(|problem| problem.code).collect();
    assert!(codes.is_superset(&["flop-count", "latch", "netlist-check"].into()), "{codes:?}");
    assert_eq!(report.latches, 1);
}

#[test]
fn a_difference_from_nothing_is_mapped() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = "module m(input logic [7:0] a_i, output logic [7:0] y_o);\n\
                assign y_o = -a_i;\nendmodule\n";
    let report = run(&with_source(yosys, folder.path(), "m", text)).unwrap();
    assert!(report.area > 10.0, "{report:?}");
}

#[test]
fn an_error_in_the_rtl_is_no_crash_and_keeps_the_log() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let failure = run(&with_source(yosys, folder.path(), "m", "module m(;\n")).unwrap_err();
    let Failure::Refused { log, reason } = &failure else {
        panic!("{failure}");
    };
    assert!(reason.contains("m.sv:1: ERROR: syntax error"), "{reason}");
    assert!(fs::read_to_string(log).unwrap().contains("syntax error"));
    assert_eq!(Problem::from(failure).code, "rtl-refused");
}

fn for_fpga(yosys: Yosys, folder: &Path, fpga: Fpga) -> FpgaRequest {
    let Request { bundle_dir, manifest, .. } = request(yosys.clone(), folder);
    FpgaRequest { bundle_dir, manifest, fpga, work_dir: folder.join(fpga.name()), yosys }
}

fn run_for_fpga(request: &FpgaRequest) -> Result<FpgaReport, Failure> {
    let interrupt = AtomicBool::new(false);
    synthesise_for_fpga(request, &Watch { on_stage: &|_| (), interrupt: &interrupt })
}

const FPGAS: [Fpga; 3] = [Fpga::Ice40, Fpga::Ecp5, Fpga::Xilinx];

#[test]
fn every_fpga_takes_the_fixture_with_its_predicted_flops() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    for fpga in FPGAS {
        let report = run_for_fpga(&for_fpga(yosys.clone(), folder.path(), fpga)).unwrap();
        eprintln!("{report:#?}");
        assert_eq!(report.problems, []);
        assert_eq!((report.flops, report.flops_in_dsps, report.latches), (FLOPS, 0, 0));
        assert!(report.luts > 50 && report.carry_cells > 8);
        assert_eq!((report.dsps, report.block_rams), (0, 0));
        assert_eq!(report.cells_by_type.values().sum::<u64>(), report.cells);
    }
}

const MULTIPLIER: &str = "\
module m(input logic clk_i, input logic signed [7:0] a_i, input logic signed [7:0] b_i,
         output logic signed [15:0] p_o);
  logic signed [7:0] a_q, b_q;
  always_ff @(posedge clk_i) begin
    a_q <= a_i;
    b_q <= b_i;
    p_o <= a_q * b_q;
  end
endmodule
";

#[test]
fn registers_that_move_into_a_multiplier_block_are_counted_where_they_are() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.sv"), MULTIPLIER).unwrap();
    for fpga in FPGAS {
        let mut request = for_fpga(yosys.clone(), folder.path(), fpga);
        request.bundle_dir = folder.path().into();
        request.manifest = Manifest { flops: 32, ..manifest("m", &["m.sv"]) };
        let report = run_for_fpga(&request).unwrap();
        assert_eq!(report.problems, []);
        assert_eq!(report.flops + report.flops_in_dsps, 32);
        assert_eq!(report.dsps, u64::from(fpga != Fpga::Ice40));
        assert_eq!(report.flops_in_dsps > 0, fpga == Fpga::Xilinx);
    }
}

#[test]
fn on_an_fpga_a_latch_and_a_lost_register_fail_too() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = "module m(input logic e_i, input logic d_i, output logic q_o);\n\
                always @* if (e_i) q_o = d_i;\nendmodule\n";
    fs::write(folder.path().join("m.sv"), text).unwrap();
    for fpga in FPGAS {
        let mut request = for_fpga(yosys.clone(), folder.path(), fpga);
        request.bundle_dir = folder.path().into();
        request.manifest = manifest("m", &["m.sv"]);
        match run_for_fpga(&request) {
            Ok(report) => {
                let codes: Vec<_> = report.problems.iter().map(|each| each.code).collect();
                assert!(codes.starts_with(&["flop-count", "latch"]), "{codes:?}");
            }
            // Newer versions stop at a latch that the family lacks.
            Err(failure) => assert!(matches!(failure, Failure::Refused { .. }), "{failure}"),
        }
    }
}

#[test]
fn an_interrupt_ends_the_run_at_once() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let request = request(yosys, folder.path());
    let interrupt = AtomicBool::new(false);
    let on_stage = |_| interrupt.store(true, Ordering::Relaxed);
    let watch = Watch { on_stage: &on_stage, interrupt: &interrupt };
    let failure = synthesise(&request, &watch).unwrap_err();
    assert_eq!(Problem::from(failure).code, "interrupted");
}

#[test]
fn a_clock_that_is_no_clock_is_refused() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    for clock_mhz in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let request = Request { clock_mhz, ..request(yosys.clone(), folder.path()) };
        assert_eq!(Problem::from(run(&request).unwrap_err()).code, "bad-clock");
    }
}

#[test]
fn a_tool_that_is_none_is_missing() {
    let code = |failure| Problem::from(failure).code;
    assert_eq!(code(Yosys::at("no-such-yosys").unwrap_err()), "tool-missing");
    assert_eq!(code(Yosys::native("false").unwrap_err()), "tool-missing");
}

#[cfg(unix)]
#[test]
fn a_tool_that_is_too_old_is_refused_with_its_version() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yosys");
    fs::write(&path, "#!/bin/sh\necho 'Yosys 0.9 (git sha1 1979e0b)'\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let problem = Problem::from(Yosys::at(&path).unwrap_err());
    assert_eq!(problem.code, "tool-too-old");
    assert!(problem.message.contains("0.9") && problem.message.contains("0.23"));
}
