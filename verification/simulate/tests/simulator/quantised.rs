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

/// Magnitudes that add up to less than twice a power of two, and to as much when each is rounded up.
const SUMS_OF_ROUNDED: &str = r#"
kind = "lut_tensor_core"
[activation]
format = "fp16"
[weight]
format = "int1"
[tile]
m = 2
n = 2
k = 4
[table]
entry = "int8"
[accumulate]
max_k = 64
align_bits = 9
"#;

const FAULTS: &[Fault] = &[
    Fault {
        name: "a sum of magnitudes without what is cut off",
        core: ALIGNED,
        unit: "table_exponent",
        right: "sum > 6'd12)",
        wrong: "sum > 6'd16)",
    },
    Fault {
        name: "a sum of magnitudes halved once only",
        core: ALIGNED,
        unit: "table_exponent",
        right: "sum > 6'd28)",
        wrong: "sum > 6'd62)",
    },
    Fault {
        name: "magnitudes that do not move down",
        core: SCALED,
        unit: "table_exponent",
        right: ">> distance;",
        wrong: ">> (distance & ExponentBits'(exponent == '0));",
    },
    Fault {
        name: "a subnormal magnitude with a leading one",
        core: SCALED,
        unit: "table_exponent",
        right: "{is_normal, codes_i",
        wrong: "{is_normal || (exponent == '0), codes_i",
    },
    Fault {
        name: "the field of a block taken along to the next",
        core: SCALED,
        unit: "exponent_scanner",
        right: "first_q ? '0 : field_q",
        wrong: "(first_q && last_q && (field_q == '0)) ? '0 : field_q",
    },
    Fault {
        name: "an infinity forgotten with the next k-step",
        core: SCALED,
        unit: "exponent_scanner",
        right: "|| (!first_q && (field_q == '0))",
        wrong: "|| (!first_q && (&field_q))",
    },
    Fault {
        name: "an entry that is larger than it can be",
        core: SUMS_OF_ROUNDED,
        unit: "table_rounder",
        right: "fits ? entry",
        wrong: "(fits || !fits) ? entry",
    },
    Fault {
        name: "an exponent of the block without its headroom",
        core: SCALED,
        unit: "aligner",
        right: "assign distance    = exponent_i",
        wrong: "assign distance    = (exponent_i[FieldBits-1] ? exponent_i - 6'd1 : exponent_i)",
    },
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
    for core in [INTEGERS, ALIGNED, TERNARY, SCALED, SUMS_OF_ROUNDED] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{}", report.failure.unwrap());
    }
}

#[test]
fn faults_of_rounded_entries_are_caught() {
    assert_caught(FAULTS);
}
