//! The figures of a reproduction as a picture.

use super::comparison::ComparedPart;
use super::lut_ablation::{Ablation, ratio};
use super::sweep::Swept;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

const WIDTH: u32 = 900;
const BAR: u32 = 14;
const GAP: u32 = 16;
const LEGEND: u32 = 40;
const MARGINS: u32 = 120;
const WIDTHS_HEIGHT: u32 = 360;
const LABELS: u32 = 310;
const FONT: (&str, u32) = ("sans-serif", 13);
const TITLE: (&str, u32) = ("sans-serif", 16);

const PUBLISHED: RGBColor = RGBColor(150, 150, 150);
/// Colours that people who cannot tell red from green tell apart.
const LIBRARIES: [RGBColor; 5] = [
    RGBColor(0, 90, 160),
    RGBColor(230, 130, 0),
    RGBColor(0, 140, 110),
    RGBColor(180, 60, 120),
    RGBColor(110, 170, 220),
];

/// The steps as bars beside the published ones, and look-up against multipliers by weight width,
/// as far as they were measured: the text of an SVG file.
///
/// # Errors
/// The picture could not be drawn.
pub fn svg(ablations: &[(String, Ablation)]) -> Result<String, String> {
    let steps_height = step_bars(ablations).height();
    let has_widths = ablations.iter().any(|(_, each)| !each.widths.is_empty());
    let widths_height = if has_widths { WIDTHS_HEIGHT } else { 0 };
    let mut text = String::new();
    {
        let size = (WIDTH, (steps_height + widths_height).max(1));
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root, steps_height, ablations).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// The parts of a comparison as bars beside the published ones, one under the other: the text of an
/// SVG file.
///
/// # Errors
/// The picture could not be drawn.
pub fn compared_svg(all: &[(String, Vec<ComparedPart>)]) -> Result<String, String> {
    let mut text = String::new();
    {
        let parts = compared_bars(all);
        let height: u32 = parts.iter().map(Bars::height).sum();
        let root = SVGBackend::with_string(&mut text, (WIDTH, height.max(1))).into_drawing_area();
        draw_compared(&root, &parts).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// Figures by data type as bars, a colour for each of `names`, one part under the other: the text of an SVG
/// file.
///
/// # Errors
/// The picture could not be drawn.
pub fn data_types_svg(parts: &[FigureBars], names: &[String]) -> Result<String, String> {
    let mut text = String::new();
    {
        let bars = |part: &FigureBars| {
            let row = |(title, figures): &(String, Vec<f64>)| {
                let bars = figures.iter().enumerate();
                (
                    title.clone(),
                    bars.map(|(place, figure)| (colour(place), Some(*figure))).collect(),
                )
            };
            let rows = part.rows.iter().map(row).collect();
            let libraries = names.iter().map(String::as_str).collect();
            Bars { caption: part.caption.clone(), rows, libraries }
        };
        let parts: Vec<Bars<'_>> = parts.iter().map(bars).collect();
        let height: u32 = parts.iter().map(Bars::height).sum();
        let root = SVGBackend::with_string(&mut text, (WIDTH, height.max(1))).into_drawing_area();
        draw_compared(&root, &parts).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// Figures with titles under a caption.
pub struct FigureBars {
    /// The caption.
    pub caption: String,
    /// Titles, each with its figures.
    pub rows: Vec<(String, Vec<f64>)>,
}

fn draw_compared(root: &Area<'_>, parts: &[Bars<'_>]) -> Drawn {
    root.fill(&WHITE)?;
    let mut rest = root.clone();
    for part in parts {
        let (own, below) = rest.split_vertically(part.height());
        draw_bars(&own, part)?;
        rest = below;
    }
    root.present()
}

/// A sweep as lines, one chart a library: the text of an SVG file. Points that miss the clock are left
/// out.
///
/// # Errors
/// The picture could not be drawn.
pub fn sweep_svg(sweeps: &[(String, Swept)]) -> Result<String, String> {
    let mut text = String::new();
    {
        let size = (WIDTH, WIDTHS_HEIGHT * sweeps.len().max(1) as u32);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw_sweeps(&root, sweeps).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

fn draw_sweeps(root: &Area<'_>, sweeps: &[(String, Swept)]) -> Drawn {
    root.fill(&WHITE)?;
    for (area, (library, sweep)) in root.split_evenly((sweeps.len(), 1)).iter().zip(sweeps) {
        draw_sweep(area, library, sweep)?;
    }
    root.present()
}

fn draw_sweep(area: &Area<'_>, library: &str, sweep: &Swept) -> Drawn {
    let met = |line: usize| -> Vec<(f64, f64)> {
        let points = sweep.lines[line].points.iter().filter(|(_, measured)| measured.report.met);
        points.map(|(value, measured)| (f64::from(*value), measured.area_per_bit_mac())).collect()
    };
    let lines: Vec<Vec<(f64, f64)>> = (0..sweep.lines.len()).map(met).collect();
    let highest = lines.iter().flatten().map(|point| point.1).fold(1.0, f64::max) * 1.08;
    let values = sweep.values();
    let (first, last) = (values.first().copied(), values.last().copied());
    let ends = f64::from(first.unwrap_or(0)) - 0.5..f64::from(last.unwrap_or(1)) + 0.5;
    let measured = sweep.lines.iter().flat_map(|line| &line.points).next();
    let unit = measured.map_or("", |(_, measured)| &measured.report.area_unit);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("Area per bit-MAC ({unit}), {library}"), TITLE)
        .margin(12)
        .margin_bottom(LEGEND)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(ends, 0.0..highest)?;
    let label = |value: &f64| match value.fract() {
        0.0 => format!("{value:.0}"),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .x_desc(sweep.over)
        .x_labels(2 * values.len() + 1)
        .x_label_formatter(&label)
        .y_label_formatter(&|area| format!("{area:.0}"))
        .label_style(FONT)
        .max_light_lines(1)
        .disable_x_mesh()
        .draw()?;
    for (place, points) in lines.into_iter().enumerate() {
        let colour = colour(place);
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        chart
            .draw_series(points.into_iter().map(|point| Circle::new(point, 4, colour.filled())))?;
    }
    let titles = sweep.lines.iter().enumerate();
    draw_names(
        area,
        &titles.map(|(i, line)| (colour(i), line.title.to_owned())).collect::<Vec<_>>(),
    )
}

fn draw(root: &Area<'_>, steps_height: u32, ablations: &[(String, Ablation)]) -> Drawn {
    root.fill(&WHITE)?;
    let (steps, widths) = root.split_vertically(steps_height);
    if ablations.iter().any(|(_, each)| !each.steps.is_empty()) {
        draw_bars(&steps, &step_bars(ablations))?;
    }
    if ablations.iter().any(|(_, each)| !each.widths.is_empty()) {
        draw_widths(&widths, ablations)?;
    }
    root.present()
}

/// One bar: its colour and its length, if it is a result.
type Bar = (RGBColor, Option<f64>);

/// Bars side by side: the published one of each row, if there is one, then one a library.
struct Bars<'a> {
    caption: String,
    rows: Vec<(String, Vec<Bar>)>,
    libraries: Vec<&'a str>,
}

impl Bars<'_> {
    fn height(&self) -> u32 {
        let each = (self.libraries.len() as u32 + 1) * BAR + GAP;
        if self.rows.is_empty() { 0 } else { self.rows.len() as u32 * each + MARGINS }
    }
}

/// The steps.
fn step_bars(ablations: &[(String, Ablation)]) -> Bars<'_> {
    let steps = ablations.iter().take(1).flat_map(|(_, first)| first.steps.iter().enumerate());
    let rows = steps.map(|(place, (step, published))| {
        let theirs = published.iter().map(|line| (PUBLISHED, Some(line.ratio)));
        let ours = ablations.iter().enumerate().map(|(library, (_, each))| {
            let figure = each.baseline().zip(each.steps.get(place));
            let figure = figure.and_then(|(base, (measured, _))| ratio(base, measured));
            (colour(library), figure)
        });
        (step.core.title.clone(), theirs.chain(ours).collect())
    });
    let rows = rows.collect();
    let caption = "Throughput per area against the baseline".to_owned();
    Bars { caption, rows, libraries: names(ablations) }
}

/// The rows of every part.
fn compared_bars(all: &[(String, Vec<ComparedPart>)]) -> Vec<Bars<'_>> {
    let parts = all.iter().take(1).flat_map(|(_, first)| first.iter().enumerate());
    let bars = parts.map(|(at, part)| {
        let rows = part.rows.iter().enumerate().map(|(place, row)| {
            let theirs = row.row.published.iter();
            let theirs = theirs.map(|ratios| (PUBLISHED, Some(ratios.density)));
            let ours = all.iter().enumerate().map(|(library, (_, parts))| {
                (colour(library), parts[at].ratio(&parts[at].rows[place]))
            });
            (row.row.core.title.clone(), theirs.chain(ours).collect())
        });
        let caption = format!("Throughput per area: {}", part.part.short);
        Bars { caption, rows: rows.collect(), libraries: names(all) }
    });
    bars.collect()
}

fn names<T>(all: &[(String, T)]) -> Vec<&str> {
    all.iter().map(|(name, _)| name.as_str()).collect()
}

fn colour(library: usize) -> RGBColor {
    LIBRARIES[library % LIBRARIES.len()]
}

fn draw_bars(area: &Area<'_>, all: &Bars<'_>) -> Drawn {
    let Bars { caption, rows, libraries } = all;
    let longest = rows.iter().flat_map(|(_, bars)| bars).filter_map(|(_, length)| *length);
    let longest = longest.fold(1.0, f64::max) * 1.12;
    let mut chart = ChartBuilder::on(area)
        .caption(caption, TITLE)
        .margin(12)
        .margin_bottom(LEGEND)
        .x_label_area_size(30)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(0.0..longest, 0.0..rows.len() as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .max_light_lines(1)
        .label_style(FONT)
        .draw()?;
    let slots = libraries.len() as f64 + 1.0 + f64::from(GAP) / f64::from(BAR);
    for (place, (title, bars)) in rows.iter().enumerate() {
        let top = (rows.len() - place) as f64;
        let middle = top - (bars.len() as f64 + 1.0) / 2.0 / slots;
        draw_label(area, &chart, middle, title)?;
        for (slot, (colour, length)) in bars.iter().enumerate() {
            let (upper, lower) = (slot as f64 + 0.5, slot as f64 + 1.4);
            draw_bar(&mut chart, (top - upper / slots, top - lower / slots), *colour, *length)?;
        }
    }
    draw_legend(area, all)
}

fn draw_label(area: &Area<'_>, chart: &Chart<'_, '_>, at: f64, title: &str) -> Drawn {
    let style = FONT.into_text_style(area).pos(Pos::new(HPos::Right, VPos::Center));
    let (x, y) = chart.backend_coord(&(0.0, at));
    let (left, top) = area.get_base_pixel();
    area.draw_text(title, &style, (x - left - 8, y - top))
}

fn draw_bar(
    chart: &mut Chart<'_, '_>,
    (upper, lower): (f64, f64),
    colour: RGBColor,
    length: Option<f64>,
) -> Drawn {
    let (end, said) = match length {
        Some(length) => (length, format!(" {length:.2}")),
        None => (0.0, " clock missed".to_owned()),
    };
    chart.draw_series([Rectangle::new([(0.0, lower), (end, upper)], colour.filled())])?;
    let area = chart.plotting_area();
    let style = ("sans-serif", 11).into_text_style(area).pos(Pos::new(HPos::Left, VPos::Center));
    let text = Text::new(said, (end, (upper + lower) / 2.0), style);
    chart.draw_series([text])?;
    Ok(())
}

fn draw_legend(area: &Area<'_>, all: &Bars<'_>) -> Drawn {
    let mut bars = all.rows.iter().flat_map(|(_, bars)| bars);
    let published = bars.any(|(colour, _)| *colour == PUBLISHED);
    let published = published.then(|| (PUBLISHED, "published".to_owned()));
    let libraries = all.libraries.iter().enumerate();
    let libraries = libraries.map(|(place, name)| (colour(place), (*name).to_owned()));
    draw_names(area, &published.into_iter().chain(libraries).collect::<Vec<_>>())
}

/// Colours and what they stand for, in a row at the lower end.
fn draw_names(area: &Area<'_>, all: &[(RGBColor, String)]) -> Drawn {
    let style = FONT.into_text_style(area).pos(Pos::new(HPos::Left, VPos::Center));
    let bottom = area.dim_in_pixel().1 as i32;
    let (upper, middle, lower) = (bottom - 26, bottom - 20, bottom - 14);
    let mut x = 16;
    for (colour, name) in all {
        area.draw(&Rectangle::new([(x, upper), (x + 12, lower)], colour.filled()))?;
        area.draw_text(name, &style, (x + 18, middle))?;
        x += 40 + 8 * name.chars().count() as i32;
    }
    Ok(())
}

/// One library's colour, name, and ratio by weight width.
type Line<'a> = (RGBColor, &'a str, Vec<(f64, f64)>);

fn draw_widths(area: &Area<'_>, ablations: &[(String, Ablation)]) -> Drawn {
    let lines: Vec<Line<'_>> = ablations
        .iter()
        .enumerate()
        .map(|(place, (name, each))| {
            let points = each
                .widths
                .iter()
                .filter_map(|width| width.ratio().map(|ratio| (f64::from(width.bits), ratio)));
            (colour(place), name.as_str(), points.collect())
        })
        .collect();
    let highest = lines.iter().flat_map(|(_, _, points)| points).map(|point| point.1);
    let highest = highest.fold(1.0, f64::max) * 1.15;
    let mut chart = ChartBuilder::on(area)
        .caption("Area of multipliers over area of table look-up, equal throughput", TITLE)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(48)
        .build_cartesian_2d(0.5..8.5, 0.0..highest)?;
    chart
        .configure_mesh()
        .x_labels(8)
        .x_label_formatter(&|bits| format!("{bits:.0}"))
        .x_desc("bits of a weight (INT8 activations)")
        .y_label_formatter(&|ratio| format!("{ratio:.1}"))
        .label_style(FONT)
        .max_light_lines(1)
        .disable_x_mesh()
        .draw()?;
    chart.draw_series(LineSeries::new([(0.5, 1.0), (8.5, 1.0)], BLACK.mix(0.6)))?;
    for (colour, name, points) in lines {
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 4, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .label_font(FONT)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()
}
