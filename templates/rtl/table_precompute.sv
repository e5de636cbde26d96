{% include "rtl/header.sv" %}// Table precompute: the sums of {{ core.k }} activations that the table stores, {{ unit.entries }} entries of {{ unit.layout.entry_bits }}
// bits from {{ unit.phrases.adders }} additions, {{ unit.depth }} deep. {{ unit.phrases.entry_meaning }}
// A name such as {{ unit.phrases.example }} lists the elements from the highest down: {{ unit.phrases.letters }}.
{% if unit.phrases.shared_name != "" %}//
// Signs do not change whether a sum is odd, so that one lowest bit serves all entries.
{% endif %}
`default_nettype none

{% if unit.phrases.copied %}// One for each copy of the table; a hierarchy boundary keeps synthesis from merging them.
(* keep_hierarchy *)
{% endif %}module {{ core.name }}_table_precompute (
  // {{ core.k }} activations, element 0 lowest, two's complement.
  input  logic {{ core.width(unit.data_bits) }} activations_i,

  // {{ unit.phrases.table_meaning }}
  output logic {{ core.width(unit.table_bits) }} table_o
);

{% for element in unit.phrases.elements %}  logic signed {{ core.range(core.activation_bits) }} {{ element.name }};
{% endfor %}{% for node in unit.phrases.nodes %}  logic signed {{ core.range(node.bits) }} {{ node.name }};
{% endfor %}
{% for element in unit.phrases.elements %}  assign {{ element.name }} = $signed(activations_i[{{ element.low }} +: {{ core.activation_bits }}]);
{% endfor %}
{% for node in unit.phrases.nodes %}  assign {{ node.name }} = {{ node.expression }};
{% endfor %}{% if unit.phrases.shared_name != "" %}
  // Equal to the one that is kept.
  logic unused_lowest;

  assign unused_lowest = ^{
{% for name in unit.phrases.unused_names %}    {{ name }}{% if !loop.last %},{% endif %}
{% endfor %}  };
{% endif %}
  assign table_o = {
{% for entry in unit.phrases.entry_names %}    {{ entry }}{% if !loop.last %},{% endif %}
{% endfor %}  };

endmodule

`default_nettype wire
