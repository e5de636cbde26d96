{% include "rtl/header.sv" %}// Zero-point correction: {{ unit.phrases.rule }}

`default_nettype none

module {{ core.name }}_zero_point_correction (
  input  logic {{ core.bit() }} clk_i,

  // A run ends, and with it the life of its zero point in the stream control.
  input  logic {{ core.bit() }} run_done_i,
  input  logic {{ core.width(core.zero_point_bits) }} run_zero_point_i,

  // A new row starts in the next cycle; its sum of activations.
  input  logic {{ core.bit() }} next_row_i,
  input  logic {{ core.width(unit.sum_bits) }} sum_i,

  // Sums of one beat of a row, lowest column first, before and after.
  input  logic {{ core.width(unit.data_bits) }} sums_i,
  output logic {{ core.width(unit.data_bits) }} results_o
);

  localparam int Width = {{ core.accumulator_bits }};
  localparam int ProductBits = {{ unit.product_bits }};
  localparam int DifferenceBits = {{ unit.difference_bits }};

  logic {{ core.range(core.zero_point_bits) }} factor_q;
  logic signed {{ core.range(unit.sum_bits) }} sum;
  logic signed [ProductBits-1:0] product_d, product_q;

  assign sum       = $signed(sum_i);
  // The low bits are enough: a result takes {{ unit.difference_bits }} bits of the difference.
  assign product_d = {{ unit.phrases.factor }} * sum;

  always_ff @(posedge clk_i) begin : p_product
    if (run_done_i) factor_q  <= {{ unit.phrases.factor_next }};
    if (next_row_i) product_q <= product_d;
  end

  logic is_odd;

  assign is_odd = {{ unit.phrases.is_odd }};

  for (genvar i = 0; i < {{ core.drain }}; i++) begin : gen_result
    logic signed [DifferenceBits-1:0] difference;

    assign difference = {{ unit.phrases.minuend }}
                        - DifferenceBits'(product_q);
    assign results_o[i*Width +: Width] = is_odd ? Width'(difference >>> 1)
                                            : Width'(difference);
  end

endmodule

`default_nettype wire
