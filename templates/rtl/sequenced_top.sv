{% include "rtl/header.sv" %}// {{ unit.summary }}
//
// A core that takes commands: {{ unit.pattern }}.
// {{ unit.again }};
// both are streamed in whole k-steps, and what lies beyond M, N and K does not matter{% if unit.external %} (of K: the
// tables there are those of zeros){% endif %}.

`default_nettype none

module {{ core.name }} (
{% for group in unit.port_groups %}  // {{ group.comment }}
{% for port in group.ports %}  {{ port.direction }} logic {{ core.width(port.bits) }} {{ port.name }}{% if !(loop.last && group.is_last) %},{% endif %}
{% endfor %}{% if !group.is_last %}
{% endif %}{% endfor %});

  // Between sequencer, core and result edge.
  logic step_valid, step_taken, weight_enable, weight_taken;
  logic tile_valid, tile_ready;
  logic {{ core.range(unit.tile_bits) }} tile;
{% for wire in unit.wires %}  logic {{ core.width(wire.bits) }} {{ wire.name }};
{% endfor %}
{% if unit.skips %}  // A k-step of zeros is taken, but not by the core.
  assign core_activation_valid = {{ unit.activation.valid }} && step_valid && !step_skipped;
{% else %}  assign core_activation_valid = {{ unit.activation.valid }} && step_valid;
{% endif %}  assign {{ unit.activation.ready }} = core_activation_ready && step_valid;
  assign core_weight_valid = {{ unit.weight.valid }} && weight_enable;
  assign {{ unit.weight.ready }} = core_weight_ready && weight_enable;

  // A k-step, and what the array takes of the weights, is whole with the last of its beats.
  assign step_taken   = {{ unit.activation.valid }} && {{ unit.activation.ready }}{% if unit.activation_bus.is_narrow() %}
                        && core_activation_whole{% endif %};
  assign weight_taken = core_weight_valid && core_weight_ready{% if unit.weight_bus.is_narrow() %} && core_weight_whole{% endif %};

{% for buffer in unit.buffers %}  // {{ buffer.title }}: what comes again is kept.
  logic {{ buffer.stream }}_memory_write, {{ buffer.stream }}_memory_read;
  logic {{ buffer.stream }}_buffer_error;
  logic {{ core.range(buffer.address_bits) }} {{ buffer.stream }}_memory_write_address;
  logic {{ core.range(buffer.address_bits) }} {{ buffer.stream }}_memory_read_address;

  {{ core.name }}_{{ buffer.stream }}_buffer u_{{ buffer.stream }}_buffer (
    .clk_i                  (clk_i),
    .rst_ni                 (rst_ni),
    .clear_i                (clear_i),
    .write_valid_i          ({{ buffer.stream }}_valid_i),
    .write_ready_o          ({{ buffer.stream }}_ready_o),
    .read_valid_o           ({{ buffer.valid }}),
    .read_taken_i           ({{ buffer.valid }} && {{ buffer.ready }}),
    .pass_ends_i            ({{ buffer.pass_ends }}),
    .pass_is_final_i        ({{ buffer.stream }}_pass_is_final),
    .memory_write_o         ({{ buffer.stream }}_memory_write),
    .memory_write_address_o ({{ buffer.stream }}_memory_write_address),
    .memory_read_o          ({{ buffer.stream }}_memory_read),
    .memory_read_address_o  ({{ buffer.stream }}_memory_read_address),
    .error_o                ({{ buffer.stream }}_buffer_error)
  );

  {{ core.name }}_{{ buffer.stream }}_memory u_{{ buffer.stream }}_memory (
    .clk_i           (clk_i),
    .write_i         ({{ buffer.stream }}_memory_write),
    .write_address_i ({{ buffer.stream }}_memory_write_address),
    .write_data_i    ({{ buffer.write_data }}),
    .read_i          ({{ buffer.stream }}_memory_read),
    .read_address_i  ({{ buffer.stream }}_memory_read_address),
    .read_data_o     ({{ buffer.read_data }})
  );

{% endfor %}{% if unit.skips %}  {{ core.name }}_zero_detector u_zero_detector (
    .data_i    ({{ unit.activation.data }}),
    .rows_i    (step_rows),
    .is_zero_o (step_is_zero)
  );

{% endif %}  {{ core.name }}_sequencer u_sequencer (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .clear_i            (clear_i),
    .command_valid_i    (command_valid_i),
    .command_ready_o    (command_ready_o),
    .command_data_i     (command_data_i),
    .step_taken_i       (step_taken),
{% if unit.skips %}    .step_is_zero_i     (step_is_zero),
    .step_skipped_o     (step_skipped),
    .fetch_valid_o      (fetch_valid_o),
    .fetch_step_o       (fetch_step_o),
{% endif %}{% if unit.activation.buffered %}    .activation_pass_ends_o     (activation_pass_ends),
    .activation_pass_is_final_o (activation_pass_is_final),
{% endif %}{% if unit.weight.buffered %}    .weight_pass_is_final_o (weight_pass_is_final),
{% endif %}    .step_valid_o       (step_valid),
    .step_first_o       (step_first),
    .step_last_o        (step_last),
{% if core.told_of_groups %}    .step_group_last_o  (step_group_last),
{% endif %}    .step_rows_o        (step_rows),
    .step_columns_o     (step_columns),
{% if core.run_bits_bits > 0 %}    .step_weight_bits_o (step_weight_bits),
{% endif %}{% if core.corrected %}    .step_zero_point_o  (step_zero_point),
{% endif %}{% if !unit.external %}    .step_keep_o        (step_keep),
{% endif %}    .weight_taken_i     (weight_taken),
    .weight_valid_o     (weight_enable),
    .weight_last_o      (weight_last),
    .tile_ready_i       (tile_ready),
    .tile_valid_o       (tile_valid),
    .tile_o             (tile),
    .error_o            (command_error)
  );

  {{ core.name }}_core u_core (
{% for pin in unit.pins %}    .{{ pin.port }} ({{ pin.net }}){% if !loop.last %},{% endif %}
{% endfor %}  );

  {{ core.name }}_result_edge u_result_edge (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .clear_i        (clear_i),
    .tile_valid_i   (tile_valid),
    .tile_ready_o   (tile_ready),
    .tile_i         (tile),
    .core_valid_i   (core_result_valid),
    .core_ready_o   (core_result_ready),
    .core_last_i    (core_result_last),
    .core_keep_i    (core_result_keep),
    .core_data_i    (core_result_data),
{% if unit.accumulates %}    .addend_valid_i (addend_valid_i),
    .addend_ready_o (addend_ready_o),
    .addend_data_i  (addend_data_i),
    .overflow_o     (sum_overflow),
{% endif %}    .result_valid_o (result_valid_o),
    .result_ready_i (result_ready_i),
    .result_last_o  (result_last_o),
    .result_id_o    (result_id_o),
    .result_keep_o  (result_keep_o),
    .result_data_o  (result_data_o)
  );

  assign error_o    = core_error || command_error{% for buffer in unit.buffers %} || {{ buffer.stream }}_buffer_error{% endfor %};
{% if unit.accumulates %}  assign overflow_o = core_overflow || sum_overflow;
{% else %}  assign overflow_o = core_overflow;
{% endif %}
endmodule

`default_nettype wire
