//! Sums of activations times terms of their weights that are rounded in every cycle (BitMoD, section IV-B).

use crate::{FloatFormat, PLACES_PER_CYCLE, SignedTerm, Term, TermArray};

/// An activation, a code, and the term of its weight in a cycle.
pub type CycleTerm = (u32, Option<SignedTerm>);

/// What a processing element that rounds makes of the products of a cycle, and the format of its sums.
///
/// Sums have a format of their own, in which no sum of as many elements as it is made for is too large,
/// and none is subnormal: rounding loses digits behind the fraction, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermSum {
    activation: FloatFormat,
    sum: FloatFormat,
}

impl TermSum {
    /// Bits that a product keeps behind its significand when it moves down to the largest exponent of its
    /// cycle.
    pub const GUARD_BITS: u32 = 3;

    /// Sums of up to `elements` activations of `activation` and weights of `terms`, with the fraction of
    /// `result`, or as much of it as 32 bits hold.
    pub fn new(
        activation: FloatFormat,
        result: FloatFormat,
        terms: &TermArray,
        elements: u64,
    ) -> Self {
        let unit = 1 - activation.bias() - activation.fraction_bits() as i32;
        let largest = activation.decode(activation.largest()).map_or(0, |number| {
            let products =
                u128::from(number.significand) * u128::from(terms.largest_of_magnitudes());
            // A rounding takes a sum at most twice as far as what is added, and what is added is rounded
            // by a 128th of it at most.
            let sums = products * u128::from(elements) * 2 + products * u128::from(elements) / 64;
            let exponent = number.exponent as i32 - 1 + unit;
            128 - sums.leading_zeros() as i32 + exponent
        });
        // Numbers of a bias b are normal from 2^(1 - b) on and end before 2^(b + 1).
        let bias = (1 - unit).max(largest - 1).unsigned_abs();
        let exponent_bits = u32::BITS - bias.leading_zeros() + 1;
        let fraction_bits = result.fraction_bits().min(u32::BITS - 1 - exponent_bits);
        Self { activation, sum: FloatFormat::of_sums(exponent_bits, fraction_bits) }
    }

    /// Format of the activations.
    pub fn activation(self) -> FloatFormat {
        self.activation
    }

    /// Format of the sums.
    pub fn sum(self) -> FloatFormat {
        self.sum
    }

    /// What the elements of a k-step add in cycle `cycle`, a code of the sums' format. Each magnitude moves
    /// down to the largest exponent among the products that are not zero, and what leaves its guard bits is
    /// cut off; the signed sum is exact, and rounded to the nearest number, of two the even one. NaN where an
    /// activation is no number, whatever its term is.
    pub fn of_cycle(self, elements: &[CycleTerm], cycle: u32) -> u32 {
        let mut products = Vec::with_capacity(elements.len());
        for (code, term) in elements {
            let Some(number) = self.activation.decode(*code) else {
                return self.sum.nan().unwrap_or(0);
            };
            if let Some(SignedTerm { negative, shift }) = term
                && number.significand > 0
            {
                let magnitude = u64::from(number.significand) << Self::GUARD_BITS;
                products.push((number.negative != *negative, magnitude, number.exponent + shift));
            }
        }
        let largest = products.iter().map(|(.., exponent)| *exponent).max().unwrap_or(0);
        let aligned = products.iter().map(|(negative, magnitude, exponent)| {
            let kept = magnitude.checked_shr(largest - exponent).unwrap_or(0) as i64;
            if *negative { -kept } else { kept }
        });
        let sum: i64 = aligned.sum();
        let lowest = -self.activation.bias() - self.activation.fraction_bits() as i32;
        let unit = largest as i32 + lowest - Self::GUARD_BITS as i32;
        let exponent = unit + (PLACES_PER_CYCLE * cycle) as i32;
        self.sum.round(sum < 0, sum.unsigned_abs().into(), exponent)
    }

    /// The sum `total` with what a cycle adds to it, rounded to the nearest, of two the even one.
    pub fn add(self, total: u32, of_cycle: u32) -> u32 {
        self.sum.add(total, self.sum.term(of_cycle))
    }

    /// The sum `total` as a signed significand and what a unit of it weighs as a power of two; nothing if it
    /// is no number.
    pub fn value(self, total: u32) -> Option<(i128, i32)> {
        match self.sum.term(total) {
            Term::Number { negative, significand, exponent } => {
                let magnitude = significand as i128;
                Some((if negative { -magnitude } else { magnitude }, exponent))
            }
            Term::Infinity { .. } | Term::Nan => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataType;

    const HALF: FloatFormat = FloatFormat::FP16;

    fn sums(types: &[DataType], elements: u64) -> TermSum {
        let terms = TermArray::new(types.to_vec(), TermArray::least_reach(types));
        TermSum::new(HALF, HALF, &terms, elements)
    }

    fn half(value: f64) -> u32 {
        HALF.of_f64(value)
    }

    fn plus(shift: u32) -> Option<SignedTerm> {
        Some(SignedTerm { negative: false, shift })
    }

    fn value(sums: TermSum, code: u32) -> f64 {
        sums.sum().to_f64(code)
    }

    #[test]
    fn products_keep_three_bits_behind_their_significands_and_lose_what_is_behind_them() {
        let sums = sums(&[DataType::BITMOD_FP4], 128);
        let of = |small: f64| {
            let elements = [(half(1024.0), plus(0)), (half(small), plus(0))];
            value(sums, sums.of_cycle(&elements, 0)) - 1024.0
        };
        // Of a small number an eighth of the last place of the large one counts, which rounding sees.
        assert_eq!(of(0.5), 0.0);
        assert_eq!(of(0.625), 1.0);
        assert_eq!(of(0.5 + 1.0 / 16.0), 0.0);
        let negative = [(half(-1024.0), plus(0)), (half(1024.0), plus(0)), (half(-0.2), plus(0))];
        assert_eq!(value(sums, sums.of_cycle(&negative, 0)), -0.125);
    }

    #[test]
    fn the_largest_exponent_is_that_of_a_product_and_not_of_its_activation() {
        let sums = sums(&[DataType::BITMOD_FP4], 128);
        let large_without_term = [(half(1024.0), None), (half(1.0 / 1024.0), plus(0))];
        assert_eq!(value(sums, sums.of_cycle(&large_without_term, 0)), 1.0 / 1024.0);
        // A zero moves nothing down, be its term as large as it may.
        let zero = [(0, plus(2)), (1, plus(0))];
        assert_eq!(value(sums, sums.of_cycle(&zero, 0)), 2f64.powi(-24));
        let shifted = [(half(1024.0), plus(0)), (half(1024.0), plus(2)), (half(0.75), plus(0))];
        assert_eq!(value(sums, sums.of_cycle(&shifted, 1)), 4.0 * 5120.0);
    }

    #[test]
    fn an_activation_that_is_no_number_makes_nan_whatever_its_term_is() {
        let sums = sums(&[DataType::BITMOD_FP4], 128);
        for term in [None, plus(0), plus(2)] {
            for code in [0x7c00, 0xfc00, 0x7e00, 0x7c01] {
                let sum = sums.of_cycle(&[(half(1.0), plus(0)), (code, term)], 0);
                assert_eq!(Some(sum), sums.sum().nan());
                assert_eq!(sums.value(sums.add(0, sum)), None);
            }
        }
    }

    /// Ten million sums of a few activations of any exponents against arithmetic in binary64, which holds
    /// every sum of FP16 products exactly.
    #[test]
    fn ten_million_cycles_round_the_exact_sum_of_what_is_kept() {
        let sums = sums(&[DataType::BITMOD_FP4, DataType::INT8], 128);
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for _ in 0..10_000_000 {
            let cycle = (next() % 4) as u32;
            let elements: Vec<CycleTerm> = (0..4)
                .map(|_| {
                    let bits = next();
                    // All exponents, half of them near each other.
                    let code = (bits & 0xffff) as u32;
                    let code = if bits >> 16 & 1 == 1 { code & 0x8fff | 0x3000 } else { code };
                    let code = if code & 0x7c00 == 0x7c00 { code & 0x83ff } else { code };
                    let (negative, shift) = (bits >> 17 & 1 == 1, (bits >> 18 & 3) as u32);
                    let term = (shift < 3).then_some(SignedTerm { negative, shift });
                    (code, term)
                })
                .collect();
            let product = |(code, term): &CycleTerm| {
                let term = (*term)?;
                let product = HALF.to_f64(*code) * f64::from(1 << term.shift);
                (product != 0.0).then_some(if term.negative { -product } else { product })
            };
            let exponents = elements.iter().filter(|each| product(each).is_some());
            let exponents = exponents.map(|(code, term)| {
                (code >> 10 & 31).max(1) as i32 + term.map_or(0, |term| term.shift as i32)
            });
            let unit = 2f64.powi(exponents.max().unwrap_or(0) - 15 - 10 - 3);
            let kept = elements.iter().filter_map(product).map(|each| (each / unit).trunc());
            let exact = kept.sum::<f64>() * unit * 4f64.powi(cycle as i32);
            // An exact sum that is zero is positive.
            let expected = if exact == 0.0 { 0 } else { sums.sum().of_f64(exact) };
            assert_eq!(sums.of_cycle(&elements, cycle), expected, "{elements:x?}");
        }
    }

    #[test]
    fn no_sum_is_too_large_and_none_is_subnormal() {
        for activation in FloatFormat::ACTIVATIONS {
            for result in FloatFormat::RESULTS {
                for types in DataType::ALL {
                    let terms = TermArray::new(vec![types], 2);
                    for elements in [1, 128, 1 << 24] {
                        let sums = TermSum::new(activation, result, &terms, elements);
                        let format = sums.sum();
                        let largest = activation.to_f64(activation.largest())
                            * f64::from(terms.largest_of_magnitudes())
                            * elements as f64;
                        assert!(format.to_f64(format.largest()) >= 2.0 * largest, "{format}");
                        let least = activation.to_f64(1);
                        assert!(2f64.powi(1 - format.bias()) <= least, "{format}");
                        let fraction = result.fraction_bits();
                        let narrow = activation == FloatFormat::BF16 && fraction == 23;
                        assert_eq!(format.fraction_bits(), if narrow { 22 } else { fraction });
                    }
                }
            }
        }
    }

    #[test]
    fn sums_of_a_usual_group_have_six_bits_of_exponent() {
        assert_eq!(sums(&[DataType::BITMOD_FP4, DataType::INT8], 128).sum().to_string(), "e6m10");
    }
}
