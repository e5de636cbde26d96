//! `completions`: a script for every shell.

use crate::scene::Scene;
use insta::assert_snapshot;
use std::process::Command;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = Scene::without_tools().run(&["completions", shell]);
        assert!(text.starts_with("exit 0\n"), "{text}");
        for said in ["bitplane", "generate", "synth", "liberty", "doctor"] {
            assert!(text.contains(said), "{said} for {shell}");
        }
    }
}

#[test]
fn an_unknown_shell_is_refused_with_those_there_are() {
    assert_snapshot!(Scene::new().run(&["completions", "tcsh"]), @"
    exit 2
    err: bitplane: [usage] <SHELL>: invalid value 'tcsh' for '<SHELL>' [possible values: bash, elvish, fish, powershell, zsh]
    err:   help: a similar value exists: 'zsh'; see `bitplane --help` or `bitplane COMMAND --help`
    ");
}

#[test]
fn bash_completes_a_command_that_is_half_typed() {
    let scene = Scene::new();
    let script = scene.command().args(["completions", "bash"]).output().unwrap().stdout;
    scene.write("bitplane.bash", script);
    let ask = "source ./bitplane.bash; COMP_WORDS=(bitplane qua); COMP_CWORD=1; \
               _bitplane bitplane qua bitplane; echo \"${COMPREPLY[@]}\"";
    let asked = Command::new("bash").args(["-c", ask]).current_dir(scene.path("")).output();
    let Ok(answer) = asked else {
        eprintln!("SKIPPED, NOT TESTED: bash is missing");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "quantize");
}
