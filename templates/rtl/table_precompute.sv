{% include "rtl/header.sv" %}// Table precompute: every sum of +-{{ core.k }} activations that the table stores, {{ unit.entries }} entries of {{ unit.entry_bits }}
// bits from {{ unit.phrases.adders }} additions, {{ unit.depth }} deep. Entry e adds element i where bit i of e is 1 and
// subtracts it where the bit is 0{{ unit.phrases.reference_note }}.
// A name such as sum_pm lists the signs from the highest element down: p adds, m subtracts.

`default_nettype none

module {{ core.name }}_table_precompute (
  // {{ core.k }} activations, element 0 lowest, two's complement.
  input  logic {{ core.width(unit.data_bits) }} activations_i,

  // Entries, entry 0 lowest, two's complement.
  output logic {{ core.width(unit.table_bits) }} entries_o
);

{% for element in unit.phrases.elements %}  logic signed {{ core.range(core.activation_bits) }} {{ element.name }};
{% endfor %}{% for node in unit.phrases.nodes %}  logic signed {{ core.range(node.bits) }} {{ node.name }};
{% endfor %}
{% for element in unit.phrases.elements %}  assign {{ element.name }} = $signed(activations_i[{{ element.low }} +: {{ core.activation_bits }}]);
{% endfor %}
{% for node in unit.phrases.nodes %}  assign {{ node.name }} = {{ node.expression }};
{% endfor %}
  assign entries_o = {
{% for entry in unit.phrases.entry_names %}    {{ entry }}{% if !loop.last %},{% endif %}
{% endfor %}  };

endmodule

`default_nettype wire
