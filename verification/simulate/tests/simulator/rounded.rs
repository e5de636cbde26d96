//! Cores with tables that round every sum.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

/// Sums that overflow and that are subnormal, in a tree of four.
const ROUNDED: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp16"
[weight]
format = "int3"
[tile]
m = 1
n = 1
k = 2
groups = 4
[accumulate]
mode = "float"
max_k = 200
result = "fp16"
"#;

/// Tables that are made in two steps.
const ROUNDED_TABLES: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp16"
[weight]
format = "int3"
[tile]
m = 1
n = 1
k = 4
[accumulate]
mode = "float"
max_k = 200
result = "fp16"
"#;

/// Sums that do neither, and an element that is no part of an early sum.
const ROUNDED_WIDE: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp8_e5m2"
[weight]
format = "int4"
[tile]
m = 1
n = 2
k = 3
drain = 1
[accumulate]
mode = "float"
max_k = 200
result = "fp32"
"#;

/// Numbers with so few exponents that a zero has to have its own.
const ROUNDED_NARROW: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp8_e4m3"
[weight]
format = "int3"
[tile]
m = 1
n = 2
k = 2
drain = 1
[accumulate]
mode = "float"
max_k = 200
result = "fp16"
"#;

/// Entries that leave elements out, and a number that selects none.
const ROUNDED_TERNARY: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp8_e4m3"
[weight]
format = "ternary"
[tile]
m = 1
n = 4
k = 3
[table]
select = "binary"
[accumulate]
mode = "float"
max_k = 200
result = "fp16"
"#;

const FAULTS: &[Fault] = &[
    Fault {
        name: "a subnormal activation with the exponent field of its code",
        core: ROUNDED,
        unit: "number_decoder",
        right: "ExponentBits'(is_subnormal)",
        wrong: "ExponentBits'(is_zero)",
    },
    Fault {
        name: "an activation of zero with an exponent",
        core: ROUNDED,
        unit: "number_decoder",
        right: "(is_zero ? 6'd22",
        wrong: "((is_zero && is_nan) ? 6'd22",
    },
    Fault {
        name: "an activation that is NaN taken for an infinity",
        core: ROUNDED,
        unit: "number_decoder",
        right: "is_special && (fraction != '0)",
        wrong: "is_special && (&fraction)",
    },
    Fault {
        name: "an early difference that is a sum",
        core: ROUNDED_TABLES,
        unit: "part_tables",
        right: "(a2 ^ Negative)",
        wrong: "(a2)",
    },
    Fault {
        name: "an element of an early sum taken for its neighbour",
        core: ROUNDED_WIDE,
        unit: "part_tables",
        right: ".augend_i (a2),\n    .addend_i (a1),",
        wrong: ".augend_i (a1),\n    .addend_i (a1),",
    },
    Fault {
        name: "a stored zero with a leading one",
        core: ROUNDED_TABLES,
        unit: "table_precompute",
        right: "activations_i[54+FractionBits +: ExponentBits] != '0",
        wrong: "!(&activations_i[54+FractionBits +: ExponentBits])",
    },
    Fault {
        name: "an entry of another sum of the lower part",
        core: ROUNDED_TABLES,
        unit: "table_precompute",
        right: "(sum_pp_from2),\n    .addend_i (sum_pm_from0),",
        wrong: "(sum_pp_from2),\n    .addend_i (sum_pp_from0),",
    },
    Fault {
        name: "an entry that leaves an element out stored as its neighbour",
        core: ROUNDED_TERNARY,
        unit: "table_precompute",
        right: "a1[FractionBits-1:0]},",
        wrong: "a0[FractionBits-1:0]},",
    },
    Fault {
        name: "the look-up of one group never negated",
        core: ROUNDED,
        unit: "rounded_select_lane",
        right: "^ negate_i[g]",
        wrong: "^ (negate_i[g] && (g == 0))",
    },
    Fault {
        name: "an entry of zero counted by its plane",
        core: ROUNDED_NARROW,
        unit: "rounded_select_lane",
        right: "{2{is_number}}",
        wrong: "{2{is_number || !negate_i[g]}}",
    },
    Fault {
        name: "an entry that its plane takes beyond the largest number back at the least",
        core: ROUNDED,
        unit: "rounded_select_lane",
        right: "{ExponentBits{counted[ExponentBits]}}",
        wrong: "{ExponentBits{counted[ExponentBits] && !is_number}}",
    },
    Fault {
        name: "an infinity counted by its plane",
        core: ROUNDED_WIDE,
        unit: "rounded_select_lane",
        right: "is_number && !is_special",
        wrong: "is_number || is_special",
    },
    Fault {
        name: "a look-up that its neighbour hides",
        core: ROUNDED,
        unit: "rounded_select_lane",
        right: ".addend_i (nodes[2*i*NumberBits +: NumberBits])",
        wrong: ".addend_i (nodes[2*i*NumberBits +: NumberBits]\n                 & nodes[(2*i-1)*NumberBits +: NumberBits])",
    },
    Fault {
        name: "a sum that begins with that of the run before",
        core: ROUNDED,
        unit: "rounded_select_lane",
        right: "if (shift_i) total_d = chain_i;",
        wrong: "if (shift_i && enable_i) total_d = chain_i;",
    },
    Fault {
        name: "what comes where nothing is to be added",
        core: ROUNDED_WIDE,
        unit: "rounded_select_lane",
        right: "enable_i ? (total ^ ZeroNumber) : total_q",
        wrong: "(enable_i || !shift_i) ? (total ^ ZeroNumber) : total_q",
    },
    Fault {
        name: "a sum of zero with an exponent",
        core: ROUNDED,
        unit: "float_adder",
        right: "is_zero ? ExponentBits'(22) : (exponent",
        wrong: "(is_zero && swaps) ? ExponentBits'(22) : (exponent",
    },
    Fault {
        name: "a subnormal result one place too high",
        core: ROUNDED,
        unit: "number_encoder",
        right: "LeastNormal - exponent;",
        wrong: "LeastNormal - exponent - 6'd1;",
    },
    Fault {
        name: "the least normal result taken for a subnormal one",
        core: ROUNDED,
        unit: "number_encoder",
        right: "(exponent < LeastNormal)",
        wrong: "(exponent <= LeastNormal)",
    },
    Fault {
        name: "a NaN with the sign of its sum",
        core: ROUNDED,
        unit: "number_encoder",
        right: "number_i[SignPlace] && !is_nan",
        wrong: "number_i[SignPlace]",
    },
    Fault {
        name: "a result of zero with an exponent",
        core: ROUNDED_WIDE,
        unit: "number_encoder",
        right: "{FieldBits{significand[FractionBits]}}",
        wrong: "{FieldBits{significand[FractionBits] || !is_special}}",
    },
];

#[test]
fn rounded_cores_pass_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    for core in [ROUNDED, ROUNDED_TABLES, ROUNDED_WIDE, ROUNDED_NARROW, ROUNDED_TERNARY] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}

#[test]
fn faults_of_rounded_look_ups_are_caught() {
    assert_caught(FAULTS);
}
