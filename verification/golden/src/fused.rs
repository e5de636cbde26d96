use crate::Run;
use bitplane_formats::{Number, ProductFormat};
use bitplane_spec::Spec;
use rayon::prelude::*;

/// The results of a run in which floating-point numbers are multiplied: codes of the result format.
pub(crate) fn fused_results(spec: &Spec, run: &Run, format: ProductFormat) -> Vec<i128> {
    assert_eq!(run.activations.len(), run.rows * run.elements, "shape of the activations");
    assert_eq!(run.codes.len(), run.columns * run.elements, "shape of the codes");
    let step = spec.elements_per_step() as usize;
    let result = |lane: usize| {
        let activations = run.row(lane / run.columns);
        let codes = &run.codes[lane % run.columns * run.elements..][..run.elements];
        let smallest = spec.product_word().map_or(0, |word| word.smallest_exponent);
        let mut sum = FusedSum { largest: smallest, ..FusedSum::default() };
        for (activations, codes) in activations.chunks(step).zip(codes.chunks(step)) {
            sum.add(format, activations, codes);
        }
        sum.rounded(spec, format).into()
    };
    (0..run.rows * run.columns).into_par_iter().map(result).collect()
}

/// A sum of aligned products.
#[derive(Clone, Copy, Debug, Default)]
struct FusedSum {
    /// Largest exponent of a product so far.
    largest: u32,
    sum: i128,
    /// The sum in IEEE 754 of the products that are no numbers, and of zeros for the others.
    special: f64,
}

impl FusedSum {
    /// Adds the products of one k-step.
    fn add(&mut self, format: ProductFormat, activations: &[i32], codes: &[u16]) {
        let mut numbers: Vec<(Number, Number)> = Vec::with_capacity(codes.len());
        for (activation, code) in activations.iter().zip(codes) {
            let (activation, code) = (*activation as u32, u32::from(*code));
            match (format.activation().decode(activation), format.weight().decode(code)) {
                (Some(activation), Some(weight)) => numbers.push((activation, weight)),
                _ => {
                    self.special +=
                        format.activation().to_f64(activation) * format.weight().to_f64(code);
                }
            }
        }
        let exponents = numbers.iter().map(|(a, w)| format.exponent(*a, *w));
        let largest = exponents.max().unwrap_or(0).max(self.largest);
        self.sum >>= (largest - self.largest).min(127);
        self.largest = largest;
        let aligned = numbers.iter().map(|(a, w)| i128::from(format.align(*a, *w, largest)));
        self.sum += aligned.sum::<i128>();
    }

    fn rounded(self, spec: &Spec, format: ProductFormat) -> u32 {
        let result = spec.float.expect("activations are floating point").result;
        match self.special == 0.0 {
            true => {
                result.round(self.sum < 0, self.sum.unsigned_abs(), format.quantum(self.largest))
            }
            false => result.of_f64(self.special),
        }
    }
}
