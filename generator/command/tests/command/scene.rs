//! A folder of its own to run the command in: its home, its data and cache folders, its files.

use assert_cmd::Command;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder and what the command is given.
pub struct Scene {
    root: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Scene {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(root.path().join("work")).expect("a working folder");
        Self { root, variables: Vec::new() }
    }

    /// A scene whose PATH leads nowhere.
    pub fn without_tools() -> Self {
        Self::new().with("PATH", "/nonexistent")
    }

    pub fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.push((variable, value.to_owned()));
        self
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), contents).expect("a file written");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file to read")
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// Names in the working folder, sorted.
    pub fn entries(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("")).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("an entry").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    pub fn command(&self) -> Command {
        let mut command = Command::cargo_bin("bitplane").expect("the command");
        let home = self.root.path().join("home");
        command
            .current_dir(self.path(""))
            .env("HOME", &home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env_remove("BITPLANE_YOSYS")
            .env_remove("BITPLANE_VERILATOR")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the command: exit status, standard output, standard error, without this scene's path.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("a run");
        let mut text = format!("exit {}\n", output.status.code().expect("no signal"));
        for (name, bytes) in [("out", &output.stdout), ("err", &output.stderr)] {
            for line in String::from_utf8_lossy(bytes).lines() {
                writeln!(text, "{name}: {}", self.without_paths(line)).expect("a string grows");
            }
        }
        text
    }

    fn without_paths(&self, line: &str) -> String {
        let root = self.root.path();
        let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        [canonical.as_path(), root].iter().fold(line.to_owned(), |line, path: &&Path| {
            line.replace(&path.display().to_string(), "SCENE")
        })
    }
}

/// The bytes of a safetensors file with one F32 matrix `w` of `rows` x `columns`.
pub fn checkpoint(rows: usize, columns: usize) -> Vec<u8> {
    let values = (0..rows * columns).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0);
    let data: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    let header = format!(
        r#"{{"w":{{"dtype":"F32","shape":[{rows},{columns}],"data_offsets":[0,{}]}}}}"#,
        data.len()
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}
