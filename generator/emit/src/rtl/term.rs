//! Text of the units of an array that adds terms.

use bitplane_design::{
    FloatOperands, FloatTermLane, FloatTerms, GroupHead, TermDatapath, TermEncoder, TermLane,
    TermLanes,
};
use bitplane_formats::{DataType, PLACES_PER_CYCLE, Specials, TermPlan, Terms};

use askama::Template;

use super::discrete::{float_adder, float_timing};
use super::{CoreText, Worded, delay_line, named, operand_register, timing};
use crate::bundle::BundleFile;

struct HeadPhrases {
    cycle_bits: u32,
    longer: Vec<String>,
    last_cycle: String,
    checks: bool,
    illegal: String,
    looks_at_types: bool,
}

unit_text!(GroupHeadText, "rtl/group_head.sv", Worded<'a, GroupHead, HeadPhrases> {});

/// A data type as the encoder's header tells it.
struct TypeText {
    number: usize,
    name: String,
    cycles: u32,
    has_special: bool,
}

/// How the encoder takes a data type that is no integer.
struct TableText {
    name: String,
    has_sign: bool,
    has_special: bool,
    values: u32,
    matches: String,
    masks: Vec<String>,
    /// What there is of the cycles that only other types have.
    later: String,
    term: String,
    sign: String,
}

struct EncoderPhrases {
    types: Vec<TypeText>,
    several: bool,
    count: u32,
    type_bits: u32,
    cycles: u32,
    cycle_bits: u32,
    special_terms: u32,
    term_bits: u32,
    shift_bits: u32,
    special: String,
    extended_bits: u32,
    integers: Vec<String>,
    digit: String,
    tables: Vec<TableText>,
    selects: Vec<String>,
    negatives: Vec<String>,
}

unit_text!(TermEncoderText, "rtl/term_encoder.sv", Worded<'a, TermEncoder, EncoderPhrases> {});

struct LanePhrases {
    timing: &'static str,
}

unit_text!(TermLaneText, "rtl/term_lane.sv", Worded<'a, TermLane, LanePhrases> {});

struct OperandsPhrases {
    format: String,
    timing: &'static str,
    special: &'static str,
    exponent: &'static str,
    nan_next: String,
    sum_is_nan: String,
}

unit_text!(
    FloatOperandsText, "rtl/float_operands.sv",
    Worded<'a, FloatOperands, OperandsPhrases> {}
);

struct FloatLanePhrases {
    format: String,
    timing: String,
    exponents_bits: u32,
    significands_bits: u32,
    significand_bits: u32,
    select_bits: u32,
    lines: u32,
    cycle_bits: u32,
    term_exponent_bits: u32,
    base: String,
    distance: String,
    placed: String,
    rounding: &'static str,
    rest: String,
    addend: String,
}

unit_text!(
    FloatTermLaneText, "rtl/float_term_lane.sv",
    Worded<'a, FloatTermLane, FloatLanePhrases> {}
);

/// The files of the data path, lanes last.
pub(super) fn files(core: &CoreText, datapath: &TermDatapath, cycle_bits: u32) -> Vec<BundleFile> {
    let register = operand_register(core, &datapath.operand_register);
    let terms = &datapath.terms;
    let head = terms.head.as_ref();
    let lanes = match &terms.lanes {
        TermLanes::Aligned(lane) => {
            let phrases = LanePhrases { timing: timing(core) };
            let lane = TermLaneText { core, unit: Worded { unit: lane, phrases } };
            vec![named(core, "term_lane", lane)]
        }
        TermLanes::Float(float) => float_files(core, float, &terms.encoder, cycle_bits),
    };
    [Some(named(core, "operand_register", register))]
        .into_iter()
        .chain([head.map(|unit| named(core, "group_head", group_head(core, unit, cycle_bits)))])
        .flatten()
        .chain([named(core, "term_encoder", encoder(core, &terms.encoder, cycle_bits))])
        .chain(lanes)
        .collect()
}

fn float_files(
    core: &CoreText,
    float: &FloatTerms,
    encoder: &TermEncoder,
    cycle_bits: u32,
) -> Vec<BundleFile> {
    let FloatTerms { operands, lane } = float;
    let phrases = OperandsPhrases {
        format: lane.sums.activation().to_string(),
        timing: match operands.registers_significands {
            true => "Significands are registered.",
            false => "Combinational.",
        },
        special: match operands.specials {
            Specials::InfinityAndNan => "&field",
            Specials::Nan => "(&field) && (&fraction)",
            Specials::Nothing => "",
        },
        exponent: match operands.gates_zeros {
            true => {
                "(ExponentBits'(biased) + ExponentBits'(s))\n          \
                 & {ExponentBits{!is_zero}}"
            }
            false => "ExponentBits'(biased) + ExponentBits'(s)",
        },
        nan_next: delay_line("is_nan_q", operands.stages, 1, "|is_special"),
        sum_is_nan: match operands.stages {
            0 | 1 => "|is_special".to_owned(),
            stages => format!("is_nan_q[{}]", stages - 2),
        },
    };
    vec![
        named(
            core,
            "float_operands",
            FloatOperandsText { core, unit: Worded { unit: operands, phrases } },
        ),
        float_adder(core, &lane.adder),
        named(core, "float_term_lane", float_lane(core, float, encoder, cycle_bits)),
    ]
}

fn float_lane<'a>(
    core: &'a CoreText,
    float: &'a FloatTerms,
    encoder: &TermEncoder,
    cycle_bits: u32,
) -> FloatTermLaneText<'a> {
    let FloatTerms { operands, lane: unit } = float;
    let significand = "significands_i[e*SignificandBits +: SignificandBits]".to_owned();
    let several = core.k > 1;
    let phrases = FloatLanePhrases {
        format: unit.sums.sum().to_string(),
        timing: float_timing(core),
        exponents_bits: operands.exponents_bits,
        significands_bits: operands.significands_bits,
        significand_bits: operands.significand_bits,
        select_bits: encoder.select_bits,
        lines: encoder.lines,
        cycle_bits,
        term_exponent_bits: operands.exponent_bits,
        base: base(unit, operands, cycle_bits),
        distance: match several {
            true => distance(unit, operands),
            false => "(largest == '0)".to_owned(),
        },
        placed: match unit.guard_bits {
            0 => significand,
            bits => format!("{{{significand}, {bits}'d0}}"),
        },
        rounding: match unit.rounds() {
            true => "Rounded to the nearest, of two the even one.",
            false => "A number holds all of its bits.",
        },
        rest: match unit.magnitude_bits - unit.kept_bits {
            0 | 1 => String::new(),
            _ => {
                "(normal[MagnitudeBits-KeptBits-2:0] != '0)\n                       || ".to_owned()
            }
        },
        addend: addend(unit),
    };
    FloatTermLaneText { core, unit: Worded { unit, phrases } }
}

/// The largest exponent with the significance of the cycle, which rises by two places.
fn base(unit: &FloatTermLane, operands: &FloatOperands, cycle_bits: u32) -> String {
    let largest = match unit.base_bits == operands.exponent_bits {
        true => "largest".to_owned(),
        false => "BaseBits'(largest)".to_owned(),
    };
    match cycle_bits {
        0 => largest,
        _ => format!("{largest} + BaseBits'({{cycle_i, {}'d0}})", PLACES_PER_CYCLE - 1),
    }
}

/// How far a product moves, or all ones if that is farther.
fn distance(unit: &FloatTermLane, operands: &FloatOperands) -> String {
    let (bits, of_exponent) = (unit.distance_bits, operands.exponent_bits);
    if of_exponent <= bits {
        return "DistanceBits'(below) | {DistanceBits{!has_term[e]}}".to_owned();
    }
    "below[DistanceBits-1:0]\n        \
     | {DistanceBits{!has_term[e] || (below[TermExponentBits-1:DistanceBits] != '0)}}"
        .to_owned()
}

/// What a cycle adds as a number.
fn addend(unit: &FloatTermLane) -> String {
    let nan = if unit.has_nan { "addend_is_nan_i" } else { "1'b0" };
    let zeros = match unit.adder.fraction_bits + 1 - unit.kept_bits {
        0 => String::new(),
        zeros => format!(", {zeros}'d0"),
    };
    format!("{{{nan}, kept_is_negative, kept_exponent, kept{zeros}}}")
}

fn group_head<'a>(core: &'a CoreText, unit: &'a GroupHead, cycle_bits: u32) -> GroupHeadText<'a> {
    let slowest = unit.last_cycles.iter().copied().max().unwrap_or(0);
    let longer = |cycle: u32| {
        let numbers = unit.last_cycles.iter().enumerate().filter(|(_, last)| **last >= cycle);
        let all = numbers.clone().count() == unit.last_cycles.len();
        let each =
            numbers.map(|(number, _)| format!("(data_type == {}'d{number})", unit.type_bits));
        if all { "1'b1".to_owned() } else { each.collect::<Vec<_>>().join(" || ") }
    };
    let illegal = illegal(unit);
    debug_assert_eq!(unit.is_checked(), !illegal.is_empty());
    let sets = core.heads_set_cycles;
    let cycles = 1..=slowest;
    let phrases = HeadPhrases {
        cycle_bits,
        longer: cycles.clone().filter(|_| sets).map(longer).collect(),
        last_cycle: cycles
            .map(|cycle| format!("{cycle_bits}'(|longer_than_{cycle})"))
            .collect::<Vec<_>>()
            .join(" + "),
        checks: !illegal.is_empty(),
        looks_at_types: sets || unit.type_can_exceed,
        illegal,
    };
    GroupHeadText { core, unit: Worded { unit, phrases } }
}

/// Whether the head of column c is none; empty where every one is legal.
fn illegal(unit: &GroupHead) -> String {
    let data_type = unit
        .type_can_exceed
        .then(|| format!("(data_type > {}'d{})", unit.type_bits, unit.types - 1));
    let shifts = unit.shift_limit.into_iter().flat_map(|limit| {
        (0..unit.special_terms).map(move |cycle| {
            let low = unit.type_bits + cycle * unit.term_bits;
            let bits = unit.shift_bits;
            format!("(heads_i[c*HeadBits+{low} +: {bits}] > {bits}'d{limit})")
        })
    });
    let all: Vec<String> = data_type.into_iter().chain(shifts).collect();
    all.join("\n                        || ")
}

fn encoder<'a>(core: &'a CoreText, unit: &'a TermEncoder, cycle_bits: u32) -> TermEncoderText<'a> {
    let terms = &unit.terms;
    let cycles = terms.cycles();
    let several = terms.types().len() > 1;
    let gate = |number: usize| several.then(|| format!("has_type[{number}]"));
    let numbered = || terms.plans().iter().enumerate();
    let integers: Vec<String> = numbered()
        .filter(|(_, plan)| plan.data_type.is_integer())
        .map(|(number, plan)| extended(&plan.data_type, cycles, gate(number)))
        .collect();
    let tables: Vec<TableText> = numbered()
        .filter(|(_, plan)| !plan.data_type.is_integer())
        .map(|(number, plan)| table(unit, plan, cycle_bits, gate(number)))
        .collect();
    let special_terms = terms.special_cycles();
    let phrases = EncoderPhrases {
        types: numbered()
            .map(|(number, plan)| TypeText {
                number,
                name: plan.data_type.name().to_owned(),
                cycles: plan.cycles,
                has_special: plan.data_type.special_code().is_some(),
            })
            .collect(),
        several,
        count: terms.types().len() as u32,
        type_bits: terms.type_bits(),
        cycles,
        cycle_bits,
        special_terms,
        term_bits: terms.term_bits(),
        shift_bits: terms.shift_bits(),
        special: special(unit, cycle_bits),
        extended_bits: PLACES_PER_CYCLE * cycles + 1,
        digit: match cycle_bits {
            0 => "extended".to_owned(),
            _ => format!("extended[cycle_i*{PLACES_PER_CYCLE} +: 3]"),
        },
        selects: selects(&integers, &tables),
        negatives: negatives(&integers, &tables),
        integers,
        tables,
    };
    TermEncoderText { core, unit: Worded { unit, phrases } }
}

/// The code of an integer with a 0 below it, sign-extended to the digits of all cycles.
fn extended(data_type: &DataType, cycles: u32, gate: Option<String>) -> String {
    let bits = data_type.bits();
    let sign = match PLACES_PER_CYCLE * cycles - bits {
        0 => String::new(),
        above => format!("{{{above}{{code[{}]}}}}, ", bits - 1),
    };
    let extended = format!("{{{sign}code[{}:0], 1'b0}}", bits - 1);
    match gate {
        None => extended,
        Some(gate) => format!("({{ExtendedBits{{{gate}}}}} & {extended})"),
    }
}

fn table(unit: &TermEncoder, plan: &TermPlan, cycle_bits: u32, gate: Option<String>) -> TableText {
    let data_type = &plan.data_type;
    let (name, has_sign) = (data_type.name(), data_type.has_sign_bit());
    let value_bits = data_type.bits() - u32::from(has_sign);
    let values = 1u32 << value_bits;
    let gated = |condition: String| match &gate {
        None => condition,
        Some(gate) => format!("{gate} && {condition}"),
    };
    let of_values = &plan.terms[..values as usize];
    let lines = unit.lines + 1;
    let (own, all) = (plan.cycles * lines, unit.terms.cycles() * lines);
    let masks = (0..plan.cycles as usize)
        .flat_map(|cycle| (0..=unit.lines).map(move |line| (cycle, line)))
        .map(|(cycle, line)| mask(name, of_values, cycle, line, unit.lines));
    TableText {
        name: name.to_owned(),
        has_sign,
        has_special: data_type.special_code().is_some(),
        values,
        matches: gated(format!("(code[{}:0] == {value_bits}'(v))", value_bits - 1)),
        masks: masks.collect(),
        later: match own == all {
            true => String::new(),
            false => format!("    assign {name}_terms[{}:{own}] = '0;\n", all - 1),
        },
        term: match cycle_bits {
            0 => format!("{name}_terms"),
            _ => format!("{name}_terms[cycle_i*(Lines+1) +: Lines+1]"),
        },
        sign: gated(format!("code[{value_bits}]")),
    }
}

/// Whether a value has a term of shift `line` in a cycle or, beyond the last line, a negative one.
fn mask(name: &str, terms: &[Terms], cycle: usize, line: u32, lines: u32) -> String {
    let holds = |terms: &Terms| {
        let term = terms.get(cycle).copied().flatten();
        term.is_some_and(|term| if line == lines { term.negative } else { term.shift == line })
    };
    let places = terms.iter().enumerate().filter(|(_, terms)| holds(terms));
    let bits = places.fold(0u64, |bits, (place, _)| bits | 1 << place);
    match (bits, terms.len()) {
        (0, _) => "1'b0".to_owned(),
        // Too long for a line otherwise.
        (_, count @ 33..) => format!("|({name}_is & {count}'h{bits:0width$x})", width = count / 4),
        (_, count) => format!("|({name}_is & {count}'b{bits:0count$b})"),
    }
}

/// The special value's term in this cycle, of the head.
fn special(unit: &TermEncoder, cycle_bits: u32) -> String {
    let terms = &unit.terms;
    let (count, low, bits) = (terms.special_cycles(), terms.type_bits(), terms.term_bits());
    let term = |cycle: u32| format!("head_i[{} +: TermBits]", low + cycle * bits);
    let of_cycle = |cycle| {
        let when = format!("(cycle_i == {cycle_bits}'d{cycle})");
        format!("({{TermBits{{{when}}}}} & {})", term(cycle))
    };
    match cycle_bits {
        0 => term(0),
        _ => (0..count).map(of_cycle).collect::<Vec<_>>().join("\n                   | "),
    }
}

fn selects(integers: &[String], tables: &[TableText]) -> Vec<String> {
    let of_integers =
        (!integers.is_empty()).then(|| "Lines'({integer_is_two, integer_is_one})".to_owned());
    let of_tables = tables.iter().flat_map(|table| {
        let name = &table.name;
        let own = format!("{name}_term[Lines-1:0]");
        let special =
            table.has_special.then(|| format!("(special_select & {{Lines{{{name}_is_special}}}})"));
        [Some(own), special].into_iter().flatten()
    });
    of_integers.into_iter().chain(of_tables).collect()
}

fn negatives(integers: &[String], tables: &[TableText]) -> Vec<String> {
    let of_integers = (!integers.is_empty()).then(|| "digit[2]".to_owned());
    let of_tables = tables.iter().map(|table| {
        let name = &table.name;
        match (table.has_sign, table.has_special) {
            (false, _) => format!("{name}_term[Lines]"),
            (true, false) => format!("({name}_sign ^ {name}_term[Lines])"),
            (true, true) => format!("{name}_negative"),
        }
    });
    of_integers.into_iter().chain(of_tables).collect()
}
