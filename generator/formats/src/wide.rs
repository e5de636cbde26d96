//! Numbers whose exponents reach as low as what is added, so that no sum is subnormal.

use crate::FloatFormat;

/// Rounded sums of numbers of one format, and how they are held between additions. All of them are multiples of the
/// least number that is added, so that none below the normal numbers loses a bit, and none is treated as one.
///
/// From the lowest bit up: significand with its leading bit, exponent (that of zero is one less than that of the
/// least number; all ones for infinity and NaN), sign, whether it is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WideNumber {
    /// Format that sums are rounded to.
    pub sum: FloatFormat,
    /// Bits of an exponent.
    pub exponent_bits: u32,
    /// Exponent of zero.
    pub zero_exponent: u32,
    /// How much more an exponent is than the biased one of the format.
    pub exponent_offset: i32,
    /// Whether a sum can be beyond the largest number of the format.
    pub can_overflow: bool,
}

impl WideNumber {
    /// Sums, however many, of addends that are themselves sums of up to `elements` numbers of `activation`, counted up
    /// to 2^`places`; nothing where a sum has not all numbers of `activation`.
    pub fn new(
        activation: FloatFormat,
        sum: FloatFormat,
        elements: u32,
        places: u32,
    ) -> Option<Self> {
        let unit = least_exponent(activation);
        let largest_activation = activation.largest_exponent() as i32 - activation.bias();
        let largest = sum.largest_exponent() as i32 - sum.bias();
        let has_all = activation.fraction_bits() <= sum.fraction_bits()
            && unit >= least_exponent(sum)
            && largest_activation <= largest;
        // Once a sum's last place is more than twice an addend, nothing that is added changes it.
        let growth = elements.next_power_of_two().ilog2() + places + sum.fraction_bits();
        let bound = largest_activation + 1 + growth as i32 + 2;
        let top = bound.min(largest);
        let exponent_bits = u32::BITS - ((top - unit + 2) as u32).leading_zeros();
        let above = (1 << exponent_bits) - 2 - top;
        has_all.then(|| Self {
            sum,
            exponent_bits,
            zero_exponent: (unit + above - 1) as u32,
            exponent_offset: above - sum.bias(),
            can_overflow: bound > largest,
        })
    }

    /// Bits of a significand behind its leading one.
    pub fn fraction_bits(self) -> u32 {
        self.sum.fraction_bits()
    }

    /// Bits of a number.
    pub fn bits(self) -> u32 {
        self.fraction_bits() + self.exponent_bits + 3
    }

    /// Bits of a number as it is stored: without its leading bit, which its exponent tells.
    pub fn stored_bits(self) -> u32 {
        self.bits() - 1
    }

    /// How much more an exponent is than the biased one of a number of `format`.
    pub fn offset_from(self, format: FloatFormat) -> i32 {
        self.exponent_offset + self.sum.bias() - format.bias()
    }

    /// Exponent of the least number that is a normal one of the format; nothing where all are.
    pub fn least_normal(self) -> Option<u32> {
        let least = 1 + self.exponent_offset;
        u32::try_from(least).ok().filter(|least| *least > self.zero_exponent + 1)
    }
}

/// Exponent of the number of the least magnitude that is not zero.
fn least_exponent(format: FloatFormat) -> i32 {
    1 - format.bias() - format.fraction_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_fp16_in_fp16_have_subnormal_codes_and_can_overflow() {
        let wide = WideNumber::new(FloatFormat::FP16, FloatFormat::FP16, 4, 1).unwrap();
        // 2^-24 to 2^15, zero, and what is none.
        assert_eq!((wide.exponent_bits, wide.zero_exponent), (6, 63 - 41));
        assert_eq!((wide.bits(), wide.stored_bits()), (19, 18));
        assert!(wide.can_overflow);
        assert_eq!(wide.least_normal(), Some(33));
    }

    #[test]
    fn the_largest_number_is_next_to_infinity_where_sums_can_overflow() {
        for (activation, sum) in [
            (FloatFormat::FP16, FloatFormat::FP16),
            (FloatFormat::BF16, FloatFormat::FP32),
            (FloatFormat::FP8_E5M2, FloatFormat::FP16),
        ] {
            let wide = WideNumber::new(activation, sum, 4, 7).unwrap();
            let largest = sum.largest_exponent() as i32 + wide.exponent_offset;
            assert!(wide.can_overflow);
            assert_eq!(largest, (1 << wide.exponent_bits) - 2);
        }
    }

    #[test]
    fn sums_of_fp16_in_fp32_have_the_exponents_that_they_need() {
        let wide = WideNumber::new(FloatFormat::FP16, FloatFormat::FP32, 4, 7).unwrap();
        assert_eq!((wide.exponent_bits, wide.can_overflow), (7, false));
        assert_eq!(wide.least_normal(), None);
        // 2^-24 is one above zero, 2^(16 + 2 + 7 + 23 + 2) below what is none.
        assert_eq!(127 - 24 + wide.exponent_offset, wide.zero_exponent as i32 + 1);
        assert_eq!(127 + 50 + wide.exponent_offset, (1 << wide.exponent_bits) - 2);
    }

    #[test]
    fn a_sum_holds_every_number_that_is_added() {
        let (fp16, bf16, fp32) = (FloatFormat::FP16, FloatFormat::BF16, FloatFormat::FP32);
        assert!(WideNumber::new(bf16, fp16, 4, 0).is_none());
        assert!(WideNumber::new(fp16, bf16, 4, 0).is_none());
        assert!(WideNumber::new(bf16, bf16, 4, 0).is_some());
        assert!(WideNumber::new(bf16, fp32, 4, 0).is_some());
    }
}
