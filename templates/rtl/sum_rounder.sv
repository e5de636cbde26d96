{% include "rtl/header.sv" %}// Sum rounder: a sum whose rounding was put off becomes a number. Combinational.

`default_nettype none

module {{ core.name }}_sum_rounder (
  // From the lowest bit up: significand with its leading bit, exponent, sign, whether it is NaN,
  // whether it is to be rounded up.
  input  logic {{ core.width(unit.sum_bits) }} sum_i,

  // The same without the highest bit.
  output logic {{ core.width(unit.number_bits) }} number_o
);

  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int ExponentBits = {{ unit.exponent_bits }};
  localparam int RoundedBits = ExponentBits + FractionBits;
  localparam int NumberBits = RoundedBits + 3;

  // Fraction and exponent count up as one; the leading one stays.
  logic [RoundedBits-1:0] rounded;

  assign rounded  = {sum_i[FractionBits+1 +: ExponentBits], sum_i[FractionBits-1:0]}
                    + RoundedBits'(sum_i[NumberBits]);
  assign number_o = {sum_i[NumberBits-1 -: 2], rounded[FractionBits +: ExponentBits],
                     sum_i[FractionBits], rounded[FractionBits-1:0]};

endmodule

`default_nettype wire
