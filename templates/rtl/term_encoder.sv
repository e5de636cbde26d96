{% include "rtl/header.sv" %}// Term encoder: the terms of one cycle of the {{ core.k }} weights of a column, once for all of its rows. A term is
// the line of its shift, or none, and a sign; in cycle i it counts 4^i.
// It takes what registers will hold and registers its terms, which belong to what they hold then.
//
// Data types by number:
{% for each in unit.phrases.types %}// {{ each.number }}: {{ each.name }}, {{ each.cycles }} cycle(s) a k-step{% if each.has_special %}; the negative zero is the special value of its group{% endif %}.
{% endfor %}
`default_nettype none

module {{ core.name }}_term_encoder (
  input  logic {{ core.bit() }} clk_i,

  // Codes of the next cycle, element 0 lowest.
  input  logic {{ core.vector(unit.codes_bits) }} codes_i,

{% if unit.head_bits > 0 %}  // Data type and special value of the next cycle's group.
  input  logic {{ core.vector(unit.head_bits) }} head_i,

{% endif %}{% if unit.phrases.cycle_bits > 0 %}  // Next cycle of the k-step.
  input  logic {{ core.width(unit.phrases.cycle_bits) }} cycle_i,

{% endif %}  // This cycle's terms: element, then shift, lowest first.
  output logic {{ core.vector(unit.select_bits) }} select_o,
  output logic {{ core.vector(core.k) }} negative_o{% if unit.count_bits > 0 %},

  // How many of them are negative.
  output logic {{ core.width(unit.count_bits) }} count_o
{% else %}
{% endif %});

  localparam int CodeBits = {{ unit.code_bits }};
  localparam int Lines = {{ unit.lines }};
{% if unit.phrases.several %}
  // Which data type the group has.
  logic {{ core.range(unit.phrases.count) }} has_type;

  for (genvar t = 0; t < {{ unit.phrases.count }}; t++) begin : gen_type
    assign has_type[t] = (head_i[{{ unit.phrases.type_bits }}-1:0] == {{ unit.phrases.type_bits }}'(t));
  end
{% endif %}{% if unit.phrases.special_terms > 0 %}
  // The term of the special value in this cycle, the same for all weights.
  localparam int TermBits = {{ unit.phrases.term_bits }};
  localparam int ShiftBits = {{ unit.phrases.shift_bits }};
  logic [TermBits-1:0] special;
  logic [Lines-1:0] special_select;

  assign special = {{ unit.phrases.special }};

  for (genvar s = 0; s < Lines; s++) begin : gen_special
    assign special_select[s] = special[ShiftBits] && (special[ShiftBits-1:0] == ShiftBits'(s));
  end
{% endif %}
  logic {{ core.range(unit.select_bits) }} select, select_q;
  logic {{ core.range(core.k) }} negative, negative_q;

  for (genvar e = 0; e < {{ core.k }}; e++) begin : gen_element
    logic [CodeBits-1:0] code;

    assign code = codes_i[e*CodeBits +: CodeBits];
{% if unit.phrases.integers.len() > 0 %}
    // Two's complement: Booth digits of the code, sign-extended, with a 0 below it.
    localparam int ExtendedBits = {{ unit.phrases.extended_bits }};
    logic [ExtendedBits-1:0] extended;
    logic [2:0] digit;
    logic integer_is_one, integer_is_two;

    assign extended = {% for each in unit.phrases.integers %}{% if !loop.first %}
                      | {% endif %}{{ each }}{% endfor %};
    assign digit = {{ unit.phrases.digit }};
    assign integer_is_one = digit[1] ^ digit[0];
    assign integer_is_two = (digit == 3'b011) || (digit == 3'b100);
{% endif %}{% for each in unit.phrases.tables %}
    // {{ each.name }}: which {% if each.has_sign %}magnitude{% else %}value{% endif %} it is; of each cycle the lines of all, then whether they are negative.
    logic {{ core.range(each.values) }} {{ each.name }}_is;
    logic [{{ unit.phrases.cycles }}*(Lines+1)-1:0] {{ each.name }}_terms;
    logic [Lines:0] {{ each.name }}_term;
{% if each.has_sign %}    logic {{ each.name }}_sign;
{% endif %}
    for (genvar v = 0; v < {{ each.values }}; v++) begin : gen_{{ each.name }}
      assign {{ each.name }}_is[v] = {{ each.matches }};
    end

{% for mask in each.masks %}    assign {{ each.name }}_terms[{{ loop.index0 }}] = {{ mask }};
{% endfor %}{{ each.later }}    assign {{ each.name }}_term = {{ each.term }};
{% if each.has_sign %}    assign {{ each.name }}_sign = {{ each.sign }};
{% endif %}{% if each.has_special %}
    logic {{ each.name }}_is_special;
    logic {{ each.name }}_negative;

    assign {{ each.name }}_is_special = {{ each.name }}_is[0] && {{ each.name }}_sign;
    assign {{ each.name }}_negative = {{ each.name }}_is_special
        ? special[TermBits-1] : ({{ each.name }}_sign ^ {{ each.name }}_term[Lines]);
{% endif %}{% endfor %}
    assign select[e*Lines +: Lines] = {% for each in unit.phrases.selects %}{% if !loop.first %}
                                      | {% endif %}{{ each }}{% endfor %};
    assign negative[e] = {% for each in unit.phrases.negatives %}{% if !loop.first %}
                         || {% endif %}{{ each }}{% endfor %};
  end

{% if unit.count_bits > 0 %}  localparam int CountBits = {{ unit.count_bits }};
  logic [CountBits-1:0] count, count_q;

  always_comb begin : p_count
    count = '0;
    for (int e = 0; e < {{ core.k }}; e++) begin
      count = count + CountBits'(negative[e]);
    end
  end

{% endif %}  always_ff @(posedge clk_i) begin : p_terms
    select_q   <= select;
    negative_q <= negative;
{% if unit.count_bits > 0 %}    count_q    <= count;
{% endif %}  end

  assign select_o   = select_q;
  assign negative_o = negative_q;
{% if unit.count_bits > 0 %}  assign count_o    = count_q;
{% endif %}
endmodule

`default_nettype wire
