//! `reproduce`: what is listed, written and refused, and whole tables from a Yosys of known answers.

use crate::scene::{Scene, checkpoint};
use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt;

/// A Yosys that maps every core to its predicted flip-flops and to gates by its name, in a time by
/// its name, and notes each of its runs.
const YOSYS: &str = r#"#!/bin/sh
[ "$1" = -V ] && echo 'Yosys 0.40' && exit
field() { sed -n "s/^ *\"$1\": \"*\([^\",]*\)\"*,*$/\1/p" ../bundle/manifest.json | head -n 1; }
top=$(field top)
echo "$top" >> "$RUNS"
delay=1000
gates=4000
case $top in
  weight_reinterpretation) gates=2000 ;;
  groups_8 | multiply_8 | lut_w4 | look_up_w2) delay=2500 ;;
esac
echo "ABC: WireLoad = \"none\"  Gates = 1  Delay = $delay.00 ps"
unit=table_precompute units=2 each=100
case $top in
  multiply) unit=fused_lane units=1 each=800 ;;
  look_up_w1) unit=select_lane units=1 each=80 ;;
esac
builder= builders=
if [ "$1" = breakdown.ys ]; then
  builder="\"\\\\${top}_$unit\": {\"num_cells_by_type\": {\"NAND2_X1\": $each}},"
  builders="\"\\\\${top}_$unit\": $units,"
fi
cat > "${1%.ys}.json" <<END
{"modules": {$builder "\\\\$top": {"num_cells_by_type": {$builders "DFF_X1": $(grep -o '"flops": [0-9]*' \
  ../bundle/manifest.json | head -n 1 | cut -d ' ' -f 2), "NAND2_X1": $gates}}}}
END
"#;

fn scene_with_yosys() -> Scene {
    let scene = Scene::new();
    let runs = scene.path("runs").display().to_string();
    let scene = scene.with("RUNS", &runs);
    scene.write("yosys", YOSYS);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scene.path("yosys"), mode).unwrap();
    scene
}

const STEPS: [&str; 9] = [
    "reproduce",
    "lut-ablation",
    "--part",
    "steps",
    "--yosys",
    "./yosys",
    "--json",
    "r.json",
    "--jobs=3",
];

#[test]
fn reproductions_are_listed() {
    assert_snapshot!(Scene::without_tools().run(&["reproduce", "--list"]), @"
    exit 0
    out: lut-ablation        UNPU to LUT Tensor Core step by step, W2A8; then our own steps
    out: weight-sweep        Look-up, conventional tables, adders and multipliers at weights of 1 to 8 bits, INT8
    out: weight-sweep-fp16   The same with FP16 activations, aligned
    out: k-sweep             Tables of 2 to 6 elements, W2A8
    out: k-sweep-fp16        The same with FP16 activations, aligned
    out: tile-dse            Every tile of a size, W2A8
    out: tensor-core         W2A8 look-up at 4 and 8 times the throughput of an FP16 tensor core
    out: dp4                 One dot product of 4, FP16 activations: look-up against FP16 multipliers and adders
    out: bitmod-tile         Tiles of BitMoD against a tile of FP16 multiply-accumulate elements
    out: bitmod-pe           Elements of BitMoD by what they consist of, against FP16 multiply-accumulate elements
    out: bitmod-fig10        The same of mixed precision: terms, or multipliers of one INT8 or two INT4 weights
    out: bitmod-dtypes       Error of data types and special values in the weights of a model, by group size
    ");
}

#[test]
fn written_cores_are_configurations_and_not_replaced() {
    let scene = Scene::without_tools();
    let arguments = ["reproduce", "lut-ablation", "--write", "cores"];
    assert_snapshot!(scene.run(&arguments), @"
    exit 0
    out: wrote 26 configurations into cores
    ");
    let text = scene.run(&["generate", "cores/unpu.toml", "--out", "bundle"]);
    assert!(text.starts_with("exit 0\nout: created bundle: top unpu"), "{text}");
    let again = scene.run(&arguments);
    assert!(again.contains("[file-exists] cores/unpu.toml"), "{again}");
}

#[test]
fn bad_arguments_are_refused_before_any_work() {
    let scene = Scene::without_tools();
    scene.write("page.md", "no place\n");
    let refused = |arguments: &[&str]| {
        let text = scene.run(&[&["reproduce"], arguments].concat());
        assert!(text.starts_with("exit 2\n"), "{text}");
        text
    };
    assert!(refused(&["lut-ablations"]).contains("lut-ablation"));
    assert!(refused(&["lut-ablation", "--product", "63"]).contains("64..=4096"));
    assert!(refused(&["lut-ablation", "--jobs", "0"]).contains("--jobs"));
    assert!(refused(&["lut-ablation", "--clock-mhz", "-1"]).contains("[bad-clock]"));
    assert!(refused(&["lut-ablation", "--liberty", "/dev/zero"]).contains("is a device"));
    assert!(refused(&["lut-ablation", "--markdown", "page.md"]).contains("[no-place] page.md"));
    assert!(refused(&["lut-ablation", "--plot", "no/p.svg"]).contains("[no-folder]"));
}

#[test]
fn ratios_are_those_of_the_areas_and_a_missed_clock_has_none() {
    let scene = scene_with_yosys();
    let text = scene.run(&STEPS);
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(text.contains("[clock-not-met] --clock-mhz: with bitplane_ge"), "{text}");
    let json = scene.json("r.json");
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 10);
    let area = |row: usize| rows[row]["area"].as_f64().unwrap();
    assert_eq!(rows[0]["ratio"], 1.0);
    assert_eq!(rows[1]["ratio"].as_f64().unwrap(), area(0) / area(1));
    assert!(area(0) > area(1) + 2000.0);
    // Two builders of 100 gates each stand outside.
    assert_eq!(rows[3]["area_outside"], 200.0);
    assert_eq!(rows[2]["area_outside"], 0.0);
    let published: Vec<_> = rows.iter().filter_map(|row| row["published"].as_f64()).collect();
    assert_eq!(published, [1.0, 1.317, 1.351, 1.440]);
    let missed: Vec<_> = rows.iter().filter(|row| row["met"] == false).collect();
    assert_eq!(missed.len(), 1);
    assert_eq!((&missed[0]["name"], &missed[0]["ratio"]), (&"groups_8".into(), &().into()));
    assert_eq!((&json["library"], &json["tool"]), (&"bitplane_ge".into(), &"Yosys 0.40".into()));
}

#[test]
fn a_sweep_says_where_look_up_is_smaller_and_leaves_missed_clocks_out() {
    let scene = scene_with_yosys();
    let output =
        ["--yosys", "./yosys", "--json", "s.json", "--markdown", "s.md", "--plot", "s.svg"];
    let text = scene.run(&[&["reproduce", "weight-sweep"], &output[..]].concat());
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(text.contains("MHz and have no ratio: multiply_8"), "{text}");
    let json = scene.json("s.json");
    let lines = json["lines"].as_array().unwrap();
    let titles: Vec<_> = lines.iter().map(|line| line["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["look-up", "conventional tables", "adders", "multipliers"]);
    let each = |line: usize, bits: usize| lines[line]["points"][bits - 1].clone();
    assert_eq!((each(3, 8)["met"].clone(), each(3, 8)["value"].clone()), (false.into(), 8.into()));
    let area = |line, bits| each(line, bits)["area_per_bit_mac"].as_f64().unwrap();
    // Multipliers take all bits of a weight at once, so that they do the more of them.
    let wins = (1..8).filter(|bits| area(0, *bits) < area(3, *bits)).collect::<Vec<_>>();
    let told = lines[3]["first_line_is_smaller_at"].as_array().unwrap();
    assert_eq!(told.iter().map(|bits| bits.as_u64().unwrap() as usize).collect::<Vec<_>>(), wins);
    let page = scene.read("s.md");
    assert!(page.contains("`bitplane reproduce weight-sweep`"), "{page}");
    assert!(page.contains("clock missed") && page.contains("- look-up against adders: "), "{page}");
    assert!(scene.read("s.svg").starts_with("<svg"));
}

#[test]
fn a_sweep_has_no_parts_and_its_cores_are_written_as_configurations() {
    let scene = Scene::without_tools();
    let text = scene.run(&["reproduce", "tile-dse", "--part", "steps"]);
    assert!(text.contains("[no-parts] --part: tile-dse has no parts"), "{text}");
    for (name, count) in
        [("weight-sweep-fp16", 32), ("k-sweep", 20), ("k-sweep-fp16", 20), ("tile-dse", 20)]
    {
        let text = scene.run(&["reproduce", name, "--write", name]);
        assert!(text.contains(&format!("wrote {count} configurations into {name}")), "{text}");
    }
    let text = scene.run(&["generate", "tile-dse/k4_2.toml", "--out", "bundle"]);
    assert!(text.starts_with("exit 0\nout: created bundle: top k4_2"), "{text}");
}

#[test]
fn comparisons_are_written_as_configurations_and_only_for_powers_of_two() {
    let scene = Scene::without_tools();
    for (name, count) in [
        ("tensor-core", 13),
        ("dp4", 21),
        ("bitmod-tile", 10),
        ("bitmod-pe", 13),
        ("bitmod-fig10", 11),
    ] {
        let text = scene.run(&["reproduce", name, "--write", name, "--product", "64"]);
        assert!(text.contains(&format!("wrote {count} configurations into {name}")), "{text}");
        let text = scene.run(&["reproduce", name, "--write", name, "--product", "100"]);
        assert!(text.starts_with("exit 2\n"), "{text}");
        assert!(
            text.contains("[odd-product] --product") && text.contains("give 64 or 128"),
            "{text}"
        );
    }
    let text = scene.run(&["generate", "tensor-core/lut_8x.toml", "--out", "bundle"]);
    assert!(text.starts_with("exit 0\nout: created bundle: top lut_8x"), "{text}");
}

#[test]
fn a_comparison_finds_the_smallest_tiles_and_uses_them_again() {
    let scene = scene_with_yosys();
    let output =
        ["--yosys", "./yosys", "--json", "t.json", "--markdown", "t.md", "--plot", "t.svg"];
    let text = scene.run(&[&["reproduce", "tensor-core"], &output[..]].concat());
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(text.contains("MHz and have no ratio: lut_w4"), "{text}");
    let json = scene.json("t.json");
    let rows = json["tensor_cores"].as_array().unwrap();
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    let number = |name: &str, key: &str| row(name)[key].as_f64().unwrap();
    for name in ["fp16", "int8", "lut_4x", "lut_8x"] {
        let tried = row(name)["tried"].as_array().unwrap();
        let smallest = tried.iter().map(|core| core["area"].as_f64().unwrap());
        assert_eq!(number(name, "area"), smallest.fold(f64::INFINITY, f64::min));
    }
    let ratio = number("lut_4x", "area") / number("fp16", "area");
    assert_eq!(number("lut_4x", "area_ratio"), ratio);
    assert_eq!(number("lut_8x", "published_area_ratio"), 0.373 / 0.975);
    assert_eq!(row("lut_w1")["tile"], row("lut_4x")["tile"]);
    assert!(row("lut_w4")["ratio"].is_null());
    assert!(scene.read("t.md").contains("`bitplane reproduce tensor-core`"));
    let plot = scene.read("t.svg");
    assert!(plot.starts_with("<svg") && plot.contains("clock missed"));
}

#[test]
fn a_dot_product_is_measured_by_unit() {
    let scene = scene_with_yosys();
    let text = scene.run(&["reproduce", "dp4", "--yosys", "./yosys", "--json", "d.json"]);
    assert!(text.starts_with("exit 0\n"), "{text}");
    let json = scene.json("d.json");
    let look_up = &json["alone"][1];
    // 800 gates for four products a cycle, and 80 for as many.
    assert_eq!(look_up["ratio"], 10.0);
    assert_eq!(look_up["published"], 61.55 / 3.39);
    assert!(json["alone"][2]["ratio"].is_null());
    assert_eq!(json["shared"].as_array().unwrap().len(), 8);
}

#[test]
fn what_was_measured_once_is_not_measured_again() {
    let scene = scene_with_yosys();
    scene.run(&STEPS);
    let runs = scene.read("runs");
    // The core that misses its clock is mapped three times; the one with a builder outside has a
    // twin with it inside, which is mapped whole and by unit.
    assert_eq!(runs.lines().count(), 10 + 2 + 2);
    let first = scene.json("r.json");
    scene.run(&STEPS);
    assert_eq!(scene.read("runs"), runs);
    assert_eq!(scene.json("r.json"), first);
    scene.run(&[&STEPS[..], &["--clock-mhz", "400"]].concat());
    assert!(scene.read("runs").lines().count() > 18);
}

#[test]
fn a_search_keeps_only_cores_that_meet_the_clock() {
    let scene = scene_with_yosys();
    let text = scene.run(&[&STEPS[..2], &["--part", "tuned"], &STEPS[4..]].concat());
    assert!(text.starts_with("exit 0\n"), "{text}");
    for tuned in scene.json("r.json")["tuned"].as_array().unwrap() {
        let tried = tuned["tried"].as_array().unwrap();
        let smallest = tried.iter().filter(|core| core["met"] == true);
        let smallest = smallest.map(|core| core["area_per_bit_mac"].as_f64().unwrap());
        let best = tuned["best"]["area_per_bit_mac"].as_f64().unwrap();
        assert_eq!(best, smallest.fold(f64::INFINITY, f64::min));
        assert!(tried.len() > 5, "{tuned}");
    }
}

#[test]
fn tables_go_between_the_lines_of_a_page_and_figures_into_a_plot() {
    let scene = scene_with_yosys();
    let page =
        "before\n<!-- lut-ablation: begin -->\nstale figure\n<!-- lut-ablation: end -->\nafter\n";
    scene.write("page.md", page);
    let output = ["--markdown", "page.md", "--plot", "p.svg"];
    let text = scene.run(&[&STEPS[..], &output].concat());
    assert!(text.starts_with("exit 0\n"), "{text}");
    let page = scene.read("page.md");
    assert!(page.starts_with("before\n<!-- lut-ablation: begin -->\n"), "{page}");
    assert!(
        page.ends_with("<!-- lut-ablation: end -->\nafter\n") && !page.contains("stale figure"),
        "{page}"
    );
    assert!(page.contains("`bitplane reproduce lut-ablation --part steps`"), "{page}");
    assert!(page.contains("clock missed"), "{page}");
    let plot = scene.read("p.svg");
    assert!(plot.starts_with("<svg") && plot.contains("clock missed"));
}

#[test]
fn data_types_are_measured_on_the_matrices_of_a_checkpoint() {
    let scene = Scene::without_tools();
    scene.write("m.safetensors", checkpoint(6, 300));
    let none = scene.run(&["reproduce", "bitmod-dtypes", "--model", "m.safetensors"]);
    assert_snapshot!(none, @r"
    exit 2
    err: bitplane: [no-layers] m.safetensors: holds no linear layer: a matrix whose name ends in .weight, embeddings not counted
    err:   help: give the checkpoint of a transformer
    ");
    let bytes = checkpoint(6, 300);
    let named = String::from_utf8_lossy(&bytes[8..]).find("\"w\"").unwrap() + 8;
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) + 7;
    let renamed =
        [&header.to_le_bytes()[..], &bytes[8..named], b"\"a.weight\"", &bytes[named + 3..]];
    scene.write("m.safetensors", renamed.concat());
    let arguments = [
        "reproduce",
        "bitmod-dtypes",
        "--model",
        "m.safetensors",
        "--plot",
        "d.svg",
        "--markdown",
        "d.md",
        "--json",
        "d.json",
    ];
    let text = scene.run(&arguments);
    assert!(text.starts_with("exit 0\nout: 1 linear layers, 1800 weights\n"), "{text}");
    let json = scene.json("d.json");
    assert_eq!(json["layers"], serde_json::json!(["a.weight"]));
    let row = |name: &str| {
        let rows = json["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        row["nmse"][2]["nmse"].as_f64().unwrap()
    };
    assert!(row("bitmod_fp4") < row("bitmod_fp4:basic") && row("int8") < row("int6"));
    let page = scene.read("d.md");
    assert!(
        page.contains("| bitmod_fp3:ea ") && page.contains("- groups of 64: bitmod_fp4 leaves")
    );
    assert!(scene.read("d.svg").contains("Normalised mean square error in thousandths, 3 bits"));
}

#[test]
fn what_is_for_cores_is_refused_for_weights_and_the_other_way_round() {
    let scene = Scene::without_tools();
    let all =
        ["reproduce", "bitmod-dtypes", "--clock-mhz", "100", "--jobs", "3", "--product", "64"];
    assert_snapshot!(scene.run(&all), @r"
    exit 2
    err: bitplane: [contradictory-options] --clock-mhz: is for cores, and bitmod-dtypes measures weights
    err:   help: leave it out
    err: bitplane: [contradictory-options] --product: is for cores, and bitmod-dtypes measures weights
    err:   help: leave it out
    err: bitplane: [contradictory-options] --jobs: is for cores, and bitmod-dtypes measures weights
    err:   help: leave it out
    err: bitplane: [model-missing] --model: is missing: bitmod-dtypes quantises the linear layers of a checkpoint
    err:   help: give --model MODEL.safetensors
    ");
    assert_snapshot!(scene.run(&["reproduce", "dp4", "--model", "m.safetensors"]), @r"
    exit 2
    err: bitplane: [no-weights] --model: dp4 measures cores; only bitmod-dtypes takes weights
    err:   help: leave --model out
    ");
}
