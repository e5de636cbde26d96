//! `bitplane verify`: the core against the golden model, bit by bit.

use crate::config;
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::folder;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::simulation::{self, Simulation, watched};
use crate::tools::VerilatorOption;
use bitplane_simulate::{Cover, Options, Ratio, Report, Start, Trace, exhaustive, regression};
use bitplane_spec::{Problem, Spec};
use clap::Args;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Options of `verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// A .toml file or a preset's name
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Look-up cycles to compare at least, beside the directed corners
    #[arg(long, default_value_t = 20_000, value_name = "CYCLES")]
    vectors: u64,
    /// Complete runs with stalls to compare at least, of differing K
    #[arg(long, default_value_t = 200, value_name = "RUNS")]
    runs: u64,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Instead: every activation and weight of one group (small formats only)
    #[arg(long, conflicts_with_all = ["vectors", "runs"])]
    exhaustive: bool,
    /// Write waveforms, all of them: slow [FILE default: ./NAME.vcd]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    trace: Option<Option<PathBuf>>,
    #[command(flatten)]
    verilator: VerilatorOption,
}

/// Builds the simulator, runs it, and fails on the first difference.
pub fn run(options: &Verify, console: &Console) -> Result<Outcome, Failure> {
    let spec = config::load(&options.config, console)?.spec;
    let trace = options.trace_file(&spec);
    if let Some(file) = &trace {
        folder::check_writable(file)?;
    }
    let kind = if trace.is_some() { Trace::Vcd } else { Trace::Off };
    let progress = Progress::start("looking for tools");
    let simulation =
        simulation::prepare(&spec, &options.verilator, kind, options.vectors, &progress)?;
    let start = Start { seed: options.seed, trace, ..Start::default() };
    let report = check(&simulation, &spec, options, start, &progress)?;
    drop(progress);
    let json = json(&report, &simulation);
    match problem(&report, options) {
        None => Ok(Outcome { text: text(&report, &simulation), json }),
        Some(problem) => Err(Failure::one(Class::CheckFailed, problem).with_details(json)),
    }
}

impl Verify {
    fn trace_file(&self, spec: &Spec) -> Option<PathBuf> {
        let file = self.trace.as_ref()?;
        Some(file.clone().unwrap_or_else(|| PathBuf::from(format!("{}.vcd", spec.name))))
    }

    fn command_line(&self) -> String {
        let config = self.config.display();
        match self.exhaustive {
            true => format!("bitplane verify {config} --exhaustive --seed {}", self.seed),
            false => format!(
                "bitplane verify {config} --vectors {} --runs {} --seed {}",
                self.vectors, self.runs, self.seed
            ),
        }
    }
}

fn check(
    simulation: &Simulation,
    spec: &Spec,
    options: &Verify,
    start: Start,
    progress: &Progress,
) -> Result<Report, Failure> {
    let simulator = &simulation.simulator;
    watched(progress, |monitor| match options.exhaustive {
        true => exhaustive(simulator, spec, &start, monitor),
        false => {
            let (vectors, runs) = (options.vectors, options.runs);
            regression(simulator, spec, &Options { vectors, runs, start }, monitor)
        }
    })
}

fn problem(report: &Report, options: &Verify) -> Option<Problem> {
    if report.passed() {
        return None;
    }
    let found = report.failure.as_ref().map(ToString::to_string).unwrap_or_default();
    let message = format!("the core differs from the golden model\n{}", found.trim_end());
    let help = format!("replay it: {}", options.command_line());
    Some(Problem::new("mismatch", "", message, help))
}

fn text(report: &Report, simulation: &Simulation) -> String {
    let Cover { lanes, indices, planes, widths } = report.cover;
    let skipped: String = report.skipped.iter().map(|each| format!("skipped: {each}\n")).collect();
    format!(
        "0 mismatches in {} results of {} runs up to K = {} (seed {})\n\
         {} look-up cycles, {} look-ups, {} clock cycles\n\
         cover: lanes {}, indices {}, planes {}, weight widths {}\n{skipped}{}\n",
        report.results,
        report.runs,
        report.longest_k,
        report.seed,
        report.vectors,
        report.lookups,
        report.cycles,
        share(lanes),
        share(indices),
        share(planes),
        share(widths),
        simulation.tool,
    )
}

fn share(ratio: Ratio) -> String {
    format!("{} of {}", ratio.hits, ratio.total)
}

fn json(report: &Report, simulation: &Simulation) -> Map<String, Value> {
    let mut keys = match serde_json::to_value(report) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    };
    let path = simulation.tool.program.display().to_string();
    keys.insert("tool_path".to_owned(), path.into());
    keys
}
