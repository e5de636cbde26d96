use crate::{Case, Encoder, Interrupt, Response};
use bitplane_emit::wire::status;
use bitplane_formats::IntegerFormat;
use bitplane_spec::Spec;

/// The first thing that differs in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Cycle of the batch.
    pub(crate) cycle: u32,
    /// Run within the batch.
    pub(crate) run: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) mismatches: u64,
    pub(crate) first: Option<Mismatch>,
    /// Results that were compared.
    pub(crate) values: u64,
}

impl Comparison {
    fn note(&mut self, mismatch: Mismatch) {
        self.mismatches += 1;
        self.first.get_or_insert(mismatch);
    }
}

/// The golden results of a case on this core. Beyond `max_k` an exact accumulator wraps at its
/// width.
pub(crate) fn expected(encoder: &Encoder, case: &Case) -> Vec<i128> {
    let (spec, run) = (encoder.spec(), case.run());
    if spec.scale().is_some() || spec.aligned().is_none() && spec.float.is_some() {
        return bitplane_golden::results(spec, &run);
    }
    let mut sums = bitplane_golden::sums(spec, &run);
    if bitplane_golden::overflows(spec, &run)
        && let Some(format) = IntegerFormat::new(spec.result_bits())
    {
        let unit = spec.sum_unit();
        sums.iter_mut().for_each(|sum| *sum = format.wrap(*sum >> unit) << unit);
    }
    let results = bitplane_golden::rounded(spec, &run, sums);
    with_addend(spec, case, results).0
}

/// The results of a case with its part of C, and whether a sum left its format.
fn with_addend(spec: &Spec, case: &Case, results: Vec<i128>) -> (Vec<i128>, bool) {
    let (Some(addend), Some(format)) = (&case.addend, spec.addend()) else {
        return (results, false);
    };
    let n = spec.tile.n as usize;
    let rows = addend.chunks(n).take(case.rows);
    let addend: Vec<i128> = rows.flat_map(|row| row[..case.columns].to_vec()).collect();
    bitplane_golden::accumulated(format, results, &addend)
}

/// One expected result beat.
struct Place {
    run: usize,
    row: usize,
    column: usize,
    last: bool,
}

fn places<'a>(encoder: &'a Encoder, cases: &'a [Case]) -> impl Iterator<Item = Place> + 'a {
    let drain = encoder.spec().tile.drain as usize;
    cases.iter().enumerate().flat_map(move |(run, case)| {
        (0..case.rows).flat_map(move |row| {
            (0..case.columns).step_by(drain).map(move |column| Place {
                run,
                row,
                column,
                last: case.part.closes() && row + 1 == case.rows && column + drain >= case.columns,
            })
        })
    })
}

/// Compares what came out with the golden `values` of `cases`. An interrupted batch may stop at
/// any result, but nothing may come out after the interruption.
pub(crate) fn compare(
    encoder: &Encoder,
    cases: &[Case],
    values: &[Vec<i128>],
    interrupt: Interrupt,
    response: &Response,
) -> Comparison {
    let mut comparison = Comparison::default();
    let mut places = places(encoder, cases);
    let interrupted = response.has(status::INTERRUPTED);
    for (cycle, beat) in response.beats() {
        let at = |run, row, column, what, expected: String, got: String| Mismatch {
            cycle,
            run,
            row,
            column,
            what,
            expected,
            got,
        };
        let late = interrupted
            && match interrupt {
                Interrupt::None => false,
                Interrupt::Clear(clear) => cycle > clear,
                Interrupt::Reset(reset) => cycle >= reset,
            };
        let place = if late { None } else { places.next() };
        let Some(Place { run, row, column, last }) = place else {
            let what =
                if late { "result beat from before the interruption" } else { "result beat" };
            let got = format!("{} in lane 0", encoder.result(beat, 0));
            comparison.note(at(cases.len(), 0, 0, what, "none".to_owned(), got));
            continue;
        };
        let case = &cases[run];
        for lane in 0..encoder.spec().tile.drain as usize {
            let column = column + lane;
            let counts = column < case.columns;
            let kept = encoder.result_keep(beat, lane);
            if kept != counts {
                let (expected, got) = (counts.to_string(), kept.to_string());
                comparison.note(at(run, row, column, "result_keep_o", expected, got));
            }
            if !counts {
                continue;
            }
            let (wanted, got) =
                (values[run][row * case.columns + column], encoder.result(beat, lane));
            comparison.values += 1;
            if wanted != got {
                let (wanted, got) = (wanted.to_string(), got.to_string());
                comparison.note(at(run, row, column, "result", wanted, got));
            }
        }
        if let Some(id) = encoder.result_id(beat).filter(|id| *id != u32::from(case.id)) {
            let (expected, got) = (case.id.to_string(), id.to_string());
            comparison.note(at(run, row, column, "result_id_o", expected, got));
        }
        if encoder.result_last(beat) != last {
            let got = (!last).to_string();
            comparison.note(at(run, row, column, "result_last_o", last.to_string(), got));
        }
    }
    compare_scans(encoder, cases, response, &mut comparison);
    compare_fetches(encoder, cases, response, &mut comparison);
    if !interrupted {
        let missing = places.map(|Place { run, row, column, .. }| Mismatch {
            cycle: response.cycles,
            run,
            row,
            column,
            what: "result beat",
            expected: values[run][row * cases[run].columns + column].to_string(),
            got: "none, the core is stuck".to_owned(),
        });
        missing.for_each(|mismatch| comparison.note(mismatch));
    }
    comparison
}

/// Compares the exponents that were found on the way into memory with those of the golden model.
fn compare_scans(
    encoder: &Encoder,
    cases: &[Case],
    response: &Response,
    comparison: &mut Comparison,
) {
    if response.scan_words == 0 {
        return;
    }
    let found: Vec<&[u32]> = response.scans.chunks(response.scan_words).collect();
    let of_runs = cases.iter().enumerate();
    let wanted: Vec<(usize, Vec<u32>)> = of_runs
        .flat_map(|(run, case)| encoder.scanned(case).into_iter().map(move |words| (run, words)))
        .collect();
    let interrupted = response.has(status::INTERRUPTED);
    let count = if interrupted { found.len() } else { wanted.len().max(found.len()) };
    for block in 0..count {
        let expected = wanted.get(block).map(|(_, words)| words.clone());
        let got = found.get(block).map(|words| words.to_vec());
        if expected != got {
            let shown = |words: Option<Vec<u32>>| {
                words.map_or("none".to_owned(), |words| format!("{words:x?}, low word first"))
            };
            comparison.note(Mismatch {
                cycle: response.cycles,
                run: wanted.get(block).map_or(cases.len(), |(run, _)| *run),
                row: 0,
                column: 0,
                what: "scan_exponents_o",
                expected: shown(expected),
                got: shown(got),
            });
        }
    }
}

/// Compares the k-steps whose weights the core asked for with those that are not skipped.
fn compare_fetches(
    encoder: &Encoder,
    cases: &[Case],
    response: &Response,
    comparison: &mut Comparison,
) {
    if !encoder.spec().skips() {
        return;
    }
    let wanted = cases.iter().enumerate().flat_map(|(run, case)| {
        let passes = encoder.spec().passes_of(case.weight) as usize;
        let fetched = encoder.fetched(case);
        let of_run = std::iter::repeat_n(fetched, passes).flatten();
        of_run.map(move |step| (run, step as u32))
    });
    let wanted: Vec<(usize, u32)> = wanted.collect();
    let interrupted = response.has(status::INTERRUPTED);
    let count = if interrupted { 0 } else { wanted.len() }.max(response.fetches.len());
    let differs =
        |place: &usize| wanted.get(*place).map(|(_, step)| step) != response.fetches.get(*place);
    if let Some(place) = (0..count).find(differs) {
        let shown = |step: Option<u32>| step.map_or("none".to_owned(), |step| step.to_string());
        comparison.note(Mismatch {
            cycle: response.cycles,
            run: wanted.get(place).map_or(cases.len(), |(run, _)| *run),
            row: 0,
            column: 0,
            what: "fetch_step_o",
            expected: shown(wanted.get(place).map(|(_, step)| *step)),
            got: shown(response.fetches.get(place).copied()),
        });
    }
}

/// The flags that are up after complete runs of `cases`.
pub(crate) fn expected_flags(spec: &Spec, cases: &[Case]) -> u32 {
    let overflows = |case: &Case| {
        let too_large = || with_addend(spec, case, bitplane_golden::results(spec, &case.run())).1;
        case.steps(spec) as u64 > spec.max_steps() || (case.addend.is_some() && too_large())
    };
    if cases.iter().any(overflows) { status::OVERFLOW } else { 0 }
}

/// Compares the status with `flags`, those that must be up.
pub(crate) fn compare_status(flags: u32, response: &Response) -> Option<Mismatch> {
    let seen = response.status & !status::INTERRUPTED;
    (seen != flags).then(|| Mismatch {
        cycle: response.cycles,
        run: 0,
        row: 0,
        column: 0,
        what: "flags at the end of the batch",
        expected: flag_names(flags),
        got: flag_names(seen),
    })
}

fn flag_names(flags: u32) -> String {
    let names = [
        (status::ERROR, "error_o"),
        (status::OVERFLOW, "overflow_o"),
        (status::WATCHDOG, "no transfer for too long"),
        (status::UNSTABLE, "a stalled result beat was withdrawn or changed"),
    ];
    let set: Vec<&str> =
        names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(", ") }
}
