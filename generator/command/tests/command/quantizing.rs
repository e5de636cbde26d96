//! `quantize` on a small checkpoint, and on files that are none.

use crate::scene::Scene;
use insta::assert_snapshot;

/// The bytes of a safetensors file with one F32 matrix `w` of `rows` x `columns`.
fn checkpoint(rows: usize, columns: usize) -> Vec<u8> {
    let values = (0..rows * columns).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0);
    let data: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    let header = format!(
        r#"{{"w":{{"dtype":"F32","shape":[{rows},{columns}],"data_offsets":[0,{}]}}}}"#,
        data.len()
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("m.safetensors", checkpoint(6, 10));
    scene
}

fn quantize(scene: &Scene, more: &[&str]) -> String {
    let start = ["quantize", "m.safetensors", "--tensor", "w"];
    scene.run(&[&start, more].concat())
}

#[test]
fn a_tensor_is_packed_and_its_error_reported() {
    let scene = scene();
    let more = ["--format", "int4", "--out", "w.bitplane", "--json", "w.json"];
    assert_snapshot!(quantize(&scene, &more), @"
    exit 0
    out: w  6 x 10  int4
    out: 6 scales, one per output channel; zero point z' = 1
    out: normalised mean square error 0.00374
    out: wrote w.bitplane, 458 bytes
    ");
    assert_snapshot!(scene.read("w.json"), @r#"
    {
      "bytes": 458,
      "command": "quantize",
      "errors": [],
      "exit_code": 0,
      "file": "w.bitplane",
      "format": "int4",
      "group": 0,
      "nmse": 0.0037395963389779087,
      "scales": 6,
      "shape": [
        6,
        10
      ],
      "special_values": [],
      "status": "ok",
      "tensor": "w",
      "warnings": [],
      "zero_points": [
        1
      ]
    }
    "#);
    assert_eq!(scene.entries(), ["m.safetensors", "w.bitplane", "w.json"]);
}

#[test]
fn without_a_file_to_write_only_the_error_is_reported() {
    let scene = scene();
    assert!(quantize(&scene, &["--format", "ternary_int2"]).starts_with("exit 0\n"));
    assert_eq!(scene.entries(), ["m.safetensors"]);
}

#[test]
fn an_unknown_format_is_refused_with_the_nearest() {
    assert_snapshot!(quantize(&scene(), &["--format", "int9"]), @r#"
    exit 2
    err: bitplane: [quantiser-unknown] --format: there is no weight format "int9"; legal are int1 to int8, int1_centred, int2_mid_rise to int8_mid_rise, int2_asymmetric to int8_asymmetric, int2_asymmetric_common to int8_asymmetric_common, ternary_int2, ternary_int2_per_channel, ternary_int2_median and ternary_int2_median_per_channel
    err:   help: did you mean int1?
    "#);
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let arguments = ["quantize", "no.safetensors", "--tensor", "w", "--format", "int2"];
    assert_snapshot!(scene().run(&arguments), @"
    exit 2
    err: bitplane: [file-not-found] no.safetensors: cannot read the file: no such file or directory
    err:   help: check the path
    ");
}

#[test]
fn a_folder_as_checkpoint_is_refused() {
    let arguments = ["quantize", ".", "--tensor", "w", "--format", "int2"];
    assert_snapshot!(scene().run(&arguments), @"
    exit 2
    err: bitplane: [is-a-folder] .: is a folder, not a file
    err:   help: give a file
    ");
}

#[test]
fn a_truncated_checkpoint_is_refused() {
    let scene = Scene::new();
    scene.write("m.safetensors", &checkpoint(6, 10)[..200]);
    assert_snapshot!(quantize(&scene, &["--format", "int2"]), @"
    exit 2
    err: bitplane: [checkpoint-truncated] m.safetensors: the file has 200 bytes, but its header speaks of 307: it is cut off
    err:   help: download or save the checkpoint again
    ");
}

#[test]
fn an_output_that_cannot_be_written_is_refused() {
    assert_snapshot!(quantize(&scene(), &["--format", "int2", "--out", "no/w.bitplane"]), @"
    exit 2
    err: bitplane: [no-folder] no/w.bitplane: would be in a folder that is not there
    err:   help: create it: mkdir -p no
    ");
}

#[test]
fn a_configuration_of_another_width_is_refused() {
    let scene = scene();
    let config = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\n\
                  weight.format = 'int2'\ntile = { m = 2, n = 8, k = 4 }\n";
    scene.write("core.toml", config);
    let more = ["--format", "int4", "--config", "core.toml", "--out", "w.bitplane"];
    assert_snapshot!(quantize(&scene, &more), @r#"
    exit 2
    err: bitplane: [weights-bits] weight.format: the file holds int4 weights, the configuration reads int2
    err:   help: pack for this configuration: bitplane quantize MODEL.safetensors --tensor w --format int2_mid_rise --config CONFIG --out FILE
    err: bitplane: [weights-zero-point] group.zero_point: the file's int4 weights have the reinterpreted zero point 1, which a configuration with zero_point = "none" does not correct
    err:   help: set group.zero_point = "constant", or pack for this configuration: bitplane quantize MODEL.safetensors --tensor w --format int2_mid_rise --config CONFIG --out FILE
    "#);
    assert_eq!(scene.entries(), ["core.toml", "m.safetensors"]);
}

#[test]
fn a_bad_key_in_the_configuration_is_shown_with_its_line() {
    let scene = scene();
    scene.write("core.toml", "kind = 'lut_tensor_core'\ntile = { m = 2, nn = 8, k = 4 }\n");
    let text = quantize(&scene, &["--format", "int2", "--config", "core.toml"]);
    assert_snapshot!(text, @r#"
    exit 2
    err: core.toml:2: [missing-key] tile.n: is missing and has no default; legal is an integer from 1 to 1024
    err:   help: add for example `n = 64` in [tile]
    err: core.toml:2: [unknown-key] tile.nn: there is no such key in [tile]; legal are m, n, k, groups, drain
    err:   help: delete the line; `bitplane schema` lists every key
    err: core.toml: [missing-key] activation.format: is missing and has no default; legal is "int2" to "int16"
    err:   help: add for example `format = "int8"` in [activation]
    err: core.toml: [missing-key] weight.format: is missing and has no default; legal is "int1" to "int8"
    err:   help: add for example `format = "int2"` in [weight]
    "#);
}
