//! The values that a weight of a quantisation group can have.

use bitplane_formats::DataType;

/// The values of a data type with one special value, ascending, each with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueSet {
    special: i32,
    values: Vec<(i32, u8)>,
}

impl ValueSet {
    /// The values of `data_type` in a group whose special value is `special`. Integers are symmetric:
    /// the most negative one is left out.
    pub fn new(data_type: &DataType, special: i32) -> Self {
        let most_negative = (data_type.is_integer()).then(|| -(1 << (data_type.bits() - 1)));
        let of_code = |code: u16| (data_type.value(code, special), code as u8);
        let mut values: Vec<(i32, u8)> = (0..data_type.codes())
            .map(of_code)
            .filter(|(value, _)| Some(*value) != most_negative)
            .collect();
        // Of equal values the first code stays.
        values.sort_unstable();
        values.dedup_by_key(|(value, _)| *value);
        Self { special, values }
    }

    /// The special value.
    pub fn special(&self) -> i32 {
        self.special
    }

    /// The largest magnitude.
    pub fn largest(&self) -> i32 {
        self.values.iter().map(|(value, _)| value.abs()).max().unwrap_or(0)
    }

    /// The step of weights that are all zero: 1, or nothing where no value is zero.
    pub fn step_of_zeros(&self) -> f64 {
        if self.nearest(0.0).0 == 0 { 1.0 } else { 0.0 }
    }

    /// The value nearest to `x` and its code: of two as near the lower.
    pub fn nearest(&self, x: f64) -> (i32, u8) {
        let is_above_middle = |pair: &[(i32, u8)]| f64::from(pair[0].0 + pair[1].0) / 2.0 < x;
        let above = self.values.windows(2).take_while(|pair| is_above_middle(pair)).count();
        self.values[above]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::Codebook;

    #[test]
    fn values_are_ascending_with_the_special_one_in_its_place() {
        let set = ValueSet::new(&DataType::BITMOD_FP3, -6);
        let values: Vec<i32> = set.values.iter().map(|(value, _)| *value).collect();
        assert_eq!(values, [-6, -4, -2, -1, 0, 1, 2, 4]);
        assert_eq!((set.largest(), set.special()), (6, -6));
    }

    #[test]
    fn integers_are_symmetric() {
        let set = ValueSet::new(&DataType::INT3, 0);
        assert_eq!(set.values.first(), Some(&(-3, 5)));
        assert_eq!(set.values.len(), 7);
    }

    #[test]
    fn a_tie_goes_to_the_lower_value_and_everything_beyond_the_ends_to_them() {
        let set = ValueSet::new(&DataType::BITMOD_FP3, 3);
        let nearest = [-9.0, -3.0, -0.5, 0.5, 0.6, 3.5, 3.6, 9.0].map(|x| set.nearest(x).0);
        assert_eq!(nearest, [-4, -4, -1, 0, 1, 3, 4, 4]);
    }

    #[test]
    fn zeros_have_a_step_of_nothing_where_no_value_is_zero() {
        let step = |values: [f64; 4]| {
            let codebook = Codebook::new(values.to_vec(), None).unwrap();
            ValueSet::new(&codebook.data_type("mine".to_owned()), 0).step_of_zeros()
        };
        assert_eq!(step([-1.0, 0.0, 1.0, 2.0]), 1.0);
        assert_eq!(step([-1.5, -0.5, 0.5, 1.5]), 0.0);
    }

    #[test]
    fn every_value_has_a_code_that_stands_for_it() {
        for data_type in DataType::ALL {
            for special in [0, 5, -7] {
                let set = ValueSet::new(&data_type, special);
                for (value, code) in &set.values {
                    assert_eq!(data_type.value((*code).into(), special), *value, "{data_type}");
                    assert_eq!(set.nearest((*value).into()), (*value, *code), "{data_type}");
                }
            }
        }
    }
}
