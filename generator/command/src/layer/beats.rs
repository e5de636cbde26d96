//! Packed weights in the order in which a core's weight port takes them.

use bitplane_spec::{Spec, WeightBeat};
use bitplane_weights::PackedWeights;

/// The data of all weight beats of a layer: tile of n columns, then k-step and plane in the order
/// of the stream; in a beat column, then group, lowest bit first. Each beat starts on a new 32-bit
/// word.
pub fn weight_beats(weights: &PackedWeights, spec: &Spec) -> Vec<u32> {
    let (columns, groups) = (spec.tile.n as usize, spec.tile.groups as usize);
    let steps = weights.groups().div_ceil(groups);
    let mut beats = Beats::default();
    for tile in (0..weights.outputs()).step_by(columns) {
        for WeightBeat { step, plane, .. } in spec.weight_beats(weights.format(), steps) {
            for column in tile..tile + columns {
                for group in step * groups..(step + 1) * groups {
                    beats.push_all(weights.word_pieces(group, plane, column));
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
