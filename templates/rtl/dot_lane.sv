{% include "rtl/header.sv" %}// Dot-product lane: {{ core.k }} parallel multipliers and their sum, two's complement throughout.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_dot_lane (
{% if core.stages > 0 %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // The row's activations and the column's weights, element 0 lowest.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,
  input  logic {{ core.vector(unit.weights_bits) }} weights_i,

  output logic {{ core.width(unit.partial_bits) }} partial_o
);

  localparam int ProductBits = {{ unit.product_bits }};
  localparam int PartialBits = {{ unit.partial_bits }};

  logic [{{ core.k }}*ProductBits-1:0] products;

  for (genvar i = 0; i < {{ core.k }}; i++) begin : gen_element
    logic signed {{ core.range(core.activation_bits) }} activation;
    logic signed {{ core.range(&core.weight.bits()) }} weight;
    logic signed [ProductBits-1:0] product;

    assign activation = $signed(activations_i[i*{{ core.activation_bits }} +: {{ core.activation_bits }}]);
    assign weight     = $signed(weights_i[i*{{ core.weight.bits() }} +: {{ core.weight.bits() }}]);
    assign product    = activation * weight;
    assign products[i*ProductBits +: ProductBits] = product;
  end

  logic signed [PartialBits-1:0] sum;

  always_comb begin : p_sum
    sum = '0;
    for (int i = 0; i < {{ core.k }}; i++) begin
      sum = sum + PartialBits'($signed(products[i*ProductBits +: ProductBits]));
    end
  end

{% if core.stages > 0 %}  logic [PartialBits-1:0] sum_q;

  always_ff @(posedge clk_i) begin : p_partial
    sum_q <= sum;
  end

  assign partial_o = sum_q;
{% else %}  assign partial_o = sum;
{% endif %}
endmodule

`default_nettype wire
