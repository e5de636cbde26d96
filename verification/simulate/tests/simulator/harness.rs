//! The printed C++ harness as a compiler sees it.

use crate::common::{SMALL, Shape, verilator, write_bundle};
use bitplane_simulate::Verilator;
use std::path::{Path, PathBuf};
use std::process::Command;

fn program(verilator: &Verilator) -> Command {
    let mut command = Command::new(&verilator.command);
    if let Some(root) = &verilator.root {
        command.env("VERILATOR_ROOT", root);
    }
    command
}

/// Folder of Verilator's own headers.
fn include(verilator: &Verilator) -> PathBuf {
    let root = verilator.root.clone().unwrap_or_else(|| {
        let output = program(verilator).args(["--getenv", "VERILATOR_ROOT"]).output().unwrap();
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    });
    root.join("include")
}

fn verilate(verilator: &Verilator, bundle: &Path, top: &str) {
    let source = bundle.join(format!("rtl/{top}.sv"));
    let output = program(verilator)
        .args(["--cc", "-Wall", "--assert", "--trace", "--Mdir"])
        .arg(bundle.join("objects"))
        .arg(source)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_harness_compiles_without_a_warning_for_ports_of_every_width_class() {
    let Some(verilator) = verilator() else { return };
    // Data ports of 16, 8 and 22 bits; of 48, 56 and 80; of 128, 256 and 368.
    let shapes = [
        SMALL,
        Shape { m: 2, n: 14, k: 4, activation: 6, weight: 2, drain: 7, max_k: 64 },
        Shape { m: 4, n: 64, k: 4, activation: 8, weight: 4, drain: 16, max_k: 4096 },
    ];
    for shape in shapes {
        let folder = tempfile::tempdir().unwrap();
        let manifest = write_bundle(shape, folder.path());
        verilate(&verilator, folder.path(), &manifest.top);
        for trace in ["-DVM_TRACE=0", "-DVM_TRACE=1"] {
            let output = Command::new("g++")
                .args(["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wshadow"])
                .args(["-DVL_TIME_CONTEXT", trace, "-isystem"])
                .arg(include(&verilator))
                .arg("-isystem")
                .arg(folder.path().join("objects"))
                .arg(folder.path().join("harness/sim_main.cpp"))
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
