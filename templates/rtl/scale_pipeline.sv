{% include "rtl/header.sv" %}// Scale pipeline: what goes with the values of a beat while they are scaled and added, four registers
// deep: magnitude, product, sum and what it is rounded to. All move together, unless a result waits to be taken.

`default_nettype none

module {{ core.name }}_scale_pipeline (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,
{% if core.exponent_bits > 0 %}
  // A group's last accumulation is under way; the fields of its {% if !core.group_blocks %}run's {% endif %}rows, row 0 lowest.
  input  logic {{ core.bit() }} done_i,
  input  logic {{ core.vector(core.exponents_bits) }} run_exponents_i,
{% if unit.row_bits > 0 %}  input  logic {{ core.width(unit.row_bits) }} row_i,
{% endif %}{% endif %}
  // A position of the drain chain: there, of its run's first group, what results of it are sent.
  input  logic {{ core.bit() }} drains_i,
  input  logic {{ core.bit() }} first_i,
  input  logic {{ core.bit() }} sent_i,
  input  logic {{ core.bit() }} last_i,
  input  logic {{ core.vector(core.drain) }} keep_i,
  output logic {{ core.bit() }} advance_o,

{% if unit.tells_field %}  // Field of the values whose {{ unit.phrases.at_field }}s are in their registers.
  output logic {{ core.width(core.exponent_bits) }} field_o,

{% endif %}{% if unit.tells_nan %}  // The values whose products are in their registers are no numbers.
  output logic {{ core.bit() }} row_is_nan_o,

{% endif %}  // Products are added to nothing, in a run's first group. {% if unit.reads_ahead %}Words that were read wait for products; sums
  // are there; they are{% else %}Sums are there; they are{% endif %} rounded and written.
  output logic {{ core.bit() }} add_first_o,
{% if unit.reads_ahead %}  output logic {{ core.bit() }} reads_wait_o,
{% endif %}  output logic {{ core.bit() }} sums_wait_o,
  output logic {{ core.bit() }} write_o,

  // Result stream.
  output logic {{ core.bit() }} result_valid_o,
  input  logic {{ core.bit() }} result_ready_i,
  output logic {{ core.bit() }} result_last_o,
  output logic {{ core.vector(core.drain) }} result_keep_o
);

  localparam int Drain = {{ core.drain }};

  // Stage 0, the magnitudes, lowest.
  logic [2:0] valid_d, valid_q, valid_moved;
  logic {% if unit.reads_ahead %}first_q{% else %}[1:0] first_q{% endif %};
  logic [3:0] sent_d, sent_q, sent_moved, last_q;
  logic [4*Drain-1:0] keep_q;
  logic advance;

  assign advance     = result_ready_i || !sent_q[3];
  assign valid_moved = {valid_q[1:0], drains_i};
  assign sent_moved  = {sent_q[2:0], sent_i};

  always_comb begin : p_next
    valid_d = valid_q;
    sent_d  = sent_q;
    if (advance) begin
      valid_d = valid_moved;
      sent_d  = sent_moved;
    end
    if (clear_i) begin
      valid_d = '0;
      sent_d  = '0;
    end
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      valid_q <= '0;
      sent_q  <= '0;
    end else begin
      valid_q <= valid_d;
      sent_q  <= sent_d;
    end
  end

  always_ff @(posedge clk_i) begin : p_markers
    if (advance) begin
      first_q <= {% if unit.reads_ahead %}first_i{% else %}{first_q[0], first_i}{% endif %};
      last_q  <= {last_q[2:0], last_i};
      keep_q  <= {keep_q[3*Drain-1:0], keep_i};
    end
  end

{% if core.exponent_bits > 0 %}  // Fields of the {% if core.group_blocks %}group{% else %}run{% endif %} that drains; that of a row moves along.
  logic {{ core.range(core.exponents_bits) }} exponents_q;
  logic {{ core.range(core.exponent_bits) }} field_q{% if unit.field_stages == 2 %}, product_field_q{% endif %};
{% if unit.tells_nan %}  logic row_is_nan_q;
{% endif %}
  always_ff @(posedge clk_i) begin : p_exponents
    if (done_i) exponents_q <= run_exponents_i;
    if (advance) field_q <= {{ unit.phrases.exponent }};
{% if unit.field_stages == 2 %}    if (advance) product_field_q <= field_q;
{% endif %}{% if unit.tells_nan %}    if (advance) row_is_nan_q <= (field_q == '0);
{% endif %}  end

{% if unit.tells_field %}  assign field_o        = {{ unit.phrases.field }};
{% endif %}{% if unit.tells_nan %}  assign row_is_nan_o   = row_is_nan_q;
{% endif %}{% endif %}  assign advance_o      = advance;
  assign add_first_o    = {% if unit.reads_ahead %}first_q;
  assign reads_wait_o   = valid_q[1]{% else %}first_q[1]{% endif %};
  assign sums_wait_o    = valid_q[2];
  assign write_o        = advance && valid_q[2];
  assign result_valid_o = sent_q[3];
  assign result_last_o  = last_q[3];
  assign result_keep_o  = keep_q[4*Drain-1 -: Drain];

endmodule

`default_nettype wire
