//! What a report counts.

use crate::common::generated;
use bitplane_simulate::{Monitor, Options, Start, regression};

#[test]
fn a_multiplier_array_counts_its_multiplications() {
    let config = "
        kind = 'mac_array'
        activation.format = 'int3'
        weight.format = 'int2'
        tile = { m = 2, n = 3, k = 4 }
        accumulate.max_k = 40
    ";
    let Some((spec, simulator)) = generated(config) else { return };
    let options = Options { vectors: 100, runs: 10, start: Start::default() };
    let report = regression(&simulator, &spec, &options, &Monitor::silent());
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.passed() && report.vectors >= 100, "{report:?}");
    assert_eq!(report.lookups, report.vectors * 2 * 3 * 4);
}
