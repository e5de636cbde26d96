//! Prints a Design as a bundle: SystemVerilog, harness, manifest.

pub mod manifest;
pub mod wire;
