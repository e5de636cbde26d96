use crate::Run;
use bitplane_formats::{FloatFormat, Term};
use bitplane_spec::Spec;
use rayon::prelude::*;

/// The results of a run in which every product and every sum is rounded to `sum`: codes of it; with pairs of
/// weights both sums, that of the first lowest.
pub(crate) fn discrete_results(spec: &Spec, run: &Run, sum: FloatFormat) -> Vec<i128> {
    assert_eq!(run.activations.len(), run.rows * run.elements, "shape of the activations");
    assert_eq!(run.codes.len(), run.columns * run.elements, "shape of the codes");
    let result = |lane: usize| {
        let activations = run.row(lane / run.columns);
        let codes = &run.codes[lane % run.columns * run.elements..][..run.elements];
        (0..run.weight.per_code()).rev().fold(0, |above, which| {
            let weights = codes.iter().map(|code| weight_of(spec, run, *code, which as usize));
            let total = rounded_sum(spec, sum, activations, &weights.collect::<Vec<_>>());
            above << sum.bits() | i128::from(total)
        })
    };
    (0..run.rows * run.columns).into_par_iter().map(result).collect()
}

/// The sum of the products of `activations` and `weights`, step by step.
fn rounded_sum(spec: &Spec, sum: FloatFormat, activations: &[i32], weights: &[Term]) -> u32 {
    let activation = spec.float.expect("activations are floating point").format;
    let step = spec.elements_per_step() as usize;
    let steps = activations.chunks(step).zip(weights.chunks(step));
    steps.fold(0, |total, (activations, weights)| {
        let pairs = activations.iter().zip(weights);
        let products =
            pairs.map(|(a, weight)| sum.rounded(activation.term(*a as u32).times(*weight)));
        // Places behind the last element hold zeros.
        let mut products: Vec<u32> = products.collect();
        products.resize(step, 0);
        add(sum, total, added_in_pairs(sum, products))
    })
}

/// A weight of `code`, the one numbered `which`: the number of a code, or a two's-complement integer.
fn weight_of(spec: &Spec, run: &Run, code: u16, which: usize) -> Term {
    if let Some(float) = run.weight.float() {
        return float.term(code.into());
    }
    let code = run.weight.codes_in(code).nth(which).expect("a code has its weights");
    Term::integer(spec.weight_reading().value(run.weight.each(), code))
}

/// The sum of neighbours, then of neighbouring sums, and so on; `codes` are a power of two in number.
pub(crate) fn added_in_pairs(sum: FloatFormat, mut codes: Vec<u32>) -> u32 {
    while codes.len() > 1 {
        codes = codes.chunks(2).map(|pair| add(sum, pair[0], pair[1])).collect();
    }
    codes[0]
}

pub(crate) fn add(sum: FloatFormat, augend: u32, addend: u32) -> u32 {
    sum.add(augend, sum.term(addend))
}
