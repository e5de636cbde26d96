{% include "rtl/header.sv" %}// Group register: what belongs to a quantisation group beside its sums. Its shape{% if core.exponents_bits > 0 %} and exponents
// are{% else %} is{% endif %} held from its last plane on, since the k-step behind it may be another run's;
// its {{ core.factors_text() }} from the cycle that takes them from the weight register.

`default_nettype none

module {{ core.name }}_group_register (
  input  logic {{ core.bit() }} clk_i,

  // The group's last plane is looked up; it is its run's last group.
  input  logic {{ core.bit() }} done_i,
  input  logic {{ core.bit() }} run_last_i,
  input  logic {{ core.width(core.rows_bits) }} run_rows_i,
  input  logic {{ core.width(core.columns_bits) }} run_columns_i,
{% if core.exponents_bits > 0 %}  input  logic {{ core.vector(core.exponents_bits) }} run_exponents_i,
{% endif %}
  // Its {{ core.factors_text() }} are taken: the lowest bits of each column.
  input  logic {{ core.bit() }} take_i,
  input  logic {{ core.width(unit.factors_bits) }} factors_i,

  // The same, held.
  output logic {{ core.bit() }} run_last_o,
  output logic {{ core.width(core.rows_bits) }} run_rows_o,
  output logic {{ core.width(core.columns_bits) }} run_columns_o,
{% if core.exponents_bits > 0 %}  output logic {{ core.vector(core.exponents_bits) }} run_exponents_o,
{% endif %}  output logic {{ core.width(unit.factors_bits) }} factors_o
);

  logic run_last_q;
  logic {{ core.range(core.rows_bits) }} run_rows_q;
  logic {{ core.range(core.columns_bits) }} run_columns_q;
{% if core.exponents_bits > 0 %}  logic {{ core.range(core.exponents_bits) }} run_exponents_q;
{% endif %}  logic {{ core.range(unit.factors_bits) }} factors_q;

  always_ff @(posedge clk_i) begin : p_group
    if (done_i) begin
      run_last_q      <= run_last_i;
      run_rows_q      <= run_rows_i;
      run_columns_q   <= run_columns_i;
{% if core.exponents_bits > 0 %}      run_exponents_q <= run_exponents_i;
{% endif %}    end
    if (take_i) factors_q <= factors_i;
  end

  assign run_last_o      = run_last_q;
  assign run_rows_o      = run_rows_q;
  assign run_columns_o   = run_columns_q;
{% if core.exponents_bits > 0 %}  assign run_exponents_o = run_exponents_q;
{% endif %}  assign factors_o       = factors_q;

endmodule

`default_nettype wire
