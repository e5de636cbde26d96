{% include "rtl/header.sv" %}// Exponent scanner: watches the activations of a {{ unit.phrases.block }} on their way into memory and finds the field
// that each row travels with: {{ unit.phrases.field }}.

`default_nettype none

module {{ core.name }}_exponent_scanner (
  input  logic {{ core.bit() }} clk_i,
  input  logic {{ core.bit() }} rst_ni,
  input  logic {{ core.bit() }} clear_i,

  // A k-step: row, then element, lowest first; elements that the keep mask drops do not count.
  input  logic {{ core.bit() }} scan_valid_i,
  input  logic {{ core.bit() }} scan_first_i,
  input  logic {{ core.bit() }} scan_last_i,
  input  logic {{ core.vector(core.elements_per_step) }} scan_keep_i,
  input  logic {{ core.width(unit.phrases.data_bits) }} scan_data_i,

  // Fields, row 0 lowest; of a whole {{ unit.phrases.block }} while done.
  output logic {{ core.bit() }} scan_done_o,
  output logic {{ core.vector(core.exponents_bits) }} scan_exponents_o
);

  localparam int Elements = {{ core.elements_per_step }};
  localparam int CodeBits = {{ unit.code.bits }};
{% if unit.tables.is_some() %}  localparam int ExponentBits = {{ unit.field_bits }};
{% else if unit.compares %}  localparam int ExponentBits = {{ unit.code.exponent_bits }};
  localparam int FractionBits = {{ unit.code.fraction_bits }};
{% endif %}  logic done_q;

{% if unit.tables.is_some() %}  // Exponents of tables are registered before they are compared; their markers go along.
  logic valid_q, first_q, last_q;

{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_valid
{% else %}  always_ff @(posedge clk_i) begin : p_valid
{% endif %}    if (!rst_ni) begin
      valid_q <= 1'b0;
    end else begin
      valid_q <= !clear_i && scan_valid_i;
    end
  end

  always_ff @(posedge clk_i) begin : p_markers
    if (scan_valid_i) begin
      first_q <= scan_first_i;
      last_q  <= scan_last_i;
    end
  end

{% endif %}{% if core.reset_is_async %}  always_ff @(posedge clk_i or negedge rst_ni) begin : p_done
{% else %}  always_ff @(posedge clk_i) begin : p_done
{% endif %}    if (!rst_ni) begin
      done_q <= 1'b0;
    end else begin
      done_q <= !clear_i && {{ unit.phrases.valid }} && {{ unit.phrases.last }};
    end
  end

  assign scan_done_o = done_q;

  for (genvar r = 0; r < {{ core.m }}; r++) begin : gen_row
    logic [Elements*CodeBits-1:0] codes;

    for (genvar i = 0; i < Elements; i++) begin : gen_element
      assign codes[i*CodeBits +: CodeBits] =
          scan_data_i[(r*Elements+i)*CodeBits +: CodeBits] & {CodeBits{scan_keep_i[i]}};
    end

    // Not every bit of a code matters.
    logic unused_codes;

    assign unused_codes = ^codes;
{% if unit.phrases.is_special != "" %}
    logic [Elements-1:0] is_special;

    for (genvar i = 0; i < Elements; i++) begin : gen_special
      assign is_special[i] = {{ unit.phrases.is_special }};
    end
{% endif %}{% if unit.compares %}
    logic [ExponentBits-1:0] field_d, field_q;

{% if let Some(table) = unit.tables %}    // Largest exponents of the tables of the k-step before, and how far theirs are above them.
    localparam int Tables = {{ core.groups }};
    localparam int LargestBits = {{ table.code.exponent_bits }};
    localparam int Headroom = {{ table.headroom }};
    logic [Tables*LargestBits-1:0] largest_d, largest_q;
    logic [Tables*Headroom-1:0] above_d, above_q;

    for (genvar g = 0; g < Tables; g++) begin : gen_table
      {{ core.name }}_table_exponent u_table_exponent (
        .codes_i   (codes[g*{{ table.elements }}*CodeBits +: {{ table.elements }}*CodeBits]),
        .largest_o (largest_d[g*LargestBits +: LargestBits]),
        .above_o   (above_d[g*Headroom +: Headroom])
      );
    end
{% if unit.phrases.is_special != "" %}
    logic is_special_q;
{% endif %}
    always_ff @(posedge clk_i) begin : p_exponents
      if (scan_valid_i) begin
        largest_q    <= largest_d;
        above_q      <= above_d;
{% if unit.phrases.is_special != "" %}        is_special_q <= |is_special;
{% endif %}      end
    end

{% endif %}    // Bit by bit from the highest: who lacks a bit that another has is out. The field so far takes
    // part as the last candidate.
    logic [({{ unit.phrases.candidates }}+1)*ExponentBits-1:0] candidates;
    logic [ExponentBits-1:0] largest;
    logic [{{ unit.phrases.candidates }}:0] is_in, has_bit;

    assign candidates[{{ unit.phrases.candidates }}*ExponentBits +: ExponentBits] =
        {{ unit.phrases.first }} ? '0 : field_q;

{% if unit.tables.is_some() %}    for (genvar g = 0; g < Tables; g++) begin : gen_candidate
      logic [ExponentBits-1:0] own, exponent;
      logic [Headroom-1:0] above;

      assign own   = ExponentBits'(largest_q[g*LargestBits +: LargestBits]);
      assign above = above_q[g*Headroom +: Headroom];

      always_comb begin : p_exponent
        exponent = own;
        for (int h = 0; h < Headroom; h++) begin
          exponent = exponent + ExponentBits'(above[h]);
        end
      end

      assign candidates[g*ExponentBits +: ExponentBits] = exponent;
    end
{% else %}    for (genvar i = 0; i < Elements; i++) begin : gen_candidate
      assign candidates[i*ExponentBits +: ExponentBits] =
          codes[i*CodeBits+FractionBits +: ExponentBits];
    end
{% endif %}
    always_comb begin : p_largest
      is_in   = '1;
      has_bit = '0;
      largest = '0;
      for (int b = ExponentBits - 1; b >= 0; b--) begin
        for (int i = 0; i <= {{ unit.phrases.candidates }}; i++) begin
          has_bit[i] = is_in[i] && candidates[i*ExponentBits+b];
        end
        largest[b] = |has_bit;
        if (|has_bit) is_in = has_bit;
      end
    end

    // A number has at least the exponent 1; what is no number stays so until the run ends.
    always_comb begin : p_field
      field_d = largest;
      if (largest == '0) field_d = {{ unit.phrases.one }};
{% if unit.phrases.is_special != "" %}      if ({{ unit.phrases.any_special }} || (!{{ unit.phrases.first }} && (field_q == '0))) field_d = '0;
{% endif %}    end

    always_ff @(posedge clk_i) begin : p_row
      if ({{ unit.phrases.valid }}) field_q <= field_d;
    end

    assign scan_exponents_o[r*ExponentBits +: ExponentBits] = field_q;
{% else %}
    logic is_number_q;

    always_ff @(posedge clk_i) begin : p_row
      if (scan_valid_i) is_number_q <= !(|is_special) && (scan_first_i || is_number_q);
    end

    assign scan_exponents_o[r] = is_number_q;
{% endif %}  end

endmodule

`default_nettype wire
