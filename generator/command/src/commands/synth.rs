//! `bitplane synth`: what the core costs in gates, by Yosys.

use crate::bundle_folder;
use crate::commands::generate::files;
use crate::config;
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::places::{keep_log, scratch};
use crate::progress::Progress;
use crate::tools::{self, Tool, YosysOption};
use bitplane_emit::Bundle;
use bitplane_emit::manifest::Memory;
use bitplane_spec::{Problem, Spec};
use bitplane_synthesise::{
    Failure as Error, Fpga, FpgaReport, FpgaRequest, Library, Report, Request, Run, Stage,
    UnitArea, Watch, Yosys, synthesise, synthesise_for_fpga,
};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Options of `synth`.
#[derive(Args, Debug)]
pub struct Synth {
    /// A .toml file or a preset's name
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Cell library, plain or .gz; may be given more than once [default: gate equivalents]
    #[arg(long, value_name = "FILE")]
    liberty: Vec<PathBuf>,
    /// Clock in MHz that the mapper works towards [default: 500]
    #[arg(long, value_name = "MHZ", allow_negative_numbers = true)]
    clock_mhz: Option<f64>,
    /// Count the cells of an FPGA instead of the gates of a library; takes neither of the above
    #[arg(long, value_enum, value_name = "FAMILY")]
    fpga: Option<Family>,
    #[command(flatten)]
    yosys: YosysOption,
}

/// Option `--fpga`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Family {
    /// Lattice iCE40 HX
    Ice40,
    /// Lattice ECP5
    Ecp5,
    /// AMD (Xilinx) 7 series
    Xilinx,
}

impl Family {
    fn fpga(self) -> Fpga {
        match self {
            Self::Ice40 => Fpga::Ice40,
            Self::Ecp5 => Fpga::Ecp5,
            Self::Xilinx => Fpga::Xilinx,
        }
    }
}

/// Clock in MHz where none is given.
pub const DEFAULT_CLOCK_MHZ: f64 = 500.0;

/// Synthesises the core with one library after the other, or for an FPGA, and fails if the netlist
/// of any is not what was designed. A clock that is not met is a figure like the others, and a
/// warning.
pub fn run(options: &Synth, console: &Console) -> Result<Outcome, Failure> {
    let spec = config::load(&options.config, console)?.spec;
    match options.fpga {
        Some(family) => {
            options.refuse_what_an_fpga_lacks(family.fpga())?;
            Synthesis::prepare(&spec, options)?.for_fpga(family.fpga())
        }
        None => with_libraries(&spec, options, console),
    }
}

fn with_libraries(spec: &Spec, options: &Synth, console: &Console) -> Result<Outcome, Failure> {
    let libraries = options.libraries()?;
    let synthesis = Synthesis::prepare(spec, options)?;
    let mut reports = Vec::new();
    for library in libraries {
        let report = synthesis.report(library);
        reports.push(report.map_err(|failure| synthesis.add_to(failure, &reports))?);
    }
    for report in &reports {
        if let Some(problem) = missed_clock(report) {
            console.warn(problem, None);
        }
    }
    synthesis.outcome(&reports)
}

impl Synth {
    fn clock_mhz(&self) -> f64 {
        self.clock_mhz.unwrap_or(DEFAULT_CLOCK_MHZ)
    }

    /// The libraries to use, once the clock makes sense too.
    fn libraries(&self) -> Result<Vec<Library>, Failure> {
        let libraries = read_libraries(&self.liberty, &[self.clock_mhz()])?;
        Ok(if libraries.is_empty() { vec![Library::BuiltIn] } else { libraries })
    }

    /// A library's areas and the mapper's clock mean nothing to the cells of an FPGA.
    fn refuse_what_an_fpga_lacks(&self, fpga: Fpga) -> Result<(), Failure> {
        let given = [
            ("--liberty", !self.liberty.is_empty(), "the cells are the FPGA's own, without area"),
            (
                "--clock-mhz",
                self.clock_mhz.is_some(),
                "its speed is known only once it is placed and routed",
            ),
        ];
        let contradictions = given.into_iter().filter(|(_, given, _)| *given);
        let problems: Vec<Problem> = contradictions
            .map(|(option, _, reason)| {
                let message = format!("contradicts --fpga {}: {reason}", fpga.name());
                let help = format!("leave out {option}, or leave out --fpga for standard cells");
                Problem::new("contradiction", option, message, help)
            })
            .collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(Class::BadInput, problems)),
        }
    }
}

/// The libraries at `paths`, each of them usable, once the clocks make sense too; all problems are
/// told at once.
pub fn read_libraries(paths: &[PathBuf], clocks_mhz: &[f64]) -> Result<Vec<Library>, Failure> {
    let senseless = |clock: &&f64| !(clock.is_finite() && **clock > 0.0);
    let mut clocks: Vec<f64> = clocks_mhz.iter().filter(senseless).copied().collect();
    clocks.dedup_by(|a, b| a.to_bits() == b.to_bits());
    let mut problems: Vec<Problem> =
        clocks.into_iter().map(|clock| Error::Clock(clock).into()).collect();
    let mut libraries = Vec::new();
    for path in paths {
        let library = Library::read(path).and_then(|library| library.check().map(|()| library));
        match library.map_err(failure) {
            Ok(library) => libraries.push(library),
            Err(failure) if failure.class == Class::BadInput => problems.extend(failure.problems),
            Err(failure) => return Err(failure),
        }
    }
    match problems.is_empty() {
        true => Ok(libraries),
        false => Err(Failure::new(Class::BadInput, problems)),
    }
}

/// A bundle and a tool that are ready.
struct Synthesis {
    bundle: Bundle,
    tool: Tool,
    yosys: Yosys,
    clock_mhz: f64,
    /// Holds the bundle and the working folder.
    folder: tempfile::TempDir,
}

impl Synthesis {
    fn prepare(spec: &Spec, options: &Synth) -> Result<Self, Failure> {
        let tool = tools::yosys(&options.yosys)?;
        let yosys = Yosys::at(&tool.program).map_err(failure)?;
        let bundle = bitplane_emit::bundle(spec);
        let folder = scratch()?;
        bundle_folder::write_plain(&files(&bundle), &folder.path().join("bundle"))?;
        Ok(Self { bundle, tool, yosys, clock_mhz: options.clock_mhz(), folder })
    }

    fn report(&self, library: Library) -> Result<Report, Failure> {
        let request = Request {
            bundle_dir: self.folder.path().join("bundle"),
            manifest: self.bundle.manifest.clone(),
            library,
            clock_mhz: self.clock_mhz,
            work_dir: self.folder.path().join("work"),
            yosys: self.yosys.clone(),
        };
        let mut report = watched(&request).map_err(|error| self.failure(error))?;
        self.keep_log_of(&mut report.problems, "work/total.log");
        Ok(report)
    }

    fn for_fpga(&self, fpga: Fpga) -> Result<Outcome, Failure> {
        let request = FpgaRequest {
            bundle_dir: self.folder.path().join("bundle"),
            manifest: self.bundle.manifest.clone(),
            fpga,
            work_dir: self.folder.path().join("work"),
            yosys: self.yosys.clone(),
        };
        let _progress = Progress::start(fpga.name());
        let watch = Watch { on_stage: &|_| (), interrupt: interrupt::flag() };
        let report = synthesise_for_fpga(&request, &watch);
        let mut report = report.map_err(|error| self.failure(error))?;
        self.keep_log_of(&mut report.problems, "work/fpga.log");
        self.fpga_outcome(&report)
    }

    fn fpga_outcome(&self, report: &FpgaReport) -> Result<Outcome, Failure> {
        let text = fpga_table(report, &self.tool);
        let json = match serde_json::to_value(report) {
            Ok(Value::Object(mut keys)) => {
                keys.insert("tool_path".to_owned(), self.tool_path());
                keys
            }
            _ => Map::new(),
        };
        if report.problems.is_empty() {
            return Ok(Outcome { text, json });
        }
        let failure = Failure::new(Class::CheckFailed, report.problems.clone());
        Err(failure.with_details(json).with_text(text))
    }

    fn tool_path(&self) -> Value {
        self.tool.program.display().to_string().into()
    }

    /// The working folder goes, the log of a netlist with problems stays.
    fn keep_log_of(&self, problems: &mut [Problem], log: &str) {
        if problems.is_empty() {
            return;
        }
        let Some(kept) = self.keep(&self.folder.path().join(log)) else { return };
        for problem in problems {
            problem.help = format!("{}; log kept at {}", problem.help, kept.display());
        }
    }

    /// As [`failure`], the log in a place that outlives the working folder.
    fn failure(&self, error: Error) -> Failure {
        failure(match error {
            Error::ToolCrashed { reason, log, tail } => {
                let log = self.keep(&log).unwrap_or(log);
                Error::ToolCrashed { reason, log, tail }
            }
            Error::Refused { reason, log } => {
                Error::Refused { reason, log: self.keep(&log).unwrap_or(log) }
            }
            other => other,
        })
    }

    fn keep(&self, log: &Path) -> Option<PathBuf> {
        let text = String::from_utf8_lossy(&fs::read(log).ok()?).into_owned();
        keep_log(&format!("synth-{}", self.bundle.manifest.name), &text)
    }

    fn outcome(&self, reports: &[Report]) -> Result<Outcome, Failure> {
        let problems: Vec<Problem> = reports.iter().flat_map(problems).collect();
        let (text, json) = (self.text(reports), self.json(reports));
        if problems.is_empty() {
            return Ok(Outcome { text, json });
        }
        let failure = Failure::new(Class::CheckFailed, problems);
        Err(failure.with_details(json).with_text(text))
    }

    /// The failure of one library, with the reports of those before it.
    fn add_to(&self, failure: Failure, reports: &[Report]) -> Failure {
        let (text, json) = (self.text(reports), self.json(reports));
        failure.with_details(json).with_text(text)
    }

    fn text(&self, reports: &[Report]) -> String {
        let tables: Vec<String> = reports.iter().map(|each| table(each, &self.tool)).collect();
        tables.join("\n")
    }

    /// The first report's keys, `tool_path`, and all reports under `reports`.
    fn json(&self, reports: &[Report]) -> Map<String, Value> {
        let all: Vec<Value> = reports.iter().map(|each| self.report_json(each)).collect();
        let mut keys = match all.first() {
            Some(Value::Object(first)) => first.clone(),
            _ => Map::new(),
        };
        keys.insert("reports".to_owned(), all.into());
        keys
    }

    fn report_json(&self, report: &Report) -> Value {
        let mut json = serde_json::to_value(report).unwrap_or_default();
        json["tool_path"] = self.tool_path();
        json
    }
}

/// Synthesises with the runs under way shown, until the user asks to stop.
fn watched(request: &Request) -> Result<Report, Error> {
    let library = request.library.name();
    let progress = Progress::start(library);
    let running: Mutex<Vec<Run>> = Mutex::default();
    let on_stage = |stage: Stage| {
        let mut running = running.lock().unwrap_or_else(|broken| broken.into_inner());
        match stage {
            Stage::Started(run) => running.push(run),
            Stage::Finished(run) => running.retain(|each| *each != run),
        }
        let names: Vec<String> = running.iter().map(Run::to_string).collect();
        progress.report(&format!("{library}: {}", names.join(", ")), 0, 0);
    };
    let watch = Watch { on_stage: &on_stage, interrupt: interrupt::flag() };
    synthesise(request, &watch)
}

/// Failed checks, each with the library it failed with.
fn problems(report: &Report) -> impl Iterator<Item = Problem> + '_ {
    report.problems.iter().cloned().map(|mut problem| {
        problem.message = format!("with {}: {}", report.library, problem.message);
        problem
    })
}

fn missed_clock(report: &Report) -> Option<Problem> {
    let message = format!(
        "with {} the core takes {} ps and a cycle of {} MHz is {} ps: the figures are those of \
         the slower core",
        report.library,
        report.delay_ps.round(),
        report.clock_mhz,
        period_ps(report),
    );
    let help = "give a slower --clock-mhz, or more [pipeline] stages";
    (!report.met).then(|| Problem::new("clock-not-met", "--clock-mhz", message, help))
}

fn period_ps(report: &Report) -> f64 {
    (1e6 / report.clock_mhz).round()
}

fn table(report: &Report, tool: &Tool) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("library", report.library.clone()),
        ("tool", tool.to_string()),
        ("area", format!("{:.1} {}", report.area, report.area_unit)),
        ("cells", report.cells.to_string()),
        ("flops", format!("{} ({} predicted)", report.flops, report.predicted_flops)),
        ("latches", report.latches.to_string()),
        ("delay", delay(report)),
        ("clock", clock(report)),
    ] {
        line(&mut text, &format!("{name:<8} {value}"));
    }
    for Memory { module, words, bits, banks, .. } in &report.memories {
        let size = format!("{words} words of {bits} bits in {banks} bank(s)");
        line(&mut text, &format!("memory   {module}, {size}: left out"));
    }
    line(&mut text, "");
    units(&mut text, report);
    text
}

fn fpga_table(report: &FpgaReport, tool: &Tool) -> String {
    let mut text = String::new();
    let flops = match report.flops_in_dsps {
        0 => format!("{} ({} predicted)", report.flops, report.predicted_flops),
        moved => format!(
            "{} and {moved} in multiplier blocks ({} predicted)",
            report.flops, report.predicted_flops
        ),
    };
    for (name, value) in [
        ("fpga", report.fpga.clone()),
        ("tool", tool.to_string()),
        ("LUTs", report.luts.to_string()),
        ("wide muxes", report.wide_multiplexers.to_string()),
        ("carry cells", report.carry_cells.to_string()),
        ("flops", flops),
        ("latches", report.latches.to_string()),
        ("block RAMs", report.block_rams.to_string()),
        ("LUT RAMs", report.lut_rams.to_string()),
        ("DSPs", report.dsps.to_string()),
    ] {
        line(&mut text, &format!("{name:<11} {value}"));
    }
    line(&mut text, "");
    let width = report.cells_by_type.keys().map(String::len).max().unwrap_or(0).max(4);
    line(&mut text, &format!("{:<width$} {:>8}", "cell", "count"));
    for (cell, count) in &report.cells_by_type {
        line(&mut text, &format!("{cell:<width$} {count:>8}"));
    }
    text
}

fn delay(report: &Report) -> String {
    format!(
        "{:.0} ps ({:.0} ps of it the register's), {} cells deep",
        report.delay_ps, report.register_ps, report.depth
    )
}

fn clock(report: &Report) -> String {
    let met = if report.met { "met" } else { "NOT MET" };
    format!("{} MHz, {} ps: {met}", report.clock_mhz, period_ps(report))
}

/// Area by unit; shares of the sum, which is not exactly the area of the flattened core.
fn units(text: &mut String, report: &Report) {
    let name = |unit: &UnitArea| unit.name.chars().count();
    let width = report.units.iter().map(name).max().unwrap_or(0).max(4);
    let sum: f64 = report.units.iter().map(|unit| unit.area).sum();
    let unit = &report.area_unit;
    line(
        text,
        &format!("{:<width$} {:>6} {unit:>12} {:>6} {:>8}", "unit", "count", "share", "flops"),
    );
    for unit in &report.units {
        let share = if sum > 0.0 { 100.0 * unit.area / sum } else { 0.0 };
        line(
            text,
            &format!(
                "{:<width$} {:>6} {:>12.1} {share:>5.1}% {:>8}",
                unit.name, unit.count, unit.area, unit.flops
            ),
        );
    }
}

fn line(text: &mut String, line: &str) {
    // A string only grows.
    let _ = writeln!(text, "{line}");
}

/// An error of the synthesis in the command's terms.
pub fn failure(error: Error) -> Failure {
    let class = match &error {
        Error::ToolMissing { .. } | Error::ToolTooOld { .. } => Class::ToolMissing,
        Error::ToolCrashed { .. } => Class::MachineFailed,
        Error::Interrupted => return Failure::interrupted(),
        Error::Refused { .. } => Class::CheckFailed,
        Error::Library { .. }
        | Error::Clock(_)
        | Error::Path(_)
        | Error::NotAFile(_)
        | Error::TooLarge(_) => Class::BadInput,
        Error::Io { path, source, .. } if is_content(source) => return unreadable(path, source),
        Error::Io { path, action, source } => {
            let doing = if *action == "read" { "read the file" } else { "write the file" };
            return Failure::of_io(source, doing, path);
        }
    };
    Failure::one(class, error.into())
}

/// Whether the file was read and what is in it is at fault.
fn is_content(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::InvalidData | Kind::InvalidInput | Kind::UnexpectedEof)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("this is neither text nor a whole .gz file of text: {error}");
    let help = "give a Liberty file, plain or packed by gzip";
    let key = path.display().to_string();
    Failure::bad_input(Problem::new("library-unusable", key, message, help))
}
