//! The references of units that take floating-point numbers apart: operands of a row, and scales.

use bitplane_formats::{FloatFormat, ScaleFormat, TermSum};
use bitplane_spec::Spec;

use super::lemma::{Lemma, Registers};
use super::ports::UnitPorts;
use super::references::lemma;

/// What `code` is as `name`: field, significand with its leading bit, biased exponent that is 1 for
/// subnormal numbers, and whether it is infinite or no number.
pub(super) fn decoded(name: &str, code: &str, format: FloatFormat) -> String {
    let (bits, fraction, field) = (format.bits(), format.fraction_bits(), format.exponent_bits());
    let magnitude = format!("{name}_code[{}:0]", bits - 2);
    let is = |code: Option<u32>| match code {
        Some(code) => format!("({magnitude} == {code})"),
        None => "1'b0".to_owned(),
    };
    let nan = match format.infinity() {
        Some(infinity) => format!("({magnitude} > {infinity})"),
        None => is(format.nan()),
    };
    format!(
        "  wire [{}:0] {name}_code = {code};\n  \
         wire [{}:0] {name}_field = {name}_code[{fraction} +: {field}];\n  \
         wire [{fraction}:0] {name}_significand = {{{name}_field != 0, {name}_code[{}:0]}};\n  \
         wire [{}:0] {name}_exponent = {name}_field == 0 ? 1 : {name}_field;\n  \
         wire {name}_infinite = {};\n  wire {name}_nan = {nan};\n",
        bits - 1,
        field - 1,
        fraction - 1,
        field - 1,
        is(format.infinity()),
    )
}

pub(super) fn float_operands(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let format = spec.term_sums()?.activation();
    let (activations, elements) = (unit.bits("activations_i")?, unit.bits("signs_o")?);
    let (exponents, significands) = (unit.bits("exponents_o")?, unit.bits("significands_o")?);
    let (code, significand) = (activations / elements, significands / elements);
    let lines = spec.terms()?.reach() + 1;
    let exponent = exponents / elements / lines;
    // Zeros must not move products down that are farther below them than there are bits to spare.
    let zeros = if lines - 1 > TermSum::GUARD_BITS { "0" } else { "1 + s" };
    let (wires, ports, nan) = match unit.bits("sum_is_nan_o") {
        Some(_) => (
            "  wire sum_is_nan, addend_is_nan;\n",
            ".sum_is_nan_o(sum_is_nan), .addend_is_nan_o(addend_is_nan), ",
            "    if (sum_is_nan != nan || addend_is_nan != nan) bad = 1;\n",
        ),
        None => ("", "", ""),
    };
    let text = format!(
        "module lemma (input wire clk, input wire [{ah}:0] activations, output wire wrong);\n  \
         wire [{}:0] signs;\n  wire [{}:0] exponents;\n  wire [{}:0] significands;\n{wires}  \
         {} u_unit ({}.activations_i(activations), .signs_o(signs), .exponents_o(exponents), {ports}\
         .significands_o(significands));\n  reg bad, nan;\n  reg [{ch}:0] code;\n  \
         reg [{fh}:0] field;\n  integer e, s, expected;\n  always @* begin\n    bad = 0;\n    nan = 0;\n    \
         for (e = 0; e < {elements}; e = e + 1) begin\n      code = activations[e*{code} +: {code}];\n      \
         field = code[{fraction} +: {fields}];\n      \
         if (code[{below}:0] > {largest}) nan = 1;\n      \
         if (signs[e] != code[{ch}]) bad = 1;\n      \
         if (significands[e*{significand} +: {significand}] != {{field != 0, code[{gh}:0]}}) bad = 1;\n      \
         for (s = 0; s < {lines}; s = s + 1) begin\n        \
         expected = field == 0 ? 1 + s : field + s;\n        \
         if (code[{below}:0] == 0) expected = {zeros};\n        \
         if (exponents[(e*{lines}+s)*{exponent} +: {exponent}] != expected) bad = 1;\n      end\n    end\n{nan}  \
         end\n  assign wrong = bad;\nendmodule\n",
        elements - 1,
        exponents - 1,
        significands - 1,
        unit.module,
        unit.clock(),
        ah = activations - 1,
        ch = code - 1,
        fh = format.exponent_bits() - 1,
        gh = format.fraction_bits() - 1,
        fraction = format.fraction_bits(),
        fields = format.exponent_bits(),
        below = code - 2,
        largest = format.largest(),
    );
    let statement = "an activation has its sign, its significand and with every shift its exponent, and is no \
                     number where one of the row is none";
    let widths = format!("{elements} elements of {format}, {lines} shifts");
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}

/// What a scale is: significand, its bits, exponent, sign, infinite, no number.
fn scale_of(format: ScaleFormat) -> (String, [String; 5]) {
    let fixed = |each: [&str; 5]| each.map(str::to_owned);
    match (format, format.float()) {
        (_, Some(float)) => (
            decoded("s", "scale", float),
            [
                "s_significand".to_owned(),
                "s_exponent".to_owned(),
                format!("s_code[{}]", float.bits() - 1),
                "s_infinite".to_owned(),
                "s_nan".to_owned(),
            ],
        ),
        (ScaleFormat::E8m0, _) => {
            (String::new(), fixed(["1'b1", "scale", "1'b0", "1'b0", "(scale == 255)"]))
        }
        _ => (
            "  wire [7:0] s_magnitude = scale[7] ? -scale : scale;\n".to_owned(),
            fixed(["s_magnitude", "1'b0", "scale[7]", "1'b0", "1'b0"]),
        ),
    }
}

pub(super) fn group_scaler(spec: &Spec, unit: &UnitPorts) -> Option<Lemma> {
    let format = spec.scale().filter(|_| spec.term_sums().is_none())?;
    let (value, scale) = (unit.bits("value_i")?, unit.bits("scale_i")?);
    let significand = unit.bits("significand_o")?;
    let exponent = unit.bits("exponent_o");
    let field = unit.bits("field_i");
    let (decoding, [factor, own, negative, infinite, nan]) = scale_of(format);
    let adds_field = spec.aligned().is_some_and(|aligned| !aligned.is_exact());
    let of_block = if adds_field && field.is_some() { " + field" } else { "" };
    let mut inputs = String::new();
    let mut ports = String::new();
    let mut no_row = "1'b0".to_owned();
    if let Some(bits) = field {
        inputs += &format!(", input wire [{}:0] field", bits - 1);
        ports += ".field_i(field), ";
        no_row = "(field == 0)".to_owned();
    }
    if unit.bits("row_is_nan_i").is_some() {
        inputs += ", input wire no_row";
        ports += ".row_is_nan_i(no_row), ";
        no_row = "no_row".to_owned();
    }
    let (exponents, wrong_exponent) = match exponent {
        Some(bits) => {
            ports += ".exponent_o(exponent), ";
            let differs = format!("exponent != {own}{of_block}");
            (format!("  wire [{}:0] exponent;\n", bits - 1), differs)
        }
        None => (String::new(), "1'b0".to_owned()),
    };
    let text = format!(
        "module lemma (input wire clk, input wire [{vh}:0] value, input wire [{sh}:0] scale{inputs}, \
         output wire wrong);\n{decoding}{exponents}  wire [{ph}:0] significand;\n  \
         wire is_negative, is_infinite, is_nan;\n  \
         {} u_unit (.clk_i(clk), .load_i(1'b1), .scale_i(scale), .advance_i(1'b1), .value_i(value), {ports}\
         .is_negative_o(is_negative), .significand_o(significand), .is_infinite_o(is_infinite), \
         .is_nan_o(is_nan));\n  \
         wire [{vh}:0] magnitude = value[{vh}] ? -value : value;\n  \
         wire [{ph}:0] product = magnitude * {factor};\n  \
         wire infinite = {infinite} && (value != 0);\n  \
         wire nan = {nan} || ({infinite} && (value == 0)) || {no_row};\n  \
         wire differs = (is_negative != (value[{vh}] ^ {negative})) || (is_infinite != infinite)\n    \
         || (!infinite && ((significand != product) || ({wrong_exponent})));\n  \
         assign wrong = (is_nan != nan) || (!nan && differs);\nendmodule\n",
        unit.module,
        vh = value - 1,
        sh = scale - 1,
        ph = significand - 1,
    );
    let statement = "a term is the value times the scale, exactly; no number where the scale or the row is \
                     none or zero is scaled by infinity";
    let widths = format!("{value}-bit values, {} scales", format.name());
    Some(lemma(unit, Registers::Transparent, statement, widths, text))
}
