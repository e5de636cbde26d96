// Adders as chains of full adders: the smallest form, and the slowest one.
(* techmap_celltype = "$alu" *)
module chained_adder (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;

  // An operand of no bits, which is 0, still has a port of one.
  input [(A_WIDTH > 0 ? A_WIDTH : 1)-1:0] A;
  input [(B_WIDTH > 0 ? B_WIDTH : 1)-1:0] B;
  input CI, BI;
  output [Y_WIDTH-1:0] X, Y, CO;

  wire [Y_WIDTH-1:0] a, b, b_or_complement;
  wire [Y_WIDTH:0] carry;

  generate
    if (A_WIDTH == 0) assign a = 0;
    else \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
    if (B_WIDTH == 0) assign b = 0;
    else \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));
  endgenerate

  assign b_or_complement = BI ? ~b : b;
  assign carry = {(a & b_or_complement) | (carry[Y_WIDTH-1:0] & X), CI};
  assign X = a ^ b_or_complement;
  assign Y = X ^ carry[Y_WIDTH-1:0];
  assign CO = carry[Y_WIDTH:1];
endmodule
