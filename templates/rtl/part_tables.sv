{% include "rtl/header.sv" %}// Part tables: the sums of the lower and of the upper of {{ core.k }} activations, on their way into the
// activation register: {{ unit.phrases.adders }} of the additions that a table takes, each rounded to {{ unit.decoder.number.sum }}.
// Combinational.

`default_nettype none

module {{ core.name }}_part_tables (
  // {{ core.k }} activations, element 0 lowest.
  input  logic {{ core.width(unit.data_bits) }} activations_i,

  // Sums as they are stored{{ unit.phrases.codes_note }}.
  // Those of the lowest elements are lowest.
  output logic {{ core.width(unit.held_bits) }} parts_o
);

{% include "parts/stored_number.sv" %}

{% for element in unit.phrases.elements %}  logic [NumberBits-1:0] {{ element.name }};
{% endfor %}{% for node in unit.phrases.nodes %}  logic [NumberBits-1:0] {{ node.name }};
{% endfor %}
{% for element in unit.phrases.elements %}  {{ core.name }}_number_decoder u_{{ element.name }} (
    .code_i   (activations_i[{{ element.low }} +: {{ core.code_bits }}]),
    .number_o ({{ element.name }})
  );

{% endfor %}{% for node in unit.phrases.nodes %}  {{ core.name }}_float_adder u_{{ node.name }} (
    .augend_i ({{ node.left }}),
    .addend_i ({{ node.right }}),
    .sum_o    ({{ node.name }})
  );

{% endfor %}  assign parts_o = {
{% for part in unit.phrases.outputs %}    {{ part }}{% if !loop.last %},{% endif %}
{% endfor %}  };

{% if unit.phrases.leading_bits.len() > 0 %}  // The exponent tells them.
  logic unused_leading;

  assign unused_leading = ^{
{% for bit in unit.phrases.leading_bits %}    {{ bit }}{% if !loop.last %},{% endif %}
{% endfor %}  };

{% endif %}endmodule

`default_nettype wire
