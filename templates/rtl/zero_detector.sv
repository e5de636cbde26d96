{% include "rtl/header.sv" %}// Zero detector: whether all activations of a k-step are zero, in the rows that a tile has. The elements
// that K lacks are those of the last k-step, which is not asked about.

`default_nettype none

module {{ core.name }}_zero_detector (
  input  logic {{ core.vector(unit.step_bits) }} data_i,
  input  logic {{ core.width(core.rows_bits) }} rows_i,
  output logic {{ core.bit() }} is_zero_o
);

  logic [{{ core.m }}-1:0] row_is_zero;

  for (genvar row = 0; row < {{ core.m }}; row++) begin : gen_row
    logic [{{ core.elements_per_step }}-1:0] counts;

    for (genvar i = 0; i < {{ core.elements_per_step }}; i++) begin : gen_element
      localparam int From = row * {{ unit.row_bits }} + i * {{ unit.activation_bits }};
      logic {{ core.range(unit.activation_bits) }} magnitude;

{% if unit.has_sign() %}      // A zero has any sign.
      assign magnitude = data_i[From +: {{ unit.activation_bits }}] & {1'b0, {{ "{" }}{{ unit.magnitude_bits }}{1'b1{{ "}}" }}};
{% else %}      assign magnitude = data_i[From +: {{ unit.activation_bits }}];
{% endif %}      assign counts[i] = (magnitude != '0);
    end

    assign row_is_zero[row] = (counts == '0) || (rows_i <= {{ core.rows_bits }}'(row));
  end

  assign is_zero_o = &row_is_zero;

endmodule

`default_nettype wire
