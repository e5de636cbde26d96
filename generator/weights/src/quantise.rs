//! Weight quantisers: real matrices to unsigned codes with a scale and a zero point per group.
//!
//! A quantiser places each span of weights, an output channel or a group of its input channels, on
//! an integer grid. Grids that hold zero round to the nearest integer, ties to even, and clamp; the
//! mid-rise grids (odd integers) take the odd integer whose cell holds the weight, ties upwards.
//! Except where the scale is an average of magnitudes, it is searched per span: of the widest scale,
//! which clips nothing, and a geometric series of narrower ones, the one with the least squared
//! error is kept. At 2 bits clipping the largest weights halves the error of a typical layer; at 8
//! bits the widest scale nearly always wins.

use std::fmt;

use bitplane_formats::WeightFormat;
use bitplane_spec::Problem;
use rayon::prelude::*;

use crate::grid::{Grid, Placed, extent, representable};
use crate::grouping::Grouping;
use crate::matrix::Matrix;
use crate::quantised::QuantisedWeights;
use crate::suggest::nearest;

/// How weights become codes. Its name, as on the command line, is its `Display` form. A span is one
/// output channel, or one quantisation group of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightQuantiser {
    /// `int1` to `int8`: two's-complement integers -2^(b-1) to 2^(b-1) - 1 (z' = 1), searched
    /// scale. One bit has no room for zero, so `int1` is binary, {-1, 1} (z' = 0): the sign, with
    /// the mean magnitude of the span as scale, which is the best one.
    Symmetric(WeightFormat),
    /// `int1_centred`: binary, {-1, 1}: the sign of the weight less the mean of the span, scale =
    /// mean magnitude of the span (as in BitNet; the mean is not added back).
    CentredBinary,
    /// `int2_mid_rise` to `int8_mid_rise`: the odd integers -(2^b - 1) to 2^b - 1 (z' = 0), which
    /// need no zero-point correction; searched scale.
    MidRise(WeightFormat),
    /// `int2_asymmetric` to `int8_asymmetric`, `int2_asymmetric_common` to
    /// `int8_asymmetric_common`: integers -z to 2^b - 1 - z. The zero code z follows from where zero
    /// lies in the range of the weights: of the two neighbouring codes, the one with the smaller
    /// error. Searched scale.
    Asymmetric(WeightFormat, ZeroSpan),
    /// `ternary_int2`, `ternary_int2_median`, each also with `_per_channel`: {-1, 0, 1} held as
    /// codes {0, 1, 2} of two bits (z = 1, z' = -1), scale = an average magnitude.
    Ternary(Average, ScaleSpan),
}

/// What shares a zero point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroSpan {
    /// One span has one: an output channel, or a quantisation group.
    Own,
    /// The whole tensor has one.
    Tensor,
}

/// An average of magnitudes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// Absmean, as in BitNet b1.58.
    Mean,
    /// Absmedian; where more than half of the weights are zero, the mean.
    Median,
}

/// What an average is taken over where no quantisation groups are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleSpan {
    /// The whole tensor; the scale is repeated for every channel.
    Tensor,
    /// One output channel.
    Channel,
}

impl WeightQuantiser {
    /// The quantiser called `name`.
    ///
    /// # Errors
    /// `quantiser-unknown` with the legal names and the nearest one.
    pub fn parse(name: &str) -> Result<Self, Problem> {
        match Self::all().into_iter().find(|quantiser| quantiser.to_string() == name) {
            Some(quantiser) => Ok(quantiser),
            None => Err(unknown(name)),
        }
    }

    /// Every quantiser, in the order of the documentation.
    pub fn all() -> Vec<Self> {
        let formats: Vec<_> = WeightFormat::BITS.filter_map(WeightFormat::new).collect();
        let wide = || formats.iter().copied().filter(|format| format.bits() > 1);
        let mut all: Vec<_> = formats.iter().copied().map(Self::Symmetric).collect();
        all.push(Self::CentredBinary);
        all.extend(wide().map(Self::MidRise));
        for span in [ZeroSpan::Own, ZeroSpan::Tensor] {
            all.extend(wide().map(|format| Self::Asymmetric(format, span)));
        }
        for average in [Average::Mean, Average::Median] {
            let spans = [ScaleSpan::Tensor, ScaleSpan::Channel];
            all.extend(spans.map(|span| Self::Ternary(average, span)));
        }
        all
    }

    /// The format of the codes it makes.
    pub fn format(self) -> WeightFormat {
        match self {
            Self::Symmetric(format) | Self::MidRise(format) | Self::Asymmetric(format, _) => format,
            Self::CentredBinary => WeightFormat::new(1).expect("1 bit is legal"),
            Self::Ternary(..) => WeightFormat::new(2).expect("2 bits are legal"),
        }
    }

    /// The quantisation groups of `size` of `inputs` input channels; 0 stands for none.
    ///
    /// # Errors
    /// `group-too-large` if there are fewer input channels; `group-contradicts` if the quantiser's
    /// name asks for another span.
    pub fn grouping(self, inputs: usize, size: usize) -> Result<Grouping, Problem> {
        match self {
            Self::Ternary(average, ScaleSpan::Channel) if size > 0 => {
                Err(contradicts(self, Self::Ternary(average, ScaleSpan::Tensor)))
            }
            _ => Grouping::new(inputs, size),
        }
    }

    /// Quantises the matrix [output channels, input channels] of the tensor called `name`, with a
    /// scale and a zero point per group of `grouping`, which must be one of as many input channels.
    ///
    /// A span of zeros gets codes of zero and scale 1; on a mid-rise grid, which has no zero,
    /// scale 0.
    pub fn quantise(self, name: &str, weights: &Matrix, grouping: Grouping) -> QuantisedWeights {
        let format = self.format();
        let spans = Spans { quantiser: self, name, weights, grouping };
        match self {
            Self::Symmetric(format) if format.bits() == 1 => {
                spans.place(&|span| Grid::BINARY.place(format, span, mean_magnitude(span)))
            }
            Self::CentredBinary => spans.place(&|span| centred(format, span)),
            Self::Symmetric(_) => {
                let grid = Grid::with_zero(format, format.codes() / 2);
                spans.place(&|span| grid.fit(format, span))
            }
            Self::MidRise(_) => {
                let grid = Grid::Odd { bits: format.bits() };
                spans.place(&|span| grid.fit(format, span))
            }
            Self::Asymmetric(_, ZeroSpan::Own) => spans.place(&|span| asymmetric(format, span)),
            Self::Asymmetric(_, ZeroSpan::Tensor) => common_zero(&spans, format),
            Self::Ternary(average, ScaleSpan::Tensor) if grouping.size() == 0 => {
                let scale = average.magnitude(weights.data());
                spans.place(&|span| Grid::TERNARY.place(format, span, scale))
            }
            Self::Ternary(average, _) => {
                spans.place(&|span| Grid::TERNARY.place(format, span, average.magnitude(span)))
            }
        }
    }
}

impl fmt::Display for WeightQuantiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symmetric(format) => write!(f, "{format}"),
            Self::CentredBinary => f.write_str("int1_centred"),
            Self::MidRise(format) => write!(f, "{format}_mid_rise"),
            Self::Asymmetric(format, ZeroSpan::Own) => write!(f, "{format}_asymmetric"),
            Self::Asymmetric(format, ZeroSpan::Tensor) => write!(f, "{format}_asymmetric_common"),
            Self::Ternary(average, span) => {
                let average = if *average == Average::Median { "_median" } else { "" };
                let span = if *span == ScaleSpan::Channel { "_per_channel" } else { "" };
                write!(f, "ternary_int2{average}{span}")
            }
        }
    }
}

impl Average {
    /// The average magnitude of `weights`, as a scale.
    fn magnitude(self, weights: &[f32]) -> f32 {
        match self {
            Self::Mean => mean_magnitude(weights),
            Self::Median => match median_magnitude(weights) {
                0.0 => mean_magnitude(weights),
                median => representable(median),
            },
        }
    }
}

/// Places one span on a grid.
type Placement<'a> = &'a (dyn Fn(&[f32]) -> Placed + Sync);

/// A matrix cut into spans.
struct Spans<'a> {
    quantiser: WeightQuantiser,
    name: &'a str,
    weights: &'a Matrix,
    grouping: Grouping,
}

impl Spans<'_> {
    fn place(&self, placement: Placement<'_>) -> QuantisedWeights {
        let channels = self.weights.data().par_chunks(self.weights.columns());
        let placed: Vec<Placed> = channels
            .flat_map_iter(|channel| channel.chunks(self.grouping.span()).map(placement))
            .collect();
        QuantisedWeights {
            name: self.name.to_owned(),
            quantiser: self.quantiser.to_string(),
            format: self.quantiser.format(),
            rows: self.weights.rows(),
            grouping: self.grouping,
            scales: placed.iter().map(|span| span.scale).collect(),
            zero_points: placed.iter().map(|span| span.zero_point).collect(),
            codes: placed.into_iter().flat_map(|span| span.codes).collect(),
        }
    }
}

/// Every span with its own zero code.
fn asymmetric(format: WeightFormat, span: &[f32]) -> Placed {
    let [low, high] = neighbours(format, zero_share(span).unwrap_or(0.5)).map(|zero| {
        let grid = Grid::with_zero(format, zero);
        let placed = grid.fit(format, span);
        (grid.squared_error(span, placed.scale), placed)
    });
    if high.0 < low.0 { high.1 } else { low.1 }
}

/// All spans with one zero code, which follows from where zero lies in their ranges on average.
fn common_zero(spans: &Spans<'_>, format: WeightFormat) -> QuantisedWeights {
    let weights = spans.weights;
    let channels = weights.data().chunks(weights.columns());
    let shares: Vec<f64> = channels
        .flat_map(|channel| channel.chunks(spans.grouping.span()))
        .filter_map(zero_share)
        .collect();
    let mean =
        if shares.is_empty() { 0.5 } else { shares.iter().sum::<f64>() / shares.len() as f64 };
    let [low, high] = neighbours(format, mean).map(|zero| {
        let grid = Grid::with_zero(format, zero);
        spans.place(&|span| grid.fit(format, span))
    });
    if high.nmse(weights) < low.nmse(weights) { high } else { low }
}

/// The sign of each weight less the mean of the span; +1 for the mean itself.
fn centred(format: WeightFormat, span: &[f32]) -> Placed {
    let sum: f64 = span.iter().map(|&weight| f64::from(weight)).sum();
    let mean = sum / span.len() as f64;
    let signs = span.iter().map(|&weight| if f64::from(weight) < mean { -1.0 } else { 1.0 });
    let signs: Vec<f32> = signs.collect();
    let scale = if extent(span) == (0.0, 0.0) { 0.0 } else { mean_magnitude(span) };
    Placed { scale, ..Grid::BINARY.place(format, &signs, 1.0) }
}

/// The mean of the weights' magnitudes.
fn mean_magnitude(weights: &[f32]) -> f32 {
    let sum: f64 = weights.iter().map(|&weight| f64::from(weight.abs())).sum();
    representable(sum / weights.len() as f64)
}

/// The median of the weights' magnitudes; of an even number, the mean of the middle two.
fn median_magnitude(weights: &[f32]) -> f64 {
    let mut magnitudes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
    magnitudes.sort_unstable_by(f32::total_cmp);
    let upper = magnitudes.len() / 2;
    let lower = (magnitudes.len() - 1) / 2;
    (f64::from(magnitudes[lower]) + f64::from(magnitudes[upper])) / 2.0
}

/// How far up zero lies in the range of the weights and zero, 0 to 1; none without a range.
fn zero_share(span: &[f32]) -> Option<f64> {
    let (least, greatest) = extent(span);
    (greatest > least).then(|| -least / (greatest - least))
}

/// The two codes on either side of a share of the range.
fn neighbours(format: WeightFormat, share: f64) -> [u32; 2] {
    let top = format.codes() - 1;
    let position = share * f64::from(top);
    [position.floor() as u32, (position.ceil() as u32).min(top)]
}

fn unknown(name: &str) -> Problem {
    let names: Vec<String> = WeightQuantiser::all().iter().map(ToString::to_string).collect();
    let names = names.iter().map(String::as_str);
    let help = match nearest(name, names) {
        Some(near) => format!("did you mean {near}?"),
        None => "give one of these names".to_owned(),
    };
    Problem::new(
        "quantiser-unknown",
        "--format",
        format!(
            "there is no weight format {name:?}; legal are int1 to int8, int1_centred, \
             int2_mid_rise to int8_mid_rise, int2_asymmetric to int8_asymmetric, \
             int2_asymmetric_common to int8_asymmetric_common, ternary_int2, \
             ternary_int2_per_channel, ternary_int2_median and ternary_int2_median_per_channel"
        ),
        help,
    )
}

fn contradicts(quantiser: WeightQuantiser, grouped: WeightQuantiser) -> Problem {
    Problem::new(
        "group-contradicts",
        "--group",
        format!("{quantiser} takes one scale per output channel, a group takes one of its own"),
        format!("give --format {grouped} with --group, or leave --group out"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::ZeroPoint;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn quantise(name: &str, rows: usize, weights: &[f32]) -> QuantisedWeights {
        quantise_groups(name, 0, rows, weights)
    }

    fn quantise_groups(name: &str, size: usize, rows: usize, weights: &[f32]) -> QuantisedWeights {
        let (quantiser, matrix) = (WeightQuantiser::parse(name).unwrap(), matrix(rows, weights));
        let grouping = quantiser.grouping(matrix.columns(), size).unwrap();
        quantiser.quantise("w", &matrix, grouping)
    }

    fn matrix(rows: usize, weights: &[f32]) -> Matrix {
        Matrix::new(rows, weights.len() / rows, weights.to_vec()).unwrap()
    }

    /// A channel shaped like a trained one: the sum of four uniform numbers.
    fn bell_shaped(count: usize) -> Vec<f32> {
        let mut state = 1u32;
        let mut uniform = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| (0..4).map(|_| uniform()).sum()).collect()
    }

    #[test]
    fn every_name_reads_back_as_its_quantiser() {
        let all = WeightQuantiser::all();
        assert_eq!(all.len(), 8 + 1 + 7 + 7 + 7 + 4);
        for quantiser in all {
            assert_eq!(WeightQuantiser::parse(&quantiser.to_string()), Ok(quantiser));
        }
    }

    #[test]
    fn an_unknown_format_is_answered_with_the_legal_ones_and_a_near_miss() {
        let problem = WeightQuantiser::parse("int4_assymetric").unwrap_err();
        assert_eq!(problem.code, "quantiser-unknown");
        assert_snapshot!(problem, @r#"there is no weight format "int4_assymetric"; legal are int1 to int8, int1_centred, int2_mid_rise to int8_mid_rise, int2_asymmetric to int8_asymmetric, int2_asymmetric_common to int8_asymmetric_common, ternary_int2, ternary_int2_per_channel, ternary_int2_median and ternary_int2_median_per_channel"#);
        assert_snapshot!(problem.help, @"did you mean int4_asymmetric?");
    }

    #[test]
    fn integers_already_on_the_grid_are_kept() {
        let weights: Vec<f32> = (-8..8).map(|w| w as f32 * 0.25).collect();
        let quantised = quantise("int4", 1, &weights);
        assert_eq!(quantised.zero_points, [ZeroPoint::TWOS_COMPLEMENT]);
        assert_eq!(quantised.scales, [0.25]);
        assert_eq!(quantised.codes, (0..16).collect::<Vec<u8>>());
        assert_eq!(quantised.values(), (-8..8).collect::<Vec<i32>>());
        assert_eq!(quantised.dequantise(), weights);
    }

    #[test]
    fn ties_round_to_even() {
        let quantised = quantise("int8", 1, &[127.0, 0.5, 1.5, -0.5, -1.5, -2.5, -128.0]);
        assert_eq!(quantised.scales, [1.0]);
        assert_eq!(quantised.values(), [127, 0, 2, 0, -2, -2, -128]);
    }

    #[test]
    fn each_channel_has_its_own_scale() {
        let quantised = quantise("int8", 2, &[127.0, 1.0, 1270.0, 10.0]);
        assert_eq!(quantised.scales, [1.0, 10.0]);
        assert_eq!(quantised.values(), [127, 1, 127, 1]);
    }

    #[test]
    fn one_bit_keeps_the_sign_and_the_mean_magnitude() {
        let quantised = quantise("int1", 1, &[0.5, -1.5, 0.0, -2.0]);
        assert_eq!(quantised.zero_points, [ZeroPoint::MID_RISE]);
        assert_eq!(quantised.codes, [1, 0, 1, 0]);
        assert_eq!(quantised.dequantise(), [1.0, -1.0, 1.0, -1.0]);
    }

    #[test]
    fn the_mid_rise_grid_is_the_odd_integers() {
        let quantised = quantise("int2_mid_rise", 1, &[-3.0, -1.0, 1.0, 3.0, 3.0, -3.0]);
        assert_eq!(quantised.zero_points, [ZeroPoint::MID_RISE]);
        assert_eq!(quantised.codes, [0, 1, 2, 3, 3, 0]);
        assert_eq!(quantised.scales, [1.0]);
    }

    #[test]
    fn ternary_is_clamped_to_one_and_scaled_by_the_mean_magnitude_of_the_tensor() {
        let weights = [4.0, -1.0, 0.2, -0.8, 0.0, 0.0, 1.0, 1.0];
        let quantised = quantise("ternary_int2", 2, &weights);
        assert_eq!(quantised.scales, [1.0, 1.0]);
        assert_eq!(quantised.zero_points, [ZeroPoint(-1); 2]);
        assert_eq!(quantised.codes, [2, 0, 1, 0, 1, 1, 2, 2]);
        assert_eq!(quantised.values(), [1, -1, 0, -1, 0, 0, 1, 1]);
        let per_channel = quantise("ternary_int2_per_channel", 2, &weights);
        assert_eq!(per_channel.scales, [1.5, 0.5]);
    }

    #[test]
    fn a_common_zero_code_follows_the_ranges_of_all_channels() {
        let weights = [-1.0, 0.0, 1.0, 2.0, -3.0, 0.0, 3.0, 6.0];
        let quantised = quantise("int2_asymmetric_common", 2, &weights);
        assert_eq!(quantised.zero_points, [ZeroPoint::of_code(quantised.format, 1); 2]);
        assert_eq!(quantised.scales, [1.0, 3.0]);
        assert_eq!(quantised.codes, [0, 1, 2, 3, 0, 1, 2, 3]);
        let positive = quantise("int4_asymmetric_common", 1, &[0.0, 1.0, 7.0, 15.0]);
        assert_eq!(positive.values(), [0, 1, 7, 15]);
    }

    #[test]
    fn every_span_of_an_asymmetric_grid_has_its_own_zero_code() {
        let weights = [-1.0, 0.0, 1.0, 2.0, -6.0, -3.0, 0.0, 3.0];
        let channels = quantise("int2_asymmetric", 2, &weights);
        let codes = |zeros: [u8; 2]| zeros.map(|z| ZeroPoint::of_code(channels.format, z));
        assert_eq!(channels.zero_points, codes([1, 2]));
        assert_eq!(
            (channels.scales.clone(), channels.nmse(&matrix(2, &weights))),
            (vec![1.0, 3.0], 0.0)
        );
        let groups = quantise_groups("int2_asymmetric", 4, 1, &weights);
        assert_eq!(groups.zero_points, channels.zero_points);
        assert_eq!(groups.dequantise(), weights);
    }

    #[test]
    fn each_group_has_its_own_scale_and_the_last_may_be_shorter() {
        let weights = [127.0, 1.0, 1270.0, 10.0, 12.7];
        let quantised = quantise_groups("int8", 2, 1, &weights);
        assert_eq!(quantised.scales, [1.0, 10.0, 0.1]);
        assert_eq!(quantised.values(), [127, 1, 127, 1, 127]);
    }

    #[test]
    fn centred_signs_are_those_of_the_weights_less_their_mean() {
        let quantised = quantise("int1_centred", 1, &[1.0, 2.0, 3.0, -1.0]);
        assert_eq!(quantised.codes, [0, 1, 1, 0]);
        assert_eq!(quantised.scales, [1.75]);
        let same = quantise("int1_centred", 1, &[2.0, 2.0]);
        assert_eq!(same.dequantise(), [2.0, 2.0]);
    }

    #[test]
    fn the_median_is_not_moved_by_an_outlier_and_gives_way_to_the_mean_among_zeros() {
        let weights = [100.0, -1.0, 0.2, -0.8, 0.4];
        let quantised = quantise("ternary_int2_median", 1, &weights);
        assert_eq!(quantised.scales, [0.8]);
        assert_eq!(quantised.values(), [1, -1, 0, -1, 0]);
        assert_eq!(quantise("ternary_int2_median", 1, &[1.0, 2.0]).scales, [1.5]);
        let sparse = quantise("ternary_int2_median", 1, &[0.0, 0.0, 3.0]);
        assert_eq!((sparse.scales.clone(), sparse.values()), (vec![1.0], vec![0, 0, 1]));
    }

    #[test]
    fn groups_take_the_place_of_the_tensor_and_contradict_a_channel() {
        let weights = [4.0, -4.0, 1.0, 1.0];
        let quantised = quantise_groups("ternary_int2", 2, 1, &weights);
        assert_eq!(quantised.scales, [4.0, 1.0]);
        let per_channel = WeightQuantiser::parse("ternary_int2_median_per_channel").unwrap();
        let problem = per_channel.grouping(4, 2).unwrap_err();
        assert_snapshot!(problem, @"ternary_int2_median_per_channel takes one scale per output channel, a group takes one of its own");
        assert_snapshot!(problem.help, @"give --format ternary_int2_median with --group, or leave --group out");
    }

    #[test]
    fn a_channel_of_zeros_dequantises_to_zeros_in_every_format() {
        for quantiser in WeightQuantiser::all() {
            let quantised = quantise(&quantiser.to_string(), 2, &[0.0, 0.0, 1.0, -1.0]);
            assert_eq!(quantised.dequantise()[..2], [0.0, 0.0], "{quantiser}");
            let scale = if quantised.zero_points[0] == ZeroPoint::MID_RISE { 0.0 } else { 1.0 };
            assert_eq!(quantised.scales[0], scale, "{quantiser}");
            let zeros = quantise(&quantiser.to_string(), 1, &[0.0, 0.0]);
            assert_eq!(zeros.dequantise(), [0.0, 0.0], "{quantiser}");
        }
    }

    #[test]
    fn tiny_and_huge_numbers_give_finite_scales() {
        for quantiser in WeightQuantiser::all() {
            for size in [f32::from_bits(1), 1e38] {
                let weights = matrix(1, &[size, -size, 0.0]);
                let quantised = quantise(&quantiser.to_string(), 1, weights.data());
                assert!(quantised.scales[0] > 0.0 && quantised.scales[0].is_finite());
                assert!(quantised.nmse(&weights) <= 1.0, "{quantiser} {size}");
            }
        }
    }

    #[test]
    fn the_error_of_a_bell_shaped_channel_falls_with_every_bit() {
        let weights = matrix(1, &bell_shaped(4096));
        let error = |name| quantise(name, 1, weights.data()).nmse(&weights);
        let names = ["int1", "int2", "int3", "int4", "int5", "int6", "int7", "int8"];
        let errors = names.map(error);
        assert!(errors.is_sorted_by(|wide, narrow| wide > narrow), "{errors:?}");
        assert!(errors[1] < 0.25 && errors[3] < 0.02 && errors[7] < 1e-4, "{errors:?}");
        assert!(error("int2_mid_rise") < errors[1]);
    }

    proptest! {
        #[test]
        fn searched_scales_are_never_worse_than_the_widest(
            weights in proptest::collection::vec(-10.0f32..10.0, 1..40),
            bits in 2u32..=8,
        ) {
            let format = WeightFormat::new(bits).unwrap();
            let grid = Grid::with_zero(format, format.codes() / 2);
            let widest = grid.squared_error(&weights, representable(grid.widest_scale(&weights)));
            let quantised = quantise(&format.to_string(), 1, &weights);
            prop_assert!(grid.squared_error(&weights, quantised.scales[0]) <= widest);
        }

        #[test]
        fn every_quantiser_follows_its_definition_in_every_group(
            weights in proptest::collection::vec(-1.0f32..3.0, 2..40),
            rows in 1usize..3,
            size in 0usize..8,
            quantiser in proptest::sample::select(WeightQuantiser::all()),
        ) {
            let weights = &weights[..weights.len() / rows * rows];
            let columns = weights.len() / rows;
            let per_channel = quantiser.grouping(columns, 1).is_err();
            let size = if per_channel || size > columns { 0 } else { size };
            let name = quantiser.to_string();
            let quantised = quantise_groups(&name, size, rows, weights);
            prop_assert_eq!(quantised.codes.len(), weights.len());
            let span = if size == 0 { columns } else { size };
            let spans: Vec<&[f32]> =
                weights.chunks(columns).flat_map(|channel| channel.chunks(span)).collect();
            prop_assert_eq!(quantised.scales.len(), spans.len());
            let mut codes = quantised.codes.iter();
            for (i, span) in spans.iter().enumerate() {
                let (scale, zero_point) = (quantised.scales[i], quantised.zero_points[i]);
                prop_assert!(quantised.format.accepts(zero_point));
                let grid = reference::levels(&name, zero_point.0);
                let mean = reference::mean(span);
                for &weight in *span {
                    let code = *codes.next().unwrap();
                    let centred = name == "int1_centred";
                    let level = f64::from(quantised.format.value(code, zero_point));
                    prop_assert!(grid.contains(&level), "{level} is not on the grid of {name}");
                    let weight = f64::from(weight) - if centred { mean } else { 0.0 };
                    let best = reference::distance(&grid, weight, scale);
                    let found = (weight - level * f64::from(scale)).abs();
                    prop_assert!(found <= best + 1e-6, "{found} where {best} is possible");
                }
                let tensor = size == 0 && name.starts_with("ternary") && !per_channel;
                let averaged = if tensor { weights } else { span };
                if let Some(expected) = reference::scale(&name, averaged) {
                    prop_assert!((f64::from(scale) - expected).abs() <= 1e-6 * expected);
                } else {
                    let found = reference::error(&grid, span, scale);
                    let best = reference::least_error(&name, &grid, span);
                    prop_assert!(found <= best * (1.0 + 1e-6) + 1e-9, "{found}, {best}");
                }
            }
        }
    }

    /// The definitions of docs/numerics.md once more, by trying every level of a grid.
    mod reference {
        /// The integers that codes of the format called `name` stand for under z'.
        pub fn levels(name: &str, z: i32) -> Vec<f64> {
            if name.starts_with("ternary") {
                return vec![-1.0, 0.0, 1.0];
            }
            let bits = name.as_bytes()[3] - b'0';
            let codes = 1i32 << bits;
            let level = |q: i32| match z {
                0 => f64::from(2 * q + 1 - codes),
                _ => f64::from(q) - f64::from(z - 1 + codes) / 2.0,
            };
            (0..codes).map(level).collect()
        }

        pub fn distance(levels: &[f64], weight: f64, scale: f32) -> f64 {
            let distances = levels.iter().map(|level| (weight - level * f64::from(scale)).abs());
            distances.fold(f64::INFINITY, f64::min)
        }

        pub fn error(levels: &[f64], span: &[f32], scale: f32) -> f64 {
            span.iter().map(|&w| distance(levels, w.into(), scale).powi(2)).sum()
        }

        pub fn mean(span: &[f32]) -> f64 {
            span.iter().map(|&w| f64::from(w)).sum::<f64>() / span.len() as f64
        }

        /// The scale where it is an average of magnitudes.
        pub fn scale(name: &str, span: &[f32]) -> Option<f64> {
            let mut magnitudes: Vec<f64> = span.iter().map(|&w| f64::from(w).abs()).collect();
            magnitudes.sort_by(f64::total_cmp);
            let (n, sum) = (magnitudes.len(), magnitudes.iter().sum::<f64>());
            match name {
                _ if name.contains("median") => {
                    Some((magnitudes[(n - 1) / 2] + magnitudes[n / 2]) / 2.0)
                }
                "int1" | "int1_centred" => Some(sum / n as f64),
                _ => name.starts_with("ternary").then_some(sum / n as f64),
            }
        }

        /// The least error over the candidate scales, and over zero codes where each span has its
        /// own.
        pub fn least_error(name: &str, levels: &[f64], span: &[f32]) -> f64 {
            let grids: Vec<Vec<f64>> = match name.strip_suffix("_asymmetric") {
                None => vec![levels.to_vec()],
                Some(_) => neighbouring_zeros(levels.len(), span)
                    .map(|zero| (0..levels.len()).map(|q| q as f64 - zero).collect())
                    .to_vec(),
            };
            let errors = grids.iter().flat_map(|grid| candidates(grid, span));
            errors.fold(f64::INFINITY, f64::min)
        }

        fn neighbouring_zeros(codes: usize, span: &[f32]) -> [f64; 2] {
            let least = span.iter().fold(0.0, |least: f64, &w| least.min(w.into()));
            let most = span.iter().fold(0.0, |most: f64, &w| most.max(w.into()));
            let position = -least / (most - least) * (codes - 1) as f64;
            [position.floor(), position.ceil()]
        }

        fn candidates<'a>(grid: &'a [f64], span: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
            let (low, high) = (grid[0], grid[grid.len() - 1]);
            let needed = span.iter().map(|&w| match f64::from(w) {
                w if w < 0.0 && low < 0.0 => w / low,
                w if w > 0.0 && high > 0.0 => w / high,
                _ => 0.0,
            });
            let widest = needed.fold(0.0, f64::max);
            (0..41)
                .map(move |i| error(grid, span, (widest * 2f64.powf(-f64::from(i) / 8.0)) as f32))
        }
    }
}
