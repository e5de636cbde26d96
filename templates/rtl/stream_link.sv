{% include "rtl/header.sv" %}// {{ unit.title }}: beats of the {{ unit.stream }} stream wait here until
// {{ unit.readers }} them. Ready comes from a register: whether a place
// will be free is known one cycle ahead.

`default_nettype none

module {{ core.name }}_{{ unit.stream }}_{{ unit.name }} (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // From the port, or from the link before.
  input  logic {{ core.bit() }} valid_i,
  output logic {{ core.bit() }} ready_o,
  input  logic {{ core.width(unit.data_bits) }} data_i,

{% if unit.forwards %}  // To the next link.
  output logic {{ core.bit() }} next_valid_o,
  input  logic {{ core.bit() }} next_ready_i,
  output logic {{ core.width(unit.data_bits) }} next_data_o,

{% endif %}  // To the tile.
  output logic {{ core.bit() }} tile_valid_o,
  input  logic {{ core.bit() }} tile_ready_i,
  output logic {{ core.width(unit.data_bits) }} tile_data_o
);

  localparam int DataBits = {{ unit.data_bits }};
  localparam int PlaceBits = {{ unit.place_bits }};
  localparam int CountBits = {{ unit.count_bits }};
  localparam logic [CountBits-1:0] Entries = CountBits'({{ unit.entries }});

  // Beats, the place of the next one, and how many the {% if unit.forwards %}readers have{% else %}tile has{% endif %} not taken.
  logic [{{ unit.entries }}*DataBits-1:0] entries_q;
  logic [PlaceBits-1:0] place_d, place_q, tile_place;
  logic [CountBits-1:0] tile_left_d, tile_left_q;
{% if unit.forwards %}  logic [CountBits-1:0] next_left_d, next_left_q;
  logic [PlaceBits-1:0] next_place;
{% endif %}  logic ready_d, ready_q;
  logic take, tile_take{% if unit.forwards %}, next_take{% endif %};

  assign take      = valid_i && ready_q;
  assign tile_take = tile_valid_o && tile_ready_i;
{% if unit.forwards %}  assign next_take = next_valid_o && next_ready_i;
{% endif %}
  always_comb begin : p_next
    place_d     = place_q + PlaceBits'(take);
    tile_left_d = (tile_left_q + CountBits'(take)) - CountBits'(tile_take);
{% if unit.forwards %}    next_left_d = (next_left_q + CountBits'(take)) - CountBits'(next_take);
{% endif %}    if (clear_i) begin
      tile_left_d = '0;
{% if unit.forwards %}      next_left_d = '0;
{% endif %}    end
    ready_d = {{ unit.has_room }};
  end

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      ready_q     <= 1'b0;
      place_q     <= '0;
      tile_left_q <= '0;
{% if unit.forwards %}      next_left_q <= '0;
{% endif %}    end else begin
      ready_q     <= ready_d;
      place_q     <= place_d;
      tile_left_q <= tile_left_d;
{% if unit.forwards %}      next_left_q <= next_left_d;
{% endif %}    end
  end

  for (genvar i = 0; i < {{ unit.entries }}; i++) begin : gen_entry
    always_ff @(posedge clk_i) begin : p_entry
      if (take && (place_q == PlaceBits'(i))) entries_q[i*DataBits +: DataBits] <= data_i;
    end
  end

  // The oldest that has not been taken is as many places back as are left.
  assign tile_place   = place_q - PlaceBits'(tile_left_q);
  assign tile_valid_o = (tile_left_q != '0);
  assign tile_data_o  = DataBits'(entries_q >> (tile_place * DataBits));
{% if unit.forwards %}  assign next_place   = place_q - PlaceBits'(next_left_q);
  assign next_valid_o = (next_left_q != '0);
  assign next_data_o  = DataBits'(entries_q >> (next_place * DataBits));
{% endif %}  assign ready_o      = ready_q;

endmodule

`default_nettype wire
