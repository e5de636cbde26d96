//! Weight quantisers: real matrices to unsigned codes with one scale per output channel.
//!
//! A quantiser places each channel on an integer grid. Grids that hold zero round to the nearest
//! integer, ties to even, and clamp; the mid-rise grids (odd integers) take the odd integer whose
//! cell holds the weight, ties upwards. Except where the scale is a mean of magnitudes, it is
//! searched per channel: of the widest scale, which clips nothing, and a geometric series of
//! narrower ones, the one with the least squared error is kept. At 2 bits clipping the largest
//! weights halves the error of a typical layer; at 8 bits the widest scale nearly always wins.

use std::fmt;

use bitplane_formats::{WeightFormat, ZeroPoint};
use bitplane_spec::Problem;
use rayon::prelude::*;

use crate::matrix::{Matrix, nmse};
use crate::suggest::nearest;

/// Ratio of one candidate scale to the next wider one: 2^(-1/8).
const NARROWER: f64 = 0.917_004_043_204_671_2;
/// Candidate scales per channel; the narrowest is 1/32 of the widest.
const CANDIDATES: usize = 41;

/// How weights become codes. Its name, as on the command line, is its `Display` form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightQuantiser {
    /// `int1` to `int8`: two's-complement integers -2^(b-1) to 2^(b-1) - 1 (z' = 1), searched
    /// scale. One bit has no room for zero, so `int1` is the mid-rise grid {-1, 1} (z' = 0).
    Symmetric(WeightFormat),
    /// `int2_mid_rise` to `int8_mid_rise`: the odd integers -(2^b - 1) to 2^b - 1 (z' = 0), which
    /// need no zero-point correction; searched scale. One bit is `int1`: {-1, 1} with the mean
    /// magnitude of the channel as scale, which is the best one.
    MidRise(WeightFormat),
    /// `int2_asymmetric` to `int8_asymmetric`: integers -z to 2^b - 1 - z with one zero code z for
    /// the whole tensor. z follows from where zero lies in the channels' ranges on average: of the
    /// two neighbouring codes, the one with the smaller error. Searched scale.
    Asymmetric(WeightFormat),
    /// `ternary_int2`, `ternary_int2_per_channel`: {-1, 0, 1} held as codes {0, 1, 2} of two bits
    /// (z = 1, z' = -1), scale = mean magnitude (absmean, as in BitNet b1.58).
    Ternary(ScaleSpan),
}

/// What one absmean scale is taken over.
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
        all.extend(wide().map(Self::MidRise));
        all.extend(wide().map(Self::Asymmetric));
        all.extend([ScaleSpan::Tensor, ScaleSpan::Channel].map(Self::Ternary));
        all
    }

    /// The format of the codes it makes.
    pub fn format(self) -> WeightFormat {
        match self {
            Self::Symmetric(format) | Self::MidRise(format) | Self::Asymmetric(format) => format,
            Self::Ternary(_) => WeightFormat::new(2).expect("2 bits are legal"),
        }
    }

    /// Quantises the matrix [output channels, input channels] of the tensor called `name`.
    ///
    /// A channel of zeros gets codes of zero and scale 1; on a mid-rise grid, which has no zero,
    /// scale 0.
    pub fn quantise(self, name: &str, weights: &Matrix) -> QuantisedWeights {
        match self {
            Self::Symmetric(format) | Self::MidRise(format) if format.bits() == 1 => {
                self.place(name, weights, Grid::Odd { bits: 1 }, &mean_magnitude)
            }
            Self::MidRise(format) => self.search(name, weights, Grid::Odd { bits: format.bits() }),
            Self::Symmetric(format) => {
                self.search(name, weights, Grid::with_zero(format, format.codes() / 2))
            }
            Self::Asymmetric(format) => {
                let [low, high] = likely_zeros(format, weights)
                    .map(|zero| self.search(name, weights, Grid::with_zero(format, zero)));
                if high.nmse(weights) < low.nmse(weights) { high } else { low }
            }
            Self::Ternary(span) => {
                let tensor = mean_magnitude(weights.data());
                self.place(name, weights, Grid::TERNARY, &|channel| match span {
                    ScaleSpan::Tensor => tensor,
                    ScaleSpan::Channel => mean_magnitude(channel),
                })
            }
        }
    }

    /// Places every channel on `grid` with a searched scale.
    fn search(self, name: &str, weights: &Matrix, grid: Grid) -> QuantisedWeights {
        self.place(name, weights, grid, &|channel| grid.best_scale(channel))
    }

    /// Places every channel on `grid` with the scale that `rule` gives it.
    fn place(
        self,
        name: &str,
        weights: &Matrix,
        grid: Grid,
        rule: ScaleRule<'_>,
    ) -> QuantisedWeights {
        let channels = weights.data().par_chunks(weights.columns());
        let placed: Vec<_> = channels.map(|channel| grid.place(channel, rule)).collect();
        QuantisedWeights {
            name: name.to_owned(),
            quantiser: self.to_string(),
            format: self.format(),
            zero_point: grid.zero_point(self.format()),
            rows: weights.rows(),
            columns: weights.columns(),
            scales: placed.iter().map(|(scale, _)| *scale).collect(),
            codes: placed.into_iter().flat_map(|(_, codes)| codes).collect(),
        }
    }
}

/// Chooses a channel's scale.
type ScaleRule<'a> = &'a (dyn Fn(&[f32]) -> f32 + Sync);

impl fmt::Display for WeightQuantiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symmetric(format) => write!(f, "{format}"),
            Self::MidRise(format) if format.bits() == 1 => write!(f, "{format}"),
            Self::MidRise(format) => write!(f, "{format}_mid_rise"),
            Self::Asymmetric(format) => write!(f, "{format}_asymmetric"),
            Self::Ternary(ScaleSpan::Tensor) => f.write_str("ternary_int2"),
            Self::Ternary(ScaleSpan::Channel) => f.write_str("ternary_int2_per_channel"),
        }
    }
}

/// Weights as codes.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedWeights {
    /// The tensor's name.
    pub name: String,
    /// The quantiser's name.
    pub quantiser: String,
    /// The codes' format.
    pub format: WeightFormat,
    /// The reinterpreted zero point of all channels.
    pub zero_point: ZeroPoint,
    /// Output channels.
    pub rows: usize,
    /// Input channels.
    pub columns: usize,
    /// Unsigned codes, row-major.
    pub codes: Vec<u8>,
    /// One scale per output channel, 0 or more.
    pub scales: Vec<f32>,
}

impl QuantisedWeights {
    /// The integer weights that the codes stand for, row-major.
    pub fn values(&self) -> Vec<i32> {
        self.codes.iter().map(|&code| self.format.value(code, self.zero_point)).collect()
    }

    /// The real weights that the codes stand for, row-major: integer times the channel's scale.
    pub fn dequantise(&self) -> Vec<f32> {
        let channels = self.codes.chunks(self.columns.max(1)).zip(&self.scales);
        let real = |code, scale| self.format.value(code, self.zero_point) as f32 * scale;
        channels.flat_map(|(codes, &scale)| codes.iter().map(move |&c| real(c, scale))).collect()
    }

    /// Normalised mean square error against the original.
    pub fn nmse(&self, original: &Matrix) -> f64 {
        nmse(original.data(), &self.dequantise())
    }
}

/// The integers that the codes stand for.
#[derive(Clone, Copy)]
enum Grid {
    /// Codes 0, 1, ... stand for consecutive integers, code `zero` for 0.
    Integers { zero: u32, codes: u32 },
    /// Codes 0, 1, ... stand for the 2^bits odd integers around 0.
    Odd { bits: u32 },
}

impl Grid {
    /// {-1, 0, 1}.
    const TERNARY: Self = Self::Integers { zero: 1, codes: 3 };

    /// All codes of `format`, code `zero` standing for 0.
    fn with_zero(format: WeightFormat, zero: u32) -> Self {
        Self::Integers { zero, codes: format.codes() }
    }

    /// Lowest and highest integer.
    fn ends(self) -> (f64, f64) {
        match self {
            Self::Integers { zero, codes } => (-f64::from(zero), f64::from(codes - 1 - zero)),
            Self::Odd { bits } => {
                let highest = f64::from((1u32 << bits) - 1);
                (-highest, highest)
            }
        }
    }

    /// The integer nearest to `x`.
    fn nearest(self, x: f64) -> f64 {
        let (lowest, highest) = self.ends();
        let unbounded = match self {
            Self::Integers { .. } => x.round_ties_even(),
            Self::Odd { .. } => 2.0 * (x / 2.0).floor() + 1.0,
        };
        unbounded.clamp(lowest, highest)
    }

    /// The code of an integer of the grid.
    fn code(self, integer: f64) -> u8 {
        let above_lowest = integer - self.ends().0;
        match self {
            Self::Integers { .. } => above_lowest as u8,
            Self::Odd { .. } => (above_lowest / 2.0) as u8,
        }
    }

    fn zero_point(self, format: WeightFormat) -> ZeroPoint {
        match self {
            Self::Integers { zero, .. } => ZeroPoint::of_code(format, zero as u8),
            Self::Odd { .. } => ZeroPoint::MID_RISE,
        }
    }

    /// The smallest scale that clips nothing; 0 if there is nothing to represent.
    fn widest_scale(self, channel: &[f32]) -> f64 {
        let (lowest, highest) = self.ends();
        let (least, greatest) = extent(channel);
        let reach = |end: f64, limit: f64| if limit == 0.0 { 0.0 } else { end / limit };
        reach(least, lowest).max(reach(greatest, highest))
    }

    /// The candidate scale with the least squared error; the widest of equals.
    fn best_scale(self, channel: &[f32]) -> f32 {
        let mut candidate = self.widest_scale(channel);
        if candidate == 0.0 {
            return 1.0;
        }
        let mut best = (f64::INFINITY, 0.0);
        for _ in 0..CANDIDATES {
            let scale = representable(candidate);
            let error = self.squared_error(channel, scale);
            if error < best.0 {
                best = (error, scale);
            }
            candidate *= NARROWER;
        }
        best.1
    }

    fn squared_error(self, channel: &[f32], scale: f32) -> f64 {
        let scale = f64::from(scale);
        let error = |&weight: &f32| {
            let weight = f64::from(weight);
            weight - self.nearest(weight / scale) * scale
        };
        channel.iter().map(error).map(|e| e * e).sum()
    }

    /// Scale and codes of one channel.
    fn place(self, channel: &[f32], rule: ScaleRule<'_>) -> (f32, Vec<u8>) {
        if channel.iter().all(|&weight| weight == 0.0) {
            let scale = if matches!(self, Self::Odd { .. }) { 0.0 } else { 1.0 };
            return (scale, vec![self.code(self.nearest(0.0)); channel.len()]);
        }
        let scale = rule(channel);
        let code = |&weight: &f32| self.code(self.nearest(f64::from(weight) / f64::from(scale)));
        (scale, channel.iter().map(code).collect())
    }
}

/// Smallest and largest of the weights and zero.
fn extent(channel: &[f32]) -> (f64, f64) {
    let fold = |(least, greatest): (f64, f64), &weight: &f32| {
        (least.min(weight.into()), greatest.max(weight.into()))
    };
    channel.iter().fold((0.0, 0.0), fold)
}

/// The mean of the weights' magnitudes.
fn mean_magnitude(weights: &[f32]) -> f32 {
    let sum: f64 = weights.iter().map(|&weight| f64::from(weight.abs())).sum();
    representable(sum / weights.len() as f64)
}

/// A positive scale as it is stored; too small a one becomes the smallest above zero.
pub(crate) fn representable(scale: f64) -> f32 {
    (scale as f32).max(f32::from_bits(1))
}

/// The two zero codes nearest to where zero lies, on average, in the channels' ranges.
fn likely_zeros(format: WeightFormat, weights: &Matrix) -> [u32; 2] {
    let share = |channel| {
        let (least, greatest) = extent(channel);
        (greatest > least).then(|| -least / (greatest - least))
    };
    let shares: Vec<f64> = weights.data().chunks(weights.columns()).filter_map(share).collect();
    let top = format.codes() - 1;
    let mean =
        if shares.is_empty() { 0.5 } else { shares.iter().sum::<f64>() / shares.len() as f64 };
    let position = mean * f64::from(top);
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
            "there is no weight format {name:?}; legal are int1 to int8, int2_asymmetric to \
             int8_asymmetric, int2_mid_rise to int8_mid_rise, ternary_int2 and \
             ternary_int2_per_channel"
        ),
        help,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn quantise(name: &str, rows: usize, weights: &[f32]) -> QuantisedWeights {
        WeightQuantiser::parse(name).unwrap().quantise("w", &matrix(rows, weights))
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
        assert_eq!(all.len(), 8 + 7 + 7 + 2);
        for quantiser in all {
            assert_eq!(WeightQuantiser::parse(&quantiser.to_string()), Ok(quantiser));
        }
    }

    #[test]
    fn an_unknown_format_is_answered_with_the_legal_ones_and_a_near_miss() {
        let problem = WeightQuantiser::parse("int4_assymetric").unwrap_err();
        assert_eq!(problem.code, "quantiser-unknown");
        assert_snapshot!(problem, @r#"there is no weight format "int4_assymetric"; legal are int1 to int8, int2_asymmetric to int8_asymmetric, int2_mid_rise to int8_mid_rise, ternary_int2 and ternary_int2_per_channel"#);
        assert_snapshot!(problem.help, @"did you mean int4_asymmetric?");
    }

    #[test]
    fn integers_already_on_the_grid_are_kept() {
        let weights: Vec<f32> = (-8..8).map(|w| w as f32 * 0.25).collect();
        let quantised = quantise("int4", 1, &weights);
        assert_eq!(quantised.zero_point, ZeroPoint::TWOS_COMPLEMENT);
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
        assert_eq!(quantised.zero_point, ZeroPoint::MID_RISE);
        assert_eq!(quantised.codes, [1, 0, 1, 0]);
        assert_eq!(quantised.dequantise(), [1.0, -1.0, 1.0, -1.0]);
    }

    #[test]
    fn the_mid_rise_grid_is_the_odd_integers() {
        let quantised = quantise("int2_mid_rise", 1, &[-3.0, -1.0, 1.0, 3.0, 3.0, -3.0]);
        assert_eq!(quantised.zero_point, ZeroPoint::MID_RISE);
        assert_eq!(quantised.codes, [0, 1, 2, 3, 3, 0]);
        assert_eq!(quantised.scales, [1.0]);
    }

    #[test]
    fn ternary_is_clamped_to_one_and_scaled_by_the_mean_magnitude_of_the_tensor() {
        let weights = [4.0, -1.0, 0.2, -0.8, 0.0, 0.0, 1.0, 1.0];
        let quantised = quantise("ternary_int2", 2, &weights);
        assert_eq!(quantised.scales, [1.0, 1.0]);
        assert_eq!(quantised.zero_point, ZeroPoint(-1));
        assert_eq!(quantised.codes, [2, 0, 1, 0, 1, 1, 2, 2]);
        assert_eq!(quantised.values(), [1, -1, 0, -1, 0, 0, 1, 1]);
        let per_channel = quantise("ternary_int2_per_channel", 2, &weights);
        assert_eq!(per_channel.scales, [1.5, 0.5]);
    }

    #[test]
    fn the_asymmetric_zero_code_follows_the_ranges_and_is_common() {
        let quantised = quantise("int2_asymmetric", 2, &[-1.0, 0.0, 1.0, 2.0, -3.0, 0.0, 3.0, 6.0]);
        assert_eq!(quantised.zero_point, ZeroPoint::of_code(quantised.format, 1));
        assert_eq!(quantised.scales, [1.0, 3.0]);
        assert_eq!(quantised.codes, [0, 1, 2, 3, 0, 1, 2, 3]);
        let positive = quantise("int4_asymmetric", 1, &[0.0, 1.0, 7.0, 15.0]);
        assert_eq!(positive.values(), [0, 1, 7, 15]);
    }

    #[test]
    fn a_channel_of_zeros_dequantises_to_zeros_in_every_format() {
        for quantiser in WeightQuantiser::all() {
            let quantised = quantiser.quantise("w", &matrix(2, &[0.0, 0.0, 1.0, -1.0]));
            assert_eq!(quantised.dequantise()[..2], [0.0, 0.0], "{quantiser}");
            let scale = if quantised.zero_point == ZeroPoint::MID_RISE { 0.0 } else { 1.0 };
            assert_eq!(quantised.scales[0], scale, "{quantiser}");
            let zeros = quantiser.quantise("w", &matrix(1, &[0.0, 0.0]));
            assert_eq!(zeros.dequantise(), [0.0, 0.0], "{quantiser}");
        }
    }

    #[test]
    fn tiny_and_huge_numbers_give_finite_scales() {
        for quantiser in WeightQuantiser::all() {
            for size in [f32::from_bits(1), 1e38] {
                let weights = matrix(1, &[size, -size, 0.0]);
                let quantised = quantiser.quantise("w", &weights);
                assert!(quantised.scales[0] > 0.0 && quantised.scales[0].is_finite());
                assert!(quantised.nmse(&weights) <= 1.0, "{quantiser} {size}");
            }
        }
    }

    #[test]
    fn the_error_of_a_bell_shaped_channel_falls_with_every_bit() {
        let weights = matrix(1, &bell_shaped(4096));
        let error =
            |name| WeightQuantiser::parse(name).unwrap().quantise("w", &weights).nmse(&weights);
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
            let original = matrix(1, &weights);
            let grid = Grid::with_zero(format, format.codes() / 2);
            let widest = |channel: &[f32]| representable(grid.widest_scale(channel));
            let quantiser = WeightQuantiser::Symmetric(format);
            let wide = quantiser.place("w", &original, grid, &widest);
            let quantised = quantiser.quantise("w", &original);
            prop_assert!(quantised.nmse(&original) <= wide.nmse(&original) + 1e-9);
        }

        #[test]
        fn every_quantiser_gives_legal_codes_and_a_legal_zero_point(
            weights in proptest::collection::vec(-1.0f32..3.0, 2..40),
            index in 0usize..24,
        ) {
            let quantiser = WeightQuantiser::all()[index];
            let quantised = quantise(&quantiser.to_string(), 1, &weights);
            let format = quantised.format;
            prop_assert!(format.accepts(quantised.zero_point));
            prop_assert!(quantised.codes.iter().all(|&code| u32::from(code) < format.codes()));
            prop_assert_eq!(quantised.codes.len(), weights.len());
        }
    }
}
