//! The built-in library: areas in gate equivalents, delays by logical effort.
//!
//! Area is counted in transistor tracks, as cells of one height are drawn: a two-input NAND is
//! three tracks wide (two transistor pairs and the gap to its neighbour), and that is one gate
//! equivalent (GE). Delay is `TAU_PS * (parasitic + load / (drive * UNIT_FF))`, without a slope
//! term; an input loads its driver with `effort * drive * UNIT_FF`.

use std::fmt::Write;

/// Delay of an inverter per unit of electrical effort, in picoseconds: a fan-out-of-four
/// inverter takes five of it (30 ps, a 45 nm class process).
const TAU_PS: f64 = 6.0;
/// Input capacitance of an inverter of drive 1, in femtofarads.
const UNIT_FF: f64 = 1.5;
/// Tracks of one gate equivalent.
const TRACKS_PER_GE: f64 = 3.0;
/// Load in femtofarads per unit of drive a cell may take; a buffer is put in beyond it.
const LIMIT_FF: f64 = 60.0;

/// A combinational cell in its drive strengths. Its output pin is `Y`.
#[derive(Clone, Copy, Debug)]
pub struct GateCell {
    /// Name; `_X1`, `_X2`, .. is appended for the drive.
    pub name: &'static str,
    /// Input pins, separated by spaces.
    pub inputs: &'static str,
    /// Function of `Y` in Liberty's notation.
    pub function: &'static str,
    /// Logical effort of each input (inverter: 1).
    pub effort: f64,
    /// Parasitic delay in units of tau (inverter: 1).
    pub parasitic: f64,
    /// Drive strength and width in tracks.
    pub drives: &'static [(u8, u16)],
}

/// A D flip-flop, rising edge of `CK`, drive 1, output `Q`.
#[derive(Clone, Copy, Debug)]
pub struct SequentialCell {
    /// Name.
    pub name: &'static str,
    /// Asynchronous low input, if any: pin name and Liberty attribute (`clear` or `preset`).
    pub asynchronous: Option<(&'static str, &'static str)>,
    /// Width in tracks.
    pub tracks: u16,
    /// Clock-to-output delay without load, in units of tau.
    pub clock_to_output: f64,
    /// Set-up time, in units of tau.
    pub setup: f64,
}

const fn gate(
    name: &'static str,
    inputs: &'static str,
    function: &'static str,
    effort: f64,
    parasitic: f64,
    drives: &'static [(u8, u16)],
) -> GateCell {
    GateCell { name, inputs, function, effort, parasitic, drives }
}

/// Combinational cells of the built-in library.
pub const CELLS: &[GateCell] = &[
    gate("INV", "A", "!A", 1.0, 1.0, &[(1, 2), (2, 3), (4, 5), (8, 9)]),
    gate("BUF", "A", "A", 1.0, 3.0, &[(1, 3), (2, 4), (4, 7), (8, 13)]),
    gate("NAND2", "A B", "!(A & B)", 4.0 / 3.0, 2.0, &[(1, 3), (2, 5)]),
    gate("NAND3", "A B C", "!(A & B & C)", 5.0 / 3.0, 3.0, &[(1, 4), (2, 7)]),
    gate("NAND4", "A B C D", "!(A & B & C & D)", 2.0, 4.0, &[(1, 5), (2, 9)]),
    gate("NOR2", "A B", "!(A | B)", 5.0 / 3.0, 2.0, &[(1, 3), (2, 5)]),
    gate("NOR3", "A B C", "!(A | B | C)", 7.0 / 3.0, 3.0, &[(1, 4), (2, 7)]),
    gate("NOR4", "A B C D", "!(A | B | C | D)", 3.0, 4.0, &[(1, 5), (2, 9)]),
    gate("AND2", "A B", "A & B", 4.0 / 3.0, 3.5, &[(1, 4), (2, 5)]),
    gate("AND3", "A B C", "A & B & C", 5.0 / 3.0, 4.5, &[(1, 5), (2, 6)]),
    gate("OR2", "A B", "A | B", 5.0 / 3.0, 3.5, &[(1, 4), (2, 5)]),
    gate("OR3", "A B C", "A | B | C", 7.0 / 3.0, 4.5, &[(1, 5), (2, 6)]),
    gate("AOI21", "A B C", "!((A & B) | C)", 2.0, 2.5, &[(1, 4), (2, 7)]),
    gate("AOI22", "A B C D", "!((A & B) | (C & D))", 2.0, 4.0, &[(1, 5), (2, 9)]),
    gate("OAI21", "A B C", "!((A | B) & C)", 2.0, 2.5, &[(1, 4), (2, 7)]),
    gate("OAI22", "A B C D", "!((A | B) & (C | D))", 2.0, 4.0, &[(1, 5), (2, 9)]),
    gate("XOR2", "A B", "A ^ B", 3.0, 4.0, &[(1, 6), (2, 11)]),
    gate("XNOR2", "A B", "!(A ^ B)", 3.0, 4.0, &[(1, 6), (2, 11)]),
    gate("MUX2", "A B S", "(A & !S) | (B & S)", 2.0, 5.0, &[(1, 7), (2, 8)]),
];

/// Flip-flops of the built-in library. An enable is a `MUX2` before the flip-flop.
pub const SEQUENTIAL: &[SequentialCell] = &[
    flop("DFF", None, 17, 12.0),
    flop("DFFR", Some(("RN", "clear")), 20, 13.0),
    flop("DFFS", Some(("SN", "preset")), 20, 13.0),
];

const fn flop(
    name: &'static str,
    asynchronous: Option<(&'static str, &'static str)>,
    tracks: u16,
    clock_to_output: f64,
) -> SequentialCell {
    SequentialCell { name, asynchronous, tracks, clock_to_output, setup: 6.0 }
}

fn gate_equivalents(tracks: u16) -> f64 {
    f64::from(tracks) / TRACKS_PER_GE
}

/// The library as Liberty text: time in ps, capacitance in fF, area in GE.
pub fn library_text() -> String {
    let mut text = String::from(HEADER);
    for cell in CELLS {
        for &(drive, tracks) in cell.drives {
            write_gate(&mut text, cell, drive, tracks);
        }
    }
    for cell in SEQUENTIAL {
        write_flop(&mut text, cell);
    }
    text.push_str("}\n");
    text
}

const HEADER: &str = "\
library (bitplane_ge) {
  delay_model : table_lookup;
  time_unit : \"1ps\";
  voltage_unit : \"1V\";
  current_unit : \"1mA\";
  pulling_resistance_unit : \"1kohm\";
  leakage_power_unit : \"1nW\";
  capacitive_load_unit (1, ff);
  nom_process : 1.0;
  nom_temperature : 25.0;
  nom_voltage : 1.0;
  default_max_transition : 10000.0;
  lu_table_template (delay) {
    variable_1 : input_net_transition;
    variable_2 : total_output_net_capacitance;
    index_1 (\"0.0, 10000.0\");
    index_2 (\"0.0, 1000.0\");
  }
  lu_table_template (constraint) {
    variable_1 : constrained_pin_transition;
    variable_2 : related_pin_transition;
    index_1 (\"0.0, 10000.0\");
    index_2 (\"0.0, 10000.0\");
  }
";

/// `write!` into a String cannot fail; this keeps the call sites short.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => { { let _ = writeln!($out, $($arg)*); } };
}

fn write_gate(text: &mut String, cell: &GateCell, drive: u8, tracks: u16) {
    put!(text, "  cell ({}_X{drive}) {{", cell.name);
    put!(text, "    area : {:.4};", gate_equivalents(tracks));
    let load = cell.effort * f64::from(drive) * UNIT_FF;
    for pin in cell.inputs.split(' ') {
        write_input(text, pin, load, "");
    }
    put!(text, "    pin (Y) {{");
    put!(text, "      direction : output;");
    put!(text, "      function : \"{}\";", cell.function);
    put!(text, "      max_capacitance : {:.1};", LIMIT_FF * f64::from(drive));
    for pin in cell.inputs.split(' ') {
        write_arc(text, pin, sense(cell, pin), cell.parasitic, drive);
    }
    put!(text, "    }}");
    put!(text, "  }}");
}

/// The arc's Liberty sense: what the function does with the pin.
fn sense(cell: &GateCell, pin: &str) -> &'static str {
    match cell.name {
        "XOR2" | "XNOR2" => "timing_sense : non_unate;",
        "MUX2" if pin == "S" => "timing_sense : non_unate;",
        "BUF" | "AND2" | "AND3" | "OR2" | "OR3" | "MUX2" => "timing_sense : positive_unate;",
        _ => "timing_sense : negative_unate;",
    }
}

fn write_flop(text: &mut String, cell: &SequentialCell) {
    put!(text, "  cell ({}_X1) {{", cell.name);
    put!(text, "    area : {:.4};", gate_equivalents(cell.tracks));
    put!(text, "    ff (IQ, IQN) {{");
    put!(text, "      clocked_on : \"CK\";");
    put!(text, "      next_state : \"D\";");
    if let Some((pin, attribute)) = cell.asynchronous {
        put!(text, "      {attribute} : \"!{pin}\";");
    }
    put!(text, "    }}");
    write_input(text, "CK", UNIT_FF, "      clock : true;\n");
    write_input(text, "D", UNIT_FF, &setup_arc(cell.setup));
    if let Some((pin, _)) = cell.asynchronous {
        write_input(text, pin, UNIT_FF, "");
    }
    put!(text, "    pin (Q) {{");
    put!(text, "      direction : output;");
    put!(text, "      function : \"IQ\";");
    put!(text, "      max_capacitance : {LIMIT_FF:.1};");
    write_arc(text, "CK", "timing_type : rising_edge;", cell.clock_to_output, 1);
    put!(text, "    }}");
    put!(text, "  }}");
}

fn write_input(text: &mut String, pin: &str, load: f64, more: &str) {
    put!(text, "    pin ({pin}) {{");
    put!(text, "      direction : input;");
    put!(text, "      capacitance : {load:.4};");
    text.push_str(more);
    put!(text, "    }}");
}

fn setup_arc(setup: f64) -> String {
    let value = setup * TAU_PS;
    let row = format!("\"{value:.3}, {value:.3}\"");
    let table = |edge: &str| {
        format!("        {edge}_constraint (constraint) {{ values ({row}, {row}); }}\n")
    };
    format!(
        "      timing () {{\n        related_pin : \"CK\";\n        timing_type : setup_rising;\n\
         {}{}      }}\n",
        table("rise"),
        table("fall")
    )
}

/// A delay arc; the output's edge takes as long as the delay's load-dependent part, and no less
/// than one tau.
fn write_arc(text: &mut String, pin: &str, kind: &str, parasitic: f64, drive: u8) {
    let per_ff = TAU_PS / (f64::from(drive) * UNIT_FF);
    let delay = (TAU_PS * parasitic, TAU_PS * parasitic + 1000.0 * per_ff);
    let slope = (TAU_PS, TAU_PS + 1000.0 * per_ff);
    put!(text, "      timing () {{");
    put!(text, "        related_pin : \"{pin}\";");
    put!(text, "        {kind}");
    for (name, (low, high)) in [
        ("cell_rise", delay),
        ("cell_fall", delay),
        ("rise_transition", slope),
        ("fall_transition", slope),
    ] {
        let row = format!("\"{low:.3}, {high:.3}\"");
        put!(text, "        {name} (delay) {{ values ({row}, {row}); }}");
    }
    put!(text, "      }}");
}

/// The library as a documentation page in Markdown.
pub fn library_markdown() -> String {
    let mut page = format!(
        "# The built-in gate-equivalent library\n\n\
         Areas are in gate equivalents (GE): the two-input NAND is 1. A cell's area is its width \
         in transistor tracks over {TRACKS_PER_GE}.\n\n\
         Delay is tau x (parasitic + load / (drive x {UNIT_FF} fF)), tau = {TAU_PS} ps; an input \
         loads its driver with effort x drive x {UNIT_FF} fF. There is no slope term. A \
         fan-out-of-four inverter takes {} ps.\n\n\
         The library ranks designs and shows where area goes; it is no process. Quote a real \
         library beside it.\n\n\
         ## Combinational cells\n\n\
         | cell | function of Y | logical effort | parasitic delay | area in GE by drive |\n\
         |---|---|---|---|---|\n",
        5.0 * TAU_PS
    );
    for cell in CELLS {
        let areas: Vec<_> = cell.drives.iter().map(|&drive| area_by_drive(drive)).collect();
        let function = cell.function.replace('|', "\\|");
        let (effort, parasitic) = (cell.effort, cell.parasitic);
        let areas = areas.join(", ");
        put!(page, "| {} | `{function}` | {effort:.2} | {parasitic:.1} | {areas} |", cell.name);
    }
    page.push_str(
        "\n## Flip-flops\n\n\
         Rising edge of CK, drive 1. An enable is a MUX2 in front. There is no latch.\n\n\
         | cell | asynchronous input | clock to output (tau) | set-up (tau) | area in GE |\n\
         |---|---|---|---|---|\n",
    );
    for cell in SEQUENTIAL {
        let pin = cell
            .asynchronous
            .map_or("none".to_owned(), |(pin, attribute)| format!("{pin} low: {attribute}"));
        let area = gate_equivalents(cell.tracks);
        let (output, setup) = (cell.clock_to_output, cell.setup);
        put!(page, "| {} | {pin} | {output:.0} | {setup:.0} | {area:.2} |", cell.name);
    }
    page
}

fn area_by_drive((drive, tracks): (u8, u16)) -> String {
    format!("X{drive} {:.2}", gate_equivalents(tracks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nand_is_one_gate_equivalent() {
        let nand = CELLS.iter().find(|cell| cell.name == "NAND2").unwrap();
        assert_eq!(gate_equivalents(nand.drives[0].1), 1.0);
    }

    #[test]
    fn a_fan_out_of_four_inverter_takes_five_tau() {
        let text = library_text();
        let library = crate::liberty::parse(&text).unwrap();
        let inverter = library.all("cell").next().unwrap();
        let output = inverter.all("pin").nth(1).unwrap();
        let arc = output.all("timing").next().unwrap();
        let values = arc.all("cell_rise").next().unwrap().numbers("values");
        let delay = values[0] + (values[1] - values[0]) * 4.0 * UNIT_FF / 1000.0;
        assert!((delay - 5.0 * TAU_PS).abs() < 1e-9, "{delay}");
    }

    #[test]
    fn the_page_has_a_row_for_every_cell() {
        let page = library_markdown();
        let rows = page.lines().filter(|line| line.starts_with("| ")).count();
        assert_eq!(rows, CELLS.len() + SEQUENTIAL.len() + 2);
        assert!(page.contains("| NAND2 | `!(A & B)` | 1.33 | 2.0 | X1 1.00, X2 1.67 |"));
        assert!(page.contains("| DFFR | RN low: clear | 13 | 6 | 6.67 |"));
    }
}
