{% include "rtl/header.sv" %}// Adder lane of one row and column: the sum of the activations whose weight bit is 1.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_add_lane (
{% if core.stages > 0 %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // Activations of the row, element 0 lowest, two's complement.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,

  // One plane of the column's weights, element i in bit i.
  input  logic {{ core.vector(unit.elements) }} weights_i,

  // Sum of the step.
  output logic {{ core.width(unit.partial_bits) }} partial_o
);

  localparam int Elements = {{ unit.elements }};
  localparam int Bits = {{ core.activation_bits }};
  localparam int SumBits = {{ unit.partial_bits }};

  // Each activation with its highest bit inverted, which makes it unsigned: no operand of the sum
  // has a sign to extend.
  localparam logic [Bits-1:0] Highest = {1'b1, {(Bits-1){1'b0}}};
  localparam logic [SumBits-1:0] Offset = {{ unit.partial_bits }}'d{{ unit.offset }};
  logic [Elements*Bits-1:0] values;

  for (genvar i = 0; i < Elements; i++) begin : gen_element
    assign values[i*Bits +: Bits] =
        (activations_i[i*Bits +: Bits] & {Bits{weights_i[i]}}) ^ Highest;
  end

  logic [SumBits-1:0] sum;

  always_comb begin : p_sum
    sum = Offset;
    for (int i = 0; i < Elements; i++) begin
      sum = sum + SumBits'(values[i*Bits +: Bits]);
    end
  end

{% if core.stages > 0 %}  logic [SumBits-1:0] partial_q;

  always_ff @(posedge clk_i) begin : p_partial
    partial_q <= sum;
  end

  assign partial_o = partial_q;
{% else %}  assign partial_o = sum;
{% endif %}
endmodule

`default_nettype wire
