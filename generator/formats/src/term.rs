//! Exact terms and their addition to floating-point numbers, rounded once.

use crate::FloatFormat;

/// An exact term of a sum, which has more bits than any format here, or none that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// (-1)^negative * significand * 2^exponent.
    Number {
        /// Sign, of a zero too.
        negative: bool,
        /// Magnitude of the significand, less than 2^90; it may have leading zeros.
        significand: u128,
        /// What a unit of the significand weighs.
        exponent: i32,
    },
    /// An infinity.
    Infinity {
        /// Sign.
        negative: bool,
    },
    /// No number.
    Nan,
}

impl Term {
    /// The integer `value`; 0 is positive.
    pub fn integer(value: i32) -> Self {
        let significand = value.unsigned_abs().into();
        Self::Number { negative: value < 0, significand, exponent: 0 }
    }

    fn is_negative(self) -> bool {
        match self {
            Self::Number { negative, .. } | Self::Infinity { negative } => negative,
            Self::Nan => false,
        }
    }

    /// The exact product with `other`; both have significands of less than 2^45. Infinity times zero
    /// is no number.
    pub fn times(self, other: Self) -> Self {
        let is_zero = |term| matches!(term, Self::Number { significand: 0, .. });
        let negative = self.is_negative() != other.is_negative();
        match [self, other] {
            [
                Self::Number { significand: a, exponent: of_a, .. },
                Self::Number { significand: b, exponent: of_b, .. },
            ] => Self::Number { negative, significand: a * b, exponent: of_a + of_b },
            [Self::Nan, _] | [_, Self::Nan] => Self::Nan,
            [a, b] if is_zero(a) || is_zero(b) => Self::Nan,
            _ => Self::Infinity { negative },
        }
    }
}

/// The fields in which a unit takes terms: a sign, a significand, and an exponent that is not
/// negative and counts from `lowest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermFormat {
    /// Bits of a significand.
    pub significand_bits: u32,
    /// Bits of an exponent; 0 where all terms have the same.
    pub exponent_bits: u32,
    /// What a unit of the significand weighs where the exponent is 0: 2^lowest.
    pub lowest: i32,
}

impl TermFormat {
    /// Numbers of `format` themselves: a significand with its leading bit, and the biased exponent
    /// (1 for subnormal numbers).
    pub fn of_number(format: FloatFormat) -> Self {
        Self {
            significand_bits: format.fraction_bits() + 1,
            exponent_bits: format.exponent_bits(),
            lowest: -format.bias() - format.fraction_bits() as i32,
        }
    }

    /// Exact products of two numbers of `format`: the product of the significands, the sum of the
    /// biased exponents.
    pub fn of_product(format: FloatFormat) -> Self {
        let number = Self::of_number(format);
        Self {
            significand_bits: 2 * number.significand_bits,
            exponent_bits: number.exponent_bits + 1,
            lowest: 2 * number.lowest,
        }
    }

    /// Largest exponent of the field.
    pub fn largest_exponent(self) -> u32 {
        (1 << self.exponent_bits) - 1
    }
}

impl FloatFormat {
    /// The value of `code`.
    pub fn term(self, code: u32) -> Term {
        let negative = self.is_negative(code);
        match self.decode(code) {
            Some(number) => Term::Number {
                negative,
                significand: number.significand.into(),
                exponent: number.exponent as i32 + TermFormat::of_number(self).lowest,
            },
            None if Some(self.magnitude(code)) == self.infinity() => Term::Infinity { negative },
            None => Term::Nan,
        }
    }

    /// The exact product of `codes`. Infinity times zero is no number.
    pub fn product(self, codes: [u32; 2]) -> Term {
        let [a, b] = codes.map(|code| self.term(code));
        a.times(b)
    }

    /// The code nearest to `term`, of two the even one. A zero, and what rounds to zero, keeps its
    /// sign.
    pub fn rounded(self, term: Term) -> u32 {
        // Adding -0 changes nothing.
        self.add(self.negated(0), term)
    }

    /// The code nearest to the exact sum of `code` and `term`, of two the even one; as
    /// [`FloatFormat::round`] beyond the largest number. Numbers that cancel give +0, zeros of one
    /// sign keep it. Infinities of both signs, and anything with NaN, give NaN: the quiet one with
    /// a clear sign and no payload.
    pub fn add(self, code: u32, term: Term) -> u32 {
        let nan = self.nan().unwrap_or(0);
        let infinite = |negative| {
            let code = self.infinity().or(self.nan()).unwrap_or(self.largest());
            if negative { self.negated(code) } else { code }
        };
        match (self.term(code), term) {
            (Term::Nan, _) | (_, Term::Nan) => nan,
            (Term::Infinity { negative: a }, Term::Infinity { negative: b }) if a != b => nan,
            (Term::Infinity { negative }, _) | (_, Term::Infinity { negative }) => {
                infinite(negative)
            }
            (
                Term::Number { negative: a, significand: of_a, exponent: at_a },
                Term::Number { negative: b, significand: of_b, exponent: at_b },
            ) => self.sum([(a, of_a, at_a), (b, of_b, at_b)]),
        }
    }

    fn is_negative(self, code: u32) -> bool {
        code >> (self.bits() - 1) & 1 == 1
    }

    /// The code nearest to the sum of two numbers: sign, significand and exponent of each.
    fn sum(self, mut terms: [(bool, u128, i32); 2]) -> u32 {
        if terms.iter().all(|(_, significand, _)| *significand == 0) {
            let negative = terms.iter().all(|(negative, ..)| *negative);
            return if negative { self.negated(0) } else { 0 };
        }
        // The larger first; a zero is smaller than anything.
        let leading = |(_, significand, exponent): (bool, u128, i32)| match significand {
            0 => i32::MIN,
            _ => 128 - significand.leading_zeros() as i32 + exponent,
        };
        terms.sort_by_key(|term| std::cmp::Reverse(leading(*term)));
        let [(negative, large, at_large), (other, small, at_small)] = terms;
        debug_assert!(large < 1 << 90 && small < 1 << 90, "significands beyond their range");
        // 36 or more bits behind the larger significand, and one that says whether there are more: no
        // such bit is lost where the two cancel, which takes numbers of one magnitude.
        let up = large.leading_zeros() - 3;
        let (large, unit) = ((large << up) << 1, at_large - up as i32);
        let small = match at_small - unit {
            up @ 0.. => small.checked_shl(up as u32).unwrap_or(0) << 1,
            down => {
                let down = -down as u32;
                let kept = small.checked_shr(down).unwrap_or(0);
                let lost = kept.checked_shl(down).unwrap_or(0) != small;
                kept << 1 | u128::from(lost)
            }
        };
        let subtracts = negative != other;
        let sum = if subtracts { large.abs_diff(small) } else { large + small };
        let negative = if subtracts && small > large { other } else { negative };
        self.round(negative, sum, unit - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use rustc_apfloat::Float;
    use rustc_apfloat::ieee::{Float8E4M3FN, Float8E5M2, Half, Single};

    /// NaN has one code here.
    fn expected<F: Float>(format: FloatFormat, sum: F) -> u32 {
        if sum.is_nan() { format.nan().unwrap() } else { sum.to_bits() as u32 }
    }

    fn adds<F: Float>(format: FloatFormat, a: u32, b: u32) {
        let sum = format.add(a, format.term(b));
        let other = (F::from_bits(a.into()) + F::from_bits(b.into())).value;
        // Beyond the largest E4M3 number comes NaN, which keeps the sign here.
        let sum =
            if other.is_nan() && format.infinity().is_none() { format.magnitude(sum) } else { sum };
        assert_eq!(sum, expected(format, other), "{format}: {a:x} + {b:x}");
    }

    /// A partner for `code` with which rounding is hard: close in magnitude, at a tie, or in
    /// another class of numbers.
    fn partner(format: FloatFormat, code: u32, numbers: &mut StdRng) -> u32 {
        let (random, choice) = (numbers.random::<u32>(), numbers.random::<u32>() % 6);
        let fraction_bits = format.fraction_bits();
        let sign = (random & 1) << (format.bits() - 1);
        let magnitude = code & ((1 << (format.bits() - 1)) - 1);
        let field = magnitude >> fraction_bits;
        match choice {
            // Cancellation: the same magnitude or a neighbour.
            0 => format.negated(code).wrapping_add(random >> 8 & 3),
            // An exponent as far below as the significand is long, with few bits: ties.
            1 => {
                let below = field.saturating_sub(fraction_bits + random / 2 % 3);
                sign | below << fraction_bits | (random >> 8 & 1) << (fraction_bits - 1)
            }
            // Subnormal.
            2 => sign | (random >> 1 & ((1 << fraction_bits) - 1)),
            // The edge of overflow.
            3 => sign | (format.largest() - (random >> 8 & 3)),
            4 => sign | (field.saturating_sub(random >> 8 & 3) << fraction_bits) | 1,
            _ => sign | (format.largest() + (random >> 8 & 3)),
        }
    }

    fn agrees<F: Float>(format: FloatFormat, count: u32) {
        let mut numbers = StdRng::seed_from_u64(0x9e37_79b9_7f4a_7c15);
        let mask = u32::MAX >> (32 - format.bits());
        for i in 0..count {
            let a = numbers.random::<u32>() & mask;
            let hard = i % 3 == 0;
            let b = if hard { partner(format, a, &mut numbers) } else { numbers.random::<u32>() };
            adds::<F>(format, a, b & mask);
        }
    }

    #[test]
    fn every_pair_of_fp8_codes_has_the_sum_that_another_library_gives_it() {
        for a in 0..256 {
            for b in 0..256 {
                adds::<Float8E4M3FN>(FloatFormat::FP8_E4M3, a, b);
                adds::<Float8E5M2>(FloatFormat::FP8_E5M2, a, b);
            }
        }
    }

    #[test]
    fn ten_million_pairs_have_the_sum_that_another_library_gives_them() {
        agrees::<Half>(FloatFormat::FP16, 10_000_000);
        agrees::<Single>(FloatFormat::FP32, 10_000_000);
    }

    #[test]
    fn exact_products_are_added_as_another_library_adds_them() {
        let (half, single) = (FloatFormat::FP16, FloatFormat::FP32);
        let mut numbers = StdRng::seed_from_u64(0x1234_5678_9abc_def1);
        for _ in 0..1_000_000 {
            let (a, b) = (numbers.random::<u32>() & 0xffff, numbers.random::<u32>() & 0xffff);
            let product = half.product([a, b]);
            let [x, y] = [a, b].map(|code| Half::from_bits(code.into()));
            let c = match numbers.random::<u32>() % 2 {
                0 => numbers.random::<u32>() & 0xffff,
                // Near the product, with the other sign.
                _ => half.negated((x * y).value.to_bits() as u32) ^ numbers.random::<u32>() & 1,
            };
            let other = x.mul_add(y, Half::from_bits(c.into()));
            assert_eq!(half.add(c, product), expected(half, other.value), "{a:x} * {b:x} + {c:x}");
            // A product of two FP16 numbers is an FP32 number.
            let [x, y] = [a, b].map(|code| half.to_f64(code) as f32);
            let (c, exact) = (numbers.random::<u32>(), x * y);
            let other = Single::from_bits(c.into()) + Single::from_bits(exact.to_bits().into());
            assert_eq!(single.add(c, product), expected(single, other.value), "{a:x} {b:x} {c:x}");
        }
    }

    fn multiplies<F: Float>(format: FloatFormat, a: u32, b: u32) {
        let product = format.rounded(format.product([a, b]));
        let other = (F::from_bits(a.into()) * F::from_bits(b.into())).value;
        let product = match other.is_nan() && format.infinity().is_none() {
            true => format.magnitude(product),
            false => product,
        };
        assert_eq!(product, expected(format, other), "{format}: {a:x} * {b:x}");
    }

    #[test]
    fn every_pair_of_fp8_codes_has_the_product_that_another_library_gives_it() {
        for a in 0..256 {
            for b in 0..256 {
                multiplies::<Float8E4M3FN>(FloatFormat::FP8_E4M3, a, b);
                multiplies::<Float8E5M2>(FloatFormat::FP8_E5M2, a, b);
            }
        }
    }

    /// A partner for `code` with which rounding of the product is hard: a tie, a product around the
    /// smallest or the largest number, or another class of numbers.
    fn factor(format: FloatFormat, code: u32, numbers: &mut StdRng) -> u32 {
        let (random, choice) = (numbers.random::<u32>(), numbers.random::<u32>() % 5);
        let (fraction_bits, bias) = (format.fraction_bits(), format.bias());
        let sign = (random & 1) << (format.bits() - 1);
        let field = (format.magnitude(code) >> fraction_bits) as i32;
        let fraction = random >> 4 & ((1 << fraction_bits) - 1);
        let with_exponent = |exponent: i32, fraction: u32| {
            let most = format.largest_exponent() as i32;
            sign | (exponent.clamp(0, most) as u32) << fraction_bits | fraction
        };
        match choice {
            // Few bits: ties.
            0 => with_exponent(2 * bias - field, 1 << (random >> 4 & 7)),
            1 => with_exponent(
                bias - fraction_bits as i32 - field + (random >> 1 & 7) as i32,
                fraction,
            ),
            2 => with_exponent(bias - field + (random >> 1 & 7) as i32 - 4, fraction),
            3 => with_exponent(3 * bias - field + (random >> 1 & 3) as i32 - 1, fraction),
            _ => with_exponent(0, fraction),
        }
    }

    #[test]
    fn ten_million_pairs_of_fp16_have_the_product_that_another_library_gives_them() {
        let format = FloatFormat::FP16;
        let mut numbers = StdRng::seed_from_u64(0x2545_f491_4f6c_dd1d);
        for i in 0..10_000_000 {
            let a = numbers.random::<u32>() & 0xffff;
            let hard = i % 3 == 0;
            let b = if hard { factor(format, a, &mut numbers) } else { numbers.random::<u32>() };
            multiplies::<Half>(format, a, b & 0xffff);
        }
    }

    #[test]
    fn terms_wider_than_any_format_are_rounded_once() {
        let wide = |significand, exponent| Term::Number { negative: false, significand, exponent };
        let single = FloatFormat::FP32;
        let one = 0x3f80_0000;
        // Half of the last place of one, and the smallest bit that breaks the tie.
        assert_eq!(single.add(one, wide(1, -24)), one);
        assert_eq!(single.add(one, wide(1 << 60 | 1, -84)), one + 1);
        assert_eq!(single.add(one, wide(3, -24)), one + 2);
        assert_eq!(single.add(one, wide((1 << 80) - 1, -104)), one);
        assert_eq!(single.add(0x8000_0000, wide(0, 77)), 0);
        assert_eq!(single.add(0x0000_0001, wide(1, -151)), 1);
        assert_eq!(single.add(0x0000_0001, wide(3, -151)), 2);
    }

    #[test]
    fn zeros_infinities_and_nan_follow_the_standard() {
        let half = FloatFormat::FP16;
        let add = |a: u32, b: u32| half.add(a, half.term(b));
        assert_eq!([add(0, 0x8000), add(0x8000, 0x8000), add(0x3c00, 0xbc00)], [0, 0x8000, 0]);
        assert_eq!([add(0x7c00, 0xfc00), add(0xfc00, 0x1234)], [0x7e00, 0xfc00]);
        assert_eq!([add(0xfe01, 0), add(0, 0x7c01)], [0x7e00, 0x7e00]);
        assert_eq!(half.product([0x7c00, 0x8000]), Term::Nan);
        assert_eq!(half.product([0x7c00, 0x8001]), Term::Infinity { negative: true });
    }
}
