use crate::ZeroPoints;
use crate::aligned::{aligned_sums, rounded};
use crate::discrete::discrete_results;
use crate::dot::{is_worth_threads, products};
use crate::entries::quantised_sums;
use crate::float_terms::rounded_term_results;
use crate::fused::fused_results;
use crate::groups::{grouped, scaled};
use crate::look_up::look_up_results;
use crate::policy::Policy;
use bitplane_formats::{IntegerFormat, WeightFormat, WeightReading, ZeroPoint};
use bitplane_spec::{PlaneOrder, Spec, ZeroPointMode};
use rayon::prelude::*;

/// The logical matrices of one run: what is multiplied, without beats, masks or padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Rows (tokens) of the result, at most the tile's m.
    pub rows: usize,
    /// Columns (output channels) of the result, at most the tile's n.
    pub columns: usize,
    /// Length K of every dot product.
    pub elements: usize,
    /// `[rows * elements]`, row-major: integers, or the codes of floating-point numbers. A zeroed
    /// element is 0 here.
    pub activations: Vec<i32>,
    /// Format of the codes; that of the configuration where the width is not a run's.
    pub weight: WeightFormat,
    /// Unsigned weight codes q, or the codes of floating-point numbers, `[columns * elements]`, column-major order of the tile: all
    /// elements of column 0 first.
    pub codes: Vec<u16>,
    /// Zero points of the weights. A multiplier array does not look at them: its weights are two's
    /// complement.
    pub zero_points: ZeroPoints,
}

impl Run {
    pub(crate) fn row(&self, row: usize) -> &[i32] {
        &self.activations[row * self.elements..][..self.elements]
    }

    /// K-steps of the run on the core that `spec` describes.
    pub fn steps(&self, spec: &Spec) -> u64 {
        (self.elements as u64).div_ceil(u64::from(spec.elements_per_step()))
    }
}

/// The results of `run`, `[rows * columns]`, row-major: its sums or, where activations are floating
/// point, the codes that they are rounded to; where groups are scaled, the codes of what the scaled
/// sums of its groups add up to.
///
/// # Panics
/// If the matrices do not have the shapes stated at [`Run`].
pub fn results(spec: &Spec, run: &Run) -> Vec<i128> {
    if let Some(format) = spec.products() {
        return fused_results(spec, run, format);
    }
    if let Some(sum) = spec.rounded_sums() {
        return match spec.table() {
            Some(_) => look_up_results(spec, run, sum),
            None => discrete_results(spec, run, sum),
        };
    }
    if let Some(sums) = spec.term_sums() {
        return rounded_term_results(spec, run, sums);
    }
    match spec.scale() {
        Some(scale) => scaled(spec, run, scale),
        None => rounded(spec, run, sums(spec, run)),
    }
}

/// The sums of `run`, `[rows * columns]`, row-major, without scales.
///
/// With an automatic accumulator they are exact, whatever the length of the run. With a stated
/// width they are what that many bits keep under the overflow policy: additions happen once per
/// weight beat in the order of the stream, correction after the last of them. Where groups have
/// zero points of their own, the low bits of the exact result are kept.
///
/// # Panics
/// If the matrices do not have the shapes stated at [`Run`], or the weights are floating point.
pub fn sums(spec: &Spec, run: &Run) -> Vec<i128> {
    assert_eq!(run.activations.len(), run.rows * run.elements, "shape of the activations");
    assert_eq!(run.codes.len(), run.columns * run.elements, "shape of the codes");
    if let Some(entry) = spec.quantised_entries() {
        return quantised_sums(spec, run, entry);
    }
    if let Some(aligned) = spec.aligned() {
        return aligned_sums(spec, run, aligned);
    }
    let zero_point = match &run.zero_points {
        ZeroPoints::Constant(zero_point) => *zero_point,
        ZeroPoints::PerGroup(groups) => return grouped(spec, run, groups),
    };
    match Policy::of(spec) {
        Policy::Saturate(format) => saturated(spec, run, zero_point, format),
        policy => in_any_order(spec, run, zero_point, policy),
    }
}

/// Results that do not depend on the order of additions.
fn in_any_order(spec: &Spec, run: &Run, zero_point: ZeroPoint, policy: Policy) -> Vec<i128> {
    let activations: Vec<i16> = run.activations.iter().map(|a| *a as i16).collect();
    let weights = |codes: &[u16], weights: &mut [i16]| {
        accumulated_weights(spec, run.weight, codes, weights);
    };
    let sums = products(&activations, &run.codes, run.elements, weights);
    finished(spec, run, zero_point, policy, |row, column| i128::from(sums[column * run.rows + row]))
}

/// Results of an accumulator that clamps at every addition to `format`.
fn saturated(spec: &Spec, run: &Run, zero_point: ZeroPoint, format: IntegerFormat) -> Vec<i128> {
    let sum = |lane: usize| {
        let codes = &run.codes[lane % run.columns * run.elements..][..run.elements];
        clamped(spec, run.weight, format, run.row(lane / run.columns), codes)
    };
    let lanes = run.rows * run.columns;
    let sums: Vec<i128> = match is_worth_threads(lanes * run.elements) {
        true => (0..lanes).into_par_iter().map(sum).collect(),
        false => (0..lanes).map(sum).collect(),
    };
    let policy = Policy::Saturate(format);
    finished(spec, run, zero_point, policy, |row, column| sums[row * run.columns + column])
}

/// The results of a run with one zero point whose lane at a row and column holds `sum`.
fn finished(
    spec: &Spec,
    run: &Run,
    zero_point: ZeroPoint,
    policy: Policy,
    sum: impl Fn(usize, usize) -> i128,
) -> Vec<i128> {
    let mut results = Vec::with_capacity(run.rows * run.columns);
    for row in 0..run.rows {
        let activation_sum: i128 = run.row(row).iter().map(|a| i128::from(*a)).sum();
        results.extend((0..run.columns).map(|column| {
            let sum = policy.keep(sum(row, column));
            match spec.zero_point {
                ZeroPointMode::None => sum,
                ZeroPointMode::Constant | ZeroPointMode::PerGroup => {
                    let reading = spec.weight_reading();
                    policy.keep(reading.corrected(run.weight, sum, activation_sum, zero_point))
                }
            }
        }));
    }
    results
}

/// Whether the core raises `overflow_o` in `run`: it has more k-steps than `max_k` needs.
pub fn overflows(spec: &Spec, run: &Run) -> bool {
    run.steps(spec) > spec.max_steps()
}

/// The weights that the accumulator sees.
pub(crate) fn accumulated_weights(
    spec: &Spec,
    weight: WeightFormat,
    codes: &[u16],
    weights: &mut [i16],
) {
    let pairs = codes.iter().zip(weights);
    // One loop for each reading, so that none decides on it in the loop.
    match spec.weight_reading() {
        WeightReading::Signs => {
            pairs.for_each(|(code, value)| *value = weight.reinterpret(*code) as i16);
        }
        WeightReading::Bits => pairs.for_each(|(code, value)| *value = *code as i16),
        reading @ WeightReading::TwosComplement => {
            pairs.for_each(|(code, value)| *value = reading.value(weight, *code) as i16);
        }
    }
}

/// The sum that one accumulator holds after the last weight beat, clamped after each of them.
/// Where a plane comes with all k-steps, the sum is doubled with the first beat of the next.
fn clamped(
    spec: &Spec,
    weight: WeightFormat,
    format: IntegerFormat,
    activations: &[i32],
    codes: &[u16],
) -> i128 {
    if spec.tile.plane_order == PlaneOrder::Inner {
        let beats = beats(spec, weight, activations, codes);
        return beats.fold(0, |sum, beat| format.saturate(sum + beat));
    }
    let (step, reading) = (spec.elements_per_step() as usize, spec.weight_reading());
    let mut sum = 0;
    for plane in (0..weight.planes()).rev() {
        sum *= 2;
        for (activations, codes) in activations.chunks(step).zip(codes.chunks(step)) {
            // In units of the plane.
            let bit = |code: u16| reading.beat_value(weight, code, plane) >> plane;
            let products =
                activations.iter().zip(codes).map(|(a, code)| i64::from(*a) * bit(*code));
            sum = format.saturate(sum + i128::from(products.sum::<i64>()));
        }
    }
    sum
}

/// What each weight beat adds to one accumulator, in stream order, all planes of a k-step together.
fn beats<'a>(
    spec: &'a Spec,
    weight: WeightFormat,
    activations: &'a [i32],
    codes: &'a [u16],
) -> impl Iterator<Item = i128> + 'a {
    let (step, reading) = (spec.elements_per_step() as usize, spec.weight_reading());
    let steps = activations.chunks(step).zip(codes.chunks(step));
    steps.flat_map(move |(activations, codes)| {
        (0..spec.beats_per_step_of(weight)).map(move |beat| {
            let weights = codes.iter().map(|code| reading.beat_value(weight, *code, beat));
            let products = activations.iter().zip(weights).map(|(a, w)| i64::from(*a) * w);
            i128::from(products.sum::<i64>())
        })
    })
}
