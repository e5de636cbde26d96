//! From matrices to beats. The order of bits on the ports is stated here once, and nowhere in
//! the golden model.

use crate::{Batch, Case, Error};
use bitplane_emit::manifest::Manifest;
use bitplane_emit::wire::{self, Beat, Field};
use bitplane_formats::{FoldedGroup, WeightFormat, WeightWord, fold, plane_bit};
use bitplane_spec::{Architecture, Precompute, Spec, Symmetry, WeightBeat};

/// Turns cases into beats for one core.
#[derive(Clone, Debug)]
pub struct Encoder {
    spec: Spec,
    activation: Beat,
    weight: Beat,
    result: Beat,
    activation_data: Field,
    weight_data: Field,
    bus_beats: [usize; 2],
    payload: Payload,
    result_bits: u32,
}

/// What `activation_data_i` carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Activations,
    /// Tables of so many entries of so many bits. The entry's index gives the signs of the
    /// elements; in a half table the last element's is +1.
    Tables {
        entries: u32,
        bits: u32,
        symmetry: Symmetry,
    },
}

impl Encoder {
    /// An encoder for the core that `manifest` describes and `spec` asked for.
    ///
    /// # Errors
    /// [`Error::Input`] if the ports do not fit the configuration.
    pub fn new(spec: &Spec, manifest: &Manifest) -> Result<Self, Error> {
        let beat = |group| Beat::of(manifest, group);
        let (activation, weight, result) = (beat("activation"), beat("weight"), beat("result"));
        let data = |beat: &Beat, stream: &str| {
            beat.field("data").cloned().ok_or_else(|| unfit(stream, "there is no data port"))
        };
        let activation_data = data(&activation, "activation")?;
        let weight_data = data(&weight, "weight")?;
        let result_data = data(&result, "result")?;
        let payload = payload(spec);
        fits("activation", activation_data.bits, spec.bus.activation)?;
        fits("weight", weight_data.bits, spec.bus.weight)?;
        fits("result", result_data.bits, spec.tile.drain * manifest.accumulator_bits)?;
        let bus_beats = [spec.activation_bus_beats(), spec.weight_bus_beats()];
        Ok(Self {
            spec: spec.clone(),
            activation,
            weight,
            result,
            activation_data,
            weight_data,
            bus_beats: bus_beats.map(|beats| beats as usize),
            payload,
            result_bits: manifest.accumulator_bits,
        })
    }

    /// The configuration of the core.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Words of one activation beat and of one weight beat.
    pub fn beat_words(&self) -> [usize; 2] {
        [self.activation.words, self.weight.words]
    }

    /// Words that one k-step of the widest weights takes in a batch.
    pub fn step_words(&self) -> usize {
        let [activation, weight] = self.bus_beats;
        self.spec.passes_of(self.spec.weight) as usize * activation * self.activation.words
            + self.spec.beats_per_step() as usize * weight * self.weight.words
    }

    /// Beats of the activation port that a k-step takes, and of the weight port that the array
    /// takes in a cycle.
    pub fn bus_beats(&self) -> [usize; 2] {
        self.bus_beats
    }

    /// A batch without stimulus for this core.
    pub fn empty_batch(&self) -> Batch {
        Batch::empty(self.beat_words())
    }

    /// Adds the run `case` to `batch`, its results included.
    pub fn add(&self, case: &Case, batch: &mut Batch) {
        self.activation_beats(case, &mut batch.activation);
        self.weight_beats(case, &mut batch.weight);
        batch.result_beats = batch.result_beats.saturating_add(case.result_beats(&self.spec));
    }

    /// Appends the activation beats of `case`.
    pub fn activation_beats(&self, case: &Case, out: &mut Vec<u32>) {
        let step = self.spec.elements_per_step() as usize;
        let steps = case.elements / step;
        let passes = self.spec.passes_of(case.weight) as usize;
        for beat_of_run in 0..passes * steps {
            let s = beat_of_run % steps;
            let mut data = vec![0; wire::words(self.spec.activation_step_bits())];
            self.activation_payload(case, s * step, &mut data);
            let beat = send(&self.activation, &self.activation_data, self.bus_beats[0], &data, out);
            let (first, last) = (s == 0, s + 1 == steps);
            for field in &self.activation.fields {
                let value = match field.name.as_str() {
                    "first" => u64::from(first),
                    "last" => u64::from(last),
                    // Sampled on first; what comes later must not matter.
                    "rows" | "columns" | "weight_bits" | "zero_point" if beat_of_run > 0 => {
                        u64::MAX / 3 * (beat_of_run as u64 % 4)
                    }
                    "rows" => case.rows as u64,
                    "columns" => case.columns as u64,
                    "weight_bits" => u64::from(case.weight.bits()),
                    "zero_point" => case.zero_point.0 as i64 as u64,
                    _ => continue,
                };
                put(beat, 32 * field.word, field.bits, value);
            }
            if let Some(field) = self.activation.field("keep") {
                for (i, keep) in case.keep[s * step..][..step].iter().enumerate() {
                    put(beat, 32 * field.word + i, 1, u64::from(*keep));
                }
            }
        }
    }

    /// Appends the weight beats of `case` in stream order.
    pub fn weight_beats(&self, case: &Case, out: &mut Vec<u32>) {
        let step = self.spec.elements_per_step() as usize;
        for WeightBeat { step: s, plane, last } in
            self.spec.weight_beats(case.weight, case.elements / step)
        {
            let mut data = vec![0; self.weight_data_words()];
            self.weight_payload(case, s * step, plane, &mut data);
            let beat = send(&self.weight, &self.weight_data, self.bus_beats[1], &data, out);
            if let Some(field) = self.weight.field("last") {
                put(beat, 32 * field.word, 1, u64::from(last));
            }
        }
    }

    /// Words of what the array takes of the weights in a cycle.
    pub fn weight_data_words(&self) -> usize {
        wire::words(self.spec.weight_beat_bits())
    }

    /// Appends the weight beats of a run of `steps` k-steps of `weight` codes whose data was packed
    /// before, in stream order.
    pub fn packed_weight_beats(
        &self,
        weight: WeightFormat,
        steps: usize,
        data: &[u32],
        out: &mut Vec<u32>,
    ) {
        let data = data.chunks(self.weight_data_words());
        for (WeightBeat { last, .. }, words) in self.spec.weight_beats(weight, steps).zip(data) {
            let beat = send(&self.weight, &self.weight_data, self.bus_beats[1], words, out);
            if let Some(field) = self.weight.field("last") {
                put(beat, 32 * field.word, 1, u64::from(last));
            }
        }
    }

    /// Sets the field `name` of the k-step `index` in `beats`, if the port has that field: in the
    /// last of its beats, with which fields are read. Bits beyond the field are dropped.
    pub fn set_activation(&self, beats: &mut [u32], index: usize, name: &str, value: i64) {
        let last = (index + 1) * self.bus_beats[0] - 1;
        set(&self.activation, beats, last, name, value);
    }

    /// Sets the field `name` of what the array takes `index`-th, as for activations.
    pub fn set_weight(&self, beats: &mut [u32], index: usize, name: &str, value: i64) {
        let last = (index + 1) * self.bus_beats[1] - 1;
        set(&self.weight, beats, last, name, value);
    }

    /// Width of a field of the activation stream, if the port has it.
    pub fn activation_field_bits(&self, name: &str) -> Option<u32> {
        self.activation.field(name).map(|field| field.bits)
    }

    /// Width of one result.
    pub fn result_bits(&self) -> u32 {
        self.result_bits
    }

    /// Whether the result beat `words` is marked as the run's last.
    pub fn result_last(&self, words: &[u32]) -> bool {
        self.result.field("last").is_some_and(|field| words[field.word] & 1 == 1)
    }

    /// Whether `lane` of the result beat counts.
    pub fn result_keep(&self, words: &[u32], lane: usize) -> bool {
        let Some(field) = self.result.field("keep") else {
            return true;
        };
        bit(words, 32 * field.word + lane)
    }

    /// The result in `lane` of a beat.
    pub fn result(&self, words: &[u32], lane: usize) -> i128 {
        let Some(field) = self.result.field("data") else {
            return 0;
        };
        let width = self.result_bits as usize;
        let start = 32 * field.word + lane * width;
        let mut value: u128 = 0;
        let mut have = 0;
        while have < width {
            let at = start + have;
            let take = (32 - at % 32).min(width - have);
            let part = u128::from(words[at / 32] >> (at % 32)) & ((1 << take) - 1);
            value |= part << have;
            have += take;
        }
        let unused = 128 - self.result_bits;
        (value as i128) << unused >> unused
    }

    fn activation_payload(&self, case: &Case, start: usize, beat: &mut [u32]) {
        let (k, groups) = (self.spec.tile.k as usize, self.spec.tile.groups as usize);
        let mut at = 0;
        for row in 0..self.spec.tile.m as usize {
            for group in 0..groups {
                let first = start + group * k;
                at = match self.payload {
                    Payload::Activations => self.put_elements(case, row, first, at, beat),
                    Payload::Tables { entries, bits, symmetry } => {
                        let elements: Vec<i64> =
                            (0..k).map(|i| i64::from(case.activation(row, first + i))).collect();
                        for index in 0..entries {
                            let entry = entry(&elements, index, symmetry);
                            put(beat, at + (index * bits) as usize, bits, entry as u64);
                        }
                        at + (entries * bits) as usize
                    }
                };
            }
        }
    }

    fn put_elements(
        &self,
        case: &Case,
        row: usize,
        first: usize,
        mut at: usize,
        beat: &mut [u32],
    ) -> usize {
        let bits = self.spec.activation.bits();
        let row = &case.activations[row * case.elements + first..][..self.spec.tile.k as usize];
        for activation in row {
            put(beat, at, bits, i64::from(*activation) as u64);
            at += bits as usize;
        }
        at
    }

    fn weight_payload(&self, case: &Case, start: usize, plane: u32, beat: &mut [u32]) {
        let (k, groups) = (self.spec.tile.k, self.spec.tile.groups as usize);
        let (word, bits) = (self.spec.weight_word(), self.spec.weight_word_bits());
        let weight_bits = self.spec.weight.bits();
        let mut at = 0;
        for column in 0..self.spec.tile.n as usize {
            let codes = &case.codes[column * case.elements + start..][..k as usize * groups];
            for group in codes.chunks(k as usize) {
                match word {
                    WeightWord::Folded => {
                        let folded: FoldedGroup = fold(signs(group, plane), k);
                        put(beat, at, bits, u64::from(folded.word(k)));
                    }
                    WeightWord::Plain => put(beat, at, bits, u64::from(signs(group, plane))),
                    WeightWord::TwosComplement => {
                        let top = 1 << (weight_bits - 1);
                        for (i, code) in group.iter().enumerate() {
                            let at = at + i * weight_bits as usize;
                            put(beat, at, weight_bits, u64::from(code ^ top));
                        }
                    }
                }
                at += bits as usize;
            }
        }
    }
}

/// Appends `beats` beats of one stream that carry `data`, lowest bits first, and gives the last of
/// them, whose other fields are still 0. What the fields of the others and the padding hold must not
/// matter.
fn send<'a>(
    layout: &Beat,
    port: &Field,
    beats: usize,
    data: &[u32],
    out: &'a mut Vec<u32>,
) -> &'a mut [u32] {
    let start = out.len();
    out.resize(start + beats * layout.words, 0);
    let bus = port.bits as usize;
    for (number, beat) in out[start..].chunks_mut(layout.words).enumerate() {
        let carried = &mut beat[port.word..][..wire::words(port.bits)];
        if beats == 1 {
            carried.copy_from_slice(data);
            continue;
        }
        let junk = u64::MAX / 3 * (1 + number as u64 % 3);
        for at in (0..bus).step_by(32) {
            let bits = (bus - at).min(32);
            let from = number * bus + at;
            let known = (32 * data.len()).saturating_sub(from).min(bits);
            put(carried, at, bits as u32, junk);
            put(carried, at, known as u32, read(data, from, known));
        }
        if number + 1 < beats {
            for field in layout.fields.iter().filter(|field| field.port != port.port) {
                for at in (0..field.bits).step_by(32) {
                    put(beat, 32 * field.word + at as usize, (field.bits - at).min(32), junk);
                }
            }
        }
    }
    &mut out[start + (beats - 1) * layout.words..]
}

/// `bits` (at most 32) bits of `words` from bit `at` on.
fn read(words: &[u32], at: usize, bits: usize) -> u64 {
    let word = |index: usize| u64::from(words.get(index).copied().unwrap_or(0));
    let both = word(at / 32) | word(at / 32 + 1) << 32;
    both >> (at % 32) & ((1 << bits) - 1)
}

/// Bit `plane` of each code of a group; element i in bit i.
pub(crate) fn signs(group: &[u8], plane: u32) -> u32 {
    let bit = |(i, code): (usize, &u8)| u32::from(plane_bit(*code, plane)) << i;
    group.iter().enumerate().map(bit).sum()
}

/// Entry `index` of the table of `elements`: the sum in which element i counts positively where
/// bit i is set, the last one always in a half table.
fn entry(elements: &[i64], index: u32, symmetry: Symmetry) -> i64 {
    let signs = match symmetry {
        Symmetry::Half { .. } => index | 1 << (elements.len() - 1),
        Symmetry::Full => index,
    };
    let signed = |(i, a): (usize, &i64)| if signs >> i & 1 == 1 { *a } else { -a };
    elements.iter().enumerate().map(signed).sum()
}

fn payload(spec: &Spec) -> Payload {
    let Architecture::LutTensorCore(table) = &spec.architecture else {
        return Payload::Activations;
    };
    if table.precompute == Precompute::Shared {
        return Payload::Activations;
    }
    let half = matches!(table.symmetry, Symmetry::Half { .. });
    let range = bitplane_formats::entry_range(spec.activation, spec.tile.k, half);
    Payload::Tables {
        entries: 1 << (spec.tile.k - u32::from(half)),
        bits: bitplane_formats::signed_bits(range),
        symmetry: table.symmetry,
    }
}

fn fits(stream: &str, found: u32, expected: u32) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(unfit(stream, &format!("the data port has {found} bits, {expected} would fit")))
}

fn unfit(stream: &str, what: &str) -> Error {
    Error::input(
        "ports-do-not-fit",
        format!("{stream}_data"),
        format!("the {stream} stream in the manifest does not fit the configuration: {what}"),
        "generate the bundle again",
    )
}

fn set(layout: &Beat, beats: &mut [u32], index: usize, name: &str, value: i64) {
    let Some(field) = layout.field(name) else {
        return;
    };
    let beat = &mut beats[index * layout.words..][..layout.words];
    put(beat, 32 * field.word, field.bits, value as u64);
}

fn bit(words: &[u32], at: usize) -> bool {
    words[at / 32] >> (at % 32) & 1 == 1
}

/// Writes the low `bits` (at most 32) bits of `value` at bit `at`.
fn put(words: &mut [u32], at: usize, bits: u32, value: u64) {
    let mask = (1u64 << bits) - 1;
    let shift = at % 32;
    let (mask, value) = (mask << shift, (value & mask) << shift);
    let low = &mut words[at / 32];
    *low = *low & !(mask as u32) | value as u32;
    if mask >> 32 != 0 {
        let high = &mut words[at / 32 + 1];
        *high = *high & !((mask >> 32) as u32) | (value >> 32) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_put_across_word_boundaries_without_touching_their_neighbours() {
        let mut words = [u32::MAX, 0, u32::MAX];
        put(&mut words, 30, 10, 0b01_0000_0010);
        assert_eq!(words, [0xbfff_ffff, 0b0100_0000, u32::MAX]);
        put(&mut words, 32, 32, 0x1234_5678);
        assert_eq!(words[1], 0x1234_5678);
    }

    #[test]
    fn the_entries_of_a_half_table_hold_the_last_element_positive() {
        let half = Symmetry::Half { fold: bitplane_spec::Fold::Offline };
        let entries: Vec<i64> = (0..4).map(|i| entry(&[1, 10, 100], i, half)).collect();
        assert_eq!(entries, [89, 91, 109, 111]);
        let entries: Vec<i64> = (0..4).map(|i| entry(&[1, 10], i, Symmetry::Full)).collect();
        assert_eq!(entries, [-11, -9, 9, 11]);
    }
}
