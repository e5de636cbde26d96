//! Data types given as the list of their values.

use std::ops::RangeInclusive;

use crate::DataType;

/// The values of the codes of a data type, in order, on a fixed-point grid: the nearest multiples of
/// 2^-fraction_bits, of two as near the one further from zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Codebook {
    values: Vec<f64>,
    fraction_bits: u32,
    units: Vec<i32>,
}

/// Why values are none of a data type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CodebookFault {
    /// There are not as many as codes of some width.
    Count,
    /// The value at this place is an infinity or no number.
    NotFinite(usize),
    /// All are zero on the grid.
    OnlyZeros,
    /// No grid that is built has all of them, so that its step must be told.
    NoExactGrid,
    /// The value at this place is more than [`Codebook::LARGEST`] units.
    TooLarge(usize),
}

impl Codebook {
    /// Bits of a code.
    pub const BITS: RangeInclusive<u32> = 2..=6;
    /// Bits behind the point.
    pub const FRACTION_BITS: RangeInclusive<u32> = 0..=10;
    /// The largest magnitude in units: ten bits, which take six terms at most.
    pub const LARGEST: i32 = (1 << 10) - 1;

    /// The values of the codes from 0 on, on the grid of `fraction_bits`, which is one of
    /// [`Codebook::FRACTION_BITS`]; without it on the coarsest that has all of them.
    ///
    /// # Errors
    /// The first [`CodebookFault`].
    pub fn new(values: Vec<f64>, fraction_bits: Option<u32>) -> Result<Self, CodebookFault> {
        let is_count = |bits: u32| values.len() == 1 << bits;
        if !Self::BITS.into_iter().any(is_count) {
            return Err(CodebookFault::Count);
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(CodebookFault::NotFinite(place));
        }
        let is_exact = |bits: &u32| values.iter().all(|value| units(*value, *bits).fract() == 0.0);
        let fraction_bits = fraction_bits
            .or_else(|| Self::FRACTION_BITS.into_iter().find(is_exact))
            .ok_or(CodebookFault::NoExactGrid)?;
        let rounded: Vec<f64> =
            values.iter().map(|value| units(*value, fraction_bits).round()).collect();
        let is_too_large = |value: &f64| value.abs() > f64::from(Self::LARGEST);
        if let Some(place) = rounded.iter().position(is_too_large) {
            return Err(CodebookFault::TooLarge(place));
        }
        if rounded.iter().all(|value| *value == 0.0) {
            return Err(CodebookFault::OnlyZeros);
        }
        let units = rounded.into_iter().map(|value| value as i32).collect();
        Ok(Self { values, fraction_bits, units })
    }

    /// Bits behind the point.
    pub fn fraction_bits(&self) -> u32 {
        self.fraction_bits
    }

    /// The largest distance of a value from its place on the grid.
    pub fn largest_error(&self) -> f64 {
        let step = 0.5f64.powi(self.fraction_bits as i32);
        let errors = self.values.iter().zip(&self.units);
        errors.map(|(value, units)| (value - f64::from(*units) * step).abs()).fold(0.0, f64::max)
    }

    /// The data type with these values, called `name`.
    pub fn data_type(self, name: String) -> DataType {
        DataType::of_codebook(name, self.fraction_bits, self.units)
    }
}

/// `value` in units of 2^-fraction_bits.
fn units(value: f64, fraction_bits: u32) -> f64 {
    value * f64::from(1u32 << fraction_bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_on_the_coarsest_grid_that_has_them_or_on_the_one_that_is_told() {
        let coarsest = Codebook::new(vec![0.0, 0.75, -1.5, 2.0], None).unwrap();
        assert_eq!((coarsest.fraction_bits(), coarsest.largest_error()), (2, 0.0));
        let data_type = coarsest.data_type("mine".to_owned());
        assert_eq!((data_type.name(), data_type.bits(), data_type.codes()), ("mine", 2, 4));
        assert_eq!([0, 1, 2, 3].map(|code| data_type.value(code, 9)), [0, 3, -6, 8]);
        assert_eq!((data_type.special_code(), data_type.has_sign_bit()), (None, false));

        let told = Codebook::new(vec![0.3, 0.75, -1.5, 2.0], Some(1)).unwrap();
        assert_eq!(told.largest_error(), 0.25);
        let data_type = told.data_type("mine".to_owned());
        assert_eq!([0, 1, 2, 3].map(|code| data_type.value(code, 0)), [1, 2, -3, 4]);
    }

    #[test]
    fn what_is_no_list_of_values_is_told() {
        let fault = |values: &[f64], bits| Codebook::new(values.to_vec(), bits).unwrap_err();
        assert_eq!(fault(&[1.0; 3], None), CodebookFault::Count);
        assert_eq!(fault(&[1.0, 2.0], None), CodebookFault::Count);
        assert_eq!(fault(&[1.0; 128], None), CodebookFault::Count);
        assert_eq!(fault(&[1.0, f64::NAN, 0.0, 0.0], Some(1)), CodebookFault::NotFinite(1));
        assert_eq!(fault(&[0.1, 0.0, 1.0, 2.0], None), CodebookFault::NoExactGrid);
        assert_eq!(fault(&[0.2, 0.0, 0.1, 0.0], Some(1)), CodebookFault::OnlyZeros);
        assert_eq!(fault(&[1.0, 0.0, -1024.0, 0.0], None), CodebookFault::TooLarge(2));
        assert!(Codebook::new(vec![1.0, 0.0, -1023.0, 0.0], None).is_ok());
    }
}
