{% include "rtl/header.sv" %}// Group head: what each column's weights of the quantisation group under way are, from the beat
// before the group{% if unit.type_bits > 0 %}: the number of a data type{% if unit.special_terms > 0 %}, and{% endif %}{% else %}:{% endif %}{% if unit.special_terms > 0 %} the terms of a special value{% endif %}.
//
{% if unit.type_bits > 0 %}// Bits of a head: {{ unit.type_bits }} of the number{% if unit.special_terms > 0 %}, then{% endif %}{% else %}// Bits of a head:{% endif %}{% if unit.special_terms > 0 %} for each of {{ unit.special_terms }} cycles {{ unit.shift_bits }} of a shift, whether
// there is a term, and its sign{% endif %}.

`default_nettype none

module {{ core.name }}_group_head (
  input  logic {{ core.bit() }} clk_i,

  // The heads of a group are in the weight register. Column 0 lowest.
  input  logic {{ core.bit() }} load_i,
  input  logic {{ core.vector(unit.heads_bits) }} heads_i,
{% if core.heads_set_cycles %}  // Number of the last cycle of the group's k-steps, that of its slowest column.
  output logic {{ core.width(unit.phrases.cycle_bits) }} last_cycle_o,
{% endif %}{% if unit.phrases.checks %}  // A head that there is not.
  output logic {{ core.bit() }} illegal_o,
{% endif %}
  // Those of the next cycle.
  output logic {{ core.vector(unit.heads_bits) }} heads_next_o
);

{% if core.heads_set_cycles || unit.phrases.checks %}  localparam int HeadBits = {{ unit.head_bits }};
  localparam int Columns = {{ core.n }};

{% endif %}  logic {{ core.range(unit.heads_bits) }} heads_d, heads_q;

  assign heads_d = load_i ? heads_i : heads_q;

  always_ff @(posedge clk_i) begin : p_heads
    heads_q <= heads_d;
  end

  assign heads_next_o = heads_d;
{% if core.heads_set_cycles %}
  // Whether k-steps of a column take more than so many cycles.
{% for longer in unit.phrases.longer %}  logic [Columns-1:0] longer_than_{{ loop.index }};
{% endfor %}
{% endif %}{% if unit.phrases.checks %}  logic [Columns-1:0] illegal;
{% endif %}{% if core.heads_set_cycles || unit.phrases.checks %}
  for (genvar c = 0; c < Columns; c++) begin : gen_column
{% if unit.phrases.looks_at_types %}    logic {{ core.range(unit.type_bits) }} data_type;

    assign data_type = heads_i[c*HeadBits +: {{ unit.type_bits }}];
{% endif %}{% for longer in unit.phrases.longer %}    assign longer_than_{{ loop.index }}[c] = {{ longer }};
{% endfor %}{% if unit.phrases.checks %}    assign illegal[c] = {{ unit.phrases.illegal }};
{% endif %}  end
{% endif %}{% if core.heads_set_cycles %}
  assign last_cycle_o = {{ unit.phrases.last_cycle }};
{% endif %}{% if unit.phrases.checks %}
  assign illegal_o = |illegal;
{% endif %}
endmodule

`default_nettype wire
