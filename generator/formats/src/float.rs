//! Floating-point formats of activations and results.

use std::fmt;

/// A binary floating-point format with subnormals: sign, exponent and fraction from the highest bit
/// down, the exponent biased by 2^(exponent bits - 1) - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FloatFormat {
    name: &'static str,
    exponent_bits: u32,
    fraction_bits: u32,
    specials: Specials,
}

/// What a format has besides numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Specials {
    /// The highest exponent stands for infinities (fraction 0) and NaN, as in IEEE 754.
    InfinityAndNan,
    /// All ones below the sign are NaN; there is no infinity (OCP FP8 E4M3).
    Nan,
    /// Every code is a number (OCP MX FP6 and FP4).
    Nothing,
}

/// A number as its parts: (-1)^negative * significand * 2^(exponent - bias - fraction bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Sign.
    pub negative: bool,
    /// Biased exponent, 1 for subnormal numbers and zero too.
    pub exponent: u32,
    /// Fraction with the leading one in front of it, which subnormal numbers do not have.
    pub significand: u32,
}

const fn format(
    name: &'static str,
    exponent_bits: u32,
    fraction_bits: u32,
    specials: Specials,
) -> FloatFormat {
    FloatFormat { name, exponent_bits, fraction_bits, specials }
}

impl FloatFormat {
    /// IEEE 754 binary16.
    pub const FP16: Self = format("fp16", 5, 10, Specials::InfinityAndNan);
    /// bfloat16: the upper half of a binary32.
    pub const BF16: Self = format("bf16", 8, 7, Specials::InfinityAndNan);
    /// IEEE 754 binary32.
    pub const FP32: Self = format("fp32", 8, 23, Specials::InfinityAndNan);
    /// OCP FP8 E4M3.
    pub const FP8_E4M3: Self = format("fp8_e4m3", 4, 3, Specials::Nan);
    /// OCP FP8 E5M2.
    pub const FP8_E5M2: Self = format("fp8_e5m2", 5, 2, Specials::InfinityAndNan);
    /// OCP MX FP6 E3M2.
    pub const FP6_E3M2: Self = format("fp6_e3m2", 3, 2, Specials::Nothing);
    /// OCP MX FP6 E2M3.
    pub const FP6_E2M3: Self = format("fp6_e2m3", 2, 3, Specials::Nothing);
    /// OCP MX FP4 E2M1.
    pub const FP4_E2M1: Self = format("fp4_e2m1", 2, 1, Specials::Nothing);

    /// Every format that activations can have.
    pub const ACTIVATIONS: [Self; 7] = [
        Self::FP16,
        Self::BF16,
        Self::FP8_E4M3,
        Self::FP8_E5M2,
        Self::FP6_E3M2,
        Self::FP6_E2M3,
        Self::FP4_E2M1,
    ];
    /// Every format that results can have.
    pub const RESULTS: [Self; 3] = [Self::FP32, Self::FP16, Self::BF16];

    /// Numbers with exponents and fractions of so many bits, infinities and NaN: a format that has no word,
    /// for sums inside a core. With the sign it has at most 32 bits.
    pub(crate) fn of_sums(exponent_bits: u32, fraction_bits: u32) -> Self {
        debug_assert!(1 + exponent_bits + fraction_bits <= u32::BITS, "codes of 32 bits at most");
        format("", exponent_bits, fraction_bits, Specials::InfinityAndNan)
    }

    /// The word for it in a configuration; empty where no configuration asks for it.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Width in bits.
    pub fn bits(self) -> u32 {
        1 + self.exponent_bits + self.fraction_bits
    }

    /// Bits of the exponent.
    pub fn exponent_bits(self) -> u32 {
        self.exponent_bits
    }

    /// Bits of the fraction.
    pub fn fraction_bits(self) -> u32 {
        self.fraction_bits
    }

    /// What codes besides numbers there are.
    pub fn specials(self) -> Specials {
        self.specials
    }

    /// The exponent that stands for 2^0.
    pub fn bias(self) -> i32 {
        (1 << (self.exponent_bits - 1)) - 1
    }

    /// Largest biased exponent of a number.
    pub fn largest_exponent(self) -> u32 {
        let ones = (1 << self.exponent_bits) - 1;
        ones - u32::from(self.specials == Specials::InfinityAndNan)
    }

    /// Largest biased exponent of all codes.
    fn exponent_ones(self) -> u32 {
        (1 << self.exponent_bits) - 1
    }

    /// The code with the sign, exponent field and fraction given.
    fn code(self, negative: bool, exponent: u32, fraction: u32) -> u32 {
        let sign = u32::from(negative) << (self.bits() - 1);
        sign | exponent << self.fraction_bits | fraction
    }

    /// The number that `code` stands for; `None` for an infinity or NaN. Bits above the format's
    /// do not count.
    pub fn decode(self, code: u32) -> Option<Number> {
        let fraction = code & ((1 << self.fraction_bits) - 1);
        let field = code >> self.fraction_bits & self.exponent_ones();
        let is_special = match self.specials {
            Specials::InfinityAndNan => field == self.exponent_ones(),
            Specials::Nan => self.magnitude(code) == self.magnitude(u32::MAX),
            Specials::Nothing => false,
        };
        let leading = u32::from(field > 0) << self.fraction_bits;
        (!is_special).then(|| Number {
            negative: code >> (self.bits() - 1) & 1 == 1,
            exponent: field.max(1),
            significand: leading | fraction,
        })
    }

    /// The bits below the sign.
    pub(crate) fn magnitude(self, code: u32) -> u32 {
        code & ((1 << (self.bits() - 1)) - 1)
    }

    /// The code of the largest number.
    pub fn largest(self) -> u32 {
        let ones = (1 << self.fraction_bits) - 1;
        let fraction = if self.specials == Specials::Nan { ones - 1 } else { ones };
        self.code(false, self.largest_exponent(), fraction)
    }

    /// `code` with the other sign.
    pub fn negated(self, code: u32) -> u32 {
        code ^ 1 << (self.bits() - 1)
    }

    /// The quiet NaN with a clear sign and no payload; nothing where there is no NaN.
    pub fn nan(self) -> Option<u32> {
        let quiet = 1 << (self.fraction_bits - 1);
        match self.specials {
            Specials::InfinityAndNan => Some(self.code(false, self.exponent_ones(), quiet)),
            Specials::Nan => Some(self.magnitude(u32::MAX)),
            Specials::Nothing => None,
        }
    }

    /// Positive infinity, where there is one.
    pub fn infinity(self) -> Option<u32> {
        let has = self.specials == Specials::InfinityAndNan;
        has.then(|| self.code(false, self.exponent_ones(), 0))
    }

    /// The code nearest to (-1)^`negative` * `magnitude` * 2^`exponent`, of two the even one. Beyond
    /// the largest number: infinity, NaN without infinities, the largest without either. Zero is
    /// positive; what rounds to zero keeps its sign.
    pub fn round(self, negative: bool, magnitude: u128, exponent: i32) -> u32 {
        if magnitude == 0 {
            return 0;
        }
        // Of the number's leading bit, and of the unit in the last place of its result.
        let leading = 127 - magnitude.leading_zeros() as i32 + exponent;
        let smallest = 1 - self.bias();
        let unit = leading.max(smallest) - self.fraction_bits as i32;
        let significand = shifted(magnitude, unit - exponent);
        // A carry out of the fraction counts the exponent up, also from subnormal to normal.
        let below = leading.max(smallest) - smallest;
        let code = ((below as u128) << self.fraction_bits) + significand;
        let beyond = code > u128::from(self.largest());
        let code = match (beyond, self.infinity().or(self.nan())) {
            (true, Some(special)) => special,
            (true, None) => self.largest(),
            (false, _) => code as u32,
        };
        if negative { self.negated(code) } else { code }
    }

    /// The code nearest to `value`, as [`FloatFormat::round`]; NaN, or zero without one, for NaN.
    pub fn of_f64(self, value: f64) -> u32 {
        let code = if value.is_nan() {
            return self.nan().unwrap_or(0);
        } else if value.is_infinite() {
            self.infinity().or(self.nan()).unwrap_or(self.largest())
        } else {
            let bits = value.to_bits();
            let field = (bits >> 52 & 0x7ff) as i32;
            let leading = u64::from(field > 0) << 52;
            let significand = bits & ((1 << 52) - 1) | leading;
            self.round(false, significand.into(), field.max(1) - 1075)
        };
        if value.is_sign_negative() { self.negated(code) } else { code }
    }

    /// The value of `code`; exact, since no format here goes beyond a binary64.
    pub fn to_f64(self, code: u32) -> f64 {
        let negative = code >> (self.bits() - 1) & 1 == 1;
        let value = match self.decode(code) {
            Some(number) => {
                let exponent = number.exponent as i32 - self.bias() - self.fraction_bits as i32;
                f64::from(number.significand) * 2f64.powi(exponent)
            }
            None if self.infinity() == Some(self.magnitude(code)) => f64::INFINITY,
            None => return f64::NAN,
        };
        if negative { -value } else { value }
    }
}

/// `value` * 2^-`places`, rounded to the nearest integer, of two to the even one.
pub(crate) fn shifted(value: u128, places: i32) -> u128 {
    match places {
        ..=0 => value << -places,
        1..128 => {
            let (whole, rest) = (value >> places, value & ((1 << places) - 1));
            let half = 1 << (places - 1);
            whole + u128::from(rest > half || rest == half && whole & 1 == 1)
        }
        // Just half of the place above, or less, both of which the even zero wins.
        _ => u128::from(places == 128 && value > 1 << 127),
    }
}

impl fmt::Display for FloatFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            "" => write!(f, "e{}m{}", self.exponent_bits, self.fraction_bits),
            name => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustc_apfloat::ieee::{
        BFloat, Double, Float8E4M3FN, Float8E5M2, Half, IeeeFloat, Semantics, Single,
    };
    use rustc_apfloat::{Float, FloatConvert, Round};

    fn all() -> impl Iterator<Item = FloatFormat> {
        FloatFormat::ACTIVATIONS.into_iter().chain([FloatFormat::FP32])
    }

    #[test]
    fn bits_and_largest_numbers_are_those_of_the_standards() {
        let facts = [
            (FloatFormat::FP16, 16, 65504.0),
            (FloatFormat::BF16, 16, 3.3895313892515355e38),
            (FloatFormat::FP32, 32, f64::from(f32::MAX)),
            (FloatFormat::FP8_E4M3, 8, 448.0),
            (FloatFormat::FP8_E5M2, 8, 57344.0),
            (FloatFormat::FP6_E3M2, 6, 28.0),
            (FloatFormat::FP6_E2M3, 6, 7.5),
            (FloatFormat::FP4_E2M1, 4, 6.0),
        ];
        for (format, bits, largest) in facts {
            assert_eq!(format.bits(), bits, "{format}");
            assert_eq!(format.to_f64(format.largest()), largest, "{format}");
        }
    }

    #[test]
    fn every_code_of_up_to_16_bits_is_the_nearest_to_its_own_value() {
        for format in FloatFormat::ACTIVATIONS {
            for code in 0..1u32 << format.bits() {
                let value = format.to_f64(code);
                let back = format.of_f64(value);
                assert!(back == code || value.is_nan() && Some(back) == format.nan(), "{format}");
            }
        }
    }

    #[test]
    fn a_number_beyond_the_largest_is_infinite_or_nan_or_the_largest() {
        for format in all() {
            let beyond = 2.0 * format.to_f64(format.largest());
            let expected = match format.specials() {
                Specials::InfinityAndNan => format.infinity().unwrap(),
                Specials::Nan => format.nan().unwrap(),
                Specials::Nothing => format.largest(),
            };
            assert_eq!(format.of_f64(beyond), expected, "{format}");
            assert_eq!(format.of_f64(-beyond), format.negated(expected), "{format}");
        }
    }

    /// The nearest value of another library; its infinities and NaN as they come.
    fn oracle<S: Semantics>(value: f64) -> u128
    where
        IeeeFloat<rustc_apfloat::ieee::DoubleS>: FloatConvert<IeeeFloat<S>>,
    {
        let double = Double::from_bits(value.to_bits().into());
        let mut loses = false;
        let nearest = double.convert_r(Round::NearestTiesToEven, &mut loses).value;
        let nearest: IeeeFloat<S> = nearest;
        nearest.to_bits()
    }

    /// Values around every kind of tie and border of a format.
    fn hard(format: FloatFormat, count: u32, mut seed: u64) -> impl Iterator<Item = f64> {
        let smallest = -format.bias() - format.fraction_bits() as i32 - 3;
        let largest = format.largest_exponent() as i32 - format.bias() + 3;
        (0..count).map(move |_| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let exponent = smallest + (seed >> 40) as i32 % (largest - smallest);
            let kept = format.fraction_bits() + 2;
            let fraction = (seed as u32 as f64) % 2f64.powi(kept as i32) / 2f64.powi(kept as i32);
            // A third exactly on a tie or a code, a third just beside one, a third anywhere.
            let nudge =
                [0.0, 1e-13, (seed >> 20 & 0xfffff) as f64 * 1e-13][(seed >> 5) as usize % 3];
            let value = (1.0 + fraction + nudge) * 2f64.powi(exponent);
            if seed >> 62 & 1 == 1 { -value } else { value }
        })
    }

    fn agrees<S: Semantics>(format: FloatFormat, count: u32)
    where
        IeeeFloat<rustc_apfloat::ieee::DoubleS>: FloatConvert<IeeeFloat<S>>,
    {
        for value in hard(format, count, 0x9e37_79b9_7f4a_7c15) {
            let code = u128::from(format.of_f64(value));
            let expected = oracle::<S>(value);
            assert_eq!(code, expected, "{format}: {value:e} gives {code:x}, not {expected:x}");
        }
    }

    #[test]
    fn rounding_agrees_with_another_library_on_ties_borders_and_subnormals() {
        agrees::<rustc_apfloat::ieee::HalfS>(FloatFormat::FP16, 10_000_000);
        agrees::<rustc_apfloat::ieee::SingleS>(FloatFormat::FP32, 10_000_000);
        agrees::<rustc_apfloat::ieee::BFloatS>(FloatFormat::BF16, 1_000_000);
        agrees::<rustc_apfloat::ieee::Float8E5M2S>(FloatFormat::FP8_E5M2, 1_000_000);
    }

    #[test]
    fn every_code_has_the_value_that_another_library_gives_it() {
        fn value<F: Float + FloatConvert<Double>>(code: u32) -> f64 {
            let mut loses = false;
            let double: Double = F::from_bits(code.into()).convert(&mut loses).value;
            f64::from_bits(double.to_bits() as u64)
        }
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        for code in 0..1u32 << 16 {
            assert!(same(FloatFormat::FP16.to_f64(code), value::<Half>(code)), "{code:x}");
            assert!(same(FloatFormat::BF16.to_f64(code), value::<BFloat>(code)), "{code:x}");
        }
        for code in 0..1u32 << 8 {
            let e4m3 = FloatFormat::FP8_E4M3.to_f64(code);
            assert!(same(e4m3, value::<Float8E4M3FN>(code)), "{code:x}");
            let e5m2 = FloatFormat::FP8_E5M2.to_f64(code);
            assert!(same(e5m2, value::<Float8E5M2>(code)), "{code:x}");
        }
        assert!(same(FloatFormat::FP32.to_f64(0x4049_0fdb), value::<Single>(0x4049_0fdb)));
    }

    #[test]
    fn shifting_right_rounds_to_the_even_of_two() {
        let halves = [0, 1, 2, 3, 4, 5, 6, 7].map(|value| shifted(value, 1));
        assert_eq!(halves, [0, 0, 1, 2, 2, 2, 3, 4]);
        assert_eq!(shifted(u128::MAX, 128), 1);
        assert_eq!(shifted(1 << 127, 128), 0);
        assert_eq!(shifted(u128::MAX, 129), 0);
    }
}
