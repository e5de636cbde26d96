{% include "rtl/header.sv" %}// {{ unit.phrases.title }} as a {{ unit.format }} number{{ unit.phrases.rounded }}.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_{{ unit.phrases.module }} (
{% if unit.registers_product %}  input  logic {{ core.bit() }} clk_i,

{% endif %}{% if unit.is_given %}  // Product of the significands, which lead with a one each.
  input  logic {{ core.width(unit.product_bits) }} whole_i,

  // Decoded: exponent, sign{{ unit.phrases.operand_flags }}.
{% else %}  // Decoded: significand with a leading one, exponent, sign{{ unit.phrases.operand_flags }}.
{% endif %}  // The exponents of both add up to {{ unit.phrases.biased }} of a product below two, less one.
  input  logic {{ core.width(unit.activation.bits) }} activation_i,
  input  logic {{ core.width(unit.weight.bits) }} weight_i,

  // Number, from the lowest bit up: significand with its leading bit, {{ unit.phrases.exponent_meaning }}, sign{{ unit.phrases.nan_meaning }}.
  output logic {{ core.width(unit.number_bits) }} product_o
);

{% if !unit.is_given %}  localparam int ActivationBits = {{ unit.activation.significand_bits }};
  localparam int WeightBits = {{ unit.weight.significand_bits }};
{% endif %}  localparam int ProductBits = {{ unit.product_bits }};
  localparam int SumBits = {{ unit.sum_bits }};
  localparam int ExponentBits = {{ unit.exponent_bits }};

  logic [ProductBits-1:0] whole;
  logic is_negative_d;

{% if unit.is_given %}  assign whole         = whole_i;
{% else %}  assign whole         = ProductBits'(activation_i[ActivationBits-1:0])
                         * ProductBits'(weight_i[WeightBits-1:0]);
{% endif %}  assign is_negative_d = activation_i[{{ unit.activation.sign_place() }}] ^ weight_i[{{ unit.weight.sign_place() }}];

  logic{{ unit.phrases.signed[0] }} [{{ unit.activation.exponent_bits }}-1:0] activation_exponent;
  logic{{ unit.phrases.signed[1] }} [{{ unit.weight.exponent_bits }}-1:0] weight_exponent;
  logic [SumBits-1:0] sum_d;

  assign activation_exponent = {{ unit.phrases.exponents[0] }};
  assign weight_exponent     = {{ unit.phrases.exponents[1] }};
{% if unit.has_infinities() %}
  // An infinite product has an exponent beyond that of every number.
  logic is_infinite;

  assign is_infinite = {{ unit.phrases.is_infinite }};
  assign sum_d       = is_infinite ? SumBits'({ExponentBits{1'b1}})
                                   : (SumBits'(activation_exponent) + SumBits'(weight_exponent));
{% else %}
  assign sum_d = SumBits'(activation_exponent) + SumBits'(weight_exponent);
{% endif %}{% if unit.has_nan() %}
  logic is_nan_d;

  assign is_nan_d = {{ unit.phrases.is_nan }};
{% endif %}
  // What rounding sees of the product{{ unit.phrases.seen }}.
  localparam int SeenBits = {{ unit.seen_bits }};
  logic [SeenBits-1:0] seen_d;

  assign seen_d = {{ unit.phrases.seen_bits }};

  logic [SeenBits-1:0] seen;
  logic [SumBits-1:0] sum;
  logic is_negative;
{% if unit.has_nan() %}  logic is_nan;
{% endif %}
{% if unit.registers_product %}  always_ff @(posedge clk_i) begin : p_product
    seen        <= seen_d;
    sum         <= sum_d;
    is_negative <= is_negative_d;
{% if unit.has_nan() %}    is_nan      <= is_nan_d;
{% endif %}  end
{% else %}  assign seen        = seen_d;
  assign sum         = sum_d;
  assign is_negative = is_negative_d;
{% if unit.has_nan() %}  assign is_nan      = is_nan_d;
{% endif %}{% endif %}
  // Two or more, and not zero.
  logic is_large, is_number;

  assign is_large  = seen[SeenBits-1];
  assign is_number = seen[SeenBits-1] || seen[SeenBits-2];

{% if unit.rounds %}  // Down to the places of the result: one, where the product is two or more{{ unit.phrases.or_below }}.
  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int WindowBits = {{ unit.window_bits }};
{% if unit.can_be_below %}  localparam int DistanceBits = {{ unit.distance_bits }};
  logic is_below;
  logic [DistanceBits-1:0] distance;
{% endif %}  logic [WindowBits-1:0] moved;
  logic lost;
{% if unit.can_be_below %}
  assign is_below = sum[SumBits-1];
  assign distance = ({{ unit.phrases.distance }})
                    & {DistanceBits{is_below}};
{% endif %}
  always_comb begin : p_align
    moved = {{ unit.phrases.window }};
    lost  = 1'b0;
    if ({{ unit.phrases.moves_a_place }}) begin
      lost  = ((moved & WindowBits'(1)) != '0);
      moved = moved >> 1;
    end
{% if unit.can_be_below %}    for (int b = 0; b < DistanceBits; b++) begin
      if (distance[b]) begin
        lost  = lost || ((moved & ((WindowBits'(1) << (1 << b)) - WindowBits'(1))) != '0);
        moved = moved >> (1 << b);
      end
    end
{% endif %}  end

  // To the nearest, of two the even one.
  logic up;
  logic [FractionBits+1:0] rounded;
  logic [SumBits-1:0] biased;

  assign up      = moved[1] && (moved[0] || lost || moved[2]);
  assign rounded = {1'b0, moved[WindowBits-2:2]} + {{ unit.phrases.carry_bits }}'(up);
  assign biased  = ({{ unit.phrases.is_normal }})
                   ? (sum + SumBits'(is_large) + SumBits'(rounded[FractionBits+1]) + SumBits'(1))
                   : SumBits'(1);

  // Beyond the largest number comes infinity; its fraction does not count.
  logic [ExponentBits-1:0] exponent;
  logic [FractionBits:0] significand;

  assign exponent    = biased[ExponentBits-1:0]
                       | {ExponentBits{ {{- unit.phrases.beyond }}}};
  assign significand = {rounded[FractionBits+1] || rounded[FractionBits],
                        rounded[FractionBits-1:0]};
{% else %}  // It is a normal number{{ unit.phrases.unless_beyond }}; the leading one comes to the top.
  logic [SumBits-1:0] biased;
  logic [ExponentBits-1:0] exponent;
  logic [SeenBits-1:0] significand;

  assign biased      = is_number ? (sum + SumBits'(is_large) + SumBits'(1)) : SumBits'(1);
  assign exponent    = biased[ExponentBits-1:0]
                       | {ExponentBits{ {{- unit.phrases.beyond }}}};
  assign significand = is_large ? seen : {seen[SeenBits-2:0], 1'b0};
{% endif %}
  assign product_o = { {%- if unit.has_nan() %}is_nan, {% endif %}is_negative, exponent, significand};

endmodule

`default_nettype wire
