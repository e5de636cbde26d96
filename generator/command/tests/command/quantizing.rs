//! `quantize` on a small checkpoint, and on files that are none.

use crate::scene::{Scene, checkpoint};
use insta::assert_snapshot;

/// A core that corrects all columns by one zero point.
const CONSTANT_CORE: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int8'\n\
    weight.format = 'int2'\ntile = { m = 2, n = 8, k = 4 }\ngroup.zero_point = 'constant'\n";

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
    err: core.toml:2: [unknown-key] tile.nn: there is no such key in [tile]; legal are m, n, k, groups, drain, plane_order
    err:   help: delete the line; `bitplane schema` lists every key
    err: core.toml: [missing-key] activation.format: is missing and has no default; legal is "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3", "fp4_e2m1" or "int2" to "int16"
    err:   help: add for example `format = "int8"` in [activation]
    err: core.toml: [missing-key] weight.format: is missing and has no default; legal is "ternary" or "int1" to "int8"
    err:   help: add for example `format = "int2"` in [weight]
    "#);
}

#[test]
fn a_group_larger_than_a_channel_is_refused() {
    assert_snapshot!(quantize(&scene(), &["--format", "int4", "--group", "11"]), @"
    exit 2
    err: bitplane: [group-too-large] --group: a group of 11 input channels does not fit the 10 that there are
    err:   help: give 1 to 10, or leave --group out for one scale per output channel
    ");
}

#[test]
fn a_group_that_contradicts_the_format_is_refused() {
    let more = ["--format", "ternary_int2_per_channel", "--group", "2"];
    assert_snapshot!(quantize(&scene(), &more), @"
    exit 2
    err: bitplane: [group-contradicts] --group: ternary_int2_per_channel takes one scale per output channel, a group takes one of its own
    err:   help: give --format ternary_int2 with --group, or leave --group out
    ");
}

#[test]
fn a_group_that_is_no_number_is_refused() {
    assert_snapshot!(quantize(&scene(), &["--format", "int4", "--group", "ten"]), @"
    exit 2
    err: bitplane: [usage] --group <N>: invalid value 'ten' for '--group <N>': invalid digit found in string
    err:   help: see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

#[test]
fn one_bit_has_no_asymmetric_form() {
    assert_snapshot!(quantize(&scene(), &["--format", "int1_asymmetric"]), @r#"
    exit 2
    err: bitplane: [quantiser-unknown] --format: there is no weight format "int1_asymmetric"; legal are int1 to int8, int1_centred, int2_mid_rise to int8_mid_rise, int2_asymmetric to int8_asymmetric, int2_asymmetric_common to int8_asymmetric_common, ternary_int2, ternary_int2_per_channel, ternary_int2_median and ternary_int2_median_per_channel
    err:   help: did you mean int2_asymmetric?
    "#);
}

#[test]
fn zero_points_that_a_constant_core_does_not_take_are_refused_before_packing() {
    let scene = scene();
    scene.write("core.toml", CONSTANT_CORE);
    let more = ["--format", "int2_asymmetric", "--group", "5", "--config", "core.toml"];
    assert_snapshot!(quantize(&scene, &[&more[..], &["--out", "w.bitplane"]].concat()), @r#"
    exit 2
    err: bitplane: [weights-zero-point] group.zero_point: in quantisation group 0 the reinterpreted zero point of output channel 0 is 1 and that of output channel 3 is -1; zero_point = "constant" corrects all columns by the same one
    err:   help: pack for this configuration: bitplane quantize MODEL.safetensors --tensor w --format int2_asymmetric_common --group 5 --config CONFIG --out FILE
    "#);
    assert_eq!(scene.entries(), ["core.toml", "m.safetensors"]);
}

#[test]
fn asymmetric_weights_do_not_fit_a_multiplier() {
    let scene = scene();
    let config = "kind = 'mac_array'\nactivation.format = 'int8'\nweight.format = 'int4'\n\
                  tile = { m = 2, n = 8, k = 4 }\n";
    scene.write("mac.toml", config);
    let more = ["--format", "int4_asymmetric", "--config", "mac.toml"];
    assert_snapshot!(quantize(&scene, &more), @"
    exit 2
    err: bitplane: [pack-out-of-range] --format: the weight of output channel 1, input channel 9 is 8; a mac_array multiplies 4-bit two's complement, -8 to 7
    err:   help: quantise with --format int4, or choose a lut_tensor_core
    ");
}

#[test]
fn a_tensor_that_is_longer_than_the_core_can_sum_is_refused() {
    let scene = scene();
    scene.write("core.toml", format!("{CONSTANT_CORE}accumulate.max_k = 8\n"));
    assert_snapshot!(quantize(&scene, &["--format", "int2", "--config", "core.toml"]), @"
    exit 2
    err: bitplane: [weights-max-k] accumulate.max_k: the file's runs have 10 elements, the configuration's accumulators hold the sums of 8
    err:   help: set accumulate.max_k = 10 or more, or quantise in groups: --group 8
    ");
}

#[test]
fn groups_are_reported_with_their_scales_and_zero_points() {
    let scene = scene();
    let more = ["--format", "int4_asymmetric", "--group", "4", "--json", "w.json"];
    assert_snapshot!(quantize(&scene, &more), @"
    exit 0
    out: w  6 x 10  int4_asymmetric
    out: 18 scales, one per 4 input channels; zero points z' = -15 to 5
    out: normalised mean square error 0.00115
    out: 543 bytes packed, not written (--out)
    ");
    let json = scene.json("w.json");
    assert_eq!((&json["group"], &json["scales"]), (&4.into(), &18.into()));
}

/// A tile of three data types.
const TILE: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
    weight.format = ['bitmod_fp4', 'bitmod_fp3', 'int6']\ntile = { m = 2, n = 2, k = 2 }\n\
    group = { size = 4, scale = 'int8' }\n";

#[test]
fn data_types_are_packed_for_a_tile_and_their_special_values_reported() {
    let scene = scene();
    scene.write("tile.toml", TILE);
    let more = [
        "--format",
        "bitmod_fp4,bitmod_fp3:ea,int6",
        "--bits",
        "4",
        "--group",
        "4",
        "--order",
        "cycles",
        "--config",
        "tile.toml",
        "--out",
        "w.bitplane",
        "--json",
        "w.json",
    ];
    assert_snapshot!(quantize(&scene, &more), @r"
    exit 0
    out: w  6 x 10  bitmod_fp4,bitmod_fp3:ea,int6
    out: bitmod_fp4: 93.3% of the weights, groups by special value: -8 16.7%, -5 27.8%, 5 44.4%
    out: bitmod_fp3: 6.7% of the weights, groups by special value: 6 11.1%
    out: int6: 0.0% of the weights
    out: 18 scales (int8), one per 4 input channels; 3.933 bits a weight, 7.467 with scale, type and special value
    out: normalised mean square error 0.00216
    out: wrote w.bitplane, 550 bytes
    ");
    assert_snapshot!(scene.read("w.json"), @r#"
    {
      "bits_in_all": 7.466666666666667,
      "bytes": 550,
      "code_bits": 3.933333333333333,
      "command": "quantize",
      "errors": [],
      "exit_code": 0,
      "file": "w.bitplane",
      "format": "bitmod_fp4,bitmod_fp3:ea,int6",
      "group": 4,
      "nmse": 0.0021645428896295087,
      "scale": "int8",
      "scales": 18,
      "shape": [
        6,
        10
      ],
      "special_values": [
        {
          "groups": 3,
          "type": "bitmod_fp4",
          "value": -8.0
        },
        {
          "groups": 5,
          "type": "bitmod_fp4",
          "value": -5.0
        },
        {
          "groups": 8,
          "type": "bitmod_fp4",
          "value": 5.0
        },
        {
          "groups": 2,
          "type": "bitmod_fp3",
          "value": 6.0
        }
      ],
      "status": "ok",
      "tensor": "w",
      "types": [
        {
          "name": "bitmod_fp4",
          "share": 0.9333333333333333
        },
        {
          "name": "bitmod_fp3",
          "share": 0.06666666666666667
        },
        {
          "name": "int6",
          "share": 0.0
        }
      ],
      "warnings": []
    }
    "#);
    assert_eq!(scene.entries(), ["m.safetensors", "tile.toml", "w.bitplane", "w.json"]);
}

#[test]
fn data_types_need_no_configuration_and_a_tile_takes_integers_that_it_has() {
    let scene = scene();
    assert_snapshot!(quantize(&scene, &["--format", "bitmod_fp3"]), @r"
    exit 0
    out: w  6 x 10  bitmod_fp3
    out: bitmod_fp3: 100.0% of the weights, groups by special value: -3 50.0%, 3 33.3%, 6 16.7%
    out: 6 scales (fp16), one per output channel; 3.000 bits a weight, 4.800 with scale, type and special value
    out: normalised mean square error 0.01968
    out: 445 bytes packed, not written (--out)
    ");
    scene.write("tile.toml", TILE);
    let of_a_tile = ["--format", "int6", "--group", "4", "--config", "tile.toml"];
    assert!(quantize(&scene, &of_a_tile).contains("int6: 100.0% of the weights"));
    let other = ["--format", "nf4", "--group", "4", "--config", "tile.toml"];
    assert_snapshot!(quantize(&scene, &other), @r"
    exit 2
    err: bitplane: [weights-types] weight.format: the file holds nf4 weights, the configuration takes bitmod_fp4,bitmod_fp3,int6
    err:   help: pack with --format bitmod_fp4,bitmod_fp3,int6, or add nf4 to weight.format
    ");
}

#[test]
fn data_types_are_not_for_other_kinds_and_their_options_not_for_integers() {
    let scene = scene();
    scene.write("core.toml", CONSTANT_CORE);
    let types = ["--format", "bitmod_fp4:er", "--config", "core.toml"];
    assert_snapshot!(quantize(&scene, &types), @r"
    exit 2
    err: bitplane: [quantiser-unknown] --format: bitmod_fp4:er is for a bitmod_tile, and the configuration is a lut_tensor_core
    err:   help: give a format of integers such as int4, or the --config of a bitmod_tile
    ");
    let integers = ["--format", "int4", "--bits", "4", "--choose", "channel", "--order", "cycles"];
    assert_snapshot!(quantize(&scene, &integers), @r"
    exit 2
    err: bitplane: [contradictory-options] --choose: int4 weights are integers of one format, which --choose is not for
    err:   help: delete --choose, or give data types and the --config of a bitmod_tile
    err: bitplane: [contradictory-options] --bits: int4 weights are integers of one format, which --bits is not for
    err:   help: delete --bits, or give data types and the --config of a bitmod_tile
    err: bitplane: [contradictory-options] --order: int4 weights are integers of one format, which --order is not for
    err:   help: delete --order, or give data types and the --config of a bitmod_tile
    ");
}

#[test]
fn a_cache_takes_tokens_one_by_one_and_refuses_what_the_last_one_would_settle() {
    let scene = scene();
    let keys = ["--format", "int8,int6", "--cache", "keys", "--group", "5"];
    assert_snapshot!(quantize(&scene, &keys), @r#"
    exit 0
    out: w  6 x 10  int8,int6
    out: int8: 100.0% of the weights
    out: int6: 0.0% of the weights
    out: 12 scales (fp16), one per 5 input channels; 8.000 bits a weight, 11.400 with scale, type and special value
    out: normalised mean square error 0.00001
    out: 511 bytes packed, not written (--out)
    "#);
    let values = ["--format", "int8,int6", "--cache", "values", "--group", "4"];
    assert_snapshot!(quantize(&scene, &values), @r#"
    exit 0
    out: w  10 x 6  int8,int6
    out: int8: 100.0% of the weights
    out: int6: 0.0% of the weights
    out: 20 scales (fp16), one per 4 input channels; 8.000 bits a weight, 13.667 with scale, type and special value
    out: normalised mean square error 0.00000
    out: 583 bytes packed, not written (--out)
    "#);
    scene.write("tile.toml", TILE);
    let late = ["--format", "int6", "--cache", "values", "--bits", "6", "--config", "tile.toml"];
    assert_snapshot!(quantize(&scene, &late), @r#"
    exit 2
    err: bitplane: [cache-group] --group: values are quantised in groups of tokens, and a group of all of them has no end
    err:   help: give the tokens of a group, for example --group 32
    err: bitplane: [cache-scale] group.scale: int8 scales count in a unit of their channel, which for values is known at the last token
    err:   help: take scale = "fp16" or "e8m0" in [group]
    err: bitplane: [cache-choice] --cache: a cache takes the data type of a group when the group is there, not for a whole channel or within --bits
    err:   help: leave out --choose channel and --bits
    "#);
}

#[test]
fn a_tile_takes_the_data_types_of_its_lists_of_values() {
    let scene = scene();
    let list = "{ name = 'mine', values = [-1.5, -0.5, 0.5, 1.5] }";
    scene.write("tile.toml", TILE.replace("'int6'", list).replace("k = 2", "k = 4"));
    let of_a_tile = ["--format", "mine", "--group", "4", "--config", "tile.toml"];
    assert_snapshot!(quantize(&scene, &of_a_tile), @r#"
    exit 0
    out: w  6 x 10  mine
    out: mine: 100.0% of the weights
    out: 18 scales (int8), one per 4 input channels; 2.000 bits a weight, 4.400 with scale, type and special value
    out: normalised mean square error 0.04089
    out: 535 bytes packed, not written (--out)
    "#);
    let unknown = ["--format", "yours", "--group", "4", "--config", "tile.toml"];
    assert_snapshot!(quantize(&scene, &unknown), @r#"
    exit 2
    err: bitplane: [data-type-unknown] --format: there is no data type "yours"; legal are bitmod_fp4, bitmod_fp3, int8, int6, int5, int4, int3, fp6_e2m3, fp6_e3m2, fp4_e2m1, fp3_e2m0, nf4, mine
    err:   help: give one of these names
    "#);
}

#[test]
fn all_that_is_wrong_with_data_types_is_told() {
    let more = ["--format", "bitmod_fp4:5.5,bitmod_fp5,int6:er"];
    assert_snapshot!(quantize(&scene(), &more), @r#"
    exit 2
    err: bitplane: [special-value] --format: "5.5" is no special value of bitmod_fp4; legal are basic, er, ea, or multiples of 0.5 that are a sum of 2 signed powers of two, one a cycle
    err:   help: write bitmod_fp4 for the usual ones, or values as in bitmod_fp4:5/-5/8/-8
    err: bitplane: [data-type-unknown] --format: there is no data type "bitmod_fp5"; legal are bitmod_fp4, bitmod_fp3, int8, int6, int5, int4, int3, fp6_e2m3, fp6_e3m2, fp4_e2m1, fp3_e2m0, nf4
    err:   help: did you mean bitmod_fp4?
    err: bitplane: [special-value] --format: int6:er asks for special values, which int6 does not have; bitmod_fp4 and bitmod_fp3 have
    err:   help: write int6
    "#);
    let more = ["--format", "bitmod_fp4,int6", "--bits", "7"];
    assert_snapshot!(quantize(&scene(), &more), @r"
    exit 2
    err: bitplane: [bits] --bits: codes of these data types have 4 to 6 bits, and never 7 on average
    err:   help: give 4 to 6, or leave --bits out
    ");
}
