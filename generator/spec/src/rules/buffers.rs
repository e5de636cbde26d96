//! What has to hold of the memories in front of a core.

use crate::parse::Draft;
use crate::problem::Problem;
use crate::spec::{PlaneOrder, Spec};

const ACTIVATION: &str = "sequencer.activation_buffer";
const WEIGHT: &str = "sequencer.weight_buffer";
const BANKS: &str = "sequencer.buffer_banks";

/// Everything that keeps them from being built.
pub(super) fn errors(draft: &Draft<'_>) -> Vec<Problem> {
    if draft.spec.sequencer.is_none() {
        return need_commands(draft);
    }
    let rules = [
        activation_buffer_holds_a_step,
        weight_buffer_holds_a_step,
        banks_are_of_a_buffer,
        activation_buffer_repeats_whole_tiles,
        weight_buffer_repeats_the_same,
    ];
    rules.iter().filter_map(|rule| rule(draft)).collect()
}

fn need_commands(draft: &Draft<'_>) -> Vec<Problem> {
    let keys = [ACTIVATION, WEIGHT, BANKS].into_iter();
    let set = keys.filter(|key| draft.sets(key) && draft.has(&["sequencer.commands"]));
    let problem = |key: &str| {
        let name = key.trim_start_matches("sequencer.");
        let message = "contradicts commands = \"none\": only a command tells what comes again";
        let help = format!("delete `{name}`, or write `commands = \"lmma\"` in [sequencer]");
        draft.place(Problem::new("contradictory-keys", key, message, help), "")
    };
    set.map(problem).collect()
}

fn activation_buffer_holds_a_step(draft: &Draft<'_>) -> Option<Problem> {
    let keys = ["activation.bus", "activation.format", "tile.m", "tile.k", "tile.groups"];
    let words = draft.spec.buffers().activation;
    holds_a_step(draft, ACTIVATION, words, draft.spec.activation_buffer_beats(1), &keys)
}

fn weight_buffer_holds_a_step(draft: &Draft<'_>) -> Option<Problem> {
    let keys = ["weight.bus", "weight.format", "tile.n", "tile.k", "tile.groups", "group.size"];
    let spec = draft.spec;
    let beats = spec.weight_buffer_beats(spec.weight, 1);
    holds_a_step(draft, WEIGHT, spec.buffers().weight, beats, &keys)
}

/// A buffer of `words` is a power of two and holds at least the `beats` of a k-step.
fn holds_a_step(
    draft: &Draft<'_>,
    key: &'static str,
    words: u32,
    beats: u64,
    others: &[&str],
) -> Option<Problem> {
    let fits = words.is_power_of_two() && words > 1 && u64::from(words) >= beats;
    if words == 0 || fits || !draft.has(&[key]) || !draft.has(others) {
        return None;
    }
    let least = beats.max(2).next_power_of_two();
    let message = format!(
        "{words} is not legal; legal is 0 or a power of two of {least} or more: a memory is filled round and \
         round, and holds at least the beats of a k-step, {beats}"
    );
    let nearest = u64::from(words).next_power_of_two().max(least);
    let name = key.trim_start_matches("sequencer.");
    let help = format!("the nearest is `{name} = {nearest}` in [sequencer]");
    Some(draft.place(Problem::new("out-of-range", key, message, help), ""))
}

fn banks_are_of_a_buffer(draft: &Draft<'_>) -> Option<Problem> {
    let buffers = draft.spec.buffers();
    let least = [buffers.activation, buffers.weight].into_iter().filter(|words| *words > 0).min();
    if buffers.banks == 1 || !draft.has(&[ACTIVATION, WEIGHT, BANKS]) {
        return None;
    }
    let Some(least) = least else {
        let message = "contradicts a core without a buffer, which has no banks";
        let help = "delete `buffer_banks`, or write an `activation_buffer` or a `weight_buffer`";
        return Some(draft.place(Problem::new("contradictory-keys", BANKS, message, help), ""));
    };
    let most = (least / 2).max(1);
    if buffers.banks.is_power_of_two() && buffers.banks <= most {
        return None;
    }
    let message = format!(
        "{} is not legal; legal is a power of two up to {most}: a bank is found by the low bits of a beat's place, \
         and each holds two beats at least",
        buffers.banks
    );
    let nearest = (buffers.banks + 1).next_power_of_two() / 2;
    let help = format!("the nearest is `buffer_banks = {}` in [sequencer]", nearest.min(most));
    Some(draft.place(Problem::new("out-of-range", BANKS, message, help), ""))
}

fn passes(spec: &Spec) -> bool {
    spec.tile.plane_order == PlaneOrder::Outer && spec.beats_per_step() > 1
}

fn activation_buffer_repeats_whole_tiles(draft: &Draft<'_>) -> Option<Problem> {
    let keys = [ACTIVATION, "tile.plane_order", "weight.format"];
    if draft.spec.buffers().activation == 0 || !passes(draft.spec) || !draft.has(&keys) {
        return None;
    }
    let message = "contradicts plane_order = \"outer\" in [tile]: the activations of a tile come again for each bit \
                   plane there, and the buffer repeats those of all tiles";
    let help = "delete `activation_buffer`, or write `plane_order = \"inner\"` in [tile]";
    let problem = Problem::new("contradictory-keys", ACTIVATION, message, help);
    Some(draft.place(problem, "tile.plane_order"))
}

fn weight_buffer_repeats_the_same(draft: &Draft<'_>) -> Option<Problem> {
    let keys = [WEIGHT, "sequencer.skip"];
    if draft.spec.buffers().weight == 0 || !draft.spec.skips() || !draft.has(&keys) {
        return None;
    }
    let message = "contradicts skip = \"zero_steps\": every tile of rows takes the weights of other k-steps, and the \
                   core asks for them";
    let help = "delete `weight_buffer` or `skip`";
    let problem = Problem::new("contradictory-keys", WEIGHT, message, help);
    Some(draft.place(problem, "sequencer.skip"))
}
