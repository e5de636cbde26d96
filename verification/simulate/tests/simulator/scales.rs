//! Scales of quantisation groups: cores of every kind of scale, and faults in them that are caught.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

/// Integers and FP16 scales, several beats a row, a last group that is shorter.
const INTEGERS: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int2'\n\
                        tile = { m = 2, n = 4, k = 4, groups = 4 }\naccumulate.max_k = 200\n\
                        group = { scale = 'fp16', size = 24, scale_units = 2 }\n";

/// FP16 scales above zero points, a beat for each row.
const ZERO_POINTS: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int5'\nweight.format = 'int3'\n\
                           tile = { m = 2, n = 3, k = 5, groups = 4 }\naccumulate.max_k = 200\n\
                           group = { zero_point = 'per_group', scale = 'fp16', size = 20 }\n";

/// Powers of two and aligned activations, one position in all.
const POWERS: &str = "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int1'\n\
                      tile = { m = 1, n = 2, k = 4, groups = 2 }\naccumulate = { max_k = 100 }\n\
                      group = { scale = 'e8m0', size = 10 }\n";

/// FP16 scales, aligned activations, FP16 results.
const ALIGNED: &str = "kind = 'lut_tensor_core'\nactivation.format = 'fp8_e5m2'\nweight.format = 'int2'\n\
                       tile = { m = 2, n = 4, k = 4, groups = 4 }\n\
                       accumulate = { max_k = 200, result = 'fp16', align_bits = 12 }\n\
                       group = { scale = 'fp16', size = 16, scale_units = 4 }\n";

/// Scales of eight bits with a fraction, a group of four k-steps.
const SMALL_FLOATS: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int6'\nweight.format = 'int2'\n\
                            tile = { m = 2, n = 2, k = 4, groups = 2 }\naccumulate.max_k = 200\n\
                            group = { scale = 'e4m3', size = 32 }\n";

/// Integer scales and aligned activations.
const INTEGER_SCALES: &str = "kind = 'lut_tensor_core'\nactivation.format = 'fp8_e4m3'\n\
                              weight.format = 'int2'\ntile = { m = 2, n = 3, k = 4, groups = 3 }\n\
                              accumulate = { max_k = 200, align_bits = 10 }\n\
                              group = { scale = 'int8', size = 20 }\n";

/// Each group has exponents of its own.
const GROUP_BLOCKS: &str = "kind = 'lut_tensor_core'\nactivation.format = 'fp8_e5m2'\nweight.format = 'int2'\n\
                            tile = { m = 2, n = 4, k = 4, groups = 2 }\n\
                            accumulate = { max_k = 200, align_bits = 12, align_block = 'group' }\n\
                            group = { scale = 'e8m0', size = 16 }\n";

/// A group drains through one unit while the array goes on with the next.
const SHADOW: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int5'\nweight.format = 'int2'\n\
                      tile = { m = 2, n = 4, k = 4, groups = 3 }\naccumulate.max_k = 200\n\
                      pipeline.stages = 1\n\
                      group = { zero_point = 'per_group', scale = 'e8m0', size = 24, scale_units = 1, \
                      drain = 'shadow' }\n";

/// Groups that are longer than their drain, with exponents of each row and group and accumulators right
/// behind the look-up.
const SHADOW_BLOCKS: &str = "kind = 'lut_tensor_core'\nactivation.format = 'fp8_e4m3'\nweight.format = 'int1'\n\
                             tile = { m = 2, n = 4, k = 4, groups = 2 }\n\
                             accumulate = { max_k = 200, align_bits = 10, align_block = 'group' }\n\
                             pipeline.stages = 0\n\
                             group = { scale = 'e8m0', size = 64, scale_units = 2, drain = 'shadow' }\n";

#[test]
fn scaled_cores_give_the_golden_results() {
    let Some(verilator) = verilator() else { return };
    for core in [
        INTEGERS,
        ZERO_POINTS,
        POWERS,
        ALIGNED,
        INTEGER_SCALES,
        SMALL_FLOATS,
        GROUP_BLOCKS,
        SHADOW,
        SHADOW_BLOCKS,
    ] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{core}{:?}", report.failure);
    }
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "scale of the next beat",
        core: INTEGERS,
        unit: "group_scaler",
        right: "magnitude_scale_q <= scale_q;",
        wrong: "magnitude_scale_q <= load_i ? scale_i : scale_q;",
    },
    Fault {
        name: "sign of the scale lost",
        core: INTEGERS,
        unit: "group_scaler",
        right: "is_negative_q ^ magnitude_scale_q[ScaleBits-1]",
        wrong: "is_negative_q | magnitude_scale_q[ScaleBits-1]",
    },
    Fault {
        name: "a subnormal scale one exponent too low",
        core: INTEGERS,
        unit: "group_scaler",
        right: "scale_field | ScaleExponentBits'(!is_normal)",
        wrong: "scale_field | ScaleExponentBits'(!is_normal && is_special)",
    },
    Fault {
        name: "infinity times zero a number",
        core: INTEGERS,
        unit: "group_scaler",
        right: "!(fraction_is_zero && !is_zero)",
        wrong: "!fraction_is_zero",
    },
    Fault {
        name: "a subnormal E4M3 scale with a leading one",
        core: SMALL_FLOATS,
        unit: "group_scaler",
        right: "assign is_normal        = (scale_field != '0);",
        wrong: "assign is_normal        = (scale_field != '0) || 1'b1;",
    },
    Fault {
        name: "an E4M3 scale that is no number as 480",
        core: SMALL_FLOATS,
        unit: "group_scaler",
        right: "(&magnitude_scale_q[6:0])",
        wrong: "(&magnitude_scale_q[6:0] && 1'b0)",
    },
    Fault {
        name: "the largest E4M3 scales as no numbers",
        core: SMALL_FLOATS,
        unit: "group_scaler",
        right: "(&magnitude_scale_q[6:0])",
        wrong: "(&magnitude_scale_q[6:3])",
    },
    Fault {
        name: "results of the run before added to",
        core: INTEGERS,
        unit: "scale_pipeline",
        right: "assign add_first_o    = first_q;",
        wrong: "assign add_first_o    = first_q && 1'b0;",
    },
    Fault {
        name: "results of the run before added to where words are not read ahead",
        core: ZERO_POINTS,
        unit: "scale_pipeline",
        right: "assign add_first_o    = first_q[1];",
        wrong: "assign add_first_o    = first_q[1] && 1'b0;",
    },
    Fault {
        name: "a word is read ahead of one that waits",
        core: INTEGERS,
        unit: "scaled_accumulator",
        right: "default: next = second;",
        wrong: "default: next = first & (second | ~second);",
    },
    Fault {
        name: "a word is read ahead of two that wait",
        core: INTEGERS,
        unit: "scaled_accumulator",
        right: "2'b11:   next = third;",
        wrong: "2'b11:   next = second & (third | ~third);",
    },
    Fault {
        name: "the augend does not wait with the others",
        core: INTEGERS,
        unit: "floating_point_adder",
        right: "    if (advance_i) begin\n      augend_q ",
        wrong: "    if (advance_i || 1'b1) begin\n      augend_q ",
    },
    Fault {
        name: "where an augend above its place leads is not told",
        core: INTEGERS,
        unit: "floating_point_adder",
        right: "is_above_d ? TopBits'(exponent)",
        wrong: "(is_above_d && 1'b0) ? TopBits'(exponent)",
    },
    Fault {
        name: "the exponent of a term waits with its significand",
        core: INTEGERS,
        unit: "group_scaler",
        right: "assign exponent_o    = exponent;",
        wrong: "assign exponent_o    = exponent | {$bits(exponent_o){is_nan_q}} | \
                {$bits(exponent_o){significand_q[0]}};",
    },
    Fault {
        name: "sums made while a result waits",
        core: INTEGERS,
        unit: "scale_pipeline",
        right: "assign write_o        = advance && valid_q[2];",
        wrong: "assign write_o        = valid_q[2];",
    },
    Fault {
        name: "a number is read again before its sum is written",
        core: ZERO_POINTS,
        unit: "scaled_accumulator",
        right: "waits_i ? words_q",
        wrong: "(waits_i && 1'b0) ? words_q",
    },
    Fault {
        name: "the only number is read again before its sum is written",
        core: POWERS,
        unit: "scaled_accumulator",
        right: "waits_i ? sum : words_q",
        wrong: "(waits_i && 1'b0) ? sum : words_q",
    },
    Fault {
        name: "the register of the adder does not wait with the others",
        core: ZERO_POINTS,
        unit: "floating_point_adder",
        right: "    if (advance_i) begin",
        wrong: "    if (advance_i || 1'b1) begin",
    },
    Fault {
        name: "words that do not go round",
        core: ZERO_POINTS,
        unit: "scaled_accumulator",
        right: "words_q <= {sum, words_q[DataBits-1:Width]};",
        wrong: "words_q <= {sum, sum};",
    },
    Fault {
        name: "scales where the zero points are",
        core: ZERO_POINTS,
        unit: "",
        right: "+ 4 +: ScaleBits]",
        wrong: "+ 3 +: ScaleBits]",
    },
    Fault {
        name: "a scale that is no number taken for one",
        core: POWERS,
        unit: "group_scaler",
        right: "(&magnitude_scale_q) ||",
        wrong: "",
    },
    Fault {
        name: "exponent of the block left out",
        core: ALIGNED,
        unit: "group_scaler",
        right: " + 6'(field_i)",
        wrong: " + 6'(field_i & 5'd30)",
    },
    Fault {
        name: "a row that is no number taken for one",
        core: ALIGNED,
        unit: "group_scaler",
        right: " || (field_i == '0)",
        wrong: "",
    },
    Fault {
        name: "exponent of the other row",
        core: ALIGNED,
        unit: "scale_pipeline",
        right: "exponents_q[row_i*5 +: 5]",
        wrong: "exponents_q[(row_i*5 ^ 5) +: 5]",
    },
    Fault {
        name: "exponents of the run's first group",
        core: GROUP_BLOCKS,
        unit: "control",
        right: "if (step_load) exponents_q",
        wrong: "if (step_load && run_starts) exponents_q",
    },
    Fault {
        name: "exponents of the group behind the one that drains",
        core: GROUP_BLOCKS,
        unit: "scale_pipeline",
        right: "if (done_i) exponents_q",
        wrong: "if (done_i || 1'b1) exponents_q",
    },
    Fault {
        name: "the scanner goes on from the group before",
        core: GROUP_BLOCKS,
        unit: "exponent_scanner",
        right: "scan_first_i ?",
        wrong: "(scan_first_i && !done_q) ?",
    },
    Fault {
        name: "magnitude of a negative integer one too small",
        core: INTEGER_SCALES,
        unit: "group_scaler",
        right: "+ ScaleBits'(scale_is_negative);",
        wrong: "+ ScaleBits'(scale_is_negative && 1'b0);",
    },
    Fault {
        name: "sign of an integer scale lost",
        core: INTEGER_SCALES,
        unit: "group_scaler",
        right: "is_negative_q ^ scale_is_negative;",
        wrong: "is_negative_q | scale_is_negative;",
    },
];

#[test]
fn every_planted_fault_of_scales_is_caught() {
    assert_caught(FAULTS);
}

const SHADOW_FAULTS: &[Fault] = &[
    shadow(
        "sums taken over while the group before drains",
        SHADOW,
        "result_drain",
        "&& !(draining_q || (|settle_q));",
        "&& (!(draining_q || (|settle_q)) || 1'b1);",
    ),
    shadow(
        "sums of the lanes taken a cycle early",
        SHADOW,
        "result_drain",
        "assign lanes_take_o   = flushing_q || settle_q[0];",
        "assign lanes_take_o   = flushing_q || take;",
    ),
    shadow(
        "accumulators that go on from the group before",
        SHADOW,
        "",
        ".shift_i   (lanes_take),",
        ".shift_i   (lanes_take && 1'b0),",
    ),
    shadow(
        "activations summed on from the group before",
        SHADOW,
        "",
        ".next_row_i (rows_take),",
        ".next_row_i (rows_take && 1'b0),",
    ),
    shadow(
        "zero points and scales of the next plane",
        SHADOW,
        "group_register",
        "if (take_i) factors_q",
        "if (take_i || 1'b1) factors_q",
    ),
    shadow(
        "shape of the next run",
        SHADOW,
        "group_register",
        "    if (done_i) begin",
        "    if (done_i || 1'b1) begin",
    ),
    shadow(
        "the end of a run noted with the group before",
        SHADOW,
        "result_drain",
        "if (take) last_q",
        "if (group_done_i) last_q",
    ),
    shadow(
        "a cycle lost behind each group",
        SHADOW_BLOCKS,
        "control",
        "advance_next || scales_next_i;",
        "advance_next || (scales_next_i && 1'b0);",
    ),
    shadow(
        "accumulators not cleared behind clear",
        SHADOW_BLOCKS,
        "result_drain",
        "assign lanes_take_o   = flushing_q || take;",
        "assign lanes_take_o   = (flushing_q && 1'b0) || take;",
    ),
    shadow(
        "exponents of the group behind the one that drains",
        SHADOW_BLOCKS,
        "scale_pipeline",
        "if (done_i) exponents_q",
        "if (done_i || 1'b1) exponents_q",
    ),
    shadow(
        "shadow that does not move",
        SHADOW_BLOCKS,
        "shadow_lane",
        "end else if (shift_i) begin",
        "end else if (shift_i && 1'b0) begin",
    ),
];

const fn shadow(
    name: &'static str,
    core: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Fault {
    Fault { name, core, unit, right, wrong }
}

#[test]
fn every_planted_fault_of_shadow_registers_is_caught() {
    assert_caught(SHADOW_FAULTS);
}
