//! Builds and drives the Verilated core and compares it with the golden model.
