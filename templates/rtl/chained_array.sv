{% include "rtl/header.sv" %}// {{ unit.summary }}
//
// {{ unit.rows }} x {{ unit.columns }} tiles of {{ unit.tile_m }} x {{ unit.tile_n }} as one array. Weights pass from each row of tiles to the next,
// activations from each column of tiles to the next; every tile keeps its results until they leave in
// their turn. Links hold beats back where a tile is not ready, so that tiles need not keep step.

`default_nettype none

module {{ unit.module }} (
{% for group in unit.port_groups %}  // {{ group.comment }}
{% for port in group.ports %}  {{ port.direction }} logic {{ core.width(port.bits) }} {{ port.name }}{% if !(loop.last && group.is_last) %},{% endif %}
{% endfor %}{% if !group.is_last %}
{% endif %}{% endfor %});

  localparam int TileRows = {{ unit.rows }};
  localparam int TileColumns = {{ unit.columns }};
  localparam int Tiles = TileRows * TileColumns;
  // Of one tile.
  localparam int Rows = {{ unit.tile_m }};
  localparam int Columns = {{ unit.tile_n }};
  localparam int Drain = {{ core.drain }};
  localparam int ResultBits = {{ unit.result_bits }};
  localparam int RowsBits = {{ core.rows_bits }};
  localparam int ColumnsBits = {{ core.columns_bits }};
  localparam int TileRowsBits = {{ unit.tile_rows_bits }};
  localparam int TileColumnsBits = {{ unit.tile_columns_bits }};
{% for field in unit.spread %}  localparam int {{ field.constant }} = {{ field.bits }};
{% endfor %}  localparam int ActivationBits = {{ unit.activation_bits }};
  localparam int WeightBits = {{ unit.weight_bits }};

  // Into the links, row of tiles by row of tiles: activations on their way to the right, weights on their
  // way down.
  logic [Tiles-1:0] activation_valid, activation_ready;
  logic [Tiles*ActivationBits-1:0] activation_beats;
  logic [Tiles-1:0] weight_valid, weight_ready;
  logic [Tiles*WeightBits-1:0] weight_beats;
  // Out of the tiles, in the same order.
  logic [Tiles-1:0] tile_result_valid, tile_result_ready, tile_result_last;
  logic [Tiles*Drain-1:0] tile_result_keep;
  logic [Tiles*ResultBits-1:0] tile_result_data;
  logic [Tiles-1:0] tile_error, tile_overflow;

  // A beat is taken by all rows or columns of tiles at once, and a run's first one by the collector.
  logic [TileRows-1:0] row_ready;
  logic [TileColumns-1:0] column_ready;
  logic run_ready, run_begins, collector_error;
  logic step_taken, beat_taken;

  assign activation_ready_o = (&row_ready) && run_ready;
  assign weight_ready_o     = &column_ready;
  assign step_taken         = activation_valid_i && activation_ready_o;
  assign beat_taken         = weight_valid_i && weight_ready_o;
  assign run_begins         = step_taken && activation_first_i;

  for (genvar r = 0; r < TileRows; r++) begin : gen_row_edge
    localparam int First = r * TileColumns;
    // Rows of the run that lie in these tiles.
    logic [TileRowsBits-1:0] tile_rows;

    assign tile_rows = (activation_rows_i >= RowsBits'((r + 1) * Rows)) ? TileRowsBits'(Rows)
                     : (activation_rows_i > RowsBits'(r * Rows))
                     ? TileRowsBits'(activation_rows_i - RowsBits'(r * Rows)) : '0;

{% if unit.skews_activations %}    logic [ActivationBits-1:0] step;

    assign step = {
{% for field in unit.edge_fields %}        {{ field }}{% if !loop.last %},{% endif %}
{% endfor %}    };

    if (r > 0) begin : gen_skew
      // Weights come later to this row of tiles.
      {{ core.name }}_activation_skew u_activation_skew (
        .clk_i        (clk_i),
        .rst_ni       (rst_ni),
        .clear_i      (clear_i),
        .valid_i      (step_taken),
        .ready_o      (row_ready[r]),
        .data_i       (step),
        .tile_valid_o (activation_valid[First]),
        .tile_ready_i (activation_ready[First]),
        .tile_data_o  (activation_beats[First*ActivationBits +: ActivationBits])
      );
    end else begin : gen_first
      assign activation_valid[First] = step_taken;
      assign row_ready[r]            = activation_ready[First];
      assign activation_beats[First*ActivationBits +: ActivationBits] = step;
    end
{% else %}    assign activation_valid[First] = step_taken;
    assign row_ready[r]            = activation_ready[First];
    assign activation_beats[First*ActivationBits +: ActivationBits] = {
{% for field in unit.edge_fields %}        {{ field }}{% if !loop.last %},{% endif %}
{% endfor %}    };
{% endif %}  end

  for (genvar c = 0; c < TileColumns; c++) begin : gen_column_edge
{% if unit.skews_weights %}    logic [WeightBits-1:0] beat;

    assign beat = {weight_last_i, weight_data_i[c*WeightDataBits +: WeightDataBits]};

    if (c > 0) begin : gen_skew
      // Activations come later to this column of tiles.
      {{ core.name }}_weight_skew u_weight_skew (
        .clk_i        (clk_i),
        .rst_ni       (rst_ni),
        .clear_i      (clear_i),
        .valid_i      (beat_taken),
        .ready_o      (column_ready[c]),
        .data_i       (beat),
        .tile_valid_o (weight_valid[c]),
        .tile_ready_i (weight_ready[c]),
        .tile_data_o  (weight_beats[c*WeightBits +: WeightBits])
      );
    end else begin : gen_first
      assign weight_valid[c] = beat_taken;
      assign column_ready[c] = weight_ready[c];
      assign weight_beats[c*WeightBits +: WeightBits] = beat;
    end
{% else %}    assign weight_valid[c] = beat_taken;
    assign column_ready[c] = weight_ready[c];
    assign weight_beats[c*WeightBits +: WeightBits] = {
        weight_last_i,
        weight_data_i[c*WeightDataBits +: WeightDataBits]
    };
{% endif %}  end

  for (genvar r = 0; r < TileRows; r++) begin : gen_row
    for (genvar c = 0; c < TileColumns; c++) begin : gen_tile
      localparam int Tile = r * TileColumns + c;
      logic step_valid, step_ready, beat_valid, beat_ready;
      logic [ActivationBits-1:0] step;
      logic [WeightBits-1:0] beat;

{% if unit.columns > 1 %}      if (c + 1 < TileColumns) begin : gen_activation_link
        {{ core.name }}_activation_link u_activation_link (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .clear_i      (clear_i),
          .valid_i      (activation_valid[Tile]),
          .ready_o      (activation_ready[Tile]),
          .data_i       (activation_beats[Tile*ActivationBits +: ActivationBits]),
          .next_valid_o (activation_valid[Tile+1]),
          .next_ready_i (activation_ready[Tile+1]),
          .next_data_o  (activation_beats[(Tile+1)*ActivationBits +: ActivationBits]),
          .tile_valid_o (step_valid),
          .tile_ready_i (step_ready),
          .tile_data_o  (step)
        );
      end else begin : gen_activation_end
        {{ core.name }}_activation_end u_activation_end (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .clear_i      (clear_i),
          .valid_i      (activation_valid[Tile]),
          .ready_o      (activation_ready[Tile]),
          .data_i       (activation_beats[Tile*ActivationBits +: ActivationBits]),
          .tile_valid_o (step_valid),
          .tile_ready_i (step_ready),
          .tile_data_o  (step)
        );
      end
{% else %}      {{ core.name }}_activation_end u_activation_end (
        .clk_i        (clk_i),
        .rst_ni       (rst_ni),
        .clear_i      (clear_i),
        .valid_i      (activation_valid[Tile]),
        .ready_o      (activation_ready[Tile]),
        .data_i       (activation_beats[Tile*ActivationBits +: ActivationBits]),
        .tile_valid_o (step_valid),
        .tile_ready_i (step_ready),
        .tile_data_o  (step)
      );
{% endif %}
{% if unit.rows > 1 %}      if (r + 1 < TileRows) begin : gen_weight_link
        {{ core.name }}_weight_link u_weight_link (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .clear_i      (clear_i),
          .valid_i      (weight_valid[Tile]),
          .ready_o      (weight_ready[Tile]),
          .data_i       (weight_beats[Tile*WeightBits +: WeightBits]),
          .next_valid_o (weight_valid[Tile+TileColumns]),
          .next_ready_i (weight_ready[Tile+TileColumns]),
          .next_data_o  (weight_beats[(Tile+TileColumns)*WeightBits +: WeightBits]),
          .tile_valid_o (beat_valid),
          .tile_ready_i (beat_ready),
          .tile_data_o  (beat)
        );
      end else begin : gen_weight_end
        {{ core.name }}_weight_end u_weight_end (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .clear_i      (clear_i),
          .valid_i      (weight_valid[Tile]),
          .ready_o      (weight_ready[Tile]),
          .data_i       (weight_beats[Tile*WeightBits +: WeightBits]),
          .tile_valid_o (beat_valid),
          .tile_ready_i (beat_ready),
          .tile_data_o  (beat)
        );
      end
{% else %}      {{ core.name }}_weight_end u_weight_end (
        .clk_i        (clk_i),
        .rst_ni       (rst_ni),
        .clear_i      (clear_i),
        .valid_i      (weight_valid[Tile]),
        .ready_o      (weight_ready[Tile]),
        .data_i       (weight_beats[Tile*WeightBits +: WeightBits]),
        .tile_valid_o (beat_valid),
        .tile_ready_i (beat_ready),
        .tile_data_o  (beat)
      );
{% endif %}
      // What is told of a k-step, and columns of the run that lie in this tile.
{% for field in unit.told %}      logic {{ core.width(field.bits) }} {{ field.name }};
{% endfor %}      logic [TileColumnsBits-1:0] tile_columns;

      assign {
{% for field in unit.told %}          {{ field.name }}{% if !loop.last %},{% endif %}
{% endfor %}      } = step;

      assign tile_columns = (step_columns >= ColumnsBits'((c + 1) * Columns))
                          ? TileColumnsBits'(Columns)
                          : (step_columns > ColumnsBits'(c * Columns))
                          ? TileColumnsBits'(step_columns - ColumnsBits'(c * Columns)) : '0;

      {{ core.name }}_tile u_tile (
{% for pin in unit.pins %}        .{{ pin.port }} ({{ pin.net }}){% if !loop.last %},{% endif %}
{% endfor %}      );
    end
  end

  {{ core.name }}_result_collector u_result_collector (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .clear_i        (clear_i),
    .run_ready_o    (run_ready),
    .run_begins_i   (run_begins),
    .run_rows_i     (activation_rows_i),
    .run_columns_i  (activation_columns_i),
    .tile_valid_i   (tile_result_valid),
    .tile_ready_o   (tile_result_ready),
    .tile_last_i    (tile_result_last),
    .tile_keep_i    (tile_result_keep),
    .tile_data_i    (tile_result_data),
    .result_valid_o (result_valid_o),
    .result_ready_i (result_ready_i),
    .result_last_o  (result_last_o),
    .result_keep_o  (result_keep_o),
    .result_data_o  (result_data_o),
    .error_o        (collector_error)
  );

{% if unit.scans %}  {{ core.name }}_exponent_scanner u_exponent_scanner (
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

{% endif %}  assign error_o    = (|tile_error) || collector_error;
  assign overflow_o = |tile_overflow;

{% if unit.counts_columns %}`ifndef SYNTHESIS
`ifndef __ICARUS__
  // Tiles and collector agree on what counts.
  always_ff @(posedge clk_i) begin : p_assert_keep
    if (result_valid_o && !error_o) assert (result_keep_o == u_result_collector.counts);
  end
`endif
`endif

{% endif %}endmodule

`default_nettype wire
