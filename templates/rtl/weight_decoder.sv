{% include "rtl/header.sv" %}// Weight decoder: turns one group's {{ core.k }} {{ unit.phrases.input }} into {{ unit.phrases.output_meaning }}, once for
// all rows of the column.

`default_nettype none

module {{ core.name }}_weight_decoder (
  // {{ unit.phrases.input_meaning }}
  input  logic {{ core.width(unit.word_bits) }} word_i,

{% if unit.signed %}  // The looked-up entry is negated.
  output logic {{ core.bit() }} negate_o,

{% endif %}{% if unit.one_hot %}  // Bit e selects entry e.
  output logic {{ core.width(unit.entries) }} select_o
{% else %}  // Number of the entry.
  output logic {{ core.width(unit.index_bits) }} select_o
{% endif %});

  logic {{ core.range(unit.index_bits) }} index;

{% if unit.runtime_fold %}  // The stored half has the last element positive: otherwise look up the complement and negate.
  assign negate_o = !word_i[{{ unit.index_bits }}];
  assign index    = ~(word_i{{ core.range(unit.index_bits) }} ^ { {{ unit.index_bits }}{word_i[{{ unit.index_bits }}]} });
{% else if unit.signed %}  assign negate_o = word_i[{{ unit.index_bits }}];
  assign index    = word_i{{ core.range(unit.index_bits) }};
{% else %}  assign index = word_i;
{% endif %}
{% if unit.one_hot %}  for (genvar e = 0; e < {{ unit.entries }}; e++) begin : gen_entry
    assign select_o[e] = (index == {{ unit.index_bits }}'(e{{ unit.phrases.first_term }}));
  end
{% else %}  assign select_o = index;
{% endif %}
endmodule

`default_nettype wire
