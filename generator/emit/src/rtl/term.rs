//! Text of the units of an array that adds terms.

use bitplane_design::{GroupHead, TermDatapath, TermEncoder, TermLane};
use bitplane_formats::{DataType, PLACES_PER_CYCLE, TermPlan, Terms};

use askama::Template;

use super::{CoreText, Worded, named, operand_register, timing};
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

/// The files of the data path, lanes last.
pub(super) fn files(core: &CoreText, datapath: &TermDatapath, cycle_bits: u32) -> Vec<BundleFile> {
    let register = operand_register(core, &datapath.operand_register);
    let terms = &datapath.terms;
    let head = terms.head.as_ref();
    let phrases = LanePhrases { timing: timing(core) };
    let lane = TermLaneText { core, unit: Worded { unit: &terms.lane, phrases } };
    [Some(named(core, "operand_register", register))]
        .into_iter()
        .chain([head.map(|unit| named(core, "group_head", group_head(core, unit, cycle_bits)))])
        .flatten()
        .chain([
            named(core, "term_encoder", encoder(core, &terms.encoder, cycle_bits)),
            named(core, "term_lane", lane),
        ])
        .collect()
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
