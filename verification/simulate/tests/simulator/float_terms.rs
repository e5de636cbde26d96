//! Tiles whose lanes round the sum of every cycle: faults in them that are caught, and the faults of the RTL
//! that was published with BitMoD, each as a test that such a tile passes.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};
use crate::terms::output_of;
use bitplane_formats::DataType;

/// Data types of two and three cycles, all registers, a group that stands still while it drains.
const MIXED: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                     weight.format = ['bitmod_fp4', 'bitmod_fp3', 'int6']\n\
                     tile = { m = 2, n = 4, k = 4 }\n\
                     accumulate = { max_k = 200, mode = 'float', result = 'fp16' }\n\
                     group = { scale = 'int8', size = 24, scale_units = 2 }\n";

/// Sums that hold every bit of a cycle, FP16 scales, drained while the array goes on, no registers.
const SHADOW: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp8_e5m2'\n\
                      weight.format = ['int5', 'nf4', 'bitmod_fp3']\n\
                      tile = { m = 2, n = 2, k = 6 }\n\
                      accumulate = { max_k = 100, mode = 'float' }\npipeline.stages = 0\n\
                      group = { scale = 'fp16', size = 18, scale_units = 1, drain = 'shadow' }\n";

/// Shifts of terms that are larger than what a product has behind its significand.
const REACH: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp8_e4m3'\n\
                     weight.format = ['fp6_e3m2', 'bitmod_fp4']\nterm.reach = 7\n\
                     tile = { m = 1, n = 2, k = 4 }\n\
                     accumulate = { max_k = 100, mode = 'float', result = 'fp16' }\n\
                     group = { scale = 'e8m0', size = 20, scale_units = 2 }\n";

const FAULTS: &[Fault] = &[
    Fault {
        name: "a subnormal number leads with a one",
        core: MIXED,
        unit: "float_operands",
        right: "{!is_subnormal, fraction}",
        wrong: "{!is_subnormal || (fraction != '0), fraction}",
    },
    Fault {
        name: "a subnormal number has the exponent of zero",
        core: MIXED,
        unit: "float_operands",
        right: "FieldBits'(is_subnormal)",
        wrong: "FieldBits'(is_subnormal && 1'b0)",
    },
    Fault {
        name: "a zero moves the other products down",
        core: REACH,
        unit: "float_operands",
        right: "& {ExponentBits{!is_zero}}",
        wrong: "& {ExponentBits{!is_zero || 1'b1}}",
    },
    Fault {
        name: "an infinity is told a cycle late",
        core: MIXED,
        unit: "float_operands",
        right: "assign sum_is_nan_o    = is_nan_q[1];",
        wrong: "assign sum_is_nan_o    = is_nan_q[2];",
    },
    Fault {
        name: "products move to the least exponent",
        core: MIXED,
        unit: "float_term_lane",
        right: "(left > right) ? left : right",
        wrong: "(left > right) ? right : left",
    },
    Fault {
        name: "an activation without a term counts",
        core: SHADOW,
        unit: "float_term_lane",
        right: "{!has_term[e] || ",
        wrong: "{(!has_term[e] && 1'b0) || ",
    },
    Fault {
        name: "a product far below the largest stays",
        core: MIXED,
        unit: "float_term_lane",
        right: "(below[TermExponentBits-1:DistanceBits] != '0)",
        wrong: "((below[TermExponentBits-1:DistanceBits] != '0) && 1'b0)",
    },
    Fault {
        name: "the third bit behind a significand is lost",
        core: MIXED,
        unit: "float_term_lane",
        right: "= moved ^ {WindowBits{is_negative[e]}};",
        wrong: "= (moved & ~WindowBits'(1)) ^ {WindowBits{is_negative[e]}};",
    },
    Fault {
        name: "what is cut off is rounded up",
        core: SHADOW,
        unit: "float_term_lane",
        right: "if (distance[b]) moved = moved >> (1 << b);",
        wrong: "if (distance[b]) moved = (moved >> (1 << b)) | WindowBits'(moved[0]);",
    },
    Fault {
        name: "a negative product lacks its carry",
        core: SHADOW,
        unit: "float_term_lane",
        right: "+ SumBits'(is_negative[e])",
        wrong: "+ SumBits'(is_negative[e] && (e != 2))",
    },
    Fault {
        name: "the significance rises by one bit a cycle",
        core: MIXED,
        unit: "float_term_lane",
        right: "BaseBits'({cycle_i, 1'd0})",
        wrong: "BaseBits'({1'd0, cycle_i})",
    },
    Fault {
        name: "ties of a cycle are rounded up",
        core: MIXED,
        unit: "float_term_lane",
        right: "|| normal[MagnitudeBits-KeptBits]);",
        wrong: "|| normal[MagnitudeBits-KeptBits] || 1'b1);",
    },
    Fault {
        name: "a carry of rounding leaves the exponent",
        core: MIXED,
        unit: "float_term_lane",
        right: "kept_exponent_d = rounded_exponent;",
        wrong: "kept_exponent_d = normal_exponent | (rounded_exponent & '0);",
    },
    Fault {
        name: "a sum of nothing has an exponent",
        core: MIXED,
        unit: "float_term_lane",
        right: "if (is_zero) kept_exponent_d",
        wrong: "if (is_zero && 1'b0) kept_exponent_d",
    },
    Fault {
        name: "an infinity makes no NaN",
        core: SHADOW,
        unit: "float_term_lane",
        right: "if (sum_is_nan_i) kept_exponent_d",
        wrong: "if (sum_is_nan_i && 1'b0) kept_exponent_d",
    },
    Fault {
        name: "cycles that wait are added",
        core: MIXED,
        unit: "float_term_lane",
        right: "total_d = enable_i ? total : total_q;",
        wrong: "total_d = (enable_i || 1'b1) ? total : total_q;",
    },
    Fault {
        name: "a product smaller than the sum is not moved down, as in the published accumulator",
        core: MIXED,
        unit: "float_adder",
        right: "if (distance[b]) moved",
        wrong: "if (distance[b] && swaps) moved",
    },
    Fault {
        name: "numbers that cancel keep their exponent",
        core: MIXED,
        unit: "float_adder",
        right: "assign is_zero       = cancels || ",
        wrong: "assign is_zero       = (cancels && 1'b0) || ",
    },
    Fault {
        name: "the sum of two zeros is below the least exponent",
        core: SHADOW,
        unit: "float_adder",
        right: "|| (exponent == ExponentBits'(1));",
        wrong: "|| ((exponent == ExponentBits'(1)) && 1'b0);",
    },
    Fault {
        name: "a group without a sum has one",
        core: MIXED,
        unit: "group_scaler",
        right: "{field != '0, value_i",
        wrong: "{(field != '0) || 1'b1, value_i",
    },
    Fault {
        name: "a sum that is no number is scaled as one",
        core: SHADOW,
        unit: "group_scaler",
        right: "(&value_exponent_q)",
        wrong: "((&value_exponent_q) && 1'b0)",
    },
    Fault {
        name: "the exponent of a sum goes with the next one",
        core: MIXED,
        unit: "group_scaler",
        right: "      value_exponent_q  <= field;",
        wrong: "      value_exponent_q  <= field | ValueExponentBits'(magnitude_q[0]);",
    },
];

#[test]
fn tiles_that_round_every_cycle_give_the_golden_results() {
    let Some(verilator) = verilator() else { return };
    for core in [MIXED, SHADOW, REACH] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{:?}", report.failure);
    }
}

#[test]
fn every_fault_planted_in_a_tile_that_rounds_is_caught() {
    assert_caught(FAULTS);
}

/// One row and column, groups of eight FP4, FP3 or INT8 weights, FP16 scales, FP32 results.
const SINGLE: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                      weight.format = ['bitmod_fp4', 'bitmod_fp3', 'int8']\n\
                      tile = { m = 1, n = 1, k = 4 }\n\
                      accumulate = { max_k = 64, mode = 'float' }\n\
                      group = { scale = 'fp16', size = 8 }\n";

#[test]
fn a_small_product_is_added_to_a_large_sum_of_its_group_at_its_own_size() {
    // The published accumulator leaves the product as large as the sum: 200 instead of about 100.
    let activations = [100.0, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.125];
    let Some(sum) = output_of(SINGLE, &[(2, 0, 1.0)], &activations, &[1; 8]) else { return };
    assert_eq!(sum, 100.375);
    let half = SINGLE.replace("mode = 'float'", "mode = 'float', result = 'fp16'");
    let Some(sum) = output_of(&half, &[(2, 0, 1.0)], &activations, &[1; 8]) else { return };
    assert_eq!(sum, 100.375);
}

#[test]
fn a_large_product_is_added_to_a_small_sum_of_its_group() {
    let activations = [0.25, 0.0, 0.0, 0.125, 100.0, 0.0, 0.0, 0.0];
    let Some(sum) = output_of(SINGLE, &[(2, 0, 1.0)], &activations, &[1; 8]) else { return };
    assert_eq!(sum, 100.375);
}

#[test]
fn a_group_that_is_rounded_starts_from_nothing_and_is_scaled_once() {
    // The published dequantiser is never cleared, so that every group counts again in the next.
    let groups = [(2, 0, 1.0), (2, 0, 2.0), (2, 0, 4.0)];
    let mut codes = [0; 24];
    (codes[0], codes[13], codes[23]) = (1, 3, 5);
    let Some(sum) = output_of(SINGLE, &groups, &[1.0; 24], &codes) else { return };
    assert_eq!(sum, 1.0 + 2.0 * 3.0 + 4.0 * 5.0);
}

#[test]
fn every_code_of_fp4_and_fp3_has_its_value_in_a_tile_that_rounds() {
    // The published decoder takes most FP4 codes for zero, knows one special value, and no FP3.
    for (number, data_type) in [DataType::BITMOD_FP4, DataType::BITMOD_FP3].into_iter().enumerate()
    {
        for special in data_type.special_values() {
            for code in 0..data_type.codes() {
                let codes = [code, 0, 0, 0, 0, 0, 0, 0];
                let groups = [(number, *special, 1.0)];
                let Some(value) = output_of(SINGLE, &groups, &[1.0; 8], &codes) else { return };
                assert_eq!(value, f64::from(data_type.value(code, *special)), "{code} {special}");
            }
        }
    }
}
