//! Fused dot products against plain arithmetic in 64-bit floating point.

use crate::{Run, ZeroPoints, results};
use bitplane_formats::{FloatFormat, WeightFormat, ZeroPoint};
use bitplane_spec::{Spec, parse};
use proptest::prelude::*;

fn spec(format: &str, k: u32, accumulate: &str) -> Spec {
    let text = format!(
        "kind = 'fp_mac_array'\nactivation.format = '{format}'\nweight.format = '{format}'\n\
         tile = {{ m = 1, n = 1, k = {k} }}\naccumulate = {{ {accumulate} }}\n"
    );
    parse(&text, "core").unwrap().spec
}

fn result(spec: &Spec, activations: &[u32], codes: &[u32]) -> u32 {
    let run = Run {
        rows: 1,
        columns: 1,
        elements: activations.len(),
        activations: activations.iter().map(|code| *code as i32).collect(),
        weight: spec.weight,
        codes: codes.iter().map(|code| *code as u16).collect(),
        zero_points: ZeroPoints::Constant(ZeroPoint::TWOS_COMPLEMENT),
    };
    results(spec, &run)[0] as u32
}

/// As many finite codes of `format` twice, exponents within `spread` of each other.
fn operands(format: FloatFormat, spread: u32) -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    let most = format.largest_exponent();
    let code = move |(top, below, fraction, negative): (u32, u32, u32, bool)| {
        let fraction = fraction & ((1 << format.fraction_bits()) - 1);
        let code = top.saturating_sub(below) << format.fraction_bits() | fraction;
        let code = code.min(format.largest());
        if negative { format.negated(code) } else { code }
    };
    let codes = move |top: u32, length: usize| {
        let one = (0..=spread, any::<u32>(), any::<bool>());
        proptest::collection::vec(one.prop_map(move |(b, f, n)| code((top, b, f, n))), length)
    };
    (0..=most, 0..=most, 1..40usize)
        .prop_flat_map(move |(a, w, length)| (codes(a, length), codes(w, length)))
}

fn products(format: FloatFormat, activations: &[u32], codes: &[u32]) -> Vec<f64> {
    let pairs = activations.iter().zip(codes);
    pairs.map(|(a, w)| format.to_f64(*a) * format.to_f64(*w)).collect()
}

proptest! {
    #[test]
    fn products_that_lose_nothing_give_the_correctly_rounded_sum(
        (activations, codes) in operands(FloatFormat::FP8_E4M3, 15), k in 1..9u32
    ) {
        let format = FloatFormat::FP8_E4M3;
        let spec = spec("fp8_e4m3", k, "align_bits = 'exact'");
        let exact: f64 = products(format, &activations, &codes).iter().sum();
        let expected = FloatFormat::FP32.of_f64(exact + 0.0);
        prop_assert_eq!(result(&spec, &activations, &codes), expected);
    }

    #[test]
    fn what_is_cut_off_is_less_than_a_unit_of_the_largest_product_for_each_element_and_step(
        (activations, codes) in operands(FloatFormat::FP16, 6), k in 1..9u32, bits in 8..=40u32
    ) {
        let format = FloatFormat::FP16;
        let spec = spec("fp16", k, &format!("align_bits = {bits}"));
        let products = products(format, &activations, &codes);
        let exact: f64 = products.iter().sum();
        let aligned = spec.products().unwrap();
        let number = |code: u32| format.decode(code).unwrap();
        let exponents = activations.iter().zip(&codes)
            .map(|(a, w)| aligned.exponent(number(*a), number(*w)));
        let smallest = spec.product_word().unwrap().smallest_exponent;
        let unit = 2f64.powi(aligned.quantum(exponents.max().unwrap().max(smallest)));
        let got = FloatFormat::FP32.to_f64(result(&spec, &activations, &codes));
        // One unit for each product, one for each move of the sum, half of the result's last place.
        let steps = activations.len().div_ceil(k as usize);
        let bound = unit * (activations.len() + steps) as f64 + got.abs() * 2f64.powi(-24);
        prop_assert!((got - exact).abs() <= bound, "{got} {exact} {bound}");
    }
}

#[test]
fn infinities_and_nan_count_as_in_ieee_754() {
    let spec = spec("fp16", 2, "align_bits = 26");
    let (one, zero, infinity, nan) = (0x3c00, 0x0000, 0x7c00, 0x7e00);
    let minus = |code| FloatFormat::FP16.negated(code);
    let [infinite, not_a_number] = [f32::INFINITY, f32::NAN].map(f32::to_bits);
    let cases = [
        (vec![infinity, one, one], vec![one, one, one], infinite),
        (vec![infinity, one, one], vec![minus(one), one, one], infinite | 1 << 31),
        (vec![one, one, zero], vec![one, one, infinity], not_a_number),
        (vec![one, nan, one], vec![one, one, one], not_a_number),
        (vec![infinity, one, infinity], vec![one, one, minus(one)], not_a_number),
        (vec![infinity, infinity], vec![infinity, one], infinite),
    ];
    for (activations, codes, expected) in cases {
        assert_eq!(result(&spec, &activations, &codes), expected, "{activations:x?} {codes:x?}");
    }
}

#[test]
fn a_sum_of_zero_is_positive_and_an_overflow_of_fp16_is_infinite() {
    let spec = spec("fp16", 4, "align_bits = 26, result = 'fp16'");
    let (one, largest) = (0x3c00, 0x7bff);
    assert_eq!(result(&spec, &[0x8000], &[one]), 0);
    assert_eq!(result(&spec, &[one, one], &[one, 0xbc00]), 0);
    assert_eq!(result(&spec, &[largest; 2], &[one; 2]), 0x7c00);
    assert_eq!(result(&spec, &[largest, largest], &[one, 0xbc00 - 0x400]), 0x77ff);
}

#[test]
fn the_code_of_a_floating_point_weight_is_its_own_format() {
    let weight = WeightFormat::of_float(FloatFormat::BF16);
    assert_eq!((weight.to_string().as_str(), weight.bits()), ("bf16", 16));
}
