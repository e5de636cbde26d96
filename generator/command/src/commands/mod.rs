//! One module a subcommand.

pub mod completions;
pub mod doctor;
pub mod generate;
pub mod lmma;
pub mod mutate;
pub mod new;
pub mod prove;
pub mod quantize;
pub mod reproduce;
mod reproduce_data_types;
pub mod run;
pub mod schema;
pub mod synth;
pub mod verify;
