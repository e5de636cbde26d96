//! What has to hold between keys.

use crate::choice::Named;
use crate::parse::Draft;
use crate::problem::Problem;
use crate::spec::{AccumulatorFormat, Kind, Overflow, Symmetry, WeightWidth};
use bitplane_formats::{IntegerFormat, Range, signed_bits};

/// Most look-ups or multiplications a cycle that are built.
const MOST_OPERATIONS: u64 = 16_384;

/// Look-ups or multiplications a cycle above which a core is costly to work with.
const MANY_OPERATIONS: u64 = 4_096;

/// Everything that keeps the configuration from being built.
pub(crate) fn errors(draft: &Draft<'_>) -> Vec<Problem> {
    let rules = [
        drain_divides_n,
        copies_have_readers,
        fold_needs_a_half_table,
        runtime_bits_have_a_choice,
        activation_bus_fits,
        weight_bus_fits,
        accumulator_holds_every_sum,
        cost_is_bounded,
    ];
    rules.iter().filter_map(|rule| rule(draft)).collect()
}

/// Everything that is legal but worth a second thought.
pub(crate) fn warnings(draft: &Draft<'_>) -> Vec<Problem> {
    cost_is_high(draft).into_iter().collect()
}

fn drain_divides_n(draft: &Draft<'_>) -> Option<Problem> {
    let (n, drain) = (draft.spec.tile.n, draft.spec.tile.drain);
    if !draft.has(&["tile.n", "tile.drain"]) || n.is_multiple_of(drain) {
        return None;
    }
    let divides = |candidate: &u32| n.is_multiple_of(*candidate);
    let below = (1..drain.min(n + 1)).rev().find(divides).unwrap_or(1);
    let help = match (drain + 1..=n).find(divides) {
        Some(above) => format!("the nearest are `drain = {below}` and `drain = {above}` in [tile]"),
        None => format!("the nearest is `drain = {below}` in [tile]"),
    };
    let message = format!(
        "{drain} does not divide n = {n}; legal are the divisors of n from 1 to n: \
         a row's results leave in whole beats"
    );
    let problem = Problem::new("drain-does-not-divide", "tile.drain", message, help);
    Some(draft.place(problem, "tile.n"))
}

fn copies_have_readers(draft: &Draft<'_>) -> Option<Problem> {
    let (n, copies) = (draft.spec.tile.n, draft.spec.table()?.copies);
    if !draft.has(&["tile.n", "table.copies"]) || copies <= n {
        return None;
    }
    let message = format!(
        "{copies} is more than n = {n}; legal is an integer from 1 to {n}: \
         every copy of a table needs a column that reads it"
    );
    let help = format!("the nearest is `copies = {n}` in [table]");
    Some(draft.place(Problem::new("out-of-range", "table.copies", message, help), "tile.n"))
}

fn fold_needs_a_half_table(draft: &Draft<'_>) -> Option<Problem> {
    let full = draft.spec.table()?.symmetry == Symmetry::Full;
    if !full || !draft.sets("table.fold") || !draft.has(&["table.symmetry"]) {
        return None;
    }
    let message = "contradicts symmetry = \"full\": a full table stores every entry, \
                   so there is nothing to fold onto a half";
    let help = "delete `fold`, or write `symmetry = \"half\"` in [table]";
    Some(draft.place(Problem::new("contradictory-keys", "table.fold", message, help), ""))
}

fn runtime_bits_have_a_choice(draft: &Draft<'_>) -> Option<Problem> {
    let fixed = draft.spec.weight_width == WeightWidth::Fixed;
    if fixed || draft.spec.weight.bits() > 1 || !draft.has(&["weight.format"]) {
        return None;
    }
    let message = "contradicts format = \"int1\", the widest weights: a run has at least one bit \
                   plane, so there is no width to choose";
    let help = "delete `runtime_bits`, or write for example `format = \"int4\"` in [weight]";
    Some(draft.place(Problem::new("contradictory-keys", "weight.runtime_bits", message, help), ""))
}

/// Narrowest data port that is built, unless there are fewer bits to send.
const NARROWEST_BUS: u32 = 8;

fn activation_bus_fits(draft: &Draft<'_>) -> Option<Problem> {
    let needs = [
        "activation.bus",
        "activation.format",
        "tile.m",
        "tile.k",
        "tile.groups",
        "table.symmetry",
        "table.precompute",
    ];
    if !draft.has(&needs) {
        return None;
    }
    let whole = draft.spec.activation_step_bits();
    bus_fits(draft, "activation", draft.spec.bus.activation, whole, "a k-step")
}

fn weight_bus_fits(draft: &Draft<'_>) -> Option<Problem> {
    if !draft.has(&["weight.bus", "weight.format", "tile.n", "tile.k", "tile.groups"]) {
        return None;
    }
    let whole = draft.spec.weight_beat_bits();
    bus_fits(draft, "weight", draft.spec.bus.weight, whole, "what the array takes in a cycle")
}

fn bus_fits(draft: &Draft<'_>, section: &str, bus: u32, whole: u32, what: &str) -> Option<Problem> {
    let narrowest = NARROWEST_BUS.min(whole);
    let (reason, nearest) = if bus > whole {
        ("the others would never carry anything", whole)
    } else if bus < narrowest {
        ("the array would only wait for a port of less than a byte", narrowest)
    } else {
        return None;
    };
    let message = format!(
        "{bus} is not legal; legal is an integer from {narrowest} to {whole}, the bits of {what}: \
         {reason}"
    );
    let help = format!("the nearest is `bus = {nearest}` in [{section}]; {whole} is the default");
    Some(draft.place(Problem::new("out-of-range", format!("{section}.bus"), message, help), ""))
}

fn accumulator_holds_every_sum(draft: &Draft<'_>) -> Option<Problem> {
    let accumulate = draft.spec.accumulate;
    let AccumulatorFormat::Integer(format) = accumulate.format else {
        return None;
    };
    let needs = [
        "activation.format",
        "weight.format",
        "tile.k",
        "tile.groups",
        "accumulate.max_k",
        "accumulate.format",
        "accumulate.overflow",
    ];
    let exact = draft.spec.exact_accumulator();
    let needed = signed_bits(exact);
    if accumulate.overflow != Overflow::Refuse || needed <= format.bits() || !draft.has(&needs) {
        return None;
    }
    let message = format!(
        "\"{format}\" is too narrow; legal is \"int{needed}\" or wider: with max_k = {} a sum of \
         {} activations and {} weights reaches {} to {}",
        accumulate.max_k, draft.spec.activation, draft.spec.weight, exact.min, exact.max
    );
    let help = format!(
        "write `format = \"auto\"`{}, or choose `overflow = \"{}\"` or `overflow = \"{}\"` in \
         [accumulate]",
        shorter_run(draft, format),
        Overflow::Wrap.word(),
        Overflow::Saturate.word()
    );
    let problem = Problem::new("accumulator-too-narrow", "accumulate.format", message, help);
    Some(draft.place(problem, ""))
}

/// The longest `max_k` whose sums fit `format`, as a part of a help text; empty if there is none.
fn shorter_run(draft: &Draft<'_>, format: IntegerFormat) -> String {
    let step = i128::from(draft.spec.elements_per_step());
    let Range { min, max } = draft.spec.sum_range(draft.spec.elements_per_step().into());
    // Both ends of the range are beyond zero in every format, also with one-bit weights.
    let steps = (format.min() / min).min(format.max() / max);
    if steps > 0 { format!(", or `max_k = {}`", steps * step) } else { String::new() }
}

/// What one operation of a kind is called.
fn operations(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::LutTensorCore => ("look-ups", "m * n * groups"),
        Kind::MacArray => ("multiplications", "m * n * k"),
    }
}

const COST_KEYS: [&str; 4] = ["tile.m", "tile.n", "tile.k", "tile.groups"];

fn cost_is_bounded(draft: &Draft<'_>) -> Option<Problem> {
    let count = draft.spec.operations_per_cycle();
    if count <= MOST_OPERATIONS || !draft.has(&COST_KEYS) {
        return None;
    }
    let (what, product) = operations(draft.spec.kind());
    let message = format!(
        "{product} = {count} {what} a cycle; legal are up to {MOST_OPERATIONS}: \
         open tools neither simulate nor synthesise more in reasonable time and memory"
    );
    let help = "make the tile smaller and use several cores";
    Some(draft.place(Problem::new("too-costly", "tile", message, help), "tile.n"))
}

fn cost_is_high(draft: &Draft<'_>) -> Option<Problem> {
    let count = draft.spec.operations_per_cycle();
    if count <= MANY_OPERATIONS || !draft.has(&COST_KEYS) {
        return None;
    }
    let (what, product) = operations(draft.spec.kind());
    let message = format!(
        "{product} = {count} {what} a cycle, more than {MANY_OPERATIONS}: \
         building a simulation and synthesis will be slow and need much memory"
    );
    let help = format!("start with a smaller tile; up to {MOST_OPERATIONS} are built");
    Some(draft.place(Problem::new("costly", "tile", message, help), "tile.n"))
}
