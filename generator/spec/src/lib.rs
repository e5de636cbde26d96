//! What the user asked for.
//!
//! A configuration file is parsed once into a [`Spec`]; every problem in it is collected as a
//! [`Problem`] with its key, line, reason and way out. No later stage rejects what passed here.

mod problem;
mod spec;

pub use problem::Problem;
pub use spec::{
    Accumulate, AccumulatorFormat, Architecture, Fold, Overflow, Pipeline, Precompute, Reset,
    Select, Spec, Stages, Symmetry, Table, Tile, ZeroPointMode,
};
