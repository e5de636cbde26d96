//! Weights as sums of signed powers of two, one a cycle.
//!
//! In cycle i of a k-step every weight contributes a term of -2^s, 0 or 2^s times 4^i with s from 0 to
//! the reach of the array: radix-4 digits, of which Booth recoding needs a reach of 1, and which with a
//! larger reach take floating-point values in the cycles of their leading and trailing ones (BitMoD,
//! section IV-B). The significance 4^i is common to all lanes; s is a lane's own.

use std::collections::HashMap;

use crate::DataType;

/// Bits by which the significance of a cycle's terms lies above that of the cycle before.
pub const PLACES_PER_CYCLE: u32 = 2;

/// A term other than 0 within its cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedTerm {
    /// Sign.
    pub negative: bool,
    /// Power of two, 0 to the reach.
    pub shift: u32,
}

impl SignedTerm {
    fn value(self) -> i64 {
        if self.negative { -(1 << self.shift) } else { 1 << self.shift }
    }
}

/// The terms of one weight, one a cycle, that of the least significance first.
pub type Terms = Vec<Option<SignedTerm>>;

/// What `terms` add up to.
pub fn sum_of_terms(terms: &[Option<SignedTerm>]) -> i64 {
    let digits = terms.iter().rev();
    digits.fold(0, |sum, term| (sum << PLACES_PER_CYCLE) + term.map_or(0, SignedTerm::value))
}

/// The fewest terms that add up to `value` in `cycles` cycles of the given reach.
pub fn terms_of(value: i32, cycles: u32, reach: u32) -> Option<Terms> {
    Search { reach, known: HashMap::new() }.best(value.into(), cycles)
}

/// Looks for the fewest terms from the lowest cycle up; what is left over is the same question for the
/// cycles above.
struct Search {
    reach: u32,
    known: HashMap<(i64, u32), Option<Terms>>,
}

impl Search {
    fn best(&mut self, value: i64, cycles: u32) -> Option<Terms> {
        if cycles == 0 {
            return (value == 0).then(Terms::new);
        }
        if let Some(known) = self.known.get(&(value, cycles)) {
            return known.clone();
        }
        let (radix, reach) = (1 << PLACES_PER_CYCLE, self.reach);
        let signs = [false, true].into_iter();
        let terms = signs.flat_map(|negative| {
            (0..=reach).map(move |shift| Some(SignedTerm { negative, shift }))
        });
        let mut best: Option<Terms> = None;
        for term in std::iter::once(None).chain(terms) {
            let above = value - term.map_or(0, SignedTerm::value);
            if above % radix != 0 {
                continue;
            }
            let Some(mut terms) = self.best(above / radix, cycles - 1) else { continue };
            terms.insert(0, term);
            let count = |terms: &Terms| terms.iter().flatten().count();
            if best.as_ref().is_none_or(|best| count(&terms) < count(best)) {
                best = Some(terms);
            }
        }
        self.known.insert((value, cycles), best.clone());
        best
    }
}

/// How the codes of one data type become terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermPlan {
    /// The data type.
    pub data_type: DataType,
    /// Cycles of a k-step.
    pub cycles: u32,
    /// The terms of each code; of the special code none, since they are its group's.
    pub terms: Vec<Terms>,
}

impl TermPlan {
    /// The terms of `data_type` in the fewest cycles, those of its usual special values counted: Booth
    /// digits of integers, otherwise the fewest terms of each value. A code with a sign bit has the terms of
    /// its magnitude, negated.
    pub fn of(data_type: &DataType, reach: u32) -> Self {
        if data_type.is_integer() {
            let cycles = data_type.bits().div_ceil(PLACES_PER_CYCLE);
            let terms = (0..data_type.codes()).map(|code| booth(data_type, code, cycles)).collect();
            return Self { data_type: data_type.clone(), cycles, terms };
        }
        let codes = (0..data_type.codes()).map(|code| data_type.value(code, 0));
        let values: Vec<i32> = codes.chain(data_type.special_values().iter().copied()).collect();
        // Every integer is a sum of digits -2, -1, 0, 1, 2 in enough cycles.
        let plan = (1..).find_map(|cycles| {
            let mut search = Search { reach, known: HashMap::new() };
            let all: Option<Vec<Terms>> =
                values.iter().map(|value| search.best((*value).into(), cycles)).collect();
            all.map(|terms| (cycles, terms))
        });
        let (cycles, mut terms) = plan.expect("enough cycles represent every value");
        terms.truncate(data_type.codes().into());
        if data_type.has_sign_bit() {
            let (magnitudes, negatives) = terms.split_at_mut(usize::from(data_type.codes() / 2));
            magnitudes
                .iter()
                .zip(negatives)
                .for_each(|(terms, negative)| *negative = negated(terms));
        }
        Self { data_type: data_type.clone(), cycles, terms }
    }

    /// Terms of `code` in a group whose special value has the terms `special`; as many as cycles.
    pub fn terms(&self, code: u16, special: &[Option<SignedTerm>]) -> Terms {
        let code = code & (self.data_type.codes() - 1);
        if self.data_type.special_code() != Some(code) {
            return self.terms[usize::from(code)].clone();
        }
        (0..self.cycles as usize).map(|cycle| special.get(cycle).copied().flatten()).collect()
    }
}

/// The terms of the negated value.
fn negated(terms: &[Option<SignedTerm>]) -> Terms {
    let negated = |term: SignedTerm| SignedTerm { negative: !term.negative, ..term };
    terms.iter().map(|term| term.map(negated)).collect()
}

/// The Booth digits of a two's-complement code, radix 4.
fn booth(data_type: &DataType, code: u16, cycles: u32) -> Terms {
    let value = data_type.value(code, 0);
    let bit = |place: u32| value >> place & 1;
    let digit = |cycle: u32| {
        let low = PLACES_PER_CYCLE * cycle;
        let below = if low == 0 { 0 } else { bit(low - 1) };
        below + bit(low) - 2 * bit(low + 1)
    };
    let term = |digit: i32| {
        let shift = digit.unsigned_abs().checked_ilog2()?;
        Some(SignedTerm { negative: digit < 0, shift })
    };
    (0..cycles).map(digit).map(term).collect()
}

/// The data types of an array whose lanes add terms, numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermArray {
    types: Vec<DataType>,
    reach: u32,
    plans: Vec<TermPlan>,
}

impl TermArray {
    /// Reaches that are built.
    pub const REACH: std::ops::RangeInclusive<u32> = 1..=7;
    /// The largest reach that is chosen without being asked for: shifts of two bits, as published.
    const USUAL_REACH: u32 = 3;

    /// An array for `types`, of which there is at least one, with shifts of up to `reach`.
    pub fn new(types: Vec<DataType>, reach: u32) -> Self {
        let plans = types.iter().map(|data_type| TermPlan::of(data_type, reach)).collect();
        Self { types, reach, plans }
    }

    /// The smallest reach with which no type takes more cycles than with shifts of two bits.
    pub fn least_reach(types: &[DataType]) -> u32 {
        let cycles = |reach| -> Vec<u32> {
            types.iter().map(|data_type| TermPlan::of(data_type, reach).cycles).collect()
        };
        let usual = cycles(Self::USUAL_REACH);
        let reaches = *Self::REACH.start()..Self::USUAL_REACH;
        reaches.into_iter().find(|reach| cycles(*reach) == usual).unwrap_or(Self::USUAL_REACH)
    }

    /// The data types by number.
    pub fn types(&self) -> &[DataType] {
        &self.types
    }

    /// How the codes of each become terms.
    pub fn plans(&self) -> &[TermPlan] {
        &self.plans
    }

    /// The largest shift of a lane.
    pub fn reach(&self) -> u32 {
        self.reach
    }

    /// Width of the widest code.
    pub fn code_bits(&self) -> u32 {
        self.types.iter().map(|data_type| data_type.bits()).max().unwrap_or(0)
    }

    /// Cycles of the slowest type.
    pub fn cycles(&self) -> u32 {
        self.plans.iter().map(|plan| plan.cycles).max().unwrap_or(0)
    }

    /// The place in the list of the first type that takes as many.
    pub fn slowest(&self) -> usize {
        let cycles = self.cycles();
        self.plans.iter().position(|plan| plan.cycles == cycles).unwrap_or(0)
    }

    /// Cycles in which special values have terms; 0 where no type has them.
    pub fn special_cycles(&self) -> u32 {
        let with_special = self.plans.iter().filter(|plan| plan.data_type.special_code().is_some());
        with_special.map(|plan| plan.cycles).max().unwrap_or(0)
    }

    /// Width of the number of a type; 0 for one type.
    pub fn type_bits(&self) -> u32 {
        usize::BITS - (self.types.len() - 1).leading_zeros()
    }

    /// The shifts that terms have, ascending: with special values all of them.
    pub fn used_shifts(&self) -> Vec<u32> {
        let has = |shift: u32| {
            let terms = self.plans.iter().flat_map(|plan| plan.terms.iter().flatten().flatten());
            self.special_cycles() > 0 || terms.clone().any(|term| term.shift == shift)
        };
        (0..=self.reach).filter(|shift| has(*shift)).collect()
    }

    /// Width of a shift.
    pub fn shift_bits(&self) -> u32 {
        u32::BITS - self.reach.leading_zeros()
    }

    /// Bits of what comes before each quantisation group of a column: the number of its type, then the
    /// terms of its special value, that of cycle 0 lowest, each a shift, whether there is a term, and its
    /// sign. 0 where there is nothing to tell.
    pub fn head_bits(&self) -> u32 {
        self.type_bits() + self.special_cycles() * self.term_bits()
    }

    /// Bits of a term in a head.
    pub fn term_bits(&self) -> u32 {
        self.shift_bits() + 2
    }

    /// The terms of `special`, in as many cycles as special values have; `None` if there are none.
    pub fn special_terms(&self, special: i32) -> Option<Terms> {
        terms_of(special, self.special_cycles(), self.reach)
    }

    /// The head of a group of the type numbered `number` with the special value `special`: `None` where
    /// that has no terms.
    pub fn head(&self, number: usize, special: i32) -> Option<u64> {
        let mut head = number as u64;
        for (cycle, term) in self.special_terms(special)?.into_iter().enumerate() {
            let Some(SignedTerm { negative, shift }) = term else { continue };
            let field = u64::from(shift)
                | 1 << self.shift_bits()
                | u64::from(negative) << (self.shift_bits() + 1);
            head |= field << (self.type_bits() + cycle as u32 * self.term_bits());
        }
        Some(head)
    }

    /// The largest magnitude that the terms of a weight add up to, in any number of cycles from the first
    /// on: of special values all that have terms.
    pub fn largest(&self) -> u32 {
        let of_codes = self.plans.iter().flat_map(|plan| plan.terms.iter()).map(|terms| {
            let sums = (1..=terms.len()).map(|cycles| sum_of_terms(&terms[..cycles]));
            sums.map(|sum| sum.unsigned_abs() as u32).max().unwrap_or(0)
        });
        let of_specials = (0..self.special_cycles())
            .map(|cycle| 1u32 << (self.reach + PLACES_PER_CYCLE * cycle))
            .sum();
        of_codes.max().unwrap_or(0).max(of_specials)
    }

    /// The largest sum of the magnitudes of a weight's terms: of special values all that have terms.
    pub fn largest_of_magnitudes(&self) -> u32 {
        let in_place = |cycle: usize, shift: u32| 1u32 << (shift + PLACES_PER_CYCLE * cycle as u32);
        let of_codes = self.plans.iter().flat_map(|plan| plan.terms.iter()).map(|terms| {
            let magnitudes = terms.iter().enumerate();
            magnitudes.filter_map(|(i, term)| Some(in_place(i, (*term)?.shift))).sum()
        });
        let of_specials =
            (0..self.special_cycles() as usize).map(|cycle| in_place(cycle, self.reach)).sum();
        of_codes.max().unwrap_or(0).max(of_specials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codebook;

    #[test]
    fn every_code_is_the_sum_of_its_terms_with_every_special_value_and_reach() {
        for reach in TermArray::REACH {
            for data_type in DataType::ALL {
                let array = TermArray::new(vec![data_type.clone()], reach);
                let plan = &array.plans()[0];
                let specials = match data_type.special_code() {
                    Some(_) => -31..=31,
                    None => 0..=0,
                };
                for special in specials {
                    let Some(terms) = array.special_terms(special) else {
                        assert!(!data_type.special_values().contains(&special));
                        continue;
                    };
                    for code in 0..data_type.codes() {
                        let value = data_type.value(code, special).into();
                        let terms = plan.terms(code, &terms);
                        assert_eq!(sum_of_terms(&terms), value, "{data_type} {code} {special}");
                        assert_eq!(terms.len(), plan.cycles as usize);
                        assert!(terms.iter().flatten().all(|term| term.shift <= reach));
                    }
                }
            }
        }
    }

    #[test]
    fn a_negative_code_has_the_terms_of_its_magnitude_negated() {
        for reach in TermArray::REACH {
            for data_type in DataType::ALL.into_iter().filter(|each| each.has_sign_bit()) {
                let terms = TermPlan::of(&data_type, reach).terms;
                let (magnitudes, negatives) = terms.split_at(terms.len() / 2);
                for (terms, negative) in magnitudes.iter().zip(negatives) {
                    assert_eq!(negated(terms), *negative, "{data_type} {reach}");
                }
            }
        }
    }

    #[test]
    fn types_take_the_published_numbers_of_cycles() {
        // BitMoD, section IV-B: four digits of INT8, three of INT6, two terms of FP4 and FP3.
        let published = [
            (DataType::INT8, 4),
            (DataType::INT6, 3),
            (DataType::INT5, 3),
            (DataType::INT4, 2),
            (DataType::BITMOD_FP4, 2),
            (DataType::BITMOD_FP3, 2),
        ];
        let reach = TermArray::least_reach(&published.clone().map(|(data_type, _)| data_type));
        assert_eq!(reach, 2);
        for (data_type, cycles) in published {
            assert_eq!(TermPlan::of(&data_type, reach).cycles, cycles, "{data_type}");
        }
    }

    #[test]
    fn the_other_types_take_the_cycles_that_are_told() {
        let cycles = |reach| {
            [DataType::FP6_E2M3, DataType::FP6_E3M2, DataType::FP4_E2M1, DataType::NF4]
                .map(|data_type| TermPlan::of(&data_type, reach).cycles)
        };
        let all = [1, 2, 3, 7].map(cycles);
        assert_eq!(all, [[4, 5, 3, 4], [3, 5, 2, 4], [3, 4, 2, 4], [3, 2, 2, 4]]);
    }

    /// Digits other than 0 of the non-adjacent form, which has the fewest of all signed binary digits.
    fn fewest_digits(value: i32) -> u32 {
        let value = value.unsigned_abs();
        (value ^ (3 * value)).count_ones()
    }

    #[test]
    fn no_value_of_a_table_takes_more_terms_than_signed_binary_digits() {
        for reach in 2..=7 {
            for data_type in DataType::ALL.into_iter().filter(|t| !t.is_integer()) {
                let plan = TermPlan::of(&data_type, reach);
                for (code, terms) in plan.terms.iter().enumerate() {
                    let value = data_type.value(code as u16, 0);
                    let count = terms.iter().flatten().count() as u32;
                    assert_eq!(count, fewest_digits(value), "{data_type} {value} at {reach}");
                }
            }
        }
    }

    #[test]
    fn every_value_that_a_codebook_may_have_takes_six_cycles_at_most_and_terms_that_sum_to_it() {
        let most = TermArray::REACH.map(|reach| {
            let mut most = 0;
            for value in 0..=Codebook::LARGEST {
                let list = vec![f64::from(value), 1.0, -f64::from(value), 0.0];
                let codebook = Codebook::new(list, Some(0)).unwrap();
                let plan = TermPlan::of(&codebook.data_type("mine".to_owned()), reach);
                let sums = plan.terms.iter().map(|terms| sum_of_terms(terms));
                let value = i64::from(value);
                assert_eq!(sums.collect::<Vec<i64>>(), [value, 1, -value, 0]);
                assert!(plan.terms.iter().all(|terms| terms.len() == plan.cycles as usize));
                let fewer = [value as i32, 1].map(|value| terms_of(value, plan.cycles - 1, reach));
                assert!(fewer.contains(&None), "{value} in {}", plan.cycles);
                most = most.max(plan.cycles);
            }
            most
        });
        assert_eq!(most.collect::<Vec<u32>>(), [6; 7]);
    }

    #[test]
    fn shifts_that_no_term_has_are_known() {
        let used = |types: &[DataType], reach| TermArray::new(types.to_vec(), reach).used_shifts();
        assert_eq!(used(&[DataType::FP4_E2M1, DataType::FP3_E2M0], 3), [0, 1, 2]);
        assert_eq!(used(&[DataType::INT8], 4), [0, 1]);
        assert_eq!(used(&[DataType::BITMOD_FP3], 4), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn seven_takes_two_terms_and_eleven_three() {
        let count = |value| terms_of(value, 3, 3).map(|terms| terms.iter().flatten().count());
        assert_eq!(
            [count(7), count(11), count(0), count(1 << 9)],
            [Some(2), Some(3), Some(0), None]
        );
        assert_eq!(terms_of(11, 2, 2), None);
    }

    #[test]
    fn a_head_tells_type_and_special_value() {
        let array = TermArray::new(vec![DataType::BITMOD_FP4, DataType::INT6], 2);
        assert_eq!((array.head_bits(), array.code_bits(), array.cycles()), (9, 6, 3));
        // 10 = 2 + 2 * 4: shift 1 twice, both present and positive.
        assert_eq!(array.head(0, 10), Some(0b0_1010_1010));
        assert_eq!(array.head(1, -16), Some(0b1_1100_0001));
        assert_eq!(array.head(0, 11), None);
        assert_eq!(TermArray::new(vec![DataType::INT4], 1).head_bits(), 0);
    }

    #[test]
    fn no_part_of_a_weight_exceeds_the_largest_magnitude() {
        assert_eq!(TermArray::new(vec![DataType::INT8], 1).largest(), 128);
        // Any two terms of shift 2.
        assert_eq!(TermArray::new(vec![DataType::BITMOD_FP4], 2).largest(), 20);
        assert_eq!(TermArray::new(vec![DataType::NF4], 3).largest(), 64);
    }
}
