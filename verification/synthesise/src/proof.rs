//! Proofs, for all inputs, that units do what their definitions say.
//!
//! A [`Lemma`] is a module with one unit in it, free inputs, the same value computed once more from the
//! definition, and an output that says whether the two differ. SAT shows that it never does. References
//! follow from the formats and the widths of the ports; they share nothing with the templates.

mod edge;
mod entries;
mod lemma;
mod ports;
mod references;
mod rounded;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bitplane_emit::manifest::Manifest;
use bitplane_spec::Spec;
use serde::Serialize;

use crate::error::Failure;
use crate::mutation::registers;
use crate::script::read;
use crate::yosys::{Run, Watch, Yosys};
pub use lemma::{Lemma, Registers};
use ports::Ports;

/// Folder below the bundle that everything about its proofs is kept in.
const FOLDER: &str = "proofs";
const UNITS: &str = "units.il";
const LEMMA: &str = "lemma.sv";
const FLAT: &str = "flat.il";

/// What to prove of, and with what.
#[derive(Clone, Debug)]
pub struct ProofRequest {
    /// The bundle's folder; a folder `proofs` is made in it.
    pub bundle_dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// What the bundle was made from.
    pub spec: Spec,
    /// The tool.
    pub yosys: Yosys,
}

/// What came of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It holds for all inputs.
    Proved,
    /// There is an input for which it does not.
    Refuted,
    /// Not decided in the time given.
    Undecided,
}

/// The units of a core, ready for proofs.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// What is to be proved, in the order of the data path.
    pub lemmas: Vec<Lemma>,
    request: ProofRequest,
}

impl Proofs {
    /// Elaborates the units and writes down what is to be proved of them.
    ///
    /// # Errors
    /// A file or Yosys; or the interrupt flag was set.
    pub fn prepare(request: ProofRequest, watch: &Watch<'_>) -> Result<Self, Failure> {
        let proofs = Self { lemmas: Vec::new(), request };
        let folder = proofs.folder();
        fs::create_dir_all(&folder).map_err(|error| Failure::written(&folder, error))?;
        let ProofRequest { bundle_dir, manifest, spec, .. } = &proofs.request;
        let ports = Ports::read(bundle_dir, manifest)?;
        let lemmas = references::lemmas(spec, &ports);
        proofs.elaborate(watch)?;
        Ok(Self { lemmas, ..proofs })
    }

    /// Proves `lemma` within `seconds`, and tells the time it took.
    ///
    /// # Errors
    /// A file or Yosys; or the interrupt flag was set.
    pub fn prove(
        &self,
        lemma: &Lemma,
        seconds: u32,
        watch: &Watch<'_>,
    ) -> Result<(Proof, Duration), Failure> {
        self.prove_changed(lemma, "", seconds, watch)
    }

    /// As [`Proofs::prove`], of units changed by the Yosys commands `change`: to see that a proof fails
    /// where a unit is wrong.
    ///
    /// # Errors
    /// As [`Proofs::prove`].
    pub fn prove_changed(
        &self,
        lemma: &Lemma,
        change: &str,
        seconds: u32,
        watch: &Watch<'_>,
    ) -> Result<(Proof, Duration), Failure> {
        let start = Instant::now();
        self.write(LEMMA, &lemma.text)?;
        let unit = &lemma.module;
        match lemma.registers {
            Registers::Transparent => {
                let script = format!(
                    "read_rtlil {UNITS}\n{change}\nread_verilog -sv {LEMMA}\n\
                     hierarchy -check -top lemma\nproc\nflatten\nmemory_map\nopt -noff -full\n\
                     write_rtlil {FLAT}\n"
                );
                self.run(Run::Lemma, &script, watch)?;
                let flat = registers::transparent(&self.read(FLAT)?);
                self.write(FLAT, &flat)?;
            }
            Registers::NextState => {
                let script = format!(
                    "read_rtlil {UNITS}\n{change}\nhierarchy -top {unit}\nflatten\n\
                     write_rtlil unit.il\n"
                );
                self.run(Run::Lemma, &script, watch)?;
                let cut = registers::named(&self.read("unit.il")?);
                self.write("unit.il", &cut)?;
                let script = format!(
                    "read_rtlil unit.il\nread_verilog -sv {LEMMA}\nhierarchy -check -top lemma\n\
                     proc\nflatten\nmemory_map\nwrite_rtlil {FLAT}\n"
                );
                self.run(Run::Lemma, &script, watch)?;
            }
        }
        let script = format!(
            "read_rtlil {FLAT}\nhierarchy -top lemma\nopt -full\ntechmap\nopt\n\
             abc -script +strash;ifraig;iprove;ifraig\nopt_clean\n\
             sat -timeout {seconds} -prove wrong 0 lemma\n"
        );
        let log = self.run(Run::Proof, &script, watch)?;
        let proof = match () {
            () if log.contains("no model found: SUCCESS!") => Proof::Proved,
            () if log.contains("model found: FAIL!") => Proof::Refuted,
            () => Proof::Undecided,
        };
        Ok((proof, start.elapsed()))
    }

    /// Yosys commands, each of which changes one place of the unit of `lemma`.
    ///
    /// # Errors
    /// A file or Yosys; or the interrupt flag was set.
    pub fn changes(
        &self,
        lemma: &Lemma,
        changes: usize,
        seed: u32,
        watch: &Watch<'_>,
    ) -> Result<Vec<String>, Failure> {
        let module = &lemma.module;
        let listed = 4 * changes;
        let script = format!(
            "read_rtlil {UNITS}\nmutate -list {listed} -seed {seed} -o changes.ys {module}\n"
        );
        self.run(Run::Lemma, &script, watch)?;
        // Clocks do not matter to a proof, and registers are known by what they drive.
        let left_out = [" -port CLK ", " -port clk_i ", " -port Q "];
        let text = self.read("changes.ys")?;
        let usable = text.lines().filter(|line| !left_out.iter().any(|pin| line.contains(pin)));
        Ok(usable.take(changes).map(str::to_owned).collect())
    }

    fn folder(&self) -> PathBuf {
        self.request.bundle_dir.join(FOLDER)
    }

    fn run(&self, run: Run, script: &str, watch: &Watch<'_>) -> Result<String, Failure> {
        let never = AtomicBool::new(false);
        self.request.yosys.run(&self.folder(), run, script, watch, &never)
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.folder().join(name);
        fs::read_to_string(&path).map_err(|error| Failure::read(&path, error))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder().join(name);
        fs::write(&path, text).map_err(|error| Failure::written(&path, error))
    }

    fn elaborate(&self, watch: &Watch<'_>) -> Result<(), Failure> {
        let manifest = &self.request.manifest;
        let sources: Vec<PathBuf> =
            manifest.files.iter().map(|file| Path::new("..").join(file)).collect();
        let mut script = read(&sources, &manifest.top)?;
        script.push_str(&format!("prep -top {}\nmemory_map\nopt_clean\n", manifest.top));
        script.push_str(&format!("write_rtlil {UNITS}\n"));
        self.run(Run::Elaboration, &script, watch).map(drop)
    }
}
