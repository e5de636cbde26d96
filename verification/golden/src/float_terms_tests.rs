//! Tiles that round the sum of every cycle, against the same steps in the arithmetic of the machine and of
//! another library, with digits and alignment of their own.

use crate::groups::GroupType;
use crate::{GroupZeroPoints, Run, ZeroPoints, results};
use bitplane_formats::{FloatFormat, ScaleFormat, ZeroPoint};
use bitplane_spec::{Spec, parse};
use proptest::prelude::*;
use rustc_apfloat::Float;
use rustc_apfloat::ieee::Half;

const SIZE: usize = 24;

/// INT8 weights, four a k-step, groups of 24, E8M0 scales.
fn spec(result: &str) -> Spec {
    let text = format!(
        "kind = 'bitmod_tile'\nactivation.format = 'fp16'\nweight.format = 'int8'\n\
         tile = {{ m = 1, n = 1, k = 4 }}\naccumulate = {{ mode = 'float', result = '{result}' }}\n\
         group = {{ scale = 'e8m0', size = {SIZE} }}\n"
    );
    parse(&text, "core").unwrap().spec
}

/// The result of one row and column whose groups have the scale 1.
fn result(spec: &Spec, activations: &[u16], weights: &[i8]) -> u32 {
    let groups = activations.len().div_ceil(SIZE);
    let run = Run {
        rows: 1,
        columns: 1,
        elements: activations.len(),
        activations: activations.iter().map(|code| i32::from(*code)).collect(),
        weight: spec.weight,
        codes: weights.iter().map(|weight| u16::from(*weight as u8)).collect(),
        zero_points: ZeroPoints::PerGroup(GroupZeroPoints {
            size: SIZE,
            values: vec![ZeroPoint::MID_RISE; groups],
            scales: vec![ScaleFormat::E8m0.code(1.0).unwrap(); groups],
            types: vec![GroupType::default(); groups],
        }),
    };
    results(spec, &run)[0] as u32
}

fn value(code: u16) -> f64 {
    FloatFormat::FP16.to_f64(code.into())
}

/// The digit of `weight` in cycle `cycle`, radix 4 from -2 to 2: the one that leaves a multiple of 4 of what
/// the digits below leave, and of -2 and 2 the one with the sign of the upper of its two bits.
fn digit(weight: i8, cycle: u32) -> f64 {
    let mut rest = i32::from(weight);
    let mut lowest = 0;
    for i in 0..=cycle {
        rest = (rest - lowest) / if i == 0 { 1 } else { 4 };
        lowest = match rest.rem_euclid(4) {
            3 => -1,
            2 if weight >> (2 * i + 1) & 1 == 1 => -2,
            lowest => lowest,
        };
    }
    lowest.into()
}

/// What a cycle adds, before it is rounded: each product cut off behind three bits below a significand at the
/// largest exponent. Exact in a binary64.
fn of_cycle(activations: &[u16], weights: &[i8], cycle: u32) -> f64 {
    let pairs = activations.iter().zip(weights);
    let products: Vec<f64> = pairs.map(|(a, w)| value(*a) * digit(*w, cycle)).collect();
    // The exponent of a product with a significand as long as an FP16 number's, subnormal ones as they are.
    let pairs = activations.iter().zip(weights).zip(&products);
    let exponents = pairs.filter(|(_, product)| **product != 0.0).map(|((a, w), _)| {
        let field = i32::from(a >> 10 & 31).max(1);
        field - 25 + i32::from(digit(*w, cycle).abs() == 2.0)
    });
    let unit = 2f64.powi(exponents.max().unwrap_or(0) - 3);
    let kept: f64 = products.iter().map(|product| (product / unit).trunc()).sum();
    kept * unit * 4f64.powi(cycle as i32)
}

/// What each cycle of a group adds, in order.
fn cycles(activations: &[u16], weights: &[i8]) -> Vec<f64> {
    let steps = activations.chunks(4).zip(weights.chunks(4));
    steps.flat_map(|(a, w)| (0..4).map(|cycle| of_cycle(a, w, cycle)).collect::<Vec<_>>()).collect()
}

fn groups<'a>(
    activations: &'a [u16],
    weights: &'a [i8],
) -> impl Iterator<Item = (&'a [u16], &'a [i8])> {
    activations.chunks(SIZE).zip(weights.chunks(SIZE))
}

/// As many FP16 numbers and weights; most of the numbers lie in the middle range, the others in `far`.
fn operands(far: std::ops::Range<u16>) -> impl Strategy<Value = (Vec<u16>, Vec<i8>)> {
    let code = prop_oneof![7 => 0x3400..0x4400u16, 1 => far];
    let code =
        (code, any::<bool>()).prop_map(|(code, negative)| code ^ (u16::from(negative) << 15));
    (1..60usize).prop_flat_map(move |length| {
        (prop::collection::vec(code.clone(), length), prop::collection::vec(any::<i8>(), length))
    })
}

fn half(value: f64) -> Half {
    Half::from_bits(FloatFormat::FP16.of_f64(value).into())
}

proptest! {
    #[test]
    fn sums_with_the_fraction_of_fp32_are_those_of_the_machine((activations, weights) in operands(0..0x7c00)) {
        // No sum of these is subnormal or infinite in FP32 either.
        let result = result(&spec("fp32"), &activations, &weights);
        let expected = groups(&activations, &weights).fold(0f32, |result, (activations, weights)| {
            let of_cycles = cycles(activations, weights);
            result + of_cycles.into_iter().fold(0f32, |sum, each| sum + each as f32)
        });
        prop_assert_eq!(f32::from_bits(result), expected);
    }

    #[test]
    fn sums_with_the_fraction_of_fp16_are_those_of_another_library((activations, weights) in operands(0x3000..0x4800)) {
        // Numbers of the middle range, of which FP16 holds all sums.
        let weights: Vec<i8> = weights.iter().map(|weight| weight / 4).collect();
        let result = result(&spec("fp16"), &activations, &weights);
        let zero = Half::from_bits(0);
        let expected = groups(&activations, &weights).fold(zero, |result, (activations, weights)| {
            let of_cycles = cycles(activations, weights);
            let sum = of_cycles.into_iter().fold(zero, |sum, each| (sum + half(each)).value);
            (result + sum).value
        });
        prop_assert_eq!(u128::from(result), expected.to_bits());
    }

    #[test]
    fn a_result_is_off_by_less_than_its_roundings((activations, weights) in operands(0..0x7c00)) {
        let result = f64::from(f32::from_bits(result(&spec("fp32"), &activations, &weights)));
        let pairs = || activations.iter().zip(&weights).map(|(a, w)| value(*a) * f64::from(*w));
        let exact: f64 = pairs().sum();
        // In each of four cycles a product loses less than an eighth of the last place of a significand of
        // 11 bits at the largest product of its step, of 2 * 4^i times an activation; and each sum of at
        // most 240 rounds to 24 bits.
        let steps = activations.chunks(4).map(|step| {
            let largest = step.iter().map(|a| value(*a).abs()).fold(0.0, f64::max);
            4.0 * 2.0 * 85.0 * largest * 2f64.powi(-13)
        });
        let cut: f64 = steps.sum();
        let sums: f64 = activations.iter().map(|a| value(*a).abs() * 170.0).sum();
        prop_assert!((result - exact).abs() <= cut + sums * 300.0 * 2f64.powi(-24));
    }
}

#[test]
fn a_row_with_an_infinity_or_nan_is_nan_and_so_are_all_results_behind_it() {
    for code in [0x7c00, 0xfc00, 0x7e00, 0x7c01] {
        for weight in [0, 1, -128] {
            let mut activations = vec![0x3c00; 30];
            activations[5] = code;
            let mut weights = vec![1; 30];
            weights[5] = weight;
            for format in [FloatFormat::FP32, FloatFormat::FP16] {
                let result = result(&spec(format.name()), &activations, &weights);
                assert_eq!(Some(result), format.nan(), "{code:x} * {weight}");
            }
        }
    }
}

#[test]
fn sums_of_int8_weights_do_not_end_at_the_largest_fp16_number() {
    let fp16 = spec("fp16");
    // 1024 * 127 is beyond FP16, and its sum with -1024 * 127 is not.
    let (large, negative, one) = (0x6400, 0xe400, 0x3c00);
    let activations = [large, 0, 0, 0, negative, 0, 0, 0, one, 0, 0, 0];
    let result = result(&fp16, &activations, &[127; 12]);
    assert_eq!(FloatFormat::FP16.to_f64(result), 127.0);
}

#[test]
fn subnormal_activations_count_and_cancelling_ones_leave_a_positive_zero() {
    let fp32 = spec("fp32");
    let smallest = f32::from_bits(result(&fp32, &[1, 0x8003], &[5, 1]));
    assert_eq!(smallest, 2f32.powi(-23));
    assert_eq!(result(&fp32, &[0x3c00, 0xbc00, 0x8000], &[-7, -7, 1]), 0);
    assert_eq!(result(&fp32, &[0x8000, 0x8000], &[1, 1]), 0);
}
