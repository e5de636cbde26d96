//! Sums of look-ups in tables whose entries are rounded to 8 bits.

use crate::Run;
use crate::groups::{ZeroPoints, integers};
use crate::policy::Policy;
use bitplane_formats::{QuantisedEntry, WeightFormat, ZeroPoint};
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
                let sign = |code: &u16| i64::from(weight.plane_factor(*code, plane));
                let sum = activations.iter().zip(codes).map(|(a, code)| a * sign(code)).sum();
                i128::from(entry.value(sum)) << plane
            })
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums;
    use proptest::prelude::*;

    fn spec(entry: &str, activation: &str, zero_point: &str) -> Spec {
        let text = format!(
            "kind = 'lut_tensor_core'\n[activation]\nformat = '{activation}'\n[weight]\nformat = 'int2'\n\
             [tile]\nm = 1\nn = 1\nk = 4\n[table]\nentry = '{entry}'\n\
             [accumulate]\nmax_k = 64\n[group]\nzero_point = '{zero_point}'\n"
        );
        bitplane_spec::parse(&text, "core").unwrap().spec
    }

    fn run(activations: Vec<i32>, codes: Vec<u16>, zero_point: i32) -> Run {
        Run {
            rows: 1,
            columns: 1,
            elements: codes.len(),
            activations,
            weight: WeightFormat::new(2).unwrap(),
            codes,
            zero_points: ZeroPoints::Constant(ZeroPoint(zero_point)),
        }
    }

    fn runs() -> impl Strategy<Value = (Vec<i32>, Vec<u16>)> {
        (1..=64usize).prop_flat_map(|elements| {
            let activations = proptest::collection::vec(-128..=127, elements);
            (activations, proptest::collection::vec(0..4u16, elements))
        })
    }

    #[test]
    fn each_plane_looks_its_rounded_entry_up() {
        // Plane 0 is + + - +, plane 1 is + - - -: sums of 3 and -9, entries of 1 and -2 in units of 4.
        let run = run(vec![3, 5, 6, 1], vec![3, 1, 0, 1], 0);
        assert_eq!(sums(&spec("int8", "int8", "none"), &run), [4 + 2 * -8]);
        assert_eq!(sums(&spec("exact", "int8", "none"), &run), [3 + 2 * -9]);
    }

    #[test]
    fn the_largest_sum_is_clipped_and_its_negation_too() {
        let of = |code| run(vec![-128; 4], vec![code; 4], 0);
        assert_eq!(sums(&spec("int8", "int8", "none"), &of(3)), [3 * -508]);
        assert_eq!(sums(&spec("int8", "int8", "none"), &of(0)), [3 * 508]);
        assert_eq!(sums(&spec("exact", "int8", "none"), &of(0)), [3 * 512]);
    }

    #[test]
    fn a_zero_point_takes_the_activations_away_and_not_their_entries() {
        // The entries of a sum of 1 in units of 4 are 0; half of -1 is rounded down.
        let run = run(vec![1, 0, 0, 0], vec![3; 4], 1);
        assert_eq!(sums(&spec("int8", "int8", "constant"), &run), [-1]);
    }

    #[test]
    fn the_tables_of_all_quantisation_groups_set_the_unit_of_a_row() {
        let text = "kind = 'lut_tensor_core'\n[activation]\nformat = 'fp16'\n[weight]\nformat = 'int2'\n\
                    [tile]\nm = 1\nn = 1\nk = 2\ngroups = 2\n[table]\nentry = 'int8'\n\
                    [group]\nzero_point = 'per_group'\nsize = 3\n";
        let spec = bitplane_spec::parse(text, "core").unwrap().spec;
        let [one, large] = [0x3c00, 0x6400];
        let groups = crate::GroupZeroPoints {
            size: 3,
            values: vec![ZeroPoint::MID_RISE; 2],
            ..crate::GroupZeroPoints::default()
        };
        let run = Run {
            zero_points: ZeroPoints::PerGroup(groups),
            ..run(vec![one, one, 0, large, large, 0], vec![3; 6], 0)
        };
        // Tables are of the first two and of the third element of a group: of 2 and 0, and 2048 and 0. Twice 1024 is
        // half of what the unit of 32 is for; 2 is none of it. Weights are 3.
        assert_eq!(f32::from_bits(crate::results(&spec, &run)[0] as u32), 3.0 * 2048.0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_of_activations_that_are_whole_units((activations, codes) in runs()) {
            let whole: Vec<i32> = activations.into_iter().map(|a| (a / 8) * 4).collect();
            for (mode, zero_point) in [("none", 0), ("constant", 1), ("constant", -3)] {
                let run = run(whole.clone(), codes.clone(), zero_point);
                let [rounded, exact] =
                    ["int8", "exact"].map(|entry| sums(&spec(entry, "int8", mode), &run));
                prop_assert_eq!(rounded, exact);
            }
        }

        #[test]
        fn a_sum_is_off_by_half_a_unit_an_entry_at_most_where_none_is_clipped(
            (activations, codes) in runs()
        ) {
            let below: Vec<i32> = activations.into_iter().map(|a| a.max(-127)).collect();
            let run = run(below, codes, 0);
            let [rounded, exact] =
                ["int8", "exact"].map(|entry| sums(&spec(entry, "int8", "none"), &run)[0]);
            // Weights of up to 3, units of 4.
            let tables = run.elements.div_ceil(4) as i128;
            prop_assert!((rounded - exact).abs() <= tables * 3 * 2, "{rounded} instead of {exact}");
        }

        #[test]
        fn opposite_weights_give_the_opposite_sum((activations, codes) in runs()) {
            let spec = spec("int8", "int16", "none");
            let opposite = codes.iter().map(|code| 3 - code).collect();
            let scaled: Vec<i32> = activations.into_iter().map(|a| a * 201 + 7).collect();
            let sum = sums(&spec, &run(scaled.clone(), codes, 0))[0];
            prop_assert_eq!(sums(&spec, &run(scaled, opposite, 0)), [-sum]);
        }
    }
}
