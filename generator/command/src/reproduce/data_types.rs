//! The error that data types leave in the weights of a real model (BitMoD, tables VI, VIII and IX).

use super::plot::FigureBars;
use super::table::Table;
use bitplane_formats::{DataType, ScaleFormat};
use bitplane_weights::{Baseline, Grouping, Matrix, TypeChoice, TypeQuantiser};
use rayon::prelude::*;
use serde_json::{Value, json};

/// Input channels of a quantisation group.
pub const GROUP_SIZES: [usize; 4] = [32, 64, 128, 256];

/// How a row's weights are quantised.
#[derive(Clone, Debug)]
enum Way {
    /// To a data type with exact scales.
    Exact(TypeChoice),
    /// To a data type with scales of integers in units of the output channel.
    Int8Scales(TypeChoice),
    /// As no core takes them.
    Baseline(Baseline),
}

impl Way {
    /// Sum of the squared differences that it leaves in `weights`.
    fn squared_error(&self, weights: &Matrix, size: usize) -> f64 {
        let channels = || weights.data().par_chunks(weights.columns());
        // Summed in order, so that every machine gives the same figures.
        let sum = |of_channel: &(dyn Fn(&[f32]) -> f64 + Sync)| -> f64 {
            channels()
                .map(|channel| channel.chunks(size).map(of_channel).sum::<f64>())
                .collect::<Vec<f64>>()
                .iter()
                .sum()
        };
        match self {
            Self::Exact(choice) => sum(&|span| choice.fit(span).squared_error),
            Self::Baseline(baseline) => sum(&|span| baseline.squared_error(span)),
            Self::Int8Scales(choice) => {
                let grouping = Grouping::new(weights.columns(), size.min(weights.columns()));
                let grouping = grouping.expect("a group is not larger than a channel");
                let quantiser = TypeQuantiser::of(choice.clone());
                let found = quantiser.quantise("", weights, grouping, ScaleFormat::Int8);
                let pairs = weights.data().iter().zip(found.dequantise());
                pairs.map(|(w, q)| (f64::from(*w) - f64::from(q)).powi(2)).sum()
            }
        }
    }
}

/// A row of the table: a way, its bits, and what it is compared for.
struct Row {
    title: String,
    bits: u32,
    way: Way,
    part: Part,
    /// As [`PUBLISHED_SOURCE`] says.
    published: Option<f64>,
}

/// What a row has to do with the adaptive data type of its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It is that data type.
    Adaptive,
    /// A data type that is not adapted, to be compared with.
    Rival,
    /// Another choice of special values, or other scales.
    Variant,
    /// Of more bits.
    Wider,
}

/// The error of one way.
#[derive(Clone, Debug)]
pub struct Errors {
    title: String,
    bits: u32,
    part: Part,
    published: Option<f64>,
    /// For each of [`GROUP_SIZES`], for each layer.
    squared: Vec<Vec<f64>>,
    power: f64,
}

impl Errors {
    /// Normalised mean square error over all layers, by group size.
    pub fn nmse(&self) -> Vec<f64> {
        self.squared.iter().map(|layers| layers.iter().sum::<f64>() / self.power).collect()
    }
}

/// Where the published column is from.
pub const PUBLISHED_SOURCE: &str = "BitMoD, HPCA 2025, tables VI, VIII and XII: Wikitext-2 perplexity of \
    Llama-2-7B with groups of 128, MX with groups of 32; 5.47 with FP16 weights";

/// The published perplexity of the row called `title`.
fn published(title: &str) -> Option<f64> {
    let figures = [
        ("int4, asymmetric", 5.77),
        ("fp4_e2m1, scales of MX", 5.82),
        ("bitmod_fp4:basic", 5.77),
        ("bitmod_fp4:er", 5.74),
        ("bitmod_fp4:ea", 5.81),
        ("bitmod_fp4, INT8 scales", 5.72),
        ("int3, asymmetric", 7.08),
        ("fp3_e2m0, scales of MX", 8.86),
        ("bitmod_fp3:basic", 7.51),
        ("bitmod_fp3:er", 7.18),
        ("bitmod_fp3:ea", 6.61),
        ("bitmod_fp3, INT8 scales", 6.55),
    ];
    figures.into_iter().find(|(name, _)| *name == title).map(|(_, perplexity)| perplexity)
}

/// All ways, in the order of the tables.
fn rows() -> Vec<Row> {
    let choice = |text: &str| TypeChoice::parse(text).expect("a data type of the table");
    let mut rows = Vec::new();
    let mut add = |title: &str, bits: u32, way: Way, part: Part| {
        let published = published(title);
        rows.push(Row { title: title.to_owned(), bits, way, part, published });
    };
    for (bits, name, fixed, mx) in [
        (4, "bitmod_fp4", vec!["nf4"], DataType::FP4_E2M1),
        (3, "bitmod_fp3", vec![], DataType::FP3_E2M0),
    ] {
        let named = |variant: &str| choice(&format!("{name}{variant}"));
        let integers = choice(&format!("int{bits}"));
        add(&format!("int{bits}, symmetric"), bits, Way::Exact(integers), Part::Rival);
        let asymmetric = Way::Baseline(Baseline::Asymmetric(bits));
        add(&format!("int{bits}, asymmetric"), bits, asymmetric, Part::Rival);
        let powers = Way::Baseline(Baseline::Mx(mx.clone()));
        add(&format!("{mx}, scales of MX"), bits, powers, Part::Rival);
        add(&format!("{name}:basic"), bits, Way::Exact(named(":basic")), Part::Rival);
        for fixed in fixed {
            add(fixed, bits, Way::Exact(choice(fixed)), Part::Rival);
        }
        for special in choice(name).data_type().special_values() {
            let unit = 0.5f64.powi(choice(name).data_type().fraction_bits() as i32);
            let variant = format!(":{}", f64::from(*special) * unit);
            add(&format!("{name}{variant}"), bits, Way::Exact(named(&variant)), Part::Rival);
        }
        for variant in [":er", ":ea"] {
            add(&format!("{name}{variant}"), bits, Way::Exact(named(variant)), Part::Variant);
        }
        add(name, bits, Way::Exact(named("")), Part::Adaptive);
        let title = format!("{name}, INT8 scales");
        add(&title, bits, Way::Int8Scales(named("")), Part::Variant);
        let others = match bits {
            4 => [":5/-5/7/-7", ":7/-7/8/-8", ":5/-5/10/-10"],
            _ => [":3/-3/5/-5", ":5/-5/6/-6", ":3/-3/8/-8"],
        };
        for variant in others {
            add(&format!("{name}{variant}"), bits, Way::Exact(named(variant)), Part::Variant);
        }
    }
    for data_type in
        [DataType::INT8, DataType::INT6, DataType::INT5, DataType::FP6_E2M3, DataType::FP6_E3M2]
    {
        let way = Way::Exact(TypeChoice::usual(data_type.clone()));
        add(data_type.name(), data_type.bits(), way, Part::Wider);
    }
    let asymmetric = Way::Baseline(Baseline::Asymmetric(6));
    add("int6, asymmetric", 6, asymmetric, Part::Wider);
    rows
}

/// The errors of all ways in `layers`; `told` is called with the rows done and those to be done.
pub fn measure<E>(
    layers: &[Matrix],
    mut told: impl FnMut(u64, u64) -> Result<(), E>,
) -> Result<Vec<Errors>, E> {
    let rows = rows();
    let all = rows.len() as u64;
    let power = layers.iter().flat_map(|layer| layer.data()).map(|w| f64::from(*w).powi(2)).sum();
    let mut errors = Vec::with_capacity(rows.len());
    for (done, row) in rows.into_iter().enumerate() {
        told(done as u64, all)?;
        let of_size = |size: &usize| {
            layers.iter().map(|layer| row.way.squared_error(layer, *size)).collect::<Vec<f64>>()
        };
        let squared = GROUP_SIZES.iter().map(of_size).collect();
        let Row { title, bits, part, published, .. } = row;
        errors.push(Errors { title, bits, part, published, squared, power });
    }
    Ok(errors)
}

/// A table for the data types of 4 bits, those of 3 and the wider ones, each with what it comes to.
pub fn tables(errors: &[Errors]) -> Vec<(Table, Vec<String>)> {
    let of = |bits: u32| errors.iter().filter(move |row| row.bits == bits);
    let narrow = [4, 3].map(|bits| {
        let rows: Vec<&Errors> = of(bits).collect();
        (table(&format!("{bits} bits"), &rows), verdicts(&rows))
    });
    let wider: Vec<&Errors> = errors.iter().filter(|row| row.part == Part::Wider).collect();
    narrow.into_iter().chain([(table("Wider data types", &wider), Vec::new())]).collect()
}

fn table(what: &str, rows: &[&Errors]) -> Table {
    let sizes = GROUP_SIZES.map(|size| format!("groups of {size}"));
    let sizes = sizes.iter().map(String::as_str);
    let head: Vec<&str> =
        std::iter::once("data type").chain(sizes).chain(["published perplexity"]).collect();
    let mut table = Table::new(format!("{what}, normalised mean square error:"), &head);
    for row in rows {
        let figures = row.nmse().into_iter().map(|nmse| format!("{nmse:.6}"));
        let published =
            row.published.map_or(String::new(), |perplexity| format!("{perplexity:.2}"));
        table.push(std::iter::once(row.title.clone()).chain(figures).chain([published]).collect());
    }
    table
}

/// Whether the adaptive data type among `rows` leaves less error than each rival, by group size.
fn verdicts(rows: &[&Errors]) -> Vec<String> {
    let Some(adaptive) = rows.iter().find(|row| row.part == Part::Adaptive) else {
        return Vec::new();
    };
    let rivals: Vec<&&Errors> = rows.iter().filter(|row| row.part == Part::Rival).collect();
    let of_size = |(place, size): (usize, usize)| {
        let ours = adaptive.nmse()[place];
        let better = rivals.iter().filter(|rival| rival.nmse()[place] <= ours);
        let better: Vec<&str> = better.map(|rival| rival.title.as_str()).collect();
        let best = rivals.iter().min_by(|a, b| a.nmse()[place].total_cmp(&b.nmse()[place]))?;
        let layers = adaptive.squared[place].iter().zip(&best.squared[place]);
        let won = layers.filter(|(ours, theirs)| ours < theirs).count();
        let all = best.squared[place].len();
        let said = match better.is_empty() {
            true => format!("{} leaves less error than every fixed data type", adaptive.title),
            false => format!("{} leaves no less error than {}", adaptive.title, better.join(", ")),
        };
        Some(format!(
            "groups of {size}: {said}; {:.3} times that of the best of them, {}, less in {won} of {all} \
             layers",
            ours / best.nmse()[place],
            best.title
        ))
    };
    GROUP_SIZES.into_iter().enumerate().filter_map(of_size).collect()
}

/// The figures of the tables of 4 and 3 bits in thousandths, as bars.
pub fn bars(errors: &[Errors]) -> Vec<FigureBars> {
    let thousandths = |row: &Errors| row.nmse().iter().map(|nmse| 1000.0 * nmse).collect();
    let part = |bits: u32| FigureBars {
        caption: format!("Normalised mean square error in thousandths, {bits} bits"),
        rows: errors
            .iter()
            .filter(|row| row.bits == bits)
            .map(|row| (row.title.clone(), thousandths(row)))
            .collect(),
    };
    [4, 3].map(part).into()
}

/// All figures for programs.
pub fn document(errors: &[Errors]) -> Value {
    let row = |row: &Errors| {
        let nmse: Vec<Value> = GROUP_SIZES
            .iter()
            .zip(row.nmse())
            .map(|(size, nmse)| json!({"group": size, "nmse": nmse}))
            .collect();
        json!({
            "name": row.title,
            "bits": row.bits,
            "nmse": nmse,
            "published_perplexity": row.published,
        })
    };
    errors.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn measured() -> Vec<Errors> {
        let data = (0..512u32).map(|i| ((i * i * 37 % 1009) as f32 - 504.0) / 90.0).collect();
        let layer = Matrix::new(2, 256, data).unwrap();
        measure(&[layer.clone(), layer], |_, _| Ok::<(), Infallible>(())).unwrap()
    }

    fn of<'a>(errors: &'a [Errors], title: &str) -> &'a Errors {
        errors.iter().find(|row| row.title == title).unwrap()
    }

    #[test]
    fn more_special_values_and_more_bits_leave_less_error() {
        let errors = measured();
        for (better, worse) in [
            ("bitmod_fp4", "bitmod_fp4:er"),
            ("bitmod_fp4", "bitmod_fp4:-8"),
            ("bitmod_fp3:ea", "bitmod_fp3:6"),
            ("bitmod_fp4", "bitmod_fp3"),
            ("int8", "int6"),
            ("int6", "int5"),
        ] {
            let pairs = of(&errors, better).nmse().into_iter().zip(of(&errors, worse).nmse());
            for (better_nmse, worse_nmse) in pairs {
                assert!(better_nmse <= worse_nmse, "{better} {worse}");
            }
        }
    }

    #[test]
    fn errors_are_those_of_the_dequantised_weights() {
        let data: Vec<f32> = (0..64).map(|i| ((i * 29 % 67) as f32 - 31.5) * 0.1).collect();
        let layer = Matrix::new(1, 64, data).unwrap();
        let errors =
            measure(std::slice::from_ref(&layer), |_, _| Ok::<(), Infallible>(())).unwrap();
        let quantiser = TypeQuantiser::of(TypeChoice::usual(DataType::BITMOD_FP4));
        let grouping = Grouping::new(64, 32).unwrap();
        let found = quantiser.quantise("w", &layer, grouping, ScaleFormat::Int8).nmse(&layer);
        let row = of(&errors, "bitmod_fp4, INT8 scales").nmse()[0];
        assert!((found - row).abs() < 1e-12, "{found} {row}");
        // FP16 scales are nearly exact.
        let found = quantiser.quantise("w", &layer, grouping, ScaleFormat::Fp16).nmse(&layer);
        let row = of(&errors, "bitmod_fp4").nmse()[0];
        assert!((found / row - 1.0).abs() < 0.01, "{found} {row}");
    }

    #[test]
    fn a_verdict_names_the_rivals_that_are_not_beaten() {
        let row = |title: &str, part, error: f64| Errors {
            title: title.to_owned(),
            bits: 4,
            part,
            published: None,
            squared: vec![vec![error, 1.0]; GROUP_SIZES.len()],
            power: 4.0,
        };
        let rows = [
            row("ours", Part::Adaptive, 2.0),
            row("a", Part::Rival, 1.0),
            row("b", Part::Rival, 3.0),
            row("c", Part::Variant, 0.5),
        ];
        let said = verdicts(&rows.iter().collect::<Vec<_>>());
        assert_eq!(
            said[0],
            "groups of 32: ours leaves no less error than a; 1.500 times that of the best of them, a, less \
             in 0 of 2 layers"
        );
        let said = verdicts(&[&rows[0], &rows[2]]);
        assert_eq!(
            said[3],
            "groups of 256: ours leaves less error than every fixed data type; 0.750 times that of the best \
             of them, b, less in 1 of 2 layers"
        );
    }
}
