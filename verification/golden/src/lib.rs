//! The golden model: exact values of a run, computed without looking at the structure of the
//! hardware.
//!
//! A result is a plain dot product of values. Only where an accumulator is asked to wrap or to
//! saturate, or every sum is rounded, does the order of additions show in the result, and only then is
//! it followed.

mod addend;
mod aligned;
mod discrete;
mod dot;
mod entries;
mod float_terms;
mod fused;
mod groups;
mod look_up;
mod policy;
mod run;

pub use addend::accumulated;
pub use aligned::rounded;
pub use groups::{GroupType, GroupZeroPoints, ZeroPoints};
pub use run::{Run, overflows, results, sums};

#[cfg(test)]
mod aligned_tests;
#[cfg(test)]
mod discrete_tests;
#[cfg(test)]
mod float_terms_tests;
#[cfg(test)]
mod fused_tests;
#[cfg(test)]
mod look_up_tests;
#[cfg(test)]
mod tests;
