{% include "rtl/header.sv" %}// {{ unit.summary }}
//
{% for line in unit.notes %}// {{ line }}
{% endfor %}
`default_nettype none

module {{ unit.phrases.module }} (
{% for group in unit.port_groups %}  // {{ group.comment }}
{% for port in group.ports %}  {{ port.direction }} logic {{ core.width(port.bits) }} {{ port.name }}{% if !(loop.last && group.is_last) %},{% endif %}
{% endfor %}{% if !group.is_last %}
{% endif %}{% endfor %});

  localparam int Rows = {{ core.m }};
  localparam int Columns = {{ core.n }};
{% if unit.is_lut %}  localparam int Groups = {{ core.groups }};
{% endif %}  localparam int Width = {{ core.accumulator_bits }};
{% if core.dropped_bits > 0 %}  // Accumulators hold sums without their lowest bits, which are 0.
  localparam int LaneWidth = {{ core.lane_bits() }};
{% endif %}  localparam int Drain = {{ core.drain }};
{% if core.per_group() && !core.scales %}  localparam int ResultWidth = {{ core.result_bits }};
{% endif %}
  // Stream control.
  logic step_load;
  logic {{ unit.weight_load }};
  logic accumulate_enable;
{% if core.half_bits > 0 %}  logic pairs, {% if core.registers_operands %}late_pairs, {% endif %}accumulate_second;
{% endif %}{% if core.enables_lanes %}  logic lane_enable;
{% endif %}{% if core.passes %}  logic accumulate_double;
{% endif %}{% if unit.plane_bits > 0 %}  logic {{ core.range(unit.plane_bits) }} {{ unit.phrases.plane }}{% if unit.terms %}, cycle_next{% endif %};
{% endif %}{% if core.heads %}  logic head_load;
{% if core.heads_set_cycles %}  logic {{ core.range(unit.plane_bits) }} head_last_cycle;
{% endif %}{% if unit.heads_are_checked %}  logic head_is_illegal;
{% endif %}{% endif %}  logic drain_busy, drain_busy_next;
  logic {{ unit.phrases.done }};
  logic {{ core.range(core.rows_bits) }} run_rows;
  logic {{ core.range(core.columns_bits) }} run_columns;
{% if core.corrected %}  logic {{ core.range(core.zero_point_bits) }} run_zero_point;
{% endif %}{% if core.exponents_bits > 0 %}  logic {{ core.range(core.exponents_bits) }} run_exponents;
{% endif %}{% if core.per_group() %}  logic run_last, drain_run_first{% if !core.shadow %}, drain_run_last{% endif %};
  logic {{ core.factors() }}_valid, {{ core.factors() }}_taken, {{ core.factors() }}_used;
{% if core.shadow %}  logic {{ core.factors() }}_next, lanes_take{% if core.sums_activations() %}, rows_take{% endif %};
  logic due_last;
  logic {{ core.range(core.rows_bits) }} due_rows;
  logic {{ core.range(core.columns_bits) }} due_columns;
{% if core.exponents_bits > 0 %}  logic {{ core.range(core.exponents_bits) }} due_exponents;
{% endif %}{% endif %}  logic product_load;
{% if unit.product_beat_bits > 0 %}  logic {{ core.range(unit.product_beat_bits) }} product_beat;
{% endif %}{% if core.group_zero_points %}  logic zero_point_is_illegal;
{% endif %}{% if core.scales %}  logic drains, advance;
{% endif %}{% endif %}{% if core.sums_activations() %}  logic sum_enable;
{% endif %}
{% if unit.activation_bus.is_narrow() %}  // Beats of the activation port; a k-step is whole with the last.
  logic activation_take;
  logic {{ core.range(unit.activation_bus.beat_bits) }} activation_beat;
  logic activation_beat_is_last;

  assign activation_take = activation_valid_i && activation_ready_o;

  {{ core.name }}_activation_bus u_activation_bus (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .clear_i   (clear_i),
    .take_i    (activation_take),
    .beat_o    (activation_beat),
    .is_last_o (activation_beat_is_last)
  );
{% if unit.sequenced %}
  assign activation_whole_o = activation_beat_is_last;
{% endif %}
{% endif %}{% if unit.weight_bus.is_narrow() %}  // Beats of the weight port; all columns have their weights with the last.
  logic weight_take;
  logic {{ core.range(unit.weight_bus.beat_bits) }} weight_beat;
  logic weight_beat_is_last;

  assign weight_take = weight_valid_i && weight_ready_o;

  {{ core.name }}_weight_bus u_weight_bus (
    .clk_i     (clk_i),
    .rst_ni    (rst_ni),
    .clear_i   (clear_i),
    .take_i    (weight_take),
    .beat_o    (weight_beat),
    .is_last_o (weight_beat_is_last)
  );
{% if unit.sequenced %}
  assign weight_whole_o = weight_beat_is_last;
{% endif %}
{% endif %}{% if unit.is_lut %}
  // k-step from the activation register.
  logic step_valid, step_ready, step_ready_next;
  logic step_first, step_last{% if core.told_of_groups %}, step_group_last{% endif %};
  logic {{ core.range(core.rows_bits) }} step_rows;
  logic {{ core.range(core.columns_bits) }} step_columns;
{% if core.run_bits_bits > 0 %}  logic {{ core.range(core.run_bits_bits) }} step_weight_bits;
{% endif %}{% if core.corrected %}  logic {{ core.range(core.zero_point_bits) }} step_zero_point;
{% endif %}{% if core.exponents_bits > 0 %}  logic {{ core.range(core.exponents_bits) }} step_exponents;
{% endif %}  logic {{ core.range(unit.step_bits) }} step_data;

  {{ core.name }}_activation_register u_activation_register (
    .clk_i                   (clk_i),
    .rst_ni                  (rst_ni),
    .clear_i                 (clear_i),
    .activation_valid_i      (activation_valid_i),
    .activation_ready_o      (activation_ready_o),
    .activation_first_i      (activation_first_i),
    .activation_last_i       (activation_last_i),
{% if core.told_of_groups %}    .activation_group_last_i (activation_group_last_i),
{% endif %}    .activation_rows_i       (activation_rows_i),
    .activation_columns_i    (activation_columns_i),
{% if core.run_bits_bits > 0 %}    .activation_weight_bits_i (activation_weight_bits_i),
{% endif %}{% if core.corrected %}    .activation_zero_point_i (activation_zero_point_i),
{% endif %}{% if core.exponents_bits > 0 %}    .activation_exponents_i  (activation_exponents_i),
{% endif %}{% if unit.masked %}    .activation_keep_i       (activation_keep_i),
{% endif %}    .activation_data_i       (activation_data_i),
{% if unit.activation_bus.is_narrow() %}    .beat_i                  (activation_beat),
    .beat_is_last_i          (activation_beat_is_last),
{% endif %}    .step_valid_o            (step_valid),
    .step_ready_i            (step_ready),
    .step_ready_next_i       (step_ready_next),
    .step_first_o            (step_first),
    .step_last_o             (step_last),
{% if core.told_of_groups %}    .step_group_last_o       (step_group_last),
{% endif %}    .step_rows_o             (step_rows),
    .step_columns_o          (step_columns),
{% if core.run_bits_bits > 0 %}    .step_weight_bits_o      (step_weight_bits),
{% endif %}{% if core.corrected %}    .step_zero_point_o       (step_zero_point),
{% endif %}{% if core.exponents_bits > 0 %}    .step_exponents_o        (step_exponents),
{% endif %}    .step_data_o             (step_data)
  );
{% else %}  logic unused_step_ready_next;
{% endif %}
  {{ core.name }}_control u_control (
    .clk_i               (clk_i),
    .rst_ni              (rst_ni),
    .clear_i             (clear_i),
{% if unit.is_lut %}    .step_valid_i        (step_valid),
    .step_ready_o        (step_ready),
    .step_ready_next_o   (step_ready_next),
    .step_load_o         (step_load),
    .step_first_i        (step_first),
    .step_last_i         (step_last),
{% if core.told_of_groups %}    .step_group_last_i   (step_group_last),
{% endif %}    .step_rows_i         (step_rows),
    .step_columns_i      (step_columns),
{% if core.run_bits_bits > 0 %}    .step_weight_bits_i  (step_weight_bits),
{% endif %}{% if core.corrected %}    .step_zero_point_i   (step_zero_point),
{% endif %}{% if core.exponents_bits > 0 %}    .step_exponents_i    (step_exponents),
{% endif %}{% else %}    .step_valid_i        ({{ unit.step_valid }}),
    .step_ready_o        (activation_ready_o),
    .step_ready_next_o   (unused_step_ready_next),
    .step_load_o         (step_load),
    .step_first_i        (activation_first_i),
    .step_last_i         (activation_last_i),
{% if core.told_of_groups %}    .step_group_last_i   (activation_group_last_i),
{% endif %}    .step_rows_i         (activation_rows_i),
    .step_columns_i      (activation_columns_i),
{% if core.run_bits_bits > 0 %}    .step_weight_bits_i  (activation_weight_bits_i),
{% endif %}{% if core.corrected %}    .step_zero_point_i   (activation_zero_point_i),
{% endif %}{% if core.exponents_bits > 0 %}    .step_exponents_i    (activation_exponents_i),
{% endif %}{% endif %}    .weight_valid_i      ({{ unit.beat_valid }}),
    .weight_ready_o      (weight_ready_o),
    .weight_load_o       ({{ unit.weight_load }}),
    .weight_last_i       (weight_last_i),
    .drain_busy_i        (drain_busy),
    .drain_busy_next_i   (drain_busy_next),
{% if core.per_group() %}    .group_done_o        (group_done),
    .run_last_o          (run_last),
{% else %}    .run_done_o          (run_done),
{% endif %}    .run_rows_o          (run_rows),
    .run_columns_o       (run_columns),
{% if core.corrected %}    .run_zero_point_o    (run_zero_point),
{% endif %}{% if core.exponents_bits > 0 %}    .run_exponents_o     (run_exponents),
{% endif %}{% if core.per_group() %}    .{{ core.factors() }}_valid_o ({{ core.factors() }}_valid),
    .{{ core.factors() }}_taken_i ({{ core.factors() }}_taken),
    .{{ core.factors() }}_used_i  ({{ core.factors() }}_used),
{% if core.shadow %}    .{{ core.factors() }}_next_i  ({{ core.factors() }}_next),
{% endif %}{% if core.group_zero_points %}    .zero_point_is_illegal_i (product_load && zero_point_is_illegal),
{% endif %}    .drain_run_last_i    ({% if core.shadow %}due_last{% else %}drain_run_last{% endif %}),
{% endif %}{% if core.heads %}    .head_load_o         (head_load),
{% if core.heads_set_cycles %}    .head_last_cycle_i   (head_last_cycle),
{% endif %}{% if unit.heads_are_checked %}    .head_is_illegal_i   (head_is_illegal),
{% endif %}{% endif %}{% if core.sums_activations() %}    .sum_enable_o        (sum_enable),
{% endif %}{% if core.half_bits > 0 %}    .pairs_o             (pairs),
{% if core.registers_operands %}    .late_pairs_o        (late_pairs),
{% endif %}    .accumulate_second_o (accumulate_second),
{% endif %}{% if core.enables_lanes %}    .lane_enable_o       (lane_enable),
{% endif %}{% if unit.terms && unit.plane_bits > 0 %}    .cycle_next_o        (cycle_next),
{% endif %}    .accumulate_enable_o (accumulate_enable),
{% if core.passes %}    .accumulate_double_o (accumulate_double),
{% endif %}{% if core.early_planes && unit.plane_bits > 0 %}    .cycle_o             (cycle),
{% else if unit.plane_bits > 0 %}    .accumulate_plane_o  (accumulate_plane),
{% endif %}    .error_o             (error_o),
    .overflow_o          (overflow_o)
  );

  // Weights of one beat.
  logic {{ core.range(unit.weights_bits) }} weights{% if unit.terms %}, weights_next{% endif %};
{% if unit.unpacks %}  logic {{ core.range(unit.weights_bits) }} unpacked;

  for (genvar c = 0; c < Columns; c++) begin : gen_unpacker
    {{ core.name }}_trit_unpacker u_trit_unpacker (
      .bytes_i (weight_data_i[c*{{ unit.packed_column_bits }} +: {{ unit.packed_column_bits }}]),
      .words_o (unpacked[c*{{ unit.unpacked_column_bits }} +: {{ unit.unpacked_column_bits }}])
    );
  end
{% endif %}
  {{ core.name }}_weight_register u_weight_register (
    .clk_i         (clk_i),
{% if unit.weight_bus.is_narrow() %}    .take_i        (weight_take),
    .beat_i        (weight_beat),
{% else %}    .load_i        (weight_load),
{% endif %}    .weight_data_i ({{ unit.phrases.weight_data }}),
{% if unit.terms %}    .weights_next_o (weights_next),
{% endif %}    .weights_o     (weights)
  );
{% if unit.terms %}
  // Codes become terms before they are held; of what is held, heads and scales count.
  logic unused_codes;

  assign unused_codes = ^weights;
{% endif %}

{% if !core.accumulating_lanes %}  // Partial sums, row-major: row, then column.
  localparam int PartialBits = {{ unit.partial_bits }};
  logic [Rows*Columns*PartialBits-1:0] partials;
{% endif %}{% if unit.is_lut %}
  // Tables: row, then copy, then group, then entry.
  localparam int TableBits = {{ unit.table_bits }};
  localparam int TablesBits = Groups * TableBits;
  localparam int Copies = {{ core.copies }};
  logic [Rows*Copies*TablesBits-1:0] tables;
{% if unit.odd_bits > 0 %}  localparam int OddBits = {{ unit.odd_bits }};
  logic [Rows*Copies*OddBits-1:0] odd;
{% endif %}
  for (genvar r = 0; r < Rows; r++) begin : gen_tables
{% if unit.builds_copies %}    for (genvar c = 0; c < Copies; c++) begin : gen_copy
      logic [TablesBits-1:0] built;

      for (genvar g = 0; g < Groups; g++) begin : gen_precompute
{% if unit.exact_bits > 0 %}        logic {{ core.range(unit.exact_bits) }} exact;

{% endif %}        {{ core.name }}_table_precompute u_table_precompute (
          .activations_i (step_data[(r*Groups+g)*{{ unit.group_bits }} +: {{ unit.group_bits }}]),
          .table_o       ({{ unit.phrases.built }})
        );
{% if unit.exact_bits > 0 %}
        {{ core.name }}_table_rounder u_table_rounder (
          .sums_i    (exact),
          .entries_o (built[g*TableBits +: TableBits])
        );
{% endif %}      end

{% else %}    logic [TablesBits-1:0] built;

{% if unit.precomputes %}    for (genvar g = 0; g < Groups; g++) begin : gen_precompute
{% if unit.exact_bits > 0 %}      logic {{ core.range(unit.exact_bits) }} exact;

{% endif %}      {{ core.name }}_table_precompute u_table_precompute (
        .activations_i (step_data[(r*Groups+g)*{{ unit.group_bits }} +: {{ unit.group_bits }}]),
        .table_o       ({{ unit.phrases.built }})
      );
{% if unit.exact_bits > 0 %}
      {{ core.name }}_table_rounder u_table_rounder (
        .sums_i    (exact),
        .entries_o (built[g*TableBits +: TableBits])
      );
{% endif %}    end
{% else %}    assign built = step_data[r*TablesBits +: TablesBits];
{% endif %}
    for (genvar c = 0; c < Copies; c++) begin : gen_copy
{% endif %}      {{ core.name }}_table_registers u_table_registers (
        .clk_i    (clk_i),
        .load_i   (step_load),
        .tables_i (built),
{% if unit.odd_bits > 0 %}        .odd_o    (odd[(r*Copies+c)*OddBits +: OddBits]),
{% endif %}        .tables_o (tables[(r*Copies+c)*TablesBits +: TablesBits])
      );
    end
  end

{% if core.accumulating_lanes %}  // Selections: column, then group.
  localparam int SelectBits = {{ unit.select_bits }};
  logic [Columns*Groups*SelectBits-1:0] selects;
{% if unit.signed %}  logic [Columns*Groups-1:0] negatives;
{% endif %}
  for (genvar i = 0; i < Columns * Groups; i++) begin : gen_decoder
    {{ core.name }}_weight_decoder u_weight_decoder (
      .word_i   (weights[i*{{ unit.word_bits }} +: {{ unit.word_bits }}]),
{% if unit.signed %}      .negate_o (negatives[i]),
{% endif %}      .select_o (selects[i*SelectBits +: SelectBits])
    );
  end
{% else %}  for (genvar c = 0; c < Columns; c++) begin : gen_column
    localparam int SelectBits = {{ unit.select_bits }};
    // Neighbouring columns share a copy of the tables.
    localparam int Copy = (c * Copies) / Columns;
    logic [Groups*SelectBits-1:0] select;
{% if unit.signed %}    logic [Groups-1:0] negate;
{% endif %}
    for (genvar g = 0; g < Groups; g++) begin : gen_decoder
      {{ core.name }}_weight_decoder u_weight_decoder (
        .word_i   (weights[(c*Groups+g)*{{ unit.word_bits }} +: {{ unit.word_bits }}]),
{% if unit.signed %}        .negate_o (negate[g]),
{% endif %}        .select_o (select[g*SelectBits +: SelectBits])
      );
    end

    for (genvar r = 0; r < Rows; r++) begin : gen_lane
      {{ core.name }}_select_lane u_select_lane (
{% if core.stages > 0 %}        .clk_i     (clk_i),
{% endif %}        .tables_i  (tables[(r*Copies+Copy)*TablesBits +: TablesBits]),
{% if unit.odd_bits > 0 %}        .odd_i     (odd[(r*Copies+Copy)*OddBits +: OddBits]),
{% endif %}        .select_i  (select),
{% if unit.signed %}        .negate_i  (negate),
{% endif %}        .partial_o (partials[(r*Columns+c)*PartialBits +: PartialBits])
      );
    end
  end
{% endif %}{% else %}
  // Activations of the step: row, then element.
  logic {{ core.range(unit.step_bits) }} operands;

  {{ core.name }}_operand_register u_operand_register (
    .clk_i             (clk_i),
    .load_i            (step_load),
{% if unit.activation_bus.is_narrow() %}    .take_i            (activation_take),
    .beat_i            (activation_beat),
{% endif %}{% if unit.keeps_exponents %}    .activation_exponents_i (activation_exponents_i),
{% endif %}    .activation_keep_i (activation_keep_i),
    .activation_data_i (activation_data_i),
    .operands_o        (operands)
  );
{% if core.accumulating_lanes && !unit.terms %}
  // Operands as the lanes take them: row or column, then element.
  localparam int Elements = {{ core.k }};
  localparam int ActivationBits = {{ unit.operand_bits[0] }};
  localparam int WeightBits = {{ unit.operand_bits[1] }};
  logic [Rows*Elements*ActivationBits-1:0] decoded_activations;
  logic [Columns*Elements*WeightBits-1:0] decoded_weights;

  for (genvar i = 0; i < Rows * Elements; i++) begin : gen_activation
    {{ core.name }}_activation_decoder u_activation_decoder (
{% if unit.registers_operands %}      .clk_i     (clk_i),
{% endif %}      .code_i    (operands[i*{{ core.activation_bits }} +: {{ core.activation_bits }}]),
      .operand_o (decoded_activations[i*ActivationBits +: ActivationBits])
    );
  end

  for (genvar i = 0; i < Columns * Elements; i++) begin : gen_weight
    {{ core.name }}_weight_decoder u_weight_decoder (
{% if unit.registers_operands %}      .clk_i     (clk_i),
{% endif %}{% if core.half_bits > 0 %}      .pairs_i   (pairs),
{% endif %}      .code_i    (weights[i*{{ unit.weight_code_bits }} +: {{ unit.weight_code_bits }}]),
      .operand_o (decoded_weights[i*WeightBits +: WeightBits])
    );
  end
{% else if unit.terms %}
{% if core.heads %}  // What the columns know of their quantisation group.
  localparam int HeadBits = {{ unit.head_bits }};
  logic [Columns*HeadBits-1:0] offered_heads, heads_next;

  for (genvar c = 0; c < Columns; c++) begin : gen_head
    assign offered_heads[c*HeadBits +: HeadBits] = weights[c*{{ unit.lane_weights_bits }} +: HeadBits];
  end

  {{ core.name }}_group_head u_group_head (
    .clk_i        (clk_i),
    .load_i       (head_load),
    .heads_i      (offered_heads),
{% if core.heads_set_cycles %}    .last_cycle_o (head_last_cycle),
{% endif %}{% if unit.heads_are_checked %}    .illegal_o    (head_is_illegal),
{% endif %}    .heads_next_o (heads_next)
  );

{% endif %}{% if core.accumulating_lanes %}  // Activations of each row, and terms of each column.
  localparam int Elements = {{ core.k }};
  localparam int SelectBits = {{ unit.select_lines }};
  localparam int ExponentsBits = {{ unit.exponents_bits }};
  localparam int SignificandsBits = {{ unit.significands_bits }};
  logic [Rows*Elements-1:0] signs;
  logic [Rows*ExponentsBits-1:0] exponents;
  logic [Rows*SignificandsBits-1:0] significands;
{% if unit.rows_have_nan %}  logic [Rows-1:0] sum_is_nan, addend_is_nan;
{% endif %}  logic [Columns*SelectBits-1:0] selects;
  logic [Columns*Elements-1:0] negatives;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    {{ core.name }}_float_operands u_float_operands (
{% if unit.rows_are_clocked %}      .clk_i          (clk_i),
{% endif %}      .activations_i  (operands[r*{{ unit.row_bits }} +: {{ unit.row_bits }}]),
      .signs_o        (signs[r*Elements +: Elements]),
      .exponents_o    (exponents[r*ExponentsBits +: ExponentsBits]),
{% if unit.rows_have_nan %}      .sum_is_nan_o    (sum_is_nan[r]),
      .addend_is_nan_o (addend_is_nan[r]),
{% endif %}      .significands_o (significands[r*SignificandsBits +: SignificandsBits])
    );
  end

{% endif %}  for (genvar c = 0; c < Columns; c++) begin : gen_column
    logic [{{ unit.select_lines }}-1:0] select;
    logic [{{ core.k }}-1:0] negative;
{% if unit.count_bits > 0 %}    logic [{{ unit.count_bits }}-1:0] count;
{% endif %}
    {{ core.name }}_term_encoder u_term_encoder (
      .clk_i      (clk_i),
      .codes_i    (weights_next[c*{{ unit.lane_weights_bits }} +: {{ unit.lane_weights_bits }}]),
{% if core.heads %}      .head_i     (heads_next[c*HeadBits +: HeadBits]),
{% endif %}{% if unit.plane_bits > 0 %}      .cycle_i    (cycle_next),
{% endif %}      .select_o   (select),
      .negative_o (negative){% if unit.count_bits > 0 %},
      .count_o    (count)
{% else %}
{% endif %}    );

{% if core.accumulating_lanes %}    assign selects[c*SelectBits +: SelectBits] = select;
    assign negatives[c*Elements +: Elements]   = negative;
  end
{% else %}    for (genvar r = 0; r < Rows; r++) begin : gen_lane
      {{ core.name }}_term_lane u_term_lane (
{% if core.stages > 0 %}        .clk_i         (clk_i),
{% endif %}        .activations_i (operands[r*{{ unit.row_bits }} +: {{ unit.row_bits }}]),
        .select_i      (select),
        .negative_i    (negative),
{% if unit.count_bits > 0 %}        .count_i       (count),
{% endif %}        .partial_o     (partials[(r*Columns+c)*PartialBits +: PartialBits])
      );
    end
  end
{% endif %}{% else %}
  for (genvar c = 0; c < Columns; c++) begin : gen_column
    for (genvar r = 0; r < Rows; r++) begin : gen_lane
      {{ core.name }}_{{ unit.lane }} u_{{ unit.lane }} (
{% if core.stages > 0 %}        .clk_i         (clk_i),
{% endif %}        .activations_i (operands[r*{{ unit.row_bits }} +: {{ unit.row_bits }}]),
        .weights_i     (weights[c*{{ unit.lane_weights_bits }} +: {{ unit.lane_weights_bits }}]),
        .partial_o     (partials[(r*Columns+c)*PartialBits +: PartialBits])
      );
    end
  end
{% endif %}{% endif %}
{% if core.shadow %}  // Accumulators and shadow registers, row-major. Each shadow's chain comes from the lane that leaves
  // one beat later.
  logic shift;
  logic [Rows*Columns*{{ unit.phrases.lane_width }}-1:0] totals, {{ unit.phrases.lane_sums }}, chain;
{% else %}  // Accumulators, row-major. Each one's chain comes from the lane that leaves one beat later.
  logic shift;
  logic [Rows*Columns*{{ unit.phrases.lane_width }}-1:0] {{ unit.phrases.lane_sums }}, chain;
{% endif %}
  assign chain = {{ unit.phrases.chain }};

{% if core.accumulating_lanes %}  for (genvar i = 0; i < Rows * Columns; i++) begin : gen_lane
    localparam int Row = i / Columns;
    localparam int Column = i % Columns;

{% if unit.is_lut %}    // Neighbouring columns share a copy of the tables.
    localparam int Bank = Row * Copies + (Column * Copies) / Columns;
    {{ core.name }}_rounded_select_lane u_rounded_select_lane (
      .clk_i    (clk_i),
      .enable_i (accumulate_enable),
      .shift_i  (shift),
      .tables_i (tables[Bank*TablesBits +: TablesBits]),
      .select_i (selects[Column*Groups*SelectBits +: Groups*SelectBits]),
{% if unit.signed %}      .negate_i (negatives[Column*Groups +: Groups]),
{% endif %}{% if unit.plane_bits > 0 %}      .plane_i  (cycle),
{% endif %}      .chain_i  (chain[i*Width +: Width]),
      .number_o (sums[i*Width +: Width])
    );
{% else if unit.terms %}    {{ core.name }}_{{ unit.lane }} u_{{ unit.lane }} (
      .clk_i          (clk_i),
      .enable_i       (accumulate_enable),
      .shift_i        ({% if core.shadow %}lanes_take{% else %}shift{% endif %}),
      .signs_i        (signs[Row*Elements +: Elements]),
      .exponents_i    (exponents[Row*ExponentsBits +: ExponentsBits]),
      .significands_i (significands[Row*SignificandsBits +: SignificandsBits]),
{% if unit.rows_have_nan %}      .sum_is_nan_i    (sum_is_nan[Row]),
      .addend_is_nan_i (addend_is_nan[Row]),
{% endif %}      .select_i       (selects[Column*SelectBits +: SelectBits]),
      .negative_i     (negatives[Column*Elements +: Elements]),
{% if unit.plane_bits > 0 %}      .cycle_i        (cycle),
{% endif %}{% if core.shadow %}      .chain_i        ({Width{1'b0}}),
      .word_o         (totals[i*Width +: Width])
    );

    {{ core.name }}_shadow_lane u_shadow_lane (
      .clk_i   (clk_i),
      .take_i  (lanes_take),
      .shift_i (shift),
      .sum_i   (totals[i*Width +: Width]),
      .chain_i (chain[i*Width +: Width]),
      .sum_o   (sums[i*Width +: Width])
    );
{% else %}      .chain_i        (chain[i*Width +: Width]),
      .word_o         (sums[i*Width +: Width])
    );
{% endif %}{% else %}    {{ core.name }}_{{ unit.lane }} u_{{ unit.lane }} (
      .clk_i         (clk_i),
{% if core.enables_lanes %}      .lane_enable_i (lane_enable),
{% endif %}{% if core.half_bits > 0 %}      .pairs_i       ({% if core.registers_operands %}late_pairs{% else %}pairs{% endif %}),
      .enable_i      ({accumulate_second, accumulate_enable}),
{% else %}      .enable_i      (accumulate_enable),
{% endif %}      .shift_i       (shift),
      .activations_i (decoded_activations[Row*Elements*ActivationBits +: Elements*ActivationBits]),
      .weights_i     (decoded_weights[Column*Elements*WeightBits +: Elements*WeightBits]),
      .chain_i       (chain[i*Width +: Width]),
      .word_o        (sums[i*Width +: Width])
    );
{% endif %}{% if core.enables_lanes %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
    always_ff @(posedge clk_i) begin : p_assert_fits
      if (!error_o && !overflow_o) assert (u_fused_lane.fits);
    end
`endif
`endif
{% endif %}  end
{% else %}  for (genvar i = 0; i < Rows * Columns; i++) begin : gen_accumulator
    {{ core.name }}_plane_accumulator u_plane_accumulator (
      .clk_i     (clk_i),
      .enable_i  (accumulate_enable),
      .shift_i   ({% if core.shadow %}lanes_take{% else %}shift{% endif %}),
{% if core.passes %}      .double_i  (accumulate_double),
{% endif %}{% if unit.plane_bits > 0 %}      .plane_i   (accumulate_plane),
{% endif %}      .partial_i (partials[i*PartialBits +: PartialBits]),
{% if core.shadow %}      .chain_i   ({{ unit.phrases.no_chain }}),
      .sum_o     (totals[i*{{ unit.phrases.lane_width }} +: {{ unit.phrases.lane_width }}])
    );

    {{ core.name }}_shadow_lane u_shadow_lane (
      .clk_i   (clk_i),
      .take_i  (lanes_take),
      .shift_i (shift),
      .sum_i   (totals[i*{{ unit.phrases.lane_width }} +: {{ unit.phrases.lane_width }}]),
      .chain_i (chain[i*{{ unit.phrases.lane_width }} +: {{ unit.phrases.lane_width }}]),
      .sum_o   ({{ unit.phrases.lane_sums }}[i*{{ unit.phrases.lane_width }} +: {{ unit.phrases.lane_width }}])
    );
{% else %}      .chain_i   (chain[i*{{ unit.phrases.lane_width }} +: {{ unit.phrases.lane_width }}]),
      .sum_o     ({{ unit.phrases.lane_sums }}[i*{{ unit.phrases.lane_width }} +: {{ unit.phrases.lane_width }}])
    );
{% endif %}{% if unit.sums_fit %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
    always_ff @(posedge clk_i) begin : p_assert_fits
      if (!error_o && !overflow_o) assert (u_plane_accumulator.fits);
    end
`endif
`endif
{% endif %}  end
{% endif %}
{% if core.dropped_bits > 0 %}
  // Sums of the beat that leaves.
  logic [Drain*Width-1:0] sums;

  for (genvar c = 0; c < Drain; c++) begin : gen_whole_sum
    assign sums[c*Width +: Width] =
        {lane_sums[c*LaneWidth +: LaneWidth], {(Width-LaneWidth){1'b0}}};
  end
{% endif %}  // Results.
{% if unit.rounds %}  localparam int SumsBits = Drain * {{ core.result_bits }};
  logic [SumsBits-1:0] results;
{% endif %}{% if unit.rounds || core.scales %}  logic drained_valid, drained_ready, drained_last;
  logic [Drain-1:0] drained_keep;
{% if unit.row_bits_of_rounder > 0 %}  logic {{ core.range(unit.row_bits_of_rounder) }} drained_row;
{% endif %}{% endif %}{% if core.scales %}  logic [Drain*Width-1:0] values;
{% endif %}{% if core.sums_activations() %}  logic next_row;
{% endif %}
  {{ core.name }}_result_drain u_result_drain (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .clear_i        (clear_i),
{% if core.per_group() %}    .group_done_i   (group_done),
    .run_last_i     ({{ unit.phrases.run }}_last),
{% else %}    .run_done_i     (run_done),
{% endif %}    .run_rows_i     ({{ unit.phrases.run }}_rows),
    .run_columns_i  ({{ unit.phrases.run }}_columns),
    .busy_o         (drain_busy),
    .busy_next_o    (drain_busy_next),
{% if core.per_group() %}    .{{ core.factors() }}_valid_i ({{ core.factors() }}_valid),
    .{{ core.factors() }}_taken_o ({{ core.factors() }}_taken),
    .{{ core.factors() }}_used_o  ({{ core.factors() }}_used),
{% if core.shadow %}    .{{ core.factors() }}_next_o  ({{ core.factors() }}_next),
    .lanes_take_o   (lanes_take),
{% if core.sums_activations() %}    .rows_take_o    (rows_take),
{% endif %}{% endif %}{% if unit.product_beat_bits > 0 %}    .product_beat_o (product_beat),
{% endif %}    .product_load_o (product_load),
    .run_first_o    (drain_run_first),
{% if !core.shadow %}    .run_last_o     (drain_run_last),
{% endif %}{% if core.scales %}    .drains_o       (drains),
{% endif %}{% endif %}    .shift_o        (shift),
{% if core.sums_activations() %}    .next_row_o     (next_row),
{% endif %}{% if unit.row_bits_of_rounder > 0 %}    .row_o          (drained_row),
{% endif %}    .result_valid_o ({{ unit.phrases.drained }}_valid{{ unit.phrases.own[0] }}),
    .result_ready_i ({{ unit.phrases.drained }}_ready{{ unit.phrases.own[1] }}),
    .result_last_o  ({{ unit.phrases.drained }}_last{{ unit.phrases.own[0] }}),
    .result_keep_o  ({{ unit.phrases.drained }}_keep{{ unit.phrases.own[0] }})
  );
{% if core.shadow %}
  // What belongs to the group whose planes are over, and {{ core.factors_text() }}: column, lowest first.
  localparam int FactorBits = {{ unit.factor_bits }};
  logic [Columns*FactorBits-1:0] offered, factors;

  for (genvar c = 0; c < Columns; c++) begin : gen_factors
    assign offered[c*FactorBits +: FactorBits] = weights[c*{{ unit.column_bits }} +: FactorBits];
  end

  {{ core.name }}_group_register u_group_register (
    .clk_i           (clk_i),
    .done_i          (group_done),
    .run_last_i      (run_last),
    .run_rows_i      (run_rows),
    .run_columns_i   (run_columns),
{% if core.exponents_bits > 0 %}    .run_exponents_i (run_exponents),
{% endif %}    .take_i          ({{ core.factors() }}_taken),
    .factors_i       (offered),
    .run_last_o      (due_last),
    .run_rows_o      (due_rows),
    .run_columns_o   (due_columns),
{% if core.exponents_bits > 0 %}    .run_exponents_o (due_exponents),
{% endif %}    .factors_o       (factors)
  );
{% endif %}{% if core.sums_activations() %}
  // Sums of the activations, row 0 lowest; the chain runs towards row 0.
  localparam int SumBits = {{ unit.sum_bits }};
  logic [Rows*SumBits-1:0] {% if core.shadow %}activation_totals, {% endif %}activation_sums, activation_chain;

  assign activation_chain = {{ unit.phrases.activation_chain }};

{% if unit.is_lut && !unit.step_sums %}  localparam int EntryBits = {{ unit.entry_bits }};
  localparam int OwnBits = {{ unit.own_bits }};
{% endif %}
  for (genvar r = 0; r < Rows; r++) begin : gen_activation_sum
    logic {{ core.range(unit.sum_terms_bits) }} terms;

{% if unit.step_sums %}    {{ core.name }}_step_sum u_step_sum (
      .clk_i         (clk_i),
      .load_i        (step_load),
      .activations_i (step_data[r*{{ unit.row_bits }} +: {{ unit.row_bits }}]),
      .sum_o         (terms)
    );
{% else if unit.is_lut %}    // The last entry of a table adds all activations.
    for (genvar g = 0; g < Groups; g++) begin : gen_group
      localparam int Low = ((r * Copies * Groups) + g) * TableBits;
      assign terms[g*EntryBits +: EntryBits] = {
          tables[Low+TableBits-1 -: OwnBits]{% if unit.odd_bits > 0 %}, tables[Low]{% endif %}};
    end
{% else %}    assign terms = operands[r*{{ unit.row_bits }} +: {{ unit.row_bits }}];
{% endif %}
    {{ core.name }}_activation_sum u_activation_sum (
      .clk_i      (clk_i),
      .enable_i   (sum_enable),
{% if core.shadow %}      .next_row_i (rows_take),
      .terms_i    (terms),
      .chain_i    ({SumBits{1'b0}}),
      .sum_o      (activation_totals[r*SumBits +: SumBits])
    );

    {{ core.name }}_shadow_row u_shadow_row (
      .clk_i   (clk_i),
      .take_i  (rows_take),
      .shift_i (next_row),
      .sum_i   (activation_totals[r*SumBits +: SumBits]),
      .chain_i (activation_chain[r*SumBits +: SumBits]),
      .sum_o   (activation_sums[r*SumBits +: SumBits])
    );
{% else %}      .next_row_i (next_row),
      .terms_i    (terms),
      .chain_i    (activation_chain[r*SumBits +: SumBits]),
      .sum_o      (activation_sums[r*SumBits +: SumBits])
    );
{% endif %}  end

{% if core.corrected %}  {{ core.name }}_zero_point_correction u_zero_point_correction (
    .clk_i            (clk_i),
    .run_done_i       (run_done),
    .run_zero_point_i (run_zero_point),
    .next_row_i       (next_row),
    .sum_i            (activation_sums[SumBits-1:0]),
    .sums_i           (sums[Drain*Width-1:0]),
    .results_o        ({{ unit.phrases.results }})
  );
{% else %}  // Zero points: column, lowest first; the lowest bits of each column of the beat.
  localparam int ZeroPointBits = {{ core.zero_point_bits }};
  logic [Columns*ZeroPointBits-1:0] zero_points;
  logic [Drain*ZeroPointBits-1:0] selected;

  for (genvar c = 0; c < Columns; c++) begin : gen_zero_point
    assign zero_points[c*ZeroPointBits +: ZeroPointBits] =
        {{ unit.phrases.factors }} +: ZeroPointBits];
  end

  {{ core.name }}_zero_point_select u_zero_point_select (
{% if unit.product_beat_bits > 0 %}    .beat_i        (product_beat),
{% endif %}    .zero_points_i (zero_points),
    .selected_o    (selected),
    .illegal_o     (zero_point_is_illegal)
  );

  for (genvar c = 0; c < Drain; c++) begin : gen_group_edge
    logic {{ core.range(unit.value_bits) }} value;

    {{ core.name }}_dequantiser u_dequantiser (
      .clk_i            (clk_i),
      .load_i           (product_load),
      .zero_point_i     (selected[c*ZeroPointBits +: ZeroPointBits]),
      .activation_sum_i (activation_sums[SumBits-1:0]),
      .sum_i            (sums[c*Width +: Width]),
      .value_o          (value)
    );

{% if core.scales %}    assign values[c*Width +: Width] = value;
{% else %}    {{ core.name }}_group_accumulator u_group_accumulator (
      .clk_i    (clk_i),
      .shift_i  (shift),
      .first_i  (drain_run_first),
      .value_i  (value),
      .result_o ({{ unit.phrases.results }}[c*ResultWidth +: ResultWidth])
    );
{% if unit.results_fit %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
    always_ff @(posedge clk_i) begin : p_assert_fits
      if (!error_o && !overflow_o) assert (u_group_accumulator.fits);
    end
`endif
`endif
{% endif %}{% endif %}  end
{% endif %}{% else if unit.encodes %}
  for (genvar i = 0; i < {{ unit.phrases.encoders }}; i++) begin : gen_encoder
    {{ core.name }}_{{ unit.encoder }} u_{{ unit.encoder }} (
      .{{ unit.encoder_ports[0] }} (sums[i*{{ unit.phrases.encoded }} +: {{ unit.phrases.encoded }}]),
      .{{ unit.encoder_ports[1] }} (result_data_o[i*{{ unit.code_bits }} +: {{ unit.code_bits }}])
    );
  end
{% else if !core.scales %}
  assign {{ unit.phrases.results }} = sums[Drain*Width-1:0];
{% endif %}{% if core.scales %}
{% if !core.group_zero_points %}  assign values = sums[Drain*Width-1:0];

{% endif %}  // Scales: column, lowest first{% if core.group_zero_points %}; above the zero point in each column of the beat{% endif %}.
  localparam int ScaleBits = {{ unit.scale_bits }};
  logic [Columns*ScaleBits-1:0] scales;
  logic [Drain*ScaleBits-1:0] selected_scales;

  for (genvar c = 0; c < Columns; c++) begin : gen_scale
    assign scales[c*ScaleBits +: ScaleBits] =
        {{ unit.phrases.factors }} + {{ unit.scale_place }} +: ScaleBits];
  end

  {{ core.name }}_scale_select u_scale_select (
{% if unit.product_beat_bits > 0 %}    .beat_i     (product_beat),
{% endif %}    .scales_i   (scales),
    .selected_o (selected_scales)
  );

{% if unit.row_is_nan %}  logic row_is_nan;
{% endif %}  logic add_first, {% if unit.reads_ahead %}reads_wait, {% endif %}sums_wait, write_sums;
{% if unit.scaler_takes_field %}  logic {{ core.range(core.exponent_bits) }} field;
{% endif %}
  {{ core.name }}_scale_pipeline u_scale_pipeline (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .clear_i         (clear_i),
{% if core.exponents_bits > 0 %}    .done_i          ({{ unit.phrases.begun }}),
    .run_exponents_i ({{ unit.phrases.run }}_exponents),
{% if unit.row_bits_of_rounder > 0 %}    .row_i           (drained_row),
{% endif %}{% endif %}    .drains_i        (drains),
    .first_i         (drain_run_first),
    .sent_i          (drained_valid),
    .last_i          (drained_last),
    .keep_i          (drained_keep),
    .advance_o       (advance),
{% if unit.scaler_takes_field %}    .field_o         (field),
{% endif %}{% if unit.row_is_nan %}    .row_is_nan_o    (row_is_nan),
{% endif %}    .add_first_o     (add_first),
{% if unit.reads_ahead %}    .reads_wait_o    (reads_wait),
{% endif %}    .sums_wait_o     (sums_wait),
    .write_o         (write_sums),
    .result_valid_o  (result_valid_o),
    .result_ready_i  (result_ready_i),
    .result_last_o   (result_last_o),
    .result_keep_o   (result_keep_o)
  );

  assign drained_ready = advance;

  for (genvar c = 0; c < Drain; c++) begin : gen_scaled
    logic is_negative, is_infinite, is_nan;
{% if unit.term_exponent_bits > 0 %}    logic {{ core.range(unit.term_exponent_bits) }} exponent;
{% endif %}    logic {{ core.range(unit.term_significand_bits) }} significand;

    {{ core.name }}_group_scaler u_group_scaler (
      .clk_i         (clk_i),
      .load_i        (product_load),
      .scale_i       (selected_scales[c*ScaleBits +: ScaleBits]),
      .advance_i     (advance),
      .value_i       (values[c*Width +: Width]),
{% if unit.scaler_takes_field %}      .field_i       (field),
{% endif %}{% if unit.row_is_nan %}      .row_is_nan_i  (row_is_nan),
{% endif %}      .is_negative_o (is_negative),
{% if unit.term_exponent_bits > 0 %}      .exponent_o    (exponent),
{% endif %}      .significand_o (significand),
      .is_infinite_o (is_infinite),
      .is_nan_o      (is_nan)
    );

    {{ core.name }}_scaled_accumulator u_scaled_accumulator (
      .clk_i              (clk_i),
      .advance_i          (advance),
{% if unit.reads_ahead %}      .reads_wait_i       (reads_wait),
{% endif %}      .waits_i            (sums_wait),
      .shift_i            (write_sums),
      .first_i            (add_first),
      .term_is_negative_i (is_negative),
{% if unit.term_exponent_bits > 0 %}      .term_exponent_i    (exponent),
{% endif %}      .term_significand_i (significand),
      .term_is_infinite_i (is_infinite),
      .term_is_nan_i      (is_nan),
      .result_o           (result_data_o[c*{{ core.port_result_bits }} +: {{ core.port_result_bits }}])
    );
  end
{% endif %}{% if unit.rounds %}
  {{ core.name }}_result_rounder u_result_rounder (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .clear_i         (clear_i),
{% if core.exponents_bits > 0 %}    .done_i          ({{ unit.phrases.begun }}),
    .run_exponents_i ({{ unit.phrases.run }}_exponents),
{% endif %}    .sums_valid_i    (drained_valid),
    .sums_ready_o    (drained_ready),
    .sums_last_i     (drained_last),
    .sums_keep_i     (drained_keep),
    .sums_i          (results),
{% if unit.row_bits_of_rounder > 0 %}    .row_i           (drained_row),
{% endif %}    .result_valid_o  (result_valid_o),
    .result_ready_i  (result_ready_i),
    .result_last_o   (result_last_o),
    .result_keep_o   (result_keep_o),
    .result_data_o   (result_data_o)
  );
{% endif %}{% if unit.scans %}
  {{ core.name }}_exponent_scanner u_exponent_scanner (
    .clk_i            (clk_i),
    .rst_ni           (rst_ni),
    .clear_i          (clear_i),
    .scan_valid_i     (scan_valid_i),
    .scan_first_i     (scan_first_i),
    .scan_last_i      (scan_last_i),
    .scan_keep_i      (scan_keep_i),
    .scan_data_i      (scan_data_i),
    .scan_done_o      (scan_done_o),
    .scan_exponents_o (scan_exponents_o)
  );
{% endif %}
`ifndef SYNTHESIS
`ifndef __ICARUS__
  // A result that is not taken stays as it is.
  logic stalled_prev;
  logic [Drain*{{ unit.phrases.result_width }}-1:0] result_data_prev;

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_assert_stable
{% else %}  always_ff @(posedge clk_i) begin : p_assert_stable
{% endif %}    if (!rst_ni) begin
      stalled_prev     <= 1'b0;
      result_data_prev <= '0;
    end else begin
      stalled_prev     <= !clear_i && result_valid_o && !result_ready_i;
      result_data_prev <= result_data_o;
      if (stalled_prev) assert (result_valid_o && (result_data_o == result_data_prev));
    end
  end
`endif
`endif

endmodule

`default_nettype wire
