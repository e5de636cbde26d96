//! What the command says and which exit status it has when its arguments make no sense.

use crate::scene::Scene;
use insta::assert_snapshot;

#[test]
fn an_unknown_command_names_the_nearest() {
    assert_snapshot!(Scene::new().run(&["quantise"]), @"
    exit 2
    err: bitplane: [usage] quantise: unrecognized subcommand 'quantise'
    err:   help: a similar subcommand exists: 'quantize'; see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

#[test]
fn no_command_is_a_misuse() {
    assert_snapshot!(Scene::new().run(&[]), @"
    exit 2
    err: bitplane: [usage] no command was given
    err:   help: see `bitplane --help`
    ");
}

#[test]
fn an_unknown_option_names_the_nearest() {
    assert_snapshot!(Scene::new().run(&["doctor", "--instal"]), @"
    exit 2
    err: bitplane: [usage] --instal: unexpected argument '--instal' found
    err:   help: a similar argument exists: '--install'; see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

#[test]
fn a_missing_option_is_named() {
    assert_snapshot!(Scene::new().run(&["quantize", "m.safetensors", "--format", "int2"]), @"
    exit 2
    err: bitplane: [usage] --tensor <NAME>: the following required arguments were not provided: --tensor <NAME>
    err:   help: see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

#[test]
fn help_and_version_are_results() {
    let help = Scene::new().run(&["--help"]);
    assert!(help.starts_with("exit 0\nout: "), "{help}");
    let version = Scene::new().run(&["--version"]);
    assert!(version.starts_with("exit 0\nout: bitplane "), "{version}");
}

#[test]
fn a_misuse_is_written_as_json_too() {
    let scene = Scene::new();
    scene.run(&["frobnicate", "--json", "result.json"]);
    assert_snapshot!(scene.read("result.json"), @r#"
    {
      "command": "",
      "errors": [
        {
          "code": "usage",
          "help": "see `bitplane --help` or `bitplane COMMAND --help`",
          "key": "frobnicate",
          "line": null,
          "message": "unrecognized subcommand 'frobnicate'"
        }
      ],
      "exit_code": 2,
      "status": "bad_input",
      "warnings": []
    }
    "#);
}

#[test]
fn a_json_file_that_cannot_be_written_is_refused_before_any_work() {
    let scene = Scene::new();
    assert_snapshot!(scene.run(&["new", "mac_array", "--json", "nowhere/result.json"]), @"
    exit 2
    err: bitplane: [no-folder] nowhere/result.json: would be in a folder that is not there
    err:   help: create it: mkdir -p nowhere
    ");
    assert_eq!(scene.entries(), [""; 0]);
}

#[test]
fn a_folder_as_json_file_is_refused() {
    assert_snapshot!(Scene::new().run(&["schema", "--json", "."]), @"
    exit 2
    err: bitplane: [is-a-folder] .: is a folder, not a file
    err:   help: give the name of a file
    ");
}

#[test]
fn json_can_be_written_through_a_device() {
    let text = Scene::new().run(&["new", "--list", "--json", "/dev/stdout"]);
    assert!(text.contains("\"status\": \"ok\""), "{text}");
}

#[test]
fn arguments_that_are_no_text_are_refused_without_a_panic() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let broken = OsStr::from_bytes(b"ab\xff");
    for arguments in [vec![broken], vec![OsStr::new("new"), broken]] {
        let output = Scene::new().command().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    use std::process::{Command, Stdio};
    let program = assert_cmd::cargo::cargo_bin("bitplane");
    let script = "{ \"$1\" schema; echo \"exit $?\" >&2; } | true";
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(program)
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "exit 0\n");
}

#[test]
fn colours_appear_only_where_they_are_asked_for() {
    let colours = |arguments: &[&str]| Scene::new().run(arguments).contains('\u{1b}');
    assert!(!colours(&["new", "nothing"]));
    assert!(!colours(&["new", "nothing", "--colour", "never"]));
    assert!(colours(&["new", "nothing", "--colour", "always"]));
}
