//! Groups of ternary weights as table look-ups (LUT Tensor Core, native ternary).
//!
//! A weight -1, 0 or 1 has the code 0, 1 or 2. Element i of a group counts 3^i; the sum of a group,
//! -(3^k - 1) / 2 to (3^k - 1) / 2, names all its weights at once. Its magnitude is the number of
//! the table entry, whose highest weight other than 0 is therefore 1, and its sign says whether the
//! entry is negated: three weights take a sign and four bits. The group of zeros is number 0.

/// A group of k ternary weights as a table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TernaryGroup {
    /// Whether the entry is negated; never in a group of zeros.
    pub sign: bool,
    /// Entry number, 0 to [`last_number`].
    pub number: u32,
}

impl TernaryGroup {
    /// The group of weights with the given codes, element 0 first.
    pub fn of_codes(codes: &[impl Into<u16> + Copy]) -> Self {
        let sum = codes.iter().rev().fold(0, |sum, code| 3 * sum + i32::from((*code).into()) - 1);
        Self { sign: sum < 0, number: sum.unsigned_abs() }
    }

    /// The codes of the group's `k` weights, element 0 first.
    pub fn codes(self, k: u32) -> impl Iterator<Item = u8> {
        let magnitude = self.number as i32;
        // Digits of a sum whose smallest value is moved to 0 are codes.
        let raised = if self.sign { -magnitude } else { magnitude } + last_number(k) as i32;
        (0..k).map(move |i| (raised / 3i32.pow(i) % 3) as u8)
    }

    /// The word on the weight port: number in the low bits, sign on top.
    pub fn word(self, k: u32) -> u32 {
        self.number | u32::from(self.sign) << number_bits(k)
    }

    /// The inverse of [`TernaryGroup::word`]; numbers beyond the last are left as they are.
    pub fn from_word(word: u32, k: u32) -> Self {
        let bits = number_bits(k);
        Self { sign: word >> bits & 1 == 1, number: word & ((1 << bits) - 1) }
    }
}

/// The largest entry number of groups of `k` weights, (3^k - 1) / 2.
pub fn last_number(k: u32) -> u32 {
    (3u32.pow(k) - 1) / 2
}

/// Bits of an entry number of groups of `k` weights; a word has one more.
pub fn number_bits(k: u32) -> u32 {
    u32::BITS - last_number(k).leading_zeros()
}

/// Ternary weights in a byte: 3^5 = 243 are at most 256.
pub const TRITS_PER_BYTE: u32 = 5;

/// Up to five codes in a byte, missing ones as those of weight 0. Code i counts 3^i; the sum of 0 to 242
/// is stored as a fraction of 243 in 256ths, rounded up, so that three times the byte has the highest
/// code above its eight bits and a byte of the others below.
pub fn byte_of_codes(codes: &[impl Into<u16> + Copy]) -> u8 {
    let code = |i: usize| codes.get(i).map_or(1, |code| (*code).into().into());
    let sum = (0..TRITS_PER_BYTE as usize).rev().fold(0u32, |sum, i| 3 * sum + code(i));
    (256 * sum).div_ceil(3u32.pow(TRITS_PER_BYTE)) as u8
}

/// The five codes of a byte; every byte has some.
pub fn codes_of_byte(byte: u8) -> [u8; TRITS_PER_BYTE as usize] {
    let mut codes = [0; TRITS_PER_BYTE as usize];
    let mut rest = u32::from(byte);
    for code in codes.iter_mut().rev() {
        rest *= 3;
        *code = (rest >> 8) as u8;
        rest &= 0xff;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_codes(k: u32) -> impl Iterator<Item = Vec<u8>> {
        (0..3u32.pow(k)).map(move |raw| (0..k).map(|i| (raw / 3u32.pow(i) % 3) as u8).collect())
    }

    #[test]
    fn three_weights_take_five_bits_and_thirteen_entries() {
        assert_eq!((number_bits(3) + 1, last_number(3)), (5, 13));
        assert_eq!((number_bits(2) + 1, last_number(2)), (4, 4));
        assert_eq!((number_bits(4) + 1, last_number(4)), (7, 40));
    }

    #[test]
    fn groups_words_and_codes_are_inverses_of_each_other() {
        for k in 1..=5 {
            for codes in all_codes(k) {
                let group = TernaryGroup::of_codes(&codes);
                assert!(group.number <= last_number(k));
                assert_eq!(group.codes(k).collect::<Vec<_>>(), codes);
                assert_eq!(TernaryGroup::from_word(group.word(k), k), group);
            }
        }
    }

    #[test]
    fn five_codes_come_back_from_a_byte_and_every_byte_has_codes() {
        let bytes: Vec<u8> = all_codes(5).map(|codes| byte_of_codes(&codes)).collect();
        assert!(bytes.is_sorted_by(|one, next| one < next));
        for (codes, byte) in all_codes(5).zip(bytes) {
            assert_eq!(codes_of_byte(byte).to_vec(), codes);
        }
        assert!((0..=255).all(|byte| codes_of_byte(byte).iter().all(|code| *code < 3)));
        assert_eq!(codes_of_byte(byte_of_codes(&[2u8, 0])), [2, 0, 1, 1, 1]);
    }

    #[test]
    fn a_negated_group_has_the_same_number_and_the_other_sign() {
        for codes in all_codes(3) {
            let (group, negated) = (
                TernaryGroup::of_codes(&codes),
                TernaryGroup::of_codes(&codes.iter().map(|code| 2 - code).collect::<Vec<_>>()),
            );
            assert_eq!(group.number, negated.number);
            assert_eq!(group.sign == negated.sign, group.number == 0);
        }
    }
}
