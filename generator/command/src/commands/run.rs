//! `bitplane run`: a real layer through the RTL.

use crate::config;
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::layer::{
    LayerError, LayerSum, LayerWeights, Operands, Rounding, Source, TermCycles, activations,
    reference, weights,
};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::simulation::{self, Simulation, watched};
use crate::tools::VerilatorOption;
use bitplane_simulate::{Start, Trace, layer};
use bitplane_spec::{Problem, Spec};
use bitplane_weights::{
    ActivationFormat, ActivationFunction, ActivationQuantiser, Matrix, QuantisedActivations,
};
use clap::{ArgGroup, Args, ValueEnum};
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
    /// What is done to the activations first
    #[arg(long, value_enum, value_name = "NAME")]
    activation_function: Option<Function>,
    /// How activations become integers, per token: absmax (largest magnitude becomes the largest
    /// integer), absmax_top_P (only the P percent of the largest magnitudes, the others are 0) or
    /// absmean (int4: mean magnitude / sqrt(7) is one step, as in BitNet a4.8)
    /// [default: absmax; floating-point activations are rounded to the nearest]
    #[arg(long, value_name = "NAME")]
    activation_quantiser: Option<String>,
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

/// What can be done to activations before they are quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Function {
    /// max(a, 0)^2, as before the second layer of a gated feed-forward part (BitNet a4.8)
    SquaredRelu,
}

impl Function {
    fn apply(self, activations: &Matrix) -> Matrix {
        match self {
            Self::SquaredRelu => ActivationFunction::SquaredRelu.apply(activations),
        }
    }
}

/// Reads the layer, pushes it through the core, and compares every output.
pub fn run(options: &Run, console: &Console) -> Result<Outcome, Failure> {
    let name = options.activation_quantiser.as_deref();
    let quantiser = name.map(ActivationQuantiser::parse).transpose().map_err(Failure::bad_input)?;
    let spec = config::load(&options.config, console)?.spec;
    check_quantiser(quantiser, &spec)?;
    let progress = Progress::start("reading weights and activations");
    let weights = weights(&options.weights, &spec)?;
    let real = activations(&options.source(), weights.inputs())?;
    let real = options.activation_function.map_or(real.clone(), |function| function.apply(&real));
    let quantised = match spec.float {
        Some(float) => QuantisedActivations::nearest(&real, float.format),
        None => quantiser
            .unwrap_or_default()
            .quantise(&real, spec.activation)
            .map_err(Failure::bad_input)?,
    };
    let reference = reference(options.reference.as_deref(), &weights)?;
    let operands = Operands::new(&spec, &weights, &quantised);
    let task = Task { spec: &spec, weights: &weights, activations: &quantised, operands };
    let work = task.cycles();
    let simulation = simulation::prepare(&spec, &options.verilator, Trace::Off, work, &progress)?;
    let (sum, rounding) = task.run(&simulation, options.seed, &progress)?;
    drop(progress);
    let error = LayerError::of(&sum.outputs, &real, &reference);
    let terms = match &weights {
        LayerWeights::Types(weights) => TermCycles::of(&spec, weights, quantised.rows),
        LayerWeights::Integers(_) => None,
    };
    let result = Finished { task, sum, rounding, error, terms, simulation, options };
    match result.problem() {
        None => Ok(Outcome { text: result.text(), json: result.json() }),
        Some(problem) => Err(Failure::one(Class::CheckFailed, problem).with_details(result.json())),
    }
}

/// Floating-point activations are no integers.
fn check_quantiser(quantiser: Option<ActivationQuantiser>, spec: &Spec) -> Result<(), Failure> {
    let (Some(quantiser), Some(float)) = (quantiser, spec.float) else { return Ok(()) };
    let message = format!(
        "{quantiser} makes integers of activations, and the configuration takes {}",
        float.format
    );
    let help = "delete --activation-quantiser: they are rounded to the nearest number";
    let code = "contradictory-options";
    Err(Failure::bad_input(Problem::new(code, "--activation-quantiser", message, help)))
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

/// What is multiplied.
struct Task<'a> {
    spec: &'a Spec,
    weights: &'a LayerWeights,
    activations: &'a QuantisedActivations,
    operands: Operands<'a>,
}

impl Task<'_> {
    /// About how many cycles the layer takes.
    fn cycles(&self) -> u64 {
        let Self { spec, weights, operands, .. } = self;
        let rows = self.activations.rows.div_ceil(spec.tile.m as usize);
        let tiles = rows * weights.outputs().div_ceil(spec.tile.n as usize);
        let drain = u64::from(spec.tile.m * spec.tile.n / spec.tile.drain);
        let cycles = match weights {
            LayerWeights::Integers(weights) => weights.planes(),
            LayerWeights::Types(_) => spec.cycles_per_step_of(spec.weight),
        };
        let cycles = u64::from(cycles);
        let of_a_run = |run: usize| {
            let steps = spec.steps_of(operands.members(run).len() as u64);
            steps * cycles + spec.groups_of(steps) * drain
        };
        tiles as u64 * (0..operands.runs()).map(of_a_run).sum::<u64>()
    }

    /// All runs of the core, the results scaled where it does not do that, and added.
    fn run(
        &self,
        simulation: &Simulation,
        seed: u64,
        progress: &Progress,
    ) -> Result<(LayerSum, Rounding), Failure> {
        let operands = &self.operands;
        let start = Start { seed, ..Start::default() };
        let mut sum = LayerSum::of_nothing(self.activations.rows, self.weights.outputs());
        let mut rounding = Rounding::default();
        for run in 0..operands.runs() {
            let part = operands.run(run);
            let report = watched(progress, |monitor| {
                layer(&simulation.simulator, self.spec, &part.layer(), &start, monitor)
            })?;
            rounding.add(self.spec, &part.layer(), &report.outputs);
            sum.add(run, operands, report);
        }
        Ok((sum, rounding))
    }
}

/// All there is to tell.
struct Finished<'a> {
    task: Task<'a>,
    sum: LayerSum,
    rounding: Rounding,
    error: LayerError,
    /// Where weights are terms.
    terms: Option<TermCycles>,
    simulation: Simulation,
    options: &'a Run,
}

impl Finished<'_> {
    fn problem(&self) -> Option<Problem> {
        let first = self.sum.first_mismatch.as_deref();
        if self.sum.mismatches == 0 && first.is_none() {
            return None;
        }
        let (wrong, all) = (self.sum.mismatches, self.sum.compared);
        let first = first.unwrap_or("the first is not known");
        let message = format!("{wrong} of {all} results differ from the golden model\n{first}");
        let config = self.options.config.display();
        let help = format!("look for a smaller case: bitplane verify {config}");
        Some(Problem::new("mismatch", "", message, help))
    }

    fn text(&self) -> String {
        let Task { weights, activations, .. } = &self.task;
        format!(
            "{}: {} tokens x {} -> {}, {} weights, {} activations\n\
             0 mismatches in {}; {} cycles, {:.1}% of the array's {}\n{}{}\
             error against {}: mean {:.3e}, largest {:.3e}, normalised mean square {:.4}\n{}{}{}{}\n",
            weights.tensor(),
            activations.rows,
            weights.inputs(),
            weights.outputs(),
            weights.quantiser(),
            activations.format,
            self.compared(),
            self.sum.cycles,
            self.utilisation() * 100.0,
            if self.terms.is_some() { "terms" } else { "multiply-accumulates" },
            self.commands(),
            self.terms.map_or(String::new(), |terms| terms.text(self.sum.cycles)),
            self.error.against,
            self.error.mean,
            self.error.max,
            self.error.nmse,
            self.rounding.text(),
            self.zeros(),
            self.skipped(),
            self.simulation.tool,
        )
    }

    /// The share of the array that the layer uses: of its multiply-accumulates, or of its terms where data
    /// types take different numbers of them.
    fn utilisation(&self) -> f64 {
        self.terms.map_or(self.sum.utilisation, |terms| terms.utilisation(self.sum.cycles))
    }

    /// The share of activations that are 0, where that was asked for.
    fn zeros(&self) -> String {
        let top = self.options.activation_quantiser.as_deref();
        let asked = top.is_some_and(|name| name.starts_with("absmax_top"));
        match asked || self.options.activation_function.is_some() {
            true => {
                format!("{:.1}% of the activations are 0\n", 100.0 * self.task.activations.zeros())
            }
            false => String::new(),
        }
    }

    /// The commands that the layer was run as, where the core takes them.
    fn commands(&self) -> String {
        let line = |(command, count): (&String, &u64)| match count {
            1 => format!("as the command {command}\n"),
            _ => format!("as {count} commands {command}\n"),
        };
        self.sum.commands.iter().map(line).collect()
    }

    /// The share of k-steps that the core skips, where it does.
    fn skipped(&self) -> String {
        let LayerSum { steps, skipped_steps, least_cycles, .. } = self.sum;
        match self.task.spec.skips() {
            true => format!(
                "{:.1}% of the k-steps are zeros and skipped: the others take {least_cycles} cycles at least\n",
                100.0 * skipped_steps as f64 / steps.max(1) as f64
            ),
            false => String::new(),
        }
    }

    /// How activations became integers; nothing where they are floating-point numbers.
    fn quantiser(&self) -> Option<String> {
        let given = self.options.activation_quantiser.clone();
        let default = || ActivationQuantiser::default().to_string();
        match self.task.activations.format {
            ActivationFormat::Integer(_) => Some(given.unwrap_or_else(default)),
            ActivationFormat::Float(_) => None,
        }
    }

    fn compared(&self) -> String {
        let (outputs, groups) = (self.sum.outputs.len(), self.task.operands.runs());
        match groups {
            1 => format!("{outputs} outputs"),
            _ => format!(
                "{} results of {groups} groups, added to {outputs} outputs",
                self.sum.compared
            ),
        }
    }

    fn json(&self) -> Map<String, Value> {
        let LayerError { against, mean, max, nmse } = self.error;
        let Task { weights, activations, .. } = &self.task;
        let keys = json!({
            "outputs": self.sum.outputs.len(),
            "results": self.sum.compared,
            "mismatches": self.sum.mismatches,
            "cycles": self.sum.cycles,
            "steps": self.sum.steps,
            "skipped_steps": self.sum.skipped_steps,
            "least_cycles": self.sum.least_cycles,
            "commands": self.sum.commands,
            "utilisation": self.utilisation(),
            "terms": self.terms.map(|terms| terms.json(self.sum.cycles)),
            "error": {"mean": mean, "max": max, "nmse": nmse, "against": against},
            "rounding": self.rounding.json(),
            "tensor": weights.tensor(),
            "format": weights.quantiser(),
            "group": weights.group(),
            "activations": activations.format.to_string(),
            "activation_quantiser": self.quantiser(),
            "zero_activations": activations.zeros(),
            "shape": [activations.rows, weights.inputs(), weights.outputs()],
            "runs": self.sum.runs,
            "tool": self.simulation.simulator.tool,
            "tool_path": self.simulation.tool.program.display().to_string(),
        });
        keys.as_object().cloned().unwrap_or_else(Map::new)
    }
}
