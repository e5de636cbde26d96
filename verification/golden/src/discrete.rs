use crate::Run;
use bitplane_formats::{FloatFormat, Term};
use bitplane_spec::Spec;
use rayon::prelude::*;

/// The results of a run in which every product and every sum is rounded to `sum`: codes of it.
pub(crate) fn discrete_results(spec: &Spec, run: &Run, sum: FloatFormat) -> Vec<i128> {
    assert_eq!(run.activations.len(), run.rows * run.elements, "shape of the activations");
    assert_eq!(run.codes.len(), run.columns * run.elements, "shape of the codes");
    let activation = spec.float.expect("activations are floating point").format;
    let step = spec.elements_per_step() as usize;
    let result = |lane: usize| {
        let activations = run.row(lane / run.columns);
        let codes = &run.codes[lane % run.columns * run.elements..][..run.elements];
        let steps = activations.chunks(step).zip(codes.chunks(step));
        let total = steps.fold(0, |total, (activations, codes)| {
            let pairs = activations.iter().zip(codes);
            let products = pairs.map(|(a, code)| {
                sum.rounded(activation.term(*a as u32).times(weight_of(spec, run, *code)))
            });
            // Places behind the last element hold zeros.
            let mut products: Vec<u32> = products.collect();
            products.resize(step, 0);
            add(sum, total, added_in_pairs(sum, products))
        });
        total.into()
    };
    (0..run.rows * run.columns).into_par_iter().map(result).collect()
}

/// A weight: the number of a code, or a two's-complement integer.
fn weight_of(spec: &Spec, run: &Run, code: u16) -> Term {
    match run.weight.float() {
        Some(float) => float.term(code.into()),
        None => Term::integer(spec.weight_reading().value(run.weight, code)),
    }
}

/// The sum of neighbours, then of neighbouring sums, and so on; `codes` are a power of two in number.
fn added_in_pairs(sum: FloatFormat, mut codes: Vec<u32>) -> u32 {
    while codes.len() > 1 {
        codes = codes.chunks(2).map(|pair| add(sum, pair[0], pair[1])).collect();
    }
    codes[0]
}

fn add(sum: FloatFormat, augend: u32, addend: u32) -> u32 {
    sum.add(augend, sum.term(addend))
}
