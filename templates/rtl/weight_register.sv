{% include "rtl/header.sv" %}// Weight register: the weight beat under way, {{ unit.phrases.word_meaning }} for every column and group.

`default_nettype none

module {{ core.name }}_weight_register (
  input  logic {{ core.bit() }} clk_i,

{% if unit.bus.is_narrow() %}  // A beat of the port is taken in this cycle, and its number.
  input  logic {{ core.bit() }} take_i,
  input  logic {{ core.width(unit.bus.beat_bits) }} beat_i,
{% else %}  // Taken by the stream control in this cycle.
  input  logic {{ core.bit() }} load_i,
{% endif %}  input  logic {{ core.width(unit.phrases.input_bits) }} weight_data_i,

  // Column, then group, lowest first{% if unit.offers_next %}: in the next cycle, and now{% endif %}.
{% if unit.offers_next %}  output logic {{ core.width(unit.data_bits) }} weights_next_o,
{% endif %}  output logic {{ core.width(unit.data_bits) }} weights_o
);

{% if unit.bus.is_narrow() %}  // Every beat has its own bits of the register.
  for (genvar b = 0; b < {{ unit.bus.beats }}; b++) begin : gen_beat
    localparam int Bits = (b == {{ unit.bus.beats }} - 1) ? {{ unit.bus.last_bits }} : {{ unit.bus.bits }};
{% if unit.offers_next %}    logic [Bits-1:0] beat_d, beat_q;

    assign beat_d = (take_i && (beat_i == {{ unit.bus.beat_bits }}'(b)))
        ? weight_data_i[Bits-1:0] : beat_q;

    always_ff @(posedge clk_i) begin : p_beat
      beat_q <= beat_d;
    end
{% else %}    logic [Bits-1:0] beat_q;

    always_ff @(posedge clk_i) begin : p_beat
      if (take_i && (beat_i == {{ unit.bus.beat_bits }}'(b))) beat_q <= weight_data_i[Bits-1:0];
    end
{% endif %}
{% if unit.offers_next %}    assign weights_next_o[b*{{ unit.bus.bits }} +: Bits] = beat_d;
{% endif %}    assign weights_o[b*{{ unit.bus.bits }} +: Bits] = beat_q;
  end
{% else if unit.offers_next %}  logic {{ core.range(unit.data_bits) }} weights_d, weights_q;

  assign weights_d = load_i ? weight_data_i : weights_q;

  always_ff @(posedge clk_i) begin : p_weights
    weights_q <= weights_d;
  end

  assign weights_next_o = weights_d;
  assign weights_o      = weights_q;
{% else %}  logic {{ core.range(unit.data_bits) }} weights_q;

  always_ff @(posedge clk_i) begin : p_weights
    if (load_i) weights_q <= weight_data_i;
  end

  assign weights_o = weights_q;
{% endif %}
endmodule

`default_nettype wire
