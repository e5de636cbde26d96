//! Tiles whose lanes add terms: faults in them that are caught, and the faults of the RTL that was
//! published with BitMoD, each as a test that our tile passes.

use crate::common::{generated, verilator};
use crate::faults::{Fault, assert_caught, regression_with};
use bitplane_formats::{DataType, FloatFormat, ScaleFormat, WeightFormat, ZeroPoint};
use bitplane_simulate::{
    GroupType, GroupZeroPoints, Layer, Monitor, Start, Weights, ZeroPoints, layer,
};

/// Data types of two and three cycles, special values, a group that stands still while it drains.
const MIXED: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                     weight.format = ['bitmod_fp4', 'bitmod_fp3', 'int6']\n\
                     tile = { m = 2, n = 4, k = 4 }\naccumulate.max_k = 200\n\
                     group = { scale = 'int8', size = 24, scale_units = 2 }\n";

/// Integers and a table of values, drained while the array goes on, accumulators right behind the lanes.
const SHADOW: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp8_e4m3'\n\
                      weight.format = ['int5', 'nf4', 'fp6_e2m3', 'bitmod_fp3', 'int8']\n\
                      tile = { m = 1, n = 3, k = 4 }\naccumulate = { max_k = 100, align_bits = 10 }\n\
                      pipeline.stages = 0\n\
                      group = { scale = 'e8m0', size = 16, scale_units = 1, drain = 'shadow' }\n";

const FAULTS: &[Fault] = &[
    Fault {
        name: "a head is not awaited after the first group",
        core: MIXED,
        unit: "control",
        right: "    if (clear_i || scales_used_i) head_due_d = 1'b1;",
        wrong: "    if (clear_i || (scales_used_i && 1'b0)) head_due_d = 1'b1;",
    },
    Fault {
        name: "clear leaves the stream behind a head",
        core: MIXED,
        unit: "control",
        right: "    if (clear_i || scales_used_i) head_due_d = 1'b1;",
        wrong: "    if (scales_used_i) head_due_d = 1'b1;",
    },
    Fault {
        name: "a k-step takes the cycles of the group before",
        core: MIXED,
        unit: "control",
        right: "  assign last_plane_d = head_load ? head_last_cycle_i : last_plane_q;",
        wrong: "  assign last_plane_d = (head_load && (plane_q != '0)) ? head_last_cycle_i : last_plane_q;",
    },
    Fault {
        name: "codes leave after their first cycle",
        core: MIXED,
        unit: "control",
        right: "  assign weight_done = step_done || head_load || scales_used_i;",
        wrong: "  assign weight_done = advance || head_load || scales_used_i;",
    },
    Fault {
        name: "an illegal head raises no flag",
        core: MIXED,
        unit: "control",
        right: "    if (head_load && head_is_illegal_i) error_d = 1'b1;",
        wrong: "    if (head_load && head_is_illegal_i && 1'b0) error_d = 1'b1;",
    },
    Fault {
        name: "the slowest column does not decide",
        core: MIXED,
        unit: "group_head",
        right: "2'(|longer_than_2)",
        wrong: "2'(&longer_than_2)",
    },
    Fault {
        name: "a shift in the second term of a special value is not checked",
        core: MIXED,
        unit: "group_head",
        right: "                        || (heads_i[c*HeadBits+6 +: 2] > 2'd2)",
        wrong: "                        || ((heads_i[c*HeadBits+6 +: 2] > 2'd2) && 1'b0)",
    },
    Fault {
        name: "heads change in mid-group",
        core: SHADOW,
        unit: "group_head",
        right: "  assign heads_d = load_i ? heads_i : heads_q;",
        wrong: "  assign heads_d = (load_i || (heads_i == '1)) ? heads_i : heads_q;",
    },
    Fault {
        name: "terms are those of the codes before",
        core: MIXED,
        unit: "weight_register",
        right: "  assign weights_next_o = weights_d;",
        wrong: "  assign weights_next_o = weights_q | (weights_d & {$bits(weights_d){1'b0}});",
    },
    Fault {
        name: "a special value has its first term in every cycle",
        core: MIXED,
        unit: "term_encoder",
        right: "& head_i[6 +: TermBits])",
        wrong: "& (head_i[6 +: TermBits] ^ head_i[6 +: TermBits] ^ head_i[2 +: TermBits]))",
    },
    Fault {
        name: "a special value takes the sign of its code",
        core: MIXED,
        unit: "term_encoder",
        right: "    assign bitmod_fp4_negative = bitmod_fp4_is_special\n        ? special[TermBits-1]",
        wrong: "    assign bitmod_fp4_negative = bitmod_fp4_is_special\n        ? (special[TermBits-1] || 1'b1)",
    },
    Fault {
        name: "a group of integers has the special value too",
        core: MIXED,
        unit: "term_encoder",
        right: "    assign bitmod_fp3_sign = has_type[1] && code[2];",
        wrong: "    assign bitmod_fp3_sign = (has_type[1] || has_type[2]) && code[2];",
    },
    Fault {
        name: "a Booth digit of two is one",
        core: MIXED,
        unit: "term_encoder",
        right: "(digit == 3'b011) || (digit == 3'b100)",
        wrong: "(digit == 3'b011) || ((digit == 3'b100) && 1'b0)",
    },
    Fault {
        name: "a narrow integer is not sign-extended",
        core: SHADOW,
        unit: "term_encoder",
        right: "{3{code[4]}}",
        wrong: "{3{code[4] && 1'b0}}",
    },
    Fault {
        name: "a negative term lacks its carry",
        core: SHADOW,
        unit: "term_encoder",
        right: "CountBits'(negative[e])",
        wrong: "CountBits'(negative[e] && (e != 2))",
    },
    Fault {
        name: "products lack what stands for their signs",
        core: MIXED,
        unit: "term_lane",
        right: "- (PartialBits'(4) <<",
        wrong: "- (PartialBits'(3) <<",
    },
    Fault {
        name: "the exponent of a term goes with the one before",
        core: MIXED,
        unit: "scale_pipeline",
        right: "if (advance) field_q <= exponents_q[row_i*5 +: 5];",
        wrong: "if (advance && valid_q[0]) field_q <= exponents_q[row_i*5 +: 5];",
    },
    Fault {
        name: "a row that is no number told a product early",
        core: MIXED,
        unit: "scale_pipeline",
        right: "assign row_is_nan_o   = row_is_nan_q;",
        wrong: "assign row_is_nan_o   = (field_q == '0) || (row_is_nan_q && 1'b0);",
    },
    Fault {
        name: "the largest shift is one less",
        core: MIXED,
        unit: "term_lane",
        right: "(activation << s)",
        wrong: "(activation << ((s == 2) ? 1 : s))",
    },
    Fault {
        name: "the significance rises by one bit a cycle",
        core: SHADOW,
        unit: "plane_accumulator",
        right: "<< {plane_i, 1'd0}",
        wrong: "<< {1'd0, plane_i}",
    },
];

#[test]
fn tiles_of_terms_give_the_golden_results() {
    let Some(verilator) = verilator() else { return };
    for core in [MIXED, SHADOW] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{:?}", report.failure);
    }
}

#[test]
fn every_fault_planted_in_a_tile_of_terms_is_caught() {
    assert_caught(FAULTS);
}

/// One row and column, groups of four FP4, FP3 or INT8 weights, FP16 scales.
const SINGLE: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                      weight.format = ['bitmod_fp4', 'bitmod_fp3', 'int8']\n\
                      tile = { m = 1, n = 1, k = 4 }\n\
                      accumulate = { max_k = 64, align_bits = 'exact' }\n\
                      group = { scale = 'fp16', size = 4 }\n";

/// What the tile of [`SINGLE`] makes of groups, activations and codes.
fn output(groups: &[Group], activations: &[f64], codes: &[u16]) -> Option<f64> {
    output_of(SINGLE, groups, activations, codes)
}

/// A quantisation group: number of its data type, special value, scale.
pub type Group = (usize, i32, f64);

/// What `core`, a tile of one row and column with FP16 activations and scales, makes of groups with their
/// activations and codes.
pub fn output_of(core: &str, groups: &[Group], activations: &[f64], codes: &[u16]) -> Option<f64> {
    let (spec, simulator) = generated(core)?;
    let size = spec.quantisation_group?.size as usize;
    let fp16 = |value: f64| FloatFormat::FP16.of_f64(value) as i32;
    let activations: Vec<i32> = activations.iter().copied().map(fp16).collect();
    let scales = groups.iter().map(|(_, _, scale)| ScaleFormat::Fp16.code(*scale).unwrap());
    let types =
        groups.iter().map(|(number, special, _)| GroupType { number: *number, special: *special });
    let run = Layer {
        tokens: 1,
        inputs: activations.len(),
        outputs: 1,
        activations: &activations,
        weight: WeightFormat::new(8).unwrap(),
        codes,
        weights: Weights::Codes,
        zero_points: ZeroPoints::PerGroup(GroupZeroPoints {
            size,
            values: vec![ZeroPoint::MID_RISE; groups.len()],
            scales: scales.collect(),
            types: types.collect(),
        }),
    };
    let report = layer(&simulator, &spec, &run, &Start::default(), &Monitor::silent()).unwrap();
    assert_eq!(report.first_mismatch, None);
    Some(spec.result_format()?.to_f64(report.outputs[0] as u32))
}

#[test]
fn a_small_product_is_added_to_a_large_sum_at_its_own_size() {
    // The published accumulator leaves the product as large as the sum: 200 instead of about 100.
    let products = [100.0, 0.25, 0.0, 0.0, 0.125, 0.0, 0.0, 0.0];
    let groups = [(2, 0, 1.0), (2, 0, 1.0)];
    let Some(sum) = output(&groups, &products, &[1; 8]) else { return };
    assert_eq!(sum, 100.375);
}

#[test]
fn a_group_starts_from_nothing_and_each_is_scaled_once() {
    // The published dequantiser is never cleared, so that every group counts again in the next.
    let groups = [(2, 0, 1.0), (2, 0, 2.0), (2, 0, 4.0)];
    let Some(sum) = output(&groups, &[1.0; 12], &[1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 5]) else {
        return;
    };
    assert_eq!(sum, 1.0 + 2.0 * 3.0 + 4.0 * 5.0);
}

#[test]
fn every_code_of_fp4_and_fp3_has_its_value_with_every_special_value() {
    // The published decoder takes most FP4 codes for zero, knows one special value, and no FP3.
    for (number, data_type) in [DataType::BITMOD_FP4, DataType::BITMOD_FP3].into_iter().enumerate()
    {
        for special in data_type.special_values() {
            for code in 0..data_type.codes() {
                let codes = [code, 0, 0, 0];
                let groups = [(number, *special, 1.0)];
                let Some(value) = output(&groups, &[1.0; 4], &codes) else { return };
                assert_eq!(value, f64::from(data_type.value(code, *special)), "{code} {special}");
            }
        }
    }
}
