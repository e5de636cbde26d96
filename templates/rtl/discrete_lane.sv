{% include "rtl/header.sv" %}// Discrete lane: a float multiplier for each of {{ core.k }} elements, a tree of float adders and an
// accumulator that holds a {{ unit.format }} number; every product and every sum is rounded.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_discrete_lane (
  input  logic {{ core.bit() }} clk_i,

  // The sum of a k-step is {{ unit.phrases.gate }} the accumulator; take the neighbour's result instead.
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} shift_i,

  // The row's activations and the column's weights, decoded, element 0 lowest.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,
  input  logic {{ core.width(unit.weights_bits) }} weights_i,

  // Drain chain, {{ unit.phrases.chain }}.
  input  logic {{ core.width(core.accumulator_bits) }} chain_i,
  output logic {{ core.width(core.accumulator_bits) }} word_o
);

  localparam int Elements = {{ core.k }};
{% if core.k > 1 %}  localparam int Stages = {{ core.stages }};
{% endif %}{% if !unit.adder.defers() %}  localparam int FractionBits = {{ unit.adder.fraction_bits() }};
  localparam int ExponentBits = {{ unit.adder.exponent_bits() }};
{% endif %}  localparam int NumberBits = {{ unit.adder.number_bits() }};
{% if unit.adder.defers() %}  localparam int SumBits = {{ unit.adder.sum_bits() }};
{% endif %}  localparam int ProductBits = {{ unit.multiplier.number_bits }};

  // Node i is the sum of nodes 2i and 2i+1; the products are the nodes from Elements on. The nodes
  // nearest to the accumulator, the first, have registers.
  logic [(2*Elements-1)*NumberBits-1:0] nodes;

  for (genvar i = 0; i < Elements; i++) begin : gen_product
    logic [ProductBits-1:0] product_d, product;

    {{ core.name }}_float_multiplier u_float_multiplier (
{% if unit.multiplier.registers_product %}      .clk_i        (clk_i),
{% endif %}      .activation_i (activations_i[i*{{ unit.multiplier.activation.bits }} +: {{ unit.multiplier.activation.bits }}]),
      .weight_i     (weights_i[i*{{ unit.multiplier.weight.bits }} +: {{ unit.multiplier.weight.bits }}]),
      .product_o    (product_d)
    );

{% if unit.registers_products() %}{% if core.gates_addends && core.k == 1 %}    // Where nothing is to be added zero is.
    always_ff @(posedge clk_i) begin : p_product
      product <= enable_i ? product_d : '0;
    end
{% else %}    always_ff @(posedge clk_i) begin : p_product
      product <= product_d;
    end
{% endif %}{% else %}    assign product = product_d;
{% endif %}
    assign nodes[(Elements-1+i)*NumberBits +: NumberBits] = {{ unit.phrases.widened }};
  end
{% include "parts/rounded_sum.sv" %}

endmodule

`default_nettype wire
