{% include "rtl/header.sv" %}// Fixed to floating point: the {{ unit.phrases.format }} number nearest to an integer in units of its {{ unit.phrases.unit_owner }},
// of two the even one. Subnormal results are exact multiples of the smallest; beyond the largest
// number comes infinity; a sum of zero is positive. {{ unit.stages }} registers.

`default_nettype none

module {{ core.name }}_fixed_to_float (
  input  logic {{ core.bit() }} clk_i,

  // All registers take their next value.
  input  logic {{ core.bit() }} advance_i,

  // Sum, two's complement.
  input  logic {{ core.width(unit.sum_bits) }} sum_i,
{% if unit.shared_bits > 0 %}  // Its lowest bits, which all sums of a beat share, from a register of theirs.
  input  logic {{ core.width(unit.shared_bits) }} low_i,
{% endif %}{% if unit.phrases.marks_by_exponent %}
  // Exponent of the {{ unit.phrases.owner }} whose magnitude is in its register.
  input  logic {{ core.width(unit.sum_exponent_bits) }} magnitude_exponent_i,
{% endif %}{% if unit.fixed_exponent.is_none() %}
  // Exponent of the {{ unit.phrases.owner }} whose leading zeros are counted.
  input  logic {{ core.width(unit.sum_exponent_bits) }} counted_exponent_i,
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
{% if unit.shared_bits > 0 %}  localparam int LowBits = {{ unit.shared_bits }};
  logic [SumBits-LowBits-1:0] high_q;
  logic unused_low;

  always_ff @(posedge clk_i) begin : p_sum
    if (advance_i) high_q <= sum_i[SumBits-1:LowBits];
  end

  assign sum_q      = {high_q, low_i};
  assign unused_low = ^sum_i[LowBits-1:0];
{% else %}
  always_ff @(posedge clk_i) begin : p_sum
    if (advance_i) sum_q <= sum_i;
  end
{% endif %}{% endif %}
  // Sign and magnitude: of a negative sum the complement plus one.
  logic is_negative, is_negative_q;
  logic [SumBits-1:0] magnitude_q;

  assign is_negative = {{ unit.phrases.sum }}[SumBits-1];

  always_ff @(posedge clk_i) begin : p_magnitude
    if (advance_i) begin
      is_negative_q <= is_negative;
      magnitude_q   <= ({{ unit.phrases.sum }} ^ {SumBits{is_negative}}) + SumBits'(is_negative);
    end
  end

{% if unit.smallest_normal.is_some() %}  // Leading zeros, down to the weight of the smallest normal number, which is marked by a one.
{% else %}  // Leading zeros.
{% endif %}  // The upper half of what is left is looked at, then a half of that, and so on.
  localparam int CountedBits = 1 << CountBits;
  logic [CountedBits-1:0] counted, left;
  logic [CountBits-1:0] count_d, count_q;
  logic counted_is_negative_q;
  logic [SumBits-1:0] counted_magnitude_q;

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
    end
  end

  // Normalised: leading one, fraction, the bit behind it, and whether there is more.
  localparam int NormalisedBits = {{ unit.padded_bits }};
  logic [NormalisedBits-1:0] normalised;
  logic [BiasedBits-1:0] biased;
  logic normalised_is_negative_q, half_q, rest_q;
  logic [FractionBits-1:0] fraction_q;
  logic [BiasedBits-1:0] biased_q;
{% if let Some(runs) = unit.phrases.runs %}
  // Bits that are always equal are one register.
  logic {{ core.range(runs.bits) }} kept, kept_q;

  assign kept     = {{ runs.kept }};
  assign biased_q = {{ runs.spread }};
{% endif %}
  assign normalised = {{ unit.phrases.normalised }} << count_q;
  assign biased     = {{ unit.phrases.biased }} - BiasedBits'(count_q);

  always_ff @(posedge clk_i) begin : p_normalised
    if (advance_i) begin
      normalised_is_negative_q <= counted_is_negative_q;
      // Without a leading one the result is zero or subnormal.
{% if unit.phrases.runs.is_some() %}      kept_q     <= normalised[NormalisedBits-1] ? kept : '0;
{% else %}      biased_q   <= normalised[NormalisedBits-1] ? biased : '0;
{% endif %}      fraction_q <= normalised[NormalisedBits-2 -: FractionBits];
      half_q     <= normalised[NormalisedBits-2-FractionBits];
      rest_q     <= |normalised[NormalisedBits-3-FractionBits:0];
    end
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
  assign result_o = {normalised_is_negative_q, code};

endmodule

`default_nettype wire
