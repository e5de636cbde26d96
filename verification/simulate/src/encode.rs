//! From matrices to beats. The order of bits on the ports is stated here once, and nowhere in
//! the golden model.

use crate::{Batch, Case, Error, Part};
use bitplane_emit::manifest::{Manifest, QuantisationGroup};
use bitplane_emit::wire::{self, Beat, Field};
use bitplane_formats::{
    TRITS_PER_BYTE, TableLayout, TernaryGroup, WeightFormat, WeightWord, ZeroPoint, byte_of_codes,
    fold,
};
use bitplane_spec::lmma::{Command, Instruction, Limits};
use bitplane_spec::{PortWord, Precompute, Spec, WeightBeat};

/// Turns cases into beats for one core.
#[derive(Clone, Debug)]
pub struct Encoder {
    spec: Spec,
    activation: Beat,
    weight: Beat,
    result: Beat,
    scan: Beat,
    exponents: Beat,
    command: Beat,
    addend: Beat,
    activation_data: Field,
    weight_data: Field,
    result_data: Field,
    result_keep: Option<Field>,
    bus_beats: [usize; 2],
    group: Option<QuantisationGroup>,
    payload: Payload,
    result_bits: u32,
}

/// What `activation_data_i` carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Activations,
    Tables(TableLayout),
}

/// What a weight beat carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// A bit plane of a k-step (all planes in a multiplier array).
    Plane { step: usize, plane: u32 },
    /// The zero points and scales of a quantisation group.
    Factors { group: usize },
    /// The data types and special values of a quantisation group.
    Head { group: usize },
}

impl Content {
    /// Whether it belongs to one of the k-steps `fetched`, which are in ascending order.
    fn is_of(&self, fetched: &[usize]) -> bool {
        match self {
            Self::Plane { step, .. } => fetched.binary_search(step).is_ok(),
            Self::Factors { .. } | Self::Head { .. } => true,
        }
    }
}

impl Encoder {
    /// An encoder for the core that `manifest` describes and `spec` asked for.
    ///
    /// # Errors
    /// [`Error::Input`] if the ports do not fit the configuration.
    pub fn new(spec: &Spec, manifest: &Manifest) -> Result<Self, Error> {
        let beat = |group| Beat::of(manifest, group);
        let (activation, weight, result) = (beat("activation"), beat("weight"), beat("result"));
        let [scan, exponents] = Beat::of_scan(manifest);
        let data = |beat: &Beat, stream: &str| {
            beat.field("data").cloned().ok_or_else(|| unfit(stream, "there is no data port"))
        };
        let activation_data = data(&activation, "activation")?;
        let weight_data = data(&weight, "weight")?;
        let result_data = data(&result, "result")?;
        let payload = payload(spec);
        fits("activation", activation_data.bits, spec.bus.activation)?;
        fits("weight", weight_data.bits, spec.bus.weight)?;
        fits("result", result_data.bits, spec.tile.drain * manifest.result_bits)?;
        let bus_beats = [spec.activation_bus_beats(), spec.weight_bus_beats()];
        Ok(Self {
            spec: spec.clone(),
            activation,
            weight,
            result_keep: result.field("keep").cloned(),
            result,
            scan,
            exponents,
            command: beat("command"),
            addend: beat("addend"),
            activation_data,
            weight_data,
            result_data,
            bus_beats: bus_beats.map(|beats| beats as usize),
            group: manifest.quantisation_group.clone(),
            payload,
            result_bits: manifest.result_bits,
        })
    }

    /// The configuration of the core.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Words of one activation beat, of one weight beat, of one scan beat, of one command and of one
    /// beat of C.
    pub fn beat_words(&self) -> [usize; 5] {
        [&self.activation, &self.weight, &self.scan, &self.command, &self.addend]
            .map(|beat| beat.words)
    }

    /// Words that one k-step of the widest weights takes in a batch, at most.
    pub fn step_words(&self) -> usize {
        let [activation, weight] = self.bus_beats;
        self.spec.passes_of(self.spec.weight) as usize * activation * self.activation.words
            + self.spec.weight_beats_of(self.spec.weight, 1) as usize * weight * self.weight.words
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
        if self.sends_weights(case) {
            self.weight_beats(case, &mut batch.weight);
        }
        self.scan_beats(case, batch);
        self.command_beats(case, batch);
        batch.result_beats = batch.result_beats.saturating_add(case.result_beats(&self.spec));
    }

    /// Whether the activations of `case` are streamed, and do not come again from a buffer.
    fn sends_activations(&self, case: &Case) -> bool {
        self.spec.buffers().activation == 0 || case.corner[1] == 0
    }

    /// Whether the weights of `case` are streamed, and do not come again from a buffer.
    pub(crate) fn sends_weights(&self, case: &Case) -> bool {
        self.spec.buffers().weight == 0 || case.corner[0] == 0
    }

    /// Appends the activation beats of `case`, unless they come again from a buffer.
    pub fn activation_beats(&self, case: &Case, out: &mut Vec<u32>) {
        if !self.sends_activations(case) {
            return;
        }
        let step = self.spec.elements_per_step() as usize;
        let steps = case.elements / step;
        let passes = self.spec.passes_of(case.weight) as usize;
        let mut data = vec![0; wire::words(self.spec.activation_step_bits())];
        let (fields, block) = (self.block_fields(case), self.block_elements(case));
        for beat_of_run in 0..passes * steps {
            let s = beat_of_run % steps;
            let fields = &fields[s * step / block];
            self.activation_payload(case, fields, s * step, &mut data);
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
                    "weight_bits" => u64::from(case.weight.each().bits()),
                    "zero_point" => case.zero_point.0 as i64 as u64,
                    _ => continue,
                };
                put(beat, 32 * field.word, field.bits, value);
            }
            if let Some(field) = self.activation.field("exponents") {
                self.put_fields(fields, &mut beat[field.word..]);
            }
            if let Some(field) = self.activation.field("keep") {
                for (i, keep) in case.keep[s * step..][..step].iter().enumerate() {
                    put(beat, 32 * field.word + i, 1, u64::from(*keep));
                }
            }
        }
    }

    /// Elements sent that share a block in each row.
    fn block_elements(&self, case: &Case) -> usize {
        let step = self.spec.elements_per_step() as usize;
        self.spec.block_steps().map_or(case.elements, |steps| steps as usize * step).max(1)
    }

    /// Of each block of `case` the field that each row travels with; no fields where nothing is aligned.
    fn block_fields(&self, case: &Case) -> Vec<Vec<u32>> {
        let block = self.block_elements(case);
        let starts = (0..case.elements).step_by(block);
        let Some(format) = self.spec.aligned() else { return starts.map(|_| Vec::new()).collect() };
        let fields = |start: usize| {
            let codes = |row| {
                let places = start..(start + block).min(case.elements);
                places.map(move |i| case.activation(row, i) as u32)
            };
            (0..self.spec.tile.m as usize).map(|row| format.field(codes(row))).collect()
        };
        starts.map(fields).collect()
    }

    fn put_fields(&self, fields: &[u32], words: &mut [u32]) {
        let bits = self.spec.exponent_bits();
        for (row, field) in fields.iter().enumerate() {
            put(words, row * bits as usize, bits, (*field).into());
        }
    }

    /// What the scanner records for each block of `case`; nothing where there is none.
    pub(crate) fn scanned(&self, case: &Case) -> Vec<Vec<u32>> {
        if self.exponents.words == 0 || !self.sends_activations(case) {
            return Vec::new();
        }
        let words = |fields: &Vec<u32>| {
            let mut words = vec![0; self.exponents.words];
            self.put_fields(fields, &mut words);
            words
        };
        self.block_fields(case).iter().map(words).collect()
    }

    /// Appends the activations of `case` as they are written into memory.
    pub(crate) fn scan_beats(&self, case: &Case, batch: &mut Batch) {
        let Some(data) = self.scan.field("data") else { return };
        if !self.sends_activations(case) {
            return;
        }
        let step = self.spec.elements_per_step() as usize;
        let (steps, block) = (case.elements / step, self.block_elements(case) / step);
        for s in 0..steps {
            let start = batch.scan.len();
            batch.scan.resize(start + self.scan.words, 0);
            let beat = &mut batch.scan[start..];
            self.activation_payload(case, &[], s * step, &mut beat[data.word..]);
            let last = s + 1 == steps || (s + 1).is_multiple_of(block);
            for (name, value) in [("first", s.is_multiple_of(block)), ("last", last)] {
                if let Some(field) = self.scan.field(name) {
                    put(beat, 32 * field.word, 1, value.into());
                }
            }
            if let Some(field) = self.scan.field("keep") {
                for (i, keep) in case.keep[s * step..][..step].iter().enumerate() {
                    put(beat, 32 * field.word + i, 1, u64::from(*keep));
                }
            }
        }
        batch.scan_runs += steps.div_ceil(block) as u32;
    }

    /// Whether the core can be asked for `case`: any mask is left to the stream, a command has a length.
    pub(crate) fn takes(&self, case: &Case) -> bool {
        self.spec.sequencer.is_none() || case.leading_elements(&self.spec).is_some()
    }

    /// The command that `case` is, or is the first tile of.
    pub(crate) fn command(&self, case: &Case) -> Command {
        let limits = Limits::of(&self.spec);
        let (m, n) = match case.part {
            Part::First { m, n } => (m, n),
            Part::Whole | Part::Middle | Part::Last => (case.rows as u32, case.columns as u32),
        };
        let k = case.leading_elements(&self.spec).unwrap_or(0) as u32;
        let whole = limits.tile_instruction(self.spec.weight_operand(case.weight));
        Command {
            instruction: Instruction { m, n, k, ..whole },
            accumulate: case.addend.is_some(),
            zero_point: if limits.zero_points { case.zero_point } else { ZeroPoint::MID_RISE },
            id: case.id,
        }
    }

    /// Appends the command of `case`, where the core takes commands and one starts there, and the
    /// case's part of C.
    pub(crate) fn command_beats(&self, case: &Case, batch: &mut Batch) {
        if self.command.words == 0 {
            return;
        }
        if matches!(case.part, Part::Whole | Part::First { .. }) {
            self.command_beat(self.command(case).word(), batch);
        }
        let (Some(addend), Some(field)) = (&case.addend, self.addend.field("data")) else {
            return;
        };
        let (n, drain) = (self.spec.tile.n as usize, self.spec.tile.drain as usize);
        let bits = field.bits as usize / drain;
        for row in 0..case.rows {
            for column in (0..case.columns).step_by(drain) {
                let start = batch.addend.len();
                batch.addend.resize(start + self.addend.words, 0);
                for lane in 0..drain {
                    let value = addend[row * n + column + lane];
                    put_wide(&mut batch.addend[start..], lane * bits, bits, value);
                }
            }
        }
    }

    /// Appends a command word.
    pub(crate) fn command_beat(&self, word: u128, batch: &mut Batch) {
        batch.command.extend((0..self.command.words).map(|at| (word >> (32 * at)) as u32));
    }

    /// The k-steps of a pass over K whose weights are sent: all, or where the core skips k-steps of
    /// zeros the others, the last, and the last of each quantisation group.
    pub fn fetched(&self, case: &Case) -> Vec<usize> {
        let steps = case.steps(&self.spec);
        let all = 0..steps;
        let whole = self.spec.group_steps().map_or(steps, |whole| whole as usize);
        let stays = |s: usize| s + 1 == steps || (s + 1).is_multiple_of(whole);
        all.filter(|s| !self.spec.skips() || stays(*s) || !self.is_zero(case, *s)).collect()
    }

    /// Cycles that the k-steps of `case` take at least: each as many as its weights in the array, or as
    /// many as it and those that are skipped before it take at the activation port. What the array waits
    /// for the end of a quantisation group counts with the next one's first k-step.
    pub fn least_cycles(&self, case: &Case) -> u64 {
        let passes = self.spec.passes_of(case.weight);
        let of_activations = self.bus_beats[0];
        // Before a group's first plane, and of a group in all.
        let (wait, least) = match &self.group {
            None => (0, 0),
            Some(group) if group.shadow => {
                (1 + group.head_cycles as usize, group.drain_cycles as usize)
            }
            Some(group) => ((group.drain_cycles + group.head_cycles) as usize, 0),
        };
        // Beyond those of the others, of the last: until the results of the run have left.
        let (more, more_least) = match &self.group {
            None => (0, 0),
            Some(group) if group.shadow => (0, group.result_cycles.max(group.port_cycles) as usize),
            Some(group) => {
                ((group.result_cycles - group.drain_cycles) as usize, group.port_cycles as usize)
            }
        };
        let whole = self.spec.group_steps().map_or(usize::MAX, |whole| whole as usize);
        let (mut taken, mut cycles) = (0, 0);
        let fetched = self.fetched(case);
        for group in fetched.chunk_by(|a, b| a / whole == b / whole) {
            let planes = self.cycles_per_step(case, group[0] / whole) * self.bus_beats[1];
            let (of_weights, mut of_group) = (planes / passes as usize, 0);
            for (place, step) in group.iter().enumerate() {
                let before = if place == 0 { wait } else { 0 };
                of_group += ((step + 1 - taken) * of_activations).max(of_weights + before);
                taken = step + 1;
            }
            cycles += match group.last() == fetched.last() {
                true => (of_group + more).max(more_least),
                false => of_group.max(least),
            };
        }
        u64::from(passes) * cycles as u64
    }

    /// Cycles that a k-step of `group` takes in the array, in all passes: those of its slowest column.
    pub(crate) fn cycles_per_step(&self, case: &Case, group: usize) -> usize {
        let Some(terms) = self.spec.terms() else {
            return self.spec.cycles_per_step_of(case.weight) as usize;
        };
        let columns = 0..self.spec.tile.n as usize;
        let cycles =
            columns.map(|column| terms.plans()[case.group_type(column, group).number].cycles);
        cycles.max().unwrap_or(0) as usize
    }

    /// Whether all activations of k-step `s` that count are zero.
    fn is_zero(&self, case: &Case, s: usize) -> bool {
        let step = self.spec.elements_per_step() as usize;
        let magnitude = match self.spec.float {
            Some(float) => !(1 << (float.format.bits() - 1)),
            None => !0,
        };
        let counts = |place: &usize| case.keep[*place];
        (s * step..(s + 1) * step)
            .filter(counts)
            .all(|place| (0..case.rows).all(|row| case.activation(row, place) & magnitude == 0))
    }

    /// Appends the weight beats of `case` in stream order, zero points and scales behind each
    /// quantisation group.
    pub fn weight_beats(&self, case: &Case, out: &mut Vec<u32>) {
        let step = self.spec.elements_per_step() as usize;
        let mut data = vec![0; self.weight_data_words()];
        let fetched = self.fetched(case);
        let stream = self.weight_stream(case.weight, case.elements / step);
        for (content, last) in stream.filter(|(content, _)| content.is_of(&fetched)) {
            match content {
                Content::Plane { step: s, plane } => {
                    self.weight_payload(case, s * step, plane, &mut data);
                }
                Content::Factors { group } => self.factor_payload(case, group, &mut data),
                Content::Head { group } => self.head_payload(case, group, &mut data),
            }
            let beat = send(&self.weight, &self.weight_data, self.bus_beats[1], &data, out);
            if let Some(field) = self.weight.field("last") {
                put(beat, 32 * field.word, 1, u64::from(last));
            }
        }
    }

    /// The weight beats of a run with their `last` markers. One that closes a quantisation group
    /// hands its marker to the group's zero points.
    fn weight_stream(
        &self,
        weight: WeightFormat,
        steps: usize,
    ) -> impl Iterator<Item = (Content, bool)> + '_ {
        self.spec.weight_beats(weight, steps).flat_map(move |WeightBeat { step, plane, last }| {
            let starts = self.spec.group_steps().filter(|whole| {
                plane == 0 && self.spec.has_heads() && (step as u64).is_multiple_of(*whole)
            });
            let head = starts.map(|whole| (Content::Head { group: step / whole as usize }, false));
            let group = self.spec.group_steps().and_then(|whole| {
                let done = ((step + 1) as u64).is_multiple_of(whole) || step + 1 == steps;
                (done && plane + 1 == self.spec.beats_per_step_of(weight))
                    .then_some(step / whole as usize)
            });
            let plane = (Content::Plane { step, plane }, last && group.is_none());
            let factors = group.map(|group| (Content::Factors { group }, last));
            [head, Some(plane), factors].into_iter().flatten()
        })
    }

    /// Words of what the array takes of the weights in a cycle.
    pub fn weight_data_words(&self) -> usize {
        wire::words(self.spec.weight_beat_bits())
    }

    /// Appends the weight beats of `case`, whose data was packed before, in stream order.
    pub fn packed_weight_beats(&self, case: &Case, data: &[u32], out: &mut Vec<u32>) {
        let fetched = self.fetched(case);
        let stream = self.weight_stream(case.weight, case.steps(&self.spec));
        let data = stream.zip(data.chunks(self.weight_data_words()));
        for ((_, last), words) in data.filter(|((content, _), _)| content.is_of(&fetched)) {
            let beat = send(&self.weight, &self.weight_data, self.bus_beats[1], words, out);
            if let Some(field) = self.weight.field("last") {
                put(beat, 32 * field.word, 1, u64::from(last));
            }
        }
    }

    /// Sets the zero point of `column` in the weight beat `index` of `beats`, which is one of zero
    /// points. Such a beat is one of the port too.
    pub fn set_zero_point(&self, beats: &mut [u32], index: usize, column: usize, value: i64) {
        let beat = &mut beats[index * self.weight.words..][..self.weight.words];
        let at = 32 * self.weight_data.word + self.column_bit(column);
        put(beat, at, self.spec.weight.zero_point_bits(), value as u64);
    }

    /// Sets the `bits` bits from `place` on of the head of `column` in the weight beat `index` of `beats`,
    /// which is one of heads.
    pub fn set_head(
        &self,
        beats: &mut [u32],
        index: usize,
        column: usize,
        (place, bits): (u32, u32),
        value: u64,
    ) {
        let beat = &mut beats[index * self.weight.words..][..self.weight.words];
        let at = 32 * self.weight_data.word + self.column_bit(column) + place as usize;
        put(beat, at, bits, value);
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

    /// Number of the command that the result beat `words` belongs to, if it is told.
    pub fn result_id(&self, words: &[u32]) -> Option<u32> {
        self.result.field("id").map(|field| words[field.word])
    }

    /// Whether `lane` of the result beat counts.
    pub fn result_keep(&self, words: &[u32], lane: usize) -> bool {
        self.result_keep.as_ref().is_none_or(|field| bit(words, 32 * field.word + lane))
    }

    /// The result in `lane` of a beat.
    pub fn result(&self, words: &[u32], lane: usize) -> i128 {
        let width = self.result_bits as usize;
        let start = 32 * self.result_data.word + lane * width;
        let mut value: u128 = 0;
        let mut have = 0;
        while have < width {
            let at = start + have;
            let take = (32 - at % 32).min(width - have);
            let part = u128::from(words[at / 32] >> (at % 32)) & ((1 << take) - 1);
            value |= part << have;
            have += take;
        }
        // Codes of floating-point numbers have no sign to extend.
        let unused = if self.spec.result_format().is_some() { 0 } else { 128 - self.result_bits };
        (value as i128) << unused >> unused
    }

    fn activation_payload(&self, case: &Case, fields: &[u32], start: usize, beat: &mut [u32]) {
        let (k, groups) = (self.spec.tile.k as usize, self.spec.tile.groups as usize);
        let mut at = 0;
        for row in 0..self.spec.tile.m as usize {
            for group in 0..groups {
                let first = start + group * k;
                at = match self.payload {
                    Payload::Activations => self.put_elements(case, row, first, at, beat),
                    Payload::Tables(layout) => {
                        let integer = |i| self.integer(case, fields, row, first + i);
                        let elements: Vec<i64> = (0..k).map(integer).collect();
                        for (bits, value) in layout.fields(&elements) {
                            put(beat, at, bits, value as u64);
                            at += bits as usize;
                        }
                        at
                    }
                };
            }
        }
    }

    /// An activation as the array works on it.
    fn integer(&self, case: &Case, fields: &[u32], row: usize, element: usize) -> i64 {
        let code = case.activation(row, element);
        match self.spec.aligned() {
            Some(format) => format.align(code as u32, fields[row]),
            None => code.into(),
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
        let bits = self.spec.activation_code_bits();
        let row = &case.activations[row * case.elements + first..][..self.spec.tile.k as usize];
        for activation in row {
            put(beat, at, bits, i64::from(*activation) as u64);
            at += bits as usize;
        }
        at
    }

    /// Bit of what the array takes in a cycle at which `column` starts.
    fn column_bit(&self, column: usize) -> usize {
        let bits = self.spec.tile.groups * self.spec.weight_word_bits();
        column * bits as usize
    }

    /// Zero points in the lowest bits of each column; the others are ones, which must not matter.
    fn factor_payload(&self, case: &Case, group: usize, beat: &mut [u32]) {
        let [zero_point, scale] = self.spec.group_beat_bits();
        for column in 0..self.spec.tile.n as usize {
            let (start, end) = (self.column_bit(column), self.column_bit(column + 1));
            put(beat, start, zero_point, i64::from(case.group_zero_point(column, group).0) as u64);
            let above = start + zero_point as usize;
            put(beat, above, scale, case.group_scale(column, group).into());
            (above + scale as usize..end).for_each(|at| put(beat, at, 1, 1));
        }
    }

    /// Heads in the lowest bits of each column; the others are ones, which must not matter.
    fn head_payload(&self, case: &Case, group: usize, beat: &mut [u32]) {
        let Some(terms) = self.spec.terms() else { return };
        for column in 0..self.spec.tile.n as usize {
            let (start, end) = (self.column_bit(column), self.column_bit(column + 1));
            let of_column = case.group_type(column, group);
            let head = terms.head(of_column.number, of_column.special);
            let bits = terms.head_bits();
            put(beat, start, bits, head.expect("special values of cases have terms"));
            (start + bits as usize..end).for_each(|at| put(beat, at, 1, 1));
        }
    }

    fn weight_payload(&self, case: &Case, start: usize, plane: u32, beat: &mut [u32]) {
        let PortWord { word, k, of_a_column } = self.spec.port_word();
        let (groups, bits) = (of_a_column as usize, word.bits(self.spec.weight, k));
        let weight_bits = self.spec.weight.bits();
        let mut out = BitWriter::new(beat);
        for column in 0..self.spec.tile.n as usize {
            for group in 0..groups {
                let first = column * case.elements + start + group * k as usize;
                let codes = &case.codes[first..];
                match word {
                    WeightWord::Folded => out.put(fold(signs(codes, k, plane), k).word(k), bits),
                    WeightWord::Plain => out.put(signs(codes, k, plane), bits),
                    WeightWord::Ternary => {
                        let group = TernaryGroup::of_codes(&codes[..k as usize]);
                        out.put(group.word(k), bits);
                    }
                    WeightWord::TernaryBytes => {
                        for codes in codes[..k as usize].chunks(TRITS_PER_BYTE as usize) {
                            out.put(byte_of_codes(codes).into(), 8);
                        }
                    }
                    WeightWord::Codes => {
                        for code in &codes[..k as usize] {
                            out.put(u32::from(*code), weight_bits);
                        }
                    }
                    WeightWord::TwosComplement => {
                        let signs = case.weight.sign_bits();
                        for code in &codes[..k as usize] {
                            out.put(u32::from(code ^ signs), weight_bits);
                        }
                    }
                }
            }
        }
        out.finish();
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

/// Fills words with numbers of differing widths, one after the other, lowest bits first.
struct BitWriter<'a> {
    words: std::slice::IterMut<'a, u32>,
    /// Bits that wait for the rest of their word, and how many.
    pending: (u64, u32),
}

impl<'a> BitWriter<'a> {
    fn new(words: &'a mut [u32]) -> Self {
        Self { words: words.iter_mut(), pending: (0, 0) }
    }

    /// Appends `value`, of `bits` bits (at most 32).
    fn put(&mut self, value: u32, bits: u32) {
        let (pending, count) = self.pending;
        self.pending = (pending | u64::from(value) << count, count + bits);
        if count + bits >= 32 {
            self.put_word();
        }
    }

    fn put_word(&mut self) {
        let (pending, count) = self.pending;
        *self.words.next().expect("a beat as long as its fields") = pending as u32;
        self.pending = (pending >> 32, count.saturating_sub(32));
    }

    /// Writes the last word, if it is not full.
    fn finish(mut self) {
        if self.pending.1 > 0 {
            self.put_word();
        }
    }
}

/// Bit `plane` of each of the first `k` (at most 8) of `codes`; element i in bit i.
pub(crate) fn signs(codes: &[u16], k: u32, plane: u32) -> u32 {
    let word = match codes.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(chunk.map(|code| code as u8)),
        None => codes.iter().rev().fold(0, |word, code| word << 8 | u64::from(*code)),
    };
    let bits = word >> plane & 0x0101_0101_0101_0101;
    // Moves bit 8 i to bit 56 + i; no two bits meet below.
    (bits.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32 & ((1 << k) - 1)
}

fn payload(spec: &Spec) -> Payload {
    match spec.table_layout() {
        Some(layout)
            if spec.table().is_some_and(|table| table.precompute == Precompute::External) =>
        {
            Payload::Tables(layout)
        }
        _ => Payload::Activations,
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

/// Writes the low `bits` (at most 128) bits of `value` at bit `at`.
fn put_wide(words: &mut [u32], at: usize, bits: usize, value: i128) {
    for from in (0..bits).step_by(32) {
        put(words, at + from, (bits - from).min(32) as u32, (value >> from) as u64);
    }
}

/// Writes the low `bits` (at most 64) bits of `value` at bit `at`.
fn put(words: &mut [u32], at: usize, bits: u32, value: u64) {
    if bits > 32 {
        put(words, at, 32, value);
        return put(words, at + 32, bits - 32, value >> 32);
    }
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
    fn numbers_are_written_one_after_the_other_and_the_word_behind_them_is_left_alone() {
        let mut words = [0, 0, 7];
        let mut out = BitWriter::new(&mut words);
        for (value, bits) in [(0x1234_5678, 32), (0b101, 3), (0xff, 8), (1, 13)] {
            out.put(value, bits);
        }
        out.finish();
        assert_eq!(words, [0x1234_5678, 0b101 | 0xff << 3 | 1 << 11, 7]);
    }

    #[test]
    fn signs_are_the_bits_of_one_plane_with_element_0_lowest() {
        for plane in 0..8 {
            for pattern in 0..=255u8 {
                // All other planes are ones.
                let code = |i: u32| (pattern >> i & 1) << plane | !(1 << plane);
                let codes: Vec<u16> = (0..8).map(|i| code(i).into()).collect();
                for k in 1..=8 {
                    let expected = u32::from(pattern) & ((1 << k) - 1);
                    assert_eq!(signs(&codes, k, plane), expected, "{plane} {pattern}");
                    assert_eq!(signs(&codes[..k as usize], k, plane), expected, "at the end");
                }
            }
        }
    }
}
