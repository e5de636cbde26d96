//! Packed weights in the order in which a core's weight port takes them.

use bitplane_spec::{Spec, WeightBeat};
use bitplane_weights::{PackedWeights, WordPlace};

/// The data of all weight beats of one quantisation group of a layer: tile of n columns, then k-step
/// and plane in the order of the stream; in a beat column, then word, lowest bit first. Each beat
/// starts on a new 32-bit word; a last k-step that the group does not fill is filled with padding.
pub fn weight_beats(weights: &PackedWeights, spec: &Spec, group: usize) -> Vec<u32> {
    let (columns, words_per_step) = (spec.tile.n as usize, spec.port_word().of_a_column as usize);
    let words = weights.words_of(group);
    let steps = words.len().div_ceil(words_per_step);
    let mut beats = Beats::default();
    for tile in (0..weights.outputs()).step_by(columns) {
        for WeightBeat { step, plane, .. } in spec.weight_beats(weights.format(), steps) {
            let first = words.start + step * words_per_step;
            for output in tile..tile + columns {
                for word in first..first + words_per_step {
                    match words.contains(&word) {
                        true => {
                            let place = WordPlace { word, plane, output };
                            beats.push_all(weights.word_pieces(place));
                        }
                        false => beats.push_all(weights.padding_pieces()),
                    }
                }
            }
            beats.finish_beat();
        }
    }
    beats.words
}

#[derive(Default)]
struct Beats {
    words: Vec<u32>,
    /// Bits that do not fill a word yet, lowest first.
    rest: u128,
    rest_bits: u32,
}

impl Beats {
    fn push_all(&mut self, pieces: impl Iterator<Item = (u64, u32)>) {
        for (piece, bits) in pieces {
            self.rest |= u128::from(piece) << self.rest_bits;
            self.rest_bits += bits;
            while self.rest_bits >= u32::BITS {
                self.words.push(self.rest as u32);
                self.rest >>= u32::BITS;
                self.rest_bits -= u32::BITS;
            }
        }
    }

    fn finish_beat(&mut self) {
        if self.rest_bits > 0 {
            self.words.push(self.rest as u32);
        }
        (self.rest, self.rest_bits) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_and_a_beat_starts_on_a_new_word() {
        let mut beats = Beats::default();
        beats.push_all([(0x3, 4), (0xffff_ffff_ffff_ffff, 64)].into_iter());
        beats.finish_beat();
        beats.push_all([(0x1, 1)].into_iter());
        beats.finish_beat();
        assert_eq!(beats.words, [0xffff_fff3, 0xffff_ffff, 0xf, 0x1]);
    }
}
