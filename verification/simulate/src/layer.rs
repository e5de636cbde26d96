use std::collections::BTreeMap;

use crate::compare::compare;
use crate::{
    Batch, Case, Encoder, Error, Interrupt, Monitor, Part, Session, Simulator, Stalls, Start,
};
use bitplane_emit::wire::status;
use bitplane_formats::{WeightFormat, ZeroPoint};
use bitplane_golden::{GroupZeroPoints, Run, ZeroPoints};
use bitplane_spec::lmma::{Instruction, Limits, MOST_ROWS};
use bitplane_spec::{QuantisationGroup, Spec, WeightWidth};
use serde::{Deserialize, Serialize};

/// Words of stimulus in one batch (8 MB), unless a single run is longer.
const BATCH_WORDS: usize = 1 << 21;

/// A matrix product: `outputs[t, o] = sum over i of activations[t, i] * weight[o, i]`.
#[derive(Clone, Debug)]
pub struct Layer<'a> {
    /// Rows of the activations.
    pub tokens: usize,
    /// Length K of every dot product; at most the configuration's `max_k`.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// `[tokens, inputs]`, row-major, in the range of the activation format.
    pub activations: &'a [i32],
    /// Format of the codes.
    pub weight: WeightFormat,
    /// Unsigned weight codes `[outputs, inputs]`, row-major.
    pub codes: &'a [u16],
    /// Where the weight beats come from.
    pub weights: Weights<'a>,
    /// Reinterpreted zero points of the weights: constant, or of groups of `group.size` elements
    /// where the core corrects those.
    pub zero_points: ZeroPoints,
}

/// Where the weight beats of a layer come from.
#[derive(Clone, Copy, Debug)]
pub enum Weights<'a> {
    /// They are made from [`Layer::codes`].
    Codes,
    /// They were packed before; the codes serve for the golden model alone.
    Packed(PackedBeats<'a>),
}

/// The data of weight beats in stream order: tile of n columns, then as [`Spec::weight_beats`],
/// with its zero points behind a quantisation group. Columns and elements beyond the matrix are
/// present, with any value; the zero point of such a column is a legal one.
#[derive(Clone, Copy, Debug)]
pub struct PackedBeats<'a> {
    /// Beats one after the other, each `ceil(bits of weight_data_i / 32)` words, lowest bit first.
    pub words: &'a [u32],
}

/// What a layer's run through the hardware gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// Results `[tokens, outputs]`, row-major, as the hardware gave them.
    #[serde(skip)]
    pub outputs: Vec<i128>,
    /// Results compared: all of them.
    pub compared: u64,
    /// Results that differ from the golden model's.
    pub mismatches: u64,
    /// Tiles (runs).
    pub runs: u64,
    /// Clock cycles from the first beat to the last result.
    pub cycles: u64,
    /// Multiply-accumulates of the layer over those that the array could have done with these
    /// weights in these cycles.
    pub utilisation: f64,
    /// K-steps of all tiles.
    pub steps: u64,
    /// Those of them that were skipped, as all their activations are zero.
    pub skipped_steps: u64,
    /// Cycles that the others take in the array or at the activation port, whichever is more.
    pub least_cycles: u64,
    /// The commands that the layer was run as, where the core takes them, each with how often.
    #[serde(default)]
    pub commands: BTreeMap<String, u64>,
    /// The first difference, as text.
    pub first_mismatch: Option<String>,
}

/// Pushes a whole layer through `simulator`, tile by tile or as commands, nothing stalling, and compares every
/// result with the golden model.
///
/// # Errors
/// [`Error::Input`] if the layer does not suit the configuration; [`Error::Died`] if the
/// simulation stops.
pub fn layer(
    simulator: &Simulator,
    spec: &Spec,
    layer: &Layer,
    start: &Start,
    monitor: &Monitor,
) -> Result<LayerReport, Error> {
    let encoder = Encoder::new(spec, &simulator.manifest)?;
    check_input(spec, &encoder, layer)?;
    let golden = bitplane_golden::results(spec, &whole(layer));
    let tiling = Tiling { spec, encoder: &encoder, layer, golden: &golden };
    let mut session = Session::start(simulator, start)?;
    let mut report = LayerReport {
        outputs: vec![0; layer.tokens * layer.outputs],
        compared: (layer.tokens * layer.outputs) as u64,
        mismatches: 0,
        runs: 0,
        cycles: 0,
        utilisation: 0.0,
        steps: 0,
        skipped_steps: 0,
        least_cycles: 0,
        commands: BTreeMap::new(),
        first_mismatch: None,
    };
    let tiles = tiling.tiles();
    let per_batch = tiling.tiles_of_a_batch();
    for (i, tiles_of_batch) in tiles.chunks(per_batch).enumerate() {
        monitor.report("layer", (i * per_batch) as u64, tiles.len() as u64)?;
        tiling.run(tiles_of_batch, &mut session, &mut report)?;
    }
    let useful = layer.tokens as f64 * layer.inputs as f64 * layer.outputs as f64;
    let lookups = f64::from(spec.cycles_per_step_of(spec.weight))
        / f64::from(spec.cycles_per_step_of(layer.weight));
    let possible = report.cycles as f64 * simulator.manifest.macs_per_cycle * lookups;
    report.utilisation = if possible > 0.0 { useful / possible } else { 0.0 };
    Ok(report)
}

/// The layer as one run of the golden model, which knows no tiles.
fn whole(layer: &Layer) -> Run {
    Run {
        rows: layer.tokens,
        columns: layer.outputs,
        elements: layer.inputs,
        activations: layer.activations.to_vec(),
        weight: layer.weight,
        codes: layer.codes.to_vec(),
        zero_points: layer.zero_points.clone(),
    }
}

struct Tiling<'a> {
    spec: &'a Spec,
    encoder: &'a Encoder,
    layer: &'a Layer<'a>,
    golden: &'a [i128],
}

/// The upper left corner of a tile.
#[derive(Clone, Copy)]
struct Corner {
    token: usize,
    output: usize,
}

impl Tiling<'_> {
    fn steps(&self) -> usize {
        self.spec.steps_of(self.layer.inputs as u64) as usize
    }

    /// Tiles that are sent at once; where the core takes commands whole columns of them, so that each
    /// batch is a command.
    fn tiles_of_a_batch(&self) -> usize {
        let most = (BATCH_WORDS / (self.steps() * self.encoder.step_words())).max(1);
        let column = self.layer.tokens.div_ceil(self.spec.tile.m as usize);
        let widest = MOST_ROWS as usize / self.spec.tile.n as usize;
        match self.spec.sequencer {
            None => most,
            Some(_) => column * (most / column).clamp(1, widest.max(1)),
        }
    }

    /// Makes the runs of `tiles`, whole columns of tiles, one command.
    fn join(&self, tiles: &[Corner], cases: &mut [Case]) {
        let (Some(first), Some(last)) = (tiles.first(), cases.len().checked_sub(1)) else { return };
        let end = cases[last].columns + tiles[last].output;
        let (m, n) = (self.layer.tokens as u32, (end - first.output) as u32);
        for (place, (case, corner)) in cases.iter_mut().zip(tiles).enumerate() {
            case.corner = [corner.token, corner.output - first.output];
            case.part = match place {
                0 if last == 0 => Part::Whole,
                0 => Part::First { m, n },
                _ if place == last => Part::Last,
                _ => Part::Middle,
            };
        }
    }

    fn tiles(&self) -> Vec<Corner> {
        let (m, n) = (self.spec.tile.m as usize, self.spec.tile.n as usize);
        let outputs = (0..self.layer.outputs).step_by(n);
        let corners = outputs.flat_map(|output| {
            (0..self.layer.tokens).step_by(m).map(move |token| Corner { token, output })
        });
        corners.collect()
    }

    fn case(&self, corner: Corner) -> Case {
        let layer = self.layer;
        let (m, n) = (self.spec.tile.m as usize, self.spec.tile.n as usize);
        let mut case = Case::zero(self.spec, self.steps());
        case.rows = m.min(layer.tokens - corner.token);
        case.columns = n.min(layer.outputs - corner.output);
        case.weight = layer.weight;
        let (inputs, elements) = (layer.inputs, case.elements);
        case.keep.fill(false);
        for part in self.parts() {
            let place = self.spec.place_of(part.start as u64) as usize;
            case.keep[place..][..part.len()].fill(true);
            for row in 0..case.rows {
                let from = &layer.activations[(corner.token + row) * inputs..][part.clone()];
                case.activations[row * elements + place..][..part.len()].copy_from_slice(from);
            }
            for column in 0..case.columns {
                let from = &layer.codes[(corner.output + column) * inputs..][part.clone()];
                case.codes[column * elements + place..][..part.len()].copy_from_slice(from);
            }
        }
        match &layer.zero_points {
            ZeroPoints::Constant(zero_point) => case.zero_point = *zero_point,
            ZeroPoints::PerGroup(groups) => set_zero_points(&mut case, corner, layer, groups),
        }
        case
    }

    /// Elements of K that are neighbours in the run too: those of a quantisation group, or all.
    fn parts(&self) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let inputs = self.layer.inputs;
        let size = self.spec.quantisation_group.map_or(inputs, |group| group.size as usize);
        (0..inputs).step_by(size).map(move |start| start..(start + size).min(inputs))
    }

    fn values(&self, case: &Case, corner: Corner) -> Vec<i128> {
        let row = |row: usize| {
            let start = (corner.token + row) * self.layer.outputs + corner.output;
            self.golden[start..][..case.columns].iter().copied()
        };
        (0..case.rows).flat_map(row).collect()
    }

    fn run(
        &self,
        tiles: &[Corner],
        session: &mut Session,
        report: &mut LayerReport,
    ) -> Result<(), Error> {
        let mut cases: Vec<Case> = tiles.iter().map(|corner| self.case(*corner)).collect();
        if self.spec.sequencer.is_some() {
            self.join(tiles, &mut cases);
            *report.commands.entry(self.encoder.command(&cases[0]).to_string()).or_default() += 1;
        }
        let values: Vec<Vec<i128>> =
            cases.iter().zip(tiles).map(|(case, corner)| self.values(case, *corner)).collect();
        let batch = self.batch(tiles, &cases);
        let response = session.run(&batch)?;
        let comparison = compare(self.encoder, &cases, &values, Interrupt::None, &response);
        report.mismatches += comparison.mismatches;
        report.runs += cases.len() as u64;
        report.cycles += u64::from(response.cycles);
        for case in &cases {
            let (steps, fetched) = (case.steps(self.spec), self.encoder.fetched(case).len());
            report.steps += steps as u64;
            report.skipped_steps += (steps - fetched) as u64;
            report.least_cycles += self.encoder.least_cycles(case);
        }
        if let (None, Some(found)) = (&report.first_mismatch, &comparison.first) {
            let tile = tiles.get(found.run).copied().unwrap_or(tiles[0]);
            report.first_mismatch = Some(format!(
                "token {}, output {}: {} {} expected, got {} in cycle {}",
                tile.token + found.row,
                tile.output + found.column,
                found.what,
                found.expected,
                found.got,
                found.cycle
            ));
        }
        let flags = status::ERROR | status::OVERFLOW | status::UNSTABLE;
        if response.status & flags != 0 {
            report.mismatches += 1;
            let text = format!("status flags {:#x} are set", response.status);
            report.first_mismatch.get_or_insert(text);
        }
        self.collect(tiles, &cases, &response, report);
        Ok(())
    }

    fn batch(&self, tiles: &[Corner], cases: &[Case]) -> Batch {
        let mut batch = self.encoder.empty_batch();
        batch.stalls = Stalls::none();
        for (case, corner) in cases.iter().zip(tiles) {
            match self.layer.weights {
                Weights::Codes => self.encoder.add(case, &mut batch),
                Weights::Packed(packed) => {
                    let tile = corner.output / self.spec.tile.n as usize;
                    let steps = self.steps() as u64;
                    let beats = self.spec.weight_beats_of(self.layer.weight, steps) as usize;
                    let words = self.encoder.weight_data_words();
                    let data = &packed.words[tile * beats * words..][..beats * words];
                    self.encoder.activation_beats(case, &mut batch.activation);
                    self.encoder.scan_beats(case, &mut batch);
                    self.encoder.command_beats(case, &mut batch);
                    if self.encoder.sends_weights(case) {
                        self.encoder.packed_weight_beats(case, data, &mut batch.weight);
                    }
                    batch.result_beats += case.result_beats(self.spec);
                }
            }
        }
        batch
    }

    fn collect(
        &self,
        tiles: &[Corner],
        cases: &[Case],
        response: &crate::Response,
        report: &mut LayerReport,
    ) {
        let drain = self.spec.tile.drain as usize;
        let mut beats = response.beats();
        for (case, corner) in cases.iter().zip(tiles) {
            for row in 0..case.rows {
                let start = (corner.token + row) * self.layer.outputs + corner.output;
                for column in (0..case.columns).step_by(drain) {
                    let Some((_, beat)) = beats.next() else {
                        return;
                    };
                    for lane in 0..drain.min(case.columns - column) {
                        report.outputs[start + column + lane] = self.encoder.result(beat, lane);
                    }
                }
            }
        }
    }
}

fn check_input(spec: &Spec, encoder: &Encoder, layer: &Layer) -> Result<(), Error> {
    let refuse = |key: &str, message: String, help: &str| {
        Err(Error::input("layer-does-not-fit", key, message, help))
    };
    let Layer { tokens, inputs, outputs, .. } = *layer;
    if tokens == 0 || inputs == 0 || outputs == 0 {
        let message = format!("a layer of {tokens} tokens, {inputs} inputs, {outputs} outputs");
        return refuse("layer", message, "give at least one of each");
    }
    if inputs as u64 > spec.accumulate.max_k {
        let message = format!(
            "the layer has K = {inputs}, the core is exact up to {}",
            spec.accumulate.max_k
        );
        return refuse("accumulate.max_k", message, "raise accumulate.max_k to at least K");
    }
    if let Some((message, help)) = command_fault(spec, layer) {
        return refuse("layer", message, &help);
    }
    if layer.activations.len() != tokens * inputs || layer.codes.len() != outputs * inputs {
        let message = format!(
            "{} activations and {} codes do not fill {tokens} x {inputs} and {outputs} x {inputs}",
            layer.activations.len(),
            layer.codes.len()
        );
        return refuse("layer", message, "give matrices of the stated shapes");
    }
    if let Some(message) = activation_fault(spec, layer) {
        return refuse("activation.format", message, "quantise the activations to that format");
    }
    if !spec.run_weights().any(|weight| weight == layer.weight) {
        let message = format!("the core does not take {} weights", layer.weight);
        let help = match (spec.weight_width, spec.weight_pairs()) {
            (WeightWidth::Fixed, _) | (WeightWidth::Runtime, Some(_)) => {
                "quantise the weights to the configuration's format"
            }
            (WeightWidth::Runtime, None) => "quantise the weights to that format or a narrower one",
        };
        return refuse("weight.format", message, help);
    }
    if let Some(code) = layer.codes.iter().find(|code| u32::from(**code) >= layer.weight.codes()) {
        let message = format!("weight code {code} does not fit {}", layer.weight);
        return refuse("weight.format", message, "quantise the weights to that format");
    }
    if let Some(message) = zero_point_fault(spec, layer) {
        let help = "use a lut_tensor_core whose group.zero_point and group.size are those of the \
                    weights";
        return refuse("group.zero_point", message, help);
    }
    if let Weights::Packed(packed) = layer.weights {
        let tiles = outputs.div_ceil(spec.tile.n as usize);
        let steps = spec.steps_of(inputs as u64);
        let beats = tiles * spec.weight_beats_of(layer.weight, steps) as usize;
        let expected = beats * encoder.weight_data_words();
        if packed.words.len() != expected {
            let message = format!(
                "the packed weights have {} words, {beats} beats have {expected}",
                packed.words.len()
            );
            return refuse("weights", message, "pack the weights for this configuration");
        }
    }
    Ok(())
}

/// Why no command does the layer, if the core takes commands and none does.
fn command_fault(spec: &Spec, layer: &Layer) -> Option<(String, String)> {
    spec.sequencer?;
    if layer.tokens > MOST_ROWS as usize {
        let message = format!("{} tokens are more than a command has rows", layer.tokens);
        return Some((message, format!("give up to {MOST_ROWS} tokens")));
    }
    let limits = Limits::of(spec);
    let n = layer.outputs.min(MOST_ROWS as usize) as u32;
    let whole = limits.tile_instruction(spec.weight_operand(layer.weight));
    let instruction = Instruction { m: layer.tokens as u32, n, k: layer.inputs as u32, ..whole };
    let fault = limits.overfilled(&instruction).into_iter().next()?;
    let help = format!("raise `{}` in [sequencer], or leave it out", fault.key);
    Some((format!("{}: {}", fault.key, fault.message), help))
}

/// Which activation the core does not take, if there is one.
fn activation_fault(spec: &Spec, layer: &Layer) -> Option<String> {
    let find = |fits: &dyn Fn(i32) -> bool| layer.activations.iter().find(|a| !fits(**a));
    match spec.float {
        Some(float) => find(&|code| u64::from(code as u32) >> float.format.bits() == 0)
            .map(|code| format!("activation {code} is no code of {}", float.format)),
        None => {
            let format = spec.activation;
            find(&|a| format.wrap(a.into()) == a.into()).map(|a| {
                format!("activation {a} is outside {format} ({}..={})", format.min(), format.max())
            })
        }
    }
}

/// Gives the columns of a tile the zero points of their outputs.
fn set_zero_points(case: &mut Case, corner: Corner, layer: &Layer, groups: &GroupZeroPoints) {
    let of_a_column = layer.inputs.div_ceil(groups.size);
    let from = &groups.values[corner.output * of_a_column..][..case.columns * of_a_column];
    if let Some(to) = &mut case.group_zero_points {
        to.values[..from.len()].copy_from_slice(from);
        let scales = groups.scales.iter().skip(corner.output * of_a_column);
        to.scales.iter_mut().zip(scales).for_each(|(to, from)| *to = *from);
        let types = groups.types.iter().skip(corner.output * of_a_column);
        to.types.iter_mut().zip(types).for_each(|(to, from)| *to = *from);
    }
}

/// Why the core does not take the zero points of `layer`, if it does not.
fn zero_point_fault(spec: &Spec, layer: &Layer) -> Option<String> {
    let not_taken = |zero_point: ZeroPoint| {
        format!("the core does not take the zero point z' = {}", zero_point.0)
    };
    match (&layer.zero_points, spec.quantisation_group) {
        (ZeroPoints::Constant(zero_point), None) => {
            (!takes(spec, layer, *zero_point)).then(|| not_taken(*zero_point))
        }
        (ZeroPoints::PerGroup(groups), Some(QuantisationGroup { size, .. })) => {
            let count = layer.outputs * layer.inputs.div_ceil(size as usize);
            if groups.size as u64 != size || groups.values.len() != count {
                return Some(format!(
                    "{} zero points for groups of {} elements are not the {count} that the core \
                     takes for groups of {size}",
                    groups.values.len(),
                    groups.size
                ));
            }
            let scales = if spec.scale().is_some() { count } else { 0 };
            if groups.scales.len() != scales {
                return Some(format!(
                    "the core takes {scales} scales, the layer has {}",
                    groups.scales.len()
                ));
            }
            let types = spec.terms().map_or(0, |_| count);
            if groups.types.len() != types {
                return Some(format!(
                    "the core takes the data types of {types} groups, the layer has {}",
                    groups.types.len()
                ));
            }
            groups.values.iter().find(|z| !layer.weight.accepts(**z)).map(|z| not_taken(*z))
        }
        (ZeroPoints::Constant(_), Some(_)) => {
            Some("the core takes a zero point for each group, the layer has one".to_owned())
        }
        (ZeroPoints::PerGroup(_), None) => Some(
            "the layer has a zero point for each group, which the core does not take".to_owned(),
        ),
    }
}

/// A core without correction works on the weights as it reads them and on nothing else.
fn takes(spec: &Spec, layer: &Layer, zero_point: ZeroPoint) -> bool {
    match spec.fixed_zero_point(layer.weight) {
        Some(fixed) => zero_point == fixed,
        None => layer.weight.accepts(zero_point),
    }
}
