//! Real matrices to weights of data types.

use std::fmt;

use bitplane_formats::{DataType, ScaleFormat};
use bitplane_spec::Problem;
use rayon::prelude::*;

use super::assignment::{ChoiceSpan, Offer, assign};
use super::group_fit::GroupFit;
use super::scales::{Scaled, scaled, unit};
use super::type_choice::TypeChoice;
use super::typed_weights::{TypedGroup, TypedWeights};
use crate::grouping::Grouping;
use crate::matrix::Matrix;

/// Quantises to one of several data types, whichever suits a quantisation group or output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeQuantiser {
    choices: Vec<TypeChoice>,
    span: ChoiceSpan,
    /// Bits of a code on average, at most.
    bits: Option<f64>,
}

impl TypeQuantiser {
    /// The most data types of one tensor, as of one core.
    const MOST: usize = 4;

    /// The quantiser of the data types that `names` lists with commas, each as [`TypeChoice::parse`]
    /// reads it, chosen for every `span`; with `bits`, codes have at most so many on average.
    ///
    /// # Errors
    /// Those of [`TypeChoice::parse`], `data-types` for a type named twice or more than four, and
    /// `bits` for a number that no assignment reaches. All of them.
    pub fn parse(names: &str, span: ChoiceSpan, bits: Option<f64>) -> Result<Self, Vec<Problem>> {
        Self::parse_among(names, &DataType::ALL, span, bits)
    }

    /// The same with data types among `types`.
    ///
    /// # Errors
    /// As [`TypeQuantiser::parse`].
    pub fn parse_among(
        names: &str,
        types: &[DataType],
        span: ChoiceSpan,
        bits: Option<f64>,
    ) -> Result<Self, Vec<Problem>> {
        let (mut choices, mut problems) = (Vec::<TypeChoice>::new(), Vec::new());
        for name in names.split(',') {
            match TypeChoice::parse_among(name.trim(), types) {
                Ok(choice) => choices.push(choice),
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(repeated(&choices));
        problems.extend((names.split(',').count() > Self::MOST).then(|| too_many(names)));
        if problems.is_empty() {
            problems.extend(bits.and_then(|bits| out_of_reach(&choices, bits)));
        }
        if problems.is_empty() { Ok(Self { choices, span, bits }) } else { Err(problems) }
    }

    /// The quantiser of one data type.
    pub fn of(choice: TypeChoice) -> Self {
        Self { choices: vec![choice], span: ChoiceSpan::Group, bits: None }
    }

    /// Whether a data type hangs on more than the weights of its group.
    pub(super) fn chooses_at_the_end(&self) -> bool {
        self.span == ChoiceSpan::Channel || self.bits.is_some()
    }

    /// The data types with their special values.
    pub fn choices(&self) -> &[TypeChoice] {
        &self.choices
    }

    /// Quantises the matrix [output channels, input channels] of the tensor called `name`, with scales of
    /// `format` for the groups of `grouping`, which must be one of as many input channels.
    ///
    /// Data types are chosen before scales are rounded.
    pub fn quantise(
        &self,
        name: &str,
        weights: &Matrix,
        grouping: Grouping,
        format: ScaleFormat,
    ) -> TypedWeights {
        let columns = weights.columns();
        let spans: Vec<&[f32]> =
            weights.data().chunks(columns).flat_map(|row| row.chunks(grouping.span())).collect();
        let fits: Vec<Vec<GroupFit>> = spans
            .par_iter()
            .map(|span| self.choices.iter().map(|choice| choice.fit(span)).collect())
            .collect();
        let numbers = self.assign(&fits, weights.data().len(), grouping.count());
        let chosen = fits.into_iter().zip(numbers);
        let chosen: Vec<Chosen<'_>> = chosen
            .zip(spans)
            .map(|((mut fits, number), span)| Chosen {
                number,
                fit: fits.swap_remove(number),
                span,
            })
            .collect();
        let rows = weights.rows();
        let mut result = TypedWeights {
            name: name.to_owned(),
            quantiser: self.to_string(),
            types: self.choices.iter().map(|choice| choice.data_type().clone()).collect(),
            rows,
            grouping,
            scale: format,
            units: Vec::with_capacity(rows),
            groups: Vec::with_capacity(rows * grouping.count()),
            codes: Vec::with_capacity(weights.data().len()),
            order: (0..rows as u32).collect(),
        };
        let mut chosen = chosen.into_iter();
        for _ in 0..rows {
            self.add_row(&mut result, chosen.by_ref().take(grouping.count()).collect());
        }
        result
    }

    /// Adds an output channel of which `groups` are chosen.
    fn add_row(&self, result: &mut TypedWeights, groups: Vec<Chosen<'_>>) {
        let used = groups.iter().filter(|group| group.span.iter().any(|&weight| weight != 0.0));
        let unit = unit(result.scale, used.map(|group| group.fit.step));
        result.units.push(unit);
        for Chosen { number, fit, span } in groups {
            let special = fit.special;
            let choice = &self.choices[number];
            let Scaled { scale, codes } = scaled(result.scale, unit, choice, fit, span);
            result.groups.push(TypedGroup { number, special, scale });
            result.codes.extend(codes);
        }
    }

    /// The number of the data type of each group, of which a channel has `groups`.
    fn assign(&self, fits: &[Vec<GroupFit>], weights: usize, groups: usize) -> Vec<usize> {
        let of_a_choice = match self.span {
            ChoiceSpan::Group => 1,
            ChoiceSpan::Channel => groups,
        };
        let offers: Vec<Vec<Offer>> =
            fits.chunks(of_a_choice).map(|fits| self.offers(fits)).collect();
        let budget = self.bits.map(|bits| (bits * weights as f64).floor() as u64);
        let numbers = assign(&offers, budget);
        numbers.into_iter().flat_map(|number| std::iter::repeat_n(number, of_a_choice)).collect()
    }

    /// What each data type offers groups that have the same one.
    fn offers(&self, fits: &[Vec<GroupFit>]) -> Vec<Offer> {
        let weights: u64 = fits.iter().map(|fits| fits[0].codes.len() as u64).sum();
        let offer = |(number, choice): (usize, &TypeChoice)| Offer {
            bits: weights * u64::from(choice.data_type().bits()),
            error: fits.iter().map(|fits| fits[number].squared_error).sum(),
        };
        self.choices.iter().enumerate().map(offer).collect()
    }
}

/// A group on its data type.
struct Chosen<'a> {
    number: usize,
    fit: GroupFit,
    span: &'a [f32],
}

impl fmt::Display for TypeQuantiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.choices.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(","))
    }
}

fn repeated(choices: &[TypeChoice]) -> Option<Problem> {
    let is_repeated = |place: &usize| {
        let data_type = choices[*place].data_type();
        choices[..*place].iter().any(|choice| choice.data_type() == data_type)
    };
    let name = choices[(0..choices.len()).find(is_repeated)?].data_type();
    let message =
        format!("{name} is named more than once; a group's data type is told by its number");
    Some(Problem::new("data-types", "--format", message, format!("name {name} once")))
}

fn too_many(names: &str) -> Problem {
    let message = format!(
        "{names} are {} data types; a core has 1 to {}",
        names.split(',').count(),
        TypeQuantiser::MOST
    );
    Problem::new("data-types", "--format", message, "leave some out")
}

fn out_of_reach(choices: &[TypeChoice], bits: f64) -> Option<Problem> {
    let widths = || choices.iter().map(|choice| choice.data_type().bits());
    let (least, most) = (widths().min()?, widths().max()?);
    if (f64::from(least)..=f64::from(most)).contains(&bits) {
        return None;
    }
    let message = format!(
        "codes of these data types have {least} to {most} bits, and never {bits} on average"
    );
    Some(Problem::new(
        "bits",
        "--bits",
        message,
        format!("give {least} to {most}, or leave --bits out"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::Codebook;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn quantiser(names: &str) -> TypeQuantiser {
        TypeQuantiser::parse(names, ChoiceSpan::Group, None).unwrap()
    }

    /// One output channel in groups of `size`.
    fn channel(names: &str, size: usize, format: ScaleFormat, weights: &[f32]) -> TypedWeights {
        let matrix = Matrix::new(1, weights.len(), weights.to_vec()).unwrap();
        let grouping = Grouping::new(weights.len(), size).unwrap();
        quantiser(names).quantise("w", &matrix, grouping, format)
    }

    fn scales(weights: &TypedWeights) -> Vec<f64> {
        weights.groups.iter().map(|group| weights.scale.value(group.scale)).collect()
    }

    #[test]
    fn int8_scales_count_in_a_127th_of_the_largest_of_their_channel() {
        let weights = [12.7, -3.0, 0.0, 0.0, 3.0, 1.0, 0.04, 0.02];
        let quantised = channel("bitmod_fp3:basic", 2, ScaleFormat::Int8, &weights);
        // Steps 3.175, none, 0.75 and 0.01 in units of 0.025; zeros have the scale 1 and no part in the unit.
        assert_eq!(quantised.units, [(12.7f64 / 4.0 / 127.0) as f32]);
        assert_eq!(scales(&quantised), [127.0, 1.0, 30.0, 0.0]);
        assert_eq!(quantised.codes, [3, 5, 0, 0, 3, 1, 3, 2]);
    }

    #[test]
    fn codes_are_those_of_the_scale_before_it_was_rounded_to_fp16() {
        let step = 1.0 + 2.0f32.powi(-11) + 2.0f32.powi(-20);
        let weights = [4.0 * step, 2.0 * step, 1.5 * step];
        let quantised = channel("bitmod_fp3:basic", 3, ScaleFormat::Fp16, &weights);
        assert_eq!(scales(&quantised), [1.0 + 2f64.powi(-10)]);
        // 1.5 steps are a tie, which goes down; with the rounded scale they would lie below it anyway.
        assert_eq!(quantised.codes, [3, 2, 1]);
        assert_eq!(quantised.units, [1.0]);
    }

    #[test]
    fn a_power_of_two_is_the_neighbour_that_leaves_the_smaller_error() {
        // A step of 1.25: 1 clips five to four, and 2 loses one too and the other weight besides.
        let quantised = channel("fp3_e2m0", 2, ScaleFormat::E8m0, &[5.0, 1.0]);
        assert_eq!((scales(&quantised), quantised.dequantise()), (vec![1.0], vec![4.0, 1.0]));
        let quantised = channel("fp3_e2m0", 2, ScaleFormat::E8m0, &[7.0, 2.0]);
        assert_eq!((scales(&quantised), quantised.dequantise()), (vec![2.0], vec![8.0, 2.0]));
    }

    #[test]
    fn a_tensor_of_zeros_has_scales_of_one_and_codes_of_zero() {
        for format in [ScaleFormat::Fp16, ScaleFormat::E4m3, ScaleFormat::E8m0, ScaleFormat::Int8] {
            for data_type in DataType::ALL {
                let quantised = channel(data_type.name(), 3, format, &[0.0; 7]);
                assert_eq!(
                    (scales(&quantised), quantised.units.clone()),
                    (vec![1.0; 3], vec![1.0])
                );
                assert_eq!(quantised.dequantise(), [0.0; 7], "{data_type}");
            }
        }
    }

    #[test]
    fn a_group_of_zeros_has_the_smallest_scale_where_no_value_is_zero() {
        let codebook = Codebook::new(vec![-1.5, -0.5, 0.5, 1.5], None).unwrap();
        let choice = TypeChoice::usual(codebook.data_type("mine".to_owned()));
        let quantiser = TypeQuantiser::of(choice);
        let matrix = Matrix::new(1, 8, [[0.0; 4], [3.0, -1.0, 1.0, -3.0]].concat()).unwrap();
        let grouping = Grouping::new(8, 4).unwrap();
        let of_zeros = |format| {
            let quantised = quantiser.quantise("w", &matrix, grouping, format);
            let real = quantised.dequantise();
            assert!(real[..4].iter().all(|zero| zero.abs() < 1e-37), "{real:?}");
            let others = real[4..].iter().zip(&matrix.data()[4..]);
            assert!(others.into_iter().all(|(a, b)| (a - b).abs() < 1e-6), "{real:?}");
            scales(&quantised)[0]
        };
        assert_eq!(
            [ScaleFormat::Fp16, ScaleFormat::E4m3, ScaleFormat::Int8].map(of_zeros),
            [0.0; 3]
        );
        assert_eq!(of_zeros(ScaleFormat::E8m0), 2f64.powi(-127));
    }

    #[test]
    fn a_channel_has_one_type_where_that_is_asked_for() {
        let weights: Vec<f32> = (0..64).map(|i| ((i * 29 % 64) as f32 - 31.5) * 0.1).collect();
        let matrix = Matrix::new(4, 16, weights).unwrap();
        let grouping = Grouping::new(16, 4).unwrap();
        let of = |span, bits| {
            let quantiser = TypeQuantiser::parse("bitmod_fp3,int6", span, Some(bits)).unwrap();
            quantiser.quantise("w", &matrix, grouping, ScaleFormat::Fp16)
        };
        let numbers = |weights: &TypedWeights| -> Vec<Vec<usize>> {
            weights.groups.chunks(4).map(|row| row.iter().map(|g| g.number).collect()).collect()
        };
        let channels = of(ChoiceSpan::Channel, 4.5);
        assert!(numbers(&channels).iter().all(|row| row.iter().all(|number| *number == row[0])));
        assert_eq!(channels.code_bits(), 4.5);
        let groups = of(ChoiceSpan::Group, 4.5);
        assert_eq!((groups.code_bits(), groups.shares()), (4.5, vec![0.5, 0.5]));
        assert!(groups.nmse(&matrix) <= channels.nmse(&matrix));
        assert_eq!(of(ChoiceSpan::Group, 3.0).shares(), [1.0, 0.0]);
    }

    #[test]
    fn ordered_channels_are_the_same_weights_with_the_slowest_first() {
        let rows = [[0.1f32, 0.2, 0.3, 0.37], [1.0, 2.0, 4.0, 0.0], [0.5, 0.61, 0.7, 0.83]];
        let matrix = Matrix::new(3, 4, rows.concat()).unwrap();
        let grouping = Grouping::new(4, 0).unwrap();
        let quantised =
            quantiser("bitmod_fp3,int6").quantise("w", &matrix, grouping, ScaleFormat::Fp16);
        let ordered = quantised.ordered(|data_type| data_type.bits());
        assert_eq!(ordered.order, [0, 2, 1]);
        assert_eq!(ordered.nmse(&matrix), quantised.nmse(&matrix));
        assert_eq!(ordered.dequantise()[4..8], quantised.dequantise()[8..]);
    }

    proptest! {
        #[test]
        fn a_weight_is_off_by_half_the_widest_gap_of_its_type_at_most(
            weights in prop::collection::vec(-1e3f32..1e3, 1..80), size in 1usize..20,
        ) {
            let size = size.min(weights.len());
            for data_type in DataType::ALL {
                let quantised = channel(data_type.name(), size, ScaleFormat::Fp16, &weights);
                let real = quantised.dequantise();
                for (group, (weights, real)) in weights.chunks(size).zip(real.chunks(size)).enumerate() {
                    let scale = scales(&quantised)[group];
                    // BitMoD FP4 with a special value of 16 has the widest gap in reach of the largest:
                    // 8 units of 24; rounding a scale moves a value by one part in 2^11.
                    let largest = weights.iter().fold(0.0f32, |most, weight| most.max(weight.abs()));
                    let slack = f64::from(largest) * (1.0 / 3.0 + 1.0 / 1024.0) + 1e-6;
                    let slack = slack.max(scale);
                    for (weight, real) in weights.iter().zip(real) {
                        prop_assert!(f64::from((weight - real).abs()) <= slack, "{data_type}");
                    }
                }
            }
        }
    }

    #[test]
    fn everything_wrong_with_a_list_of_types_is_told_at_once() {
        let told = |names: &str, bits| {
            let problems = TypeQuantiser::parse(names, ChoiceSpan::Group, bits).unwrap_err();
            let each = problems.iter().map(|problem| {
                format!("{} ({}): {}; {}", problem.code, problem.key, problem.message, problem.help)
            });
            each.collect::<Vec<String>>().join("\n")
        };
        assert_snapshot!(told("int6,int6,float4", None), @r#"
        data-type-unknown (--format): there is no data type "float4"; legal are bitmod_fp4, bitmod_fp3, int8, int6, int5, int4, int3, fp6_e2m3, fp6_e3m2, fp4_e2m1, fp3_e2m0, nf4; give one of these names
        data-types (--format): int6 is named more than once; a group's data type is told by its number; name int6 once
        "#);
        assert_snapshot!(told("int3,int4,int5,int6,int8", None), @"data-types (--format): int3,int4,int5,int6,int8 are 5 data types; a core has 1 to 4; leave some out");
        assert_snapshot!(told("bitmod_fp4,bitmod_fp3", Some(2.5)), @"bits (--bits): codes of these data types have 3 to 4 bits, and never 2.5 on average; give 3 to 4, or leave --bits out");
    }
}
