{% include "rtl/header.sv" %}// {{ side_title }} decoder: the parts of one {{ unit.format }} code, for all lanes that multiply by it.

`default_nettype none

module {{ core.name }}_{{ side }}_decoder (
  input  logic {{ core.width(unit.code.bits) }} code_i,

  // From the lowest bit up: significand with its leading one, biased exponent (1 for subnormal
  // numbers), sign, whether the number is zero{{ kinds }}.
  output logic {{ core.width(unit.bits) }} operand_o
);

  localparam int FractionBits = {{ unit.code.fraction_bits }};
  localparam int ExponentBits = {{ unit.code.exponent_bits }};
  logic [FractionBits-1:0] fraction;
  logic [ExponentBits-1:0] exponent;
  logic is_subnormal;

  assign fraction     = code_i[FractionBits-1:0];
  assign exponent     = code_i[FractionBits +: ExponentBits];
  assign is_subnormal = (exponent == '0);

{% for kind in special_kinds %}  logic {{ kind.name }};
{% endfor %}{% for kind in special_kinds %}  assign {{ kind.name }} = {{ kind.value }};
{% endfor %}{% if special_kinds.len() > 0 %}
{% endif %}  assign operand_o = { {%- for kind in special_kinds %}{{ kind.name }}, {% endfor %}is_subnormal && (fraction == '0), code_i[{{ unit.code.bits }}-1],
                      exponent | ExponentBits'(is_subnormal), !is_subnormal, fraction};

endmodule

`default_nettype wire
