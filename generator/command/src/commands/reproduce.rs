//! `bitplane reproduce`: a published table, theirs beside ours.

use super::synth::{DEFAULT_CLOCK_MHZ, failure, read_libraries};
use crate::console::Console;
use crate::failure::Failure;
use crate::folder;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reproduce::core::Core;
use crate::reproduce::lut_ablation::{self, Ablation, Part};
use crate::reproduce::measure::{Bench, Measured};
use crate::reproduce::published::{LUT_ABLATION_PRODUCT, LUT_ABLATION_SOURCE};
use crate::reproduce::sweep::{self, Sweep, Swept};
use crate::reproduce::{plot, table};
use crate::tools::{self, Tool, YosysOption};
use bitplane_spec::Problem;
use bitplane_synthesise::{Library, Yosys};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Options of `reproduce`.
#[derive(Args, Debug)]
pub struct Reproduce {
    /// What to reproduce (`--list` shows it)
    #[arg(value_enum, required_unless_present = "list")]
    name: Option<Name>,
    /// List what can be reproduced
    #[arg(long, exclusive = true)]
    list: bool,
    /// Write the configurations of all fixed cores into DIR, and measure nothing
    #[arg(long, value_name = "DIR", conflicts_with_all = ["plot", "markdown"])]
    write: Option<PathBuf>,
    /// Only this part; may be given more than once [default: all]
    #[arg(long, value_enum, value_name = "PART")]
    part: Vec<Part>,
    /// Cell library beside the built-in one, plain or .gz, at a clock of its own where one follows;
    /// may be given more than once
    #[arg(long, value_name = "FILE[@MHZ]")]
    liberty: Vec<LibraryAt>,
    /// Leave out the built-in library
    #[arg(long, requires = "liberty")]
    only_given: bool,
    /// Clock in MHz that every core has to meet where its library has none of its own
    #[arg(long, value_name = "MHZ", default_value_t = DEFAULT_CLOCK_MHZ)]
    #[arg(allow_negative_numbers = true)]
    clock_mhz: f64,
    /// m * n * k * groups of every core; only the default is the published size
    #[arg(long, value_name = "N", default_value_t = LUT_ABLATION_PRODUCT)]
    #[arg(value_parser = clap::value_parser!(u32).range(64..=4096))]
    product: u32,
    /// Syntheses at a time
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=256))]
    jobs: u32,
    /// Draw the figures
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Write the tables into FILE, between its lines `<!-- NAME: begin -->` and `<!-- NAME: end -->`
    #[arg(long, value_name = "FILE.md")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    yosys: YosysOption,
}

/// A library file and, after an `@`, the clock in MHz for the cores that are built from it: what is
/// slow in one process is fast in another.
#[derive(Clone, Debug, PartialEq)]
struct LibraryAt {
    path: PathBuf,
    clock_mhz: Option<f64>,
}

impl FromStr for LibraryAt {
    type Err = Infallible;

    /// Text after the last `@` that is no number belongs to the name of the file.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let parts = text.rsplit_once('@');
        let clocked = parts.and_then(|(path, clock)| Some((path, clock.parse::<f64>().ok()?)));
        Ok(match clocked {
            Some((path, clock)) => Self { path: path.into(), clock_mhz: Some(clock) },
            None => Self { path: text.into(), clock_mhz: None },
        })
    }
}

/// What can be reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// UNPU to LUT Tensor Core step by step, W2A8; then our own steps
    LutAblation,
    /// Look-up, conventional tables, adders and multipliers at weights of 1 to 8 bits, INT8
    WeightSweep,
    /// The same with FP16 activations, aligned
    WeightSweepFp16,
    /// Tables of 2 to 6 elements, W2A8
    KSweep,
    /// The same with FP16 activations, aligned
    KSweepFp16,
    /// Every tile of a size, W2A8
    TileDse,
}

impl Name {
    fn word(self) -> &'static str {
        match self {
            Self::LutAblation => "lut-ablation",
            Self::WeightSweep => "weight-sweep",
            Self::WeightSweepFp16 => "weight-sweep-fp16",
            Self::KSweep => "k-sweep",
            Self::KSweepFp16 => "k-sweep-fp16",
            Self::TileDse => "tile-dse",
        }
    }

    /// What is measured, where it is figures over one setting.
    fn sweep(self, product: u32) -> Option<Sweep> {
        match self {
            Self::LutAblation => None,
            Self::WeightSweep => Some(sweep::weight_bits("int8", product)),
            Self::WeightSweepFp16 => Some(sweep::weight_bits("fp16", product)),
            Self::KSweep => Some(sweep::elements("int8", product)),
            Self::KSweepFp16 => Some(sweep::elements("fp16", product)),
            Self::TileDse => Some(sweep::tiles(product)),
        }
    }
}

/// Measures the cores of a reproduction, or writes or lists them.
pub fn run(options: &Reproduce, console: &Console) -> Result<Outcome, Failure> {
    if let Some(name) = options.name.filter(|name| *name != Name::LutAblation) {
        options.refuse_parts(name)?;
    }
    match (options.name, &options.write) {
        (None, _) => Ok(list()),
        (Some(name), Some(folder)) => write(name, options.product, folder),
        (Some(name), None) => reproduce(name, options, console),
    }
}

fn list() -> Outcome {
    let entries: Vec<(&str, String)> = Name::value_variants()
        .iter()
        .map(|name| {
            let value = name.to_possible_value();
            let help = value.and_then(|value| value.get_help().map(ToString::to_string));
            (name.word(), help.unwrap_or_default())
        })
        .collect();
    let text = entries.iter().map(|(name, help)| format!("{name:<20}{help}\n")).collect();
    let names: Vec<Value> =
        entries.iter().map(|(name, help)| json!({"name": name, "meaning": help})).collect();
    Outcome { text, json: Map::from_iter([("reproductions".to_owned(), names.into())]) }
}

/// Writes the fixed cores' configurations; those that exist already are not replaced.
fn write(name: Name, product: u32, target: &Path) -> Result<Outcome, Failure> {
    std::fs::create_dir_all(target)
        .map_err(|error| Failure::of_io(&error, "create the folder", target))?;
    let mut files = Vec::new();
    for core in fixed_cores(name, product) {
        let path = target.join(format!("{}.toml", core.name));
        folder::create_file(&path, &format!("# {}: {}\n{}", name.word(), core.title, core.config))?;
        files.push(path.display().to_string());
    }
    let text = format!("wrote {} configurations into {}\n", files.len(), target.display());
    Ok(Outcome { text, json: Map::from_iter([("files".to_owned(), files.into())]) })
}

fn fixed_cores(name: Name, product: u32) -> Vec<Core> {
    if let Some(sweep) = name.sweep(product) {
        let points = sweep.lines.into_iter().flat_map(|line| line.points);
        return points.map(|(_, core)| core).collect();
    }
    let steps = lut_ablation::steps(product).into_iter().map(|step| step.core);
    let widths = lut_ablation::width_cores(product).into_iter().flat_map(|(_, a, b)| [a, b]);
    steps.chain(widths).collect()
}

fn reproduce(name: Name, options: &Reproduce, console: &Console) -> Result<Outcome, Failure> {
    let page = options.page(name)?;
    if let Some(path) = &options.plot {
        folder::check_writable(path)?;
    }
    let libraries = options.libraries()?;
    let tool = tools::yosys(&options.yosys)?;
    let yosys = Yosys::at(&tool.program).map_err(failure)?;
    if let Some(sweep) = name.sweep(options.product) {
        let job = SweepJob { name, options, console, page, tool: &tool };
        return job.run(&sweep, libraries, &yosys);
    }
    let progress = Progress::start(name.word());
    let mut ablations = Vec::new();
    for (library, clock_mhz) in libraries {
        let bench = Bench::new(yosys.clone(), clock_mhz, options.jobs as usize, &progress);
        let ablation = lut_ablation::run(&bench, &library, options.product, &options.parts())?;
        ablations.push((library.name().to_owned(), ablation));
    }
    drop(progress);
    options.warn_of_size(console);
    for (library, ablation) in &ablations {
        warn_of_clock(library, &missed(ablation), console);
    }
    if let Some(path) = &options.plot {
        write_svg(path, plot::svg(&ablations))?;
    }
    if let Some(page) = page {
        page.write(&markdown(options.said(name), &ablations))?;
    }
    Ok(Outcome { text: text(&ablations), json: document(name, &tool, &ablations) })
}

/// A sweep under way.
struct SweepJob<'a> {
    name: Name,
    options: &'a Reproduce,
    console: &'a Console,
    page: Option<Page>,
    tool: &'a Tool,
}

impl SweepJob<'_> {
    fn run(
        self,
        sweep: &Sweep,
        libraries: Vec<(Library, f64)>,
        yosys: &Yosys,
    ) -> Result<Outcome, Failure> {
        let progress = Progress::start(self.name.word());
        let mut all = Vec::new();
        for (library, clock_mhz) in libraries {
            let jobs = self.options.jobs as usize;
            let bench = Bench::new(yosys.clone(), clock_mhz, jobs, &progress);
            all.push((library.name().to_owned(), sweep::run(&bench, &library, sweep)?));
        }
        drop(progress);
        self.options.warn_of_size(self.console);
        for (library, swept) in &all {
            let points = swept.lines.iter().flat_map(|line| &line.points);
            let missed = points.map(|point| &point.1).filter(|each| !each.report.met);
            warn_of_clock(library, &missed.collect::<Vec<_>>(), self.console);
        }
        if let Some(path) = &self.options.plot {
            let svg = plot::sweep_svg(&all);
            write_svg(path, svg)?;
        }
        let tables: Vec<_> = all.iter().filter_map(|(_, swept)| table::swept(swept)).collect();
        if let Some(page) = &self.page {
            let list = |said: &[String]| said.iter().map(|line| format!("- {line}\n")).collect();
            let tables = tables.iter().map(|(table, said)| {
                let said: String = list(said);
                format!("{}\n{said}", table.markdown())
            });
            let tables = tables.collect::<Vec<_>>().join("\n");
            let said = self.options.said(self.name);
            page.write(&format!("`{said}`\n\n{tables}\nPublished: {}.\n", sweep.published))?;
        }
        let text = tables.iter().map(|(table, said)| {
            format!(
                "{}{}\n",
                table.text(),
                said.iter().map(|line| format!("{line}\n")).collect::<String>()
            )
        });
        let text = text.collect::<String>() + &format!("published: {}\n", sweep.published);
        Ok(Outcome { text, json: self.document(sweep, &all) })
    }

    /// The first library's keys, and all under `libraries`.
    fn document(&self, sweep: &Sweep, all: &[(String, Swept)]) -> Map<String, Value> {
        let label = format!("{} {}", self.tool.name, self.tool.version);
        let all: Vec<Value> = all
            .iter()
            .map(|(library, swept)| table::swept_document(library, &label, swept))
            .collect();
        keys_of_first(self.name, self.tool, sweep.published, all)
    }
}

impl Reproduce {
    /// Only the ablation has parts.
    fn refuse_parts(&self, name: Name) -> Result<(), Failure> {
        if self.part.is_empty() {
            return Ok(());
        }
        let message = format!("{} has no parts; only lut-ablation has", name.word());
        let help = "leave --part out";
        Err(Failure::bad_input(Problem::new("no-parts", "--part", message, help)))
    }

    fn parts(&self) -> Vec<Part> {
        match self.part.is_empty() {
            true => Part::value_variants().to_vec(),
            false => self.part.clone(),
        }
    }

    /// The built-in library, unless it is left out, and those given, each with the clock for its cores.
    fn libraries(&self) -> Result<Vec<(Library, f64)>, Failure> {
        let built_in = (!self.only_given).then_some(Library::BuiltIn);
        let clocks: Vec<f64> = built_in
            .iter()
            .map(|_| self.clock_mhz)
            .chain(self.liberty.iter().map(|given| given.clock_mhz.unwrap_or(self.clock_mhz)))
            .collect();
        let paths: Vec<PathBuf> = self.liberty.iter().map(|given| given.path.clone()).collect();
        let given = read_libraries(&paths, &clocks)?;
        Ok(built_in.into_iter().chain(given).zip(clocks).collect())
    }

    fn page(&self, name: Name) -> Result<Option<Page>, Failure> {
        self.markdown.as_deref().map(|path| Page::open(path, name.word())).transpose()
    }

    /// The command that the figures are from, without paths and without what does not change them.
    fn said(&self, name: Name) -> String {
        let mut said = format!("bitplane reproduce {}", name.word());
        for given in &self.liberty {
            let file = given.path.file_name().unwrap_or_default().to_string_lossy();
            let clock = given.clock_mhz.map_or(String::new(), |clock| format!("@{clock}"));
            said.push_str(&format!(" --liberty {file}{clock}"));
        }
        if self.only_given {
            said.push_str(" --only-given");
        }
        for part in &self.part {
            let word = part.to_possible_value();
            said.push_str(&format!(" --part {}", word.as_ref().map_or("", |word| word.get_name())));
        }
        if self.clock_mhz != DEFAULT_CLOCK_MHZ {
            said.push_str(&format!(" --clock-mhz {}", self.clock_mhz));
        }
        if self.product != LUT_ABLATION_PRODUCT {
            said.push_str(&format!(" --product {}", self.product));
        }
        said
    }

    fn warn_of_size(&self, console: &Console) {
        if self.product != LUT_ABLATION_PRODUCT {
            let message = format!(
                "the cores are of {} bit-MACs a cycle, the published ones of \
                 {LUT_ABLATION_PRODUCT}: small cores pay more for what all lanes share",
                self.product
            );
            let help = "leave out --product to compare with the published ratios";
            console.warn(Problem::new("not-the-published-size", "--product", message, help), None);
        }
    }
}

fn warn_of_clock(library: &str, missed: &[&Measured], console: &Console) {
    let Some(first) = missed.first() else { return };
    let names: Vec<&str> = missed.iter().map(|each| each.core.name.as_str()).collect();
    let message = format!(
        "with {library} these cores miss {} MHz and have no ratio: {}",
        first.report.clock_mhz,
        names.join(", ")
    );
    let help = "give a slower clock: --clock-mhz, or --liberty FILE@MHZ";
    console.warn(Problem::new("clock-not-met", "--clock-mhz", message, help), None);
}

/// The fixed cores that miss the clock.
fn missed(ablation: &Ablation) -> Vec<&Measured> {
    let steps = ablation.steps.iter().map(|(measured, _)| measured);
    let widths = ablation.widths.iter().flat_map(|width| [&width.look_up, &width.multiply]);
    steps.chain(widths).filter(|each: &&Measured| !each.report.met).collect()
}

fn text(ablations: &[(String, Ablation)]) -> String {
    let tables = ablations.iter().flat_map(|(_, ablation)| table::tables(ablation));
    let tables: Vec<String> = tables.map(|table| table.text()).collect();
    format!("{}\npublished: {LUT_ABLATION_SOURCE}\n", tables.join("\n"))
}

fn markdown(said: String, ablations: &[(String, Ablation)]) -> String {
    let tables = ablations.iter().flat_map(|(_, ablation)| table::tables(ablation));
    let tables: Vec<String> = tables.map(|table| table.markdown()).collect();
    format!("`{said}`\n\n{}\nPublished: {LUT_ABLATION_SOURCE}.\n", tables.join("\n"))
}

/// The first library's keys, and all under `libraries`.
fn document(name: Name, tool: &Tool, ablations: &[(String, Ablation)]) -> Map<String, Value> {
    let label = format!("{} {}", tool.name, tool.version);
    let all: Vec<Value> = ablations
        .iter()
        .map(|(library, ablation)| table::document(library, &label, ablation))
        .collect();
    keys_of_first(name, tool, LUT_ABLATION_SOURCE, all)
}

fn keys_of_first(name: Name, tool: &Tool, published: &str, all: Vec<Value>) -> Map<String, Value> {
    let mut keys = match all.first() {
        Some(Value::Object(first)) => first.clone(),
        _ => Map::new(),
    };
    keys.insert("reproduction".to_owned(), name.word().into());
    keys.insert("published_source".to_owned(), published.into());
    keys.insert("tool_path".to_owned(), tool.program.display().to_string().into());
    keys.insert("libraries".to_owned(), all.into());
    keys
}

fn write_svg(path: &Path, svg: Result<String, String>) -> Result<(), Failure> {
    let svg = svg.map_err(|error| {
        let error = std::io::Error::other(error);
        Failure::of_io(&error, "draw the plot", path)
    })?;
    folder::write_file(path, svg)
}

/// A Markdown file with a place for the tables.
struct Page {
    path: PathBuf,
    before: String,
    after: String,
}

impl Page {
    /// The file at `path`; one that is not there is begun.
    fn open(path: &Path, name: &str) -> Result<Self, Failure> {
        let (begin, end) = (format!("<!-- {name}: begin -->"), format!("<!-- {name}: end -->"));
        folder::check_writable(path)?;
        if !path.exists() {
            let (before, after) = (format!("{begin}\n"), format!("{end}\n"));
            return Ok(Self { path: path.to_owned(), before, after });
        }
        let text = folder::read_text(path)?;
        let parts = text.split_once(&begin).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(&end)?;
            Some((format!("{before}{begin}\n"), format!("{end}{after}")))
        });
        let (before, after) = parts.ok_or_else(|| {
            let message = format!("has no lines `{begin}` and `{end}` to write the tables between");
            let help = "add the two lines, or give a file that is not there yet";
            folder::unusable("no-place", path, &message, help)
        })?;
        Ok(Self { path: path.to_owned(), before, after })
    }

    fn write(&self, tables: &str) -> Result<(), Failure> {
        folder::write_file(&self.path, format!("{}\n{tables}\n{}", self.before, self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_has_the_clock_that_follows_it_and_a_name_keeps_its_other_signs() {
        let read = |text: &str| text.parse::<LibraryAt>().unwrap();
        let at = |path: &str, clock_mhz| LibraryAt { path: path.into(), clock_mhz };
        assert_eq!(read("a/slow.lib.gz"), at("a/slow.lib.gz", None));
        assert_eq!(read("a/slow.lib.gz@150"), at("a/slow.lib.gz", Some(150.0)));
        assert_eq!(read("me@home/slow.lib"), at("me@home/slow.lib", None));
        assert_eq!(read("me@home/slow.lib@12.5"), at("me@home/slow.lib", Some(12.5)));
    }
}
