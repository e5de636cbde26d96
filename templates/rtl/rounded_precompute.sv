{% include "rtl/header.sv" %}// Table precompute: the sums of {{ core.k }} activations that the table stores, {{ unit.layout.entries() }} entries of {{ unit.layout.entry_bits }}
// bits from {{ unit.phrases.adders }} additions{{ unit.phrases.early_note }}.
// Each is rounded to {{ unit.decoder.number.sum }}. {{ unit.phrases.entry_meaning }}
// A name such as {{ unit.phrases.example }} lists the elements from the highest down: {{ unit.phrases.letters }}.
// Combinational.

`default_nettype none

{% if unit.phrases.copied %}// One for each copy of the table; a hierarchy boundary keeps synthesis from merging them.
(* keep_hierarchy *)
{% endif %}module {{ core.name }}_table_precompute (
  // {{ unit.phrases.input_meaning }}, those of the lowest elements lowest.
  input  logic {{ core.width(unit.held_bits) }} activations_i,

  // {{ unit.phrases.table_meaning }}
  output logic {{ core.width(unit.phrases.table_bits) }} table_o
);

{% include "parts/stored_number.sv" %}

{% for held in unit.phrases.held %}  logic [NumberBits-1:0] {{ held.name }};
{% endfor %}{% for node in unit.phrases.nodes %}  logic [NumberBits-1:0] {{ node.name }};
{% endfor %}
{% for held in unit.phrases.held %}{% if held.is_code %}  {{ core.name }}_number_decoder u_{{ held.name }} (
    .code_i   (activations_i[{{ held.low }} +: {{ core.code_bits }}]),
    .number_o ({{ held.name }})
  );
{% else %}  assign {{ held.name }} = {
      activations_i[{{ held.low }}+FractionBits+ExponentBits +: 2],
      activations_i[{{ held.low }}+FractionBits +: ExponentBits] ^ Zero,
      activations_i[{{ held.low }}+FractionBits +: ExponentBits] != '0,
      activations_i[{{ held.low }} +: FractionBits]};
{% endif %}
{% endfor %}{% for node in unit.phrases.nodes %}{% if node.is_negation %}  assign {{ node.name }} = {{ node.right }};
{% else %}  {{ core.name }}_float_adder u_{{ node.name }} (
    .augend_i ({{ node.left }}),
    .addend_i ({{ node.right }}),
    .sum_o    ({{ node.name }})
  );
{% endif %}
{% endfor %}  assign table_o = {
{% for entry in unit.phrases.outputs %}    {{ entry }}{% if !loop.last %},{% endif %}
{% endfor %}  };

{% if unit.phrases.leading_bits.len() > 0 %}  // The exponent tells them.
  logic unused_leading;

  assign unused_leading = ^{
{% for bit in unit.phrases.leading_bits %}    {{ bit }}{% if !loop.last %},{% endif %}
{% endfor %}  };

{% endif %}endmodule

`default_nettype wire
