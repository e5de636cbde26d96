{% if core.k > 1 %}
  for (genvar i = 1; i < Elements; i++) begin : gen_sum
{% if unit.adder.defers() %}    logic [SumBits-1:0] sum;
    logic [NumberBits-1:0] rounded;

    {{ core.name }}_deferred_adder u_deferred_adder (
      .augend_i ({1'b0, nodes[(2*i-1)*NumberBits +: NumberBits]}),
      .addend_i (nodes[2*i*NumberBits +: NumberBits]),
      .sum_o    (sum)
    );

    {{ core.name }}_sum_rounder u_sum_rounder (
      .sum_i    (sum),
      .number_o (rounded)
    );
{% else %}    logic [NumberBits-1:0] sum;

    {{ core.name }}_float_adder u_float_adder (
      .augend_i (nodes[(2*i-1)*NumberBits +: NumberBits]),
      .addend_i (nodes[2*i*NumberBits +: NumberBits]),
      .sum_o    (sum)
    );
{% endif %}
{% if core.gates_addends %}    if (i == 1) begin : gen_gated
      logic [NumberBits-1:0] sum_q;

      always_ff @(posedge clk_i) begin : p_sum
        sum_q <= enable_i ? rounded : '0;
      end

      assign nodes[NumberBits-1:0] = sum_q;
    end else if ($clog2(i + 1) <= Stages) begin : gen_register
{% else %}    if ($clog2(i + 1) <= Stages) begin : gen_register
{% endif %}      logic [NumberBits-1:0] sum_q;

      always_ff @(posedge clk_i) begin : p_sum
        sum_q <= {{ unit.phrases.sum }};
      end

      assign nodes[(i-1)*NumberBits +: NumberBits] = sum_q;
    end else begin : gen_wire
      assign nodes[(i-1)*NumberBits +: NumberBits] = {{ unit.phrases.sum }};
    end
  end
{% endif %}
  logic [NumberBits-1:0] addend;

{% if unit.adder.defers() && !core.gates_addends %}  assign addend = enable_i ? nodes[NumberBits-1:0] : '0;
{% else %}  assign addend = nodes[NumberBits-1:0];
{% endif %}
{% if unit.adder.defers() %}  // Every cycle adds, be it zero: a sum that begins with +0 is never -0. It is rounded in the next
  // addition, or behind the drain.
  logic [SumBits-1:0] total_q, total;

  {{ core.name }}_deferred_adder u_accumulating_adder (
    .augend_i (total_q),
    .addend_i (addend),
    .sum_o    (total)
  );

  always_ff @(posedge clk_i) begin : p_total
    total_q <= shift_i ? chain_i : total;
  end

  assign word_o = total_q;
{% else %}{% include "parts/float_accumulator.sv" %}
{% endif %}