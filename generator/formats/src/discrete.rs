//! Products that are rounded to the format of their sum.

use crate::{FloatFormat, Specials, WeightFormat};

/// What a factor of a rounded product can be, as a significand with a leading one and its exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Bits of the significand, the leading one among them.
    pub significand_bits: u32,
    /// Exponent of the number of the least magnitude that is not zero: 2^this or more.
    pub smallest: i32,
    /// Exponent of the largest number.
    pub largest: i32,
    /// What codes besides numbers there are.
    pub specials: Specials,
}

impl Factor {
    /// Numbers of `format`, subnormal ones normalised.
    pub fn of_float(format: FloatFormat) -> Self {
        Self {
            significand_bits: format.fraction_bits() + 1,
            smallest: 1 - format.bias() - format.fraction_bits() as i32,
            largest: format.largest_exponent() as i32 - format.bias(),
            specials: format.specials(),
        }
    }

    /// Weights of `format`: numbers, or two's complement integers. The most negative of these is a
    /// power of two, so that magnitudes have a bit less than the format.
    pub fn of_weight(format: WeightFormat) -> Self {
        match format.float() {
            Some(float) => Self::of_float(float),
            None => Self {
                significand_bits: (format.bits() - 1).max(1),
                smallest: 0,
                largest: format.bits() as i32 - 1,
                specials: Specials::Nothing,
            },
        }
    }
}

/// A product that is rounded to the format of the sum that it is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundedProduct {
    /// An activation.
    pub activation: Factor,
    /// A weight.
    pub weight: Factor,
    /// Format of the product and of sums.
    pub sum: FloatFormat,
}

impl RoundedProduct {
    /// The product of an activation and a weight in a sum of `sum`.
    pub fn new(activation: FloatFormat, weight: WeightFormat, sum: FloatFormat) -> Self {
        let (activation, weight) = (Factor::of_float(activation), Factor::of_weight(weight));
        Self { activation, weight, sum }
    }

    /// Bits of the exact product of the significands.
    pub fn product_bits(self) -> u32 {
        self.activation.significand_bits + self.weight.significand_bits
    }

    /// Biased exponent, in the format of the sum, of the product of the least magnitude; it may be
    /// below those of the format's normal numbers.
    pub fn smallest_exponent(self) -> i32 {
        self.activation.smallest + self.weight.smallest + self.sum.bias()
    }

    /// Biased exponent, in the format of the sum, that no product goes beyond.
    pub fn largest_exponent(self) -> i32 {
        self.activation.largest + self.weight.largest + 1 + self.sum.bias()
    }

    /// Whether every product that is not too large is a normal number of the sum's format.
    pub fn is_exact(self) -> bool {
        self.product_bits() <= self.sum.fraction_bits() + 1 && self.smallest_exponent() >= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(activation: FloatFormat, weight: WeightFormat, sum: FloatFormat) -> RoundedProduct {
        RoundedProduct::new(activation, weight, sum)
    }

    #[test]
    fn products_of_fp16_are_exact_in_fp32_and_not_in_fp16() {
        let (fp16, fp32) = (FloatFormat::FP16, FloatFormat::FP32);
        let weight = WeightFormat::of_float(fp16);
        assert!(product(fp16, weight, fp32).is_exact());
        assert!(!product(fp16, weight, fp16).is_exact());
        // 2^-24 * 2^-24, and just below 2^16 * 2^16.
        assert_eq!(product(fp16, weight, fp32).smallest_exponent(), 127 - 48);
        assert_eq!(product(fp16, weight, fp32).largest_exponent(), 127 + 31);
    }

    #[test]
    fn every_integer_weight_is_a_significand_and_an_exponent() {
        for bits in 1..=8 {
            let format = WeightFormat::new(bits).unwrap();
            let factor = Factor::of_weight(format);
            for value in 1..=1u32 << (bits - 1) {
                let exponent = 31 - value.leading_zeros();
                let significant = exponent + 1 - value.trailing_zeros();
                assert!(exponent as i32 <= factor.largest, "{value} of int{bits}");
                assert!(significant <= factor.significand_bits, "{value} of int{bits}");
            }
        }
    }

    #[test]
    fn products_of_bf16_can_be_too_small_for_fp32() {
        let bf16 = FloatFormat::BF16;
        let product = product(bf16, WeightFormat::of_float(bf16), FloatFormat::FP32);
        assert!(product.product_bits() <= 24 && !product.is_exact());
    }
}
