//! `bitplane prove`: units against their definitions, for all inputs.

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
use crate::tools::{self, Tool, YosysOption};
use bitplane_emit::manifest::Manifest;
use bitplane_spec::Problem;
use bitplane_synthesise::{
    Lemma, Proof, ProofRequest, Proofs, Registers, Watch, Yosys, mutable_units,
};
use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `prove`.
#[derive(Args, Debug)]
pub struct Prove {
    /// A .toml file or a preset's name
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// This unit alone
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// Seconds for the solver, for each proof
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    #[command(flatten)]
    yosys: YosysOption,
}

/// Proves what there is to prove of the core's units, and fails if any proof does.
pub fn run(options: &Prove, console: &Console) -> Result<Outcome, Failure> {
    let spec = config::load(&options.config, console)?.spec;
    let bundle = bitplane_emit::bundle(&spec);
    let tool = tools::yosys(&options.yosys)?;
    let yosys = Yosys::at(&tool.program).map_err(synth::failure)?;
    let progress = Progress::start("elaborating");
    let folder = scratch()?;
    let bundle_dir = folder.path().join("bundle");
    bundle_folder::write_plain(&files(&bundle), &bundle_dir)?;
    let manifest = bundle.manifest.clone();
    let request = ProofRequest { bundle_dir, manifest, spec, yosys };
    let watch = Watch { on_stage: &|_| (), interrupt: interrupt::flag() };
    let proofs = Proofs::prepare(request, &watch).map_err(synth::failure)?;
    options.check_unit(&bundle.manifest, &proofs)?;
    let lemmas: Vec<&Lemma> =
        proofs.lemmas.iter().filter(|lemma| options.takes(&lemma.unit)).collect();
    let mut report = Report { name: bundle.manifest.name.clone(), ..Report::default() };
    for (i, lemma) in lemmas.iter().enumerate() {
        progress.report(&lemma.unit, i as u64, lemmas.len() as u64);
        let (proof, time) = proofs.prove(lemma, options.timeout, &watch).map_err(synth::failure)?;
        report.tried.push(Tried { lemma: (*lemma).clone(), proof, time });
    }
    drop(progress);
    if options.unit.is_none() {
        report.without = without(&bundle.manifest, &proofs);
    }
    report.outcome(options, &tool)
}

/// Units that nothing is proved of.
fn without(manifest: &Manifest, proofs: &Proofs) -> Vec<String> {
    let proved = |unit: &String| proofs.lemmas.iter().any(|lemma| lemma.unit == *unit);
    mutable_units(manifest).into_iter().filter(|unit| !proved(unit)).collect()
}

impl Prove {
    fn takes(&self, unit: &str) -> bool {
        self.unit.as_ref().is_none_or(|wanted| wanted == unit)
    }

    fn check_unit(&self, manifest: &Manifest, proofs: &Proofs) -> Result<(), Failure> {
        let Some(unit) = &self.unit else { return Ok(()) };
        if proofs.lemmas.iter().any(|lemma| lemma.unit == *unit) {
            return Ok(());
        }
        let known = mutable_units(manifest).contains(unit);
        let what = if known { "a unit without a proof" } else { "no unit" };
        let message = format!("`{unit}` is {what} in {}", manifest.name);
        let units: Vec<&str> = proofs.lemmas.iter().map(|lemma| lemma.unit.as_str()).collect();
        let help = format!("give one of {}", units.join(", "));
        Err(Failure::bad_input(Problem::new("unknown-unit", "--unit", message, help)))
    }
}

struct Tried {
    lemma: Lemma,
    proof: Proof,
    time: Duration,
}

#[derive(Default)]
struct Report {
    name: String,
    tried: Vec<Tried>,
    /// Units that nothing is proved of.
    without: Vec<String>,
}

impl Report {
    fn outcome(&self, options: &Prove, tool: &Tool) -> Result<Outcome, Failure> {
        let (text, json) = (self.text(tool), self.json(options, tool));
        let problems: Vec<Problem> =
            self.tried.iter().filter_map(|tried| tried.problem(options)).collect();
        if problems.is_empty() {
            return Ok(Outcome { text, json });
        }
        Err(Failure::new(Class::CheckFailed, problems).with_text(text).with_details(json))
    }

    fn text(&self, tool: &Tool) -> String {
        let count = self.tried.iter().filter(|tried| tried.proof == Proof::Proved).count();
        let mut text =
            format!("{count} of {} statements about {} proved\n\n", self.tried.len(), self.name);
        for Tried { lemma, proof, time } in &self.tried {
            // A string only grows.
            let _ = writeln!(
                text,
                "{:<22} {:<9} {:>6.1} s  {}; {}\n    {}",
                lemma.unit,
                verdict(*proof),
                time.as_secs_f64(),
                lemma.widths,
                method(lemma.registers),
                lemma.statement
            );
        }
        if !self.without.is_empty() {
            let _ = writeln!(text, "\nwithout a proof: {}", self.without.join(", "));
        }
        let _ = writeln!(text, "\n{tool}");
        text
    }

    fn json(&self, options: &Prove, tool: &Tool) -> Map<String, Value> {
        let proofs = self.tried.iter().map(|Tried { lemma, proof, time }| {
            json!({
                "unit": lemma.unit,
                "statement": lemma.statement,
                "widths": lemma.widths,
                "method": method(lemma.registers),
                "result": proof,
                "seconds": time.as_secs_f64(),
            })
        });
        let mut keys = Map::new();
        keys.insert("name".to_owned(), self.name.clone().into());
        keys.insert("proofs".to_owned(), proofs.collect());
        keys.insert("without".to_owned(), self.without.clone().into());
        keys.insert("timeout_seconds".to_owned(), options.timeout.into());
        keys.insert("solver".to_owned(), format!("{tool}, with its ABC and MiniSat").into());
        keys
    }
}

impl Tried {
    fn problem(&self, options: &Prove) -> Option<Problem> {
        let unit = &self.lemma.unit;
        let (code, what, help) = match self.proof {
            Proof::Proved => return None,
            Proof::Refuted => (
                "refuted",
                "does not hold",
                "the unit or the reference is wrong; verify says which results differ".to_owned(),
            ),
            Proof::Undecided => (
                "undecided",
                "is not decided",
                format!("give more than --timeout {} seconds, or a smaller tile", options.timeout),
            ),
        };
        let message = format!("{unit}: it {what} that {}", self.lemma.statement);
        Some(Problem::new(code, unit.clone(), message, help))
    }
}

fn verdict(proof: Proof) -> &'static str {
    match proof {
        Proof::Proved => "proved",
        Proof::Refuted => "REFUTED",
        Proof::Undecided => "undecided",
    }
}

fn method(registers: Registers) -> &'static str {
    match registers {
        Registers::Transparent => "SAT, registers transparent",
        Registers::NextState => "SAT, one step from every state",
    }
}
