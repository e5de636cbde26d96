//! How far a layer's outputs are from what they approximate.

use bitplane_weights::Matrix;

/// The real weights that outputs are compared with.
#[derive(Debug)]
pub struct Reference {
    /// Weights [output channels, input channels].
    pub weights: Matrix,
    /// What they are, for people and programs.
    pub what: &'static str,
}

/// Differences between a layer's outputs and real activations times reference weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerError {
    /// What the reference weights are.
    pub against: &'static str,
    /// Mean of the absolute differences.
    pub mean: f64,
    /// Largest absolute difference.
    pub max: f64,
    /// Sum of squared differences over sum of squared reference outputs; 0 where both are 0.
    pub nmse: f64,
}

impl LayerError {
    /// The error of `outputs` [tokens, output channels] for real `activations` [tokens, inputs].
    pub fn of(outputs: &[f64], activations: &Matrix, reference: &Reference) -> Self {
        let channels = reference.weights.rows();
        let exact = (0..activations.rows()).flat_map(|token| {
            (0..channels)
                .map(move |channel| dot(activations.row(token), reference.weights.row(channel)))
        });
        let mut sums = Sums::default();
        outputs.iter().zip(exact).for_each(|(output, exact)| sums.add(*output, exact));
        sums.finish(reference.what)
    }
}

fn dot(left: &[f32], right: &[f32]) -> f64 {
    left.iter().zip(right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum()
}

#[derive(Default)]
struct Sums {
    count: u64,
    absolute: f64,
    squared: f64,
    energy: f64,
    max: f64,
}

impl Sums {
    fn add(&mut self, output: f64, exact: f64) {
        let difference = (output - exact).abs();
        self.count += 1;
        self.absolute += difference;
        self.squared += difference * difference;
        self.energy += exact * exact;
        self.max = self.max.max(difference);
    }

    fn finish(self, against: &'static str) -> LayerError {
        let nmse = if self.squared == 0.0 { 0.0 } else { self.squared / self.energy };
        LayerError { against, mean: self.absolute / self.count.max(1) as f64, max: self.max, nmse }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_that_of_the_exact_product() {
        let activations = Matrix::new(1, 2, vec![1.0, 2.0]).unwrap();
        let weights = Matrix::new(2, 2, vec![1.0, 1.0, -1.0, 0.5]).unwrap();
        let reference = Reference { weights, what: "test" };
        let error = LayerError::of(&[4.0, 0.0], &activations, &reference);
        assert_eq!((error.mean, error.max), (0.5, 1.0));
        assert!((error.nmse - 1.0 / 9.0).abs() < 1e-12);
    }
}
