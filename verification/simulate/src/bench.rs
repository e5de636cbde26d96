//! What regression and exhaustive check share: running batches and keeping the report.

use std::ops::RangeInclusive;

use crate::compare::{Mismatch, compare, compare_status, expected, expected_flags};
use crate::cover::Counter;
use crate::shrink::{Trial, stopped};
use crate::{
    Batch, Case, Encoder, Error, Failure, Interrupt, Monitor, Report, Response, Session, Simulator,
    Stalls, Start,
};
use bitplane_emit::manifest::{QuantisationGroup, Throughput};
use bitplane_emit::wire::status;
use bitplane_spec::Spec;

/// Why checking stops early.
pub(crate) enum Stop {
    /// A difference was found; it is in the report.
    Failed,
    /// Checking could not go on.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Whether to go on.
pub(crate) type Flow = Result<(), Stop>;

/// What becomes of a run that fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    /// It is made smaller while it still fails.
    Shrunk,
    /// It is told as it is.
    AsItIs,
}

/// A core under check.
pub(crate) struct Bench<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) monitor: &'a Monitor<'a>,
    pub(crate) report: Report,
    cover: Counter,
    simulator: &'a Simulator,
    session: Session,
    start: Start,
    failing: Failing,
    batches: u64,
}

/// More cycles than any result takes behind the drain.
const LATENCY: u32 = 32;

impl<'a> Bench<'a> {
    pub(crate) fn new(
        encoder: &'a Encoder,
        simulator: &'a Simulator,
        start: Start,
        monitor: &'a Monitor,
    ) -> Result<Self, Error> {
        let report = Report { seed: start.seed, tool: simulator.tool.clone(), ..Report::default() };
        Ok(Self {
            encoder,
            monitor,
            report,
            cover: Counter::new(encoder.spec()),
            simulator,
            session: Session::start(simulator, &start)?,
            start,
            failing: Failing::Shrunk,
            batches: 0,
        })
    }

    pub(crate) fn with(self, failing: Failing) -> Self {
        Self { failing, ..self }
    }

    pub(crate) fn spec(&self) -> &'a Spec {
        self.encoder.spec()
    }

    /// Starts the simulator anew, with another random initial state. A waveform stays that of the
    /// first start.
    pub(crate) fn restart(&mut self) -> Result<(), Error> {
        self.start.seed = self.start.seed.wrapping_add(0x9e37_79b9);
        self.start.trace = None;
        self.session = Session::start(self.simulator, &self.start)?;
        Ok(())
    }

    /// Sends `cases` back to back and compares everything that comes out; after an interruption
    /// nothing may come out any more.
    pub(crate) fn check(
        &mut self,
        check: &str,
        cases: &[Case],
        stalls: Stalls,
        interrupt: Interrupt,
        quiet_cycles: u32,
    ) -> Flow {
        let values: Vec<Vec<i128>> =
            cases.iter().map(|case| expected(self.encoder, case)).collect();
        self.check_values(check, cases, &values, stalls, interrupt, quiet_cycles)
    }

    /// As [`Bench::check`], where the golden `values` of all cases are known.
    pub(crate) fn check_values(
        &mut self,
        check: &str,
        cases: &[Case],
        values: &[Vec<i128>],
        stalls: Stalls,
        interrupt: Interrupt,
        quiet_cycles: u32,
    ) -> Flow {
        let mut batch = self.batch(cases);
        (batch.stalls, batch.interrupt, batch.quiet_cycles) = (stalls, interrupt, quiet_cycles);
        let flags = expected_flags(self.spec(), cases);
        self.check_batch(check, &batch, cases, values, flags)
    }

    /// Sends `cases` with the illegal command `word` before, between and behind them.
    pub(crate) fn check_beside(&mut self, check: &str, cases: &[Case], word: u128) -> Flow {
        let values: Vec<Vec<i128>> =
            cases.iter().map(|case| expected(self.encoder, case)).collect();
        let mut batch = self.encoder.empty_batch();
        self.encoder.command_beat(word, &mut batch);
        for case in cases {
            self.encoder.add(case, &mut batch);
            self.encoder.command_beat(word, &mut batch);
        }
        batch.quiet_cycles = 8;
        self.check_batch(check, &batch, cases, &values, status::ERROR)
    }

    fn batch(&self, cases: &[Case]) -> Batch {
        let mut batch = self.encoder.empty_batch();
        cases.iter().for_each(|case| self.encoder.add(case, &mut batch));
        batch
    }

    /// Runs `batch`, which sends `cases`, and compares everything that comes out with `values` and
    /// `flags`.
    fn check_batch(
        &mut self,
        check: &str,
        batch: &Batch,
        cases: &[Case],
        values: &[Vec<i128>],
        flags: u32,
    ) -> Flow {
        let (stalls, interrupt) = (batch.stalls, batch.interrupt);
        let response = match self.run(batch) {
            Ok(response) => response,
            Err(error) => return self.died(check, error, cases, stalls),
        };
        let comparison = compare(self.encoder, cases, values, interrupt, &response);
        self.report.mismatches += comparison.mismatches;
        self.report.results += comparison.values;
        if let Some(mismatch) = comparison.first {
            let suspects = mismatch.run.min(cases.len().saturating_sub(1));
            return self.fail(check, mismatch, &cases[..cases.len().min(suspects + 1)], stalls);
        }
        let interrupted = response.has(status::INTERRUPTED);
        if let Some(mismatch) = compare_status(if interrupted { 0 } else { flags }, &response) {
            self.report.mismatches += 1;
            return self.fail(check, mismatch, cases, stalls);
        }
        if !interrupted {
            self.count(cases, values, batch);
        }
        Ok(())
    }

    /// Runs `batch` and checks only its status: `flags` up, all others as `ignored` allows.
    pub(crate) fn check_flags(
        &mut self,
        check: &str,
        batch: &Batch,
        flags: u32,
        ignored: u32,
    ) -> Flow {
        let mut response = match self.run(batch) {
            Ok(response) => response,
            Err(error) => return self.died(check, error, &[], batch.stalls),
        };
        response.status &= !ignored;
        let Some(mismatch) = compare_status(flags, &response) else {
            return Ok(());
        };
        self.report.mismatches += 1;
        self.fail(check, mismatch, &[], batch.stalls)
    }

    /// Sustained rates as the manifest states them.
    pub(crate) fn stated_rates(&self) -> Vec<Throughput> {
        self.simulator.manifest.throughput.clone()
    }

    /// Cycles of quantisation groups as the manifest states them, where there are such groups.
    pub(crate) fn stated_group(&self) -> Option<QuantisationGroup> {
        self.simulator.manifest.quantisation_group.clone()
    }

    /// Cycles of a run alone while no stream holds back.
    pub(crate) fn cycles(&mut self, case: &Case) -> Result<u32, Stop> {
        let mut batch = self.encoder.empty_batch();
        self.encoder.add(case, &mut batch);
        Ok(self.run(&batch)?.cycles)
    }

    /// Cycles of `cases` back to back while no stream holds back, from a core at rest on: one whose last
    /// tile had few rows may still drain those that it had not.
    pub(crate) fn cycles_of(&mut self, cases: &[Case]) -> Result<u32, Stop> {
        let tile = self.spec().tile;
        let mut rest = self.encoder.empty_batch();
        rest.quiet_cycles = tile.m * tile.n / tile.drain + LATENCY;
        self.run(&rest)?;
        let batch = self.batch(cases);
        Ok(self.run(&batch)?.cycles)
    }

    /// Cycles from one run of `steps` k-steps of the widest weights to the next, as the manifest states
    /// them, from the fewest to the most: none where a port is narrower than what it fills.
    pub(crate) fn run_cycles(&self, steps: u32) -> Option<RangeInclusive<u32>> {
        let manifest = &self.simulator.manifest;
        let planes = |steps: u32| Some(steps * manifest.throughput.last()?.cycles_per_step);
        let whole = self.encoder.bus_beats() == [1, 1];
        let Some(group) = &manifest.quantisation_group else {
            let cycles = planes(steps)? + manifest.stall_cycles;
            return whole.then_some(cycles..=cycles);
        };
        let most = self.spec().group_steps().map_or(steps, |steps| steps as u32).max(1);
        let before = (steps - 1) / most;
        let last = planes(steps - before * most)?;
        let [fewest, most] = group.run_cycles_of(before, planes(most)?, last);
        whole.then_some(fewest..=most)
    }

    /// Records that a check could not be made.
    pub(crate) fn skip(&mut self, what: String) {
        self.report.skipped.push(what);
    }

    /// The report as it stands, with the cover reached.
    pub(crate) fn finish(mut self) -> Report {
        self.report.cover = self.cover.cover();
        self.report
    }

    pub(crate) fn cover(&self) -> crate::Cover {
        self.cover.cover()
    }

    /// Notes a failure that no single batch shows.
    pub(crate) fn fail_overall(&mut self, check: &str, expected: String, got: String) -> Flow {
        self.report.mismatches += 1;
        let what = "the run as a whole";
        let mismatch = Mismatch { cycle: 0, run: 0, row: 0, column: 0, what, expected, got };
        self.fail(check, mismatch, &[], Stalls::none())
    }

    fn run(&mut self, batch: &Batch) -> Result<Response, Error> {
        self.monitor.check()?;
        self.batches += 1;
        let response = self.session.run(batch)?;
        self.report.cycles += u64::from(response.cycles);
        Ok(response)
    }

    fn count(&mut self, cases: &[Case], values: &[Vec<i128>], batch: &Batch) {
        // Beats of zero points look nothing up.
        let groups = |case: &Case| self.spec().groups_of(case.steps(self.spec()) as u64);
        let beats = (batch.weight_beats() / self.encoder.bus_beats()[1]) as u64
            - cases.iter().map(groups).sum::<u64>();
        self.report.vectors += beats;
        self.report.lookups += beats * self.spec().operations_per_cycle();
        self.report.runs += cases.len() as u64;
        if batch.stalls.worst() > 0 {
            self.report.stalled_runs += cases.len() as u64;
        }
        for (case, values) in cases.iter().zip(values) {
            if expected_flags(self.spec(), std::slice::from_ref(case)) == 0 {
                let longest = case.longest_k(self.spec());
                self.report.longest_k = self.report.longest_k.max(longest);
            }
            self.cover.add(case, values);
        }
    }

    fn died(&mut self, check: &str, error: Error, cases: &[Case], stalls: Stalls) -> Flow {
        if !matches!(error, Error::Died(_)) {
            return Err(Stop::Error(error));
        }
        self.report.mismatches += 1;
        self.fail(check, stopped(&error), cases, stalls)
    }

    /// Records the first difference, with the smallest failing form of the last of `suspects` where
    /// failing runs are shrunk.
    fn fail(&mut self, check: &str, mismatch: Mismatch, suspects: &[Case], stalls: Stalls) -> Flow {
        let mut trial = Trial::new(self.encoder, self.simulator, self.start.clone());
        let last = suspects.len().checked_sub(1).filter(|_| self.failing == Failing::Shrunk);
        let shrunk = last.and_then(|last| trial.shrink(suspects, last, stalls));
        self.report.failure = Some(Failure {
            check: check.to_owned(),
            what: mismatch.what.to_owned(),
            seed: self.report.seed,
            batch: self.batches,
            cycle: mismatch.cycle,
            run: mismatch.run,
            row: mismatch.row,
            column: mismatch.column,
            expected: mismatch.expected,
            got: mismatch.got,
            shrunk,
        });
        Err(Stop::Failed)
    }
}
