{% include "rtl/header.sv" %}// Dequantiser of one column of a beat: subtracts z' * (sum of the row's activations) from the sum of
// a quantisation group, and halves the difference for an odd z', where it is always even:
// reinterpretation doubles weights. z' = 0 marks a mid-rise grid, whose weights are odd and stay.

`default_nettype none

module {{ core.name }}_dequantiser (
  input  logic {{ core.bit() }} clk_i,

  // The product is taken now, for the sum of the next cycle.
  input  logic {{ core.bit() }} load_i,
  input  logic {{ core.width(core.zero_point_bits) }} zero_point_i,
  input  logic {{ core.width(unit.sum_bits) }} activation_sum_i,

  // Sum of a group from its accumulator, and what it stands for.
  input  logic {{ core.width(core.accumulator_bits) }} sum_i,
  output logic {{ core.width(unit.value_bits) }} value_o
);

  localparam int ProductBits = {{ unit.product_bits }};
  localparam int DifferenceBits = {{ unit.difference_bits }};
  localparam int ValueBits = {{ unit.value_bits }};

  logic signed {{ core.range(core.zero_point_bits) }} zero_point;
  logic signed {{ core.range(unit.sum_bits) }} activation_sum;
  logic signed [ProductBits-1:0] product_d, product_q;
  logic is_odd_q;
  logic signed [DifferenceBits-1:0] difference;

  assign zero_point     = $signed(zero_point_i);
  assign activation_sum = $signed(activation_sum_i);
  assign product_d      = zero_point * activation_sum;

  always_ff @(posedge clk_i) begin : p_product
    if (load_i) begin
      product_q <= product_d;
      is_odd_q  <= zero_point[0];
    end
  end

  assign difference = DifferenceBits'($signed(sum_i)) - {{ unit.phrases.product }};
  assign value_o    = is_odd_q ? ValueBits'(difference >>> 1) : ValueBits'(difference);

endmodule

`default_nettype wire
