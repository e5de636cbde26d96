//! Tables of 8 bits whose unit is a number, as software for CPUs has them.

use bitplane_formats::{QuantisedEntry, WeightFormat, ZeroPoint};
use bitplane_simulate::{Layer, ZeroPoints};
use bitplane_spec::{Spec, ZeroPointMode};

/// The result of output channel `output` for the token whose activations are `row`, in tables of 8 bits with a scale
/// for each block of activations: the largest sum of the magnitudes of a table's elements over 127 (T-MAC, EuroSys
/// 2025). Everything else is exact.
pub(super) fn looked_up(spec: &Spec, layer: &Layer<'_>, row: &[f64], output: usize) -> f64 {
    let codes = &layer.codes[output * layer.inputs..][..layer.inputs];
    let size = group_size(layer);
    let of_run = table_scale(spec, row);
    let groups = row.chunks(size).zip(codes.chunks(size)).enumerate();
    let value = |(group, (row, codes)): (usize, (&[f64], &[u16]))| {
        let scale = if spec.block_steps().is_some() { table_scale(spec, row) } else { of_run };
        let (zero_point, factor) = of_group(spec, layer, output, group);
        let sum = sum(spec, layer.weight, scale, row, codes);
        factor * corrected(spec, zero_point, sum, row)
    };
    groups.map(value).sum()
}

fn group_size(layer: &Layer<'_>) -> usize {
    match &layer.zero_points {
        ZeroPoints::Constant(_) => layer.inputs.max(1),
        ZeroPoints::PerGroup(groups) => groups.size,
    }
}

/// The zero point and the scale of a quantisation group of weights.
fn of_group(spec: &Spec, layer: &Layer<'_>, output: usize, group: usize) -> (ZeroPoint, f64) {
    match &layer.zero_points {
        ZeroPoints::Constant(zero_point) => (*zero_point, 1.0),
        ZeroPoints::PerGroup(groups) => {
            let place = output * layer.inputs.div_ceil(groups.size) + group;
            let scale = spec.scale().map(|format| format.value(groups.scales[place]));
            (groups.values[place], scale.unwrap_or(1.0))
        }
    }
}

/// What a unit of the entries of a block is.
fn table_scale(spec: &Spec, block: &[f64]) -> f64 {
    let magnitude = |table: &[f64]| table.iter().map(|a| a.abs()).sum::<f64>();
    let largest = block.chunks(spec.tile.k as usize).map(magnitude).fold(0.0, f64::max);
    largest / QuantisedEntry::LARGEST as f64
}

/// The look-ups of all planes of a quantisation group.
fn sum(spec: &Spec, weight: WeightFormat, scale: f64, row: &[f64], codes: &[u16]) -> f64 {
    if scale == 0.0 {
        return 0.0;
    }
    let k = spec.tile.k as usize;
    let tables = row.chunks(k).zip(codes.chunks(k));
    let of_planes = tables.flat_map(|(row, codes)| {
        (0..weight.planes()).map(move |plane| {
            let sign = |code: &u16| f64::from(weight.plane_factor(*code, plane));
            let sum: f64 = row.iter().zip(codes).map(|(a, code)| a * sign(code)).sum();
            (sum / scale).round_ties_even() * scale * f64::from(1u32 << plane)
        })
    });
    of_planes.sum()
}

fn corrected(spec: &Spec, zero_point: ZeroPoint, sum: f64, row: &[f64]) -> f64 {
    match spec.zero_point {
        ZeroPointMode::None => sum,
        _ if zero_point == ZeroPoint::MID_RISE => sum,
        _ => (sum - f64::from(zero_point.0) * row.iter().sum::<f64>()) / 2.0,
    }
}
