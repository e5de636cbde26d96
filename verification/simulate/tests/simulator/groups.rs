//! Quantisation groups: the stall that is stated, and whole layers with a zero point for each group.

use crate::common::{generated, text};
use bitplane_emit::manifest::QuantisationGroup;
use bitplane_formats::{WeightFormat, ZeroPoint};
use bitplane_simulate::{
    Case, Encoder, GroupZeroPoints, Layer, LayerReport, Monitor, PackedBeats, Session, Simulator,
    Start, Weights, ZeroPoints, layer,
};
use bitplane_spec::Spec;

fn text_of(size: u32, scale_units: u32, stages: u32) -> String {
    format!(
        "kind = 'lut_tensor_core'\nactivation.format = 'int5'\nweight.format = 'int3'\n\
         tile = {{ m = 2, n = 6, k = 2, groups = 2 }}\naccumulate.max_k = 200\n\
         group = {{ zero_point = 'per_group', size = {size}, scale_units = {scale_units} }}\n\
         pipeline.stages = {stages}\n"
    )
}

/// Cycles of a run of `groups` whole groups, nothing stalling.
fn cycles(simulator: &Simulator, spec: &Spec, groups: usize) -> u64 {
    let encoder = Encoder::new(spec, &simulator.manifest).unwrap();
    let steps = groups * spec.group_steps().unwrap() as usize;
    let mut batch = encoder.empty_batch();
    encoder.add(&Case::zero(spec, steps), &mut batch);
    let mut session = Session::start(simulator, &Start::default()).unwrap();
    session.run(&batch).unwrap().cycles.into()
}

#[test]
fn every_group_takes_the_cycles_that_the_manifest_states() {
    for (size, scale_units, stages) in [(10, 2, 0), (4, 6, 1), (7, 3, 2)] {
        let Some((spec, simulator)) = generated(&text_of(size, scale_units, stages)) else {
            return;
        };
        let QuantisationGroup { steps, weight_beats, stall_cycles, cycles: stated, .. } =
            simulator.manifest.quantisation_group.clone().unwrap();
        assert_eq!(steps, u64::from(size.div_ceil(4)));
        assert_eq!(weight_beats, 3 * steps + 1);
        assert_eq!(u64::from(stall_cycles), u64::from(12 / scale_units + stages.max(1)));
        assert_eq!(stated, 3 * steps + u64::from(stall_cycles));
        let measured = [1, 2, 3, 7].map(|groups| cycles(&simulator, &spec, groups));
        for (count, cycles) in [2, 3, 7].into_iter().zip(&measured[1..]) {
            assert_eq!(cycles - measured[0], (count - 1) * stated, "size {size}, {count} groups");
        }
    }
}

/// 3 tokens, 23 inputs in groups of 10, 8 outputs.
struct Small {
    activations: Vec<i32>,
    codes: Vec<u16>,
    values: Vec<ZeroPoint>,
}

impl Small {
    fn new() -> Self {
        Self {
            activations: (0..3 * 23).map(|i| i * 11 % 32 - 16).collect(),
            codes: (0..8 * 23).map(|i| (i * i / 5 % 8) as u16).collect(),
            // 0, and every odd number from -7 to 7.
            values: (0..8 * 3).map(|i| ZeroPoint([0, -7, 5, 1, -3, 7, -1, 3, -5][i % 9])).collect(),
        }
    }

    fn layer<'a>(&'a self, weights: Weights<'a>) -> Layer<'a> {
        let groups =
            GroupZeroPoints { size: 10, values: self.values.clone(), ..Default::default() };
        Layer {
            tokens: 3,
            inputs: 23,
            outputs: 8,
            activations: &self.activations,
            weight: WeightFormat::new(3).unwrap(),
            codes: &self.codes,
            weights,
            zero_points: ZeroPoints::PerGroup(groups),
        }
    }

    /// The product by its definition.
    fn product(&self, token: usize, output: usize) -> i128 {
        let terms = (0..23).map(|i| {
            let q = 2 * i32::from(self.codes[output * 23 + i]) - 7;
            let weight = match self.values[output * 3 + i / 10].0 {
                0 => q,
                odd => (q - odd) / 2,
            };
            i128::from(self.activations[token * 23 + i] * weight)
        });
        terms.sum()
    }
}

fn run(simulator: &Simulator, spec: &Spec, of: &Layer) -> LayerReport {
    layer(simulator, spec, of, &Start::default(), &Monitor::silent()).unwrap()
}

#[test]
fn a_layer_with_a_zero_point_for_each_group_gives_its_products() {
    let Some((spec, simulator)) = generated(&text_of(10, 2, 1)) else { return };
    let small = Small::new();
    let report = run(&simulator, &spec, &small.layer(Weights::Codes));
    assert_eq!((report.mismatches, report.compared, report.runs), (0, 24, 4), "{report:?}");
    let products = (0..3).flat_map(|token| (0..8).map(move |output| (token, output)));
    let products: Vec<i128> = products.map(|(t, o)| small.product(t, o)).collect();
    assert_eq!(report.outputs, products);
}

#[test]
fn packed_beats_of_a_layer_hold_zero_points_behind_each_group() {
    let Some((spec, simulator)) = generated(&text_of(10, 2, 1)) else { return };
    let small = Small::new();
    let report = run(
        &simulator,
        &spec,
        &small.layer(Weights::Packed(PackedBeats { words: &packed(&simulator, &spec, &small) })),
    );
    assert_eq!((report.mismatches, report.compared), (0, 24), "{report:?}");
}

/// The data words of all weight beats: two tiles of columns, the second of two columns.
fn packed(simulator: &Simulator, spec: &Spec, small: &Small) -> Vec<u32> {
    let encoder = Encoder::new(spec, &simulator.manifest).unwrap();
    let mut words = Vec::new();
    for first in [0, 6] {
        // Groups of 10 fill 3 k-steps of 4 elements; 23 inputs end in the first step of a third.
        let mut case = Case::zero(spec, 7);
        for column in 0..6.min(8 - first) {
            for i in 0..23 {
                let place = i / 10 * 12 + i % 10;
                case.codes[column * 28 + place] = small.codes[(first + column) * 23 + i];
            }
        }
        let groups = case.group_zero_points.as_mut().unwrap();
        for (i, value) in small.values[first * 3..].iter().take(18).enumerate() {
            groups.values[i] = *value;
        }
        let mut beats = Vec::new();
        encoder.weight_beats(&case, &mut beats);
        // A beat is `last` and one word of data.
        assert_eq!(beats.len(), 2 * (7 * 3 + 3));
        words.extend(beats.chunks(2).map(|beat| beat[1]));
    }
    words
}

#[test]
fn a_layer_whose_groups_are_not_those_of_the_core_is_refused() {
    let Some((spec, simulator)) = generated(&text_of(10, 2, 1)) else { return };
    let small = Small::new();
    let refused = |zero_points| {
        let layer_of = Layer { zero_points, ..small.layer(Weights::Codes) };
        text(layer(&simulator, &spec, &layer_of, &Start::default(), &Monitor::silent()))
    };
    let groups =
        |size, values| ZeroPoints::PerGroup(GroupZeroPoints { size, values, ..Default::default() });
    let even = [vec![ZeroPoint(2)], small.values[1..].to_vec()].concat();
    let all = [
        refused(ZeroPoints::Constant(ZeroPoint(1))),
        refused(groups(8, small.values.clone())),
        refused(groups(10, small.values[1..].to_vec())),
        refused(groups(10, even)),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    the core takes a zero point for each group, the layer has one
    24 zero points for groups of 8 elements are not the 24 that the core takes for groups of 10
    23 zero points for groups of 10 elements are not the 24 that the core takes for groups of 10
    the core does not take the zero point z' = 2
    ");
}
