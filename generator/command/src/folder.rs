//! Files and folders that are either wholly there or not at all.

use crate::failure::Failure;
use bitplane_spec::Problem;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Largest text file that is read; a configuration is a thousandth of it.
const TEXT_LIMIT: u64 = 1 << 20;

/// The text of the file at `path`: UTF-8, no larger than a configuration can be.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let file = open_file(path)?;
    let mut bytes = Vec::new();
    file.take(TEXT_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::of_io(&error, "read the file", path))?;
    if bytes.len() as u64 > TEXT_LIMIT {
        return Err(unusable("file-too-large", path, "is larger than 1 MiB", "give a text file"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let message = format!("is not UTF-8 text: byte {good} belongs to no character");
        unusable("not-utf8", path, &message, "save the file as UTF-8")
    })
}

/// The bytes of the regular file at `path`.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut file = open_file(path)?;
    let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !regular {
        return Err(unusable("not-a-file", path, "is not a regular file", "give a file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| Failure::of_io(&error, "read the file", path))?;
    Ok(bytes)
}

fn open_file(path: &Path) -> Result<File, Failure> {
    if path.is_dir() {
        return Err(unusable("is-a-folder", path, "is a folder, not a file", "give a file"));
    }
    File::open(path).map_err(|error| Failure::of_io(&error, "read the file", path))
}

/// A problem with what stands at `path`.
pub fn unusable(code: &'static str, path: &Path, message: &str, help: &str) -> Failure {
    Failure::bad_input(Problem::new(code, path.display().to_string(), message, help))
}

/// Fails if [`write_file`] could not write at `path`; changes nothing.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        let help = "give the name of a file";
        return Err(unusable("is-a-folder", path, "is a folder, not a file", help));
    }
    if written_through(path) {
        return Ok(());
    }
    sibling(path).map(drop)
}

/// Puts `contents` at `path`, replacing what was there in one step.
pub fn write_file(path: &Path, contents: impl AsRef<[u8]>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::of_io(&error, "write the file", path);
    if written_through(path) {
        return fs::write(path, contents).map_err(failed);
    }
    let mut file = sibling(path)?;
    file.write_all(contents.as_ref()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Puts `contents` at `path`, where nothing may be yet.
pub fn create_file(path: &Path, contents: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::of_io(&error, "write the file", path);
    let mut file = sibling(path)?;
    file.write_all(contents.as_bytes()).map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            let help = "choose another path with --out, or remove the file";
            Err(unusable("file-exists", path, "exists already and is not replaced", help))
        }
        Err(error) => Err(failed(error.error)),
    }
}

/// Devices, pipes and links (`/dev/stdout` can be any of them) are written through, not replaced.
fn written_through(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// A temporary file beside `path` with the mode a new file gets.
fn sibling(path: &Path) -> Result<NamedTempFile, Failure> {
    let failed = |error: std::io::Error| Failure::of_io(&error, "write the file", path);
    let parent = parent(path);
    if !parent.exists() {
        let help = format!("create it: mkdir -p {}", parent.display());
        return Err(unusable("no-folder", path, "would be in a folder that is not there", &help));
    }
    tempfile::Builder::new()
        .prefix(".bitplane-")
        .make_in(parent, |name| File::options().write(true).create_new(true).open(name))
        .map_err(failed)
}

/// The folder that holds `path`.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
