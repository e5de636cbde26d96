//! Starting Yosys, watching it, and stopping it.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::error::Failure;
use crate::parse;

/// Oldest Yosys the scripts are tested with: major and minor.
pub const OLDEST: (u32, u32) = (0, 23);

const POLL: Duration = Duration::from_millis(20);
/// Lines of the log an error carries.
const TAIL: usize = 20;
const WRAPPER: &str = "run_yosys.py";
const WRAPPER_TEXT: &str = "\
import sys
from pyosys import libyosys

libyosys.Design().run_pass(\"script \" + sys.argv[1])
";
const VERSION_TEXT: &str = "from pyosys import libyosys; libyosys.Design().run_pass('stat -json')";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Host {
    Native,
    Python,
}

/// A Yosys that was found to run and to be new enough.
#[derive(Clone, Debug)]
pub struct Yosys {
    host: Host,
    path: PathBuf,
    version: String,
}

impl Yosys {
    /// The `yosys` program at `path`.
    ///
    /// # Errors
    /// It cannot be run, says no version, or is older than [`OLDEST`].
    pub fn native(path: impl Into<PathBuf>) -> Result<Self, Failure> {
        Self::ask(Host::Native, path.into())
    }

    /// The Python interpreter at `path`, which has the package pyosys.
    ///
    /// # Errors
    /// It cannot be run or lacks pyosys, or that is older than [`OLDEST`].
    pub fn python(path: impl Into<PathBuf>) -> Result<Self, Failure> {
        Self::ask(Host::Python, path.into())
    }

    /// [`Yosys::python`] if the file's name starts with `python`, else [`Yosys::native`].
    ///
    /// # Errors
    /// As theirs.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, Failure> {
        let path = path.into();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("python") { Self::python(path) } else { Self::native(path) }
    }

    /// The program that is started: `yosys` or the interpreter.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Version such as `0.70`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Name and version for reports: `Yosys 0.70`.
    pub fn label(&self) -> String {
        format!("Yosys {}", self.version)
    }

    fn ask(host: Host, path: PathBuf) -> Result<Self, Failure> {
        let mut command = Command::new(&path);
        match host {
            Host::Native => command.arg("-V"),
            Host::Python => command.args(["-c", VERSION_TEXT]),
        };
        let missing = |reason: String| Failure::ToolMissing { path: path.clone(), reason };
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| missing(error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(version) = parse::version(&text) else {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it printed no version");
            return Err(missing(last.trim().to_owned()));
        };
        if parse::release(&version) < Some(OLDEST) {
            return Err(Failure::ToolTooOld { path, found: version });
        }
        Ok(Self { host, path, version })
    }

    fn command(&self, folder: &Path, script: &str) -> Result<Command, Failure> {
        let mut command = Command::new(&self.path);
        if self.host == Host::Python {
            let wrapper = folder.join(WRAPPER);
            fs::write(&wrapper, WRAPPER_TEXT).map_err(|error| Failure::written(&wrapper, error))?;
            command.arg(WRAPPER);
        }
        command.arg(script).current_dir(folder).env("TMPDIR", ".").stdin(Stdio::null());
        Ok(command)
    }

    /// Runs `script` in `folder` and returns the log, kept there as `<stem>.log`. Ends early when
    /// the watch's flag or `stop` is set.
    pub(crate) fn run(
        &self,
        folder: &Path,
        run: Run,
        script: &str,
        watch: &Watch<'_>,
        stop: &AtomicBool,
    ) -> Result<String, Failure> {
        (watch.on_stage)(Stage::Started(run));
        let (name, log) =
            (format!("{}.ys", run.stem()), folder.join(format!("{}.log", run.stem())));
        let path = folder.join(&name);
        fs::write(&path, script).map_err(|error| Failure::written(&path, error))?;
        let output = File::create(&log).map_err(|error| Failure::written(&log, error))?;
        let both = output.try_clone().map_err(|error| Failure::written(&log, error))?;
        let mut command = self.command(folder, &name)?;
        command.stdout(output).stderr(both);
        own_group(&mut command);
        let child = command.spawn().map_err(|error| Failure::ToolMissing {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        let status = wait(child, &[watch.interrupt, stop])?;
        let bytes = fs::read(&log).map_err(|error| Failure::read(&log, error))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !status.success() {
            return Err(match parse::refusal(&text) {
                Some(said) => refused(format!("{} in the {run}: {said}", self.label()), &log),
                None => {
                    let reason = format!("{} ended with {status} in the {run}", self.label());
                    crashed(reason, &log, &text)
                }
            });
        }
        (watch.on_stage)(Stage::Finished(run));
        Ok(text)
    }
}

fn refused(reason: String, log: &Path) -> Failure {
    Failure::Refused { reason, log: log.into() }
}

/// A failure with the end of a log.
pub(crate) fn crashed(reason: String, log: &Path, text: &str) -> Failure {
    let lines: Vec<_> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
    Failure::ToolCrashed { reason, log: log.into(), tail }
}

/// Polls the child; when a flag is set, ends it and the mapper it has started.
fn wait(mut child: Child, flags: &[&AtomicBool]) -> Result<ExitStatus, Failure> {
    loop {
        if flags.iter().any(|flag| flag.load(Ordering::Relaxed)) {
            end_group(&mut child);
            return Err(Failure::Interrupted);
        }
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => thread::sleep(POLL),
            Err(error) => {
                end_group(&mut child);
                return Err(Failure::read(Path::new("yosys"), error));
            }
        }
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Yosys starts ABC as a process of its own, so the whole group is ended.
fn end_group(child: &mut Child) {
    let group = format!("-{}", child.id());
    let kill = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    if !kill.is_ok_and(|status| status.success()) {
        let _ = child.kill();
    }
    let _ = child.wait();
}

/// One start of Yosys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Flattened, for the total.
    Total,
    /// Every module kept, for the area by unit.
    Breakdown,
    /// The total mapped again, since the clock was missed: adders with carry look-ahead.
    Faster,
    /// The total mapped once more for speed alone.
    Fastest,
    /// The mapped netlist as plain Verilog.
    Netlist,
    /// Mapped to the cells of an FPGA.
    Fpga,
    /// Elaborated, with a list of what could be mutated.
    Elaboration,
    /// All mutations in one netlist.
    Mutants,
    /// A module with and without a mutation.
    Comparison,
    /// A unit beside its reference.
    Lemma,
    /// The proof that the two agree.
    Proof,
}

impl Run {
    /// Stem of the run's files in the working folder.
    pub(crate) fn stem(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Breakdown => "breakdown",
            Self::Faster => "faster",
            Self::Fastest => "fastest",
            Self::Netlist => "netlist",
            Self::Fpga => "fpga",
            Self::Elaboration => "elaboration",
            Self::Mutants => "mutants",
            Self::Comparison => "comparison",
            Self::Lemma => "lemma",
            Self::Proof => "proof",
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Total => "flattened run",
            Self::Breakdown => "run by unit",
            Self::Faster => "second mapping, with faster adders",
            Self::Fastest => "third mapping, for speed",
            Self::Netlist => "writing of the gate netlist",
            Self::Fpga => "run for the FPGA",
            Self::Elaboration => "elaboration",
            Self::Mutants => "writing of the mutants",
            Self::Comparison => "comparison with a mutant",
            Self::Lemma => "elaboration of a lemma",
            Self::Proof => "proof of a lemma",
        })
    }
}

/// Progress of a synthesis. Runs overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Yosys was started.
    Started(Run),
    /// Yosys ended well.
    Finished(Run),
}

/// How a synthesis is watched and stopped.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Told of every stage, from more than one thread.
    pub on_stage: &'a (dyn Fn(Stage) + Sync),
    /// Set to `true` to end all child processes; the call returns [`Failure::Interrupted`].
    pub interrupt: &'a AtomicBool,
}
