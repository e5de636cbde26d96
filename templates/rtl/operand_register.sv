{% include "rtl/header.sv" %}// Operand register: the activations of the k-step under way, with the elements that the keep mask
// drops zeroed.

`default_nettype none

module {{ core.name }}_operand_register (
  input  logic {{ core.bit() }} clk_i,

  // Taken by the stream control in this cycle.
  input  logic {{ core.bit() }} load_i,
  input  logic {{ core.vector(core.elements_per_step) }} activation_keep_i,
  input  logic {{ core.width(unit.data_bits) }} activation_data_i,

  // Row-major: row, then element, lowest first.
  output logic {{ core.width(unit.data_bits) }} operands_o
);

  logic {{ core.range(unit.data_bits) }} operands_d, operands_q;

  for (genvar r = 0; r < {{ core.m }}; r++) begin : gen_row
    for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_element
      localparam int Low = (r * {{ core.elements_per_step }} + i) * {{ core.activation_bits }};
      assign operands_d[Low +: {{ core.activation_bits }}] =
          activation_data_i[Low +: {{ core.activation_bits }}]
          & { {{ core.activation_bits }}{activation_keep_i[i]} };
    end
  end

  always_ff @(posedge clk_i) begin : p_operands
    if (load_i) operands_q <= operands_d;
  end

  assign operands_o = operands_q;

endmodule

`default_nettype wire
