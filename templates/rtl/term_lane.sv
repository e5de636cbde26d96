{% include "rtl/header.sv" %}// Term lane: adds {{ core.k }} activations, each times the term of its weight in this cycle.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_term_lane (
{% if core.stages > 0 %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // The row's activations, element 0 lowest.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,

  // The column's terms: of each element the line of its shift or none, and its sign{% if unit.count_bits > 0 %}; how many are negative{% endif %}.
  input  logic {{ core.vector(unit.select_bits) }} select_i,
  input  logic {{ core.vector(core.k) }} negative_i,
{% if unit.count_bits > 0 %}  input  logic {{ core.width(unit.count_bits) }} count_i,
{% endif %}
  output logic {{ core.width(unit.partial_bits) }} partial_o
);

  localparam int ActivationBits = {{ core.activation_bits }};
  localparam int Lines = {{ unit.lines }};
  localparam int ProductBits = {{ unit.product_bits }};
  localparam int PartialBits = {{ unit.partial_bits }};

  // A negative product is complemented, and lacks 1 then. Each has 2^(ProductBits-1) more than it is, so
  // that none is below zero: there are no signs to extend.
  localparam logic [ProductBits-1:0] SignBit = {1'b1, {(ProductBits-1){1'b0}}};
  logic [{{ core.k }}*ProductBits-1:0] products;

  for (genvar e = 0; e < {{ core.k }}; e++) begin : gen_element
    logic signed [ProductBits-1:0] activation;
    logic [ProductBits-1:0] product;

    assign activation = ProductBits'($signed(activations_i[e*ActivationBits +: ActivationBits]));

    always_comb begin : p_product
      product = '0;
      for (int s = 0; s < Lines; s++) begin
        product = product | ((activation << s) & {ProductBits{select_i[e*Lines+s]}});
      end
    end

    assign products[e*ProductBits +: ProductBits] =
        product ^ SignBit ^ {ProductBits{negative_i[e]}};
  end

  logic signed [PartialBits-1:0] sum;

  always_comb begin : p_sum
    sum = PartialBits'({% if unit.count_bits > 0 %}count_i{% else %}negative_i{% endif %}) - (PartialBits'({{ core.k }}) << (ProductBits - 1));
    for (int e = 0; e < {{ core.k }}; e++) begin
      sum = sum + PartialBits'(products[e*ProductBits +: ProductBits]);
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
