//! Elements that multiply FP16 activations by weights of more than one width: BitMoD's against multipliers that
//! take one weight or two of half of its bits.

use super::bitmod_tile::{
    BITMOD_COLUMNS, EIGHT_BITS, ELEMENTS, FOUR_BITS, FP16_COLUMNS, ROWS, fp16, terms, tile,
};
use super::comparison::{Comparison, Component, Counted, Figure, Part, Row};
use super::core::{Organisation, Settings, Sums};
use super::published::{
    BITMOD_ELEMENT, FP16_INT8_ELEMENT, FP16_PAIR_ELEMENT, MIXED_SOURCE, element_ratios,
};

/// What is told of elements.
const OF_ELEMENTS: [Figure; 12] = [
    Figure::Tile,
    Figure::Component(Component::Operands),
    Figure::Component(Component::Multiply),
    Figure::Component(Component::Accumulate),
    Figure::Component(Component::Dequantise),
    Figure::Component(Component::Registers),
    Figure::Element,
    Figure::Delay,
    Figure::ElementRatio,
    Figure::PublishedAreaRatio,
    Figure::ElementDensity,
    Figure::PublishedDensity,
];

/// Columns of a tile of BitMoD and of one of multipliers.
#[derive(Clone, Copy)]
struct Columns {
    terms: u32,
    multipliers: u32,
}

/// Bits of a weight, the cycles that it takes as terms, and how many fit an INT8 weight.
type Width = ((u32, u32), u32);

const WIDTHS: [Width; 2] = [(EIGHT_BITS, 1), (FOUR_BITS, 2)];

/// The tables of elements at weights of 8 and of 4 bits, against FP16 elements that sum in FP16 and in FP32. The
/// tiles are those of `bitmod_tile::elements`.
pub fn comparison(product: u32) -> Comparison {
    let terms = product / (ROWS * BITMOD_COLUMNS);
    let columns = Columns { terms, multipliers: (terms * FP16_COLUMNS / BITMOD_COLUMNS).max(1) };
    let part = |name, title, short, rows: Vec<Option<Row>>| Part {
        name,
        title,
        short,
        counted: Counted::Elements,
        figures: &OF_ELEMENTS,
        rows: rows.into_iter().flatten().collect(),
    };
    let [eight, four] = WIDTHS;
    let parts = vec![
        part(
            "int8_fp16_sums",
            "Elements with their shares at weights of 8 bits against FP16 elements that sum in FP16",
            "weights of 8 bits, FP16 elements sum in FP16",
            against_fp16_sums(columns, eight),
        ),
        part(
            "int4_fp16_sums",
            "The same at weights of 4 bits",
            "weights of 4 bits, FP16 elements sum in FP16",
            against_fp16_sums(columns, four),
        ),
        part(
            "int8_fp32_sums",
            "Elements with their shares at weights of 8 bits against FP16 elements that sum in FP32",
            "weights of 8 bits, FP16 elements sum in FP32",
            against_fp32_sums(columns, eight),
        ),
        part(
            "int4_fp32_sums",
            "The same at weights of 4 bits",
            "weights of 4 bits, FP16 elements sum in FP32",
            against_fp32_sums(columns, four),
        ),
    ];
    Comparison { published: MIXED_SOURCE, parts }
}

/// Elements that take an INT8 weight or two INT4 weights, told at weights of `weight_bits`.
fn pairs(columns: u32, weight_bits: u32, result: &'static str) -> Settings {
    let organisation = Organisation::PairedMultiply;
    Settings { organisation, ..fp16(columns, weight_bits, result) }
}

fn against_fp16_sums(columns: Columns, ((bits, cycles), weights): Width) -> Vec<Option<Row>> {
    let Columns { terms: ours, multipliers } = columns;
    let macs = f64::from(ELEMENTS) / f64::from(cycles);
    let bitmod = Some(element_ratios(BITMOD_ELEMENT.iter().sum(), macs));
    let integers = Some(element_ratios(FP16_INT8_ELEMENT, 1.0));
    let of_pairs = Some(element_ratios(FP16_PAIR_ELEMENT, weights.into()));
    let aligned = |k| terms(ours, k, 16, (bits, cycles));
    let float = tile(ours, ELEMENTS, Sums::Float, "fp16", (bits, cycles));
    vec![
        Row::given("fp16", "FP16 x FP16", fp16(multipliers, 16, "fp16"), None),
        Row::given("fp16_int8", "FP16 x INT8", fp16(multipliers, 8, "fp16"), integers),
        Row::given("fp16_pairs", PAIRS_TITLE, pairs(multipliers, bits, "fp16"), of_pairs),
        Row::given("bitmod_4", "BitMoD, aligned to 16", aligned(ELEMENTS), bitmod),
        Row::given("bitmod_8", "aligned to 16, k = 8", aligned(2 * ELEMENTS), None),
        Row::given("bitmod_4_float", "BitMoD as published, sums in FP16", float, bitmod),
    ]
}

fn against_fp32_sums(columns: Columns, ((bits, cycles), _): Width) -> Vec<Option<Row>> {
    let Columns { terms: ours, multipliers } = columns;
    let aligned = |k| terms(ours, k, 24, (bits, cycles));
    vec![
        Row::given("fp16_fp32", "FP16 x FP16", fp16(multipliers, 16, "fp32"), None),
        Row::given("fp16_int8_fp32", "FP16 x INT8", fp16(multipliers, 8, "fp32"), None),
        Row::given("fp16_pairs_fp32", PAIRS_TITLE, pairs(multipliers, bits, "fp32"), None),
        Row::given("bitmod_4_24", "BitMoD, aligned to 24", aligned(ELEMENTS), None),
        Row::given("bitmod_8_24", "aligned to 24, k = 8", aligned(2 * ELEMENTS), None),
    ]
}

const PAIRS_TITLE: &str = "FP16 x (INT8 or two INT4)";

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(product: u32) -> Vec<Row> {
        comparison(product).parts.into_iter().flat_map(|part| part.rows).collect()
    }

    #[test]
    fn an_element_does_one_multiplication_at_eight_bits_and_pairs_and_terms_two_at_four() {
        let macs: Vec<Vec<f64>> = comparison(512)
            .parts
            .iter()
            .map(|part| {
                let settings = part.rows.iter().map(|row| row.core.settings);
                settings.map(|each| each.macs_per_cycle() / each.elements()).collect()
            })
            .collect();
        assert_eq!(
            macs,
            [
                vec![1.0; 6],
                vec![1.0, 1.0, 2.0, 2.0, 2.0, 2.0],
                vec![1.0; 5],
                vec![1.0, 1.0, 2.0, 2.0, 2.0],
            ]
        );
    }

    #[test]
    fn what_pairs_are_told_to_do_is_what_their_manifest_states() {
        for row in rows(512) {
            let settings = row.core.settings;
            if settings.organisation != Organisation::PairedMultiply {
                continue;
            }
            let rates = bitplane_emit::bundle(&row.core.spec).manifest.throughput;
            let rate = rates.iter().find(|rate| rate.weight_bits == settings.weight_bits).unwrap();
            assert_eq!(rate.macs_per_cycle, settings.macs_per_cycle());
        }
    }

    #[test]
    fn the_other_elements_are_those_of_the_elements_by_component() {
        let by_component: Vec<Row> = super::super::bitmod_tile::elements(512)
            .parts
            .into_iter()
            .flat_map(|part| part.rows)
            .collect();
        let shared = rows(512).into_iter().filter_map(|row| {
            let other = by_component.iter().find(|other| other.core.name == row.core.name)?;
            Some((row.core.spec, other.core.spec.clone()))
        });
        let shared: Vec<_> = shared.collect();
        assert_eq!(shared.len(), 16);
        assert!(shared.iter().all(|(own, other)| own == other));
    }

    #[test]
    fn every_unit_of_an_element_belongs_to_a_component() {
        for row in rows(512) {
            for unit in bitplane_emit::bundle(&row.core.spec).manifest.units {
                let having = Component::ALL
                    .into_iter()
                    .filter(|each| each.units().contains(&unit.unit.as_str()));
                let expected = usize::from(unit.unit != "scaled_accumulator");
                assert_eq!(having.count(), expected, "{}: {}", row.core.name, unit.unit);
            }
        }
    }

    #[test]
    fn published_pairs_take_more_than_an_fp16_multiply_add_and_terms_less() {
        let [pairs, terms] =
            [FP16_PAIR_ELEMENT, BITMOD_ELEMENT.iter().sum()].map(|area| element_ratios(area, 2.0));
        assert!((pairs.area.unwrap() - 1.178).abs() < 1e-3);
        assert!((pairs.density - 1.698).abs() < 1e-3);
        assert!((terms.density - 2.195).abs() < 1e-3);
    }
}
