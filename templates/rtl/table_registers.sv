{% include "rtl/header.sv" %}// Table registers: the tables of one row that the lanes read now. They load the next step's tables
// in the cycle that reads the last plane of this one.

`default_nettype none

{% if unit.phrases.copied %}// One of {{ core.copies }} copies; a hierarchy boundary keeps synthesis from merging them again.
(* keep_hierarchy *)
{% endif %}module {{ core.name }}_table_registers (
  input  logic {{ core.bit() }} clk_i,

  // A step's tables are taken in this cycle.
  input  logic {{ core.bit() }} load_i,

  // Group, then entry, lowest first.
  input  logic {{ core.width(unit.data_bits) }} entries_i,
  output logic {{ core.width(unit.data_bits) }} entries_o
);

  logic {{ core.range(unit.data_bits) }} entries_q;

  always_ff @(posedge clk_i) begin : p_entries
    if (load_i) entries_q <= entries_i;
  end

  assign entries_o = entries_q;

endmodule

`default_nettype wire
