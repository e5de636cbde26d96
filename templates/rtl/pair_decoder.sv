{% include "rtl/header.sv" %}// Weight decoder: a weight, or two of half of its bits, for all lanes that multiply by them. The
// first of two is decoded as a whole weight with zeros behind it.{% if unit.registers_operand %} Registered.{% endif %}

`default_nettype none

module {{ core.name }}_weight_decoder (
{% if unit.registers_operand %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // There are two weights in the place of one, the first in the upper half of the code.
  input  logic {{ core.bit() }} pairs_i,
  input  logic {{ core.vector(unit.code_bits) }} code_i,

  // From the lowest bit up: the operand of the whole weight or of the first, with the second's
  // significand in the lowest places of its own; the rest of the second's.
  output logic {{ core.width(unit.bits) }} operand_o
);

  localparam int HalfBits = {{ unit.half_bits }};
  localparam int SignificandBits = {{ unit.whole.significand_bits }};
  localparam int ExponentBits = {{ unit.whole.exponent_bits }};
  localparam int WholeBits = {{ unit.whole.bits }};
  localparam int SecondBits = {{ unit.half.significand_bits }};
  localparam int RestBits = {{ unit.phrases.rest_bits }};

  logic [HalfBits-1:0] extension, second_code;
  logic [WholeBits-1:0] whole;
  logic [SecondBits+RestBits-1:0] second;

  // A code of zero has a significand of zero.
  assign extension   = code_i[HalfBits-1:0] & {HalfBits{!pairs_i}};
  assign second_code = code_i[HalfBits-1:0] & {HalfBits{pairs_i}};

  {{ core.name }}_whole_decoder u_whole_decoder (
    .code_i    ({code_i[2*HalfBits-1:HalfBits], extension}),
    .operand_o (whole)
  );

  {{ core.name }}_half_decoder u_half_decoder (
    .code_i    (second_code),
    .operand_o (second)
  );

  logic [SignificandBits-1:0] significand;
  logic [ExponentBits-1:0] exponent;

  assign significand = whole[SignificandBits-1:0] | SignificandBits'(second[SecondBits-1:0]);
  assign exponent    = whole[SignificandBits +: ExponentBits]
                       - (pairs_i ? ExponentBits'(HalfBits) : ExponentBits'(0));

{% if unit.registers_operand %}  always_ff @(posedge clk_i) begin : p_operand
    operand_o <= {second[SecondBits +: RestBits],
                  whole[WholeBits-1:SignificandBits+ExponentBits], exponent, significand};
  end
{% else %}  assign operand_o = {second[SecondBits +: RestBits],
                      whole[WholeBits-1:SignificandBits+ExponentBits], exponent, significand};
{% endif %}
endmodule

`default_nettype wire
