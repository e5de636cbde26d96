//! The ordinary check of a core: directed corners, protocol, random runs with stalls and
//! interruptions, cover.

mod commands;

use crate::bench::{Bench, Failing, Flow, Stop};
use crate::stimulus::Maker;
use crate::{
    Batch, Case, Encoder, Error, Failure, Interrupt, Monitor, Report, Simulator, Stalls, Start,
};
use bitplane_emit::manifest::QuantisationGroup;
use bitplane_emit::wire::status;
use bitplane_formats::{TermArray, WeightFormat};
use bitplane_golden::GroupType;
use bitplane_spec::{Spec, ZeroPointMode};

/// How much to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// At least so many look-up cycles (weight beats) in compared runs.
    pub vectors: u64,
    /// At least so many complete runs with stalls compared.
    pub runs: u64,
    /// Everything random follows from it and from [`Start::seed`].
    pub start: Start,
}

/// Batches of which one is interrupted.
const INTERRUPT_EVERY: u64 = 4;
/// Cycles of a short run in which it is cleared away, about.
const CLEARED_CYCLES: u32 = 48;
/// More registers than a result passes on its way out.
const REGISTERS: u32 = 12;
/// Simulator starts over which the random runs are spread.
const STARTS: u64 = 4;
/// Words of stimulus in one batch (4 MB), unless a single run is longer.
const BATCH_WORDS: usize = 1 << 20;
/// Runs in one batch.
const BATCH_RUNS: usize = 24;
/// Columns at most whose heads are made illegal, field by field.
const HEAD_COLUMNS: usize = 16;
/// Cycles that a core gets to settle after a protocol error.
const PATIENCE: u32 = 300;
/// Sweeps added at the end until the cover is full.
const MORE_SWEEPS: usize = 16;

/// Checks `simulator` against the golden model of `spec`.
///
/// Directed: tails in all three dimensions, extremes under every zero point, zero tables,
/// alternating planes, runs of one k-step and of `max_k`, every table index. Then protocol
/// errors and overflow with their flags, random runs of differing length with random stalls, back
/// to back, and clear and reset in mid-stream; all from several random initial states. Cover
/// below 100% at the end counts as a difference.
///
/// # Errors
/// Only if checking is impossible; what is wrong with the core is in the report.
pub fn regression(
    simulator: &Simulator,
    spec: &Spec,
    options: &Options,
    monitor: &Monitor,
) -> Result<Report, Error> {
    checked(simulator, spec, options, Failing::Shrunk, monitor)
}

/// The first difference that [`regression`] finds, as it is found and not made smaller; `None` if
/// it finds none.
///
/// # Errors
/// As [`regression`].
pub fn first_difference(
    simulator: &Simulator,
    spec: &Spec,
    options: &Options,
    monitor: &Monitor,
) -> Result<Option<Failure>, Error> {
    Ok(checked(simulator, spec, options, Failing::AsItIs, monitor)?.failure)
}

fn checked(
    simulator: &Simulator,
    spec: &Spec,
    options: &Options,
    failing: Failing,
    monitor: &Monitor,
) -> Result<Report, Error> {
    let encoder = Encoder::new(spec, &simulator.manifest)?;
    let bench = Bench::new(&encoder, simulator, options.start.clone(), monitor)?.with(failing);
    let maker = Maker::new(&encoder, options.start.seed);
    let mut regression = Regression { bench, maker, options };
    match regression.all() {
        Ok(()) | Err(Stop::Failed) => Ok(regression.bench.finish()),
        Err(Stop::Error(error)) => Err(error),
    }
}

struct Regression<'a> {
    bench: Bench<'a>,
    maker: Maker,
    options: &'a Options,
}

impl Regression<'_> {
    fn all(&mut self) -> Flow {
        self.corners()?;
        self.rate()?;
        self.protocol()?;
        self.overflow()?;
        self.commands()?;
        self.bench.restart()?;
        self.random()?;
        self.fill_cover()
    }

    fn corners(&mut self) -> Flow {
        let (steps, complete) = self.maker.longest();
        if !complete {
            let elements = steps as u64 * u64::from(self.bench.spec().elements_per_step());
            let max_k = self.bench.spec().accumulate.max_k;
            self.bench.skip(format!(
                "runs of K = max_k = {max_k}: one takes too much memory, K = {elements} was run"
            ));
        }
        let cases = self.maker.corners();
        let mut stalls = Stalls::none();
        for (batch, total) in batches(&self.bench, &cases) {
            self.bench.monitor.report("corners", batch.start as u64, total as u64)?;
            let cases = &cases[batch];
            self.bench.check("directed corners", cases, stalls, Interrupt::None, 8)?;
            stalls = self.maker.stalls();
        }
        Ok(())
    }

    /// At each width of the weights a longer run takes as many more cycles as the manifest states.
    fn rate(&mut self) -> Flow {
        if let Some(group) = self.bench.stated_group() {
            return self.group_rate(&group);
        }
        let (short, long) = (self.maker.longest().0.min(4), self.maker.longest().0.min(12));
        if short == long {
            self.bench.skip("sustained rate: no run is long enough".to_owned());
            return Ok(());
        }
        for rate in self.bench.stated_rates() {
            let mut widths = self.bench.encoder.spec().run_weights();
            let weight = widths.find(|weight| weight.each().bits() == rate.weight_bits);
            let Some(weight) = weight else { continue };
            let spec = self.bench.encoder.spec();
            let runs = [short, long].map(|steps| dense(spec, weight, steps));
            let expected = (long - short) as u32 * rate.cycles_per_step;
            self.longer_by(&format!("sustained rate of {weight} weights"), &runs, expected)?;
        }
        self.skipping_rate()
    }

    /// Where k-steps of zeros are skipped: with one between any two others these take as many cycles as
    /// the manifest states for them alone, but in each pass at least the two in which both are taken.
    fn skipping_rate(&mut self) -> Flow {
        let spec = self.bench.spec();
        let most = self.maker.longest().0.div_ceil(2).min(8);
        if !spec.skips() || most < 4 {
            return Ok(());
        }
        for rate in self.bench.stated_rates() {
            let mut widths = spec.run_weights();
            let Some(weight) = widths.find(|weight| weight.each().bits() == rate.weight_bits)
            else {
                continue;
            };
            let short = most / 2;
            let runs = [short, most].map(|steps| sparse(spec, weight, 2 * steps - 1));
            let passes = spec.passes_of(weight);
            let of_a_pass = (rate.cycles_per_step / passes).max(2);
            let expected = (most - short) as u32 * passes * of_a_pass;
            self.longer_by(
                &format!("rate with skipped k-steps of {weight} weights"),
                &runs,
                expected,
            )?;
        }
        Ok(())
    }

    /// More quantisation groups take as many more cycles as the manifest states.
    fn group_rate(&mut self, group: &QuantisationGroup) -> Flow {
        let steps = group.steps as usize;
        let groups = (self.maker.longest().0 / steps).min(4);
        if groups < 2 {
            self.bench.skip("rate of quantisation groups: no run holds two".to_owned());
            return Ok(());
        }
        let spec = self.bench.spec();
        let runs = [1, groups].map(|groups| dense(spec, spec.weight, groups * steps));
        if let Some(terms) = spec.terms().cloned() {
            return self.type_rates(group, groups, &terms, &runs);
        }
        let expected = (groups as u32 - 1) * group.cycles as u32;
        self.longer_by("rate of quantisation groups", &runs, expected)?;
        self.skipping_group_rate(group, groups)
    }

    /// Groups of each data type take the cycles of its terms; the slowest what the manifest states.
    fn type_rates(
        &mut self,
        group: &QuantisationGroup,
        groups: usize,
        terms: &TermArray,
        runs: &[Case; 2],
    ) -> Flow {
        let planes = group.steps as u32 * terms.cycles();
        if u64::from(group.cycles_of(planes)) != group.cycles {
            let stated = format!("{} cycles of a group", group.cycles);
            let got = format!("{} from its parts", group.cycles_of(planes));
            return self.bench.fail_overall("stated cycles of a group", stated, got);
        }
        for (number, plan) in terms.plans().iter().enumerate() {
            let of_type = GroupType { number, special: 0 };
            let runs = runs.clone().map(|case| case.with_type(of_type));
            let cycles = group.cycles_of(group.steps as u32 * plan.cycles);
            let check = format!("rate of quantisation groups of {}", plan.data_type);
            self.longer_by(&check, &runs, (groups as u32 - 1) * cycles)?;
        }
        Ok(())
    }

    /// Where k-steps of zeros are skipped, as with every other of them zero: quantisation groups take as
    /// much less as these take, but for the last of a group.
    fn skipping_group_rate(&mut self, group: &QuantisationGroup, groups: usize) -> Flow {
        let spec = self.bench.spec();
        let planes = spec.beats_per_step();
        // With one plane the activation port, which takes all k-steps, is ahead by what the drain takes.
        if !spec.skips() || planes < 2 {
            return Ok(());
        }
        let steps = group.steps as usize;
        let runs = [1, groups].map(|groups| sparse(spec, spec.weight, groups * steps));
        let fetched = self.bench.encoder.fetched(&runs[1]);
        let steps_of = |g: usize| fetched.iter().filter(|step| *step / steps == g).count() as u32;
        let expected = (1..groups).map(|g| group.cycles_of(steps_of(g) * planes)).sum();
        self.longer_by("rate of quantisation groups with skipped k-steps", &runs, expected)
    }

    /// The second of `runs` takes `expected` more cycles than the first.
    fn longer_by(&mut self, check: &str, runs: &[Case; 2], expected: u32) -> Flow {
        let took = self.bench.cycles(&runs[1])?.saturating_sub(self.bench.cycles(&runs[0])?);
        if took == expected {
            return Ok(());
        }
        let cycles = |cycles: u32| format!("{cycles} cycles more for the longer of two runs");
        self.bench.fail_overall(check, cycles(expected), cycles(took))
    }

    fn random(&mut self) -> Flow {
        let (vectors, runs) = (self.options.vectors, self.options.runs);
        let (from_vectors, from_runs) = (self.bench.report.vectors, self.bench.report.stalled_runs);
        let goal = vectors.max(1);
        let mut restarts = 1;
        for batch in 0.. {
            let report = &self.bench.report;
            let short =
                report.stalled_runs - from_runs < runs || report.vectors - from_vectors < vectors;
            let done = (report.vectors - from_vectors).min(goal);
            self.bench.monitor.report("random runs", done, goal)?;
            // Few runs may be asked for; clear and reset are checked all the same.
            if !short && batch >= 2 * INTERRUPT_EVERY {
                return Ok(());
            }
            if done * STARTS / goal >= restarts && restarts < STARTS {
                self.bench.restart()?;
                restarts += 1;
            }
            if batch % INTERRUPT_EVERY == 1 {
                self.interrupted(batch / INTERRUPT_EVERY)?;
            }
            let cases = self.random_batch();
            let (stalls, quiet) = (self.maker.stalls(), self.maker.below(3) * 16);
            self.bench.check("random runs", &cases, stalls, Interrupt::None, quiet)?;
        }
        Ok(())
    }

    fn random_batch(&mut self) -> Vec<Case> {
        let step_words = self.bench.encoder.step_words();
        let step = self.bench.spec().elements_per_step() as usize;
        let runs = 1 + self.maker.below(BATCH_RUNS as u32) as usize;
        let mut words = 0;
        let mut cases = Vec::new();
        while cases.len() < runs && words < BATCH_WORDS {
            let case = self.maker.random();
            words += case.elements / step * step_words;
            cases.push(case);
        }
        cases
    }

    /// Clear and reset at a random cycle: what came out before is right, nothing from before comes
    /// out afterwards, and the runs that follow, at once or later, are right.
    fn interrupted(&mut self, round: u64) -> Flow {
        if round == 0 {
            self.interrupted_everywhere()?;
        }
        for kind in [Interrupt::Clear as fn(u32) -> Interrupt, Interrupt::Reset] {
            for quiet in [0, 64] {
                let runs = 1 + self.maker.below(6);
                let cases: Vec<Case> = (0..runs).map(|_| self.maker.random()).collect();
                let stalls =
                    if round.is_multiple_of(2) { Stalls::none() } else { self.maker.stalls() };
                let length = self.estimated_cycles(&cases, stalls);
                let cycle = self.maker.below(length);
                self.bench.check("interrupted runs", &cases, stalls, kind(cycle), quiet)?;
                let next: Vec<Case> = (0..2).map(|_| self.maker.random()).collect();
                let check = "runs after an interruption";
                self.bench.check(check, &next, Stalls::none(), Interrupt::None, 8)?;
            }
        }
        Ok(())
    }

    /// A short run cleared away in each of its cycles, or in some from its first to its last: from each
    /// register that it passes.
    fn interrupted_everywhere(&mut self) -> Flow {
        let case = [self.maker.random_of(1)];
        let length = self.estimated_cycles(&case, Stalls::none()) + REGISTERS;
        let check = "a short run cleared away";
        for cycle in (0..length).step_by(1 + (length / CLEARED_CYCLES) as usize) {
            let case = [self.maker.random_of(1)];
            self.bench.check(check, &case, Stalls::none(), Interrupt::Clear(cycle), 64)?;
        }
        let next = [self.maker.random()];
        self.bench.check("a run after those", &next, Stalls::none(), Interrupt::None, 8)
    }

    fn estimated_cycles(&self, cases: &[Case], stalls: Stalls) -> u32 {
        let spec = self.bench.spec();
        let beats: u32 = cases
            .iter()
            .map(|case| {
                let passes = spec.passes_of(case.weight);
                let lookups =
                    spec.cycles_per_step_of(case.weight) / passes * spec.weight_bus_beats();
                let step = passes * lookups.max(spec.activation_bus_beats());
                let groups = spec.groups_of(case.steps(spec) as u64) as u32;
                let group = spec.tile.m * spec.tile.n / spec.tile.drain + 3;
                case.steps(spec) as u32 * step + groups * group + case.result_beats(spec) + 4
            })
            .sum();
        beats * 256 / (257 - stalls.worst())
    }

    /// Each violation raises `error_o`, which stays up until clear or reset; afterwards the core
    /// works.
    fn protocol(&mut self) -> Flow {
        // The sequencer sets all markers; illegal commands are checked with the others.
        if self.bench.spec().sequencer.is_some() {
            return Ok(());
        }
        let violations = violations(self.bench.encoder);
        let total = violations.len() as u64;
        for (i, violation) in violations.iter().enumerate() {
            self.bench.monitor.report("protocol errors", i as u64, total)?;
            let mut batch = self.bench.encoder.empty_batch();
            let case = self.maker.random_of(2);
            let weight = violation.weight.unwrap_or(self.bench.spec().weight);
            let top = (weight.codes() - 1) as u16;
            let codes = case.codes.iter().map(|code| code & top).collect();
            let case = Case { weight, codes, ..case };
            self.bench.encoder.add(&case, &mut batch);
            (violation.tamper)(self.bench.encoder, &mut batch);
            (batch.result_beats, batch.watchdog_cycles) = (Batch::ENDLESS, PATIENCE);
            batch.limit_cycles = Some(8 * PATIENCE);
            let check = format!("protocol error: {}", violation.name);
            // What else an erring core does is not laid down, but it must not break the protocol.
            let ignored = status::WATCHDOG | status::OVERFLOW;
            self.bench.check_flags(&check, &batch, status::ERROR, ignored)?;
            let mut waiting = self.bench.encoder.empty_batch();
            waiting.quiet_cycles = 16;
            self.bench.check_flags(&check, &waiting, status::ERROR, ignored)?;
            self.lower_flags(&check, i % 3 == 2)?;
            let next = [self.maker.random(), self.maker.random()];
            let check = format!("runs after a protocol error: {}", violation.name);
            self.bench.check(&check, &next, Stalls::none(), Interrupt::None, 8)?;
        }
        Ok(())
    }

    /// Overlong runs raise `overflow_o`, which stays up; their results are what the policy says, if
    /// it says anything.
    fn overflow(&mut self) -> Flow {
        // A command that is too long is none.
        if self.bench.spec().sequencer.is_some() {
            return Ok(());
        }
        if !self.maker.longest().1 {
            self.bench.skip("overflow_o: a run longer than max_k takes too much memory".to_owned());
            return Ok(());
        }
        let check = "a run longer than max_k";
        for (i, (case, laid_down)) in self.maker.overlong().into_iter().enumerate() {
            if laid_down {
                self.bench.check(check, &[case], Stalls::none(), Interrupt::None, 8)?;
            } else {
                let mut batch = self.bench.encoder.empty_batch();
                self.bench.encoder.add(&case, &mut batch);
                self.bench.check_flags(check, &batch, status::OVERFLOW, 0)?;
            }
            let mut waiting = self.bench.encoder.empty_batch();
            waiting.quiet_cycles = 16;
            self.bench.check_flags(check, &waiting, status::OVERFLOW, 0)?;
            self.lower_flags(check, i % 2 == 1)?;
            let next = [self.maker.random()];
            let check = "a run after an overlong one";
            self.bench.check(check, &next, Stalls::none(), Interrupt::None, 8)?;
        }
        Ok(())
    }

    fn lower_flags(&mut self, check: &str, by_reset: bool) -> Flow {
        let mut batch = self.bench.encoder.empty_batch();
        batch.interrupt = if by_reset { Interrupt::Reset(0) } else { Interrupt::Clear(0) };
        batch.result_beats = Batch::ENDLESS;
        self.bench.check_flags(check, &batch, 0, 0)
    }

    fn fill_cover(&mut self) -> Flow {
        for _ in 0..MORE_SWEEPS {
            if self.bench.cover().is_full() {
                return Ok(());
            }
            let cases = self.maker.sweep();
            for (batch, _) in batches(&self.bench, &cases) {
                let stalls = self.maker.stalls();
                self.bench.check("cover", &cases[batch], stalls, Interrupt::None, 0)?;
            }
        }
        let cover = self.bench.cover();
        if cover.is_full() {
            return Ok(());
        }
        let got = format!("{cover:?}");
        self.bench.fail_overall("cover", "every lane, index and plane hit".to_owned(), got)
    }
}

/// Cuts `cases` into ranges of a batch each, with the number of cases.
fn batches(
    bench: &Bench,
    cases: &[Case],
) -> impl Iterator<Item = (std::ops::Range<usize>, usize)> + use<> {
    let step = bench.spec().elements_per_step() as usize;
    let step_words = bench.encoder.step_words();
    let words: Vec<usize> = cases.iter().map(|case| case.elements / step * step_words).collect();
    let mut start = 0;
    std::iter::from_fn(move || {
        let mut end = start;
        let mut sum = 0;
        while end < words.len()
            && end - start < BATCH_RUNS
            && (end == start || sum + words[end] <= BATCH_WORDS)
        {
            sum += words[end];
            end += 1;
        }
        let range = start..end;
        start = end;
        (!range.is_empty()).then_some((range, words.len()))
    })
}

/// Changes the stimulus of a correct run.
type Tamper = Box<dyn Fn(&Encoder, &mut Batch)>;

/// A way to break the protocol of a run of two k-steps.
struct Violation {
    name: String,
    /// Format of the run's codes; `None` for the widest.
    weight: Option<WeightFormat>,
    tamper: Tamper,
}

fn violations(encoder: &Encoder) -> Vec<Violation> {
    let tile = encoder.spec().tile;
    let mut violations = vec![
        activation("first in mid-run", 1, "first", 1),
        activation("no first at the start of a run", 0, "first", 0),
        weight("weight last before the end of a run", |_| 0, 1),
        weight("no weight last at the end of a run", |beats| beats - 1, 0),
    ];
    let fields = [("rows", i64::from(tile.m)), ("columns", i64::from(tile.n))];
    for (field, most) in fields {
        let Some(bits) = encoder.activation_field_bits(field) else {
            continue;
        };
        violations.push(activation(&format!("no {field}"), 0, field, 0));
        if most + 1 < 1 << bits {
            violations.push(activation(&format!("too many {field}"), 0, field, most + 1));
        }
    }
    violations.extend(illegal_widths(encoder));
    if encoder.spec().passes_of(encoder.spec().weight) > 1 {
        violations.push(short_pass());
    }
    if let Some(bits) = encoder.activation_field_bits("zero_point") {
        // -2 is the only even code of a two-bit field besides 0.
        for even in [-2, 2] {
            let representable = (-(1 << (bits - 1))..1 << (bits - 1)).contains(&even);
            if representable {
                let name = format!("the even zero point {even}");
                violations.push(activation(&name, 0, "zero_point", even));
            }
        }
    }
    if encoder.spec().group_steps().is_some() {
        let name = "weight last on the plane before the beat behind a run's last group";
        violations.push(weight(name, |beats| beats - 2, 1));
    }
    if encoder.spec().zero_point == ZeroPointMode::PerGroup {
        violations.extend(illegal_zero_points(tile.n as usize));
    }
    violations.extend(encoder.spec().terms().into_iter().flat_map(illegal_heads(tile.n as usize)));
    violations
}

/// A run of `steps` k-steps of `weight` codes none of whose activations is zero.
fn dense(spec: &Spec, weight: WeightFormat, steps: usize) -> Case {
    let mut case = Case { weight, ..Case::zero(spec, steps) };
    case.keep_leading(spec, case.elements);
    case.activations.fill(1);
    case
}

/// As [`dense`], with every other k-step zero, from the second on.
fn sparse(spec: &Spec, weight: WeightFormat, steps: usize) -> Case {
    let mut case = dense(spec, weight, steps);
    let (elements, step) = (case.elements, spec.elements_per_step() as usize);
    let zero = |place: &usize| place % elements / step % 2 == 1;
    (0..case.activations.len()).filter(zero).for_each(|i| case.activations[i] = 0);
    case
}

/// Zero points of quantisation groups that are none.
fn illegal_zero_points(columns: usize) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (column, even) in [(0, -2), (columns - 1, 2), (columns / 2, -2)] {
        let tamper = move |encoder: &Encoder, batch: &mut Batch| {
            let last = batch.weight_beats() - 1;
            encoder.set_zero_point(&mut batch.weight, last, column, even);
        };
        let name = format!("the even zero point {even} in column {column}");
        violations.push(Violation { name, weight: None, tamper: Box::new(tamper) });
    }
    violations
}

/// Heads of quantisation groups that are none.
fn illegal_heads(columns: usize) -> impl Fn(&TermArray) -> Vec<Violation> {
    move |terms| {
        let mut fields = Vec::new();
        let types = terms.types().len() as u64;
        if types < 1 << terms.type_bits() {
            fields.push(("a data type that is none".to_owned(), (0, terms.type_bits()), types));
        }
        let shift = u64::from(terms.reach()) + 1;
        if shift < 1 << terms.shift_bits() {
            fields.extend((0..terms.special_cycles()).map(|cycle| {
                let place = terms.type_bits() + cycle * terms.term_bits();
                let name = format!("a shift of {shift} in term {cycle} of a special value");
                (name, (place, terms.shift_bits()), shift)
            }));
        }
        // Each column has a comparison of its own for each field.
        let columns = (0..columns).step_by(columns.div_ceil(HEAD_COLUMNS));
        let each =
            columns.flat_map(|column| fields.iter().cloned().map(move |field| (field, column)));
        each.map(|((name, field, value), column)| {
            let name = format!("{name} in column {column}");
            let tamper = move |encoder: &Encoder, batch: &mut Batch| {
                encoder.set_head(&mut batch.weight, 0, column, field, value);
            };
            Violation { name, weight: None, tamper: Box::new(tamper) }
        })
        .collect()
    }
}

/// A second pass of one k-step. The last of the passes then starts a run, which is made a legal one.
fn short_pass() -> Violation {
    let tamper = |encoder: &Encoder, batch: &mut Batch| {
        let weight = encoder.spec().weight;
        let legal = [("rows", 1), ("columns", 1), ("weight_bits", i64::from(weight.bits()))];
        for step in 2..2 * encoder.spec().passes_of(weight) as usize {
            for (field, value) in legal.into_iter().chain([("zero_point", 0)]) {
                encoder.set_activation(&mut batch.activation, step, field, value);
            }
        }
        encoder.set_activation(&mut batch.activation, 2, "last", 1);
        encoder.set_activation(&mut batch.activation, 3, "first", 1);
        encoder.set_weight(&mut batch.weight, 2, "last", 1);
    };
    let name = "a pass shorter than the first".to_owned();
    Violation { name, weight: None, tamper: Box::new(tamper) }
}

/// Widths of the weights that no run has, up to one more than the widest, and of each width but the widest the
/// smallest zero point that is odd and too large for it.
fn illegal_widths(encoder: &Encoder) -> Vec<Violation> {
    let Some(field) = encoder.activation_field_bits("weight_bits") else {
        return Vec::new();
    };
    let widest = encoder.spec().weight.bits();
    let legal: Vec<u32> = encoder.spec().run_weights().map(|weight| weight.each().bits()).collect();
    let illegal = (0..=widest + 1).filter(|bits| *bits < 1 << field && !legal.contains(bits));
    let violation = |bits: u32| {
        let name = match bits {
            0 => "weights of no bits".to_owned(),
            bits => format!("weights of {bits} bits"),
        };
        activation(&name, 0, "weight_bits", bits.into())
    };
    let mut violations: Vec<Violation> = illegal.map(violation).collect();
    if encoder.activation_field_bits("zero_point").is_some() {
        for weight in encoder.spec().run_weights().filter(|weight| weight.bits() < widest) {
            for zero_point in [i64::from(weight.codes()) + 1, -1 - i64::from(weight.codes())] {
                let name = format!("the zero point {zero_point} with {weight} weights");
                let violation = activation(&name, 0, "zero_point", zero_point);
                violations.push(Violation { weight: Some(weight), ..violation });
            }
        }
    }
    violations
}

fn activation(name: &str, beat: usize, field: &str, value: i64) -> Violation {
    let field = field.to_owned();
    let tamper = move |encoder: &Encoder, batch: &mut Batch| {
        encoder.set_activation(&mut batch.activation, beat, &field, value);
    };
    Violation { name: name.to_owned(), weight: None, tamper: Box::new(tamper) }
}

fn weight(name: &str, beat: impl Fn(usize) -> usize + 'static, value: i64) -> Violation {
    let tamper = move |encoder: &Encoder, batch: &mut Batch| {
        let beat = beat(batch.weight_beats() / encoder.bus_beats()[1]);
        encoder.set_weight(&mut batch.weight, beat, "last", value);
    };
    Violation { name: name.to_owned(), weight: None, tamper: Box::new(tamper) }
}
