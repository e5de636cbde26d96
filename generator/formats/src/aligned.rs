//! Floating-point activations as integers that share an exponent.

use crate::float::shifted;
use crate::{FloatFormat, IntegerFormat, Specials};
use std::ops::RangeInclusive;

/// How a block of floating-point activations becomes integers: each is rounded once, to the nearest
/// multiple of a power of two that the largest exponent of the block sets, of two to the even one.
/// The integers are symmetric: none is the most negative.
///
/// A block travels with a field: 0 where one of its codes is no number, otherwise the largest biased
/// exponent of its numbers. Where no bit is lost whatever the exponents, the field is only 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlignedFormat {
    float: FloatFormat,
    bits: u32,
    /// Numbers whose sum of magnitudes the field is for; 1 where it is for each number.
    summed: u32,
}

impl AlignedFormat {
    /// Narrowest and widest integers that lose bits.
    pub const BITS: RangeInclusive<u32> = 8..=40;
    /// Widest integers that lose none.
    const WIDEST: u32 = 41;

    /// Integers of `bits` bits; `None` unless they are narrower than those that lose no bit.
    pub fn rounded(float: FloatFormat, bits: u32) -> Option<Self> {
        let legal = Self::BITS.contains(&bits) && bits < exact_bits(float);
        legal.then_some(Self { float, bits, summed: 1 })
    }

    /// Integers that lose no bit; `None` where they would be wider than 41 bits (BF16).
    pub fn exact(float: FloatFormat) -> Option<Self> {
        let bits = exact_bits(float);
        (bits <= Self::WIDEST).then_some(Self { float, bits, summed: 1 })
    }

    /// The same for tables of `k` numbers: the field is such that the sum of the magnitudes of a table is below
    /// twice its power of two, as each number's magnitude is. Where no bit is lost nothing changes.
    pub fn of_tables(self, k: u32) -> Self {
        if self.is_exact() { self } else { Self { summed: k, ..self } }
    }

    /// The format of the activations.
    pub fn float(self) -> FloatFormat {
        self.float
    }

    /// Width of the integers.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// The integers' format.
    pub fn integer(self) -> IntegerFormat {
        IntegerFormat::new(self.bits).expect("8 to 41 bits are a format")
    }

    /// Whether no bit is lost, so that all blocks share one exponent.
    pub fn is_exact(self) -> bool {
        self.bits == exact_bits(self.float)
    }

    /// Width of a block's field; 0 where it would always be the same.
    pub fn field_bits(self) -> u32 {
        match (self.is_exact(), self.float.specials()) {
            (true, Specials::Nothing) => 0,
            (true, _) => 1,
            (false, _) => u32::BITS - self.largest_field().leading_zeros(),
        }
    }

    /// Places by which a significand moves up if its exponent is that of the block; rounded away
    /// where negative.
    pub fn places(self) -> i32 {
        self.bits as i32 - 2 - self.float.fraction_bits() as i32
    }

    /// Numbers whose sum of magnitudes a field is for: those of a table, or 1.
    pub fn summed(self) -> u32 {
        self.summed
    }

    /// Most that a field is above the largest exponent of its block.
    pub fn headroom(self) -> u32 {
        self.summed.next_power_of_two().ilog2()
    }

    /// The largest field of a block.
    pub fn largest_field(self) -> u32 {
        self.float.largest_exponent() + self.headroom()
    }

    /// Bits of a fraction that count in the sum of a table's magnitudes.
    pub fn counted_fraction_bits(self) -> u32 {
        self.float.fraction_bits().min(4)
    }

    /// The field of a block of `codes`, those of table after table.
    pub fn field(self, codes: impl IntoIterator<Item = u32>) -> u32 {
        let codes: Vec<u32> = codes.into_iter().collect();
        let mut exponents = codes.chunks(self.summed as usize).map(|table| self.exponent_of(table));
        let largest = exponents.try_fold(1, |largest, exponent| Some(largest.max(exponent?)));
        match largest {
            Some(_) if self.is_exact() => 1,
            Some(largest) => largest,
            None => 0,
        }
    }

    /// The field of a block of parts with these fields.
    pub fn joined(self, fields: impl IntoIterator<Item = u32>) -> u32 {
        let numbers = fields.into_iter().map(|field| (field > 0).then_some(field));
        let largest = numbers.into_iter().try_fold(1, |largest, field| Some(largest.max(field?)));
        largest.unwrap_or(0)
    }

    /// The exponent of a power of two above the sum of the magnitudes of a table: twice 2^exponent is. The magnitudes are
    /// cut off below [`AlignedFormat::counted_fraction_bits`] of the largest, and one unit is added for each.
    fn exponent_of(self, table: &[u32]) -> Option<u32> {
        let numbers: Option<Vec<_>> = table.iter().map(|code| self.float.decode(*code)).collect();
        let numbers = numbers?;
        let largest = numbers.iter().map(|number| number.exponent).max().unwrap_or(1);
        if self.summed == 1 {
            return Some(largest);
        }
        let counted = self.counted_fraction_bits();
        let unread = self.float.fraction_bits() - counted;
        let units = numbers.iter().map(|number| {
            let below = unread + largest - number.exponent;
            number.significand.checked_shr(below).unwrap_or(0)
        });
        let sum = units.sum::<u32>() + self.summed;
        let above = (0..self.headroom()).filter(|above| sum > 2 << (counted + above)).count();
        Some(largest + above as u32)
    }

    /// The exponent that a block with this field is aligned to.
    pub fn exponent(self, field: u32) -> u32 {
        if self.is_exact() { self.float.largest_exponent() } else { field }
    }

    /// `code` as an integer of a block with this field, whose exponent is at least its own. A block
    /// that holds something else than numbers is all zero.
    pub fn align(self, code: u32, field: u32) -> i64 {
        let Some(number) = self.float.decode(code).filter(|_| field > 0) else { return 0 };
        let below = self.exponent(field) as i32 - number.exponent as i32;
        let magnitude = shifted(number.significand.into(), below - self.places()) as i64;
        let magnitude = magnitude.min((1 << (self.bits - 1)) - 1);
        if number.negative { -magnitude } else { magnitude }
    }

    /// The power of two that an integer of a block with this field counts.
    pub fn quantum(self, field: u32) -> i32 {
        self.exponent(field) as i32 + self.quantum_of_exponent_0()
    }

    /// The same for an exponent of 0, from which it rises with the exponent.
    pub fn quantum_of_exponent_0(self) -> i32 {
        -self.float.bias() - self.float.fraction_bits() as i32 - self.places()
    }

    /// An integer `sum` of a block with this field in `result`; NaN where the block holds something
    /// else than numbers.
    pub fn round(self, sum: i128, field: u32, result: FloatFormat) -> u32 {
        match (field, result.nan()) {
            (0, Some(nan)) if self.field_bits() > 0 => nan,
            _ => result.round(sum < 0, sum.unsigned_abs(), self.quantum(field)),
        }
    }
}

/// Bits of integers that hold every number of `float` in units of its smallest.
pub fn exact_bits(float: FloatFormat) -> u32 {
    // Sign, leading one and fraction at exponent 1, one more for each further exponent.
    1 + 1 + float.fraction_bits() + float.largest_exponent() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [FloatFormat; 7] = FloatFormat::ACTIVATIONS;

    #[test]
    fn the_field_of_tables_bounds_the_sum_of_their_magnitudes_and_is_at_most_one_too_large() {
        let mut seed = 1u64;
        let mut random = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as u32
        };
        for float in FORMATS {
            let Some(format) = AlignedFormat::rounded(float, 8) else { continue };
            for k in 2..=6 {
                let tables = format.of_tables(k);
                for _ in 0..2000 {
                    let spread = (random() % 8) << float.fraction_bits();
                    let numbers = std::iter::repeat_with(|| random() & ((1 << float.bits()) - 1));
                    let codes: Vec<u32> = numbers
                        .map(|code| code.saturating_sub(if code & 1 == 1 { spread } else { 0 }))
                        .filter(|code| float.decode(*code).is_some())
                        .take(k as usize)
                        .collect();
                    let field = tables.field(codes.iter().copied());
                    let sum: f64 = codes.iter().map(|code| float.to_f64(*code).abs()).sum();
                    let power = 2f64.powi(field as i32 - float.bias());
                    assert!(sum < 2.0 * power, "{float} {codes:?}");
                    let largest = format.field(codes.iter().copied());
                    assert!((largest..=largest + tables.headroom()).contains(&field));
                    assert!(field == largest || 4.0 * sum >= power, "{float} {codes:?} {field}");
                    assert!(field <= tables.largest_field());
                    assert!(field < 1 << tables.field_bits());
                }
            }
        }
    }

    #[test]
    fn a_block_of_tables_has_the_largest_of_their_fields_and_none_where_one_has_none() {
        let format = AlignedFormat::rounded(FloatFormat::FP16, 16).unwrap().of_tables(4);
        // 1.0 four times is a sum of 4, and of one 1.0 alone.
        let ones = format.field([0x3c00; 4]);
        assert_eq!((ones, format.field([0x3c00, 0, 0, 0])), (17, 15));
        assert_eq!(format.field([0x3c00, 0, 0, 0, 0x3c00, 0x3c00, 0x3c00, 0x3c00]), ones);
        assert_eq!(format.joined([15, 17]), 17);
        assert_eq!(format.field([0x3c00, 0x7c00]), 0);
        assert_eq!(format.joined([15, 0]), 0);
    }

    #[test]
    fn exact_integers_are_as_wide_as_derived_by_hand() {
        let bits = |float| AlignedFormat::exact(float).map(AlignedFormat::bits);
        assert_eq!(bits(FloatFormat::FP16), Some(41));
        assert_eq!(bits(FloatFormat::FP8_E5M2), Some(33));
        assert_eq!(bits(FloatFormat::FP8_E4M3), Some(19));
        assert_eq!(bits(FloatFormat::FP6_E3M2), Some(10));
        assert_eq!(bits(FloatFormat::FP6_E2M3), Some(7));
        assert_eq!(bits(FloatFormat::FP4_E2M1), Some(5));
        assert_eq!(bits(FloatFormat::BF16), None);
    }

    #[test]
    fn exact_integers_are_every_code_in_units_of_the_smallest() {
        for format in FORMATS.into_iter().filter_map(AlignedFormat::exact) {
            let float = format.float();
            for code in 0..1 << float.bits() {
                let field = format.field([code]);
                let value = format.align(code, field) as f64 * 2f64.powi(format.quantum(field));
                let expected = float.to_f64(code);
                assert!(field == 0 && !expected.is_finite() || value == expected, "{float} {code}");
            }
        }
    }

    #[test]
    fn a_number_of_the_blocks_exponent_fills_the_integer() {
        let format = AlignedFormat::rounded(FloatFormat::FP16, 16).unwrap();
        let one = FloatFormat::FP16.of_f64(1.0);
        let field = format.field([one]);
        assert_eq!((field, format.align(one, field), format.quantum(field)), (15, 1 << 14, -14));
        let largest = FloatFormat::FP16.of_f64(2.0 - 2f64.powi(-10));
        assert_eq!(format.align(largest, field), (1 << 15) - (1 << 4));
    }

    #[test]
    fn an_integer_is_the_nearest_of_the_block_and_never_the_most_negative() {
        for float in FORMATS {
            for bits in [8, 12, 16, 24] {
                let Some(format) = AlignedFormat::rounded(float, bits) else { continue };
                let top = f64::from((1 << (bits - 1)) - 1);
                for code in (0..1 << float.bits()).filter(|code| float.decode(*code).is_some()) {
                    let own = format.field([code]);
                    for field in own..=float.largest_exponent() {
                        let exact = float.to_f64(code) / 2f64.powi(format.quantum(field));
                        let nearest = exact.round_ties_even().clamp(-top, top);
                        assert_eq!(format.align(code, field) as f64, nearest, "{float} {code}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_block_with_an_infinity_or_nan_has_the_field_0_and_nan_results() {
        let format = AlignedFormat::rounded(FloatFormat::FP16, 16).unwrap();
        let one = FloatFormat::FP16.of_f64(1.0);
        for special in [0x7c00, 0xfc00, 0x7e00, 0x7c01] {
            assert_eq!(format.field([one, special]), 0);
        }
        assert_eq!(format.round(5, 0, FloatFormat::FP32), 0x7fc0_0000);
        assert_eq!(format.field([]), 1);
    }
}
