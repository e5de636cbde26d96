//! What has to hold of a core with tables that rounds every sum.

use crate::choice::Named;
use crate::parse::Draft;
use crate::problem::Problem;
use crate::spec::{Overflow, PlaneOrder, ZeroPointMode};

/// Everything that keeps it from being built.
pub(super) fn errors(draft: &Draft<'_>) -> Vec<Problem> {
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
