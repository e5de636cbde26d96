//! Integer weights as bit planes.
//!
//! A weight is stored as an unsigned code q of b bits. Reinterpretation (LUT Tensor Core, weight
//! reinterpretation) reads the same code as q' = 2q - (2^b - 1), an odd number, because then every
//! bit plane is a vector of signs: q' = sum over j of 2^j sigma_j with sigma_j = 2 q_j - 1.
//! The weight that a code stands for is (q' - z') / 2 for an odd reinterpreted zero point z', and
//! q' itself for z' = 0 (the mid-rise grids: binary {-1, 1}, two bits {-3, -1, 1, 3}).
//!
//! Native ternary weights {-1, 0, 1} have codes of three values and no planes: a look-up takes all
//! of a weight. They are q' = q - 1 themselves, and their only zero point is z' = 0.

use std::fmt;

use crate::{FloatFormat, TRITS_PER_BYTE, number_bits};

/// Codes of 1 to 8 bits, each a bit plane, of one trit, of floating-point numbers, or of two integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightFormat {
    /// Number of codes.
    codes: u32,
    /// The numbers, where they are floating point.
    float: Option<FloatFormat>,
    /// Whether a code holds two weights, each of half of its bits.
    pair: bool,
}

impl WeightFormat {
    /// Narrowest and widest weight this generator builds.
    pub const BITS: std::ops::RangeInclusive<u32> = 1..=8;

    /// A format of `bits` bits, or `None` outside 1 to 8.
    pub fn new(bits: u32) -> Option<Self> {
        Self::BITS.contains(&bits).then_some(Self { codes: 1 << bits, float: None, pair: false })
    }

    /// Native ternary weights: -1, 0 and 1 as the codes 0, 1 and 2.
    pub const TERNARY: Self = Self { codes: 3, float: None, pair: false };

    /// Floating-point weights of up to 16 bits, which have neither planes nor a zero point.
    pub fn of_float(format: FloatFormat) -> Self {
        Self { codes: 1 << format.bits(), float: Some(format), pair: false }
    }

    /// Two weights in each code of these integers, the first in the upper half of its bits; nothing where they
    /// have no halves of two bits or more.
    pub fn halved(self) -> Option<Self> {
        let has_halves = self.float.is_none() && !self.is_ternary() && !self.pair;
        let bits = self.bits();
        (has_halves && bits >= 4 && bits.is_multiple_of(2)).then_some(Self { pair: true, ..self })
    }

    /// The weights in a code, one or two: their format.
    pub fn each(self) -> Self {
        match self.pair {
            true => Self { codes: 1 << (self.bits() / 2), pair: false, ..self },
            false => self,
        }
    }

    /// The codes of the weights in `code`, the first of a pair first.
    pub fn codes_in(self, code: u16) -> impl Iterator<Item = u16> {
        let each = self.each();
        let first = self.pair.then_some(code >> each.bits());
        first.into_iter().chain([each.code(code)])
    }

    /// Weights in a code: 1 or 2.
    pub fn per_code(self) -> u32 {
        1 + u32::from(self.pair)
    }

    /// Bits of a code that are signs, where its weights are two's-complement integers.
    pub fn sign_bits(self) -> u16 {
        let of_one = 1 << (self.each().bits() - 1);
        if self.pair { of_one << self.each().bits() | of_one } else { of_one }
    }

    /// The format of floating-point weights.
    pub fn float(self) -> Option<FloatFormat> {
        self.float
    }

    /// Whether a code is a trit.
    pub fn is_ternary(self) -> bool {
        self == Self::TERNARY
    }

    /// Width of a code in bits: 2 for a trit.
    pub fn bits(self) -> u32 {
        u32::BITS - (self.codes - 1).leading_zeros()
    }

    /// Parts of a code that are looked up one after the other: its bits, or its one trit.
    pub fn planes(self) -> u32 {
        if self.is_ternary() { 1 } else { self.bits() }
    }

    /// Number of codes: 2^bits, or 3.
    pub fn codes(self) -> u32 {
        self.codes
    }

    /// A code from any number: its low bits, or what division by 3 leaves.
    pub fn code(self, number: u16) -> u16 {
        (u32::from(number) % self.codes) as u16
    }

    /// What the planes of code q add up to, q': the odd integer 2q - (2^b - 1), or q - 1 for a trit.
    pub fn reinterpret(self, code: impl Into<u16>) -> i32 {
        let doubled = 2 * i32::from(code.into()) - (self.codes as i32 - 1);
        if self.is_ternary() { doubled / 2 } else { doubled }
    }

    /// What a table is looked up by in plane `plane` of `code`: 1 or -1, or the trit itself. Times the planes'
    /// significances they add up to q'.
    pub fn plane_factor(self, code: u16, plane: u32) -> i32 {
        match self.is_ternary() {
            true => self.reinterpret(code),
            false => 2 * i32::from(crate::plane_bit(code, plane)) - 1,
        }
    }

    /// The largest magnitude of q'.
    pub fn largest(self) -> u32 {
        if self.is_ternary() { 1 } else { self.codes - 1 }
    }

    /// The integer weight that `code` stands for under `zero_point`.
    pub fn value(self, code: impl Into<u16>, zero_point: ZeroPoint) -> i32 {
        let reinterpreted = self.reinterpret(code);
        match zero_point.0 {
            0 => reinterpreted,
            odd => (reinterpreted - odd) / 2,
        }
    }

    /// Whether a core with this weight width takes `zero_point`: 0, or odd and no larger in
    /// magnitude than 2^b - 1 (that is, z in 0..2^b). Trits and floating-point
    /// numbers have their zero: 0 alone.
    pub fn accepts(self, zero_point: ZeroPoint) -> bool {
        let ZeroPoint(z) = zero_point;
        let is_planes = !self.is_ternary() && self.float.is_none();
        z == 0 || (is_planes && z % 2 != 0 && z.unsigned_abs() < self.codes)
    }

    /// Width of the signed field that carries a reinterpreted zero point: b + 1 bits.
    pub fn zero_point_bits(self) -> u32 {
        self.bits() + 1
    }
}

impl fmt::Display for WeightFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.float {
            Some(float) => write!(f, "{float}"),
            None if self.is_ternary() => f.write_str("ternary"),
            None if self.pair => write!(f, "pairs of {}", self.each()),
            None => write!(f, "int{}", self.bits()),
        }
    }
}

/// A reinterpreted zero point z' = 2z + 1 - 2^b; 0 marks a mid-rise grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ZeroPoint(pub i32);

impl ZeroPoint {
    /// z' of the mid-rise grids, which need no correction.
    pub const MID_RISE: Self = Self(0);
    /// z' of symmetric two's-complement integers of every width (z = 2^(b-1)).
    pub const TWOS_COMPLEMENT: Self = Self(1);

    /// z' of the grid whose weights are the codes themselves (z = 0).
    pub fn unsigned(format: WeightFormat) -> Self {
        Self::of_code(format, 0)
    }

    /// z' of a grid whose code `zero` stands for 0.
    pub fn of_code(format: WeightFormat, zero: u8) -> Self {
        Self(2 * i32::from(zero) + 1 - format.codes() as i32)
    }
}

/// Bit `plane` of `code`; plane 0 is the least significant.
pub fn plane_bit(code: impl Into<u16>, plane: u32) -> bool {
    code.into() >> plane & 1 == 1
}

/// How the lanes of a core read weight codes, before any zero point is taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightReading {
    /// Each plane's bits are signs, a trit is itself: the code stands for q'.
    Signs,
    /// Each plane's bits are 1 and 0: the code stands for q itself.
    Bits,
    /// The code with its top bit inverted is a two's-complement number: q - 2^(b-1).
    TwosComplement,
}

impl WeightReading {
    /// What the accumulator sees of `code`.
    pub fn value(self, format: WeightFormat, code: impl Into<u16>) -> i32 {
        let code = code.into();
        match self {
            Self::Signs => format.reinterpret(code),
            Self::Bits => code.into(),
            Self::TwosComplement => format.value(code, ZeroPoint::TWOS_COMPLEMENT),
        }
    }

    /// What the accumulator sees of bit plane `plane` of `code`; of all planes in a beat that holds
    /// them all.
    pub fn beat_value(self, format: WeightFormat, code: impl Into<u16>, plane: u32) -> i64 {
        let code = code.into();
        debug_assert!(plane < format.planes());
        if format.is_ternary() {
            return format.reinterpret(code).into();
        }
        match (self, plane_bit(code, plane)) {
            (Self::Signs | Self::Bits, true) => 1 << plane,
            (Self::Signs, false) => -(1 << plane),
            (Self::Bits, false) => 0,
            (Self::TwosComplement, _) => self.value(format, code).into(),
        }
    }

    /// The zero point of the weights that need no correction.
    pub fn zero_point(self, format: WeightFormat) -> ZeroPoint {
        match self {
            Self::Signs => ZeroPoint::MID_RISE,
            Self::Bits => ZeroPoint::unsigned(format),
            Self::TwosComplement => ZeroPoint::TWOS_COMPLEMENT,
        }
    }

    /// The result for weights with `zero_point` from a sum over what the accumulator sees of them
    /// and the sum of the activations. The terms of an odd zero point have the same parity unless
    /// the sum has lost its own; the quotient is rounded down.
    pub fn corrected(
        self,
        format: WeightFormat,
        sum: i128,
        activation_sum: i128,
        zero_point: ZeroPoint,
    ) -> i128 {
        let (multiple, factor) = match self {
            Self::Signs => (sum, zero_point.0),
            Self::Bits => (2 * sum, zero_point.0 - ZeroPoint::unsigned(format).0),
            Self::TwosComplement => return sum,
        };
        let difference = multiple - i128::from(factor) * activation_sum;
        if zero_point == ZeroPoint::MID_RISE { difference } else { difference >> 1 }
    }
}

/// How the weights of one group of k elements are laid out in the bits of a plane (or of all planes)
/// that a lane receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightWord {
    /// One plane, folded offline: table index in bits 0 to k-2, sign in bit k-1.
    Folded,
    /// One plane as it is: element i in bit i.
    Plain,
    /// All planes, two's complement (the code with its top bit inverted): element i in bits
    /// i*b to i*b + b - 1.
    TwosComplement,
    /// Codes as they are: element i in bits i*b to i*b + b - 1.
    Codes,
    /// Trits, folded offline: entry number in the low bits, sign on top (`TernaryGroup`).
    Ternary,
    /// Trits, five in a byte: element i in byte i / 5 (`byte_of_codes`).
    TernaryBytes,
}

impl WeightWord {
    /// Bits of a word of `k` weights of `format`.
    pub fn bits(self, format: WeightFormat, k: u32) -> u32 {
        match self {
            Self::Folded | Self::Plain => k,
            Self::TwosComplement | Self::Codes => k * format.bits(),
            Self::Ternary => number_bits(k) + 1,
            Self::TernaryBytes => 8 * k.div_ceil(TRITS_PER_BYTE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = WeightFormat> {
        WeightFormat::BITS.map(|bits| WeightFormat::new(bits).unwrap())
    }

    #[test]
    fn a_pair_has_its_first_weight_in_the_upper_half_of_its_code() {
        let pair = WeightFormat::new(8).unwrap().halved().unwrap();
        assert_eq!(pair.codes_in(0xa5).collect::<Vec<_>>(), [0xa, 0x5]);
        assert_eq!((pair.bits(), pair.per_code(), pair.sign_bits()), (8, 2, 0x88));
        assert_eq!(pair.each(), WeightFormat::new(4).unwrap());
        let whole = WeightFormat::new(8).unwrap();
        assert_eq!(whole.codes_in(0xa5).collect::<Vec<_>>(), [0xa5]);
        assert_eq!((whole.per_code(), whole.sign_bits(), whole.each()), (1, 0x80, whole));
    }

    #[test]
    fn integers_of_four_six_and_eight_bits_have_halves() {
        let halved = all().filter_map(WeightFormat::halved).map(|pair| pair.each().bits());
        assert_eq!(halved.collect::<Vec<_>>(), [2, 3, 4]);
        let pair = WeightFormat::new(4).unwrap().halved().unwrap();
        assert_eq!(pair.halved(), None);
        assert_eq!(WeightFormat::TERNARY.halved(), None);
        assert_eq!(WeightFormat::of_float(FloatFormat::FP16).halved(), None);
    }

    #[test]
    fn a_reinterpreted_code_is_the_signed_sum_of_its_planes() {
        for format in all() {
            for code in 0..format.codes() {
                let code = code as u8;
                let planes: i32 = (0..format.bits())
                    .map(|j| if plane_bit(code, j) { 1 << j } else { -(1 << j) })
                    .sum();
                assert_eq!(format.reinterpret(code), planes);
            }
        }
    }

    #[test]
    fn every_integer_zero_point_gives_q_minus_z() {
        for format in all() {
            for zero in 0..format.codes() {
                let zero_point = ZeroPoint::of_code(format, zero as u8);
                assert!(format.accepts(zero_point));
                for code in 0..format.codes() {
                    let value = format.value(code as u8, zero_point);
                    assert_eq!(value, code as i32 - zero as i32);
                }
            }
        }
    }

    #[test]
    fn the_twos_complement_zero_point_is_one_at_every_width() {
        for format in all() {
            let zero = (format.codes() / 2) as u8;
            assert_eq!(ZeroPoint::of_code(format, zero), ZeroPoint::TWOS_COMPLEMENT);
        }
    }

    #[test]
    fn what_the_accumulator_sees_is_the_weight_that_needs_no_correction() {
        for format in all() {
            for reading in
                [WeightReading::Signs, WeightReading::Bits, WeightReading::TwosComplement]
            {
                for code in 0..format.codes() {
                    let code = code as u8;
                    let value = reading.value(format, code);
                    assert_eq!(value, format.value(code, reading.zero_point(format)));
                    if reading != WeightReading::TwosComplement {
                        let beat = |plane| reading.beat_value(format, code, plane);
                        assert_eq!(i64::from(value), (0..format.bits()).map(beat).sum());
                    }
                }
            }
        }
    }

    #[test]
    fn a_correction_gives_the_weights_value_for_every_zero_point() {
        for format in all() {
            for z in (-255..=255).map(ZeroPoint).filter(|z| format.accepts(*z)) {
                for reading in [WeightReading::Signs, WeightReading::Bits] {
                    for code in 0..format.codes() {
                        let code = code as u8;
                        let sum = -7 * i128::from(reading.value(format, code));
                        let expected = -7 * i128::from(format.value(code, z));
                        assert_eq!(reading.corrected(format, sum, -7, z), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn ternary_held_as_int2_has_zero_point_minus_one() {
        let int2 = WeightFormat::new(2).unwrap();
        assert_eq!(ZeroPoint::of_code(int2, 1), ZeroPoint(-1));
        let values: Vec<i32> = (0..3u8).map(|q| int2.value(q, ZeroPoint(-1))).collect();
        assert_eq!(values, [-1, 0, 1]);
    }

    #[test]
    fn the_planes_of_a_code_add_up_to_its_reinterpretation() {
        let formats = (1..=8).filter_map(WeightFormat::new).chain([WeightFormat::TERNARY]);
        for format in formats {
            for code in 0..format.codes() as u16 {
                let planes = (0..format.planes()).map(|p| format.plane_factor(code, p) << p);
                assert_eq!(planes.sum::<i32>(), format.reinterpret(code), "{format} {code}");
            }
        }
    }

    #[test]
    fn even_and_oversized_zero_points_are_illegal() {
        let int2 = WeightFormat::new(2).unwrap();
        for z in [2, -2, -4, 5, -5] {
            assert!(!int2.accepts(ZeroPoint(z)), "{z}");
        }
    }
}
