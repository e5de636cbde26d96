{% include "rtl/header.sv" %}// Zero-point select: picks the reinterpreted zero points of one beat of a row, {{ core.drain }} column(s), from
// those of all columns in the weight register, and checks them.

`default_nettype none

module {{ core.name }}_zero_point_select (
{% if unit.beat_bits > 0 %}  // Beat of the row.
  input  logic {{ core.width(unit.beat_bits) }} beat_i,

{% endif %}  // Zero points of all columns, lowest first.
  input  logic {{ core.width(unit.all_bits) }} zero_points_i,

  // Those of the beat.
  output logic {{ core.width(unit.selected_bits) }} selected_o,

  // One of them is even and not 0.
  output logic {{ core.bit() }} illegal_o
);

  localparam int ZeroPointBits = {{ core.zero_point_bits }};
  logic {{ core.range(unit.selected_bits) }} selected;

{% if unit.beat_bits > 0 %}  // AND-OR of all beats: the weights under way do not move, so the lanes stay quiet.
  always_comb begin : p_select
    selected = '0;
    for (int b = 0; b < {{ unit.beats }}; b++) begin
      selected = selected | (zero_points_i[b*{{ unit.selected_bits }} +: {{ unit.selected_bits }}]
                             & { {{ unit.selected_bits }}{beat_i == {{ unit.beat_bits }}'(b)} });
    end
  end
{% else %}  assign selected = zero_points_i;
{% endif %}
  always_comb begin : p_check
    illegal_o = 1'b0;
    for (int c = 0; c < {{ core.drain }}; c++) begin
      if (!selected[c*ZeroPointBits] && (selected[c*ZeroPointBits +: ZeroPointBits] != '0)) begin
        illegal_o = 1'b1;
      end
    end
  end

  assign selected_o = selected;

endmodule

`default_nettype wire
