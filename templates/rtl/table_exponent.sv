{% include "rtl/header.sv" %}// Table exponent: of {{ unit.elements }} activations that share a table the largest exponent, and how often twice its power
// of two has to be doubled so that their magnitudes do not add up to it. Fractions count to {{ unit.counted_bits }}
// bits; for what is cut off each activation adds one unit. A code that is no number gives anything.

`default_nettype none

module {{ core.name }}_table_exponent (
  // Activations, lowest element first.
  input  logic {{ core.width(unit.phrases.codes_bits) }} codes_i,
  output logic {{ core.width(unit.code.exponent_bits) }} largest_o,

  // As many ones, from the lowest bit up, as times to double it.
  output logic {{ core.vector(unit.headroom) }} above_o
);

  localparam int Elements = {{ unit.elements }};
  localparam int CodeBits = {{ unit.code.bits }};
  localparam int ExponentBits = {{ unit.code.exponent_bits }};
  localparam int FractionBits = {{ unit.code.fraction_bits }};
  localparam int CountedBits = {{ unit.counted_bits }};
  localparam int SumBits = {{ unit.phrases.sum_bits }};

  // Largest exponent, bit by bit from the highest: who lacks a bit that another has is out.
  logic [Elements*ExponentBits-1:0] exponents;
  logic [ExponentBits-1:0] largest, leading;
  logic [Elements-1:0] is_in, has_bit;

  for (genvar i = 0; i < Elements; i++) begin : gen_exponent
    assign exponents[i*ExponentBits +: ExponentBits] =
        codes_i[i*CodeBits+FractionBits +: ExponentBits];
  end

  always_comb begin : p_largest
    is_in   = '1;
    has_bit = '0;
    largest = '0;
    for (int b = ExponentBits - 1; b >= 0; b--) begin
      for (int i = 0; i < Elements; i++) begin
        has_bit[i] = is_in[i] && exponents[i*ExponentBits+b];
      end
      largest[b] = |has_bit;
      if (|has_bit) is_in = has_bit;
    end
  end

  // A subnormal number has the exponent 1 and no leading one.
  assign leading = largest | ExponentBits'(largest == '0);

  // Magnitudes in units of the largest exponent's counted bits.
  logic [Elements*(CountedBits+1)-1:0] magnitudes;

  for (genvar i = 0; i < Elements; i++) begin : gen_magnitude
    logic [ExponentBits-1:0] exponent, distance;
    logic is_normal;

    assign exponent  = exponents[i*ExponentBits +: ExponentBits];
    assign is_normal = (exponent != '0);
    assign distance  = leading - exponent - ExponentBits'(!is_normal);
    assign magnitudes[i*(CountedBits+1) +: CountedBits+1] =
        {is_normal, codes_i[i*CodeBits+FractionBits-1 -: CountedBits]} >> distance;
  end

  logic [SumBits-1:0] sum;

  always_comb begin : p_sum
    sum = '0;
    for (int i = 0; i < Elements; i++) begin
      sum = sum + SumBits'(magnitudes[i*(CountedBits+1) +: CountedBits+1]);
    end
  end

  assign largest_o = leading;
  // With one unit for each activation.
{% for most in unit.phrases.most %}  assign above_o[{{ loop.index0 }}] = (sum > {{ unit.phrases.sum_bits }}'d{{ most }});
{% endfor %}
  // Signs do not count{{ unit.phrases.unread_note }}.
  logic unused_codes;

  assign unused_codes = ^codes_i;

endmodule

`default_nettype wire
