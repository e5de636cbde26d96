use crate::process::{last_lines, run_logged};
use crate::{Error, Monitor, Verilator};
use bitplane_emit::manifest::Manifest;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The harness below a bundle.
const HARNESS: &str = "harness/sim_main.cpp";
/// Changes when the way of building does, so that an old cache is not used.
const RECIPE: &str = "bitplane simulator 2";
/// The finished program's name.
const BINARY: &str = "simulator";

/// What is to be built.
#[derive(Clone, Debug)]
pub struct BuildRequest<'a> {
    /// The bundle's folder.
    pub bundle_dir: &'a Path,
    /// The bundle's manifest.
    pub manifest: &'a Manifest,
    /// The tool to build with.
    pub verilator: &'a Verilator,
    /// Folder of finished simulators, created if need be; each build is a folder in it, named by
    /// a digest of the bundle's files, the tool and the options.
    pub cache_dir: &'a Path,
    /// Time to build against time to simulate.
    pub optimisation: Optimisation,
    /// Whether waveforms can be written.
    pub trace: Trace,
}

/// Time to build against time to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Optimisation {
    /// For long runs: the C++ compiler optimises.
    Speed,
    /// For short runs: it does so little.
    BuildTime,
}

impl Optimisation {
    fn make_variables(self) -> [&'static str; 3] {
        match self {
            Self::Speed => ["OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2"],
            Self::BuildTime => ["OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1"],
        }
    }

    /// Statements that Verilator puts in one file, roughly. Without optimisation most of a build is
    /// reading the same headers for every file, so that only a large core is split, lest the
    /// compiler run out of memory.
    fn statements_a_file(self) -> &'static str {
        match self {
            Self::Speed => "2000",
            Self::BuildTime => "50000",
        }
    }
}

/// Whether waveforms can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trace {
    /// No; faster.
    Off,
    /// Value change dumps, to the file that [`crate::Start::trace`] names.
    Vcd,
}

/// A built simulator.
#[derive(Clone, Debug)]
pub struct Simulator {
    /// The program.
    pub binary: PathBuf,
    /// What it simulates.
    pub manifest: Manifest,
    /// Name and version of the tool it was built with.
    pub tool: String,
}

/// Builds the simulator of a bundle, or finds it in the cache.
///
/// Verilator runs with `-Wall`, assertions and random initial values compiled in. An interrupted
/// or failed build leaves no folder that a later one would take for finished; the log of a failed
/// one is kept in the cache folder.
///
/// # Errors
/// [`Error::Machine`] with the last lines of the log if a tool fails, [`Error::Input`] if the
/// bundle lacks a file, [`Error::Interrupted`].
pub fn build(request: &BuildRequest, monitor: &Monitor) -> Result<Simulator, Error> {
    let digest = digest(request)?;
    let folder = request.cache_dir.join(&digest);
    let simulator = Simulator {
        binary: folder.join(BINARY),
        manifest: request.manifest.clone(),
        tool: request.verilator.describe(),
    };
    if simulator.binary.is_file() {
        return Ok(simulator);
    }
    let cache = absolute(request.cache_dir)?;
    std::fs::create_dir_all(&cache).map_err(|error| Error::io("create", &cache, &error))?;
    let work = tempfile::Builder::new()
        .prefix(".building-")
        .tempdir_in(&cache)
        .map_err(|error| Error::io("create a folder in", &cache, &error))?;
    let log = work.path().join("build.log");
    let built = build_in(request, work.path(), &log, monitor);
    if let Err(Error::Machine(_)) = &built {
        // Kept beside the cache's folders; the error names it.
        let _ = std::fs::copy(&log, kept_log(&cache, request.manifest));
    }
    built?;
    finish(work, &folder, &simulator.binary)?;
    Ok(simulator)
}

fn build_in(
    request: &BuildRequest,
    work: &Path,
    log: &Path,
    monitor: &Monitor,
) -> Result<(), Error> {
    let objects = work.join("objects");
    monitor.report("verilating", 0, 0)?;
    run_tool("Verilator", &mut verilate(request, &objects)?, request, log, monitor)?;
    monitor.report("compiling the simulator", 0, 0)?;
    run_tool("make", &mut make(request, &objects), request, log, monitor)?;
    let made = objects.join(BINARY);
    std::fs::rename(&made, work.join(BINARY)).map_err(|error| Error::io("move", &made, &error))?;
    std::fs::remove_dir_all(&objects).map_err(|error| Error::io("remove", &objects, &error))
}

/// Paths of the hardware are given relative to the bundle, so that messages and generated code
/// are the same wherever it lies.
fn verilate(request: &BuildRequest, objects: &Path) -> Result<Command, Error> {
    let mut command = request.verilator.program();
    command
        .current_dir(request.bundle_dir)
        .args(["--cc", "--exe", "-Wall", "--assert", "-O3"])
        .args(["--output-split", request.optimisation.statements_a_file()])
        .args(["--x-initial", "unique", "--x-assign", "unique"])
        .args(["-CFLAGS", "-DVL_TIME_CONTEXT", "-o", BINARY])
        .args(["--top-module", &request.manifest.top, "--Mdir"])
        .arg(objects);
    if request.trace == Trace::Vcd {
        command.arg("--trace");
    }
    command.args(&request.manifest.files).arg(absolute(&request.bundle_dir.join(HARNESS))?);
    Ok(command)
}

fn make(request: &BuildRequest, objects: &Path) -> Command {
    let mut command = Command::new("make");
    let makefile = format!("V{}.mk", request.manifest.top);
    command
        .current_dir(objects)
        .args(["-s", "-j", "2", "-f", &makefile])
        .args(request.optimisation.make_variables())
        .args(request.verilator.make_variables());
    if which::which("ccache").is_ok() {
        command.arg("OBJCACHE=ccache");
    }
    command
}

fn run_tool(
    name: &str,
    command: &mut Command,
    request: &BuildRequest,
    log: &Path,
    monitor: &Monitor,
) -> Result<(), Error> {
    if run_logged(command, log, monitor)?.success() {
        return Ok(());
    }
    let text = std::fs::read(log).unwrap_or_default();
    let lines = last_lines(&String::from_utf8_lossy(&text), 12);
    let kept = kept_log(&absolute(request.cache_dir)?, request.manifest);
    Err(Error::machine(
        "simulator-build-failed",
        request.manifest.name.clone(),
        format!(
            "{name} failed while {} built the simulator of {}:\n{lines}",
            request.verilator.describe(),
            request.manifest.name
        ),
        format!("the whole log is {}", kept.display()),
    ))
}

fn kept_log(cache: &Path, manifest: &Manifest) -> PathBuf {
    cache.join(format!("failed-{}.log", manifest.name))
}

/// Renames the finished folder into place. Another process may have been faster: then its result
/// stands.
fn finish(work: tempfile::TempDir, folder: &Path, binary: &Path) -> Result<(), Error> {
    match std::fs::rename(work.path(), folder) {
        Ok(()) => {
            let _ = work.keep();
            Ok(())
        }
        Err(_) if binary.is_file() => Ok(()),
        Err(error) => Err(Error::io("create", folder, &error)),
    }
}

/// A digest of everything the program depends on.
fn digest(request: &BuildRequest) -> Result<String, Error> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(RECIPE.as_bytes());
    add(request.verilator.describe().as_bytes());
    add(format!("{:?} {:?}", request.optimisation, request.trace).as_bytes());
    add(request.manifest.top.as_bytes());
    for file in request.manifest.files.iter().map(String::as_str).chain([HARNESS]) {
        let path = request.bundle_dir.join(file);
        let bytes = std::fs::read(&path).map_err(|error| incomplete(&path, &error))?;
        add(file.as_bytes());
        add(&bytes);
    }
    Ok(hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn incomplete(path: &Path, error: &std::io::Error) -> Error {
    Error::input(
        "bundle-incomplete",
        path.display().to_string(),
        format!("cannot read {}: {error}", path.display()),
        "generate the bundle again",
    )
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| Error::io("find", path, &error))
}
