//! Builds and drives the Verilated core and compares it with the golden model.
//!
//! [`build`] turns a bundle into a [`Simulator`], a program that speaks the stream of
//! [`bitplane_emit::wire`]. A [`Session`] is one running simulator. [`regression`] and
//! [`exhaustive`] check a core, [`layer`] pushes a whole layer through one.
//!
//! Nothing here decides a path or reads the environment: directories and tools are given.

mod batch;
mod bench;
mod case;
mod compare;
mod compile;
mod cover;
mod encode;
mod error;
mod exhaustive;
mod layer;
mod monitor;
mod process;
mod product;
mod regression;
mod report;
mod session;
mod shrink;
mod stimulus;
mod values;
mod verilator;

pub use batch::{Batch, Interrupt, Response, Stalls};
pub use bitplane_golden::{GroupType, GroupZeroPoints, ZeroPoints};
pub use case::{Case, Part};
pub use compile::{BuildRequest, Optimisation, Simulator, Trace, build};
pub use cover::{Cover, Ratio};
pub use encode::Encoder;
pub use error::Error;
pub use exhaustive::exhaustive;
pub use layer::{Layer, LayerReport, PackedBeats, Weights, layer};
pub use monitor::Monitor;
pub use regression::{Options, first_difference, regression};
pub use report::{Failure, Report, ShrunkCase, ShrunkRun};
pub use session::{Session, Start};
pub use verilator::Verilator;
