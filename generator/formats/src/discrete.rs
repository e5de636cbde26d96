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

/// How a sum of products that lose nothing is held between one addition and the next. All of them are multiples
/// of the least product, and so is every sum: none is below the normal numbers, and exponents are counted from
/// the least product's.
///
/// From the lowest bit up: significand with its leading bit, exponent (0 for zero, 1 for the least product, all
/// ones for infinity and NaN), sign, whether it is NaN, whether it still is to be rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSum {
    /// Format that sums are rounded to.
    pub sum: FloatFormat,
    /// How much less an exponent is than the biased one of the format.
    pub exponent_offset: u32,
    /// Bits of an exponent.
    pub exponent_bits: u32,
}

impl HeldSum {
    /// Sums, however many, of trees with `levels` levels of such products; nothing where products are rounded or
    /// sums can be beyond the largest number.
    pub fn new(product: RoundedProduct, levels: u32) -> Option<Self> {
        let sum = product.sum;
        let offset = product.smallest_exponent() - 1;
        // What a tree adds is below 2^addend. Once a sum's last place is more than twice that, nothing that is
        // added changes it.
        let addend = product.largest_exponent() + 1 + levels as i32;
        let largest = addend + sum.fraction_bits() as i32 + 2;
        let fits = largest <= sum.largest_exponent() as i32;
        (product.is_exact() && fits).then(|| Self {
            sum,
            exponent_offset: offset as u32,
            exponent_bits: i32::BITS - (largest - offset + 1).leading_zeros(),
        })
    }

    /// Bits of a significand behind its leading one.
    pub fn fraction_bits(self) -> u32 {
        self.sum.fraction_bits()
    }

    /// Bits of a number, which has nothing left to be rounded.
    pub fn number_bits(self) -> u32 {
        self.fraction_bits() + 1 + self.exponent_bits + 2
    }

    /// Bits of a sum.
    pub fn bits(self) -> u32 {
        self.number_bits() + 1
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
    fn sums_of_exact_products_have_the_exponents_that_they_need() {
        let (fp16, fp32) = (FloatFormat::FP16, FloatFormat::FP32);
        let product = product(fp16, WeightFormat::of_float(fp16), fp32);
        let held = HeldSum::new(product, 0).unwrap();
        assert_eq!((held.exponent_offset, held.exponent_bits, held.bits()), (78, 7, 34));
        // 2^32 is above every product; a sum stops below 2^32 * (2^25 + 1). All ones is no number's exponent.
        let largest = 127 + 32 + 25 - held.exponent_offset;
        assert!(largest < (1 << held.exponent_bits) - 1);
        assert_eq!(HeldSum::new(product, 6).unwrap().exponent_bits, 7);
    }

    #[test]
    fn sums_that_are_rounded_below_or_above_the_normal_numbers_are_held_as_such() {
        let (fp16, bf16, fp32) = (FloatFormat::FP16, FloatFormat::BF16, FloatFormat::FP32);
        let e2m1 = FloatFormat::FP4_E2M1;
        for (activation, weight, sum) in
            [(fp16, fp16, fp16), (bf16, bf16, fp32), (e2m1, e2m1, fp16)]
        {
            assert_eq!(
                HeldSum::new(product(activation, WeightFormat::of_float(weight), sum), 0),
                None
            );
        }
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
