//! Reads checkpoints, quantises and packs weights and activations.
//!
//! The path of a layer: [`Checkpoint`] reads a tensor, a [`WeightQuantiser`] turns it into codes
//! with a scale and a zero point per output channel or quantisation group, [`pack`] writes them in the order a core reads them, and
//! [`unpack`] gives back words for the weight port and integer weights for the golden model.
//! For a `bitmod_tile` a [`TypeQuantiser`] gives groups data types of their own, [`pack_types`] writes and
//! [`unpack_types`] reads them.
//! Activations come from a tensor or from [`embed`] and go through an [`ActivationQuantiser`].
//!
//! Everything works on bytes in memory; no function opens a file. Bad input is a
//! [`Problem`](bitplane_spec::Problem), never a panic. Where a problem's `key` is empty it is about
//! the file as a whole, whose path only the caller knows.
//!
//! ```
//! use bitplane_formats::WeightWord;
//! use bitplane_weights::{Grouping, Matrix, PackLayout, WeightQuantiser, pack, unpack};
//!
//! let weights = Matrix::new(2, 5, vec![
//!     0.5, -0.5, 1.0, 0.0, -1.0, //
//!     2.0, 1.0, -2.0, -4.0, 0.0,
//! ])?;
//! let groups = Grouping::new(5, 3)?;
//! let quantised = WeightQuantiser::parse("int4")?.quantise("layer.weight", &weights, groups);
//! assert!(quantised.nmse(&weights) < 0.01);
//! assert_eq!(quantised.scales.len(), 2 * 2);
//!
//! let bytes = pack(&quantised, PackLayout::new(WeightWord::Folded, 4)?)?;
//! let packed = unpack(&bytes)?;
//! assert_eq!(packed.quantised(), quantised);
//! # Ok::<(), bitplane_spec::Problem>(())
//! ```

#![allow(
    clippy::result_large_err,
    reason = "a problem is made once, on the way out; its size costs nothing"
)]

mod activation;
mod bits;
mod checkpoint;
mod container;
mod data_types;
mod embedding;
mod grid;
mod grouping;
mod layout;
mod matrix;
mod pack;
mod packed;
mod quantise;
mod quantised;
mod recognise;
mod require;
mod rescale;
mod suggest;
mod unpack;

pub use activation::{
    ActivationFormat, ActivationFunction, ActivationQuantiser, Percent, QuantisedActivations,
};
pub use checkpoint::Checkpoint;
pub use container::MAGIC;
pub use data_types::{
    AttentionCache, Baseline, Cached, ChoiceSpan, GroupFit, TypeChoice, TypeQuantiser, TypedGroup,
    TypedWeights, pack_types, unpack_types,
};
pub use embedding::embed;
pub use grouping::Grouping;
pub use layout::PackLayout;
pub use matrix::{Matrix, nmse};
pub use pack::{PackHeader, VERSION, pack};
pub use packed::{PackedWeights, WordPlace};
pub use quantise::{Average, ScaleSpan, WeightQuantiser, ZeroSpan};
pub use quantised::QuantisedWeights;
pub use rescale::ScaleCodes;
pub use unpack::unpack;
