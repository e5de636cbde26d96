{% include "rtl/header.sv" %}// Pair multiplier: the product of an activation and a weight, or of an activation and each of two
// weights of half of its bits. The parts of a significand are multiplied apart.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_pair_multiplier (
{% if unit.registers_product %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // There are two weights in the place of one.
  input  logic {{ core.bit() }} pairs_i,

  // Decoded.
  input  logic {{ core.width(unit.operand_bits) }} activation_i,
  input  logic {{ core.width(unit.decoder.bits) }} weight_i,

  // The product of the whole weight or of the first, and that of the second, which means nothing
  // beside a whole one.
  output logic {{ core.width(unit.first.number_bits) }} first_o,
  output logic {{ core.width(unit.second.number_bits) }} second_o
);

  localparam int ActivationBits = {{ unit.activation_bits }};
  localparam int UpperBits = {{ unit.upper_bits }};
  localparam int LowerBits = {{ unit.lower_bits }};
  localparam int WholeBits = ActivationBits + UpperBits + LowerBits;
  localparam int SecondPlace = {{ unit.decoder.whole.bits }};

  logic [ActivationBits+UpperBits-1:0] upper;
  logic [ActivationBits+LowerBits-1:0] lower, carried;
  logic [WholeBits-1:0] whole;

  assign upper = (ActivationBits+UpperBits)'(activation_i[ActivationBits-1:0])
                 * (ActivationBits+UpperBits)'(weight_i[LowerBits +: UpperBits]);
  assign lower = (ActivationBits+LowerBits)'(activation_i[ActivationBits-1:0])
                 * (ActivationBits+LowerBits)'(weight_i[LowerBits-1:0]);

  // The parts of one weight add up, those of two do not.
  assign carried = lower & {(ActivationBits+LowerBits){!pairs_i}};
  assign whole   = {upper, {LowerBits{1'b0}}} + WholeBits'(carried);

  {{ core.name }}_first_product u_first_product (
{% if unit.registers_product %}    .clk_i        (clk_i),
{% endif %}    .whole_i      (whole),
    .activation_i (activation_i[ActivationBits +: {{ unit.first.activation.bits }}]),
    .weight_i     (weight_i[UpperBits+LowerBits +: {{ unit.first.weight.bits }}]),
    .product_o    (first_o)
  );

  {{ core.name }}_second_product u_second_product (
{% if unit.registers_product %}    .clk_i        (clk_i),
{% endif %}    .whole_i      (lower),
    .activation_i (activation_i[ActivationBits +: {{ unit.second.activation.bits }}]),
    .weight_i     (weight_i[SecondPlace +: {{ unit.second.weight.bits }}]),
    .product_o    (second_o)
  );

endmodule

`default_nettype wire
