//! Sums of look-ups, every one of them rounded.

use crate::Run;
use crate::discrete::{add, added_in_pairs};
use bitplane_formats::{FloatFormat, Term};
use bitplane_spec::Spec;
use rayon::prelude::*;

/// The results of a run in which every entry of a table and every sum is rounded to `sum`: codes of it.
pub(crate) fn look_up_results(spec: &Spec, run: &Run, sum: FloatFormat) -> Vec<i128> {
    assert_eq!(run.activations.len(), run.rows * run.elements, "shape of the activations");
    assert_eq!(run.codes.len(), run.columns * run.elements, "shape of the codes");
    let activation = spec.float.expect("activations are floating point").format;
    let result = |lane: usize| {
        let activations = run.row(lane / run.columns);
        let activations = activations.iter().map(|a| sum.rounded(activation.term(*a as u32)));
        let codes = &run.codes[lane % run.columns * run.elements..][..run.elements];
        i128::from(total(spec, run, sum, &activations.collect::<Vec<_>>(), codes))
    };
    (0..run.rows * run.columns).into_par_iter().map(result).collect()
}

/// The sum over all k-steps of one row and column, from +0 on: in each of them plane by plane.
fn total(spec: &Spec, run: &Run, sum: FloatFormat, activations: &[u32], codes: &[u16]) -> u32 {
    let step = spec.elements_per_step() as usize;
    let steps = activations.chunks(step).zip(codes.chunks(step));
    steps.fold(0, |total, (activations, codes)| {
        let weight = run.weight;
        (0..weight.planes()).fold(total, |total, plane| {
            let signs: Vec<i32> =
                codes.iter().map(|code| weight.plane_factor(*code, plane)).collect();
            add(sum, total, looked_up(spec, sum, activations, &signs, plane))
        })
    })
}

/// What the look-ups of one plane of a k-step add up to: the entries of the groups, counted 2^`plane`, added two by
/// two.
fn looked_up(spec: &Spec, sum: FloatFormat, activations: &[u32], signs: &[i32], plane: u32) -> u32 {
    let k = spec.tile.k as usize;
    let entries = (0..spec.tile.groups as usize).map(|group| {
        // Places behind the last element hold zeros.
        let element = |i: usize| activations.get(group * k + i).copied().unwrap_or(0);
        let sign = |i: usize| signs.get(group * k + i).copied().unwrap_or(1);
        let signed: Vec<Option<u32>> = (0..k).map(|i| signed(sum, element(i), sign(i))).collect();
        let entry = entry(sum, &signed).unwrap_or(0);
        sum.rounded(sum.term(entry).times(Term::integer(1 << plane)))
    });
    added_in_pairs(sum, entries.collect())
}

fn signed(sum: FloatFormat, element: u32, sign: i32) -> Option<u32> {
    match sign {
        0 => None,
        1 => Some(element),
        _ => Some(sum.negated(element)),
    }
}

/// The sum of the elements that are not left out: that of the lower half of them and that of the upper half, rounded.
fn entry(sum: FloatFormat, elements: &[Option<u32>]) -> Option<u32> {
    if let [element] = elements {
        return *element;
    }
    let (lower, upper) = elements.split_at(elements.len() / 2);
    match (entry(sum, lower), entry(sum, upper)) {
        (Some(lower), Some(upper)) => Some(add(sum, upper, lower)),
        (lower, upper) => lower.or(upper),
    }
}
