//! Floating-point activations against plain arithmetic in 64-bit floating point, which holds every sum
//! here exactly.

use crate::{Run, ZeroPoints, results, sums};
use bitplane_formats::{FloatFormat, WeightFormat, ZeroPoint};
use bitplane_spec::{Spec, parse};
use proptest::prelude::*;

fn spec(activation: &str, accumulate: &str) -> Spec {
    let text = format!(
        "kind = 'lut_tensor_core'\nactivation.format = '{activation}'\nweight.format = 'int4'\n\
         tile = {{ m = 4, n = 8, k = 3, groups = 2 }}\ngroup.zero_point = 'constant'\n\
         accumulate = {{ {accumulate} }}\n"
    );
    parse(&text, "core").unwrap().spec
}

fn run(activations: Vec<i32>, codes: Vec<u8>) -> Run {
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
fn operands(format: FloatFormat) -> impl Strategy<Value = (Vec<i32>, Vec<u8>)> {
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
        (activations, proptest::collection::vec(0..16u8, length))
    })
}

fn exact(format: FloatFormat, run: &Run) -> f64 {
    let value =
        |(code, weight): (&i32, &u8)| format.to_f64(*code as u32) * (f64::from(*weight) - 8.0);
    // A sum of negative zeros is a positive zero too.
    run.activations.iter().zip(&run.codes).map(value).sum::<f64>() + 0.0
}

proptest! {
    #[test]
    fn exact_alignment_gives_the_correctly_rounded_sum((activations, codes) in operands(FloatFormat::FP16)) {
        let run = run(activations, codes);
        let sum = exact(FloatFormat::FP16, &run);
        let fp16 = results(&spec("fp16", "align_bits = 'exact', result = 'fp16'"), &run)[0];
        prop_assert_eq!(fp16 as u16, half::f16::from_f64(sum).to_bits());
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
