//! What a run needs to know of a cell library, read from its Liberty text.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::Failure;
use crate::liberty::{self, Group};

/// Slope, in picoseconds, at which a register's delay is read.
const SLOPE_PS: f64 = 20.0;
/// Load of every output in femtofarads, for the mapper and for a register's delay.
pub(crate) const LOAD_FF: f64 = 5.0;
/// Largest library that is read, in bytes of text; the largest known ones are a tenth of it.
pub(crate) const LIMIT: u64 = 1 << 30;
/// Name of the built-in library in reports.
const BUILT_IN: &str = "bitplane_ge";
/// Drivers preferred over the smallest buffer, for comparability with published runs.
const DRIVERS: [&str; 2] = ["BUF_X1", "sky130_fd_sc_hd__buf_1"];

/// A cell library.
#[derive(Clone, Debug)]
pub enum Library {
    /// The gate-equivalent library, [`crate::library_text`].
    BuiltIn,
    /// A Liberty file.
    File {
        /// File name without folders, for the report.
        name: String,
        /// Its text, unpacked.
        text: String,
    },
}

impl Library {
    /// Reads a Liberty file, packed by gzip or plain.
    ///
    /// # Errors
    /// It is no regular file, cannot be read, or is no UTF-8 or beyond 1 GiB after unpacking.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::read(path, error);
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(Failure::NotAFile(path.into()));
        }
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let packed = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let mut text = String::new();
        let read = if packed {
            MultiGzDecoder::new(file).take(LIMIT + 1).read_to_string(&mut text)
        } else {
            file.take(LIMIT + 1).read_to_string(&mut text)
        };
        if read.map_err(failed)? as u64 > LIMIT {
            return Err(Failure::TooLarge(path.into()));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self::File { name, text })
    }

    /// Whether a synthesis can use it: Liberty text with areas, a buffer and a timed flip-flop.
    ///
    /// # Errors
    /// As [`crate::synthesise`] has them for the library.
    pub fn check(&self) -> Result<(), Failure> {
        self.scan().map(drop)
    }

    /// Name in reports.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn => BUILT_IN,
            Self::File { name, .. } => name,
        }
    }

    /// Unit of area: `GE`, or `um2`, which Liberty leaves unsaid and all known libraries use.
    pub fn area_unit(&self) -> &'static str {
        match self {
            Self::BuiltIn => "GE",
            Self::File { .. } => "um2",
        }
    }

    pub(crate) fn scan(&self) -> Result<Cells, Failure> {
        match self {
            Self::BuiltIn => Cells::read(BUILT_IN, &crate::library_text()),
            Self::File { name, text } => Cells::read(name, text),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Combinational,
    Flop { bits: u64 },
    Latch,
}

#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub area: f64,
    pub kind: Kind,
}

/// The cells of a library, and what the mapper is told about it.
#[derive(Debug)]
pub(crate) struct Cells {
    pub cells: BTreeMap<String, Cell>,
    /// Cell that drives every input.
    pub driver: String,
    /// Clock-to-output delay and set-up time of the register, in picoseconds.
    pub register_ps: f64,
    /// Liberty text without cells that must not be used.
    pub text: String,
}

impl Cells {
    fn read(name: &str, text: &str) -> Result<Self, Failure> {
        let unusable = |reason: String, line| Failure::Library { name: name.into(), reason, line };
        let library = liberty::parse(text).map_err(|error| {
            let line = 1 + text[..error.offset].matches('\n').count();
            unusable(format!("{} is expected", error.expected), Some(line))
        })?;
        let usable: Vec<_> = library.all("cell").filter(|cell| is_usable(cell)).collect();
        let need = |what: &str| unusable(format!("it has no {what}"), None);
        if !usable.is_empty() && usable.iter().all(|cell| area(cell) <= 0.0) {
            return Err(need("cell with an area"));
        }
        let driver = driver(&usable).ok_or_else(|| need("buffer or inverter"))?;
        let register_ps = register_ps(&library, &usable)
            .ok_or_else(|| need("D flip-flop with clock-to-output and set-up tables"))?;
        Ok(Self {
            cells: usable.iter().map(|cell| (cell_name(cell), cell_of(cell))).collect(),
            driver,
            register_ps,
            text: without_unusable(&library, text),
        })
    }
}

fn cell_name(cell: &Group) -> String {
    cell.args.first().copied().unwrap_or_default().to_owned()
}

/// Cells marked `dont_use` stay out, and sky130's `lpflow` cells, which belong at the borders of
/// power domains.
fn is_usable(cell: &Group) -> bool {
    cell.value("dont_use") != Some("true") && !cell_name(cell).contains("__lpflow_")
}

fn without_unusable(library: &Group, text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for cell in library.all("cell").filter(|cell| !is_usable(cell)) {
        kept.push_str(&text[at..cell.span.start]);
        at = cell.span.end;
    }
    kept.push_str(&text[at..]);
    kept
}

fn area(cell: &Group) -> f64 {
    cell.value("area").and_then(|area| area.parse().ok()).unwrap_or(0.0)
}

fn cell_of(cell: &Group) -> Cell {
    let has = |name: &str| cell.all(name).next().is_some();
    let bits = cell.all("ff_bank").filter_map(|bank| bank.args.get(2)?.parse().ok()).next();
    let kind = if has("ff") {
        Kind::Flop { bits: 1 }
    } else if let Some(bits) = bits {
        Kind::Flop { bits }
    } else if has("latch")
        || has("latch_bank")
        || cell.value("clock_gating_integrated_cell").is_some()
    {
        Kind::Latch
    } else {
        Kind::Combinational
    };
    Cell { area: area(cell), kind }
}

/// A preferred driver, else the smallest buffer, else the smallest inverter.
fn driver(cells: &[&Group]) -> Option<String> {
    let preferred = DRIVERS.iter().find(|name| cells.iter().any(|cell| cell_name(cell) == **name));
    if let Some(name) = preferred {
        return Some((*name).to_owned());
    }
    let smallest = |inverting: bool| {
        let fitting = cells.iter().filter(|cell| repeats(cell) == Some(inverting));
        fitting.min_by(|a, b| area(a).total_cmp(&area(b))).map(|cell| cell_name(cell))
    };
    smallest(false).or_else(|| smallest(true))
}

/// Whether a cell with one input and one output inverts; nothing for any other cell.
fn repeats(cell: &Group) -> Option<bool> {
    let pins = |direction: &str| -> Vec<&Group> {
        cell.all("pin").filter(|pin| pin.value("direction") == Some(direction)).collect()
    };
    let (inputs, outputs) = (pins("input"), pins("output"));
    let ([input], [output]) = (&inputs[..], &outputs[..]) else {
        return None;
    };
    let name = *input.args.first()?;
    let function = output.value("function")?.replace([' ', '(', ')'], "");
    let inverted = [format!("!{name}"), format!("{name}'")];
    match function {
        f if f == name => Some(false),
        f if inverted.contains(&f) => Some(true),
        _ => None,
    }
}

/// Clock-to-output delay plus set-up time of the library's plain register, in picoseconds: the
/// slower of the smallest D flip-flop and the smallest with an asynchronous clear.
fn register_ps(library: &Group, cells: &[&Group]) -> Option<f64> {
    let plain = |with_clear: bool| {
        let fitting = cells.iter().filter(|cell| is_plain_flop(cell, with_clear));
        let timed = fitting.filter_map(|cell| Some((area(cell), flop_ps(library, cell)?)));
        timed.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, delay)| delay)
    };
    [plain(false), plain(true)].into_iter().flatten().max_by(f64::total_cmp)
}

/// A flip-flop whose next state is one pin, without preset.
fn is_plain_flop(cell: &Group, with_clear: bool) -> bool {
    cell.all("ff").next().is_some_and(|ff| {
        let next = ff.value("next_state").unwrap_or_default();
        next.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && ff.value("preset").is_none()
            && ff.value("clear").is_some() == with_clear
    })
}

fn flop_ps(library: &Group, cell: &Group) -> Option<f64> {
    let worst = |kind: &str, names: [&str; 2]| {
        let arcs = cell.all("pin").flat_map(|pin| pin.all("timing"));
        let arcs = arcs.filter(|arc| arc.value("timing_type").is_some_and(|t| t.starts_with(kind)));
        let tables = arcs.flat_map(|arc| &arc.groups).filter(|g| names.contains(&g.name));
        tables.filter_map(|table| table_ps(library, table)).max_by(f64::total_cmp)
    };
    let rising = worst("rising_edge", ["cell_rise", "cell_fall"]);
    let output = rising.or_else(|| worst("falling_edge", ["cell_rise", "cell_fall"]))?;
    Some(output + worst("setup_", ["rise_constraint", "fall_constraint"])?)
}

/// A two-dimensional table at `SLOPE_PS` and `LOAD_FF`, interpolated and held at its edges.
fn table_ps(library: &Group, table: &Group) -> Option<f64> {
    let template = table.args.first().and_then(|name| {
        library.all("lu_table_template").find(|group| group.args.first() == Some(name))
    });
    let of = |key: &str| {
        let own = table.numbers(key);
        if own.is_empty() { template.map(|t| t.numbers(key)).unwrap_or_default() } else { own }
    };
    let point = |variable: &str| {
        let name = template.and_then(|t| t.value(variable)).unwrap_or_default();
        if name.contains("capacitance") {
            LOAD_FF / capacitance_unit_ff(library)
        } else {
            SLOPE_PS / time_unit_ps(library)
        }
    };
    let (rows, columns, values) = (of("index_1"), of("index_2"), table.numbers("values"));
    if rows.is_empty() || columns.is_empty() || values.len() != rows.len() * columns.len() {
        return None;
    }
    let along: Vec<_> = values
        .chunks(columns.len())
        .map(|row| interpolate(&columns, row, point("variable_2")))
        .collect();
    Some(interpolate(&rows, &along, point("variable_1")) * time_unit_ps(library))
}

/// Linear between the points of `at`, held beyond them; `at` ascends and is not empty.
fn interpolate(at: &[f64], values: &[f64], x: f64) -> f64 {
    let upper = at.iter().position(|point| *point >= x);
    match upper {
        Some(0) => values[0],
        None => values[at.len() - 1],
        Some(i) => {
            let part = (x - at[i - 1]) / (at[i] - at[i - 1]);
            values[i - 1] + part * (values[i] - values[i - 1])
        }
    }
}

/// `1ns`, `10ps`: number and unit; nanoseconds when absent, as Liberty has it.
fn time_unit_ps(library: &Group) -> f64 {
    let text = library.value("time_unit").unwrap_or("1ns").trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let scale = match &text[split..] {
        "fs" => 1e-3,
        "ps" => 1.0,
        "us" => 1e6,
        _ => 1e3,
    };
    text[..split].trim().parse().unwrap_or(1.0) * scale
}

fn capacitance_unit_ff(library: &Group) -> f64 {
    let unit = library.values("capacitive_load_unit");
    let number: f64 = unit.first().and_then(|number| number.parse().ok()).unwrap_or(1.0);
    match unit.get(1) {
        Some(unit) if unit.eq_ignore_ascii_case("ff") => number,
        _ => number * 1e3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_library_knows_its_driver_registers_and_their_delay() {
        let cells = Library::BuiltIn.scan().unwrap();
        assert_eq!(cells.driver, "BUF_X1");
        assert_eq!(cells.cells["DFFR_X1"].kind, Kind::Flop { bits: 1 });
        assert_eq!(cells.cells["NAND2_X1"].kind, Kind::Combinational);
        // 13 tau and 6 tau of 6 ps, and 5 fF at 4 ps per fF.
        assert!((cells.register_ps - (19.0 * 6.0 + 20.0)).abs() < 1e-6, "{}", cells.register_ps);
    }

    const SMALL: &str = r#"library (s) {
        time_unit : "1ns"; capacitive_load_unit (1, "pf");
        lu_table_template (t) { variable_1 : total_output_net_capacitance;
            variable_2 : input_net_transition; index_1 ("0, 0.01"); index_2 ("0, 0.04"); }
        cell (big) { area : 4; pin (A) { direction : input; }
            pin (X) { direction : output; function : "(A)"; } }
        cell (rep) { area : 3; pin (A) { direction : input; }
            pin (X) { direction : output; function : "A"; } }
        cell (s__lpflow_rep) { area : 1; pin (A) { direction : input; }
            pin (X) { direction : output; function : "A"; } }
        cell (old) { dont_use : true; area : 1; }
        cell (lat) { area : 9; latch (IQ, IQN) { enable : "G"; } }
        cell (reg) { area : 9; ff (IQ, IQN) { next_state : "D"; clocked_on : "C"; }
            pin (D) { direction : input; timing () { timing_type : setup_rising;
                rise_constraint (t) { values ("0.1, 0.1", "0.1, 0.1"); } } }
            pin (Q) { direction : output; function : "IQ"; timing () { timing_type : rising_edge;
                cell_rise (t) { values ("1, 2", "3, 4"); } } } }
    }"#;

    fn small() -> Result<Cells, Failure> {
        Library::File { name: "s.lib".into(), text: SMALL.into() }.scan()
    }

    #[test]
    fn a_foreign_library_gives_units_driver_and_latches() {
        let cells = small().unwrap();
        assert_eq!(cells.driver, "rep");
        assert_eq!(cells.cells["lat"].kind, Kind::Latch);
        // 5 fF is half way along the first index, 20 ps half way along the second.
        assert!((cells.register_ps - 2600.0).abs() < 1e-6, "{}", cells.register_ps);
    }

    #[test]
    fn cells_that_must_not_be_used_are_cut_from_the_text() {
        let cells = small().unwrap();
        assert_eq!(cells.cells.len(), 4);
        assert!(!cells.text.contains("lpflow") && !cells.text.contains("dont_use"));
        assert!(liberty::parse(&cells.text).is_ok());
    }

    #[test]
    fn a_library_without_what_a_core_needs_is_refused() {
        let scan = |text: &str| {
            let library = Library::File { name: "x.lib".into(), text: text.into() };
            library.scan().unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            scan("library (x) {}"),
            @"library x.lib cannot be used: it has no buffer or inverter"
        );
        insta::assert_snapshot!(
            scan("library (x) {\n oops }"),
            @"library x.lib cannot be used: `:` or `(` after a name is expected"
        );
        insta::assert_snapshot!(
            scan("library (x) { cell (b) { pin (A) { direction : input; } } }"),
            @"library x.lib cannot be used: it has no cell with an area"
        );
    }

    #[test]
    fn a_device_is_refused_without_being_read() {
        let refused = Library::read(Path::new("/dev/zero")).unwrap_err();
        assert!(matches!(refused, Failure::NotAFile(_)), "{refused}");
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Library::read(folder.path()), Err(Failure::NotAFile(_))));
    }

    #[test]
    fn a_packed_library_is_read_like_a_plain_one() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.lib.gz");
        let file = std::fs::File::create(&path).unwrap();
        let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packer.write_all(SMALL.as_bytes()).unwrap();
        packer.finish().unwrap();
        let Library::File { name, text } = Library::read(&path).unwrap() else {
            panic!("a file");
        };
        assert_eq!((name.as_str(), text.as_str()), ("s.lib.gz", SMALL));
    }
}
