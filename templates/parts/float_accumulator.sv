  // Where nothing is added the sum stays. A code that comes along the chain is taken apart.
  logic [NumberBits-1:0] total_q, total_d, total, chained;
  logic chained_is_normal;

  {{ core.name }}_float_adder u_accumulating_adder (
    .augend_i (total_q),
    .addend_i (addend),
    .sum_o    (total)
  );

  assign chained_is_normal = (chain_i[FractionBits +: ExponentBits] != '0);
  assign chained = {chain_i[FractionBits-1], chain_i[FractionBits+ExponentBits],
                    chain_i[FractionBits +: ExponentBits] | ExponentBits'(!chained_is_normal),
                    chained_is_normal, chain_i[FractionBits-1:0]};

  always_comb begin : p_next
    total_d = enable_i ? total : total_q;
    if (shift_i) total_d = chained;
  end

  always_ff @(posedge clk_i) begin : p_total
    total_q <= total_d;
  end

  // The number as a code: NaN is the quiet one with a clear sign and no payload.
  logic is_special, is_nan;
  logic [ExponentBits-1:0] exponent;

  assign exponent   = total_q[FractionBits+1 +: ExponentBits];
  assign is_special = &exponent;
  assign is_nan     = is_special && total_q[NumberBits-1];
  assign word_o     = {total_q[NumberBits-2] && !is_nan,
                       exponent & {ExponentBits{total_q[FractionBits] || is_special}},
                       is_special ? {is_nan, {(FractionBits-1){1'b0}}} : total_q[FractionBits-1:0]};
