//! Activations as integers with one scale per token.

use bitplane_formats::IntegerFormat;
use bitplane_spec::Problem;

use crate::matrix::{Matrix, nmse};
use crate::quantise::representable;

/// Activations as integers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedActivations {
    /// The integers' format.
    pub format: IntegerFormat,
    /// Tokens.
    pub rows: usize,
    /// Channels.
    pub columns: usize,
    /// Integers, row-major, in -(2^(a-1) - 1) to 2^(a-1) - 1.
    pub values: Vec<i32>,
    /// One scale per token, above 0.
    pub scales: Vec<f32>,
}

impl QuantisedActivations {
    /// The real activations that the integers stand for, row-major.
    pub fn dequantise(&self) -> Vec<f32> {
        let tokens = self.values.chunks(self.columns.max(1)).zip(&self.scales);
        tokens.flat_map(|(values, &scale)| values.iter().map(move |&v| v as f32 * scale)).collect()
    }

    /// Normalised mean square error against the original.
    pub fn nmse(&self, original: &Matrix) -> f64 {
        nmse(original.data(), &self.dequantise())
    }
}

/// Quantises the matrix [tokens, channels] per token: scale = absmax / (2^(a-1) - 1), rounded to
/// the nearest integer, ties to even. A token of zeros has scale 1.
///
/// # Errors
/// `activation-format` for a width outside [`IntegerFormat::ACTIVATION_BITS`].
pub fn quantise_activations(
    activations: &Matrix,
    format: IntegerFormat,
) -> Result<QuantisedActivations, Problem> {
    if !IntegerFormat::ACTIVATION_BITS.contains(&format.bits()) {
        return Err(unsupported(format));
    }
    let largest = format.max() as f64;
    let scales: Vec<f32> =
        (0..activations.rows()).map(|row| token_scale(activations.row(row), largest)).collect();
    let integer = |activation: f32, scale: f32| {
        let nearest = (f64::from(activation) / f64::from(scale)).round_ties_even();
        nearest.clamp(-largest, largest) as i32
    };
    let tokens = activations.data().chunks(activations.columns()).zip(&scales);
    let values = tokens.flat_map(|(token, &scale)| token.iter().map(move |&a| integer(a, scale)));
    Ok(QuantisedActivations {
        format,
        rows: activations.rows(),
        columns: activations.columns(),
        values: values.collect(),
        scales,
    })
}

fn token_scale(token: &[f32], largest: f64) -> f32 {
    match token.iter().fold(0.0f32, |most, activation| most.max(activation.abs())) {
        0.0 => 1.0,
        most => representable(f64::from(most) / largest),
    }
}

fn unsupported(format: IntegerFormat) -> Problem {
    let legal = IntegerFormat::ACTIVATION_BITS;
    Problem::new(
        "activation-format",
        "activation.format",
        format!(
            "{format} activations cannot be quantised; legal are int{} to int{}",
            legal.start(),
            legal.end()
        ),
        "use int8",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn int(bits: u32) -> IntegerFormat {
        IntegerFormat::new(bits).unwrap()
    }

    #[test]
    fn the_largest_magnitude_of_a_token_becomes_the_largest_integer() {
        let activations = Matrix::new(2, 3, vec![1.0, -127.0, 0.5, 2.54, 0.0, -0.01]).unwrap();
        let quantised = quantise_activations(&activations, int(8)).unwrap();
        assert_eq!(quantised.scales, [1.0, 0.02]);
        assert_eq!(quantised.values, [1, -127, 0, 127, 0, 0]);
    }

    #[test]
    fn a_token_of_zeros_has_scale_one() {
        let activations = Matrix::new(1, 2, vec![0.0, -0.0]).unwrap();
        let quantised = quantise_activations(&activations, int(8)).unwrap();
        assert_eq!((quantised.scales, quantised.values), (vec![1.0], vec![0, 0]));
    }

    #[test]
    fn a_width_that_is_not_built_is_refused() {
        let activations = Matrix::new(1, 1, vec![1.0]).unwrap();
        let problem = quantise_activations(&activations, int(17)).unwrap_err();
        insta::assert_snapshot!(problem, @"int17 activations cannot be quantised; legal are int2 to int16");
    }

    proptest! {
        #[test]
        fn an_activation_is_off_by_half_a_step_at_most(
            token in proptest::collection::vec(-1e3f32..1e3, 1..50),
            bits in 2u32..=16,
        ) {
            let activations = Matrix::new(1, token.len(), token.clone()).unwrap();
            let quantised = quantise_activations(&activations, int(bits)).unwrap();
            // The scale itself is rounded to F32.
            let half_step = quantised.scales[0] * 0.51;
            for (before, after) in token.iter().zip(quantised.dequantise()) {
                prop_assert!((before - after).abs() <= half_step);
            }
        }

        #[test]
        fn subnormal_tokens_stay_in_range(bits in 2u32..=16, ulps in 1u32..1000) {
            let activations = Matrix::new(1, 1, vec![f32::from_bits(ulps)]).unwrap();
            let quantised = quantise_activations(&activations, int(bits)).unwrap();
            prop_assert!(i128::from(quantised.values[0]) <= int(bits).max());
        }
    }
}
