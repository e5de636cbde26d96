//! The references of units around tables whose entries are rounded to 8 bits.

use bitplane_formats::QuantisedEntry;
use bitplane_spec::Spec;

use super::lemma::{Lemma, Registers};
use super::ports::UnitPorts;
use super::references::lemma;

/// Magnitudes are rounded here, where the unit rounds two's complement.
pub(super) fn table_rounder(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let sums = spec.exact_layout()?;
    let dropped = spec.quantised_entries()?.dropped_bits;
    let (shared, own, entries) = (sums.shared_bits(), sums.own_bits(), sums.entries());
    let sum = match shared {
        0 => format!("sums[e*{own} +: {own}]"),
        _ => format!("{{sums[{shared}+e*{own} +: {own}], sums[0]}}"),
    };
    let text = format!(
        "module lemma (input wire [{}:0] sums, output wire wrong);\n  wire [{}:0] entries;\n  \
         {} u_unit (.sums_i(sums), .entries_o(entries));\n  reg bad;\n  \
         reg signed [63:0] value, magnitude, count;\n  integer e;\n  always @* begin\n    bad = 0;\n    \
         for (e = 0; e < {entries}; e = e + 1) begin\n      value = $signed({sum});\n      \
         magnitude = value < 0 ? -value : value;\n      count = (magnitude + {half}) >> {dropped};\n      \
         if ((magnitude & {}) == {half} && count[0]) count = count - 1;\n      \
         if (count > {largest}) count = {largest};\n      if (value < 0) count = -count;\n      \
         value = $signed(entries[e*{bits} +: {bits}]);\n      if (value != count) bad = 1;\n    end\n  end\n  \
         assign wrong = bad;\nendmodule\n",
        unit.bits("sums_i")? - 1,
        unit.bits("entries_o")? - 1,
        unit.module,
        (1u64 << dropped) - 1,
        half = 1u64 << (dropped - 1),
        largest = QuantisedEntry::LARGEST,
        bits = QuantisedEntry::BITS,
    );
    let statement = "an entry is its sum's magnitude in units, to the nearest, of two the even one, the \
                     largest at most, with its sign";
    let widths = format!("{entries} sums of {} bits, {dropped} of them dropped", sums.entry_bits);
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

pub(super) fn step_sum(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let (activations, sum) = (unit.bits("activations_i")?, unit.bits("sum_o")?);
    let elements = spec.elements_per_step();
    let bits = activations / elements;
    let text = format!(
        "module lemma (input wire clk, input wire load, input wire [{}:0] activations,\n  \
         input wire [{sh}:0] was, output wire wrong);\n  wire [{sh}:0] next, sum;\n  \
         {} u_unit (.clk_i(clk), .load_i(load), .activations_i(activations), .sum_o(sum),\n    \
         .sum_q_was(was), .sum_q_next(next));\n  reg signed [63:0] value, all, kept;\n  integer i;\n  \
         always @* begin\n    all = 0;\n    for (i = 0; i < {elements}; i = i + 1) begin\n      \
         value = $signed(activations[i*{bits} +: {bits}]);\n      all = all + value;\n    end\n    \
         kept = $signed(was);\n    value = $signed(next);\n  end\n  \
         assign wrong = (sum != was) || (value != (load ? all : kept));\nendmodule\n",
        activations - 1,
        unit.module,
        sh = sum - 1,
    );
    let statement = "the next sum is that of the activations where they are taken, else the same";
    let widths = format!("{elements} activations of {bits} bits");
    Some(lemma(unit, Registers::NextState, statement, widths, text))
}

/// A lane whose entries share no bit.
pub(super) fn quantised_select_lane(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let groups = spec.tile.groups;
    let layout = spec.table_layout().filter(|layout| !layout.content.leaves_out())?;
    let (entries, index, own) = (layout.entries(), layout.index_bits(), layout.own_bits());
    let (tables, select) = (unit.bits("tables_i")?, unit.bits("select_i")?);
    let (partial, table, each) = (unit.bits("partial_o")?, tables / groups, select / groups);
    let lines = if each == entries { format!("{entries}'d1 << index") } else { "index".to_owned() };
    let negate = unit.bits("negate_i")?;
    let text = format!(
        "module lemma (input wire clk, input wire [{}:0] tables, input wire [{}:0] indices,\n  \
         input wire [{}:0] negate, output wire wrong);\n  reg [{}:0] select;\n  wire signed [{}:0] partial;\n  \
         reg signed [63:0] sum, value, found;\n  reg [{}:0] index;\n  integer g;\n  always @* begin\n    \
         sum = 0;\n    for (g = 0; g < {groups}; g = g + 1) begin\n      index = indices[g*{index} +: {index}];\n      \
         select[g*{each} +: {each}] = {lines};\n      value = $signed(tables[g*{table}+index*{own} +: {own}]);\n      \
         sum = negate[g] ? sum - value : sum + value;\n    end\n    found = partial;\n  end\n  \
         {} u_unit ({}.tables_i(tables), .select_i(select), .negate_i(negate), .partial_o(partial));\n  \
         wire legal = {};\n  assign wrong = legal && found != sum;\nendmodule\n",
        tables - 1,
        groups * index - 1,
        negate - 1,
        select - 1,
        partial - 1,
        index - 1,
        unit.module,
        unit.clock(),
        no_least_entry(groups * entries, own),
    );
    let statement = "the partial sum is the sum over the groups of the selected entries, each negated or not; \
                     no entry is the least of its width, which the table rounder never gives";
    let widths = format!("k = {}, {groups} groups, entries of {own} bits", spec.tile.k);
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

/// That none of `entries` entries of `own` bits has no negation.
fn no_least_entry(entries: u32, own: u32) -> String {
    let each = |entry: u32| format!("tables[{} +: {own}] != {{1'b1, {}'d0}}", entry * own, own - 1);
    (0..entries).map(each).collect::<Vec<_>>().join("\n    && ")
}

/// Magnitudes are compared by what they are worth, where the unit moves them to the largest exponent.
pub(super) fn table_exponent(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let aligned = spec.aligned()?;
    let (codes, headroom) = (unit.bits("codes_i")?, unit.bits("above_o")?);
    let (float, k) = (aligned.float(), aligned.summed());
    let (bits, fraction) = (float.bits(), float.fraction_bits());
    // A power of two that is no less than what is counted and a unit for each activation, and half of which is less.
    let counted = aligned.counted_fraction_bits();
    let text = format!(
        "module lemma (input wire [{}:0] codes, output wire wrong);\n  wire [{eh}:0] exponent;\n  wire [{hh}:0] flags;\n  \
         {} u_unit (.codes_i(codes), .largest_o(exponent), .above_o(flags));\n  \
         reg [63:0] largest, field, significand, units, above;\n  integer i;\n  always @* begin\n    \
         largest = 1;\n    units = {k};\n    for (i = 0; i < {k}; i = i + 1) begin\n      \
         field = codes[i*{bits}+{fraction} +: {e}];\n      if (field > largest) largest = field;\n    end\n    \
         for (i = 0; i < {k}; i = i + 1) begin\n      field = codes[i*{bits}+{fraction} +: {e}];\n      \
         significand = codes[i*{bits} +: {fraction}];\n      \
         if (field != 0) significand = significand + {one}; else field = 1;\n      \
         units = units + ((significand << {counted}) >> (largest - field + {fraction}));\n    end\n    \
         above = 0;\n    for (i = 0; i < {headroom}; i = i + 1) above = above + flags[i];\n  end\n  \
         assign wrong = exponent != largest || units > (64'd{two} << above)\n    \
         || (above != 0 && units <= (64'd{two} << (above - 1)));\nendmodule\n",
        codes - 1,
        unit.module,
        e = float.exponent_bits(),
        eh = float.exponent_bits() - 1,
        hh = headroom - 1,
        one = 1u64 << fraction,
        two = 2u64 << counted,
    );
    let statement = "the exponent is the least of which twice the power of two is no less than the sum of the \
                     magnitudes that count and a unit for each";
    let widths = format!("{k} codes of {float}");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}
