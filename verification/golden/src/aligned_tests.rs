//! Floating-point activations against plain arithmetic in 64-bit floating point, which holds every sum
//! here exactly.

use crate::{Run, ZeroPoints, results, rounded, sums};
use bitplane_formats::{FloatFormat, WeightFormat, ZeroPoint};
use bitplane_spec::{Spec, parse};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use rustc_apfloat::ieee::{Double, Half};
use rustc_apfloat::{Float, FloatConvert, Round};

fn spec(activation: &str, accumulate: &str) -> Spec {
    let text = format!(
        "kind = 'lut_tensor_core'\nactivation.format = '{activation}'\nweight.format = 'int4'\n\
         tile = {{ m = 4, n = 8, k = 3, groups = 2 }}\ngroup.zero_point = 'constant'\n\
         accumulate = {{ {accumulate} }}\n"
    );
    parse(&text, "core").unwrap().spec
}

fn run(activations: Vec<i32>, codes: Vec<u16>) -> Run {
    Run {
        rows: 1,
        columns: 1,
        elements: activations.len(),
        activations,
        weight: WeightFormat::new(4).unwrap(),
        codes,
        zero_points: ZeroPoints::Constant(ZeroPoint(1)),
    }
}

/// Finite codes with exponents of a narrow range, so that a binary64 holds every sum.
fn operands(format: FloatFormat) -> impl Strategy<Value = (Vec<i32>, Vec<u16>)> {
    let most = format.largest_exponent();
    let codes = (0..=most, 0..4u32, any::<bool>(), any::<u32>());
    let code = move |(largest, below, negative, fraction): (u32, u32, bool, u32)| {
        let exponent = largest.saturating_sub(below);
        let fraction = fraction & ((1 << format.fraction_bits()) - 1);
        let code = (exponent << format.fraction_bits() | fraction).min(format.largest());
        (if negative { format.negated(code) } else { code }) as i32
    };
    (1..20usize).prop_flat_map(move |length| {
        let activations = proptest::collection::vec(codes.clone().prop_map(code), length);
        (activations, proptest::collection::vec(0..16u16, length))
    })
}

fn exact(format: FloatFormat, run: &Run) -> f64 {
    let value =
        |(code, weight): (&i32, &u16)| format.to_f64(*code as u32) * (f64::from(*weight) - 8.0);
    // A sum of negative zeros is a positive zero too.
    run.activations.iter().zip(&run.codes).map(value).sum::<f64>() + 0.0
}

/// The nearest FP16 by another library. (`half` rounds a binary64 twice, and so misses some.)
fn nearest_fp16(value: f64) -> u16 {
    let mut loses = false;
    let double = Double::from_bits(value.to_bits().into());
    let nearest: Half = double.convert_r(Round::NearestTiesToEven, &mut loses).value;
    nearest.to_bits() as u16
}

proptest! {
    #[test]
    fn exact_alignment_gives_the_correctly_rounded_sum((activations, codes) in operands(FloatFormat::FP16)) {
        let run = run(activations, codes);
        let sum = exact(FloatFormat::FP16, &run);
        let fp16 = results(&spec("fp16", "align_bits = 'exact', result = 'fp16'"), &run)[0];
        prop_assert_eq!(fp16 as u16, nearest_fp16(sum));
        let fp32 = results(&spec("fp16", "align_bits = 'exact'"), &run)[0];
        prop_assert_eq!(fp32 as u32, (sum as f32).to_bits());
    }

    #[test]
    fn exact_alignment_of_fp8_gives_the_correctly_rounded_sum((activations, codes) in operands(FloatFormat::FP8_E4M3)) {
        let run = run(activations, codes);
        let sum = exact(FloatFormat::FP8_E4M3, &run);
        let fp32 = results(&spec("fp8_e4m3", "align_bits = 'exact'"), &run)[0];
        prop_assert_eq!(fp32 as u32, (sum as f32).to_bits());
    }

    /// Every activation is off by half a unit of its block at most; the largest, which must not become
    /// the most negative integer, by a whole one.
    #[test]
    fn a_sum_is_off_by_half_a_unit_of_the_block_for_each_weight(
        (activations, codes) in operands(FloatFormat::FP16), bits in 8..=24u32
    ) {
        let spec = spec("fp16", &format!("align_bits = {bits}"));
        let run = run(activations, codes);
        let format = spec.aligned().unwrap();
        let field = format.field(run.activations.iter().map(|code| *code as u32));
        let unit = 2f64.powi(format.quantum(field));
        let sum = sums(&spec, &run)[0] as f64 * unit;
        let weights: f64 = run.codes.iter().map(|code| (f64::from(*code) - 8.0).abs()).sum();
        let clipped = format.places() < 0;
        let bound = weights * unit * if clipped { 1.0 } else { 0.5 };
        prop_assert!((sum - exact(FloatFormat::FP16, &run)).abs() <= bound);
    }
}

/// Dot products of each of so many rows with each of so many columns.
const SIDE: usize = 100;

/// Rows and columns of FP16 numbers and 4-bit weights: the rows of all exponents, of few, and of one
/// number much larger than the others. 64 bits of floating point hold every sum: it is a multiple of
/// 2^-24 below 2^24.
fn random_products(rng: &mut StdRng) -> Run {
    let elements = rng.random_range(1..=16);
    let float = FloatFormat::FP16;
    let row = |rng: &mut StdRng| {
        let most = rng.random_range(1..=float.largest_exponent());
        let least = most.saturating_sub([40, 3, 12][rng.random_range(0..3)]);
        let lone = rng.random_range(0..4 * elements);
        let code = |i| {
            let exponent = if i == lone { most } else { rng.random_range(least..=most) };
            let code = exponent << float.fraction_bits() | rng.random_range(0..1 << 10);
            (if rng.random() { float.negated(code) } else { code }) as i32
        };
        (0..elements).map(code).collect::<Vec<_>>()
    };
    Run {
        rows: SIDE,
        columns: SIDE,
        elements,
        activations: (0..SIDE).flat_map(|_| row(rng)).collect(),
        weight: WeightFormat::new(4).unwrap(),
        codes: (0..SIDE * elements).map(|_| rng.random_range(0..16)).collect(),
        zero_points: ZeroPoints::Constant(ZeroPoint(1)),
    }
}

/// The exact dot products of [`random_products`], and the sums of the magnitudes of each column's
/// weights.
fn exact_products(run: &Run) -> (Vec<f64>, Vec<f64>) {
    let values: Vec<f64> =
        run.activations.iter().map(|code| FloatFormat::FP16.to_f64(*code as u32)).collect();
    let weights: Vec<f64> = run.codes.iter().map(|code| f64::from(*code) - 8.0).collect();
    let columns = || weights.chunks(run.elements);
    let dot = |row: &[f64], column: &[f64]| -> f64 {
        row.iter().zip(column).map(|(value, weight)| value * weight).sum::<f64>() + 0.0
    };
    let rows = values.chunks(run.elements);
    let products = rows.flat_map(|row| columns().map(|column| dot(row, column))).collect();
    (products, columns().map(|column| column.iter().map(|weight| weight.abs()).sum()).collect())
}

#[test]
fn the_bound_holds_in_ten_million_dot_products() {
    (0..1000u64).into_par_iter().for_each(|seed| {
        let run = random_products(&mut StdRng::seed_from_u64(seed));
        let bits = [8, 11, 12, 16, 24][seed as usize % 5];
        let spec = spec("fp16", &format!("align_bits = {bits}"));
        let format = spec.aligned().unwrap();
        let off = if format.places() < 0 { 1.0 } else { 0.5 };
        let units = run.activations.chunks(run.elements).map(|row| {
            2f64.powi(format.quantum(format.field(row.iter().map(|code| *code as u32))))
        });
        let units: Vec<f64> = units.collect();
        let (exact, weights) = exact_products(&run);
        for (i, sum) in sums(&spec, &run).into_iter().enumerate() {
            let (unit, weights) = (units[i / SIDE], weights[i % SIDE]);
            let error = (sum as f64 * unit - exact[i]).abs();
            assert!(error <= off * unit * weights, "seed {seed}, {i}: {error:e}");
        }
    });
}

#[test]
fn exact_alignment_is_the_correctly_rounded_sum_ten_million_times() {
    let narrow = spec("fp16", "align_bits = 'exact', result = 'fp16'");
    let wide = spec("fp16", "align_bits = 'exact'");
    (0..1000u64).into_par_iter().for_each(|seed| {
        let run = random_products(&mut StdRng::seed_from_u64(!seed));
        let (exact, _) = exact_products(&run);
        let sums = sums(&wide, &run);
        let (fp16, fp32) = (rounded(&narrow, &run, sums.clone()), rounded(&wide, &run, sums));
        for (i, exact) in exact.into_iter().enumerate() {
            assert_eq!(fp16[i] as u16, nearest_fp16(exact), "seed {seed}, {i}");
            assert_eq!(fp32[i] as u32, (exact as f32).to_bits(), "seed {seed}, {i}");
        }
    });
}

#[test]
fn a_row_with_an_infinity_or_nan_is_nan_and_the_others_are_not() {
    let spec = spec("fp16", "result = 'fp16'");
    for special in [0x7c00, 0xfc00, 0x7e00] {
        let mut run = run(vec![0x3c00, special, 0x3c00, 0x3c00], vec![9, 9]);
        (run.rows, run.elements) = (2, 2);
        assert_eq!(results(&spec, &run), [0x7e00, 0x4000]);
    }
}

#[test]
fn cancelling_activations_give_a_positive_zero() {
    let spec = spec("bf16", "result = 'bf16'");
    let run = run(vec![0x3f80, 0xbf80, 0x8000], vec![9, 9, 9]);
    assert_eq!(results(&spec, &run), [0]);
}

#[test]
fn subnormal_results_are_exact_and_results_beyond_the_largest_are_infinite() {
    let spec = spec("fp16", "align_bits = 'exact', result = 'fp16'");
    assert_eq!(results(&spec, &run(vec![1, 1], vec![9, 10])), [3]);
    assert_eq!(results(&spec, &run(vec![0x7bff; 2], vec![9, 10])), [0x7c00]);
    assert_eq!(results(&spec, &run(vec![0x7bff; 2], vec![7, 6])), [0xfc00]);
}
