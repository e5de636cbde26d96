//! Runs Yosys on a bundle and reads area, cells, flops and delay.
//!
//! [`synthesise`] makes two runs side by side. The *total* run flattens the core (modules marked
//! `keep_hierarchy`, such as copies of a table register, stay) and gives area, cells, flops,
//! latches, depth and delay. The *breakdown* run keeps every module and gives area by unit; its
//! sum differs from the total by some percent, since nothing is optimised across a module boundary.
//! [`gate_netlist`] turns the mapped netlist of the total run into plain Verilog that a simulator
//! reads without a cell library. [`Mutants`] puts faults into the elaborated core, to see whether
//! the tests find them; [`Proofs`] compares its units with their definitions, for all inputs.
//!
//! # Delay
//!
//! ABC's delay is that of the slowest logic between registers (and ports), per module that is
//! left after flattening. A register's own clock-to-output delay and set-up time are not in it;
//! they are read from the library's register ([`Library`]) at an edge of 20 ps and a load of 5 fF,
//! given to the mapper as a shorter period, and added to the reported delay. Wires and clock
//! skew are not modelled.
//!
//! # What the scripts cost
//!
//! Measured once each on an array of 2 x 64 INT8 look-up lanes (49,000 cells) with a 45 nm
//! library at 500 MHz, Yosys 0.70 and 0.23, on a machine with other work; read the times as rough:
//!
//! - `synth -flatten; abc`: 33 and 48 s. The `abc` inside `synth` is repeated by the one with the
//!   library. Without it, without `share`, and without the retiming in the mapper's own script:
//!   20 and 38 s, and 0.5 and 0.1 % less area. That is what we use. The three were not timed
//!   apart.
//! - Leaving `fraig`, `scorr` and `dc2` out of the mapper's script saves no time and costs 7 % of
//!   area, but shortens the logic's delay by 28 and 32 %; at 1 GHz (0.70) by 13 % for 4 % of area.
//!   It is the second attempt when the first misses the clock; of two that miss, the faster is
//!   kept.
//! - Flattening after `synth` instead of in it saves no time worth having and costs 0.5 and 0.2 %
//!   of area.
//! - Full-adder cells (`extract_fa`) are not used and were not measured: the mapper treats such a
//!   cell as a boundary, so an adder's delay would be missing from the delay.

mod builtin;
mod error;
mod flow;
mod fpga;
mod liberty;
mod library;
mod mutation;
mod parse;
mod proof;
mod report;
mod script;
mod yosys;

pub use builtin::{CELLS, GateCell, SEQUENTIAL, SequentialCell, library_markdown, library_text};
pub use error::Failure;
pub use flow::{Request, fingerprint, gate_netlist, synthesise, synthesise_total};
pub use fpga::{Fpga, FpgaReport, FpgaRequest, synthesise_for_fpga};
pub use library::Library;
pub use mutation::{Mutants, Mutation, MutationRequest, Verdict, mutable_units};
pub use proof::{Lemma, Proof, ProofRequest, Proofs, Registers};
pub use report::{Report, UnitArea};
pub use yosys::{OLDEST, Run, Stage, Watch, Yosys};
