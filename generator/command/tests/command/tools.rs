//! What `doctor` says about tools that are missing, too old or none at all.

use crate::scene::Scene;
use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt;

/// A program that answers every call with `answer`.
fn fake(scene: &Scene, name: &str, answer: &str) {
    scene.write(name, format!("#!/bin/sh\necho '{answer}'\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scene.path(name), mode).unwrap();
}

#[test]
fn everything_that_is_missing_is_listed_at_once() {
    assert_snapshot!(Scene::without_tools().run(&["doctor"]), @"
    exit 3
    out: Verilator     missing                    Verilator is not installed
    out: Yosys         missing                    Yosys is not installed
    out: g++           missing                    needed for building simulations
    out: make          missing                    needed for building simulations
    out: perl          missing                    needed for Verilator
    out: python3       missing                    needed for Verilator, doctor --install
    out: python3 venv  missing                    needed for doctor --install
    err: bitplane: [system-packages] g++, make, perl, python3, python3 venv: the system lacks g++, make, perl, python3, python3 venv
    err:   help: run `sudo apt-get install -y g++ make perl python3 python3-venv`
    err: bitplane: [tool-missing] verilator: Verilator is not installed
    err:   help: run `bitplane doctor --install`, or give Verilator 5.006 or later with --verilator or BITPLANE_VERILATOR
    err: bitplane: [tool-missing] yosys: Yosys is not installed
    err:   help: run `bitplane doctor --install`, or give Yosys 0.23 or later with --yosys or BITPLANE_YOSYS
    ");
}

#[test]
fn installing_without_python_asks_for_all_packages_in_one_line() {
    assert_snapshot!(Scene::without_tools().run(&["doctor", "--install"]), @"
    exit 3
    err: bitplane: [system-packages] g++, make, perl, python3, python3 venv: the system lacks g++, make, perl, python3, python3 venv
    err:   help: run `sudo apt-get install -y g++ make perl python3 python3-venv`
    ");
}

#[test]
fn a_system_python_without_ensurepip_counts_as_missing_venv() {
    let scene = Scene::new();
    scene.write("python3", "#!/bin/sh\n[ \"$1\" = --version ] && echo Python 3.11.2\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scene.path("python3"), mode).unwrap();
    let path = format!("{}:/usr/bin:/bin", scene.path("").display());
    let text = scene.with("PATH", &path).run(&["doctor", "--install"]);
    assert!(text.starts_with("exit 3\n"), "{text}");
}

#[test]
fn missing_tools_are_in_the_json_too() {
    let scene = Scene::without_tools();
    scene.run(&["doctor", "--json", "doctor.json"]);
    let json = scene.json("doctor.json");
    assert_eq!(json["status"], "tool_missing");
    assert_eq!(json["exit_code"], 3);
    assert_eq!(json["tools"][0]["found"], false);
    assert_eq!(json["install_line"], "sudo apt-get install -y g++ make perl python3 python3-venv");
}

#[test]
fn a_tool_that_is_too_old_is_refused_with_the_oldest_that_will_do() {
    let scene = Scene::new();
    fake(&scene, "old", "Yosys 0.9 (git sha1 1979e0b)");
    let text = scene.run(&["doctor", "--yosys", "./old"]);
    let error: Vec<&str> = text.lines().filter(|line| line.contains("[tool-too-old]")).collect();
    assert_snapshot!(error.join("\n"), @"err: bitplane: [tool-too-old] --yosys: SCENE/work/old is Yosys 0.9; 0.23 is the oldest that reads the generated files");
    assert!(text.starts_with("exit 3\n"), "{text}");
}

#[test]
fn a_program_that_is_another_tool_is_refused() {
    let scene = Scene::new();
    fake(&scene, "other", "GNU Make 4.3");
    let text = scene.run(&["doctor", "--verilator", "./other"]);
    assert!(text.contains("other does not say which Verilator it is"), "{text}");
    assert!(text.starts_with("exit 3\n"), "{text}");
}

#[test]
fn an_option_goes_before_the_environment() {
    let scene = Scene::new().with("BITPLANE_YOSYS", "/nonexistent/yosys");
    fake(&scene, "yosys", "Yosys 0.40");
    let text = scene.run(&["doctor"]);
    assert!(text.contains("BITPLANE_YOSYS: /nonexistent/yosys is no program"), "{text}");
    let text = scene.run(&["doctor", "--yosys", "./yosys"]);
    assert!(text.contains("Yosys         0.40          option"), "{text}");
}
