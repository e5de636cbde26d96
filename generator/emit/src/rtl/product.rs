//! Text of the units of an array of floating-point multipliers.

use askama::Template;
use bitplane_design::{FloatOperand, FpLane, FpMacDatapath, FusedLane};
use bitplane_formats::Specials;

use super::{CoreText, Worded, discrete, named, operand_register, timing};
use crate::bundle::BundleFile;

/// What a code is besides a number, where its exponent field is all ones.
struct SpecialKind {
    name: &'static str,
    value: &'static str,
}

#[derive(Template)]
#[template(path = "rtl/float_decoder.sv")]
struct FloatDecoderText<'a> {
    core: &'a CoreText<'a>,
    unit: &'a FloatOperand,
    side: &'static str,
    side_title: &'static str,
    kinds: &'static str,
    special_kinds: &'static [SpecialKind],
}

struct LanePhrases {
    timing: &'static str,
    flags_meaning: &'static str,
    is_nan: String,
    is_infinite: String,
    leaves: String,
    largest: &'static str,
    previous: &'static str,
    products: &'static str,
    exponents: &'static str,
    negative: &'static str,
    placed: String,
    partial: &'static str,
    distance: &'static str,
    product_flags: &'static str,
    partial_flags: &'static str,
}

unit_text!(FusedLaneText, "rtl/fused_lane.sv", Worded<'a, FusedLane, LanePhrases> {});

const INFINITE: SpecialKind =
    SpecialKind { name: "is_infinite", value: "(&exponent) && (fraction == '0)" };
const NAN: SpecialKind = SpecialKind { name: "is_nan", value: "(&exponent) && (fraction != '0)" };
const ONLY_NAN: SpecialKind = SpecialKind { name: "is_nan", value: "(&exponent) && (&fraction)" };

/// The files of the data path, lanes last.
pub(super) fn files(core: &CoreText, mac: &FpMacDatapath) -> Vec<BundleFile> {
    let register = operand_register(core, &mac.operand_register);
    let mut files = vec![named(core, "operand_register", register)];
    files.extend(match &mac.lane {
        FpLane::Fused(lane) => fused_files(core, lane),
        FpLane::Discrete(lane) => discrete::files(core, lane),
    });
    files
}

fn fused_files(core: &CoreText, unit: &FusedLane) -> Vec<BundleFile> {
    let activation = decoder(core, &unit.activation, "activation", "Activation");
    let weight = decoder(core, &unit.weight, "weight", "Weight");
    vec![
        named(core, "activation_decoder", activation),
        named(core, "weight_decoder", weight),
        named(core, "fused_lane", lane(core, unit)),
    ]
}

fn decoder<'a>(
    core: &'a CoreText,
    unit: &'a FloatOperand,
    side: &'static str,
    side_title: &'static str,
) -> FloatDecoderText<'a> {
    // The highest bit first.
    let (kinds, special_kinds): (_, &[SpecialKind]) = match unit.specials {
        Specials::InfinityAndNan => (", whether it is NaN, infinite", &[INFINITE, NAN]),
        Specials::Nan => (", whether it is NaN", &[ONLY_NAN]),
        Specials::Nothing => ("", &[]),
    };
    FloatDecoderText { core, unit, side, side_title, kinds, special_kinds }
}

fn lane<'a>(core: &'a CoreText, unit: &'a FusedLane) -> FusedLaneText<'a> {
    let FusedLane { registers_products, registers_sum, .. } = *unit;
    let phrases = LanePhrases {
        timing: timing(core),
        flags_meaning: match unit.word.flag_bits {
            0 => "",
            1 => "whether a product was NaN, ",
            _ => "whether a product was negative infinity, infinity, NaN, ",
        },
        is_nan: is_nan(unit),
        is_infinite: is_infinite(unit),
        leaves: leaves(core, unit),
        largest: if registers_products { "largest_q" } else { "largest" },
        previous: if registers_products { "previous_q" } else { "largest_q" },
        products: if registers_products { "products_q" } else { "products_d" },
        exponents: if registers_products { "exponents_q" } else { "exponents_d" },
        negative: if registers_products { "negative_q" } else { "negative_d" },
        placed: match unit.magnitude_bits.checked_sub(unit.product_bits) {
            Some(0) => "product".to_owned(),
            Some(below) => format!("{{product, {below}'d0}}"),
            None => "product[ProductBits-1 -: MagnitudeBits]".to_owned(),
        },
        partial: if registers_sum { "partial_q" } else { "partial_d" },
        distance: if registers_sum { "distance_q" } else { "distance_d" },
        product_flags: if registers_products { "product_flags_q" } else { "flags_d" },
        partial_flags: if registers_sum { "partial_flags_q" } else { "flags_d" },
    };
    FusedLaneText { core, unit: Worded { unit, phrases } }
}

/// The nodes of the tree of comparisons before anything is compared: leaves on top.
fn leaves(core: &CoreText, unit: &FusedLane) -> String {
    let smallest = match unit.word.smallest_exponent {
        ..=2 => None,
        exponent => Some(format!("{}'d{exponent}, ", unit.word.exponent_bits)),
    };
    let padding = match unit.leaves - core.k - 1 - u32::from(smallest.is_some()) {
        0 => String::new(),
        count => format!("{{({count}*ExponentBits){{1'b0}}}}, "),
    };
    let smallest = smallest.unwrap_or_default();
    format!(
        "{{ {padding}{smallest}largest_q, exponents_d,\n              \
         {{(Leaves*ExponentBits){{1'b0}}}}}}"
    )
}

/// A product is NaN where a factor is, and where one is infinite and the other zero.
fn is_nan(unit: &FusedLane) -> String {
    let (activation, weight) = (unit.activation, unit.weight);
    let mut terms = Vec::new();
    terms.extend(activation.nan_place().map(|place| format!("activation[{place}]")));
    terms.extend(weight.nan_place().map(|place| format!("weight[{place}]")));
    terms.extend(
        activation
            .infinity_place()
            .map(|place| format!("(activation[{place}] && weight[{}])", weight.zero_place())),
    );
    terms.extend(
        weight
            .infinity_place()
            .map(|place| format!("(weight[{place}] && activation[{}])", activation.zero_place())),
    );
    terms.join("\n                       || ")
}

fn is_infinite(unit: &FusedLane) -> String {
    let activation = unit.activation.infinity_place().map(|place| format!("activation[{place}]"));
    let weight = unit.weight.infinity_place().map(|place| format!("weight[{place}]"));
    activation.into_iter().chain(weight).collect::<Vec<_>>().join(" || ")
}
