{% include "rtl/header.sv" %}// Table registers: the tables of one row that the lanes read now. They load the next step's tables
// in the cycle that reads the last plane of this one.

`default_nettype none

{% if unit.phrases.copied %}// One of {{ core.copies }} copies; a hierarchy boundary keeps synthesis from merging them again.
(* keep_hierarchy *)
{% endif %}module {{ core.name }}_table_registers (
  input  logic {{ core.bit() }} clk_i,

  // A step's tables are taken in this cycle.
  input  logic {{ core.bit() }} load_i,

  // Group 0 lowest. {{ unit.phrases.table_meaning }}
  input  logic {{ core.width(unit.data_bits) }} tables_i,
  output logic {{ core.width(unit.data_bits) }} tables_o{% if unit.odd_bits > 0 %},

  // How many of the tables have odd entries.
  output logic {{ core.vector(unit.odd_bits) }} odd_o{% endif %}
);

  logic {{ core.range(unit.data_bits) }} tables_q;

  always_ff @(posedge clk_i) begin : p_tables
    if (load_i) tables_q <= tables_i;
  end

  assign tables_o = tables_q;
{% if unit.odd_bits > 0 %}
  always_comb begin : p_odd
    odd_o = '0;
    for (int g = 0; g < {{ core.groups }}; g++) begin
      odd_o = odd_o + {{ unit.odd_bits }}'(tables_q[g*{{ unit.table_bits }}]);
    end
  end
{% endif %}
endmodule

`default_nettype wire
