//! Dot products by look-up in which every entry and every sum is rounded, against the arithmetic of the machine and
//! of another library.

use crate::{Run, ZeroPoints, results};
use bitplane_formats::{FloatFormat, ZeroPoint};
use bitplane_spec::{Spec, parse};
use proptest::prelude::*;
use rustc_apfloat::Float;
use rustc_apfloat::ieee::Half;

fn spec(weight: &str, k: u32, groups: u32, result: &str) -> Spec {
    let text = format!(
        "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = '{weight}'\n\
         tile = {{ m = 1, n = 1, k = {k}, groups = {groups} }}\n\
         accumulate = {{ mode = 'float', result = '{result}' }}\n"
    );
    parse(&text, "core").unwrap().spec
}

fn result(spec: &Spec, activations: &[u16], codes: &[u16]) -> u32 {
    let run = Run {
        rows: 1,
        columns: 1,
        elements: activations.len(),
        activations: activations.iter().map(|code| i32::from(*code)).collect(),
        weight: spec.weight,
        codes: codes.iter().map(|code| spec.weight.code(*code)).collect(),
        zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
    };
    results(spec, &run)[0] as u32
}

fn single(code: u16) -> f32 {
    FloatFormat::FP16.to_f64(code.into()) as f32
}

fn half(code: u16) -> Half {
    Half::from_bits(code.into())
}

/// NaN has one code.
fn code_of_single(sum: f32) -> u32 {
    if sum.is_nan() { FloatFormat::FP32.nan().unwrap() } else { sum.to_bits() }
}

fn code_of_half(sum: Half) -> u32 {
    if sum.is_nan() { FloatFormat::FP16.nan().unwrap() } else { sum.to_bits() as u32 }
}

/// As many FP16 codes as weight codes, one in eight of the former no number of the middle range.
fn operands() -> impl Strategy<Value = (Vec<u16>, Vec<u16>)> {
    let code = prop_oneof![7 => 0x2c00..0x4400u16, 1 => any::<u16>()];
    let code =
        (code, any::<bool>()).prop_map(|(code, negative)| code ^ (u16::from(negative) << 15));
    (1..40usize).prop_flat_map(move |length| {
        (prop::collection::vec(code.clone(), length), prop::collection::vec(any::<u16>(), length))
    })
}

/// Both padded with zeros to whole k-steps.
fn padded(step: usize, (activations, codes): (&[u16], &[u16])) -> (Vec<u16>, Vec<u16>) {
    let length = activations.len().next_multiple_of(step);
    let (mut activations, mut codes) = (activations.to_vec(), codes.to_vec());
    activations.resize(length, 0);
    codes.resize(length, 1);
    (activations, codes)
}

/// Four numbers with the signs that bit `plane` of their codes says, added in pairs.
fn in_pairs<T: Copy>(
    numbers: &[T],
    codes: &[u16],
    plane: u32,
    negated: impl Fn(T) -> T,
    add: impl Fn(T, T) -> T,
) -> T {
    let signed: Vec<T> = numbers
        .iter()
        .zip(codes)
        .map(|(number, code)| if code >> plane & 1 == 1 { *number } else { negated(*number) })
        .collect();
    add(add(signed[0], signed[1]), add(signed[2], signed[3]))
}

proptest! {
    #[test]
    fn single_precision_look_ups_are_sums_of_the_machine((activations, codes) in operands()) {
        let core = spec("int3", 4, 1, "fp32");
        let (whole, signs) = padded(4, (&activations, &codes));
        let mut sum = 0.0f32;
        for (step, signs) in whole.chunks(4).zip(signs.chunks(4)) {
            let step: Vec<f32> = step.iter().map(|code| single(*code)).collect();
            for plane in 0..3 {
                let entry = in_pairs(&step, signs, plane, |x| -x, |x, y| x + y);
                sum += entry * (1 << plane) as f32;
            }
        }
        prop_assert_eq!(result(&core, &activations, &codes), code_of_single(sum));
    }

    #[test]
    fn half_precision_look_ups_are_sums_of_another_library((activations, codes) in operands()) {
        let core = spec("int2", 4, 1, "fp16");
        let (whole, signs) = padded(4, (&activations, &codes));
        let mut sum = half(0);
        for (step, signs) in whole.chunks(4).zip(signs.chunks(4)) {
            let step: Vec<Half> = step.iter().map(|code| half(*code)).collect();
            for plane in 0..2 {
                let entry = in_pairs(&step, signs, plane, |x| -x, |x, y| (x + y).value);
                sum = (sum + entry.scalbn(plane as i32)).value;
            }
        }
        prop_assert_eq!(result(&core, &activations, &codes), code_of_half(sum));
    }

    #[test]
    fn look_ups_of_groups_are_added_two_by_two((activations, codes) in operands()) {
        let core = spec("int1", 4, 2, "fp16");
        let (whole, signs) = padded(8, (&activations, &codes));
        let mut sum = half(0);
        for (step, signs) in whole.chunks(8).zip(signs.chunks(8)) {
            let step: Vec<Half> = step.iter().map(|code| half(*code)).collect();
            let entry = |group: usize| {
                let places = 4 * group..4 * group + 4;
                in_pairs(&step[places.clone()], &signs[places], 0, |x| -x, |x, y| (x + y).value)
            };
            sum = (sum + (entry(0) + entry(1)).value).value;
        }
        prop_assert_eq!(result(&core, &activations, &codes), code_of_half(sum));
    }

    #[test]
    fn trits_leave_elements_out((activations, codes) in operands()) {
        let core = spec("ternary", 2, 1, "fp16");
        let mut sum = half(0);
        for (step, trits) in activations.chunks(2).zip(codes.chunks(2)) {
            let entry = step.iter().zip(trits).fold(None::<Half>, |entry, (code, trit)| {
                let signed = match trit % 3 {
                    0 => Some(-half(*code)),
                    1 => None,
                    _ => Some(half(*code)),
                };
                match (entry, signed) {
                    (Some(entry), Some(signed)) => Some((entry + signed).value),
                    (one, other) => other.or(one),
                }
            });
            sum = (sum + entry.unwrap_or(half(0))).value;
        }
        prop_assert_eq!(result(&core, &activations, &codes), code_of_half(sum));
    }
}

#[test]
fn a_plane_of_a_large_number_is_infinite_and_a_subnormal_one_is_exact() {
    let core = spec("int4", 2, 1, "fp16");
    // 40000 + 0, counted 2 in plane 1: beyond the largest number, with 1 + 4 + 8 above and below it.
    assert_eq!(result(&core, &[0x78e2, 0], &[0xf, 0xf]), 0x7c00);
    // 2^-24 times 15.
    assert_eq!(result(&core, &[1, 0], &[0xf, 0xf]), 15);
}

#[test]
fn infinities_of_both_signs_in_a_table_give_nan_and_numbers_that_cancel_a_positive_zero() {
    let core = spec("int1", 2, 1, "fp16");
    assert_eq!(result(&core, &[0x7c00, 0x7c00], &[1, 0]), FloatFormat::FP16.nan().unwrap());
    assert_eq!(result(&core, &[0x7c00, 0x7c00], &[0, 0]), 0xfc00);
    for codes in [[0, 1], [1, 0]] {
        assert_eq!(result(&core, &[0x3c00, 0x3c00], &codes), 0);
    }
    assert_eq!(result(&core, &[0x8000, 0x8000], &[1, 1]), 0);
}

#[test]
fn look_ups_of_a_k_step_are_added_two_by_two() {
    // 2048 + 1 is 2048, and so it stays if one is added after the other; 1 + 1 is enough for the next number.
    let spec = spec("int1", 2, 4, "fp16");
    let (large, one, next) = (0x6800, 0x3c00, 0x6801);
    assert_eq!(result(&spec, &[large, 0, one, 0, one, 0, one, 0], &[1; 8]), next);
}
