//! Cores with tables whose entries are rounded to 8 bits.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

/// Sums of 10 bits, whose lowest two are dropped: a quarter of them lies half-way between two entries.
const INTEGERS: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int8"
[weight]
format = "int2"
[tile]
m = 2
n = 2
k = 4
groups = 2
[table]
entry = "int8"
[accumulate]
max_k = 256
[group]
zero_point = "constant"
"#;

/// Sums that count in units of an entry up to the rounding of results.
const ALIGNED: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp8_e4m3"
[weight]
format = "int3"
[tile]
m = 1
n = 2
k = 4
[table]
entry = "int8"
[accumulate]
max_k = 64
"#;

/// Entries of one element and of several.
const TERNARY: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int8"
[weight]
format = "ternary"
[tile]
m = 1
n = 4
k = 3
[table]
entry = "int8"
[accumulate]
max_k = 64
"#;

/// Scales take the unit of the sums in.
const SCALED: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp16"
[weight]
format = "int2"
[tile]
m = 1
n = 2
k = 4
groups = 2
[table]
entry = "int8"
[accumulate]
max_k = 64
align_block = "group"
[group]
size = 16
scale = "e8m0"
scale_units = 2
"#;

const FAULTS: &[Fault] = &[
    Fault {
        name: "an entry that is cut off",
        core: ALIGNED,
        unit: "table_rounder",
        right: "below + EntryBits'(round_up)",
        wrong: "below + EntryBits'(round_up && is_least)",
    },
    Fault {
        name: "a sum half-way always rounded up",
        core: INTEGERS,
        unit: "table_rounder",
        right: "|| below[0])",
        wrong: "|| !(&below))",
    },
    Fault {
        name: "what is left below half-way not looked at",
        core: INTEGERS,
        unit: "table_rounder",
        right: "((|sum[DroppedBits-2:0]) || below[0])",
        wrong: "((&sum[DroppedBits-1:0] && is_least) || below[0])",
    },
    Fault {
        name: "the largest entry rounded up to the least",
        core: INTEGERS,
        unit: "table_rounder",
        right: "&& !is_largest)",
        wrong: "&& !(is_largest && is_least))",
    },
    Fault {
        name: "the least entry kept, which has no negation",
        core: INTEGERS,
        unit: "table_rounder",
        right: "is_least || (sum",
        wrong: "(is_least && is_largest) || (sum",
    },
    Fault {
        name: "an entry of ternary weights rounded down",
        core: TERNARY,
        unit: "table_rounder",
        right: "sum[DroppedBits-1] && (",
        wrong: "sum[DroppedBits-1] && is_largest && (",
    },
    Fault {
        name: "a sum of activations that misses its last",
        core: INTEGERS,
        unit: "step_sum",
        right: "i < 8",
        wrong: "i < 7",
    },
    Fault {
        name: "a sum of activations that does not wait for its planes",
        core: INTEGERS,
        unit: "step_sum",
        right: "if (load_i) sum_q",
        wrong: "if (load_i || !load_i) sum_q",
    },
    Fault {
        name: "a sum of activations of the other row",
        core: INTEGERS,
        unit: "",
        right: ".activations_i (step_data[r*64 +: 64])",
        wrong: ".activations_i (step_data[(1-r)*64 +: 64])",
    },
    Fault {
        name: "a sum that misses the bits that its accumulator does not hold",
        core: INTEGERS,
        unit: "",
        right: "{lane_sums[c*LaneWidth +: LaneWidth], {(Width-LaneWidth){1'b0}}}",
        wrong: "{ {(Width-LaneWidth){lane_sums[(c+1)*LaneWidth-1]}}, lane_sums[c*LaneWidth +: LaneWidth]}",
    },
    Fault {
        name: "the tables of the other group",
        core: INTEGERS,
        unit: "",
        right: ".entries_o (built[g*TableBits +: TableBits])",
        wrong: ".entries_o (built[(1-g)*TableBits +: TableBits])",
    },
];

#[test]
fn cores_with_rounded_entries_pass_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    for core in [INTEGERS, ALIGNED, TERNARY, SCALED] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}

#[test]
fn faults_of_rounded_entries_are_caught() {
    assert_caught(FAULTS);
}
