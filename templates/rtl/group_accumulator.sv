{% include "rtl/header.sv" %}// Group accumulator of one column of a beat: {{ unit.words }} result(s), one for each position of the drain
// chain, which go round in step with it. Each adds the value of the group that drains.
// {{ unit.phrases.bound_note }}

`default_nettype none

module {{ core.name }}_group_accumulator (
  input  logic {{ core.bit() }} clk_i,

  // The drain chain moves.
  input  logic {{ core.bit() }} shift_i,

  // The group is its run's first: nothing was added before.
  input  logic {{ core.bit() }} first_i,

  // Value of the group, and the result with it.
  input  logic {{ core.width(unit.value_bits) }} value_i,
  output logic {{ core.width(core.result_bits) }} result_o
);

  localparam int Width = {{ core.result_bits }};
  localparam int DataBits = {{ unit.data_bits }};

  // The word that leaves next is the lowest.
  logic [DataBits-1:0] words_q;
  logic [Width-1:0] earlier, result;

  assign earlier = words_q[Width-1:0] & {Width{!first_i}};
  assign result = earlier + {{ unit.phrases.value }};

  always_ff @(posedge clk_i) begin : p_words
    if (shift_i) words_q <= {{ unit.phrases.words_next }};
  end

  assign result_o = result;
{% if unit.exact %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
  // No run of up to {{ core.max_k }} elements leaves the range; the top module asserts it.
  logic signed [Width:0] checked;
  logic fits;

  assign checked = (Width+1)'($signed(earlier)) + (Width+1)'($signed(value_i));
  assign fits    = !shift_i || (checked[Width] == checked[Width-1]);
`endif
`endif
{% endif %}
endmodule

`default_nettype wire
