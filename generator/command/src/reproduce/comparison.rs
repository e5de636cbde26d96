//! Cores beside a baseline: what each takes, and how much throughput it gives per area.

use super::core::{Core, Settings};
use super::measure::{Bench, Measured};
use super::search::{Axis, search};
use crate::failure::Failure;
use bitplane_synthesise::Library;

/// Units that a dot product has for itself; everything else is shared by rows or columns.
pub const LANE_UNITS: [&str; 15] = [
    "select_lane",
    "add_lane",
    "dot_lane",
    "fused_lane",
    "plane_accumulator",
    "discrete_lane",
    "float_multiplier",
    "pair_lane",
    "pair_multiplier",
    "first_product",
    "second_product",
    "rounded_sum",
    "float_adder",
    "deferred_adder",
    "sum_rounder",
];

/// What a unit does for the processing elements of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Brings activations to integers of a common exponent, or numbers to their fields.
    Operands,
    /// Terms of weights times activations, or products.
    Multiply,
    /// Sums of a quantisation group, or of a run.
    Accumulate,
    /// Holds sums of groups, scales them and adds them up.
    Dequantise,
    /// Registers of activations and weights, control, the way out.
    Registers,
}

impl Component {
    /// All of them. Results so far belong to none: they stand in a memory where an array has one.
    pub const ALL: [Self; 5] =
        [Self::Operands, Self::Multiply, Self::Accumulate, Self::Dequantise, Self::Registers];

    /// The units that do it.
    pub fn units(self) -> &'static [&'static str] {
        match self {
            Self::Operands => &[
                "exponent_scanner",
                "aligner",
                "float_operands",
                "activation_decoder",
                "weight_decoder",
                "whole_decoder",
                "half_decoder",
            ],
            Self::Multiply => &[
                "group_head",
                "term_encoder",
                "term_lane",
                "float_term_lane",
                "float_multiplier",
                "pair_multiplier",
                "first_product",
                "second_product",
            ],
            Self::Accumulate => &[
                "plane_accumulator",
                "discrete_lane",
                "pair_lane",
                "rounded_sum",
                "float_adder",
                "deferred_adder",
                "sum_rounder",
                "sum_encoder",
            ],
            Self::Dequantise => &[
                "shadow_lane",
                "group_register",
                "scale_select",
                "group_scaler",
                "scale_pipeline",
                "floating_point_adder",
            ],
            Self::Registers => &["operand_register", "weight_register", "control", "result_drain"],
        }
    }
}

/// Tables of cores, and where the published figures beside them are from.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Source of the published figures.
    pub published: &'static str,
    /// The tables.
    pub parts: Vec<Part>,
}

/// One table; its first row is the baseline.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its key in JSON.
    pub name: &'static str,
    /// What is shown, as a heading.
    pub title: &'static str,
    /// The same in a few words, over a plot.
    pub short: &'static str,
    /// What is counted.
    pub counted: Counted,
    /// What is shown of every row after its title, in order.
    pub figures: &'static [Figure],
    /// The rows.
    pub rows: Vec<Row>,
}

/// What is counted of a core where it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The whole of it, flattened.
    Core,
    /// Its [`LANE_UNITS`], from a synthesis that keeps the hierarchy.
    Lanes,
    /// Its processing elements with their shares of every [`Component`], from such a synthesis.
    Elements,
}

/// A figure of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Rows, columns and elements.
    Tile,
    /// Whole multiply-accumulates a cycle.
    Macs,
    /// Area of the core.
    Area,
    /// Area of the core per multiply-accumulate a cycle.
    AreaPerMac,
    /// Area of the core for each of its columns.
    AreaPerColumn,
    /// Area of the lanes.
    Lanes,
    /// Area of a component for each processing element.
    Component(Component),
    /// Area of a processing element with its shares.
    Element,
    /// The same over the baseline's.
    ElementRatio,
    /// Throughput per area of processing elements over the baseline's.
    ElementDensity,
    /// Delay.
    Delay,
    /// Area of the core over the baseline's.
    AreaRatio,
    /// The same as published.
    PublishedAreaRatio,
    /// Throughput per area of the core over the baseline's.
    Density,
    /// Throughput per area of the lanes over the baseline's.
    LaneDensity,
    /// Throughput per area over the baseline's as published.
    PublishedDensity,
}

impl Figure {
    /// Those of tables that count whole cores, area and throughput, beside published ones.
    pub const OF_WHOLE_CORES: [Self; 9] = [
        Self::Tile,
        Self::Macs,
        Self::Area,
        Self::AreaPerMac,
        Self::Delay,
        Self::AreaRatio,
        Self::PublishedAreaRatio,
        Self::Density,
        Self::PublishedDensity,
    ];
}

/// A core of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The core, or where a search for it starts.
    pub core: Core,
    /// Where its tile comes from.
    pub tile: Tile,
    /// The published figures.
    pub published: Option<Ratios>,
}

impl Row {
    /// A core in the tile of `settings`, where the generator takes such a configuration.
    pub fn given(
        name: &str,
        title: &str,
        settings: Settings,
        published: Option<Ratios>,
    ) -> Option<Self> {
        let core = Core::legal(name, title, settings)?;
        Some(Self { core, tile: Tile::Given, published })
    }
}

/// Where the tile of a core comes from.
#[derive(Clone, Copy, Debug)]
pub enum Tile {
    /// It is that of the row.
    Given,
    /// The smallest along these axes.
    Searched(&'static [Axis]),
    /// That of the searched row whose core has this name.
    Of(&'static str),
}

/// A core against the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratios {
    /// Its area over the baseline's, where cores of a given throughput are compared.
    pub area: Option<f64>,
    /// Its throughput per area over the baseline's.
    pub density: f64,
}

/// A [`Part`] as measured.
#[derive(Debug)]
pub struct ComparedPart {
    /// The part.
    pub part: Part,
    /// Its rows, in order.
    pub rows: Vec<ComparedRow>,
}

/// A [`Row`] as measured.
#[derive(Debug)]
pub struct ComparedRow {
    /// The row.
    pub row: Row,
    /// Its core; nothing where a search found none that meets the clock.
    pub measured: Option<Measured>,
    /// Everything that a search tried.
    pub tried: Vec<Measured>,
}

impl ComparedRow {
    /// The core, if it meets its clock: another area is no result.
    pub fn met(&self) -> Option<&Measured> {
        self.measured.as_ref().filter(|measured| measured.report.met)
    }
}

impl ComparedPart {
    /// `figure` of the baseline and of `row`; nothing where one of the two misses the clock.
    fn both(&self, row: &ComparedRow, figure: impl Fn(&Measured) -> f64) -> Option<(f64, f64)> {
        Some((figure(self.rows.first()?.met()?), figure(row.met()?)))
    }

    /// Area over the baseline's.
    pub fn area_ratio(&self, row: &ComparedRow) -> Option<f64> {
        self.both(row, Measured::area).map(|(base, own)| own / base)
    }

    /// Throughput per area over the baseline's, everything counted.
    pub fn density(&self, row: &ComparedRow) -> Option<f64> {
        self.both(row, Measured::area_per_mac).map(|(base, own)| base / own)
    }

    /// The same of the lanes alone; nothing where there are none.
    pub fn lane_density(&self, row: &ComparedRow) -> Option<f64> {
        let lanes = |measured: &Measured| {
            measured.area_of_units(&LANE_UNITS) / measured.core.settings.macs_per_cycle()
        };
        self.both(row, lanes).map(|(base, own)| base / own).filter(|ratio| ratio.is_finite())
    }

    /// Area of a processing element over the baseline's.
    pub fn element_ratio(&self, row: &ComparedRow) -> Option<f64> {
        self.both(row, Measured::element).map(|(base, own)| own / base)
    }

    /// Throughput per area of processing elements over the baseline's.
    pub fn element_density(&self, row: &ComparedRow) -> Option<f64> {
        let per_mac = |measured: &Measured| {
            let settings = measured.core.settings;
            measured.element() * settings.elements() / settings.macs_per_cycle()
        };
        self.both(row, per_mac).map(|(base, own)| base / own)
    }

    /// Throughput per area of what the part counts.
    pub fn ratio(&self, row: &ComparedRow) -> Option<f64> {
        match self.part.counted {
            Counted::Core => self.density(row),
            Counted::Lanes => self.lane_density(row),
            Counted::Elements => self.element_density(row),
        }
    }
}

/// Measures `comparison` with `library`: searches first, then what takes its tile from them.
pub fn run(
    bench: &Bench<'_>,
    library: &Library,
    comparison: &Comparison,
) -> Result<Vec<ComparedPart>, Failure> {
    comparison.parts.iter().map(|part| run_part(bench, library, part)).collect()
}

fn run_part(bench: &Bench<'_>, library: &Library, part: &Part) -> Result<ComparedPart, Failure> {
    let mut rows = Vec::new();
    for row in &part.rows {
        rows.push(searched(bench, library, row)?);
    }
    let of_searches: Vec<(usize, Core)> = rows
        .iter()
        .enumerate()
        .filter(|(_, each)| !matches!(each.row.tile, Tile::Searched(_)))
        .map(|(place, each)| (place, with_found_tile(&each.row, &rows)))
        .collect();
    let cores: Vec<Core> = of_searches.iter().map(|(_, core)| core.clone()).collect();
    let measured = match part.counted {
        Counted::Core => bench.measure(&cores, library)?,
        Counted::Lanes | Counted::Elements => bench.measure_units(&cores, library)?,
    };
    for ((place, _), measured) in of_searches.into_iter().zip(measured) {
        rows[place].measured = Some(measured);
    }
    Ok(ComparedPart { part: part.clone(), rows })
}

fn searched(bench: &Bench<'_>, library: &Library, row: &Row) -> Result<ComparedRow, Failure> {
    let (measured, tried) = match row.tile {
        Tile::Searched(axes) => {
            let found = search(bench, library, &row.core, axes)?;
            (found.best, found.tried)
        }
        Tile::Given | Tile::Of(_) => (None, Vec::new()),
    };
    Ok(ComparedRow { row: row.clone(), measured, tried })
}

/// The core of `row` in the tile that it takes over, where it can have that.
fn with_found_tile(row: &Row, rows: &[ComparedRow]) -> Core {
    let Tile::Of(name) = row.tile else { return row.core.clone() };
    let found = rows.iter().find(|each| each.row.core.name == name);
    let found = found.and_then(|each| each.measured.as_ref()).map(|best| best.core.settings);
    let core = found.and_then(|found| {
        let Settings { m, k, groups, .. } = found;
        let settings = Settings { m, k, groups, ..row.core.settings };
        Core::legal(&row.core.name, &row.core.title, settings)
    });
    core.unwrap_or_else(|| row.core.clone())
}
