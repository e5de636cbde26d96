{% include "rtl/header.sv" %}// Group scaler of one column of a beat: the exact product of the value of a quantisation group and its
// {{ unit.phrases.scale }} scale{{ unit.phrases.block }}{% if unit.exponent_bits > 0 %}, as a sign, a significand and an exponent{% else %}, as a sign and a significand{% endif %}. Two registers: the
// magnitude of the value, and the product{% if unit.exponent_is_early && unit.exponent_bits > 0 %} but for its exponent, which is told before{% endif %}.

`default_nettype none

module {{ core.name }}_group_scaler (
  input  logic {{ core.bit() }} clk_i,

  // The scale is taken now, for the value of the next cycle.
  input  logic {{ core.bit() }} load_i,
  input  logic {{ core.width(unit.scale_bits) }} scale_i,

  // All registers take their next value.
  input  logic {{ core.bit() }} advance_i,

  // Value of the group, {{ unit.phrases.value }}.
  input  logic {{ core.width(unit.value_bits) }} value_i,
{% if unit.takes_field %}
  // Field of the row whose {{ unit.phrases.at_field }} is in its register; 0 where it is no number.
  input  logic {{ core.width(core.exponent_bits) }} field_i,
{% endif %}{% if unit.row_is_nan %}
  // The row whose product is in its register is no number.
  input  logic {{ core.bit() }} row_is_nan_i,
{% endif %}
  // Term{% if unit.exponent_is_early && unit.exponent_bits > 0 %}; the exponent is that of the next one{% endif %}.
  output logic {{ core.bit() }} is_negative_o,
{% if unit.exponent_bits > 0 %}  output logic {{ core.width(unit.exponent_bits) }} exponent_o,
{% endif %}  output logic {{ core.width(unit.significand_bits) }} significand_o,
  output logic {{ core.bit() }} is_infinite_o,
  output logic {{ core.bit() }} is_nan_o
);

  localparam int ValueBits = {{ unit.value_bits }};
  localparam int ScaleBits = {{ unit.scale_bits }};
{% if let Some(code) = unit.float %}  localparam int ValueFractionBits = {{ code.fraction_bits }};
  localparam int ValueExponentBits = {{ code.exponent_bits }};
{% endif %}
  logic [ScaleBits-1:0] scale_q, magnitude_scale_q;
  logic is_negative, is_negative_q;
  logic [{% if unit.float.is_some() %}ValueFractionBits:0{% else %}ValueBits-1:0{% endif %}] magnitude_q;

  always_ff @(posedge clk_i) begin : p_scale
    if (load_i) scale_q <= scale_i;
  end

{% if unit.float.is_some() %}  // Sign, significand and exponent; all ones are no number, and zero alone has no leading one.
  logic [ValueExponentBits-1:0] field, value_exponent_q;

  assign field       = value_i[ValueFractionBits +: ValueExponentBits];
  assign is_negative = value_i[ValueBits-1];

  always_ff @(posedge clk_i) begin : p_magnitude
    if (advance_i) begin
      is_negative_q     <= is_negative;
      magnitude_q       <= {field != '0, value_i[ValueFractionBits-1:0]};
      value_exponent_q  <= field;
      magnitude_scale_q <= scale_q;
    end
  end
{% else %}  // Sign and magnitude: of a negative value the complement plus one.
  assign is_negative = value_i[ValueBits-1];

  always_ff @(posedge clk_i) begin : p_magnitude
    if (advance_i) begin
      is_negative_q     <= is_negative;
      magnitude_q       <= (value_i ^ {ValueBits{is_negative}}) + ValueBits'(is_negative);
      magnitude_scale_q <= scale_q;
    end
  end
{% endif %}
  // Product.
  logic term_is_negative, is_infinite, is_nan;
  logic term_is_negative_q, is_infinite_q{% if unit.registers_nan %}, is_nan_q{% endif %};
  logic {{ core.range(unit.significand_bits) }} significand, significand_q;
{% if unit.exponent_bits > 0 %}  logic {{ core.range(unit.exponent_bits) }} exponent{% if unit.registers_exponent() %}, exponent_q{% endif %};
{% endif %}
{% if unit.is_float() %}  // A subnormal scale has the exponent 1 and no leading one.
  localparam int FractionBits = {{ unit.phrases.fraction_bits }};
  localparam int ScaleExponentBits = {{ unit.phrases.scale_exponent_bits }};
  logic is_normal;
  logic [ScaleExponentBits-1:0] scale_field, scale_exponent;
  logic [FractionBits-1:0] scale_fraction;

  assign scale_field      = magnitude_scale_q[FractionBits +: ScaleExponentBits];
  assign scale_fraction   = magnitude_scale_q[FractionBits-1:0];
  assign is_normal        = (scale_field != '0);
  assign scale_exponent   = scale_field | ScaleExponentBits'(!is_normal);
  assign significand      = {{ unit.phrases.significand }};
  assign exponent         = {{ unit.phrases.exponent }};
  assign term_is_negative = is_negative_q ^ magnitude_scale_q[ScaleBits-1];
{% if unit.phrases.has_infinity %}
  // An infinite scale of a value of zero is no number.
  logic is_special, fraction_is_zero, is_zero;

  assign is_special       = &scale_field;
  assign fraction_is_zero = (scale_fraction == '0);
  assign is_zero          = (magnitude_q == '0);
  assign is_infinite      = is_special && fraction_is_zero && !is_zero;
{% else %}  assign is_infinite      = 1'b0;
{% endif %}  assign is_nan           = {{ unit.phrases.not_a_number }};
{% else if unit.is_integer() %}  logic scale_is_negative;
  logic [ScaleBits-1:0] scale_magnitude;

  assign scale_is_negative = magnitude_scale_q[ScaleBits-1];
  assign scale_magnitude   = (magnitude_scale_q ^ {ScaleBits{scale_is_negative}})
                           + ScaleBits'(scale_is_negative);
  assign significand       = {{ unit.phrases.significand }};
  assign term_is_negative  = is_negative_q ^ scale_is_negative;
  assign is_infinite       = 1'b0;
{% if unit.exponent_bits > 0 %}  assign exponent          = {{ unit.phrases.exponent }};
{% endif %}  assign is_nan            = {{ unit.phrases.not_a_number }};
{% else %}  assign significand      = magnitude_q;
  assign exponent         = {{ unit.phrases.exponent }};
  assign term_is_negative = is_negative_q;
  assign is_infinite      = 1'b0;
  assign is_nan           = {{ unit.phrases.not_a_number }};
{% endif %}
  always_ff @(posedge clk_i) begin : p_term
    if (advance_i) begin
      term_is_negative_q <= term_is_negative;
      significand_q      <= significand;
      is_infinite_q      <= is_infinite;
{% if unit.registers_exponent() %}      exponent_q         <= exponent;
{% endif %}{% if unit.registers_nan %}      is_nan_q           <= is_nan;
{% endif %}    end
  end

  assign is_negative_o = term_is_negative_q;
  assign significand_o = significand_q;
  assign is_infinite_o = is_infinite_q;
{% if unit.exponent_bits > 0 %}  assign exponent_o    = {% if unit.registers_exponent() %}exponent_q{% else %}exponent{% endif %};
{% endif %}  assign is_nan_o      = {% if unit.registers_nan %}is_nan_q{% else %}is_nan{% endif %};

endmodule

`default_nettype wire
