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

/// Weights of 1 to 3 bits, as each run says, folded in the core.
const RUNTIME: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int4"
[weight]
format = "int3"
runtime_bits = true
[tile]
m = 1
n = 3
k = 3
[table]
fold = "runtime"
[accumulate]
max_k = 100
[group]
zero_point = "constant"
[pipeline]
stages = 1
"#;

/// A pass over K for each plane.
const OUTER: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int4"
[weight]
format = "int3"
[tile]
m = 2
n = 2
k = 2
plane_order = "outer"
[accumulate]
max_k = 100
[group]
zero_point = "constant"
[pipeline]
stages = 1
"#;

/// Both ports narrower than what the array takes.
const BUS: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int4"
bus = 9
[weight]
format = "int2"
bus = 8
[tile]
m = 2
n = 5
k = 3
[accumulate]
max_k = 100
[group]
zero_point = "constant"
[pipeline]
stages = 1
"#;

/// A core that corrects quantisation groups one by one; a group ends within a k-step.
const GROUPS: &str = r#"
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
[accumulate]
max_k = 256
[group]
zero_point = "per_group"
size = 12
scale_units = 2
[pipeline]
stages = 0
"#;

/// Adders on bit planes; the sum of the activations comes from the operands.
const ADD: &str = r#"
kind = "add_array"
[activation]
format = "int5"
[weight]
format = "int2"
[tile]
m = 2
n = 3
k = 3
groups = 2
[accumulate]
max_k = 200
[group]
zero_point = "constant"
"#;

/// Sums of subsets, with a builder for each copy of the tables.
const CONVENTIONAL: &str = r#"
kind = "lut_conventional"
[activation]
format = "int5"
[weight]
format = "int2"
[tile]
m = 1
n = 4
k = 3
[table]
precompute = "local"
select = "binary"
copies = 2
[accumulate]
max_k = 200
[group]
zero_point = "constant"
"#;

/// Floating-point activations, results that can be subnormal and infinite.
const FLOAT: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp16"
[weight]
format = "int2"
[tile]
m = 2
n = 2
k = 2
drain = 1
[accumulate]
max_k = 64
align_bits = 10
result = "fp16"
[group]
zero_point = "constant"
[pipeline]
stages = 0
"#;

/// Ternary weights, three to a look-up.
const TERNARY: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int5"
[weight]
format = "ternary"
[tile]
m = 2
n = 3
k = 3
groups = 2
[accumulate]
max_k = 200
[pipeline]
stages = 0
"#;

/// Ternary weights, five in a byte, of which the last of a column is not full.
const TERNARY_BYTES: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int4"
[weight]
format = "ternary"
packing = "bytes"
[tile]
m = 1
n = 3
k = 2
groups = 3
[accumulate]
max_k = 100
[pipeline]
stages = 0
"#;

/// Floating-point multipliers, of different formats.
const FUSED: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp8_e5m2"
[weight]
format = "fp8_e4m3"
[tile]
m = 2
n = 2
k = 3
drain = 1
[accumulate]
max_k = 200
align_bits = 12
result = "fp16"
"#;

/// A change to one unit's text of a core; the top module is the unit without a name.
pub(crate) struct Fault {
    pub name: &'static str,
    pub core: &'static str,
    pub unit: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "a subnormal factor with a leading one",
        core: FUSED,
        unit: "weight_decoder",
        right: "!is_subnormal, fraction}",
        wrong: "1'b1, fraction}",
    },
    Fault {
        name: "subnormal numbers one exponent too low",
        core: FUSED,
        unit: "activation_decoder",
        right: "exponent | ExponentBits'(is_subnormal)",
        wrong: "exponent",
    },
    Fault {
        name: "a product of zero that sets the exponent",
        core: FUSED,
        unit: "fused_lane",
        right: "is_zero ? '0",
        wrong: "(is_zero && lane_enable_i && shift_i) ? '0",
    },
    Fault {
        name: "the sum not moved down with a larger exponent",
        core: FUSED,
        unit: "fused_lane",
        right: "assign moved    = sum_q >>> distance;",
        wrong: "assign moved    = sum_q >>> (distance & {ExponentBits{shift_i}});",
    },
    Fault {
        name: "the sum moved down as if it had no sign",
        core: FUSED,
        unit: "fused_lane",
        right: "sum_q >>> distance",
        wrong: "$signed($unsigned(sum_q) >> distance)",
    },
    Fault {
        name: "the largest exponent kept for the next run",
        core: FUSED,
        unit: "fused_lane",
        right: "if (shift_i) largest_d = chained_largest;",
        wrong: "if (shift_i) largest_d = largest_q | chained_largest;",
    },
    Fault {
        name: "exponents of steps that do not come",
        core: FUSED,
        unit: "fused_lane",
        right: "lane_enable_i ? largest : largest_q",
        wrong: "(lane_enable_i || !shift_i) ? largest : largest_q",
    },
    Fault {
        name: "infinity times zero a number",
        core: FUSED,
        unit: "fused_lane",
        right: "(activation[11] && weight[9])",
        wrong: "(activation[11] && weight[9] && !is_zero)",
    },
    Fault {
        name: "infinities of both signs infinite",
        core: FUSED,
        unit: "result_rounder",
        right: "flags[0] || (flags[1] && flags[2])",
        wrong: "flags[0]",
    },
    Fault {
        name: "the exponent that moves while results wait",
        core: FUSED,
        unit: "result_rounder",
        right: "if (advance) begin\n        exponent_q <=",
        wrong: "if (advance || result_valid_o) begin\n        exponent_q <=",
    },
    Fault {
        name: "weights of a byte the other way round",
        core: TERNARY_BYTES,
        unit: "trit_unpacker",
        right: "trits[2*(5*b+t) +: 2]",
        wrong: "trits[2*(5*b+4-t) +: 2]",
    },
    Fault {
        name: "sign of a sum of codes taken for that of weights",
        core: TERNARY_BYTES,
        unit: "trit_unpacker",
        right: "negate = (sum < 4'd4)",
        wrong: "negate = (sum < 4'd3)",
    },
    Fault {
        name: "negated sums of ternary weights lack 1",
        core: TERNARY,
        unit: "select_lane",
        right: "assign carries[g] = negate_i[g];",
        wrong: "assign carries[g] = negate_i[g] && 1'b0;",
    },
    Fault {
        name: "group of zeros looks the first entry up",
        core: TERNARY,
        unit: "weight_decoder",
        right: "(index == 4'(e + 1))",
        wrong: "((index == 4'(e + 1)) || ((e == 0) && (index == '0)))",
    },
    Fault {
        name: "a ternary sum of the wrong element",
        core: TERNARY,
        unit: "table_precompute",
        right: "assign sum_p0p = 6'(a2) + 6'(a0);",
        wrong: "assign sum_p0p = 6'(a2) + 6'(a1);",
    },
    Fault {
        name: "ties rounded away from the even integer",
        core: FLOAT,
        unit: "aligner",
        right: "|| magnitude[0])",
        wrong: "|| 1'b1)",
    },
    Fault {
        name: "what lies below half of the lowest place forgotten",
        core: FLOAT,
        unit: "aligner",
        right: "(|window[TailBits-2:0]) || ",
        wrong: "((|window[TailBits-2:0]) && 1'b0) || ",
    },
    Fault {
        name: "subnormal activations counted half",
        core: FLOAT,
        unit: "aligner",
        right: " - ExponentBits'(!is_normal)",
        wrong: "",
    },
    Fault {
        name: "the largest activation rounded to the most negative integer",
        core: FLOAT,
        unit: "aligner",
        right: "\n                     && !(&magnitude)",
        wrong: "",
    },
    Fault {
        name: "scan of a run goes on from the one before",
        core: FLOAT,
        unit: "exponent_scanner",
        right: "scan_first_i ? '0 : field_q",
        wrong: "field_q",
    },
    Fault {
        name: "elements that are left out are scanned",
        core: FLOAT,
        unit: "exponent_scanner",
        right: "{CodeBits{scan_keep_i[i]}}",
        wrong: "{CodeBits{scan_keep_i[i] || 1'b1}}",
    },
    Fault {
        name: "an infinity forgotten by the next k-step",
        core: FLOAT,
        unit: "exponent_scanner",
        right: " || (!scan_first_i && (field_q == '0))",
        wrong: "",
    },
    Fault {
        name: "halves of results always rounded up",
        core: FLOAT,
        unit: "fixed_to_float",
        right: "(rest_q || fraction_q[0])",
        wrong: "(rest_q || fraction_q[0] || 1'b1)",
    },
    Fault {
        name: "sums below the smallest normal number normalised",
        core: FLOAT,
        unit: "fixed_to_float",
        right: "(magnitude_q | ((SumBits'(1) << 9) >> magnitude_exponent_i))",
        wrong: "(magnitude_q | (((SumBits'(1) << 9) >> magnitude_exponent_i) & '0))",
    },
    Fault {
        name: "results beyond the largest number wrap",
        core: FLOAT,
        unit: "fixed_to_float",
        right: "is_beyond ? ",
        wrong: "(is_beyond && 1'b0) ? ",
    },
    Fault {
        name: "each row with the exponent of another",
        core: FLOAT,
        unit: "result_rounder",
        right: "exponents_q[row_i*5 +: 5]",
        wrong: "exponents_q[{~row_i}*5 +: 5]",
    },
    Fault {
        name: "results of a run cleared away come out",
        core: FLOAT,
        unit: "result_rounder",
        right: "if (clear_i) valid_d = '0;",
        wrong: "if (clear_i) valid_d[0] = 1'b0;",
    },
    Fault {
        name: "infinities summed as numbers",
        core: FLOAT,
        unit: "result_rounder",
        right: "is_nan_q ? 16'd32256 : code",
        wrong: "(is_nan_q && 1'b0) ? 16'd32256 : code",
    },
    Fault {
        name: "activation against its neighbour's weight bit",
        core: ADD,
        unit: "add_lane",
        right: "{Bits{weights_i[i]}}",
        wrong: "{Bits{weights_i[i ^ 1]}}",
    },
    Fault {
        name: "last element left out of the sum of the activations",
        core: ADD,
        unit: "activation_sum",
        right: "t < 6;",
        wrong: "t < 5;",
    },
    Fault {
        name: "sums of codes corrected as sums of signs",
        core: ADD,
        unit: "zero_point_correction",
        right: "run_zero_point_i + 3'd3",
        wrong: "run_zero_point_i",
    },
    Fault {
        name: "entry of no element is not 0",
        core: CONVENTIONAL,
        unit: "select_lane",
        right: "half = {entries, {ValueBits{1'b0}}};",
        wrong: "half = {entries, entries[ValueBits-1:0]};",
    },
    Fault {
        name: "second copy of the tables not built",
        core: CONVENTIONAL,
        unit: "",
        right: ".tables_i (built),",
        wrong: ".tables_i ((c == 1) ? '0 : built),",
    },
    Fault {
        name: "wrong fold bit",
        core: CORE,
        unit: "weight_decoder",
        right: "assign index    = word_i[2:0];",
        wrong: "assign index    = {word_i[2:1], ~word_i[0]};",
    },
    Fault {
        name: "plane shift off by one",
        core: CORE,
        unit: "plane_accumulator",
        right: "<< plane_i;",
        wrong: "<< ((plane_i == '0) ? plane_i : (plane_i - 2'd1));",
    },
    Fault {
        name: "missing carry-in on negate",
        core: CORE,
        unit: "select_lane",
        right: "sum = sum + SumBits'(carries[g]);",
        wrong: "sum = sum + SumBits'(carries[g] && (g != 1));",
    },
    Fault {
        name: "correction dropped",
        core: CORE,
        unit: "zero_point_correction",
        right: "if (next_row_i) product_q <= product_d;",
        wrong: "if (next_row_i) product_q <= product_d & '0;",
    },
    Fault {
        name: "stale table",
        core: CORE,
        unit: "table_registers",
        right: "if (load_i) tables_q <= tables_i;",
        wrong: "load_q <= load_i;\n    if (load_q) tables_q <= tables_i;",
    },
    Fault {
        name: "clear ignored",
        core: CORE,
        unit: "result_drain",
        right: "    if (clear_i) begin\n      flushing_d = 1'b1;",
        wrong: "    if (clear_i) begin\n      flushing_d = flushing_q;",
    },
    Fault {
        name: "accumulator one bit short",
        core: CORE,
        unit: "plane_accumulator",
        right: "sum_d = sum_q + Width'(addend);",
        wrong: "sum_d = Width'($signed((Width-1)'(sum_q + Width'(addend))));",
    },
    Fault {
        name: "stall loses a beat",
        core: CORE,
        unit: "activation_register",
        right: "(load || (full_q && !step_ready_i))",
        wrong: "(load || (full_q && !step_ready_i && !full_q))",
    },
    Fault {
        name: "swapped element order",
        core: CORE,
        unit: "table_precompute",
        right: "activations_i[0 +: 6]);\n  assign a1 = $signed(activations_i[6 +: 6]);",
        wrong: "activations_i[6 +: 6]);\n  assign a1 = $signed(activations_i[0 +: 6]);",
    },
    Fault {
        name: "last ignored",
        core: CORE,
        unit: "activation_register",
        right: "last_q       <= activation_last_i;",
        wrong: "last_q       <= activation_last_i && activation_first_i;",
    },
    Fault {
        name: "sign taken from the wrong element",
        core: RUNTIME,
        unit: "weight_decoder",
        right: "assign negate_o = !word_i[2];",
        wrong: "assign negate_o = !word_i[1];",
    },
    Fault {
        name: "tables overwritten while they are read",
        core: CORE,
        unit: "control",
        right: "assign step_ready_d   = !step_full_d || (advance_next && plane_is_last_next);",
        wrong: "assign step_ready_d   = !step_full_d\n\
                || (advance_next && (plane_is_last_next || !plane_is_last));",
    },
    Fault {
        name: "tables loaded a cycle early",
        core: CORE,
        unit: "control",
        right: "assign step_load_o       = step_load;",
        wrong: "assign step_load_o       = step_valid_i && step_ready_d;",
    },
    Fault {
        name: "width of the weights not held",
        core: RUNTIME,
        unit: "control",
        right: "if (step_load && run_starts) begin\n      last_plane_d",
        wrong: "if (step_load) begin\n      last_plane_d",
    },
    Fault {
        name: "zero point checked against the widest weights",
        core: RUNTIME,
        unit: "control",
        right: "$signed(step_zero_point_i) >>> step_weight_bits_i",
        wrong: "$signed(step_zero_point_i) >>> 3",
    },
    Fault {
        name: "sum doubled a cycle late",
        core: OUTER,
        unit: "control",
        right: "accumulate_double_q <= clear_i ? '0 : (advance && step_first_q);",
        wrong: "late_q              <= advance && step_first_q;\n      accumulate_double_q <= late_q;",
    },
    Fault {
        name: "sum doubled while nothing is added",
        core: OUTER,
        unit: "control",
        right: "'0 : (advance && step_first_q);",
        wrong: "'0 : step_first_q;",
    },
    Fault {
        name: "activations summed in every pass",
        core: OUTER,
        unit: "control",
        right: "advance && pass_is_first_q;",
        wrong: "advance && (pass_is_first_q || !pass_is_first_q);",
    },
    Fault {
        name: "short pass not noticed",
        core: OUTER,
        unit: "control",
        right: "(step_count_d != pass_steps_q)",
        wrong: "(step_count_d > pass_steps_q)",
    },
    Fault {
        name: "beats of a port not started anew by clear",
        core: BUS,
        unit: "activation_bus",
        right: "if (clear_i) beat_d = '0;",
        wrong: "if (clear_i && is_last) beat_d = '0;",
    },
    Fault {
        name: "a port that waits a cycle",
        core: BUS,
        unit: "control",
        right: "assign weight_ready_d = !weight_full_d || advance_next;",
        wrong: "assign weight_ready_d = !weight_full_d || (advance_next && advance);",
    },
    Fault {
        name: "zero points of the wrong columns",
        core: GROUPS,
        unit: "zero_point_select",
        right: "{beat_i == 1'(b)}",
        wrong: "{beat_i != 1'(b)}",
    },
    Fault {
        name: "edge accumulator not cleared at the first group",
        core: GROUPS,
        unit: "group_accumulator",
        right: "& {Width{!first_i}};",
        wrong: "| {Width{first_i && !first_i}};",
    },
    Fault {
        name: "sum of the activations not restarted at a group",
        core: GROUPS,
        unit: "",
        right: "assign activation_chain = activation_sums >> SumBits;",
        wrong: "assign activation_chain = (activation_sums >> SumBits) | (activation_sums << SumBits);",
    },
    Fault {
        name: "weight register free before the last zero points are used",
        core: GROUPS,
        unit: "control",
        right: "assign weight_done = advance || zero_points_used_i;",
        wrong: "assign weight_done = advance || zero_points_taken_i || zero_points_used_i;",
    },
    Fault {
        name: "results of every group leave",
        core: GROUPS,
        unit: "result_drain",
        right: "assign kept  = last_q && ",
        wrong: "assign kept  = ",
    },
    Fault {
        name: "a mid-rise grid halved",
        core: GROUPS,
        unit: "dequantiser",
        right: "is_odd_q  <= zero_point[0];",
        wrong: "is_odd_q  <= 1'b1;",
    },
    Fault {
        name: "group not ended by the run",
        core: GROUPS,
        unit: "control",
        right: "assign group_is_done = step_last_q || (group_step_q == LastGroupStep);",
        wrong: "assign group_is_done = (group_step_q == LastGroupStep);",
    },
];

/// Runs the ordinary regression on `core` with `fault` in it.
pub(crate) fn regression_with(verilator: &Verilator, core: &str, fault: Option<&Fault>) -> Report {
    let spec = bitplane_spec::parse(core, "faulty").unwrap().spec;
    let bundle = bundle(&spec);
    let folder = tempfile::tempdir().unwrap();
    for file in &bundle.files {
        let text = match fault {
            Some(fault) if file.path == path(fault.unit) => planted(&file.text, fault),
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

fn path(unit: &str) -> String {
    if unit.is_empty() { "rtl/faulty.sv".to_owned() } else { format!("rtl/faulty_{unit}.sv") }
}

/// The text with the fault, which must change it in exactly one place.
fn planted(text: &str, fault: &Fault) -> String {
    assert_eq!(text.matches(fault.right).count(), 1, "{}: the text has moved on", fault.name);
    let text = text.replace(fault.right, fault.wrong);
    // A register that the fault adds.
    match ["load_q", "late_q"]
        .iter()
        .find(|name| !fault.right.contains(**name) && fault.wrong.contains(*name))
    {
        Some(name) => text.replacen("\n  logic ", &format!("\n  logic {name};\n  logic "), 1),
        None => text,
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn the_generated_cores_pass_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    for core in
        [CORE, RUNTIME, OUTER, BUS, GROUPS, ADD, CONVENTIONAL, FLOAT, TERNARY, TERNARY_BYTES, FUSED]
    {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{:?}", report.failure);
    }
}

/// Fails if the ordinary regression passes a core with one of `faults`.
pub(crate) fn assert_caught(faults: &[Fault]) {
    let Some(verilator) = verilator() else { return };
    let missed: Vec<&str> = faults
        .iter()
        .filter(|fault| regression_with(&verilator, fault.core, Some(fault)).passed())
        .map(|fault| fault.name)
        .collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn every_planted_fault_is_caught() {
    assert_caught(FAULTS);
}
