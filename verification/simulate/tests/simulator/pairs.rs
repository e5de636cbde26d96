//! Arrays whose runs choose between weights and pairs of half of their bits.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

/// Products that are rounded, and a tree.
const PAIRS: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp8_e5m2"
[weight]
format = "int8"
runtime_bits = true
[tile]
m = 2
n = 2
k = 2
drain = 1
[accumulate]
mode = "float"
max_k = 200
result = "fp16"
"#;

/// Products that lose nothing, behind registers of operands, and sums whose rounding is put off.
const PAIRS_DEFERRED: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp16"
[weight]
format = "int8"
runtime_bits = true
[tile]
m = 2
n = 2
k = 1
drain = 1
[accumulate]
mode = "float"
max_k = 200
"#;

/// Products that are rounded for both weights of a pair.
const PAIRS_ROUNDED: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp16"
[weight]
format = "int8"
runtime_bits = true
[tile]
m = 2
n = 2
k = 1
[accumulate]
mode = "float"
max_k = 200
result = "fp16"
"#;

const FAULTS: &[Fault] = &[
    Fault {
        name: "the second weight of a pair as a part of the first",
        core: PAIRS,
        unit: "weight_decoder",
        right: "& {HalfBits{!pairs_i}};",
        wrong: "& {HalfBits{!(pairs_i && code_i[0])}};",
    },
    Fault {
        name: "a part of a whole weight as the second of a pair",
        core: PAIRS,
        unit: "weight_decoder",
        right: "& {HalfBits{pairs_i}};",
        wrong: "& {HalfBits{pairs_i || code_i[0]}};",
    },
    Fault {
        name: "the first weight of a pair with the exponent of a whole one",
        core: PAIRS,
        unit: "weight_decoder",
        right: "- (pairs_i ?",
        wrong: "- ((pairs_i && code_i[0]) ?",
    },
    Fault {
        name: "whole weights with the exponent of the first of a pair",
        core: PAIRS_DEFERRED,
        unit: "weight_decoder",
        right: "- (pairs_i ?",
        wrong: "- ((pairs_i || code_i[0]) ?",
    },
    Fault {
        name: "the significand of the second weight left out",
        core: PAIRS,
        unit: "weight_decoder",
        right: "SignificandBits'(second[SecondBits-1:0])",
        wrong: "SignificandBits'(second[SecondBits-1:0] & {SecondBits{!pairs_i}})",
    },
    Fault {
        name: "the parts of two weights added up",
        core: PAIRS,
        unit: "pair_multiplier",
        right: "{!pairs_i}",
        wrong: "{!(pairs_i && weight_i[0])}",
    },
    Fault {
        name: "the lower part of a whole weight left out",
        core: PAIRS_DEFERRED,
        unit: "pair_multiplier",
        right: "{!pairs_i}",
        wrong: "{!pairs_i && !weight_i[0]}",
    },
    Fault {
        name: "the product of the second weight with the sign of both factors",
        core: PAIRS,
        unit: "second_product",
        right: "] ^ weight_i[",
        wrong: "] && weight_i[",
    },
    Fault {
        name: "zero times infinity infinite in the second product",
        core: PAIRS_DEFERRED,
        unit: "second_product",
        right: "|| (activation_i[",
        wrong: "|| (is_negative_d && activation_i[",
    },
    Fault {
        name: "ties of second products rounded up",
        core: PAIRS_ROUNDED,
        unit: "second_product",
        right: "(moved[0] || lost || moved[2])",
        wrong: "(moved[0] || lost || moved[2] || !lost)",
    },
    Fault {
        name: "ties of first products rounded up",
        core: PAIRS_ROUNDED,
        unit: "first_product",
        right: "(moved[0] || lost || moved[2])",
        wrong: "(moved[0] || lost || moved[2] || !lost)",
    },
    Fault {
        name: "second sums in runs of whole weights",
        core: PAIRS,
        unit: "control",
        right: "&& late_pairs_q;",
        wrong: "&& (late_pairs_q || !error_q);",
    },
    Fault {
        name: "second sums in runs of whole weights whose rounding is put off",
        core: PAIRS_DEFERRED,
        unit: "control",
        right: "&& late_pairs_q;",
        wrong: "&& (late_pairs_q || !error_q);",
    },
    Fault {
        name: "the weights of the run before multiplied",
        core: PAIRS_DEFERRED,
        unit: "control",
        right: "if (advance) late_pairs_q",
        wrong: "if (advance && step_last_q) late_pairs_q",
    },
    Fault {
        name: "a width that no run has",
        core: PAIRS,
        unit: "control",
        right: "&& (step_weight_bits_i != 4'd8)",
        wrong: "&& (step_weight_bits_i != 4'd8) && (step_weight_bits_i != 4'd6)",
    },
    Fault {
        name: "a second product of another k-step added",
        core: PAIRS_DEFERRED,
        unit: "pair_lane",
        right: "second <= enable_i[1] ?",
        wrong: "second <= (enable_i[1] || enable_i[0]) ?",
    },
    Fault {
        name: "a bit of the first sum in the second's way out",
        core: PAIRS,
        unit: "pair_lane",
        right: "(chain_i[2*WordBits-1:WordBits])",
        wrong: "(chain_i[2*WordBits-1:WordBits] | WordBits'(chain_i[0]))",
    },
    Fault {
        name: "what comes late added to the sum of one of two weights",
        core: PAIRS,
        unit: "rounded_sum",
        right: "total_d = enable_i ? total : total_q;",
        wrong: "total_d = (enable_i || shift_i) ? total : total;",
    },
];

#[test]
fn cores_of_pairs_pass_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    for core in [PAIRS, PAIRS_DEFERRED, PAIRS_ROUNDED] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}

#[test]
fn faults_of_lanes_that_halve_weights_are_caught() {
    assert_caught(FAULTS);
}
