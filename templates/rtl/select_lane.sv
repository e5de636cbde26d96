{% include "rtl/header.sv" %}// Select lane: looks one plane of a column's weights up in a row's {{ core.groups }} table(s) and adds the
// looked-up values: the dot product of {{ core.elements_per_step }} activations with {{ unit.phrases.weights_meaning }}.
// {{ unit.phrases.timing }}
{% if unit.shared_bits > 0 %}//
// The entries of a table are all odd or all even. The lane adds halves, rounded down; the row's
// number of odd tables brings what that leaves out.
{% endif %}
`default_nettype none

module {{ core.name }}_select_lane (
{% if core.stages > 0 %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // The row's tables, group 0 lowest{{ unit.phrases.odd_note }}.
  input  logic {{ core.width(unit.tables_bits) }} tables_i,
{% if unit.odd_bits > 0 %}  input  logic {{ core.vector(unit.odd_bits) }} odd_i,
{% endif %}
  // The column's selection, group 0 lowest: {{ unit.phrases.select_meaning }}.
  input  logic {{ core.vector(unit.select_bits) }} select_i,
{% if unit.signed %}  input  logic {{ core.vector(core.groups) }} negate_i,
{% endif %}
  // Two's complement.
  output logic {{ core.width(unit.partial_bits) }} partial_o
);

  localparam int Groups = {{ core.groups }};
  localparam int TableBits = {{ unit.table_bits }};
  localparam int ValueBits = {{ unit.value_bits }};
  localparam int SumBits = {{ unit.sum_bits() }};

  // One value a group with its highest bit inverted, which makes it unsigned: no operand of the sum
  // has a sign to extend.
  localparam logic [ValueBits-1:0] Highest = {1'b1, {(ValueBits-1){1'b0}}};
  localparam logic [SumBits-1:0] Offset = {{ unit.sum_bits() }}'d{{ unit.offset }};
  logic [Groups*ValueBits-1:0] values;
{% if unit.signed %}  // {{ unit.phrases.carry_note }}
  logic {{ core.range(core.groups) }} carries;
{% endif %}
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    logic [{{ unit.entries }}*ValueBits-1:0] entries;
    logic [ValueBits-1:0] entry;

    assign entries = tables_i[g*TableBits+{{ unit.shared_bits }} +: {{ unit.entries }}*ValueBits];

{% if unit.one_hot %}    // AND-OR of all entries.
    always_comb begin : p_select
      entry = '0;
      for (int e = 0; e < {{ unit.entries }}; e++) begin
        entry = entry | (entries[e*ValueBits +: ValueBits]
                         & {ValueBits{select_i[g*{{ unit.entries }} + e]}});
      end
    end
{% else %}    // Multiplexer tree, highest index bit first.
    logic [{{ unit.phrases.all_entries }}*ValueBits-1:0] half;

    always_comb begin : p_select
      half = {{ unit.phrases.all_entries_value }};
      for (int level = {{ unit.index_bits }} - 1; level >= 0; level--) begin
        if (select_i[g*{{ unit.index_bits }} + level]) half = half >> (ValueBits << level);
      end
    end

    assign entry = half[ValueBits-1:0];
{% endif %}
{% if unit.signed %}    assign values[g*ValueBits +: ValueBits] = entry ^ {ValueBits{negate_i[g]}} ^ Highest;
    assign carries[g] = {{ unit.phrases.carry }};
{% else %}    assign values[g*ValueBits +: ValueBits] = entry ^ Highest;
{% if unit.shared_bits > 0 %}
    // Counted by the row.
    logic unused_shared;

    assign unused_shared = tables_i[g*TableBits];
{% endif %}{% endif %}  end

{% if unit.registers_values %}  logic [Groups*ValueBits-1:0] values_q;
{% if unit.signed %}  logic {{ core.range(core.groups) }} carries_q;
{% endif %}{% if unit.odd_bits > 0 %}  logic {{ core.range(unit.odd_bits) }} odd_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_values
    values_q  <= values;
{% if unit.signed %}    carries_q <= carries;
{% endif %}{% if unit.odd_bits > 0 %}    odd_q     <= odd_i;
{% endif %}  end

{% endif %}  logic [SumBits-1:0] base;
  logic [SumBits-1:0] sum;

  assign base = Offset{{ unit.phrases.odd_term }};

  always_comb begin : p_sum
    sum = base;
    for (int g = 0; g < Groups; g++) begin
      sum = sum + SumBits'({{ unit.phrases.values_name }}[g*ValueBits +: ValueBits]);
{% if unit.signed %}      sum = sum + SumBits'({{ unit.phrases.carries_name }}[g]);
{% endif %}    end
  end

{% if core.stages > 0 %}  logic [{{ unit.partial_bits }}-1:0] partial_q;

  always_ff @(posedge clk_i) begin : p_partial
    partial_q <= {{ unit.phrases.partial }};
  end

  assign partial_o = partial_q;
{% else %}  assign partial_o = {{ unit.phrases.partial }};
{% endif %}
endmodule

`default_nettype wire
