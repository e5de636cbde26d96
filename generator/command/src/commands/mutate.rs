//! `bitplane mutate`: how many faults in the core the ordinary check finds.

use crate::bundle_folder;
use crate::commands::generate::files;
use crate::commands::synth;
use crate::config;
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::places::scratch;
use crate::progress::Progress;
use crate::simulation::{self, Simulation};
use crate::tools::{self, VerilatorOption, YosysOption};
use bitplane_emit::Bundle;
use bitplane_emit::manifest::Manifest;
use bitplane_simulate::{Monitor, Options, Start, Trace, first_difference};
use bitplane_spec::{Problem, Spec};
use bitplane_synthesise::{
    Mutants, Mutation, MutationRequest, Verdict, Watch, Yosys, mutable_units,
};
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Options of `mutate`.
#[derive(Args, Debug)]
pub struct Mutate {
    /// A .toml file or a preset's name
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Mutants to try; units get equal shares as far as they have room
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    mutants: u64,
    /// Mutants of this unit alone (`top` for the top module)
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// Look-up cycles that a mutant has to survive at least, beside the directed corners
    #[arg(long, default_value_t = 20_000, value_name = "CYCLES")]
    vectors: u64,
    /// Complete runs with stalls that a mutant has to survive at least
    #[arg(long, default_value_t = 200, value_name = "RUNS")]
    runs: u64,
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds for a proof that a survivor is equivalent, in its unit and again in the core
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    timeout: u32,
    #[command(flatten)]
    verilator: VerilatorOption,
    #[command(flatten)]
    yosys: YosysOption,
}

/// Makes the mutants, runs the ordinary check on each, tries to prove the survivors equivalent, and
/// fails if any is left.
pub fn run(options: &Mutate, console: &Console) -> Result<Outcome, Failure> {
    let spec = config::load(&options.config, console)?.spec;
    let bundle = bitplane_emit::bundle(&spec);
    options.check_unit(&bundle.manifest)?;
    let progress = Progress::start("looking for tools");
    let folder = scratch()?;
    let bench = Bench::prepare(&spec, &bundle, options, folder.path(), &progress)?;
    bench.check_without_mutation()?;
    let report = bench.report(&progress)?;
    drop(progress);
    let (text, json) = (report.text(&bench), report.json(&bench));
    match report.problem(options) {
        None => Ok(Outcome { text, json }),
        Some(problem) => {
            let failure = Failure::one(Class::CheckFailed, problem);
            Err(failure.with_details(json).with_text(text))
        }
    }
}

impl Mutate {
    fn check_unit(&self, manifest: &Manifest) -> Result<(), Failure> {
        let Some(unit) = &self.unit else { return Ok(()) };
        let units = mutable_units(manifest);
        if units.contains(unit) {
            return Ok(());
        }
        let message = format!("`{unit}` is no unit of {}", manifest.name);
        let help = format!("give one of {}", units.join(", "));
        Err(Failure::bad_input(Problem::new("unknown-unit", "--unit", message, help)))
    }

    fn start(&self, mutant: usize) -> Start {
        let plus_arguments = vec![format!("+mutant={mutant}")];
        Start { seed: self.seed, plus_arguments, ..Start::default() }
    }
}

/// The mutants and their simulator.
struct Bench<'a> {
    spec: &'a Spec,
    options: &'a Mutate,
    mutants: Mutants,
    simulation: Simulation,
    prover: String,
}

impl<'a> Bench<'a> {
    fn prepare(
        spec: &'a Spec,
        bundle: &Bundle,
        options: &'a Mutate,
        folder: &Path,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let verilator = simulation::require_tools(&options.verilator)?;
        let tool = tools::yosys(&options.yosys)?;
        let yosys = Yosys::at(&tool.program).map_err(synth::failure)?;
        let bundle_dir = folder.join("bundle");
        bundle_folder::write_plain(&files(bundle), &bundle_dir)?;
        progress.report("mutating", 0, 0);
        let request = MutationRequest {
            bundle_dir: bundle_dir.clone(),
            manifest: bundle.manifest.clone(),
            unit: options.unit.clone(),
            mutants: options.mutants as usize,
            seed: options.seed,
            yosys,
        };
        let mutants = Mutants::make(request, &watch()).map_err(synth::failure)?;
        let manifest = mutants.manifest();
        let simulation = simulation::prepare_folder(
            &bundle_dir,
            &manifest,
            verilator,
            Trace::Off,
            options.vectors,
            progress,
        )?;
        Ok(Self { spec, options, mutants, simulation, prover: tool.to_string() })
    }

    /// What finds mutant `number`, told as what was being checked.
    fn found_by(&self, number: usize) -> Result<Option<String>, Failure> {
        let Mutate { vectors, runs, .. } = *self.options;
        let options = Options { vectors, runs, start: self.options.start(number) };
        let monitor = Monitor { progress: &|_, _, _| {}, interrupt: interrupt::flag() };
        let found = first_difference(&self.simulation.simulator, self.spec, &options, &monitor);
        Ok(found.map_err(simulation::failure)?.map(|failure| failure.check))
    }

    /// The netlist without a mutation is right; otherwise what finds a mutant says nothing.
    fn check_without_mutation(&self) -> Result<(), Failure> {
        let Some(check) = self.found_by(0)? else { return Ok(()) };
        let message = format!("the netlist without a mutation fails already: {check}");
        let help = format!("see what `bitplane verify {}` says", self.options.config.display());
        Err(Failure::one(Class::CheckFailed, Problem::new("mismatch", "", message, help)))
    }

    fn report(&self, progress: &Progress) -> Result<Report, Failure> {
        let mutations = &self.mutants.mutations;
        let (done, total) = (AtomicU64::new(0), mutations.len() as u64);
        let found: Result<Vec<Option<String>>, Failure> = mutations
            .par_iter()
            .map(|mutation| {
                let found = self.found_by(mutation.number);
                progress.report("mutants", done.fetch_add(1, Ordering::Relaxed) + 1, total);
                found
            })
            .collect();
        let found = found?;
        let survivors = found.iter().filter(|found| found.is_none()).count() as u64;
        let mut compared = 0;
        let mut tried = Vec::new();
        for (mutation, found_by) in mutations.iter().zip(found) {
            let fate = match found_by {
                Some(check) => Fate::Killed(check),
                None => {
                    progress.report("survivors", compared, survivors);
                    compared += 1;
                    let seconds = self.options.timeout;
                    let verdict = self.mutants.verdict(mutation, seconds, &watch());
                    Fate::Survived(verdict.map_err(synth::failure)?)
                }
            };
            tried.push(Tried { mutation: mutation.clone(), fate });
        }
        Ok(Report { tried })
    }
}

fn watch() -> Watch<'static> {
    Watch { on_stage: &|_| (), interrupt: interrupt::flag() }
}

/// What became of a mutant.
enum Fate {
    /// The check of this name found it.
    Killed(String),
    /// No check did; what the prover says.
    Survived(Verdict),
}

impl Fate {
    fn is_killed(&self) -> bool {
        matches!(self, Self::Killed(_))
    }

    fn is_equivalent(&self) -> bool {
        matches!(self, Self::Survived(verdict) if verdict.is_equivalent())
    }

    fn is_survivor(&self) -> bool {
        !self.is_killed() && !self.is_equivalent()
    }
}

struct Tried {
    mutation: Mutation,
    fate: Fate,
}

impl Tried {
    fn line(&self) -> String {
        let Mutation { number, unit, mode, port, cell, signal, .. } = &self.mutation;
        let signal = signal.as_ref().map(|signal| format!(" ({signal})")).unwrap_or_default();
        let place = self.mutation.place();
        format!("  {number:>5} {unit}, {place}: {mode} at {port} of {cell}{signal}\n")
    }

    fn json(&self, verdict: Verdict) -> Value {
        let mut json = serde_json::to_value(&self.mutation).unwrap_or_default();
        json["verdict"] = serde_json::to_value(verdict).unwrap_or_default();
        json
    }
}

/// Counts of a unit, or of all.
#[derive(Default, Serialize)]
struct Count {
    mutants: u64,
    killed: u64,
    equivalent: u64,
    survived: u64,
}

impl Count {
    fn of<'a>(fates: impl Iterator<Item = &'a Fate>) -> Self {
        fates.fold(Self::default(), |count, each| Self {
            mutants: count.mutants + 1,
            killed: count.killed + u64::from(each.is_killed()),
            equivalent: count.equivalent + u64::from(each.is_equivalent()),
            survived: count.survived + u64::from(each.is_survivor()),
        })
    }

    /// Killed mutants among those that are not equivalent; `None` without any.
    fn score(&self) -> Option<f64> {
        let different = self.mutants - self.equivalent;
        (different > 0).then(|| self.killed as f64 / different as f64)
    }
}

struct Report {
    tried: Vec<Tried>,
}

impl Report {
    fn all(&self) -> Count {
        Count::of(self.tried.iter().map(|each| &each.fate))
    }

    /// Units in the order of the data path, with their counts.
    fn units(&self) -> Vec<(&str, Count)> {
        let mut names: Vec<&str> = Vec::new();
        for each in &self.tried {
            if !names.contains(&each.mutation.unit.as_str()) {
                names.push(&each.mutation.unit);
            }
        }
        let of = |name| {
            let fates = self.tried.iter().filter(move |each| each.mutation.unit == name);
            Count::of(fates.map(|each| &each.fate))
        };
        names.into_iter().map(|name| (name, of(name))).collect()
    }

    fn problem(&self, options: &Mutate) -> Option<Problem> {
        let survived = self.all().survived;
        let message = format!(
            "{survived} mutants are neither found by the check nor proved to change nothing"
        );
        let help = format!(
            "add a test that tells each of them from the core, or see why none can; again: \
             bitplane mutate {} --mutants {} --seed {}",
            options.config.display(),
            options.mutants,
            options.seed
        );
        (survived > 0).then(|| Problem::new("mutants-survived", "", message, help))
    }

    fn text(&self, bench: &Bench) -> String {
        let all = self.all();
        let mut text = format!(
            "{} mutants of {}: {} killed, {} proved equivalent, {} survived; score {}\n\n",
            all.mutants,
            bench.spec.name,
            all.killed,
            all.equivalent,
            all.survived,
            percent(all.score())
        );
        self.table(&mut text);
        for (title, belongs) in [
            ("equivalent", Fate::is_equivalent as fn(&Fate) -> bool),
            ("survived", Fate::is_survivor),
        ] {
            let those = self.tried.iter().filter(|each| belongs(&each.fate));
            let lines: String = those.map(Tried::line).collect();
            if !lines.is_empty() {
                line(&mut text, &format!("\n{title}\n{}", lines.trim_end()));
            }
        }
        line(&mut text, &format!("\n{}\n{}", bench.simulation.tool, bench.prover));
        text
    }

    fn table(&self, text: &mut String) {
        let units = self.units();
        let width = units.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(4);
        line(
            text,
            &format!(
                "{:<width$} {:>8} {:>8} {:>10} {:>8} {:>7}",
                "unit", "mutants", "killed", "equivalent", "survived", "score"
            ),
        );
        for (name, count) in units {
            line(
                text,
                &format!(
                    "{name:<width$} {:>8} {:>8} {:>10} {:>8} {:>7}",
                    count.mutants,
                    count.killed,
                    count.equivalent,
                    count.survived,
                    percent(count.score())
                ),
            );
        }
    }

    fn json(&self, bench: &Bench) -> Map<String, Value> {
        let all = self.all();
        let mut keys = Map::new();
        keys.insert("name".to_owned(), bench.spec.name.clone().into());
        keys.insert("score".to_owned(), all.score().into());
        keys.extend(object(&all));
        let units = self.units().into_iter().map(|(name, count)| {
            let mut unit = object(&count);
            unit.insert("name".to_owned(), name.into());
            unit.insert("score".to_owned(), count.score().into());
            Value::Object(unit)
        });
        keys.insert("units".to_owned(), units.collect());
        keys.insert("killed_by".to_owned(), self.killers());
        keys.insert("survivors".to_owned(), self.left(Fate::is_survivor));
        keys.insert("equivalents".to_owned(), self.left(Fate::is_equivalent));
        let Mutate { seed, vectors, runs, timeout, .. } = bench.options;
        keys.insert("seed".to_owned(), (*seed).into());
        keys.insert("vectors".to_owned(), (*vectors).into());
        keys.insert("runs".to_owned(), (*runs).into());
        keys.insert("timeout_seconds".to_owned(), (*timeout).into());
        keys.insert("tool".to_owned(), bench.simulation.tool.to_string().into());
        keys.insert("prover".to_owned(), bench.prover.clone().into());
        keys
    }

    /// How many mutants each check found.
    fn killers(&self) -> Value {
        let mut killers: BTreeMap<&str, u64> = BTreeMap::new();
        for each in &self.tried {
            if let Fate::Killed(check) = &each.fate {
                *killers.entry(check).or_default() += 1;
            }
        }
        serde_json::to_value(killers).unwrap_or_default()
    }

    fn left(&self, belongs: fn(&Fate) -> bool) -> Value {
        let json = |each: &Tried| match each.fate {
            Fate::Survived(verdict) => Some(each.json(verdict)),
            Fate::Killed(_) => None,
        };
        self.tried.iter().filter(|each| belongs(&each.fate)).filter_map(json).collect()
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}

fn percent(score: Option<f64>) -> String {
    score.map_or_else(|| "-".to_owned(), |score| format!("{:.1}%", 100.0 * score))
}

fn line(text: &mut String, line: &str) {
    // A string only grows.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_mutants_do_not_count_and_undecided_ones_do() {
        let killed = || Fate::Killed("directed corners".to_owned());
        let fates = [
            killed(),
            killed(),
            killed(),
            Fate::Survived(Verdict::EquivalentUnit),
            Fate::Survived(Verdict::EquivalentCore),
            Fate::Survived(Verdict::Unknown),
            Fate::Survived(Verdict::Different),
        ];
        let count = Count::of(fates.iter());
        assert_eq!((count.mutants, count.killed), (7, 3));
        assert_eq!((count.equivalent, count.survived), (2, 2));
        assert_eq!(percent(count.score()), "60.0%");
        assert_eq!(percent(Count::default().score()), "-");
    }
}
