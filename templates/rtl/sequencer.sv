{% include "rtl/header.sv" %}// Sequencer: runs O[M,N] = A[M,K] x W[N,K] + C tile by tile as command words say. Tiles of
// {{ core.n }} column(s) one after the other, in each the tiles of {{ core.m }} row(s), in each the k-steps of K.
// It describes the k-step that the activation port takes next; the weights follow from k-step to
// k-step, at most two behind and never beyond the one that is described.{% if unit.step_number_bits.is_some() %} K-steps of zeros are skipped, but
// for the last of {% if core.per_group() %}a quantisation group{% else %}a pass over K{% endif %}; so weights wait until their k-step is taken.{% endif %}{% if core.per_group() %}
// {% if core.heads %}A head comes before the weights of each quantisation group, its {{ core.factors_text() }} behind them.{% else %}One more weight beat follows the last plane of each quantisation group.{% endif %}{% endif %}
//
// An illegal command raises the error and is dropped. A command takes {{ unit.word_bits }} bits.

`default_nettype none

module {{ core.name }}_sequencer (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // Command words.
  input  logic {{ core.bit() }} command_valid_i,
  output logic {{ core.bit() }} command_ready_o,
  input  logic {{ core.width(unit.word_bits) }} command_data_i,

  // The k-step that the core takes next, and that it does.
  input  logic {{ core.bit() }} step_taken_i,
  output logic {{ core.bit() }} step_valid_o,
  output logic {{ core.bit() }} step_first_o,
  output logic {{ core.bit() }} step_last_o,
{% if core.told_of_groups %}  output logic {{ core.bit() }} step_group_last_o,
{% endif %}  output logic {{ core.width(core.rows_bits) }} step_rows_o,
  output logic {{ core.width(core.columns_bits) }} step_columns_o,
{% if unit.runtime %}  output logic {{ core.width(core.run_bits_bits) }} step_weight_bits_o,
{% endif %}{% if unit.corrected %}  output logic {{ core.width(core.zero_point_bits) }} step_zero_point_o,
{% endif %}{% if unit.phrases.masked %}  output logic {{ core.vector(core.elements_per_step) }} step_keep_o,
{% endif %}
{% if unit.tells_activation_passes %}
  // Passes over A, one for each column of tiles: the k-step ends one; it is in the last.
  output logic {{ core.bit() }} activation_pass_ends_o,
  output logic {{ core.bit() }} activation_pass_is_final_o,
{% endif %}{% if unit.step_number_bits.is_some() %}
  // All activations of the k-step are zero, and it is skipped: taken, but not by the core.
  input  logic {{ core.bit() }} step_is_zero_i,
  output logic {{ core.bit() }} step_skipped_o,

  // A k-step whose weights are wanted.
  output logic {{ core.bit() }} fetch_valid_o,
  output logic {{ core.width(unit.phrases.number_bits) }} fetch_step_o,
{% endif %}
  // The weight beat that the core takes next, and that it does.
  input  logic {{ core.bit() }} weight_taken_i,
  output logic {{ core.bit() }} weight_valid_o,
  output logic {{ core.bit() }} weight_last_o,
{% if unit.tells_weight_passes %}  // The last tile of its column of tiles.
  output logic {{ core.bit() }} weight_pass_is_final_o,
{% endif %}
  // A tile whose weights are all taken: whether it is its command's last,{% if unit.accumulates %} whether C is added,{% endif %} number.
  input  logic {{ core.bit() }} tile_ready_i,
  output logic {{ core.bit() }} tile_valid_o,
  output logic {{ core.width(unit.tile_bits) }} tile_o,

  // Sticky until clear or reset.
  output logic {{ core.bit() }} error_o
);

  localparam int KBits = {{ unit.k_bits }};
  localparam int StepBits = {{ unit.step_bits }};
  localparam int TileBits = {{ unit.tile_bits }};

  // What is the same in every command of this core.
  localparam logic {{ core.range(unit.word_bits) }} FixedMask = {{ unit.word_bits }}'h{{ unit.phrases.fixed_mask }};
  localparam logic {{ core.range(unit.word_bits) }} FixedValue = {{ unit.word_bits }}'h{{ unit.phrases.fixed_value }};

  // The command that waits.
  logic waiting_d, waiting_q, ready_d, ready_q, known_q;
  logic accept, start, is_legal;
  logic {{ core.range(unit.fields.m[1]) }} next_m_q;
  logic {{ core.range(unit.fields.n[1]) }} next_n_q;
  logic {{ core.range(unit.fields.k[1]) }} next_k_q;
{% if unit.runtime %}  logic {{ core.range(unit.fields.weight[1]) }} next_weight_q;
{% endif %}{% if unit.corrected %}  logic {{ core.range(unit.fields.zero_point[1]) }} next_zero_point_q;
{% endif %}{% if unit.accumulates %}  logic next_accumulate_q;
{% endif %}  logic {{ core.range(unit.fields.id[1]) }} next_id_q;

  assign accept    = command_valid_i && ready_q;
  assign waiting_d = !clear_i && (accept || (waiting_q && is_legal && !start));
  assign ready_d   = !waiting_d;

  always_ff @(posedge clk_i) begin : p_next
    if (accept) begin
      known_q           <= (command_data_i & FixedMask) == FixedValue;
      next_m_q          <= command_data_i[{{ unit.fields.m[0] }} +: {{ unit.fields.m[1] }}];
      next_n_q          <= command_data_i[{{ unit.fields.n[0] }} +: {{ unit.fields.n[1] }}];
      next_k_q          <= command_data_i[{{ unit.fields.k[0] }} +: {{ unit.fields.k[1] }}];
{% if unit.runtime %}      next_weight_q     <= command_data_i[{{ unit.fields.weight[0] }} +: {{ unit.fields.weight[1] }}];
{% endif %}{% if unit.corrected %}      next_zero_point_q <= command_data_i[{{ unit.fields.zero_point[0] }} +: {{ unit.fields.zero_point[1] }}];
{% endif %}{% if unit.accumulates %}      next_accumulate_q <= command_data_i[{{ unit.fields.accumulate[0] }}];
{% endif %}      next_id_q         <= command_data_i[{{ unit.fields.id[0] }} +: {{ unit.fields.id[1] }}];
    end
  end

{% if unit.corrected %}  // A reinterpreted zero point is odd; 0 marks a grid without one.
  logic zero_point_is_legal;
{% if unit.zero_point_can_exceed %}
  // One of b-bit weights has the same sign in all bits from bit b on.
  logic {{ core.range(unit.fields.zero_point[1]) }} zero_point_high;

  assign zero_point_high = $signed(next_zero_point_q) >>> {{ unit.phrases.weight_bits }};
  assign zero_point_is_legal = (next_zero_point_q[0] || (next_zero_point_q == '0))
                               && ((zero_point_high == '0) || (zero_point_high == '1));
{% else %}  assign zero_point_is_legal = next_zero_point_q[0] || (next_zero_point_q == '0);
{% endif %}
{% endif %}  assign is_legal = known_q && (next_m_q != '0) && (next_n_q != '0) && (next_k_q != '0)
{% if unit.runtime %}                    && (next_weight_q != '0) && (next_weight_q <= {{ unit.fields.weight[1] }}'d{{ core.weight.bits() }})
{% endif %}{% if unit.corrected %}                    && zero_point_is_legal
{% endif %}                    && (next_k_q <= {{ unit.fields.k[1] }}'d{{ unit.max_k }});

  // The command under way: what is left of it, with the k-step that is described.
  logic active_d, active_q, first_q;
  logic {{ core.range(unit.fields.m[1]) }} m_q, rows_left_d, rows_left_q;
  logic {{ core.range(unit.fields.n[1]) }} columns_left_d, columns_left_q;
  logic [KBits-1:0] next_k, k_q, k_left_d, k_left_q;
{% if unit.runtime %}  logic {{ core.range(core.run_bits_bits) }} weight_bits_q;
{% endif %}{% if unit.corrected %}  logic {{ core.range(core.zero_point_bits) }} zero_point_q;
{% endif %}{% if unit.accumulates %}  logic accumulate_q;
{% endif %}  logic {{ core.range(unit.fields.id[1]) }} id_q;
  logic step_enters, step_is_last, pass_is_last, row_is_last, column_is_last;
  logic tile_is_done, command_is_done;

{% if core.told_of_groups %}  // Quantisation groups: whether the k-step ends one.
  logic {{ core.range(unit.group_step_bits) }} group_step_d, group_step_q;
  logic group_step_is_last, step_ends_group;

  assign group_step_is_last = (group_step_q == {{ unit.group_step_bits }}'d{{ unit.last_group_step }});
  assign step_ends_group    = group_step_is_last || step_is_last;

  always_comb begin : p_group
    group_step_d = group_step_q;
    if (step_taken_i) group_step_d = step_ends_group ? '0 : (group_step_q + {{ unit.group_step_bits }}'d1);
    if (start) group_step_d = '0;
  end

  always_ff @(posedge clk_i) begin : p_group_register
    group_step_q <= group_step_d;
  end

{% endif %}{% if unit.phrases.group_has_tail %}  // Elements of K in the k-step: a group ends within its last one.
  logic [KBits-1:0] step_elements;

  assign step_elements = {{ unit.phrases.elements }};

{% endif %}  assign next_k          = {{ unit.phrases.next_k }};
  assign step_is_last    = (k_left_q <= {{ unit.phrases.step_elements }});
  assign row_is_last     = (rows_left_q <= {{ unit.fields.m[1] }}'d{{ core.m }});
  assign column_is_last  = (columns_left_q <= {{ unit.fields.n[1] }}'d{{ core.n }});
  assign tile_is_done    = step_taken_i && step_is_last && pass_is_last;
  assign command_is_done = tile_is_done && row_is_last && column_is_last;
  assign start           = waiting_q && is_legal && (!active_q || command_is_done);
  assign active_d        = !clear_i && (start || (active_q && !command_is_done));

{% if unit.pass_bits > 0 %}  // Passes over K, one for each bit plane.
  logic {{ core.range(unit.pass_bits) }} pass_d, pass_q, last_pass;

  assign last_pass    = {{ unit.phrases.last_plane }};
  assign pass_is_last = (pass_q == last_pass);

  always_comb begin : p_pass
    pass_d = pass_q;
    if (step_taken_i && step_is_last) pass_d = pass_is_last ? '0 : (pass_q + {{ unit.pass_bits }}'d1);
    if (start) pass_d = '0;
  end

  always_ff @(posedge clk_i) begin : p_pass_register
    pass_q <= pass_d;
  end

{% else %}  assign pass_is_last = 1'b1;

{% endif %}  always_comb begin : p_walk
    rows_left_d    = rows_left_q;
    columns_left_d = columns_left_q;
    k_left_d       = k_left_q;
    if (step_taken_i) k_left_d = step_is_last ? k_q : (k_left_q - {{ unit.phrases.step_elements }});
    if (tile_is_done) begin
      rows_left_d = row_is_last ? m_q : (rows_left_q - {{ unit.fields.m[1] }}'d{{ core.m }});
      if (row_is_last) columns_left_d = columns_left_q - {{ unit.fields.n[1] }}'d{{ core.n }};
    end
    if (start) begin
      rows_left_d    = next_m_q;
      columns_left_d = next_n_q;
      k_left_d       = next_k;
    end
  end

  always_ff @(posedge clk_i) begin : p_walk_register
    rows_left_q    <= rows_left_d;
    columns_left_q <= columns_left_d;
    k_left_q       <= k_left_d;
    if (start) begin
      m_q          <= next_m_q;
      k_q          <= next_k;
{% if unit.runtime %}      weight_bits_q <= next_weight_q{{ unit.phrases.weight_bits_range }};
{% endif %}{% if unit.corrected %}      zero_point_q <= next_zero_point_q{{ unit.phrases.zero_point_range }};
{% endif %}{% if unit.accumulates %}      accumulate_q <= next_accumulate_q;
{% endif %}      id_q         <= next_id_q;
    end
    if (start || step_enters) first_q <= start || step_is_last;
  end

{% if unit.step_number_bits.is_some() %}  // Skipped k-steps, and the numbers of the others.
  logic fetch_valid_d, fetch_valid_q;
  logic {{ core.range(unit.phrases.number_bits) }} number_d, number_q, fetch_step_q;

  assign step_skipped_o = step_is_zero_i && !{% if core.told_of_groups %}step_ends_group{% else %}step_is_last{% endif %};
  assign step_enters    = step_taken_i && !step_skipped_o;
  assign fetch_valid_d  = step_enters && !clear_i;

  always_comb begin : p_number
    number_d = number_q;
    if (step_taken_i) number_d = step_is_last ? '0 : (number_q + {{ unit.phrases.number_bits }}'d1);
    if (start) number_d = '0;
  end

  always_ff @(posedge clk_i) begin : p_number_register
    number_q <= number_d;
    if (step_enters) fetch_step_q <= number_q;
  end

  assign fetch_valid_o = fetch_valid_q;
  assign fetch_step_o  = fetch_step_q;

{% else %}  assign step_enters = step_taken_i;

{% endif %}  // What is told of the k-step to its weights{% if unit.pass_bits > 0 %}: last of its tile and of its pass{% else %}: last of its tile{% if core.told_of_groups %}
  // and of its quantisation group{% endif %}{% endif %}.
  logic [StepBits-1:0] step, weight_step;
  logic [StepBits-1:0] head_d, head_q, second_d, second_q;
  logic [1:0] ahead_steps_d, ahead_steps_q;
{% if unit.step_number_bits.is_none() %}  logic weights_ahead_d, weights_ahead_q;
{% endif %}  logic weight_step_is_last, weight_tile_is_last, plane_is_last, weights_done;
{% if core.told_of_groups %}  logic weight_step_ends_group;
{% endif %}  logic push, pop, push_head;
{% if unit.phrases.tells_plane %}  logic {{ core.range(unit.plane_bits) }} last_plane, weight_last_plane;
{% endif %}  logic [TileBits-1:0] tile;

  assign tile = {id_q, {% if unit.accumulates %}accumulate_q, {% endif %}row_is_last && column_is_last};
{% if unit.phrases.tells_plane %}  assign last_plane = {{ unit.phrases.last_plane }};
{% endif %}  assign step = {tile, {% if unit.phrases.tells_plane %}last_plane, {% endif %}{% if unit.tells_weight_passes %}row_is_last, {% endif %}{% if unit.pass_bits > 0 %}step_is_last && pass_is_last, {% endif %}{% if core.told_of_groups %}step_ends_group, {% endif %}step_is_last};

{% if unit.step_number_bits.is_some() %}  // The weights of the oldest k-step that lacks some.
  assign weight_step = head_q;
{% else %}  // The weights of the oldest k-step that lacks some: one that was taken, or the one that is
  // described, unless its weights were all ahead of it.
  assign weight_step = (ahead_steps_q != 2'd0) ? head_q : step;
{% endif %}  assign {
      tile_o,
{% if unit.phrases.tells_plane %}      weight_last_plane,
{% endif %}{% if unit.tells_weight_passes %}      weight_pass_is_final_o,
{% endif %}{% if unit.pass_bits > 0 %}      weight_tile_is_last,
{% endif %}{% if core.told_of_groups %}      weight_step_ends_group,
{% endif %}      weight_step_is_last
  } = weight_step;
{% if unit.pass_bits == 0 %}  assign weight_tile_is_last = weight_step_is_last;
{% endif %}
{% if unit.step_number_bits.is_some() %}  assign weight_valid_o = tile_ready_i && (ahead_steps_q != 2'd0);
{% else %}  assign weight_valid_o = tile_ready_i
                          && ((ahead_steps_q != 2'd0) || (active_q && !weights_ahead_q));
{% endif %}  assign weights_done   = weight_taken_i && plane_is_last;
  assign tile_valid_o   = weights_done && weight_tile_is_last;

{% if unit.step_number_bits.is_some() %}  assign pop       = weights_done;
  assign push      = step_enters;
{% else %}  assign pop       = weights_done && (ahead_steps_q != 2'd0);
  assign push      = step_taken_i && !weights_ahead_q
                     && !(weights_done && (ahead_steps_q == 2'd0));
{% endif %}  assign push_head = (ahead_steps_q == 2'd0) || ((ahead_steps_q == 2'd1) && pop);
  assign head_d    = (push && push_head) ? step : (pop ? second_q : head_q);
  assign second_d  = (push && !push_head) ? step : second_q;

  always_comb begin : p_ahead
    ahead_steps_d   = ahead_steps_q;
{% if unit.step_number_bits.is_none() %}    weights_ahead_d = weights_ahead_q;
{% endif %}    if (push && !pop) ahead_steps_d = ahead_steps_q + 2'd1;
    if (pop && !push) ahead_steps_d = ahead_steps_q - 2'd1;
{% if unit.step_number_bits.is_some() %}    if (clear_i) ahead_steps_d = '0;
{% else %}    if (weights_done && (ahead_steps_q == 2'd0)) weights_ahead_d = 1'b1;
    if (step_taken_i) weights_ahead_d = 1'b0;
    if (clear_i) begin
      ahead_steps_d   = '0;
      weights_ahead_d = 1'b0;
    end
{% endif %}  end

  always_ff @(posedge clk_i) begin : p_steps
    head_q   <= head_d;
    second_q <= second_d;
  end

{% if unit.plane_bits > 0 %}  // Bit planes of a k-step{% if core.per_group() %}, and the {{ core.factors_text() }} behind those of a quantisation group{% endif %}.
  logic {{ core.range(unit.plane_bits) }} plane_d, plane_q;

{% if core.heads %}  // The first beat of a quantisation group is its head, which counts as none of its k-step's.
  logic head_due_d, head_due_q;

  assign plane_is_last = !head_due_q && (plane_q == {{ unit.phrases.weight_last_plane }});

  always_comb begin : p_head
    head_due_d = head_due_q;
    if (weight_taken_i) head_due_d = {{ unit.phrases.group_is_done }};
    if (clear_i) head_due_d = 1'b1;
  end

{% else %}  assign plane_is_last = (plane_q == {{ unit.phrases.weight_last_plane }});

{% endif %}  always_comb begin : p_plane
    plane_d = plane_q;
    if (weight_taken_i{% if core.heads %} && !head_due_q{% endif %}) plane_d = plane_is_last ? '0 : (plane_q + {{ unit.plane_bits }}'d1);
    if (clear_i) plane_d = '0;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_plane_register
{% else %}  always_ff @(posedge clk_i) begin : p_plane_register
{% endif %}    if (!rst_ni) begin
      plane_q    <= '0;
{% if core.heads %}      head_due_q <= 1'b1;
{% endif %}    end else begin
      plane_q    <= plane_d;
{% if core.heads %}      head_due_q <= head_due_d;
{% endif %}    end
  end
{% else %}  // One beat is a whole step.
  assign plane_is_last = 1'b1;
{% endif %}
  // Illegal commands.
  logic error_d, error_q;

  assign error_d = !clear_i && (error_q || (waiting_q && !is_legal));

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      waiting_q       <= 1'b0;
      ready_q         <= 1'b0;
      active_q        <= 1'b0;
      error_q         <= 1'b0;
      ahead_steps_q   <= '0;
{% if unit.step_number_bits.is_some() %}      fetch_valid_q   <= 1'b0;
{% else %}      weights_ahead_q <= 1'b0;
{% endif %}    end else begin
      waiting_q       <= waiting_d;
      ready_q         <= ready_d;
      active_q        <= active_d;
      error_q         <= error_d;
      ahead_steps_q   <= ahead_steps_d;
{% if unit.step_number_bits.is_some() %}      fetch_valid_q   <= fetch_valid_d;
{% else %}      weights_ahead_q <= weights_ahead_d;
{% endif %}    end
  end

{% if unit.phrases.masked %}  for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_keep
    assign step_keep_o[i] = (k_left_q > KBits'(i)){% if unit.phrases.group_has_tail %} && (step_elements > KBits'(i)){% endif %};
  end

{% endif %}  assign command_ready_o = ready_q;
  assign step_valid_o    = active_q && (ahead_steps_q != 2'd2);
  assign step_first_o    = first_q;
  assign step_last_o     = step_is_last;
{% if core.told_of_groups %}  assign step_group_last_o = step_ends_group;
{% endif %}  assign step_rows_o     = row_is_last ? rows_left_q{{ unit.phrases.rows_range }} : {{ core.rows_bits }}'d{{ core.m }};
  assign step_columns_o  = column_is_last ? columns_left_q{{ unit.phrases.columns_range }} : {{ core.columns_bits }}'d{{ core.n }};
{% if unit.runtime %}  assign step_weight_bits_o = weight_bits_q;
{% endif %}{% if unit.corrected %}  assign step_zero_point_o = zero_point_q;
{% endif %}{% if unit.tells_activation_passes %}  assign activation_pass_ends_o     = tile_is_done && row_is_last;
  assign activation_pass_is_final_o = column_is_last;
{% endif %}  assign weight_last_o   = weight_step_is_last && plane_is_last;
  assign error_o         = error_q;

endmodule

`default_nettype wire
