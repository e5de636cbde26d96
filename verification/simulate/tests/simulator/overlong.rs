//! Runs longer than `max_k` whose sums leave accumulators that are made for `max_k`.

use crate::common::verilator;
use crate::faults::{Fault, regression_with};

/// The most negative activations leave the accumulators in the second k-step.
const CORE: &str = r#"
kind = "lut_tensor_core"
activation.format = "int8"
weight.format = "int2"
tile = { m = 1, n = 2, k = 2 }
accumulate.max_k = 2
pipeline.stages = 0
"#;

/// The same with a quantisation group for each k-step: it is the results that are left.
const GROUPS: &str = r#"
kind = "lut_tensor_core"
activation.format = "int8"
weight.format = "int2"
tile = { m = 1, n = 2, k = 3 }
accumulate.max_k = 3
group = { zero_point = "per_group", size = 3 }
pipeline.stages = 0
"#;

/// Sums of runs that are not too long leave the accumulators, or results their words.
const TOO_LARGE: [Fault; 2] = [
    Fault {
        name: "partial sums four times as large",
        core: CORE,
        unit: "plane_accumulator",
        right: "ExactWidth'($signed(partial)) << plane_i;",
        wrong: "ExactWidth'($signed(partial)) << plane_i << 2;",
    },
    Fault {
        name: "every group added to the end of the range",
        core: GROUPS,
        unit: "group_accumulator",
        right: "words_q[Width-1:0] & {Width{!first_i}};",
        wrong: "words_q[Width-1:0] | (Width'(-1) >> 1) | Width'(first_i);",
    },
];

/// Assertions that look at runs that are too long as well.
const TOO_STRICT: [Fault; 2] = [
    Fault {
        name: "sums of overlong runs asserted",
        core: CORE,
        unit: "",
        right: "if (!error_o && !overflow_o) assert (u_plane_accumulator.fits);",
        wrong: "if (!error_o) assert (u_plane_accumulator.fits);",
    },
    Fault {
        name: "results of overlong runs asserted",
        core: GROUPS,
        unit: "",
        right: "if (!error_o && !overflow_o) assert (u_group_accumulator.fits);",
        wrong: "if (!error_o) assert (u_group_accumulator.fits);",
    },
];

#[test]
fn sums_beyond_accumulators_made_for_max_k_raise_overflow_and_nothing_else() {
    let Some(verilator) = verilator() else { return };
    for core in [CORE, GROUPS] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{:?}", report.failure);
        assert!(report.skipped.iter().all(|check| !check.contains("overflow_o")), "{report:?}");
    }
}

#[test]
fn an_assertion_out_of_range_stops_the_simulation() {
    let Some(verilator) = verilator() else { return };
    for fault in TOO_LARGE.iter().chain(&TOO_STRICT) {
        let report = regression_with(&verilator, fault.core, Some(fault));
        let got = report.failure.unwrap_or_else(|| panic!("not caught: {}", fault.name)).got;
        assert!(got.contains("Assertion failed"), "{}: {got}", fault.name);
    }
}
