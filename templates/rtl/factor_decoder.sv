{% include "rtl/header.sv" %}// {{ unit.phrases.title }} decoder: {{ unit.phrases.what }} as a significand with a leading one and
// its exponent, for all lanes that multiply by it. Zero alone has no leading one.{% if unit.registers_operand %} Registered.{% endif %}

`default_nettype none

module {{ core.name }}_{{ unit.phrases.side }}_decoder (
{% if unit.registers_operand %}  input  logic {{ core.bit() }} clk_i,

{% endif %}  input  logic {{ core.vector(unit.code_bits) }} code_i,

  // From the lowest bit up: significand, exponent {{ unit.phrases.offset }},
  // sign{{ unit.phrases.flags }}.
  output logic {{ core.width(unit.bits) }} operand_o
);

  localparam int SignificandBits = {{ unit.significand_bits }};
  localparam int ExponentBits = {{ unit.exponent_bits }};
  localparam int CountBits = {{ unit.count_bits }};
  localparam int CountedBits = 1 << CountBits;

{% if let Some(fields) = unit.fields() %}  localparam int FractionBits = {{ fields.fraction_bits }};
  localparam int FieldBits = {{ fields.exponent_bits }};
  logic [FractionBits-1:0] fraction;
  logic [FieldBits-1:0] field;
  logic is_subnormal;

  assign fraction     = code_i[FractionBits-1:0];
  assign field        = code_i[FractionBits +: FieldBits];
  assign is_subnormal = (field == '0);

{% else %}  // The magnitude. That of the most negative integer is a power of two, which the bit above the
  // significand stands for.
  logic [SignificandBits:0] magnitude;

  assign magnitude = code_i[{{ unit.code_bits }}-1] ? -{{ unit.phrases.extended }} : {{ unit.phrases.extended }};

{% endif %}  // {{ unit.phrases.counted }} without leading zeros: it moves up by half of its places where these are
  // zeros, then by a quarter, and so on.
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

  logic [SignificandBits-1:0] significand;
  logic [ExponentBits-1:0] exponent;

  assign significand = left[CountedBits-1 -: SignificandBits];
  assign exponent    = {{ unit.phrases.from }}
                       - ExponentBits'(count);
{% if unit.phrases.kinds.len() > 0 %}
{% for kind in unit.phrases.kinds %}  logic {{ kind.name }};
{% endfor %}{% for kind in unit.phrases.kinds %}  assign {{ kind.name }} = {{ kind.value }};
{% endfor %}{% endif %}
{% if unit.registers_operand %}  always_ff @(posedge clk_i) begin : p_operand
    operand_o <= { {%- for kind in unit.phrases.kinds %}{{ kind.name }}, {% endfor %}code_i[{{ unit.code_bits }}-1], exponent, significand};
  end
{% else %}  assign operand_o = { {%- for kind in unit.phrases.kinds %}{{ kind.name }}, {% endfor %}code_i[{{ unit.code_bits }}-1], exponent, significand};
{% endif %}
endmodule

`default_nettype wire
