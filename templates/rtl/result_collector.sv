{% include "rtl/header.sv" %}// Result collector: sends the results of {{ unit.tiles }} tiles in the order of one array, row by row, and of each row
// tile by tile. It keeps the shape of the runs whose results have not left; a tile without a row or a
// column of a run has no result of it.

`default_nettype none

module {{ core.name }}_result_collector (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // A run begins.
  output logic {{ core.bit() }} run_ready_o,
  input  logic {{ core.bit() }} run_begins_i,
  input  logic {{ core.width(core.rows_bits) }} run_rows_i,
  input  logic {{ core.width(core.columns_bits) }} run_columns_i,

  // Results of the tiles, the first of the first row lowest.
  input  logic {{ core.vector(unit.tiles) }} tile_valid_i,
  output logic {{ core.vector(unit.tiles) }} tile_ready_o,
  input  logic {{ core.vector(unit.tiles) }} tile_last_i,
  input  logic {{ core.vector(unit.phrases.keeps_bits) }} tile_keep_i,
  input  logic {{ core.width(unit.phrases.datas_bits) }} tile_data_i,

  // Result stream.
  output logic {{ core.bit() }} result_valid_o,
  input  logic {{ core.bit() }} result_ready_i,
  output logic {{ core.bit() }} result_last_o,
  output logic {{ core.vector(core.drain) }} result_keep_o,
  output logic {{ core.width(unit.data_bits) }} result_data_o,

  // Sticky until clear or reset.
  output logic {{ core.bit() }} error_o
);

  localparam int Drain = {{ core.drain }};
  localparam int DataBits = {{ unit.data_bits }};
  localparam int Tiles = {{ unit.tiles }};
{% if unit.tile_row_bits > 0 %}  localparam int RowsBits = {{ core.rows_bits }};
{% endif %}{% if unit.counts_columns %}  localparam int ColumnsBits = {{ core.columns_bits }};
{% endif %}  localparam int ShapeBits = {{ unit.shape_bits }};
  localparam int PlaceBits = {{ unit.place_bits }};
  localparam int CountBits = {{ unit.runs_bits }};

  // Runs whose results have not left, the oldest first.
  logic [{{ unit.runs }}*ShapeBits-1:0] shapes_q;
  logic [PlaceBits-1:0] write_d, write_q, read_d, read_q;
  logic [CountBits-1:0] count_d, count_q;
  logic ready_d, ready_q, error_d, error_q;
  logic is_illegal;
{% if unit.tile_row_bits > 0 %}  logic [RowsBits-1:0] rows;
{% endif %}{% if unit.counts_columns %}  logic [ColumnsBits-1:0] columns;
{% endif %}
  assign {{ unit.phrases.shape }} = ShapeBits'(shapes_q >> (read_q * ShapeBits));

  // Which tile it comes from.
  logic {{ core.range(unit.phrases.tile_index_bits) }} tile;
{% if unit.tile_row_bits > 0 %}  logic {{ core.range(unit.tile_row_bits) }} tile_row_d, tile_row_q;
{% endif %}{% if unit.tile_column_bits > 0 %}  logic {{ core.range(unit.tile_column_bits) }} tile_column_d, tile_column_q;
{% endif %}{% if unit.beat_bits > 0 %}  logic {{ core.range(unit.beat_bits) }} beat_d, beat_q;
{% endif %}
  assign tile = {{ unit.phrases.tile }};

  // The beat: it ends its row, the rows of its tiles, and the run.
  logic take, tile_last, row_is_done, tiles_are_done, run_is_done;
{% if unit.counts_columns %}  logic starts_row_d, starts_row_q;
  // From this beat on.
  logic [ColumnsBits-1:0] columns_left, columns_left_q;

  assign columns_left   = starts_row_q ? columns : columns_left_q;
  assign starts_row_d   = clear_i || (take ? row_is_done : starts_row_q);
{% endif %}
  assign take           = result_valid_o && result_ready_i;
  assign row_is_done    = {{ unit.phrases.row_is_done }};
  assign tiles_are_done = row_is_done && tile_last;
  assign run_is_done    = {{ unit.phrases.run_is_done }};

{% if unit.counts_columns %}  always_ff @(posedge clk_i) begin : p_columns
    if (take) columns_left_q <= columns_left - ColumnsBits'(Drain);
  end

{% endif %}  always_comb begin : p_place
{% if unit.tile_column_bits > 0 %}    tile_column_d = tile_column_q;
{% if unit.beat_bits > 0 %}    beat_d        = beat_q;
    if (take) begin
      beat_d = beat_q + {{ unit.beat_bits }}'d1;
      if (beat_q == {{ unit.beat_bits }}'d{{ unit.last_beat }}) begin
        beat_d        = '0;
        tile_column_d = tile_column_q + {{ unit.tile_column_bits }}'d1;
      end
    end
{% else %}    if (take) tile_column_d = tile_column_q + {{ unit.tile_column_bits }}'d1;
{% endif %}    if (clear_i || (take && row_is_done)) begin
{% if unit.beat_bits > 0 %}      beat_d        = '0;
{% endif %}      tile_column_d = '0;
    end
{% endif %}{% if unit.tile_row_bits > 0 %}
    tile_row_d = tile_row_q;
    if (take && tiles_are_done) tile_row_d = tile_row_q + {{ unit.tile_row_bits }}'d1;
    if (clear_i || (take && run_is_done)) tile_row_d = '0;
{% endif %}  end

  // Runs come and leave.
  always_comb begin : p_runs
    is_illegal = (run_rows_i == '0) || (run_columns_i == '0);
{% if unit.phrases.rows_can_exceed %}    if (run_rows_i > {{ core.rows_bits }}'d{{ core.m }}) is_illegal = 1'b1;
{% endif %}{% if unit.phrases.columns_can_exceed %}    if (run_columns_i > {{ core.columns_bits }}'d{{ core.n }}) is_illegal = 1'b1;
{% endif %}
    write_d = write_q + PlaceBits'(run_begins_i);
    read_d  = read_q + PlaceBits'(take && run_is_done);
    count_d = (count_q + CountBits'(run_begins_i)) - CountBits'(take && run_is_done);
    error_d = error_q || (run_begins_i && is_illegal);
    if (clear_i) begin
      write_d = '0;
      read_d  = '0;
      count_d = '0;
      error_d = 1'b0;
    end
    ready_d = (count_d != CountBits'({{ unit.runs }}));
  end

  for (genvar i = 0; i < {{ unit.runs }}; i++) begin : gen_run
    always_ff @(posedge clk_i) begin : p_shape
      if (run_begins_i && (write_q == PlaceBits'(i))) begin
        shapes_q[i*ShapeBits +: ShapeBits] <= {{ unit.phrases.run_shape }};
      end
    end
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      ready_q <= 1'b0;
      error_q <= 1'b0;
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
{% if unit.counts_columns %}      starts_row_q <= 1'b1;
{% endif %}{% if unit.tile_column_bits > 0 %}      tile_column_q <= '0;
{% endif %}{% if unit.beat_bits > 0 %}      beat_q  <= '0;
{% endif %}{% if unit.tile_row_bits > 0 %}      tile_row_q <= '0;
{% endif %}    end else begin
      ready_q <= ready_d;
      error_q <= error_d;
      write_q <= write_d;
      read_q  <= read_d;
      count_q <= count_d;
{% if unit.counts_columns %}      starts_row_q <= starts_row_d;
{% endif %}{% if unit.tile_column_bits > 0 %}      tile_column_q <= tile_column_d;
{% endif %}{% if unit.beat_bits > 0 %}      beat_q  <= beat_d;
{% endif %}{% if unit.tile_row_bits > 0 %}      tile_row_q <= tile_row_d;
{% endif %}    end
  end

  // The tile's beat as the array's.
  logic [Drain-1:0] keep;
  logic valid;

  assign valid     = 1'(tile_valid_i >> tile);
  assign tile_last = 1'(tile_last_i >> tile);
  assign keep      = Drain'(tile_keep_i >> (tile * Drain));

  assign tile_ready_o   = Tiles'(result_ready_i && (count_q != '0)) << tile;
  assign run_ready_o    = ready_q;
  assign result_valid_o = valid && (count_q != '0);
  assign result_last_o  = run_is_done;
  assign result_keep_o  = keep;
  assign result_data_o  = DataBits'(tile_data_i >> (tile * DataBits));
  assign error_o        = error_q;

{% if unit.counts_columns %}`ifndef SYNTHESIS
`ifndef __ICARUS__
  // What counts of the beat.
  logic [Drain-1:0] counts;

  for (genvar i = 0; i < Drain; i++) begin : gen_counts
    assign counts[i] = (columns_left > ColumnsBits'(i));
  end
`endif
`endif

{% endif %}endmodule

`default_nettype wire
