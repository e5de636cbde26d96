//! Weights as a packed file holds them.

use bitplane_formats::{FoldedGroup, WeightFormat, WeightWord, ZeroPoint, unfold};

use crate::bits::get;
use crate::layout::PackLayout;
use crate::pack::{Extent, PackHeader};
use crate::quantise::QuantisedWeights;

/// The content of a packed weight file, checked by [`unpack`](crate::unpack).
///
/// An output channel is what the tile calls a column; a group is k successive input channels.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedWeights {
    pub(crate) header: PackHeader,
    pub(crate) format: WeightFormat,
    pub(crate) layout: PackLayout,
    pub(crate) extent: Extent,
    pub(crate) scales: Vec<f32>,
    pub(crate) words: Vec<u8>,
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

    /// Reinterpreted zero point of all channels.
    pub fn zero_point(&self) -> ZeroPoint {
        ZeroPoint(self.header.zero_point)
    }

    /// Kind and length of the words.
    pub fn layout(&self) -> PackLayout {
        self.layout
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.header.shape[0]
    }

    /// Input channels.
    pub fn inputs(&self) -> usize {
        self.header.shape[1]
    }

    /// Groups of k input channels; the last one may be padded.
    pub fn groups(&self) -> usize {
        self.extent.groups
    }

    /// Words of one group of one output channel: its bit planes, or 1 for two's complement.
    pub fn planes(&self) -> u32 {
        self.layout.planes(self.format)
    }

    /// Bits of a word.
    pub fn word_bits(&self) -> u32 {
        self.layout.word_bits(self.format)
    }

    /// Scales, one per output channel.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// The word of one output channel as the weight port takes it, in pieces of at most 64 bits,
    /// lowest first: (piece, its bits). A group or an output channel beyond the last gives padding:
    /// code 0 in a plane word, weight 0 in a two's-complement word.
    ///
    /// # Panics
    /// If `plane` is not below [`PackedWeights::planes`].
    pub fn word_pieces(
        &self,
        group: usize,
        plane: u32,
        output: usize,
    ) -> impl Iterator<Item = (u64, u32)> + '_ {
        let bits = self.word_bits();
        (0..bits).step_by(64).map(move |done| {
            let take = (bits - done).min(64);
            (self.piece(group, plane, output, done, take), take)
        })
    }

    /// The word of one output channel as the weight port takes it, for words of at most 64 bits:
    /// every word of a bit plane, and a two's-complement word with k * b <= 64. Of a longer word
    /// the lowest 64 bits. Padding as in [`PackedWeights::word_pieces`].
    ///
    /// # Panics
    /// If `plane` is not below [`PackedWeights::planes`].
    pub fn word(&self, group: usize, plane: u32, output: usize) -> u64 {
        self.piece(group, plane, output, 0, self.word_bits().min(64))
    }

    /// `take` bits of a word from its bit `done` on.
    fn piece(&self, group: usize, plane: u32, output: usize, done: u32, take: u32) -> u64 {
        assert!(plane < self.planes(), "plane {plane} of {}", self.planes());
        if group >= self.groups() || output >= self.outputs() {
            return self.padding_word();
        }
        let row = group * self.planes() as usize + plane as usize;
        let start = output * self.word_bits() as usize + done as usize;
        get(&self.words[row * self.extent.plane_bytes..], start, take)
    }

    /// The word, or any piece of it, of k padding elements.
    fn padding_word(&self) -> u64 {
        match self.layout.word() {
            WeightWord::TwosComplement => 0,
            WeightWord::Folded | WeightWord::Plain => self.layout.plane_word(&[], 0),
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
            WeightWord::Folded | WeightWord::Plain => {
                self.format.value(self.gathered_code(output, input), self.zero_point())
            }
        }
    }

    /// The unsigned codes, row-major, whatever the kind of word.
    pub fn codes(&self) -> Vec<u8> {
        let code = |output, input| match self.layout.word() {
            WeightWord::TwosComplement => {
                (self.stored_integer(output, input) - self.lowest_value()) as u8
            }
            WeightWord::Folded | WeightWord::Plain => self.gathered_code(output, input),
        };
        let rows = 0..self.outputs();
        rows.flat_map(|output| (0..self.inputs()).map(move |input| code(output, input))).collect()
    }

    /// The weights as they were before packing.
    pub fn quantised(&self) -> QuantisedWeights {
        QuantisedWeights {
            name: self.header.tensor.clone(),
            quantiser: self.header.quantiser.clone(),
            format: self.format,
            zero_point: self.zero_point(),
            rows: self.outputs(),
            columns: self.inputs(),
            codes: self.codes(),
            scales: self.scales.clone(),
        }
    }

    /// The integer weight of code 0.
    pub(crate) fn lowest_value(&self) -> i32 {
        self.format.value(0, self.zero_point())
    }

    /// The integer in a two's-complement word.
    pub(crate) fn stored_integer(&self, output: usize, input: usize) -> i32 {
        let (k, bits) = (self.layout.k() as usize, self.format.bits());
        let start = (output * k + input % k) * bits as usize;
        let field = get(&self.words[input / k * self.extent.plane_bytes..], start, bits);
        let unused = 32 - bits;
        ((field as i32) << unused) >> unused
    }

    /// The code whose bits lie in the planes.
    fn gathered_code(&self, output: usize, input: usize) -> u8 {
        let k = self.layout.k();
        let (group, element) = (input / k as usize, input % k as usize);
        let bit = |plane| {
            let word = self.word(group, plane, output) as u32;
            let signs = match self.layout.word() {
                WeightWord::Folded => unfold(FoldedGroup::from_word(word, k), k),
                WeightWord::Plain | WeightWord::TwosComplement => word,
            };
            ((signs >> element & 1) as u8) << plane
        };
        (0..self.planes()).map(bit).sum()
    }
}
