//! A search over legal configurations for the smallest core that meets its clock.
//!
//! One setting is varied at a time, all its values are measured, and the best is kept, until no
//! setting makes the core smaller: a local optimum, with every step on record.

use super::core::{Core, Organisation, Settings};
use super::measure::{Bench, Measured};
use crate::failure::Failure;
use bitplane_synthesise::Library;

/// What a search may change.
#[derive(Clone, Copy, Debug)]
pub enum Axis {
    /// Groups summed before one accumulator.
    Groups(&'static [u32]),
    /// How an entry is selected.
    Select(&'static [&'static str]),
    /// Rows; the columns follow.
    Rows(&'static [u32]),
    /// Copies of each table.
    Copies(&'static [u32]),
    /// Elements of one table or one dot product.
    Elements(&'static [u32]),
}

impl Axis {
    /// `settings` with every value of the axis.
    fn neighbours(self, settings: Settings) -> Vec<Settings> {
        let with = |change: &dyn Fn(&mut Settings)| {
            let mut changed = settings;
            change(&mut changed);
            changed
        };
        match self {
            Self::Groups(values) => {
                values.iter().map(|&groups| with(&|s| s.groups = groups)).collect()
            }
            Self::Rows(values) => values.iter().map(|&m| with(&|s| s.m = m)).collect(),
            Self::Elements(values) => values.iter().map(|&k| with(&|s| s.k = k)).collect(),
            Self::Select(values) => values
                .iter()
                .map(|&select| with(&|s| change_tables(s, |t| t.select = select)))
                .collect(),
            Self::Copies(values) => values
                .iter()
                .map(|&copies| with(&|s| change_tables(s, |t| t.copies = copies)))
                .collect(),
        }
    }
}

fn change_tables(settings: &mut Settings, change: impl FnOnce(&mut super::core::Tables)) {
    if let Organisation::LookUp(tables) = &mut settings.organisation {
        change(tables);
    }
}

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// The smallest core that meets the clock; nothing if none does.
    pub best: Option<Measured>,
    /// Everything that was measured, in order.
    pub tried: Vec<Measured>,
}

/// Searches from `start` along `axes`.
pub fn search(
    bench: &Bench<'_>,
    library: &Library,
    start: &Core,
    axes: &[Axis],
) -> Result<Found, Failure> {
    let mut found = Found { best: None, tried: Vec::new() };
    let (mut at, mut unchanged) = (start.settings, 0);
    for axis in axes.iter().cycle() {
        if unchanged == axes.len() {
            break;
        }
        let fresh: Vec<Core> = axis
            .neighbours(at)
            .into_iter()
            .filter(|settings| found.tried.iter().all(|each| each.core.settings != *settings))
            .filter_map(|settings| Core::legal(&start.name, &start.title, settings))
            .collect();
        found.tried.extend(bench.measure(&fresh, library)?);
        let best = found.tried.iter().filter(|each| each.report.met);
        found.best =
            best.min_by(|a, b| a.area_per_bit_mac().total_cmp(&b.area_per_bit_mac())).cloned();
        let now = found.best.as_ref().map_or(at, |best| best.core.settings);
        unchanged = if now == at { unchanged + 1 } else { 0 };
        at = now;
    }
    Ok(found)
}
