//! `new` and `schema`.

use crate::scene::Scene;
use insta::assert_snapshot;

#[test]
fn a_starter_file_is_written_once_and_never_replaced() {
    let scene = Scene::new();
    assert_snapshot!(scene.run(&["new", "lut_tensor_core"]), @"
    exit 0
    out: wrote lut_tensor_core.toml; next: bitplane generate lut_tensor_core.toml
    ");
    scene.write("lut_tensor_core.toml", "mine");
    assert_snapshot!(scene.run(&["new", "lut_tensor_core"]), @"
    exit 2
    err: bitplane: [file-exists] lut_tensor_core.toml: exists already and is not replaced
    err:   help: choose another path with --out, or remove the file
    ");
    assert_eq!(scene.read("lut_tensor_core.toml"), "mine");
}

#[test]
fn an_unknown_kind_is_refused_with_the_kinds() {
    assert_snapshot!(Scene::new().run(&["new", "systolic"]), @"
    exit 2
    err: bitplane: [unknown-kind] KIND: systolic is no kind of core that can be generated
    err:   help: kinds: lut_tensor_core, lut_conventional, add_array, mac_array, fp_mac_array, bitmod_tile
    ");
}

#[test]
fn a_starter_file_in_a_folder_that_is_not_there_is_refused() {
    let scene = Scene::new();
    assert_snapshot!(scene.run(&["new", "mac_array", "--out", "nowhere/core.toml"]), @"
    exit 2
    err: bitplane: [no-folder] nowhere/core.toml: would be in a folder that is not there
    err:   help: create it: mkdir -p nowhere
    ");
}

#[test]
fn kinds_and_presets_are_listed() {
    let text = Scene::new().run(&["new", "--list"]);
    assert!(text.starts_with("exit 0\n") && text.contains("lut_tensor_core"), "{text}");
}

#[test]
fn the_schema_is_text_and_json() {
    let scene = Scene::new();
    let text = scene.run(&["schema", "--json", "schema.json"]);
    assert!(text.starts_with("exit 0\n") && text.contains("max_k"), "{text}");
    assert!(scene.json("schema.json")["schema"].is_object());
}
