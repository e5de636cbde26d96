use std::fmt;

use bitplane_formats::{FloatFormat, IntegerFormat, WeightFormat, ZeroPoint};

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

/// What a command says of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightOperand {
    /// One format, by its name.
    Format(WeightFormat),
    /// `per_group`: the head of each quantisation group tells its data type.
    PerGroup,
}

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

/// Code of weights whose groups tell their data types.
const PER_GROUP: u8 = 10;

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

impl WeightOperand {
    /// Every one in the order of its code.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..32).filter_map(Self::of_code)
    }

    /// The code in a command word.
    pub fn code(self) -> u8 {
        match self {
            Self::PerGroup => PER_GROUP,
            Self::Format(WeightFormat::TERNARY) => TERNARY,
            Self::Format(weight) => match weight.float() {
                Some(float) => FIRST_FLOAT_WEIGHT + place_of(float),
                // At most 8 bits.
                None => weight.bits() as u8,
            },
        }
    }

    /// The weights with that code.
    pub fn of_code(code: u8) -> Option<Self> {
        let format = match (code, code.checked_sub(FIRST_FLOAT_WEIGHT)) {
            (PER_GROUP, _) => return Some(Self::PerGroup),
            (TERNARY, _) => Some(WeightFormat::TERNARY),
            (_, None) => WeightFormat::new(code.into()),
            (_, Some(place)) => {
                let float = FLOATS.get(usize::from(place)).filter(|float| float.bits() <= 16);
                float.copied().map(WeightFormat::of_float)
            }
        };
        format.map(Self::Format)
    }

    /// Whether a command of such weights can have the reinterpreted zero point `zero_point`.
    pub fn accepts(self, zero_point: ZeroPoint) -> bool {
        match self {
            Self::Format(format) => format.accepts(zero_point),
            Self::PerGroup => zero_point == ZeroPoint::MID_RISE,
        }
    }

    /// The largest magnitude of such a zero point; `None` where it is always 0.
    pub(super) fn largest_zero_point(self) -> Option<i32> {
        match self {
            Self::Format(format) if !format.is_ternary() && format.float().is_none() => {
                Some(format.largest() as i32)
            }
            _ => None,
        }
    }
}

impl fmt::Display for WeightOperand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => format.fmt(f),
            Self::PerGroup => f.write_str("per_group"),
        }
    }
}

fn place_of(format: FloatFormat) -> u8 {
    let place = FLOATS.iter().position(|float| *float == format);
    place.expect("every format is listed") as u8
}
