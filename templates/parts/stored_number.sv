  // A number, from the lowest bit up: significand with its leading bit, exponent, sign, whether it
  // is NaN. It is stored without the leading bit and with the exponent of zero taken as 0
  // (exclusive or), so that no bit of a stored zero is set but its sign.
  localparam int FractionBits = {{ unit.decoder.number.fraction_bits() }};
  localparam int ExponentBits = {{ unit.decoder.number.exponent_bits }};
  localparam int NumberBits = FractionBits + ExponentBits + 3;
  localparam logic [ExponentBits-1:0] Zero = {{ unit.decoder.number.exponent_bits }}'d{{ unit.decoder.number.zero_exponent }};
  localparam logic [NumberBits-1:0] Negative = NumberBits'(1) << (NumberBits - 2);
