{% include "rtl/header.sv" %}// Operand register: the activations of the k-step under way, with the elements that the keep mask
// drops zeroed.

`default_nettype none

module {{ core.name }}_operand_register (
  input  logic {{ core.bit() }} clk_i,

  // Taken by the stream control in this cycle.
  input  logic {{ core.bit() }} load_i,
{% if unit.bus.is_narrow() %}
  // A beat is taken in this cycle, and its number; load_i comes with the last.
  input  logic {{ core.bit() }} take_i,
  input  logic {{ core.width(unit.bus.beat_bits) }} beat_i,
{% endif %}{% if unit.phrases.keeps_exponents %}  input  logic {{ core.vector(core.exponents_bits) }} activation_exponents_i,
{% endif %}  input  logic {{ core.vector(core.elements_per_step) }} activation_keep_i,
  input  logic {{ core.width(unit.bus.bits) }} activation_data_i,

  // Row-major: row, then element, lowest first.
  output logic {{ core.width(unit.step_bits) }} operands_o
);

{% if unit.bus.is_narrow() %}  logic {{ core.range(unit.data_bits) }} data;
  logic {{ core.range(core.elements_per_step) }} keep_q;
{% if unit.phrases.keeps_exponents %}  logic {{ core.range(core.exponents_bits) }} exponents_q;
{% endif %}
  // Every beat has its own bits of the register.
  for (genvar b = 0; b < {{ unit.bus.beats }}; b++) begin : gen_beat
    localparam int Bits = (b == {{ unit.bus.beats }} - 1) ? {{ unit.bus.last_bits }} : {{ unit.bus.bits }};
    logic [Bits-1:0] beat_q;

    always_ff @(posedge clk_i) begin : p_beat
      if (take_i && (beat_i == {{ unit.bus.beat_bits }}'(b))) beat_q <= activation_data_i[Bits-1:0];
    end

    assign data[b*{{ unit.bus.bits }} +: Bits] = beat_q;
  end

  always_ff @(posedge clk_i) begin : p_keep
    if (load_i) begin
      keep_q      <= activation_keep_i;
{% if unit.phrases.keeps_exponents %}      exponents_q <= activation_exponents_i;
{% endif %}    end
  end

  for (genvar r = 0; r < {{ core.m }}; r++) begin : gen_row
    for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_element
{% include "parts/kept_late.sv" %}    end
  end
{% else %}  logic {{ core.range(unit.data_bits) }} operands_d, operands_q;

  for (genvar r = 0; r < {{ core.m }}; r++) begin : gen_row
    for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_element
{% include "parts/kept_early.sv" %}    end
  end

  always_ff @(posedge clk_i) begin : p_operands
    if (load_i) operands_q <= operands_d;
  end

  assign operands_o = operands_q;
{% endif %}
endmodule

`default_nettype wire
