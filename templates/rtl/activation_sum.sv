{% include "rtl/header.sv" %}// Activation sum of one row: adds the activations of every k-step, read from the table entry whose
// signs are all positive, and passes sums along to row 0 while the results leave.

`default_nettype none

module {{ core.name }}_activation_sum (
  input  logic {{ core.bit() }} clk_i,

  // First plane of a step; the next row's sum is due.
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} next_row_i,

  // All-positive entry of each group's table, group 0 lowest.
  input  logic {{ core.width(unit.entries_bits) }} entries_i,

  // Chain towards row 0.
  input  logic {{ core.width(unit.sum_bits) }} chain_i,
  output logic {{ core.width(unit.sum_bits) }} sum_o
);

  localparam int EntryBits = {{ unit.entry_bits }};
  localparam int SumBits = {{ unit.sum_bits }};

  logic [SumBits-1:0] sum_d, sum_q;
  logic [SumBits-1:0] step;

  always_comb begin : p_step
    step = '0;
    for (int g = 0; g < {{ core.groups }}; g++) begin
      step = step + SumBits'($signed(entries_i[g*EntryBits +: EntryBits]));
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
