//! Sums of look-ups in tables whose entries are rounded to 8 bits.

use crate::Run;
use crate::groups::{ZeroPoints, integers};
use crate::policy::Policy;
use bitplane_formats::{QuantisedEntry, WeightFormat, ZeroPoint, plane_bit};
use bitplane_spec::{Spec, ZeroPointMode};
use rayon::prelude::*;

/// The sums of `run`, `[rows * columns]`, row-major: in units of each row's block where activations are floating
/// point.
pub(crate) fn quantised_sums(spec: &Spec, run: &Run, entry: QuantisedEntry) -> Vec<i128> {
    let policy = Policy::of(spec);
    let size = match &run.zero_points {
        ZeroPoints::Constant(_) => run.elements.max(1),
        ZeroPoints::PerGroup(groups) => groups.size,
    };
    let rows: Vec<Vec<i64>> = (0..run.rows).map(|row| integers(spec, run, row, size).0).collect();
    let sum = |lane: usize| {
        let column = lane % run.columns;
        let codes = &run.codes[column * run.elements..][..run.elements];
        let groups = rows[lane / run.columns].chunks(size).zip(codes.chunks(size));
        let sums = groups.enumerate().map(|(group, (activations, codes))| {
            let zero_point = zero_point(run, column, group);
            let looked_up = policy.keep(looked_up(spec, run.weight, entry, activations, codes));
            corrected(spec, run.weight, activations, looked_up, zero_point)
        });
        policy.keep(sums.sum())
    };
    (0..run.rows * run.columns).into_par_iter().map(sum).collect()
}

/// The sum of a quantisation group, whose weights have `zero_point`.
pub(crate) fn quantised_group(
    spec: &Spec,
    weight: WeightFormat,
    entry: QuantisedEntry,
    (activations, codes): (&[i64], &[u16]),
    zero_point: ZeroPoint,
) -> i128 {
    let looked_up = looked_up(spec, weight, entry, activations, codes);
    corrected(spec, weight, activations, looked_up, zero_point)
}

fn zero_point(run: &Run, column: usize, group: usize) -> ZeroPoint {
    match &run.zero_points {
        ZeroPoints::Constant(zero_point) => *zero_point,
        ZeroPoints::PerGroup(groups) => {
            groups.values[column * run.elements.div_ceil(groups.size) + group]
        }
    }
}

/// The zero point takes its multiple of the activations' own sum away, not of that of the entries.
fn corrected(
    spec: &Spec,
    weight: WeightFormat,
    activations: &[i64],
    sum: i128,
    zero_point: ZeroPoint,
) -> i128 {
    if spec.zero_point == ZeroPointMode::None {
        return sum;
    }
    let activations = activations.iter().map(|a| i128::from(*a)).sum();
    spec.weight_reading().corrected(weight, sum, activations, zero_point)
}

/// The entries of all planes of all tables, each counted by its plane. Places behind the last element hold zeros.
fn looked_up(
    spec: &Spec,
    weight: WeightFormat,
    entry: QuantisedEntry,
    activations: &[i64],
    codes: &[u16],
) -> i128 {
    let k = spec.tile.k as usize;
    let tables = activations.chunks(k).zip(codes.chunks(k));
    tables
        .flat_map(|(activations, codes)| {
            (0..weight.planes()).map(move |plane| {
                let sign = |code: &u16| match weight.is_ternary() {
                    true => i64::from(weight.reinterpret(*code)),
                    false => 2 * i64::from(plane_bit(*code, plane)) - 1,
                };
                let sum = activations.iter().zip(codes).map(|(a, code)| a * sign(code)).sum();
                i128::from(entry.value(sum)) << plane
            })
        })
        .sum()
}
