//! The fold: which half of a table is stored, and how a group of sign bits names an entry of it.
//!
//! The stored half is the one whose reference element, the last of the k, has sigma = +1. A group
//! whose reference bit is 0 is looked up by its complement and negated. Storing the +1 half keeps
//! the most negative sum inside the narrower two's-complement range (4 x INT8: 10 bits, not 11).

/// A group of k sign bits as a half table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FoldedGroup {
    /// Whether the entry is negated: NOT w_(k-1).
    pub sign: bool,
    /// Entry number: bit i is NOT (w_i XOR w_(k-1)), for i in 0..k-1.
    pub index: u32,
}

impl FoldedGroup {
    /// The k-bit word on the weight port: index in the low k-1 bits, sign on top.
    pub fn word(self, k: u32) -> u32 {
        self.index | u32::from(self.sign) << (k - 1)
    }

    /// The inverse of [`FoldedGroup::word`].
    pub fn from_word(word: u32, k: u32) -> Self {
        let sign = word >> (k - 1) & 1 == 1;
        Self { sign, index: word & ((1 << (k - 1)) - 1) }
    }
}

/// Folds a group of `k` sign bits (element i in bit i; 1 means sigma = +1).
pub fn fold(bits: u32, k: u32) -> FoldedGroup {
    let reference = bits >> (k - 1) & 1 == 1;
    let low_mask = (1 << (k - 1)) - 1;
    let index = if reference { bits } else { !bits } & low_mask;
    FoldedGroup { sign: !reference, index }
}

/// The group of sign bits that folds to `folded`.
pub fn unfold(folded: FoldedGroup, k: u32) -> u32 {
    let low_mask = (1 << (k - 1)) - 1;
    if folded.sign { !folded.index & low_mask } else { folded.index | 1 << (k - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_sum(bits: u32, activations: &[i32]) -> i32 {
        let signed = |(i, a): (usize, &i32)| if bits >> i & 1 == 1 { *a } else { -a };
        activations.iter().enumerate().map(signed).sum()
    }

    #[test]
    fn a_folded_look_up_equals_the_signed_sum_for_every_pattern() {
        for k in 2..=6u32 {
            let activations: Vec<i32> = (0..k as i32).map(|i| 3 * i - 7).collect();
            for bits in 0..1 << k {
                let folded = fold(bits, k);
                let stored = folded.index | 1 << (k - 1);
                let entry = signed_sum(stored, &activations);
                let looked_up = if folded.sign { -entry } else { entry };
                assert_eq!(looked_up, signed_sum(bits, &activations));
            }
        }
    }

    #[test]
    fn unfolding_and_the_port_word_are_inverses() {
        for k in 2..=6u32 {
            for bits in 0..1 << k {
                let folded = fold(bits, k);
                assert_eq!(unfold(folded, k), bits);
                assert_eq!(FoldedGroup::from_word(folded.word(k), k), folded);
            }
        }
    }
}
