//! Grids of integers that codes stand for, and how real numbers find their place on one.

use bitplane_formats::{WeightFormat, ZeroPoint};

/// Ratio of one candidate scale to the next wider one: 2^(-1/8).
const NARROWER: f64 = 0.917_004_043_204_671_2;
/// Candidate scales; the narrowest is 1/32 of the widest.
const CANDIDATES: usize = 41;

/// The integers that the codes stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grid {
    /// Codes 0, 1, ... stand for consecutive integers, code `zero` for 0.
    Integers { zero: u32, codes: u32 },
    /// Codes 0, 1, ... stand for the 2^bits odd integers around 0.
    Odd { bits: u32 },
}

/// The weights of one span (a group or a channel) on a grid.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub scale: f32,
    pub zero_point: ZeroPoint,
    pub codes: Vec<u8>,
}

impl Grid {
    /// {-1, 0, 1}.
    pub const TERNARY: Self = Self::Integers { zero: 1, codes: 3 };
    /// {-1, 1}.
    pub const BINARY: Self = Self::Odd { bits: 1 };

    /// All codes of `format`, code `zero` standing for 0.
    pub fn with_zero(format: WeightFormat, zero: u32) -> Self {
        Self::Integers { zero, codes: format.codes() }
    }

    /// Scale and codes of a span for the candidate scale with the least squared error.
    pub fn fit(self, format: WeightFormat, span: &[f32]) -> Placed {
        self.place(format, span, self.best_scale(span))
    }

    /// The codes of a span at a given scale. A span of zeros gets codes of zero and scale 1; on an
    /// odd grid, which has no zero, scale 0.
    pub fn place(self, format: WeightFormat, span: &[f32], scale: f32) -> Placed {
        let zeros = span.iter().all(|&weight| weight == 0.0);
        let scale = match (zeros, self) {
            (false, _) => scale,
            (true, Self::Integers { .. }) => 1.0,
            (true, Self::Odd { .. }) => 0.0,
        };
        let step = if zeros { 1.0 } else { f64::from(scale) };
        let code = |&weight: &f32| self.code(self.nearest(f64::from(weight) / step));
        Placed {
            scale,
            zero_point: self.zero_point(format),
            codes: span.iter().map(code).collect(),
        }
    }

    /// The smallest scale that clips nothing; 0 if there is nothing to represent.
    pub fn widest_scale(self, span: &[f32]) -> f64 {
        let (lowest, highest) = self.ends();
        let (least, greatest) = extent(span);
        let reach = |end: f64, limit: f64| if limit == 0.0 { 0.0 } else { end / limit };
        reach(least, lowest).max(reach(greatest, highest))
    }

    /// Sum of the squared differences that `placed` leaves.
    pub fn squared_error(self, span: &[f32], scale: f32) -> f64 {
        let scale = f64::from(scale);
        let error = |&weight: &f32| {
            let weight = f64::from(weight);
            weight - self.nearest(weight / scale) * scale
        };
        span.iter().map(error).map(|e| e * e).sum()
    }

    /// The candidate scale with the least squared error; the widest of equals.
    pub fn best_scale(self, span: &[f32]) -> f32 {
        let mut candidate = self.widest_scale(span);
        if candidate == 0.0 {
            return 1.0;
        }
        let mut best = (f64::INFINITY, 0.0);
        for _ in 0..CANDIDATES {
            let scale = representable(candidate);
            let error = self.squared_error(span, scale);
            if error < best.0 {
                best = (error, scale);
            }
            candidate *= NARROWER;
        }
        best.1
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
}

/// Smallest and largest of the weights and zero.
pub(crate) fn extent(span: &[f32]) -> (f64, f64) {
    let fold = |(least, greatest): (f64, f64), &weight: &f32| {
        (least.min(weight.into()), greatest.max(weight.into()))
    };
    span.iter().fold((0.0, 0.0), fold)
}

/// A positive scale as it is stored; too small a one becomes the smallest above zero.
pub(crate) fn representable(scale: f64) -> f32 {
    (scale as f32).max(f32::from_bits(1))
}
