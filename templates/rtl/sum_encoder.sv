{% include "rtl/header.sv" %}// Sum encoder: a sum as it leaves the accumulators, rounded, as a code of {{ unit.format }}. NaN is the
// quiet one with a clear sign and no payload. Combinational.

`default_nettype none

module {{ core.name }}_sum_encoder (
  // From the lowest bit up: significand with its leading bit, exponent ({{ unit.exponent_offset }} less than in a
  // code), sign, whether it is NaN, whether it is to be rounded up.
  input  logic {{ core.width(unit.sum_bits) }} sum_i,

  output logic {{ core.width(unit.code_bits) }} code_o
);

  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int HeldBits = {{ unit.exponent_bits }};
  localparam int FieldBits = {{ unit.field_bits }};
  localparam int RoundedBits = FieldBits + FractionBits;
  localparam int SignPlace = FractionBits + 1 + HeldBits;
  logic [HeldBits-1:0] exponent;
  logic [FieldBits-1:0] field;
  logic [RoundedBits-1:0] rounded;
  logic is_special, is_nan;

  // Fraction and exponent count up as one. Zero has no leading one.
  assign exponent   = sum_i[FractionBits+1 +: HeldBits];
  assign field      = FieldBits'(exponent) + {{ unit.field_bits }}'d{{ unit.exponent_offset }};
  assign rounded    = {field, sum_i[FractionBits-1:0]} + RoundedBits'(sum_i[SignPlace+2]);
  assign is_special = &exponent;
  assign is_nan     = is_special && sum_i[SignPlace+1];

  assign code_o = {sum_i[SignPlace] && !is_nan,
                   (rounded[FractionBits +: FieldBits] & {FieldBits{sum_i[FractionBits]}})
                   | {FieldBits{is_special}},
                   is_special ? {is_nan, {(FractionBits-1){1'b0}}} : rounded[FractionBits-1:0]};

endmodule

`default_nettype wire
