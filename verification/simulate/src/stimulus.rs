//! Runs to check a core with: directed corners and random ones.

use crate::values::{
    Activations, any_weight, of_pattern, patterns, power_of_two, special_weights, weight_block,
    weight_extremes, zero_weights,
};
use crate::{Case, Encoder, Stalls};
use bitplane_formats::{IntegerFormat, TermArray, WeightFormat, ZeroPoint, signed_bits};
use bitplane_golden::GroupType;
use bitplane_spec::{Architecture, Spec};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Words that one run may take in a batch (64 MB): bounds the longest run that is checked.
const RUN_WORDS: usize = 16 << 20;
/// Words that one random run may take.
const RANDOM_WORDS: usize = 1 << 18;

/// Makes runs for one core.
pub(crate) struct Maker {
    spec: Spec,
    activations: Activations,
    rng: StdRng,
    /// The widths of the weights, narrowest first, with the zero points of each.
    weights: Vec<(WeightFormat, Vec<ZeroPoint>)>,
    longest_steps: usize,
    random_steps: usize,
    /// Special values that groups can have, the least first; 0 alone where there are none.
    specials: Vec<i32>,
}

impl Maker {
    pub(crate) fn new(encoder: &Encoder, seed: u64) -> Self {
        let spec = encoder.spec().clone();
        let max_steps = usize::try_from(spec.max_steps()).unwrap_or(usize::MAX);
        let words = encoder.step_words();
        Self {
            weights: spec.run_weights().map(|w| (w, zero_points(&spec, w))).collect(),
            longest_steps: max_steps.min((RUN_WORDS / words).max(1)),
            random_steps: max_steps.min((RANDOM_WORDS / words).clamp(2, 160)),
            activations: Activations::of(&spec),
            specials: spec.terms().map_or(vec![0], specials),
            rng: StdRng::seed_from_u64(seed),
            spec,
        }
    }

    /// K-steps of the longest run that is checked, and whether that is all of `max_k`.
    pub(crate) fn longest(&self) -> (usize, bool) {
        (self.longest_steps, self.longest_steps as u64 == self.spec.max_steps())
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.rng.random_range(0..bound.max(1))
    }

    /// Mixes of no, light and heavy stalls, each stream for itself.
    pub(crate) fn stalls(&mut self) -> Stalls {
        let mut share = || [0, 0, 40, 128, 230][self.rng.random_range(0..5)];
        let (activation, weight, result) = (share(), share(), share());
        Stalls { seed: self.rng.random::<u32>() | 1, activation, weight, result }
    }

    /// A run of random length, shape, values, width of the weights and zero point.
    pub(crate) fn random(&mut self) -> Case {
        let longest = match self.below(10) {
            0..4 => 4,
            4..9 => 40,
            _ => self.random_steps,
        };
        let steps = 1 + self.below(longest.min(self.random_steps) as u32) as usize;
        self.random_of(steps)
    }

    /// As [`Maker::random`], of `steps` k-steps.
    pub(crate) fn random_of(&mut self, steps: usize) -> Case {
        let mut case = self.junk(steps);
        let activations = self.activations;
        let ([low, high], small) = (activations.extremes(), activations.small());
        let block = activations.block(&mut self.rng);
        match self.below(6) {
            0 => self.fill(&mut case, |rng| if rng.random() { low } else { high }),
            1 => self.fill(&mut case, |rng| small[rng.random_range(0..small.len())]),
            2 => self.fill(&mut case, |rng| {
                if rng.random_ratio(1, 8) { activations.any(block, rng) } else { 0 }
            }),
            _ => {}
        }
        if self.below(8) == 0 {
            self.put_specials(&mut case);
        }
        if self.below(3) == 0 {
            case.rows = 1 + self.below(self.spec.tile.m) as usize;
        }
        if self.below(3) == 0 {
            case.columns = 1 + self.below(self.spec.tile.n) as usize;
        }
        let step = self.spec.elements_per_step();
        if self.below(2) == 0 {
            let tail = self.below(step) as usize;
            keep_first(&mut case, steps * step as usize - tail);
        }
        // The core takes elements in the empty places of a group as well, and must sum them.
        if self.below(2) == 0 {
            self.keep_exact(&mut case);
        }
        if self.spec.sequencer.is_none() && self.below(6) == 0 {
            let chance = self.rng.random_range(0.05..0.9);
            for keep in &mut case.keep {
                *keep &= !self.rng.random_bool(chance);
            }
        }
        // A command knows no other places than those of K.
        if self.spec.group_steps().is_none() || self.spec.sequencer.is_some() {
            self.keep_exact(&mut case);
        }
        self.thin(&mut case);
        self.choose_weights(&mut case);
        if self.spec.sequencer.is_some() {
            self.choose_command(&mut case);
        }
        case
    }

    /// A number for the command that `case` is and, every other time, a C where the core adds one.
    fn choose_command(&mut self, case: &mut Case) {
        case.id = self.rng.random();
        if let Some(format) = self.spec.addend().filter(|_| self.below(2) == 0) {
            let results = bitplane_golden::results(&self.spec, &case.run());
            self.draw_addend(case, &results, format);
        }
    }

    /// Gives `case` a C with which none of its `results` leaves `format`.
    pub(crate) fn draw_addend(&mut self, case: &mut Case, results: &[i128], format: IntegerFormat) {
        let (n, lanes) =
            (self.spec.tile.n as usize, (self.spec.tile.m * self.spec.tile.n) as usize);
        let (low, high) = (format.min(), format.max());
        let mut addend: Vec<i128> = (0..lanes).map(|_| self.rng.random_range(low..=high)).collect();
        let extremes = self.below(4);
        for (i, result) in results.iter().enumerate() {
            let place = &mut addend[i / case.columns * n + i % case.columns];
            let (least, most) =
                (low.max(low.saturating_sub(*result)), high.min(high.saturating_sub(*result)));
            *place = match extremes {
                0 => least,
                1 => most,
                _ => self.rng.random_range(least..=most),
            };
        }
        case.addend = Some(addend);
    }

    /// The configuration of the core.
    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// A run of the first `k` elements of K with random weights, zero point and number.
    pub(crate) fn product_case(&mut self, k: usize) -> Case {
        let mut case = self.junk(self.spec.steps_of(k as u64) as usize);
        case.keep_leading(&self.spec, k);
        self.choose_weights(&mut case);
        case.id = self.rng.random();
        case
    }

    /// As `whole`, with other activations and weights, those of quantisation groups with their zero points
    /// and scales.
    pub(crate) fn tile_of(&mut self, whole: &Case) -> Case {
        let mut case = self.junk(whole.steps(&self.spec));
        self.thin(&mut case);
        let weight = whole.weight;
        case.codes.iter_mut().for_each(|code| *code = weight.code(*code));
        self.draw_zero_points(&mut case, &zero_points(&self.spec, weight));
        let Case { activations, codes, group_zero_points, .. } = case;
        Case { activations, codes, group_zero_points, ..whole.clone() }
    }

    /// Runs of the corners of the configuration, short ones first.
    pub(crate) fn corners(&mut self) -> Vec<Case> {
        let mut cases = self.tails();
        cases.extend(self.extremes());
        cases.extend(self.hard_rows());
        cases.extend(self.special_products());
        cases.extend(self.sweep());
        cases.extend(self.longest_runs());
        cases.extend(self.full_sums());
        cases.extend(self.cancelled_rounding());
        cases
    }

    /// Where the rounding of sums is put off: what cancels a sum before it is rounded up, so that its rounding
    /// alone is left. The numbers stand in k-steps of their own.
    fn cancelled_rounding(&mut self) -> Option<Case> {
        let fraction_bits = self.spec.held_sums()?.fraction_bits();
        let numbers = self.activations.cancelled_rounding(fraction_bits)?;
        if self.longest_steps < numbers.len() {
            return None;
        }
        let (weight, step) = (self.spec.weight, self.spec.elements_per_step() as usize);
        let mut case = self.constant(numbers.len(), 0, |_, _| power_of_two(weight));
        for row in case.activations.chunks_mut(case.elements) {
            for (start, number) in (0..).step_by(step).zip(numbers) {
                row[start] = number;
            }
        }
        Some(case)
    }

    /// Every number of rows, chosen numbers of columns, every number of elements in a last k-step.
    fn tails(&mut self) -> Vec<Case> {
        let (m, n, drain) =
            (self.spec.tile.m as usize, self.spec.tile.n as usize, self.spec.tile.drain as usize);
        let step = self.spec.elements_per_step() as usize;
        let mut cases = Vec::new();
        for rows in 1..=m {
            cases.push(Case { rows, ..self.junk(1) });
        }
        let mut counts =
            vec![1, 2, drain - 1, drain, drain + 1, n / 2, n.saturating_sub(drain), n - 1, n];
        counts.retain(|columns| (1..=n).contains(columns));
        counts.sort_unstable();
        counts.dedup();
        for columns in counts {
            cases.push(Case { columns, ..self.junk(1) });
        }
        for tail in 1..=step {
            let steps = 1 + usize::from(tail % 2 == 0 && self.longest_steps > 1);
            let mut case = self.junk(steps);
            keep_first(&mut case, (steps - 1) * step + tail);
            cases.push(case);
        }
        for case in &mut cases {
            self.keep_exact(case);
            self.choose_weights(case);
        }
        cases
    }

    /// Most negative activations against the smallest and largest weights of every width under
    /// every zero point, zero tables, alternating planes.
    fn extremes(&mut self) -> Vec<Case> {
        let [low, high] = self.activations.extremes();
        let steps = self.longest_steps.min(2);
        let mut cases = Vec::new();
        for (weight, zero_points) in self.weights.clone() {
            let [bottom, top] = weight_extremes(weight);
            for zero_point in zero_points {
                for (activation, code) in [(low, bottom), (low, top), (high, bottom), (high, top)] {
                    let case = self.constant(steps, activation, |_, _| code);
                    let case = Case { weight, ..case };
                    cases.push(case.with_zero_point(zero_point));
                }
            }
        }
        cases.extend(self.largest_terms(steps));
        let mut zero = self.junk(steps);
        zero.activations.fill(0);
        cases.push(zero);
        let alternating = [0x5555, 0xaaaa].map(|bits| self.spec.weight.code(bits));
        for first in 0..2 {
            cases
                .push(self.constant(steps, low, |column, i| alternating[(column + i + first) % 2]));
            cases.push(self.constant(steps, high, |_, _| alternating[first]));
        }
        cases.iter_mut().for_each(|case| self.keep_exact(case));
        cases
    }

    /// Rows of floating-point numbers that are hard to add, and rows with one that is none.
    fn hard_rows(&mut self) -> Vec<Case> {
        let steps = self.longest_steps.min(3);
        let mut cases = Vec::new();
        for row in self.activations.hard_rows() {
            let mut case = self.junk(steps);
            for (i, activation) in case.activations.iter_mut().enumerate() {
                *activation = row[i % row.len()];
            }
            cases.push(case);
        }
        for special in self.activations.specials() {
            let mut case = self.junk(steps);
            let place = self.below(case.activations.len() as u32) as usize;
            case.activations[place] = special;
            cases.push(case);
        }
        for case in &mut cases {
            self.keep_exact(case);
            self.choose_weights(case);
        }
        cases
    }

    /// Where products are floating-point numbers: what is no number, zero or large on one side against the
    /// same on the other, and infinite products of both signs in one sum.
    fn special_products(&mut self) -> Vec<Case> {
        if self.spec.rounded_sums().is_none() && self.spec.weight.float().is_none() {
            return Vec::new();
        }
        let weights: Vec<WeightFormat> = self.spec.run_weights().collect();
        weights.into_iter().flat_map(|weight| self.special_products_with(weight)).collect()
    }

    /// The same with weights of `weight`.
    fn special_products_with(&mut self, weight: WeightFormat) -> Vec<Case> {
        let mut codes = special_weights(weight);
        codes.extend(weight_extremes(weight).into_iter().chain(zero_weights(weight)));
        let mut activations = self.activations.specials();
        activations.extend(self.activations.extremes().into_iter().chain([0]));
        let pairs = activations.iter().flat_map(|a| codes.iter().map(|code| [(*a, *code)]));
        let single: Vec<_> = pairs.collect();
        let mut cases: Vec<Case> = single.iter().map(|pair| self.with_pairs(pair)).collect();
        let [low, high] = weight_extremes(weight);
        for special in self.activations.specials() {
            cases.push(self.with_pairs(&[(special, low), (special, high)]));
        }
        cases.iter_mut().for_each(|case| case.weight = weight);
        cases
    }

    /// A random run with `pairs` of activation and weight somewhere in all rows and columns, each in a
    /// place of its own.
    fn with_pairs(&mut self, pairs: &[(i32, u16)]) -> Case {
        let mut case = self.junk(self.longest_steps.min(3));
        self.keep_exact(&mut case);
        let kept: Vec<usize> = (0..case.elements).filter(|i| case.keep[*i]).collect();
        let first = self.below(kept.len() as u32) as usize;
        for (i, (activation, code)) in pairs.iter().enumerate() {
            let place = kept[(first + i) % kept.len()];
            for row in case.activations.chunks_mut(case.elements) {
                row[place] = *activation;
            }
            for column in case.codes.chunks_mut(case.elements) {
                column[place] = *code;
            }
        }
        case
    }

    /// Puts an infinity or NaN somewhere, where there are any: counting or left out.
    fn put_specials(&mut self, case: &mut Case) {
        let specials = self.activations.specials();
        if !specials.is_empty() {
            let special = specials[self.below(specials.len() as u32) as usize];
            let place = self.below(case.activations.len() as u32) as usize;
            case.activations[place] = special;
        }
        let specials = special_weights(case.weight);
        if !specials.is_empty() && self.below(2) == 0 {
            let special = specials[self.below(specials.len() as u32) as usize];
            let place = self.below(case.codes.len() as u32) as usize;
            case.codes[place] = special;
        }
    }

    /// Every column and group sees every pattern of bits on every plane (every code, where there are
    /// no tables), against random activations.
    pub(crate) fn sweep(&mut self) -> Vec<Case> {
        let tile = self.spec.tile;
        let (k, groups) = (tile.k as usize, tile.groups as usize);
        let patterns = match self.spec.architecture {
            Architecture::LookUp(_) => plane_values(self.spec.weight).pow(tile.k) as usize,
            Architecture::BitmodTile(_) => return self.sweep_types(),
            Architecture::AddArray | Architecture::MacArray | Architecture::FpMacArray => {
                let float = self.spec.weight.float();
                float.map_or(self.spec.weight.codes() as usize, patterns)
            }
        };
        let mut cases = Vec::new();
        for start in (0..patterns).step_by(self.longest_steps) {
            let steps = self.longest_steps.min(patterns - start);
            let mut case = self.junk(steps);
            for column in 0..tile.n as usize {
                for element in 0..case.elements {
                    let pattern = start + element / (k * groups);
                    let code = match self.spec.architecture {
                        Architecture::LookUp(_) => {
                            let group = element / k % groups;
                            swept_code(&self.spec, pattern, column + 3 * group, element % k)
                        }
                        _ => {
                            let pattern = (pattern + 5 * column + 7 * (element % k)) % patterns;
                            let float = self.spec.weight.float();
                            float.map_or(pattern as u16, |float| of_pattern(float, pattern))
                        }
                    };
                    case.codes[column * case.elements + element] = code;
                }
            }
            self.keep_exact(&mut case);
            let zero_points = self.widest_zero_points();
            self.draw_zero_points(&mut case, &zero_points);
            cases.push(case);
        }
        cases
    }

    /// Every column and element sees every code of every data type, with each of its usual special values.
    fn sweep_types(&mut self) -> Vec<Case> {
        let types = self.spec.terms().map_or(&[][..], |terms| terms.types()).to_vec();
        let step = self.spec.elements_per_step() as usize;
        let mut cases = Vec::new();
        for (number, data_type) in types.into_iter().enumerate() {
            let codes = usize::from(data_type.codes());
            let usual = data_type.special_values().to_vec();
            for special in if usual.is_empty() { vec![0] } else { usual } {
                for start in (0..codes).step_by(self.longest_steps) {
                    let steps = self.longest_steps.min(codes - start);
                    let mut case = self.junk(steps).with_type(GroupType { number, special });
                    let elements = case.elements;
                    for (i, code) in case.codes.iter_mut().enumerate() {
                        let (column, element) = (i / elements, i % elements);
                        let place = start + element / step + 5 * column + 7 * (element % step);
                        *code = (place % codes) as u16;
                    }
                    self.keep_exact(&mut case);
                    self.draw_scales(&mut case);
                    cases.push(case);
                }
            }
        }
        cases
    }

    /// Every data type with weights of its largest values, and with special values that no sum of terms
    /// exceeds.
    fn largest_terms(&mut self, steps: usize) -> Vec<Case> {
        let Some(terms) = self.spec.terms().cloned() else { return Vec::new() };
        let [low, high] = self.activations.extremes();
        let largest_special = self.specials.last().copied().unwrap_or(0);
        let mut cases = Vec::new();
        for (number, data_type) in terms.types().iter().enumerate() {
            for special in [largest_special, -largest_special] {
                let group = GroupType { number, special };
                let value = |code: &u16| data_type.value(*code, special);
                let codes = || 0..data_type.codes();
                let ends = [codes().min_by_key(value), codes().max_by_key(value)];
                for code in ends.into_iter().flatten() {
                    cases.push(self.constant(steps, high, |_, _| code).with_type(group));
                }
                let [bottom, top] = ends.map(Option::unwrap_or_default);
                let both = |column: usize, _| if column.is_multiple_of(2) { bottom } else { top };
                cases.push(self.constant(steps, low, both).with_type(group));
            }
        }
        cases
    }

    /// K = max_k (or the longest that is checked) at both extremes and at random.
    fn longest_runs(&mut self) -> Vec<Case> {
        let [low, high] = self.activations.extremes();
        let [bottom, top] = weight_extremes(self.spec.weight);
        let steps = self.longest_steps;
        let zero_points = self.widest_zero_points();
        let (first, last) = (zero_points[0], *zero_points.last().unwrap_or(&MID_RISE));
        let mut cases = vec![
            self.constant(steps, low, |_, _| bottom),
            self.constant(steps, low, |_, _| top),
            self.constant(steps, high, |_, _| bottom),
            self.constant(steps, high, |_, _| top),
            self.junk(steps),
        ];
        cases[0] = cases[0].clone().with_zero_point(last);
        cases[1] = cases[1].clone().with_zero_point(first);
        cases.extend(self.largest_terms(steps));
        if self.spec.group_steps().is_some() {
            self.choose_weights(&mut cases[4]);
        }
        cases.iter_mut().for_each(|case| self.keep_exact(case));
        cases
    }

    /// Where results are rounded: sums of more digits than a result has, positive ones in even columns
    /// and negative ones in odd, with any digits in the lowest places.
    fn full_sums(&mut self) -> Vec<Case> {
        if self.spec.float.is_none() || self.spec.terms().is_some() {
            return Vec::new();
        }
        let [bottom, top] = weight_extremes(self.spec.weight);
        let zero_points = self.widest_zero_points();
        let ends = [zero_points[0], *zero_points.last().unwrap_or(&MID_RISE)];
        let steps = [self.longest_steps, self.longest_steps.div_ceil(3)];
        let mut cases = Vec::new();
        for (steps, zero_point) in steps.into_iter().zip(ends) {
            // A few weights the other way round, others in each column, make the sums differ.
            let code = |column: usize, i: usize| {
                let turned = (i + column).is_multiple_of(8 + column % 8);
                if column.is_multiple_of(2) != turned { top } else { bottom }
            };
            let mut case = self.constant(steps, 0, code);
            let activations = self.activations;
            self.fill(&mut case, |rng| activations.full(rng));
            self.keep_exact(&mut case);
            cases.push(case.with_zero_point(zero_point));
        }
        cases
    }

    /// Runs one k-step longer than `max_k` needs, with whether their results are laid down. The last
    /// step of the first is zero, so that its results are exact all the same; the second is at the
    /// extreme.
    pub(crate) fn overlong(&mut self) -> [(Case, bool); 2] {
        let steps = self.longest_steps + 1;
        let low = self.activations.extremes()[0];
        let mut small = self.junk(steps);
        let exact = self.longest_steps * self.spec.elements_per_step() as usize;
        for row in small.activations.chunks_mut(small.elements) {
            row[exact..].fill(0);
        }
        self.choose_weights(&mut small);
        let top = weight_extremes(self.spec.weight)[1];
        let extreme = self.constant(steps, low, |_, _| top);
        let sum = self.product(low, top) * extreme.elements as i128;
        [(small, true), (extreme, self.lays_down(sum))]
    }

    /// What the product of an activation and a weight counts as in an accumulator.
    fn product(&self, activation: i32, code: u16) -> i128 {
        let spec = &self.spec;
        // Every code of a rounded sum is a result.
        if spec.rounds_sums() {
            return 0;
        }
        let code_of_activation = activation as u32;
        if let Some(format) = spec.products() {
            let activation = format.activation().decode(code_of_activation);
            let both = activation.zip(format.weight().decode(code.into()));
            let (activation, weight) = both.expect("extremes are numbers");
            let largest = format.exponent(activation, weight);
            return format.align(activation, weight, largest).into();
        }
        let integer = match spec.aligned() {
            Some(format) => format.align(code_of_activation, format.field([code_of_activation])),
            None => activation.into(),
        };
        let value = match spec.terms() {
            Some(terms) => terms.types()[0].value(code, 0),
            None => spec.weight_reading().value(spec.weight, code),
        };
        i128::from(integer) * i128::from(value)
    }

    /// Whether a result is laid down where `sum` is added up: it fits, or the width is not that of
    /// the sums of `max_k`, so that they wrap or saturate. Accumulators hold any whole group.
    fn lays_down(&self, sum: i128) -> bool {
        let spec = &self.spec;
        let (bits, exact) = match spec.group_steps() {
            Some(steps) if steps > spec.max_steps() => {
                (spec.accumulator_bits(), spec.exact_accumulator())
            }
            _ => {
                let bits = spec.product_word().map_or(spec.result_bits(), |word| word.sum_bits);
                (bits, spec.exact_result())
            }
        };
        let sum = sum >> spec.sum_unit();
        let fits = IntegerFormat::new(bits).is_some_and(|format| format.wrap(sum) == sum);
        fits || bits < signed_bits(exact)
    }

    /// A run of the whole tile with random values everywhere, the widest weights and no zero
    /// point.
    fn junk(&mut self, steps: usize) -> Case {
        let mut case = Case::zero(&self.spec, steps);
        let weight = self.spec.weight;
        self.fill_blocks(&mut case);
        let block = weight_block(weight, &mut self.rng);
        for code in &mut case.codes {
            *code = any_weight(weight, block, &mut self.rng);
        }
        self.draw_scales(&mut case);
        self.draw_types(&mut case);
        case
    }

    fn constant(
        &mut self,
        steps: usize,
        activation: i32,
        code: impl Fn(usize, usize) -> u16,
    ) -> Case {
        let mut case = Case::zero(&self.spec, steps);
        case.activations.fill(activation);
        let elements = case.elements;
        for (i, value) in case.codes.iter_mut().enumerate() {
            *value = code(i / elements, i % elements);
        }
        self.draw_scales(&mut case);
        case
    }

    /// Where k-steps of zeros are skipped: zeros in some k-steps of `case`, in all that counts or in all
    /// but one place.
    fn thin(&mut self, case: &mut Case) {
        let share = [0, 64, 128, 224][self.below(4) as usize];
        if !self.spec.skips() || share == 0 {
            return;
        }
        let step = self.spec.elements_per_step() as usize;
        let sign = self.spec.float.map_or(0, |float| 1 << (float.format.bits() - 1));
        for start in (0..case.elements).step_by(step) {
            if self.below(256) >= share {
                continue;
            }
            let left = (self.below(4) == 0).then(|| {
                (self.below(case.rows as u32) as usize, start + self.below(step as u32) as usize)
            });
            for row in 0..case.rows {
                let places = (start..start + step).filter(|place| case.keep[*place]);
                for place in places.filter(|place| left != Some((row, *place))) {
                    let negative = self.rng.random::<bool>();
                    case.activations[row * case.elements + place] = if negative { sign } else { 0 };
                }
            }
        }
    }

    /// Fills `case` with activations that lie within some powers of two of each other, in each of its
    /// blocks within others.
    fn fill_blocks(&mut self, case: &mut Case) {
        let activations = self.activations;
        let step = self.spec.elements_per_step() as usize;
        let Some(steps) = self.spec.block_steps() else {
            let block = activations.block(&mut self.rng);
            return self.fill(case, |rng| activations.any(block, rng));
        };
        let rng = &mut self.rng;
        for row in case.activations.chunks_mut(case.elements.max(1)) {
            for places in row.chunks_mut(steps as usize * step) {
                let block = activations.block(rng);
                places.iter_mut().for_each(|place| *place = activations.any(block, rng));
            }
        }
    }

    fn fill(&mut self, case: &mut Case, mut value: impl FnMut(&mut StdRng) -> i32) {
        case.activations.iter_mut().for_each(|activation| *activation = value(&mut self.rng));
    }

    /// Gives `case` any width of the weights and one of its zero points; codes keep their low
    /// bits.
    fn choose_weights(&mut self, case: &mut Case) {
        let (weight, zero_points) = &self.weights[self.rng.random_range(0..self.weights.len())];
        case.weight = *weight;
        case.codes.iter_mut().for_each(|code| *code = weight.code(*code));
        self.draw_zero_points(case, &zero_points.clone());
    }

    /// Draws from `zero_points` that of the run, and those of all columns and groups.
    fn draw_zero_points(&mut self, case: &mut Case, zero_points: &[ZeroPoint]) {
        let mut draw = || zero_points[self.rng.random_range(0..zero_points.len())];
        case.zero_point = draw();
        if let Some(groups) = &mut case.group_zero_points {
            groups.values.iter_mut().for_each(|zero_point| *zero_point = draw());
        }
        self.draw_scales(case);
        self.draw_types(case);
    }

    /// Draws data types and special values of all columns and groups: one type for all, one for each group
    /// of all columns, or any.
    fn draw_types(&mut self, case: &mut Case) {
        let (Some(terms), Some(groups)) = (self.spec.terms(), &mut case.group_zero_points) else {
            return;
        };
        let rng = &mut self.rng;
        let (choice, first) = (rng.random_range(0..4), rng.random_range(0..terms.types().len()));
        let of_a_column = (groups.types.len() / self.spec.tile.n as usize).max(1);
        let of_groups: Vec<usize> =
            (0..of_a_column).map(|_| rng.random_range(0..terms.types().len())).collect();
        for (i, group) in groups.types.iter_mut().enumerate() {
            group.number = match choice {
                0 => first,
                1 => of_groups[i % of_a_column],
                _ => rng.random_range(0..terms.types().len()),
            };
            let usual = terms.types()[group.number].special_values();
            group.special = match usual.is_empty() || rng.random() {
                true => self.specials[rng.random_range(0..self.specials.len())],
                false => usual[rng.random_range(0..usual.len())],
            };
        }
    }

    /// Draws scales of all columns and groups: of one magnitude, so that groups cancel and meet ties, or
    /// any, now and then with corners among them.
    fn draw_scales(&mut self, case: &mut Case) {
        let (Some(scale), Some(groups)) = (self.spec.scale(), &mut case.group_zero_points) else {
            return;
        };
        let corners = scale.corners();
        let rng = &mut self.rng;
        let any = |rng: &mut StdRng| rng.random_range(0..1u32 << scale.bits());
        let (first, choice) = (any(rng), rng.random_range(0..6));
        for code in &mut groups.scales {
            *code = match choice {
                // Equal but for sign and the lowest places.
                0 | 1 => first ^ any(rng) & scale.small_changes(),
                2 => any(rng),
                3 => corners[rng.random_range(0..corners.len())],
                _ if rng.random_ratio(1, 32) => corners[rng.random_range(0..corners.len())],
                _ => scale.usual(any(rng)),
            };
        }
    }

    fn widest_zero_points(&self) -> Vec<ZeroPoint> {
        zero_points(&self.spec, self.spec.weight)
    }

    /// Leaves out what is beyond `max_k` or in the empty places of a quantisation group.
    fn keep_exact(&self, case: &mut Case) {
        case.keep_leading(&self.spec, case.elements);
    }
}

const MID_RISE: ZeroPoint = ZeroPoint::MID_RISE;

/// Values of one element on one plane.
pub(crate) fn plane_values(weight: WeightFormat) -> u32 {
    if weight.is_ternary() { 3 } else { 2 }
}

/// Element `element` of the group that shows pattern `step + offset + 5 * plane` on `plane`.
fn swept_code(spec: &Spec, step: usize, offset: usize, element: usize) -> u16 {
    let values = plane_values(spec.weight) as usize;
    let digit = |plane: usize| (step + offset + 5 * plane) / values.pow(element as u32) % values;
    (0..spec.weight.planes() as usize).map(|plane| (digit(plane) << plane) as u16).sum()
}

/// Every special value that has terms, the least first.
fn specials(terms: &TermArray) -> Vec<i32> {
    let largest = terms.largest() as i32;
    (-largest..=largest).filter(|special| terms.special_terms(*special).is_some()).collect()
}

fn keep_first(case: &mut Case, elements: usize) {
    let elements = elements.min(case.keep.len());
    case.keep[elements..].fill(false);
}

/// All that the core takes with `weight` codes, the most negative first.
pub(crate) fn zero_points(spec: &Spec, weight: WeightFormat) -> Vec<ZeroPoint> {
    if let Some(fixed) = spec.fixed_zero_point(weight) {
        return vec![fixed];
    }
    let codes = weight.codes() as i32;
    (-codes..=codes).map(ZeroPoint).filter(|z| weight.accepts(*z)).collect()
}
