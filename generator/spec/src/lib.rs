//! What the user asked for.
//!
//! A configuration file is parsed once into a [`Spec`]; every problem in it is collected as a
//! [`Problem`] with its key, line, reason and way out. No later stage rejects what passed here.
//!
//! Everything about a key (type, legal values and why, default, which kinds take it, what it does)
//! is one row of one table. [`parse`], [`Spec::to_toml`], [`schema`], [`json_schema`] and
//! [`starter`] all read that table.
//!
//! ```
//! let text = "
//!     kind = 'lut_tensor_core'
//!     activation.format = 'int8'
//!     weight.format = 'int2'
//!     tile = { m = 2, n = 64, k = 4 }
//! ";
//! let parsed = bitplane_spec::parse(text, "core").expect("a legal configuration");
//! assert_eq!(parsed.spec.tile.drain, 16);
//! assert_eq!(parsed.spec.accumulator_bits(), 22);
//! ```

mod check;
mod choice;
mod data_types;
mod document;
mod keys;
mod legal;
pub mod lmma;
mod name;
mod normalise;
mod parse;
mod problem;
mod rules;
mod schema;
mod spec;
mod suggest;

pub use choice::{Choice, KINDS};
pub use parse::{Parsed, parse};
pub use problem::Problem;
pub use schema::{json_schema, schema, starter};
pub use spec::{
    Accumulate, AccumulatorFormat, AlignBits, AlignBlock, Architecture, Buffers, Bus, Chain,
    Commands, Entry, FloatActivation, Fold, GroupDrain, Kind, Overflow, Packing, Pipeline,
    PlaneOrder, PortWord, Precompute, ProductWord, QuantisationGroup, Reset, Select, Sequencer,
    Skip, Spec, Stages, SumMode, Symmetry, Table, Tile, WeightBeat, WeightWidth, ZeroPointMode,
};
