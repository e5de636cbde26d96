//! Published tables, reproduced with cores of this generator.

pub mod bitmod_tile;
pub mod comparison;
pub mod core;
pub mod data_types;
pub mod dp4;
pub mod lut_ablation;
pub mod measure;
pub mod mixed;
pub mod page;
pub mod plot;
pub mod published;
pub mod search;
pub mod sweep;
pub mod table;
pub mod tensor_core;
