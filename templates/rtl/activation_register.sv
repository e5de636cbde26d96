{% include "rtl/header.sv" %}// Activation register: takes one k-step from the activation stream, zeroes the elements that the
// keep mask drops, and holds it until the table registers can take it. Together they double-buffer
// the tables: the next step waits here as {{ unit.phrases.held }}, which is {{ unit.phrases.held_reason }}.

`default_nettype none

module {{ core.name }}_activation_register (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // Activation stream.
  input  logic {{ core.bit() }} activation_valid_i,
  output logic {{ core.bit() }} activation_ready_o,
  input  logic {{ core.bit() }} activation_first_i,
  input  logic {{ core.bit() }} activation_last_i,
{% if core.told_of_groups %}  input  logic {{ core.bit() }} activation_group_last_i,
{% endif %}  input  logic {{ core.width(core.rows_bits) }} activation_rows_i,
  input  logic {{ core.width(core.columns_bits) }} activation_columns_i,
{% if core.run_bits_bits > 0 %}  input  logic {{ core.width(core.run_bits_bits) }} activation_weight_bits_i,
{% endif %}{% if core.corrected %}  input  logic {{ core.width(core.zero_point_bits) }} activation_zero_point_i,
{% endif %}{% if core.exponents_bits > 0 %}  input  logic {{ core.vector(core.exponents_bits) }} activation_exponents_i,
{% endif %}{% if unit.masked %}  input  logic {{ core.vector(core.elements_per_step) }} activation_keep_i,
{% endif %}  input  logic {{ core.width(unit.bus.bits) }} activation_data_i,
{% if unit.bus.is_narrow() %}
  // Number of the beat of a k-step; with the last one it is whole and its fields are read.
  input  logic {{ core.width(unit.bus.beat_bits) }} beat_i,
  input  logic {{ core.bit() }} beat_is_last_i,
{% endif %}
  // k-step, for the table registers.
  output logic {{ core.bit() }} step_valid_o,
  input  logic {{ core.bit() }} step_ready_i,
  input  logic {{ core.bit() }} step_ready_next_i,
  output logic {{ core.bit() }} step_first_o,
  output logic {{ core.bit() }} step_last_o,
{% if core.told_of_groups %}  output logic {{ core.bit() }} step_group_last_o,
{% endif %}  output logic {{ core.width(core.rows_bits) }} step_rows_o,
  output logic {{ core.width(core.columns_bits) }} step_columns_o,
{% if core.run_bits_bits > 0 %}  output logic {{ core.width(core.run_bits_bits) }} step_weight_bits_o,
{% endif %}{% if core.corrected %}  output logic {{ core.width(core.zero_point_bits) }} step_zero_point_o,
{% endif %}{% if core.exponents_bits > 0 %}  output logic {{ core.vector(core.exponents_bits) }} step_exponents_o,
{% endif %}  output logic {{ core.width(unit.step_bits) }} step_data_o
);

  logic full_d, full_q;
  logic ready_d, ready_q;
  logic load;
  logic first_q, last_q{% if core.told_of_groups %}, group_last_q{% endif %};
  logic {{ core.range(core.rows_bits) }} rows_q;
  logic {{ core.range(core.columns_bits) }} columns_q;
{% if core.run_bits_bits > 0 %}  logic {{ core.range(core.run_bits_bits) }} bits_q;
{% endif %}{% if core.corrected %}  logic {{ core.range(core.zero_point_bits) }} zero_point_q;
{% endif %}{% if core.exponents_bits > 0 %}  logic {{ core.range(core.exponents_bits) }} exponents_q;
{% endif %}{% if unit.bus.is_narrow() %}  logic take;
  logic {{ core.range(unit.data_bits) }} data;
{% if unit.masked %}  logic {{ core.range(core.elements_per_step) }} keep_q;
{% endif %}
  assign take    = activation_valid_i && ready_q;
  assign load    = take && beat_is_last_i;
{% else %}  logic {{ core.range(unit.data_bits) }} data_d, data_q;

  assign load    = activation_valid_i && ready_q;
{% endif %}  assign full_d  = !clear_i && (load || (full_q && !step_ready_i));
  assign ready_d = !full_d || step_ready_next_i;

{% if unit.bus.is_narrow() %}  // Every beat has its own bits of the register.
  for (genvar b = 0; b < {{ unit.bus.beats }}; b++) begin : gen_beat
    localparam int Bits = (b == {{ unit.bus.beats }} - 1) ? {{ unit.bus.last_bits }} : {{ unit.bus.bits }};
    logic [Bits-1:0] beat_q;

    always_ff @(posedge clk_i) begin : p_beat
      if (take && (beat_i == {{ unit.bus.beat_bits }}'(b))) beat_q <= activation_data_i[Bits-1:0];
    end

    assign data[b*{{ unit.bus.bits }} +: Bits] = beat_q;
  end

{% if unit.phrases.group_bits > 0 %}  logic {{ core.range(&unit.bus_bits()) }} kept;

{% endif %}{% if unit.masked %}  // Element i of every row counts only if keep bit i is set, which comes after its value.
  for (genvar r = 0; r < {{ core.m }}; r++) begin : gen_row
    for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_element
{% include "parts/kept_late.sv" %}    end
  end
{% if unit.phrases.group_bits > 0 %}
  for (genvar g = 0; g < {{ core.m * core.groups }}; g++) begin : gen_parts
    {{ core.name }}_part_tables u_part_tables (
      .activations_i (kept[g*{{ core.k * core.code_bits }} +: {{ core.k * core.code_bits }}]),
      .parts_o       (step_data_o[g*{{ unit.phrases.group_bits }} +: {{ unit.phrases.group_bits }}])
    );
  end
{% endif %}{% else %}  assign step_data_o = data;
{% endif %}{% else if unit.masked %}{% if unit.phrases.group_bits > 0 %}  logic {{ core.range(&unit.bus_bits()) }} kept;

{% endif %}  // Element i of every row counts only if keep bit i is set.
  for (genvar r = 0; r < {{ core.m }}; r++) begin : gen_row
    for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_element
{% include "parts/kept_early.sv" %}    end
  end
{% if unit.phrases.group_bits > 0 %}
  for (genvar g = 0; g < {{ core.m * core.groups }}; g++) begin : gen_parts
    {{ core.name }}_part_tables u_part_tables (
      .activations_i (kept[g*{{ core.k * core.code_bits }} +: {{ core.k * core.code_bits }}]),
      .parts_o       (data_d[g*{{ unit.phrases.group_bits }} +: {{ unit.phrases.group_bits }}])
    );
  end
{% endif %}{% else %}  assign data_d = activation_data_i;
{% endif %}
{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      full_q  <= 1'b0;
      ready_q <= 1'b0;
    end else begin
      full_q  <= full_d;
      ready_q <= ready_d;
    end
  end

  always_ff @(posedge clk_i) begin : p_step
    if (load) begin
      first_q      <= activation_first_i;
      last_q       <= activation_last_i;
{% if core.told_of_groups %}      group_last_q <= activation_group_last_i;
{% endif %}      rows_q       <= activation_rows_i;
      columns_q    <= activation_columns_i;
{% if core.run_bits_bits > 0 %}      bits_q       <= activation_weight_bits_i;
{% endif %}{% if core.corrected %}      zero_point_q <= activation_zero_point_i;
{% endif %}{% if core.exponents_bits > 0 %}      exponents_q  <= activation_exponents_i;
{% endif %}{% if !unit.bus.is_narrow() %}      data_q       <= data_d;
{% else if unit.masked %}      keep_q       <= activation_keep_i;
{% endif %}    end
  end

  assign activation_ready_o = ready_q;
  assign step_valid_o       = full_q;
  assign step_first_o       = first_q;
  assign step_last_o        = last_q;
{% if core.told_of_groups %}  assign step_group_last_o  = group_last_q;
{% endif %}  assign step_rows_o        = rows_q;
  assign step_columns_o     = columns_q;
{% if core.run_bits_bits > 0 %}  assign step_weight_bits_o = bits_q;
{% endif %}{% if core.corrected %}  assign step_zero_point_o  = zero_point_q;
{% endif %}{% if core.exponents_bits > 0 %}  assign step_exponents_o   = exponents_q;
{% endif %}{% if !unit.bus.is_narrow() %}  assign step_data_o        = data_q;
{% endif %}
endmodule

`default_nettype wire
