{% include "rtl/header.sv" %}// Rounded sum: a tree of float adders for the products of {{ core.k }} element(s) and an accumulator
// that holds a {{ unit.format }} number; every sum is rounded.
// {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_rounded_sum (
  input  logic {{ core.bit() }} clk_i,

{% if unit.phrases.sums_are_gated %}  // The sum of a k-step is {{ unit.phrases.gate }} the accumulator; take the neighbour's result instead.
  input  logic {{ core.bit() }} enable_i,
{% else %}  // Take the neighbour's result.
{% endif %}  input  logic {{ core.bit() }} shift_i,

  // Products, element 0 lowest.
  input  logic {{ core.width(unit.phrases.numbers_bits) }} products_i,

  // Drain chain, {{ unit.phrases.chain }}.
  input  logic {{ core.width(unit.phrases.word_bits) }} chain_i,
  output logic {{ core.width(unit.phrases.word_bits) }} word_o
);

{% if core.k > 1 %}  localparam int Elements = {{ core.k }};
  localparam int Stages = {{ core.stages }};
{% endif %}{% if !unit.adder.defers() %}  localparam int FractionBits = {{ unit.adder.fraction_bits() }};
  localparam int ExponentBits = {{ unit.adder.exponent_bits() }};
{% endif %}  localparam int NumberBits = {{ unit.adder.number_bits() }};
{% if unit.adder.defers() %}  localparam int SumBits = {{ unit.adder.sum_bits() }};
{% endif %}
{% if core.k > 1 %}  // Node i is the sum of nodes 2i and 2i+1; the products are the nodes from Elements on. The nodes
  // nearest to the accumulator, the first, have registers.
  logic [(2*Elements-1)*NumberBits-1:0] nodes;

  assign nodes[(Elements-1)*NumberBits +: Elements*NumberBits] = products_i;
{% else %}  logic [NumberBits-1:0] nodes;

  assign nodes = products_i;
{% endif %}{% include "parts/rounded_sum.sv" %}

endmodule

`default_nettype wire
