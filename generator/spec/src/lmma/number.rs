use std::fmt;

use bitplane_formats::{FloatFormat, IntegerFormat, WeightFormat};

/// A format of activations, sums or results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberFormat {
    /// `int1` to `int128`.
    Integer(IntegerFormat),
    /// By its name.
    Float(FloatFormat),
}

/// Codes of floating-point formats start here; those of integers are their widths.
const FIRST_FLOAT: u8 = 129;

/// Floating-point formats in the order of their codes.
const FLOATS: [FloatFormat; 8] = [
    FloatFormat::FP32,
    FloatFormat::FP16,
    FloatFormat::BF16,
    FloatFormat::FP8_E4M3,
    FloatFormat::FP8_E5M2,
    FloatFormat::FP6_E3M2,
    FloatFormat::FP6_E2M3,
    FloatFormat::FP4_E2M1,
];

/// Code of native ternary weights; those of planes are their widths.
const TERNARY: u8 = 9;

/// Codes of floating-point weights start here, in the order of the other floating-point formats.
const FIRST_FLOAT_WEIGHT: u8 = 16;

impl NumberFormat {
    /// Every format in the order of its code.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=u8::MAX).filter_map(Self::of_code)
    }

    /// The code in a command word.
    pub fn code(self) -> u8 {
        match self {
            // At most 128 bits.
            Self::Integer(format) => format.bits() as u8,
            Self::Float(format) => FIRST_FLOAT + place_of(format),
        }
    }

    /// The format with that code.
    pub fn of_code(code: u8) -> Option<Self> {
        match code.checked_sub(FIRST_FLOAT) {
            Some(place) => FLOATS.get(usize::from(place)).map(|format| Self::Float(*format)),
            None => IntegerFormat::new(code.into()).map(Self::Integer),
        }
    }

    /// The format called `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::all().find(|format| format.to_string() == name)
    }
}

impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(format) => format.fmt(f),
            Self::Float(format) => f.write_str(format.name()),
        }
    }
}

/// The weight formats, in the order of their codes.
pub(super) fn weights() -> impl Iterator<Item = WeightFormat> {
    (0..32).filter_map(weight_of_code)
}

/// The code of weights in a command word.
pub(super) fn weight_code(weight: WeightFormat) -> u8 {
    match weight.float() {
        Some(float) => FIRST_FLOAT_WEIGHT + place_of(float),
        None if weight.is_ternary() => TERNARY,
        // At most 8 bits.
        None => weight.bits() as u8,
    }
}

pub(super) fn weight_of_code(code: u8) -> Option<WeightFormat> {
    match code.checked_sub(FIRST_FLOAT_WEIGHT) {
        Some(place) => {
            let float = FLOATS.get(usize::from(place)).filter(|float| float.bits() <= 16);
            float.copied().map(WeightFormat::of_float)
        }
        None if code == TERNARY => Some(WeightFormat::TERNARY),
        None => WeightFormat::new(code.into()),
    }
}

fn place_of(format: FloatFormat) -> u8 {
    let place = FLOATS.iter().position(|float| *float == format);
    place.expect("every format is listed") as u8
}
