{% include "rtl/header.sv" %}// Aligner of one activation: {{ unit.phrases.format }} to an integer of {{ unit.bits }} bits.
// {{ unit.phrases.rule }}
// The integers are symmetric; a code that is no number gives any integer.

`default_nettype none

module {{ core.name }}_aligner (
  // Activation.
  input  logic {{ core.width(unit.code.bits) }} code_i,
{% if unit.fixed_exponent.is_none() %}
  // {{ unit.phrases.field_meaning }}
  input  logic {{ core.width(unit.field_bits) }} exponent_i,
{% endif %}
  // Two's complement.
  output logic {{ core.width(unit.bits) }} aligned_o
);

  localparam int Bits = {{ unit.bits }};
  localparam int ExponentBits = {{ unit.code.exponent_bits }};
  localparam int FractionBits = {{ unit.code.fraction_bits }};
  // A significand starts at the top of this many bits{{ unit.phrases.tail_note }}.
  localparam int WindowBits = {{ unit.window_bits }};

  logic is_negative, is_normal;
{% if unit.field_bits > unit.code.exponent_bits %}  localparam int FieldBits = {{ unit.field_bits }};
  logic [ExponentBits-1:0] exponent;
  logic [FieldBits-1:0] distance;
{% else %}  logic [ExponentBits-1:0] exponent, distance;
{% endif %}  logic [WindowBits-1:0] window;

  assign is_negative = code_i[ExponentBits+FractionBits];
  assign exponent    = code_i[FractionBits +: ExponentBits];
  assign is_normal   = (exponent != '0);
  // A subnormal number has the exponent 1 and no leading one.
  assign distance    = {{ unit.phrases.block_exponent }} - {{ unit.phrases.exponent }} - {{ unit.phrases.subnormal }};
  assign window      = {{ unit.phrases.placed }} >> distance;

{% if unit.tail_bits > 0 %}  localparam int TailBits = {{ unit.tail_bits }};
{% endif %}  logic [Bits-2:0] magnitude;
  logic round_up, add_one;

{% if unit.tail_bits > 0 %}  assign magnitude = window[TailBits +: Bits-1];
{% if unit.clips %}  // To the nearest, of two the even one; the largest stays.
  assign round_up  = window[TailBits-1] && ({{ unit.phrases.rest }}magnitude[0])
                     && !(&magnitude);
{% else %}  // To the nearest, of two the even one.
  assign round_up  = window[TailBits-1] && ({{ unit.phrases.rest }}magnitude[0]);
{% endif %}{% else %}  assign magnitude = window;
  assign round_up  = 1'b0;
{% endif %}
  // A negative number is the complement plus one; rounding it away from zero leaves out the one.
  assign add_one   = is_negative ^ round_up;
  assign aligned_o = ({1'b0, magnitude} ^ {Bits{is_negative}}) + Bits'(add_one);

endmodule

`default_nettype wire
