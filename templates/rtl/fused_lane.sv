{% include "rtl/header.sv" %}// Fused lane: {{ core.k }} floating-point multipliers whose products are aligned to the largest exponent of the
// run so far, cut off there, and added to the sum as integers; nothing is normalised or rounded here.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_fused_lane (
  input  logic {{ core.bit() }} clk_i,

  // A k-step is here; its sum is at the accumulator; take the neighbour's word instead.
  input  logic {{ core.bit() }} lane_enable_i,
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} shift_i,

  // The row's activations and the column's weights, decoded, element 0 lowest.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,
  input  logic {{ core.width(unit.weights_bits) }} weights_i,

  // Drain chain: {{ unit.phrases.flags_meaning }}largest exponent, sum.
  input  logic {{ core.width(core.accumulator_bits) }} chain_i,
  output logic {{ core.width(core.accumulator_bits) }} word_o
);

  localparam int Elements = {{ core.k }};
  localparam int ProductBits = {{ unit.product_bits }};
  localparam int ExponentBits = {{ unit.word.exponent_bits }};

  // Products, exact. The exponent is the sum of those of the factors, 0 for a product of 0.
  logic [Elements*ProductBits-1:0] products_d;
  logic [Elements*ExponentBits-1:0] exponents_d;
  logic [Elements-1:0] negative_d;
{% if unit.has_flags() %}  logic [Elements-1:0] is_nan;
{% endif %}{% if unit.has_infinities() %}  logic [Elements-1:0] is_infinite;
{% endif %}
  for (genvar i = 0; i < Elements; i++) begin : gen_product
    logic {{ core.range(unit.activation.bits) }} activation;
    logic {{ core.range(unit.weight.bits) }} weight;
    logic is_zero;

    assign activation = activations_i[i*{{ unit.activation.bits }} +: {{ unit.activation.bits }}];
    assign weight     = weights_i[i*{{ unit.weight.bits }} +: {{ unit.weight.bits }}];
    assign is_zero    = activation[{{ unit.activation.zero_place() }}] || weight[{{ unit.weight.zero_place() }}];

    assign products_d[i*ProductBits +: ProductBits] =
        ProductBits'(activation[{{ unit.activation.code.fraction_bits }}:0]) * ProductBits'(weight[{{ unit.weight.code.fraction_bits }}:0]);
    assign exponents_d[i*ExponentBits +: ExponentBits] = is_zero ? '0
        : (ExponentBits'(activation[{{ unit.activation.exponent_place() }} +: {{ unit.activation.code.exponent_bits }}])
           + ExponentBits'(weight[{{ unit.weight.exponent_place() }} +: {{ unit.weight.code.exponent_bits }}]));
    assign negative_d[i] = activation[{{ unit.activation.sign_place() }}] ^ weight[{{ unit.weight.sign_place() }}];
{% if unit.has_flags() %}    assign is_nan[i] = {{ unit.phrases.is_nan }};
{% endif %}{% if unit.has_infinities() %}    assign is_infinite[i] = {{ unit.phrases.is_infinite }};
{% endif %}  end

  // Largest exponent of the run so far: a tree of comparisons, in which node i is the larger of nodes
  // 2i and 2i+1.
  localparam int Leaves = {{ unit.leaves }};
  logic [ExponentBits-1:0] largest, largest_d, largest_q, chained_largest;
  logic [2*Leaves*ExponentBits-1:0] nodes;
  logic [ExponentBits-1:0] lower, upper;

  assign chained_largest = chain_i[{{ unit.word.sum_bits }} +: ExponentBits];

  always_comb begin : p_largest
    nodes = {{ unit.phrases.leaves }};
    lower = '0;
    upper = '0;
    for (int i = Leaves - 1; i >= 1; i--) begin
      lower = nodes[2*i*ExponentBits +: ExponentBits];
      upper = nodes[(2*i+1)*ExponentBits +: ExponentBits];
      nodes[i*ExponentBits +: ExponentBits] = (lower > upper) ? lower : upper;
    end
    largest   = ExponentBits'(nodes >> ExponentBits);
    largest_d = lane_enable_i ? largest : largest_q;
    if (shift_i) largest_d = chained_largest;
  end

  always_ff @(posedge clk_i) begin : p_largest_register
    largest_q <= largest_d;
  end
{% if unit.has_flags() %}
  // What else there is among the products.
  logic {{ core.range(unit.word.flag_bits) }} flags_d;

{% if unit.has_infinities() %}  assign flags_d = {|(is_infinite & negative_d), |(is_infinite & ~negative_d), |is_nan};
{% else %}  assign flags_d = |is_nan;
{% endif %}{% endif %}
{% if unit.registers_products %}  // Products and their exponents, the largest exponent before them.
  logic [Elements*ProductBits-1:0] products_q;
  logic [Elements*ExponentBits-1:0] exponents_q;
  logic [Elements-1:0] negative_q;
  logic [ExponentBits-1:0] previous_q;
{% if unit.has_flags() %}  logic {{ core.range(unit.word.flag_bits) }} product_flags_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_products
    products_q  <= products_d;
    exponents_q <= exponents_d;
    negative_q  <= negative_d;
    previous_q  <= largest_q;
{% if unit.has_flags() %}    product_flags_q <= flags_d;
{% endif %}  end
{% endif %}
  // Aligned products: magnitudes move down from the top by the distance of their exponents.
  localparam int MagnitudeBits = {{ unit.magnitude_bits }};
  localparam int PartialBits = {{ unit.partial_bits }};
  logic [ExponentBits-1:0] distance_d;
  logic [Elements*MagnitudeBits-1:0] magnitudes;

  assign distance_d = {{ unit.phrases.largest }} - {{ unit.phrases.previous }};

  for (genvar i = 0; i < Elements; i++) begin : gen_aligned
    logic [ProductBits-1:0] product;
    logic [ExponentBits-1:0] below;

    assign product = {{ unit.phrases.products }}[i*ProductBits +: ProductBits];
    assign below   = {{ unit.phrases.largest }} - {{ unit.phrases.exponents }}[i*ExponentBits +: ExponentBits];
    assign magnitudes[i*MagnitudeBits +: MagnitudeBits] = {{ unit.phrases.placed }} >> below;
{% if unit.lost_bits() > 0 %}
    logic unused_low;
    assign unused_low = ^product[{{ unit.lost_bits() }}-1:0];
{% endif %}  end

  // Their sum: of a negative one the complement plus one.
  logic signed [PartialBits-1:0] partial_d;

  always_comb begin : p_partial
    partial_d = '0;
    for (int i = 0; i < Elements; i++) begin
      partial_d = partial_d
          + $signed({ {(PartialBits-MagnitudeBits){ {{ unit.phrases.negative }}[i]}},
                     magnitudes[i*MagnitudeBits +: MagnitudeBits]
                     ^ {MagnitudeBits{ {{ unit.phrases.negative }}[i]}}})
          + $signed(PartialBits'({{ unit.phrases.negative }}[i]));
    end
  end

{% if unit.registers_sum %}  logic signed [PartialBits-1:0] partial_q;
  logic [ExponentBits-1:0] distance_q;
{% if unit.has_flags() %}  logic {{ core.range(unit.word.flag_bits) }} partial_flags_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_partial_register
    partial_q  <= partial_d;
    distance_q <= distance_d;
{% if unit.has_flags() %}    partial_flags_q <= {{ unit.phrases.product_flags }};
{% endif %}  end

{% endif %}  // The sum so far moves down to the new largest exponent. Where nothing is added it stays.
  localparam int SumBits = {{ unit.word.sum_bits }};
  logic signed [SumBits-1:0] sum_d, sum_q, chained_sum, moved;
  logic signed [PartialBits-1:0] addend;
  logic [ExponentBits-1:0] distance;

  assign addend   = {{ unit.phrases.partial }} & {PartialBits{enable_i}};
  assign distance = {{ unit.phrases.distance }} & {ExponentBits{enable_i}};
  assign moved    = sum_q >>> distance;

  assign chained_sum = $signed(chain_i[SumBits-1:0]);

  always_comb begin : p_next
    sum_d = moved + SumBits'(addend);
    if (shift_i) sum_d = chained_sum;
  end

  always_ff @(posedge clk_i) begin : p_sum
    sum_q <= sum_d;
  end
{% if unit.has_flags() %}
  // What else was there stays.
  localparam int FlagBits = {{ unit.word.flag_bits }};
  logic [FlagBits-1:0] flags_q;

  always_ff @(posedge clk_i) begin : p_flags
    flags_q <= shift_i ? chain_i[SumBits+ExponentBits +: FlagBits]
               : (flags_q | ({{ unit.phrases.partial_flags }} & {FlagBits{enable_i}}));
  end

  assign word_o = {flags_q, largest_q, sum_q};
{% else %}
  assign word_o = {largest_q, sum_q};
{% endif %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
  // No sum of up to {{ core.accumulated_elements }} elements leaves the range; the top module asserts it.
  localparam int ExactBits = SumBits + 1;
  logic signed [ExactBits-1:0] exact;
  logic fits;

  assign exact = ExactBits'(moved) + ExactBits'(addend);
  assign fits  = !enable_i || shift_i || (exact[ExactBits-1] == exact[ExactBits-2]);
`endif
`endif

endmodule

`default_nettype wire
