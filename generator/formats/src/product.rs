//! Products of floating-point numbers as integers that share an exponent.

use crate::{AlignedFormat, FloatFormat, Number, Range};

/// How the products of a dot product of floating-point numbers become integers: each is exact first,
/// then moved down to the largest exponent among the products so far and cut off there, towards zero.
/// Sums are those of integers; when a product with a larger exponent comes, the sum so far is moved
/// down too and rounded down.
///
/// The exponent of a product is the sum of the biased exponents of its factors, and 0 where it is
/// zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProductFormat {
    activation: FloatFormat,
    weight: FloatFormat,
    bits: u32,
}

impl ProductFormat {
    /// Integers of `bits` bits, 8 to 40, for products that need as many or more to lose none.
    pub fn new(activation: FloatFormat, weight: FloatFormat, bits: u32) -> Option<Self> {
        let legal = AlignedFormat::BITS.contains(&bits);
        let exact = Self::exact_bits(activation, weight);
        (legal && bits <= exact).then_some(Self { activation, weight, bits })
    }

    /// Bits of integers that hold every product in units of the smallest.
    pub fn exact_bits(activation: FloatFormat, weight: FloatFormat) -> u32 {
        let exponents = activation.largest_exponent() + weight.largest_exponent() - 2;
        1 + product_bits(activation, weight) + exponents
    }

    /// Format of the activations.
    pub fn activation(self) -> FloatFormat {
        self.activation
    }

    /// Format of the weights.
    pub fn weight(self) -> FloatFormat {
        self.weight
    }

    /// Bits of the significand of an exact product.
    pub fn product_bits(self) -> u32 {
        product_bits(self.activation, self.weight)
    }

    /// Bits of the magnitude of an aligned product.
    pub fn magnitude_bits(self) -> u32 {
        self.bits - 1
    }

    /// The exponent of the product of `activation` and `weight`.
    pub fn exponent(self, activation: Number, weight: Number) -> u32 {
        match activation.significand * weight.significand {
            0 => 0,
            _ => activation.exponent + weight.exponent,
        }
    }

    /// The smallest exponent that the largest one is taken for: that of a product that is not zero or, if
    /// sums could lie far below the normal numbers of `result` then, the one with which the sign of a
    /// sum of `sum_bits` bits weighs as much as the smallest of those.
    pub fn smallest_exponent(self, result: FloatFormat, sum_bits: u32) -> u32 {
        let normal = 1 - result.bias() - self.quantum_of_exponent_0();
        (normal - (sum_bits as i32 - 1)).max(2) as u32
    }

    /// The largest exponent of a product.
    pub fn largest_exponent(self) -> u32 {
        self.activation.largest_exponent() + self.weight.largest_exponent()
    }

    /// The product of `activation` and `weight` as an integer where `largest`, at least its own, is
    /// the largest exponent.
    pub fn align(self, activation: Number, weight: Number, largest: u32) -> i64 {
        let product = u128::from(activation.significand) * u128::from(weight.significand);
        let below = largest - self.exponent(activation, weight);
        let magnitude = product << self.magnitude_bits() >> self.product_bits();
        let magnitude = magnitude.checked_shr(below).unwrap_or(0) as i64;
        if activation.negative ^ weight.negative { -magnitude } else { magnitude }
    }

    /// The power of two that an integer counts where `largest` is the largest exponent.
    pub fn quantum(self, largest: u32) -> i32 {
        largest as i32 + self.quantum_of_exponent_0()
    }

    /// The same for an exponent of 0, from which it rises with the exponent.
    pub fn quantum_of_exponent_0(self) -> i32 {
        let of_a_factor = |format: FloatFormat| -format.bias() - format.fraction_bits() as i32;
        let places = self.magnitude_bits() as i32 - self.product_bits() as i32;
        of_a_factor(self.activation) + of_a_factor(self.weight) - places
    }

    /// Every value that a sum over up to `elements` elements of K can take. Moving a sum down and
    /// rounding it down never leaves the range.
    pub fn sum_range(self, elements: u64) -> Range {
        let most = i128::from(elements) << self.magnitude_bits();
        Range { min: -most, max: most - i128::from(elements) }
    }
}

fn product_bits(activation: FloatFormat, weight: FloatFormat) -> u32 {
    activation.fraction_bits() + weight.fraction_bits() + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e4m3(bits: u32) -> ProductFormat {
        ProductFormat::new(FloatFormat::FP8_E4M3, FloatFormat::FP8_E4M3, bits).unwrap()
    }

    #[test]
    fn exact_products_are_as_wide_as_derived_by_hand() {
        let bits = |format| ProductFormat::exact_bits(format, format);
        // Sign, 22 bits of significand, 58 further exponents.
        assert_eq!(bits(FloatFormat::FP16), 81);
        assert_eq!(bits(FloatFormat::FP8_E4M3), 37);
        assert_eq!(bits(FloatFormat::FP4_E2M1), 9);
    }

    #[test]
    fn every_product_of_fp8_is_exact_where_the_integers_are_wide_enough() {
        let format = e4m3(37);
        let largest = format.largest_exponent();
        let numbers = || (0..256).filter_map(|c| Some((c, format.activation.decode(c)?)));
        for (a, activation) in numbers() {
            for (w, weight) in numbers() {
                let integer = format.align(activation, weight, largest);
                let value = integer as f64 * 2f64.powi(format.quantum(largest));
                let expected = format.activation.to_f64(a) * format.weight.to_f64(w);
                assert_eq!(value, expected, "{a:x} {w:x}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_off_towards_zero() {
        let format = e4m3(9);
        let number = |code| format.activation.decode(code).unwrap();
        // 1.125 * 1.125 = 1.265625 = 81 * 2^-6: 8 bits hold it at its own exponent.
        let exponent = format.exponent(number(0x39), number(0x39));
        assert_eq!(format.align(number(0x39), number(0x39), exponent), 81);
        assert_eq!(format.align(number(0xb9), number(0x39), exponent + 3), -10);
        assert_eq!(format.align(number(0xb9), number(0x39), exponent + 7), 0);
    }

    #[test]
    fn exponents_end_where_a_sum_of_their_units_would_be_far_below_the_results() {
        let smallest = |format, result| {
            ProductFormat::new(format, format, 26).unwrap().smallest_exponent(result, 38)
        };
        assert_eq!(smallest(FloatFormat::FP16, FloatFormat::FP32), 2);
        assert_eq!(smallest(FloatFormat::FP16, FloatFormat::FP16), 2);
        let bf16 = ProductFormat::new(FloatFormat::BF16, FloatFormat::BF16, 26).unwrap();
        let exponent = bf16.smallest_exponent(FloatFormat::FP32, 38);
        assert_eq!(bf16.quantum(exponent) + 37, -126);
    }

    #[test]
    fn a_product_of_zero_has_no_exponent() {
        let format = e4m3(16);
        let number = |code| format.activation.decode(code).unwrap();
        assert_eq!(format.exponent(number(0x00), number(0x7e)), 0);
        assert_eq!(format.exponent(number(0x80), number(0x01)), 0);
        assert_eq!(format.exponent(number(0x01), number(0x01)), 2);
    }

    #[test]
    fn products_wider_than_exact_or_than_forty_bits_are_not_built() {
        let fp16 = |bits| ProductFormat::new(FloatFormat::FP16, FloatFormat::FP16, bits);
        assert!(fp16(40).is_some() && fp16(41).is_none() && fp16(81).is_none());
        let fp4 = |bits| ProductFormat::new(FloatFormat::FP4_E2M1, FloatFormat::FP4_E2M1, bits);
        assert!(fp4(9).is_some() && fp4(10).is_none() && fp4(8).is_some() && fp4(7).is_none());
    }
}
