{% include "rtl/header.sv" %}// Result edge: marks the results of the core with the command that they belong to{% if unit.phrases.accumulates %}, and adds C.
// A sum that leaves its {{ unit.phrases.sum_bits }} bits keeps the low ones and raises the flag{% endif %}.

`default_nettype none

module {{ core.name }}_result_edge (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // Tiles in the order of their results.
  input  logic {{ core.bit() }} tile_valid_i,
  output logic {{ core.bit() }} tile_ready_o,
  input  logic {{ core.width(unit.unit.tile_bits) }} tile_i,

  // Results of the core; last ends a tile.
  input  logic {{ core.bit() }} core_valid_i,
  output logic {{ core.bit() }} core_ready_o,
  input  logic {{ core.bit() }} core_last_i,
  input  logic {{ core.vector(unit.unit.drain) }} core_keep_i,
  input  logic {{ core.width(unit.phrases.core_beat_bits) }} core_data_i,
{% if unit.phrases.accumulates %}
  // C, a beat for each of the results that it is added to.
  input  logic {{ core.bit() }} addend_valid_i,
  output logic {{ core.bit() }} addend_ready_o,
  input  logic {{ core.width(unit.phrases.beat_bits) }} addend_data_i,
{% endif %}
  // Results; last ends a command.
  output logic {{ core.bit() }} result_valid_o,
  input  logic {{ core.bit() }} result_ready_i,
  output logic {{ core.bit() }} result_last_o,
  output logic {{ core.width(unit.unit.id_bits) }} result_id_o,
  output logic {{ core.vector(unit.unit.drain) }} result_keep_o,
  output logic {{ core.width(unit.phrases.beat_bits) }} result_data_o{% if unit.phrases.accumulates %},

  // Sticky until clear or reset.
  output logic {{ core.bit() }} overflow_o{% endif %}
);

  localparam int TileBits = {{ unit.unit.tile_bits }};
  localparam int Tiles = {{ unit.unit.tiles }};
  localparam int CountBits = {{ unit.unit.count_bits }};

  // Tiles, the oldest lowest.
  logic [Tiles*TileBits-1:0] tiles_d, tiles_q;
  logic [(Tiles+1)*TileBits-1:0] waiting;
  logic [CountBits-1:0] count_d, count_q, place;
  logic pop;
  logic is_last;
{% if unit.phrases.accumulates %}  logic accumulate;
{% endif %}
  assign waiting = {TileBits'(0), tiles_q};
  assign pop     = result_valid_o && result_ready_i && core_last_i;
  assign place   = count_q - CountBits'(pop);

  for (genvar i = 0; i < Tiles; i++) begin : gen_tile
    localparam int From = i * TileBits;
    assign tiles_d[From +: TileBits] =
        (tile_valid_i && (place == CountBits'(i))) ? tile_i
        : (pop ? waiting[From+TileBits +: TileBits] : waiting[From +: TileBits]);
  end

  assign count_d = clear_i ? '0 : (place + CountBits'(tile_valid_i));
  assign {result_id_o, {% if unit.phrases.accumulates %}accumulate, {% endif %}is_last} = tiles_q[TileBits-1:0];

  always_ff @(posedge clk_i) begin : p_tiles
    tiles_q <= tiles_d;
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_count
{% else %}  always_ff @(posedge clk_i) begin : p_count
{% endif %}    if (!rst_ni) begin
      count_q <= '0;
    end else begin
      count_q <= count_d;
    end
  end

{% if unit.phrases.accumulates %}  // C: two beats, so that ready hangs on nothing but a register.
  logic {{ core.range(unit.phrases.beat_bits) }} addend_q, second_q;
  logic [1:0] addends_d, addends_q;
  logic addend_load, addend_used;

  assign addend_load = addend_valid_i && addend_ready_o;
  assign addend_used = result_valid_o && result_ready_i && accumulate;

  always_comb begin : p_addends
    addends_d = addends_q;
    if (addend_load && !addend_used) addends_d = addends_q + 2'd1;
    if (addend_used && !addend_load) addends_d = addends_q - 2'd1;
    if (clear_i) addends_d = '0;
  end

  always_ff @(posedge clk_i) begin : p_addend_data
    if (addend_used || (addends_q == 2'd0)) begin
      addend_q <= (addends_q == 2'd2) ? second_q : addend_data_i;
    end
    if (addend_load) second_q <= addend_data_i;
  end

  // Sums.
  localparam int SumBits = {{ unit.phrases.sum_bits }};
  logic {{ core.range(unit.unit.drain) }} exceeds;
  logic overflow_d, overflow_q;

  for (genvar i = 0; i < {{ unit.unit.drain }}; i++) begin : gen_sum
    logic [SumBits-1:0] result, addend, sum;

    assign result     = {{ unit.phrases.extended }};
    assign addend     = accumulate ? addend_q[i*SumBits +: SumBits] : '0;
    assign sum        = result + addend;
    assign exceeds[i] = core_keep_i[i] && (result[SumBits-1] == addend[SumBits-1])
                        && (sum[SumBits-1] != result[SumBits-1]);
    assign result_data_o[i*SumBits +: SumBits] = sum;
  end

  assign overflow_d = !clear_i && (overflow_q || (result_valid_o && result_ready_i && (|exceeds)));

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      addends_q  <= '0;
      overflow_q <= 1'b0;
    end else begin
      addends_q  <= addends_d;
      overflow_q <= overflow_d;
    end
  end

  assign addend_ready_o = (addends_q != 2'd2);
  assign overflow_o     = overflow_q;
  assign result_valid_o = core_valid_i && (!accumulate || (addends_q != 2'd0));
  assign core_ready_o   = result_ready_i && (!accumulate || (addends_q != 2'd0));
{% else %}  assign result_data_o  = core_data_i;
  assign result_valid_o = core_valid_i;
  assign core_ready_o   = result_ready_i;
{% endif %}  assign result_last_o  = core_last_i && is_last;
  assign result_keep_o  = core_keep_i;
  assign tile_ready_o   = (count_q != CountBits'(Tiles));

endmodule

`default_nettype wire
