//! Faults that Yosys puts into the netlist of a core, all in one netlist, one selected at a time.
//!
//! A mutation changes one bit of one port of one cell in the elaborated module of a unit: inverted,
//! stuck at 0 or 1, or inverted while another bit of that port is 0 or 1. It stands in every
//! instance of the unit, as a mistake in its source would. Clock pins are left alone.

mod choice;
pub(crate) mod registers;
mod wrapper;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use bitplane_emit::manifest::Manifest;
use serde::Serialize;

use crate::error::Failure;
use crate::script::read;
use crate::yosys::{Run, Watch, Yosys};
use choice::choose;

/// Folder below the bundle that everything about its mutants is kept in. Sources are named relative
/// to it, so that neither the mutations nor their order depend on where the bundle lies.
const FOLDER: &str = "mutants";
/// The core after elaboration.
const CORE: &str = "core.il";
/// Input of the mutated core that selects a mutation; 0 is none.
const SELECTOR: &str = "mutant";
/// Unit that stands for the top module.
const TOP: &str = "top";
/// What switches the warnings off that a netlist, which nobody reads, gives.
const WAIVER: &str = "netlist.vlt";
const WAIVER_TEXT: &str =
    "`verilator_config\nlint_off\nlint_off -rule UNOPTFLAT\nlint_off -rule DECLFILENAME\n";
const NETLIST: &str = "netlist.v";
const WRAPPER: &str = "wrapper.sv";

/// What to mutate, with what.
#[derive(Clone, Debug)]
pub struct MutationRequest {
    /// The bundle's folder; a folder `mutants` is made in it.
    pub bundle_dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// The unit to mutate, one of [`mutable_units`]; `None` for all.
    pub unit: Option<String>,
    /// Mutations wanted. Units get equal shares; what one has no room for goes to the others.
    pub mutants: usize,
    /// Everything random follows from it.
    pub seed: u64,
    /// The tool.
    pub yosys: Yosys,
}

/// Names of the units of a core that can be mutated; the last is its top module.
pub fn mutable_units(manifest: &Manifest) -> Vec<String> {
    modules(manifest).map(|module| unit_of(&module, &manifest.top)).collect()
}

/// One file is one module of the file's name.
fn modules(manifest: &Manifest) -> impl Iterator<Item = String> + '_ {
    let stem =
        |file: &String| Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into());
    manifest.files.iter().filter_map(stem)
}

fn unit_of(module: &str, top: &str) -> String {
    let unit = module.strip_prefix(top).and_then(|rest| rest.strip_prefix('_'));
    unit.unwrap_or(TOP).to_owned()
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mutation {
    /// What selects it, from 1.
    pub number: usize,
    /// Unit that it stands in.
    pub unit: String,
    /// File below the bundle.
    pub file: String,
    /// Line of the file, from 1; 0 if Yosys does not know.
    pub line: u32,
    /// `inv`, `const0`, `const1`, `cnot0` or `cnot1`, as Yosys calls it; the last two with the bit of
    /// the port that decides: `cnot0 by [5]`.
    pub mode: String,
    /// Kind of the cell, or name of the instance.
    pub cell: String,
    /// Port of the cell and bit of the port.
    pub port: String,
    /// The signal at that bit, where it has a name.
    pub signal: Option<String>,
    /// Yosys's command that makes it.
    #[serde(skip)]
    command: String,
    #[serde(skip)]
    module: String,
}

impl Mutation {
    /// File and line.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// What the prover says of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Outputs and next states are the same for all inputs and states of the unit.
    EquivalentUnit,
    /// They are for all inputs and states of the core.
    EquivalentCore,
    /// There is a state, perhaps one never reached, and an input that show a difference.
    Different,
    /// Not decided in the time given.
    Unknown,
}

impl Verdict {
    /// Whether no test can tell the mutation from the core.
    pub fn is_equivalent(self) -> bool {
        matches!(self, Self::EquivalentUnit | Self::EquivalentCore)
    }
}

/// The mutants of a core as one netlist.
#[derive(Clone, Debug)]
pub struct Mutants {
    /// All of them, in the order of their numbers.
    pub mutations: Vec<Mutation>,
    request: MutationRequest,
}

impl Mutants {
    /// Chooses mutations and writes the netlist that has them all.
    ///
    /// # Errors
    /// A file or Yosys; or the interrupt flag was set.
    pub fn make(request: MutationRequest, watch: &Watch<'_>) -> Result<Self, Failure> {
        let mut mutants = Self { mutations: Vec::new(), request };
        let folder = mutants.folder();
        fs::create_dir_all(&folder).map_err(|error| Failure::written(&folder, error))?;
        mutants.elaborate(watch)?;
        mutants.mutations = choose(mutants.candidates()?, mutants.request.mutants);
        mutants.write_netlist(watch)?;
        Ok(mutants)
    }

    /// The manifest of the mutated core, to build a simulator from: the same top module and ports.
    /// The plus argument `+mutant=N` selects mutation N; without it there is none.
    pub fn manifest(&self) -> Manifest {
        let files = [WAIVER, NETLIST, WRAPPER].map(|name| format!("{FOLDER}/{name}"));
        Manifest { files: files.into(), ..self.request.manifest.clone() }
    }

    /// Tries to prove that `mutation` changes nothing: next states and outputs of its unit, then of
    /// the whole core, for all inputs and states, by SAT within `seconds` each.
    ///
    /// # Errors
    /// A file or Yosys; or the interrupt flag was set.
    pub fn verdict(
        &self,
        mutation: &Mutation,
        seconds: u32,
        watch: &Watch<'_>,
    ) -> Result<Verdict, Failure> {
        let unit = self.compare(mutation, &mutation.module, seconds, watch)?;
        if unit == Some(true) {
            return Ok(Verdict::EquivalentUnit);
        }
        let core = self.compare(mutation, &self.request.manifest.top, seconds, watch)?;
        Ok(match core {
            Some(true) => Verdict::EquivalentCore,
            Some(false) => Verdict::Different,
            None => Verdict::Unknown,
        })
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

    /// Modules that are mutated.
    fn modules(&self) -> Vec<String> {
        let MutationRequest { manifest, unit, .. } = &self.request;
        let wanted = |module: &String| {
            unit.as_ref().is_none_or(|unit| *unit == unit_of(module, &manifest.top))
        };
        modules(manifest).filter(wanted).collect()
    }

    /// Elaborates the core and lists what could be mutated, the asked number in every unit.
    fn elaborate(&self, watch: &Watch<'_>) -> Result<(), Failure> {
        let MutationRequest { manifest, mutants, seed, .. } = &self.request;
        let sources: Vec<PathBuf> =
            manifest.files.iter().map(|file| Path::new("..").join(file)).collect();
        let mut script = read(&sources, &manifest.top)?;
        script.push_str(&format!("prep -top {}\nmemory_map\nopt_clean\n", manifest.top));
        script.push_str(&format!("write_rtlil {CORE}\n"));
        // Yosys's generator takes 31 bits and 0 is no seed.
        let seed = seed % 0x7fff_fffe + 1;
        // As many again, for the clock pins among them.
        let listed = 2 * mutants;
        for module in self.modules() {
            let list = list(&module);
            script.push_str(&format!("mutate -list {listed} -seed {seed} -o {list} {module}\n"));
        }
        self.run(Run::Elaboration, &script, watch).map(drop)
    }

    /// What could be mutated, unit by unit.
    fn candidates(&self) -> Result<Vec<Vec<Mutation>>, Failure> {
        let manifest = &self.request.manifest;
        let of_module = |module: &String| {
            let text = self.read(&list(module))?;
            Ok(text.lines().filter_map(|line| choice::parse(line, manifest)).collect())
        };
        self.modules().iter().map(of_module).collect()
    }

    fn write_netlist(&self, watch: &Watch<'_>) -> Result<(), Failure> {
        let manifest = &self.request.manifest;
        let bits = selector_bits(self.mutations.len());
        let top = &manifest.top;
        let mut script = format!("read_rtlil {CORE}\n");
        for mutation in &self.mutations {
            let Mutation { command, number, .. } = mutation;
            let options = command.trim_start_matches("mutate ");
            script.push_str(&format!("mutate -ctrl {SELECTOR} {bits} {number} {options}\n"));
        }
        // Bit by bit: partly mutated vectors would look like combinational loops.
        script.push_str(&format!(
            "hierarchy -top {top}\nflatten\nsplitnets\nclean\nrename {top} {}\n\
             write_verilog -noattr {NETLIST}\n",
            wrapper::inner(top)
        ));
        self.run(Run::Mutants, &script, watch)?;
        self.write(WAIVER, WAIVER_TEXT)?;
        self.write(WRAPPER, &wrapper::text(manifest, SELECTOR, bits))
    }

    /// Whether `module` is the same with and without `mutation`; `None` if that stays open.
    fn compare(
        &self,
        mutation: &Mutation,
        module: &str,
        seconds: u32,
        watch: &Watch<'_>,
    ) -> Result<Option<bool>, Failure> {
        let flat = format!("hierarchy -top {module}\nflatten\n");
        let script = format!(
            "read_rtlil {CORE}\n{flat}rename {module} gold\nwrite_rtlil gold.il\ndesign -reset\n\
             read_rtlil {CORE}\n{}\n{flat}rename {module} gate\nwrite_rtlil gate.il\n",
            mutation.command
        );
        self.run(Run::Comparison, &script, watch)?;
        for name in ["gold.il", "gate.il"] {
            self.write(name, &registers::cut(&self.read(name)?))?;
        }
        let script = format!(
            "read_rtlil gold.il\nread_rtlil gate.il\n\
             miter -equiv -flatten -make_outputs gold gate miter\nhierarchy -top miter\n\
             opt_merge\nopt\nsat -timeout {seconds} -prove trigger 0 miter\n"
        );
        let log = self.run(Run::Comparison, &script, watch)?;
        Ok(match () {
            () if log.contains("no model found: SUCCESS!") => Some(true),
            () if log.contains("model found: FAIL!") => Some(false),
            () => None,
        })
    }
}

fn list(module: &str) -> String {
    format!("{module}.list")
}

/// Bits that count to `mutants`.
fn selector_bits(mutants: usize) -> u32 {
    (usize::BITS - mutants.leading_zeros()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_emit::manifest::Port;

    /// A core `unit` of a lane and its top module.
    pub(super) fn manifest() -> Manifest {
        let port = |name: &str, direction: &str, bits| Port {
            name: name.to_owned(),
            direction: direction.to_owned(),
            bits,
            group: String::new(),
            meaning: String::new(),
        };
        Manifest {
            name: "unit".to_owned(),
            kind: "lut_tensor_core".to_owned(),
            digest: String::new(),
            generator: String::new(),
            top: "unit".to_owned(),
            files: vec!["rtl/unit_lane.sv".to_owned(), "rtl/unit.sv".to_owned()],
            ports: vec![port("clk_i", "input", 1), port("sum_o", "output", 4)],
            latency_cycles: 0,
            macs_per_cycle: 0.0,
            stall_cycles: 0,
            flops: 0,
            accumulator_bits: 0,
            max_k: 0,
            beats_per_step: 0,
            elements_per_step: 0,
            throughput: vec![],
            result_bits: 0,
            quantisation_group: None,
            memories: Vec::new(),
            units: vec![],
        }
    }

    #[test]
    fn units_are_named_as_in_the_documentation_and_the_core_is_top() {
        assert_eq!(mutable_units(&manifest()), ["lane", "top"]);
    }

    #[test]
    fn the_selector_counts_to_the_last_mutant() {
        assert_eq!([0, 1, 3, 4, 200].map(selector_bits), [1, 1, 2, 3, 8]);
    }

    #[test]
    fn the_wrapper_has_the_ports_of_the_core_and_selects_by_plus_argument() {
        insta::assert_snapshot!(wrapper::text(&manifest(), SELECTOR, 2), @r#"
        module unit (
          input logic [0:0] clk_i,
          output logic [3:0] sum_o
        );
          logic [31:0] number;

          initial begin
            if ($value$plusargs("mutant=%d", number) == 0) number = 0;
          end

          unit_mutants u_mutants (
            .clk_i(clk_i),
            .sum_o(sum_o),
            .mutant(number[1:0])
          );
        endmodule
        "#);
    }
}
