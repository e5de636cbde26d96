//! The parts of a layer: activations, packed weights, the order of the weight port, the runs of
//! its quantisation groups, the error.

mod beats;
mod error;
mod groups;
mod input;
mod layer_weights;
mod rounding;
mod scaled_tables;
mod term_cycles;

pub use beats::weight_beats;
pub use error::{LayerError, Reference};
pub use groups::{LayerSum, Operands};
pub use input::{Source, activations, reference, weights};
pub use layer_weights::LayerWeights;
pub use rounding::Rounding;
pub use term_cycles::TermCycles;
