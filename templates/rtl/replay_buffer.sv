{% include "rtl/header.sv" %}// Replay buffer of the {{ unit.stream }} stream: each beat is written once, and read in every pass that needs it.
// The memory is filled round and round. Beats are kept from the first of the pass under way on; those of
// the last pass are given up as they are read, so that what comes next is written meanwhile.
//
// A pass with more beats than the memory has words could never end: it raises the error.

`default_nettype none

module {{ core.name }}_{{ unit.stream }}_buffer (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // The stream.
  input  logic {{ core.bit() }} write_valid_i,
  output logic {{ core.bit() }} write_ready_o,

  // The core: a beat is there, it is taken, the pass ends with it, no other pass follows.
  output logic {{ core.bit() }} read_valid_o,
  input  logic {{ core.bit() }} read_taken_i,
  input  logic {{ core.bit() }} pass_ends_i,
  input  logic {{ core.bit() }} pass_is_final_i,

  // The memory.
  output logic {{ core.bit() }} memory_write_o,
  output logic {{ core.width(unit.memory.address_bits) }} memory_write_address_o,
  output logic {{ core.bit() }} memory_read_o,
  output logic {{ core.width(unit.memory.address_bits) }} memory_read_address_o,

  // Sticky until clear or reset.
  output logic {{ core.bit() }} error_o
);

  localparam int AddressBits = {{ unit.memory.address_bits }};
  localparam int PlaceBits = {{ unit.place_bits }};
  localparam logic [PlaceBits-1:0] Words = {{ unit.place_bits }}'d{{ unit.memory.words }};

  // Places in the stream: of the next beat to write, of the one to read, of the oldest that is kept.
  logic [PlaceBits-1:0] write_d, write_q, read_d, read_q, oldest_d, oldest_q, read_next;
  logic ready_d, ready_q, valid_d, valid_q, error_d, error_q;
  logic write, is_full;

  assign write     = write_valid_i && ready_q;
  assign read_next = read_q + PlaceBits'(1);
  assign is_full   = ((write_q - oldest_q) == Words);

  always_comb begin : p_places
    write_d  = write_q + PlaceBits'(write);
    read_d   = read_q;
    oldest_d = oldest_q;
    if (read_taken_i) begin
      read_d = (pass_ends_i && !pass_is_final_i) ? oldest_q : read_next;
      if (pass_is_final_i) oldest_d = read_next;
    end
    if (clear_i) begin
      write_d  = '0;
      read_d   = '0;
      oldest_d = '0;
    end
  end

  // A beat that is written can be read in the cycle behind.
  assign ready_d = !clear_i && ((write_d - oldest_d) != Words);
  assign valid_d = !clear_i && (read_d != write_q);
  assign error_d = !clear_i && (error_q || (is_full && (read_q == write_q)));

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_state
{% else %}  always_ff @(posedge clk_i) begin : p_state
{% endif %}    if (!rst_ni) begin
      write_q  <= '0;
      read_q   <= '0;
      oldest_q <= '0;
      ready_q  <= 1'b0;
      valid_q  <= 1'b0;
      error_q  <= 1'b0;
    end else begin
      write_q  <= write_d;
      read_q   <= read_d;
      oldest_q <= oldest_d;
      ready_q  <= ready_d;
      valid_q  <= valid_d;
      error_q  <= error_d;
    end
  end

  assign write_ready_o          = ready_q;
  assign read_valid_o           = valid_q;
  assign memory_write_o         = write;
  assign memory_write_address_o = write_q[AddressBits-1:0];
  assign memory_read_o          = valid_d && (read_taken_i || !valid_q);
  assign memory_read_address_o  = read_d[AddressBits-1:0];
  assign error_o                = error_q;

endmodule

`default_nettype wire
