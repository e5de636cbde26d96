{% include "rtl/header.sv" %}// Result drain: the {% if core.shadow %}shadow registers{% else %}accumulators{% endif %} form a chain that shifts {{ core.drain }} results a beat towards
// the output, row by row{% if core.shadow %}. They take the sums over when the group before has drained; the
// accumulators start again from zero, as they do after reset and clear_i.{% else %}, while zeros follow. So a drained accumulator is ready for the next run,
// and the same walk without output clears all of them after reset and clear_i.{% endif %}
//
{% if core.per_group() %}// It drains every quantisation group as soon as its {{ core.factors_text() }} are there; only the run's last
// group gives results, the others leave their sums at the edge.
//
{% endif %}// First beat {{ unit.settle_cycles }} cycle(s) after {% if core.shadow %}they are taken{% else %}the last accumulation{% endif %}; {{ unit.positions }} position(s) in all.

`default_nettype none

module {{ core.name }}_result_drain (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

{% if core.per_group() %}{% if core.shadow %}  // A quantisation group's last plane is looked up. What is held of it, until it is taken.
{% else %}  // A quantisation group's last accumulation is under way; the group is its run's last.
{% endif %}  input  logic {{ core.bit() }} group_done_i,
  input  logic {{ core.bit() }} run_last_i,
{% else %}  // A run's last accumulation is under way.
  input  logic {{ core.bit() }} run_done_i,
{% endif %}  input  logic {{ core.width(core.rows_bits) }} run_rows_i,
  input  logic {{ core.width(core.columns_bits) }} run_columns_i,
  output logic {{ core.bit() }} busy_o,
  output logic {{ core.bit() }} busy_next_o,

{% if core.per_group() %}{% if core.group_zero_points %}  // Zero points in the weight register: there; the first of them multiplied now; the last.
{% else %}  // Scales in the weight register: there; the first of them taken now; the last.
{% endif %}  input  logic {{ core.bit() }} {{ core.factors() }}_valid_i,
  output logic {{ core.bit() }} {{ core.factors() }}_taken_o,
  output logic {{ core.bit() }} {{ core.factors() }}_used_o,
{% if core.shadow %}  output logic {{ core.bit() }} {{ core.factors() }}_next_o,

  // Sums are taken over, and start again: those of the lanes{% if core.sums_activations() %}; those of the rows' activations{% endif %}.
  output logic {{ core.bit() }} lanes_take_o,
{% if core.sums_activations() %}  output logic {{ core.bit() }} rows_take_o,
{% endif %}{% endif %}
  // The {{ core.factors_text() }} of this beat of a row are {% if core.group_zero_points %}multiplied{% else %}taken{% endif %}.
{% if unit.beat_bits > 0 %}  output logic {{ core.width(unit.beat_bits) }} product_beat_o,
{% endif %}  output logic {{ core.bit() }} product_load_o,

  // The group that drains is its run's first{% if !core.shadow %}; its last{% endif %}.
  output logic {{ core.bit() }} run_first_o,
{% if !core.shadow %}  output logic {{ core.bit() }} run_last_o,
{% endif %}{% if core.scales %}
  // A position is there, whether its results are sent or not.
  output logic {{ core.bit() }} drains_o,
{% endif %}
{% endif %}  // Accumulator chain, and the step to the next row.
  output logic {{ core.bit() }} shift_o,
{% if core.sums_activations() %}  output logic {{ core.bit() }} next_row_o,
{% endif %}{% if unit.phrases.gives_row %}  output logic {{ core.width(unit.row_bits) }} row_o,
{% endif %}
  // Result stream.
  output logic {{ core.bit() }} result_valid_o,
  input  logic {{ core.bit() }} result_ready_i,
  output logic {{ core.bit() }} result_last_o,
  output logic {{ core.vector(core.drain) }} result_keep_o
);

  localparam int Drain = {{ core.drain }};

  logic flushing_d, flushing_q;
  logic draining_d, draining_q;
  logic start, shift, row_is_done, is_done;
  logic kept;
  // Rows and columns still to be sent.
  logic {{ core.range(core.rows_bits) }} rows_left_d, rows_left_q;
  logic {{ core.range(core.columns_bits) }} columns_left_d, columns_left_q;
  logic {{ core.range(core.columns_bits) }} columns_q;

{% if core.shadow %}  // {% if core.group_zero_points %}Zero points{% else %}Scales{% endif %} are waited for from the last plane on, and taken when the group before has drained.
  logic due_d, due_q;
  logic take, first_d, first_q;
  logic last_q;
  logic {{ core.range(unit.delay_cycles) }} settle_d, settle_q;

  assign take     = due_q && {{ core.factors() }}_valid_i && !(draining_q || (|settle_q));
  assign due_d    = !clear_i && (group_done_i || (due_q && !take));
  assign settle_d = clear_i ? '0 : {{ unit.phrases.settle_next }};
  assign start    = settle_q[{{ unit.delay_cycles }}-1];

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_settle
{% else %}  always_ff @(posedge clk_i) begin : p_settle
{% endif %}    if (!rst_ni) begin
      settle_q <= '0;
    end else begin
      settle_q <= settle_d;
    end
  end

  assign busy_o      = flushing_q || due_q;
  assign busy_next_o = flushing_d || due_d;
{% else if core.per_group() %}  // {% if core.group_zero_points %}Zero points{% else %}Scales{% endif %} are waited for from the cycle before the last accumulation is there.
  logic due_d, due_q;
  logic settled;
  logic first_d, first_q;
  logic last_q;

  assign start = due_q && {{ core.factors() }}_valid_i;
  assign due_d = !clear_i && (settled || (due_q && !start));

{% if unit.delay_cycles > 0 %}  logic {{ core.range(unit.delay_cycles) }} settle_d, settle_q;

  assign settle_d = clear_i ? '0 : {{ unit.phrases.settle_next }};
  assign settled  = settle_q[{{ unit.delay_cycles }}-1];

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_settle
{% else %}  always_ff @(posedge clk_i) begin : p_settle
{% endif %}    if (!rst_ni) begin
      settle_q <= '0;
    end else begin
      settle_q <= settle_d;
    end
  end

  assign busy_o      = flushing_q || draining_q || due_q || (|settle_q);
  assign busy_next_o = flushing_d || draining_d || due_d || (|settle_d);
{% else %}  assign settled     = group_done_i;
  assign busy_o      = flushing_q || draining_q || due_q;
  assign busy_next_o = flushing_d || draining_d || due_d;
{% endif %}{% else if unit.settle_cycles > 0 %}  // Wait for the last accumulation and the row's correction.
  logic {{ core.range(unit.settle_cycles) }} settle_d, settle_q;

  assign settle_d = clear_i ? '0 : {{ unit.phrases.settle_next }};
  assign start    = settle_q[{{ unit.settle_cycles }}-1];

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_settle
{% else %}  always_ff @(posedge clk_i) begin : p_settle
{% endif %}    if (!rst_ni) begin
      settle_q <= '0;
    end else begin
      settle_q <= settle_d;
    end
  end

  assign busy_o      = flushing_q || draining_q || (|settle_q);
  assign busy_next_o = flushing_d || draining_d || (|settle_d);
{% else %}  assign start       = run_done_i;
  assign busy_o      = flushing_q || draining_q;
  assign busy_next_o = flushing_d || draining_d;
{% endif %}
  // Position in the chain.
{% if unit.beat_bits > 0 %}  logic {{ core.range(unit.beat_bits) }} beat_d, beat_q;

  assign row_is_done = (beat_q == {{ unit.beat_bits }}'d{{ unit.last_beat }});
{% else %}  assign row_is_done = 1'b1;
{% endif %}{% if unit.row_bits > 0 %}  logic {{ core.range(unit.row_bits) }} row_d, row_q;

  assign is_done = row_is_done && (row_q == {{ unit.row_bits }}'d{{ unit.last_row }});
{% else %}  assign is_done = row_is_done;
{% endif %}
  assign kept  = {{ unit.phrases.kept }};
{% if core.scales %}  // What is scaled moves together, sent or not.
  assign shift = {{ unit.phrases.or_flushing }}(draining_q && result_ready_i);
{% else %}  assign shift = {{ unit.phrases.or_flushing }}(draining_q && (result_ready_i || !kept));
{% endif %}
  always_comb begin : p_next
    flushing_d     = {% if core.shadow %}1'b0{% else %}flushing_q && !is_done{% endif %};
    draining_d     = start || (draining_q && !(shift && is_done));
    rows_left_d    = rows_left_q;
    columns_left_d = columns_left_q;
    if (shift) begin
      if (row_is_done) begin
        columns_left_d = columns_q;
        if (rows_left_q != '0) rows_left_d = rows_left_q - {{ core.rows_bits }}'d1;
{% if unit.beat_bits > 0 %}      end else if (columns_left_q > {{ core.columns_bits }}'d{{ core.drain }}) begin
        columns_left_d = columns_left_q - {{ core.columns_bits }}'d{{ core.drain }};
      end else begin
        columns_left_d = '0;
{% endif %}      end
    end
    if ({{ unit.phrases.done }}) begin
      rows_left_d    = run_rows_i;
      columns_left_d = run_columns_i;
    end
    if (clear_i) begin
      flushing_d = 1'b1;
      draining_d = 1'b0;
    end
  end

{% if core.per_group() %}  // The product of a position is made while the one before it leaves.
  logic product_load;
{% if core.group_zero_points || (unit.beat_bits > 0 && !core.shadow) %}  logic product_of_last_beat;
{% endif %}
  assign product_load = start || (draining_q && shift && !is_done);
{% if unit.beat_bits > 0 %}  logic {{ core.range(unit.beat_bits) }} product_beat;

  assign product_beat         = (draining_q && !row_is_done) ? (beat_q + {{ unit.beat_bits }}'d1) : '0;
{% if core.group_zero_points || !core.shadow %}  assign product_of_last_beat = (product_beat == {{ unit.beat_bits }}'d{{ unit.last_beat }});
{% endif %}  assign product_beat_o       = product_beat;
{% else if core.group_zero_points %}  assign product_of_last_beat = 1'b1;
{% endif %}
  always_comb begin : p_first
    first_d = first_q;
    if (draining_q && shift && is_done) first_d = last_q;
    if (clear_i) first_d = 1'b1;
  end

{% endif %}{% if unit.beat_bits > 0 || unit.row_bits > 0 %}  always_comb begin : p_position
{% if unit.beat_bits > 0 %}    beat_d = beat_q;
    if (shift) beat_d = row_is_done ? '0 : (beat_q + {{ unit.beat_bits }}'d1);
    if (clear_i) beat_d = '0;
{% endif %}{% if unit.row_bits > 0 %}    row_d = row_q;
    if (shift && row_is_done) row_d = is_done ? '0 : (row_q + {{ unit.row_bits }}'d1);
    if (clear_i) row_d = '0;
{% endif %}  end

{% endif %}{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      flushing_q <= 1'b1;
      draining_q <= 1'b0;
{% if core.per_group() %}      due_q      <= 1'b0;
      first_q    <= 1'b1;
{% endif %}{% if unit.beat_bits > 0 %}      beat_q     <= '0;
{% endif %}{% if unit.row_bits > 0 %}      row_q      <= '0;
{% endif %}    end else begin
      flushing_q <= flushing_d;
      draining_q <= draining_d;
{% if core.per_group() %}      due_q      <= due_d;
      first_q    <= first_d;
{% endif %}{% if unit.beat_bits > 0 %}      beat_q     <= beat_d;
{% endif %}{% if unit.row_bits > 0 %}      row_q      <= row_d;
{% endif %}    end
  end

  always_ff @(posedge clk_i) begin : p_left
    rows_left_q    <= rows_left_d;
    columns_left_q <= columns_left_d;
    if ({{ unit.phrases.done }}) columns_q <= run_columns_i;
{% if core.per_group() %}    if ({{ unit.phrases.done }}) last_q <= run_last_i;
{% endif %}  end

  for (genvar i = 0; i < Drain; i++) begin : gen_keep
    assign result_keep_o[i] = (columns_left_q > {{ core.columns_bits }}'(i));
  end

  assign shift_o        = shift;
{% if unit.phrases.gives_row %}  assign row_o          = row_q;
{% endif %}{% if core.corrected %}  assign next_row_o     = start || (shift && row_is_done);
{% endif %}{% if core.group_zero_points %}  assign next_row_o     = {% if core.shadow %}product_load && product_of_last_beat{% else %}(product_load && product_of_last_beat) || (flushing_q && row_is_done){% endif %};
{% endif %}{% if core.scales %}  assign drains_o       = draining_q;
{% endif %}{% if core.per_group() %}  assign product_load_o = product_load;
  assign run_first_o    = first_q;
{% if !core.shadow %}  assign run_last_o     = last_q;
{% endif %}  assign {{ core.factors() }}_taken_o = {% if core.shadow %}take{% else %}start{% endif %};
{% if core.shadow %}  assign {{ core.factors() }}_next_o  = due_d && !(draining_d || (|settle_d));
  assign lanes_take_o   = flushing_q || {{ unit.phrases.lanes_take }};
{% if core.sums_activations() %}  assign rows_take_o    = flushing_q || take;
{% endif %}{% endif %}  assign {{ core.factors() }}_used_o  = {{ unit.phrases.last_use }};
{% endif %}  assign result_valid_o = draining_q && kept;
{% if unit.beat_bits > 0 %}  assign result_last_o  = (rows_left_q == {{ core.rows_bits }}'d1)
                          && (columns_left_q <= {{ core.columns_bits }}'d{{ core.drain }});
{% else %}  assign result_last_o  = (rows_left_q == {{ core.rows_bits }}'d1);
{% endif %}
endmodule

`default_nettype wire
