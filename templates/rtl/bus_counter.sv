{% include "rtl/header.sv" %}// Bus counter of the {{ unit.stream }} port: numbers the {{ unit.bus.beats }} beats of {{ unit.bus.bits }} bits that fill the register behind it.

`default_nettype none

module {{ core.name }}_{{ unit.stream }}_bus (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // A beat is taken in this cycle.
  input  logic {{ core.bit() }} take_i,

  // Number of the beat to take, and whether it is the last.
  output logic {{ core.width(unit.bus.beat_bits) }} beat_o,
  output logic {{ core.bit() }} is_last_o
);

  logic {{ core.range(unit.bus.beat_bits) }} beat_d, beat_q;
  logic is_last;

  assign is_last = (beat_q == {{ unit.bus.beat_bits }}'d{{ unit.last_beat }});

  always_comb begin : p_beat
    beat_d = beat_q;
    if (take_i) beat_d = is_last ? '0 : (beat_q + {{ unit.bus.beat_bits }}'d1);
    if (clear_i) beat_d = '0;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      beat_q <= '0;
    end else begin
      beat_q <= beat_d;
    end
  end

  assign beat_o    = beat_q;
  assign is_last_o = is_last;

endmodule

`default_nettype wire
