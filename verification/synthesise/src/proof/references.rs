//! The references: what units compute, written from the definitions of the formats.

use std::fmt::Write;

use bitplane_formats::{DataType, FloatFormat, TermArray, codes_of_byte};
use bitplane_spec::{Architecture, Fold, Spec, Symmetry};

use super::edge::{float_operands, group_scaler};
use super::entries::{quantised_select_lane, step_sum, table_exponent, table_rounder};
use super::lemma::{Lemma, Registers};
use super::ports::{Ports, UnitPorts};
use super::rounded::{number_decoder, number_encoder};

/// Makes the lemma of a unit from its ports, if it is built as the lemma has it.
type Maker = fn(&Spec, &UnitPorts) -> Option<Lemma>;

/// What can be proved, in the order of the data path.
const MAKERS: [(&str, Maker); 20] = [
    ("aligner", aligner),
    ("table_exponent", table_exponent),
    ("number_decoder", number_decoder),
    ("table_precompute", table_precompute),
    ("table_rounder", table_rounder),
    ("step_sum", step_sum),
    ("trit_unpacker", trit_unpacker),
    ("weight_decoder", weight_decoder),
    ("select_lane", select_lane),
    ("dot_lane", dot_lane),
    ("group_head", group_head),
    ("term_encoder", term_encoder),
    ("term_lane", term_lane),
    ("plane_accumulator", plane_accumulator),
    ("activation_sum", activation_sum),
    ("zero_point_correction", zero_point_correction),
    ("fixed_to_float", fixed_to_float),
    ("float_operands", float_operands),
    ("group_scaler", group_scaler),
    ("number_encoder", number_encoder),
];

/// Everything that is proved of a core, in the order of the data path.
pub(super) fn lemmas(spec: &Spec, ports: &Ports) -> Vec<Lemma> {
    MAKERS.iter().filter_map(|(unit, make)| make(spec, &ports.unit(unit)?)).collect()
}

/// Bits in which references count: more than any unit has.
const WIDE: u32 = 64;

pub(super) fn lemma(
    unit: &UnitPorts,
    registers: Registers,
    statement: &str,
    widths: String,
    text: String,
) -> Lemma {
    Lemma {
        unit: unit.unit.clone(),
        module: unit.module.clone(),
        statement: statement.to_owned(),
        widths,
        registers,
        text,
    }
}

/// `signal` of `bits` bits as a signed number of [`WIDE`] bits.
fn signed(signal: &str, bits: u32) -> String {
    format!("{{{{{}{{{signal}[{}]}}}}, {signal}}}", WIDE - bits, bits - 1)
}

/// Entries of half a table whose lowest bit stands once.
fn half_table(spec: &Spec) -> Option<&Symmetry> {
    match &spec.architecture {
        Architecture::LookUp(table) if !spec.weight.is_ternary() => match &table.symmetry {
            half @ Symmetry::Half { .. } => Some(half),
            _ => None,
        },
        _ => None,
    }
}

fn table_precompute(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    half_table(spec).filter(|_| spec.look_up_sums().is_none())?;
    let k = spec.tile.k;
    let (inputs, table) = (unit.bits("activations_i")?, unit.bits("table_o")?);
    let (bits, entries) = (inputs / k, 1 << (k - 1));
    let own = (table - 1) / entries;
    let text = format!(
        "module lemma (input wire [{}:0] activations, output wire wrong);\n  wire [{}:0] entries;\n  \
         {} u_unit (.activations_i(activations), .table_o(entries));\n  reg bad;\n  \
         reg signed [63:0] sum, value;\n  integer e, i;\n  always @* begin\n    bad = 0;\n    \
         for (e = 0; e < {entries}; e = e + 1) begin\n      sum = 0;\n      \
         for (i = 0; i < {k}; i = i + 1) begin\n        value = $signed(activations[i*{bits} +: {bits}]);\n        \
         sum = (i == {} || ((e >> i) & 1) == 1) ? sum + value : sum - value;\n      end\n      \
         value = $signed({{entries[1+e*{own} +: {own}], entries[0]}});\n      \
         if (sum != value) bad = 1;\n    end\n  end\n  assign wrong = bad;\nendmodule\n",
        inputs - 1,
        table - 1,
        unit.module,
        k - 1,
    );
    let statement = "entry e, with the bit that all share, is the sum of the activations, element i \
                     added where bit i of e is 1 or i is the last, else subtracted";
    let widths = format!("k = {k}, {bits}-bit activations");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn trit_unpacker(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let k = spec.tile.k;
    let (bytes, words) = (unit.bits("bytes_i")?, unit.bits("words_o")?);
    let trits = bytes / 8 * 5;
    let groups = trits / k;
    let word = words / groups;
    let cases: String = (0..=255u8)
        .map(|byte| {
            let packed =
                codes_of_byte(byte).into_iter().rev().fold(0, |all, c| all << 2 | u32::from(c));
            format!("      8'd{byte}: trits = 10'd{packed};\n")
        })
        .collect();
    let sum: String = (0..k)
        .map(|i| {
            format!(
                "      sum = sum + {} * ($signed({{1'b0, all[2*(g*{k}+{i}) +: 2]}}) - 1);\n",
                3i32.pow(i)
            )
        })
        .collect();
    let text = format!(
        "module lemma (input wire [{}:0] bytes, output wire wrong);\n  \
         function [9:0] trits (input [7:0] packed_byte);\n    case (packed_byte)\n{cases}      \
         default: trits = 10'd0;\n    endcase\n  endfunction\n  wire [{}:0] words;\n  \
         {} u_unit (.bytes_i(bytes), .words_o(words));\n  reg [{}:0] all, bad;\n  integer b, g, sum, magnitude;\n  \
         always @* begin\n    all = 0;\n    bad = 0;\n    for (b = 0; b < {}; b = b + 1) \
         all[10*b +: 10] = trits(bytes[8*b +: 8]);\n    for (g = 0; g < {groups}; g = g + 1) begin\n      \
         sum = 0;\n{sum}      magnitude = sum < 0 ? -sum : sum;\n      \
         bad[g] = words[g*{word} +: {word}] != {{sum < 0, magnitude[{}:0]}};\n    end\n  end\n  \
         assign wrong = |bad;\nendmodule\n",
        bytes - 1,
        words - 1,
        unit.module,
        2 * trits - 1,
        bytes / 8,
        word - 2,
    );
    let statement = "a word is the magnitude and the sign of the sum of its weights, element i \
                     counting 3^i, which five to a byte are read from the bytes";
    let widths = format!("{} bytes, k = {k}", bytes / 8);
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn weight_decoder(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let Symmetry::Half { fold } = half_table(spec)? else { return None };
    let k = spec.tile.k;
    let (word, select) = (unit.bits("word_i")?, unit.bits("select_o")?);
    unit.bits("negate_o")?;
    let last = k - 1;
    let folded =
        format!("{{!weights[{last}], ~(weights[{}:0] ^ {{{last}{{weights[{last}]}}}})}}", last - 1);
    let sent = if *fold == Fold::Offline { "folded" } else { "weights" };
    let chosen = if select == 1 << last {
        format!("{select}'d1 << folded[{}:0]", last - 1)
    } else {
        format!("folded[{}:0]", last - 1)
    };
    let text = format!(
        "module lemma (input wire [{last}:0] weights, output wire wrong);\n  \
         wire [{last}:0] folded = {folded};\n  wire negate;\n  wire [{}:0] select;\n  \
         {} u_unit (.word_i({sent}), .negate_o(negate), .select_o(select));\n  \
         assign wrong = (negate != !weights[{last}]) || (select != ({chosen}));\nendmodule\n",
        select - 1,
        unit.module,
    );
    let statement = "the entry selected is the one whose signs are those of the plane's bits, or all \
                     the opposite, and it is negated in the second case";
    Some(lemma(unit, Registers::Transparent, statement, format!("words of {word} bits"), text))
}

fn select_lane(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    half_table(spec)?;
    if spec.quantised_entries().is_some() {
        return quantised_select_lane(spec, unit);
    }
    let (k, groups) = (spec.tile.k, spec.tile.groups);
    let (tables, odd) = (unit.bits("tables_i")?, unit.bits("odd_i")?);
    let (select, partial) = (unit.bits("select_i")?, unit.bits("partial_o")?);
    let (entries, table) = (1 << (k - 1), tables / groups);
    let own = (table - 1) / entries;
    let index = k - 1;
    let lines = if select == groups * entries {
        format!("{entries}'d1 << index")
    } else {
        "index".to_owned()
    };
    let each = select / groups;
    let text = format!(
        "module lemma (input wire clk, input wire [{}:0] tables, input wire [{}:0] indices,\n  \
         input wire [{gh}:0] negate, output wire wrong);\n  reg [{}:0] select;\n  reg [{}:0] odd;\n  \
         wire [{ph}:0] partial;\n  reg signed [63:0] sum, value;\n  reg [{}:0] index;\n  integer g;\n  \
         always @* begin\n    sum = 0;\n    odd = 0;\n    for (g = 0; g < {groups}; g = g + 1) begin\n      \
         index = indices[g*{index} +: {index}];\n      select[g*{each} +: {each}] = {lines};\n      \
         odd = odd + {odd}'(tables[g*{table}]);\n      value = $signed({{tables[g*{table}+1+index*{own} +: {own}], \
         tables[g*{table}]}});\n      sum = negate[g] ? sum - value : sum + value;\n    end\n  end\n  \
         {} u_unit ({}.tables_i(tables), .odd_i(odd), .select_i(select), .negate_i(negate),\n    \
         .partial_o(partial));\n  assign wrong = {} != sum;\nendmodule\n",
        tables - 1,
        groups * index - 1,
        select - 1,
        odd - 1,
        index - 1,
        unit.module,
        unit.clock(),
        signed("partial", partial),
        gh = groups - 1,
        ph = partial - 1,
    );
    let statement = "the partial sum is the sum over the groups of the selected entries, each negated \
                     or not";
    let widths = format!("k = {k}, {groups} groups, entries of {} bits", own + 1);
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn dot_lane(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let (activations, weights) = (unit.bits("activations_i")?, unit.bits("weights_i")?);
    let partial = unit.bits("partial_o")?;
    let count = spec.elements_per_step();
    let (a, w) = (activations / count, weights / count);
    // A weight of two's complement bit by bit: the highest counts negatively.
    let text = format!(
        "module lemma (input wire clk, input wire [{}:0] activations, input wire [{}:0] weights,\n  \
         output wire wrong);\n  wire [{}:0] partial;\n  reg signed [63:0] sum, value;\n  integer i, b;\n  \
         always @* begin\n    sum = 0;\n    for (i = 0; i < {count}; i = i + 1)\n      \
         for (b = 0; b < {w}; b = b + 1) begin\n        value = $signed(activations[i*{a} +: {a}]);\n        \
         if (weights[i*{w}+b]) sum = b == {} ? sum - (value <<< b) : sum + (value <<< b);\n      end\n  end\n  \
         {} u_unit ({}.activations_i(activations), .weights_i(weights), .partial_o(partial));\n  \
         assign wrong = {} != sum;\nendmodule\n",
        activations - 1,
        weights - 1,
        partial - 1,
        w - 1,
        unit.module,
        unit.clock(),
        signed("partial", partial),
    );
    let statement = "the partial sum is the sum of the products";
    let widths = format!("{count} elements, {a}-bit activations, {w}-bit weights");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

/// Verilog of the value of `code` under data type number `data_type` with the special value `special`,
/// and of the cycles that the type takes.
fn type_functions(terms: &TermArray) -> String {
    let mut values = String::new();
    let mut cycles = String::new();
    for (number, (data_type, plan)) in terms.types().iter().zip(terms.plans()).enumerate() {
        let _ = writeln!(cycles, "      {number}: cycles_of = {};", plan.cycles);
        let _ = writeln!(values, "      {number}: case (code & {})", data_type.codes() - 1);
        for code in 0..data_type.codes() {
            let value = value_text(data_type, code);
            let _ = writeln!(values, "        {code}: value_of = {value};");
        }
        values.push_str("        default: value_of = 0;\n      endcase\n");
    }
    format!(
        "  function integer cycles_of (input integer data_type);\n    case (data_type)\n{cycles}      \
         default: cycles_of = 0;\n    endcase\n  endfunction\n  \
         function integer value_of (input integer data_type, input integer code, \
         input integer special);\n    case (data_type)\n{values}      default: value_of = 0;\n    \
         endcase\n  endfunction\n"
    )
}

fn value_text(data_type: &DataType, code: u16) -> String {
    if data_type.special_code() == Some(code) {
        return "special".to_owned();
    }
    data_type.value(code, 0).to_string()
}

fn group_head(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let terms = spec.terms()?;
    let columns = spec.tile.n;
    let (heads, last) = (unit.bits("heads_i")?, unit.bits("last_cycle_o")?);
    let head = heads / columns;
    let (type_bits, shift, term) = (terms.type_bits(), terms.shift_bits(), terms.term_bits());
    let types = terms.types().len();
    // Where every head is legal, none is told to be illegal.
    let told = unit.bits("illegal_o").is_some();
    let text = format!(
        "module lemma (input wire clk, input wire [{hh}:0] heads, output wire wrong);\n{}  \
         wire [{}:0] last;\n  wire illegal{not_told};\n  wire [{hh}:0] next;\n  {} u_unit (.clk_i(clk), \
         .load_i(1'b1), .heads_i(heads), .last_cycle_o(last),{told} .heads_next_o(next));\n  \
         reg bad;\n  integer c, t, most, data_type;\n  always @* begin\n    bad = 0;\n    most = 1;\n    \
         for (c = 0; c < {columns}; c = c + 1) begin\n      \
         data_type = {type_of};\n      if (data_type >= {types}) bad = 1;\n      \
         if (cycles_of(data_type) > most) most = cycles_of(data_type);\n      \
         for (t = 0; t < {}; t = t + 1)\n        if (heads[c*{head}+{type_bits}+t*{term} +: {shift}] > {}) bad = 1;\n    \
         end\n  end\n  assign wrong = (illegal != bad) || (!bad && last != {}'(most - 1)) || (next != heads);\nendmodule\n",
        type_functions(terms),
        last - 1,
        unit.module,
        terms.special_cycles(),
        terms.reach(),
        last,
        hh = heads - 1,
        told = if told { " .illegal_o(illegal)," } else { "" },
        not_told = if told { "" } else { " = 1'b0" },
        type_of =
            if type_bits == 0 { "0".to_owned() } else { format!("heads[c*{head} +: {type_bits}]") },
    );
    let statement = "a head is illegal exactly where a column names no data type or a shift beyond the \
                     reach, and k-steps take the cycles of the slowest column";
    let widths = format!("{columns} columns, {types} data types, reach {}", terms.reach());
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn term_encoder(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let terms = spec.terms()?;
    let (codes, head) = (unit.bits("codes_i")?, unit.bits("head_i")?);
    let (select, negative) = (unit.bits("select_o")?, unit.bits("negative_o")?);
    let cycle = unit.bits("cycle_i").unwrap_or(0);
    let (elements, lines) = (negative, select / negative);
    let code = codes / elements;
    let (type_bits, shift, term) = (terms.type_bits(), terms.shift_bits(), terms.term_bits());
    let cycles = terms.cycles();
    let instances: String = (0..cycles)
        .map(|c| {
            let port = if cycle > 0 { format!(".cycle_i({cycle}'d{c}), ") } else { String::new() };
            let count = match unit.bits("count_o") {
                Some(bits) => format!(".count_o(count[{} +: {bits}]), ", c * bits),
                None => String::new(),
            };
            format!(
                "  {} u_unit{c} (.clk_i(clk), .codes_i(codes), .head_i(head), {port}{count}.select_o(select[{} +: {select}]), \
                 .negative_o(negative[{} +: {negative}]));\n",
                unit.module,
                c * select,
                c * negative
            )
        })
        .collect();
    let data_type =
        if type_bits == 0 { "0".to_owned() } else { format!("head[{}:0]", type_bits - 1) };
    let (counts, counted) = match unit.bits("count_o") {
        Some(bits) => (
            format!("  wire [{}:0] count;\n", cycles * bits - 1),
            format!(
                "    for (c = 0; c < {cycles}; c = c + 1) begin\n      sum = 0;\n      \
                 for (e = 0; e < {elements}; e = e + 1) sum = sum + negative[c*{negative}+e];\n      \
                 if (sum != count[c*{bits} +: {bits}]) bad = 1;\n    end\n"
            ),
        ),
        None => (String::new(), String::new()),
    };
    let text = format!(
        "module lemma (input wire clk, input wire [{}:0] codes, input wire [{}:0] head, output wire wrong);\n{}{counts}  \
         wire [{}:0] select;\n  wire [{}:0] negative;\n{instances}  \
         reg bad, legal;\n  integer c, e, s, sum, lit, special, value, data_type;\n  always @* begin\n    \
         bad = 0;\n    special = 0;\n    data_type = {data_type};\n    legal = data_type < {};\n    \
         for (c = 0; c < {}; c = c + 1) begin\n      \
         value = 1 << (2*c + head[{type_bits}+c*{term} +: {shift}]);\n      \
         if (head[{type_bits}+c*{term} +: {shift}] > {}) legal = 0;\n      \
         if (head[{type_bits}+c*{term}+{shift}]) \
         special = head[{type_bits}+c*{term}+{shift}+1] ? special - value : special + value;\n    end\n    \
         for (e = 0; e < {elements}; e = e + 1) begin\n      sum = 0;\n      \
         for (c = 0; c < {cycles}; c = c + 1) begin\n        lit = 0;\n        \
         for (s = 0; s < {lines}; s = s + 1)\n          if (select[c*{select}+e*{lines}+s]) begin\n            \
         lit = lit + 1;\n            value = 1 << (2*c + s);\n            \
         sum = negative[c*{negative}+e] ? sum - value : sum + value;\n          end\n        \
         if (lit > 1) bad = 1;\n        if (lit > 0 && c >= cycles_of(data_type)) bad = 1;\n      end\n      \
         if (sum != value_of(data_type, codes[e*{code} +: {code}], special)) bad = 1;\n    end\n{counted}  end\n  \
         assign wrong = legal && bad;\nendmodule\n",
        codes - 1,
        head - 1,
        type_functions(terms),
        cycles * select - 1,
        cycles * negative - 1,
        terms.types().len(),
        terms.special_cycles(),
        terms.reach(),
    );
    let statement = "of every code of every data type, with every special value, the terms add up to \
                     its value, at most one in a cycle and none beyond the type's cycles; the negative ones \
                     are counted";
    let types: Vec<String> = terms.types().iter().map(ToString::to_string).collect();
    let widths = format!("{elements} elements of {}, reach {}", types.join(", "), terms.reach());
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn term_lane(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    spec.terms()?;
    let (activations, select) = (unit.bits("activations_i")?, unit.bits("select_i")?);
    let (negative, partial) = (unit.bits("negative_i")?, unit.bits("partial_o")?);
    let (elements, lines) = (negative, select / negative);
    let a = activations / elements;
    // The integers of a block are symmetric.
    let excluded = match spec.aligned() {
        Some(_) => format!("activations[e*{a} +: {a}] == {{1'b1, {{{}{{1'b0}}}}}}", a - 1),
        None => "1'b0".to_owned(),
    };
    let (count, port) = match unit.bits("count_i") {
        Some(bits) => {
            let sum: Vec<String> = (0..elements).map(|e| format!("negative[{e}]")).collect();
            let count = format!("  wire [{}:0] count = {};\n", bits - 1, sum.join(" + "));
            (count, ".count_i(count), ")
        }
        None => (String::new(), ""),
    };
    let text = format!(
        "module lemma (input wire clk, input wire [{}:0] activations, input wire [{}:0] select,\n  \
         input wire [{}:0] negative, output wire wrong);\n  wire [{}:0] partial;\n{count}  \
         {} u_unit ({}.activations_i(activations), .select_i(select), .negative_i(negative), {port}\
         .partial_o(partial));\n  reg illegal;\n  reg signed [63:0] sum, value;\n  \
         integer e, s, lit;\n  always @* begin\n    sum = 0;\n    illegal = 0;\n    \
         for (e = 0; e < {elements}; e = e + 1) begin\n      lit = 0;\n      value = 0;\n      \
         for (s = 0; s < {lines}; s = s + 1)\n        if (select[e*{lines}+s]) begin\n          \
         lit = lit + 1;\n          value = $signed(activations[e*{a} +: {a}]);\n          \
         value = value <<< s;\n        end\n      sum = negative[e] ? sum - value : sum + value;\n      \
         if (lit > 1 || {excluded}) illegal = 1;\n    end\n  end\n  \
         assign wrong = !illegal && ({} != sum);\nendmodule\n",
        activations - 1,
        select - 1,
        negative - 1,
        partial - 1,
        unit.module,
        unit.clock(),
        signed("partial", partial),
    );
    let statement = "with at most one line an element, the partial sum is the sum of the activations \
                     times their signed powers of two";
    let widths = format!("{elements} elements, {a}-bit activations, {lines} shifts");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn plane_accumulator(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let (partial, sum) = (unit.bits("partial_i")?, unit.bits("sum_o")?);
    let chain = unit.bits("chain_i").filter(|chain| *chain == sum)?;
    unit.bits("enable_i").and(unit.bits("shift_i"))?;
    // Without planes partial sums count as they are; a cycle of terms counts four times the one before.
    let plane = unit.bits("plane_i");
    let connection = if plane.is_some() { ".plane_i(plane), " } else { "" };
    let weight = match (plane, spec.terms()) {
        (None, _) => "",
        (_, None) => " <<< plane",
        (_, Some(_)) => " <<< 2 * plane",
    };
    let text = format!(
        "module lemma (input wire clk, input wire enable, input wire shift, \
         input wire [{}:0] plane,\n  input wire [{}:0] partial, input wire [{sh}:0] chain, \
         input wire [{sh}:0] was, output wire wrong);\n  wire [{sh}:0] next, sum;\n  \
         {} u_unit (.clk_i(clk), .enable_i(enable), .shift_i(shift), {connection}\
         .partial_i(partial),\n    .chain_i(chain), .sum_o(sum), .sum_q_was(was), .sum_q_next(next));\n  \
         wire signed [63:0] value = $signed(partial);\n  \
         wire [{sh}:0] expected = shift ? chain : enable ? was + {chain}'(value{weight}) : was;\n  \
         assign wrong = (sum != was) || (next != expected);\nendmodule\n",
        plane.unwrap_or(1) - 1,
        partial - 1,
        unit.module,
        sh = sum - 1,
    );
    let statement = "the next sum is the neighbour's while shifting, else the sum with the partial sum \
                     times what its plane or cycle counts added, else the same";
    let widths = format!("{sum}-bit sums, {partial}-bit partial sums");
    Some(lemma(unit, Registers::NextState, statement, widths, text))
}

fn activation_sum(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    half_table(spec)?;
    // Without the sums in a table one term is the sum of a k-step.
    let groups = if spec.quantised_entries().is_some() { 1 } else { spec.tile.groups };
    let (terms, chain) = (unit.bits("terms_i")?, unit.bits("chain_i")?);
    let term = terms / groups;
    let text = format!(
        "module lemma (input wire clk, input wire enable, input wire next_row,\n  \
         input wire [{}:0] terms, input wire [{ch}:0] chain, input wire [{ch}:0] was, \
         output wire wrong);\n  wire [{ch}:0] next, sum;\n  {} u_unit (.clk_i(clk), .enable_i(enable), \
         .next_row_i(next_row), .terms_i(terms), .chain_i(chain),\n    .sum_o(sum), .sum_q_was(was), \
         .sum_q_next(next));\n  reg signed [63:0] value;\n  reg [{ch}:0] expected;\n  integer g;\n  \
         always @* begin\n    expected = was;\n    for (g = 0; g < {groups}; g = g + 1) begin\n      \
         value = $signed(terms[g*{term} +: {term}]);\n      \
         if (enable) expected = expected + value[{ch}:0];\n    end\n    \
         if (next_row) expected = chain;\n  end\n  \
         assign wrong = (sum != was) || (next != expected);\nendmodule\n",
        terms - 1,
        unit.module,
        ch = chain - 1,
    );
    let statement = "the next sum is the next row's while draining, else the sum with those of the \
                     k-step added, else the same";
    let widths = format!("{chain}-bit sums, {groups} terms of {term} bits");
    Some(lemma(unit, Registers::NextState, statement, widths, text))
}

fn zero_point_correction(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    half_table(spec)?;
    let (zero_point, sum) = (unit.bits("run_zero_point_i")?, unit.bits("sum_i")?);
    let sums = unit.bits("sums_i").filter(|sums| unit.bits("results_o") == Some(*sums))?;
    let (drain, width) = (spec.tile.drain, sums / spec.tile.drain);
    let text = format!(
        "module lemma (input wire clk, input wire [{zh}:0] zero_point, input wire [{}:0] sum,\n  \
         input wire [{rh}:0] sums, output wire wrong);\n  wire [{rh}:0] results;\n  \
         {} u_unit (.clk_i(clk), .run_done_i(1'b1), .run_zero_point_i(zero_point), .next_row_i(1'b1),\n    \
         .sum_i(sum), .sums_i(sums), .results_o(results));\n  reg bad;\n  \
         reg signed [63:0] product, value;\n  integer i, b;\n  always @* begin\n    bad = 0;\n    \
         product = 0;\n    for (b = 0; b < {zero_point}; b = b + 1) begin\n      value = $signed(sum);\n      \
         if (zero_point[b]) product = b == {zh} ? product - (value <<< b) : product + (value <<< b);\n    end\n    \
         for (i = 0; i < {drain}; i = i + 1) begin\n      value = $signed(sums[i*{width} +: {width}]);\n      \
         value = value - product;\n      if (zero_point[0]) value = value >>> 1;\n      \
         if (results[i*{width} +: {width}] != value[{}:0]) bad = 1;\n    end\n  end\n  \
         assign wrong = bad;\nendmodule\n",
        sum - 1,
        unit.module,
        width - 1,
        zh = zero_point - 1,
        rh = sums - 1,
    );
    let statement = "a result is the sum less the zero point times the sum of the activations, halved \
                     where the zero point is odd";
    let widths = format!("{drain} results of {width} bits, {zero_point}-bit zero points");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

fn aligner(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let format = spec.aligned().filter(|format| !format.is_exact())?;
    let float = format.float();
    let (code, exponent) = (unit.bits("code_i")?, unit.bits("exponent_i")?);
    let aligned = unit.bits("aligned_o")?;
    let fraction = float.fraction_bits();
    let (up, down) = (format.places().max(0), (-format.places()).max(0));
    let wide = fraction + 2 + up as u32 + (1 << exponent);
    if wide > 400 {
        return None;
    }
    let text = format!(
        "module lemma (input wire [{ch}:0] code, input wire [{eh}:0] exponent, output wire wrong);\n  \
         wire [{ah}:0] aligned;\n  {} u_unit (.code_i(code), .exponent_i(exponent), \
         .aligned_o(aligned));\n  wire [{eh}:0] field = code[{fraction} +: {exponent}];\n  \
         wire [{eh}:0] own = field == 0 ? {exponent}'d1 : field;\n  \
         wire legal = (own <= exponent) && {finite} && (exponent <= {largest});\n  \
         wire [{wh}:0] significand = {{field != 0, code[{fh}:0]}};\n  \
         wire [{wh}:0] exact = significand << {up};\n  wire [9:0] distance = exponent - own + {down};\n  \
         wire [{wh}:0] whole = exact >> distance;\n  wire [{wh}:0] rest = exact - (whole << distance);\n  \
         wire [{wh}:0] twice = rest << 1;\n  wire [{wh}:0] one = {wide}'d1 << distance;\n  \
         wire [{wh}:0] near = (twice > one || (twice == one && whole[0])) ? whole + 1 : whole;\n  \
         wire [{wh}:0] most = {most};\n  wire [{wh}:0] magnitude = near > most ? most : near;\n  \
         wire signed [63:0] value = code[{}] ? -$signed(magnitude[63:0]) : $signed(magnitude[63:0]);\n  \
         assign wrong = legal && ({} != value);\nendmodule\n",
        unit.module,
        code - 1,
        signed("aligned", aligned),
        ch = code - 1,
        eh = exponent - 1,
        ah = aligned - 1,
        wh = wide.max(64) - 1,
        fh = fraction - 1,
        wide = wide.max(64),
        finite = finite(float),
        largest = float.largest_exponent(),
        most = (1u64 << (format.bits() - 1)) - 1,
    );
    let statement = "an activation is the nearest integer of its block's unit, of two the even one, and \
                     stays at the largest";
    let widths = format!("{} codes as {} bits", float, format.bits());
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

/// Verilog that says whether `code` with the exponent `field` is a number.
fn finite(float: FloatFormat) -> String {
    let mask = (1u32 << (float.bits() - 1)) - 1;
    format!("((code & {mask}) <= {})", float.largest())
}

fn fixed_to_float(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let format = spec.aligned().filter(|format| !format.is_exact())?;
    let result = spec.float?.result;
    let (sum, out) = (unit.bits("sum_i")?, unit.bits("result_o")?);
    let exponent = unit.bits("counted_exponent_i")?;
    unit.bits("advance_i")?;
    let (fraction, largest) = (result.fraction_bits() as i32, result.largest_exponent());
    // The lowest bit of a sum weighs 2^(field + unit).
    let quantum = format.quantum_of_exponent_0() + spec.sum_unit() as i32;
    let low = match unit.bits("low_i") {
        Some(bits) => format!(".low_i(sum[{}:0]), ", bits - 1),
        None => String::new(),
    };
    let text = format!(
        "module lemma (input wire clk, input wire [{sh}:0] sum, input wire [{eh}:0] field, \
         output wire wrong);\n  wire [{oh}:0] result;\n  {} u_unit (.clk_i(clk), .advance_i(1'b1), \
         .sum_i(sum), {low}.counted_exponent_i(field), .result_o(result));\n  \
         wire negative = sum[{sh}];\n  wire [127:0] magnitude = negative ? -{} : sum;\n  \
         reg [{oh}:0] expected;\n  reg [127:0] whole, rest, one;\n  integer p, top, e, down, biased;\n  \
         always @* begin\n    top = 0;\n    for (p = 0; p < {sum}; p = p + 1) if (magnitude[p]) top = p;\n    \
         e = top + field + {quantum};\n    if (e < {least}) e = {least};\n    \
         // The lowest bit of the fraction weighs 2^(e - {fraction}).\n    \
         down = e - {fraction} - (field + {quantum});\n    \
         if (down > 0) begin\n      whole = magnitude >> down;\n      rest = magnitude - (whole << down);\n      \
         one = 128'd1 << down;\n      if ((rest << 1) > one || ((rest << 1) == one && whole[0])) \
         whole = whole + 1;\n    end else begin\n      whole = magnitude << -down;\n    end\n    \
         if (whole >= (128'd2 << {fraction})) begin\n      whole = whole >> 1;\n      e = e + 1;\n    end\n    \
         biased = whole >= (128'd1 << {fraction}) ? e + {bias} : 0;\n    \
         expected = {{negative, {eb}'(biased), whole[{fh}:0]}};\n    \
         if (biased > {largest}) expected = {{negative, {out_below}'d{infinity}}};\n  end\n  \
         assign wrong = (field != 0) && (field <= {highest}) && (result != expected);\nendmodule\n",
        unit.module,
        signed("sum", sum).replace(&format!("{{{}{{", WIDE - sum), &format!("{{{}{{", 128 - sum)),
        sh = sum - 1,
        eh = exponent - 1,
        oh = out - 1,
        highest = format.largest_field(),
        least = 1 - result.bias(),
        bias = result.bias(),
        eb = result.exponent_bits(),
        fh = fraction - 1,
        out_below = out - 1,
        infinity = result.infinity()?,
    );
    let statement = "a result is the nearest number to the sum in units of its block, of two the even \
                     one, or infinite beyond the largest";
    let widths = format!("{sum}-bit sums, {result}");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}
