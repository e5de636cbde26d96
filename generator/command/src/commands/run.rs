//! `bitplane run`: a real layer through the RTL.

use crate::config;
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::layer::{LayerError, Source, activations, reference, weight_beats, weights};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::simulation::{self, Simulation, watched};
use crate::tools::VerilatorOption;
use bitplane_formats::ZeroPoint;
use bitplane_simulate::{Layer, LayerReport, PackedBeats, Start, Trace, Weights, layer};
use bitplane_spec::{Problem, Spec, ZeroPointMode};
use bitplane_weights::{PackedWeights, QuantisedActivations, quantise_activations};
use clap::{ArgGroup, Args};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Options of `run`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").args(["tensor", "token_ids"]).requires("activations"))]
pub struct Run {
    /// A .toml file or a preset's name
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Packed weights (bitplane quantize --config CONFIG --out FILE)
    #[arg(long, value_name = "FILE.bitplane")]
    weights: PathBuf,
    /// Checkpoint with the activations (--tensor) or with a BERT embedding layer (--token-ids)
    #[arg(long, value_name = "X.safetensors", requires = "which")]
    activations: Option<PathBuf>,
    /// Activation tensor of shape [tokens, input channels]
    #[arg(long, value_name = "NAME")]
    tensor: Option<String>,
    /// Tokens whose embeddings, normalised, are the activations
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    token_ids: Option<Vec<u32>>,
    /// Random activations: this many tokens
    #[arg(long, value_name = "N", default_value_t = 16, conflicts_with = "activations")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65536))]
    tokens: u32,
    /// Seed of random activations and of the registers' initial state
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Checkpoint with the weights before quantisation: the error is against it [default: against
    /// the quantised weights, so that only the activations' rounding shows]
    #[arg(long, value_name = "MODEL.safetensors")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    verilator: VerilatorOption,
}

/// Reads the layer, pushes it through the core, and compares every output.
pub fn run(options: &Run, console: &Console) -> Result<Outcome, Failure> {
    let spec = config::load(&options.config, console)?.spec;
    let progress = Progress::start("reading weights and activations");
    let weights = weights(&options.weights, &spec)?;
    let real = activations(&options.source(), weights.inputs())?;
    let integers = quantise_activations(&real, spec.activation).map_err(Failure::bad_input)?;
    let reference = reference(options.reference.as_deref(), &weights)?;
    let beats = weight_beats(&weights, &spec);
    let work = cycles(&weights, &spec, integers.rows);
    let simulation = simulation::prepare(&spec, &options.verilator, Trace::Off, work, &progress)?;
    let task = Task { spec: &spec, weights: &weights, activations: &integers };
    let start = Start { seed: options.seed, ..Start::default() };
    let report = watched(&progress, |monitor| {
        layer(&simulation.simulator, &spec, &task.layer(&weights.codes(), &beats), &start, monitor)
    })?;
    drop(progress);
    let error = LayerError::of(&task.real_outputs(&report.outputs), &real, &reference);
    let result = Finished { task, report, error, simulation, options };
    match result.problem() {
        None => Ok(Outcome { text: result.text(), json: result.json() }),
        Some(problem) => Err(Failure::one(Class::CheckFailed, problem).with_details(result.json())),
    }
}

impl Run {
    fn source(&self) -> Source<'_> {
        match (&self.activations, &self.tensor, &self.token_ids) {
            (Some(file), Some(tensor), _) => Source::Tensor { file, tensor },
            (Some(file), None, Some(ids)) => Source::Embedding { file, ids },
            _ => Source::Random { tokens: self.tokens as usize, seed: self.seed },
        }
    }
}

/// About how many cycles the layer takes.
fn cycles(weights: &PackedWeights, spec: &Spec, tokens: usize) -> u64 {
    let tiles =
        tokens.div_ceil(spec.tile.m as usize) * weights.outputs().div_ceil(spec.tile.n as usize);
    let steps = weights.inputs().div_ceil(spec.elements_per_step() as usize);
    tiles as u64 * steps as u64 * u64::from(weights.planes())
}

/// What is multiplied.
struct Task<'a> {
    spec: &'a Spec,
    weights: &'a PackedWeights,
    activations: &'a QuantisedActivations,
}

impl Task<'_> {
    fn layer<'a>(&'a self, codes: &'a [u8], beats: &'a [u32]) -> Layer<'a> {
        Layer {
            tokens: self.activations.rows,
            inputs: self.weights.inputs(),
            outputs: self.weights.outputs(),
            activations: &self.activations.values,
            weight: self.weights.format(),
            codes,
            weights: Weights::Packed(PackedBeats { words: beats }),
            zero_point: match self.spec.zero_point {
                ZeroPointMode::None => ZeroPoint::MID_RISE,
                ZeroPointMode::Constant => self.weights.zero_point(),
            },
        }
    }

    /// What the integer results stand for: times the token's and the channel's scale.
    fn real_outputs(&self, results: &[i128]) -> Vec<f64> {
        let tokens = results.chunks(self.weights.outputs().max(1)).zip(&self.activations.scales);
        tokens
            .flat_map(|(results, token)| {
                let channels = results.iter().zip(self.weights.scales());
                channels.map(|(&result, &channel)| {
                    result as f64 * f64::from(*token) * f64::from(channel)
                })
            })
            .collect()
    }
}

/// All there is to tell.
struct Finished<'a> {
    task: Task<'a>,
    report: LayerReport,
    error: LayerError,
    simulation: Simulation,
    options: &'a Run,
}

impl Finished<'_> {
    fn problem(&self) -> Option<Problem> {
        let first = self.report.first_mismatch.as_deref();
        if self.report.mismatches == 0 && first.is_none() {
            return None;
        }
        let (wrong, all) = (self.report.mismatches, self.report.compared);
        let first = first.unwrap_or("the first is not known");
        let message = format!("{wrong} of {all} outputs differ from the golden model\n{first}");
        let config = self.options.config.display();
        let help = format!("look for a smaller case: bitplane verify {config}");
        Some(Problem::new("mismatch", "", message, help))
    }

    fn text(&self) -> String {
        let Task { spec, weights, activations } = &self.task;
        format!(
            "{}: {} tokens x {} -> {}, {} weights, {} activations\n\
             0 mismatches in {} outputs; {} cycles, {:.1}% of the array's multiply-accumulates\n\
             error against {}: mean {:.3e}, largest {:.3e}, normalised mean square {:.4}\n{}\n",
            weights.header().tensor,
            activations.rows,
            weights.inputs(),
            weights.outputs(),
            weights.header().quantiser,
            spec.activation,
            self.report.compared,
            self.report.cycles,
            self.report.utilisation * 100.0,
            self.error.against,
            self.error.mean,
            self.error.max,
            self.error.nmse,
            self.simulation.tool,
        )
    }

    fn json(&self) -> Map<String, Value> {
        let LayerError { against, mean, max, nmse } = self.error;
        let Task { weights, activations, .. } = &self.task;
        let keys = json!({
            "outputs": self.report.compared,
            "mismatches": self.report.mismatches,
            "cycles": self.report.cycles,
            "utilisation": self.report.utilisation,
            "error": {"mean": mean, "max": max, "nmse": nmse, "against": against},
            "tensor": weights.header().tensor,
            "format": weights.header().quantiser,
            "shape": [activations.rows, weights.inputs(), weights.outputs()],
            "runs": self.report.runs,
            "tool": self.simulation.simulator.tool,
            "tool_path": self.simulation.tool.program.display().to_string(),
        });
        keys.as_object().cloned().unwrap_or_else(Map::new)
    }
}
