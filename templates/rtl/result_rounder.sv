{% include "rtl/header.sv" %}// Result rounder: the result stream behind the drain, {{ unit.lane.stages }} registers deep. The sums of a beat become
// floating-point numbers while it moves on; all registers move together.
{% if unit.has_nan %}// The lanes' blocks are those of one row: what belongs to its exponent is here.
{% endif %}
`default_nettype none

module {{ core.name }}_result_rounder (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,
{% if core.exponent_bits > 0 %}
  // A run's last accumulation is under way; the fields of its rows, row 0 lowest.
  input  logic {{ core.bit() }} done_i,
  input  logic {{ core.vector(core.exponents_bits) }} run_exponents_i,
{% endif %}
  // Sums from the drain, lowest column first{{ unit.phrases.row_meaning }}.
  input  logic {{ core.bit() }} sums_valid_i,
  output logic {{ core.bit() }} sums_ready_o,
  input  logic {{ core.bit() }} sums_last_i,
  input  logic {{ core.vector(core.drain) }} sums_keep_i,
  input  logic {{ core.width(unit.data_bits) }} sums_i,
{% if unit.row_bits > 0 %}  input  logic {{ core.width(unit.row_bits) }} row_i,
{% endif %}
  // Result stream.
  output logic {{ core.bit() }} result_valid_o,
  input  logic {{ core.bit() }} result_ready_i,
  output logic {{ core.bit() }} result_last_o,
  output logic {{ core.vector(core.drain) }} result_keep_o,
  output logic {{ core.width(unit.results_bits) }} result_data_o
);

  localparam int Drain = {{ core.drain }};
  localparam int Stages = {{ unit.lane.stages }};

  // Stage 0 lowest.
  logic [Stages-1:0] valid_d, valid_q, last_q;
  logic [Stages*Drain-1:0] keep_q;
  logic advance;

  assign advance      = result_ready_i || !valid_q[Stages-1];
  assign sums_ready_o = advance;

  logic [Stages-1:0] valid_moved;

  assign valid_moved = {valid_q[Stages-2:0], sums_valid_i};

  always_comb begin : p_next
    valid_d = valid_q;
    if (advance) valid_d = valid_moved;
    if (clear_i) valid_d = '0;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_valid
{% else %}  always_ff @(posedge clk_i) begin : p_valid
{% endif %}    if (!rst_ni) begin
      valid_q <= '0;
    end else begin
      valid_q <= valid_d;
    end
  end

  always_ff @(posedge clk_i) begin : p_markers
    if (advance) begin
      last_q <= {last_q[Stages-2:0], sums_last_i};
      keep_q <= {keep_q[(Stages-1)*Drain-1:0], sums_keep_i};
    end
  end

{% if core.exponent_bits > 0 %}  // Fields of the run that drains.
  logic {{ core.range(core.exponents_bits) }} exponents_q;
  logic {{ core.range(core.exponent_bits) }} exponent;

  always_ff @(posedge clk_i) begin : p_exponents
    if (done_i) exponents_q <= run_exponents_i;
  end

  assign exponent = {{ unit.phrases.exponent }};

  // The exponent of the row moves along, up to the stage in which it is used last.
  localparam int ExponentBits = {{ core.exponent_bits }};
  logic [(Stages-1)*ExponentBits-1:0] exponent_q;
  logic is_nan_q;

  always_ff @(posedge clk_i) begin : p_exponent
    if (advance) begin
      exponent_q <= {exponent_q[(Stages-2)*ExponentBits-1:0], exponent};
      is_nan_q   <= (exponent_q[(Stages-2)*ExponentBits +: ExponentBits] == '0);
    end
  end

{% endif %}{% if unit.lane.shared_bits > 0 %}  // Low bits of all sums of a beat: what the correction of the row gives them.
  logic {{ core.range(unit.lane.shared_bits) }} low_q;

  always_ff @(posedge clk_i) begin : p_low
    if (advance) low_q <= sums_i[{{ unit.lane.shared_bits }}-1:0];
  end

{% endif %}  for (genvar i = 0; i < Drain; i++) begin : gen_lane
    logic {{ core.range(unit.lane.bits) }} code;
{% if unit.word.is_some() %}
    // Every sum has its own exponent and flags, which move along with it.
    localparam int ExponentBits = {{ unit.lane.sum_exponent_bits }};
    localparam int Low = i * {{ core.result_bits }} + {{ unit.lane.sum_bits }};
    logic [(Stages-1)*ExponentBits-1:0] exponent_q;

    always_ff @(posedge clk_i) begin : p_exponent
      if (advance) begin
        exponent_q <= {exponent_q[(Stages-2)*ExponentBits-1:0], sums_i[Low +: ExponentBits]};
      end
    end
{% if unit.flag_bits() > 0 %}
    localparam int FlagBits = {{ unit.flag_bits() }};
    logic [Stages*FlagBits-1:0] flags_q;
    logic [FlagBits-1:0] flags;

    always_ff @(posedge clk_i) begin : p_flags
      if (advance) begin
        flags_q <= {flags_q[(Stages-1)*FlagBits-1:0], sums_i[Low+ExponentBits +: FlagBits]};
      end
    end

    assign flags = flags_q[(Stages-1)*FlagBits +: FlagBits];
{% endif %}{% endif %}
    {{ core.name }}_fixed_to_float u_fixed_to_float (
      .clk_i      (clk_i),
      .advance_i  (advance),
      .sum_i      (sums_i[i*{{ unit.phrases.sum_stride }} +: {{ unit.lane.sum_bits }}]),
{% if unit.lane.shared_bits > 0 %}      .low_i      (low_q),
{% endif %}{% if unit.phrases.marks_by_exponent %}      .magnitude_exponent_i (exponent_q[(Stages-3)*ExponentBits +: ExponentBits]),
{% endif %}{% if unit.lane.fixed_exponent.is_none() %}      .counted_exponent_i (exponent_q[(Stages-2)*ExponentBits +: ExponentBits]),
{% endif %}      .result_o   (code)
    );

{% if unit.has_nan %}    assign result_data_o[i*{{ unit.lane.bits }} +: {{ unit.lane.bits }}] = is_nan_q ? {{ unit.phrases.nan }} : code;
{% else if unit.flag_bits() > 1 %}    // Infinities of both signs are NaN too.
    logic is_nan, is_infinite;

    assign is_nan      = flags[0] || (flags[1] && flags[2]);
    assign is_infinite = flags[1] || flags[2];
    assign result_data_o[i*{{ unit.lane.bits }} +: {{ unit.lane.bits }}] =
        is_nan ? {{ unit.phrases.nan }} : is_infinite ? {flags[2], {{ unit.phrases.infinity }}} : code;
{% else if unit.flag_bits() > 0 %}    assign result_data_o[i*{{ unit.lane.bits }} +: {{ unit.lane.bits }}] = flags ? {{ unit.phrases.nan }} : code;
{% else %}    assign result_data_o[i*{{ unit.lane.bits }} +: {{ unit.lane.bits }}] = code;
{% endif %}  end

  assign result_valid_o = valid_q[Stages-1];
  assign result_last_o  = last_q[Stages-1];
  assign result_keep_o  = keep_q[Stages*Drain-1 -: Drain];

endmodule

`default_nettype wire
