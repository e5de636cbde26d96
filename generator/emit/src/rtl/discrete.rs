//! Text of the units of an array of multipliers that rounds every product and sum.

use askama::Template;
use bitplane_design::{
    DeferredAdder, DiscreteLane, FactorCode, FactorDecoder, FloatAdder, FloatMultiplier, LaneAdder,
    PairDecoder, PairMultiplier,
};
use bitplane_formats::Specials;

use super::{CoreText, Worded, named};
use crate::bundle::BundleFile;

/// What an operand is besides a number.
struct OperandKind {
    name: &'static str,
    value: &'static str,
}

struct DecoderPhrases {
    side: &'static str,
    title: &'static str,
    what: String,
    offset: String,
    flags: String,
    extended: &'static str,
    counted: &'static str,
    left: String,
    from: String,
    /// The highest bit first.
    kinds: Vec<OperandKind>,
}

struct MultiplierPhrases {
    title: &'static str,
    module: &'static str,
    rounded: &'static str,
    timing: &'static str,
    operand_flags: String,
    signed: [&'static str; 2],
    exponents: [String; 2],
    biased: &'static str,
    exponent_meaning: String,
    nan_meaning: &'static str,
    is_infinite: String,
    is_nan: String,
    seen: &'static str,
    seen_bits: &'static str,
    window: String,
    or_below: &'static str,
    moves_a_place: &'static str,
    distance: String,
    is_normal: &'static str,
    carry_bits: u32,
    beyond: &'static str,
    unless_beyond: &'static str,
}

struct AdderPhrases {
    zero_exponent: String,
    left: String,
    distance_bits: u32,
}

struct DeferredPhrases {
    distance_bits: u32,
    counted: String,
}

struct PairDecoderPhrases {
    rest_bits: u32,
}

struct PairPhrases {
    timing: &'static str,
}

struct PairLanePhrases {
    timing: String,
    gate: &'static str,
    chain: String,
    weight_bits: u32,
    first_bits: u32,
    second_bits: u32,
    first: String,
    second: String,
    sums_are_gated: bool,
}

struct SumPhrases {
    timing: &'static str,
    gate: &'static str,
    /// Behind an adder of the tree.
    sum: &'static str,
    chain: String,
    numbers_bits: u32,
    word_bits: u32,
    sums_are_gated: bool,
}

struct LanePhrases {
    timing: String,
    widened: String,
    gate: &'static str,
    /// Behind an adder of the tree.
    sum: &'static str,
    chain: String,
}

unit_text!(FactorDecoderText, "rtl/factor_decoder.sv", Worded<'a, FactorDecoder, DecoderPhrases> {});
unit_text!(
    FloatMultiplierText, "rtl/float_multiplier.sv",
    Worded<'a, FloatMultiplier, MultiplierPhrases> {}
);
unit_text!(FloatAdderText, "rtl/float_adder.sv", Worded<'a, FloatAdder, AdderPhrases> {});
unit_text!(
    DeferredAdderText, "rtl/deferred_adder.sv", Worded<'a, DeferredAdder, DeferredPhrases> {}
);
unit_text!(SumRounderText, "rtl/sum_rounder.sv", &'a DeferredAdder {});
unit_text!(SumEncoderText, "rtl/sum_encoder.sv", &'a DeferredAdder {});
unit_text!(DiscreteLaneText, "rtl/discrete_lane.sv", Worded<'a, DiscreteLane, LanePhrases> {});
unit_text!(PairDecoderText, "rtl/pair_decoder.sv", Worded<'a, PairDecoder, PairDecoderPhrases> {});
unit_text!(
    PairMultiplierText, "rtl/pair_multiplier.sv", Worded<'a, PairMultiplier, PairPhrases> {}
);
unit_text!(PairLaneText, "rtl/pair_lane.sv", Worded<'a, DiscreteLane, PairLanePhrases> {});
unit_text!(RoundedSumText, "rtl/rounded_sum.sv", Worded<'a, DiscreteLane, SumPhrases> {});

/// The files of the lanes and of what decodes for them, lanes last.
pub(super) fn files(core: &CoreText, unit: &DiscreteLane) -> Vec<BundleFile> {
    let multiplier = &unit.multiplier;
    let activation = decoder(core, &multiplier.activation, "activation", "Activation");
    let mut files = vec![named(core, "activation_decoder", activation)];
    files.extend(match &unit.pair {
        None => vec![
            named(core, "weight_decoder", decoder(core, &multiplier.weight, "weight", "Weight")),
            named(core, "float_multiplier", float_multiplier(core, multiplier, WHOLE)),
        ],
        Some(pair) => pair_files(core, pair),
    });
    match &unit.adder {
        LaneAdder::Rounding(adder) => files.push(float_adder(core, adder)),
        LaneAdder::Deferred(adder) => {
            files.push(named(core, "deferred_adder", deferred_adder(core, adder)));
            if unit.rounds_trees() {
                files.push(named(core, "sum_rounder", SumRounderText { core, unit: adder }));
            }
            files.push(named(core, "sum_encoder", SumEncoderText { core, unit: adder }));
        }
    }
    match &unit.pair {
        None => files.push(named(core, "discrete_lane", lane(core, unit))),
        Some(pair) => files.extend([
            named(core, "rounded_sum", rounded_sum(core, unit)),
            named(core, "pair_lane", pair_lane(core, unit, pair)),
        ]),
    }
    files
}

/// What decodes and multiplies where a weight can be two.
fn pair_files(core: &CoreText, pair: &PairMultiplier) -> Vec<BundleFile> {
    let PairDecoder { whole, half, .. } = &pair.decoder;
    let phrases = PairDecoderPhrases { rest_bits: half.bits - half.significand_bits };
    let weight = PairDecoderText { core, unit: Worded { unit: &pair.decoder, phrases } };
    let phrases = PairPhrases { timing: multiplier_timing(pair.registers_product) };
    let multiplier = PairMultiplierText { core, unit: Worded { unit: pair, phrases } };
    vec![
        named(core, "whole_decoder", decoder(core, whole, "whole", "Whole-weight")),
        named(core, "half_decoder", decoder(core, half, "half", "Second-weight")),
        named(core, "weight_decoder", weight),
        named(core, "first_product", float_multiplier(core, &pair.first, FIRST)),
        named(core, "second_product", float_multiplier(core, &pair.second, SECOND)),
        named(core, "pair_multiplier", multiplier),
    ]
}

fn rounded_sum<'a>(core: &'a CoreText, unit: &'a DiscreteLane) -> RoundedSumText<'a> {
    let phrases = SumPhrases {
        timing: match core.stages {
            0 => "Nothing but the accumulator is registered.",
            _ => "The accumulator and the sums next to it are registered.",
        },
        gate: gate(core),
        sum: lane_sum(unit),
        chain: chain(unit),
        numbers_bits: core.k * unit.adder.number_bits(),
        word_bits: unit.word_bits(),
        sums_are_gated: sums_are_gated(core),
    };
    RoundedSumText { core, unit: Worded { unit, phrases } }
}

/// Whether sums, and not products, are told what is not to be added.
fn sums_are_gated(core: &CoreText) -> bool {
    !core.gates_addends || core.k > 1
}

fn pair_lane<'a>(
    core: &'a CoreText,
    unit: &'a DiscreteLane,
    pair: &PairMultiplier,
) -> PairLaneText<'a> {
    let phrases = PairLanePhrases {
        timing: float_timing(core),
        gate: gate(core),
        chain: chain(unit),
        weight_bits: pair.decoder.bits,
        first_bits: pair.first.number_bits,
        second_bits: pair.second.number_bits,
        first: widened(&pair.first, &unit.adder, "first"),
        second: widened(&pair.second, &unit.adder, "second"),
        sums_are_gated: sums_are_gated(core),
    };
    PairLaneText { core, unit: Worded { unit, phrases } }
}

fn deferred_adder<'a>(core: &'a CoreText, unit: &'a DeferredAdder) -> DeferredAdderText<'a> {
    let largest_distance = (1 << unit.exponent_bits) - 1;
    let phrases = DeferredPhrases {
        distance_bits: bits_to_hold(largest_distance.max(unit.fraction_bits + 3)),
        counted: padded("leading", unit.fraction_bits + 3, unit.count_bits),
    };
    DeferredAdderText { core, unit: Worded { unit, phrases } }
}

fn bits_to_hold(largest: u32) -> u32 {
    u32::BITS - largest.leading_zeros()
}

fn decoder<'a>(
    core: &'a CoreText,
    unit: &'a FactorDecoder,
    side: &'static str,
    title: &'static str,
) -> FactorDecoderText<'a> {
    let (what, counted, value) = match unit.code {
        FactorCode::Float(format) => {
            (format!("a number of {format}"), "A significand", "!is_subnormal, fraction")
        }
        FactorCode::Integer => {
            (format!("an integer of {} bits", unit.code_bits), "A magnitude", "magnitude")
        }
    };
    let offset = match (unit.exponent_is_signed, unit.exponent_of_one) {
        (true, 0) => "in two's complement".to_owned(),
        (true, one) => format!("in two's complement ({one} stands for 1)"),
        (false, one) => format!("({one} stands for 1)"),
    };
    let phrases = DecoderPhrases {
        side,
        title,
        what,
        offset,
        flags: kinds(unit).iter().rev().map(|kind| format!(", {}", meaning(kind.name))).collect(),
        extended: if unit.code_bits == 1 { "{2{code_i[0]}}" } else { "code_i" },
        counted,
        left: padded(value, unit.counted_bits, unit.count_bits),
        from: from(unit),
        kinds: kinds(unit),
    };
    FactorDecoderText { core, unit: Worded { unit, phrases } }
}

/// The fields `value` of `bits` bits with zeros behind them, up to 2^`count_bits`.
fn padded(value: &str, bits: u32, count_bits: u32) -> String {
    match (1 << count_bits) - bits {
        0 => format!("{{{value}}}"),
        zeros => format!("{{{value}, {zeros}'d0}}"),
    }
}

/// The exponent of an operand before its leading zeros are taken away.
fn from(unit: &FactorDecoder) -> String {
    let bits = unit.exponent_bits;
    let constant = |value: i32| format!("{bits}'d{}", value.rem_euclid(1 << bits));
    match unit.code {
        FactorCode::Float(format) => {
            let field = "ExponentBits'(field | FieldBits'(is_subnormal))";
            match unit.exponent_of_one - format.bias() {
                0 => field.to_owned(),
                offset => format!("{} + {field}", constant(offset)),
            }
        }
        // The highest bit of a magnitude.
        FactorCode::Integer => constant(unit.exponent_of_highest_bit()),
    }
}

/// What an operand says besides its number, the highest bit first.
fn kinds(unit: &FactorDecoder) -> Vec<OperandKind> {
    let zero = match unit.code {
        FactorCode::Float(_) => "is_subnormal && (fraction == '0)",
        FactorCode::Integer => "(magnitude == '0)",
    };
    let zero = unit.tells_zero.then_some(OperandKind { name: "is_zero", value: zero });
    let specials: Vec<OperandKind> = match unit.specials {
        Specials::InfinityAndNan => vec![
            OperandKind { name: "is_infinite", value: "(&field) && (fraction == '0)" },
            OperandKind { name: "is_nan", value: "(&field) && (fraction != '0)" },
        ],
        Specials::Nan => vec![OperandKind { name: "is_nan", value: "(&field) && (&fraction)" }],
        Specials::Nothing => Vec::new(),
    };
    zero.into_iter().chain(specials).collect()
}

fn meaning(kind: &str) -> &'static str {
    match kind {
        "is_zero" => "whether it is zero",
        "is_infinite" => "whether it is infinite",
        _ => "whether it is NaN",
    }
}

/// The multiplier of one activation and one weight: its title and its unit.
const WHOLE: [&str; 2] =
    ["Float multiplier: the product of an activation and a weight", "float_multiplier"];
/// What makes numbers of the products of a pair multiplier.
const FIRST: [&str; 2] =
    ["First product: that of an activation and a weight, or the first of two,", "first_product"];
const SECOND: [&str; 2] =
    ["Second product: that of an activation and the second of two weights", "second_product"];

fn multiplier_timing(registers_product: bool) -> &'static str {
    match registers_product {
        true => "One cycle: the exact product is registered.",
        false => "Combinational.",
    }
}

fn float_multiplier<'a>(
    core: &'a CoreText,
    unit: &'a FloatMultiplier,
    [title, module]: [&'static str; 2],
) -> FloatMultiplierText<'a> {
    let FloatMultiplier { product_bits, seen_bits, window_bits, .. } = *unit;
    let phrases = MultiplierPhrases {
        title,
        module,
        rounded: if unit.rounds { ",\n// rounded to the nearest, of two the even one" } else { "" },
        timing: multiplier_timing(unit.registers_product),
        operand_flags: if unit.has_nan() {
            ", and what the operand is else".to_owned()
        } else {
            String::new()
        },
        signed: [unit.activation, unit.weight]
            .map(|factor| if factor.exponent_is_signed { " signed" } else { "" }),
        exponents: [
            exponent(if unit.is_given { "activation_i[0" } else { "activation_i[ActivationBits" }, &unit.activation),
            exponent(if unit.is_given { "weight_i[0" } else { "weight_i[WeightBits" }, &unit.weight),
        ],
        biased: if unit.exponent_offset == 0 { "the biased exponent" } else { "that" },
        exponent_meaning: match unit.exponent_offset {
            0 => "biased exponent (1 for\n  // subnormal numbers and zero, all ones for what is none)"
                .to_owned(),
            offset => format!(
                "exponent ({offset} less\n  // than in a code, 1 for zero, all ones for what is none)"
            ),
        },
        nan_meaning: if unit.has_nan() { ", whether it is NaN" } else { "" },
        is_infinite: is_infinite(unit),
        is_nan: is_nan(unit),
        seen: if product_bits > seen_bits {
            "; the lowest bit says whether there is more"
        } else {
            ""
        },
        seen_bits: if product_bits > seen_bits {
            "{whole[ProductBits-1 -: SeenBits-1], whole[ProductBits-SeenBits:0] != '0}"
        } else {
            "whole"
        },
        window: match window_bits - seen_bits {
            0 => "seen".to_owned(),
            zeros => format!("{{seen, {zeros}'d0}}"),
        },
        or_below: if unit.can_be_below {
            " or would\n  // be below the normal numbers, and there as far again as it is below"
        } else {
            ""
        },
        moves_a_place: if unit.can_be_below { "is_below || is_large" } else { "is_large" },
        distance: distance(unit),
        is_normal: if unit.can_be_below { "is_number && !is_below" } else { "is_number" },
        carry_bits: unit.fraction_bits + 2,
        beyond: if unit.has_nan() {
            "(biased[SumBits-1:ExponentBits] != '0) || is_nan"
        } else {
            "biased[SumBits-1:ExponentBits] != '0"
        },
        unless_beyond: if unit.has_infinities() { " or infinite" } else { "" },
    };
    FloatMultiplierText { core, unit: Worded { unit, phrases } }
}

/// The exponent of an operand, which begins at `place`.
fn exponent(place: &str, factor: &FactorDecoder) -> String {
    let field = format!("{place} +: {}]", factor.exponent_bits);
    if factor.exponent_is_signed { format!("$signed({field})") } else { field }
}

/// The places beyond the first by which a product below the normal numbers moves: the complement of
/// the sum of the exponents, or farther than the window if that has more bits.
fn distance(unit: &FloatMultiplier) -> String {
    let (bits, sum_bits) = (unit.distance_bits, unit.sum_bits);
    if bits + 1 == sum_bits {
        return "~sum[DistanceBits-1:0]".to_owned();
    }
    "~sum[DistanceBits-1:0] | {DistanceBits{!(&sum[SumBits-2:DistanceBits])}}".to_owned()
}

fn bits(factor: &str, places: impl IntoIterator<Item = Option<u32>>) -> Vec<String> {
    places.into_iter().flatten().map(|place| format!("{factor}_i[{place}]")).collect()
}

fn is_infinite(unit: &FloatMultiplier) -> String {
    let mut terms = bits("activation", [unit.activation.infinity_place()]);
    terms.extend(bits("weight", [unit.weight.infinity_place()]));
    terms.join(" || ")
}

/// A product is NaN where a factor is, and where one is infinite and the other zero.
fn is_nan(unit: &FloatMultiplier) -> String {
    let (activation, weight) = (&unit.activation, &unit.weight);
    let mut terms = bits("activation", [activation.nan_place()]);
    terms.extend(bits("weight", [weight.nan_place()]));
    let pairs = [
        (activation.infinity_place(), weight.zero_place()),
        (activation.zero_place(), weight.infinity_place()),
    ];
    terms.extend(pairs.into_iter().filter_map(|(activation, weight)| {
        let (activation, weight) = (activation?, weight?);
        Some(format!("(activation_i[{activation}] && weight_i[{weight}])"))
    }));
    terms.join("\n                    || ")
}

/// Where lanes with accumulators in them have registers.
pub(super) fn float_timing(core: &CoreText) -> String {
    match core.stages {
        0 => "Nothing but the accumulator is registered.".to_owned(),
        1 => "One cycle to the accumulator.".to_owned(),
        stages => format!("{stages} cycles to the accumulator."),
    }
}

/// The file of the adder.
pub(super) fn float_adder(core: &CoreText, unit: &FloatAdder) -> BundleFile {
    let difference_bits = unit.fraction_bits + 2;
    let phrases = AdderPhrases {
        zero_exponent: format!("ExponentBits'({})", unit.zero_exponent),
        left: match unit.has_subnormals {
            true => padded("difference | mark", difference_bits, unit.count_bits),
            false => padded("difference", difference_bits, unit.count_bits),
        },
        distance_bits: unit.exponent_bits + 1,
    };
    named(core, "float_adder", FloatAdderText { core, unit: Worded { unit, phrases } })
}

fn lane<'a>(core: &'a CoreText, unit: &'a DiscreteLane) -> DiscreteLaneText<'a> {
    let phrases = LanePhrases {
        timing: float_timing(core),
        gate: gate(core),
        sum: lane_sum(unit),
        chain: chain(unit),
        widened: widened(&unit.multiplier, &unit.adder, "product"),
    };
    DiscreteLaneText { core, unit: Worded { unit, phrases } }
}

/// Where a lane is told whether to add.
fn gate(core: &CoreText) -> &'static str {
    if core.gates_addends { "a register before" } else { "at" }
}

/// The sum of two nodes of the tree.
fn lane_sum(unit: &DiscreteLane) -> &'static str {
    if unit.adder.defers() { "rounded" } else { "sum" }
}

/// What goes along the drain chain.
fn chain(unit: &DiscreteLane) -> String {
    match unit.adder.defers() {
        true => "sums as they are held".to_owned(),
        false => format!("codes of {}", unit.format),
    }
}

/// The signal `product` of `multiplier` as a number that `adder` takes.
fn widened(multiplier: &FloatMultiplier, adder: &LaneAdder, product: &str) -> String {
    let nan = if multiplier.has_nan() { "" } else { "1'b0, " };
    let zeros = adder.number_bits() - multiplier.number_bits - u32::from(!multiplier.has_nan());
    let zeros = if zeros > 0 { format!(", {zeros}'d0") } else { String::new() };
    match (nan, zeros.as_str()) {
        ("", "") => product.to_owned(),
        _ => format!("{{{nan}{product}{zeros}}}"),
    }
}
