//! Arrays that round every product and every sum.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

const DISCRETE: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp8_e5m2"
[weight]
format = "fp16"
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

const DISCRETE_INTEGERS: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp16"
[weight]
format = "int4"
[tile]
m = 2
n = 2
k = 1
[accumulate]
mode = "float"
max_k = 200
"#;

const FAULTS: &[Fault] = &[
    Fault {
        name: "a subnormal number as if it led with a one",
        core: DISCRETE,
        unit: "activation_decoder",
        right: "left  = {!is_subnormal, fraction,",
        wrong: "left  = {!is_subnormal || (fraction != '0), fraction,",
    },
    Fault {
        name: "the exponent of a subnormal number that of zero",
        core: DISCRETE,
        unit: "activation_decoder",
        right: "FieldBits'(is_subnormal)",
        wrong: "FieldBits'(is_subnormal && (fraction == '0))",
    },
    Fault {
        name: "negative integers inverted",
        core: DISCRETE_INTEGERS,
        unit: "weight_decoder",
        right: "code_i[4-1] ? -code_i",
        wrong: "code_i[4-1] ? ~code_i",
    },
    Fault {
        name: "products cut off where they are below the normal numbers",
        core: DISCRETE,
        unit: "float_multiplier",
        right: "lost  = lost || ((moved &",
        wrong: "lost  = is_below || ((moved &",
    },
    Fault {
        name: "ties of products rounded up",
        core: DISCRETE,
        unit: "float_multiplier",
        right: "(moved[0] || lost || moved[2])",
        wrong: "(moved[0] || lost || moved[2] || !lost)",
    },
    Fault {
        name: "a carry of rounding that leaves the exponent",
        core: DISCRETE,
        unit: "float_multiplier",
        right: "SumBits'(rounded[FractionBits+1])",
        wrong: "SumBits'(rounded[FractionBits+1] && is_below)",
    },
    Fault {
        name: "a product too large taken for a number",
        core: DISCRETE,
        unit: "float_multiplier",
        right: "{ExponentBits{(biased[SumBits-1:ExponentBits] != '0) || is_nan}}",
        wrong: "{ExponentBits{(biased[SumBits-1:ExponentBits] == '1) || is_nan}}",
    },
    Fault {
        name: "what is lost of the smaller number forgotten",
        core: DISCRETE,
        unit: "float_adder",
        right: "WindowBits'(lost)",
        wrong: "WindowBits'(lost && !subtracts)",
    },
    Fault {
        name: "a difference of the wrong sign",
        core: DISCRETE,
        unit: "float_adder",
        right: "assign is_less  = is_level && (augend < addend);",
        wrong: "assign is_less  = is_level && (augend < addend) && !subtracts;",
    },
    Fault {
        name: "a difference moved beyond the least exponent",
        core: DISCRETE,
        unit: "float_adder",
        right: "{difference | mark,",
        wrong: "{difference | (mark & {DifferenceBits{!subtracts}}),",
    },
    Fault {
        name: "ties of sums rounded up",
        core: DISCRETE,
        unit: "float_adder",
        right: "(kept[1] || kept[0] || kept[3])",
        wrong: "(kept[1] || kept[0] || kept[3] || !kept[1])",
    },
    Fault {
        name: "the sum of cancelling numbers with an exponent",
        core: DISCRETE,
        unit: "float_adder",
        right: "assign from_exponent = cancels ? ExponentBits'(1) : exponent;",
        wrong: "assign from_exponent = (cancels && (exponent == '0)) ? ExponentBits'(1) : exponent;",
    },
    Fault {
        name: "infinities of both signs infinite",
        core: DISCRETE,
        unit: "float_adder",
        right: "(augend_is_special && addend_is_special && subtracts)",
        wrong: "(augend_is_special && addend_is_special && subtracts && is_less)",
    },
    Fault {
        name: "the sign of a sum that cancels",
        core: DISCRETE,
        unit: "float_adder",
        right: ": (augend_is_negative && !cancels)",
        wrong: ": (augend_is_negative || cancels)",
    },
    Fault {
        name: "what comes late added to the sum",
        core: DISCRETE,
        unit: "discrete_lane",
        right: "total_d = enable_i ? total : total_q;",
        wrong: "total_d = (enable_i || shift_i) ? total : total;",
    },
    Fault {
        name: "a NaN that hangs on to the accumulator",
        core: DISCRETE,
        unit: "discrete_lane",
        right: "is_special ? {is_nan,",
        wrong: "is_special ? {total_q[NumberBits-1] || total_q[0],",
    },
];

#[test]
fn discrete_cores_pass_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    for core in [DISCRETE, DISCRETE_INTEGERS] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}

#[test]
fn faults_of_discrete_lanes_are_caught() {
    assert_caught(FAULTS);
}
