//! `verify` and `run` without the tools or the files they need.

use crate::scene::Scene;
use insta::assert_snapshot;

const CONFIG: &str = "\
kind = 'lut_tensor_core'
activation.format = 'int8'
weight.format = 'int2'
tile = { m = 2, n = 8, k = 4 }
";

#[test]
fn without_tools_nothing_is_built() {
    let scene = Scene::without_tools();
    scene.write("core.toml", CONFIG);
    assert_snapshot!(scene.run(&["verify", "core.toml"]), @"
    exit 3
    err: bitplane: [system-packages] PATH: a simulation cannot be built without g++, make, perl, python3
    err:   help: run `sudo apt-get install -y g++ make perl python3`
    err: bitplane: [tool-missing] verilator: Verilator is not installed
    err:   help: run `bitplane doctor --install`, or give Verilator 5.006 or later with --verilator or BITPLANE_VERILATOR
    ");
    assert_eq!(scene.entries(), ["core.toml"]);
}

#[test]
fn a_verilator_that_is_not_there_is_named() {
    let scene = Scene::new();
    scene.write("core.toml", CONFIG);
    assert_snapshot!(scene.run(&["verify", "core.toml", "--verilator", "./nothing"]), @"
    exit 3
    err: bitplane: [tool-missing] --verilator: ./nothing is no program that can be run
    err:   help: run `bitplane doctor --install`, or give Verilator 5.006 or later with --verilator or BITPLANE_VERILATOR
    ");
}

#[test]
fn weights_of_another_kind_of_file_are_refused() {
    let scene = Scene::new();
    scene.write("core.toml", CONFIG);
    assert_snapshot!(scene.run(&["run", "core.toml", "--weights", "core.toml"]), @"
    exit 2
    err: bitplane: [packed-foreign] core.toml: this is not a packed weight file
    err:   help: make one from a checkpoint: `bitplane quantize MODEL.safetensors --tensor NAME --format FMT --config CONFIG --out FILE`
    ");
}

#[test]
fn activations_need_a_tensor_or_token_ids() {
    let scene = Scene::new();
    let arguments = ["run", "core.toml", "--weights", "w", "--activations", "x"];
    assert_snapshot!(scene.run(&arguments), @"
    exit 2
    err: bitplane: [usage] <--tensor <NAME>|--token-ids <ID,...>>: the following required arguments were not provided: <--tensor <NAME>|--token-ids <ID,...>>
    err:   help: see `bitplane --help` or `bitplane COMMAND --help`
    ");
}
