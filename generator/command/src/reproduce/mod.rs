//! Published tables, reproduced with cores of this generator.

pub mod core;
pub mod lut_ablation;
pub mod measure;
pub mod plot;
pub mod published;
pub mod search;
pub mod sweep;
pub mod table;
