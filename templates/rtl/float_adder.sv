{% include "rtl/header.sv" %}// Float adder: the sum of two {{ unit.format }} numbers, rounded to the nearest, of two the even one.
// Combinational, and short: made to be the loop of an accumulator.

`default_nettype none

module {{ core.name }}_float_adder (
{% if unit.has_subnormals %}  // Numbers, from the lowest bit up: significand with its leading bit, biased exponent (1 for
  // subnormal numbers and zero, all ones for what is none), sign, whether it is NaN. The fraction
  // counts for numbers alone.
{% else %}  // Numbers, none of them subnormal, from the lowest bit up: significand with its leading bit,
  // biased exponent ({{ unit.zero_exponent }} for zero alone, all ones for what is none), sign, whether it is NaN. The
  // fraction counts for numbers alone.
{% endif %}  input  logic {{ core.width(unit.number_bits) }} augend_i,
  input  logic {{ core.width(unit.number_bits) }} addend_i,

  output logic {{ core.width(unit.number_bits) }} sum_o
);

  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int ExponentBits = {{ unit.exponent_bits }};
  localparam int SignPlace = FractionBits + 1 + ExponentBits;
  localparam int NanPlace = SignPlace + 1;

  logic augend_is_negative, addend_is_negative, subtracts;
  logic [ExponentBits-1:0] augend_exponent, addend_exponent;
  logic [FractionBits:0] augend, addend;

  assign augend             = augend_i[FractionBits:0];
  assign addend             = addend_i[FractionBits:0];
  assign augend_exponent    = augend_i[FractionBits+1 +: ExponentBits];
  assign addend_exponent    = addend_i[FractionBits+1 +: ExponentBits];
  assign augend_is_negative = augend_i[SignPlace];
  assign addend_is_negative = addend_i[SignPlace];
  assign subtracts          = augend_is_negative ^ addend_is_negative;

  // The one with the larger exponent stays. Of a difference the smaller number is inverted, and
  // which that is hangs on the significands where exponents are equal.
  logic [ExponentBits:0] above;
  logic [ExponentBits-1:0] below, distance, exponent;
  logic swaps, is_level, is_less, cancels;

  assign above    = {1'b0, augend_exponent} - {1'b0, addend_exponent};
  assign below    = addend_exponent - augend_exponent;
  assign swaps    = above[ExponentBits];
  assign distance = swaps ? below : above[ExponentBits-1:0];
  assign exponent = swaps ? addend_exponent : augend_exponent;
  assign is_level = (augend_exponent == addend_exponent);
  assign is_less  = is_level && (augend < addend);
  assign cancels  = subtracts && is_level && (augend == addend);

  // The other one moves down, behind it two places and one that says whether there is more.
  localparam int WindowBits = FractionBits + 4;
  logic [FractionBits:0] staying, moving, beyond;
  logic [WindowBits-1:0] moved, upper, lower;
  logic lost;

  assign staying = swaps ? addend : augend;
  assign moving  = swaps ? augend : addend;

  always_comb begin : p_align
    moved = {moving, 3'd0};
    for (int b = 0; b < ExponentBits; b++) begin
      if (distance[b]) moved = moved >> (1 << b);
    end
    for (int i = 0; i <= FractionBits; i++) begin
      beyond[i] = ({1'b0, distance} > {{ unit.phrases.distance_bits }}'(i + 3));
    end
  end

  assign lost  = ((moving & beyond) != '0);
  assign upper = {staying, 3'd0} ^ {WindowBits{subtracts && is_less}};
  assign lower = (moved | WindowBits'(lost)) ^ {WindowBits{subtracts && !is_less}};

  // Carries by spans that double.
  localparam int SumLevels = $clog2(WindowBits);
  logic [WindowBits-1:0] propagates, generated, passed;
  logic [WindowBits:0] carry, sum;

  assign propagates = upper ^ lower;

  always_comb begin : p_carry
    generated = upper & lower;
    passed    = propagates;
    for (int s = 0; s < SumLevels; s++) begin
      for (int i = 0; i < WindowBits; i++) begin
        if (((i >> s) & 1) == 1) begin
          generated[i] = generated[i] | (passed[i] & generated[((i >> s) << s) - 1]);
          passed[i]    = passed[i] & passed[((i >> s) << s) - 1];
        end
      end
    end
  end

  assign carry = {generated | (passed & {WindowBits{subtracts}}), subtracts};
  assign sum   = {carry[WindowBits] && !subtracts, propagates ^ carry[WindowBits-1:0]};

  // Far: the sum leads with its carry, where the larger number did, or a place below; rounded to
  // the nearest, of two the even one.{% if unit.has_subnormals %} The least exponent has no place below.{% endif %}
  localparam int RoundedBits = ExponentBits + FractionBits;
  localparam int RoundingLevels = $clog2(RoundedBits);
  logic has_carry, is_whole, up;
  logic [WindowBits-1:0] kept;
  logic [ExponentBits-1:0] kept_exponent;
  logic [RoundedBits-1:0] unrounded, ones_below, rounded;

  assign has_carry = sum[WindowBits];
  assign is_whole  = sum[WindowBits-1]{% if unit.has_subnormals %} || (exponent == ExponentBits'(1)){% endif %};

  assign kept = has_carry ? {sum[WindowBits:2], sum[1] || sum[0]}
                : (is_whole ? sum[WindowBits-1:0] : {sum[WindowBits-2:0], 1'b0});
  assign kept_exponent = has_carry ? (exponent + ExponentBits'(1))
                         : (is_whole ? exponent : (exponent - ExponentBits'(1)));

  assign up        = kept[2] && (kept[1] || kept[0] || kept[3]);
  assign unrounded = {kept_exponent, kept[3 +: FractionBits]};

  // A bit turns where all below it are ones.
  always_comb begin : p_ones_below
    ones_below = (unrounded << 1) | RoundedBits'(1);
    for (int s = 0; s < RoundingLevels; s++) begin
      for (int i = RoundedBits - 1; i >= 0; i--) begin
        if (((i >> s) & 1) == 1) ones_below[i] = ones_below[i] & ones_below[((i >> s) << s) - 1];
      end
    end
  end

  assign rounded = unrounded ^ (ones_below & {RoundedBits{up}});

  // Near: numbers next to each other leave a difference that leads farther below, and is exact. It
{% if unit.has_subnormals %}  // moves up to its leading one, or as far as the least exponent allows: a mark stands there.
{% else %}  // moves up to its leading one; zero has the least exponent, as nothing else has.
{% endif %}  localparam int DifferenceBits = FractionBits + 2;
  localparam int CountBits = {{ unit.count_bits }};
  localparam int CountedBits = 1 << CountBits;
  logic is_near;
{% if unit.has_subnormals %}  logic [DifferenceBits-1:0] difference, mark, normal;
  logic [ExponentBits-1:0] from_exponent, normal_exponent;
{% else %}  logic is_zero;
  logic [DifferenceBits-1:0] difference, normal;
  logic [ExponentBits-1:0] normal_exponent;
{% endif %}  logic [CountedBits-1:0] left;
  logic [CountBits-1:0] count;

  assign is_near       = !has_carry && !is_whole && !sum[WindowBits-2];
  assign difference    = sum[WindowBits-1:2];
{% if unit.has_subnormals %}  assign from_exponent = cancels ? ExponentBits'(1) : exponent;
  assign mark          = DifferenceBits'({1'b1, {DifferenceBits{1'b0}}} >> from_exponent);
{% else %}  assign is_zero       = cancels || (exponent == {{ unit.phrases.zero_exponent }});
{% endif %}
  always_comb begin : p_count
    left   = {{ unit.phrases.left }};
    normal = difference;
    count  = '0;
    for (int b = CountBits - 1; b >= 0; b--) begin
      count[b] = ((left >> (CountedBits - (1 << b))) == '0);
      if (count[b]) begin
        left   = left << (1 << b);
        normal = normal << (1 << b);
      end
    end
  end

{% if unit.has_subnormals %}  assign normal_exponent = from_exponent - ExponentBits'(count);
{% else %}  assign normal_exponent = is_zero ? {{ unit.phrases.zero_exponent }} : (exponent - ExponentBits'(count));
{% endif %}
  // An infinity, or a NaN, has the largest exponent and so its sign.
  logic augend_is_special, addend_is_special, is_nan, is_negative;
  logic [ExponentBits-1:0] sum_exponent;
  logic [FractionBits:0] significand;

  assign augend_is_special = &augend_exponent;
  assign addend_is_special = &addend_exponent;
  assign is_nan            = augend_i[NanPlace] || addend_i[NanPlace]
                             || (augend_is_special && addend_is_special && subtracts);
  assign is_negative       = (swaps || is_less) ? (addend_is_negative && !cancels)
                                                : (augend_is_negative && !cancels);
  assign sum_exponent      = (is_near ? normal_exponent : rounded[FractionBits +: ExponentBits])
                             | {ExponentBits{augend_is_special || addend_is_special}};
  assign significand       = is_near ? (FractionBits+1)'(normal >> 1)
                                     : {kept[WindowBits-1], rounded[FractionBits-1:0]};

  assign sum_o = {is_nan, is_negative, sum_exponent, significand};

endmodule

`default_nettype wire
