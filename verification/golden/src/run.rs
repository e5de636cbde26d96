use crate::ZeroPoints;
use crate::dot::{is_worth_threads, products};
use crate::groups::grouped;
use crate::policy::Policy;
use bitplane_formats::{IntegerFormat, WeightFormat, ZeroPoint};
use bitplane_spec::{Architecture, PlaneOrder, Spec};
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
    /// `[rows * elements]`, row-major. A zeroed element is 0 here.
    pub activations: Vec<i32>,
    /// Format of the codes; that of the configuration where the width is not a run's.
    pub weight: WeightFormat,
    /// Unsigned weight codes q, `[columns * elements]`, column-major order of the tile: all
    /// elements of column 0 first.
    pub codes: Vec<u8>,
    /// Zero points of the weights. A multiplier array does not look at them: its weights are two's
    /// complement.
    pub zero_points: ZeroPoints,
}

impl Run {
    fn row(&self, row: usize) -> &[i32] {
        &self.activations[row * self.elements..][..self.elements]
    }

    /// K-steps of the run on the core that `spec` describes.
    pub fn steps(&self, spec: &Spec) -> u64 {
        (self.elements as u64).div_ceil(u64::from(spec.elements_per_step()))
    }
}

/// The results of `run`, `[rows * columns]`, row-major.
///
/// With an automatic accumulator they are exact, whatever the length of the run. With a stated
/// width they are what that many bits keep under the overflow policy: additions happen once per
/// weight beat in the order of the stream, correction after the last of them. Where groups have
/// zero points of their own, the low bits of the exact result are kept.
///
/// # Panics
/// If the matrices do not have the shapes stated at [`Run`].
pub fn results(spec: &Spec, run: &Run) -> Vec<i128> {
    assert_eq!(run.activations.len(), run.rows * run.elements, "shape of the activations");
    assert_eq!(run.codes.len(), run.columns * run.elements, "shape of the codes");
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
    let weights = |codes: &[u8], weights: &mut [i16]| {
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
        let activation_sum: i64 = run.row(row).iter().map(|a| i64::from(*a)).sum();
        results.extend((0..run.columns).map(|column| {
            let sum = policy.keep(sum(row, column));
            match spec.architecture {
                Architecture::LutTensorCore(_) => {
                    policy.keep(corrected(sum, activation_sum, zero_point))
                }
                Architecture::MacArray => sum,
            }
        }));
    }
    results
}

/// Whether the core raises `overflow_o` in `run`: it has more k-steps than `max_k` needs.
pub fn overflows(spec: &Spec, run: &Run) -> bool {
    run.steps(spec) > spec.max_steps()
}

/// The weights that the accumulator sees: q' of a table core, q - 2^(b-1) of a multiplier array.
fn accumulated_weights(spec: &Spec, weight: WeightFormat, codes: &[u8], weights: &mut [i16]) {
    let pairs = codes.iter().zip(weights);
    match spec.architecture {
        Architecture::LutTensorCore(_) => {
            pairs.for_each(|(code, value)| *value = weight.reinterpret(*code) as i16);
        }
        Architecture::MacArray => {
            pairs.for_each(|(code, value)| *value = twos_complement(weight, *code) as i16);
        }
    }
}

fn twos_complement(weight: WeightFormat, code: u8) -> i32 {
    weight.value(code, ZeroPoint::TWOS_COMPLEMENT)
}

/// (acc - z' sum A) / 2, rounded down; acc itself for the mid-rise grids. The two terms have the
/// same parity unless a saturated accumulator has lost its own.
fn corrected(sum: i128, activation_sum: i64, ZeroPoint(zero_point): ZeroPoint) -> i128 {
    match zero_point {
        0 => sum,
        odd => (sum - i128::from(odd) * i128::from(activation_sum)) >> 1,
    }
}

/// The sum that one accumulator holds after the last weight beat, clamped after each of them.
/// Where a plane comes with all k-steps, the sum is doubled with the first beat of the next.
fn clamped(
    spec: &Spec,
    weight: WeightFormat,
    format: IntegerFormat,
    activations: &[i32],
    codes: &[u8],
) -> i128 {
    if spec.tile.plane_order == PlaneOrder::Inner {
        let beats = beats(spec, weight, activations, codes);
        return beats.fold(0, |sum, beat| format.saturate(sum + beat));
    }
    let step = spec.elements_per_step() as usize;
    let mut sum = 0;
    for plane in (0..weight.bits()).rev() {
        sum *= 2;
        for (activations, codes) in activations.chunks(step).zip(codes.chunks(step)) {
            let signed = |(a, code): (&i32, &u8)| {
                if bitplane_formats::plane_bit(*code, plane) {
                    i128::from(*a)
                } else {
                    -i128::from(*a)
                }
            };
            let partial: i128 = activations.iter().zip(codes).map(signed).sum();
            sum = format.saturate(sum + partial);
        }
    }
    sum
}

/// What each weight beat adds to one accumulator, in stream order, all planes of a k-step together.
fn beats<'a>(
    spec: &'a Spec,
    weight: WeightFormat,
    activations: &'a [i32],
    codes: &'a [u8],
) -> impl Iterator<Item = i128> + 'a {
    let step = spec.elements_per_step() as usize;
    let steps = activations.chunks(step).zip(codes.chunks(step));
    steps.flat_map(move |(activations, codes)| {
        (0..spec.beats_per_step_of(weight)).map(move |beat| {
            let weights = codes.iter().map(|code| beat_weight(spec, weight, *code, beat));
            let products = activations.iter().zip(weights).map(|(a, w)| i64::from(*a) * w);
            i128::from(products.sum::<i64>())
        })
    })
}

fn beat_weight(spec: &Spec, weight: WeightFormat, code: u8, beat: u32) -> i64 {
    match spec.architecture {
        Architecture::LutTensorCore(_) => plane_weight(weight, code, beat),
        Architecture::MacArray => i64::from(twos_complement(weight, code)),
    }
}

fn plane_weight(weight: WeightFormat, code: u8, plane: u32) -> i64 {
    debug_assert!(plane < weight.bits());
    if bitplane_formats::plane_bit(code, plane) { 1 << plane } else { -(1 << plane) }
}
