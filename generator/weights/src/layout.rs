//! The order of packed bits.

use std::ops::RangeInclusive;

use bitplane_formats::{
    TRITS_PER_BYTE, TernaryGroup, WeightFormat, WeightWord, byte_of_codes, fold, plane_bit,
};
use bitplane_spec::{Problem, Spec};
use sha2::{Digest, Sha256};

use crate::grouping::Grouping;
use crate::pack::VERSION;

/// How the weights of one output channel and k input channels become a word: all that the packed
/// bits depend on besides the codes. The tile's other dimensions do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackLayout {
    word: WeightWord,
    k: u32,
}

impl PackLayout {
    /// A layout of words of `k` elements.
    ///
    /// # Errors
    /// `layout-k` for a `k` that the word cannot have.
    pub fn new(word: WeightWord, k: u32) -> Result<Self, Problem> {
        let legal = legal_k(word);
        if legal.contains(&k) { Ok(Self { word, k }) } else { Err(illegal_k(word, k, &legal)) }
    }

    /// The layout that the core of `spec` reads. Floating-point weights are not packed: no file has their
    /// layout.
    pub fn of(spec: &Spec) -> Self {
        let port = spec.port_word();
        Self { word: port.word, k: port.k }
    }

    /// The kind of word.
    pub fn word(self) -> WeightWord {
        self.word
    }

    /// Elements (input channels) of a word.
    pub fn k(self) -> u32 {
        self.k
    }

    /// Words that hold one group of k weights: its bit planes, or 1.
    pub fn planes(self, format: WeightFormat) -> u32 {
        match self.word {
            WeightWord::Folded | WeightWord::Plain => format.planes(),
            WeightWord::TwosComplement
            | WeightWord::Codes
            | WeightWord::Ternary
            | WeightWord::TernaryBytes => 1,
        }
    }

    /// Bits of a word.
    pub fn word_bits(self, format: WeightFormat) -> u32 {
        self.word.bits(format, self.k)
    }

    /// First 16 hexadecimal digits of the SHA-256 over version, word, k, bits and group size (0 for
    /// a single group): equal for two files exactly if the same cores read both.
    pub fn digest(self, format: WeightFormat, grouping: Grouping) -> String {
        let text = format!(
            "bitplane packing {VERSION} word {} k {} bits {} group {}",
            self.word_name(),
            self.k,
            format.bits(),
            if grouping.count() == 1 { 0 } else { grouping.size() }
        );
        let mut digest = hex(&Sha256::digest(text));
        digest.truncate(16);
        digest
    }

    /// Whether a word holds trits.
    pub fn is_ternary(self) -> bool {
        matches!(self.word, WeightWord::Ternary | WeightWord::TernaryBytes)
    }

    /// The word's name in files and messages: `folded`, `plain`, `twos_complement`, `ternary` or
    /// `ternary_bytes`; `float` in messages alone.
    pub fn word_name(self) -> &'static str {
        WORDS.iter().find(|(word, _)| *word == self.word).map_or("float", |(_, name)| name)
    }

    /// The word called `name`.
    pub(crate) fn word_called(name: &str) -> Option<WeightWord> {
        WORDS.iter().find(|(_, known)| *known == name).map(|(word, _)| *word)
    }

    /// The word of one bit plane of at most k codes, or of their trits; missing ones count as code
    /// 0, missing trits as weight 0.
    pub(crate) fn plane_word(self, codes: &[u8], plane: u32) -> u64 {
        let bit = |(i, &code): (usize, &u8)| u32::from(plane_bit(code, plane)) << i;
        let bits = codes.iter().enumerate().map(bit).sum();
        match self.word {
            WeightWord::Folded => fold(bits, self.k).word(self.k).into(),
            WeightWord::Ternary => TernaryGroup::of_codes(codes).word(self.k).into(),
            WeightWord::Plain
            | WeightWord::TwosComplement
            | WeightWord::Codes
            | WeightWord::TernaryBytes => bits.into(),
        }
    }

    /// The bytes of at most k trits; missing ones count as weight 0.
    pub(crate) fn trit_bytes(self, codes: &[u8]) -> impl Iterator<Item = u8> {
        let each = TRITS_PER_BYTE as usize;
        let count = self.k.div_ceil(TRITS_PER_BYTE) as usize;
        (0..count).map(move |i| byte_of_codes(codes.get(i * each..).unwrap_or_default()))
    }
}

const WORDS: [(WeightWord, &str); 5] = [
    (WeightWord::Folded, "folded"),
    (WeightWord::Plain, "plain"),
    (WeightWord::TwosComplement, "twos_complement"),
    (WeightWord::Ternary, "ternary"),
    (WeightWord::TernaryBytes, "ternary_bytes"),
];

/// What a word can hold; which of these a core can be built for is the configuration's matter.
fn legal_k(word: WeightWord) -> RangeInclusive<u32> {
    match word {
        WeightWord::Folded => 2..=32,
        WeightWord::Plain => 1..=32,
        WeightWord::TwosComplement | WeightWord::Codes => 1..=64,
        WeightWord::Ternary => 1..=16,
        WeightWord::TernaryBytes => 1..=64,
    }
}

fn illegal_k(word: WeightWord, k: u32, legal: &RangeInclusive<u32>) -> Problem {
    let name = PackLayout { word, k }.word_name();
    Problem::new(
        "layout-k",
        "tile.k",
        format!("a {name} word holds {} to {} weights, not {k}", legal.start(), legal.end()),
        "use the k of the configuration that will read the file",
    )
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(word: WeightWord, k: u32) -> PackLayout {
        PackLayout::new(word, k).unwrap()
    }

    fn int(bits: u32) -> WeightFormat {
        WeightFormat::new(bits).unwrap()
    }

    #[test]
    fn a_plane_word_has_one_bit_per_element() {
        let codes = [0b01, 0b10, 0b11, 0b01];
        let plain = layout(WeightWord::Plain, 4);
        assert_eq!(plain.plane_word(&codes, 0), 0b1101);
        assert_eq!(plain.plane_word(&codes, 1), 0b0110);
        assert_eq!(plain.plane_word(&codes[..2], 1), 0b0010);
    }

    #[test]
    fn a_folded_word_has_its_sign_on_top_and_the_index_below() {
        let codes = [1, 0, 1, 0];
        let folded = layout(WeightWord::Folded, 4);
        assert_eq!(folded.plane_word(&codes, 0), 0b1010);
    }

    #[test]
    fn a_ternary_word_has_its_sign_on_top_and_missing_weights_are_zero() {
        let ternary = layout(WeightWord::Ternary, 3);
        assert_eq!(ternary.plane_word(&[2, 1, 1], 0), 0b0_0001);
        assert_eq!(ternary.plane_word(&[2, 1, 0], 0), 0b1_1000);
        assert_eq!(ternary.plane_word(&[2], 0), 0b0_0001);
        assert_eq!(ternary.plane_word(&[], 0), 0);
        let format = WeightFormat::TERNARY;
        assert_eq!((ternary.planes(format), ternary.word_bits(format)), (1, 5));
    }

    #[test]
    fn planes_and_word_bits_follow_the_word() {
        let folded = layout(WeightWord::Folded, 4);
        assert_eq!((folded.planes(int(3)), folded.word_bits(int(3))), (3, 4));
        let whole = layout(WeightWord::TwosComplement, 4);
        assert_eq!((whole.planes(int(3)), whole.word_bits(int(3))), (1, 12));
    }

    #[test]
    fn the_digest_differs_in_every_field_and_is_stable() {
        let whole = Grouping::per_channel(10);
        let groups = Grouping::new(10, 4).unwrap();
        let digests = [
            layout(WeightWord::Folded, 4).digest(int(2), whole),
            layout(WeightWord::Plain, 4).digest(int(2), whole),
            layout(WeightWord::Folded, 5).digest(int(2), whole),
            layout(WeightWord::Folded, 4).digest(int(3), whole),
            layout(WeightWord::Folded, 4).digest(int(2), groups),
        ];
        let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
        assert_eq!(distinct.len(), 5);
        let one_group = Grouping::new(10, 10).unwrap();
        assert_eq!(layout(WeightWord::Folded, 4).digest(int(2), one_group), digests[0]);
        insta::assert_snapshot!(digests[0], @"1282ff79becaa6a8");
    }

    #[test]
    fn a_word_of_no_elements_or_too_many_is_refused() {
        assert!(PackLayout::new(WeightWord::Folded, 1).is_err());
        let problem = PackLayout::new(WeightWord::TwosComplement, 65).unwrap_err();
        insta::assert_snapshot!(problem, @"a twos_complement word holds 1 to 64 weights, not 65");
    }
}
