//! One dot product of four elements: look-up of FP16 activations against FP16 multipliers.

use super::comparison::{Comparison, Counted, Figure, Part, Ratios, Row};
use super::core::{Organisation, Settings, Stored, Tables};
use super::lut_ablation::ONE_HOT;
use super::published::{DP4_LOOK_UP, DP4_MULTIPLY, DP4_SOURCE};
use super::tensor_core::drain;

const ELEMENTS: u32 = 4;
/// How many times fewer dot products the multiply core has where tables are shared: it has little
/// that is shared, and is as much larger.
const FEWER_MULTIPLIERS: u32 = 4;

/// Tables that come in at the activation port.
const EXTERNAL: Tables = Tables { precompute: "external", ..ONE_HOT };
const MULTIPLY: Organisation = Organisation::FusedMultiply;
const MULTIPLY_ROUNDED: Organisation = Organisation::RoundedMultiply;
const ADD: Organisation = Organisation::Add("none");

const ALONE: [Figure; 7] = [
    Figure::Macs,
    Figure::Lanes,
    Figure::LaneDensity,
    Figure::PublishedDensity,
    Figure::Area,
    Figure::Density,
    Figure::Delay,
];
const SHARED: [Figure; 6] = [
    Figure::Tile,
    Figure::Macs,
    Figure::AreaPerColumn,
    Figure::AreaPerMac,
    Figure::Delay,
    Figure::Density,
];

fn subsets(tables: Tables) -> Organisation {
    Organisation::LookUp(Tables { stored: Stored::Subsets, ..tables })
}

/// One row of `columns` dot products, with FP16 results as the published ones have.
fn settings(organisation: Organisation, weight_bits: u32, columns: u32) -> Settings {
    let product = columns * ELEMENTS;
    Settings {
        organisation,
        activation: "fp16",
        weight_bits,
        result: Some("fp16"),
        m: 1,
        k: ELEMENTS,
        groups: 1,
        product,
        drain: Some(drain(product)),
    }
}

/// A dot product alone, and one of as many as share their tables in a core of m * n * k * groups =
/// `product` with two rows.
pub fn comparison(product: u32) -> Comparison {
    let columns = product / (2 * ELEMENTS);
    Comparison { published: DP4_SOURCE, parts: vec![alone(), shared(columns)] }
}

fn alone() -> Part {
    let published = Ratios { area: None, density: DP4_LOOK_UP / DP4_MULTIPLY };
    let one = |organisation, bits| settings(organisation, bits, 1);
    let mut rows = vec![
        Row::given("multiply", "multipliers, FP16 x FP16", one(MULTIPLY, 16), None),
        Row::given(
            "look_up_w1",
            "look-up, INT1",
            one(Organisation::LookUp(EXTERNAL), 1),
            Some(published),
        ),
    ];
    rows.extend([2, 4, 6, 8].map(|bits| {
        let settings = one(Organisation::LookUp(EXTERNAL), bits);
        Row::given(&format!("look_up_w{bits}"), &format!("look-up, INT{bits}"), settings, None)
    }));
    let rounded = |result| Settings { result: Some(result), ..one(MULTIPLY_ROUNDED, 16) };
    rows.push(Row::given(
        "multiply_rounded",
        "multipliers that round every sum",
        rounded("fp16"),
        None,
    ));
    rows.push(Row::given(
        "multiply_rounded_fp32",
        "multipliers that round every sum, to FP32",
        rounded("fp32"),
        None,
    ));
    rows.push(Row::given(
        "conventional_w1",
        "conventional look-up, INT1",
        one(subsets(EXTERNAL), 1),
        None,
    ));
    rows.extend([1, 2, 4, 8].map(|bits| {
        Row::given(&format!("add_w{bits}"), &format!("adders, INT{bits}"), one(ADD, bits), None)
    }));
    Part {
        name: "alone",
        title: "One dot product of 4 alone, lane and accumulator counted, tables from outside",
        short: "one dot product of 4 alone, lanes",
        counted: Counted::Lanes,
        figures: &ALONE,
        rows: rows.into_iter().flatten().collect(),
    }
}

fn shared(columns: u32) -> Part {
    let many = |organisation, bits| settings(organisation, bits, columns);
    let fewer = (columns / FEWER_MULTIPLIERS).max(1);
    let multiply = settings(MULTIPLY, 16, fewer);
    let rounded = settings(MULTIPLY_ROUNDED, 16, fewer);
    let rows = [
        Row::given("multiply_row", "multipliers, FP16 x FP16", multiply, None),
        Row::given("multiply_rounded_row", "multipliers that round every sum", rounded, None),
        Row::given("look_up_row_w1", "look-up, INT1", many(Organisation::LookUp(ONE_HOT), 1), None),
        Row::given("look_up_row_w2", "look-up, INT2", many(Organisation::LookUp(ONE_HOT), 2), None),
        Row::given(
            "look_up_rounded_row_w1",
            "look-up that rounds every sum, INT1",
            many(Organisation::RoundedLookUp(ONE_HOT), 1),
            None,
        ),
        Row::given(
            "look_up_rounded_row_w2",
            "look-up that rounds every sum, INT2",
            many(Organisation::RoundedLookUp(ONE_HOT), 2),
            None,
        ),
        Row::given(
            "conventional_row_w1",
            "conventional look-up, INT1",
            many(subsets(ONE_HOT), 1),
            None,
        ),
        Row::given("add_row_w1", "adders, INT1", many(ADD, 1), None),
    ];
    Part {
        name: "shared",
        title: "One row of dot products of 4, everything counted: tables, their builders, alignment",
        short: "a row of dot products of 4, whole cores",
        counted: Counted::Core,
        figures: &SHARED,
        rows: rows.into_iter().flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_alone_is_one_dot_product_of_four_elements() {
        let comparison = comparison(512);
        let rows = &comparison.parts[0].rows;
        assert_eq!(rows.len(), 13);
        for row in rows {
            let tile = row.core.spec.tile;
            assert_eq!((tile.m, tile.n, tile.k, tile.groups), (1, 1, 4, 1), "{}", row.core.name);
        }
        let macs = rows.iter().map(|row| row.core.settings.macs_per_cycle()).collect::<Vec<_>>();
        assert_eq!(macs[..6], [4.0, 4.0, 2.0, 1.0, 4.0 / 6.0, 0.5]);
    }

    #[test]
    fn a_row_has_the_columns_of_the_published_tile() {
        let comparison = comparison(512);
        let columns: Vec<u32> =
            comparison.parts[1].rows.iter().map(|row| row.core.spec.tile.n).collect();
        assert_eq!(columns, [16, 16, 64, 64, 64, 64, 64, 64]);
    }
}
