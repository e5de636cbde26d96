//! Each block against the definitions by simulation, and against the generated unit by proof.
//!
//! `BITPLANE_YOSYS` names Yosys, otherwise the search path is used. Where there is none the proofs
//! say so and pass, unless `BITPLANE_REQUIRE_TOOLS=1`.

use std::path::{Path, PathBuf};
use std::process::Command;

use bitplane_second::{LookUp, RuntimeFold};
use rust_hdl::prelude::*;

fn connected<U: Block>(mut block: U, connect: impl Fn(&mut U)) -> U {
    connect(&mut block);
    block.connect_all();
    block
}

fn runtime_fold() -> RuntimeFold {
    connected(RuntimeFold::default(), |block| block.word_i.connect())
}

fn look_up() -> LookUp {
    connected(LookUp::default(), |block| {
        block.word_i.connect();
        block.table_i.connect();
    })
}

#[test]
fn the_second_fold_names_the_entry_and_sign_of_the_definition() {
    let mut simulation = Simulation::new();
    simulation.add_testbench(move |mut sim: Sim<RuntimeFold>| {
        let mut block = sim.init()?;
        for word in 0..16u64 {
            block.word_i.next = word.to_bits();
            block = sim.wait(10, block)?;
            let folded = bitplane_formats::fold(word as u32, 4);
            let select = (1u64 << folded.index).to_bits::<8>();
            sim_assert_eq!(sim, block.select_o.val(), select, block);
            sim_assert_eq!(sim, block.negate_o.val(), folded.sign, block);
        }
        sim.done(block)
    });
    simulation.run(Box::new(runtime_fold()), 10_000).unwrap();
}

#[test]
fn the_second_look_up_gives_the_entry_or_its_negation() {
    let mut simulation = Simulation::new();
    simulation.add_testbench(move |mut sim: Sim<LookUp>| {
        let mut block = sim.init()?;
        for seed in 0..64i64 {
            let own = |e: i64| (seed * 211 + e * 149) % 512 - 256;
            let entry = |e: i64| 2 * own(e) + seed % 2;
            let mut table = bits::<73>(0);
            for e in (0..8).rev() {
                table = (table << 9) | bits::<73>((own(e) & 0x1ff) as u64);
            }
            table = (table << 1) | bits::<73>((seed % 2) as u64);
            for word in 0..16i64 {
                block.table_i.next = table;
                block.word_i.next = (word as u64).to_bits();
                block = sim.wait(10, block)?;
                let value = if word >= 8 { -entry(word - 8) } else { entry(word) };
                let expected = ((value & 0x7ff) as u64).to_bits::<11>();
                sim_assert_eq!(sim, block.partial_o.val(), expected, block);
            }
        }
        sim.done(block)
    });
    simulation.run(Box::new(look_up()), 100_000).unwrap();
}

/// A generated core of groups of four INT8 activations whose leaf units are compared.
fn generated(fold: &str, folder: &Path) -> PathBuf {
    let text = format!(
        "kind = \"lut_tensor_core\"\n[activation]\nformat = \"int8\"\n[weight]\nformat = \"int2\"\n\
         [tile]\nm = 1\nn = 1\nk = 4\n[table]\nfold = \"{fold}\"\n[pipeline]\nstages = 0\n"
    );
    let spec = bitplane_spec::parse(&text, "unit").unwrap().spec;
    let sources: String = bitplane_emit::bundle(&spec)
        .files
        .iter()
        .filter(|file| {
            file.path.ends_with("_weight_decoder.sv") || file.path.ends_with("_select_lane.sv")
        })
        .map(|file| file.text.clone())
        .collect();
    let path = folder.join("generated.sv");
    std::fs::write(&path, sources).unwrap();
    path
}

/// The generated decoder and lane joined to what `LookUp` describes.
const JOINED: &str = "
module joined (input wire [3:0] word_i, input wire [72:0] table_i,
               output wire [10:0] partial_o);
  wire negate;
  wire [7:0] select;
  unit_weight_decoder u_decoder (.word_i(word_i), .negate_o(negate), .select_o(select));
  unit_select_lane u_lane (.tables_i(table_i), .odd_i(table_i[0]), .select_i(select), .negate_i(negate),
                           .partial_o(partial_o));
endmodule
";

fn yosys() -> Option<PathBuf> {
    let found = std::env::var_os("BITPLANE_YOSYS").map(PathBuf::from);
    let found = found.or_else(|| which::which("yosys").ok());
    if found.is_none() {
        let required = std::env::var_os("BITPLANE_REQUIRE_TOOLS").is_some_and(|v| v == "1");
        assert!(!required, "a required tool is missing: yosys");
        eprintln!("SKIPPED: there is no yosys");
    }
    found
}

/// Whether Yosys proves rust-hdl's module and the generated `gate` equal for every input.
fn equivalent(
    yosys: &Path,
    second: &str,
    fold: &str,
    gate: &str,
    edit: fn(String) -> String,
) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let generated = generated(fold, folder.path());
    let text = edit(std::fs::read_to_string(&generated).unwrap());
    std::fs::write(&generated, text).unwrap();
    std::fs::write(at("second.v"), second).unwrap();
    std::fs::write(at("joined.v"), JOINED).unwrap();
    let joined = if gate == "joined" { "read_verilog joined.v\n" } else { "" };
    let script = format!(
        "read_verilog second.v\nrename top second\nread_verilog -sv generated.sv\n{joined}\
         proc\nhierarchy -check\nflatten second {gate}\nopt\n\
         miter -equiv -flatten -make_outputs second {gate} miter\n\
         sat -verify -prove trigger 0 miter\n"
    );
    std::fs::write(at("prove.ys"), script).unwrap();
    let output = Command::new(yosys)
        .current_dir(folder.path())
        .args(["-s", "prove.ys"])
        .output()
        .expect("yosys starts");
    let log = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let proved = log.contains("SAT proof finished - no model found: SUCCESS!");
    let refuted = log.contains("SAT proof finished - model found: FAIL!");
    assert!(proved || refuted, "yosys came to no verdict:\n{log}");
    proved
}

#[test]
fn the_generated_runtime_fold_is_proved_equal_to_the_second_one() {
    let Some(yosys) = yosys() else { return };
    let second = generate_verilog(&runtime_fold());
    assert!(equivalent(&yosys, &second, "runtime", "unit_weight_decoder", |text| text));
}

#[test]
fn the_generated_look_up_is_proved_equal_to_the_second_one() {
    let Some(yosys) = yosys() else { return };
    let second = generate_verilog(&look_up());
    assert!(equivalent(&yosys, &second, "offline", "joined", |text| text));
}

#[test]
fn a_wrong_fold_and_a_missing_carry_are_refuted() {
    let Some(yosys) = yosys() else { return };
    let fold = generate_verilog(&runtime_fold());
    let wrong_fold =
        |text: String| text.replace("assign negate_o = !word_i", "assign negate_o = word_i");
    assert!(!equivalent(&yosys, &fold, "runtime", "unit_weight_decoder", wrong_fold));
    let second = generate_verilog(&look_up());
    let no_carry = |text: String| text.replace("(carries[g])", "(carries[g] & 1'b0)");
    assert!(!equivalent(&yosys, &second, "offline", "joined", no_carry));
}
