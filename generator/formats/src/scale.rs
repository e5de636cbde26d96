//! Scales of quantisation groups.

use crate::{FloatFormat, Term, TermFormat};

/// How the scale of a quantisation group is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScaleFormat {
    /// IEEE 754 binary16.
    Fp16,
    /// OCP FP8 E4M3: NaN and no infinity (the scales of NVFP4).
    E4m3,
    /// Code c is 2^(c - 127), and 255 is no number (OCP MX E8M0).
    E8m0,
    /// Two's complement of 8 bits.
    Int8,
}

/// What the code of a scale is.
#[derive(Clone, Copy)]
enum Form {
    Float(FloatFormat),
    PowerOfTwo,
    Integer,
}

impl ScaleFormat {
    fn form(self) -> Form {
        match self {
            Self::Fp16 => Form::Float(FloatFormat::FP16),
            Self::E4m3 => Form::Float(FloatFormat::FP8_E4M3),
            Self::E8m0 => Form::PowerOfTwo,
            Self::Int8 => Form::Integer,
        }
    }

    /// Code of the E8M0 scale that is no number.
    const E8M0_NAN: u32 = 255;
    /// Code of the E8M0 scale 1.
    const E8M0_ONE: u32 = 127;

    /// Its word in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fp16 => "fp16",
            Self::E4m3 => "e4m3",
            Self::E8m0 => "e8m0",
            Self::Int8 => "int8",
        }
    }

    /// The format of scales with an exponent and a fraction.
    pub fn float(self) -> Option<FloatFormat> {
        match self.form() {
            Form::Float(float) => Some(float),
            Form::PowerOfTwo | Form::Integer => None,
        }
    }

    /// Width of a code.
    pub fn bits(self) -> u32 {
        self.float().map_or(8, FloatFormat::bits)
    }

    /// The fields of an integer of up to `bits` bits in magnitude times a scale.
    pub fn term_format(self, bits: u32) -> TermFormat {
        match self.form() {
            Form::Float(float) => {
                let scale = TermFormat::of_number(float);
                TermFormat { significand_bits: bits + scale.significand_bits, ..scale }
            }
            Form::PowerOfTwo => TermFormat {
                significand_bits: bits,
                exponent_bits: self.bits(),
                lowest: -(Self::E8M0_ONE as i32),
            },
            Form::Integer => {
                TermFormat { significand_bits: bits + self.bits(), exponent_bits: 0, lowest: 0 }
            }
        }
    }

    /// The exact product of `value`, below 2^79 in magnitude, and the scale `code`, times 2^`exponent`.
    /// A value of zero is positive; times an infinity it is no number.
    pub fn term(self, value: i128, code: u32, exponent: i32) -> Term {
        let scale = match self.form() {
            Form::Float(float) => float.term(code),
            Form::PowerOfTwo if code == Self::E8M0_NAN => Term::Nan,
            Form::PowerOfTwo => Term::Number {
                negative: false,
                significand: 1,
                exponent: code as i32 - Self::E8M0_ONE as i32,
            },
            Form::Integer => {
                let scale = code as u8 as i8;
                let significand = scale.unsigned_abs().into();
                Term::Number { negative: scale < 0, significand, exponent: 0 }
            }
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

    /// What `code` stands for.
    pub fn value(self, code: u32) -> f64 {
        match self.form() {
            Form::Float(float) => float.to_f64(code),
            Form::PowerOfTwo if code == Self::E8M0_NAN => f64::NAN,
            Form::PowerOfTwo => (f64::from(code) - f64::from(Self::E8M0_ONE)).exp2(),
            Form::Integer => f64::from(code as u8 as i8),
        }
    }

    /// The code of the scale `value`; nothing if none stands for just that.
    pub fn code(self, value: f64) -> Option<u32> {
        match self.form() {
            Form::Float(float) => {
                let code = float.of_f64(value);
                (float.to_f64(code) == value).then_some(code)
            }
            Form::PowerOfTwo => {
                let code = value.log2() + f64::from(Self::E8M0_ONE);
                let is_code = (0.0..f64::from(Self::E8M0_NAN)).contains(&code);
                (is_code && code.fract() == 0.0).then_some(code as u32)
            }
            Form::Integer => {
                let is_code = (-128.0..128.0).contains(&value) && value.fract() == 0.0;
                is_code.then_some(u32::from(value as i8 as u8))
            }
        }
    }

    /// The largest scale, where it is a small one and an output channel has a unit for its scales:
    /// integers and E4M3.
    pub fn largest_of_a_channel(self) -> Option<u32> {
        match self {
            Self::Fp16 | Self::E8m0 => None,
            Self::E4m3 => Some(448),
            Self::Int8 => Some(127),
        }
    }

    /// Scales next to `value`, which is not negative, below and above or twice the nearest; above zero,
    /// except that zero itself gets the least that is not negative.
    pub fn next_to(self, value: f64) -> [f64; 2] {
        let zero = value == 0.0;
        match self.form() {
            Form::Float(float) => {
                let (least, largest) = (float.to_f64(1), float.to_f64(float.largest()));
                let nearest = float.to_f64(float.of_f64(value.min(largest)));
                [if zero { 0.0 } else { nearest.clamp(least, largest) }; 2]
            }
            Form::PowerOfTwo => {
                let one = f64::from(Self::E8M0_ONE);
                let exponent = value.log2().clamp(-one, one);
                [exponent.floor().exp2(), exponent.ceil().exp2()]
            }
            Form::Integer if zero => [0.0; 2],
            Form::Integer => [value.floor().clamp(1.0, 127.0), value.ceil().clamp(1.0, 127.0)],
        }
    }

    /// Bits of a code that change a scale by little more than its sign.
    pub fn small_changes(self) -> u32 {
        match self {
            Self::Fp16 => 0x8003,
            Self::E4m3 => 0x83,
            Self::E8m0 => 0x03,
            Self::Int8 => 0x83,
        }
    }

    /// A scale within eight powers of two below 2, for any bits.
    pub fn usual(self, bits: u32) -> u32 {
        match self {
            Self::Fp16 => bits & 0x9fff | 0x2000,
            // The lower half of the exponents, without zero and the subnormal numbers.
            Self::E4m3 if bits & 0x38 == 0 => bits & 0x87 | 0x08,
            Self::E4m3 => bits & 0xbf,
            Self::E8m0 => bits & 7 | 0x78,
            Self::Int8 => bits & 0x9f,
        }
    }

    /// Scales that are hard to get right: zeros, the least, the largest, infinities and NaN.
    pub fn corners(self) -> &'static [u32] {
        match self {
            Self::Fp16 => &[
                0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00,
                0xfc00, 0x7e00, 0xfc01,
            ],
            Self::E4m3 => &[0, 0x80, 1, 0x81, 0x07, 0x08, 0x38, 0xb8, 0x7e, 0xfe, 0x7f, 0xff],
            Self::E8m0 => &[0, 1, Self::E8M0_ONE, 253, 254, Self::E8M0_NAN],
            Self::Int8 => &[0, 1, 0x7f, 0x80, 0x81, 0xff],
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
    fn every_scale_that_is_a_number_has_its_code_and_is_next_to_itself() {
        use ScaleFormat::{E4m3, E8m0, Fp16, Int8};
        for format in [Fp16, E4m3, E8m0, Int8] {
            for code in 0..1u32 << format.bits() {
                let Term::Number { negative, significand, exponent } = format.term(1, code, 0)
                else {
                    continue;
                };
                let magnitude = significand as f64 * f64::from(exponent).exp2();
                let value = if negative { -magnitude } else { magnitude };
                assert_eq!(format.value(code), value);
                // Of a zero one of its two codes.
                let expected =
                    if format.value(code) == 0.0 { format.code(value) } else { Some(code) };
                assert_eq!(format.code(value), expected, "{format:?} {code:x}");
                if value >= 0.0 {
                    assert_eq!(format.next_to(value), [value; 2], "{format:?} {code:x}");
                }
            }
        }
        assert_eq!(ScaleFormat::E8m0.next_to(0.0), [2f64.powi(-127); 2]);
        assert_eq!(ScaleFormat::E8m0.next_to(3.0), [2.0, 4.0]);
        assert_eq!(ScaleFormat::Int8.next_to(3.5), [3.0, 4.0]);
        assert_eq!(ScaleFormat::Fp16.code(0.1), None);
        assert_eq!(ScaleFormat::E4m3.next_to(1e6), [448.0; 2]);
        assert_eq!(ScaleFormat::E4m3.next_to(1e-6), [2f64.powi(-9); 2]);
    }

    #[test]
    fn an_int8_scale_is_an_integer() {
        for code in 0..1u32 << 8 {
            let scale = i32::from(code as u8 as i8);
            for value in [-128, 0, 5] {
                let product = FloatFormat::FP32.add(0, ScaleFormat::Int8.term(value, code, 0));
                assert_eq!(f32::from_bits(product), (scale * value as i32) as f32);
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
