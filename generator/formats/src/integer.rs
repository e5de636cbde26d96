//! Two's-complement integer activations.

use std::fmt;

/// A signed two's-complement integer format of `bits` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegerFormat {
    bits: u32,
}

impl IntegerFormat {
    /// Narrowest and widest activation this generator builds.
    pub const ACTIVATION_BITS: std::ops::RangeInclusive<u32> = 2..=16;

    /// A format of `bits` bits, or `None` outside 1 to 128.
    pub fn new(bits: u32) -> Option<Self> {
        (1..=128).contains(&bits).then_some(Self { bits })
    }

    /// Width in bits.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// Most negative value, -2^(bits-1).
    pub fn min(self) -> i128 {
        i128::MIN >> (128 - self.bits)
    }

    /// Most positive value, 2^(bits-1) - 1.
    pub fn max(self) -> i128 {
        !self.min()
    }

    /// The value whose low `bits` bits are those of `value` (two's-complement wrap).
    pub fn wrap(self, value: i128) -> i128 {
        let unused = 128 - self.bits;
        (value << unused) >> unused
    }

    /// The nearest value in range.
    pub fn saturate(self, value: i128) -> i128 {
        value.clamp(self.min(), self.max())
    }
}

impl fmt::Display for IntegerFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "int{}", self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int8_runs_from_minus_128_to_127() {
        let int8 = IntegerFormat::new(8).unwrap();
        assert_eq!((int8.min(), int8.max()), (-128, 127));
    }

    #[test]
    fn wrapping_keeps_the_low_bits_and_saturating_the_nearest_value() {
        let int4 = IntegerFormat::new(4).unwrap();
        assert_eq!(int4.wrap(8), -8);
        assert_eq!(int4.wrap(-9), 7);
        assert_eq!(int4.saturate(8), 7);
        assert_eq!(int4.saturate(-100), -8);
    }

    #[test]
    fn the_widest_format_covers_i128() {
        let int128 = IntegerFormat::new(128).unwrap();
        assert_eq!((int128.min(), int128.max()), (i128::MIN, i128::MAX));
        assert_eq!(int128.wrap(i128::MIN), i128::MIN);
    }
}
