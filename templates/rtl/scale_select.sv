{% include "rtl/header.sv" %}// Scale select: picks the scales of one beat of a row, {{ core.drain }} column(s), from those of all columns
// in the weight register.

`default_nettype none

module {{ core.name }}_scale_select (
{% if unit.beat_bits > 0 %}  // Beat of the row.
  input  logic {{ core.width(unit.beat_bits) }} beat_i,

{% endif %}  // Scales of all columns, lowest first.
  input  logic {{ core.width(unit.all_bits) }} scales_i,

  // Those of the beat.
  output logic {{ core.width(unit.selected_bits) }} selected_o
);

{% if unit.beat_bits > 0 %}  // AND-OR of all beats: the weights under way do not move, so the lanes stay quiet.
  always_comb begin : p_select
    selected_o = '0;
    for (int b = 0; b < {{ unit.beats }}; b++) begin
      selected_o = selected_o | (scales_i[b*{{ unit.selected_bits }} +: {{ unit.selected_bits }}]
                                 & { {{ unit.selected_bits }}{beat_i == {{ unit.beat_bits }}'(b)} });
    end
  end
{% else %}  assign selected_o = scales_i;
{% endif %}
endmodule

`default_nettype wire
