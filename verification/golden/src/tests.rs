use crate::{GroupZeroPoints, Run, ZeroPoints, overflows, results};
use bitplane_formats::{IntegerFormat, WeightFormat, ZeroPoint};
use bitplane_spec::{
    Accumulate, AccumulatorFormat, Architecture, Bus, Chain, Entry, Fold, Overflow, Packing,
    Pipeline, PlaneOrder, Precompute, Reset, Select, Spec, Stages, Symmetry, Table, Tile,
    WeightWidth, ZeroPointMode,
};
use proptest::prelude::*;

fn spec(activation: u32, weight: u32) -> Spec {
    Spec {
        name: "core".to_owned(),
        architecture: Architecture::LookUp(Table {
            symmetry: Symmetry::Half { fold: Fold::Offline },
            precompute: Precompute::Shared,
            select: Select::OneHot,
            entry: Entry::Exact,
            copies: 1,
        }),
        activation: IntegerFormat::new(activation).unwrap(),
        float: None,
        weight: WeightFormat::new(weight).unwrap(),
        weight_width: WeightWidth::Fixed,
        packing: Packing::Words,
        bus: Bus { activation: 64, weight: 64 },
        chain: Chain::ONE_TILE,
        tile: Tile { m: 4, n: 8, k: 3, groups: 2, drain: 8, plane_order: PlaneOrder::Inner },
        accumulate: Accumulate {
            max_k: 64,
            format: AccumulatorFormat::Auto,
            overflow: Overflow::Refuse,
        },
        zero_point: ZeroPointMode::Constant,
        quantisation_group: None,
        pipeline: Pipeline { stages: Stages::Auto, reset: Reset::Async },
        sequencer: None,
    }
}

fn with_accumulator(bits: u32, overflow: Overflow, mut spec: Spec) -> Spec {
    let format = IntegerFormat::new(bits).unwrap();
    spec.accumulate.format = AccumulatorFormat::Integer(format);
    spec.accumulate.overflow = overflow;
    spec
}

/// A straightforward reference: each weight's value, multiplied and added in 128 bits.
fn reference(spec: &Spec, run: &Run) -> Vec<i128> {
    let mut results = Vec::new();
    for row in 0..run.rows {
        for column in 0..run.columns {
            let mut sum = 0;
            for i in 0..run.elements {
                let zero_point = zero_point(spec, run, column, i);
                let weight = run.weight.value(run.codes[column * run.elements + i], zero_point);
                sum += i128::from(run.activations[row * run.elements + i]) * i128::from(weight);
            }
            results.push(sum);
        }
    }
    results
}

fn zero_point(spec: &Spec, run: &Run, column: usize, element: usize) -> ZeroPoint {
    match (&spec.architecture, &run.zero_points) {
        (Architecture::MacArray, _) => ZeroPoint::TWOS_COMPLEMENT,
        (_, ZeroPoints::Constant(zero_point)) => *zero_point,
        (_, ZeroPoints::PerGroup(groups)) => {
            let group = column * run.elements.div_ceil(groups.size) + element / groups.size;
            groups.values[group]
        }
    }
}

/// A configuration and a run that suits it.
fn any_run() -> impl Strategy<Value = (Spec, Run)> {
    (2u32..=16, 1u32..=8, 1usize..=4, 1usize..=8, 1usize..=40).prop_flat_map(
        |(activation_bits, weight_bits, rows, columns, elements)| {
            let spec = spec(activation_bits, weight_bits);
            let (low, high) = (spec.activation.min() as i32, spec.activation.max() as i32);
            let top = (spec.weight.codes() - 1) as u16;
            let legal: Vec<i32> =
                (-255..=255).filter(|z| spec.weight.accepts(ZeroPoint(*z))).collect();
            (
                Just(spec),
                prop::collection::vec(low..=high, rows * elements),
                prop::collection::vec(0..=top, columns * elements),
                prop::sample::select(legal),
            )
                .prop_map(move |(spec, activations, codes, zero_point)| {
                    let zero_points = ZeroPoints::Constant(ZeroPoint(zero_point));
                    let weight = spec.weight;
                    (spec, Run { rows, columns, elements, activations, weight, codes, zero_points })
                })
        },
    )
}

proptest! {
    #[test]
    fn exact_results_equal_the_sum_of_value_products((spec, run) in any_run()) {
        prop_assert_eq!(results(&spec, &run), reference(&spec, &run));
    }

    #[test]
    fn zero_points_of_groups_are_those_of_their_own_weights_alone(
        (spec, run) in any_run(), size in 1usize..=12, seed in any::<u64>(),
    ) {
        let groups = run.elements.div_ceil(size);
        let legal: Vec<ZeroPoint> =
            (-255..=255).map(ZeroPoint).filter(|z| spec.weight.accepts(*z)).collect();
        let at = |i: usize| legal[(seed.wrapping_mul(2 * i as u64 + 1) >> 32) as usize % legal.len()];
        let values = (0..run.columns * groups).map(at).collect();
        let zero_points = ZeroPoints::PerGroup(GroupZeroPoints { size, values, ..Default::default() });
        let run = Run { zero_points, ..run };
        prop_assert_eq!(results(&spec, &run), reference(&spec, &run));
        let format = IntegerFormat::new(9).unwrap();
        let wrapped = results(&with_accumulator(9, Overflow::Wrap, spec.clone()), &run);
        let exact = reference(&spec, &run);
        prop_assert_eq!(wrapped, exact.into_iter().map(|r| format.wrap(r)).collect::<Vec<_>>());
    }

    #[test]
    fn adders_and_tables_of_subsets_give_the_results_of_signed_tables((mut spec, run) in any_run()) {
        spec.architecture = Architecture::AddArray;
        prop_assert_eq!(results(&spec, &run), reference(&spec, &run));
        let subsets = Table {
            symmetry: Symmetry::Subsets,
            precompute: Precompute::Local,
            select: Select::Binary,
            entry: Entry::Exact,
            copies: 2,
        };
        spec.architecture = Architecture::LookUp(subsets);
        prop_assert_eq!(results(&spec, &run), reference(&spec, &run));
        spec.zero_point = ZeroPointMode::None;
        let fixed = ZeroPoints::Constant(spec.fixed_zero_point(run.weight).unwrap());
        let unsigned = Run { zero_points: fixed, ..run };
        prop_assert_eq!(results(&spec, &unsigned), reference(&spec, &unsigned));
    }

    #[test]
    fn a_multiplier_array_multiplies_twos_complement_weights((mut spec, run) in any_run()) {
        spec.architecture = Architecture::MacArray;
        prop_assert_eq!(results(&spec, &run), reference(&spec, &run));
    }

    #[test]
    fn wrapping_keeps_the_low_bits_of_the_exact_result(
        (spec, mut run) in any_run(), bits in 4u32..40,
    ) {
        run.zero_points = ZeroPoints::Constant(ZeroPoint::MID_RISE);
        let exact = results(&spec, &run);
        let format = IntegerFormat::new(bits).unwrap();
        let wrapped = results(&with_accumulator(bits, Overflow::Wrap, spec), &run);
        prop_assert_eq!(wrapped, exact.into_iter().map(|r| format.wrap(r)).collect::<Vec<_>>());
    }

    #[test]
    fn a_wide_accumulator_never_wraps_or_saturates((spec, run) in any_run()) {
        let exact = results(&spec, &run);
        for overflow in [Overflow::Refuse, Overflow::Wrap, Overflow::Saturate] {
            let wide = with_accumulator(64, overflow, spec.clone());
            prop_assert_eq!(&results(&wide, &run), &exact);
        }
    }

    #[test]
    fn saturated_results_stay_in_range((spec, mut run) in any_run(), bits in 4u32..24) {
        run.zero_points = ZeroPoints::Constant(ZeroPoint::MID_RISE);
        let format = IntegerFormat::new(bits).unwrap();
        for result in results(&with_accumulator(bits, Overflow::Saturate, spec), &run) {
            prop_assert_eq!(result, format.saturate(result));
        }
    }
}

proptest! {
    #[test]
    fn a_run_of_narrower_weights_is_that_of_a_core_of_their_width((narrow, run) in any_run()) {
        let mut wide = spec(narrow.activation.bits(), 8);
        wide.weight_width = WeightWidth::Runtime;
        prop_assert_eq!(results(&wide, &run), results(&narrow, &run));
        let saturating = |spec: &Spec| with_accumulator(9, Overflow::Saturate, spec.clone());
        prop_assert_eq!(
            results(&saturating(&wide), &run), results(&saturating(&narrow), &run)
        );
    }
}

#[test]
fn saturation_clamps_after_every_plane_of_a_step() {
    // 4-bit accumulator, one element of 7. q' = 1 is +2 -1: 7 * -1 = -7, then + 14 = 7.
    let spec = with_accumulator(4, Overflow::Saturate, spec(4, 2));
    let run = |activation, code| Run {
        rows: 1,
        columns: 1,
        elements: 1,
        activations: vec![activation],
        weight: WeightFormat::new(2).unwrap(),
        codes: vec![code],
        zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
    };
    assert_eq!(results(&spec, &run(7, 2)), [7]);
    // q' = -1 is -2 +1: 7, then 7 - 14 = -7.
    assert_eq!(results(&spec, &run(7, 1)), [-7]);
    // q' = 3: 7, then 7 + 14 is clamped.
    assert_eq!(results(&spec, &run(7, 3)), [7]);
    // -8 and q' = -1: -8, then -8 + 16 is clamped to 7, where the exact sum is 8.
    assert_eq!(results(&spec, &run(-8, 1)), [7]);
}

#[test]
fn with_a_pass_for_each_plane_saturation_clamps_after_doubling_and_adding() {
    // 4-bit accumulator, two k-steps of one element each. Planes 1, then 0.
    let mut spec = with_accumulator(4, Overflow::Saturate, spec(4, 2));
    spec.tile.plane_order = PlaneOrder::Outer;
    (spec.tile.k, spec.tile.groups) = (1, 1);
    let run = |activations: [i32; 2], codes: [u16; 2]| {
        let run = Run {
            rows: 1,
            columns: 1,
            elements: 2,
            activations: activations.to_vec(),
            weight: WeightFormat::new(2).unwrap(),
            codes: codes.to_vec(),
            zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
        };
        results(&spec, &run)[0]
    };
    // 1 + 2 = 3; 6 + 1 = 7; 7 + 2 is clamped: 9 is not reached.
    assert_eq!(run([1, 2], [3, 3]), 7);
    // 5 + 2 = 7; 14 - 5 is clamped to 7, then 7 - 2.
    assert_eq!(run([5, 2], [2, 2]), 5);
    // 3 - 1 = 2; 4 - 3 = 1; 1 + 1 = 2: exact, 3 * 1 + 1 * -1.
    assert_eq!(run([3, 1], [2, 1]), 2);
}

proptest! {
    #[test]
    fn the_order_of_the_planes_shows_only_in_saturated_results((spec, run) in any_run()) {
        let mut outer = spec.clone();
        outer.tile.plane_order = PlaneOrder::Outer;
        prop_assert_eq!(results(&outer, &run), results(&spec, &run));
        for overflow in [Overflow::Wrap, Overflow::Saturate] {
            let bits = if overflow == Overflow::Wrap { 9 } else { 64 };
            let [outer, inner] =
                [&outer, &spec].map(|spec| with_accumulator(bits, overflow, spec.clone()));
            prop_assert_eq!(results(&outer, &run), results(&inner, &run));
        }
    }
}

#[test]
fn a_run_overflows_from_the_first_step_beyond_max_k() {
    let spec = spec(8, 2);
    let run = |elements| Run {
        rows: 0,
        columns: 0,
        elements,
        activations: vec![],
        weight: WeightFormat::new(2).unwrap(),
        codes: vec![],
        zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
    };
    assert_eq!((spec.elements_per_step(), spec.max_steps()), (6, 11));
    assert!(!overflows(&spec, &run(66)));
    assert!(overflows(&spec, &run(67)));
}

#[test]
fn blocks_and_threads_of_a_large_layer_give_the_same_results_as_single_products() {
    let spec = spec(16, 8);
    // Beyond two blocks of elements, four rows and what one thread does.
    let (rows, columns, elements) = (7, 400, 777);
    let run = Run {
        rows,
        columns,
        elements,
        activations: (0..rows * elements).map(|i| (i * 9973 % 65536) as i32 - 32768).collect(),
        weight: spec.weight,
        codes: (0..columns * elements).map(|i| (i * 151 % 256) as u16).collect(),
        zero_points: ZeroPoints::Constant(ZeroPoint::TWOS_COMPLEMENT),
    };
    assert_eq!(results(&spec, &run), reference(&spec, &run));
}

#[test]
fn the_largest_products_of_a_block_do_not_wrap() {
    let spec = spec(16, 8);
    let elements = 600;
    for code in [0, 255] {
        let run = Run {
            rows: 5,
            columns: 1,
            elements,
            activations: vec![-32768; 5 * elements],
            weight: spec.weight,
            codes: vec![code; elements],
            zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
        };
        assert_eq!(results(&spec, &run), reference(&spec, &run));
    }
}
