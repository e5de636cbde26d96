//! Weights whose quantisation groups have data types of their own, as a `bitmod_tile` takes them.

mod assignment;
mod attention;
mod baseline;
mod group_fit;
mod pack;
mod quantiser;
mod require;
mod scales;
mod type_choice;
mod typed_weights;
mod value_set;

pub use assignment::ChoiceSpan;
pub use attention::{AttentionCache, Cached};
pub use baseline::Baseline;
pub use group_fit::GroupFit;
pub use pack::{pack_types, unpack_types};
pub use quantiser::TypeQuantiser;
pub use type_choice::TypeChoice;
pub use typed_weights::{TypedGroup, TypedWeights};
