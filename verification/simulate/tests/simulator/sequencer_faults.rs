//! Faults planted in sequencer and result edge, as in [`crate::faults`].

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

/// Weights of 1 to 3 bits as each command says, a zero point, and C.
const CORE: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "int5"
[weight]
format = "int3"
runtime_bits = true
[tile]
m = 2
n = 3
k = 2
groups = 2
drain = 1
[accumulate]
max_k = 100
[group]
zero_point = "constant"
[sequencer]
commands = "lmma"
addend = "int20"
"#;

const fn fault(
    name: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Fault {
    Fault { name, core: CORE, unit, right, wrong }
}

const FAULTS: &[Fault] = &[
    fault(
        "rows of tiles started again with another count",
        "sequencer",
        "rows_left_d = row_is_last ? m_q :",
        "rows_left_d = row_is_last ? (m_q ^ 16'd1) :",
    ),
    fault(
        "rows and columns of tiles walked together",
        "sequencer",
        "if (row_is_last) columns_left_d",
        "if (row_is_last || 1'b1) columns_left_d",
    ),
    fault(
        "tail of K not masked",
        "sequencer",
        "(k_left_q > KBits'(i));",
        "((k_left_q > KBits'(i)) || 1'b1);",
    ),
    fault(
        "last a k-step early",
        "sequencer",
        "assign step_is_last    = (k_left_q <= KBits'(4));",
        "assign step_is_last    = (k_left_q <= KBits'(8));",
    ),
    fault(
        "weights told of the k-step that is described",
        "sequencer",
        "assign weight_step = (ahead_steps_q != 2'd0) ? head_q : step;",
        "assign weight_step = ((ahead_steps_q != 2'd0) && 1'b0) ? head_q : step;",
    ),
    fault(
        "K beyond max_k accepted",
        "sequencer",
        "(next_k_q <= 25'd100)",
        "((next_k_q <= 25'd100) || 1'b1)",
    ),
    fault(
        "bits that no field has ignored",
        "sequencer",
        "(command_data_i & FixedMask) == FixedValue",
        "(command_data_i & FixedMask & FixedValue) == FixedValue",
    ),
    fault(
        "illegal command not dropped",
        "sequencer",
        "(waiting_q && is_legal && !start)",
        "(waiting_q && !start)",
    ),
    fault(
        "command under way survives clear",
        "sequencer",
        "assign active_d        = !clear_i && (",
        "assign active_d        = (!clear_i || 1'b1) && (",
    ),
    fault(
        "a cycle lost between k-steps",
        "sequencer",
        "active_q && (ahead_steps_q != 2'd2);",
        "active_q && (ahead_steps_q == 2'd0);",
    ),
    fault("C added twice", "result_edge", "= result + addend;", "= result + addend + addend;"),
    fault(
        "C added to every command",
        "result_edge",
        "= accumulate ? addend_q",
        "= (accumulate || 1'b1) ? addend_q",
    ),
    fault(
        "C survives clear",
        "result_edge",
        "if (clear_i) addends_d = '0;",
        "if (clear_i && 1'b0) addends_d = '0;",
    ),
    fault(
        "tiles survive clear",
        "result_edge",
        "assign count_d = clear_i ? '0",
        "assign count_d = (clear_i && 1'b0) ? '0",
    ),
    fault(
        "every tile ends a command",
        "result_edge",
        "core_last_i && is_last;",
        "core_last_i && (is_last || 1'b1);",
    ),
    fault(
        "sum that is too large not told",
        "result_edge",
        "(sum[SumBits-1] != result[SumBits-1]);",
        "(sum[SumBits-1] != result[SumBits-1]) && 1'b0;",
    ),
    fault(
        "results with the number of another command",
        "sequencer",
        "id_q         <= next_id_q;",
        "id_q         <= next_id_q ^ 8'd1;",
    ),
];

/// K-steps of zeros are skipped.
const SKIPPING: &str = "kind = 'lut_tensor_core'\nactivation.format = 'fp8_e4m3'\nweight.format = 'int2'\n\
                        tile = { m = 2, n = 3, k = 4 }\naccumulate.max_k = 64\n\
                        sequencer = { commands = 'lmma', skip = 'zero_steps' }\n";

const SKIPPING_FAULTS: &[Fault] = &[
    skipping(
        "the last k-step skipped too",
        "sequencer",
        "step_is_zero_i && !step_is_last;",
        "step_is_zero_i && !(step_is_last && pass_is_last && 1'b0);",
    ),
    skipping(
        "first marker lost with the first k-step",
        "sequencer",
        "if (start || step_enters) first_q",
        "if (start || step_taken_i) first_q",
    ),
    skipping(
        "number of the k-step counts only those that enter",
        "sequencer",
        "if (step_taken_i) number_d",
        "if (step_enters) number_d",
    ),
    skipping(
        "numbers that go on in the next tile",
        "sequencer",
        "if (start) number_d = '0;",
        "if (start && 1'b0) number_d = '0;",
    ),
    skipping(
        "weights told of k-steps that are skipped",
        "sequencer",
        "assign push      = step_enters;",
        "assign push      = step_taken_i;",
    ),
    skipping(
        "a request of weights in the cycle of clear",
        "sequencer",
        "step_enters && !clear_i;",
        "step_enters;",
    ),
    skipping(
        "the core takes what is skipped",
        "",
        "step_valid && !step_skipped;",
        "step_valid && !(step_skipped && 1'b0);",
    ),
    skipping(
        "rows that a tile lacks are looked at",
        "zero_detector",
        "(rows_i <= 2'(row));",
        "((rows_i <= 2'(row)) && 1'b0);",
    ),
    skipping(
        "a zero with a sign taken for none",
        "zero_detector",
        "& {1'b0, {7{1'b1}}}",
        "& {1'b1, {7{1'b1}}}",
    ),
    skipping(
        "the smallest numbers taken for zeros",
        "zero_detector",
        "& {1'b0, {7{1'b1}}}",
        "& {1'b0, {6{1'b1}}, 1'b0}",
    ),
];

const fn skipping(
    name: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Fault {
    Fault { name, core: SKIPPING, unit, right, wrong }
}

/// Quantisation groups of two k-steps, the second of two elements, with zero points and scales, and k-steps
/// of zeros are skipped.
const GROUPED: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int5'\nweight.format = 'int2'\n\
                       tile = { m = 2, n = 4, k = 4, groups = 3, drain = 2 }\naccumulate.max_k = 100\n\
                       group = { size = 14, zero_point = 'per_group', scale = 'e8m0' }\n\
                       sequencer = { commands = 'lmma', skip = 'zero_steps' }\n";

const GROUPED_FAULTS: &[Fault] = &[
    grouped(
        "places behind a group's end not masked",
        "sequencer",
        "&& (step_elements > KBits'(i));",
        "&& ((step_elements > KBits'(i)) || 1'b1);",
    ),
    grouped(
        "a group's last k-step counted as whole",
        "sequencer",
        "(k_left_q - step_elements);",
        "(k_left_q - KBits'(12));",
    ),
    grouped(
        "a group that ends with K not closed",
        "sequencer",
        "= group_step_is_last || step_is_last;",
        "= group_step_is_last || (step_is_last && 1'b0);",
    ),
    grouped(
        "groups counted on into the next tile",
        "sequencer",
        "step_ends_group ? '0 : (group_step_q",
        "group_step_is_last ? '0 : (group_step_q",
    ),
    grouped(
        "the last k-step of a group skipped",
        "sequencer",
        "step_is_zero_i && !step_ends_group;",
        "step_is_zero_i && !(step_ends_group && step_is_last);",
    ),
    grouped(
        "skipped k-steps not counted in their group",
        "sequencer",
        "if (step_taken_i) group_step_d",
        "if (step_enters) group_step_d",
    ),
    grouped(
        "zero points and scales taken for a plane of the next k-step",
        "sequencer",
        "(weight_step_ends_group ? ",
        "((weight_step_ends_group && 1'b0) ? ",
    ),
    grouped(
        "only a run's end taken for a group's",
        "control",
        "group_is_done <= step_group_last_i;",
        "group_is_done <= step_group_last_i && step_last_i;",
    ),
];

const fn grouped(
    name: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Fault {
    Fault { name, core: GROUPED, unit, right, wrong }
}

/// Groups of three k-steps with heads, of types that take two and three cycles.
const HEADED: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp8_e4m3'\n\
                      weight.format = ['bitmod_fp4', 'int6']\ntile = { m = 2, n = 4, k = 4, drain = 2 }\n\
                      accumulate.max_k = 100\n\
                      group = { size = 12, scale = 'e8m0', scale_units = 2, drain = 'shadow' }\n\
                      sequencer = { commands = 'lmma' }\n";

const HEADED_FAULTS: &[Fault] = &[
    headed(
        "no head expected after the first of a run",
        "sequencer",
        "head_due_d = plane_is_last && weight_step_ends_group;",
        "head_due_d = plane_is_last && weight_step_ends_group && 1'b0;",
    ),
    headed(
        "a head expected in every k-step",
        "sequencer",
        "head_due_d = plane_is_last && weight_step_ends_group;",
        "head_due_d = plane_is_last && (weight_step_ends_group || 1'b1);",
    ),
    headed(
        "a head counted as codes",
        "sequencer",
        "if (weight_taken_i && !head_due_q) plane_d",
        "if (weight_taken_i && (!head_due_q || 1'b1)) plane_d",
    ),
    headed(
        "a head that ends its k-step",
        "sequencer",
        "plane_is_last = !head_due_q && (plane_q",
        "plane_is_last = (!head_due_q || 1'b1) && (plane_q",
    ),
    headed(
        "the head due after a clear forgotten",
        "sequencer",
        "if (clear_i) head_due_d = 1'b1;",
        "if (clear_i) head_due_d = head_due_q;",
    ),
    headed(
        "only a run's end taken for a group's",
        "control",
        "group_is_done <= step_group_last_i;",
        "group_is_done <= step_group_last_i && step_last_i;",
    ),
];

const fn headed(
    name: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Fault {
    Fault { name, core: HEADED, unit, right, wrong }
}

/// Activations and weights come again from memories of two banks.
const BUFFERED: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int4'\nweight.format = 'int2'\n\
                        tile = { m = 2, n = 4, k = 4, drain = 2 }\naccumulate.max_k = 64\n\
                        sequencer = { commands = 'lmma', activation_buffer = 8, weight_buffer = 8, \
                        buffer_banks = 2 }\n";

const BUFFERED_FAULTS: &[Fault] = &[
    buffered(
        "a pass that is not repeated",
        "activation_buffer",
        "pass_ends_i && !pass_is_final_i",
        "pass_ends_i && 1'b0",
    ),
    buffered(
        "a pass repeated once too often",
        "activation_buffer",
        "pass_ends_i && !pass_is_final_i",
        "pass_ends_i",
    ),
    buffered(
        "beats given up while they come again",
        "activation_buffer",
        "if (pass_is_final_i) oldest_d",
        "if (pass_is_final_i || 1'b1) oldest_d",
    ),
    buffered(
        "beats never given up",
        "activation_buffer",
        "if (pass_is_final_i) oldest_d",
        "if (pass_is_final_i && 1'b0) oldest_d",
    ),
    buffered(
        "a beat read before it is written",
        "activation_buffer",
        "valid_d = !clear_i && (read_d != write_q)",
        "valid_d = !clear_i && (read_d != write_d)",
    ),
    buffered(
        "a full memory written",
        "weight_buffer",
        "(write_d - oldest_d) != Words)",
        "(write_d - oldest_d) != (Words + PlaceBits'(1)))",
    ),
    buffered(
        "the beat behind the one that is taken not read",
        "weight_buffer",
        "valid_d && (read_taken_i || !valid_q)",
        "valid_d && !(read_taken_i && valid_q)",
    ),
    buffered(
        "a clear that keeps beats",
        "weight_buffer",
        "if (clear_i) begin",
        "if (clear_i && 1'b0) begin",
    ),
    buffered(
        "an endless pass not told",
        "weight_buffer",
        "(is_full && (read_q == write_q))",
        "(is_full && (read_q == write_q) && 1'b0)",
    ),
    buffered(
        "banks exchanged",
        "activation_memory",
        "if (read_i) bank_q <= read_bank;",
        "if (read_i) bank_q <= ~read_bank;",
    ),
    buffered(
        "weights repeated for the tile behind the last",
        "sequencer",
        "step = {tile, row_is_last,",
        "step = {tile, row_is_last && column_is_last,",
    ),
    buffered(
        "activations given up a column of tiles early",
        "sequencer",
        "activation_pass_is_final_o = column_is_last;",
        "activation_pass_is_final_o = column_is_last || row_is_last;",
    ),
    buffered(
        "a pass that ends with every row of tiles",
        "sequencer",
        "activation_pass_ends_o     = tile_is_done && row_is_last;",
        "activation_pass_ends_o     = tile_is_done;",
    ),
];

const fn buffered(
    name: &'static str,
    unit: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> Fault {
    Fault { name, core: BUFFERED, unit, right, wrong }
}

#[test]
fn the_core_with_buffers_passes_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    let report = regression_with(&verilator, BUFFERED, None);
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn every_fault_of_buffers_is_caught() {
    assert_caught(BUFFERED_FAULTS);
}

#[test]
fn the_core_with_heads_passes_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    let report = regression_with(&verilator, HEADED, None);
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn every_fault_of_commands_with_heads_is_caught() {
    assert_caught(HEADED_FAULTS);
}

#[test]
fn the_core_with_quantisation_groups_passes_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    let report = regression_with(&verilator, GROUPED, None);
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn every_fault_of_commands_with_quantisation_groups_is_caught() {
    assert_caught(GROUPED_FAULTS);
}

#[test]
fn the_skipping_core_passes_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    let report = regression_with(&verilator, SKIPPING, None);
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn every_fault_of_skipping_is_caught() {
    assert_caught(SKIPPING_FAULTS);
}

#[test]
fn the_sequenced_core_passes_without_a_fault() {
    let Some(verilator) = verilator() else { return };
    let report = regression_with(&verilator, CORE, None);
    assert!(report.passed(), "{:?}", report.failure);
}

#[test]
fn every_fault_of_the_sequencer_is_caught() {
    assert_caught(FAULTS);
}
