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
fn every_library_is_checked_before_a_tool_is_looked_for() {
    let scene = scene_with_config();
    scene.write("empty.lib", "library (empty) {}");
    let arguments = ["synth", "core.toml", "--liberty", "empty.lib", "--liberty", "/dev/zero"];
    assert_snapshot!(scene.run(&arguments), @"
    exit 2
    err: bitplane: [library-unusable] empty.lib: library empty.lib cannot be used: it has no buffer or inverter
    err:   help: give a Liberty file with areas, functions, delay tables and D flip-flops
    err: bitplane: [library-unusable] /dev/zero: /dev/zero is a device, pipe or folder; a library is read from a regular file
    err:   help: give a Liberty file, plain or packed by gzip
    ");
    assert_eq!(scene.entries(), ["core.toml", "empty.lib"]);
}

#[test]
fn an_fpga_has_no_library_and_no_clock() {
    let scene = scene_with_config();
    let arguments = ["synth", "core.toml", "--fpga", "ecp5", "--liberty", "x.lib"];
    let arguments = [&arguments[..], &["--clock-mhz", "100"]].concat();
    assert_snapshot!(scene.run(&arguments), @"
    exit 2
    err: bitplane: [contradiction] --liberty: contradicts --fpga ecp5: the cells are the FPGA's own, without area
    err:   help: leave out --liberty, or leave out --fpga for standard cells
    err: bitplane: [contradiction] --clock-mhz: contradicts --fpga ecp5: its speed is known only once it is placed and routed
    err:   help: leave out --clock-mhz, or leave out --fpga for standard cells
    ");
    assert_snapshot!(scene.run(&["synth", "core.toml", "--fpga", "altera"]), @"
    exit 2
    err: bitplane: [usage] --fpga <FAMILY>: invalid value 'altera' for '--fpga <FAMILY>' [possible values: ice40, ecp5, xilinx]
    err:   help: see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

#[test]
fn a_small_core_is_counted_in_the_cells_of_every_fpga() {
    let Some(yosys) = real_yosys() else { return };
    let scene = Scene::new();
    scene.write("core.toml", CONFIG);
    let yosys = yosys.display().to_string();
    for family in ["ice40", "ecp5", "xilinx"] {
        let arguments =
            ["synth", "core.toml", "--yosys", &yosys, "--fpga", family, "--json", "s.json"];
        let text = scene.run(&arguments);
        assert!(text.starts_with("exit 0\n"), "{text}");
        let json = scene.json("s.json");
        let flops = json["flops"].as_u64().unwrap() + json["flops_in_dsps"].as_u64().unwrap();
        assert_eq!(json["predicted_flops"], flops);
        assert_eq!((&json["fpga"], &json["latches"]), (&family.into(), &0.into()));
        assert!(json["luts"].as_u64().is_some_and(|luts| luts > 20), "{json}");
        assert_eq!(json.get("area"), None);
    }
}

#[test]
fn rtl_that_yosys_refuses_is_no_crashed_tool() {
    let scene = scene_with_config();
    fake_yosys(&scene, "echo 'a.sv:7: ERROR: syntax error, unexpected TOK_ID'; exit 1");
    let text = scene.run(&["synth", "core.toml", "--yosys", "./yosys"]);
    assert!(text.starts_with("exit 1\n"), "{text}");
    assert!(text.contains("[rtl-refused] rtl: Yosys 0.40 in the "), "{text}");
    assert!(text.contains("a.sv:7: ERROR: syntax error"), "{text}");
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
