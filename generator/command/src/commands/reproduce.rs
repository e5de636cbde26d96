//! `bitplane reproduce`: a published table, theirs beside ours.

use super::reproduce_data_types::{self, Targets};
use super::synth::{DEFAULT_CLOCK_MHZ, failure, read_libraries};
use crate::console::Console;
use crate::failure::{Class, Failure};
use crate::folder;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reproduce::bitmod_tile;
use crate::reproduce::comparison::{self, ComparedPart, Comparison};
use crate::reproduce::core::Core;
use crate::reproduce::dp4;
use crate::reproduce::lut_ablation::{self, Ablation, Part};
use crate::reproduce::measure::{Bench, Measured};
use crate::reproduce::mixed;
use crate::reproduce::page::Page;
use crate::reproduce::published::{LUT_ABLATION_PRODUCT, LUT_ABLATION_SOURCE};
use crate::reproduce::sweep::{self, Sweep, Swept};
use crate::reproduce::table::{self, Table};
use crate::reproduce::{plot, tensor_core};
use crate::tools::{self, Tool, YosysOption};
use bitplane_spec::Problem;
use bitplane_synthesise::{Library, Yosys};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Syntheses at a time where nothing else is said.
const DEFAULT_JOBS: u32 = 2;

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
    /// m * n * k * groups of every core (tensor-core: of LUT-4X; dp4: of two rows; bitmod-tile,
    /// bitmod-pe and bitmod-fig10: of two tiles); only the default is the published size
    #[arg(long, value_name = "N", default_value_t = LUT_ABLATION_PRODUCT)]
    #[arg(value_parser = clap::value_parser!(u32).range(64..=4096))]
    product: u32,
    /// Syntheses at a time
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=256))]
    jobs: u32,
    /// Checkpoint whose linear layers bitmod-dtypes quantises
    #[arg(long, value_name = "MODEL.safetensors")]
    model: Option<PathBuf>,
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
    /// W2A8 look-up at 4 and 8 times the throughput of an FP16 tensor core
    TensorCore,
    /// One dot product of 4, FP16 activations: look-up against FP16 multipliers and adders
    Dp4,
    /// Tiles of BitMoD against a tile of FP16 multiply-accumulate elements
    BitmodTile,
    /// Elements of BitMoD by what they consist of, against FP16 multiply-accumulate elements
    BitmodPe,
    /// The same of mixed precision: terms, or multipliers of one INT8 or two INT4 weights
    BitmodFig10,
    /// Error of data types and special values in the weights of a model, by group size
    BitmodDtypes,
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
            Self::TensorCore => "tensor-core",
            Self::Dp4 => "dp4",
            Self::BitmodTile => "bitmod-tile",
            Self::BitmodPe => "bitmod-pe",
            Self::BitmodFig10 => "bitmod-fig10",
            Self::BitmodDtypes => "bitmod-dtypes",
        }
    }

    fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::TensorCore | Self::Dp4 | Self::BitmodTile | Self::BitmodPe | Self::BitmodFig10
        )
    }

    fn subject(self, product: u32) -> Subject {
        match self {
            Self::LutAblation => Subject::Ablation,
            Self::WeightSweep => Subject::Sweep(sweep::weight_bits("int8", product)),
            Self::WeightSweepFp16 => Subject::Sweep(sweep::weight_bits("fp16", product)),
            Self::KSweep => Subject::Sweep(sweep::elements("int8", product)),
            Self::KSweepFp16 => Subject::Sweep(sweep::elements("fp16", product)),
            Self::TileDse => Subject::Sweep(sweep::tiles(product)),
            Self::TensorCore => Subject::Comparison(tensor_core::comparison(product)),
            Self::Dp4 => Subject::Comparison(dp4::comparison(product)),
            Self::BitmodTile => Subject::Comparison(bitmod_tile::comparison(product)),
            Self::BitmodPe => Subject::Comparison(bitmod_tile::elements(product)),
            Self::BitmodFig10 => Subject::Comparison(mixed::comparison(product)),
            Self::BitmodDtypes => Subject::Weights,
        }
    }
}

/// What is measured.
enum Subject {
    /// The ablation, in parts.
    Ablation,
    /// Figures over one setting.
    Sweep(Sweep),
    /// Cores beside a baseline.
    Comparison(Comparison),
    /// Weights, and no core.
    Weights,
}

/// Measures the cores of a reproduction, or writes or lists them.
pub fn run(options: &Reproduce, console: &Console) -> Result<Outcome, Failure> {
    if let Some(name) = options.name.filter(|name| *name != Name::BitmodDtypes) {
        options.refuse_model(name)?;
    }
    if let Some(name) = options.name.filter(|name| *name != Name::LutAblation) {
        options.refuse_parts(name)?;
    }
    if let Some(name) = options.name.filter(|name| name.is_comparison()) {
        options.refuse_odd_product(name)?;
    }
    match (options.name, &options.write) {
        (None, _) => Ok(list()),
        (Some(Name::BitmodDtypes), _) => options.data_types(),
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
    match name.subject(product) {
        Subject::Ablation => {
            let steps = lut_ablation::steps(product).into_iter().map(|step| step.core);
            let widths = lut_ablation::width_cores(product);
            steps.chain(widths.into_iter().flat_map(|(_, a, b)| [a, b])).collect()
        }
        Subject::Sweep(sweep) => {
            let points = sweep.lines.into_iter().flat_map(|line| line.points);
            points.map(|(_, core)| core).collect()
        }
        Subject::Comparison(comparison) => {
            let rows = comparison.parts.into_iter().flat_map(|part| part.rows);
            let mut cores: Vec<Core> = rows.map(|row| row.core).collect();
            // A core stands in more rows than one where its throughput is told for several weights.
            let mut seen = HashSet::new();
            cores.retain(|core| seen.insert(core.name.clone()));
            cores
        }
        Subject::Weights => Vec::new(),
    }
}

fn reproduce(name: Name, options: &Reproduce, console: &Console) -> Result<Outcome, Failure> {
    let page = options.page(name)?;
    if let Some(path) = &options.plot {
        folder::check_writable(path)?;
    }
    let libraries = options.libraries()?;
    let tool = tools::yosys(&options.yosys)?;
    let yosys = Yosys::at(&tool.program).map_err(failure)?;
    let job = Job { name, options, libraries, yosys };
    let label = format!("{} {}", tool.name, tool.version);
    let deliver = |shown: Shown<'_>| {
        options.warn_of_size(console);
        for (library, missed) in &shown.missed {
            warn_of_clock(library, missed, console);
        }
        shown.deliver(name, options, page, &tool)
    };
    match name.subject(options.product) {
        Subject::Ablation => {
            let parts = options.parts();
            let all = job.measure(|bench, library| {
                lut_ablation::run(bench, library, options.product, &parts)
            })?;
            deliver(Shown::ablations(&all, &label))
        }
        Subject::Sweep(sweep) => {
            let all = job.measure(|bench, library| sweep::run(bench, library, &sweep))?;
            deliver(Shown::sweeps(&all, sweep.published, &label))
        }
        Subject::Comparison(comparison) => {
            let all = job.measure(|bench, library| comparison::run(bench, library, &comparison))?;
            deliver(Shown::comparisons(&all, comparison.published, &label))
        }
        Subject::Weights => options.data_types(),
    }
}

/// A reproduction under way.
struct Job<'a> {
    name: Name,
    options: &'a Reproduce,
    libraries: Vec<(Library, f64)>,
    yosys: Yosys,
}

impl Job<'_> {
    /// What `measure` makes of every library, beside the library's name.
    fn measure<T>(
        &self,
        measure: impl Fn(&Bench<'_>, &Library) -> Result<T, Failure>,
    ) -> Result<Vec<(String, T)>, Failure> {
        let progress = Progress::start(self.name.word());
        let mut all = Vec::new();
        for (library, clock_mhz) in &self.libraries {
            let jobs = self.options.jobs as usize;
            let bench = Bench::new(self.yosys.clone(), *clock_mhz, jobs, &progress);
            all.push((library.name().to_owned(), measure(&bench, library)?));
        }
        Ok(all)
    }
}

/// All that is shown of what was measured.
struct Shown<'a> {
    /// The cores of each library that miss its clock.
    missed: Vec<(String, Vec<Measured>)>,
    /// Tables, and what they come to.
    tables: Vec<(Table, Vec<String>)>,
    plot: Box<dyn Fn() -> Result<String, String> + 'a>,
    /// One document a library.
    documents: Vec<Value>,
    published: &'static str,
}

impl<'a> Shown<'a> {
    fn ablations(all: &'a [(String, Ablation)], tool: &str) -> Self {
        let tables = all.iter().flat_map(|(_, ablation)| table::tables(ablation));
        Self {
            missed: missed(all, fixed),
            tables: tables.map(|table| (table, Vec::new())).collect(),
            plot: Box::new(|| plot::svg(all)),
            documents: documents(all, |library, each| table::document(library, tool, each)),
            published: LUT_ABLATION_SOURCE,
        }
    }

    fn sweeps(all: &'a [(String, Swept)], published: &'static str, tool: &str) -> Self {
        let points = |swept: &Swept| {
            let points = swept.lines.iter().flat_map(|line| &line.points);
            points.map(|(_, measured)| measured.clone()).collect()
        };
        Self {
            missed: missed(all, points),
            tables: all.iter().filter_map(|(_, swept)| table::swept(swept)).collect(),
            plot: Box::new(|| plot::sweep_svg(all)),
            documents: documents(all, |library, each| table::swept_document(library, tool, each)),
            published,
        }
    }

    fn comparisons(
        all: &'a [(String, Vec<ComparedPart>)],
        published: &'static str,
        tool: &str,
    ) -> Self {
        let measured = |parts: &Vec<ComparedPart>| {
            let rows = parts.iter().flat_map(|part| &part.rows);
            rows.filter_map(|row| row.measured.clone()).collect()
        };
        let tables = all.iter().flat_map(|(_, parts)| parts).filter_map(table::compared);
        Self {
            missed: missed(all, measured),
            tables: tables.map(|table| (table, Vec::new())).collect(),
            plot: Box::new(|| plot::compared_svg(all)),
            documents: documents(all, |library, each| {
                table::compared_document(library, tool, each)
            }),
            published,
        }
    }

    /// Writes plot and page; the rest is the outcome.
    fn deliver(
        self,
        name: Name,
        options: &Reproduce,
        page: Option<Page>,
        tool: &Tool,
    ) -> Result<Outcome, Failure> {
        let text = self.text();
        let markdown = self.markdown(&options.said(name));
        if let Some(path) = &options.plot {
            write_svg(path, (self.plot)())?;
        }
        if let Some(page) = page {
            page.write(&markdown)?;
        }
        Ok(Outcome { text, json: keys_of_first(name, tool, self.published, self.documents) })
    }

    fn text(&self) -> String {
        let tables = self.tables.iter().map(|(table, said)| {
            let said: String = said.iter().map(|line| format!("{line}\n")).collect();
            format!("{}{said}\n", table.text())
        });
        format!("{}published: {}\n", tables.collect::<String>(), self.published)
    }

    fn markdown(&self, command: &str) -> String {
        let tables = self.tables.iter().map(|(table, said)| {
            let said: String = said.iter().map(|line| format!("- {line}\n")).collect();
            let between = if said.is_empty() { "" } else { "\n" };
            format!("{}{between}{said}", table.markdown())
        });
        let tables = tables.collect::<Vec<_>>().join("\n");
        format!("`{command}`\n\n{tables}\nPublished: {}.\n", self.published)
    }
}

/// Those of `cores` that miss the clock, for every library.
fn missed<T>(
    all: &[(String, T)],
    cores: impl Fn(&T) -> Vec<Measured>,
) -> Vec<(String, Vec<Measured>)> {
    let missed = |(library, each): &(String, T)| {
        let missed = cores(each).into_iter().filter(|core| !core.report.met);
        (library.clone(), missed.collect())
    };
    all.iter().map(missed).collect()
}

fn documents<T>(all: &[(String, T)], document: impl Fn(&str, &T) -> Value) -> Vec<Value> {
    all.iter().map(|(library, each)| document(library, each)).collect()
}

impl Reproduce {
    /// Quantises, without cores and without what is said about them.
    fn data_types(&self) -> Result<Outcome, Failure> {
        let given = [
            ("--write", self.write.is_some()),
            ("--liberty", !self.liberty.is_empty()),
            ("--clock-mhz", self.clock_mhz != DEFAULT_CLOCK_MHZ),
            ("--product", self.product != LUT_ABLATION_PRODUCT),
            ("--jobs", self.jobs != DEFAULT_JOBS),
            ("--yosys", self.yosys.yosys.is_some()),
        ];
        let mut problems: Vec<Problem> = given
            .iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(option, _)| {
                let message = "is for cores, and bitmod-dtypes measures weights";
                Problem::new("contradictory-options", *option, message, "leave it out")
            })
            .collect();
        let Some(model) = self.model.as_deref().filter(|_| problems.is_empty()) else {
            if self.model.is_none() {
                let message =
                    "is missing: bitmod-dtypes quantises the linear layers of a checkpoint";
                let help = "give --model MODEL.safetensors";
                problems.push(Problem::new("model-missing", "--model", message, help));
            }
            return Err(Failure::new(Class::BadInput, problems));
        };
        let page = self.page(Name::BitmodDtypes)?;
        reproduce_data_types::run(model, Targets { plot: self.plot.as_deref(), page })
    }

    /// Only data types are measured on weights.
    fn refuse_model(&self, name: Name) -> Result<(), Failure> {
        if self.model.is_none() {
            return Ok(());
        }
        let message = format!("{} measures cores; only bitmod-dtypes takes weights", name.word());
        let help = "leave --model out";
        Err(Failure::bad_input(Problem::new("no-weights", "--model", message, help)))
    }

    /// Only the ablation has parts.
    fn refuse_parts(&self, name: Name) -> Result<(), Failure> {
        if self.part.is_empty() {
            return Ok(());
        }
        let message = format!("{} has no parts; only lut-ablation has", name.word());
        let help = "leave --part out";
        Err(Failure::bad_input(Problem::new("no-parts", "--part", message, help)))
    }

    /// Without its baseline a comparison has no ratios, and that exists for powers of two.
    fn refuse_odd_product(&self, name: Name) -> Result<(), Failure> {
        if self.product.is_power_of_two() {
            return Ok(());
        }
        let message =
            format!("the cores of {} need a power of two, not {}", name.word(), self.product);
        let below = 1 << self.product.ilog2();
        let help = format!("give {below} or {}", 2 * below);
        Err(Failure::bad_input(Problem::new("odd-product", "--product", message, help)))
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

fn warn_of_clock(library: &str, missed: &[Measured], console: &Console) {
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

/// The cores of an ablation that no search found.
fn fixed(ablation: &Ablation) -> Vec<Measured> {
    let steps = ablation.steps.iter().map(|(measured, _)| measured);
    let widths = ablation.widths.iter().flat_map(|width| [&width.look_up, &width.multiply]);
    steps.chain(widths).cloned().collect()
}

/// The first library's keys, and all under `libraries`.
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

pub(super) fn write_svg(path: &Path, svg: Result<String, String>) -> Result<(), Failure> {
    let svg = svg.map_err(|error| {
        let error = std::io::Error::other(error);
        Failure::of_io(&error, "draw the plot", path)
    })?;
    folder::write_file(path, svg)
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
