//! Weights as a packed file holds them.

use std::ops::Range;

use bitplane_formats::{
    FoldedGroup, TRITS_PER_BYTE, TernaryGroup, WeightFormat, WeightWord, ZeroPoint, byte_of_codes,
    codes_of_byte, unfold,
};

use crate::bits::get;
use crate::grouping::Grouping;
use crate::layout::PackLayout;
use crate::pack::{Extent, PackHeader};
use crate::quantised::QuantisedWeights;

/// The content of a packed weight file, checked by [`unpack`](crate::unpack).
///
/// An output channel is what the tile calls a column. A word holds k successive input channels,
/// which is what the tile calls a group; a quantisation group is the input channels that share a
/// scale and a zero point, and begins a new word.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedWeights {
    pub(crate) header: PackHeader,
    pub(crate) format: WeightFormat,
    pub(crate) layout: PackLayout,
    pub(crate) grouping: Grouping,
    pub(crate) extent: Extent,
    pub(crate) scales: Vec<f32>,
    pub(crate) zero_points: Vec<ZeroPoint>,
    pub(crate) words: Vec<u8>,
}

/// Where a word lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordPlace {
    /// Number of the word along the input channels, as in [`PackedWeights::words_of`].
    pub word: usize,
    /// Bit plane; 0 for two's complement.
    pub plane: u32,
    /// Output channel.
    pub output: usize,
}

impl PackedWeights {
    /// What the file says about itself.
    pub fn header(&self) -> &PackHeader {
        &self.header
    }

    /// Format of the codes.
    pub fn format(&self) -> WeightFormat {
        self.format
    }

    /// Kind and length of the words.
    pub fn layout(&self) -> PackLayout {
        self.layout
    }

    /// The quantisation groups of every output channel.
    pub fn grouping(&self) -> Grouping {
        self.grouping
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.header.shape[0]
    }

    /// Input channels.
    pub fn inputs(&self) -> usize {
        self.header.shape[1]
    }

    /// Scales [output channels, quantisation groups], row-major.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// The scale of one output channel's quantisation group.
    ///
    /// # Panics
    /// If either is beyond the shape.
    pub fn scale(&self, output: usize, group: usize) -> f32 {
        self.scales[self.span(output, group)]
    }

    /// Reinterpreted zero points z' [output channels, quantisation groups], row-major.
    pub fn zero_points(&self) -> &[ZeroPoint] {
        &self.zero_points
    }

    /// The reinterpreted zero point z' of one output channel's quantisation group.
    ///
    /// # Panics
    /// If either is beyond the shape.
    pub fn zero_point(&self, output: usize, group: usize) -> ZeroPoint {
        self.zero_points[self.span(output, group)]
    }

    /// The zero point of a quantisation group in which all output channels have the same one.
    pub fn common_zero_point(&self, group: usize) -> Option<ZeroPoint> {
        let first = self.zero_point(0, group);
        let same = (0..self.outputs()).all(|output| self.zero_point(output, group) == first);
        same.then_some(first)
    }

    /// Words of one place along the input channels of one output channel: its bit planes, or 1 for
    /// two's complement.
    pub fn planes(&self) -> u32 {
        self.layout.planes(self.format)
    }

    /// Bits of a word.
    pub fn word_bits(&self) -> u32 {
        self.layout.word_bits(self.format)
    }

    /// Numbers of the words that hold a quantisation group.
    pub fn words_of(&self, group: usize) -> Range<usize> {
        let start = group * self.extent.words_per_group;
        let words = self.grouping.members(group).len().div_ceil(self.layout.k() as usize);
        start..start + words
    }

    /// A word as the weight port takes it, in pieces of at most 64 bits, lowest first: (piece, its
    /// bits). A word or an output channel beyond the last gives padding.
    ///
    /// # Panics
    /// If the plane is not below [`PackedWeights::planes`].
    pub fn word_pieces(&self, place: WordPlace) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.pieces().map(move |(done, take)| (self.piece(place, done, take), take))
    }

    /// The pieces of a word of k elements that do not count: code 0 in a plane word, weight 0 in a
    /// two's-complement word.
    pub fn padding_pieces(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.pieces().map(|(_, take)| (self.padding_word(), take))
    }

    /// A word as the weight port takes it, for words of at most 64 bits: every word of a bit plane,
    /// and a two's-complement word with k * b <= 64. Of a longer word the lowest 64 bits. Padding as
    /// in [`PackedWeights::word_pieces`].
    ///
    /// # Panics
    /// If the plane is not below [`PackedWeights::planes`].
    pub fn word(&self, place: WordPlace) -> u64 {
        self.piece(place, 0, self.word_bits().min(64))
    }

    /// First bit and number of bits of each piece of a word.
    fn pieces(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let bits = self.word_bits();
        (0..bits).step_by(64).map(move |done| (done, (bits - done).min(64)))
    }

    /// `take` bits of a word from its bit `done` on.
    fn piece(&self, place: WordPlace, done: u32, take: u32) -> u64 {
        let WordPlace { word, plane, output } = place;
        assert!(plane < self.planes(), "plane {plane} of {}", self.planes());
        if word >= self.extent.words || output >= self.outputs() {
            return self.padding_word();
        }
        let row = word * self.planes() as usize + plane as usize;
        let start = output * self.word_bits() as usize + done as usize;
        get(&self.words[row * self.extent.plane_bytes..], start, take)
    }

    /// The word, or any piece of it, of k padding elements.
    fn padding_word(&self) -> u64 {
        match self.layout.word() {
            WeightWord::TwosComplement | WeightWord::Codes => 0,
            WeightWord::Folded | WeightWord::Plain | WeightWord::Ternary => {
                self.layout.plane_word(&[], 0)
            }
            WeightWord::TernaryBytes => u64::from_le_bytes([byte_of_codes(&[0u8; 0]); 8]),
        }
    }

    /// The integer weight of an output and an input channel.
    ///
    /// # Panics
    /// If either is beyond the shape.
    pub fn value(&self, output: usize, input: usize) -> i32 {
        assert!(output < self.outputs() && input < self.inputs(), "[{output}, {input}]");
        match self.layout.word() {
            WeightWord::TwosComplement => self.stored_integer(output, input),
            _ => {
                let zero_point = self.zero_point(output, self.grouping.group_of(input));
                self.format.value(self.gathered_code(output, input), zero_point)
            }
        }
    }

    /// The unsigned codes, row-major, whatever the kind of word.
    pub fn codes(&self) -> Vec<u8> {
        self.each(|output, input| match self.layout.word() {
            WeightWord::TwosComplement => {
                let lowest = self.lowest_value(output, self.grouping.group_of(input));
                (self.stored_integer(output, input) - lowest) as u8
            }
            _ => self.gathered_code(output, input),
        })
    }

    /// The codes as a core takes the words, row-major: those of the bit planes, or the ones that
    /// two's-complement words stand for under [`ZeroPoint::TWOS_COMPLEMENT`].
    pub fn core_codes(&self) -> Vec<u8> {
        let lowest = self.format.value(0u8, ZeroPoint::TWOS_COMPLEMENT);
        self.each(|output, input| match self.layout.word() {
            WeightWord::TwosComplement => (self.stored_integer(output, input) - lowest) as u8,
            _ => self.gathered_code(output, input),
        })
    }

    /// The weights as they were before packing.
    pub fn quantised(&self) -> QuantisedWeights {
        QuantisedWeights {
            name: self.header.tensor.clone(),
            quantiser: self.header.quantiser.clone(),
            format: self.format,
            rows: self.outputs(),
            grouping: self.grouping,
            codes: self.codes(),
            scales: self.scales.clone(),
            zero_points: self.zero_points.clone(),
        }
    }

    /// The integer weight of code 0 in a quantisation group.
    pub(crate) fn lowest_value(&self, output: usize, group: usize) -> i32 {
        self.format.value(0u8, self.zero_point(output, group))
    }

    /// The integer in a two's-complement word.
    pub(crate) fn stored_integer(&self, output: usize, input: usize) -> i32 {
        let (k, bits) = (self.layout.k() as usize, self.format.bits());
        let (word, element) = self.extent.place(self.grouping, k, input);
        let start = (output * k + element) * bits as usize;
        let field = get(&self.words[word * self.extent.plane_bytes..], start, bits);
        let unused = 32 - bits;
        ((field as i32) << unused) >> unused
    }

    /// The code whose bits lie in the planes, or whose trit in a word.
    fn gathered_code(&self, output: usize, input: usize) -> u8 {
        let k = self.layout.k();
        let (word, element) = self.extent.place(self.grouping, k as usize, input);
        let place = |plane| WordPlace { word, plane, output };
        if self.layout.word() == WeightWord::TernaryBytes {
            let each = TRITS_PER_BYTE as usize;
            let word_bytes = self.word_bits() as usize / 8;
            let byte = word * self.extent.plane_bytes + output * word_bytes + element / each;
            return codes_of_byte(self.words[byte])[element % each];
        }
        if self.layout.word() == WeightWord::Ternary {
            let group = TernaryGroup::from_word(self.word(place(0)) as u32, k);
            return group.codes(k).nth(element).unwrap_or_default();
        }
        let bit = |plane| {
            let word = self.word(place(plane)) as u32;
            let signs = match self.layout.word() {
                WeightWord::Folded => unfold(FoldedGroup::from_word(word, k), k),
                _ => word,
            };
            ((signs >> element & 1) as u8) << plane
        };
        (0..self.planes()).map(bit).sum()
    }

    /// `of(output, input)` of every weight, row-major.
    fn each(&self, of: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        let places = (0..self.outputs()).flat_map(|o| (0..self.inputs()).map(move |i| (o, i)));
        places.map(|(output, input)| of(output, input)).collect()
    }

    /// Index of one output channel's quantisation group among scales and zero points.
    fn span(&self, output: usize, group: usize) -> usize {
        assert!(group < self.grouping.count(), "group {group} of {}", self.grouping.count());
        output * self.grouping.count() + group
    }
}
