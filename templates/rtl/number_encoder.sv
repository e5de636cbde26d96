{% include "rtl/header.sv" %}// Number encoder: a sum as it leaves the accumulators, as a code of {{ unit.number.sum }}. NaN is
// the quiet one with a clear sign and no payload. Combinational.

`default_nettype none

module {{ core.name }}_number_encoder (
  // From the lowest bit up: significand with its leading bit, exponent ({{ unit.phrases.offset }} than in a
  // code, all ones for what is none) with that of zero taken as 0 (exclusive or), sign, whether it
  // is NaN. Zero has no leading one.
  input  logic {{ core.width(&unit.number_bits()) }} number_i,

  output logic {{ core.width(unit.code_bits) }} code_o
);

  localparam int FractionBits = {{ unit.number.fraction_bits() }};
  localparam int ExponentBits = {{ unit.number.exponent_bits }};
  localparam int FieldBits = {{ unit.field_bits }};
  localparam logic [ExponentBits-1:0] Zero = {{ unit.number.exponent_bits }}'d{{ unit.number.zero_exponent }};
  localparam int SignPlace = FractionBits + 1 + ExponentBits;
  logic [FractionBits:0] significand;
  logic [ExponentBits-1:0] exponent;
  logic [FieldBits-1:0] field;
  logic is_special, is_nan;

  assign significand = number_i[FractionBits:0];
  assign exponent    = number_i[FractionBits+1 +: ExponentBits] ^ Zero;
  assign is_special  = &exponent;
  assign is_nan      = is_special && number_i[SignPlace+1];

{% if unit.distance_bits > 0 %}  // Below the least normal number the significand moves down as far as it is below. No bit is
  // lost.
  localparam logic [ExponentBits-1:0] LeastNormal = {{ unit.number.exponent_bits }}'d{{ unit.phrases.least_normal }};
  logic [ExponentBits-1:0] below;
  logic [FractionBits-1:0] moved;
  logic is_subnormal;

  assign is_subnormal = (exponent < LeastNormal);
  assign below        = LeastNormal - exponent;
  assign moved        = FractionBits'(significand >> (is_subnormal ? below[{{ unit.distance_bits }}-1:0]
                                                                  : {{ unit.distance_bits }}'d0));
  assign field        = is_subnormal ? '0 : ({{ unit.phrases.field }});

{% if unit.phrases.unused_below != "" %}  // No number is farther below.
  logic unused_below;

  assign unused_below = ^{{ unit.phrases.unused_below }};

{% endif %}  assign code_o = {number_i[SignPlace] && !is_nan, field,
                   is_special ? {is_nan, {(FractionBits-1){1'b0}}} : moved};
{% else %}  assign field  = ({{ unit.phrases.field }}) & {FieldBits{significand[FractionBits]}};
  assign code_o = {number_i[SignPlace] && !is_nan, field | {FieldBits{is_special}},
                   is_special ? {is_nan, {(FractionBits-1){1'b0}}} : significand[FractionBits-1:0]};
{% endif %}
endmodule

`default_nettype wire
