//! Tests of the whole crate through its public interface.

mod adder;
mod behavioural;
mod chain;
mod common;
mod counts;
mod discrete;
mod encoding;
mod faults;
mod float_terms;
mod groups;
mod harness;
mod overlong;
mod pairs;
mod published_faults;
mod quantised;
mod rounded;
mod scales;
mod sequencer;
mod sequencer_faults;
mod terms;
