{% include "rtl/header.sv" %}// Float term lane: adds {{ core.k }} activations, each times the term of its weight in this cycle, to a sum
// that is a number of {{ unit.phrases.format }}. What a cycle adds is rounded to that format, and so is every sum.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_float_term_lane (
  input  logic {{ core.bit() }} clk_i,

  // The sum of a cycle is at the accumulator; take the neighbour's result instead.
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} shift_i,

  // The row's activations, element 0 lowest: exponents with every shift of a term, and
  // {% if unit.registers_exponents %}a cycle later {% endif %}significands with their leading bits{% if unit.has_nan %}; whether one is no number, when the
  // sum is rounded and when that is added{% endif %}.
  input  logic {{ core.vector(core.k) }} signs_i,
  input  logic {{ core.width(unit.phrases.exponents_bits) }} exponents_i,
  input  logic {{ core.width(unit.phrases.significands_bits) }} significands_i,
{% if unit.has_nan %}  input  logic {{ core.bit() }} sum_is_nan_i,
  input  logic {{ core.bit() }} addend_is_nan_i,
{% endif %}
  // The column's terms: of each element the line of its shift or none, and its sign.
  input  logic {{ core.vector(unit.phrases.select_bits) }} select_i,
  input  logic {{ core.vector(core.k) }} negative_i,

{% if unit.phrases.cycle_bits > 0 %}  // Cycle of the k-step.
  input  logic {{ core.width(unit.phrases.cycle_bits) }} cycle_i,

{% endif %}  // Drain chain, codes of {{ unit.phrases.format }}.
  input  logic {{ core.width(core.accumulator_bits) }} chain_i,
  output logic {{ core.width(core.accumulator_bits) }} word_o
);

  localparam int Elements = {{ core.k }};
  localparam int Lines = {{ unit.phrases.lines }};
  localparam int TermExponentBits = {{ unit.phrases.term_exponent_bits }};
  localparam int BaseBits = {{ unit.base_bits }};
  localparam int FractionBits = {{ unit.adder.fraction_bits }};
  localparam int ExponentBits = {{ unit.adder.exponent_bits }};
  localparam int NumberBits = {{ unit.adder.number_bits }};

  // Exponents of the products, 0 where there is none.
  logic [Elements-1:0] is_negative_d, is_negative;
{% if core.k > 1 %}  logic [Elements-1:0] has_term;
{% endif %}  logic [Elements*TermExponentBits-1:0] exponents;

  for (genvar e = 0; e < Elements; e++) begin : gen_exponent
    logic [TermExponentBits-1:0] exponent;

    always_comb begin : p_exponent
      exponent = '0;
      for (int s = 0; s < Lines; s++) begin
        exponent = exponent | (exponents_i[(e*Lines+s)*TermExponentBits +: TermExponentBits]
                               & {TermExponentBits{select_i[e*Lines+s]}});
      end
    end

    assign exponents[e*TermExponentBits +: TermExponentBits] = exponent;
    assign is_negative_d[e] = signs_i[e] ^ negative_i[e];
{% if core.k > 1 %}    assign has_term[e]      = (select_i[e*Lines +: Lines] != '0);
{% endif %}  end

{% if core.k > 1 %}  // Node i is the larger of nodes 2i and 2i+1; the products are the nodes from Elements on.
  localparam int NodesBits = (2 * Elements - 1) * TermExponentBits;
  logic [NodesBits-1:0] nodes;
  logic [TermExponentBits-1:0] left, right;

  always_comb begin : p_largest
    nodes = NodesBits'(exponents) << ((Elements - 1) * TermExponentBits);
    left  = '0;
    right = '0;
    for (int i = Elements - 1; i > 0; i--) begin
      left  = nodes[(2*i-1)*TermExponentBits +: TermExponentBits];
      right = nodes[2*i*TermExponentBits +: TermExponentBits];
      nodes[(i-1)*TermExponentBits +: TermExponentBits] = (left > right) ? left : right;
    end
  end

{% endif %}  // The largest exponent, the significance of the cycle added; and the places by which each product
  // moves down to it: all ones leave nothing, as where there is no term.
  localparam int DistanceBits = {{ unit.distance_bits }};
  logic [TermExponentBits-1:0] largest;
  logic [BaseBits-1:0] base_d, base;
  logic [Elements*DistanceBits-1:0] distances_d, distances;

  assign largest = {% if core.k > 1 %}nodes[TermExponentBits-1:0]{% else %}exponents{% endif %};
  assign base_d  = {{ unit.phrases.base }};

  for (genvar e = 0; e < Elements; e++) begin : gen_distance
{% if core.k > 1 %}    logic [TermExponentBits-1:0] below;

    assign below = largest - exponents[e*TermExponentBits +: TermExponentBits];
{% endif %}    assign distances_d[e*DistanceBits +: DistanceBits] = {{ unit.phrases.distance }};
  end

{% if unit.registers_exponents %}  always_ff @(posedge clk_i) begin : p_exponents
    is_negative <= is_negative_d;
    distances   <= distances_d;
    base        <= base_d;
  end
{% else %}  assign is_negative = is_negative_d;
  assign distances   = distances_d;
  assign base        = base_d;
{% endif %}
{% if unit.guard_bits > 0 %}  // Products meet, with {{ unit.guard_bits }} bits behind a significand; what moves farther is cut off. A negative
  // one is complemented, and lacks 1 then.
{% else %}  // A negative product is complemented, and lacks 1 then.
{% endif %}  localparam int SignificandBits = {{ unit.phrases.significand_bits }};
  localparam int WindowBits = {{ unit.window_bits }};
  localparam int SumBits = {{ unit.sum_bits }};
  logic [Elements*WindowBits-1:0] products;

  for (genvar e = 0; e < Elements; e++) begin : gen_product
    logic [DistanceBits-1:0] distance;
    logic [WindowBits-1:0] placed, moved;

    assign distance = distances[e*DistanceBits +: DistanceBits];
    assign placed   = {{ unit.phrases.placed }};

    always_comb begin : p_move
      moved = placed;
{% if core.k > 1 %}      for (int b = 0; b < DistanceBits; b++) begin
        if (distance[b]) moved = moved >> (1 << b);
      end
{% else %}      if (distance != '0) moved = '0;
{% endif %}    end

    assign products[e*WindowBits +: WindowBits] = moved ^ {WindowBits{is_negative[e]}};
  end

  logic signed [SumBits-1:0] sum_d, sum;
  logic [BaseBits-1:0] sum_base;

  always_comb begin : p_sum
    sum_d = '0;
    for (int e = 0; e < Elements; e++) begin
      sum_d = sum_d + SumBits'($signed({is_negative[e], products[e*WindowBits +: WindowBits]}))
              + SumBits'(is_negative[e]);
    end
  end

{% if unit.registers_sum %}  always_ff @(posedge clk_i) begin : p_sum_register
    sum      <= sum_d;
    sum_base <= base;
  end
{% else %}  assign sum      = sum_d;
  assign sum_base = base;
{% endif %}
  // Sign and magnitude, which moves up to its leading one.
  localparam int MagnitudeBits = SumBits - 1;
  localparam int CountBits = {{ unit.count_bits }};
  logic sum_is_negative, is_zero;
  logic [MagnitudeBits-1:0] magnitude, normal;
  logic [CountBits-1:0] count;
  logic [ExponentBits-1:0] normal_exponent;

  assign sum_is_negative = sum[SumBits-1];
  assign magnitude       = (sum[MagnitudeBits-1:0] ^ {MagnitudeBits{sum_is_negative}})
                           + MagnitudeBits'(sum_is_negative);

  always_comb begin : p_normal
    normal = magnitude;
    count  = '0;
    for (int b = CountBits - 1; b >= 0; b--) begin
      count[b] = ((normal >> (MagnitudeBits - (1 << b))) == '0);
      if (count[b]) normal = normal << (1 << b);
    end
  end

  assign is_zero         = !normal[MagnitudeBits-1];
  assign normal_exponent = ExponentBits'(sum_base) + {{ unit.adder.exponent_bits }}'d{{ unit.highest }}
                           - ExponentBits'(count);

  // {{ unit.phrases.rounding }}
  localparam int KeptBits = {{ unit.kept_bits }};
  logic [KeptBits-1:0] kept_d, kept;
  logic [ExponentBits-1:0] rounded_exponent, kept_exponent_d, kept_exponent;
  logic kept_is_negative;
{% if unit.rounds() %}  logic up;
  logic [ExponentBits+KeptBits-2:0] rounded;

  assign up      = normal[MagnitudeBits-KeptBits-1]
                   && ({{ unit.phrases.rest }}normal[MagnitudeBits-KeptBits]);
  assign rounded = {normal_exponent, normal[MagnitudeBits-2 -: KeptBits-1]}
                   + (ExponentBits+KeptBits-1)'(up);
  assign kept_d  = {!is_zero, rounded[KeptBits-2:0]};

  assign rounded_exponent = rounded[ExponentBits+KeptBits-2 -: ExponentBits];
{% else %}
  assign kept_d           = normal;
  assign rounded_exponent = normal_exponent;
{% endif %}
  always_comb begin : p_kept_exponent
    kept_exponent_d = rounded_exponent;
    if (is_zero) kept_exponent_d = ExponentBits'(1);
{% if unit.has_nan %}    if (sum_is_nan_i) kept_exponent_d = '1;
{% endif %}  end

{% if unit.registers_rounded %}  always_ff @(posedge clk_i) begin : p_rounded
    kept             <= kept_d;
    kept_exponent    <= kept_exponent_d;
    kept_is_negative <= sum_is_negative;
  end
{% else %}  assign kept             = kept_d;
  assign kept_exponent    = kept_exponent_d;
  assign kept_is_negative = sum_is_negative;
{% endif %}
  logic [NumberBits-1:0] addend;

  assign addend = {{ unit.phrases.addend }};

{% include "parts/float_accumulator.sv" %}

endmodule

`default_nettype wire
