//! Number formats, fold and bit-plane definitions, each stated once.
//!
//! The packer, the hardware builders and the golden model all use these definitions; nothing in
//! the workspace restates them. Element order is little-endian throughout: lane 0, element 0 and
//! bit 0 are lowest.

mod accumulator;
mod aligned;
mod codebook;
mod data_type;
mod discrete;
mod float;
mod fold;
mod integer;
mod product;
mod scale;
mod table;
mod term;
mod term_plan;
mod term_sum;
mod ternary;
mod weight;
mod wide;

pub use accumulator::{
    Range, accumulator_range, entry_range, mac_range, signed_bits, subset_range, unsigned_range,
};
pub use aligned::{AlignedFormat, exact_bits};
pub use codebook::{Codebook, CodebookFault};
pub use data_type::DataType;
pub use discrete::{Factor, HeldSum, RoundedProduct};
pub use float::{FloatFormat, Number, Specials};
pub use fold::{FoldedGroup, fold, unfold};
pub use integer::IntegerFormat;
pub use product::ProductFormat;
pub use scale::ScaleFormat;
pub use table::{EntryForm, QuantisedEntry, TableContent, TableLayout};
pub use term::{Term, TermFormat};
pub use term_plan::{
    PLACES_PER_CYCLE, SignedTerm, TermArray, TermPlan, Terms, sum_of_terms, terms_of,
};
pub use term_sum::{CycleTerm, TermSum};
pub use ternary::{
    TRITS_PER_BYTE, TernaryGroup, byte_of_codes, codes_of_byte, last_number, number_bits,
};
pub use weight::{WeightFormat, WeightReading, WeightWord, ZeroPoint, plane_bit};
pub use wide::WideNumber;
