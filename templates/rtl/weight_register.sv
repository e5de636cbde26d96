{% include "rtl/header.sv" %}// Weight register: the weight beat under way, {{ unit.phrases.word_meaning }} for every column and group.

`default_nettype none

module {{ core.name }}_weight_register (
  input  logic {{ core.bit() }} clk_i,

  // Taken by the stream control in this cycle.
  input  logic {{ core.bit() }} load_i,
  input  logic {{ core.width(unit.data_bits) }} weight_data_i,

  // Column, then group, lowest first.
  output logic {{ core.width(unit.data_bits) }} weights_o
);

  logic {{ core.range(unit.data_bits) }} weights_q;

  always_ff @(posedge clk_i) begin : p_weights
    if (load_i) weights_q <= weight_data_i;
  end

  assign weights_o = weights_q;

endmodule

`default_nettype wire
