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

/// Short sums whose rounding is put off, of products that are often next to each other.
const DISCRETE_DEFERRED: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp6_e3m2"
[weight]
format = "fp6_e2m3"
[tile]
m = 2
n = 2
k = 1
drain = 1
[accumulate]
mode = "float"
max_k = 200
result = "bf16"
"#;

/// The same with a tree, infinities and long sums.
const DISCRETE_DEFERRED_TREE: &str = r#"
kind = "fp_mac_array"
[activation]
format = "fp8_e5m2"
[weight]
format = "fp8_e5m2"
[tile]
m = 2
n = 1
k = 4
drain = 1
[accumulate]
mode = "float"
max_k = 200
result = "fp32"
"#;

const DEFERRED_FAULTS: &[Fault] = &[
    Fault {
        name: "a sum that is to be rounded up left as it is",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "{FractionBits{augend_i[UpPlace]}}",
        wrong: "{FractionBits{augend_i[UpPlace] && !subtracts}}",
    },
    Fault {
        name: "a sum that is rounded up to two taken for one",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "assign is_two = augend_i[UpPlace] &&",
        wrong: "assign is_two = augend_i[UpPlace] && subtracts &&",
    },
    Fault {
        name: "equal exponents compared without what is to be rounded up",
        core: DISCRETE_DEFERRED_TREE,
        unit: "deferred_adder",
        right: "(equals[FractionBits] && augend_i[UpPlace])",
        wrong: "(equals[FractionBits] && augend_i[UpPlace] && is_nan)",
    },
    Fault {
        name: "a difference of the wrong sign where exponents are equal",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "&& (exceeds[FractionBits] ||",
        wrong: "&& ((exceeds[FractionBits] && !subtracts) ||",
    },
    Fault {
        name: "what is lost of the addend not borrowed",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "subtracts && !lost",
        wrong: "subtracts && !(lost && !is_above)",
    },
    Fault {
        name: "what is lost of the sum so far not borrowed",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "subtracts && !lost",
        wrong: "subtracts && !(lost && is_above)",
    },
    Fault {
        name: "what is lost forgotten where sums are rounded",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "{propagates ^ carry, lost}",
        wrong: "{propagates ^ carry, lost && subtracts}",
    },
    Fault {
        name: "a distance one too short for anything to be lost",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "'(i + 1));",
        wrong: "'(i + 2));",
    },
    Fault {
        name: "differences taken to lead where the next digit borrows",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "(differs & ~borrows_below)",
        wrong: "(differs & ~(borrows_below & {PlacesBits{is_above}}))",
    },
    Fault {
        name: "differences that lead a place below with the exponent above",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "? (exponent - ExponentBits'(count))",
        wrong: "? ((is_above ? exponent : exponent_above) - ExponentBits'(count))",
    },
    Fault {
        name: "ties of sums with a carry rounded up",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "((sum[2:0] != '0) || sum[4])",
        wrong: "((sum[2:0] != '0) || sum[4] || sum[3])",
    },
    Fault {
        name: "ties of sums without a carry rounded up",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "((sum[1:0] != '0) || sum[3])",
        wrong: "((sum[1:0] != '0) || sum[3] || sum[2])",
    },
    Fault {
        name: "differences that lead a place below not rounded",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "|| (below &&",
        wrong: "|| (below && is_nan &&",
    },
    Fault {
        name: "numbers that cancel give -0",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "!(is_zero && subtracts)",
        wrong: "!(is_zero && subtracts && is_nan)",
    },
    Fault {
        name: "numbers that cancel with an exponent",
        core: DISCRETE_DEFERRED,
        unit: "deferred_adder",
        right: "{ExponentBits{!is_zero}}",
        wrong: "{ExponentBits{!(is_zero && is_nan)}}",
    },
    Fault {
        name: "infinities rounded up",
        core: DISCRETE_DEFERRED_TREE,
        unit: "deferred_adder",
        right: "{up && !is_special,",
        wrong: "{up && !(is_special && is_nan),",
    },
    Fault {
        name: "infinities of both signs infinite where rounding is put off",
        core: DISCRETE_DEFERRED_TREE,
        unit: "deferred_adder",
        right: "(augend_is_special && addend_is_special && subtracts)",
        wrong: "(augend_is_special && addend_is_special && subtracts && is_above)",
    },
    Fault {
        name: "sums of a tree left without their rounding",
        core: DISCRETE_DEFERRED_TREE,
        unit: "sum_rounder",
        right: "RoundedBits'(sum_i[NumberBits])",
        wrong: "RoundedBits'(sum_i[NumberBits] && sum_i[0])",
    },
    Fault {
        name: "results left without their rounding",
        core: DISCRETE_DEFERRED,
        unit: "sum_encoder",
        right: "RoundedBits'(sum_i[SignPlace+2])",
        wrong: "RoundedBits'(sum_i[SignPlace+2] && sum_i[0])",
    },
    Fault {
        name: "results of zero with an exponent",
        core: DISCRETE_DEFERRED,
        unit: "sum_encoder",
        right: "{FieldBits{sum_i[FractionBits]}}",
        wrong: "{FieldBits{sum_i[FractionBits] || !is_special}}",
    },
    Fault {
        name: "a product of another k-step added",
        core: DISCRETE_DEFERRED,
        unit: "discrete_lane",
        right: "product <= enable_i ? product_d : '0;",
        wrong: "product <= (enable_i || shift_i) ? product_d : product_d;",
    },
    Fault {
        name: "a sum of another k-step added",
        core: DISCRETE_DEFERRED_TREE,
        unit: "discrete_lane",
        right: "sum_q <= enable_i ? rounded : '0;",
        wrong: "sum_q <= (enable_i || shift_i) ? rounded : rounded;",
    },
];

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
        name: "infinity times an integer of zero infinite",
        core: DISCRETE_INTEGERS,
        unit: "float_multiplier",
        right: "|| (activation_i[",
        wrong: "|| (is_negative_d && activation_i[",
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
    for core in [DISCRETE, DISCRETE_INTEGERS, DISCRETE_DEFERRED, DISCRETE_DEFERRED_TREE] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}

#[test]
fn faults_of_discrete_lanes_are_caught() {
    assert_caught(FAULTS);
}

#[test]
fn faults_of_lanes_that_put_rounding_off_are_caught() {
    assert_caught(DEFERRED_FAULTS);
}
