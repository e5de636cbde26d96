{% include "rtl/header.sv" %}// Select lane: looks one plane of a column's weights up in a row's {{ core.groups }} table(s) and adds the
// looked-up values: the dot product of {{ core.elements_per_step }} activations with +-1 weights. {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_select_lane (
{% if core.stages > 0 %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // The row's tables: group, then entry, lowest first.
  input  logic {{ core.width(unit.tables_bits) }} entries_i,

  // The column's selection, group 0 lowest: {{ unit.phrases.select_meaning }}.
  input  logic {{ core.vector(unit.select_bits) }} select_i,
{% if unit.signed %}  input  logic {{ core.vector(core.groups) }} negate_i,
{% endif %}
  // Two's complement.
  output logic {{ core.width(unit.partial_bits) }} partial_o
);

  localparam int EntryBits = {{ unit.entry_bits }};
  localparam int PartialBits = {{ unit.partial_bits }};

  // One value per group; a negated one lacks the carry-in that completes its two's complement.
  logic [{{ core.groups }}*EntryBits-1:0] values;
{% if unit.signed %}  logic {{ core.range(core.groups) }} carries;
{% endif %}
  for (genvar g = 0; g < {{ core.groups }}; g++) begin : gen_group
    logic [{{ unit.entries }}*EntryBits-1:0] entries;
    logic [EntryBits-1:0] entry;

    assign entries = entries_i[g*{{ unit.entries }}*EntryBits +: {{ unit.entries }}*EntryBits];

{% if unit.one_hot %}    // AND-OR of all entries.
    always_comb begin : p_select
      entry = '0;
      for (int e = 0; e < {{ unit.entries }}; e++) begin
        entry = entry | (entries[e*EntryBits +: EntryBits]
                         & {EntryBits{select_i[g*{{ unit.entries }} + e]}});
      end
    end
{% else %}    // Multiplexer tree, highest index bit first.
    logic [{{ unit.entries }}*EntryBits-1:0] half;

    always_comb begin : p_select
      half = entries;
      for (int level = {{ unit.index_bits }} - 1; level >= 0; level--) begin
        if (select_i[g*{{ unit.index_bits }} + level]) half = half >> (EntryBits << level);
      end
      entry = half[EntryBits-1:0];
    end
{% endif %}
{% if unit.signed %}    assign values[g*EntryBits +: EntryBits] = entry ^ {EntryBits{negate_i[g]}};
{% else %}    assign values[g*EntryBits +: EntryBits] = entry;
{% endif %}  end

{% if unit.signed %}  assign carries = negate_i;

{% endif %}{% if unit.registers_values %}  logic [{{ core.groups }}*EntryBits-1:0] values_q;
{% if unit.signed %}  logic {{ core.range(core.groups) }} carries_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_values
    values_q  <= values;
{% if unit.signed %}    carries_q <= carries;
{% endif %}  end

{% endif %}  logic signed [PartialBits-1:0] sum;

  always_comb begin : p_sum
    sum = '0;
    for (int g = 0; g < {{ core.groups }}; g++) begin
      sum = sum + PartialBits'($signed({{ unit.phrases.values_name }}[g*EntryBits +: EntryBits]));
{% if unit.signed %}      sum = sum + $signed(PartialBits'({{ unit.phrases.carries_name }}[g]));
{% endif %}    end
  end

{% if core.stages > 0 %}  logic [PartialBits-1:0] sum_q;

  always_ff @(posedge clk_i) begin : p_partial
    sum_q <= sum;
  end

  assign partial_o = sum_q;
{% else %}  assign partial_o = sum;
{% endif %}
endmodule

`default_nettype wire
