{% include "rtl/header.sv" %}// Memory of the {{ unit.stream }} buffer: {{ unit.memory.words }} words of {{ unit.memory.word_bits }} bit(s) in {{ unit.memory.banks }} bank(s), a write and a read a cycle.
// A word that is read is there a cycle later and stays until the next one is. None is read in the cycle in
// which it is written. This model is what FPGA tools make block RAM of; in a chip a macro with the same ports
// takes its place.

`default_nettype none

module {{ core.name }}_{{ unit.stream }}_memory (
  input  logic {{ core.bit() }} clk_i,

  // Write.
  input  logic {{ core.bit() }} write_i,
  input  logic {{ core.width(unit.memory.address_bits) }} write_address_i,
  input  logic {{ core.width(unit.memory.word_bits) }} write_data_i,

  // Read.
  input  logic {{ core.bit() }} read_i,
  input  logic {{ core.width(unit.memory.address_bits) }} read_address_i,
  output logic {{ core.width(unit.memory.word_bits) }} read_data_o
);

  localparam int Words = {{ unit.memory.bank_words() }};
  localparam int WordBits = {{ unit.memory.word_bits }};

  // What is read then hangs on the memory, so that no logic is spent on it.
  logic is_written;

  assign is_written = write_i && (write_address_i == read_address_i);

{% if unit.memory.bank_bits == 0 %}  (* ram_style = "block" *)
  logic [WordBits-1:0] words_q [Words];
  logic [WordBits-1:0] data_q;

  always_ff @(posedge clk_i) begin : p_memory
    if (write_i) words_q[write_address_i] <= write_data_i;
    if (read_i) data_q <= is_written ? 'x : words_q[read_address_i];
  end

  assign read_data_o = data_q;
{% else %}  localparam int Banks = {{ unit.memory.banks }};
  localparam int BankBits = {{ unit.memory.bank_bits }};

  // Neighbouring words lie in different banks; one of them reads, one writes, the others rest.
  logic {{ core.range(unit.row_bits) }} write_row, read_row;
  logic [BankBits-1:0] write_bank, read_bank, bank_q;
  logic [Banks*WordBits-1:0] data;

  assign {write_row, write_bank} = write_address_i;
  assign {read_row, read_bank}   = read_address_i;

  for (genvar b = 0; b < Banks; b++) begin : gen_bank
    (* ram_style = "block" *)
    logic [WordBits-1:0] words_q [Words];
    logic [WordBits-1:0] data_q;

    always_ff @(posedge clk_i) begin : p_bank
      if (write_i && (write_bank == BankBits'(b))) words_q[write_row] <= write_data_i;
      if (read_i && (read_bank == BankBits'(b))) data_q <= is_written ? 'x : words_q[read_row];
    end

    assign data[b*WordBits +: WordBits] = data_q;
  end

  always_ff @(posedge clk_i) begin : p_bank_select
    if (read_i) bank_q <= read_bank;
  end

  assign read_data_o = data[bank_q*WordBits +: WordBits];
{% endif %}
endmodule

`default_nettype wire
