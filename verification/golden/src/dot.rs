//! Dot products of integers of up to 16 bits, in a form that compilers turn into vector code on
//! every machine.

use rayon::prelude::*;
use wide::{i16x8, i32x4};

/// Elements of which 32 bits hold every sum of products: 256 * 2^15 * (2^8 - 1) < 2^31.
const BLOCK: usize = 256;
/// Rows that share one pass over the weights.
const ROWS: usize = 4;
/// Multiplications of about half a millisecond.
const PARALLEL: usize = 1 << 21;

/// The dot products of every row with every column, `[columns * rows]`, all rows of column 0
/// first.
///
/// `activations` are `[rows * elements]`, row-major, of up to 16 bits; `codes` are
/// `[columns * elements]`, all elements of column 0 first. `weights` turns codes into weights of a
/// magnitude of up to 255. The caller sees to it that no sum leaves 64 bits: fewer than 2^40
/// elements.
pub(crate) fn products(
    activations: &[i16],
    codes: &[u16],
    elements: usize,
    weights: impl Fn(&[u16], &mut [i16]) + Sync,
) -> Vec<i64> {
    let [rows, columns] = [activations.len(), codes.len()].map(|all| all / elements.max(1));
    let mut sums = vec![0; columns * rows];
    if sums.is_empty() {
        return sums;
    }
    let fill = |(sums, codes): (&mut [i64], &[u16])| column(activations, codes, &weights, sums);
    match is_worth_threads(columns * rows * elements) {
        true => sums.par_chunks_mut(rows).zip(codes.par_chunks(elements)).for_each(fill),
        false => sums.chunks_mut(rows).zip(codes.chunks(elements)).for_each(fill),
    }
    sums
}

/// Whether so many multiplications take longer than the start of a thread.
pub(crate) fn is_worth_threads(multiplications: usize) -> bool {
    multiplications >= PARALLEL
}

/// Adds the products of every row with one column to that row's sum.
fn column(
    activations: &[i16],
    codes: &[u16],
    weights: &impl Fn(&[u16], &mut [i16]),
    sums: &mut [i64],
) {
    let mut block = [0; BLOCK];
    for (n, codes) in codes.chunks(BLOCK).enumerate() {
        let block = &mut block[..codes.len()];
        weights(codes, block);
        let rows = activations.chunks(activations.len() / sums.len());
        let mut rows = rows.map(|row| &row[n * BLOCK..][..block.len()]);
        for sums in sums.chunks_mut(ROWS) {
            match sums.first_chunk_mut::<ROWS>() {
                Some(sums) => {
                    let rows = std::array::from_fn(|_| rows.next().unwrap_or_default());
                    add(sums, several(rows, block));
                }
                None => sums.iter_mut().zip(&mut rows).for_each(|(sum, row)| {
                    add(std::array::from_mut(sum), several([row], block));
                }),
            }
        }
    }
}

fn add<const N: usize>(sums: &mut [i64; N], parts: [i32; N]) {
    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += i64::from(part));
}

/// The dot products of N rows with `weights`, all of one length of up to [`BLOCK`].
fn several<const N: usize>(rows: [&[i16]; N], weights: &[i16]) -> [i32; N] {
    let (chunks, rest) = weights.as_chunks();
    let parts = rows.map(|row| row[..weights.len()].as_chunks());
    let mut sums = [i32x4::ZERO; N];
    for (i, weights) in chunks.iter().enumerate() {
        let weights = i16x8::new(*weights);
        for (sum, (chunks, _)) in sums.iter_mut().zip(parts) {
            // Products of neighbours are added in the multiplication.
            *sum += i16x8::new(chunks[i]).dot(weights);
        }
    }
    std::array::from_fn(|row| {
        let (_, left) = parts[row];
        let left = left.iter().zip(rest).map(|(a, w)| i32::from(*a) * i32::from(*w));
        sums[row].reduce_add() + left.sum::<i32>()
    })
}
