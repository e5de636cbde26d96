//! What has to hold of a core with tables that rounds every sum, or the entries of its tables.

use crate::choice::Named;
use crate::parse::Draft;
use crate::problem::Problem;
use crate::spec::{Entry, Overflow, PlaneOrder, ZeroPointMode};

/// Everything that keeps a core with tables from being built.
pub(super) fn errors(draft: &Draft<'_>) -> Vec<Problem> {
    let mut errors = errors_of_rounded_sums(draft);
    errors.extend(errors_of_quantised_entries(draft));
    errors
}

fn errors_of_rounded_sums(draft: &Draft<'_>) -> Vec<Problem> {
    let is_such = draft.spec.table().is_some() && draft.spec.rounded_sums().is_some();
    if !is_such || !draft.has(&["activation.format", "accumulate.mode"]) {
        return Vec::new();
    }
    let rules = [
        look_ups_have_a_tree,
        results_have_the_fractions,
        zero_points_need_exact_sums,
        scales_need_exact_sums,
        passes_need_exact_sums,
        overflow_needs_exact_sums,
        tables_are_built_here,
    ];
    rules.iter().filter_map(|rule| rule(draft)).collect()
}

fn errors_of_quantised_entries(draft: &Draft<'_>) -> Vec<Problem> {
    let quantised = draft.spec.table().is_some_and(|table| table.entry == Entry::Int8);
    if !quantised || !draft.has(&["table.entry"]) {
        return Vec::new();
    }
    let rules = [
        sums_are_wider_than_entries,
        quantised_sums_are_integers,
        quantised_sums_do_not_clamp,
        corrections_need_the_activations,
    ];
    rules.iter().filter_map(|rule| rule(draft)).collect()
}

fn sums_are_wider_than_entries(draft: &Draft<'_>) -> Option<Problem> {
    let spec = &draft.spec;
    let settled = draft.has(&["activation.format", "tile.k", "weight.format"]);
    if !settled || spec.rounds_sums() || spec.quantised_entries().is_some() {
        return None;
    }
    let of_activations =
        format!("sums of {} activations of {} bits", spec.tile.k, spec.activation.bits());
    let (message, help) = match spec.aligned() {
        Some(aligned) if !aligned.is_exact() => (
            format!(
                "\"int8\" rounds nothing: the block's exponent is such that {of_activations} have no more"
            ),
            "delete `entry`, or write `align_bits = 9` or more in [accumulate]",
        ),
        _ => {
            let bits = spec.table_layout()?.entry_bits;
            (format!("\"int8\" rounds nothing: {of_activations} have {bits}"), "delete `entry`")
        }
    };
    Some(draft.place(Problem::new("contradictory-keys", "table.entry", message, help), "tile.k"))
}

fn quantised_sums_are_integers(draft: &Draft<'_>) -> Option<Problem> {
    if !draft.spec.rounds_sums() || !draft.has(&["accumulate.mode"]) {
        return None;
    }
    let message = "\"int8\" contradicts mode = \"float\" in [accumulate]: entries are numbers of \
                   `result` there";
    let help = "delete `entry`, or write `mode = \"aligned\"` in [accumulate]";
    let problem = Problem::new("contradictory-keys", "table.entry", message, help);
    Some(draft.place(problem, "accumulate.mode"))
}

fn quantised_sums_do_not_clamp(draft: &Draft<'_>) -> Option<Problem> {
    let saturates = draft.spec.accumulate.overflow == Overflow::Saturate;
    if !saturates || !draft.has(&["accumulate.overflow"]) {
        return None;
    }
    let message = "\"saturate\" contradicts entry = \"int8\" in [table]: accumulators count in units of an \
                   entry, so that the largest result is not one of theirs";
    let help = "write `overflow = \"wrap\"` or `overflow = \"refuse\"` in [accumulate]";
    let problem = Problem::new("contradictory-keys", "accumulate.overflow", message, help);
    Some(draft.place(problem, "table.entry"))
}

fn corrections_need_the_activations(draft: &Draft<'_>) -> Option<Problem> {
    let corrects = draft.spec.zero_point != ZeroPointMode::None;
    let keys = ["table.precompute", "group.zero_point"];
    if !corrects || !draft.spec.has_external_tables() || !draft.has(&keys) {
        return None;
    }
    let message = format!(
        "\"{}\" contradicts precompute = \"external\" with entry = \"int8\" in [table]: a zero point \
         multiplies the sum of the activations, which rounded entries do not tell",
        draft.spec.zero_point.word()
    );
    let help =
        "write `precompute = \"shared\"` or `entry = \"exact\"` in [table], or delete `zero_point`";
    let problem = Problem::new("contradictory-keys", "group.zero_point", message, help);
    Some(draft.place(problem, "table.entry"))
}

fn look_ups_have_a_tree(draft: &Draft<'_>) -> Option<Problem> {
    let groups = draft.spec.tile.groups;
    if groups.is_power_of_two() || !draft.has(&["tile.groups"]) {
        return None;
    }
    let above = groups.next_power_of_two();
    let message = format!(
        "{groups} is not legal; with mode = \"float\" in [accumulate] legal are the powers of two: look-ups \
         are added two by two"
    );
    let help = format!("the nearest are `groups = {}` and `groups = {above}` in [tile]", above / 2);
    Some(draft.place(Problem::new("out-of-range", "tile.groups", message, help), "accumulate.mode"))
}

fn results_have_the_fractions(draft: &Draft<'_>) -> Option<Problem> {
    let float = draft.spec.float?;
    let enough = float.result.fraction_bits() >= float.format.fraction_bits();
    if enough || !draft.has(&["accumulate.result"]) {
        return None;
    }
    let message = format!(
        "\"{}\" has fractions of {} bits, {} activations have {}: with mode = \"float\" a table holds numbers \
         of the result's format, activations themselves among them",
        float.result,
        float.result.fraction_bits(),
        float.format,
        float.format.fraction_bits()
    );
    let help = "write `result = \"fp32\"` in [accumulate]";
    let problem = Problem::new("result-too-narrow", "accumulate.result", message, help);
    Some(draft.place(problem, "activation.format"))
}

fn zero_points_need_exact_sums(draft: &Draft<'_>) -> Option<Problem> {
    let zero_point = draft.spec.zero_point;
    let message = format!(
        "\"{}\" contradicts mode = \"float\" in [accumulate]: what a zero point takes away is nearly all of a \
         sum, and would leave its roundings",
        zero_point.word()
    );
    needs_exact_sums(draft, "group.zero_point", zero_point != ZeroPointMode::None, message)
}

fn scales_need_exact_sums(draft: &Draft<'_>) -> Option<Problem> {
    let scale = draft.spec.scale();
    let message = format!(
        "\"{}\" contradicts mode = \"float\" in [accumulate]: scales multiply the exact sums of groups",
        scale.word()
    );
    needs_exact_sums(draft, "group.scale", scale.is_some(), message)
}

fn passes_need_exact_sums(draft: &Draft<'_>) -> Option<Problem> {
    let outer = draft.spec.tile.plane_order == PlaneOrder::Outer;
    let message = "\"outer\" contradicts mode = \"float\" in [accumulate]: planes are rounded in the published \
                   order, the least significant first";
    needs_exact_sums(draft, "tile.plane_order", outer, message.to_owned())
}

fn overflow_needs_exact_sums(draft: &Draft<'_>) -> Option<Problem> {
    let overflow = draft.spec.accumulate.overflow;
    let message = format!(
        "\"{}\" contradicts mode = \"float\": a sum beyond the largest number is infinite",
        overflow.word()
    );
    needs_exact_sums(draft, "accumulate.overflow", overflow != Overflow::Refuse, message)
}

fn needs_exact_sums(
    draft: &Draft<'_>,
    key: &'static str,
    is_set: bool,
    message: String,
) -> Option<Problem> {
    if !is_set || !draft.has(&[key]) {
        return None;
    }
    let name = key.split('.').next_back().unwrap_or(key);
    let help = format!("delete `{name}`, or write `mode = \"aligned\"` in [accumulate]");
    let problem = Problem::new("contradictory-keys", key, message, help);
    Some(draft.place(problem, "accumulate.mode"))
}

fn tables_are_built_here(draft: &Draft<'_>) -> Option<Problem> {
    if !draft.spec.has_external_tables() || !draft.has(&["table.precompute"]) {
        return None;
    }
    let message = "\"external\" contradicts mode = \"float\" in [accumulate]: the port takes tables of \
                   integers";
    let help =
        "write `precompute = \"shared\"` in [table], or `mode = \"aligned\"` in [accumulate]";
    let problem = Problem::new("contradictory-keys", "table.precompute", message, help);
    Some(draft.place(problem, "accumulate.mode"))
}
