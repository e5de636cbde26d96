{% include "rtl/header.sv" %}// Pair lane: for each of {{ core.k }} element(s) a multiplier of an activation and a weight, or two
// weights of half of its bits, and two sums; every product and every sum is rounded.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_pair_lane (
  input  logic {{ core.bit() }} clk_i,

  // There are two weights in the place of one.
  input  logic {{ core.bit() }} pairs_i,

  // The sum of a k-step is {{ unit.phrases.gate }} the accumulator, that of the first weights
  // lowest; take the neighbour's results instead.
  input  logic [1:0]     enable_i,
  input  logic {{ core.bit() }} shift_i,

  // The row's activations and the column's weights, decoded, element 0 lowest.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,
  input  logic {{ core.width(unit.weights_bits) }} weights_i,

  // Drain chain, {{ unit.phrases.chain }}, that of the first weights lowest.
  input  logic {{ core.width(core.accumulator_bits) }} chain_i,
  output logic {{ core.width(core.accumulator_bits) }} word_o
);

  localparam int Elements = {{ core.k }};
  localparam int NumberBits = {{ unit.adder.number_bits() }};
  localparam int WordBits = {{ unit.word_bits() }};

  logic [Elements*NumberBits-1:0] first_products, second_products;

  for (genvar i = 0; i < Elements; i++) begin : gen_product
    logic {{ core.range(unit.phrases.first_bits) }} first_d, first;
    logic {{ core.range(unit.phrases.second_bits) }} second_d, second;

    {{ core.name }}_pair_multiplier u_pair_multiplier (
{% if unit.multiplier.registers_product %}      .clk_i        (clk_i),
{% endif %}      .pairs_i      (pairs_i),
      .activation_i (activations_i[i*{{ unit.multiplier.activation.bits }} +: {{ unit.multiplier.activation.bits }}]),
      .weight_i     (weights_i[i*{{ unit.phrases.weight_bits }} +: {{ unit.phrases.weight_bits }}]),
      .first_o      (first_d),
      .second_o     (second_d)
    );

{% if unit.registers_products() %}{% if core.gates_addends && core.k == 1 %}    // Where nothing is to be added zero is.
    always_ff @(posedge clk_i) begin : p_product
      first  <= enable_i[0] ? first_d : '0;
      second <= enable_i[1] ? second_d : '0;
    end
{% else %}    always_ff @(posedge clk_i) begin : p_product
      first  <= first_d;
      second <= second_d;
    end
{% endif %}{% else %}    assign first  = first_d;
    assign second = second_d;
{% endif %}
    assign first_products[i*NumberBits +: NumberBits]  = {{ unit.phrases.first }};
    assign second_products[i*NumberBits +: NumberBits] = {{ unit.phrases.second }};
  end

  {{ core.name }}_rounded_sum u_first_sum (
    .clk_i      (clk_i),
{% if unit.phrases.sums_are_gated %}    .enable_i   (enable_i[0]),
{% endif %}    .shift_i    (shift_i),
    .products_i (first_products),
    .chain_i    (chain_i[WordBits-1:0]),
    .word_o     (word_o[WordBits-1:0])
  );

  {{ core.name }}_rounded_sum u_second_sum (
    .clk_i      (clk_i),
{% if unit.phrases.sums_are_gated %}    .enable_i   (enable_i[1]),
{% endif %}    .shift_i    (shift_i),
    .products_i (second_products),
    .chain_i    (chain_i[2*WordBits-1:WordBits]),
    .word_o     (word_o[2*WordBits-1:WordBits])
  );

endmodule

`default_nettype wire
