//! Quantisers to compare with, whose weights no core here takes: errors alone.

use bitplane_formats::DataType;

use super::group_fit::GroupFit;
use super::value_set::ValueSet;
use crate::grid::extent;

/// A quantiser of which only the error is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Integers of so many bits with a zero point: the range of the span and zero in 2^bits - 1 steps, of
    /// which zero is one.
    Asymmetric(u32),
    /// OCP MX: the step is a power of two, that of the span's largest magnitude over that of the type's
    /// largest value; what lies beyond the largest value becomes it.
    Mx(DataType),
}

impl Baseline {
    /// Sum of the squared differences that it leaves in `span`.
    pub fn squared_error(&self, span: &[f32]) -> f64 {
        match self {
            Self::Asymmetric(bits) => asymmetric(*bits, span),
            Self::Mx(data_type) => mx(data_type, span),
        }
    }
}

fn asymmetric(bits: u32, span: &[f32]) -> f64 {
    let (least, greatest) = extent(span);
    let top = f64::from((1u32 << bits) - 1);
    let step = (greatest - least) / top;
    if step == 0.0 {
        return 0.0;
    }
    let zero = (-least / step).round_ties_even();
    let difference = |&weight: &f32| {
        let weight = f64::from(weight);
        let code = ((weight / step).round_ties_even() + zero).clamp(0.0, top);
        weight - (code - zero) * step
    };
    span.iter().map(difference).map(|difference| difference * difference).sum()
}

fn mx(data_type: &DataType, span: &[f32]) -> f64 {
    let set = ValueSet::new(data_type, 0);
    let (least, greatest) = extent(span);
    let largest = greatest.max(-least);
    if largest == 0.0 {
        return 0.0;
    }
    let exponent = largest.log2().floor() - f64::from(set.largest()).log2().floor();
    GroupFit::at(&set, span, exponent.exp2()).squared_error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asymmetric_integers_hold_zero_and_both_ends() {
        let exact = Baseline::Asymmetric(2).squared_error(&[-1.0, 0.0, 1.0, 2.0]);
        assert_eq!(exact, 0.0);
        // Zero belongs to the range: steps of 1, and 2.25 is a quarter of one away.
        assert_eq!(Baseline::Asymmetric(2).squared_error(&[3.0, 2.25]), 0.0625);
        assert_eq!(Baseline::Asymmetric(3).squared_error(&[0.0; 4]), 0.0);
    }

    #[test]
    fn an_mx_block_has_a_power_of_two_and_clips_what_lies_beyond_six_of_them() {
        let mx = Baseline::Mx(DataType::FP4_E2M1);
        assert_eq!(mx.squared_error(&[6.0, -3.0, 0.5]), 0.0);
        // 7.5 is below 8 = 2^3, so that the step is that of 6.
        assert_eq!(mx.squared_error(&[7.5, 1.0]), 2.25);
        assert_eq!(mx.squared_error(&[0.0]), 0.0);
    }
}
