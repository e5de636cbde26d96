//! `bitplane generate`: the bundle of a configuration.

use crate::bundle_folder::{self, Files, Replace, Written};
use crate::config::{self, BUNDLES};
use crate::console::Console;
use crate::failure::Failure;
use crate::outcome::Outcome;
use bitplane_emit::{Bundle, manifest::Manifest};
use clap::Args;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Options of `generate`.
#[derive(Args, Debug)]
pub struct Generate {
    /// A .toml file or a preset's name
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Folder of the bundle [default: ./rtl_out/NAME, NAME as in the configuration]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace a folder that bitplane did not write, or whose files were edited
    #[arg(long)]
    force: bool,
}

/// Writes the bundle.
pub fn run(options: &Generate, console: &Console) -> Result<Outcome, Failure> {
    let config = config::load(&options.config, console)?;
    let bundle = bitplane_emit::bundle(&config.spec);
    let folder = options.out.clone().unwrap_or_else(|| Path::new(BUNDLES).join(&config.spec.name));
    let replace = if options.force { Replace::AnyFolder } else { Replace::OwnBundles };
    let files = files(&bundle);
    let written = bundle_folder::write(&files, &folder, config.path.as_deref(), replace)?;
    Ok(Outcome {
        text: text(&folder, &files, &bundle.manifest, written),
        json: json(&folder, &bundle.manifest, written),
    })
}

/// The bundle's files by path.
pub fn files(bundle: &Bundle) -> Files {
    bundle.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}

fn text(folder: &Path, files: &Files, manifest: &Manifest, written: Written) -> String {
    let lines: usize = files
        .iter()
        .filter(|(path, _)| path.ends_with(".sv"))
        .map(|(_, text)| text.lines().count())
        .sum();
    let modules = manifest.files.len();
    format!(
        "{} {}: top {}, {modules} modules, {lines} lines of SystemVerilog\n\
         {} multiply-accumulates a cycle; {}-bit accumulators, runs of up to K = {}\n\
         {} flip-flops; first result {} cycles after the last weights\n",
        verb(written),
        folder.display(),
        manifest.top,
        manifest.macs_per_cycle,
        manifest.accumulator_bits,
        manifest.max_k,
        manifest.flops,
        manifest.latency_cycles,
    )
}

fn verb(written: Written) -> &'static str {
    match written {
        Written::Created => "created",
        Written::Replaced => "replaced",
        Written::Unchanged => "unchanged",
    }
}

/// The manifest's keys, and where the bundle is.
fn json(folder: &Path, manifest: &Manifest, written: Written) -> Map<String, Value> {
    let mut keys = match serde_json::to_value(manifest) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    };
    keys.insert("folder".to_owned(), folder.display().to_string().into());
    keys.insert("written".to_owned(), verb(written).into());
    keys
}
