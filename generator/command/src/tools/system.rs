//! What has to come from the system's package manager.

use super::version::Version;
use crate::process;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Longest a tool may take to say its version.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A program that bitplane takes from the system.
#[derive(Debug)]
pub struct Prerequisite {
    /// Its name on PATH, or what it is.
    pub name: &'static str,
    /// Debian and Ubuntu package.
    pub package: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
    /// Path and version, if it is there and works.
    pub found: Option<(PathBuf, String)>,
}

/// All prerequisites and whether they are there.
pub fn prerequisites() -> Vec<Prerequisite> {
    let venv = Prerequisite {
        name: "python3 venv",
        package: "python3-venv",
        purpose: "doctor --install",
        found: find_venv(),
    };
    let mut all = build_tools();
    all.push(venv);
    all
}

/// What building a simulation takes beside Verilator.
pub fn build_tools() -> Vec<Prerequisite> {
    let programs = [
        ("g++", "g++", "building simulations"),
        ("make", "make", "building simulations"),
        ("perl", "perl", "Verilator"),
        ("python3", "python3", "Verilator, doctor --install"),
    ];
    let look = |(name, package, purpose)| Prerequisite {
        name,
        package,
        purpose,
        found: find_program(name),
    };
    programs.map(look).into()
}

/// The one line that installs what is missing.
pub fn apt_line<'a>(missing: impl Iterator<Item = &'a Prerequisite>) -> Option<String> {
    let packages: Vec<&str> = missing.map(|prerequisite| prerequisite.package).collect();
    (!packages.is_empty()).then(|| format!("sudo apt-get install -y {}", packages.join(" ")))
}

fn find_program(name: &str) -> Option<(PathBuf, String)> {
    let path = which::which(name).ok()?;
    let output = output_of(Command::new(&path).arg("--version"))?;
    let version = Version::find(&output)?;
    Some((path, version.to_string()))
}

/// Debian ships `venv` without the `ensurepip` that fills a new environment.
fn find_venv() -> Option<(PathBuf, String)> {
    let python = which::which("python3").ok()?;
    let script = "import ensurepip, venv; print('pip', ensurepip.version())";
    let output = output_of(Command::new(&python).args(["-c", script]))?;
    Some((python, output.trim().to_owned()))
}

/// What a program prints, if it runs and says that all is well.
pub fn output_of(command: &mut Command) -> Option<String> {
    let finished = process::run(command, PATIENCE).ok()?;
    finished.status.success().then_some(finished.output)
}
