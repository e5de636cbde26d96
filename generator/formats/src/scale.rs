//! Scales of quantisation groups.

use crate::{FloatFormat, Term, TermFormat};

/// How the scale of a quantisation group is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScaleFormat {
    /// IEEE 754 binary16.
    Fp16,
    /// Code c is 2^(c - 127), and 255 is no number (OCP MX E8M0).
    E8m0,
}

impl ScaleFormat {
    /// Code of the E8M0 scale that is no number.
    const E8M0_NAN: u32 = 255;
    /// Code of the E8M0 scale 1.
    const E8M0_ONE: u32 = 127;

    /// Width of a code.
    pub fn bits(self) -> u32 {
        match self {
            Self::Fp16 => FloatFormat::FP16.bits(),
            Self::E8m0 => 8,
        }
    }

    /// The fields of an integer of up to `bits` bits in magnitude times a scale.
    pub fn term_format(self, bits: u32) -> TermFormat {
        match self {
            Self::Fp16 => {
                let scale = TermFormat::of_number(FloatFormat::FP16);
                TermFormat { significand_bits: bits + scale.significand_bits, ..scale }
            }
            Self::E8m0 => TermFormat {
                significand_bits: bits,
                exponent_bits: self.bits(),
                lowest: -(Self::E8M0_ONE as i32),
            },
        }
    }

    /// The exact product of `value`, below 2^79 in magnitude, and the scale `code`, times 2^`exponent`.
    /// A value of zero is positive; times an infinity it is no number.
    pub fn term(self, value: i128, code: u32, exponent: i32) -> Term {
        let scale = match self {
            Self::Fp16 => FloatFormat::FP16.term(code),
            Self::E8m0 if code == Self::E8M0_NAN => Term::Nan,
            Self::E8m0 => Term::Number {
                negative: false,
                significand: 1,
                exponent: code as i32 - Self::E8M0_ONE as i32,
            },
        };
        match scale {
            Term::Nan => Term::Nan,
            Term::Infinity { .. } if value == 0 => Term::Nan,
            Term::Infinity { negative } => Term::Infinity { negative: negative != (value < 0) },
            Term::Number { negative, significand, exponent: of_scale } => Term::Number {
                negative: negative != (value < 0),
                significand: significand * value.unsigned_abs(),
                exponent: of_scale + exponent,
            },
        }
    }

    /// Bits of a code that change a scale by little more than its sign.
    pub fn small_changes(self) -> u32 {
        match self {
            Self::Fp16 => 0x8003,
            Self::E8m0 => 0x03,
        }
    }

    /// A scale within eight powers of two below 2, for any bits.
    pub fn usual(self, bits: u32) -> u32 {
        match self {
            Self::Fp16 => bits & 0x9fff | 0x2000,
            Self::E8m0 => bits & 7 | 0x78,
        }
    }

    /// Scales that are hard to get right: zeros, the least, the largest, infinities and NaN.
    pub fn corners(self) -> &'static [u32] {
        match self {
            Self::Fp16 => &[
                0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00,
                0xfc00, 0x7e00, 0xfc01,
            ],
            Self::E8m0 => &[0, 1, Self::E8M0_ONE, 253, 254, Self::E8M0_NAN],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_with_scales_are_those_of_their_values() {
        for code in 0..1u32 << 16 {
            let scale = FloatFormat::FP16.to_f64(code);
            for value in [-3, 0, 1, 1000] {
                // Exact in a binary64, and rounded once to the result.
                let product = f64::from(value) * scale * 0.25;
                let single =
                    FloatFormat::FP32.add(0, ScaleFormat::Fp16.term(value.into(), code, -2));
                let expected = if product == 0.0 { 0 } else { FloatFormat::FP32.of_f64(product) };
                let nan = product.is_nan() && Some(single) == FloatFormat::FP32.nan();
                assert!(nan || single == expected, "{value} * {code:x} gives {single:x}");
            }
        }
    }

    #[test]
    fn an_e8m0_scale_is_a_power_of_two_or_no_number() {
        let one = |code| FloatFormat::FP32.add(0, ScaleFormat::E8m0.term(1, code, 0));
        assert_eq!(f32::from_bits(one(127)), 1.0);
        assert_eq!(f32::from_bits(one(254)), 2f32.powi(127));
        assert_eq!(one(0), 1 << 22);
        assert_eq!(Some(one(255)), FloatFormat::FP32.nan());
    }
}
