//! Faults planted in generated RTL, one at a time: the ordinary regression must catch each, and
//! must pass the core without them.

use std::fs;
use std::path::Path;

use bitplane_emit::bundle;
use bitplane_simulate::{
    BuildRequest, Monitor, Optimisation, Options, Report, Start, Trace, Verilator, build,
    regression,
};

use crate::common::verilator;

/// A core with every unit, small enough to build in seconds.
const CORE: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int6"
[weight]
format = "int3"
[tile]
m = 2
n = 4
k = 4
groups = 2
drain = 2
[accumulate]
max_k = 256
[group]
zero_point = "constant"
[pipeline]
stages = 0
"#;

/// A change to one unit's text.
struct Fault {
    name: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "wrong fold bit",
        unit: "weight_decoder",
        right: "assign index    = word_i[2:0];",
        wrong: "assign index    = {word_i[2:1], ~word_i[0]};",
    },
    Fault {
        name: "plane shift off by one",
        unit: "plane_accumulator",
        right: "<< plane_i;",
        wrong: "<< ((plane_i == '0) ? plane_i : (plane_i - 2'd1));",
    },
    Fault {
        name: "missing carry-in on negate",
        unit: "select_lane",
        right: "sum = sum + SumBits'(carries[g]);",
        wrong: "sum = sum + SumBits'(carries[g] && (g != 1));",
    },
    Fault {
        name: "correction dropped",
        unit: "zero_point_correction",
        right: "if (next_row_i) product_q <= product_d;",
        wrong: "if (next_row_i) product_q <= product_d & '0;",
    },
    Fault {
        name: "stale table",
        unit: "table_registers",
        right: "if (load_i) tables_q <= tables_i;",
        wrong: "load_q <= load_i;\n    if (load_q) tables_q <= tables_i;",
    },
    Fault {
        name: "clear ignored",
        unit: "result_drain",
        right: "    if (clear_i) begin\n      flushing_d = 1'b1;",
        wrong: "    if (clear_i) begin\n      flushing_d = flushing_q;",
    },
    Fault {
        name: "accumulator one bit short",
        unit: "plane_accumulator",
        right: "sum_d = sum_q + Width'(addend);",
        wrong: "sum_d = Width'($signed((Width-1)'(sum_q + Width'(addend))));",
    },
    Fault {
        name: "stall loses a beat",
        unit: "activation_register",
        right: "(load || (full_q && !step_ready_i))",
        wrong: "(load || (full_q && !step_ready_i && !full_q))",
    },
];

/// Runs the ordinary regression on `core` with `fault` in it.
fn regression_with(verilator: &Verilator, fault: Option<&Fault>) -> Report {
    let spec = bitplane_spec::parse(CORE, "faulty").unwrap().spec;
    let bundle = bundle(&spec);
    let folder = tempfile::tempdir().unwrap();
    for file in &bundle.files {
        let text = match fault {
            Some(fault) if file.path == format!("rtl/faulty_{}.sv", fault.unit) => {
                planted(&file.text, fault)
            }
            _ => file.text.clone(),
        };
        write(&folder.path().join(&file.path), &text);
    }
    let cache_dir = folder.path().join("cache");
    let request = BuildRequest {
        bundle_dir: folder.path(),
        manifest: &bundle.manifest,
        verilator,
        cache_dir: &cache_dir,
        optimisation: Optimisation::BuildTime,
        trace: Trace::Off,
    };
    let simulator = build(&request, &Monitor::silent()).unwrap();
    let start = Start { seed: 1, trace: None, plus_arguments: Vec::new() };
    let options = Options { vectors: 4000, runs: 60, start };
    regression(&simulator, &spec, &options, &Monitor::silent()).unwrap()
}

/// The text with the fault, which must change it in exactly one place.
fn planted(text: &str, fault: &Fault) -> String {
    assert_eq!(text.matches(fault.right).count(), 1, "{}: the text has moved on", fault.name);
    let text = text.replace(fault.right, fault.wrong);
    if fault.wrong.contains("load_q") {
        return text.replace("  always_ff", "  logic load_q;\n\n  always_ff");
    }
    text
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn the_generated_core_passes_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    let report = regression_with(&verilator, None);
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn every_planted_fault_is_caught() {
    let Some(verilator) = verilator() else { return };
    let missed: Vec<&str> = FAULTS
        .iter()
        .filter(|fault| regression_with(&verilator, Some(fault)).passed())
        .map(|fault| fault.name)
        .collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
