{% include "rtl/header.sv" %}// Stream control: holds one k-step and one weight beat, walks the {% if core.holds_weights %}cycles{% else %}bit planes{% endif %} of the {{ unit.phrases.walked }}, and
// raises the sticky flags. Both ready outputs come from registers: whether a register will be free
// is worked out one cycle ahead, from next states that are already known.
//
// A k-step takes {{ unit.phrases.planes_of_a_step }}; {{ core.max_steps }} k-steps are exact.
{% if core.per_group() %}// A quantisation group {% if core.told_of_groups %}ends with the k-step that says so, and{% else %}of {{ unit.phrases.group_steps }} k-step(s), or the rest of the run,{% endif %} is followed by one more
// weight beat, its {{ core.factors_text() }}. They stay in the weight register until the drain has {% if core.shadow %}taken{% else %}used{% endif %} them.
{% endif %}{% if core.heads %}// Another comes before it, its head, and leaves the weight register in one cycle.
{% endif %}
`default_nettype none

module {{ core.name }}_control (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // k-steps, from the activation stream.
  input  logic {{ core.bit() }} step_valid_i,
  output logic {{ core.bit() }} step_ready_o,
  output logic {{ core.bit() }} step_ready_next_o,
  output logic {{ core.bit() }} step_load_o,
  input  logic {{ core.bit() }} step_first_i,
  input  logic {{ core.bit() }} step_last_i,
{% if core.told_of_groups %}  input  logic {{ core.bit() }} step_group_last_i,
{% endif %}  input  logic {{ core.width(core.rows_bits) }} step_rows_i,
  input  logic {{ core.width(core.columns_bits) }} step_columns_i,
{% if core.run_bits_bits > 0 %}  input  logic {{ core.width(core.run_bits_bits) }} step_weight_bits_i,
{% endif %}{% if core.corrected %}  input  logic {{ core.width(core.zero_point_bits) }} step_zero_point_i,
{% endif %}{% if core.exponents_bits > 0 %}  input  logic {{ core.vector(core.exponents_bits) }} step_exponents_i,
{% endif %}
  // Weight beats.
  input  logic {{ core.bit() }} weight_valid_i,
  output logic {{ core.bit() }} weight_ready_o,
  output logic {{ core.bit() }} weight_load_o,
  input  logic {{ core.bit() }} weight_last_i,

  // Result drain: {% if core.shadow %}waited for now, in the next cycle{% else %}busy now, busy in the next cycle{% endif %}, and what it drains.
  input  logic {{ core.bit() }} drain_busy_i,
  input  logic {{ core.bit() }} drain_busy_next_i,
{% if core.per_group() %}  output logic {{ core.bit() }} group_done_o,
  output logic {{ core.bit() }} run_last_o,
{% else %}  output logic {{ core.bit() }} run_done_o,
{% endif %}  output logic {{ core.width(core.rows_bits) }} run_rows_o,
  output logic {{ core.width(core.columns_bits) }} run_columns_o,
{% if core.corrected %}  output logic {{ core.width(core.zero_point_bits) }} run_zero_point_o,
{% endif %}{% if core.exponents_bits > 0 %}  output logic {{ core.vector(core.exponents_bits) }} run_exponents_o,
{% endif %}{% if core.per_group() %}
{% if core.group_zero_points %}  // Zero points: a beat of them waits here; the drain starts on it and ends with it; one of those
  // that are multiplied now is illegal; the group under way is its run's last.
{% else %}  // Scales: a beat of them waits here; the drain starts on it and ends with it; the group under way
  // is its run's last.
{% endif %}  output logic {{ core.bit() }} {{ core.factors() }}_valid_o,
  input  logic {{ core.bit() }} {{ core.factors() }}_taken_i,
  input  logic {{ core.bit() }} {{ core.factors() }}_used_i,
{% if core.shadow %}  // The next cycle takes them, if they are there.
  input  logic {{ core.bit() }} {{ core.factors() }}_next_i,
{% endif %}{% if core.group_zero_points %}  input  logic {{ core.bit() }} zero_point_is_illegal_i,
{% endif %}  input  logic {{ core.bit() }} drain_run_last_i,
{% endif %}{% if core.heads %}
  // Heads: one leaves the weight register{% if core.heads_set_cycles %}; the last cycle of its group's k-steps{% endif %}{% if unit.phrases.checks_heads %}; it is none{% endif %}.
  output logic {{ core.bit() }} head_load_o,
{% if core.heads_set_cycles %}  input  logic {{ core.width(unit.plane_bits) }} head_last_cycle_i,
{% endif %}{% if unit.phrases.checks_heads %}  input  logic {{ core.bit() }} head_is_illegal_i,
{% endif %}{% endif %}{% if core.sums_activations() %}
  // First plane of a step, whose activations are counted once.
  output logic {{ core.bit() }} sum_enable_o,
{% endif %}{% if core.half_bits > 0 %}
  // Whether columns have two weights{% if unit.multiplies_late %}, and whether they had those that lanes
  // multiply now{% endif %}; the second of their sums.
  output logic {{ core.bit() }} pairs_o,
{% if unit.multiplies_late %}  output logic {{ core.bit() }} late_pairs_o,
{% endif %}  output logic {{ core.bit() }} accumulate_second_o,
{% endif %}
  // Lanes.
{% if core.enables_lanes %}  output logic {{ core.bit() }} lane_enable_o,
{% endif %}{% if core.holds_weights %}  output logic {{ core.width(unit.plane_bits) }} cycle_next_o,
{% endif %}  output logic {{ core.bit() }} accumulate_enable_o,
{% if core.passes %}  output logic {{ core.bit() }} accumulate_double_o,
{% else if core.early_planes && unit.plane_bits > 0 %}  output logic {{ core.width(unit.plane_bits) }} cycle_o,
{% else if unit.plane_bits > 0 %}  output logic {{ core.width(unit.plane_bits) }} accumulate_plane_o,
{% endif %}
  // Sticky until clear or reset.
  output logic {{ core.bit() }} error_o,
  output logic {{ core.bit() }} overflow_o
);

{% if unit.plane_bits > 0 && core.run_bits_bits == 0 && !core.passes && !core.heads_set_cycles %}  localparam logic {{ core.range(unit.plane_bits) }} LastPlane = {{ unit.plane_bits }}'d{{ unit.last_plane }};
{% endif %}  localparam logic {{ core.range(unit.step_count_bits) }} MaxSteps = {{ unit.step_count_bits }}'d{{ core.max_steps }};
{% if unit.group_step_bits > 0 %}  localparam logic {{ core.range(unit.group_step_bits) }} LastGroupStep = {{ unit.group_step_bits }}'d{{ unit.last_group_step }};
{% endif %}
  logic step_full_d, step_full_q;
  logic step_ready_d, step_ready_q;
  logic step_last_q{% if core.told_of_groups %}, group_is_done{% endif %};
  logic step_load, step_done;
  logic weight_full_d, weight_full_q;
  logic weight_ready_d, weight_ready_q;
  logic weight_last_q;
  logic weight_load;
  logic advance, advance_next;
{% if core.heads %}  logic head_load, head_due_d, head_due_q;
{% endif %}  logic plane_is_last, plane_is_last_next;
  logic run_starts;
  logic in_run_d, in_run_q;
  logic illegal_first, out_of_order, weight_out_of_step;
  logic error_d, error_q;
  logic overflow_d, overflow_q;
  logic {{ core.range(unit.step_count_bits) }} step_count_d, step_count_q;
  logic {{ core.range(core.rows_bits) }} rows_q;
  logic {{ core.range(core.columns_bits) }} columns_q;
{% if core.half_bits > 0 %}  logic pairs_q;
{% endif %}{% if core.corrected %}  logic {{ core.range(core.zero_point_bits) }} zero_point_q;
{% endif %}{% if core.exponents_bits > 0 %}  logic {{ core.range(core.exponents_bits) }} exponents_q;
{% endif %}
  // Handshakes.
  assign step_load   = step_valid_i && step_ready_q;
  assign weight_load = weight_valid_i && weight_ready_q;
  assign advance     = step_full_q && weight_full_q && {% if core.heads %}!head_due_q && {% endif %}!drain_busy_i;
  assign step_done   = advance && plane_is_last;

{% if core.per_group() %}  // {% if core.holds_weights %}Codes stay for all cycles of their k-step,{% else %}A plane is looked up once;{% endif %} {{ core.factors_text() }} {% if core.holds_weights %}{% else %}stay {% endif %}until the last product is made.
  logic weight_done;

  assign weight_done = {{ unit.phrases.used }} || {% if core.heads %}head_load || {% endif %}{{ core.factors() }}_used_i;

{% endif %}  assign step_full_d   = !clear_i && (step_load || (step_full_q && !step_done));
  assign weight_full_d = !clear_i && (weight_load || (weight_full_q && !{{ unit.phrases.weight_done }}));

{% if core.heads %}  // The first weight beat, and the one behind {{ core.factors_text() }}, is a head.
  assign head_load = weight_full_q && head_due_q;

  always_comb begin : p_head
    head_due_d = head_due_q;
    if (head_load) head_due_d = 1'b0;
    if (clear_i || {{ core.factors() }}_used_i) head_due_d = 1'b1;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_head_register
{% else %}  always_ff @(posedge clk_i) begin : p_head_register
{% endif %}    if (!rst_ni) begin
      head_due_q <= 1'b1;
    end else begin
      head_due_q <= head_due_d;
    end
  end

{% endif %}  // A full register is ready again if the cycle to come empties it for certain.
  assign advance_next   = step_full_d && weight_full_d && {% if core.heads %}!head_due_d && {% endif %}!drain_busy_next_i;
  assign step_ready_d   = !step_full_d || (advance_next && plane_is_last_next);
{% if core.shadow %}  // So do {{ core.factors_text() }} that the next cycle takes.
  assign weight_ready_d = !weight_full_d || {{ unit.phrases.emptied_next }}{% if core.heads %} || head_due_d
                          {% else %} {% endif %}|| {{ core.factors() }}_next_i;
{% else %}  assign weight_ready_d = !weight_full_d || {{ unit.phrases.emptied_next }}{% if core.heads %} || head_due_d{% endif %};
{% endif %}
{% if core.passes %}  // Bit planes, most significant first. The first step of a pass starts the next plane, or after
  // plane 0 the next run.
  logic {{ core.range(unit.plane_bits) }} plane_d, plane_q;
  logic pass_is_first_d, pass_is_first_q;
  logic step_first_q;

  assign run_starts = step_first_i && (plane_q == '0);

  always_comb begin : p_plane
    plane_d         = plane_q;
    pass_is_first_d = pass_is_first_q;
    if (step_load && step_first_i) begin
      plane_d         = run_starts ? {{ unit.phrases.first_plane }} : (plane_q - {{ unit.plane_bits }}'d1);
      pass_is_first_d = run_starts;
    end
    if (clear_i) plane_d = '0;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_plane_register
{% else %}  always_ff @(posedge clk_i) begin : p_plane_register
{% endif %}    if (!rst_ni) begin
      plane_q <= '0;
    end else begin
      plane_q <= plane_d;
    end
  end

  // Every pass has as many steps as the first.
  logic pass_differs;
  logic {{ core.range(unit.step_count_bits) }} pass_steps_q;

  assign pass_differs = step_last_i && !pass_is_first_d && (step_count_d != pass_steps_q);

  always_ff @(posedge clk_i) begin : p_pass
    pass_is_first_q <= pass_is_first_d;
    if (step_load) step_first_q <= step_first_i;
    if (step_load && step_last_i && pass_is_first_d) pass_steps_q <= step_count_d;
  end

  // One beat is a whole step of its pass.
  assign plane_is_last      = 1'b1;
  assign plane_is_last_next = 1'b1;
{% else if unit.plane_bits > 0 %}  assign run_starts = step_first_i;

  // Bit planes, least significant first.
  logic {{ core.range(unit.plane_bits) }} plane_d, plane_q;

  always_comb begin : p_plane
    plane_d = plane_q;
    if (clear_i || step_done) begin
      plane_d = '0;
    end else if (advance) begin
      plane_d = plane_q + {{ unit.plane_bits }}'d1;
    end
  end

{% if core.heads_set_cycles %}  // The last cycle of the group's k-steps, from its head on.
  logic {{ core.range(unit.plane_bits) }} last_plane_d, last_plane_q;

  assign last_plane_d = head_load ? head_last_cycle_i : last_plane_q;

  always_ff @(posedge clk_i) begin : p_last_plane_register
    last_plane_q <= last_plane_d;
  end

  assign plane_is_last      = (plane_q == last_plane_q);
  assign plane_is_last_next = (plane_d == last_plane_d);
{% else if core.run_bits_bits > 0 %}  // The run's last plane, from its first step on.
  logic {{ core.range(unit.plane_bits) }} last_plane_d, last_plane_q;

  always_comb begin : p_last_plane
    last_plane_d = last_plane_q;
    if (step_load && run_starts) begin
      last_plane_d = {{ unit.phrases.run_last_plane }};
    end
  end

  always_ff @(posedge clk_i) begin : p_last_plane_register
    last_plane_q <= last_plane_d;
  end

  assign plane_is_last      = (plane_q == last_plane_q);
  assign plane_is_last_next = (plane_d == last_plane_d);
{% else %}  assign plane_is_last      = (plane_q == LastPlane);
  assign plane_is_last_next = (plane_d == LastPlane);
{% endif %}
{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_plane_register
{% else %}  always_ff @(posedge clk_i) begin : p_plane_register
{% endif %}    if (!rst_ni) begin
      plane_q <= '0;
    end else begin
      plane_q <= plane_d;
    end
  end
{% else %}  assign run_starts = step_first_i;

  // One beat is a whole step.
  assign plane_is_last      = 1'b1;
  assign plane_is_last_next = 1'b1;
{% endif %}
{% if core.per_group() && !core.told_of_groups %}  // Quantisation groups are counted from the start of the run.
  logic group_is_done;

{% if unit.group_step_bits > 0 %}  logic {{ core.range(unit.group_step_bits) }} group_step_d, group_step_q;

  assign group_is_done = step_last_q || (group_step_q == LastGroupStep);

  always_comb begin : p_group
    group_step_d = group_step_q;
    if (clear_i) begin
      group_step_d = '0;
    end else if (step_done) begin
      group_step_d = group_is_done ? '0 : (group_step_q + {{ unit.group_step_bits }}'d1);
    end
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_group_register
{% else %}  always_ff @(posedge clk_i) begin : p_group_register
{% endif %}    if (!rst_ni) begin
      group_step_q <= '0;
    end else begin
      group_step_q <= group_step_d;
    end
  end
{% else %}  assign group_is_done = 1'b1;
{% endif %}
{% endif %}{% if core.corrected %}  // A reinterpreted zero point is odd; 0 marks a grid without one.
  logic zero_point_is_illegal;

{% if core.run_bits_bits > 0 %}  // One of b-bit weights has the same sign in all bits from bit b on.
  logic {{ core.range(core.zero_point_bits) }} zero_point_high;

  assign zero_point_high = $signed(step_zero_point_i) >>> step_weight_bits_i;
  assign zero_point_is_illegal = (!step_zero_point_i[0] && (step_zero_point_i != '0))
                                 || ((zero_point_high != '0) && (zero_point_high != '1));
{% else %}  assign zero_point_is_illegal = !step_zero_point_i[0] && (step_zero_point_i != '0);
{% endif %}
{% endif %}  // Protocol checks.
  always_comb begin : p_check
{% if unit.counts_can_be_zero %}    illegal_first = 1'b0;
{% else %}    illegal_first = (step_rows_i == '0) || (step_columns_i == '0);
{% endif %}{% if unit.rows_can_exceed %}    if (step_rows_i > {{ core.rows_bits }}'d{{ core.m }}) illegal_first = 1'b1;
{% endif %}{% if unit.columns_can_exceed %}    if (step_columns_i > {{ core.columns_bits }}'d{{ core.n }}) illegal_first = 1'b1;
{% endif %}{% if core.half_bits > 0 %}    if ((step_weight_bits_i != {{ core.run_bits_bits }}'d{{ core.half_bits }})
        && (step_weight_bits_i != {{ core.run_bits_bits }}'d{{ core.weight.bits() }})) begin
      illegal_first = 1'b1;
    end
{% else if core.run_bits_bits > 0 %}    if (step_weight_bits_i == '0) illegal_first = 1'b1;
{% endif %}{% if unit.run_bits_can_exceed %}    if (step_weight_bits_i > {{ core.run_bits_bits }}'d{{ core.weight.bits() }}) illegal_first = 1'b1;
{% endif %}{% if core.corrected %}    if (zero_point_is_illegal) illegal_first = 1'b1;
{% endif %}    out_of_order = (step_first_i == in_run_q);
    weight_out_of_step = {{ unit.phrases.weight_out_of_step }};

    in_run_d = in_run_q;
    if (step_load) in_run_d = !step_last_i;
    if (clear_i) in_run_d = 1'b0;

    error_d = error_q;
    if (step_load && (out_of_order || (run_starts && illegal_first))) error_d = 1'b1;
{% if core.passes %}    if (step_load && pass_differs) error_d = 1'b1;
{% endif %}    if ({{ unit.phrases.weight_checked }} && weight_out_of_step) error_d = 1'b1;
{% if core.group_zero_points %}    if (zero_point_is_illegal_i) error_d = 1'b1;
{% endif %}{% if unit.phrases.checks_heads %}    if (head_load && head_is_illegal_i) error_d = 1'b1;
{% endif %}    if (clear_i) error_d = 1'b0;
  end

  // Length of the run in k-steps, held at the largest exact length.
  always_comb begin : p_length
    step_count_d = step_count_q;
    overflow_d   = overflow_q;
    if (step_load) begin
      if (step_first_i) begin
        step_count_d = {{ unit.step_count_bits }}'d1;
      end else if (step_count_q == MaxSteps) begin
        overflow_d = 1'b1;
      end else begin
        step_count_d = step_count_q + {{ unit.step_count_bits }}'d1;
      end
    end
    if (clear_i) overflow_d = 1'b0;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      step_full_q    <= 1'b0;
      step_ready_q   <= 1'b0;
      weight_full_q  <= 1'b0;
      weight_ready_q <= 1'b0;
      in_run_q       <= 1'b0;
      error_q        <= 1'b0;
      overflow_q     <= 1'b0;
      step_count_q   <= '0;
    end else begin
      step_full_q    <= step_full_d;
      step_ready_q   <= step_ready_d;
      weight_full_q  <= weight_full_d;
      weight_ready_q <= weight_ready_d;
      in_run_q       <= in_run_d;
      error_q        <= error_d;
      overflow_q     <= overflow_d;
      step_count_q   <= step_count_d;
    end
  end

  // Properties of the step and of the run it belongs to; meaningful only while full.
  always_ff @(posedge clk_i) begin : p_properties
    if (step_load) step_last_q <= step_last_i;
{% if core.told_of_groups %}    if (step_load) group_is_done <= step_group_last_i;
{% endif %}    if (weight_load) weight_last_q <= weight_last_i;
    if (step_load && run_starts) begin
      rows_q       <= step_rows_i;
      columns_q    <= step_columns_i;
{% if core.half_bits > 0 %}      pairs_q      <= (step_weight_bits_i == {{ core.run_bits_bits }}'d{{ core.half_bits }});
{% endif %}{% if core.corrected %}      zero_point_q <= step_zero_point_i;
{% endif %}{% if core.exponents_bits > 0 && !core.group_blocks %}      exponents_q  <= step_exponents_i;
{% endif %}    end
{% if core.group_blocks %}    // Those of its quantisation group, in every k-step.
    if (step_load) exponents_q <= step_exponents_i;
{% endif %}  end

{% if unit.stages > 0 %}  // The accumulators follow the table look-up by {{ unit.stages }} cycle(s).
  logic {{ core.range(unit.stages) }} accumulate_enable_q;

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_accumulate_enable
{% else %}  always_ff @(posedge clk_i) begin : p_accumulate_enable
{% endif %}    if (!rst_ni) begin
      accumulate_enable_q <= '0;
    end else begin
      accumulate_enable_q <= clear_i ? '0 : {{ unit.phrases.enable_next }};
    end
  end

  assign accumulate_enable_o = accumulate_enable_q[{{ unit.stages }}-1];
{% if core.passes %}
  // Sums that nothing is added to stay as they are.
  logic {{ core.range(unit.delayed_bits) }} accumulate_double_q;

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_accumulate_double
{% else %}  always_ff @(posedge clk_i) begin : p_accumulate_double
{% endif %}    if (!rst_ni) begin
      accumulate_double_q <= '0;
    end else begin
      accumulate_double_q <= clear_i ? '0 : {{ unit.phrases.double_next }};
    end
  end

  assign accumulate_double_o = accumulate_double_q[{{ unit.stages }}-1];
{% else if unit.delayed_bits > 0 %}
  logic {{ core.range(unit.delayed_bits) }} accumulate_plane_q;

  always_ff @(posedge clk_i) begin : p_accumulate_plane
    accumulate_plane_q <= {{ unit.phrases.plane_next }};
  end

  assign accumulate_plane_o = accumulate_plane_q[{{ unit.delayed_bits }}-1 -: {{ unit.plane_bits }}];
{% endif %}{% else %}  assign accumulate_enable_o = advance;
{% if core.passes %}  assign accumulate_double_o = advance && step_first_q;
{% else if unit.plane_bits > 0 && !core.early_planes %}  assign accumulate_plane_o  = plane_q;
{% endif %}{% endif %}{% if core.half_bits > 0 %}{% if unit.stages > 0 %}
  // The lanes have drained before another run's weights reach them.
  logic late_pairs_q;

  always_ff @(posedge clk_i) begin : p_late_pairs
    if (advance) late_pairs_q <= pairs_q;
  end

  assign accumulate_second_o = accumulate_enable_q[{{ unit.stages }}-1] && late_pairs_q;
{% if unit.multiplies_late %}  assign late_pairs_o        = late_pairs_q;
{% endif %}{% else %}
  assign accumulate_second_o = advance && pairs_q;
{% endif %}  assign pairs_o             = pairs_q;
{% endif %}
  assign step_ready_o      = step_ready_q;
  assign step_ready_next_o = step_ready_d;
  assign step_load_o       = step_load;
  assign weight_ready_o    = weight_ready_q;
  assign weight_load_o     = weight_load;
{% if core.per_group() %}  assign group_done_o      = step_done && group_is_done;
  assign run_last_o        = step_last_q;
  assign {{ core.factors() }}_valid_o = weight_full_q;
{% else %}  assign run_done_o        = {{ unit.phrases.run_done }};
{% endif %}  assign run_rows_o        = rows_q;
  assign run_columns_o     = columns_q;
{% if core.corrected %}  assign run_zero_point_o  = zero_point_q;
{% endif %}{% if core.exponents_bits > 0 %}  assign run_exponents_o   = exponents_q;
{% endif %}{% if core.heads %}  assign head_load_o       = head_load;
{% endif %}{% if core.sums_activations() %}  assign sum_enable_o      = {{ unit.phrases.sum_enable }};
{% endif %}{% if core.enables_lanes %}  assign lane_enable_o     = advance;
{% endif %}{% if core.holds_weights %}  assign cycle_next_o      = plane_d;
{% endif %}{% if core.early_planes && unit.plane_bits > 0 %}  assign cycle_o           = plane_q;
{% endif %}  assign error_o           = error_q;
  assign overflow_o        = overflow_q;

endmodule

`default_nettype wire
