//! One quantisation group on the values of one data type.

use super::value_set::ValueSet;

/// The weights of a group as codes of one data type.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFit {
    /// The group's special value in units of the data type; 0 where it has none.
    pub special: i32,
    /// What a unit of the data type stands for: above zero, but nothing where all weights are zero and no value is.
    pub step: f64,
    /// Sum of the squared differences from the weights.
    pub squared_error: f64,
    /// A code for each weight.
    pub codes: Vec<u8>,
}

impl GroupFit {
    /// `span` with the special value of `sets` that leaves the least squared error; the first of equals.
    /// Scales are such that the largest magnitude of the span is the largest of the set; that of zeros
    /// is [`ValueSet::step_of_zeros`].
    pub(super) fn best(sets: &[ValueSet], span: &[f32]) -> Self {
        let largest =
            span.iter().fold(0.0, |largest: f64, &weight| largest.max(weight.abs().into()));
        let step = |set: &ValueSet| match largest {
            0.0 => set.step_of_zeros(),
            largest => largest / f64::from(set.largest()),
        };
        let mut best: Option<Self> = None;
        for set in sets {
            let fit = Self::at(set, span, step(set));
            if best.as_ref().is_none_or(|best| fit.squared_error < best.squared_error) {
                best = Some(fit);
            }
        }
        best.expect("a type has a set of values")
    }

    /// `span` on the values of `set` times `step`.
    pub(super) fn at(set: &ValueSet, span: &[f32], step: f64) -> Self {
        let mut squared_error = 0.0;
        let codes = span.iter().map(|&weight| {
            let weight = f64::from(weight);
            let (value, code) = set.nearest(if step > 0.0 { weight / step } else { 0.0 });
            let difference = weight - f64::from(value) * step;
            squared_error += difference * difference;
            code
        });
        let codes = codes.collect();
        Self { special: set.special(), step, squared_error, codes }
    }
}
