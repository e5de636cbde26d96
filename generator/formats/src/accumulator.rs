//! Exact value ranges, from which every width follows.

use crate::{IntegerFormat, WeightFormat};

/// An inclusive range of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// Smallest value.
    pub min: i128,
    /// Largest value.
    pub max: i128,
}

impl Range {
    /// The range from `-magnitude` to `magnitude`.
    pub fn symmetric(magnitude: i128) -> Self {
        Self { min: -magnitude, max: magnitude }
    }
}

/// Bits of the narrowest two's-complement format that holds `range`.
pub fn signed_bits(range: Range) -> u32 {
    let magnitude_bits = |value: i128| 128 - if value < 0 { !value } else { value }.leading_zeros();
    1 + magnitude_bits(range.min).max(magnitude_bits(range.max))
}

/// Range of the entries stored in a table of `k` activations. With `half` only entries whose last
/// element counts positively are stored.
pub fn entry_range(activation: IntegerFormat, k: u32, half: bool) -> Range {
    let largest = -activation.min();
    let others = i128::from(k - 1) * largest;
    if half {
        Range { min: activation.min() - others, max: activation.max() + others }
    } else {
        Range::symmetric(others + largest)
    }
}

/// Range of the sums of any of `elements` activations: of a subset's, each added or left out.
pub fn subset_range(activation: IntegerFormat, elements: u64) -> Range {
    let elements = i128::from(elements);
    Range { min: elements * activation.min(), max: elements * activation.max() }
}

/// Range of a sum of `elements` activations times weight codes, 0 to 2^b - 1.
pub fn unsigned_range(activation: IntegerFormat, weight: WeightFormat, elements: u64) -> Range {
    subset_range(activation, elements * u64::from(weight.codes() - 1))
}

/// Range of a sum over planes of `elements` activations times reinterpreted weights q'.
///
/// |a| is at most 2^(a_bits-1) and |q'| at most 2^b - 1 (1 for trits); both ends are reached, by a run of most
/// negative activations against weights that are all lowest or all highest. The corrected result
/// lies in the same range: it is q' itself, or (q' - z') / 2 with |z'| at most 2^b - 1.
pub fn accumulator_range(activation: IntegerFormat, weight: WeightFormat, elements: u64) -> Range {
    Range::symmetric(i128::from(elements) * -activation.min() * i128::from(weight.largest()))
}

/// Range of a sum of `elements` activations times two's-complement weights of the same width as
/// `weight`, -2^(b-1) to 2^(b-1) - 1.
///
/// A product of two intervals has its ends at the corners: the largest is always the product of
/// the two most negative values, the smallest one of the mixed corners. Both ranges contain 0, so
/// a shorter run, or one with zeroed elements, stays inside.
pub fn mac_range(activation: IntegerFormat, weight: WeightFormat, elements: u64) -> Range {
    let lowest_weight = -i128::from(weight.codes() / 2);
    let highest_weight = !lowest_weight;
    let smallest = (activation.min() * highest_weight).min(activation.max() * lowest_weight);
    let largest = activation.min() * lowest_weight;
    Range { min: i128::from(elements) * smallest, max: i128::from(elements) * largest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(bits: u32) -> IntegerFormat {
        IntegerFormat::new(bits).unwrap()
    }

    #[test]
    fn widths_are_the_narrowest_that_hold_both_ends() {
        assert_eq!(signed_bits(Range { min: -128, max: 127 }), 8);
        assert_eq!(signed_bits(Range { min: -129, max: 0 }), 9);
        assert_eq!(signed_bits(Range { min: 0, max: 128 }), 9);
        assert_eq!(signed_bits(Range { min: -1, max: 0 }), 1);
    }

    #[test]
    fn a_half_table_of_four_int8_fits_ten_bits_and_a_full_one_needs_eleven() {
        assert_eq!(entry_range(int(8), 4, true), Range { min: -512, max: 511 });
        assert_eq!(signed_bits(entry_range(int(8), 4, true)), 10);
        assert_eq!(signed_bits(entry_range(int(8), 4, false)), 11);
    }

    #[test]
    fn the_accumulator_range_is_reached_by_the_most_negative_activation() {
        let weight = WeightFormat::new(2).unwrap();
        let range = accumulator_range(int(8), weight, 4096);
        assert_eq!(range.max, 4096 * 128 * 3);
        assert_eq!(signed_bits(range), 22);
    }

    #[test]
    fn sums_against_codes_lie_on_the_side_of_the_activation() {
        let weight = WeightFormat::new(2).unwrap();
        let range = unsigned_range(int(8), weight, 4096);
        assert_eq!(range, Range { min: -4096 * 128 * 3, max: 4096 * 127 * 3 });
        assert_eq!(subset_range(int(8), 4), Range { min: -512, max: 508 });
    }

    #[test]
    fn a_multiplier_sum_is_widest_where_both_factors_are_most_negative() {
        let range = mac_range(int(8), WeightFormat::new(2).unwrap(), 4096);
        assert_eq!(range, Range { min: -4096 * 127 * 2, max: 4096 * 128 * 2 });
        assert_eq!(signed_bits(range), 22);
    }

    #[test]
    fn the_multiplier_range_is_that_of_all_products_at_small_widths() {
        for (a, b) in [(2, 1), (2, 2), (3, 1), (4, 3), (5, 8)] {
            let (activation, weight) = (int(a), WeightFormat::new(b).unwrap());
            let weights = int(b).min()..=int(b).max();
            let products: Vec<i128> = (activation.min()..=activation.max())
                .flat_map(|value| weights.clone().map(move |w| value * w))
                .collect();
            let range = mac_range(activation, weight, 3);
            assert_eq!(range.min, 3 * products.iter().min().unwrap(), "a{a} w{b}");
            assert_eq!(range.max, 3 * products.iter().max().unwrap(), "a{a} w{b}");
        }
    }
}
