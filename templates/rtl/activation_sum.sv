{% include "rtl/header.sv" %}// Activation sum of one row: adds the activations of every k-step{{ unit.phrases.source }},
// and passes sums along to row 0 while the results leave.

`default_nettype none

module {{ core.name }}_activation_sum (
  input  logic {{ core.bit() }} clk_i,

  // First plane of a step; the next row's sum is due.
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} next_row_i,

  // What adds up to the step's sum, group or element 0 lowest.
  input  logic {{ core.width(unit.terms_bits) }} terms_i,

  // Chain towards row 0.
  input  logic {{ core.width(unit.sum_bits) }} chain_i,
  output logic {{ core.width(unit.sum_bits) }} sum_o
);

  localparam int TermBits = {{ unit.term_bits }};
  localparam int SumBits = {{ unit.sum_bits }};

  logic [SumBits-1:0] sum_d, sum_q;
  logic [SumBits-1:0] step;

  always_comb begin : p_step
    step = '0;
    for (int t = 0; t < {{ unit.terms }}; t++) begin
      step = step + SumBits'($signed(terms_i[t*TermBits +: TermBits]));
    end
  end

  always_comb begin : p_next
    sum_d = sum_q;
    if (next_row_i) begin
      sum_d = chain_i;
    end else if (enable_i) begin
      sum_d = sum_q + step;
    end
  end

  always_ff @(posedge clk_i) begin : p_sum
    sum_q <= sum_d;
  end

  assign sum_o = sum_q;

endmodule

`default_nettype wire
