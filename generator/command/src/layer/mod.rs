//! The parts of a layer: activations, packed weights, the order of the weight port, the error.

mod beats;
mod error;
mod input;

pub use beats::weight_beats;
pub use error::{LayerError, Reference};
pub use input::{Source, activations, reference, weights};
