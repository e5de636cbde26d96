//! Makes a failing run smaller while it still fails.

use crate::compare::{Mismatch, compare, compare_status, expected, expected_flags};
use crate::report::{ShrunkCase, ShrunkRun};
use crate::{Case, Encoder, Error, Interrupt, Part, Session, Simulator, Stalls, Start};
use bitplane_formats::ZeroPoint;
use bitplane_golden::GroupType;
use std::time::{Duration, Instant};

/// Simulations and time that shrinking may take.
const ATTEMPTS: u32 = 400;
const TIME: Duration = Duration::from_secs(10);

/// Runs cases each from a fresh start, so that what fails here fails whenever it is replayed.
pub(crate) struct Trial<'a> {
    encoder: &'a Encoder,
    simulator: &'a Simulator,
    start: Start,
    attempts: u32,
    began: Instant,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(encoder: &'a Encoder, simulator: &'a Simulator, start: Start) -> Self {
        let start = Start { trace: None, ..start };
        Self { encoder, simulator, start, attempts: 0, began: Instant::now() }
    }

    /// The smallest variation found of the run `cases[failing]` that fails, alone or after runs
    /// before it; `None` if it passes even after all of them.
    pub(crate) fn shrink(
        &mut self,
        cases: &[Case],
        failing: usize,
        stalls: Stalls,
    ) -> Option<ShrunkCase> {
        // A tile of several runs only with the others.
        if cases.iter().any(|case| case.part != Part::Whole) {
            return None;
        }
        let firsts = [failing, failing.saturating_sub(1), 0];
        let settings = [Stalls::none(), stalls];
        let mut tries = firsts.iter().flat_map(|first| settings.map(|stalls| (*first, stalls)));
        let (mut runs, stalls, mut mismatch) = tries.find_map(|(first, stalls)| {
            let runs = cases[first..=failing].to_vec();
            let mismatch = self.fails(&runs, stalls)?;
            Some((runs, stalls, mismatch))
        })?;
        loop {
            let before = runs.clone();
            self.drop_runs(&mut runs, &mut mismatch, stalls);
            for place in 0..runs.len() {
                self.reduce(&mut runs, place, &mut mismatch, stalls);
            }
            if runs == before || self.exhausted() {
                return Some(describe(&runs, stalls, mismatch, self.encoder));
            }
        }
    }

    fn drop_runs(&mut self, runs: &mut Vec<Case>, mismatch: &mut Mismatch, stalls: Stalls) {
        let mut place = 0;
        while place < runs.len() && runs.len() > 1 {
            let mut fewer = runs.clone();
            fewer.remove(place);
            match self.fails(&fewer, stalls) {
                Some(found) => (*runs, *mismatch) = (fewer, found),
                None => place += 1,
            }
        }
    }

    /// Applies every pass to the run at `place` as long as it gets smaller.
    fn reduce(
        &mut self,
        runs: &mut Vec<Case>,
        place: usize,
        mismatch: &mut Mismatch,
        stalls: Stalls,
    ) {
        for pass in [fewer_steps, fewer_lanes, simpler_masks, zero_activations, zero_codes] {
            let mut at = 0;
            while let Some(smaller) = pass(&runs[place], at, self.encoder) {
                let mut changed = runs.clone();
                changed[place] = smaller;
                let found = if changed == *runs { None } else { self.fails(&changed, stalls) };
                match found {
                    Some(found) => (*runs, *mismatch) = (changed, found),
                    None => at += 1,
                }
            }
        }
    }

    fn exhausted(&self) -> bool {
        self.attempts >= ATTEMPTS || self.began.elapsed() > TIME
    }

    fn fails(&mut self, cases: &[Case], stalls: Stalls) -> Option<Mismatch> {
        if self.exhausted() || !cases.iter().all(|case| self.encoder.takes(case)) {
            return None;
        }
        self.attempts += 1;
        match self.try_cases(cases, stalls) {
            Ok(mismatch) => mismatch,
            Err(error) => matches!(error, Error::Died(_)).then(|| stopped(&error)),
        }
    }

    fn try_cases(&mut self, cases: &[Case], stalls: Stalls) -> Result<Option<Mismatch>, Error> {
        let mut session = Session::start(self.simulator, &self.start)?;
        let mut batch = self.encoder.empty_batch();
        (batch.stalls, batch.quiet_cycles) = (stalls, 32);
        cases.iter().for_each(|case| self.encoder.add(case, &mut batch));
        let response = session.run(&batch)?;
        let values: Vec<_> = cases.iter().map(|case| expected(self.encoder, case)).collect();
        let comparison = compare(self.encoder, cases, &values, Interrupt::None, &response);
        let flags = expected_flags(self.encoder.spec(), cases);
        Ok(comparison.first.or_else(|| compare_status(flags, &response)))
    }
}

/// A simulation that stopped, as a difference.
pub(crate) fn stopped(error: &Error) -> Mismatch {
    Mismatch {
        cycle: 0,
        run: 0,
        row: 0,
        column: 0,
        what: "simulation",
        expected: "runs to its end".to_owned(),
        got: error.to_string(),
    }
}

fn describe(runs: &[Case], stalls: Stalls, mismatch: Mismatch, encoder: &Encoder) -> ShrunkCase {
    ShrunkCase {
        stalls: stalls.worst() > 0,
        runs: runs.iter().map(|case| shrunk_run(case, encoder)).collect(),
        what: mismatch.what.to_owned(),
        run: mismatch.run,
        lane: [mismatch.row, mismatch.column],
        expected: mismatch.expected,
        got: mismatch.got,
    }
}

fn shrunk_run(case: &Case, encoder: &Encoder) -> ShrunkRun {
    let run = case.run();
    ShrunkRun {
        steps: case.steps(encoder.spec()),
        weight_bits: case.weight.each().bits(),
        zero_point: case.zero_point.0,
        group_zero_points: group_zero_points(case),
        group_types: group_types(case, encoder),
        keep: case.keep.iter().map(|keep| u8::from(*keep)).collect(),
        activations: run.activations.chunks(run.elements).map(<[i32]>::to_vec).collect(),
        codes: run.codes.chunks(run.elements).map(<[u16]>::to_vec).collect(),
    }
}

fn group_zero_points(case: &Case) -> Vec<Vec<i32>> {
    let Some(groups) = &case.group_zero_points else {
        return Vec::new();
    };
    let of_a_column = case.elements.div_ceil(groups.size).max(1);
    let columns = groups.values.chunks(of_a_column).take(case.columns);
    columns.map(|column| column.iter().map(|zero_point| zero_point.0).collect()).collect()
}

/// The data types of each column's groups, with their special values.
fn group_types(case: &Case, encoder: &Encoder) -> Vec<Vec<String>> {
    let (Some(terms), Some(groups)) = (encoder.spec().terms(), &case.group_zero_points) else {
        return Vec::new();
    };
    let of_a_column = case.elements.div_ceil(groups.size).max(1);
    let columns = groups.types.chunks(of_a_column).take(case.columns);
    let told = |group: &GroupType| {
        let data_type = &terms.types()[group.number];
        match data_type.special_code() {
            Some(_) => format!("{data_type} ({})", group.special),
            None => data_type.to_string(),
        }
    };
    columns.map(|column| column.iter().map(told).collect()).collect()
}

/// The `at`-th block of `len` when it is cut into halves, then quarters and so on.
fn block(len: usize, at: usize) -> Option<std::ops::Range<usize>> {
    let (mut at, mut size) = (at, len.div_ceil(2));
    loop {
        let blocks = len.div_ceil(size.max(1));
        if at < blocks && size > 0 {
            return Some(at * size..(at * size + size).min(len));
        }
        if size <= 1 {
            return None;
        }
        at -= blocks;
        size = size.div_ceil(2);
    }
}

fn fewer_steps(case: &Case, at: usize, encoder: &Encoder) -> Option<Case> {
    let step = encoder.spec().elements_per_step() as usize;
    let steps = case.elements / step;
    if steps == 1 {
        return None;
    }
    let cut = block(steps, at)?;
    Some(case.filtered(|element| !cut.contains(&(element / step))))
}

fn fewer_lanes(case: &Case, at: usize, _: &Encoder) -> Option<Case> {
    let (rows, columns) = match at {
        0 => (1, case.columns),
        1 => (case.rows, 1),
        2 => (case.rows, case.columns / 2),
        3 => (case.rows - 1, case.columns),
        4 => (case.rows, case.columns - 1),
        _ => return None,
    };
    Some(Case { rows: rows.max(1), columns: columns.max(1), ..case.clone() })
}

fn simpler_masks(case: &Case, at: usize, _: &Encoder) -> Option<Case> {
    match at {
        0 => Some(Case { keep: vec![true; case.elements], ..case.clone() }),
        1 => Some(Case { zero_point: ZeroPoint::MID_RISE, ..case.clone() }),
        2.. => without_group_zero_points(case, at - 2),
    }
}

/// Some groups as mid-rise grids, or of the first data type without a special value.
fn without_group_zero_points(case: &Case, at: usize) -> Option<Case> {
    let mut smaller = case.clone();
    let groups = smaller.group_zero_points.as_mut()?;
    let cut = block(groups.values.len(), at)?;
    groups.values[cut.clone()].fill(ZeroPoint::MID_RISE);
    if let Some(types) = groups.types.get_mut(cut) {
        types.fill(GroupType::default());
    }
    Some(smaller)
}

fn zero_activations(case: &Case, at: usize, _: &Encoder) -> Option<Case> {
    let mut smaller = case.clone();
    smaller.activations[block(case.rows * case.elements, at)?].fill(0);
    Some(smaller)
}

fn zero_codes(case: &Case, at: usize, _: &Encoder) -> Option<Case> {
    let mut smaller = case.clone();
    smaller.codes[block(case.columns * case.elements, at)?].fill(0);
    Some(smaller)
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn blocks_are_halves_then_quarters_down_to_single_elements() {
        let blocks: Vec<_> = (0..).map_while(|at| block(4, at)).collect();
        assert_eq!(blocks, [0..2, 2..4, 0..1, 1..2, 2..3, 3..4]);
        assert_eq!((0..).map_while(|at| block(1, at)).collect::<Vec<_>>(), vec![0..1]);
        assert_eq!(block(0, 0), None);
    }
}
