//! Dot products in which every product and every sum is rounded, against the arithmetic of the machine and
//! of another library.

use crate::{Run, ZeroPoints, results};
use bitplane_formats::{FloatFormat, ZeroPoint};
use bitplane_spec::{Spec, parse};
use proptest::prelude::*;
use rustc_apfloat::Float;
use rustc_apfloat::ieee::Half;

fn spec(weight: &str, k: u32, result: &str) -> Spec {
    let text = format!(
        "kind = 'fp_mac_array'\nactivation.format = 'fp16'\nweight.format = '{weight}'\n\
         tile = {{ m = 1, n = 1, k = {k} }}\naccumulate = {{ mode = 'float', result = '{result}' }}\n"
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
        codes: codes.to_vec(),
        zero_points: ZeroPoints::Constant(ZeroPoint::TWOS_COMPLEMENT),
    };
    results(spec, &run)[0] as u32
}

/// As many FP16 codes twice, one in eight of them no number of the middle range.
fn operands() -> impl Strategy<Value = (Vec<u16>, Vec<u16>)> {
    let code = prop_oneof![7 => 0x2c00..0x4400u16, 1 => any::<u16>()];
    let code =
        (code, any::<bool>()).prop_map(|(code, negative)| code ^ (u16::from(negative) << 15));
    (1..40usize).prop_flat_map(move |length| {
        (prop::collection::vec(code.clone(), length), prop::collection::vec(code.clone(), length))
    })
}

/// NaN has one code.
fn code_of(sum: f32) -> u32 {
    if sum.is_nan() { FloatFormat::FP32.nan().unwrap() } else { sum.to_bits() }
}

fn single(code: u16) -> f32 {
    FloatFormat::FP16.to_f64(code.into()) as f32
}

fn half(code: u16) -> Half {
    Half::from_bits(code.into())
}

proptest! {
    #[test]
    fn single_precision_sums_are_those_of_the_machine((activations, codes) in operands()) {
        // A product of two FP16 numbers is an FP32 number.
        let pairs = activations.iter().zip(&codes);
        let sum = pairs.fold(0.0, |sum: f32, (a, w)| sum + single(*a) * single(*w));
        prop_assert_eq!(result(&spec("fp16", 1, "fp32"), &activations, &codes), code_of(sum));
    }

    #[test]
    fn half_precision_products_and_sums_are_those_of_another_library(
        (activations, codes) in operands()
    ) {
        let pairs = activations.iter().zip(&codes);
        let sum = pairs.fold(half(0), |sum, (a, w)| (sum + (half(*a) * half(*w)).value).value);
        let expected =
            if sum.is_nan() { FloatFormat::FP16.nan().unwrap() } else { sum.to_bits() as u32 };
        prop_assert_eq!(result(&spec("fp16", 1, "fp16"), &activations, &codes), expected);
    }

    #[test]
    fn products_of_a_step_are_added_two_by_two((activations, codes) in operands()) {
        let mut products: Vec<f32> =
            activations.iter().zip(&codes).map(|(a, w)| single(*a) * single(*w)).collect();
        products.resize(products.len().next_multiple_of(4), 0.0);
        let sum = products
            .chunks(4)
            .fold(0.0, |sum: f32, p| sum + ((p[0] + p[1]) + (p[2] + p[3])));
        prop_assert_eq!(result(&spec("fp16", 4, "fp32"), &activations, &codes), code_of(sum));
    }

    #[test]
    fn integer_weights_are_twos_complement(
        activations in prop::collection::vec(0x2c00..0x4400u16, 1..20), seed: u64
    ) {
        let codes: Vec<u16> =
            (0..activations.len()).map(|i| (seed.rotate_left(7 * i as u32) & 0xff) as u16).collect();
        let pairs = activations.iter().zip(&codes);
        let sum = pairs.fold(0.0, |sum: f32, (a, w)| sum + single(*a) * (f32::from(*w) - 128.0));
        prop_assert_eq!(result(&spec("int8", 1, "fp32"), &activations, &codes), code_of(sum));
    }
}

#[test]
fn both_weights_of_a_pair_have_the_sums_that_they_have_alone() {
    let settings = "kind = 'fp_mac_array'\nactivation.format = 'fp16'\n\
                    weight = { format = 'int8', runtime_bits = true }\n\
                    tile = { m = 1, n = 1, k = 2 }\naccumulate = { mode = 'float', result = 'fp16' }\n";
    let both = parse(settings, "core").unwrap().spec;
    let activations = [0x3c01, 0x4200, 0x0003, 0xb555, 0x7bff];
    let codes = [0x3c, 0xf1, 0x08, 0x9e, 0xa8];
    let pairs = Run {
        rows: 1,
        columns: 1,
        elements: activations.len(),
        activations: activations.map(i32::from).to_vec(),
        weight: both.weight_pairs().unwrap(),
        codes: codes.to_vec(),
        zero_points: ZeroPoints::Constant(ZeroPoint::TWOS_COMPLEMENT),
    };
    let alone = spec("int4", 2, "fp16");
    let first = result(&alone, &activations, &codes.map(|code: u16| code >> 4));
    let second = result(&alone, &activations, &codes.map(|code: u16| code & 15));
    assert_ne!(first, second);
    assert_eq!(results(&both, &pairs)[0], i128::from(second) << 16 | i128::from(first));
    // A whole weight has one sum, and +0 above it.
    let whole = Run { weight: both.weight, ..pairs };
    let alone = result(&spec("int8", 2, "fp16"), &activations, &codes);
    assert_eq!(results(&both, &whole)[0], alone.into());
}

#[test]
fn a_product_is_rounded_before_it_is_added() {
    // (1 + 2^-10)^2 = 1 + 2^-9 + 2^-20, of which FP16 keeps 1 + 2^-9; a fused sum with -1 keeps 2^-20.
    let [one, above, minus] = [0x3c00, 0x3c01, 0xbc00];
    let sum = result(&spec("fp16", 1, "fp16"), &[minus, above], &[one, above]);
    assert_eq!(FloatFormat::FP16.to_f64(sum), 2f64.powi(-9));
    // A product of 2^-25 is zero, twice.
    let tiny = result(&spec("fp16", 1, "fp16"), &[0x0001, 0x0001], &[0x3800, 0x3800]);
    assert_eq!(tiny, 0);
}

#[test]
fn sums_overflow_and_do_not_come_back() {
    let fp16 = spec("fp16", 1, "fp16");
    let [one, largest, minus] = [0x3c00, 0x7bff, 0xfbff];
    assert_eq!(result(&fp16, &[largest, largest, minus], &[one, one, one]), 0x7c00);
    assert_eq!(result(&fp16, &[largest, largest, 0xfc00], &[one, one, one]), 0x7e00);
    assert_eq!(result(&spec("fp16", 1, "fp32"), &[largest, largest, minus], &[one, one, one]), {
        65504f32.to_bits()
    });
}
