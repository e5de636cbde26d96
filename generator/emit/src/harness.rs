//! Prints the C++ harness that connects a Verilated core to a test driver.

use crate::manifest::Manifest;
use crate::wire::{self, Beat};
use askama::Template;

/// What `harness/sim_main.cpp` prints; everything follows from the ports in the manifest.
#[derive(Template)]
#[template(path = "harness/sim_main.cpp")]
struct Harness<'a> {
    manifest: &'a Manifest,
    digest: [u32; 2],
    activation: Beat,
    weight: Beat,
    result: Beat,
    scan: Beat,
    exponents: Beat,
    fetch: Beat,
    command: Beat,
    addend: Beat,
}

/// The text of `harness/sim_main.cpp` for the core that `manifest` describes.
///
/// The harness speaks the stream that [`crate::wire`] defines. Its length does not depend on the
/// widths of the ports.
pub fn print(manifest: &Manifest) -> String {
    let [scan, exponents] = Beat::of_scan(manifest);
    let harness = Harness {
        manifest,
        digest: wire::digest_words(&manifest.digest).unwrap_or_default(),
        activation: Beat::of(manifest, "activation"),
        weight: Beat::of(manifest, "weight"),
        result: Beat::of(manifest, "result"),
        scan,
        exponents,
        fetch: Beat::of(manifest, "fetch"),
        command: Beat::of(manifest, "command"),
        addend: Beat::of(manifest, "addend"),
    };
    harness.render().expect("rendering into memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Port;

    fn manifest(data_bits: u32) -> Manifest {
        let port = |name: &str, direction: &str, bits, group: &str| Port {
            name: name.to_owned(),
            direction: direction.to_owned(),
            bits,
            group: group.to_owned(),
            meaning: String::new(),
        };
        Manifest {
            name: "core".to_owned(),
            kind: "lut_tensor_core".to_owned(),
            digest: "0123456789abcdef".to_owned(),
            generator: "bitplane 0.1.0".to_owned(),
            top: "core".to_owned(),
            files: vec![],
            ports: vec![
                port("activation_valid_i", "input", 1, "activation"),
                port("activation_ready_o", "output", 1, "activation"),
                port("activation_first_i", "input", 1, "activation"),
                port("activation_data_i", "input", data_bits, "activation"),
                port("weight_last_i", "input", 1, "weight"),
                port("weight_data_i", "input", data_bits, "weight"),
                port("result_last_o", "output", 1, "result"),
                port("result_data_o", "output", data_bits, "result"),
            ],
            latency_cycles: 3,
            macs_per_cycle: 1.0,
            stall_cycles: 0,
            flops: 0,
            accumulator_bits: 16,
            max_k: 64,
            beats_per_step: 2,
            elements_per_step: 4,
            throughput: vec![],
            result_bits: 16,
            quantisation_group: None,
            memories: Vec::new(),
            units: vec![],
        }
    }

    #[test]
    fn the_harness_drives_every_field_of_the_input_streams_and_records_the_results() {
        let text = print(&manifest(70));
        for line in [
            "put<1>(core.activation_first_i, words + 0);",
            "put<70>(core.activation_data_i, words + 1);",
            "put<70>(core.weight_data_i, words + 1);",
            "get<70>(core.result_data_o, words + 1);",
            "constexpr std::size_t kResultWords = 4;",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("put<1>(core.activation_valid_i"));
    }

    #[test]
    fn the_harness_is_as_long_for_wide_ports_as_for_narrow_ones() {
        let lines = |bits| print(&manifest(bits)).lines().count();
        assert_eq!(lines(8), lines(100_000));
    }

    #[test]
    fn the_harness_keeps_within_100_columns() {
        let text = print(&manifest(65));
        let long = text.lines().find(|line| line.len() > 100);
        assert_eq!(long, None);
    }
}
