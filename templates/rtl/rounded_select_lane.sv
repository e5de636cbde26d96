{% include "rtl/header.sv" %}// Rounded select lane: looks one plane of a column's weights up in a row's {{ core.groups }} table(s),
// counts what it finds by the plane's significance, adds the look-ups two by two, and accumulates.
// Every sum is rounded to {{ unit.number.sum }}. {{ unit.phrases.timing }}

`default_nettype none

module {{ core.name }}_rounded_select_lane (
  input  logic {{ core.bit() }} clk_i,

  // The sum of a k-step's plane is at the accumulator; take the neighbour's result instead.
  input  logic {{ core.bit() }} enable_i,
  input  logic {{ core.bit() }} shift_i,

  // The row's tables, group 0 lowest.
  input  logic {{ core.width(unit.tables_bits) }} tables_i,

  // The column's selection, group 0 lowest: {{ unit.phrases.select_meaning }}.
  input  logic {{ core.vector(unit.select_bits) }} select_i,
{% if unit.signed %}  input  logic {{ core.vector(core.groups) }} negate_i,
{% endif %}{% if unit.plane_bits > 0 %}
  // The plane, that of the least significance first.
  input  logic {{ core.width(unit.plane_bits) }} plane_i,
{% endif %}
  // Drain chain, numbers as they are held.
  input  logic {{ core.width(core.accumulator_bits) }} chain_i,
  output logic {{ core.width(core.accumulator_bits) }} number_o
);

  localparam int Groups = {{ core.groups }};
{% if core.groups > 1 %}  localparam int Stages = {{ core.stages }};
{% endif %}  localparam int Entries = {{ unit.entries }};
  localparam int TableBits = {{ unit.table_bits }};
  localparam int FractionBits = {{ unit.number.fraction_bits() }};
  localparam int ExponentBits = {{ unit.number.exponent_bits }};
  localparam int EntryBits = FractionBits + ExponentBits + 2;
  localparam int NumberBits = EntryBits + 1;
  localparam logic [ExponentBits-1:0] Zero = {{ unit.number.exponent_bits }}'d{{ unit.number.zero_exponent }};

  // Node i is the sum of nodes 2i and 2i+1; the look-ups are the nodes from Groups on. The nodes
  // nearest to the accumulator, the first, have registers.
  logic [(2*Groups-1)*NumberBits-1:0] nodes;

  for (genvar g = 0; g < Groups; g++) begin : gen_group
    logic [Entries*EntryBits-1:0] entries;
    logic [EntryBits-1:0] entry;

    assign entries = tables_i[g*TableBits +: Entries*EntryBits];

{% if unit.one_hot %}    // AND-OR of all entries; none is a stored zero.
    always_comb begin : p_select
      entry = '0;
      for (int e = 0; e < Entries; e++) begin
        entry = entry | (entries[e*EntryBits +: EntryBits]
                         & {EntryBits{select_i[g*Entries + e]}});
      end
    end
{% else %}    // Multiplexer tree, highest index bit first.
    logic [{{ unit.phrases.all_entries }}*EntryBits-1:0] half;

    always_comb begin : p_select
      half = {{ unit.phrases.all_entries_value }};
      for (int level = {{ unit.index_bits }} - 1; level >= 0; level--) begin
        if (select_i[g*{{ unit.index_bits }} + level]) half = half >> (EntryBits << level);
      end
    end

    assign entry = half[EntryBits-1:0];
{% endif %}
    // Zero has no leading one, and stays what it is in every plane.
    logic is_number;
    logic [ExponentBits-1:0] stored, exponent;
    logic [NumberBits-1:0] number;

    assign stored    = entry[FractionBits +: ExponentBits];
    assign is_number = (stored != '0);
{% if unit.plane_bits > 0 %}    logic {{ core.range(unit.plane_bits) }} places;
{% if unit.number.can_overflow %}    // Beyond the largest exponent is infinity, which stays.
    logic [ExponentBits:0] counted;

    assign places   = plane_i & {{ unit.phrases.plane_mask }};
    assign counted  = {1'b0, stored ^ Zero} + {{ unit.phrases.counted_bits }}'(places);
    assign exponent = counted[ExponentBits-1:0] | {ExponentBits{counted[ExponentBits]}};
{% else %}    // No number reaches the exponent of infinity, which stays.
    logic is_special;

    assign is_special = &(stored ^ Zero);
    assign places     = plane_i & {{ unit.phrases.plane_mask }};
    assign exponent   = (stored ^ Zero) + ExponentBits'(places);
{% endif %}{% else %}    assign exponent = stored ^ Zero;
{% endif %}    assign number = {entry[EntryBits-1], entry[EntryBits-2]{% if unit.signed %} ^ negate_i[g]{% endif %}, exponent,
                     is_number, entry[FractionBits-1:0]};

{% if unit.registers_values() %}    logic [NumberBits-1:0] number_q;

    always_ff @(posedge clk_i) begin : p_number
      number_q <= number;
    end

    assign nodes[(Groups-1+g)*NumberBits +: NumberBits] = number_q;
{% else %}    assign nodes[(Groups-1+g)*NumberBits +: NumberBits] = number;
{% endif %}  end
{% if core.groups > 1 %}
  for (genvar i = 1; i < Groups; i++) begin : gen_sum
    logic [NumberBits-1:0] sum;

    {{ core.name }}_float_adder u_float_adder (
      .augend_i (nodes[(2*i-1)*NumberBits +: NumberBits]),
      .addend_i (nodes[2*i*NumberBits +: NumberBits]),
      .sum_o    (sum)
    );

    if ($clog2(i + 1) <= Stages) begin : gen_register
      logic [NumberBits-1:0] sum_q;

      always_ff @(posedge clk_i) begin : p_sum
        sum_q <= sum;
      end

      assign nodes[(i-1)*NumberBits +: NumberBits] = sum_q;
    end else begin : gen_wire
      assign nodes[(i-1)*NumberBits +: NumberBits] = sum;
    end
  end
{% endif %}
  // Where nothing is added the sum stays. It is held with the exponent of zero taken as 0
  // (exclusive or): what comes at the end of the drain chain, with which a sum begins, is a zero.
  localparam logic [NumberBits-1:0] ZeroNumber = NumberBits'(Zero) << (FractionBits + 1);
  logic [NumberBits-1:0] total_q, total_d, total;

  {{ core.name }}_float_adder u_accumulating_adder (
    .augend_i (total_q ^ ZeroNumber),
    .addend_i (nodes[NumberBits-1:0]),
    .sum_o    (total)
  );

  always_comb begin : p_next
    total_d = enable_i ? (total ^ ZeroNumber) : total_q;
    if (shift_i) total_d = chain_i;
  end

  always_ff @(posedge clk_i) begin : p_total
    total_q <= total_d;
  end

  assign number_o = total_q;

endmodule

`default_nettype wire
