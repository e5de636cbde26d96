//! W2A8 look-up cores at four and eight times the throughput of an FP16 tensor core.

use super::comparison::{Comparison, Counted, Figure, Part, Row, Tile};
use super::core::{Core, Organisation, Settings};
use super::lut_ablation::{CORRECTED, ONE_HOT};
use super::published::{TENSOR_CORE_SOURCE, TENSOR_CORES, TensorCore};
use super::search::Axis;

/// How many times as many multiply-accumulates as the FP16 core a core does a cycle.
const INT8: u32 = 2;
const LUT_4X: u32 = 4;
const LUT_8X: u32 = 8;
/// Bits of the weights of the published look-up cores.
const WEIGHT_BITS: u32 = 2;

/// Multiply-accumulates a cycle for each result of a beat: leaving then takes at most a
/// thirty-second of the time of a run over 4,096 elements, on every core.
const MACS_PER_RESULT: u32 = 4096 / 32;

/// In 45 nm at 500 MHz dot products of 8 INT8 numbers miss the clock, those of 8 and 16 FP16 numbers just meet
/// it and save nothing: the lane is nearly all of the area, and more operands wait for it.
const MULTIPLY_AXES: [Axis; 2] = [Axis::Rows(&[2, 4]), Axis::Elements(&[4, 8])];
const LOOK_UP_AXES: [Axis; 3] =
    [Axis::Groups(&[4, 8, 16]), Axis::Rows(&[1, 2, 4]), Axis::Elements(&[2, 4])];

/// Results in one beat of a core that does `macs` a cycle.
pub(super) fn drain(macs: u32) -> u32 {
    macs.div_ceil(MACS_PER_RESULT).next_power_of_two()
}

/// FP16 multipliers in the format of their results.
fn fp16(macs: u32, result: &'static str) -> Settings {
    Settings {
        organisation: Organisation::FusedMultiply,
        activation: "fp16",
        weight_bits: 16,
        result: Some(result),
        m: 2,
        k: 4,
        groups: 1,
        product: macs,
        drain: Some(drain(macs)),
    }
}

/// The same with every product and every sum rounded.
fn rounded(macs: u32, result: &'static str) -> Settings {
    Settings { organisation: Organisation::RoundedMultiply, ..fp16(macs, result) }
}

fn int8(macs: u32) -> Settings {
    let organisation = Organisation::Multiply;
    let (activation, weight_bits, result) = ("int8", 8, None);
    Settings { organisation, activation, weight_bits, result, ..fp16(macs, "fp32") }
}

/// Look-up of `product` bits of weights a cycle.
fn look_up(product: u32, weight_bits: u32) -> Settings {
    Settings {
        organisation: Organisation::LookUp(ONE_HOT),
        activation: "int8",
        weight_bits,
        result: None,
        m: 2,
        k: 4,
        groups: 8,
        product,
        drain: Some(drain(product / weight_bits)),
    }
}

/// Look-up as published, `times` as fast as multipliers at `macs` a cycle.
fn published_look_up(macs: u32, times: u32) -> Settings {
    look_up(macs * times * WEIGHT_BITS, WEIGHT_BITS)
}

/// The table of cores whose LUT-4X has m * n * k * groups = `product`.
pub fn comparison(product: u32) -> Comparison {
    let macs = product / (LUT_4X * WEIGHT_BITS);
    let part = Part {
        name: "tensor_cores",
        title: "Cores against the FP16 one",
        short: "cores against the FP16 one",
        counted: Counted::Core,
        figures: &Figure::OF_WHOLE_CORES,
        rows: published_rows(macs).into_iter().chain(further_rows(macs)).collect(),
    };
    Comparison { published: TENSOR_CORE_SOURCE, parts: vec![part] }
}

fn published_rows(macs: u32) -> Vec<Row> {
    let [theirs_fp16, theirs_int8, theirs_4x, theirs_8x] = TENSOR_CORES;
    let [four, eight] = [LUT_4X, LUT_8X].map(|times| published_look_up(macs, times));
    let rows = [
        row("fp16", "FP16 x FP16", fp16(macs, "fp32"), &MULTIPLY_AXES, theirs_fp16),
        row("int8", "INT8 x INT8, 2X", int8(macs * INT8), &MULTIPLY_AXES, theirs_int8),
        row("lut_4x", "LUT-4X, INT8 x INT2", four, &LOOK_UP_AXES, theirs_4x),
        row("lut_8x", "LUT-8X, INT8 x INT2", eight, &LOOK_UP_AXES, theirs_8x),
    ];
    rows.into_iter().flatten().collect()
}

fn row(
    name: &str,
    title: &str,
    start: Settings,
    axes: &'static [Axis],
    published: TensorCore,
) -> Option<Row> {
    let core = Core::legal(name, title, start)?;
    Some(Row { core, tile: Tile::Searched(axes), published: Some(published.ratios()) })
}

/// What the published table does not have, in the tiles that were found for it.
fn further_rows(macs: u32) -> Vec<Row> {
    let [four, eight] = [LUT_4X, LUT_8X].map(|times| published_look_up(macs, times));
    let corrected =
        |settings| Settings { organisation: Organisation::LookUp(CORRECTED), ..settings };
    let weights = |weight_bits| look_up(four.product, weight_bits);
    // Aligned numbers are twice as wide as INT8, so that fewer of them are summed in a cycle.
    let float =
        |activation| Settings { activation, result: Some("fp16"), m: 1, k: 4, groups: 4, ..four };
    let rows = [
        ("fp16_fp16", "FP16 x FP16, FP16 results", fp16(macs, "fp16"), Tile::Of("fp16")),
        (
            "fp16_rounded",
            "FP16 x FP16, sums rounded to FP32",
            rounded(macs, "fp32"),
            Tile::Of("fp16"),
        ),
        (
            "fp16_rounded_fp16",
            "FP16 x FP16, sums rounded to FP16",
            rounded(macs, "fp16"),
            Tile::Of("fp16"),
        ),
        ("lut_4x_corrected", "LUT-4X with zero points", corrected(four), Tile::Of("lut_4x")),
        ("lut_8x_corrected", "LUT-8X with zero points", corrected(eight), Tile::Of("lut_8x")),
        ("lut_w1", "LUT-4X, INT8 x INT1", weights(1), Tile::Of("lut_4x")),
        ("lut_w4", "LUT-4X, INT8 x INT4", weights(4), Tile::Of("lut_4x")),
        ("lut_fp8", "LUT-4X, FP8 x INT2, FP16 results", float("fp8_e4m3"), Tile::Given),
        ("lut_fp16", "LUT-4X, FP16 x INT2, FP16 results", float("fp16"), Tile::Given),
    ];
    let rows = rows.into_iter().filter_map(|(name, title, settings, tile)| {
        let core = Core::legal(name, title, settings)?;
        Some(Row { core, tile, published: None })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_has_the_throughput_of_its_name() {
        for product in [64, 512, 2048] {
            let comparison = comparison(product);
            let rows = &comparison.parts[0].rows;
            let fp16 = f64::from(product) / 8.0;
            let times: Vec<(&str, f64)> = rows
                .iter()
                .map(|row| (row.core.name.as_str(), row.core.settings.macs_per_cycle() / fp16))
                .collect();
            let expected = [
                ("fp16", 1.0),
                ("int8", 2.0),
                ("lut_4x", 4.0),
                ("lut_8x", 8.0),
                ("fp16_fp16", 1.0),
                ("fp16_rounded", 1.0),
                ("fp16_rounded_fp16", 1.0),
                ("lut_4x_corrected", 4.0),
                ("lut_8x_corrected", 8.0),
                ("lut_w1", 8.0),
                ("lut_w4", 2.0),
                ("lut_fp8", 4.0),
                ("lut_fp16", 4.0),
            ];
            assert_eq!(times, expected, "{product}");
        }
    }

    #[test]
    fn throughput_is_that_of_the_configurations() {
        for row in &comparison(512).parts[0].rows {
            let spec = &row.core.spec;
            let tile = spec.tile;
            let products = f64::from(tile.m * tile.n * tile.k * tile.groups);
            let steps = match row.core.settings.organisation {
                Organisation::LookUp(_) => spec.weight.bits(),
                _ => 1,
            };
            let macs = products / f64::from(steps);
            assert_eq!(macs, row.core.settings.macs_per_cycle(), "{}", row.core.name);
        }
    }

    #[test]
    fn results_leave_in_a_thirty_second_of_the_time_on_every_core() {
        assert_eq!([64, 128, 256, 512].map(drain), [1, 1, 2, 4]);
        for row in &comparison(512).parts[0].rows {
            let settings = row.core.settings;
            let results = f64::from(row.core.spec.tile.drain);
            assert!(settings.macs_per_cycle() / results <= f64::from(MACS_PER_RESULT));
        }
    }
}
