//! The figures of a reproduction as tables: for the terminal, as Markdown, as JSON.

use super::comparison::{ComparedPart, ComparedRow, Component, Counted, Figure, LANE_UNITS};
use super::lut_ablation::{Ablation, Tuned, ratio};
use super::measure::Measured;
use super::sweep::Swept;
use bitplane_synthesise::Report;
use serde_json::{Value, json};
use std::fmt::Write;

/// A table with a title. The first column is text, the others are figures.
#[derive(Debug)]
pub struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Said in place of a figure that a core with a missed clock does not have.
const MISSED: &str = "clock missed";

impl Table {
    /// A table without rows.
    pub fn new(title: String, head: &[&str]) -> Self {
        let head = head.iter().map(|name| (*name).to_owned()).collect();
        Self { title, head, rows: Vec::new() }
    }

    /// Adds a row with a cell for each name of the head.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Columns side by side for a terminal.
    pub fn text(&self) -> String {
        self.laid_out(|widths, row| {
            let cells = row.iter().zip(widths).enumerate();
            let cells = cells.map(|(place, (cell, width))| aligned(place, cell, *width));
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        })
    }

    /// A Markdown table under its title.
    pub fn markdown(&self) -> String {
        let line = |widths: &[usize], row: &[String]| {
            let cells = row.iter().zip(widths).enumerate();
            let cells = cells.map(|(place, (cell, width))| aligned(place, cell, *width));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let widths = self.widths();
        let rule = widths.iter().enumerate().map(|(place, width)| match place {
            0 => format!(":{}", "-".repeat(width - 1)),
            _ => format!("{}:", "-".repeat(width - 1)),
        });
        let mut text = format!("{}\n\n{}", self.title, line(&widths, &self.head));
        let _ = writeln!(text, "| {} |", rule.collect::<Vec<_>>().join(" | "));
        text.extend(self.rows.iter().map(|row| line(&widths, row)));
        text
    }

    fn laid_out(&self, line: impl Fn(&[usize], &[String]) -> String) -> String {
        let widths = self.widths();
        let mut text = format!("{}\n{}", self.title, line(&widths, &self.head));
        text.extend(self.rows.iter().map(|row| line(&widths, row)));
        text
    }

    fn widths(&self) -> Vec<usize> {
        let width = |place: usize| {
            let column = self.rows.iter().map(|row| row[place].chars().count());
            column.max().unwrap_or(0).max(self.head[place].chars().count()).max(3)
        };
        (0..self.head.len()).map(width).collect()
    }
}

fn aligned(place: usize, cell: &str, width: usize) -> String {
    match place {
        0 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    }
}

/// All tables of one library; those of parts that were not run are left out.
pub fn tables(ablation: &Ablation) -> Vec<Table> {
    let tables = [steps(ablation), tuned(ablation), widths(ablation)];
    tables.into_iter().flatten().filter(|table| !table.rows.is_empty()).collect()
}

fn place(report: &Report) -> String {
    format!("{}, {}, {} MHz", report.library, report.tool, report.clock_mhz)
}

fn figures(measured: &Measured) -> [String; 3] {
    let report = &measured.report;
    [
        format!("{:.0}", measured.area()),
        format!("{:.2}", measured.area_per_bit_mac()),
        format!("{:.0}", report.delay_ps),
    ]
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or(MISSED.to_owned(), |ratio| format!("{ratio:.3}"))
}

fn steps(ablation: &Ablation) -> Option<Table> {
    let base = ablation.baseline()?;
    let unit = &base.report.area_unit;
    let area = format!("area ({unit})");
    let each = format!("{unit} per bit-MAC");
    let head = ["step", "tile", &area, &each, "delay (ps)", "ratio", "published"];
    let mut table = Table::new(format!("Steps, {}:", place(&base.report)), &head);
    for (measured, published) in &ablation.steps {
        let [area, each, delay] = figures(measured);
        let published = published.map_or(String::new(), |line| format!("{:.3}", line.ratio));
        let (title, shape) = (measured.core.title.clone(), measured.core.settings.shape());
        let ratio = shown(ratio(base, measured));
        table.rows.push(vec![title, shape, area, each, delay, ratio, published]);
    }
    Some(table)
}

fn tuned(ablation: &Ablation) -> Option<Table> {
    let first = ablation.tuned.iter().find_map(|each| each.found.tried.first())?;
    let unit = &first.report.area_unit;
    let area = format!("area ({unit})");
    let each = format!("{unit} per bit-MAC");
    let head = ["tuned", "tile", "tried", &area, &each, "delay (ps)", "look-up is smaller by"];
    let title = format!("Each tuned over the same settings, {}:", place(&first.report));
    let mut table = Table::new(title, &head);
    for Tuned { title, against, found, .. } in &ablation.tuned {
        let look_up = ablation.best(against);
        let tried = found.tried.len().to_string();
        let row = match &found.best {
            Some(best) => {
                let [area, each, delay] = figures(best);
                let smaller = look_up.map_or(String::new(), |look_up| shown(ratio(best, look_up)));
                vec![(*title).into(), best.core.settings.shape(), tried, area, each, delay, smaller]
            }
            None => {
                let none = || String::new();
                vec![(*title).into(), MISSED.into(), tried, none(), none(), none(), none()]
            }
        };
        table.rows.push(row);
    }
    Some(table)
}

fn widths(ablation: &Ablation) -> Option<Table> {
    let first = ablation.widths.first()?;
    let unit = &first.look_up.report.area_unit;
    let (look_up, multiply) =
        (format!("look-up ({unit} per bit-MAC)"), format!("multipliers ({unit} per bit-MAC)"));
    let turns = match ablation.look_up_loses_at() {
        Some(bits) => format!("look-up stops winning at INT{bits} weights"),
        None => "look-up wins at every width".to_owned(),
    };
    let title = format!("Look-up against multipliers, {}; {turns}:", place(&first.look_up.report));
    let head = ["weights", &look_up, &multiply, "look-up is smaller by"];
    let mut table = Table::new(title, &head);
    for width in &ablation.widths {
        let [_, look_up, _] = figures(&width.look_up);
        let [_, multiply, _] = figures(&width.multiply);
        table.rows.push(vec![
            format!("INT{}", width.bits),
            look_up,
            multiply,
            shown(width.ratio()),
        ]);
    }
    Some(table)
}

/// The table of a sweep, and beneath it what it comes to.
pub fn swept(sweep: &Swept) -> Option<(Table, Vec<String>)> {
    let (_, measured) = sweep.lines.first()?.points.first()?;
    let unit = &measured.report.area_unit;
    let lines = sweep.lines.iter().map(|line| line.title);
    let head: Vec<&str> = std::iter::once(sweep.over).chain(lines).collect();
    let title = format!("{} ({unit}), {}:", sweep.title, place(&measured.report));
    let mut table = Table::new(title, &head);
    for value in sweep.values() {
        let cell = |measured: Option<&Measured>| match measured {
            None => String::new(),
            Some(measured) if measured.report.met => format!("{:.2}", measured.area_per_bit_mac()),
            Some(_) => MISSED.to_owned(),
        };
        let cells = sweep.lines.iter().map(|line| cell(line.at(value)));
        table.rows.push(std::iter::once(value.to_string()).chain(cells).collect());
    }
    Some((table, conclusions(sweep)))
}

fn conclusions(sweep: &Swept) -> Vec<String> {
    let mut said = Vec::new();
    let Some((first, others)) = sweep.lines.split_first() else { return said };
    for other in others {
        let wins: Vec<String> = sweep.wins(other).iter().map(u32::to_string).collect();
        let at = if wins.is_empty() { "nowhere".to_owned() } else { wins.join(", ") };
        said.push(format!("{} against {}: smaller at {at}", first.title, other.title));
    }
    if let Some((line, smallest)) = sweep.smallest() {
        let shape = smallest.core.settings.shape();
        said.push(format!("smallest: {line}, {shape}, {:.2}", smallest.area_per_bit_mac()));
    }
    said
}

/// The figures of one library as JSON: `library`, `tool`, `lines`.
pub fn swept_document(library: &str, tool: &str, sweep: &Swept) -> Value {
    let lines = sweep.lines.iter().map(|line| {
        let points = line.points.iter().map(|(value, measured)| {
            let mut point = core(measured);
            point["value"] = (*value).into();
            point
        });
        json!({
            "title": line.title,
            "first_line_is_smaller_at": sweep.wins(line),
            "points": points.collect::<Vec<_>>(),
        })
    });
    json!({
        "library": library,
        "tool": tool,
        "over": sweep.over,
        "lines": lines.collect::<Vec<_>>(),
    })
}

/// The table of a comparison; nothing where no core of it meets its clock.
pub fn compared(part: &ComparedPart) -> Option<Table> {
    let measured = part.rows.iter().find_map(|row| row.measured.as_ref())?;
    let unit = &measured.report.area_unit;
    let heads: Vec<String> = part.part.figures.iter().map(|figure| figure.head(unit)).collect();
    let head: Vec<&str> = std::iter::once("core").chain(heads.iter().map(String::as_str)).collect();
    let title = format!("{}, {}:", part.part.title, place(&measured.report));
    let mut table = Table::new(title, &head);
    for row in &part.rows {
        let cells = part.part.figures.iter().map(|figure| figure.cell(part, row));
        table.rows.push(std::iter::once(row.row.core.title.clone()).chain(cells).collect());
    }
    Some(table)
}

impl Figure {
    fn head(self, unit: &str) -> String {
        match self {
            Self::Tile => "tile".to_owned(),
            Self::Macs => "MACs a cycle".to_owned(),
            Self::Area => format!("area ({unit})"),
            Self::AreaPerMac => format!("{unit} per MAC"),
            Self::AreaPerColumn => format!("{unit} a column"),
            Self::Lanes => format!("lane ({unit})"),
            Self::Component(component) => format!("{} ({unit})", component.head()),
            Self::Element => format!("element ({unit})"),
            Self::ElementRatio => "element ratio".to_owned(),
            Self::ElementDensity => "density ratio of elements".to_owned(),
            Self::Delay => "delay (ps)".to_owned(),
            Self::AreaRatio => "area ratio".to_owned(),
            Self::PublishedAreaRatio => "published area ratio".to_owned(),
            Self::Density => "density ratio".to_owned(),
            Self::LaneDensity => "lane density ratio".to_owned(),
            Self::PublishedDensity => "published density ratio".to_owned(),
        }
    }

    fn cell(self, part: &ComparedPart, row: &ComparedRow) -> String {
        let of = |figure: &dyn Fn(&Measured) -> String| {
            row.measured.as_ref().map_or_else(String::new, figure)
        };
        let published =
            |ratio: Option<f64>| ratio.map_or_else(String::new, |it| format!("{it:.3}"));
        match self {
            Self::Tile => of(&|it| it.core.settings.tile()),
            Self::Macs => format!("{:.4}", row.row.core.settings.macs_per_cycle())
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned(),
            Self::Area => of(&|it| format!("{:.0}", it.area())),
            Self::AreaPerMac => of(&|it| format!("{:.1}", it.area_per_mac())),
            Self::AreaPerColumn => {
                of(&|it| format!("{:.0}", it.area() / f64::from(it.core.spec.tile.n)))
            }
            Self::Lanes => of(&|it| format!("{:.0}", it.area_of_units(&LANE_UNITS))),
            Self::Component(component) => of(&|it| format!("{:.0}", it.component(component))),
            Self::Element => of(&|it| format!("{:.0}", it.element())),
            Self::ElementRatio => shown(part.element_ratio(row)),
            Self::ElementDensity => shown(part.element_density(row)),
            Self::Delay => of(&|it| format!("{:.0}", it.report.delay_ps)),
            Self::AreaRatio => shown(part.area_ratio(row)),
            Self::PublishedAreaRatio => published(row.row.published.and_then(|it| it.area)),
            Self::Density => shown(part.density(row)),
            Self::LaneDensity => shown(part.lane_density(row)),
            Self::PublishedDensity => published(row.row.published.map(|it| it.density)),
        }
    }
}

impl Component {
    fn head(self) -> &'static str {
        match self {
            Self::Operands => "operands",
            Self::Multiply => "multiply",
            Self::Accumulate => "accumulate",
            Self::Dequantise => "dequantise",
            Self::Registers => "registers",
        }
    }
}

/// The figures of one library as JSON: `library`, `tool` and a key for each part.
pub fn compared_document(library: &str, tool: &str, parts: &[ComparedPart]) -> Value {
    let mut document = json!({ "library": library, "tool": tool });
    for part in parts {
        let rows: Vec<Value> = part.rows.iter().map(|row| compared_row(part, row)).collect();
        document[part.part.name] = rows.into();
    }
    document
}

fn compared_row(part: &ComparedPart, compared: &ComparedRow) -> Value {
    let published = compared.row.published;
    let mut row = compared.measured.as_ref().map_or_else(
        || json!({ "name": compared.row.core.name, "title": compared.row.core.title, "met": false }),
        core,
    );
    row["macs_per_cycle"] = compared.row.core.settings.macs_per_cycle().into();
    row["area_ratio"] = part.area_ratio(compared).into();
    row["density_ratio"] = part.density(compared).into();
    row["ratio"] = part.ratio(compared).into();
    row["published"] = published.map(|ratios| ratios.density).into();
    row["published_area_ratio"] = published.and_then(|ratios| ratios.area).into();
    row["tried"] = compared.tried.iter().map(core).collect::<Vec<_>>().into();
    let units = compared.measured.iter().flat_map(|measured| &measured.report.units);
    let units =
        units.map(|unit| json!({"name": unit.name, "count": unit.count, "area": unit.area}));
    row["units"] = units.collect::<Vec<_>>().into();
    if part.part.counted == Counted::Elements {
        row["element_area"] = compared.measured.as_ref().map(Measured::element).into();
        row["element_ratio"] = part.element_ratio(compared).into();
    }
    row
}

/// The figures of one library as JSON: `library`, `tool`, `rows`, `tuned`, `widths`.
pub fn document(library: &str, tool: &str, ablation: &Ablation) -> Value {
    let base = ablation.baseline();
    let rows = ablation.steps.iter().map(|(measured, published)| {
        let mut row = core(measured);
        row["ratio"] = base.and_then(|base| ratio(base, measured)).into();
        row["published"] = published.map(|line| line.ratio).into();
        row["published_title"] = published.map(|line| line.title).into();
        row["published_area_um2"] = published.map(|line| line.area_um2).into();
        row
    });
    let tuned = ablation.tuned.iter().map(|Tuned { name, title, against, found }| {
        let look_up = ablation.best(against);
        let ratio = found.best.as_ref().zip(look_up).and_then(|(best, own)| ratio(best, own));
        json!({
            "name": name,
            "title": title,
            "best": found.best.as_ref().map(core),
            "compared_with": against,
            "look_up_smaller_by": ratio,
            "tried": found.tried.iter().map(core).collect::<Vec<_>>(),
        })
    });
    let widths = ablation.widths.iter().map(|width| {
        json!({
            "weight_bits": width.bits,
            "look_up": core(&width.look_up),
            "multiply": core(&width.multiply),
            "look_up_smaller_by": width.ratio(),
        })
    });
    json!({
        "library": library,
        "tool": tool,
        "rows": rows.collect::<Vec<_>>(),
        "tuned": tuned.collect::<Vec<_>>(),
        "widths": widths.collect::<Vec<_>>(),
        "look_up_loses_at_weight_bits": ablation.look_up_loses_at(),
    })
}

fn core(measured: &Measured) -> Value {
    let (core, report) = (&measured.core, &measured.report);
    json!({
        "name": core.name,
        "title": core.title,
        "tile": core.settings.shape(),
        "digest": core.spec.digest(),
        "area": measured.area(),
        "area_outside": measured.outside,
        "area_unit": report.area_unit,
        "bit_macs_per_cycle": core.settings.bit_macs_per_cycle(),
        "area_per_bit_mac": measured.area_per_bit_mac(),
        "flops": report.flops,
        "delay_ps": report.delay_ps,
        "clock_mhz": report.clock_mhz,
        "met": report.met,
        "config": core.config,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::comparison::Comparison;
    use crate::reproduce::{dp4, tensor_core};
    use bitplane_synthesise::UnitArea;
    use insta::assert_snapshot;

    const CLOCK_MHZ: f64 = 500.0;

    fn report(area: f64, lanes: f64, delay_ps: f64) -> Report {
        let lane = UnitArea { name: "fused_lane".to_owned(), count: 1, area: lanes, flops: 0 };
        let other = UnitArea { name: "control".to_owned(), ..lane.clone() };
        Report {
            library: "a.lib".to_owned(),
            tool: "Yosys 1".to_owned(),
            area,
            area_unit: "um2".to_owned(),
            cells: 0,
            flops: 0,
            predicted_flops: 0,
            latches: 0,
            depth: 0,
            delay_ps,
            register_ps: 0.0,
            met: delay_ps <= 1e6 / CLOCK_MHZ,
            clock_mhz: CLOCK_MHZ,
            units: vec![lane, other],
            memories: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The first part of `comparison` with one report a row, as far as they reach.
    fn measured(comparison: Comparison, reports: &[Report]) -> ComparedPart {
        let mut part = comparison.parts.into_iter().next().unwrap();
        part.rows.truncate(reports.len());
        let rows = part.rows.iter().zip(reports).map(|(row, report)| ComparedRow {
            row: row.clone(),
            measured: Some(Measured {
                core: row.core.clone(),
                report: report.clone(),
                outside: 0.0,
            }),
            tried: Vec::new(),
        });
        ComparedPart { rows: rows.collect(), part }
    }

    #[test]
    fn cores_are_compared_by_area_and_by_throughput_per_area() {
        let reports = [(8000.0, 1900.0), (4000.0, 1000.0), (2000.0, 2000.0), (1000.0, 2001.0)];
        let reports = reports.map(|(area, delay)| report(area, 0.0, delay));
        let part = measured(tensor_core::comparison(512), &reports);
        assert_snapshot!(compared(&part).unwrap().text());
        let json = compared_document("a.lib", "Yosys 1", &[part]);
        let row = &json["tensor_cores"][2];
        assert_eq!((&row["area_ratio"], &row["ratio"]), (&0.25.into(), &16.0.into()));
        assert_eq!(json["tensor_cores"][3]["ratio"], Value::Null);
    }

    #[test]
    fn a_dot_product_alone_is_compared_by_its_lane() {
        let reports = [report(9000.0, 6000.0, 1900.0), report(4500.0, 500.0, 1900.0)];
        let part = measured(dp4::comparison(512), &reports);
        assert_snapshot!(compared(&part).unwrap().text());
        let json = compared_document("a.lib", "Yosys 1", &[part]);
        let row = &json["alone"][1];
        assert_eq!((&row["density_ratio"], &row["ratio"]), (&2.0.into(), &12.0.into()));
        assert_eq!(row["units"][0]["area"], 500.0);
    }
}
