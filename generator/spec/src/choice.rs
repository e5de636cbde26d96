//! The words that a configuration uses for the alternatives of a key.

use bitplane_formats::{FloatFormat, ScaleFormat};

use crate::spec::{
    AlignBlock, Commands, Entry, Fold, GroupDrain, Kind, Overflow, Packing, PlaneOrder, Precompute,
    Reset, Select, Skip, SumMode, ZeroPointMode,
};

/// One legal word of a key, with what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The word in the file.
    pub name: &'static str,
    /// What it means, in one line without a full stop.
    pub about: &'static str,
}

/// The kinds of core that can be generated, for `new --list` and the like.
pub const KINDS: &[Choice] =
    &[LUT_TENSOR_CORE, LUT_CONVENTIONAL, ADD_ARRAY, MAC_ARRAY, FP_MAC_ARRAY, BITMOD_TILE];

const LUT_TENSOR_CORE: Choice = choice(
    "lut_tensor_core",
    "table look-up, one bit plane of the weights a cycle (LUT Tensor Core)",
);
const LUT_CONVENTIONAL: Choice = choice(
    "lut_conventional",
    "look-up of sums of subsets, all of them stored: weight bits are 1 and 0 (baseline)",
);
const ADD_ARRAY: Choice =
    choice("add_array", "bit-serial adders, one bit plane of the weights a cycle (baseline)");
const MAC_ARRAY: Choice =
    choice("mac_array", "parallel two's-complement multipliers, all bits of a weight a cycle");

const FP_MAC_ARRAY: Choice =
    choice("fp_mac_array", "dot products of floating-point numbers, fused or discrete (baseline)");

const BITMOD_TILE: Choice =
    choice("bitmod_tile", "mixed data types of weights, one term a cycle (BitMoD)");

/// The data types of a bitmod_tile.
pub(crate) const DATA_TYPES: &[Choice] = &[
    choice("bitmod_fp4", "0, 0.5, 1, 1.5, 2, 3, 4, 6 with signs, and a special value a group"),
    choice("bitmod_fp3", "0, 1, 2, 4 with signs, and a special value a group"),
    choice("int8", "two's complement"),
    choice("int6", "two's complement"),
    choice("int5", "two's complement"),
    choice("int4", "two's complement"),
    choice("int3", "two's complement"),
    choice("fp6_e2m3", "OCP FP6: 2 bits of exponent, 3 of fraction"),
    choice("fp6_e3m2", "OCP FP6: 3 bits of exponent, 2 of fraction"),
    choice("fp4_e2m1", "OCP FP4: 2 bits of exponent, 1 of fraction"),
    choice("fp3_e2m0", "0, 1, 2, 4 with signs"),
    choice("nf4", "quantiles of a normal distribution, in units of 2^-6"),
];

/// The floating-point formats of activations.
pub(crate) const FLOAT_ACTIVATIONS: &[Choice] = &[
    choice(FloatFormat::FP16.name(), "IEEE 754 binary16"),
    choice(FloatFormat::BF16.name(), "bfloat16: 8 bits of exponent, 7 of fraction"),
    choice(FloatFormat::FP8_E4M3.name(), "OCP FP8: 4 bits of exponent, 3 of fraction, no infinity"),
    choice(FloatFormat::FP8_E5M2.name(), "OCP FP8: 5 bits of exponent, 2 of fraction"),
    choice(
        FloatFormat::FP6_E3M2.name(),
        "OCP FP6: 3 bits of exponent, 2 of fraction, only numbers",
    ),
    choice(
        FloatFormat::FP6_E2M3.name(),
        "OCP FP6: 2 bits of exponent, 3 of fraction, only numbers",
    ),
    choice(
        FloatFormat::FP4_E2M1.name(),
        "OCP FP4: 2 bits of exponent, 1 of fraction, only numbers",
    ),
];
/// The floating-point formats of results.
pub(crate) const FLOAT_RESULTS: &[Choice] = &[
    choice(FloatFormat::FP32.name(), "IEEE 754 binary32"),
    choice(FloatFormat::FP16.name(), "IEEE 754 binary16"),
    choice(FloatFormat::BF16.name(), "bfloat16"),
];

/// Weights of one trit.
pub(crate) const TERNARY: Choice = choice("ternary", "-1, 0 and 1, k of them in one look-up");

/// The activation format called `word`.
pub(crate) fn activation_format(word: &str) -> Option<FloatFormat> {
    FloatFormat::ACTIVATIONS.into_iter().find(|format| format.name() == word)
}

/// The result format called `word`.
pub(crate) fn result_format(word: &str) -> Option<FloatFormat> {
    FloatFormat::RESULTS.into_iter().find(|format| format.name() == word)
}

/// The width of integers that lose no bit.
pub(crate) const EXACT: Choice = choice("exact", "wide enough to lose no bit");

/// No matrix to add.
pub(crate) const NO_ADDEND: Choice = choice("none", "results are those of the product alone");

/// The word of keys that may be left to the generator.
pub(crate) const AUTO: Choice = choice("auto", "chosen by the generator");

const fn choice(name: &'static str, about: &'static str) -> Choice {
    Choice { name, about }
}

/// An enumeration whose alternatives have words; the first is the key's default.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// Every alternative with its word.
    const ALL: &'static [(Self, Choice)];

    /// The word of this alternative.
    fn word(self) -> &'static str {
        let entry = Self::ALL.iter().find(|(value, _)| *value == self);
        entry.expect("every alternative is listed").1.name
    }

    /// The alternative called `word`.
    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, choice)| choice.name == word).map(|(value, _)| *value)
    }
}

impl Named for Kind {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::LutTensorCore, LUT_TENSOR_CORE),
        (Self::LutConventional, LUT_CONVENTIONAL),
        (Self::AddArray, ADD_ARRAY),
        (Self::MacArray, MAC_ARRAY),
        (Self::FpMacArray, FP_MAC_ARRAY),
        (Self::BitmodTile, BITMOD_TILE),
    ];
}

/// Key `table.symmetry` by itself; `fold` completes it to a [`crate::Symmetry`].
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum StoredTable {
    Half,
    Full,
}

impl Named for StoredTable {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Half, choice("half", "2^(k-1) entries; the others are their negation")),
        (Self::Full, choice("full", "all 2^k entries, no negation in the lanes")),
    ];
}

impl Named for Fold {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Offline, choice("offline", "the packer stores sign and index")),
        (Self::Runtime, choice("runtime", "exclusive-ors at the weight port fold plain planes")),
    ];
}

impl Named for Packing {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Words, choice("words", "a sign and the number of a table entry for k weights")),
        (
            Self::Bytes,
            choice("bytes", "five weights of a column a byte, unpacked at the weight port"),
        ),
    ];
}

impl Named for Precompute {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Shared, choice("shared", "the core builds each table once for all columns")),
        (Self::Local, choice("local", "the core builds each copy of a table, beside its readers")),
        (Self::External, choice("external", "the activation port carries finished table entries")),
    ];
}

impl Named for Entry {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Exact, choice("exact", "the sums themselves, as wide as they are")),
        (Self::Int8, choice("int8", "sums rounded to 8 bits, in units of a power of two")),
    ];
}

impl Named for Select {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::OneHot, choice("one_hot", "a decoder shared by the rows drives an AND-OR a lane")),
        (Self::Binary, choice("binary", "a multiplexer tree on the binary index in each lane")),
    ];
}

impl Named for PlaneOrder {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Inner, choice("inner", "all planes of a k-step before the next, lowest first")),
        (
            Self::Outer,
            choice(
                "outer",
                "all k-steps of a plane before the next, highest first; A once a plane",
            ),
        ),
    ];
}

impl Named for Overflow {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Refuse, choice("refuse", "a format narrower than max_k needs is an error")),
        (Self::Wrap, choice("wrap", "keep the low bits at every addition")),
        (Self::Saturate, choice("saturate", "clamp at every addition")),
    ];
}

impl Named for SumMode {
    const ALL: &'static [(Self, Choice)] = &[
        (
            Self::Aligned,
            choice("aligned", "numbers become integers, whose sums are exact and rounded once"),
        ),
        (
            Self::Float,
            choice(
                "float",
                "every product and every sum is rounded; in a bitmod_tile the sums of each cycle",
            ),
        ),
    ];
}

impl Named for AlignBlock {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::K, choice("k", "those of a run")),
        (
            Self::Group,
            choice(
                "group",
                "those of a quantisation group, whose sum is scaled with their exponent",
            ),
        ),
    ];
}

impl Named for GroupDrain {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Stall, choice("stall", "the accumulators; the array stands still")),
        (
            Self::Shadow,
            choice(
                "shadow",
                "a second register of each lane; the array goes on with the next group",
            ),
        ),
    ];
}

impl Named for ZeroPointMode {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::None, choice("none", "no correction: sums of the weights as the core reads them")),
        (Self::Constant, choice("constant", "one zero point for all columns, given with each run")),
        (
            Self::PerGroup,
            choice("per_group", "one a column and quantisation group, with the weights"),
        ),
    ];
}

impl Named for Option<ScaleFormat> {
    const ALL: &'static [(Self, Choice)] = &[
        (None, choice("none", "no scales: results are integers, or aligned sums")),
        (
            Some(ScaleFormat::Fp16),
            choice(
                ScaleFormat::Fp16.name(),
                "IEEE 754 binary16, one a column and quantisation group, with the weights",
            ),
        ),
        (
            Some(ScaleFormat::E4m3),
            choice(
                ScaleFormat::E4m3.name(),
                "OCP FP8 E4M3, one a column and quantisation group, with the weights",
            ),
        ),
        (
            Some(ScaleFormat::E8m0),
            choice(
                ScaleFormat::E8m0.name(),
                "a power of two, one a column and quantisation group, with the weights",
            ),
        ),
        (
            Some(ScaleFormat::Int8),
            choice(
                ScaleFormat::Int8.name(),
                "an integer, one a column and quantisation group, with the weights",
            ),
        ),
    ];
}

impl Named for Commands {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::None, choice("none", "the streams carry single runs, with their markers")),
        (Self::Lmma, choice("lmma", "command words of whole matrix products, run tile by tile")),
    ];
}

impl Named for Skip {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::None, choice("none", "every k-step takes its cycles")),
        (
            Self::ZeroSteps,
            choice(
                "zero_steps",
                "k-steps whose activations are all zero take no weights and no cycle of the array",
            ),
        ),
    ];
}

impl Named for Reset {
    const ALL: &'static [(Self, Choice)] = &[
        (Self::Async, choice("async", "asserted asynchronously, released synchronously")),
        (Self::Sync, choice("sync", "sampled at the clock edge")),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::DataType;

    #[test]
    fn the_words_of_data_types_are_their_names() {
        let words: Vec<&str> = DATA_TYPES.iter().map(|choice| choice.name).collect();
        let types = DataType::ALL;
        let names: Vec<&str> = types.iter().map(DataType::name).collect();
        assert_eq!(words, names);
    }
}
