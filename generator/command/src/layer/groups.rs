//! A layer as runs of the core: one for each quantisation group of its weights, because results of
//! different groups have different scales. They are scaled and added here, after the core. A core that
//! scales groups itself has one run for all.

use super::{LayerWeights, weight_beats};
use bitplane_formats::{WeightFormat, ZeroPoint};
use bitplane_simulate::{
    GroupType, GroupZeroPoints, Layer, LayerReport, PackedBeats, Weights, ZeroPoints,
};
use bitplane_spec::{QuantisationGroup, Spec};
use bitplane_weights::{Grouping, PackedWeights, QuantisedActivations, ScaleCodes, TypedWeights};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is multiplied.
pub struct Operands<'a> {
    spec: &'a Spec,
    weights: &'a LayerWeights,
    activations: &'a QuantisedActivations,
    /// [output channels, input channels], as the core takes them.
    codes: Vec<u16>,
    /// Where the core scales groups.
    scales: Option<ScaleCodes>,
}

/// The part of the operands that belongs to one run.
pub struct GroupOperands {
    tokens: usize,
    outputs: usize,
    inputs: usize,
    activations: Vec<i32>,
    weight: WeightFormat,
    codes: Vec<u16>,
    /// `None` where the core takes zero points among the weight beats, which a file does not hold.
    beats: Option<Vec<u32>>,
    zero_points: ZeroPoints,
}

impl<'a> Operands<'a> {
    /// The operands of a core that can take the weights.
    pub fn new(
        spec: &'a Spec,
        weights: &'a LayerWeights,
        activations: &'a QuantisedActivations,
    ) -> Self {
        let (codes, scales) = match weights {
            LayerWeights::Integers(weights) => {
                let scales = spec.scale().and_then(|format| weights.scale_codes(format));
                (weights.core_codes(), scales)
            }
            LayerWeights::Types(weights) => {
                let codes = weights.groups.iter().map(|group| group.scale).collect();
                let units = weights.units.iter().map(|unit| f64::from(*unit)).collect();
                (weights.codes.clone(), Some(ScaleCodes { units, codes }))
            }
        };
        Self {
            spec,
            weights,
            activations,
            codes: codes.into_iter().map(u16::from).collect(),
            scales,
        }
    }

    /// What a result of the core stands for.
    fn value(&self, result: i128) -> f64 {
        match self.spec.result_format() {
            Some(format) => format.to_f64(result as u32),
            None => result as f64,
        }
    }

    /// What a value of run `run` and output channel `output` stands for, but for the activations' scale.
    fn scale(&self, output: usize, run: usize) -> f64 {
        match (&self.scales, self.weights) {
            (Some(scales), _) => scales.units[output],
            (None, LayerWeights::Integers(weights)) => weights.scale(output, run).into(),
            (None, LayerWeights::Types(_)) => 1.0,
        }
    }

    fn grouping(&self) -> Grouping {
        match self.weights {
            LayerWeights::Integers(weights) => weights.grouping(),
            LayerWeights::Types(weights) => weights.grouping,
        }
    }

    /// Runs of a tile: one, or one for each quantisation group of the file.
    pub fn runs(&self) -> usize {
        if self.scales.is_some() { 1 } else { self.grouping().count() }
    }

    /// The input channels of run `run`.
    pub fn members(&self, run: usize) -> Range<usize> {
        match self.scales {
            Some(_) => 0..self.weights.inputs(),
            None => self.grouping().members(run),
        }
    }

    /// The part of run `run`.
    pub fn run(&self, run: usize) -> GroupOperands {
        let members = self.members(run);
        let inputs = self.weights.inputs();
        GroupOperands {
            tokens: self.activations.rows,
            outputs: self.weights.outputs(),
            inputs: members.len(),
            activations: columns(&self.activations.values, inputs, members.clone()),
            weight: match self.weights {
                LayerWeights::Integers(weights) => weights.format(),
                LayerWeights::Types(_) => self.spec.weight,
            },
            codes: columns(&self.codes, inputs, members),
            beats: match (self.spec.quantisation_group, self.weights) {
                (None, LayerWeights::Integers(weights)) => {
                    Some(weight_beats(weights, self.spec, run))
                }
                _ => None,
            },
            zero_points: self.zero_points(run),
        }
    }

    /// The zero points, scales and data types that the core is given in a run. Those groups that the core
    /// works on one by one start anew in each run.
    fn zero_points(&self, run: usize) -> ZeroPoints {
        match (self.spec.quantisation_group, self.weights) {
            (None, LayerWeights::Integers(weights)) => {
                ZeroPoints::Constant(self.common_zero_point(weights, run))
            }
            (Some(QuantisationGroup { size, .. }), _) => ZeroPoints::PerGroup(
                self.of_groups(run, usize::try_from(size).unwrap_or(usize::MAX)),
            ),
            (None, LayerWeights::Types(_)) => ZeroPoints::Constant(ZeroPoint::MID_RISE),
        }
    }

    /// What belongs to the groups of `size` of a run.
    fn of_groups(&self, run: usize, size: usize) -> GroupZeroPoints {
        let grouping = self.grouping();
        let groups = || self.members(run).step_by(size).map(|input| grouping.group_of(input));
        let places: Vec<(usize, usize)> = (0..self.weights.outputs())
            .flat_map(|output| groups().map(move |group| (output, group)))
            .collect();
        let values = places.iter().map(|&(output, group)| match self.weights {
            LayerWeights::Integers(weights) => weights.zero_point(output, group),
            LayerWeights::Types(_) => ZeroPoint::MID_RISE,
        });
        let scales = self.scales.iter().flat_map(|scales| {
            places.iter().map(|&(output, group)| scales.codes[output * grouping.count() + group])
        });
        let types = match self.weights {
            LayerWeights::Integers(_) => Vec::new(),
            LayerWeights::Types(weights) => places
                .iter()
                .map(|&(output, group)| self.group_type(weights, output, group))
                .collect(),
        };
        GroupZeroPoints { size, values: values.collect(), scales: scales.collect(), types }
    }

    /// The data type of a group by its number in the core.
    fn group_type(&self, weights: &TypedWeights, output: usize, group: usize) -> GroupType {
        let group = weights.group(output, group);
        let types = self.spec.terms().map_or(&[][..], |terms| terms.types());
        let is_it = |data_type: &_| *data_type == weights.types[group.number];
        let number = types.iter().position(is_it);
        let number = number.expect("weights were checked against the core");
        GroupType { number, special: group.special }
    }

    fn common_zero_point(&self, weights: &PackedWeights, group: usize) -> ZeroPoint {
        let fixed = self.spec.fixed_zero_point(weights.format());
        fixed.unwrap_or_else(|| weights.zero_point(0, group))
    }
}

impl GroupOperands {
    /// The layer that one run of the core computes.
    pub fn layer(&self) -> Layer<'_> {
        Layer {
            tokens: self.tokens,
            inputs: self.inputs,
            outputs: self.outputs,
            activations: &self.activations,
            weight: self.weight,
            codes: &self.codes,
            weights: match &self.beats {
                Some(words) => Weights::Packed(PackedBeats { words }),
                None => Weights::Codes,
            },
            zero_points: self.zero_points.clone(),
        }
    }
}

/// The sum of the groups' results.
pub struct LayerSum {
    /// Outputs [tokens, output channels]: results times the token's scale and the group's, where the
    /// core does not do that, added up in the order of the runs.
    pub outputs: Vec<f64>,
    /// Results compared, over all runs.
    pub compared: u64,
    /// Results that differ from the golden model's.
    pub mismatches: u64,
    /// Tiles.
    pub runs: u64,
    /// Clock cycles.
    pub cycles: u64,
    /// Multiply-accumulates of the layer over those the array could have done.
    pub utilisation: f64,
    /// K-steps.
    pub steps: u64,
    /// Those that were skipped.
    pub skipped_steps: u64,
    /// Cycles that the others take at least.
    pub least_cycles: u64,
    /// The commands that the layer was run as, each with how often.
    pub commands: BTreeMap<String, u64>,
    /// The first difference, as text.
    pub first_mismatch: Option<String>,
}

impl LayerSum {
    /// The sum of no runs.
    pub fn of_nothing(tokens: usize, outputs: usize) -> Self {
        Self {
            outputs: vec![0.0; tokens * outputs],
            compared: 0,
            mismatches: 0,
            runs: 0,
            cycles: 0,
            utilisation: 0.0,
            steps: 0,
            skipped_steps: 0,
            least_cycles: 0,
            commands: BTreeMap::new(),
            first_mismatch: None,
        }
    }

    /// Adds what run `run` gave.
    pub fn add(&mut self, run: usize, operands: &Operands, report: LayerReport) {
        let channels = operands.weights.outputs();
        for (place, &result) in report.outputs.iter().enumerate() {
            let (token, channel) = (place / channels, place % channels);
            let scale =
                f64::from(operands.activations.scales[token]) * operands.scale(channel, run);
            let output = token * channels + operands.weights.channel(channel);
            self.outputs[output] += operands.value(result) * scale;
        }
        let used = self.utilisation * self.cycles as f64;
        self.cycles += report.cycles;
        let used = used + report.utilisation * report.cycles as f64;
        self.utilisation = if self.cycles > 0 { used / self.cycles as f64 } else { 0.0 };
        self.compared += report.compared;
        self.mismatches += report.mismatches;
        self.runs += report.runs;
        self.steps += report.steps;
        self.skipped_steps += report.skipped_steps;
        self.least_cycles += report.least_cycles;
        for (command, count) in report.commands {
            *self.commands.entry(command).or_default() += count;
        }
        if let (None, Some(first)) = (&self.first_mismatch, report.first_mismatch) {
            self.first_mismatch = Some(match operands.runs() {
                1 => first,
                _ => format!("quantisation group {run}: {first}"),
            });
        }
    }
}

/// Some columns of a row-major matrix of rows of `width`.
fn columns<T: Copy>(matrix: &[T], width: usize, columns: std::ops::Range<usize>) -> Vec<T> {
    matrix.chunks(width).flat_map(|row| row[columns.clone()].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::{FloatFormat, IntegerFormat, WeightWord};
    use bitplane_spec::parse;
    use bitplane_weights::{
        ActivationQuantiser, ChoiceSpan, Matrix, PackLayout, TypeQuantiser, WeightQuantiser, pack,
        unpack,
    };

    fn spec(zero_points: &str) -> Spec {
        let text = format!(
            "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int4'\n\
             tile = {{ m = 2, n = 4, k = 3, groups = 2 }}\ngroup = {{ {zero_points} }}\n"
        );
        parse(&text, "core").unwrap().spec
    }

    fn matrix(rows: usize, columns: usize, seed: usize) -> Matrix {
        let value = |i: usize| ((i * seed) % 101) as f32 / 50.0 - 1.0;
        Matrix::new(rows, columns, (0..rows * columns).map(value).collect()).unwrap()
    }

    fn packed(format: &str, group: usize) -> PackedWeights {
        let (quantiser, weights) = (WeightQuantiser::parse(format).unwrap(), matrix(6, 20, 37));
        let grouping = quantiser.grouping(20, group).unwrap();
        let layout = PackLayout::new(WeightWord::Folded, 3).unwrap();
        unpack(&pack(&quantiser.quantise("w", &weights, grouping), layout).unwrap()).unwrap()
    }

    /// What the golden model says of one group's run.
    fn report(spec: &Spec, layer: &Layer) -> LayerReport {
        let run = bitplane_golden::Run {
            rows: layer.tokens,
            columns: layer.outputs,
            elements: layer.inputs,
            activations: layer.activations.to_vec(),
            weight: layer.weight,
            codes: layer.codes.to_vec(),
            zero_points: layer.zero_points.clone(),
        };
        LayerReport {
            outputs: bitplane_golden::results(spec, &run),
            compared: (layer.tokens * layer.outputs) as u64,
            mismatches: 0,
            runs: 1,
            cycles: 10,
            utilisation: 0.5,
            steps: 5,
            skipped_steps: 0,
            least_cycles: 5,
            commands: BTreeMap::new(),
            first_mismatch: None,
        }
    }

    #[test]
    fn scaled_results_of_all_groups_add_up_to_the_product_with_the_dequantised_weights() {
        let int8 = IntegerFormat::new(8).unwrap();
        let activations = ActivationQuantiser::Absmax.quantise(&matrix(3, 20, 13), int8).unwrap();
        let (constant, groups_of_4) =
            ("zero_point = 'constant'", "zero_point = 'per_group', size = 4");
        for (zero_points, format, group) in [
            (constant, "int4", 0),
            (constant, "int4", 7),
            (constant, "int4_asymmetric_common", 6),
            (groups_of_4, "int4_asymmetric", 0),
            (groups_of_4, "int4_asymmetric", 7),
            (groups_of_4, "int4_mid_rise", 4),
        ] {
            let (spec, weights) = (spec(zero_points), packed(format, group));
            let weights = LayerWeights::Integers(weights);
            let operands = Operands::new(&spec, &weights, &activations);
            let mut sum = LayerSum::of_nothing(3, 6);
            for run in 0..operands.runs() {
                let part = operands.run(run);
                sum.add(run, &operands, report(&spec, &part.layer()));
            }
            let (real, weights) = (activations.dequantise(), weights.dequantise());
            for (place, output) in sum.outputs.iter().enumerate() {
                let (token, channel) = (place / 6, place % 6);
                let pairs = (0..20).map(|i| (real[token * 20 + i], weights[channel * 20 + i]));
                let exact: f64 = pairs.map(|(a, w)| f64::from(a) * f64::from(w)).sum();
                assert!((output - exact).abs() < 1e-5, "{format} {group}: {output} {exact}");
            }
            assert_eq!(sum.utilisation, 0.5);
        }
    }

    #[test]
    fn outputs_of_data_types_are_products_with_the_dequantised_weights_in_the_tensors_order() {
        let real = matrix(3, 20, 13);
        let activations = QuantisedActivations::nearest(&real, FloatFormat::FP16);
        let mut reordered = false;
        for (scale, group) in [("int8", 4), ("int8", 0), ("fp16", 8), ("e8m0", 12)] {
            let text = format!(
                "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                 weight.format = ['int6', 'bitmod_fp3', 'bitmod_fp4']\n\
                 tile = {{ m = 2, n = 4, k = 3 }}\ngroup = {{ size = 4, scale = '{scale}' }}\n\
                 accumulate.align_bits = 24\n"
            );
            let spec = parse(&text, "core").unwrap().spec;
            let names = "bitmod_fp4,int6,bitmod_fp3";
            let quantiser = TypeQuantiser::parse(names, ChoiceSpan::Group, Some(4.2)).unwrap();
            let grouping = Grouping::new(20, group).unwrap();
            let weights =
                quantiser.quantise("w", &matrix(6, 20, 37), grouping, spec.scale().unwrap());
            let weights = weights.ordered(|data_type| data_type.bits());
            reordered |= weights.order != [0, 1, 2, 3, 4, 5];
            let weights = LayerWeights::Types(weights);
            let operands = Operands::new(&spec, &weights, &activations);
            let mut sum = LayerSum::of_nothing(3, 6);
            sum.add(0, &operands, report(&spec, &operands.run(0).layer()));
            assert_eq!(operands.runs(), 1);
            let (real, weights) = (activations.dequantise(), weights.dequantise());
            for (place, output) in sum.outputs.iter().enumerate() {
                let (token, channel) = (place / 6, place % 6);
                let pairs = (0..20).map(|i| (real[token * 20 + i], weights[channel * 20 + i]));
                let exact: f64 = pairs.map(|(a, w)| f64::from(a) * f64::from(w)).sum();
                assert!((output - exact).abs() < 1e-4, "{scale} {group}: {output} {exact}");
            }
        }
        assert!(reordered);
    }

    #[test]
    fn the_beats_of_a_group_hold_its_words_and_padding_up_to_whole_steps() {
        let weights = packed("int4", 7);
        let spec = spec("zero_point = 'constant'");
        // Groups of 7, 7 and 6 in words of 3 and steps of two words: 2, 2 and 1 steps; 4 planes;
        // two tiles; 4 columns x 2 words x 3 bits in one 32-bit word.
        let beats = [0, 1, 2].map(|group| weight_beats(&weights, &spec, group).len());
        assert_eq!(beats, [2 * 2 * 4, 2 * 2 * 4, 2 * 4]);
        // The fourth word of a group of 7 is padding: code 0 everywhere folds to 111.
        let last_step = weight_beats(&weights, &spec, 0)[4];
        assert_eq!([0, 1, 2, 3].map(|column| last_step >> (column * 6 + 3) & 7), [7; 4]);
    }
}
