{% include "rtl/header.sv" %}// Step sum of one row: adds the {{ unit.elements }} activations of a k-step, which the rounded entries of its tables
// do not tell exactly, and keeps the sum beside these.

`default_nettype none

module {{ core.name }}_step_sum (
  input  logic {{ core.bit() }} clk_i,

  // A step's tables are taken in this cycle.
  input  logic {{ core.bit() }} load_i,

  // Group, then element, lowest first, two's complement.
  input  logic {{ core.width(unit.data_bits) }} activations_i,
  output logic {{ core.width(unit.bits) }} sum_o
);

  localparam int ActivationBits = {{ core.activation_bits }};
  localparam int SumBits = {{ unit.bits }};

  logic [SumBits-1:0] sum_d, sum_q;

  always_comb begin : p_next
    sum_d = '0;
    for (int i = 0; i < {{ unit.elements }}; i++) begin
      sum_d = sum_d + SumBits'($signed(activations_i[i*ActivationBits +: ActivationBits]));
    end
  end

  always_ff @(posedge clk_i) begin : p_sum
    if (load_i) sum_q <= sum_d;
  end

  assign sum_o = sum_q;

endmodule

`default_nettype wire
