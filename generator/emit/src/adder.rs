//! Text of the floating-point adder, in a core or alone.

use askama::Template;
use bitplane_design::{AdderRegisters, Core, Design, FloatingPointAdder};
use bitplane_formats::{FloatFormat, TermFormat};
use bitplane_spec::Spec;

use crate::bundle::{BundleFile, generator};
use crate::rtl::{CoreText, Worded};

pub(crate) struct AdderPhrases {
    registers: &'static str,
    augend: &'static str,
    term_weight: String,
    beyond_meaning: &'static str,
    distance: String,
    term: String,
    below_top: String,
    read_top: String,
    counted: String,
    largest: String,
    beyond: String,
    nan: String,
    later_magnitude: &'static str,
    later_count: &'static str,
    later_top: &'static str,
    later_sign: &'static str,
    later_subtracts: &'static str,
    later_is_given: &'static str,
    later_given: &'static str,
}

/// The text of a floating-point adder.
#[derive(Template)]
#[template(path = "rtl/floating_point_adder.sv")]
pub(crate) struct FloatingPointAdderText<'a> {
    core: &'a CoreText<'a>,
    unit: Worded<'a, FloatingPointAdder, AdderPhrases>,
}

impl<'a> FloatingPointAdderText<'a> {
    pub(crate) fn new(core: &'a CoreText<'a>, unit: &'a FloatingPointAdder) -> Self {
        Self { core, unit: Worded { unit, phrases: phrases(unit) } }
    }
}

/// The adder alone, with the prefix and digest of the core that `spec` describes: numbers of `format`
/// plus terms of `term`, which can be infinite or NaN if it `takes_specials`. Its module is
/// `<name>_floating_point_adder`.
pub fn floating_point_adder(
    spec: &Spec,
    format: FloatFormat,
    term: TermFormat,
    takes_specials: bool,
) -> BundleFile {
    let core: Core = Design::of(spec).core;
    let unit = FloatingPointAdder::of(format, term, takes_specials);
    let core = CoreText { core: &core, generator: generator(), digest: &spec.digest() };
    crate::rtl::named(&core, "floating_point_adder", FloatingPointAdderText::new(&core, &unit))
}

fn phrases(unit: &FloatingPointAdder) -> AdderPhrases {
    let format = unit.format;
    let code_bits = unit.code_bits;
    let window = unit.window_bits;
    let above = window - unit.term_place - unit.significand_bits;
    let beyond = format.infinity().or(format.nan()).unwrap_or(format.largest());
    let rounded_bits = unit.biased_bits + unit.fraction_bits;
    let later = |now, registered| if unit.registers_sum() { registered } else { now };
    AdderPhrases {
        registers: match unit.registers {
            AdderRegisters::None => "Combinational.",
            AdderRegisters::Sum => "One register, behind the sum.",
            AdderRegisters::AugendAndSum => {
                "Two registers: of the augend, which comes a\n\
                 // cycle before the term, and behind the sum."
            }
        },
        augend: if unit.registers_augend() { "augend_q" } else { "augend_i" },
        term_weight: match unit.term_exponent_bits {
            0 => format!("2^{}", unit.term_lowest),
            _ => format!("2^(exponent + {})", unit.term_lowest).replace("+ -", "- "),
        },
        beyond_meaning: match unit.has_infinity {
            true => "Beyond the largest number comes infinity.",
            false => "Beyond the largest number comes NaN.",
        },
        distance: exponent(unit, unit.distance_bits, "DistanceBits"),
        term: format!("{{{above}'d0, term_significand_i, {}'d0}}", unit.term_place),
        below_top: match unit.registers_augend() {
            true => "(BiasedBits'(distance) + BiasedBits'(augend_exponent))".to_owned(),
            false => exponent(unit, unit.biased_bits, "BiasedBits"),
        },
        read_top: exponent(unit, unit.top_bits(), "TopBits"),
        counted: match (1 << unit.count_bits) - window {
            0 => "leading | mark".to_owned(),
            below => format!("{{leading | mark, {below}'d0}}"),
        },
        largest: format!("{rounded_bits}'d{}", format.largest()),
        beyond: format!("{code_bits}'d{beyond}"),
        nan: format!("{}'d{}", unit.bits, format.nan().unwrap_or(0)),
        later_magnitude: later("magnitude", "magnitude_q"),
        later_count: later("count", "count_q"),
        later_top: later("top", "sum_top_q"),
        later_sign: later("sign", "sign_q"),
        later_subtracts: later("subtracts", "subtracts_q"),
        later_is_given: later("is_given", "is_given_q"),
        later_given: later("given", "given_q"),
    }
}

/// The exponent of the term plus the offset of the distance, modulo so many bits.
fn exponent(unit: &FloatingPointAdder, bits: u32, width: &str) -> String {
    // Nothing is of no bits.
    let offset = unit.distance_offset.rem_euclid(1 << bits.max(1));
    match unit.term_exponent_bits {
        0 => format!("{bits}'d{offset}"),
        _ => format!("{width}'(term_exponent_i) + {bits}'d{offset}"),
    }
}
