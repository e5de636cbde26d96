//! The report, and how cell counts become areas.

use std::collections::BTreeMap;

use bitplane_emit::manifest::{Manifest, Memory};
use bitplane_spec::Problem;
use serde::{Deserialize, Serialize};

use crate::library::{Cells, Kind};
use crate::parse::{Statistics, base_name};
use crate::script::LATCH;

/// What a core costs. Problems are checks that failed: the figures stand, the core does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the cell library.
    pub library: String,
    /// Name and version of the tool.
    pub tool: String,
    /// Area of the flattened core.
    pub area: f64,
    /// `GE` or `um2`.
    pub area_unit: String,
    /// Cells of the flattened core, registers included.
    pub cells: u64,
    /// Flip-flops of the flattened core.
    pub flops: u64,
    /// Flip-flops the manifest predicts.
    pub predicted_flops: u64,
    /// Latches of the flattened core.
    pub latches: u64,
    /// Cells, buffers included, on the longest path between registers.
    pub depth: u64,
    /// Register to register: slowest logic plus `register_ps`.
    pub delay_ps: f64,
    /// The part of the delay that is the register's own: clock to output, and set-up.
    pub register_ps: f64,
    /// Whether the delay is within the period.
    pub met: bool,
    /// The clock that was asked for.
    pub clock_mhz: f64,
    /// Area by unit, each without its sub-units, the top's own logic last; from a run that keeps
    /// the hierarchy, so the sum is not exactly `area`.
    pub units: Vec<UnitArea>,
    /// Memories, which are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memories: Vec<Memory>,
    /// Failed checks: codes `flop-count`, `latch`, `unmapped-cell`, `netlist-check`.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// One kind of unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitArea {
    /// The unit's name, or the module's where the manifest has no unit for it.
    pub name: String,
    /// Instances in the core.
    pub count: u64,
    /// Area of all instances.
    pub area: f64,
    /// Flip-flops of all instances.
    pub flops: u64,
}

/// Sums over a part of the hierarchy.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub area: f64,
    pub cells: u64,
    pub flops: u64,
    pub latches: u64,
    /// Cell types that are not in the library, latches apart.
    pub unmapped: BTreeMap<String, u64>,
}

impl Tally {
    /// The same without the macros that take the place of `memories`.
    pub(crate) fn without(mut self, memories: &[Memory]) -> Self {
        for memory in memories {
            self.cells -= self.unmapped.remove(&memory.module).unwrap_or(0);
        }
        self
    }

    fn add(&mut self, other: &Tally, times: u64) {
        self.area += other.area * times as f64;
        self.cells += other.cells * times;
        self.flops += other.flops * times;
        self.latches += other.latches * times;
        for (cell, count) in &other.unmapped {
            *self.unmapped.entry(cell.clone()).or_default() += count * times;
        }
    }

    /// Cells of one module, its submodules left out.
    fn of_module(cells: &BTreeMap<String, u64>, statistics: &Statistics, library: &Cells) -> Self {
        let mut tally = Self::default();
        let own = cells.iter().filter(|(name, _)| !statistics.modules.contains_key(*name));
        for (name, &count) in own.filter(|(name, _)| *name != "$scopeinfo") {
            tally.cells += count;
            match library.cells.get(name) {
                Some(cell) => {
                    tally.area += cell.area * count as f64;
                    match cell.kind {
                        Kind::Flop { bits } => tally.flops += bits * count,
                        Kind::Latch => tally.latches += count,
                        Kind::Combinational => {}
                    }
                }
                None if name == LATCH => tally.latches += count,
                None => *tally.unmapped.entry(name.clone()).or_default() += count,
            }
        }
        tally
    }
}

/// Instances of every module below and including `top`.
pub(crate) fn instances(statistics: &Statistics, top: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    count(statistics, top, 1, &mut counts);
    counts
}

fn count(statistics: &Statistics, module: &str, times: u64, counts: &mut BTreeMap<String, u64>) {
    let Some(cells) = statistics.modules.get(module) else {
        return;
    };
    *counts.entry(module.to_owned()).or_default() += times;
    for (name, &number) in cells {
        count(statistics, name, times * number, counts);
    }
}

/// The whole core below `top`.
pub(crate) fn total(statistics: &Statistics, top: &str, library: &Cells) -> Tally {
    let mut sum = Tally::default();
    for (module, times) in instances(statistics, top) {
        let own = Tally::of_module(&statistics.modules[&module], statistics, library);
        sum.add(&own, times);
    }
    sum
}

/// Area by unit in the manifest's order, then modules it does not name, then the top.
pub(crate) fn units(
    statistics: &Statistics,
    manifest: &Manifest,
    library: &Cells,
) -> Vec<UnitArea> {
    let mut rows: Vec<UnitArea> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in &manifest.units {
        places.insert(&unit.module, rows.len());
        rows.push(UnitArea { name: unit.unit.clone(), count: 0, area: 0.0, flops: 0 });
    }
    let counts = instances(statistics, &manifest.top);
    let (top, others): (Vec<_>, Vec<_>) =
        counts.iter().partition(|(module, _)| **module == manifest.top);
    for (module, &times) in others.into_iter().chain(top) {
        let base = base_name(module);
        let place = *places.entry(base).or_insert_with(|| {
            rows.push(UnitArea { name: base.to_owned(), count: 0, area: 0.0, flops: 0 });
            rows.len() - 1
        });
        let own = Tally::of_module(&statistics.modules[module], statistics, library);
        let row = &mut rows[place];
        row.count += times;
        row.area += own.area * times as f64;
        row.flops += own.flops * times;
    }
    for row in &mut rows {
        row.area = rounded(row.area);
    }
    rows
}

/// To three places, so that a sum's last bits are not printed.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Checks every core must pass.
pub(crate) fn checks(tally: &Tally, predicted_flops: u64, check_problems: u64) -> Vec<Problem> {
    let mut problems = Vec::new();
    if tally.flops != predicted_flops {
        problems.push(Problem::new(
            "flop-count",
            "flops",
            format!(
                "the netlist has {} flip-flops, the design predicts {predicted_flops}: a register \
                 was removed, merged or added by synthesis",
                tally.flops
            ),
            "compare the units' flip-flops with those in the manifest",
        ));
    }
    if tally.latches != 0 {
        problems.push(Problem::new(
            "latch",
            "latches",
            format!("the netlist has {} latches; a core has none", tally.latches),
            "look for an output without a value in some branch of combinational logic",
        ));
    }
    if !tally.unmapped.is_empty() {
        let list: Vec<_> = tally.unmapped.iter().map(|(k, n)| format!("{n} x {k}")).collect();
        problems.push(Problem::new(
            "unmapped-cell",
            "cells",
            format!("the library has no cell for {}, so the area lacks them", list.join(", ")),
            "use a library that has them",
        ));
    }
    if check_problems != 0 {
        problems.push(Problem::new(
            "netlist-check",
            "netlist",
            format!("Yosys found {check_problems} loops, undriven or doubly driven wires"),
            "read the warnings in the log of the flattened run",
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    fn statistics() -> Statistics {
        crate::parse::statistics(
            r#"{"modules": {
                "\\top": {"num_cells_by_type": {"row": 2, "INV_X1": 3, "$scopeinfo": 9}},
                "\\row": {"num_cells_by_type": {"$paramod\\lane\\W=8": 2, "DFF_X1": 1}},
                "$paramod\\lane\\W=8": {"num_cells_by_type": {"NAND2_X1": 3, "DFFR_X1": 8}}
            }}"#,
        )
        .unwrap()
    }

    #[test]
    fn totals_sum_over_the_hierarchy_that_is_left() {
        let library = Library::BuiltIn.scan().unwrap();
        let sum = total(&statistics(), "top", &library);
        assert_eq!((sum.cells, sum.flops, sum.latches), (3 + 2 + 4 * 11, 2 + 32, 0));
        let area = 3.0 * 0.6667 + 2.0 * 5.6667 + 4.0 * (3.0 + 8.0 * 6.6667);
        assert!((sum.area - area).abs() < 1e-6);
    }

    #[test]
    fn cells_outside_the_library_are_named_and_latches_counted() {
        let library = Library::BuiltIn.scan().unwrap();
        let text = r#"{"modules": {"\\t": {"num_cells_by_type":
            {"bitplane_latch": 2, "$_DFFSR_PPP_": 1}}}}"#;
        let sum = total(&crate::parse::statistics(text).unwrap(), "t", &library);
        assert_eq!(sum.latches, 2);
        let codes: Vec<_> = checks(&sum, 1, 1).iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["flop-count", "latch", "unmapped-cell", "netlist-check"]);
        assert!(checks(&Tally::default(), 0, 0).is_empty());
    }
}
