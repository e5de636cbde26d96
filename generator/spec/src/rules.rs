//! What has to hold between keys.

mod buffers;
mod look_up;

use crate::choice::Named;
use crate::parse::Draft;
use crate::problem::Problem;
use crate::spec::{
    AccumulatorFormat, AlignBits, AlignBlock, Chain, Fold, Kind, Overflow, Packing, PlaneOrder,
    Stages, Symmetry, WeightWidth, ZeroPointMode,
};
use bitplane_formats::{
    AlignedFormat, IntegerFormat, ProductFormat, Range, ScaleFormat, exact_bits, last_number,
    signed_bits,
};

/// Most look-ups or multiplications a cycle that are built.
const MOST_OPERATIONS: u64 = 16_384;

/// Look-ups or multiplications a cycle above which a core is costly to work with.
const MANY_OPERATIONS: u64 = 4_096;

/// Most ternary weights of one table, which has 40 entries then.
const MOST_TRITS: u32 = 4;

/// Everything that keeps the configuration from being built.
pub(crate) fn errors(draft: &Draft<'_>) -> Vec<Problem> {
    let rules = [
        rows_of_tiles_divide_m,
        columns_of_tiles_divide_n,
        drain_divides_n,
        scale_units_divide_n,
        drain_is_that_of_the_scale_units,
        per_group_has_a_size,
        size_needs_per_group,
        scale_units_need_per_group,
        drain_of_groups_needs_per_group,
        group_beats_fit_a_weight_beat,
        heads_fit_a_weight_beat,
        scales_take_no_constant_zero_point,
        scaled_results_are_floating_point,
        scales_come_in_words,
        per_group_does_not_saturate,
        per_group_has_fixed_weights,
        per_group_has_no_passes,
        per_group_has_a_whole_activation_port,
        per_group_has_a_whole_weight_port,
        copies_have_readers,
        fold_needs_a_half_table,
        symmetry_has_a_choice,
        runtime_bits_have_a_choice,
        runtime_bits_are_planes,
        runtime_bits_are_halves,
        runtime_halves_take_no_commands,
        packing_needs_trits,
        bytes_need_a_whole_port,
        ternary_groups_are_short,
        ternary_tables_are_halves,
        ternary_words_come_folded,
        ternary_weights_have_their_zero,
        activation_bus_fits,
        weight_bus_fits,
        align_bits_need_floating_point,
        align_blocks_need_floating_point,
        align_bits_need_aligned_sums,
        align_blocks_need_aligned_sums,
        sum_modes_need_floating_point,
        integer_weights_need_rounded_sums,
        stages_have_their_places,
        rounded_sums_have_a_tree,
        align_blocks_of_groups_need_scales,
        align_blocks_of_groups_lose_some,
        results_need_floating_point,
        align_bits_lose_some,
        exact_alignment_is_bounded,
        results_have_the_exponents,
        floating_point_sums_are_exact,
        accumulator_holds_every_sum,
        addend_needs_commands,
        addend_is_an_integer,
        skip_needs_commands,
        skip_sees_activations,
        skip_sees_whole_steps,
        skip_leaves_a_step_of_each_group,
        addend_holds_a_result,
        cost_is_bounded,
    ];
    let of_kinds = buffers::errors(draft).into_iter().chain(look_up::errors(draft));
    rules.iter().filter_map(|rule| rule(draft)).chain(of_kinds).collect()
}

/// Everything that is legal but worth a second thought.
pub(crate) fn warnings(draft: &Draft<'_>) -> Vec<Problem> {
    cost_is_high(draft).into_iter().collect()
}

fn rows_of_tiles_divide_m(draft: &Draft<'_>) -> Option<Problem> {
    let (m, rows) = (draft.spec.tile.m, draft.spec.chain.rows);
    tiles_divide(draft, ["chain.rows", "tile.m"], rows, m)
}

fn columns_of_tiles_divide_n(draft: &Draft<'_>) -> Option<Problem> {
    let (n, columns) = (draft.spec.tile.n, draft.spec.chain.columns);
    tiles_divide(draft, ["chain.columns", "tile.n"], columns, n)
}

/// As many `tiles` as key `chained` says share `size` rows or columns, which key `whole` says.
fn tiles_divide(
    draft: &Draft<'_>,
    [chained, whole]: [&'static str; 2],
    tiles: u32,
    size: u32,
) -> Option<Problem> {
    if !draft.has(&[chained, whole]) || size.is_multiple_of(tiles) {
        return None;
    }
    let name = whole.trim_start_matches("tile.");
    let message = format!(
        "{tiles} does not divide {name} = {size}; legal are the divisors of {name} from 1 to {}: \
         every tile has as many",
        Chain::MOST
    );
    let key = chained.trim_start_matches("chain.");
    let help = nearest_divisors_up_to(Chain::MOST, size, tiles, key, "chain");
    Some(draft.place(Problem::new("tiles-do-not-divide", chained, message, help), whole))
}

/// The columns of a tile, and what messages call them; none where that is not known.
fn columns_of_a_tile(draft: &Draft<'_>) -> Option<(u32, String)> {
    let (n, columns) = (draft.spec.tile.n, draft.spec.chain.columns);
    let known = draft.has(&["tile.n", "chain.columns"]) && n.is_multiple_of(columns);
    known.then(|| {
        let of_each = n / columns;
        let called = match columns {
            1 => format!("n = {n}"),
            _ => format!("n = {of_each} of a tile"),
        };
        (of_each, called)
    })
}

fn drain_divides_n(draft: &Draft<'_>) -> Option<Problem> {
    // A drain that follows from the scale units is their problem.
    let follows = draft.sets("group.scale_units") && !draft.sets("tile.drain");
    let drain = draft.spec.tile.drain;
    let (n, called) = columns_of_a_tile(draft)?;
    if follows || !draft.has(&["tile.drain"]) || n.is_multiple_of(drain) {
        return None;
    }
    let message = format!(
        "{drain} does not divide {called}; legal are the divisors of n from 1 to n: \
         a row's results leave in whole beats"
    );
    let help = nearest_divisors(n, drain, "drain", "tile");
    let problem = Problem::new("drain-does-not-divide", "tile.drain", message, help);
    Some(draft.place(problem, "tile.n"))
}

/// The lines that set `key` to the divisors of `n` on both sides of `value`.
fn nearest_divisors(n: u32, value: u32, key: &str, section: &str) -> String {
    nearest_divisors_up_to(n, n, value, key, section)
}

/// The same where none above `most` is legal.
fn nearest_divisors_up_to(most: u32, n: u32, value: u32, key: &str, section: &str) -> String {
    let divides = |candidate: &u32| n.is_multiple_of(*candidate);
    let below = (1..value.min(n + 1)).rev().find(divides).unwrap_or(1);
    match (value + 1..=most).find(divides) {
        Some(above) => {
            format!("the nearest are `{key} = {below}` and `{key} = {above}` in [{section}]")
        }
        None => format!("the nearest is `{key} = {below}` in [{section}]"),
    }
}

fn scale_units_divide_n(draft: &Draft<'_>) -> Option<Problem> {
    let units = draft.spec.quantisation_group?.scale_units;
    let (n, called) = columns_of_a_tile(draft)?;
    let given = draft.sets("group.scale_units") && draft.has(&["group.scale_units"]);
    if !given || n.is_multiple_of(units) {
        return None;
    }
    let message = format!(
        "{units} does not divide {called}; legal are the divisors of n from 1 to n: \
         a row's columns are corrected in whole beats"
    );
    let help = nearest_divisors(n, units, "scale_units", "group");
    let problem = Problem::new("scale-units-do-not-divide", "group.scale_units", message, help);
    Some(draft.place(problem, "tile.n"))
}

fn drain_is_that_of_the_scale_units(draft: &Draft<'_>) -> Option<Problem> {
    let (drain, units) = (draft.spec.tile.drain, draft.spec.quantisation_group?.scale_units);
    if !draft.has(&["tile.drain", "group.scale_units"]) || drain == units {
        return None;
    }
    let message = format!(
        "{drain} is not scale_units = {units} of [group], the only legal value: with {} results leave \
         through the units that correct them",
        asks_for_groups(draft)
    );
    let help = format!("delete `drain`, or write `scale_units = {drain}` in [group]");
    let problem = Problem::new("contradictory-keys", "tile.drain", message, help);
    Some(draft.place(problem, "group.scale_units"))
}

/// The setting that asks for quantisation groups.
fn asks_for_groups(draft: &Draft<'_>) -> String {
    match (draft.spec.zero_point, draft.spec.scale()) {
        (ZeroPointMode::PerGroup, _) | (_, None) => "zero_point = \"per_group\"".to_owned(),
        (_, scale) => format!("scale = \"{}\"", scale.word()),
    }
}

/// How a core does without quantisation groups.
fn without_groups(draft: &Draft<'_>) -> &'static str {
    match (draft.spec.zero_point, draft.spec.scale()) {
        (_, None) => "write `zero_point = \"constant\"` in [group]",
        (ZeroPointMode::PerGroup, _) => {
            "delete `scale` and write `zero_point = \"constant\"` in [group]"
        }
        (_, Some(_)) => "delete `scale` in [group]",
    }
}

/// The same as the second part of a help text; empty where there is no such core.
fn or_without_groups(draft: &Draft<'_>) -> String {
    match draft.spec.kind() {
        Kind::BitmodTile => String::new(),
        _ => format!(", or {}", without_groups(draft)),
    }
}

/// Where the file asks for quantisation groups.
fn group_line(draft: &Draft<'_>) -> &'static str {
    if draft.spec.zero_point == ZeroPointMode::PerGroup {
        "group.zero_point"
    } else {
        "group.scale"
    }
}

fn per_group_has_a_size(draft: &Draft<'_>) -> Option<Problem> {
    let size = draft.spec.quantisation_group?.size;
    if size > 0 || !draft.has(&["group.zero_point", "group.scale", "group.size"]) {
        return None;
    }
    let shared = match draft.spec.zero_point {
        ZeroPointMode::PerGroup => "zero point",
        ZeroPointMode::None | ZeroPointMode::Constant => "scale",
    };
    let message = format!(
        "must be set with {}; legal is an integer from 1 to 16777216: the elements of K that share a \
         {shared}",
        asks_for_groups(draft)
    );
    let help = "write for example `size = 128` in [group]; one group holds a whole column if size \
                is at least its K";
    let problem = Problem::new("missing-key", "group.size", message, help);
    Some(draft.place(problem, group_line(draft)))
}

fn size_needs_per_group(draft: &Draft<'_>) -> Option<Problem> {
    needs_per_group(
        draft,
        "size",
        "only zero points and scales of [group] belong to quantisation groups",
    )
}

fn scale_units_need_per_group(draft: &Draft<'_>) -> Option<Problem> {
    needs_per_group(draft, "scale_units", "there is nothing for such units to correct")
}

fn drain_of_groups_needs_per_group(draft: &Draft<'_>) -> Option<Problem> {
    needs_per_group(draft, "drain", "the results of a run drain from the accumulators")
}

fn needs_per_group(draft: &Draft<'_>, key: &str, reason: &str) -> Option<Problem> {
    let path = format!("group.{key}");
    let settled = draft.sets(&path) && draft.has(&["group.zero_point", "group.scale"]);
    if !settled || draft.spec.quantisation_group.is_some() {
        return None;
    }
    let mode = draft.spec.zero_point.word();
    let message = format!("contradicts zero_point = \"{mode}\": {reason}");
    let help = match draft.spec.kind() {
        Kind::LutTensorCore => {
            format!(
                "delete `{key}`, or write `zero_point = \"per_group\"` or for example \
                 `scale = \"fp16\"` in [group]"
            )
        }
        _ => format!("delete `{key}`"),
    };
    Some(draft.place(Problem::new("contradictory-keys", &path, message, help), ""))
}

fn group_beats_fit_a_weight_beat(draft: &Draft<'_>) -> Option<Problem> {
    let (spec, tile) = (draft.spec, draft.spec.tile);
    spec.quantisation_group?;
    let have = tile.groups * spec.weight_word_bits();
    let [zero_point, scale] = spec.group_beat_bits();
    let need = zero_point + scale;
    let keys = ["group.zero_point", "group.scale", "tile.k", "tile.groups", "weight.format"];
    // A ternary weight with a zero point is told of by itself.
    let told = spec.weight.is_ternary() && zero_point > 0;
    if have >= need || told || !draft.has(&keys) {
        return None;
    }
    let problem = match scale {
        0 => zero_point_too_wide(draft, have, need),
        _ => scale_too_wide(draft, have, zero_point, scale),
    };
    Some(draft.place(problem, "tile.k"))
}

fn heads_fit_a_weight_beat(draft: &Draft<'_>) -> Option<Problem> {
    let (spec, need) = (draft.spec, draft.spec.head_bits());
    let have = spec.weight_word_bits();
    if have >= need || !draft.has(&["weight.format", "term.reach", "tile.k"]) {
        return None;
    }
    let code_bits = spec.weight.bits();
    let message = format!(
        "a column's part of a weight beat, {} codes of {code_bits} bits, has {have} bits; legal are {need} or \
         more, k = {}: before each quantisation group a beat tells its data type and special value",
        spec.tile.k,
        need.div_ceil(code_bits)
    );
    let help = "raise `k` in [tile]".to_owned();
    let problem = Problem::new("head-too-wide", "tile.k", message, help);
    Some(draft.place(problem, "weight.format"))
}

fn zero_point_too_wide(draft: &Draft<'_>, have: u32, need: u32) -> Problem {
    let message = format!(
        "\"per_group\" sends a zero point of {need} bits for {} weights in a column's part of a \
         weight beat, k * groups = {have} bits; legal is k * groups of {need} or more",
        draft.spec.weight
    );
    let help = format!(
        "raise `k` or `groups` in [tile], or write `format = \"int{}\"` or narrower in [weight]",
        have - 1
    );
    Problem::new("zero-point-too-wide", "group.zero_point", message, help)
}

fn scale_too_wide(draft: &Draft<'_>, have: u32, zero_point: u32, scale: u32) -> Problem {
    let spec = draft.spec;
    let word = spec.scale().word();
    let beside = match zero_point {
        0 => String::new(),
        bits => format!(" beside a zero point of {bits}"),
    };
    let (of_a_word, need) = (spec.weight_word_bits(), zero_point + scale);
    let (enough, wider) = match spec.terms() {
        Some(terms) => {
            let of_a_code = terms.code_bits();
            let k = need.div_ceil(of_a_code);
            (format!("k = {k} with codes of {of_a_code} bits"), "`k`")
        }
        None => {
            let groups = need.div_ceil(of_a_word);
            (format!("groups = {groups} with words of {of_a_word} bits"), "`k` or `groups`")
        }
    };
    let message = format!(
        "\"{word}\" sends a scale of {scale} bits{beside} in a column's part of a weight beat, \
         {have} bits; legal are {need} or more, {enough}"
    );
    let narrower = match spec.scale() {
        Some(ScaleFormat::Fp16) => {
            ", or write `scale = \"e4m3\"`, `\"e8m0\"` or `\"int8\"` in [group], which take 8 bits"
        }
        Some(ScaleFormat::E4m3 | ScaleFormat::E8m0 | ScaleFormat::Int8) | None => "",
    };
    let help = format!("raise {wider} in [tile]{narrower}");
    Problem::new("scale-too-wide", "group.scale", message, help)
}

fn scales_take_no_constant_zero_point(draft: &Draft<'_>) -> Option<Problem> {
    let scale = draft.spec.scale()?;
    let constant = draft.spec.zero_point == ZeroPointMode::Constant;
    if !constant || !draft.has(&["group.zero_point", "group.scale"]) {
        return None;
    }
    let message = format!(
        "\"{}\" contradicts zero_point = \"constant\": a group's sum is scaled when the group ends, so \
         its zero points have to come with it",
        Some(scale).word()
    );
    let help = "write `zero_point = \"per_group\"` in [group], or delete `zero_point`";
    let problem = Problem::new("contradictory-keys", "group.scale", message, help);
    Some(draft.place(problem, "group.zero_point"))
}

fn scaled_results_are_floating_point(draft: &Draft<'_>) -> Option<Problem> {
    let scale = draft.spec.scale()?;
    let AccumulatorFormat::Integer(format) = draft.spec.accumulate.format else { return None };
    // Floating-point activations have their own reason.
    let settled = draft.has(&["group.scale", "accumulate.format", "activation.format"]);
    if !settled || draft.spec.float.is_some() {
        return None;
    }
    let message = format!(
        "\"{format}\" contradicts scale = \"{}\" in [group]; legal is \"auto\": sums of groups are \
         exact, and scaled they are added to floating-point results",
        Some(scale).word()
    );
    let help = "delete `format` and `overflow` in [accumulate], or `scale` in [group]";
    let problem = Problem::new("contradictory-keys", "accumulate.format", message, help);
    Some(draft.place(problem, "group.scale"))
}

fn scales_come_in_words(draft: &Draft<'_>) -> Option<Problem> {
    draft.spec.scale()?;
    let bytes = draft.spec.packing == Packing::Bytes && draft.spec.weight.is_ternary();
    if !bytes || !draft.has(&["weight.packing", "weight.format", "group.scale"]) {
        return None;
    }
    let message = "contradicts a scale in [group]: bytes are unpacked to words of trits on their way into \
                   the weight register, which a beat of scales would be too";
    let help = "write `packing = \"words\"` in [weight], or delete `scale` in [group]";
    let problem = Problem::new("contradictory-keys", "weight.packing", message, help);
    Some(draft.place(problem, "group.scale"))
}

fn per_group_has_fixed_weights(draft: &Draft<'_>) -> Option<Problem> {
    draft.spec.quantisation_group?;
    let runtime = draft.spec.weight_width == WeightWidth::Runtime;
    if !runtime || !draft.has(&["group.zero_point", "group.scale", "weight.runtime_bits"]) {
        return None;
    }
    let reason = match draft.spec.zero_point {
        ZeroPointMode::PerGroup => {
            "the zero points in a weight beat have the width that belongs to weight.format"
        }
        ZeroPointMode::None | ZeroPointMode::Constant => {
            "the sums that are scaled have the width that belongs to weight.format"
        }
    };
    let message = format!("contradicts {}: {reason}", asks_for_groups(draft));
    let help = format!("delete `runtime_bits`{}", or_without_groups(draft));
    let problem = Problem::new("contradictory-keys", "weight.runtime_bits", message, help);
    Some(draft.place(problem, ""))
}

fn per_group_has_no_passes(draft: &Draft<'_>) -> Option<Problem> {
    draft.spec.quantisation_group?;
    let passes = draft.spec.tile.plane_order == PlaneOrder::Outer;
    if !passes || !draft.has(&["group.zero_point", "group.scale", "tile.plane_order"]) {
        return None;
    }
    let message = format!(
        "contradicts {}: a pass over K leaves one plane of every group in the accumulators, so no group \
         is ever complete in them",
        asks_for_groups(draft)
    );
    let help = format!("delete `plane_order`{}", or_without_groups(draft));
    let problem = Problem::new("contradictory-keys", "tile.plane_order", message, help);
    Some(draft.place(problem, ""))
}

fn per_group_has_a_whole_activation_port(draft: &Draft<'_>) -> Option<Problem> {
    let keys = ["activation.bus", "activation.format", "tile.m", "tile.k", "tile.groups"];
    let narrow = draft.has(&keys) && draft.spec.activation_bus_beats() > 1;
    narrow.then(|| per_group_has_a_whole_port(draft, "activation"))?
}

fn per_group_has_a_whole_weight_port(draft: &Draft<'_>) -> Option<Problem> {
    let keys = ["weight.bus", "weight.format", "tile.n", "tile.k", "tile.groups"];
    let narrow = draft.has(&keys) && draft.spec.weight_bus_beats() > 1;
    narrow.then(|| per_group_has_a_whole_port(draft, "weight"))?
}

fn per_group_has_a_whole_port(draft: &Draft<'_>, section: &str) -> Option<Problem> {
    draft.spec.quantisation_group?;
    if !draft.has(&["group.zero_point", "group.scale"]) {
        return None;
    }
    let message = format!(
        "contradicts {}: the array starts a quantisation group as soon as the one before has drained, \
         which a port that fills its register in several beats cannot follow",
        asks_for_groups(draft)
    );
    let help = format!("delete `bus`{}", or_without_groups(draft));
    let path = format!("{section}.bus");
    Some(draft.place(Problem::new("contradictory-keys", path, message, help), ""))
}

fn per_group_does_not_saturate(draft: &Draft<'_>) -> Option<Problem> {
    draft.spec.quantisation_group?;
    let saturates = draft.spec.accumulate.overflow == Overflow::Saturate;
    if !saturates || !draft.has(&["group.zero_point", "group.scale", "accumulate.overflow"]) {
        return None;
    }
    let message = format!(
        "contradicts {}: groups are summed exactly and added to the result afterwards, so no addition of \
         a weight beat could clamp",
        asks_for_groups(draft)
    );
    let help = "write `overflow = \"wrap\"` or `overflow = \"refuse\"` in [accumulate]";
    let problem = Problem::new("contradictory-keys", "accumulate.overflow", message, help);
    Some(draft.place(problem, ""))
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
    if !draft.sets("table.fold") || !draft.has(&["table.symmetry"]) {
        return None;
    }
    let (message, help) = match draft.spec.table()?.symmetry {
        Symmetry::Half { .. } => return None,
        Symmetry::Full => (
            "contradicts symmetry = \"full\": a full table stores every entry, \
             so there is nothing to fold onto a half",
            "delete `fold`, or write `symmetry = \"half\"` in [table]",
        ),
        Symmetry::Subsets => (
            "contradicts kind = \"lut_conventional\", which stores every entry: \
             there is nothing to fold onto a half",
            "delete `fold`, or write `kind = \"lut_tensor_core\"`",
        ),
    };
    Some(draft.place(Problem::new("contradictory-keys", "table.fold", message, help), ""))
}

fn symmetry_has_a_choice(draft: &Draft<'_>) -> Option<Problem> {
    let subsets = draft.spec.table()?.symmetry == Symmetry::Subsets;
    if !subsets || !draft.sets("table.symmetry") {
        return None;
    }
    let message = "contradicts kind = \"lut_conventional\": the sums of subsets have no symmetry, \
                   so that all of them are stored";
    let help = "delete `symmetry`, or write `kind = \"lut_tensor_core\"`";
    Some(draft.place(Problem::new("contradictory-keys", "table.symmetry", message, help), ""))
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

fn runtime_bits_are_planes(draft: &Draft<'_>) -> Option<Problem> {
    let runtime = draft.spec.weight_width == WeightWidth::Runtime;
    let reason = "a trit is one look-up, so there is no width to choose";
    let help = "delete `runtime_bits`, or write for example `format = \"int4\"` in [weight]";
    runtime.then(|| not_ternary(draft, "weight.runtime_bits", reason, help))?
}

/// Whether a run of an `fp_mac_array` chooses between weights and pairs of them.
fn asks_for_pairs(draft: &Draft<'_>) -> bool {
    draft.spec.kind() == Kind::FpMacArray && draft.spec.weight_width == WeightWidth::Runtime
}

fn runtime_bits_are_halves(draft: &Draft<'_>) -> Option<Problem> {
    let weight = draft.spec.weight;
    // One of a single bit is told everywhere.
    let settled = draft.has(&["weight.runtime_bits", "weight.format"]) && weight.bits() > 1;
    if !asks_for_pairs(draft) || weight.halved().is_some() || !settled {
        return None;
    }
    let message = format!(
        "contradicts format = \"{weight}\" in [weight]: a multiplier splits into two of half of the bits, \
         which integers of 4, 6 and 8 bits have"
    );
    let help = "delete `runtime_bits`, or write for example `format = \"int8\"` in [weight]";
    let problem = Problem::new("contradictory-keys", "weight.runtime_bits", message, help);
    Some(draft.place(problem, "weight.format"))
}

fn runtime_halves_take_no_commands(draft: &Draft<'_>) -> Option<Problem> {
    let commands = draft.spec.sequencer.is_some();
    if !asks_for_pairs(draft) || !commands || !draft.has(&["weight.runtime_bits"]) {
        return None;
    }
    let message = "contradicts commands = \"lmma\" in [sequencer]: the shape of a command counts results, of \
                   which a column has one or two as its run says";
    let help = "delete `runtime_bits`, or `commands` in [sequencer]";
    let problem = Problem::new("contradictory-keys", "weight.runtime_bits", message, help);
    Some(draft.place(problem, "sequencer.commands"))
}

fn packing_needs_trits(draft: &Draft<'_>) -> Option<Problem> {
    let settled = draft.has(&["weight.format", "weight.packing"]);
    if !settled || draft.spec.packing == Packing::Words || draft.spec.weight.is_ternary() {
        return None;
    }
    let message = format!(
        "contradicts format = \"{}\": bit planes come in words of k bits, and only trits can be packed \
         in two ways",
        draft.spec.weight
    );
    let help = "delete `packing`, or write `format = \"ternary\"` in [weight]";
    let problem = Problem::new("contradictory-keys", "weight.packing", message, help);
    Some(draft.place(problem, "weight.format"))
}

fn bytes_need_a_whole_port(draft: &Draft<'_>) -> Option<Problem> {
    let keys = ["weight.bus", "weight.packing", "weight.format", "tile.n", "tile.k", "tile.groups"];
    let trits = draft.spec.weight.is_ternary() && draft.spec.packing == Packing::Bytes;
    if !trits || !draft.has(&keys) || draft.spec.weight_bus_beats() < 2 {
        return None;
    }
    let message = "contradicts packing = \"bytes\": bytes are unpacked on their way into the weight \
                   register, all columns at once";
    let help = "delete `bus`, or write `packing = \"words\"` in [weight]";
    let problem = Problem::new("contradictory-keys", "weight.bus", message, help);
    Some(draft.place(problem, "weight.packing"))
}

fn ternary_groups_are_short(draft: &Draft<'_>) -> Option<Problem> {
    let k = draft.spec.tile.k;
    let settled = draft.has(&["weight.format", "tile.k"]) && draft.spec.weight.is_ternary();
    if !settled || k <= MOST_TRITS {
        return None;
    }
    let message = format!(
        "{k} is not legal with format = \"ternary\" in [weight]; legal is an integer from 2 to \
         {MOST_TRITS}: a table holds (3^k - 1) / 2 sums, {} of them for k = {k}",
        last_number(k)
    );
    let help = "write `k = 3` in [tile], which packs best: 5 bits for 3 weights";
    let problem = Problem::new("out-of-range", "tile.k", message, help);
    Some(draft.place(problem, "weight.format"))
}

fn ternary_tables_are_halves(draft: &Draft<'_>) -> Option<Problem> {
    let full = draft.spec.table()?.symmetry == Symmetry::Full;
    let reason = "its words have a sign, so that half of the sums are enough";
    let help = "delete `symmetry`, or write `format = \"int2\"` in [weight]";
    full.then(|| not_ternary(draft, "table.symmetry", reason, help))?
}

fn ternary_words_come_folded(draft: &Draft<'_>) -> Option<Problem> {
    let runtime = draft.spec.table()?.symmetry == Symmetry::Half { fold: Fold::Runtime };
    let reason = "its words are entry numbers and signs as they are packed";
    let help = "delete `fold`, or write `format = \"int2\"` in [weight]";
    runtime.then(|| not_ternary(draft, "table.fold", reason, help))?
}

fn ternary_weights_have_their_zero(draft: &Draft<'_>) -> Option<Problem> {
    let corrects = draft.spec.zero_point != ZeroPointMode::None;
    let reason = "its weights are -1, 0 and 1, with nothing to correct";
    let help = "delete `zero_point`, or write `format = \"int2\"` in [weight]";
    corrects.then(|| not_ternary(draft, "group.zero_point", reason, help))?
}

/// A setting of `key` that native ternary weights do not have.
fn not_ternary(draft: &Draft<'_>, key: &str, reason: &str, help: &str) -> Option<Problem> {
    if !draft.has(&["weight.format", key]) || !draft.spec.weight.is_ternary() {
        return None;
    }
    let message = format!("contradicts format = \"ternary\" in [weight]: {reason}");
    Some(draft.place(Problem::new("contradictory-keys", key, message, help), "weight.format"))
}

fn align_bits_need_floating_point(draft: &Draft<'_>) -> Option<Problem> {
    needs_floating_point(draft, "align_bits", "integers are not aligned")
}

fn align_blocks_need_floating_point(draft: &Draft<'_>) -> Option<Problem> {
    needs_floating_point(draft, "align_block", "integers are not aligned")
}

fn sum_modes_need_floating_point(draft: &Draft<'_>) -> Option<Problem> {
    needs_floating_point(draft, "mode", "sums of integers are exact")
}

fn align_bits_need_aligned_sums(draft: &Draft<'_>) -> Option<Problem> {
    needs_aligned_sums(draft, "align_bits")
}

fn align_blocks_need_aligned_sums(draft: &Draft<'_>) -> Option<Problem> {
    needs_aligned_sums(draft, "align_block")
}

fn needs_aligned_sums(draft: &Draft<'_>, key: &str) -> Option<Problem> {
    let path = format!("accumulate.{key}");
    let settled = draft.sets(&path) && draft.has(&["activation.format", "accumulate.mode"]);
    if !settled || !draft.spec.rounds_sums() {
        return None;
    }
    let message = "contradicts mode = \"float\": nothing becomes an integer";
    let help = format!("delete `{key}`, or write `mode = \"aligned\"` in [accumulate]");
    let problem = Problem::new("contradictory-keys", &path, message, help);
    Some(draft.place(problem, "accumulate.mode"))
}

fn integer_weights_need_rounded_sums(draft: &Draft<'_>) -> Option<Problem> {
    let keys = ["activation.format", "weight.format", "accumulate.mode"];
    let integers = draft.spec.kind() == Kind::FpMacArray && draft.spec.weight.float().is_none();
    if !integers || draft.spec.rounded_sums().is_some() || !draft.has(&keys) {
        return None;
    }
    let message = format!(
        "\"{}\" contradicts mode = \"aligned\" in [accumulate], which aligns products of floating-point \
         numbers; a mac_array aligns activations and multiplies integers",
        draft.spec.weight
    );
    let help = "write `mode = \"float\"` in [accumulate], or `kind = \"mac_array\"`";
    let problem = Problem::new("contradictory-keys", "weight.format", message, help);
    Some(draft.place(problem, "accumulate.mode"))
}

fn rounded_sums_have_a_tree(draft: &Draft<'_>) -> Option<Problem> {
    let k = draft.spec.tile.k;
    let settled = draft.has(&["activation.format", "accumulate.mode", "tile.k"]);
    let multiplies = draft.spec.kind() == Kind::FpMacArray && draft.spec.rounded_sums().is_some();
    if !multiplies || k.is_power_of_two() || !settled {
        return None;
    }
    let above = k.next_power_of_two();
    let message = format!(
        "{k} is not legal; with mode = \"float\" in [accumulate] legal are the powers of two: products are \
         added two by two"
    );
    let help = format!("the nearest are `k = {}` and `k = {above}` in [tile]", above / 2);
    Some(draft.place(Problem::new("out-of-range", "tile.k", message, help), "accumulate.mode"))
}

fn stages_have_their_places(draft: &Draft<'_>) -> Option<Problem> {
    let (Stages::Fixed(stages), Some(most)) =
        (draft.spec.pipeline.stages, draft.spec.most_stages())
    else {
        return None;
    };
    let keys = [
        "activation.format",
        "weight.format",
        "tile.k",
        "tile.groups",
        "accumulate.mode",
        "accumulate.result",
        "pipeline.stages",
    ];
    if stages <= most || !draft.has(&keys) {
        return None;
    }
    // All other lanes have places for as many as the key takes.
    let places = match draft.spec.kind() {
        Kind::LutTensorCore => "after look-ups and after each level of the tree of their sums",
        _ => "after the sum of a cycle, and only with mode = \"float\" in more places",
    };
    let message = format!(
        "{stages} is not legal; legal is \"auto\" or an integer from 0 to {most}: registers fit {places}"
    );
    let help = format!("the nearest is `stages = {most}` in [pipeline]");
    Some(draft.place(Problem::new("out-of-range", "pipeline.stages", message, help), "tile.k"))
}

/// Whether each quantisation group has an exponent of its own.
fn has_blocks_of_groups(draft: &Draft<'_>) -> bool {
    draft.spec.float.is_some_and(|float| float.block == AlignBlock::Group)
}

fn align_blocks_of_groups_need_scales(draft: &Draft<'_>) -> Option<Problem> {
    let settled = draft.has(&["accumulate.align_block", "group.scale"]);
    if !has_blocks_of_groups(draft) || draft.spec.scale().is_some() || !settled {
        return None;
    }
    let message = "\"group\" contradicts scale = \"none\" in [group]: groups with exponents of their own \
                   cannot be summed as integers, and what adds them as floating-point numbers scales them too";
    let help = "write `scale = \"e8m0\"` and `size` in [group], which needs no multipliers, and send scales of \
                1 (code 127) where there are none; or write `align_block = \"k\"`";
    let problem = Problem::new("contradictory-keys", "accumulate.align_block", message, help);
    Some(draft.place(problem, "group.scale"))
}

fn align_blocks_of_groups_lose_some(draft: &Draft<'_>) -> Option<Problem> {
    let exact = draft.spec.float.is_some_and(|float| float.align == AlignBits::Exact);
    let keys = ["accumulate.align_block", "accumulate.align_bits", "activation.format"];
    if !has_blocks_of_groups(draft) || !exact || !draft.has(&keys) {
        return None;
    }
    let message = "\"group\" contradicts align_bits = \"exact\": integers that lose nothing are in units of the \
                   format's smallest number, whatever the exponents";
    let help = "delete `align_block`, or write for example `align_bits = 16` in [accumulate]";
    let problem = Problem::new("contradictory-keys", "accumulate.align_block", message, help);
    Some(draft.place(problem, "accumulate.align_bits"))
}

fn results_need_floating_point(draft: &Draft<'_>) -> Option<Problem> {
    let reason = match draft.spec.scale() {
        None => "sums of integers are results as they are",
        Some(_) => "scaled sums of integers are added to FP32 numbers",
    };
    needs_floating_point(draft, "result", reason)
}

fn needs_floating_point(draft: &Draft<'_>, key: &str, reason: &str) -> Option<Problem> {
    let path = format!("accumulate.{key}");
    let given = draft.sets(&path) && draft.has(&["activation.format"]);
    if !given || draft.spec.float.is_some() {
        return None;
    }
    let message =
        format!("contradicts format = \"{}\" in [activation]: {reason}", draft.spec.activation);
    let help = format!("delete `{key}`, or write for example `format = \"fp16\"` in [activation]");
    Some(draft.place(Problem::new("contradictory-keys", &path, message, help), "activation.format"))
}

const ALIGNED_KEYS: [&str; 3] = ["activation.format", "weight.format", "accumulate.align_bits"];

/// Floating-point numbers that are aligned.
struct Aligned {
    what: String,
    /// Width of integers that hold all of them.
    exact_bits: u32,
    /// Whether integers of that width are built.
    is_built_exactly: bool,
}

fn aligned_numbers(draft: &Draft<'_>) -> Option<Aligned> {
    if draft.spec.rounds_sums() {
        return None;
    }
    let activation = draft.spec.float?.format;
    let (what, exact_bits, is_built_exactly) = match draft.spec.weight.float() {
        Some(weight) => {
            let bits = ProductFormat::exact_bits(activation, weight);
            let is_built = ProductFormat::new(activation, weight, bits).is_some();
            (format!("products of {activation} and {weight}"), bits, is_built)
        }
        None => {
            let is_built = AlignedFormat::exact(activation).is_some();
            (format!("{activation} activations"), exact_bits(activation), is_built)
        }
    };
    Some(Aligned { what, exact_bits, is_built_exactly })
}

fn align_bits_lose_some(draft: &Draft<'_>) -> Option<Problem> {
    let (float, aligned) = (draft.spec.float?, aligned_numbers(draft)?);
    let AlignBits::Bits(bits) = float.align else { return None };
    if bits < aligned.exact_bits || !draft.has(&ALIGNED_KEYS) {
        return None;
    }
    let message = format!(
        "{bits} bits are more than {} need: with {} bits no bit is lost",
        aligned.what, aligned.exact_bits
    );
    let help = "write `align_bits = \"exact\"` in [accumulate]";
    let problem = Problem::new("wider-than-exact", "accumulate.align_bits", message, help);
    Some(draft.place(problem, "activation.format"))
}

fn exact_alignment_is_bounded(draft: &Draft<'_>) -> Option<Problem> {
    let (float, aligned) = (draft.spec.float?, aligned_numbers(draft)?);
    if float.align != AlignBits::Exact || aligned.is_built_exactly || !draft.has(&ALIGNED_KEYS) {
        return None;
    }
    let widest = AlignedFormat::BITS.end();
    let message = format!(
        "\"exact\" takes integers of {} bits for {}; legal is an integer from {} to {widest}",
        aligned.exact_bits,
        aligned.what,
        AlignedFormat::BITS.start()
    );
    let help = format!("write `align_bits = 16` in [accumulate], or up to {widest}");
    let problem = Problem::new("out-of-range", "accumulate.align_bits", message, help);
    Some(draft.place(problem, "activation.format"))
}

fn results_have_the_exponents(draft: &Draft<'_>) -> Option<Problem> {
    let float = draft.spec.float?;
    let enough = float.result.exponent_bits() >= float.format.exponent_bits();
    if enough || !draft.has(&["activation.format", "accumulate.result"]) {
        return None;
    }
    let message = format!(
        "\"{}\" has exponents of {} bits, {} activations have {}; legal are \"fp32\" and \"bf16\": sums \
         of the least and the largest activations would be lost",
        float.result,
        float.result.exponent_bits(),
        float.format,
        float.format.exponent_bits()
    );
    let help = "write `result = \"fp32\"` in [accumulate]";
    let problem = Problem::new("result-too-narrow", "accumulate.result", message, help);
    Some(draft.place(problem, "activation.format"))
}

fn floating_point_sums_are_exact(draft: &Draft<'_>) -> Option<Problem> {
    let float = draft.spec.float?;
    let AccumulatorFormat::Integer(format) = draft.spec.accumulate.format else { return None };
    if !draft.has(&["activation.format", "accumulate.format"]) {
        return None;
    }
    let message = format!(
        "\"{format}\" contradicts format = \"{}\" in [activation]; legal is \"auto\": aligned sums are \
         exact and rounded once, at the output",
        float.format
    );
    let help =
        "delete `format` and `overflow` in [accumulate]; `result` is the format of the output";
    let problem = Problem::new("contradictory-keys", "accumulate.format", message, help);
    Some(draft.place(problem, "activation.format"))
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
        "group.zero_point",
        "group.size",
    ];
    let exact = draft.spec.exact_result();
    let needed = signed_bits(exact);
    if accumulate.overflow != Overflow::Refuse || needed <= format.bits() || !draft.has(&needs) {
        return None;
    }
    let message = format!(
        "\"{format}\" is too narrow; legal is \"int{needed}\" or wider: with max_k = {} a sum of \
         {} activations and {} weights reaches {} to {}",
        accumulate.max_k, draft.spec.activation, draft.spec.weight, exact.min, exact.max
    );
    let policies: &[Overflow] = match draft.spec.quantisation_group {
        None => &[Overflow::Wrap, Overflow::Saturate],
        Some(_) => &[Overflow::Wrap],
    };
    let policies: Vec<String> =
        policies.iter().map(|policy| format!("`overflow = \"{}\"`", policy.word())).collect();
    let help = format!(
        "write `format = \"auto\"`{}, or choose {} in [accumulate]",
        shorter_run(draft, format),
        policies.join(" or ")
    );
    let problem = Problem::new("accumulator-too-narrow", "accumulate.format", message, help);
    Some(draft.place(problem, ""))
}

/// The longest `max_k` whose sums fit `format`, as a part of a help text; empty if there is none.
fn shorter_run(draft: &Draft<'_>, format: IntegerFormat) -> String {
    let Range { min, max } = draft.spec.sum_range(draft.spec.elements_per_step().into());
    // Both ends of the range are beyond zero in every format, also with one-bit weights.
    let steps = (format.min() / min).min(format.max() / max);
    let elements = u64::try_from(steps).map_or(0, |steps| draft.spec.elements_of(steps));
    if elements > 0 { format!(", or `max_k = {elements}`") } else { String::new() }
}

fn addend_needs_commands(draft: &Draft<'_>) -> Option<Problem> {
    let settled = draft.sets("sequencer.addend") && draft.has(&["sequencer.commands"]);
    if !settled || draft.spec.sequencer.is_some() {
        return None;
    }
    let message = "contradicts commands = \"none\": only a command says that C is added";
    let help = "delete `addend`, or write `commands = \"lmma\"` in [sequencer]";
    let problem = Problem::new("contradictory-keys", "sequencer.addend", message, help);
    Some(draft.place(problem, ""))
}

fn skip_needs_commands(draft: &Draft<'_>) -> Option<Problem> {
    let settled = draft.sets("sequencer.skip") && draft.has(&["sequencer.commands"]);
    if !settled || draft.spec.sequencer.is_some() {
        return None;
    }
    let message = "contradicts commands = \"none\": streams of single runs have no k-steps of zeros, unless \
                   they are sent";
    let help =
        "delete `skip` and send no k-steps of zeros, or write `commands = \"lmma\"` in [sequencer]";
    let problem = Problem::new("contradictory-keys", "sequencer.skip", message, help);
    Some(draft.place(problem, ""))
}

fn skip_sees_activations(draft: &Draft<'_>) -> Option<Problem> {
    let external = draft.spec.has_external_tables();
    if !draft.spec.skips() || !external || !draft.has(&["sequencer.skip", "table.precompute"]) {
        return None;
    }
    let message = "contradicts precompute = \"external\" in [table]: the core sees tables, and whether they \
                   are of zeros is known where they are built";
    let help = "delete `skip`, or write `precompute = \"local\"` in [table]";
    let problem = Problem::new("contradictory-keys", "sequencer.skip", message, help);
    Some(draft.place(problem, "table.precompute"))
}

fn skip_sees_whole_steps(draft: &Draft<'_>) -> Option<Problem> {
    let narrow = draft.spec.activation_bus_beats() > 1;
    if !draft.spec.skips() || !narrow || !draft.has(&["sequencer.skip", "activation.bus"]) {
        return None;
    }
    let message = "contradicts `bus` in [activation]: the core decides as a k-step arrives, and its first \
                   beats would be in the register already";
    let help = "delete `skip` in [sequencer], or `bus` in [activation]";
    let problem = Problem::new("contradictory-keys", "sequencer.skip", message, help);
    Some(draft.place(problem, "activation.bus"))
}

fn skip_leaves_a_step_of_each_group(draft: &Draft<'_>) -> Option<Problem> {
    let size = draft.spec.quantisation_group?.size;
    let step = draft.spec.elements_per_step();
    let keys = ["sequencer.skip", "group.size", "tile.k", "tile.groups"];
    if !draft.spec.skips() || draft.spec.group_steps() != Some(1) || !draft.has(&keys) {
        return None;
    }
    let message = format!(
        "contradicts size = {size} in [group]: the last k-step of a quantisation group is never skipped, \
         and one of k * groups = {step} elements holds a whole group; legal are groups of {} or more",
        step + 1
    );
    let help = format!("write `size = {}` or more in [group], or delete `skip`", 2 * step);
    let problem = Problem::new("contradictory-keys", "sequencer.skip", message, help);
    Some(draft.place(problem, "group.size"))
}

fn addend_is_an_integer(draft: &Draft<'_>) -> Option<Problem> {
    let format = draft.spec.addend()?;
    let (setting, line, reason) = match (draft.spec.float, draft.spec.scale()) {
        (Some(float), _) => (
            format!("format = \"{}\" in [activation]", float.format),
            "activation.format",
            "a result is rounded once, and C would be added to what is rounded already",
        ),
        (None, Some(scale)) => (
            format!("scale = \"{}\" in [group]", Some(scale).word()),
            "group.scale",
            "scaled results are floating point, and C would be an integer",
        ),
        (None, None) => return None,
    };
    if !draft.has(&["sequencer.addend", line]) {
        return None;
    }
    let message = format!("\"{format}\" contradicts {setting}; legal is \"none\": {reason}");
    let help = "delete `addend`, and add C to the results";
    let problem = Problem::new("contradictory-keys", "sequencer.addend", message, help);
    Some(draft.place(problem, line))
}

fn addend_holds_a_result(draft: &Draft<'_>) -> Option<Problem> {
    let (format, bits) = (draft.spec.addend()?, draft.spec.result_bits());
    let needs = [
        "activation.format",
        "weight.format",
        "tile.k",
        "tile.groups",
        "accumulate.max_k",
        "accumulate.format",
        "group.zero_point",
        "sequencer.addend",
    ];
    if draft.spec.result_format().is_some() || format.bits() >= bits || !draft.has(&needs) {
        return None;
    }
    let message = format!(
        "\"{format}\" is too narrow; legal is \"int{bits}\" or wider: results without C have {bits} bits"
    );
    let help = format!("the nearest is `addend = \"int{bits}\"` in [sequencer]");
    Some(draft.place(Problem::new("addend-too-narrow", "sequencer.addend", message, help), ""))
}

/// What one operation of a kind is called.
fn operations(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::LutTensorCore | Kind::LutConventional => ("look-ups", "m * n * groups"),
        Kind::AddArray => ("additions", "m * n * k * groups"),
        Kind::MacArray | Kind::FpMacArray => ("multiplications", "m * n * k"),
        Kind::BitmodTile => ("terms", "m * n * k"),
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
