//! `bitplane quantize`: a real tensor as packed low-bit weights.

use crate::config::{self, about};
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::folder;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::progress::Progress;
use bitplane_formats::WeightWord;
use bitplane_spec::{Problem, Spec};
use bitplane_weights::{Checkpoint, PackLayout, QuantisedWeights, WeightQuantiser, pack, unpack};
use clap::Args;
use serde_json::{Map, json};
use std::path::{Path, PathBuf};

/// Layout where no configuration asks for another: folded planes, k = 4.
const DEFAULT_K: u32 = 4;

/// Options of `quantize`.
#[derive(Args, Debug)]
pub struct Quantize {
    /// Checkpoint with F32, F16 or BF16 tensors
    #[arg(value_name = "MODEL.safetensors")]
    model: PathBuf,
    /// Weight tensor of shape [output channels, input channels]
    #[arg(long, value_name = "NAME")]
    tensor: String,
    /// int1..int8, int2_mid_rise..int8_mid_rise, int2_asymmetric..int8_asymmetric, ternary_int2 or
    /// ternary_int2_per_channel
    #[arg(long, value_name = "FORMAT")]
    format: String,
    /// Core to pack for [default: any lut_tensor_core with k = 4 and weights folded offline]
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Packed file to write; without it only the errors are reported
    #[arg(long, value_name = "FILE.bitplane")]
    out: Option<PathBuf>,
}

/// Quantises, packs, and reports the error.
pub fn run(options: &Quantize, console: &Console) -> Result<Outcome, Failure> {
    let quantiser = WeightQuantiser::parse(&options.format)
        .map_err(|problem| Failure::bad_input(Problem { key: "--format".into(), ..problem }))?;
    let spec = match &options.config {
        Some(config) => Some(config::load(config, console)?.spec),
        None => None,
    };
    if let Some(out) = &options.out {
        folder::check_writable(out)?;
    }
    let progress = Progress::start("reading the checkpoint");
    let bytes = folder::read_bytes(&options.model)?;
    let refused = |problem| Failure::bad_input(about(problem, &options.model));
    let checkpoint = Checkpoint::parse(&bytes).map_err(refused)?;
    let weights = checkpoint.matrix(&options.tensor).map_err(refused)?;
    interrupt::check()?;
    progress.report("quantising", 0, 0);
    let quantised = quantiser.quantise(&options.tensor, &weights);
    let nmse = quantised.nmse(&weights);
    interrupt::check()?;
    progress.report("packing", 0, 0);
    let packed = pack_for(&quantised, spec.as_ref())?;
    interrupt::check()?;
    if let Some(out) = &options.out {
        folder::write_file(out, &packed)?;
    }
    drop(progress);
    Ok(report(&quantised, nmse, packed.len(), options.out.as_deref()))
}

/// The bytes of the packed file, which the core of `spec` can use.
fn pack_for(weights: &QuantisedWeights, spec: Option<&Spec>) -> Result<Vec<u8>, Failure> {
    let layout = match spec {
        Some(spec) => PackLayout::of(spec),
        None => PackLayout::new(WeightWord::Folded, DEFAULT_K).map_err(Failure::bad_input)?,
    };
    let bytes = pack(weights, layout).map_err(Failure::bad_input)?;
    if let Some(spec) = spec {
        let problems = unpack(&bytes).map_err(Failure::bad_input)?.require(spec);
        if !problems.is_empty() {
            return Err(Failure::new(Class::BadInput, problems));
        }
    }
    Ok(bytes)
}

fn report(weights: &QuantisedWeights, nmse: f64, bytes: usize, out: Option<&Path>) -> Outcome {
    let (rows, columns) = (weights.rows, weights.columns);
    let kept = match out {
        Some(out) => format!("wrote {}, {bytes} bytes", out.display()),
        None => format!("{bytes} bytes packed, not written (--out)"),
    };
    let text = format!(
        "{}  {rows} x {columns}  {}\nnormalised mean square error {nmse:.5}\n{kept}\n",
        weights.name, weights.quantiser
    );
    let keys = json!({
        "tensor": weights.name,
        "shape": [rows, columns],
        "format": weights.quantiser,
        "group": 0,
        "nmse": nmse,
        "special_values": [],
        "bytes": bytes,
        "file": out.map(|out| out.display().to_string()),
    });
    Outcome { text, json: keys.as_object().cloned().unwrap_or_else(Map::new) }
}
