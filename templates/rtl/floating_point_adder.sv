{% include "rtl/header.sv" %}// Floating-point adder: the {{ unit.format }} number nearest to the exact sum of a {{ unit.format }} number and a
// term of {{ unit.significand_bits }} bits, of two the even one. {{ unit.phrases.registers }}
//
// The term stays where it is; the augend moves down beside it, from so far above that the term is
// less than a quarter of its last place. {{ unit.phrases.beyond_meaning }}

`default_nettype none

module {{ core.name }}_floating_point_adder (
{% if unit.registers_sum() %}  input  logic {{ core.bit() }} clk_i,

  // {% if unit.registers_augend() %}All registers take their{% else %}The register takes its{% endif %} next value.
  input  logic {{ core.bit() }} advance_i,

{% endif %}  // Augend.
  input  logic {{ core.width(unit.bits) }} augend_i,

  // Term: sign, significand with or without leading zeros, and what its lowest bit weighs:
  // {{ unit.phrases.term_weight }}.{% if unit.registers_augend() %} The exponent comes with the augend.{% endif %}
  input  logic {{ core.bit() }} term_is_negative_i,
{% if unit.term_exponent_bits > 0 %}  input  logic {{ core.width(unit.term_exponent_bits) }} term_exponent_i,
{% endif %}  input  logic {{ core.width(unit.significand_bits) }} term_significand_i,
{% if unit.takes_specials %}
  // The term is an infinity with that sign; no number.
  input  logic {{ core.bit() }} term_is_infinite_i,
  input  logic {{ core.bit() }} term_is_nan_i,
{% endif %}
  output logic {{ core.width(unit.bits) }} sum_o
);

  localparam int ExponentBits = {{ unit.exponent_bits }};
  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int WindowBits = {{ unit.window_bits }};
  localparam int CountBits = {{ unit.count_bits }};
  localparam int DistanceBits = {{ unit.distance_bits }};
  localparam int BiasedBits = {{ unit.biased_bits }};

  // Augend. A subnormal number has the exponent 1 and no leading one.
  logic is_normal_d, is_normal;
  logic [ExponentBits-1:0] field, exponent;

  assign field       = augend_i[FractionBits +: ExponentBits];
  assign is_normal_d = (field != '0);
  assign exponent    = field | ExponentBits'(!is_normal_d);

  // How far it moves down, not where it is farther above the term than its place; whether any of it
  // moves beyond bit 0.
  localparam int AugendPlace = {{ unit.augend_place }};
  logic [DistanceBits-1:0] distance_d, distance;
  logic [FractionBits:0] significand;
  logic beyond_d, moved_beyond, is_above_d, is_above;

  assign distance_d  = {{ unit.phrases.distance }} - DistanceBits'(exponent);
  assign is_above_d  = distance_d[DistanceBits-1];
  assign significand = {is_normal_d, augend_i[FractionBits-1:0]};

  always_comb begin : p_beyond
    beyond_d = 1'b0;
    for (int i = 0; i <= FractionBits; i++) begin
      beyond_d = beyond_d || (significand[i] && (32'(distance_d) > 32'(AugendPlace + i)));
    end
    if (is_above_d) beyond_d = 1'b0;
  end

  // The same{% if unit.registers_augend() %} a cycle later{% endif %}.
  logic augend_is_negative;
  logic [FractionBits-1:0] augend_fraction;
{% if unit.registers_augend() %}  logic [ExponentBits+FractionBits:0] augend_q;
  logic is_normal_q, moved_beyond_q;
  logic [DistanceBits-1:0] distance_q;
{% if unit.top_bits() > 0 %}  localparam int TopBits = {{ unit.top_bits() }};
  logic [TopBits-1:0] top_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_augend
    if (advance_i) begin
      augend_q       <= augend_i;
      is_normal_q    <= is_normal_d;
      moved_beyond_q <= beyond_d;
      distance_q     <= distance_d;
{% if unit.top_bits() > 0 %}      top_q          <= is_above_d ? TopBits'(exponent)
                                   : {{ unit.phrases.read_top }};
{% endif %}    end
  end

  assign is_normal    = is_normal_q;
  assign moved_beyond = moved_beyond_q;
  assign distance     = distance_q;
{% else %}
  assign is_normal    = is_normal_d;
  assign moved_beyond = beyond_d;
  assign distance     = distance_d;
{% endif %}
  assign is_above           = distance[DistanceBits-1];
  assign augend_is_negative = {{ unit.phrases.augend }}[ExponentBits+FractionBits];
  assign augend_fraction    = {{ unit.phrases.augend }}[FractionBits-1:0];

  // In the window. Bit 0 says whether anything has moved beyond it.
  logic [WindowBits-1:0] augend, moved_augend, term;

  always_comb begin : p_align
    moved_augend = {1'b0, is_normal, augend_fraction, {AugendPlace{1'b0}}};
    for (int b = 0; b < DistanceBits - 1; b++) begin
      if (distance[b] && !is_above) moved_augend = moved_augend >> (1 << b);
    end
  end

  assign augend = moved_augend | WindowBits'(moved_beyond);
  assign term   = {{ unit.phrases.term }};

  // Sum, or the difference that is not negative. Below the term nothing is added to the augend, and a
  // difference borrows nothing there.
  localparam int TermPlace = {{ unit.term_place }};
  localparam int HighBits = WindowBits - TermPlace;
  localparam int ForwardBits = HighBits + 1;
  logic subtracts, is_smaller, low_is_zero;
  logic [WindowBits-1:0] backward, magnitude;
  logic [HighBits-1:0] high, addend;
  logic [HighBits:0] forward;

  assign subtracts  = augend_is_negative ^ term_is_negative_i;
  assign high       = augend[WindowBits-1:TermPlace];
  assign addend     = term[WindowBits-1:TermPlace] ^ {HighBits{subtracts}};
  assign forward    = {1'b0, high} + {1'b0, addend} + ForwardBits'(subtracts);
  assign is_smaller = subtracts && !forward[HighBits];

  assign low_is_zero = (augend[TermPlace-1:0] == '0);
  assign backward    = {term[WindowBits-1:TermPlace] + ~high + HighBits'(low_is_zero),
                        -augend[TermPlace-1:0]};
  assign magnitude   = is_smaller ? backward : {forward[HighBits-1:0], augend[TermPlace-1:0]};

  // Where the leading one is, or one place above it, from the operands: of a difference digit by
  // digit, each -1, 0 or 1 and seen with its neighbours. Where the augend has moved beyond bit 0 the
  // sum leads far above it.
  logic [WindowBits-1:0] more, less, equal_above, more_below, less_below, leading;

  assign more        = moved_augend & ~term;
  assign less        = ~moved_augend & term;
  assign equal_above = ~((more | less) >> 1);
  assign more_below  = more << 1;
  assign less_below  = less << 1;

  always_comb begin : p_leading
    if (subtracts) begin
      leading = (equal_above & ((more & ~less_below) | (less & ~more_below)))
                | (~equal_above & ((more & ~more_below) | (less & ~less_below)));
    end else begin
      leading = (moved_augend | term) << 1;
    end
  end

  // Biased exponent of a number that leads with the highest bit. A one marks the smallest normal
  // number, beyond which nothing is normalised.
  logic [BiasedBits-1:0] top, below_top;
  logic [WindowBits-1:0] mark;

{% if unit.top_bits() > 0 %}  assign below_top = BiasedBits'(top_q);
{% else %}  logic [ExponentBits-1:0] augend_exponent;

  assign augend_exponent = {{ unit.phrases.augend }}[FractionBits +: ExponentBits]
                           | ExponentBits'(!is_normal);
  assign below_top = is_above ? BiasedBits'(augend_exponent)
                              : {{ unit.phrases.below_top }};
{% endif %}  assign top       = below_top + {{ unit.biased_bits }}'d1;
  assign mark      = {1'b1, {{ unit.below_mark }}'d0} >> below_top;

  // Leading zeros of every run of 2, 4, 8 and so on places: those of its upper half, or all of that and
  // those of its lower half. Run i of a level is made of runs 2i and 2i + 1 of the level below.
  localparam int CountedBits = 1 << CountBits;
  logic [CountedBits-1:0] has_one;
  logic [CountedBits*CountBits-1:0] counts;
  logic [CountBits-1:0] count;

  always_comb begin : p_count
    has_one = {{ unit.phrases.counted }};
    counts  = '0;
    for (int l = 0; l < CountBits; l++) begin
      for (int i = 0; i < CountedBits / 2; i++) begin
        if (i < (CountedBits >> (l + 1))) begin
          counts[i*CountBits +: CountBits] = has_one[2*i+1]
              ? counts[(2*i+1)*CountBits +: CountBits]
              : (counts[2*i*CountBits +: CountBits] | (CountBits'(1) << l));
          has_one[i] = has_one[2*i+1] || has_one[2*i];
        end
      end
    end
  end

  assign count = counts[CountBits-1:0];

  // Sums that are not rounded: with a term of zero, which may have any exponent; of zeros, which keep
  // a sign that both have; infinities and NaN.
  logic sign, term_is_zero, augend_is_zero, is_given;
  logic [ExponentBits+FractionBits:0] given;
{% if unit.has_infinity %}  logic augend_is_infinite, augend_is_nan, is_infinite, is_nan;

  assign augend_is_infinite = (&{{ unit.phrases.augend }}[FractionBits +: ExponentBits]) && (augend_fraction == '0);
  assign augend_is_nan      = (&{{ unit.phrases.augend }}[FractionBits +: ExponentBits]) && (augend_fraction != '0);
{% if unit.takes_specials %}  assign is_infinite        = augend_is_infinite || term_is_infinite_i;
  assign is_nan             = augend_is_nan || term_is_nan_i
                              || (augend_is_infinite && term_is_infinite_i && subtracts);
{% else %}  assign is_infinite        = augend_is_infinite;
  assign is_nan             = augend_is_nan;
{% endif %}{% else %}  logic is_nan;

{% if unit.takes_specials %}  assign is_nan = (&{{ unit.phrases.augend }}[ExponentBits+FractionBits-1:0]) || term_is_infinite_i || term_is_nan_i;
{% else %}  assign is_nan = &{{ unit.phrases.augend }}[ExponentBits+FractionBits-1:0];
{% endif %}{% endif %}
  assign sign           = is_smaller ? term_is_negative_i : augend_is_negative;
  assign term_is_zero   = (term_significand_i == '0);
  assign augend_is_zero = ({{ unit.phrases.augend }}[ExponentBits+FractionBits-1:0] == '0);

  always_comb begin : p_given
    is_given = term_is_zero;
    given    = {{ unit.phrases.augend }};
    if (term_is_zero && augend_is_zero) begin
      given = {augend_is_negative && term_is_negative_i, {{ unit.code_bits }}'d0};
    end
{% if unit.has_infinity %}    if (is_infinite) begin
      is_given = 1'b1;
{% if unit.takes_specials %}      given    = {augend_is_infinite ? augend_is_negative : term_is_negative_i, {{ unit.phrases.beyond }}};
{% else %}      given    = {{ unit.phrases.augend }};
{% endif %}    end
{% endif %}    if (is_nan) begin
      is_given = 1'b1;
      given    = {{ unit.phrases.nan }};
    end
  end

{% if unit.registers_sum() %}  // Registers: what is added so far, to be normalised and rounded.
  logic [WindowBits-1:0] magnitude_q;
  logic [CountBits-1:0] count_q;
  logic [BiasedBits-1:0] sum_top_q;
  logic sign_q, subtracts_q, is_given_q;
  logic [ExponentBits+FractionBits:0] given_q;

  always_ff @(posedge clk_i) begin : p_sum
    if (advance_i) begin
      magnitude_q <= magnitude;
      count_q     <= count;
      sum_top_q   <= top;
      sign_q      <= sign;
      subtracts_q <= subtracts;
      is_given_q  <= is_given;
      given_q     <= given;
    end
  end

{% endif %}  // Normalised; one place more where the leading one was expected too high and the smallest normal
  // number is not reached.
  logic [WindowBits-1:0] near, normalised;
  logic [BiasedBits-1:0] near_biased, biased;
  logic moves_on, is_subnormal;

  assign near         = {{ unit.phrases.later_magnitude }} << {{ unit.phrases.later_count }};
  assign near_biased  = {{ unit.phrases.later_top }} - BiasedBits'({{ unit.phrases.later_count }});
  assign moves_on     = !near[WindowBits-1] && (near_biased != {{ unit.biased_bits }}'d1);
  assign normalised   = moves_on ? {near[WindowBits-2:0], 1'b0} : near;
  assign is_subnormal = !normalised[WindowBits-1];
  assign biased       = is_subnormal ? '0 : (near_biased - BiasedBits'(moves_on));

  // To the nearest, of two the even one. A carry out of the fraction counts the exponent up, also
  // from subnormal to normal.
  logic [FractionBits-1:0] fraction;
  logic half, rest, round_up, is_beyond;
  logic [BiasedBits+FractionBits-1:0] unrounded;
  logic [ExponentBits+FractionBits-1:0] rounded, code;

  assign fraction  = normalised[WindowBits-2 -: FractionBits];
  assign half      = normalised[WindowBits-2-FractionBits];
  assign rest      = (normalised[WindowBits-3-FractionBits:0] != '0);
  assign round_up  = half && (rest || fraction[0]);
  assign unrounded = {biased, fraction};
  assign rounded   = unrounded[ExponentBits+FractionBits-1:0] + {{ unit.code_bits }}'(round_up);
  // The largest number, rounded up, is what comes for all beyond it.
  assign is_beyond = (unrounded > {{ unit.phrases.largest }});
  assign code      = is_beyond ? {{ unit.phrases.beyond }} : rounded;

  // Numbers that cancel give +0.
  logic is_negative;

  assign is_negative = {{ unit.phrases.later_sign }} && !({{ unit.phrases.later_subtracts }} && ({{ unit.phrases.later_magnitude }} == '0));
  assign sum_o       = {{ unit.phrases.later_is_given }} ? {{ unit.phrases.later_given }} : {is_negative, code};

endmodule

`default_nettype wire
