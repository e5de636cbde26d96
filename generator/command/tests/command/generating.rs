//! `generate`: what is written, what is replaced, what is refused.

use crate::scene::Scene;
use insta::assert_snapshot;

const CONFIG: &str = "\
kind = 'lut_tensor_core'
activation.format = 'int8'
weight.format = 'int2'
tile = { m = 2, n = 8, k = 4 }
";

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("core.toml", CONFIG);
    scene
}

fn generate(scene: &Scene, more: &[&str]) -> String {
    scene.run(&[&["generate", "core.toml"], more].concat())
}

#[test]
fn a_bundle_is_written_once_and_then_left_alone() {
    let scene = scene();
    let first = generate(&scene, &["--json", "core.json"]);
    assert!(first.starts_with("exit 0\nout: created rtl_out/core: top core, "), "{first}");
    assert!(generate(&scene, &[]).contains("unchanged rtl_out/core"));
    assert_eq!(scene.entries(), ["core.json", "core.toml", "rtl_out"]);
    let json = scene.json("core.json");
    for key in ["name", "digest", "top", "files", "ports", "latency_cycles", "macs_per_cycle"] {
        assert!(!json[key].is_null(), "{key}");
    }
    for key in ["stall_cycles", "flops", "accumulator_bits", "max_k"] {
        assert!(json[key].is_number(), "{key}");
    }
}

#[test]
fn the_bundle_is_the_same_from_its_own_configuration_and_in_another_folder() {
    let scene = scene();
    generate(&scene, &[]);
    let again = scene.run(&["generate", "rtl_out/core/config.toml", "--out", "elsewhere"]);
    assert!(again.starts_with("exit 0\n"), "{again}");
    assert_eq!(scene.read("rtl_out/core/SHA256SUMS"), scene.read("elsewhere/SHA256SUMS"));
    assert!(scene.run(&["generate", "core"]).contains("unchanged rtl_out/core"));
}

#[test]
fn another_configuration_replaces_the_bundle() {
    let scene = scene();
    generate(&scene, &[]);
    scene.write("core.toml", CONFIG.replace("n = 8", "n = 16"));
    assert!(generate(&scene, &[]).contains("replaced rtl_out/core"));
}

#[test]
fn an_edited_bundle_is_refused() {
    let scene = scene();
    generate(&scene, &[]);
    scene.write("rtl_out/core/notes.txt", "mine");
    assert_snapshot!(generate(&scene, &[]), @"
    exit 2
    err: bitplane: [edited-bundle] rtl_out/core: is a bundle that was edited by hand: notes.txt
    err:   help: keep the edits by writing elsewhere with --out, or drop them with --force
    ");
    assert_eq!(scene.read("rtl_out/core/notes.txt"), "mine");
    scene.write("core.toml", CONFIG.replace("n = 8", "n = 16"));
    assert!(generate(&scene, &["--force"]).contains("replaced rtl_out/core"));
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let scene = scene();
    std::fs::create_dir(scene.path("photos")).unwrap();
    scene.write("photos/a.jpg", "mine");
    assert_snapshot!(generate(&scene, &["--out", "photos"]), @"
    exit 2
    err: bitplane: [not-a-bundle] photos: is a folder that bitplane did not write
    err:   help: choose another folder with --out, or replace all of it with --force
    ");
    assert_eq!(scene.read("photos/a.jpg"), "mine");
}

#[test]
fn a_file_in_the_way_is_refused() {
    let scene = scene();
    assert_snapshot!(generate(&scene, &["--out", "core.toml", "--force"]), @"
    exit 2
    err: bitplane: [file-in-the-way] core.toml: is a file; a bundle is a folder
    err:   help: choose another folder with --out, or remove the file
    ");
    assert_eq!(scene.read("core.toml"), CONFIG);
}

#[test]
fn a_folder_that_cannot_be_made_is_refused_and_nothing_is_left() {
    let scene = scene();
    assert_snapshot!(generate(&scene, &["--out", "core.toml/core"]), @"
    exit 2
    err: bitplane: [unusable-path] core.toml/core: cannot write the bundle: file exists
    err:   help: choose another path
    ");
    assert_eq!(scene.entries(), ["core.toml"]);
}

#[test]
fn the_working_folder_is_not_replaced_even_by_force() {
    assert_snapshot!(generate(&scene(), &["--out", ".", "--force"]), @"
    exit 2
    err: bitplane: [needed-folder] .: holds the working folder, the home folder or the configuration
    err:   help: choose a folder of the bundle's own with --out
    ");
}

#[test]
fn a_full_disk_is_the_machines_failure() {
    let scene = scene();
    let text = generate(&scene, &["--json", "/dev/full"]);
    assert!(text.starts_with("exit 4\n") && text.contains("[disk-full]"), "{text}");
}

#[test]
fn a_configuration_that_is_not_there_is_refused() {
    assert_snapshot!(Scene::new().run(&["generate", "core.toml"]), @"
    exit 2
    err: bitplane: [file-not-found] core.toml: cannot read the file: no such file or directory
    err:   help: check the path
    ");
}

#[test]
fn a_name_that_is_no_preset_is_refused() {
    let text = Scene::new().run(&["generate", "lut_w3a3"]);
    assert!(text.contains("[config-not-found] lut_w3a3: is neither a file nor a preset"), "{text}");
    assert!(text.starts_with("exit 2\n"), "{text}");
}

#[test]
fn a_folder_as_configuration_is_refused_with_the_file_in_it() {
    let scene = scene();
    generate(&scene, &[]);
    assert_snapshot!(scene.run(&["generate", "rtl_out/core"]), @"
    exit 2
    err: bitplane: [is-a-folder] rtl_out/core: is a folder, not a configuration
    err:   help: give rtl_out/core/config.toml
    ");
}

#[test]
fn a_configuration_that_is_no_text_is_refused() {
    let scene = Scene::new();
    scene.write("core.toml", b"kind = '\xff'\n");
    assert_snapshot!(scene.run(&["generate", "core.toml"]), @"
    exit 2
    err: bitplane: [not-utf8] core.toml: is not UTF-8 text: byte 8 belongs to no character
    err:   help: save the file as UTF-8
    ");
}

#[test]
fn endless_input_is_refused() {
    assert_snapshot!(Scene::new().run(&["generate", "/dev/zero"]), @"
    exit 2
    err: bitplane: [file-too-large] /dev/zero: is larger than 1 MiB
    err:   help: give a text file
    ");
}

#[test]
fn a_bad_key_is_in_the_json_with_its_line() {
    let scene = scene();
    scene.write("core.toml", CONFIG.replace("weight.format", "weight.fromat"));
    let text = generate(&scene, &["--json", "core.json"]);
    assert!(text.starts_with("exit 2\n"), "{text}");
    let json = scene.json("core.json");
    let errors = json["errors"].as_array().unwrap();
    let unknown = errors.iter().find(|error| error["code"] == "unknown-key").unwrap();
    assert_eq!(
        (unknown["key"].as_str(), unknown["line"].as_u64()),
        (Some("weight.fromat"), Some(3))
    );
    assert_eq!(scene.entries(), ["core.json", "core.toml"]);
}
