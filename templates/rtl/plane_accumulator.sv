{% include "rtl/header.sv" %}// Plane accumulator: adds {{ unit.phrases.addend_meaning }} to its sum{{ unit.phrases.policy_note }}, and passes
// sums along the drain chain while the results leave.
// {{ unit.phrases.bound_note }}

`default_nettype none

module {{ core.name }}_plane_accumulator (
  input  logic {{ core.bit() }} clk_i,

  // Accumulate, or take the neighbour's sum; never both.
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} shift_i,

{% if unit.plane_bits > 0 %}  // Bit significance of the partial sum.
  input  logic {{ core.width(unit.plane_bits) }} plane_i,
{% endif %}{% if unit.doubles %}  // A new plane starts: the sum so far is that of the planes above it. Only together with enable.
  input  logic {{ core.bit() }} double_i,
{% endif %}  input  logic {{ core.width(unit.partial_bits) }} partial_i,

  // Drain chain.
  input  logic {{ core.width(unit.bits) }} chain_i,
  output logic {{ core.width(unit.bits) }} sum_o
);

  localparam int Width = {{ unit.bits }};
  localparam int ExactWidth = {{ unit.exact_bits }};

  logic [Width-1:0] sum_d, sum_q;
  logic signed [ExactWidth-1:0] addend;

  // Where nothing is accumulated the addend is 0, so that the sum needs no way round the adder.
  logic [{{ unit.partial_bits }}-1:0] partial;

  assign partial = partial_i & { {{ unit.partial_bits }}{enable_i}};
{% if unit.plane_bits > 0 %}  assign addend  = ExactWidth'($signed(partial)) << {{ unit.phrases.placed }};
{% else %}  assign addend  = ExactWidth'($signed(partial));
{% endif %}
{% if unit.doubles %}  // The sum in units of the plane under way.
{% if unit.saturates %}  localparam int DoubleWidth = Width + 1;
  logic signed [DoubleWidth-1:0] augend;

  assign augend = double_i ? $signed({sum_q, 1'b0}) : DoubleWidth'($signed(sum_q));

{% else %}  logic [Width-1:0] augend;

  assign augend = double_i ? {sum_q[Width-2:0], 1'b0} : sum_q;

{% endif %}{% endif %}{% if unit.saturates %}  // One bit more than the operands: the two highest bits differ beyond the range.
  localparam logic [Width-1:0] Highest = {1'b0, {(Width-1){1'b1}}};
  logic signed [ExactWidth-1:0] exact;
  logic fits;
  logic [Width-1:0] clamped;

  assign exact   = ExactWidth'($signed({{ unit.phrases.augend }})) + addend;
  assign fits    = (exact == ExactWidth'($signed(exact[Width-1:0])));
  assign clamped = fits ? exact[Width-1:0] : (exact[ExactWidth-1] ? ~Highest : Highest);

  always_comb begin : p_next
    sum_d = clamped;
    if (shift_i) sum_d = chain_i;
  end
{% else %}{% if !unit.exact %}  // Only the low bits are kept.
  logic unused_high;

  assign unused_high = ^addend[ExactWidth-1:Width];

{% endif %}  always_comb begin : p_next
    sum_d = {{ unit.phrases.augend }} + Width'(addend);
    if (shift_i) sum_d = chain_i;
  end
{% endif %}
  always_ff @(posedge clk_i) begin : p_sum
    sum_q <= sum_d;
  end

  assign sum_o = sum_q;
{% if unit.exact %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
  // No {{ unit.phrases.summed }} of up to {{ core.accumulated_elements }} elements leaves the range; the top module asserts it.
  logic signed [ExactWidth-1:0] checked;
  logic fits;

  assign checked = ExactWidth'($signed({{ unit.phrases.augend }})) + addend;
  assign fits    = !enable_i || shift_i || (checked == ExactWidth'($signed(checked[Width-1:0])));
`endif
`endif
{% endif %}
endmodule

`default_nettype wire
