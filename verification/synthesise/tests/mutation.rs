//! Mutants by a real Yosys, named by `BITPLANE_YOSYS` or found on `PATH`. Without one the tests are
//! skipped and say so; `BITPLANE_REQUIRE_TOOLS=1` makes that a failure.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use bitplane_emit::manifest::{Manifest, Port};
use bitplane_synthesise::{Failure, Mutants, Mutation, MutationRequest, Verdict, Watch, Yosys};

/// Adds its input up, and keeps the lowest bit of a sum whose lowest bit is always 0.
const LANE: &str = "\
module unit_lane (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic [3:0] value_i,
  output logic [5:0] sum_o
);
  logic [5:0] twice;
  assign twice = {1'b0, value_i, 1'b0} & 6'b111110;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) sum_o <= '0;
    else sum_o <= {twice[5:1], 1'b0} + {sum_o[5:1], 1'b0};
  end
endmodule
";

/// Two lanes, one of which gets values below 8 only.
const CORE: &str = "\
module unit (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic [3:0] value_i,
  output logic [11:0] sum_o
);
  for (genvar i = 0; i < 2; i++) begin : gen_lane
    unit_lane u_lane (
      .clk_i(clk_i), .rst_ni(rst_ni), .value_i(value_i & 4'd7), .sum_o(sum_o[6*i +: 6])
    );
  end
endmodule
";

fn skip(why: &dyn std::fmt::Display) {
    let required = env::var("BITPLANE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!required, "Yosys is required: {why}");
    eprintln!("SKIPPED, NOT TESTED: Yosys is missing: {why}");
}

fn yosys() -> Option<Yosys> {
    let path = env::var_os("BITPLANE_YOSYS").unwrap_or_else(|| "yosys".into());
    Yosys::at(path).map_err(|error| skip(&error)).ok()
}

fn manifest() -> Manifest {
    let port = |name: &str, direction: &str, bits| Port {
        name: name.to_owned(),
        direction: direction.to_owned(),
        bits,
        group: String::new(),
        meaning: String::new(),
    };
    Manifest {
        name: "unit".to_owned(),
        kind: "probe".to_owned(),
        digest: String::new(),
        generator: String::new(),
        top: "unit".to_owned(),
        files: vec!["rtl/unit_lane.sv".to_owned(), "rtl/unit.sv".to_owned()],
        ports: vec![
            port("clk_i", "input", 1),
            port("rst_ni", "input", 1),
            port("value_i", "input", 4),
            port("sum_o", "output", 12),
        ],
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

fn watched<T>(work: impl FnOnce(&Watch<'_>) -> Result<T, Failure>) -> T {
    let never = AtomicBool::new(false);
    work(&Watch { on_stage: &|_| (), interrupt: &never }).unwrap()
}

fn mutants(yosys: Yosys, folder: &Path, mutants: usize, unit: Option<&str>) -> Mutants {
    fs::create_dir_all(folder.join("rtl")).unwrap();
    fs::write(folder.join("rtl/unit_lane.sv"), LANE).unwrap();
    fs::write(folder.join("rtl/unit.sv"), CORE).unwrap();
    let request = MutationRequest {
        bundle_dir: folder.into(),
        manifest: manifest(),
        unit: unit.map(str::to_owned),
        mutants,
        seed: 3,
        yosys,
    };
    watched(|watch| Mutants::make(request, watch))
}

fn units(mutations: &[Mutation], unit: &str) -> usize {
    mutations.iter().filter(|mutation| mutation.unit == unit).count()
}

#[test]
fn mutants_are_shared_out_and_the_same_wherever_the_bundle_lies() {
    let Some(yosys) = yosys() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let spaced = folders[1].path().join("with space");
    let first = mutants(yosys.clone(), folders[0].path(), 20, None);
    let second = mutants(yosys, &spaced, 20, None);
    assert_eq!(first.mutations, second.mutations);
    let numbers: Vec<usize> = first.mutations.iter().map(|mutation| mutation.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert_eq!([units(&first.mutations, "lane"), units(&first.mutations, "top")], [10, 10]);
    assert!(first.mutations.iter().all(|mutation| mutation.line > 0), "{:#?}", first.mutations);
    for file in first.manifest().files {
        assert!(folders[0].path().join(&file).is_file(), "{file}");
    }
}

#[test]
fn one_unit_can_be_mutated_alone() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let made = mutants(yosys, folder.path(), 12, Some("lane"));
    assert_eq!((made.mutations.len(), units(&made.mutations, "lane")), (12, 12));
}

/// The verdict on the mutation of the lane in `mode` at `signal`.
fn verdict(mutants: &Mutants, mode: &str, signal: &str) -> Verdict {
    let matches = |each: &&Mutation| each.mode == mode && each.signal.as_deref() == Some(signal);
    let mutation = mutants.mutations.iter().find(matches);
    let mutation = mutation.unwrap_or_else(|| panic!("{mode} {signal}: {:#?}", mutants.mutations));
    watched(|watch| mutants.verdict(mutation, 20, watch))
}

#[test]
fn a_mutation_is_proved_equivalent_in_its_unit_or_in_the_core_or_not_at_all() {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let made = mutants(yosys, folder.path(), 400, Some("lane"));
    assert_eq!(verdict(&made, "const0", "value_i[2]"), Verdict::Different);
    assert_eq!(verdict(&made, "const0", "value_i[3]"), Verdict::EquivalentCore);
    assert_eq!(verdict(&made, "inv", "sum_o[0]"), Verdict::Different);
}
