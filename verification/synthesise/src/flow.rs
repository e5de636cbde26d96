//! From a bundle to a report, and to a gate netlist.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bitplane_emit::manifest::Manifest;
use sha2::{Digest, Sha256};

use crate::error::Failure;
use crate::library::{Cells, Library};
use crate::parse::{self, Mapping, Statistics};
use crate::report::{self, Report, UnitArea};
use crate::script::{self, Script};
use crate::yosys::{Run, Watch, Yosys, crashed};

/// What to synthesise, with what, and where the files go.
#[derive(Clone, Debug)]
pub struct Request {
    /// The bundle's folder.
    pub bundle_dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Cell library.
    pub library: Library,
    /// Clock in MHz.
    pub clock_mhz: f64,
    /// Folder for scripts, logs and netlists; created if it is not there. One synthesis at a time.
    pub work_dir: PathBuf,
    /// The tool.
    pub yosys: Yosys,
}

impl Request {
    fn period_ps(&self) -> f64 {
        1e6 / self.clock_mhz
    }

    /// Time for logic between registers. A clock faster than the register alone cannot be met; the
    /// mapper still gets a number.
    fn budget_ps(&self, cells: &Cells) -> u64 {
        (self.period_ps() - cells.register_ps).max(1.0) as u64
    }
}

/// Counts and delay of the flattened core.
struct Total {
    statistics: Statistics,
    mapping: Mapping,
    check_problems: u64,
    /// The run whose mapped netlist this is.
    run: Run,
}

/// Everything both runs need, with the working folder filled.
struct Flow<'a> {
    request: &'a Request,
    watch: &'a Watch<'a>,
    script: Script<'a>,
    cells: Cells,
    /// Set when one of two overlapping runs has failed, so that the other ends too.
    stop: AtomicBool,
}

/// Synthesises the core for its total and, at the same time, for its area by unit.
///
/// A check that fails ends up in [`Report::problems`]; a missed clock in [`Report::met`].
///
/// # Errors
/// Clock, library, a file or Yosys; or the interrupt flag was set. Log and scripts stay in the
/// working folder.
pub fn synthesise(request: &Request, watch: &Watch<'_>) -> Result<Report, Failure> {
    let flow = Flow::prepare(request, watch)?;
    let (total, breakdown) = thread::scope(|scope| {
        let breakdown = scope.spawn(|| flow.or_stop(flow.breakdown()));
        let total = flow.or_stop(flow.total());
        (total, breakdown.join())
    });
    let breakdown = breakdown.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (total, breakdown) = both(total, breakdown)?;
    let units = report::units(&breakdown, &request.manifest, &flow.cells);
    Ok(flow.report(&total, units))
}

/// As [`synthesise`] without the run by unit: [`Report::units`] is empty.
///
/// # Errors
/// As [`synthesise`].
pub fn synthesise_total(request: &Request, watch: &Watch<'_>) -> Result<Report, Failure> {
    let flow = Flow::prepare(request, watch)?;
    let total = flow.total()?;
    Ok(flow.report(&total, Vec::new()))
}

/// Digest of all that a report follows from: sources, library, scripts, clock and tool. Where they
/// lie does not count.
///
/// # Errors
/// The library or a source cannot be read.
pub fn fingerprint(request: &Request) -> Result<String, Failure> {
    digest(request, &request.library.scan()?)
}

/// Raised when the same scripts come to give other reports.
const REVISION: u8 = 1;

fn digest(request: &Request, cells: &Cells) -> Result<String, Failure> {
    let files = &request.manifest.files;
    let script = Script {
        manifest: &request.manifest,
        sources: files.iter().map(PathBuf::from).collect(),
        budget_ps: request.budget_ps(cells),
    };
    let mut hash = Sha256::new();
    for file in files {
        let source = request.bundle_dir.join(file);
        let bytes = fs::read(&source).map_err(|error| Failure::read(&source, error))?;
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    hash.update([REVISION]);
    hash.update(request.clock_mhz.to_le_bytes());
    hash.update(request.library.name());
    hash.update(script.total()?);
    hash.update(script.again(Run::Faster));
    hash.update(script.again(Run::Fastest));
    hash.update(script::CHAINED_ADDERS_TEXT);
    hash.update(&cells.text);
    hash.update(request.yosys.label());
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Both results, or the failure that came first: the other run was then interrupted.
fn both<A, B>(a: Result<A, Failure>, b: Result<B, Failure>) -> Result<(A, B), Failure> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(Failure::Interrupted) | Ok(_), Err(failure)) | (Err(failure), _) => Err(failure),
    }
}

/// Writes the mapped netlist of the flattened run as plain Verilog, with the same top module and
/// ports, and returns its path (`<work_dir>/netlist/<top>.v`). A netlist that [`synthesise`] left
/// in the same working folder for the same sources, library, clock and tool is used again.
///
/// # Errors
/// As [`synthesise`].
pub fn gate_netlist(request: &Request, watch: &Watch<'_>) -> Result<PathBuf, Failure> {
    let flow = Flow::prepare(request, watch)?;
    let run = match flow.remembered() {
        Some(run) => run,
        None => flow.total()?.run,
    };
    let folder = request.work_dir.join("netlist");
    fs::create_dir_all(&folder).map_err(|error| Failure::written(&folder, error))?;
    let name = format!("{}.v", request.manifest.top);
    let script = flow.script.netlist(run, &format!("netlist/{name}"));
    flow.start(Run::Netlist, &script)?;
    Ok(folder.join(name))
}

impl<'a> Flow<'a> {
    fn prepare(request: &'a Request, watch: &'a Watch<'a>) -> Result<Self, Failure> {
        if !(request.clock_mhz.is_finite() && request.clock_mhz > 0.0) {
            return Err(Failure::Clock(request.clock_mhz));
        }
        let cells = request.library.scan()?;
        let bundle = absolute(&request.bundle_dir)?;
        let sources = request.manifest.files.iter().map(|file| bundle.join(file)).collect();
        let budget_ps = request.budget_ps(&cells);
        let script = Script { manifest: &request.manifest, sources, budget_ps };
        let flow = Self { request, watch, script, cells, stop: AtomicBool::new(false) };
        fs::create_dir_all(&request.work_dir)
            .map_err(|error| Failure::written(&request.work_dir, error))?;
        flow.write(script::LIBRARY, &flow.cells.text)?;
        flow.write(script::CHAINED_ADDERS, script::CHAINED_ADDERS_TEXT)?;
        flow.write(script::CONSTRAINTS, &script::constraints(&flow.cells.driver))?;
        Ok(flow)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.request.work_dir.join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path(name);
        fs::write(&path, text).map_err(|error| Failure::written(&path, error))
    }

    fn start(&self, run: Run, script: &str) -> Result<String, Failure> {
        let folder = &self.request.work_dir;
        self.request.yosys.run(folder, run, script, self.watch, &self.stop)
    }

    fn or_stop<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        result.inspect_err(|_| self.stop.store(true, Ordering::Relaxed))
    }

    fn run(&self, run: Run, script: &str) -> Result<(String, Statistics), Failure> {
        let log = self.start(run, script)?;
        let path = self.path(&script::statistics(run));
        let text = fs::read_to_string(&path).map_err(|error| Failure::read(&path, error))?;
        let statistics = parse::statistics(&text)
            .filter(|statistics| statistics.modules.contains_key(&self.request.manifest.top))
            .ok_or_else(|| self.unread(run, "cell counts", &log))?;
        Ok((log, statistics))
    }

    fn unread(&self, run: Run, what: &str, log: &str) -> Failure {
        let tool = self.request.yosys.label();
        let reason = format!("{what} of {tool} could not be read after the {run}");
        crashed(reason, &self.path(&format!("{}.log", run.stem())), log)
    }

    fn breakdown(&self) -> Result<Statistics, Failure> {
        Ok(self.run(Run::Breakdown, &self.script.breakdown()?)?.1)
    }

    /// Maps for area, and again for speed as long as the clock is missed; the fastest of those that
    /// miss.
    fn total(&self) -> Result<Total, Failure> {
        self.forget()?;
        let mut best = self.mapped(Run::Total, &self.script.total()?)?;
        for run in [Run::Faster, Run::Fastest] {
            if self.meets(&best.mapping) {
                break;
            }
            let next = self.mapped(run, &self.script.again(run))?;
            if next.mapping.delay_ps < best.mapping.delay_ps {
                best = next;
            }
        }
        self.remember(best.run)?;
        Ok(best)
    }

    fn mapped(&self, run: Run, script: &str) -> Result<Total, Failure> {
        let (log, statistics) = self.run(run, script)?;
        // Without logic the mapper is not started, and nothing limits the clock but registers.
        let mapping = parse::mapping(&log).unwrap_or_default();
        Ok(Total { statistics, mapping, check_problems: parse::check_problems(&log), run })
    }

    fn delay_ps(&self, mapping: &Mapping) -> f64 {
        mapping.delay_ps + self.cells.register_ps
    }

    fn meets(&self, mapping: &Mapping) -> bool {
        self.delay_ps(mapping) <= self.request.period_ps()
    }

    fn report(&self, total: &Total, units: Vec<UnitArea>) -> Report {
        let manifest = &self.request.manifest;
        let tally = report::total(&total.statistics, &manifest.top, &self.cells)
            .without(&manifest.memories);
        Report {
            library: self.request.library.name().into(),
            tool: self.request.yosys.label(),
            area: report::rounded(tally.area),
            area_unit: self.request.library.area_unit().into(),
            cells: tally.cells,
            flops: tally.flops,
            predicted_flops: manifest.flops,
            latches: tally.latches,
            depth: total.mapping.depth,
            delay_ps: report::rounded(self.delay_ps(&total.mapping)),
            register_ps: report::rounded(self.cells.register_ps),
            met: self.meets(&total.mapping),
            clock_mhz: self.request.clock_mhz,
            units,
            memories: manifest.memories.clone(),
            problems: report::checks(&tally, manifest.flops, total.check_problems),
        }
    }
}

/// Which inputs the mapped netlist in the working folder belongs to.
const STAMP: &str = "mapped.stamp";

impl Flow<'_> {
    fn digest(&self) -> Result<String, Failure> {
        digest(self.request, &self.cells)
    }

    fn forget(&self) -> Result<(), Failure> {
        self.write(STAMP, "")
    }

    fn remember(&self, run: Run) -> Result<(), Failure> {
        self.write(STAMP, &format!("{} {}", run.stem(), self.digest()?))
    }

    fn remembered(&self) -> Option<Run> {
        let stamp = fs::read_to_string(self.path(STAMP)).ok()?;
        let (stem, digest) = stamp.split_once(' ')?;
        let run = [Run::Total, Run::Faster].into_iter().find(|run| run.stem() == stem)?;
        let same = self.digest().is_ok_and(|now| now == digest);
        (same && self.path(&script::mapped(run)).is_file()).then_some(run)
    }
}

pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| Failure::read(path, error))
}
