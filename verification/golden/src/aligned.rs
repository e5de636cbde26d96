use crate::Run;
use crate::groups::{ZeroPoints, values};
use crate::run::accumulated_weights;
use bitplane_formats::AlignedFormat;
use bitplane_spec::{Spec, ZeroPointMode};
use rayon::prelude::*;

/// The sums of a run with floating-point activations, in units of each row's block.
pub(crate) fn aligned_sums(spec: &Spec, run: &Run, format: AlignedFormat) -> Vec<i128> {
    let rows: Vec<Vec<i64>> = (0..run.rows)
        .map(|row| {
            let field = field(run, row, format);
            run.row(row).iter().map(|code| format.align(*code as u32, field)).collect()
        })
        .collect();
    let columns: Vec<Vec<i128>> = (0..run.columns)
        .into_par_iter()
        .map(|column| {
            let weights = weights(spec, run, column);
            rows.iter().map(|row| corrected(spec, run, row, dot(row, &weights))).collect()
        })
        .collect();
    (0..run.rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
}

/// `sums` as the result port carries them: the codes of a floating-point format.
pub fn rounded(spec: &Spec, run: &Run, sums: Vec<i128>) -> Vec<i128> {
    let (Some(format), Some(float)) = (spec.aligned(), spec.float) else { return sums };
    let fields: Vec<u32> = (0..run.rows).map(|row| field(run, row, format)).collect();
    let place = |(i, sum)| (fields[i / run.columns], sum);
    let rounded = sums.into_iter().enumerate().map(place);
    rounded.map(|(field, sum)| format.round(sum, field, float.result).into()).collect()
}

/// The field of a row's block, which is the whole run.
pub(crate) fn field(run: &Run, row: usize, format: AlignedFormat) -> u32 {
    // Quantisation groups fill whole k-steps: no table holds elements of two of them.
    let size = match &run.zero_points {
        ZeroPoints::Constant(_) => run.elements.max(1),
        ZeroPoints::PerGroup(groups) => groups.size,
    };
    let fields =
        run.row(row).chunks(size).map(|codes| format.field(codes.iter().map(|code| *code as u32)));
    format.joined(fields)
}

/// What the elements of a column are multiplied by: values where groups have zero points of their
/// own, otherwise what the lanes make of codes.
fn weights(spec: &Spec, run: &Run, column: usize) -> Vec<i32> {
    let codes = &run.codes[column * run.elements..][..run.elements];
    match &run.zero_points {
        ZeroPoints::PerGroup(groups) => values(spec, run, groups, column),
        ZeroPoints::Constant(_) => {
            let mut weights = vec![0; codes.len()];
            accumulated_weights(spec, run.weight, codes, &mut weights);
            weights.into_iter().map(i32::from).collect()
        }
    }
}

fn corrected(spec: &Spec, run: &Run, row: &[i64], sum: i128) -> i128 {
    match (&run.zero_points, spec.zero_point) {
        (ZeroPoints::Constant(zero_point), ZeroPointMode::Constant) => {
            let activations = row.iter().map(|a| i128::from(*a)).sum();
            spec.weight_reading().corrected(run.weight, sum, activations, *zero_point)
        }
        _ => sum,
    }
}

/// |a| < 2^40 and |w| < 2^9: 64 bits hold the sums of 2^14 products.
fn dot(activations: &[i64], weights: &[i32]) -> i128 {
    const BLOCK: usize = 1 << 14;
    let blocks = activations.chunks(BLOCK).zip(weights.chunks(BLOCK));
    let sum = |(activations, weights): (&[i64], &[i32])| -> i64 {
        activations.iter().zip(weights).map(|(a, w)| a * i64::from(*w)).sum()
    };
    blocks.map(|block| i128::from(sum(block))).sum()
}
