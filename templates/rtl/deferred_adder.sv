{% include "rtl/header.sv" %}// Deferred adder: the sum of two {{ unit.format }} numbers that none is below the normal ones of, rounded to
// the nearest, of two the even one. It only says whether the sum is to be rounded up; the next
// addition does that. Combinational, and short: made to be the loop of an accumulator.

`default_nettype none

module {{ core.name }}_deferred_adder (
  // Sum so far, from the lowest bit up: significand with its leading bit, exponent (0 for zero, all
  // ones for what is none), sign, whether it is NaN, whether it is to be rounded up. The fraction
  // counts for numbers alone.
  input  logic {{ core.width(unit.sum_bits) }} augend_i,

  // Number: the same without the highest bit; zero may have any exponent that no other is below.
  input  logic {{ core.width(unit.number_bits) }} addend_i,

  output logic {{ core.width(unit.sum_bits) }} sum_o
);

  localparam int FractionBits = {{ unit.fraction_bits }};
  localparam int ExponentBits = {{ unit.exponent_bits }};
  localparam int SignPlace = FractionBits + 1 + ExponentBits;
  localparam int NanPlace = SignPlace + 1;
  localparam int UpPlace = NanPlace + 1;

  logic augend_is_negative, addend_is_negative, subtracts;
  logic [ExponentBits-1:0] augend_exponent, addend_exponent;
  logic [FractionBits:0] unrounded, addend;

  assign unrounded          = augend_i[FractionBits:0];
  assign addend             = addend_i[FractionBits:0];
  assign augend_exponent    = augend_i[FractionBits+1 +: ExponentBits];
  assign addend_exponent    = addend_i[FractionBits+1 +: ExponentBits];
  assign augend_is_negative = augend_i[SignPlace];
  assign addend_is_negative = addend_i[SignPlace];
  assign subtracts          = augend_is_negative ^ addend_is_negative;

  // The sum so far is rounded while exponents are compared: a bit turns where all below it are
  // ones. It may become two; its exponent stays.
  localparam int RoundingLevels = $clog2(FractionBits);
  logic [FractionBits-1:0] fraction, ones_below;
  logic [FractionBits+1:0] augend;
  logic is_two;

  assign fraction = unrounded[FractionBits-1:0];

  always_comb begin : p_ones_below
    ones_below = (fraction << 1) | FractionBits'(1);
    for (int s = 0; s < RoundingLevels; s++) begin
      for (int i = FractionBits - 1; i >= 0; i--) begin
        if (((i >> s) & 1) == 1) ones_below[i] = ones_below[i] & ones_below[((i >> s) << s) - 1];
      end
    end
  end

  assign is_two = augend_i[UpPlace] && ones_below[FractionBits-1] && fraction[FractionBits-1];
  assign augend = {is_two, unrounded[FractionBits] && !is_two,
                   fraction ^ (ones_below & {FractionBits{augend_i[UpPlace]}})};

  // One subtraction tells both distances: inverted it is the addend's, and as it is one less than
  // the augend's.
  logic [ExponentBits:0] above;
  logic [ExponentBits-1:0] distance, exponent;
  logic is_above;

  assign above    = {1'b0, augend_exponent} + {1'b0, ~addend_exponent};
  assign is_above = above[ExponentBits];
  assign distance = above[ExponentBits-1:0] ^ {ExponentBits{!is_above}};
  assign exponent = is_above ? augend_exponent : addend_exponent;

  // Where exponents are equal, which number is smaller hangs on the significands.
  localparam int CompareLevels = $clog2(FractionBits + 1);
  logic [FractionBits:0] exceeds, equals;
  logic is_less;

  always_comb begin : p_compare
    exceeds = unrounded & ~addend;
    equals  = unrounded ~^ addend;
    for (int s = 0; s < CompareLevels; s++) begin
      for (int i = 0; i <= FractionBits; i++) begin
        if (((i >> s) & 1) == 1) begin
          exceeds[i] = exceeds[i] | (equals[i] & exceeds[((i >> s) << s) - 1]);
          equals[i]  = equals[i] & equals[((i >> s) << s) - 1];
        end
      end
    end
  end

  assign is_less = (augend_exponent == addend_exponent)
                   && (exceeds[FractionBits] || (equals[FractionBits] && augend_i[UpPlace]));

  // The number with the larger exponent stays; the other one moves down, with two places behind it.
  // Of a difference the smaller one is inverted.
  localparam int WindowBits = FractionBits + 4;
  logic [FractionBits+1:0] staying;
  logic [FractionBits+2:0] moving, beyond;
  logic [WindowBits-1:0] moved, upper, lower;
  logic lost;

  assign staying = is_above ? augend : {1'b0, addend};
  assign moving  = is_above ? {2'd0, addend} : {augend, 1'b0};

  always_comb begin : p_align
    moved = {moving, 1'b0};
    for (int b = 0; b < ExponentBits; b++) begin
      if (distance[b]) moved = moved >> (1 << b);
    end
    for (int i = 0; i <= FractionBits + 2; i++) begin
      beyond[i] = ({{ unit.phrases.distance_bits }}'(distance) > {{ unit.phrases.distance_bits }}'(i + 1));
    end
  end

  assign lost  = ((moving & beyond) != '0);
  assign upper = {staying, 2'd0} ^ {WindowBits{subtracts && is_less}};
  assign lower = moved ^ {WindowBits{subtracts && !is_less}};

  // Carries by spans that double. What is lost borrows from all that is kept.
  localparam int SumLevels = $clog2(WindowBits);
  logic [WindowBits-1:0] propagates, generated, passed, carry;
  logic [WindowBits:0] sum;
  logic carry_in;

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

  assign carry_in = subtracts && !lost;
  assign carry    = {generated[WindowBits-2:0]
                     | (passed[WindowBits-2:0] & {(WindowBits-1){carry_in}}), carry_in};
  assign sum      = {propagates ^ carry, lost};

  // Meanwhile it is told where a difference leads, or one place above: at its first digit of the
  // larger number that the next one does not borrow from. A sum is taken to lead with its carry.
  localparam int PlacesBits = FractionBits + 3;
  localparam int CountBits = {{ unit.count_bits }};
  localparam int CountedBits = 1 << CountBits;
  logic [PlacesBits-1:0] differs, borrows_below, leading;
  logic [CountedBits-1:0] has_one;
  logic [CountedBits*CountBits-1:0] counts;
  logic [CountBits-1:0] count;

  assign differs       = ~propagates[WindowBits-1:1];
  assign borrows_below = ~(upper[WindowBits-2:0] | lower[WindowBits-2:0]);
  assign leading       = (differs & ~borrows_below) | {!subtracts, {(PlacesBits-1){1'b0}}};

  // Leading zeros of every run of 2, 4, 8 and so on places: those of its upper half, or all of that
  // and those of its lower half. Run i of a level is made of runs 2i and 2i + 1 of the level below.
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

  // It moves up to its leading one.
  logic [PlacesBits-1:0] normal;
  logic [FractionBits:0] significand;
  logic is_below, is_zero;

  assign normal      = sum[WindowBits:2] << count;
  assign is_below    = !normal[PlacesBits-1];
  assign significand = is_below ? normal[PlacesBits-2 -: FractionBits+1]
                                : normal[PlacesBits-1 -: FractionBits+1];
  assign is_zero     = !significand[FractionBits];

  // Its exponent, in both cases before it is known which one it is.
  logic [ExponentBits-1:0] exponent_above, sum_exponent;

  assign exponent_above = exponent + ExponentBits'(1);
  assign sum_exponent   = is_below ? (exponent - ExponentBits'(count))
                                   : (exponent_above - ExponentBits'(count));

  // To the nearest, of two the even one, by where it leads: with its carry, where the larger number
  // did, or a place below. A difference that leads farther below is exact.
  logic carried, level, below, up;

  assign carried = sum[WindowBits];
  assign level   = !carried && sum[WindowBits-1];
  assign below   = !carried && !sum[WindowBits-1] && sum[WindowBits-2];
  assign up      = (carried && sum[3] && ((sum[2:0] != '0) || sum[4]))
                   || (level && sum[2] && ((sum[1:0] != '0) || sum[3]))
                   || (below && sum[1] && (sum[0] || sum[2]));

  // An infinity, or a NaN, has the largest exponent and so its sign. Numbers that cancel give +0;
  // none of them is above the other, or less.
  logic augend_is_special, addend_is_special, is_special, is_nan, is_negative;

  assign augend_is_special = &augend_exponent;
  assign addend_is_special = &addend_exponent;
  assign is_special        = augend_is_special || addend_is_special;
  assign is_nan            = augend_i[NanPlace] || addend_i[NanPlace]
                             || (augend_is_special && addend_is_special && subtracts);
  assign is_negative       = (is_above || is_less)
                             ? augend_is_negative
                             : (addend_is_negative && !(is_zero && subtracts));

  assign sum_o = {up && !is_special, is_nan, is_negative,
                  (sum_exponent & {ExponentBits{!is_zero}}) | {ExponentBits{is_special}},
                  significand};

endmodule

`default_nettype wire
