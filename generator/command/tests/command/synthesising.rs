//! `synth`: what is refused without a tool, and a small core from end to end with one.

use crate::scene::Scene;
use insta::assert_snapshot;
use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const CONFIG: &str = "\
kind = 'lut_tensor_core'
activation.format = 'int4'
weight.format = 'int2'
tile = { m = 1, n = 2, k = 2 }
";

fn scene_with_config() -> Scene {
    let scene = Scene::without_tools();
    scene.write("core.toml", CONFIG);
    scene
}

/// A Yosys that says its version and then does as `body` has it.
fn fake_yosys(scene: &Scene, body: &str) {
    let version = "[ \"$1\" = -V ] && echo 'Yosys 0.40' && exit";
    scene.write("yosys", format!("#!/bin/sh\n{version}\n{body}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scene.path("yosys"), mode).unwrap();
}

/// The real tool, absent with a word about it unless tools are required.
fn real_yosys() -> Option<PathBuf> {
    let named = env::var_os("BITPLANE_YOSYS").unwrap_or_else(|| "yosys".into());
    let found = which::which(named).ok();
    if found.is_none() {
        let required = env::var("BITPLANE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "Yosys is required and missing");
        eprintln!("SKIPPED, NOT TESTED: Yosys is missing");
    }
    found
}

#[test]
fn without_yosys_nothing_is_synthesised() {
    let scene = scene_with_config();
    assert_snapshot!(scene.run(&["synth", "core.toml"]), @"
    exit 3
    err: bitplane: [tool-missing] yosys: Yosys is not installed
    err:   help: run `bitplane doctor --install`, or give Yosys 0.23 or later with --yosys or BITPLANE_YOSYS
    ");
    assert_eq!(scene.entries(), ["core.toml"]);
}

#[test]
fn a_bad_clock_and_every_bad_library_are_told_at_once() {
    let scene = scene_with_config();
    scene.write("broken.lib.gz", b"\x1f\x8b\x08 and then no more");
    let text = scene.run(&[
        "synth",
        "core.toml",
        "--clock-mhz",
        "-5",
        "--liberty",
        "nothing.lib",
        "--liberty",
        "broken.lib.gz",
    ]);
    assert!(text.starts_with("exit 2\n"), "{text}");
    for said in [
        "[bad-clock] --clock-mhz: the clock is -5 MHz",
        "[file-not-found] nothing.lib: cannot read the file",
        "[library-unusable] broken.lib.gz: this is neither text nor a whole .gz file",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
}

#[test]
fn a_library_of_other_text_is_bad_input() {
    let scene = scene_with_config();
    fake_yosys(&scene, "exit 9");
    let arguments = ["synth", "core.toml", "--yosys", "./yosys"];
    let text = scene.run(&[&arguments[..], &["--liberty", "core.toml"]].concat());
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(
        text.contains("[library-unusable] core.toml: library core.toml cannot be used"),
        "{text}"
    );
}

#[test]
fn the_log_of_a_yosys_that_crashes_is_kept() {
    let scene = scene_with_config();
    fake_yosys(&scene, "echo it broke; exit 9");
    let text = scene.run(&["synth", "core.toml", "--yosys", "./yosys"]);
    assert!(text.starts_with("exit 4\n"), "{text}");
    assert!(text.contains("it broke"), "{text}");
    let log = scene.path("../home/cache/bitplane/logs/synth-core.log");
    assert_eq!(std::fs::read_to_string(log).unwrap(), "it broke\n");
}

#[test]
fn a_small_core_has_the_flops_that_are_predicted() {
    let Some(yosys) = real_yosys() else { return };
    let scene = Scene::new();
    scene.write("core.toml", CONFIG);
    let yosys = yosys.display().to_string();
    let arguments = ["synth", "core.toml", "--yosys", &yosys, "--json", "s.json"];
    let text = scene.run(&arguments);
    assert!(text.starts_with("exit 0\n"), "{text}");
    let json = scene.json("s.json");
    assert_eq!(json["flops"], json["predicted_flops"]);
    assert_eq!(json["latches"], 0);
    assert_eq!(json["met"], true);
    assert_eq!(json["library"], "bitplane_ge");
    assert_eq!(json["tool_path"], yosys);
    assert_eq!(json["reports"][0]["units"], json["units"]);
    assert!(json["area"].as_f64().is_some_and(|area| area > 0.0));
}

#[test]
fn a_clock_that_is_not_met_is_a_warning() {
    let Some(yosys) = real_yosys() else { return };
    let scene = Scene::new();
    scene.write("core.toml", CONFIG);
    let yosys = yosys.display().to_string();
    let arguments = ["synth", "core.toml", "--yosys", &yosys];
    let text = scene.run(&[&arguments[..], &["--clock-mhz", "9000"]].concat());
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(text.contains("NOT MET"), "{text}");
    assert!(text.contains("[clock-not-met] --clock-mhz"), "{text}");
}
