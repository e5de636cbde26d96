//! Activations as integers with one scale per token, or as floating-point numbers.

use std::fmt;

use bitplane_formats::{FloatFormat, IntegerFormat};
use bitplane_spec::Problem;

use crate::grid::representable;
use crate::matrix::{Matrix, nmse};
use crate::suggest::nearest;

/// What activations become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationFormat {
    /// Integers with one scale per token.
    Integer(IntegerFormat),
    /// The nearest floating-point numbers.
    Float(FloatFormat),
}

impl fmt::Display for ActivationFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(format) => format.fmt(f),
            Self::Float(format) => format.fmt(f),
        }
    }
}

/// Activations as integers or codes of floating-point numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedActivations {
    /// What they have become.
    pub format: ActivationFormat,
    /// Tokens.
    pub rows: usize,
    /// Channels.
    pub columns: usize,
    /// Integers in the range of the format or codes, row-major.
    pub values: Vec<i32>,
    /// One scale per token, above 0; 1 for floating-point numbers.
    pub scales: Vec<f32>,
}

impl QuantisedActivations {
    /// The numbers of `format` that are nearest to `activations` [tokens, channels].
    pub fn nearest(activations: &Matrix, format: FloatFormat) -> Self {
        let code = |activation: &f32| format.of_f64((*activation).into()) as i32;
        Self {
            format: ActivationFormat::Float(format),
            rows: activations.rows(),
            columns: activations.columns(),
            values: activations.data().iter().map(code).collect(),
            scales: vec![1.0; activations.rows()],
        }
    }

    /// The real activations that the integers or codes stand for, row-major.
    pub fn dequantise(&self) -> Vec<f32> {
        let real = |value: i32| match self.format {
            ActivationFormat::Integer(_) => value as f32,
            ActivationFormat::Float(format) => format.to_f64(value as u32) as f32,
        };
        let tokens = self.values.chunks(self.columns.max(1)).zip(&self.scales);
        tokens
            .flat_map(|(values, &scale)| values.iter().map(move |&value| real(value) * scale))
            .collect()
    }

    /// Share of the activations that are 0.
    pub fn zeros(&self) -> f64 {
        let zeros = self.dequantise().iter().filter(|activation| **activation == 0.0).count();
        zeros as f64 / self.values.len().max(1) as f64
    }

    /// Normalised mean square error against the original.
    pub fn nmse(&self, original: &Matrix) -> f64 {
        nmse(original.data(), &self.dequantise())
    }
}

/// What is done to activations before they become integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationFunction {
    /// max(a, 0)^2, as in the gated feed-forward part of BitNet a4.8: about half of the activations
    /// of a layer become 0.
    SquaredRelu,
}

impl ActivationFunction {
    /// The function of every activation.
    pub fn apply(self, activations: &Matrix) -> Matrix {
        match self {
            Self::SquaredRelu => {
                activations.map(|activation| activation.max(0.0).powi(2).min(f32::MAX))
            }
        }
    }
}

/// How the activations of a token become integers. Its name, as on the command line, is its
/// `Display` form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivationQuantiser {
    /// `absmax`: scale = largest magnitude of the token / (2^(a-1) - 1); nothing is clipped.
    #[default]
    Absmax,
    /// `absmean`: four bits, scale = mean magnitude of the token / sqrt(7), clipped to -8 to 7
    /// (BitNet a4.8, equation 7).
    Absmean,
    /// `absmax_top_P`: P percent of the token's activations, those of the largest magnitudes, as by
    /// absmax; the others are 0 (BitNet a4.8's sparsified activations). Of equal magnitudes the
    /// lower channel is kept.
    AbsmaxTop(Percent),
}

/// A share of 1 to 99 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u32);

impl Percent {
    /// `percent`, or `None` outside 1 to 99.
    pub fn new(percent: u32) -> Option<Self> {
        (1..=99).contains(&percent).then_some(Self(percent))
    }

    /// As many of `count` as the share takes, rounded up.
    fn of(self, count: usize) -> usize {
        (count * self.0 as usize).div_ceil(100)
    }
}

impl ActivationQuantiser {
    /// Every quantiser without a share of its own, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Absmax, Self::Absmean];

    /// The quantiser called `name`.
    ///
    /// # Errors
    /// `activation-quantiser-unknown` with the legal names.
    pub fn parse(name: &str) -> Result<Self, Problem> {
        let top = name.strip_prefix(TOP).and_then(|share| Percent::new(share.parse().ok()?));
        let found = Self::ALL.into_iter().chain(top.map(Self::AbsmaxTop));
        let mut found = found.filter(|quantiser| quantiser.to_string() == name);
        found.next().ok_or_else(|| unknown(name))
    }

    /// Quantises the matrix [tokens, channels] per token, rounding to the nearest integer, ties to
    /// even. A token of zeros has scale 1.
    ///
    /// # Errors
    /// `activation-format` for a width outside [`IntegerFormat::ACTIVATION_BITS`], or other than 4
    /// for absmean.
    pub fn quantise(
        self,
        activations: &Matrix,
        format: IntegerFormat,
    ) -> Result<QuantisedActivations, Problem> {
        if !IntegerFormat::ACTIVATION_BITS.contains(&format.bits()) {
            return Err(unsupported(format));
        }
        if self == Self::Absmean && format.bits() != ABSMEAN_BITS {
            return Err(absmean_width(format));
        }
        let rows = activations.data().chunks(activations.columns());
        let scales: Vec<f32> = rows.clone().map(|token| self.scale(token, format)).collect();
        let values = rows.zip(&scales).flat_map(|(token, &scale)| {
            let kept = self.kept(token).into_iter();
            token.iter().zip(kept).map(move |(&activation, kept)| match kept {
                true => self.integer(activation, scale, format),
                false => 0,
            })
        });
        Ok(QuantisedActivations {
            format: ActivationFormat::Integer(format),
            rows: activations.rows(),
            columns: activations.columns(),
            values: values.collect(),
            scales,
        })
    }

    /// Which activations of a token are more than 0.
    fn kept(self, token: &[f32]) -> Vec<bool> {
        let Self::AbsmaxTop(share) = self else { return vec![true; token.len()] };
        let mut channels: Vec<usize> = (0..token.len()).collect();
        channels.sort_by(|&a, &b| token[b].abs().total_cmp(&token[a].abs()).then(a.cmp(&b)));
        let mut kept = vec![false; token.len()];
        channels[..share.of(token.len())].iter().for_each(|&channel| kept[channel] = true);
        kept
    }

    fn scale(self, token: &[f32], format: IntegerFormat) -> f32 {
        let largest = token.iter().fold(0.0f32, |most, activation| most.max(activation.abs()));
        if largest == 0.0 {
            return 1.0;
        }
        representable(match self {
            Self::Absmax | Self::AbsmaxTop(_) => f64::from(largest) / format.max() as f64,
            Self::Absmean => {
                let sum: f64 = token.iter().map(|&activation| f64::from(activation.abs())).sum();
                sum / token.len() as f64 / (format.max() as f64).sqrt()
            }
        })
    }

    fn integer(self, activation: f32, scale: f32, format: IntegerFormat) -> i32 {
        let nearest = (f64::from(activation) / f64::from(scale)).round_ties_even();
        let highest = format.max() as f64;
        let lowest = match self {
            Self::Absmax | Self::AbsmaxTop(_) => -highest,
            Self::Absmean => format.min() as f64,
        };
        nearest.clamp(lowest, highest) as i32
    }
}

impl fmt::Display for ActivationQuantiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absmax => f.write_str("absmax"),
            Self::Absmean => f.write_str("absmean"),
            Self::AbsmaxTop(Percent(share)) => write!(f, "{TOP}{share}"),
        }
    }
}

/// What comes before the share.
const TOP: &str = "absmax_top_";

/// The only width that absmean is defined for.
const ABSMEAN_BITS: u32 = 4;

fn unknown(name: &str) -> Problem {
    let names = ActivationQuantiser::ALL.map(|quantiser| quantiser.to_string());
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => "give one of these names".to_owned(),
    };
    Problem::new(
        "activation-quantiser-unknown",
        "--activation-quantiser",
        format!(
            "there is no activation quantiser {name:?}; legal are {} and {TOP}1 to {TOP}99",
            names.join(", ")
        ),
        help,
    )
}

fn absmean_width(format: IntegerFormat) -> Problem {
    Problem::new(
        "activation-format",
        "--activation-quantiser",
        format!("absmean is defined for int4 activations, the configuration takes {format}"),
        "use absmax, or a configuration with activation.format = \"int4\"",
    )
}

fn unsupported(format: IntegerFormat) -> Problem {
    let legal = IntegerFormat::ACTIVATION_BITS;
    Problem::new(
        "activation-format",
        "activation.format",
        format!(
            "{format} activations cannot be quantised; legal are int{} to int{}",
            legal.start(),
            legal.end()
        ),
        "use int8",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn int(bits: u32) -> IntegerFormat {
        IntegerFormat::new(bits).unwrap()
    }

    #[test]
    fn the_largest_magnitude_of_a_token_becomes_the_largest_integer() {
        let activations = Matrix::new(2, 3, vec![1.0, -127.0, 0.5, 2.54, 0.0, -0.01]).unwrap();
        let quantised = ActivationQuantiser::Absmax.quantise(&activations, int(8)).unwrap();
        assert_eq!(quantised.scales, [1.0, 0.02]);
        assert_eq!(quantised.values, [1, -127, 0, 127, 0, 0]);
    }

    #[test]
    fn floating_point_activations_are_the_nearest_and_have_no_scale() {
        let activations = Matrix::new(2, 2, vec![1.0, -0.1, 1e6, 3e-8]).unwrap();
        let nearest = QuantisedActivations::nearest(&activations, FloatFormat::FP16);
        assert_eq!(nearest.values, [0x3c00, 0xae66, 0x7c00, 0x0001]);
        let real = nearest.dequantise();
        assert_eq!((real[0], real[2], real[3]), (1.0, f32::INFINITY, 2f32.powi(-24)));
        assert_eq!(nearest.scales, [1.0, 1.0]);
    }

    #[test]
    fn a_token_of_zeros_has_scale_one() {
        let activations = Matrix::new(1, 2, vec![0.0, -0.0]).unwrap();
        let quantised = ActivationQuantiser::Absmax.quantise(&activations, int(8)).unwrap();
        assert_eq!((quantised.scales, quantised.values), (vec![1.0], vec![0, 0]));
    }

    #[test]
    fn a_width_that_is_not_built_is_refused() {
        let activations = Matrix::new(1, 1, vec![1.0]).unwrap();
        let problem = ActivationQuantiser::Absmax.quantise(&activations, int(17)).unwrap_err();
        insta::assert_snapshot!(problem, @"int17 activations cannot be quantised; legal are int2 to int16");
    }

    proptest! {
        #[test]
        fn an_activation_is_off_by_half_a_step_at_most(
            token in proptest::collection::vec(-1e3f32..1e3, 1..50),
            bits in 2u32..=16,
        ) {
            let activations = Matrix::new(1, token.len(), token.clone()).unwrap();
            let quantised = ActivationQuantiser::Absmax.quantise(&activations, int(bits)).unwrap();
            // The scale itself is rounded to F32.
            let half_step = quantised.scales[0] * 0.51;
            for (before, after) in token.iter().zip(quantised.dequantise()) {
                prop_assert!((before - after).abs() <= half_step);
            }
        }

        #[test]
        fn subnormal_tokens_stay_in_range(bits in 2u32..=16, ulps in 1u32..1000) {
            let activations = Matrix::new(1, 1, vec![f32::from_bits(ulps)]).unwrap();
            let quantised = ActivationQuantiser::Absmax.quantise(&activations, int(bits)).unwrap();
            prop_assert!(i128::from(quantised.values[0]) <= int(bits).max());
        }
    }

    /// The definitions, word for word and in another order of operations.
    fn reference(token: &[f32], quantiser: ActivationQuantiser, bits: u32) -> Vec<i32> {
        let highest = (1 << (bits - 1)) - 1;
        let magnitudes = token.iter().map(|a| f64::from(a.abs()));
        let (scale, lowest) = match quantiser {
            ActivationQuantiser::Absmax | ActivationQuantiser::AbsmaxTop(_) => {
                (magnitudes.fold(0.0, f64::max) / f64::from(highest), -highest)
            }
            ActivationQuantiser::Absmean => {
                (magnitudes.sum::<f64>() / token.len() as f64 / 7f64.sqrt(), -8)
            }
        };
        let scale = f64::from(scale as f32);
        let candidates = |a: f32| {
            let distance = |integer: &i32| (f64::from(a) / scale - f64::from(*integer)).abs();
            let closer = |left: &i32, right: &i32| {
                let even = (left % 2).abs().cmp(&(right % 2).abs());
                distance(left).total_cmp(&distance(right)).then(even)
            };
            (lowest..=highest).min_by(closer).unwrap()
        };
        token.iter().map(|&a| candidates(a)).collect()
    }

    #[test]
    fn absmean_clips_what_is_beyond_eight_steps_of_the_mean_magnitude_over_root_seven() {
        // Mean magnitude 1, step 1 / sqrt(7) = 0.378.
        let activations = Matrix::new(1, 4, vec![3.375, -0.25, 0.0625, 0.3125]).unwrap();
        let quantised = ActivationQuantiser::Absmean.quantise(&activations, int(4)).unwrap();
        assert_eq!(quantised.scales, [(1.0 / 7f64.sqrt()) as f32]);
        assert_eq!(quantised.values, [7, -1, 0, 1]);
        let negative = Matrix::new(1, 4, vec![-3.375, -0.25, 0.0625, 0.3125]).unwrap();
        let quantised = ActivationQuantiser::Absmean.quantise(&negative, int(4)).unwrap();
        assert_eq!(quantised.values[0], -8);
    }

    #[test]
    fn of_the_top_share_of_a_token_the_rest_is_zero_and_ties_keep_the_lower_channel() {
        let token = vec![1.0, -127.0, 2.0, -2.0, 0.0, 64.0];
        let activations = Matrix::new(1, 6, token).unwrap();
        let top = |share| {
            let top = ActivationQuantiser::AbsmaxTop(Percent::new(share).unwrap());
            top.quantise(&activations, int(8)).unwrap().values
        };
        assert_eq!(top(50), [0, -127, 2, 0, 0, 64]);
        // A share of 1.02 activations keeps two.
        assert_eq!(top(17), [0, -127, 0, 0, 0, 64]);
        assert_eq!(top(99), [1, -127, 2, -2, 0, 64]);
    }

    #[test]
    fn squares_are_those_of_positive_activations() {
        let activations = Matrix::new(1, 3, vec![-2.0, 0.5, 3.0]).unwrap();
        let squares = ActivationFunction::SquaredRelu.apply(&activations);
        assert_eq!(squares.data(), [0.0, 0.25, 9.0]);
    }

    #[test]
    fn absmean_is_for_four_bits_alone() {
        let activations = Matrix::new(1, 1, vec![1.0]).unwrap();
        let problem = ActivationQuantiser::Absmean.quantise(&activations, int(8)).unwrap_err();
        insta::assert_snapshot!(problem, @"absmean is defined for int4 activations, the configuration takes int8");
    }

    #[test]
    fn an_unknown_activation_quantiser_is_answered_with_the_legal_ones() {
        let problem = ActivationQuantiser::parse("absmin").unwrap_err();
        insta::assert_snapshot!(problem, @"there is no activation quantiser \"absmin\"; legal are absmax, absmean and absmax_top_1 to absmax_top_99");
        for name in ["absmax_top_0", "absmax_top_100", "absmax_top_", "absmax_top_07"] {
            assert!(ActivationQuantiser::parse(name).is_err(), "{name}");
        }
        let top = ActivationQuantiser::AbsmaxTop(Percent::new(55).unwrap());
        for quantiser in ActivationQuantiser::ALL.into_iter().chain([top]) {
            assert_eq!(ActivationQuantiser::parse(&quantiser.to_string()), Ok(quantiser));
        }
    }

    proptest! {
        #[test]
        fn every_activation_quantiser_follows_its_definition(
            token in proptest::collection::vec(-1e3f32..1e3, 1..50),
            bits in 2u32..=8,
        ) {
            let activations = Matrix::new(1, token.len(), token.clone()).unwrap();
            let pairs = [(ActivationQuantiser::Absmax, bits), (ActivationQuantiser::Absmean, 4)];
            for (quantiser, bits) in pairs {
                let quantised = quantiser.quantise(&activations, int(bits)).unwrap();
                prop_assert_eq!(quantised.values, reference(&token, quantiser, bits));
            }
        }
    }
}
