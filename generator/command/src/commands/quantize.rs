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
use std::collections::BTreeSet;
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
    /// How weights become codes, b bits each:
    ///   int1               binary: sign, scale = mean magnitude
    ///   int1_centred       binary: sign less the mean, scale = mean magnitude (BitNet)
    ///   int2..int8         symmetric: two's complement, searched scale
    ///   int2..8_mid_rise   odd integers, searched scale, no zero point to correct
    ///   int2..8_asymmetric a zero point per channel or group, searched scale
    ///   int2..8_asymmetric_common          one zero point for all, as a constant core needs it
    ///   ternary_int2[_per_channel]         -1, 0, 1; scale = mean magnitude (BitNet b1.58)
    ///   ternary_int2_median[_per_channel]  -1, 0, 1; scale = median magnitude
    #[arg(long, value_name = "FORMAT", verbatim_doc_comment)]
    format: String,
    /// Input channels that share a scale and a zero point; 0: all of an output channel
    #[arg(long, value_name = "N", default_value_t = 0)]
    group: usize,
    /// Core to pack for, with scales as it takes them [default: any lut_tensor_core with k = 4 and weights folded offline]
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
    let grouping = quantiser.grouping(weights.columns(), options.group);
    let grouping = grouping.map_err(Failure::bad_input)?;
    let quantised = quantiser.quantise(&options.tensor, &weights, grouping);
    let quantised = match spec.as_ref().and_then(Spec::scale) {
        Some(scale) => quantised.with_scales(&weights, scale),
        None => quantised,
    };
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
    let (rows, columns) = (weights.rows, weights.columns());
    let kept = match out {
        Some(out) => format!("wrote {}, {bytes} bytes", out.display()),
        None => format!("{bytes} bytes packed, not written (--out)"),
    };
    let text = format!(
        "{}  {rows} x {columns}  {}\n{}\nnormalised mean square error {nmse:.5}\n{kept}\n",
        weights.name,
        weights.quantiser,
        spans(weights)
    );
    let keys = json!({
        "tensor": weights.name,
        "shape": [rows, columns],
        "format": weights.quantiser,
        "group": weights.grouping.size(),
        "scales": weights.scales.len(),
        "zero_points": zero_points(weights),
        "nmse": nmse,
        "special_values": [],
        "bytes": bytes,
        "file": out.map(|out| out.display().to_string()),
    });
    Outcome { text, json: keys.as_object().cloned().unwrap_or_else(Map::new) }
}

/// Scales and zero points in words.
fn spans(weights: &QuantisedWeights) -> String {
    let of = match weights.grouping.size() {
        0 => "one per output channel".to_owned(),
        size => format!("one per {size} input channels"),
    };
    let zeros = match zero_points(weights)[..] {
        [only] => format!("zero point z' = {only}"),
        ref several => {
            format!("zero points z' = {} to {}", several[0], several[several.len() - 1])
        }
    };
    format!("{} scales, {of}; {zeros}", weights.scales.len())
}

/// The reinterpreted zero points that occur, in ascending order.
fn zero_points(weights: &QuantisedWeights) -> Vec<i32> {
    let found: BTreeSet<i32> = weights.zero_points.iter().map(|zero_point| zero_point.0).collect();
    found.into_iter().collect()
}
