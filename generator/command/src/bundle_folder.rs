//! Puts a bundle on the disk: wholly, or not at all.
//!
//! A bundle is written beside its target and takes its place in one step. `SHA256SUMS` in it tells
//! later whether anyone has edited it since.

use crate::failure::Failure;
use crate::folder::{self, unusable};
use crate::interrupt;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Name of the list of digests, in the format of `sha256sum`.
pub const DIGESTS: &str = "SHA256SUMS";
const MANIFEST: &str = "manifest.json";
const CONFIGURATION: &str = "config.toml";
const GENERATOR: &str = "bitplane";

/// A bundle's files: path below the bundle, with `/`, to text.
pub type Files = BTreeMap<String, String>;

/// What may be replaced at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// A bundle as bitplane wrote it.
    OwnBundles,
    /// Any folder that is not needed for anything else (`--force`).
    AnyFolder,
}

/// What writing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// There was nothing at the target.
    Created,
    /// Another bundle was there.
    Replaced,
    /// The same bundle was there; nothing was touched.
    Unchanged,
}

/// Writes `files` with their digests to the folder `target`. `configuration` is the file that the
/// bundle was made from: it may lie in the target, and be edited, as its `config.toml`.
pub fn write(
    files: &Files,
    target: &Path,
    configuration: Option<&Path>,
    replace: Replace,
) -> Result<Written, Failure> {
    let files = with_digests(files);
    let target = &resolve(target)?;
    let present = target.exists();
    if present {
        let found = inspect(target, configuration)?;
        if found.matches(&files) {
            return Ok(Written::Unchanged);
        }
        match replace {
            Replace::OwnBundles => found.refuse_what_is_not_ours(target)?,
            Replace::AnyFolder => refuse_needed_folders(target, configuration)?,
        }
    }
    let staging = stage(&files, target)?;
    interrupt::check()?;
    put_in_place(staging, target).map_err(|error| Failure::of_io(&error, "replace", target))?;
    Ok(if present { Written::Replaced } else { Written::Created })
}

fn with_digests(files: &Files) -> Files {
    let mut all = files.clone();
    let line = |(path, text): (&String, &String)| format!("{}  {path}\n", digest(text.as_bytes()));
    all.insert(DIGESTS.to_owned(), files.iter().map(line).collect());
    all
}

/// SHA-256 in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder that `target` means: a link is followed, so that the link itself stays.
fn resolve(target: &Path) -> Result<PathBuf, Failure> {
    match fs::symlink_metadata(target) {
        Ok(metadata) if metadata.is_symlink() => target.canonicalize().map_err(|_| {
            let help = "remove the link or choose another folder with --out";
            unusable("dangling-link", target, "is a link to nothing", help)
        }),
        _ => Ok(target.to_owned()),
    }
}

/// What stands at a target.
struct Found {
    /// Digest by path below the folder; links and other oddities have none.
    digests: BTreeMap<String, Option<String>>,
    /// Digest by path as `SHA256SUMS` lists them, if this is a bundle.
    listed: Option<BTreeMap<String, String>>,
    /// The configuration in use is this folder's own `config.toml`.
    holds_configuration: bool,
}

fn inspect(target: &Path, configuration: Option<&Path>) -> Result<Found, Failure> {
    if !target.is_dir() {
        let help = "choose another folder with --out, or remove the file";
        return Err(unusable("file-in-the-way", target, "is a file; a bundle is a folder", help));
    }
    let failed = |error: io::Error| Failure::of_io(&error, "look into the folder", target);
    let mut digests = BTreeMap::new();
    collect(target, "", &mut digests).map_err(failed)?;
    let own = configuration.and_then(|path| path.canonicalize().ok());
    let holds_configuration =
        own.is_some() && own == target.join(CONFIGURATION).canonicalize().ok();
    let listed = is_bundle(target).then(|| listed_digests(target));
    Ok(Found { digests, listed, holds_configuration })
}

fn collect(
    folder: &Path,
    prefix: &str,
    digests: &mut BTreeMap<String, Option<String>>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), digests)?;
        } else if kind.is_file() {
            digests.insert(path, Some(digest(&fs::read(entry.path())?)));
        } else {
            digests.insert(path, None);
        }
    }
    Ok(())
}

fn is_bundle(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(&manifest)
        .is_ok_and(|manifest| manifest["generator"].as_str().is_some_and(is_this_generator))
}

fn is_this_generator(name: &str) -> bool {
    name.split_whitespace().next() == Some(GENERATOR)
}

fn listed_digests(folder: &Path) -> BTreeMap<String, String> {
    fs::read_to_string(folder.join(DIGESTS))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(digest, path)| (path.to_owned(), digest.to_owned()))
        .collect()
}

impl Found {
    fn matches(&self, files: &Files) -> bool {
        self.digests.len() == files.len()
            && files
                .iter()
                .all(|(path, text)| self.digests.get(path) == Some(&Some(digest(text.as_bytes()))))
    }

    fn refuse_what_is_not_ours(&self, target: &Path) -> Result<(), Failure> {
        let only_configuration =
            self.holds_configuration && self.digests.keys().eq([CONFIGURATION]);
        if self.digests.is_empty() || only_configuration {
            return Ok(());
        }
        let Some(listed) = &self.listed else {
            let message = "is a folder that bitplane did not write";
            let help = "choose another folder with --out, or replace all of it with --force";
            return Err(unusable("not-a-bundle", target, message, help));
        };
        let edited = self.edited(listed);
        if edited.is_empty() {
            return Ok(());
        }
        let message = format!("is a bundle that was edited by hand: {}", enumerate(&edited));
        let help = "keep the edits by writing elsewhere with --out, or drop them with --force";
        Err(unusable("edited-bundle", target, &message, help))
    }

    /// Files that were changed, added or removed since the bundle was written.
    fn edited(&self, listed: &BTreeMap<String, String>) -> Vec<String> {
        let paths: BTreeSet<&String> = self.digests.keys().chain(listed.keys()).collect();
        paths
            .into_iter()
            .filter(|path| path.as_str() != DIGESTS)
            .filter(|path| !(self.holds_configuration && path.as_str() == CONFIGURATION))
            .filter(|path| self.digests.get(*path) != Some(&listed.get(*path).cloned()))
            .cloned()
            .collect()
    }
}

fn enumerate(paths: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = paths.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `--force` is not meant for the folder one works in, its parents, one's home, or the folder of
/// the configuration, unless that is the bundle's own.
fn refuse_needed_folders(target: &Path, configuration: Option<&Path>) -> Result<(), Failure> {
    let absolute = target.canonicalize().unwrap_or_else(|_| target.to_owned());
    let configuration = configuration
        .and_then(|path| path.canonicalize().ok())
        .filter(|path| *path != absolute.join(CONFIGURATION));
    let needed = [std::env::current_dir().ok(), crate::places::home(), configuration];
    if needed.iter().flatten().any(|path| path.starts_with(&absolute)) {
        let message = "holds the working folder, the home folder or the configuration";
        let help = "choose a folder of the bundle's own with --out";
        return Err(unusable("needed-folder", target, message, help));
    }
    Ok(())
}

/// A temporary folder beside the target; the bundle is in it under [`STAGED`].
fn stage(files: &Files, target: &Path) -> Result<TempDir, Failure> {
    let failed = |error: io::Error| Failure::of_io(&error, "write the bundle", target);
    let parent = folder::parent(target);
    fs::create_dir_all(&parent).map_err(failed)?;
    let staging =
        tempfile::Builder::new().prefix(".bitplane-").tempdir_in(&parent).map_err(failed)?;
    write_files(files, &staging.path().join(STAGED)).map_err(|error| match error {
        WriteError::Interrupted(failure) => failure,
        WriteError::Io(error) => failed(error),
    })?;
    Ok(staging)
}

const STAGED: &str = "new";
const RETIRED: &str = "old";

enum WriteError {
    Interrupted(Failure),
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn write_files(files: &Files, root: &Path) -> Result<(), WriteError> {
    fs::create_dir(root)?;
    for (path, text) in files {
        interrupt::check().map_err(WriteError::Interrupted)?;
        let path = root.join(path);
        fs::create_dir_all(folder::parent(&path))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// Writes files without digests into the new folder `root`, for a use that nobody sees.
pub fn write_plain(files: &Files, root: &Path) -> Result<(), Failure> {
    write_files(files, root).map_err(|error| match error {
        WriteError::Interrupted(failure) => failure,
        WriteError::Io(error) => Failure::of_io(&error, "write the bundle", root),
    })
}

/// Exchanges the target and the staged folder; what was there goes with the staging folder.
fn put_in_place(staging: TempDir, target: &Path) -> io::Result<()> {
    let staged = staging.path().join(STAGED);
    if !target.exists() {
        return fs::rename(staged, target);
    }
    if renameat_with(CWD, &staged, CWD, target, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // Not every file system can exchange; two steps with a way back then.
    let retired = staging.path().join(RETIRED);
    fs::rename(target, &retired)?;
    fs::rename(&staged, target).inspect_err(|_| {
        if fs::rename(&retired, target).is_err() {
            // The old bundle is better kept in an odd place than deleted.
            let _ = staging.keep();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        let manifest = r#"{"generator": "bitplane 0.1.0"}"#;
        [("manifest.json", manifest), ("rtl/a.sv", text), ("config.toml", "kind = 'x'\n")]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into()
    }

    fn code(result: Result<Written, Failure>) -> &'static str {
        result.expect_err("a refusal").problems[0].code
    }

    struct Scene {
        folder: TempDir,
    }

    impl Scene {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn target(&self) -> PathBuf {
            self.folder.path().join("core")
        }

        fn write(&self, text: &str) -> Result<Written, Failure> {
            write(&files(text), &self.target(), None, Replace::OwnBundles)
        }

        fn force(&self, text: &str) -> Result<Written, Failure> {
            write(&files(text), &self.target(), None, Replace::AnyFolder)
        }

        fn entries(&self) -> Vec<String> {
            let names = fs::read_dir(self.folder.path()).unwrap();
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    #[test]
    fn a_bundle_is_created_kept_and_replaced_with_nothing_left_beside_it() {
        let scene = Scene::new();
        assert_eq!(scene.write("one").unwrap(), Written::Created);
        assert_eq!(scene.write("one").unwrap(), Written::Unchanged);
        assert_eq!(scene.write("two").unwrap(), Written::Replaced);
        assert_eq!(fs::read_to_string(scene.target().join("rtl/a.sv")).unwrap(), "two");
        assert_eq!(scene.entries(), ["core"]);
    }

    #[test]
    fn an_edited_bundle_is_refused_by_name_until_forced() {
        let scene = Scene::new();
        scene.write("one").unwrap();
        fs::write(scene.target().join("rtl/a.sv"), "mine").unwrap();
        fs::write(scene.target().join("notes.txt"), "mine").unwrap();
        let failure = scene.write("two").unwrap_err();
        assert_eq!(failure.problems[0].code, "edited-bundle");
        assert!(failure.problems[0].message.ends_with("notes.txt, rtl/a.sv"));
        assert_eq!(fs::read_to_string(scene.target().join("rtl/a.sv")).unwrap(), "mine");
        assert_eq!(scene.force("two").unwrap(), Written::Replaced);
    }

    #[test]
    fn a_removed_file_counts_as_an_edit() {
        let scene = Scene::new();
        scene.write("one").unwrap();
        fs::remove_file(scene.target().join("rtl/a.sv")).unwrap();
        assert_eq!(code(scene.write("two")), "edited-bundle");
    }

    #[test]
    fn a_foreign_folder_is_refused_until_forced_and_an_empty_one_is_taken() {
        let scene = Scene::new();
        fs::create_dir(scene.target()).unwrap();
        assert_eq!(scene.write("one").unwrap(), Written::Replaced);
        fs::remove_file(scene.target().join("manifest.json")).unwrap();
        assert_eq!(code(scene.write("one")), "not-a-bundle");
        assert_eq!(scene.force("one").unwrap(), Written::Replaced);
    }

    #[test]
    fn a_file_in_the_way_is_refused_even_when_forced() {
        let scene = Scene::new();
        fs::write(scene.target(), "mine").unwrap();
        assert_eq!(code(scene.force("one")), "file-in-the-way");
        assert_eq!(fs::read_to_string(scene.target()).unwrap(), "mine");
    }

    #[test]
    fn a_link_stays_a_link_and_a_dangling_one_is_refused() {
        let scene = Scene::new();
        let real = scene.folder.path().join("real");
        std::os::unix::fs::symlink(&real, scene.target()).unwrap();
        assert_eq!(code(scene.write("one")), "dangling-link");
        fs::create_dir(&real).unwrap();
        scene.write("one").unwrap();
        assert!(scene.target().is_symlink());
        assert!(real.join("manifest.json").is_file());
    }

    #[test]
    fn the_configuration_in_use_may_be_edited_in_its_own_bundle() {
        let scene = Scene::new();
        let configuration = scene.target().join("config.toml");
        let write =
            || write(&files("two"), &scene.target(), Some(&configuration), Replace::OwnBundles);
        fs::create_dir(scene.target()).unwrap();
        fs::write(&configuration, "# edited").unwrap();
        assert_eq!(write().unwrap(), Written::Replaced);
        fs::write(&configuration, "# edited again").unwrap();
        assert_eq!(write().unwrap(), Written::Replaced);
        assert_eq!(write().unwrap(), Written::Unchanged);
    }

    #[test]
    fn the_home_folder_is_never_replaced() {
        let home = crate::places::home().unwrap();
        let refused = refuse_needed_folders(&home, None);
        assert_eq!(refused.unwrap_err().problems[0].code, "needed-folder");
    }
}
