//! The quantiser of data types against a second one, written from the description of the algorithm alone
//! (BitMoD, algorithm 1) with tables of real values instead of codes: weight by weight and special value
//! by special value on every linear layer of a real model.

use bitplane_formats::{DataType, ScaleFormat};
use bitplane_weights::{Checkpoint, Grouping, Matrix, TypeChoice, TypeQuantiser, TypedWeights};
use rayon::prelude::*;
use std::path::PathBuf;

/// What the second quantiser makes of a group.
struct Second {
    special: f64,
    weights: Vec<f64>,
}

/// Basic values and special values of a data type, as the paper's table has them.
fn published(name: &str) -> (Vec<f64>, Vec<f64>) {
    match name {
        "bitmod_fp4" => (vec![0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0], vec![5.0, -5.0, 8.0, -8.0]),
        "bitmod_fp3" => (vec![0.0, 1.0, 2.0, 4.0], vec![3.0, -3.0, 6.0, -6.0]),
        "int6" => ((0..32).map(f64::from).collect(), vec![0.0]),
        other => panic!("{other} is not published"),
    }
}

/// Algorithm 1 for one group.
fn second(name: &str, group: &[f32]) -> Second {
    let (basic, specials) = published(name);
    let mut best: Option<(f64, Second)> = None;
    for special in specials {
        let mut values = vec![special];
        for value in &basic {
            values.push(*value);
            values.push(-*value);
        }
        values.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let mut reach = 0.0f64;
        for value in &values {
            reach = reach.max(value.abs());
        }
        let mut largest = 0.0f64;
        for weight in group {
            largest = largest.max(f64::from(*weight).abs());
        }
        let scale = if largest == 0.0 { 1.0 } else { largest / reach };
        let mut weights = Vec::new();
        let mut error = 0.0;
        for weight in group {
            let wanted = f64::from(*weight) / scale;
            let mut found = values[0];
            for pair in values.windows(2) {
                let mid = (pair[0] + pair[1]) / 2.0;
                if mid < wanted {
                    found = pair[1];
                }
            }
            weights.push(found);
            let difference = f64::from(*weight) - found * scale;
            error += difference * difference;
        }
        let error = error / group.len() as f64;
        let is_better = match &best {
            None => true,
            Some((least, _)) => error < *least,
        };
        if is_better {
            best = Some((error, Second { special, weights }));
        }
    }
    best.unwrap().1
}

/// Differences between both quantisers in weights and special values, and how many of both there are.
fn differences(name: &str, weights: &Matrix, size: usize) -> [usize; 4] {
    let data_type = DataType::named(name).unwrap();
    let unit = 0.5f64.powi(data_type.fraction_bits() as i32);
    let grouping = Grouping::new(weights.columns(), size).unwrap();
    let quantiser = TypeQuantiser::of(TypeChoice::usual(data_type.clone()));
    let TypedWeights { groups, codes, .. } =
        quantiser.quantise("w", weights, grouping, ScaleFormat::Fp16);
    let rows = weights.data().par_chunks(weights.columns()).enumerate();
    let counts = rows.map(|(row, channel)| {
        let mut counts = [0; 4];
        for (number, group) in channel.chunks(size).enumerate() {
            let expected = second(name, group);
            let found = groups[row * grouping.count() + number];
            counts[1] += usize::from(f64::from(found.special) * unit != expected.special);
            counts[3] += 1;
            let start = row * weights.columns() + number * size;
            for (code, expected) in codes[start..].iter().zip(&expected.weights) {
                let value = f64::from(data_type.value((*code).into(), found.special)) * unit;
                counts[0] += usize::from(value != *expected);
                counts[2] += 1;
            }
        }
        counts
    });
    counts.reduce(|| [0; 4], |a, b| std::array::from_fn(|i| a[i] + b[i]))
}

/// Where `scripts/model` puts the model.
fn model() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let file = cache.join("bitplane/models/all-MiniLM-L6-v2.safetensors");
    file.is_file().then_some(file)
}

#[test]
fn both_quantisers_agree_in_every_weight_and_special_value_of_a_real_model() {
    let Some(model) = model() else {
        eprintln!("SKIPPED: all-MiniLM-L6-v2 is not there (scripts/demo fetches it)");
        return;
    };
    let bytes = std::fs::read(model).unwrap();
    let checkpoint = Checkpoint::parse(&bytes).unwrap();
    let linear = |name: &&str| name.contains(".layer.") && name.ends_with(".weight");
    let names: Vec<&str> = checkpoint.names().into_iter().filter(linear).collect();
    let matrices: Vec<Matrix> =
        names.iter().filter_map(|name| checkpoint.matrix(name).ok()).collect();
    assert_eq!(matrices.len(), 6 * 6, "linear layers");
    let mut sums = [0; 4];
    for matrix in &matrices {
        for name in ["bitmod_fp4", "bitmod_fp3", "int6"] {
            let found = differences(name, matrix, 128);
            sums = std::array::from_fn(|i| sums[i] + found[i]);
        }
    }
    eprintln!("{} weights and {} special values compared", sums[2], sums[3]);
    assert_eq!(sums, [0, 0, 3 * 10_616_832, 3 * 10_616_832 / 128]);
}

#[test]
fn both_quantisers_agree_on_ties_zeros_and_groups_that_are_shorter() {
    // Middles between values at every step, zeros in a whole group, and a tail of two.
    let weights: Vec<f32> = (0..2 * 34)
        .map(|i: i32| match i % 34 {
            16..32 => 0.0,
            place => ((place * 7 + i / 34) % 33 - 16) as f32 * 0.25,
        })
        .collect();
    let weights = Matrix::new(2, 34, weights).unwrap();
    for name in ["bitmod_fp4", "bitmod_fp3", "int6"] {
        assert_eq!(differences(name, &weights, 16), [0, 0, 68, 6], "{name}");
    }
}
