{% include "rtl/header.sv" %}// Float operands: the {{ core.k }} activations of a row, numbers of {{ unit.phrases.format }}, as its lanes take them: sign,
// significand, and the exponent with every shift that a term can have.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_float_operands (
{% if unit.is_clocked() %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  // The row's activations, element 0 lowest.
  input  logic {{ core.width(unit.activations_bits) }} activations_i,

  // Element 0 lowest. Exponents: element, then shift, biased, 1 for a subnormal number{% if unit.gates_zeros %};
  // that of zero is 0 with every shift{% else %} and
  // zero{% endif %}.
  output logic {{ core.vector(core.k) }} signs_o,
  output logic {{ core.width(unit.exponents_bits) }} exponents_o,

{% if unit.has_nan() %}  // Whether an activation is no number, when its sum is rounded and when that is added.
  output logic {{ core.bit() }} sum_is_nan_o,
  output logic {{ core.bit() }} addend_is_nan_o,

{% endif %}  // {% if unit.registers_significands %}A cycle later, with{% else %}With{% endif %} their leading bits.
  output logic {{ core.width(unit.significands_bits) }} significands_o
);

  localparam int CodeBits = {{ unit.code.bits }};
  localparam int FieldBits = {{ unit.code.exponent_bits }};
  localparam int FractionBits = {{ unit.code.fraction_bits }};
  localparam int SignificandBits = {{ unit.significand_bits }};
  localparam int Lines = {{ unit.lines }};
  localparam int ExponentBits = {{ unit.exponent_bits }};

  logic {{ core.range(unit.significands_bits) }} significands;
{% if unit.has_nan() %}  logic {{ core.range(core.k) }} is_special;
{% endif %}
  for (genvar e = 0; e < {{ core.k }}; e++) begin : gen_element
    logic [FieldBits-1:0] field, biased;
    logic [FractionBits-1:0] fraction;
    logic is_subnormal{% if unit.gates_zeros %}, is_zero{% endif %};

    assign fraction     = activations_i[e*CodeBits +: FractionBits];
    assign field        = activations_i[e*CodeBits+FractionBits +: FieldBits];
    assign is_subnormal = (field == '0);
    assign biased       = field | FieldBits'(is_subnormal);
{% if unit.gates_zeros %}    assign is_zero      = is_subnormal && (fraction == '0);
{% endif %}
    assign signs_o[e] = activations_i[e*CodeBits+CodeBits-1];
    assign significands[e*SignificandBits +: SignificandBits] = {!is_subnormal, fraction};
{% if unit.has_nan() %}    assign is_special[e] = {{ unit.phrases.special }};
{% endif %}
    for (genvar s = 0; s < Lines; s++) begin : gen_shift
      assign exponents_o[(e*Lines+s)*ExponentBits +: ExponentBits] =
          {{ unit.phrases.exponent }};
    end
  end

{% if unit.registers_significands %}  logic {{ core.range(unit.significands_bits) }} significands_q;

  always_ff @(posedge clk_i) begin : p_significands
    significands_q <= significands;
  end

  assign significands_o = significands_q;
{% else %}  assign significands_o = significands;
{% endif %}{% if unit.has_nan() %}{% if unit.stages > 0 %}
  logic {{ core.range(unit.stages) }} is_nan_q;

  always_ff @(posedge clk_i) begin : p_nan
    is_nan_q <= {{ unit.phrases.nan_next }};
  end

  assign sum_is_nan_o    = {{ unit.phrases.sum_is_nan }};
  assign addend_is_nan_o = is_nan_q[{{ unit.stages }}-1];
{% else %}
  assign sum_is_nan_o    = |is_special;
  assign addend_is_nan_o = |is_special;
{% endif %}{% endif %}
endmodule

`default_nettype wire
