{% include "rtl/header.sv" %}// Fixed to floating point: the {{ unit.phrases.format }} number nearest to an integer in units of its block,
// of two the even one. Subnormal results are exact multiples of the smallest; beyond the largest
// number comes infinity; a sum of zero is positive. {{ unit.stages }} registers.

`default_nettype none

module {{ core.name }}_fixed_to_float (
  input  logic {{ core.bit() }} clk_i,

  // All registers take their next value.
  input  logic {{ core.bit() }} advance_i,

  // Sum, two's complement{{ unit.phrases.field_meaning }}.
  input  logic {{ core.width(unit.sum_bits) }} sum_i,
{% if core.exponent_bits > 0 %}  input  logic {{ core.width(core.exponent_bits) }} exponent_i,
{% endif %}
  output logic {{ core.width(unit.bits) }} result_o
);

  localparam int SumBits = {{ unit.sum_bits }};
  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int CountBits = {{ unit.count_bits }};
  localparam int BiasedBits = {{ unit.biased_bits }};
{% if unit.registers_sum %}
  // Sum.
  logic [SumBits-1:0] sum_q;
{% if core.exponent_bits > 0 %}  logic {{ core.range(core.exponent_bits) }} sum_exponent_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_sum
    if (advance_i) begin
      sum_q          <= sum_i;
{% if core.exponent_bits > 0 %}      sum_exponent_q <= exponent_i;
{% endif %}    end
  end
{% endif %}
  // Sign and magnitude.
  logic is_negative_q;
  logic [SumBits-1:0] magnitude_q;
{% if core.exponent_bits > 0 %}  logic {{ core.range(core.exponent_bits) }} exponent_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_magnitude
    if (advance_i) begin
      is_negative_q <= {{ unit.phrases.sum }}[SumBits-1];
      magnitude_q   <= {{ unit.phrases.sum }}[SumBits-1] ? -{{ unit.phrases.sum }} : {{ unit.phrases.sum }};
{% if core.exponent_bits > 0 %}      exponent_q    <= {{ unit.phrases.exponent }};
{% endif %}    end
  end

  // Leading zeros{{ unit.phrases.count_note }}: the upper half of what is left is looked at, then
  // a half of that, and so on.
  localparam int CountedBits = 1 << CountBits;
  logic [CountedBits-1:0] counted, left;
  logic [CountBits-1:0] count_d, count_q;
  logic counted_is_negative_q;
  logic [SumBits-1:0] counted_magnitude_q;
{% if core.exponent_bits > 0 %}  logic {{ core.range(core.exponent_bits) }} counted_exponent_q;
{% endif %}
  assign counted = {{ unit.phrases.counted }};

  always_comb begin : p_count
    left    = counted;
    count_d = '0;
    for (int b = CountBits - 1; b >= 0; b--) begin
      count_d[b] = ((left >> (1 << b)) == '0);
      left       = (count_d[b] ? left : (left >> (1 << b)))
                   & ((CountedBits'(1) << (1 << b)) - CountedBits'(1));
    end
  end

  always_ff @(posedge clk_i) begin : p_counted
    if (advance_i) begin
      count_q               <= count_d;
      counted_is_negative_q <= is_negative_q;
      counted_magnitude_q   <= magnitude_q;
{% if core.exponent_bits > 0 %}      counted_exponent_q    <= exponent_q;
{% endif %}    end
  end

  // Normalised: leading one, fraction, the bit behind it, and whether there is more.
  localparam int NormalisedBits = {{ unit.padded_bits }};
  logic [NormalisedBits-1:0] normalised;
  logic [BiasedBits-1:0] biased;
  logic normalised_is_negative_q, half_q, rest_q;
  logic [FractionBits-1:0] fraction_q;
  logic [BiasedBits-1:0] biased_q;
{% if unit.has_nan %}  logic is_nan_q;
{% endif %}
  assign normalised = {{ unit.phrases.normalised }} << count_q;
  assign biased     = {{ unit.phrases.biased }} - BiasedBits'(count_q);

  always_ff @(posedge clk_i) begin : p_normalised
    if (advance_i) begin
      normalised_is_negative_q <= counted_is_negative_q;
      // Without a leading one the result is zero or subnormal.
      biased_q   <= normalised[NormalisedBits-1] ? biased : '0;
      fraction_q <= normalised[NormalisedBits-2 -: FractionBits];
      half_q     <= normalised[NormalisedBits-2-FractionBits];
      rest_q     <= |normalised[NormalisedBits-3-FractionBits:0];
{% if unit.has_nan %}      is_nan_q   <= (counted_exponent_q == '0);
{% endif %}    end
  end

  // A carry out of the fraction counts the exponent up, also from subnormal to normal.
  logic [BiasedBits+FractionBits-1:0] rounded;

  assign rounded = {biased_q, fraction_q}
                   + {{ unit.phrases.rounded_bits }}'(half_q && (rest_q || fraction_q[0]));
  logic {{ core.range(unit.phrases.code_bits) }} code;
{% if unit.can_overflow %}  logic is_beyond;

  assign is_beyond = (rounded[FractionBits +: BiasedBits] >= {{ unit.biased_bits }}'d{{ unit.phrases.exponent_ones }});
  assign code      = is_beyond ? {{ unit.phrases.infinity }} : rounded[{{ unit.phrases.code_bits }}-1:0];
{% else %}
  assign code = rounded;
{% endif %}
{% if unit.has_nan %}  assign result_o = is_nan_q ? {{ unit.phrases.nan }} : {normalised_is_negative_q, code};
{% else %}  assign result_o = {normalised_is_negative_q, code};
{% endif %}
endmodule

`default_nettype wire
