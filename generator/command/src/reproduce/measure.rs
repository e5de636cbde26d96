//! Cores to figures: several syntheses at a time, each kept in the user's cache.

use super::comparison::Component;
use super::core::Core;
use crate::bundle_folder::write_plain;
use crate::commands::generate::files;
use crate::commands::synth;
use crate::failure::{Class, Failure};
use crate::folder;
use crate::interrupt;
use crate::places::{cache, keep_log, scratch};
use crate::progress::Progress;
use bitplane_spec::Problem;
use bitplane_synthesise::{
    Failure as Error, Library, Report, Request, Watch, Yosys, fingerprint, synthesise,
    synthesise_total,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const POLL: Duration = Duration::from_millis(50);

/// A core and what it costs.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The core.
    pub core: Core,
    /// Its figures; with the area by unit where that was asked for.
    pub report: Report,
    /// Area of what works for the core outside of it.
    pub outside: f64,
}

impl Measured {
    /// Area of the core and of what works for it outside.
    pub fn area(&self) -> f64 {
        self.report.area + self.outside
    }

    /// Area per multiplication of an activation by one bit of a weight a cycle.
    pub fn area_per_bit_mac(&self) -> f64 {
        self.area() / f64::from(self.core.settings.bit_macs_per_cycle())
    }

    /// Area per multiplication of an activation by a whole weight a cycle.
    pub fn area_per_mac(&self) -> f64 {
        self.area() / self.core.settings.macs_per_cycle()
    }

    /// Area of all units of these names, as far as areas by unit were measured.
    pub fn area_of_units(&self, names: &[&str]) -> f64 {
        let units = self.report.units.iter().filter(|unit| names.contains(&unit.name.as_str()));
        // The sum of nothing would be -0.
        units.map(|unit| unit.area).fold(0.0, |sum, area| sum + area)
    }

    /// Area of a component for each processing element.
    pub fn component(&self, component: Component) -> f64 {
        self.area_of_units(component.units()) / self.core.settings.elements()
    }

    /// Area of a processing element with its shares of all components.
    pub fn element(&self) -> f64 {
        Component::ALL.into_iter().map(|component| self.component(component)).sum()
    }
}

/// A way to measure, and what is added to the digest that its report is kept under.
#[derive(Clone, Copy)]
struct Flow {
    run: fn(&Request, &Watch<'_>) -> Result<Report, Error>,
    kept_as: &'static str,
}

const TOTAL: Flow = Flow { run: synthesise_total, kept_as: "" };
const BY_UNIT: Flow = Flow { run: synthesise, kept_as: "-units" };

/// Where cores are measured.
pub struct Bench<'a> {
    /// The tool.
    pub yosys: Yosys,
    /// Clock in MHz.
    pub clock_mhz: f64,
    /// Syntheses at a time.
    pub jobs: usize,
    /// Where progress is shown.
    pub progress: &'a Progress,
    done: AtomicU64,
    planned: AtomicU64,
}

impl<'a> Bench<'a> {
    /// A bench with nothing measured yet.
    pub fn new(yosys: Yosys, clock_mhz: f64, jobs: usize, progress: &'a Progress) -> Self {
        let (done, planned) = Default::default();
        Self { yosys, clock_mhz, jobs, progress, done, planned }
    }

    /// Measures `cores` with `library`, in their order. The first failure ends those under way.
    pub fn measure(&self, cores: &[Core], library: &Library) -> Result<Vec<Measured>, Failure> {
        self.measure_by(TOTAL, cores, library)
    }

    /// As [`Bench::measure`], with the area by unit from a synthesis that keeps the hierarchy.
    pub fn measure_units(
        &self,
        cores: &[Core],
        library: &Library,
    ) -> Result<Vec<Measured>, Failure> {
        self.measure_by(BY_UNIT, cores, library)
    }

    /// Area of all instances of `unit` in `core`, from a synthesis that keeps the hierarchy.
    pub fn unit_area(&self, core: &Core, library: &Library, unit: &str) -> Result<f64, Failure> {
        let measured = self.measure_units(std::slice::from_ref(core), library)?;
        Ok(measured.iter().map(|each| each.area_of_units(&[unit])).sum())
    }

    fn measure_by(
        &self,
        flow: Flow,
        cores: &[Core],
        library: &Library,
    ) -> Result<Vec<Measured>, Failure> {
        self.planned.fetch_add(cores.len() as u64, Ordering::Relaxed);
        let batch = Batch {
            bench: self,
            flow,
            cores,
            library,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            results: Mutex::new(cores.iter().map(|_| None).collect()),
        };
        thread::scope(|scope| {
            let jobs = self.jobs.min(cores.len());
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| batch.work())).collect();
            let finished = || workers.iter().all(|worker| worker.is_finished());
            self.watch(library, &batch.stop, finished);
        });
        interrupt::check()?;
        batch.finish()
    }

    /// Shows progress and passes an interruption on until all is finished.
    fn watch(&self, library: &Library, stop: &AtomicBool, finished: impl Fn() -> bool) {
        while !finished() {
            self.show(library);
            if interrupt::check().is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            thread::sleep(POLL);
        }
    }

    fn show(&self, library: &Library) {
        let (done, planned) =
            (self.done.load(Ordering::Relaxed), self.planned.load(Ordering::Relaxed));
        self.progress.report(library.name(), done, planned);
    }

    /// The report of `flow`, which is kept under a name of its own.
    fn report(
        &self,
        flow: Flow,
        core: &Core,
        library: &Library,
        stop: &AtomicBool,
    ) -> Result<Report, Failure> {
        let scratch = scratch()?;
        let bundle = bitplane_emit::bundle(&core.spec);
        write_plain(&files(&bundle), &scratch.path().join("bundle"))?;
        let request = Request {
            bundle_dir: scratch.path().join("bundle"),
            manifest: bundle.manifest,
            library: library.clone(),
            clock_mhz: self.clock_mhz,
            work_dir: scratch.path().join("work"),
            yosys: self.yosys.clone(),
        };
        let kept = Kept::of(&request, flow.kept_as)?;
        if let Some(report) = kept.read() {
            return Ok(report);
        }
        let watch = Watch { on_stage: &|_| (), interrupt: stop };
        let report = (flow.run)(&request, &watch).map_err(|error| failed(core, error))?;
        if !report.problems.is_empty() {
            return Err(wrong(core, &report, scratch.path()));
        }
        kept.write(&report);
        Ok(report)
    }
}

/// Cores under way.
struct Batch<'a> {
    bench: &'a Bench<'a>,
    flow: Flow,
    cores: &'a [Core],
    library: &'a Library,
    next: AtomicUsize,
    stop: AtomicBool,
    results: Mutex<Vec<Option<Result<Report, Failure>>>>,
}

impl Batch<'_> {
    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(core) = self.cores.get(place) else { return };
            let result = self.bench.report(self.flow, core, self.library, &self.stop);
            self.bench.done.fetch_add(1, Ordering::Relaxed);
            if result.is_err() {
                self.stop.store(true, Ordering::Relaxed);
            }
            let mut results = self.results.lock().unwrap_or_else(|broken| broken.into_inner());
            results[place] = Some(result);
        }
    }

    /// All figures, or the failure that the others were ended for.
    fn finish(self) -> Result<Vec<Measured>, Failure> {
        let results = self.results.into_inner().unwrap_or_else(|broken| broken.into_inner());
        let (mut measured, mut failures) = (Vec::new(), Vec::new());
        for (core, result) in self.cores.iter().zip(results) {
            match result {
                Some(Ok(report)) => {
                    measured.push(Measured { core: core.clone(), report, outside: 0.0 });
                }
                Some(Err(failure)) => failures.push(failure),
                None => {}
            }
        }
        let cause = failures.iter().position(|failure| failure.class != Class::Interrupted);
        match failures.is_empty() {
            true => Ok(measured),
            false => Err(failures.swap_remove(cause.unwrap_or(0))),
        }
    }
}

/// A report's place in the user's cache. Its name is a digest of all that the report follows from.
struct Kept {
    path: Option<PathBuf>,
}

impl Kept {
    fn of(request: &Request, kept_as: &str) -> Result<Self, Failure> {
        let digest = fingerprint(request).map_err(synth::failure)?;
        let folder = cache().map(|cache| cache.join("reports"));
        Ok(Self { path: folder.map(|folder| folder.join(format!("{digest}{kept_as}.json"))) })
    }

    fn read(&self) -> Option<Report> {
        serde_json::from_slice(&fs::read(self.path.as_ref()?).ok()?).ok()
    }

    /// A cache that cannot be written costs time, nothing else.
    fn write(&self, report: &Report) {
        let Some(path) = &self.path else { return };
        let Ok(text) = serde_json::to_string(report) else { return };
        if fs::create_dir_all(folder::parent(path)).is_ok() {
            let _ = folder::write_file(path, text);
        }
    }
}

fn failed(core: &Core, error: Error) -> Failure {
    let keep = |log: PathBuf| {
        let text = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        text.ok()
            .and_then(|text| keep_log(&format!("reproduce-{}", core.name), &text))
            .unwrap_or(log)
    };
    synth::failure(match error {
        Error::ToolCrashed { reason, log, tail } => {
            Error::ToolCrashed { reason: format!("{}: {reason}", core.name), log: keep(log), tail }
        }
        Error::Refused { reason, log } => {
            Error::Refused { reason: format!("{}: {reason}", core.name), log: keep(log) }
        }
        other => other,
    })
}

/// A netlist that is not what was designed has no figures.
fn wrong(core: &Core, report: &Report, scratch: &Path) -> Failure {
    let log = fs::read(scratch.join("work/total.log")).unwrap_or_default();
    let kept = keep_log(&format!("reproduce-{}", core.name), &String::from_utf8_lossy(&log));
    let problems = report.problems.iter().cloned().map(|mut problem: Problem| {
        problem.message = format!("{} with {}: {}", core.name, report.library, problem.message);
        if let Some(kept) = &kept {
            problem.help = format!("{}; log kept at {}", problem.help, kept.display());
        }
        problem
    });
    Failure::new(Class::CheckFailed, problems.collect())
}
