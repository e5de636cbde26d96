//! Data types of weights that a term encoder knows: sets of values on a fixed-point grid.

use std::borrow::Cow;
use std::fmt;

use crate::FloatFormat;

/// A data type of weights. Its values are integers in units of 2^-fraction_bits; the scale of a
/// quantisation group belongs to that unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataType {
    name: Cow<'static, str>,
    bits: u32,
    fraction_bits: u32,
    content: Content,
}

/// What codes stand for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Content {
    /// Two's complement.
    Integer,
    /// Sign on top of the number of a magnitude.
    SignMagnitude(&'static [i32]),
    /// The same, and the negative zero stands for the special value of its quantisation group
    /// (BitMoD, section III); those that groups choose from unless told otherwise.
    WithSpecial(&'static [i32], &'static [i32]),
    /// Sign, exponent and fraction, the smallest number as unit.
    Float(FloatFormat),
    /// A value for each code.
    Table(Cow<'static, [i32]>),
}

const fn data_type(
    name: &'static str,
    bits: u32,
    fraction_bits: u32,
    content: Content,
) -> DataType {
    DataType { name: Cow::Borrowed(name), bits, fraction_bits, content }
}

impl DataType {
    /// BitMoD FP4: 0, 0.5, 1, 1.5, 2, 3, 4, 6 with signs, and a special value.
    pub const BITMOD_FP4: Self = data_type(
        "bitmod_fp4",
        4,
        1,
        Content::WithSpecial(&[0, 1, 2, 3, 4, 6, 8, 12], &[10, -10, 16, -16]),
    );
    /// BitMoD FP3: 0, 1, 2, 4 with signs, and a special value.
    pub const BITMOD_FP3: Self =
        data_type("bitmod_fp3", 3, 0, Content::WithSpecial(&[0, 1, 2, 4], &[3, -3, 6, -6]));
    /// Two's complement of 8 bits.
    pub const INT8: Self = data_type("int8", 8, 0, Content::Integer);
    /// Two's complement of 6 bits.
    pub const INT6: Self = data_type("int6", 6, 0, Content::Integer);
    /// Two's complement of 5 bits.
    pub const INT5: Self = data_type("int5", 5, 0, Content::Integer);
    /// Two's complement of 4 bits.
    pub const INT4: Self = data_type("int4", 4, 0, Content::Integer);
    /// Two's complement of 3 bits.
    pub const INT3: Self = data_type("int3", 3, 0, Content::Integer);
    /// OCP FP6 E2M3.
    pub const FP6_E2M3: Self = data_type("fp6_e2m3", 6, 3, Content::Float(FloatFormat::FP6_E2M3));
    /// OCP FP6 E3M2.
    pub const FP6_E3M2: Self = data_type("fp6_e3m2", 6, 4, Content::Float(FloatFormat::FP6_E3M2));
    /// OCP FP4 E2M1, that of MXFP4 and NVFP4.
    pub const FP4_E2M1: Self = data_type("fp4_e2m1", 4, 1, Content::Float(FloatFormat::FP4_E2M1));
    /// FP3 E2M0: 0, 1, 2, 4 with signs.
    pub const FP3_E2M0: Self = data_type("fp3_e2m0", 3, 0, Content::SignMagnitude(&[0, 1, 2, 4]));
    /// NF4, the quantiles of a normal distribution between -1 and 1 (QLoRA), rounded to 2^-6.
    pub const NF4: Self = data_type(
        "nf4",
        4,
        6,
        Content::Table(Cow::Borrowed(&[
            -64, -45, -34, -25, -18, -12, -6, 0, 5, 10, 16, 22, 28, 36, 46, 64,
        ])),
    );

    /// Every data type that has a name here, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::BITMOD_FP4,
        Self::BITMOD_FP3,
        Self::INT8,
        Self::INT6,
        Self::INT5,
        Self::INT4,
        Self::INT3,
        Self::FP6_E2M3,
        Self::FP6_E3M2,
        Self::FP4_E2M1,
        Self::FP3_E2M0,
        Self::NF4,
    ];

    /// The data type that has `name` here.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|data_type| data_type.name == name)
    }

    /// The data type of a codebook: the value of each code. As many values as codes, which is a power of
    /// two, in units of 2^-fraction_bits ([`crate::Codebook`]).
    pub(crate) fn of_codebook(name: String, fraction_bits: u32, values: Vec<i32>) -> Self {
        let (name, bits) = (Cow::Owned(name), values.len().trailing_zeros());
        Self { name, bits, fraction_bits, content: Content::Table(Cow::Owned(values)) }
    }

    /// Its word in a configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Width of a code.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Bits behind the point of a value: its unit is 2^-fraction_bits.
    pub fn fraction_bits(&self) -> u32 {
        self.fraction_bits
    }

    /// Number of codes.
    pub fn codes(&self) -> u16 {
        1 << self.bits
    }

    /// Whether codes are two's-complement integers.
    pub fn is_integer(&self) -> bool {
        self.content == Content::Integer
    }

    /// Whether the top bit of a code is its sign and the others a magnitude's.
    pub fn has_sign_bit(&self) -> bool {
        !matches!(self.content, Content::Integer | Content::Table(_))
    }

    /// The code that stands for the special value of its quantisation group, where there is one.
    pub fn special_code(&self) -> Option<u16> {
        matches!(self.content, Content::WithSpecial(..)).then_some(1 << (self.bits - 1))
    }

    /// The special values that a group chooses from unless told otherwise, in units; none where the type
    /// has no special value.
    pub fn special_values(&self) -> &'static [i32] {
        match self.content {
            Content::WithSpecial(_, values) => values,
            _ => &[],
        }
    }

    /// The value of `code` in units, in a group whose special value is `special`; bits above those of a
    /// code do not count.
    pub fn value(&self, code: u16, special: i32) -> i32 {
        let code = code & (self.codes() - 1);
        if self.special_code() == Some(code) {
            return special;
        }
        let magnitude_of = code & (self.codes() / 2 - 1);
        let magnitude = match self.content {
            Content::Integer => {
                return i32::from(code) - if magnitude_of == code { 0 } else { 1 << self.bits };
            }
            Content::Table(ref values) => return values[usize::from(code)],
            Content::SignMagnitude(values) | Content::WithSpecial(values, _) => {
                values[usize::from(magnitude_of)]
            }
            Content::Float(format) => format
                .decode(magnitude_of.into())
                .map_or(0, |number| (number.significand << (number.exponent - 1)) as i32),
        };
        if magnitude_of == code { magnitude } else { -magnitude }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(data_type: DataType) -> Vec<i32> {
        (0..data_type.codes()).map(|code| data_type.value(code, 99)).collect()
    }

    #[test]
    fn integers_are_twos_complement() {
        assert_eq!(values(DataType::INT3), [0, 1, 2, 3, -4, -3, -2, -1]);
        assert_eq!(DataType::INT8.value(0x80, 0), -128);
        assert_eq!(DataType::INT8.value(0x7f, 0), 127);
    }

    #[test]
    fn a_negative_zero_is_the_special_value_of_its_group() {
        assert_eq!(values(DataType::BITMOD_FP3), [0, 1, 2, 4, 99, -1, -2, -4]);
        assert_eq!(
            values(DataType::BITMOD_FP4),
            [0, 1, 2, 3, 4, 6, 8, 12, 99, -1, -2, -3, -4, -6, -8, -12]
        );
        assert_eq!(values(DataType::FP3_E2M0), [0, 1, 2, 4, 0, -1, -2, -4]);
    }

    #[test]
    fn floating_point_types_have_the_values_of_their_formats() {
        for (data_type, format) in [
            (DataType::FP6_E2M3, FloatFormat::FP6_E2M3),
            (DataType::FP6_E3M2, FloatFormat::FP6_E3M2),
            (DataType::FP4_E2M1, FloatFormat::FP4_E2M1),
        ] {
            let unit = 0.5f64.powi(data_type.fraction_bits() as i32);
            for code in 0..data_type.codes() {
                let value = f64::from(data_type.value(code, 99)) * unit;
                assert_eq!(value, format.to_f64(code.into()), "{data_type} {code}");
            }
        }
    }

    #[test]
    fn nf4_is_the_published_table_rounded_to_its_grid() {
        // Dettmers et al., QLoRA, appendix E.
        let published = [
            -1.0,
            -0.696_192_8,
            -0.525_073_05,
            -0.394_917_5,
            -0.284_441_38,
            -0.184_773_43,
            -0.091_050_04,
            0.0,
            0.079_580_3,
            0.160_930_2,
            0.246_112_3,
            0.337_915_24,
            0.440_709_83,
            0.562_617,
            0.722_956_84,
            1.0,
        ];
        let rounded = published.map(|value: f64| (value * 64.0).round() as i32);
        assert_eq!(values(DataType::NF4), rounded);
    }

    #[test]
    fn a_type_is_found_by_its_name_and_bits_beyond_its_codes_do_not_count() {
        for data_type in DataType::ALL {
            assert_eq!(DataType::named(data_type.name()).as_ref(), Some(&data_type));
            for code in 0..data_type.codes() {
                let above = code | data_type.codes();
                assert_eq!(data_type.value(above, 7), data_type.value(code, 7), "{data_type}");
            }
        }
    }
}
