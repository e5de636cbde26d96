//! The references of units that make numbers of activations, and codes of numbers, where look-ups are rounded.

use bitplane_formats::{FloatFormat, WideNumber};
use bitplane_spec::Spec;

use super::edge::decoded;
use super::lemma::{Lemma, Registers};
use super::ports::UnitPorts;
use super::references::lemma;

/// The fields of the number `signal`, and its value where it is one: a multiple of 2^(unit - fraction), with
/// 2^unit the least activation.
fn number(signal: &str, number: WideNumber, value_bits: u32) -> String {
    let (fraction, exponent) = (number.fraction_bits(), number.exponent_bits);
    let least = number.zero_exponent + 1;
    format!(
        "  wire [{fraction}:0] n_significand = {signal}[{fraction}:0];\n  \
         wire [{}:0] n_exponent = {signal}[{} +: {exponent}];\n  \
         wire n_negative = {signal}[{}];\n  wire n_nan = {signal}[{}];\n  \
         wire n_special = &n_exponent;\n  wire n_zero = n_exponent == {};\n  \
         wire [{}:0] n_value = n_zero ? 0 : {{{value_bits}'d0, n_significand}} << (n_exponent - {least});\n",
        exponent - 1,
        fraction + 1,
        fraction + 1 + exponent,
        fraction + 2 + exponent,
        number.zero_exponent,
        value_bits - 1,
    )
}

/// Bits that hold the value of every number.
fn value_bits(number: WideNumber) -> u32 {
    (1 << number.exponent_bits) - number.zero_exponent + number.fraction_bits()
}

/// The value of a code in units of 2^(least number of its format).
fn value_of_code(name: &str, bits: u32) -> String {
    format!("({{{bits}'d0, {name}_significand}} << ({name}_exponent - 1))")
}

pub(super) fn number_decoder(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let number_format = spec.look_up_sums()?;
    let format = spec.float?.format;
    let bits = value_bits(number_format);
    let fraction = number_format.fraction_bits();
    let text = format!(
        "module lemma (input wire [{}:0] code, output wire wrong);\n  wire [{}:0] number;\n  \
         {} u_unit (.code_i(code), .number_o(number));\n{}{}  \
         wire [{}:0] value = {} << {fraction};\n  \
         wire special = c_infinite || c_nan;\n  wire zero = !special && value == 0;\n  \
         wire leads = n_significand[{fraction}];\n  \
         assign wrong = n_negative != c_code[{}] || n_special != special || n_nan != c_nan\n    \
         || (!special && (leads == zero || n_zero != zero || n_value != value));\nendmodule\n",
        unit.bits("code_i")? - 1,
        unit.bits("number_o")? - 1,
        unit.module,
        decoded("c", "code", format),
        number("number", number_format, bits),
        bits - 1,
        value_of_code("c", bits),
        format.bits() - 1,
    );
    let statement = "a code becomes the number of its value, with a leading one unless it is zero; infinities \
                     and NaN stay what they are";
    let widths = format!("{format}, {} bits of exponent", number_format.exponent_bits);
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

/// Exponent of the least number of `format`.
fn least(format: FloatFormat) -> i32 {
    1 - format.bias() - format.fraction_bits() as i32
}

pub(super) fn number_encoder(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let number_format = spec.look_up_sums()?;
    let format = number_format.sum;
    let fraction = number_format.fraction_bits();
    // Both values in units of the least number of the codes, or of the numbers' units if these are less.
    let unit_exponent = least(spec.float?.format) - fraction as i32;
    let below = unit_exponent - least(format);
    let (up_number, up_code) = (below.max(0), (-below).max(0));
    let of_codes = (1 << format.exponent_bits()) + fraction + 1 + up_code as u32;
    let bits = of_codes.max(value_bits(number_format) + up_number as u32);
    // As it is held the exponent of zero is taken as 0; numbers are those that sums can be.
    let text = format!(
        "module lemma (input wire [{}:0] held, output wire wrong);\n  wire [{}:0] code;\n  \
         wire [{}:0] sum = held ^ ({} << {});\n  \
         {} u_unit (.number_i(held), .code_o(code));\n{}{}  \
         wire legal = n_special || (n_zero ? n_significand == 0\n    \
         : n_exponent > {} && n_significand[{fraction}]\n      \
         && (n_value & {{{fraction}{{1'b1}}}}) == 0);\n  \
         wire [{}:0] value = {} << {up_code};\n  wire [{}:0] expected = n_value << {up_number};\n  \
         assign wrong = legal && (c_nan != (n_special && n_nan) || c_infinite != (n_special && !n_nan)\n    \
         || (c_nan ? code != {} : c_code[{}] != n_negative)\n    \
         || (!n_special && value != expected));\nendmodule\n",
        unit.bits("number_i")? - 1,
        unit.bits("code_o")? - 1,
        unit.bits("number_i")? - 1,
        number_format.zero_exponent,
        fraction + 1,
        unit.module,
        decoded("c", "code", format),
        number("sum", number_format, bits),
        number_format.zero_exponent,
        bits - 1,
        value_of_code("c", bits),
        bits - 1,
        format.nan()?,
        format.bits() - 1,
    );
    let statement = "a number becomes the code of its value, subnormal ones too; NaN has one code";
    let widths = format!("{format}, {} bits of exponent", number_format.exponent_bits);
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}
