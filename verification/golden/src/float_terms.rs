use crate::Run;
use crate::groups::{GroupType, ZeroPoints};
use bitplane_formats::{CycleTerm, ScaleFormat, Term, TermArray, TermPlan, TermSum, Terms};
use bitplane_spec::Spec;

/// The results of a run whose groups have sums that are rounded in every cycle: each times its scale is
/// added to the result so far, first +0, with one rounding.
pub(crate) fn rounded_term_results(spec: &Spec, run: &Run, sums: TermSum) -> Vec<i128> {
    let (ZeroPoints::PerGroup(groups), Some(terms), Some(scale), Some(result)) =
        (&run.zero_points, spec.terms(), spec.scale(), spec.result_format())
    else {
        panic!("quantisation groups without scales");
    };
    let of_a_column = run.elements.div_ceil(groups.size);
    assert_eq!(groups.scales.len(), run.columns * of_a_column, "shape of the scales");
    assert_eq!(groups.types.len(), run.columns * of_a_column, "shape of the data types");
    let lanes = (0..run.rows).flat_map(|row| (0..run.columns).map(move |column| (row, column)));
    let of_lane = |(row, column): (usize, usize)| {
        let codes = &run.codes[column * run.elements..][..run.elements];
        let parts = run.row(row).chunks(groups.size).zip(codes.chunks(groups.size));
        let code = parts.enumerate().fold(0, |code, (group, (activations, codes))| {
            let at = column * of_a_column + group;
            let weights = Weights::of(terms, groups.types[at], codes);
            let sum = group_sum(sums, spec.elements_per_step() as usize, activations, &weights);
            result.add(code, scaled(sums, sum, scale, groups.scales[at]))
        });
        code.into()
    };
    lanes.map(of_lane).collect()
}

/// A group's sum times its scale.
fn scaled(sums: TermSum, sum: u32, scale: ScaleFormat, code: u32) -> Term {
    let value = sums.value(sum);
    value.map_or(Term::Nan, |(significand, exponent)| scale.term(significand, code, exponent))
}

/// The terms of a group's weights.
struct Weights {
    cycles: u32,
    terms: Vec<Terms>,
}

impl Weights {
    fn of(terms: &TermArray, group: GroupType, codes: &[u16]) -> Self {
        let plan: &TermPlan = &terms.plans()[group.number];
        let special = terms.special_terms(group.special).expect("special values have terms");
        let terms = codes.iter().map(|code| plan.terms(*code, &special)).collect();
        Self { cycles: plan.cycles, terms }
    }
}

/// The sum of a group, `step` elements at a time and all cycles of these before the next; from +0.
fn group_sum(sums: TermSum, step: usize, activations: &[i32], weights: &Weights) -> u32 {
    let steps = activations.chunks(step).zip(weights.terms.chunks(step));
    steps.fold(0, |total, (activations, terms)| {
        (0..weights.cycles).fold(total, |total, cycle| {
            let pairs = activations.iter().zip(terms);
            let elements: Vec<CycleTerm> =
                pairs.map(|(code, terms)| (*code as u32, terms[cycle as usize])).collect();
            sums.add(total, sums.of_cycle(&elements, cycle))
        })
    })
}
