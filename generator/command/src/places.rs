//! The user's folders: pinned tools, cached builds, kept logs.

use crate::failure::Failure;
use directories::{BaseDirs, ProjectDirs};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const APPLICATION: &str = "bitplane";

/// The user's home folder, where the system knows one.
pub fn home() -> Option<PathBuf> {
    BaseDirs::new().map(|folders| folders.home_dir().to_owned())
}

/// Where pinned tools are installed.
pub fn data() -> Option<PathBuf> {
    folders().map(|folders| folders.data_dir().to_owned())
}

/// Where builds and logs are kept.
pub fn cache() -> Option<PathBuf> {
    folders().map(|folders| folders.cache_dir().to_owned())
}

fn folders() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", APPLICATION)
}

/// Keeps `text` as `<cache>/logs/<name>.log`, or in the system's temporary folder; the path, if
/// either took it.
pub fn keep_log(name: &str, text: &str) -> Option<PathBuf> {
    let folders = [cache().map(|cache| cache.join("logs")), Some(std::env::temp_dir())];
    folders.into_iter().flatten().find_map(|folder| {
        fs::create_dir_all(&folder).ok()?;
        let path = folder.join(format!("{name}.log"));
        fs::write(&path, text).ok().map(|()| path)
    })
}

/// A folder that builds are kept in.
#[derive(Debug)]
pub enum BuildFolder {
    /// In the user's cache: found again next time.
    Kept(PathBuf),
    /// Gone at the end, because the cache cannot be written: costs time, nothing else.
    Temporary(TempDir),
}

impl BuildFolder {
    /// The folder for builds, which can be written.
    pub fn open() -> Result<Self, Failure> {
        if let Some(folder) = cache().map(|cache| cache.join("builds"))
            && fs::create_dir_all(&folder).and_then(|()| temporary_folder(&folder)).is_ok()
        {
            return Ok(Self::Kept(folder));
        }
        scratch().map(Self::Temporary)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// A folder for what nobody needs afterwards.
pub fn scratch() -> Result<TempDir, Failure> {
    let parent = std::env::temp_dir();
    temporary_folder(&parent).map_err(|error| Failure::of_io(&error, "work in the folder", &parent))
}

fn temporary_folder(parent: &Path) -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix(".bitplane-").tempdir_in(parent)
}
