//! Figures over one setting: lines of cores, one core a point.

use super::core::{Core, Organisation, Settings, Stored, Tables};
use super::lut_ablation::{CORRECTED, ONE_HOT, ratio};
use super::measure::{Bench, Measured};
use crate::failure::Failure;
use bitplane_synthesise::Library;

/// Groups or, without tables, elements of as many groups that share an accumulator.
const GROUPS: u32 = 4;
/// Elements of a table where nothing else is said.
const ELEMENTS: u32 = 4;
/// Rows where nothing else is said.
const ROWS: u32 = 2;

/// Cores to measure; the first line is the one that the others are compared with.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What is shown, as a heading.
    pub title: &'static str,
    /// What the points differ in.
    pub over: &'static str,
    /// What others have published of it, with the source.
    pub published: &'static str,
    /// The lines.
    pub lines: Vec<Line>,
}

/// Cores that differ in one setting.
#[derive(Clone, Debug)]
pub struct Line {
    /// What they have in common.
    pub title: &'static str,
    /// Value of the setting, and the core.
    pub points: Vec<(u32, Core)>,
}

impl Line {
    /// The points whose settings a core can have.
    fn of(
        name: &str,
        title: &'static str,
        values: impl IntoIterator<Item = u32>,
        settings: impl Fn(u32) -> Settings,
    ) -> Self {
        let point = |value| {
            let core = Core::legal(&format!("{name}_{value}"), title, settings(value))?;
            Some((value, core))
        };
        Self { title, points: values.into_iter().filter_map(point).collect() }
    }
}

/// Table look-up against its rivals at weights of 1 to 8 bits: two rows, corrected where weights have
/// a zero point, as many elements before one accumulator everywhere.
pub fn weight_bits(activation: &'static str, product: u32) -> Sweep {
    let settings = |organisation, k, groups| {
        move |weight_bits| Settings {
            organisation,
            activation,
            weight_bits,
            m: ROWS,
            k,
            groups,
            product,
            result: None,
            drain: None,
        }
    };
    let subsets = Tables { stored: Stored::Subsets, ..CORRECTED };
    let tables = |tables| settings(Organisation::LookUp(tables), ELEMENTS, GROUPS);
    let add = settings(Organisation::Add("constant"), ELEMENTS, GROUPS);
    let multiply = settings(Organisation::Multiply, ELEMENTS * GROUPS, 1);
    let bits = || 1..=8;
    Sweep {
        title: "Area per multiplication of an activation by one bit of a weight a cycle",
        over: "bits of a weight",
        published: "look-up beats FP16 multipliers at weights of up to 6 bits, adders only at 1 and 2 \
                    (LUT Tensor Core, ISCA 2025, arXiv 2408.06003; dot products of 4, floating-point \
                    adders and multipliers, tables not counted)",
        lines: vec![
            Line::of("look_up", "look-up", bits(), tables(CORRECTED)),
            Line::of("conventional", "conventional tables", bits(), tables(subsets)),
            Line::of("add", "adders", bits(), add),
            Line::of("multiply", "multipliers", bits(), multiply),
        ],
    }
}

/// A tile for weights of two bits, with the rows and elements of the others.
fn int2_tile(organisation: Organisation, activation: &'static str, product: u32) -> Settings {
    Settings {
        organisation,
        activation,
        weight_bits: 2,
        result: None,
        m: ROWS,
        k: ELEMENTS,
        groups: 1,
        product,
        drain: None,
    }
}

/// Elements of a table, with as many columns as the published tile has.
pub fn elements(activation: &'static str, product: u32) -> Sweep {
    let settings = |tables, groups| {
        move |k| {
            let product = product / ELEMENTS * k;
            let organisation = Organisation::LookUp(tables);
            let settings = int2_tile(organisation, activation, product);
            Settings { k, groups, ..settings }
        }
    };
    let subsets = Tables { stored: Stored::Subsets, ..ONE_HOT };
    let elements = || 2..=6;
    Sweep {
        title: "Area per multiplication of an activation by one bit of a weight a cycle",
        over: "elements of a table",
        published: "tables of 4 elements are the best (LUT Tensor Core, ISCA 2025, arXiv 2408.06003)",
        lines: vec![
            Line::of("half", "half tables", elements(), settings(ONE_HOT, 1)),
            Line::of(
                "half_groups4",
                "half tables, 4 groups",
                elements(),
                settings(ONE_HOT, GROUPS),
            ),
            Line::of("subsets", "tables of subsets", elements(), settings(subsets, 1)),
            Line::of(
                "subsets_groups4",
                "tables of subsets, 4 groups",
                elements(),
                settings(subsets, GROUPS),
            ),
        ],
    }
}

/// Every tile of the product: rows, and elements of a table; columns follow.
pub fn tiles(product: u32) -> Sweep {
    let settings = |k, groups| {
        move |m| {
            let settings = int2_tile(Organisation::LookUp(ONE_HOT), "int8", product);
            Settings { m, k, groups, ..settings }
        }
    };
    let rows = || [1, 2, 4, 8, 16];
    Sweep {
        title: "Area per multiplication of an activation by one bit of a weight a cycle",
        over: "rows m; m * n * k * groups is the same everywhere",
        published: "the best tile of M * N * K = 512 is M2 N64 K4 (LUT Tensor Core, ISCA 2025, arXiv \
                    2408.06003)",
        lines: vec![
            Line::of("k4", "k = 4", rows(), settings(4, 1)),
            Line::of("k2", "k = 2", rows(), settings(2, 1)),
            Line::of("k4_groups4", "k = 4, 4 groups", rows(), settings(4, 4)),
            Line::of("k2_groups8", "k = 2, 8 groups", rows(), settings(2, 8)),
        ],
    }
}

/// A sweep that was measured.
#[derive(Clone, Debug)]
pub struct Swept {
    /// What is shown, as a heading.
    pub title: &'static str,
    /// What the points differ in.
    pub over: &'static str,
    /// The lines with their figures.
    pub lines: Vec<SweptLine>,
}

/// A line of a sweep that was measured.
#[derive(Clone, Debug)]
pub struct SweptLine {
    /// What its cores have in common.
    pub title: &'static str,
    /// Value of the setting, and the core's figures.
    pub points: Vec<(u32, Measured)>,
}

impl SweptLine {
    /// The figures at `value`.
    pub fn at(&self, value: u32) -> Option<&Measured> {
        self.points.iter().find(|point| point.0 == value).map(|point| &point.1)
    }
}

impl Swept {
    /// Every value of the setting that some line has, in ascending order.
    pub fn values(&self) -> Vec<u32> {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let mut values: Vec<u32> = points.map(|point| point.0).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Values at which the first line is smaller than the other one; those at which one of the two
    /// misses the clock do not count.
    pub fn wins(&self, other: &SweptLine) -> Vec<u32> {
        let Some(first) = self.lines.first() else { return Vec::new() };
        let smaller = |value: &u32| {
            let both = first.at(*value).zip(other.at(*value));
            both.and_then(|(own, other)| ratio(other, own)).is_some_and(|ratio| ratio > 1.0)
        };
        self.values().into_iter().filter(smaller).collect()
    }

    /// The smallest core that meets its clock, and the title of its line.
    pub fn smallest(&self) -> Option<(&'static str, &Measured)> {
        let points = self
            .lines
            .iter()
            .flat_map(|line| line.points.iter().map(|(_, measured)| (line.title, measured)));
        let met = points.filter(|(_, measured)| measured.report.met);
        met.min_by(|(_, a), (_, b)| a.area_per_bit_mac().total_cmp(&b.area_per_bit_mac()))
    }
}

/// Measures `sweep` with `library`.
pub fn run(bench: &Bench<'_>, library: &Library, sweep: &Sweep) -> Result<Swept, Failure> {
    let points = sweep.lines.iter().flat_map(|line| &line.points);
    let cores: Vec<Core> = points.map(|(_, core)| core.clone()).collect();
    let mut measured = bench.measure(&cores, library)?.into_iter();
    let lines = sweep.lines.iter().map(|line| SweptLine {
        title: line.title,
        points: line.points.iter().map(|point| point.0).zip(measured.by_ref()).collect(),
    });
    let lines = lines.collect();
    Ok(Swept { title: sweep.title, over: sweep.over, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: u32 = 512;

    fn count(sweep: &Sweep) -> Vec<usize> {
        sweep.lines.iter().map(|line| line.points.len()).collect()
    }

    #[test]
    fn every_width_has_a_core_of_every_kind_with_as_many_elements_a_sum() {
        for activation in ["int8", "fp16"] {
            let sweep = weight_bits(activation, PRODUCT);
            assert_eq!(count(&sweep), [8; 4]);
            for (_, core) in sweep.lines.iter().flat_map(|line| &line.points) {
                let tile = core.spec.tile;
                assert_eq!((tile.m, tile.n, core.spec.elements_per_step()), (2, 16, 16));
            }
        }
    }

    #[test]
    fn tables_of_2_to_6_elements_keep_their_columns() {
        let sweep = elements("int8", PRODUCT);
        assert_eq!(count(&sweep), [5; 4]);
        for (line, columns) in sweep.lines.iter().zip([64, 16, 64, 16]) {
            assert!(line.points.iter().all(|(_, core)| core.spec.tile.n == columns));
        }
    }

    #[test]
    fn tiles_are_all_of_the_published_size() {
        let sweep = tiles(PRODUCT);
        assert_eq!(count(&sweep), [5; 4]);
        for (m, core) in sweep.lines.iter().flat_map(|line| &line.points) {
            let tile = core.spec.tile;
            assert_eq!((tile.m, tile.m * tile.n * tile.k * tile.groups), (*m, PRODUCT));
        }
        let published = &sweep.lines[0].points[1].1.spec.tile;
        assert_eq!((published.m, published.n, published.k), (2, 64, 4));
    }
}
