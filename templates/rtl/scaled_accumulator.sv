{% include "rtl/header.sv" %}// Scaled accumulator of one column of a beat: {{ unit.words }} {{ unit.phrases.format }} number(s), one for each position of the
// drain chain, which go round in step with it. Each becomes the number nearest to itself plus the
// scaled value of the group that drains, one cycle after they are added{% if unit.reads_ahead %} and two after it is read{% endif %}.

`default_nettype none

module {{ core.name }}_scaled_accumulator (
  input  logic {{ core.bit() }} clk_i,

  // {% if unit.reads_ahead %}All registers of the adder take their{% else %}The register of the adder takes its{% endif %} next value.
  input  logic {{ core.bit() }} advance_i,

  // {% if unit.reads_ahead %}A word that was read waits there for its term{% else %}A sum waits there to be rounded; it is written{% endif %}.
{% if unit.reads_ahead %}  input  logic {{ core.bit() }} reads_wait_i,

  // A sum waits there to be rounded; it is written.
{% endif %}  input  logic {{ core.bit() }} waits_i,
  input  logic {{ core.bit() }} shift_i,

  // The group is its run's first: nothing was added before.
  input  logic {{ core.bit() }} first_i,

  // Scaled value of the group{% if unit.reads_ahead && unit.exponent_bits > 0 %}, its exponent when the word is read and the rest when it is added{% endif %}.
  input  logic {{ core.bit() }} term_is_negative_i,
{% if unit.exponent_bits > 0 %}  input  logic {{ core.width(unit.exponent_bits) }} term_exponent_i,
{% endif %}  input  logic {{ core.width(unit.significand_bits) }} term_significand_i,
  input  logic {{ core.bit() }} term_is_infinite_i,
  input  logic {{ core.bit() }} term_is_nan_i,

  // The number that was written last.
  output logic {{ core.width(core.port_result_bits) }} result_o
);

  localparam int Width = {{ core.port_result_bits }};
  localparam int DataBits = {{ unit.data_bits }};

{% if unit.reads_ahead %}  // The lowest word is the one that is written next; the word that is read next is as many above it
  // as words that were read wait.
{% else if unit.words > 1 %}  // The lowest word is the one that is written next; the word that is added to next is the lowest, or
  // the one above if the sum with the lowest waits.
{% else %}  // A sum that waits is what is added to next.
{% endif %}  logic [DataBits-1:0] words_q;
  logic [Width-1:0] {% if unit.reads_ahead %}first, second, third, {% endif %}next, earlier, sum;

{% if unit.reads_ahead %}  assign first  = words_q[Width-1:0];
  assign second = words_q[2*Width-1:Width];
  assign third  = words_q[3*Width-1:2*Width];

  always_comb begin : p_next
    unique case ({reads_wait_i, waits_i})
      2'b00:   next = first;
      2'b11:   next = third;
      default: next = second;
    endcase
  end

{% else %}  assign next    = {{ unit.phrases.next }};
{% endif %}  assign earlier = next & {Width{!first_i}};

  {{ core.name }}_floating_point_adder u_floating_point_adder (
    .clk_i              (clk_i),
    .advance_i          (advance_i),
    .augend_i           (earlier),
    .term_is_negative_i (term_is_negative_i),
{% if unit.exponent_bits > 0 %}    .term_exponent_i    (term_exponent_i),
{% endif %}    .term_significand_i (term_significand_i),
    .term_is_infinite_i (term_is_infinite_i),
    .term_is_nan_i      (term_is_nan_i),
    .sum_o              (sum)
  );

  always_ff @(posedge clk_i) begin : p_words
    if (shift_i) words_q <= {{ unit.phrases.words_next }};
  end

  assign result_o = words_q[DataBits-1 -: Width];

endmodule

`default_nettype wire
