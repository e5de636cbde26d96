//! Text of the units of a core with tables that rounds every sum.

use askama::Template;
use bitplane_design::{
    LutDatapath, Node, NumberDecoder, NumberEncoder, Rounded, RoundedSelectLane, RoundedTables,
};
use bitplane_formats::{Specials, TableContent};

use super::discrete::float_adder;
use super::{CoreText, Worded, entry_meaning, letters, named};
use crate::bundle::BundleFile;

struct DecoderPhrases {
    left: String,
    has_specials: bool,
    is_special: &'static str,
    is_nan: &'static str,
    exponent: String,
    significand: String,
    nan: &'static str,
}

struct EncoderPhrases {
    offset: String,
    least_normal: u32,
    field: String,
    unused_below: String,
}

/// An activation of a group and its place in the codes.
struct ElementText {
    name: String,
    low: u32,
}

struct HeldText {
    name: String,
    low: u32,
    is_code: bool,
}

struct NodeText {
    name: String,
    is_negation: bool,
    left: String,
    right: String,
}

struct PartPhrases {
    adders: usize,
    codes_note: &'static str,
    elements: Vec<ElementText>,
    nodes: Vec<NodeText>,
    /// The highest first.
    outputs: Vec<String>,
    leading_bits: Vec<String>,
}

struct PrecomputePhrases {
    copied: bool,
    adders: usize,
    early_note: String,
    entry_meaning: &'static str,
    example: String,
    letters: &'static str,
    input_meaning: &'static str,
    table_meaning: &'static str,
    table_bits: u32,
    held: Vec<HeldText>,
    nodes: Vec<NodeText>,
    /// The highest first.
    outputs: Vec<String>,
    leading_bits: Vec<String>,
}

struct LanePhrases {
    timing: String,
    select_meaning: &'static str,
    all_entries: u32,
    all_entries_value: &'static str,
    counted_bits: u32,
    plane_mask: String,
}

unit_text!(NumberDecoderText, "rtl/number_decoder.sv", Worded<'a, NumberDecoder, DecoderPhrases> {});
unit_text!(NumberEncoderText, "rtl/number_encoder.sv", Worded<'a, NumberEncoder, EncoderPhrases> {});
unit_text!(PartTablesText, "rtl/part_tables.sv", Worded<'a, RoundedTables, PartPhrases> {});
unit_text!(
    RoundedPrecomputeText, "rtl/rounded_precompute.sv",
    Worded<'a, RoundedTables, PrecomputePhrases> {}
);
unit_text!(
    RoundedSelectLaneText, "rtl/rounded_select_lane.sv",
    Worded<'a, RoundedSelectLane, LanePhrases> {}
);

/// The files of what builds the tables.
pub(super) fn table_files(core: &CoreText, lut: &LutDatapath, unit: &Rounded) -> Vec<BundleFile> {
    let tables = &unit.tables;
    let decoder = &tables.decoder;
    let mut files = vec![named(core, "number_decoder", decoder_text(core, decoder))];
    files.push(float_adder(core, &tables.adder));
    if tables.adds_early() {
        files.push(named(core, "part_tables", part_tables(core, tables)));
    }
    files.push(named(core, "table_precompute", precompute(core, lut, tables)));
    files
}

/// The files of the lane and of what makes codes of its sums.
pub(super) fn lane_files(core: &CoreText, unit: &Rounded) -> [BundleFile; 2] {
    let lane = named(core, "rounded_select_lane", lane(core, &unit.lane));
    [lane, named(core, "number_encoder", encoder_text(core, &unit.lane.encoder))]
}

fn decoder_text<'a>(core: &'a CoreText, unit: &'a NumberDecoder) -> NumberDecoderText<'a> {
    let fraction_bits = unit.fields.fraction_bits;
    let zeros = (1 << unit.count_bits) - fraction_bits - 1;
    let value = "!is_subnormal, fraction";
    let has_specials = unit.specials != Specials::Nothing;
    let zero = unit.number.zero_exponent;
    let of_number = format!("is_zero ? {}'d{zero} : biased", unit.number.exponent_bits);
    let kept = "left[CountedBits-1 -: FractionBits+1]";
    let phrases = DecoderPhrases {
        left: match zeros {
            0 => format!("{{{value}}}"),
            _ => format!("{{{value}, {zeros}'d0}}"),
        },
        has_specials,
        is_special: match unit.specials {
            Specials::InfinityAndNan => "&field",
            Specials::Nan | Specials::Nothing => "(&field) && (&fraction)",
        },
        is_nan: match unit.specials {
            Specials::InfinityAndNan => "is_special && (fraction != '0)",
            Specials::Nan | Specials::Nothing => "is_special",
        },
        exponent: match has_specials {
            true => format!("is_special ? '1 : ({of_number})"),
            false => of_number,
        },
        significand: match unit.number.fraction_bits() - fraction_bits {
            0 => kept.to_owned(),
            zeros => format!("{{{kept}, {zeros}'d0}}"),
        },
        nan: if has_specials { "is_nan" } else { "1'b0" },
    };
    NumberDecoderText { core, unit: Worded { unit, phrases } }
}

fn encoder_text<'a>(core: &'a CoreText, unit: &'a NumberEncoder) -> NumberEncoderText<'a> {
    let number = unit.number;
    let exponent = match number.exponent_bits.cmp(&unit.field_bits) {
        std::cmp::Ordering::Greater => "exponent[FieldBits-1:0]",
        std::cmp::Ordering::Equal => "exponent",
        std::cmp::Ordering::Less => "FieldBits'(exponent)",
    };
    let phrases = EncoderPhrases {
        offset: match number.exponent_offset {
            less @ ..0 => format!("{} less", -less),
            more => format!("{more} more"),
        },
        least_normal: number.least_normal().unwrap_or_default(),
        field: match unit.field_offset {
            0 => exponent.to_owned(),
            offset => format!("{exponent} + {}'d{offset}", unit.field_bits),
        },
        unused_below: match unit.distance_bits < number.exponent_bits {
            true => format!("below[ExponentBits-1:{}]", unit.distance_bits),
            false => String::new(),
        },
    };
    NumberEncoderText { core, unit: Worded { unit, phrases } }
}

/// A number as it is stored.
fn stored(name: &str) -> String {
    format!(
        "{{{name}[NumberBits-1 -: 2], {name}[FractionBits+1 +: ExponentBits] ^ Zero,\n     \
         {name}[FractionBits-1:0]}}"
    )
}

fn nodes(nodes: &[Node]) -> Vec<NodeText> {
    let text = |node: &Node| NodeText {
        name: node.name.clone(),
        is_negation: node.left.is_none(),
        left: node.left.as_ref().map_or(String::new(), |left| left.name.clone()),
        right: match node.subtract {
            true => format!("{} ^ Negative", node.right.name),
            false => node.right.name.clone(),
        },
    };
    nodes.iter().map(text).collect()
}

/// The leading bits of those of `outputs` that nothing is added to.
fn leading_bits(outputs: &[String], nodes: &[NodeText]) -> Vec<String> {
    let is_used = |name: &&String| {
        nodes
            .iter()
            .any(|node| node.left == **name || node.right.split(' ').next() == Some(name.as_str()))
    };
    let unused = outputs.iter().filter(|name| !is_used(name));
    unused.map(|name| format!("{name}[FractionBits]")).collect()
}

fn part_tables<'a>(core: &'a CoreText, unit: &'a RoundedTables) -> PartTablesText<'a> {
    let nodes = nodes(&unit.parts.part_nodes);
    let sums: Vec<String> = unit
        .held
        .iter()
        .filter(|held| held.element.is_none())
        .map(|held| held.name.clone())
        .collect();
    let output = |held: &bitplane_design::Held| match held.element {
        Some(i) => format!("activations_i[{} +: {}]", i * core.code_bits, core.code_bits),
        None => stored(&held.name),
    };
    let element = |i: u32| ElementText { name: format!("a{i}"), low: i * core.code_bits };
    let phrases = PartPhrases {
        adders: nodes.len(),
        codes_note: match sums.len() == unit.held.len() {
            true => "",
            false => ", and codes of activations that are no sum",
        },
        elements: unit.parts.early_elements().map(element).collect(),
        outputs: unit.held.iter().rev().map(output).collect(),
        leading_bits: leading_bits(&sums, &nodes),
        nodes,
    };
    PartTablesText { core, unit: Worded { unit, phrases } }
}

fn precompute<'a>(
    core: &'a CoreText,
    lut: &'a LutDatapath,
    unit: &'a RoundedTables,
) -> RoundedPrecomputeText<'a> {
    let nodes = nodes(&unit.parts.nodes);
    let held = |held: &bitplane_design::Held| HeldText {
        name: held.name.clone(),
        low: held.low,
        is_code: held.element.is_some(),
    };
    let early = unit.parts.part_nodes.len();
    let phrases = PrecomputePhrases {
        copied: lut.builds_copies,
        adders: nodes.iter().filter(|node| !node.is_negation).count(),
        early_note: match early {
            0 => String::new(),
            _ => format!(" (and {early} before the activation register)"),
        },
        entry_meaning: entry_meaning(unit.layout),
        example: unit.parts.nodes[0].name.clone(),
        letters: letters(unit.layout),
        input_meaning: match early {
            0 => "Codes of the activations",
            _ => "What the part tables give",
        },
        table_meaning: match unit.layout.content {
            TableContent::Subsets | TableContent::Ternary => {
                "Entries 1 and up, entry 1 lowest, as they are stored."
            }
            _ => "Entries, entry 0 lowest, as they are stored.",
        },
        table_bits: unit.layout.bits(),
        held: unit.held.iter().map(held).collect(),
        outputs: unit.parts.stored.iter().rev().map(|name| stored(name)).collect(),
        leading_bits: leading_bits(&unit.parts.stored, &nodes),
        nodes,
    };
    RoundedPrecomputeText { core, unit: Worded { unit, phrases } }
}

fn lane<'a>(core: &'a CoreText, unit: &'a RoundedSelectLane) -> RoundedSelectLaneText<'a> {
    let counts = if unit.number.can_overflow { "is_number" } else { "is_number && !is_special" };
    let phrases = LanePhrases {
        timing: super::discrete::float_timing(core),
        select_meaning: if unit.one_hot { "one line an entry" } else { "an entry number" },
        all_entries: unit.entries + unit.zero_entries,
        all_entries_value: match unit.zero_entries {
            0 => "entries",
            _ => "{entries, {EntryBits{1'b0}}}",
        },
        counted_bits: unit.number.exponent_bits + 1,
        plane_mask: format!("{{{}{{{counts}}}}}", unit.plane_bits),
    };
    RoundedSelectLaneText { core, unit: Worded { unit, phrases } }
}
