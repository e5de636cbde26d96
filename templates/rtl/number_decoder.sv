{% include "rtl/header.sv" %}// Number decoder: an activation of {{ unit.format }} as a number of the tables, which has
// exponents enough for the subnormal ones too: none is left. Combinational.

`default_nettype none

module {{ core.name }}_number_decoder (
  input  logic {{ core.vector(unit.fields.bits) }} code_i,

  // From the lowest bit up: significand with its leading bit, exponent ({{ unit.number.zero_exponent }} for zero, all
  // ones for what is none), sign, whether it is NaN. The fraction counts for numbers alone.
  output logic {{ core.width(&unit.number_bits()) }} number_o
);

  localparam int FractionBits = {{ unit.fields.fraction_bits }};
  localparam int FieldBits = {{ unit.fields.exponent_bits }};
  localparam int ExponentBits = {{ unit.number.exponent_bits }};
  localparam int CountBits = {{ unit.count_bits }};
  localparam int CountedBits = 1 << CountBits;
  localparam int SumFractionBits = {{ unit.number.fraction_bits() }};
  logic [FractionBits-1:0] fraction;
  logic [FieldBits-1:0] field;
  logic is_subnormal, is_zero;

  assign fraction     = code_i[FractionBits-1:0];
  assign field        = code_i[FractionBits +: FieldBits];
  assign is_subnormal = (field == '0);
  assign is_zero      = is_subnormal && (fraction == '0);

  // The significand without leading zeros: it moves up by half of its places where these are zeros,
  // then by a quarter, and so on.
  logic [CountedBits-1:0] left;
  logic [CountBits-1:0] count;

  always_comb begin : p_count
    left  = {{ unit.phrases.left }};
    count = '0;
    for (int b = CountBits - 1; b >= 0; b--) begin
      count[b] = ((left >> (CountedBits - (1 << b))) == '0);
      if (count[b]) left = left << (1 << b);
    end
  end

  logic [ExponentBits-1:0] biased, exponent;
  logic [SumFractionBits:0] significand;
{% if unit.phrases.has_specials %}  logic is_special, is_nan;

  assign is_special  = {{ unit.phrases.is_special }};
  assign is_nan      = {{ unit.phrases.is_nan }};
{% endif %}
  assign biased      = ExponentBits'(field) + ExponentBits'(is_subnormal) + {{ unit.number.exponent_bits }}'d{{ unit.exponent_offset }}
                       - ExponentBits'(count);
  assign exponent    = {{ unit.phrases.exponent }};
  assign significand = {{ unit.phrases.significand }};

  assign number_o = { {{- unit.phrases.nan }}, code_i[FractionBits+FieldBits], exponent, significand};

endmodule

`default_nettype wire
