use crate::Run;
use crate::aligned::field;
use crate::entries::quantised_group;
use crate::policy::Policy;
use bitplane_formats::{QuantisedEntry, ScaleFormat, Term, ZeroPoint};
use bitplane_spec::Spec;

/// The reinterpreted zero points of a run's weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZeroPoints {
    /// One for all weights; [`ZeroPoint::MID_RISE`] where the core corrects none.
    Constant(ZeroPoint),
    /// One for each column and quantisation group, with its scale where the core scales groups.
    PerGroup(GroupZeroPoints),
}

/// The data type of a quantisation group of a `bitmod_tile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupType {
    /// Its number in `weight.format`.
    pub number: usize,
    /// The group's special value in units of its type.
    pub special: i32,
}

/// Zero points, scales and data types of groups of neighbouring elements of K.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupZeroPoints {
    /// Elements of a group, at least 1; the last group of a column may have fewer.
    pub size: usize,
    /// `[columns * ceil(elements / size)]`, all groups of column 0 first.
    pub values: Vec<ZeroPoint>,
    /// The codes of the groups' scales, in the same order; none where the core does not scale.
    pub scales: Vec<u32>,
    /// The groups' data types, in the same order; none but in a `bitmod_tile`.
    pub types: Vec<GroupType>,
}

/// The results of `run`, whose weights have zero points by group: each weight is taken at its
/// value, so that nothing is left to correct.
pub(crate) fn grouped(spec: &Spec, run: &Run, zero_points: &GroupZeroPoints) -> Vec<i128> {
    let policy = Policy::of(spec);
    let of_a_column = run.elements.div_ceil(zero_points.size);
    assert_eq!(zero_points.values.len(), run.columns * of_a_column, "shape of the zero points");
    let columns: Vec<Vec<i32>> =
        (0..run.columns).map(|column| values(spec, run, zero_points, column)).collect();
    let rows = run.activations.chunks(run.elements.max(1)).take(run.rows);
    rows.flat_map(|row| columns.iter().map(|column| policy.keep(dot(row, column)))).collect()
}

/// The results of `run`, whose groups have scales: each group's exact sum times its scale is added to
/// the result so far, first +0, with one rounding. A row with an infinity or NaN among its activations
/// has no numbers.
pub(crate) fn scaled(spec: &Spec, run: &Run, scale: ScaleFormat) -> Vec<i128> {
    let ZeroPoints::PerGroup(groups) = &run.zero_points else {
        panic!("quantisation groups without scales");
    };
    let result = spec.result_format().expect("scaled results are floating point");
    let of_a_column = run.elements.div_ceil(groups.size);
    assert_eq!(groups.scales.len(), run.columns * of_a_column, "shape of the scales");
    let columns: Vec<Vec<i32>> =
        (0..run.columns).map(|column| values(spec, run, groups, column)).collect();
    let mut results = Vec::with_capacity(run.rows * run.columns);
    for row in 0..run.rows {
        let (activations, exponents) = integers(spec, run, row, groups.size);
        for (column, weights) in columns.iter().enumerate() {
            let scales = &groups.scales[column * of_a_column..][..of_a_column];
            let sums = match spec.quantised_entries() {
                Some(entry) => looked_up(spec, run, entry, &activations, column, groups),
                None => multiplied(&activations, weights, groups.size),
            };
            let factors = scales.iter().zip(&exponents);
            let code = sums.into_iter().zip(factors).fold(0, |code, (sum, factors)| {
                let (scale_code, exponent) = factors;
                let term = exponent.map(|exponent| scale.term(sum, *scale_code, exponent));
                result.add(code, term.unwrap_or(Term::Nan))
            });
            results.push(code.into());
        }
    }
    results
}

/// The sum of each group of `size`, by the values of the weights.
fn multiplied(activations: &[i64], weights: &[i32], size: usize) -> Vec<i128> {
    let groups = activations.chunks(size).zip(weights.chunks(size));
    let sum = |(activations, weights): (&[i64], &[i32])| {
        let products = activations.iter().zip(weights);
        products.map(|(a, w)| i128::from(*a) * i128::from(*w)).sum()
    };
    groups.map(sum).collect()
}

/// The sum of each group of a column, by what is looked up in rounded tables.
fn looked_up(
    spec: &Spec,
    run: &Run,
    entry: QuantisedEntry,
    activations: &[i64],
    column: usize,
    groups: &GroupZeroPoints,
) -> Vec<i128> {
    let codes = &run.codes[column * run.elements..][..run.elements];
    let zero_points = &groups.values[column * run.elements.div_ceil(groups.size)..];
    let parts = activations.chunks(groups.size).zip(codes.chunks(groups.size));
    let sum = |(part, zero_point): (_, &ZeroPoint)| {
        quantised_group(spec, run.weight, entry, part, *zero_point)
    };
    parts.zip(zero_points).map(sum).collect()
}

/// The activations of a row as the array sees them, and for each group of `size` what a unit of them
/// weighs as a power of two; nothing where an activation of the block is no number.
pub(crate) fn integers(
    spec: &Spec,
    run: &Run,
    row: usize,
    size: usize,
) -> (Vec<i64>, Vec<Option<i32>>) {
    let codes = run.row(row);
    let Some(format) = spec.aligned() else {
        let groups = run.elements.div_ceil(size);
        return (codes.iter().map(|a| i64::from(*a)).collect(), vec![Some(0); groups]);
    };
    let of_run = field(run, row, format);
    let (mut aligned, mut exponents) = (Vec::new(), Vec::new());
    for codes in codes.chunks(size.max(1)) {
        let field = match spec.block_steps() {
            Some(_) => format.field(codes.iter().map(|code| *code as u32)),
            None => of_run,
        };
        aligned.extend(codes.iter().map(|code| format.align(*code as u32, field)));
        exponents.push((field > 0).then(|| format.quantum(field)));
    }
    (aligned, exponents)
}

/// The values of a column's weights.
pub(crate) fn values(
    spec: &Spec,
    run: &Run,
    zero_points: &GroupZeroPoints,
    column: usize,
) -> Vec<i32> {
    let of_a_column = run.elements.div_ceil(zero_points.size);
    if let Some(terms) = spec.terms() {
        assert_eq!(zero_points.types.len(), run.columns * of_a_column, "shape of the data types");
        let types = &zero_points.types[column * of_a_column..][..of_a_column];
        let codes = run.codes[column * run.elements..][..run.elements].chunks(zero_points.size);
        let values = codes.zip(types).flat_map(|(codes, group)| {
            let data_type = &terms.types()[group.number];
            codes.iter().map(move |code| data_type.value(*code, group.special))
        });
        return values.collect();
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::{FloatFormat, WeightFormat};

    #[test]
    fn each_group_is_added_with_one_rounding() {
        let text = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\nweight.format = 'int2'\n\
                    tile = { m = 1, n = 1, k = 4, groups = 4 }\ngroup = { scale = 'fp16', size = 2 }\n";
        let spec = bitplane_spec::parse(text, "scaled").unwrap().spec;
        let half = |value| FloatFormat::FP16.of_f64(value);
        // Sums of 3 * a in groups of two, of which the second element is zero.
        let result = |activations: [i32; 3], scales: [f64; 3]| {
            let run = Run {
                rows: 1,
                columns: 1,
                elements: 6,
                activations: activations.into_iter().flat_map(|a| [a, 0]).collect(),
                weight: WeightFormat::new(2).unwrap(),
                codes: vec![3; 6],
                zero_points: ZeroPoints::PerGroup(GroupZeroPoints {
                    size: 2,
                    values: vec![ZeroPoint::MID_RISE; 3],
                    scales: scales.map(half).to_vec(),
                    types: Vec::new(),
                }),
            };
            f32::from_bits(crate::results(&spec, &run)[0] as u32)
        };
        assert_eq!(result([1, 2, -3], [0.5, 2.0, 1.0]), 1.5 + 12.0 - 9.0);
        // 3 * 2^-24 is lost beside 3 * 2^15 each time, and not if it came first.
        let (large, small) = (2f64.powi(15), 2f64.powi(-24));
        assert_eq!(result([1, 1, -1], [large, small, large]), 0.0);
        assert_eq!(result([1, -1, 1], [large, large, small]), 3.0 * 2f32.powi(-24));
        assert_eq!(result([1, 0, 0], [f64::INFINITY, 1.0, 1.0]), f32::INFINITY);
        assert!(result([0, 1, 1], [f64::INFINITY, 1.0, 1.0]).is_nan());
    }
}
