{% include "rtl/header.sv" %}// Shadow register of one {{ unit.owner }}: takes over {{ unit.sum }} of a quantisation group that is
// complete, and passes sums along the drain chain while the array goes on with the next group.

`default_nettype none

module {{ core.name }}_{{ unit.name }} (
  input  logic {{ core.bit() }} clk_i,

  // Take the sum over, or the neighbour's.
  input  logic {{ core.bit() }} take_i,
  input  logic {{ core.bit() }} shift_i,
  input  logic {{ core.width(unit.bits) }} sum_i,

  // Drain chain.
  input  logic {{ core.width(unit.bits) }} chain_i,
  output logic {{ core.width(unit.bits) }} sum_o
);

  logic {{ core.range(unit.bits) }} sum_q;

  always_ff @(posedge clk_i) begin : p_sum
    if (take_i) begin
      sum_q <= sum_i;
    end else if (shift_i) begin
      sum_q <= chain_i;
    end
  end

  assign sum_o = sum_q;

endmodule

`default_nettype wire
