use crate::Run;
use crate::policy::Policy;
use bitplane_formats::ZeroPoint;
use bitplane_spec::Spec;

/// The reinterpreted zero points of a run's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZeroPoints {
    /// One for all weights; [`ZeroPoint::MID_RISE`] where the core corrects none.
    Constant(ZeroPoint),
    /// One for each column and quantisation group.
    PerGroup(GroupZeroPoints),
}

/// Zero points of groups of neighbouring elements of K.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupZeroPoints {
    /// Elements of a group, at least 1; the last group of a column may have fewer.
    pub size: usize,
    /// `[columns * ceil(elements / size)]`, all groups of column 0 first.
    pub values: Vec<ZeroPoint>,
}

/// The results of `run`, whose weights have zero points by group: each weight is taken at its
/// value, so that nothing is left to correct.
pub(crate) fn grouped(spec: &Spec, run: &Run, zero_points: &GroupZeroPoints) -> Vec<i128> {
    let policy = Policy::of(spec);
    let of_a_column = run.elements.div_ceil(zero_points.size);
    assert_eq!(zero_points.values.len(), run.columns * of_a_column, "shape of the zero points");
    let columns: Vec<Vec<i32>> =
        (0..run.columns).map(|column| values(run, zero_points, column)).collect();
    let rows = run.activations.chunks(run.elements.max(1)).take(run.rows);
    rows.flat_map(|row| columns.iter().map(|column| policy.keep(dot(row, column)))).collect()
}

/// The values of a column's weights.
pub(crate) fn values(run: &Run, zero_points: &GroupZeroPoints, column: usize) -> Vec<i32> {
    let of_a_column = run.elements.div_ceil(zero_points.size);
    let groups = &zero_points.values[column * of_a_column..][..of_a_column];
    let codes = run.codes[column * run.elements..][..run.elements].chunks(zero_points.size);
    let values = codes.zip(groups).flat_map(|(codes, zero_point)| {
        codes.iter().map(|code| run.weight.value(*code, *zero_point))
    });
    values.collect()
}

/// |a| <= 2^15 and |w| < 2^8, so that 64 bits hold every dot product of fewer than 2^40 elements.
fn dot(activations: &[i32], weights: &[i32]) -> i128 {
    let products = activations.iter().zip(weights).map(|(a, w)| i64::from(*a) * i64::from(*w));
    products.sum::<i64>().into()
}
