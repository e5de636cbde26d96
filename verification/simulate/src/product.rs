//! Whole products to check a core with that takes commands.

use crate::stimulus::Maker;
use crate::{Case, Part};
use bitplane_formats::IntegerFormat;
use bitplane_golden::{GroupType, GroupZeroPoints, Run, ZeroPoints};
use bitplane_spec::Spec;
use bitplane_spec::lmma::{Instruction, Limits};

/// A product as the runs of its tiles in stream order, and the golden results of each.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) cases: Vec<Case>,
    pub(crate) values: Vec<Vec<i128>>,
}

impl Product {
    /// A random product of M rows, N columns and K elements, or as much as fits the buffers; with a matrix C if
    /// `accumulate` says so.
    /// The golden model multiplies the whole matrices and knows no tiles.
    pub(crate) fn random(maker: &mut Maker, size: [usize; 3], accumulate: bool) -> Self {
        let spec = maker.spec().clone();
        let mut product = Self::unfitted(maker, fitted(&spec, size));
        if let Some(format) = spec.addend().filter(|_| accumulate) {
            product.add(maker, &spec, format);
        }
        product
    }

    /// A random product of exactly that size, without C.
    pub(crate) fn unfitted(maker: &mut Maker, [m, n, k]: [usize; 3]) -> Self {
        let spec = maker.spec().clone();
        let tile = [spec.tile.m as usize, spec.tile.n as usize];
        let whole = maker.product_case(k);
        let corners = corners(m, n, tile);
        let last = corners.len() - 1;
        let mut cases: Vec<Case> = corners
            .iter()
            .enumerate()
            .map(|(place, [row, column])| {
                let mut case = maker.tile_of(&whole);
                case.rows = tile[0].min(m - row);
                case.columns = tile[1].min(n - column);
                case.corner = [*row, *column];
                case.part = match place {
                    0 if last == 0 => Part::Whole,
                    0 => Part::First { m: m as u32, n: n as u32 },
                    _ if place == last => Part::Last,
                    _ => Part::Middle,
                };
                case
            })
            .collect();
        share_rows_and_columns(&mut cases, &corners, tile);
        let sums = golden(&spec, &cases, &corners, [m, n]);
        Self { values: split(&sums, n, &cases, &corners), cases }
    }

    /// Gives every tile its part of C, so that no sum leaves `format`.
    fn add(&mut self, maker: &mut Maker, spec: &Spec, format: IntegerFormat) {
        for (case, values) in self.cases.iter_mut().zip(&mut self.values) {
            maker.draw_addend(case, values, format);
            let n = spec.tile.n as usize;
            let addend = case.addend.as_deref().unwrap_or_default();
            for (i, value) in values.iter_mut().enumerate() {
                *value += addend[i / case.columns * n + i % case.columns];
            }
        }
    }
}

/// The sizes with so few elements of K, and if that is not enough rows, that what comes again fits the
/// core's buffers.
fn fitted(spec: &Spec, [mut m, n, mut k]: [usize; 3]) -> [usize; 3] {
    let limits = Limits::of(spec);
    let whole = limits.tile_instruction(spec.weight_operand(spec.weight));
    let fits = |m: usize, k: usize| {
        let instruction = Instruction { m: m as u32, n: n as u32, k: k as u32, ..whole };
        limits.overfilled(&instruction).is_empty()
    };
    while !fits(m, k) && k > 1 {
        k /= 2;
    }
    if !fits(m, k) {
        m = m.min(spec.tile.m as usize);
    }
    [m, n, k]
}

/// Upper left corners of the tiles in stream order: columns of tiles one after the other.
fn corners(m: usize, n: usize, [rows, columns]: [usize; 2]) -> Vec<[usize; 2]> {
    let columns = (0..n).step_by(columns);
    columns.flat_map(|column| (0..m).step_by(rows).map(move |row| [row, column])).collect()
}

/// Tiles beside each other have the same activations, those below each other the same weights, zero
/// points and scales.
fn share_rows_and_columns(cases: &mut [Case], corners: &[[usize; 2]], [m, n]: [usize; 2]) {
    for place in 0..cases.len() {
        let [row, column] = corners[place];
        let (before, rest) = cases.split_at_mut(place);
        let case = &mut rest[0];
        for (other, [other_row, other_column]) in before.iter().zip(corners) {
            if *other_row == row {
                copy(&mut case.activations, &other.activations, case.rows.min(m), case.elements);
            }
            if *other_column == column {
                copy(&mut case.codes, &other.codes, case.columns.min(n), case.elements);
                case.group_zero_points.clone_from(&other.group_zero_points);
            }
        }
    }
}

/// Copies the first `lanes` of the rows of `elements` values.
fn copy<T: Copy>(to: &mut [T], from: &[T], lanes: usize, elements: usize) {
    to[..lanes * elements].copy_from_slice(&from[..lanes * elements]);
}

/// The results of the whole matrices, `[m * n]`, row-major.
fn golden(spec: &Spec, cases: &[Case], corners: &[[usize; 2]], [m, n]: [usize; 2]) -> Vec<i128> {
    let first = &cases[0];
    let k = first.elements;
    let mut run = Run {
        rows: m,
        columns: n,
        elements: k,
        activations: vec![0; m * k],
        weight: first.weight,
        codes: vec![0; n * k],
        zero_points: ZeroPoints::Constant(first.zero_point),
    };
    let mut factors = first.group_zero_points.as_ref().map(|groups| {
        let count = n * k.div_ceil(groups.size);
        let scales = if groups.scales.is_empty() { 0 } else { count };
        let values = vec![first.zero_point; count];
        let types = if groups.types.is_empty() { 0 } else { count };
        let types = vec![GroupType::default(); types];
        GroupZeroPoints { size: groups.size, values, scales: vec![0; scales], types }
    });
    for (case, [row, column]) in cases.iter().zip(corners) {
        for i in 0..case.rows {
            let to = &mut run.activations[(row + i) * k..][..k];
            to.iter_mut().enumerate().for_each(|(place, to)| *to = case.activation(i, place));
        }
        run.codes[column * k..][..case.columns * k]
            .copy_from_slice(&case.codes[..case.columns * k]);
        if let (Some(to), Some(from)) = (&mut factors, &case.group_zero_points) {
            let of_a_column = k.div_ceil(from.size);
            let (start, count) = (column * of_a_column, case.columns * of_a_column);
            to.values[start..][..count].copy_from_slice(&from.values[..count]);
            let scales = to.scales.iter_mut().skip(start).zip(&from.scales).take(count);
            scales.for_each(|(to, from)| *to = *from);
            let types = to.types.iter_mut().skip(start).zip(&from.types).take(count);
            types.for_each(|(to, from)| *to = *from);
        }
    }
    if let Some(factors) = factors {
        run.zero_points = ZeroPoints::PerGroup(factors);
    }
    bitplane_golden::results(spec, &run)
}

/// The results of each tile, row-major.
fn split(all: &[i128], n: usize, cases: &[Case], corners: &[[usize; 2]]) -> Vec<Vec<i128>> {
    let tile = |(case, [row, column]): (&Case, &[usize; 2])| {
        let rows = *row..row + case.rows;
        rows.flat_map(|row| all[row * n + column..][..case.columns].to_vec()).collect()
    };
    cases.iter().zip(corners).map(tile).collect()
}
