//! `verify` and `run` without the tools or the files they need.

use crate::scene::{Scene, checkpoint};
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

/// A scene with a core and with weights of 6 output and 10 input channels packed for it.
fn packed_scene(format: &str, group: &str) -> Scene {
    let scene = Scene::without_tools();
    scene.write("core.toml", format!("{CONFIG}group.zero_point = 'constant'\n"));
    scene.write("m.safetensors", checkpoint(6, 10));
    let start = ["quantize", "m.safetensors", "--tensor", "w", "--out", "w.bitplane"];
    let told = scene.run(&[&start[..], &["--format", format, "--group", group]].concat());
    assert!(told.starts_with("exit 0"), "{told}");
    scene
}

fn run(scene: &Scene, more: &[&str]) -> String {
    scene.run(&[&["run", "core.toml", "--weights", "w.bitplane"], more].concat())
}

#[test]
fn weights_of_the_first_file_version_are_refused() {
    let scene = packed_scene("int2", "0");
    let mut bytes = std::fs::read(scene.path("w.bitplane")).unwrap();
    bytes[8] = 1;
    scene.write("w.bitplane", bytes);
    assert_snapshot!(run(&scene, &[]), @"
    exit 2
    err: bitplane: [packed-version] w.bitplane: the file has packing version 1; this program reads version 2
    err:   help: pack the weights again with `bitplane quantize`
    ");
}

#[test]
fn weights_that_are_cut_off_are_refused() {
    let scene = packed_scene("int2", "0");
    let bytes = std::fs::read(scene.path("w.bitplane")).unwrap();
    scene.write("w.bitplane", &bytes[..bytes.len() - 5]);
    assert_snapshot!(run(&scene, &[]), @"
    exit 2
    err: bitplane: [packed-truncated] w.bitplane: the file is cut off: it has 435 bytes where 440 are needed
    err:   help: pack the weights again with `bitplane quantize`
    ");
}

#[test]
fn zero_points_per_group_are_refused_by_a_constant_core() {
    assert_snapshot!(run(&packed_scene("int2_asymmetric", "5"), &[]), @r#"
    exit 2
    err: bitplane: [weights-zero-point] group.zero_point: in quantisation group 0 the reinterpreted zero point of output channel 0 is 1 and that of output channel 3 is -1; zero_point = "constant" corrects all columns by the same one
    err:   help: pack for this configuration: bitplane quantize MODEL.safetensors --tensor w --format int2_asymmetric_common --group 5 --config CONFIG --out FILE
    "#);
}

#[test]
fn an_unknown_activation_quantiser_is_refused_with_the_nearest() {
    let scene = packed_scene("int2", "0");
    assert_snapshot!(run(&scene, &["--activation-quantiser", "absmaxx"]), @r#"
    exit 2
    err: bitplane: [activation-quantiser-unknown] --activation-quantiser: there is no activation quantiser "absmaxx"; legal are absmax, absmean and absmax_top_1 to absmax_top_99
    err:   help: did you mean absmax?
    "#);
}

#[test]
fn absmean_is_refused_where_activations_are_not_of_four_bits() {
    let scene = packed_scene("int2", "5");
    assert_snapshot!(run(&scene, &["--activation-quantiser", "absmean"]), @r#"
    exit 2
    err: bitplane: [activation-format] --activation-quantiser: absmean is defined for int4 activations, the configuration takes int8
    err:   help: use absmax, or a configuration with activation.format = "int4"
    "#);
}

#[test]
fn activations_of_another_width_are_refused() {
    let scene = packed_scene("int2", "0");
    scene.write("x.safetensors", checkpoint(3, 9));
    assert_snapshot!(run(&scene, &["--activations", "x.safetensors", "--tensor", "w"]), @"
    exit 2
    err: bitplane: [activation-width] --activations: the activations have 9 channels, the weights read 10
    err:   help: give activations and weights of the same layer
    ");
}

#[test]
fn a_reference_of_another_shape_is_refused() {
    let scene = packed_scene("int2", "0");
    scene.write("x.safetensors", checkpoint(6, 11));
    assert_snapshot!(run(&scene, &["--reference", "x.safetensors"]), @"
    exit 2
    err: bitplane: [reference-shape] --reference: w is 6 x 11 there, 6 x 10 when packed
    err:   help: give the checkpoint that the weights were quantised from
    ");
}

#[test]
fn weights_in_groups_reach_the_tools_where_they_fit() {
    let told = run(&packed_scene("int2_asymmetric_common", "3"), &[]);
    assert!(told.starts_with("exit 3"), "{told}");
}

/// A tile and weights of data types for it.
fn tile_scene() -> Scene {
    let scene = Scene::without_tools();
    let tile = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\nweight.format = 'bitmod_fp4'\n\
                tile = { m = 2, n = 2, k = 2 }\ngroup = { size = 4, scale = 'int8' }\n";
    scene.write("tile.toml", tile);
    scene.write("m.safetensors", checkpoint(6, 10));
    scene.write("other.toml", tile.replace("int8", "fp16").replace("size = 4", "size = 3"));
    let quantize = "quantize m.safetensors --tensor w --format bitmod_fp4 --group 4 --config tile.toml \
                    --out w.bitplane";
    let packed = scene.run(&quantize.split(' ').collect::<Vec<&str>>());
    assert!(packed.starts_with("exit 0"), "{packed}");
    scene
}

#[test]
fn weights_of_data_types_reach_the_tools_where_they_fit() {
    let scene = tile_scene();
    let text = scene.run(&["run", "tile.toml", "--weights", "w.bitplane"]);
    assert!(text.starts_with("exit 3\n"), "{text}");
}

#[test]
fn weights_of_data_types_are_refused_by_tiles_of_other_scales_and_groups() {
    let scene = tile_scene();
    assert_snapshot!(scene.run(&["run", "other.toml", "--weights", "w.bitplane"]), @r#"
    exit 2
    err: other.toml:5: [scale-too-wide] group.scale: "fp16" sends a scale of 16 bits in a column's part of a weight beat, 8 bits; legal are 16 or more, k = 4 with codes of 4 bits
    err:   help: raise `k` in [tile], or write `scale = "e4m3"`, `"e8m0"` or `"int8"` in [group], which take 8 bits
    "#);
}

#[test]
fn weights_of_data_types_and_integers_are_told_apart() {
    let scene = tile_scene();
    let run = |config| scene.run(&["run", config, "--weights", "w.bitplane"]);
    assert_snapshot!(run("lut_w2a8"), @r"
    exit 2
    err: bitplane: [packed-content] w.bitplane: the file holds weights of data types; the configuration takes integer weights
    err:   help: pack for this configuration: bitplane quantize MODEL.safetensors --tensor NAME --format FMT --config CONFIG --out FILE
    ");
    let packed = scene.run(&[
        "quantize",
        "m.safetensors",
        "--tensor",
        "w",
        "--format",
        "int4",
        "--out",
        "w.bitplane",
    ]);
    assert!(packed.starts_with("exit 0"), "{packed}");
    assert_snapshot!(run("tile.toml"), @r"
    exit 2
    err: bitplane: [packed-content] w.bitplane: the file holds integer weights; the configuration takes weights of data types
    err:   help: pack for this configuration: bitplane quantize MODEL.safetensors --tensor NAME --format FMT --config CONFIG --out FILE
    ");
}
