{% include "rtl/header.sv" %}// Trit unpacker: turns the bytes of a column's ternary weights in a k-step, five in each, into the
// words of its {{ core.groups }} group(s). A byte is a fraction of 243 in 256ths, rounded up: three times it has
// the highest weight above its eight bits, and below a byte of the other weights.

`default_nettype none

module {{ core.name }}_trit_unpacker (
  // Element i in byte i / 5, which counts 3^(i mod 5); 0 subtracts, 1 leaves out, 2 adds.
  input  logic {{ core.width(unit.phrases.bytes_bits) }} bytes_i,

  // Group 0 lowest: entry number, and above it the sign.
  output logic {{ core.width(unit.phrases.words_bits) }} words_o
);

  localparam int Bytes = {{ unit.bytes }};
  localparam int K = {{ core.k }};
  localparam int WordBits = {{ unit.word_bits }};
  localparam int SumBits = {{ unit.sum_bits }};

  // Weights of all bytes, element 0 lowest; three times what is left of a byte.
  logic [2*5*Bytes-1:0] trits;
  logic [9:0] product;

  always_comb begin : p_unpack
    trits = '0;
    product = '0;
    for (int b = 0; b < Bytes; b++) begin
      product = 10'(bytes_i[8*b +: 8]);
      for (int t = 4; t >= 0; t--) begin
        product = (product << 1) + product;
        trits[2*(5*b+t) +: 2] = 2'(product >> 8);
        product = product & 10'h0ff;
      end
    end
  end
{% if unit.unused_trits > 0 %}
  // The last byte is not full.
  logic unused_trits;

  assign unused_trits = ^trits[2*5*Bytes-1:{{ unit.phrases.used_bits }}];
{% endif %}
  for (genvar g = 0; g < {{ core.groups }}; g++) begin : gen_group
    // Three times as much for each element, {{ unit.zero }} for weights of 0.
    logic [SumBits-1:0] sum;
    logic [SumBits-1:0] difference;
    logic negate;

    always_comb begin : p_sum
      sum = '0;
      for (int i = K - 1; i >= 0; i--) begin
        sum = (sum << 1) + sum + SumBits'(trits[2*(g*K+i) +: 2]);
      end
    end

    assign negate = (sum < {{ unit.sum_bits }}'d{{ unit.zero }});
    assign difference = negate ? ({{ unit.sum_bits }}'d{{ unit.zero }} - sum) : (sum - {{ unit.sum_bits }}'d{{ unit.zero }});
    assign words_o[g*WordBits +: WordBits] = {negate, difference[WordBits-2:0]};
{% if unit.phrases.unused_low > 0 %}
    // The number of an entry has fewer bits.
    logic unused_difference;

    assign unused_difference = ^difference[SumBits-1:WordBits-1];
{% endif %}  end

endmodule

`default_nettype wire
