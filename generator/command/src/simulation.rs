//! What `verify`, `run` and `mutate` share: a configuration's simulator, built or found in the cache.

use crate::bundle_folder;
use crate::commands::generate::files;
use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::places::{BuildFolder, scratch};
use crate::progress::Progress;
use crate::tools::system::{apt_line, build_tools};
use crate::tools::{self, Tool, VerilatorOption};
use bitplane_emit::manifest::Manifest;
use bitplane_simulate::{
    BuildRequest, Error, Monitor, Optimisation, Simulator, Trace, Verilator, build,
};
use bitplane_spec::{Problem, Spec};
use std::path::Path;

/// Cycles from which an optimised simulator saves more time than its compilation takes.
const LONG: u64 = 1_000_000;

/// A simulator that is ready to run.
pub struct Simulation {
    /// The program.
    pub simulator: Simulator,
    /// The Verilator that it was built with.
    pub tool: Tool,
    /// Holds a simulator that could not be kept.
    _folder: BuildFolder,
}

/// The simulator of `spec` for about `cycles` cycles.
pub fn prepare(
    spec: &Spec,
    option: &VerilatorOption,
    trace: Trace,
    cycles: u64,
    progress: &Progress,
) -> Result<Simulation, Failure> {
    let tool = require_tools(option)?;
    let bundle = bitplane_emit::bundle(spec);
    let sources = scratch()?;
    let bundle_dir = sources.path().join("bundle");
    bundle_folder::write_plain(&files(&bundle), &bundle_dir)?;
    prepare_folder(&bundle_dir, &bundle.manifest, tool, trace, cycles, progress)
}

/// The simulator of the files in `bundle_dir` that `manifest` names, for about `cycles` cycles.
pub fn prepare_folder(
    bundle_dir: &Path,
    manifest: &Manifest,
    tool: Tool,
    trace: Trace,
    cycles: u64,
    progress: &Progress,
) -> Result<Simulation, Failure> {
    let verilator = Verilator {
        command: tool.program.clone(),
        root: tool.root.clone(),
        version: tool.version.clone(),
    };
    let folder = BuildFolder::open()?;
    let request = BuildRequest {
        bundle_dir,
        manifest,
        verilator: &verilator,
        cache_dir: folder.path(),
        optimisation: optimisation(cycles),
        trace,
    };
    let simulator = watched(progress, |monitor| build(&request, monitor))?;
    Ok(Simulation { simulator, tool, _folder: folder })
}

fn optimisation(cycles: u64) -> Optimisation {
    if cycles < LONG { Optimisation::BuildTime } else { Optimisation::Speed }
}

/// Does `work` with its progress shown, until the user asks to stop.
pub fn watched<T>(
    progress: &Progress,
    work: impl FnOnce(&Monitor) -> Result<T, Error>,
) -> Result<T, Failure> {
    let report = |what: &str, done, total| progress.report(what, done, total);
    let monitor = Monitor { progress: &report, interrupt: interrupt::flag() };
    work(&monitor).map_err(failure)
}

/// Verilator, and everything that is missing told at once.
pub fn require_tools(option: &VerilatorOption) -> Result<Tool, Failure> {
    match (missing_build_tools(), tools::verilator(option)) {
        (None, tool) => tool,
        (Some(problem), Ok(_)) => Err(Failure::one(Class::ToolMissing, problem)),
        (Some(problem), Err(mut failure)) => {
            failure.problems.insert(0, problem);
            Err(failure)
        }
    }
}

fn missing_build_tools() -> Option<Problem> {
    let missing: Vec<_> = build_tools().into_iter().filter(|each| each.found.is_none()).collect();
    let line = apt_line(missing.iter())?;
    let names: Vec<&str> = missing.iter().map(|each| each.name).collect();
    let message = format!("a simulation cannot be built without {}", names.join(", "));
    Some(Problem::new("system-packages", "PATH", message, format!("run `{line}`")))
}

/// An error of the simulation in the command's terms.
pub fn failure(error: Error) -> Failure {
    let class = match &error {
        Error::Input(_) => Class::BadInput,
        Error::Tool(_) => Class::ToolMissing,
        Error::Machine(_) => Class::MachineFailed,
        // The core's own assertions stop a simulation.
        Error::Died(_) => Class::CheckFailed,
        Error::Interrupted => return Failure::interrupted(),
    };
    Failure::one(class, error.into())
}
