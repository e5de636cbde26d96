//! Activations and weights to check a core with.

use bitplane_formats::{FloatFormat, IntegerFormat, Specials, WeightFormat};
use bitplane_spec::Spec;
use rand::RngExt;
use rand::rngs::StdRng;

/// What activations of one core can be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activations {
    /// Integers.
    Integers(IntegerFormat),
    /// Codes of floating-point numbers, which become integers of so many bits, or their products do.
    Floats(FloatFormat, u32),
}

impl Activations {
    pub(crate) fn of(spec: &Spec) -> Self {
        let Some(float) = spec.float else { return Self::Integers(spec.activation) };
        let products = spec.products().map(|products| products.magnitude_bits() + 1);
        Self::Floats(float.format, products.unwrap_or(spec.activation.bits()))
    }

    /// Of the largest magnitude: the most negative and the most positive.
    pub(crate) fn extremes(self) -> [i32; 2] {
        match self {
            Self::Integers(format) => [format.min() as i32, format.max() as i32],
            Self::Floats(float, _) => {
                [float.negated(float.largest()), float.largest()].map(|code| code as i32)
            }
        }
    }

    /// Those around zero.
    pub(crate) fn small(self) -> Vec<i32> {
        match self {
            Self::Integers(format) => {
                (-2..=2).filter(|v| format.wrap(i128::from(*v)) == i128::from(*v)).collect()
            }
            Self::Floats(float, _) => {
                let normal = 1 << float.fraction_bits();
                let codes = [0, 1, normal - 1, normal, normal + 1];
                let both = codes.into_iter().flat_map(|code| [code, float.negated(code)]);
                both.map(|code| code as i32).collect()
            }
        }
    }

    /// One of all numbers. Floating-point numbers lie within some powers of two of each other, as
    /// `block` says.
    pub(crate) fn any(self, block: Block, rng: &mut StdRng) -> i32 {
        match self {
            Self::Integers(format) => rng.random_range(format.min() as i32..=format.max() as i32),
            Self::Floats(float, _) => number(float, block, rng) as i32,
        }
    }

    /// Numbers of one sign with any digits, most with the same exponent, some so much smaller that they
    /// have digits in the lowest places of their block.
    pub(crate) fn full(self, rng: &mut StdRng) -> i32 {
        let Self::Floats(float, _) = self else { return self.any(Block::default(), rng) };
        let middle = float.largest_exponent() / 2;
        let less = if rng.random_ratio(1, 8) { rng.random_range(1..8) } else { 0 };
        let exponent = middle.saturating_sub(less);
        let fraction = rng.random_range(0..1u32 << float.fraction_bits());
        (exponent << float.fraction_bits() | fraction) as i32
    }

    /// A block of activations to draw from.
    pub(crate) fn block(self, rng: &mut StdRng) -> Block {
        let Self::Floats(float, _) = self else { return Block::default() };
        block_of(float, rng)
    }

    /// Infinities and NaN, where there are any.
    pub(crate) fn specials(self) -> Vec<i32> {
        let Self::Floats(float, _) = self else { return Vec::new() };
        specials(float).map(|code| code as i32).collect()
    }

    /// Rows of floating-point numbers that are hard to add, repeated over a run: what cancels, what
    /// is far apart, ties, what rounds to zero.
    pub(crate) fn hard_rows(self) -> Vec<Vec<i32>> {
        let Self::Floats(float, bits) = self else { return Vec::new() };
        let code = |exponent: u32, fraction: u32| exponent << float.fraction_bits() | fraction;
        let (ones, most) = ((1 << float.fraction_bits()) - 1, float.largest_exponent());
        let (top, one) = (float.largest(), code(most / 2 + 1, 0));
        let minus = |code| float.negated(code);
        let rows: Vec<Vec<u32>> = vec![
            vec![top, minus(top), 1, 0],
            vec![one, minus(one)],
            vec![top, 1],
            vec![minus(0), 0, minus(0)],
            vec![1, minus(1), 1],
            vec![code(1, 0), code(0, ones), minus(code(1, 1))],
            (0..=most).map(|exponent| code(exponent, 0)).collect(),
            (0..=most).map(|exponent| minus(code(exponent, ones.min(top & ones)))).collect(),
            (0..=ones).step_by(1 + ones as usize / 16).map(|fraction| code(1, fraction)).collect(),
            vec![one, code((most / 2 + 1).saturating_sub(bits), 1)],
        ];
        rows.into_iter().map(|row| row.into_iter().map(|code| code as i32).collect()).collect()
    }

    /// A number, one that is three quarters of the last place of sums with so many fraction bits at that
    /// number, and the number again with the other sign; nothing where the format has none so far apart.
    pub(crate) fn cancelled_rounding(self, fraction_bits: u32) -> Option<[i32; 3]> {
        let Self::Floats(float, _) = self else { return None };
        // Three of the least number.
        let exponent = fraction_bits + 3 - float.fraction_bits();
        let number = exponent << float.fraction_bits();
        let is_number = exponent < float.largest_exponent() && float.fraction_bits() > 1;
        is_number.then(|| [number, 3, float.negated(number)].map(|code| code as i32))
    }
}

/// The weight whose magnitude is a power of two: one, or the most negative integer.
pub(crate) fn power_of_two(weight: WeightFormat) -> u16 {
    weight.float().map_or(0, |float| (float.bias() as u16) << float.fraction_bits())
}

/// The smallest and the largest weight of a format.
pub(crate) fn weight_extremes(weight: WeightFormat) -> [u16; 2] {
    match weight.float() {
        Some(float) => [float.negated(float.largest()), float.largest()].map(|code| code as u16),
        None => [0, (weight.codes() - 1) as u16],
    }
}

/// One of all weights of a format that is no infinity and no NaN.
pub(crate) fn any_weight(weight: WeightFormat, block: Block, rng: &mut StdRng) -> u16 {
    match weight.float() {
        Some(float) => number(float, block, rng) as u16,
        None => weight.code(rng.random()),
    }
}

/// A block of weights to draw from.
pub(crate) fn weight_block(weight: WeightFormat, rng: &mut StdRng) -> Block {
    weight.float().map_or(Block::default(), |float| block_of(float, rng))
}

/// Infinite and NaN weights, where there are any.
pub(crate) fn special_weights(weight: WeightFormat) -> Vec<u16> {
    weight.float().map_or(Vec::new(), |float| specials(float).map(|code| code as u16).collect())
}

/// Codes of zero in both signs, or where a code holds integers of all of them and of each beside the largest.
pub(crate) fn zero_weights(weight: WeightFormat) -> Vec<u16> {
    if let Some(float) = weight.float() {
        return vec![0, float.negated(0) as u16];
    }
    let (zeros, lower) = (weight.sign_bits(), weight.each().codes() as u16 - 1);
    let [_, most] = weight_extremes(weight);
    let of_one = [lower, !lower].map(|zero| (zeros & zero) | (most & !zero));
    std::iter::once(zeros).chain(of_one.into_iter().filter(|_| weight.per_code() > 1)).collect()
}

/// Patterns of floating-point weights that are told apart: signs and exponents of numbers.
pub(crate) fn patterns(float: FloatFormat) -> usize {
    2 * (float.largest_exponent() as usize + 1)
}

/// The pattern of `code`, if it is a number.
pub(crate) fn pattern_of(float: FloatFormat, code: u16) -> Option<usize> {
    let negative = float.decode(code.into())?.negative;
    let exponent = (u32::from(code) >> float.fraction_bits()) & ((1 << float.exponent_bits()) - 1);
    Some(2 * exponent as usize + usize::from(negative))
}

/// A number with `pattern`.
pub(crate) fn of_pattern(float: FloatFormat, pattern: usize) -> u16 {
    let fraction = (37 * pattern as u32) & ((1 << float.fraction_bits()) - 1);
    let code = (pattern as u32 / 2) << float.fraction_bits() | fraction;
    let code = code.min(float.largest());
    (if pattern % 2 == 1 { float.negated(code) } else { code }) as u16
}

fn specials(float: FloatFormat) -> impl Iterator<Item = u32> {
    let nan = float.nan();
    let signalling = match float.specials() {
        Specials::InfinityAndNan => float.infinity().map(|infinity| infinity | 1),
        Specials::Nan | Specials::Nothing => None,
    };
    let positive = [float.infinity(), nan, signalling].into_iter().flatten();
    positive.flat_map(move |code| [code, float.negated(code)])
}

fn block_of(float: FloatFormat, rng: &mut StdRng) -> Block {
    let most = float.largest_exponent();
    let largest = if rng.random() { rng.random_range(0..=most) } else { most / 2 };
    let spread = [0, 2, 6, most][rng.random_range(0..4)];
    Block { largest, smallest: largest.saturating_sub(spread) }
}

/// Biased exponents of floating-point numbers that are drawn together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Block {
    smallest: u32,
    largest: u32,
}

/// A number with an exponent of `block`; now and then zero or of few bits, so that sums meet ties.
fn number(float: FloatFormat, block: Block, rng: &mut StdRng) -> u32 {
    let exponent = rng.random_range(block.smallest..=block.largest);
    let fraction: u32 = match rng.random_range(0..4) {
        0 => 0,
        1 => 1 << rng.random_range(0..float.fraction_bits()),
        _ => rng.random_range(0..1 << float.fraction_bits()),
    };
    let code = (exponent << float.fraction_bits() | fraction).min(float.largest());
    if rng.random() { float.negated(code) } else { code }
}
