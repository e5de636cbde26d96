//! One module a subcommand.

pub mod completions;
pub mod doctor;
pub mod generate;
pub mod lmma;
pub mod new;
pub mod quantize;
pub mod reproduce;
pub mod run;
pub mod schema;
pub mod synth;
pub mod verify;
