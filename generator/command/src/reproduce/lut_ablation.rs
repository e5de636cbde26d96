//! The ablation of LUT Tensor Core, step by step, on cores of this generator.

use super::core::{Core, Organisation, Settings, Stored, Tables};
use super::measure::{Bench, Measured};
use super::published::{LUT_ABLATION, Published};
use super::search::{Axis, Found, search};
use crate::failure::Failure;
use bitplane_synthesise::Library;
use clap::ValueEnum;

/// UNPU as the paper's baseline: the sums of all subsets stored, a multiplexer on the binary index
/// in every lane, tables built in the array.
const UNPU: Tables = Tables {
    stored: Stored::Subsets,
    precompute: "shared",
    select: "binary",
    copies: 1,
    zero_point: "none",
};
/// As above, with a builder beside every quarter of the columns.
const CONVENTIONAL: Tables = Tables { precompute: "local", copies: 4, ..UNPU };
const HALF: Tables = Tables { stored: Stored::HalfFoldedAtRunTime, ..UNPU };
const OFFLINE: Tables = Tables { stored: Stored::HalfFoldedOffline, ..UNPU };
const FUSED: Tables = Tables { precompute: "external", ..OFFLINE };
/// Half tables folded by the packer, built once a row for all columns, one line an entry.
pub(super) const ONE_HOT: Tables = Tables { select: "one_hot", ..OFFLINE };
/// As above, with zero points corrected.
pub(super) const CORRECTED: Tables = Tables { zero_point: "constant", ..ONE_HOT };

const ACTIVATION: &str = "int8";
/// Weight widths at which look-up is compared with multipliers.
const WIDTHS: std::ops::RangeInclusive<u32> = 1..=8;
/// Groups of the look-up core that is compared with multipliers.
const GROUPS_AGAINST_MULTIPLIERS: u32 = 4;

const GROUPS: Axis = Axis::Groups(&[1, 2, 4, 8, 16]);
const SELECT: Axis = Axis::Select(&["binary", "one_hot"]);
const COPIES: Axis = Axis::Copies(&[1, 2, 4]);
/// What is tuned where rows and elements of a table stay as published.
const TABLE_AXES: [Axis; 3] = [GROUPS, SELECT, COPIES];
const LOOK_UP_AXES: [Axis; 5] =
    [GROUPS, SELECT, Axis::Rows(&[1, 2, 4, 8]), COPIES, Axis::Elements(&[2, 4])];
const ADD: Organisation = Organisation::Add("none");
const ADD_AXES: [Axis; 2] = [GROUPS, Axis::Rows(&[1, 2, 4, 8])];
const MULTIPLY_AXES: [Axis; 2] = [Axis::Elements(&[4, 8, 16, 32, 64]), Axis::Rows(&[1, 2, 4, 8])];

/// Parts of the reproduction, each of which can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The published steps and our further ones
    Steps,
    /// UNPU, look-up and multipliers, each tuned over the same settings
    Tuned,
    /// Look-up against multipliers at weights of 1 to 8 bits
    Widths,
}

/// A core of the step by step table, and the published line it reproduces.
#[derive(Clone, Debug)]
pub struct Step {
    /// The core.
    pub core: Core,
    /// The published line.
    pub published: Option<Published>,
    /// A unit that works for the core outside of it, and a core that has as many of it inside.
    pub outside: Option<(Core, &'static str)>,
}

/// A tile of `product` with two rows.
fn tile(product: u32, tables: Tables, groups: u32) -> Settings {
    Settings {
        organisation: Organisation::LookUp(tables),
        activation: ACTIVATION,
        weight_bits: 2,
        result: None,
        m: 2,
        k: 4,
        groups,
        product,
        drain: None,
    }
}

/// The table's cores in order: the published steps, each on top of the one before, then ours.
/// Precompute is counted everywhere: where it is outside of the array, at its area inside.
pub fn steps(product: u32) -> Vec<Step> {
    let published = LUT_ABLATION.map(Some);
    let ours = [None; 7];
    let rows: [(&str, &str, Tables, u32); 10] = [
        ("unpu", "UNPU: all subsets, binary select", UNPU, 1),
        ("weight_reinterpretation", "+ weight reinterpretation: half table", HALF, 1),
        ("negation_elimination", "+ negation elimination: offline fold", OFFLINE, 1),
        ("fused_precompute", "+ split and fused precompute", FUSED, 1),
        ("one_hot", "precompute inside again, + one-hot select", ONE_HOT, 1),
        ("groups_2", "+ 2 groups an accumulator", ONE_HOT, 2),
        ("groups_4", "+ 4 groups", ONE_HOT, 4),
        ("groups_8", "+ 8 groups", ONE_HOT, 8),
        ("zero_point", "4 groups with zero-point correction", CORRECTED, 4),
        ("conventional", "UNPU with 4 local builders", CONVENTIONAL, 1),
    ];
    let published = published.into_iter().chain(ours);
    let steps = rows.into_iter().zip(published).filter_map(|(row, published)| {
        let (name, title, tables, groups) = row;
        let core = Core::legal(name, title, tile(product, tables, groups))?;
        let builders = Tables { precompute: "shared", ..tables };
        let outside = match tables.precompute {
            "external" => Core::legal(name, title, tile(product, builders, groups)),
            _ => None,
        };
        let outside = outside.map(|core| (core, "table_precompute"));
        Some(Step { core, published, outside })
    });
    steps.collect()
}

/// A search: where it starts, what it varies, and the look-up core it is compared with.
struct Search {
    name: &'static str,
    title: &'static str,
    start: Settings,
    axes: &'static [Axis],
    against: &'static str,
}

/// The searches. Look-up starts from the published baseline and from our last step, adders and
/// multipliers from as many elements a sum.
fn searches(product: u32) -> [Search; 6] {
    let unpu = tile(product, UNPU, 1);
    let own = tile(product, ONE_HOT, 4);
    let add = Settings { organisation: ADD, ..tile(product, UNPU, 4) };
    let multiply = Settings { organisation: Organisation::Multiply, ..multiplier_tile(product, 2) };
    let fixed = |name, title, start| Search {
        name,
        title,
        start,
        axes: &TABLE_AXES,
        against: "look_up_m2_k4",
    };
    let free =
        |name, title, start, axes| Search { name, title, start, axes, against: "look_up_tuned" };
    [
        fixed("unpu_m2_k4", "UNPU, m = 2 and k = 4 kept", unpu),
        fixed("look_up_m2_k4", "look-up, m = 2 and k = 4 kept", own),
        free("unpu_tuned", "UNPU", unpu, &LOOK_UP_AXES),
        free("look_up_tuned", "look-up", own, &LOOK_UP_AXES),
        free("add_tuned", "ADD array", add, &ADD_AXES),
        free("mac_tuned", "multipliers INT8 x INT2", multiply, &MULTIPLY_AXES),
    ]
}

fn multiplier_tile(product: u32, weight_bits: u32) -> Settings {
    let organisation = Organisation::Multiply;
    let k = 4 * GROUPS_AGAINST_MULTIPLIERS;
    Settings { organisation, weight_bits, k, ..tile(product, UNPU, 1) }
}

/// Look-up and multipliers at one weight width.
#[derive(Debug)]
pub struct Width {
    /// Bits of a weight.
    pub bits: u32,
    /// Table look-up, correction counted.
    pub look_up: Measured,
    /// Multipliers with as many elements an accumulator.
    pub multiply: Measured,
}

impl Width {
    /// How much more the multipliers take per unit of throughput; nothing where one of the two
    /// misses the clock.
    pub fn ratio(&self) -> Option<f64> {
        ratio(&self.multiply, &self.look_up)
    }
}

/// The same for all weight widths: cores by width, look-up first.
pub fn width_cores(product: u32) -> Vec<(u32, Core, Core)> {
    let cores = WIDTHS.filter_map(|bits| {
        let corrected = tile(product, CORRECTED, GROUPS_AGAINST_MULTIPLIERS);
        let look_up = Settings { weight_bits: bits, ..corrected };
        let title = format!("look-up, INT8 x INT{bits}");
        let look_up = Core::legal(&format!("look_up_w{bits}"), &title, look_up)?;
        let title = format!("multipliers, INT8 x INT{bits}");
        let multiply = multiplier_tile(product, bits);
        Some((bits, look_up, Core::legal(&format!("mac_w{bits}"), &title, multiply)?))
    });
    cores.collect()
}

/// How much more `base` takes than `other` per unit of throughput; nothing where one of the two
/// misses the clock, since such an area is no result.
pub fn ratio(base: &Measured, other: &Measured) -> Option<f64> {
    let both = base.report.met && other.report.met;
    both.then(|| base.area_per_bit_mac() / other.area_per_bit_mac())
}

/// What a search found.
#[derive(Debug)]
pub struct Tuned {
    /// The search's name in JSON.
    pub name: &'static str,
    /// What was tuned.
    pub title: &'static str,
    /// Name of the search whose core it is compared with.
    pub against: &'static str,
    /// The cores.
    pub found: Found,
}

/// Everything measured with one library.
#[derive(Debug)]
pub struct Ablation {
    /// The step by step table.
    pub steps: Vec<(Measured, Option<Published>)>,
    /// Searches and what they found.
    pub tuned: Vec<Tuned>,
    /// Weight widths.
    pub widths: Vec<Width>,
}

impl Ablation {
    /// The baseline as published, where it was measured.
    pub fn baseline(&self) -> Option<&Measured> {
        self.steps.first().map(|(measured, _)| measured)
    }

    /// What the search called `name` found.
    pub fn best(&self, name: &str) -> Option<&Measured> {
        self.tuned.iter().find(|each| each.name == name)?.found.best.as_ref()
    }

    /// The narrowest weights at which multipliers take less than look-up.
    pub fn look_up_loses_at(&self) -> Option<u32> {
        let lost = self.widths.iter().find(|width| width.ratio().is_some_and(|ratio| ratio < 1.0));
        lost.map(|width| width.bits)
    }
}

/// Measures `parts` with `library`.
pub fn run(
    bench: &Bench<'_>,
    library: &Library,
    product: u32,
    parts: &[Part],
) -> Result<Ablation, Failure> {
    let mut ablation = Ablation { steps: Vec::new(), tuned: Vec::new(), widths: Vec::new() };
    if parts.contains(&Part::Steps) {
        let steps = steps(product);
        let cores: Vec<Core> = steps.iter().map(|step| step.core.clone()).collect();
        let published = steps.iter().map(|step| step.published);
        let mut measured = bench.measure(&cores, library)?;
        for (measured, step) in measured.iter_mut().zip(&steps) {
            if let Some((core, unit)) = &step.outside {
                measured.outside = bench.unit_area(core, library, unit)?;
            }
        }
        ablation.steps = measured.into_iter().zip(published).collect();
    }
    if parts.contains(&Part::Tuned) {
        for Search { name, title, start, axes, against } in searches(product) {
            if let Some(start) = Core::legal(name, title, start) {
                let found = search(bench, library, &start, axes)?;
                ablation.tuned.push(Tuned { name, title, against, found });
            }
        }
    }
    if parts.contains(&Part::Widths) {
        ablation.widths = widths(bench, library, product)?;
    }
    Ok(ablation)
}

fn widths(bench: &Bench<'_>, library: &Library, product: u32) -> Result<Vec<Width>, Failure> {
    let cores = width_cores(product);
    let both: Vec<Core> = cores.iter().flat_map(|(_, a, b)| [a.clone(), b.clone()]).collect();
    let mut measured = bench.measure(&both, library)?.into_iter();
    let widths = cores.iter().filter_map(|(bits, ..)| {
        let (look_up, multiply) = (measured.next()?, measured.next()?);
        Some(Width { bits: *bits, look_up, multiply })
    });
    Ok(widths.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::published::LUT_ABLATION_PRODUCT;

    #[test]
    fn every_step_is_a_legal_core_of_the_published_size() {
        let steps = steps(LUT_ABLATION_PRODUCT);
        assert_eq!(steps.len(), 10);
        for step in &steps {
            let tile = step.core.spec.tile;
            assert_eq!(tile.m * tile.n * tile.k * tile.groups, 512, "{}", step.core.name);
        }
        let published: Vec<f64> =
            steps.iter().filter_map(|step| step.published).map(|line| line.ratio).collect();
        assert_eq!(published, [1.0, 1.317, 1.351, 1.440]);
    }

    #[test]
    fn consecutive_published_steps_differ_in_one_setting() {
        let steps = steps(LUT_ABLATION_PRODUCT);
        for pair in steps[..4].windows(2) {
            let lines = pair.iter().map(|step| step.core.config.lines().skip(1));
            let [a, b] =
                lines.map(|l| l.collect::<Vec<_>>()).collect::<Vec<_>>().try_into().unwrap();
            let new: Vec<_> = b.iter().filter(|line| !a.contains(line)).collect();
            // Another kind, and what only it has: how much of a table is stored and who folds it.
            let settings = if new.contains(&&"symmetry = \"half\"") { 3 } else { 1 };
            assert_eq!(new.len(), settings, "{new:?}");
        }
    }

    #[test]
    fn every_weight_width_has_a_look_up_core_and_multipliers_of_the_same_reach() {
        let cores = width_cores(LUT_ABLATION_PRODUCT);
        assert_eq!(cores.len(), 8);
        for (bits, look_up, multiply) in cores {
            assert_eq!(look_up.spec.elements_per_step(), multiply.spec.elements_per_step());
            assert_eq!(
                (look_up.spec.tile.n, look_up.spec.weight.bits()),
                (multiply.spec.tile.n, bits)
            );
        }
    }

    #[test]
    fn every_search_starts_from_a_legal_core() {
        for Search { name, title, start, .. } in searches(LUT_ABLATION_PRODUCT) {
            assert!(Core::legal(name, title, start).is_some(), "{name}");
        }
    }
}
