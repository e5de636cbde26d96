//! `prove`: what is refused, and a small core from end to end with Yosys.

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

#[test]
fn without_yosys_nothing_is_proved() {
    let scene = Scene::without_tools();
    scene.write("core.toml", CONFIG);
    assert_snapshot!(scene.run(&["prove", "core.toml"]), @"
    exit 3
    err: bitplane: [tool-missing] yosys: Yosys is not installed
    err:   help: run `bitplane doctor --install`, or give Yosys 0.23 or later with --yosys or BITPLANE_YOSYS
    ");
}

#[test]
fn every_unit_with_a_definition_is_proved_and_the_others_are_named() {
    let named = env::var("BITPLANE_YOSYS").unwrap_or_else(|_| "yosys".to_owned());
    let Ok(yosys) = which::which(named) else {
        let required = env::var("BITPLANE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "Yosys is required and missing");
        eprintln!("SKIPPED, NOT TESTED: Yosys is missing");
        return;
    };
    let scene = Scene::new().with("BITPLANE_YOSYS", &yosys.display().to_string());
    scene.write("core.toml", CONFIG);
    let text = scene.run(&["prove", "core.toml", "--json", "p.json"]);
    assert!(text.starts_with("exit 0\nout: 4 of 4 statements about core proved\n"), "{text}");
    let json = scene.json("p.json");
    let units: Vec<&str> = json["proofs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|proof| proof["unit"].as_str().unwrap())
        .collect();
    assert_eq!(units, ["table_precompute", "weight_decoder", "select_lane", "plane_accumulator"]);
    assert!(json["proofs"].as_array().unwrap().iter().all(|proof| proof["result"] == "proved"));
    let without = json["without"].as_array().unwrap();
    assert!(without.contains(&"control".into()) && without.len() == 6, "{without:?}");

    let unit = scene.run(&["prove", "core.toml", "--unit", "control"]);
    assert_snapshot!(unit, @"
    exit 2
    err: bitplane: [unknown-unit] --unit: `control` is a unit without a proof in core
    err:   help: give one of table_precompute, weight_decoder, select_lane, plane_accumulator
    ");
}
