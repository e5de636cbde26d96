//! BitMoD's tile of bit-serial elements against one of FP16 multiply-accumulate elements: whole, and by what an
//! element consists of.

use super::comparison::{Comparison, Component, Counted, Figure, Part, Row};
use super::core::{Organisation, Settings, Sums, TermTile};
use super::published::{
    BITMOD_ELEMENT, BITMOD_TILE_SOURCE, ELEMENT_SOURCE, FP16_INT8_ELEMENT, bitmod_ratios,
    element_ratios,
};

/// Rows of both tiles.
pub(super) const ROWS: u32 = 8;
/// Columns of the FP16 tile where the other has [`BITMOD_COLUMNS`]: about as large in area.
pub(super) const FP16_COLUMNS: u32 = 6;
/// Columns of the tile of BitMoD.
pub(super) const BITMOD_COLUMNS: u32 = 8;
/// Elements of the published processing element.
pub(super) const ELEMENTS: u32 = TermTile::TERMS;
/// What the published tile takes: four bits in two cycles, six in three, eight in four.
const FORMATS: &str = "[\"bitmod_fp4\", \"bitmod_fp3\", \"int6\", \"int8\"]";
/// Bits of a weight, and the cycles that it takes.
pub(super) const FOUR_BITS: (u32, u32) = (4, 2);
const SIX_BITS: (u32, u32) = (6, 3);
/// The same of the widest.
pub(super) const EIGHT_BITS: (u32, u32) = (8, 4);
/// Elements of K that share a scale.
const GROUP: u32 = 128;

/// FP16 elements, one multiply-accumulate a cycle each, against weights of `weight_bits` bits: FP16 or
/// integers.
pub(super) fn fp16(columns: u32, weight_bits: u32, result: &'static str) -> Settings {
    Settings {
        organisation: Organisation::RoundedMultiply,
        activation: "fp16",
        weight_bits,
        result: Some(result),
        m: ROWS,
        k: 1,
        groups: 1,
        product: ROWS * columns,
        drain: None,
    }
}

/// Elements of `k` terms a cycle each, with its throughput told for weights of so many bits in so many cycles.
pub(super) fn terms(columns: u32, k: u32, align_bits: u32, bits: (u32, u32)) -> Settings {
    tile(columns, k, Sums::Aligned(align_bits), "fp32", bits)
}

/// The same with sums of another kind.
pub(super) fn tile(
    columns: u32,
    k: u32,
    sums: Sums,
    result: &'static str,
    (weight_bits, cycles): (u32, u32),
) -> Settings {
    let tile = TermTile { formats: FORMATS, cycles, sums, group: GROUP };
    Settings {
        organisation: Organisation::Terms(tile),
        activation: "fp16",
        weight_bits,
        result: Some(result),
        m: ROWS,
        k,
        groups: 1,
        product: ROWS * columns * k,
        drain: None,
    }
}

/// What is told of elements.
const OF_ELEMENTS: [Figure; 11] = [
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
];

/// The table of tiles of `product` / 64 columns and, of FP16 elements, three quarters of that.
pub fn comparison(product: u32) -> Comparison {
    let columns = product / (ROWS * BITMOD_COLUMNS);
    let fp16_columns = (columns * FP16_COLUMNS / BITMOD_COLUMNS).max(1);
    let part = |name, title, short, rows: Vec<Option<Row>>| Part {
        name,
        title,
        short,
        counted: Counted::Core,
        figures: &Figure::OF_WHOLE_CORES,
        rows: rows.into_iter().flatten().collect(),
    };
    let half = part(
        "fp16_sums",
        "Tiles against one of FP16 elements that sum in FP16",
        "tiles against FP16 elements that sum in FP16",
        against_fp16_sums(columns, fp16_columns),
    );
    let single = part(
        "fp32_sums",
        "Tiles against one of FP16 elements that sum in FP32",
        "tiles against FP16 elements that sum in FP32",
        against_fp32_sums(columns, fp16_columns),
    );
    Comparison { published: BITMOD_TILE_SOURCE, parts: vec![half, single] }
}

/// The tables of the elements of the tiles of [`comparison`] and of wider ones: an element is four terms or one
/// multiplication a cycle, whatever else is shared by however many.
pub fn elements(product: u32) -> Comparison {
    let columns = product / (ROWS * BITMOD_COLUMNS);
    let fp16_columns = (columns * FP16_COLUMNS / BITMOD_COLUMNS).max(1);
    let part = |name, title, short, rows: Vec<Option<Row>>| Part {
        name,
        title,
        short,
        counted: Counted::Elements,
        figures: &OF_ELEMENTS,
        rows: rows.into_iter().flatten().collect(),
    };
    let half = part(
        "fp16_sums",
        "Elements with their shares against FP16 elements that sum in FP16",
        "elements against FP16 elements that sum in FP16",
        elements_against_fp16_sums(columns, fp16_columns),
    );
    let single = part(
        "fp32_sums",
        "Elements with their shares against FP16 elements that sum in FP32",
        "elements against FP16 elements that sum in FP32",
        elements_against_fp32_sums(columns, fp16_columns),
    );
    Comparison { published: ELEMENT_SOURCE, parts: vec![half, single] }
}

fn elements_against_fp16_sums(columns: u32, fp16_columns: u32) -> Vec<Option<Row>> {
    let published = element_ratios(BITMOD_ELEMENT.iter().sum(), 2.0);
    let row = |name, title, k, align_bits, published| {
        Row::given(name, title, terms(columns, k, align_bits, FOUR_BITS), published)
    };
    let integers = Some(element_ratios(FP16_INT8_ELEMENT, 1.0));
    vec![
        Row::given("fp16", "FP16 x FP16", fp16(fp16_columns, 16, "fp16"), None),
        Row::given("fp16_int8", "FP16 x INT8", fp16(fp16_columns, 8, "fp16"), integers),
        row("bitmod_4", "BitMoD, aligned to 16", ELEMENTS, 16, Some(published)),
        row("bitmod_8", "aligned to 16, k = 8", 2 * ELEMENTS, 16, None),
        row("bitmod_16", "aligned to 16, k = 16", 4 * ELEMENTS, 16, None),
        row("bitmod_4_12", "BitMoD, aligned to 12", ELEMENTS, 12, None),
        row("bitmod_8_12", "aligned to 12, k = 8", 2 * ELEMENTS, 12, None),
        row("bitmod_16_12", "aligned to 12, k = 16", 4 * ELEMENTS, 12, None),
        Row::given(
            "bitmod_4_float",
            "BitMoD as published, sums in FP16",
            tile(columns, ELEMENTS, Sums::Float, "fp16", FOUR_BITS),
            Some(published),
        ),
    ]
}

fn elements_against_fp32_sums(columns: u32, fp16_columns: u32) -> Vec<Option<Row>> {
    let row = |name, title, k| Row::given(name, title, terms(columns, k, 24, FOUR_BITS), None);
    vec![
        Row::given("fp16_fp32", "FP16 x FP16", fp16(fp16_columns, 16, "fp32"), None),
        row("bitmod_4_24", "BitMoD, aligned to 24", ELEMENTS),
        row("bitmod_8_24", "aligned to 24, k = 8", 2 * ELEMENTS),
        row("bitmod_16_24", "aligned to 24, k = 16", 4 * ELEMENTS),
    ]
}

fn against_fp16_sums(columns: u32, fp16_columns: u32) -> Vec<Option<Row>> {
    let published =
        |(_, cycles): (u32, u32)| Some(bitmod_ratios(f64::from(ELEMENTS) / f64::from(cycles)));
    let ours = |k, align_bits| terms(columns, k, align_bits, FOUR_BITS);
    let at = |bits| terms(columns, ELEMENTS, 16, bits);
    vec![
        Row::given("fp16", "FP16 x FP16", fp16(fp16_columns, 16, "fp16"), None),
        Row::given("fp16_int8", "FP16 x INT8", fp16(fp16_columns, 8, "fp16"), None),
        Row::given(
            "bitmod_4",
            "BitMoD, 4 bits, aligned to 16",
            at(FOUR_BITS),
            published(FOUR_BITS),
        ),
        Row::given("bitmod_4_12", "4 bits, aligned to 12", ours(ELEMENTS, 12), None),
        Row::given("bitmod_8", "4 bits, aligned to 16, k = 8", ours(2 * ELEMENTS, 16), None),
        Row::given("bitmod_8_12", "4 bits, aligned to 12, k = 8", ours(2 * ELEMENTS, 12), None),
        Row::given("bitmod_16", "4 bits, aligned to 16, k = 16", ours(4 * ELEMENTS, 16), None),
        // The core of `bitmod_4` with other weights; what was measured first is taken then.
        Row::given("bitmod_4", "BitMoD, 6 bits, aligned to 16", at(SIX_BITS), published(SIX_BITS)),
        Row::given(
            "bitmod_4",
            "BitMoD, 8 bits, aligned to 16",
            at(EIGHT_BITS),
            published(EIGHT_BITS),
        ),
    ]
}

fn against_fp32_sums(columns: u32, fp16_columns: u32) -> Vec<Option<Row>> {
    let ours = |k| terms(columns, k, 24, FOUR_BITS);
    vec![
        Row::given("fp16_fp32", "FP16 x FP16", fp16(fp16_columns, 16, "fp32"), None),
        Row::given("bitmod_4_24", "BitMoD, 4 bits, aligned to 24", ours(ELEMENTS), None),
        Row::given("bitmod_8_24", "the same, k = 8", ours(2 * ELEMENTS), None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(product: u32) -> Vec<Row> {
        comparison(product).parts.into_iter().flat_map(|part| part.rows).collect()
    }

    #[test]
    fn the_tiles_are_the_published_ones() {
        let tiles: Vec<(String, f64)> = rows(512)
            .iter()
            .map(|row| {
                let settings = row.core.settings;
                (format!("{} {}", row.core.name, settings.tile()), settings.macs_per_cycle())
            })
            .collect();
        let tiles: Vec<(&str, f64)> =
            tiles.iter().map(|(tile, macs)| (tile.as_str(), *macs)).collect();
        assert_eq!(
            tiles,
            [
                ("fp16 m8 n6 k1", 48.0),
                ("fp16_int8 m8 n6 k1", 48.0),
                ("bitmod_4 m8 n8 k4", 128.0),
                ("bitmod_4_12 m8 n8 k4", 128.0),
                ("bitmod_8 m8 n8 k8", 256.0),
                ("bitmod_8_12 m8 n8 k8", 256.0),
                ("bitmod_16 m8 n8 k16", 512.0),
                ("bitmod_4 m8 n8 k4", 256.0 / 3.0),
                ("bitmod_4 m8 n8 k4", 64.0),
                ("fp16_fp32 m8 n6 k1", 48.0),
                ("bitmod_4_24 m8 n8 k4", 128.0),
                ("bitmod_8_24 m8 n8 k8", 256.0),
            ]
        );
        assert_eq!(rows(64).len(), 12);
    }

    #[test]
    fn no_group_waits_for_the_scale_units_and_each_type_takes_the_cycles_that_are_told() {
        for product in [64, 512] {
            for row in rows(product) {
                let Organisation::Terms(tile) = row.core.settings.organisation else { continue };
                let spec = &row.core.spec;
                let terms = spec.terms().unwrap();
                let bits = row.core.settings.weight_bits;
                let cycles = terms.plans().iter().find(|plan| plan.data_type.bits() == bits);
                assert_eq!(cycles.map(|plan| plan.cycles), Some(tile.cycles), "{}", row.core.name);
                let group = bitplane_emit::bundle(spec).manifest.quantisation_group.unwrap();
                let planes = group.steps as u32 * tile.cycles;
                // The head and the scales of a group take a cycle each.
                assert!(group.cycles_of(planes) <= planes + 2, "{}: {group:?}", row.core.name);
            }
        }
    }

    #[test]
    fn every_unit_of_a_tile_belongs_to_a_component_or_holds_results_so_far() {
        for row in elements(512).parts.into_iter().flat_map(|part| part.rows) {
            let prefix = format!("rtl/{}_", row.core.name);
            let bundle = bitplane_emit::bundle(&row.core.spec);
            let unit =
                |path: &str| Some(path.strip_prefix(&prefix)?.strip_suffix(".sv")?.to_owned());
            for unit in bundle.files.iter().filter_map(|file| unit(&file.path)) {
                let components = Component::ALL.into_iter();
                let having =
                    components.filter(|each| each.units().contains(&unit.as_str())).count();
                let expected = if unit == "scaled_accumulator" { 0 } else { 1 };
                assert_eq!(having, expected, "{}: {unit}", row.core.name);
            }
        }
    }

    #[test]
    fn published_elements_are_the_sum_of_their_components() {
        let area: f64 = BITMOD_ELEMENT.iter().sum();
        assert!((area - 1793.7).abs() < 0.05);
        assert!((element_ratios(area, 2.0).area.unwrap() - 0.911).abs() < 1e-3);
    }

    #[test]
    fn published_elements_do_two_multiplications_a_cycle_at_four_bits() {
        let ratios = bitmod_ratios(2.0);
        assert!((ratios.area.unwrap() - 1.042).abs() < 1e-3);
        assert!((ratios.density - 2.559).abs() < 1e-3);
    }
}
