//! Where a layer's matrices come from.

use super::{LayerWeights, Reference};
use crate::config::about;
use crate::failure::{Class, Failure};
use crate::folder;
use bitplane_spec::{Kind, Problem, Spec};
use bitplane_weights::{Checkpoint, Matrix, embed, unpack, unpack_types};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::path::Path;

/// Where activations come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A tensor of a checkpoint.
    Tensor {
        /// The checkpoint.
        file: &'a Path,
        /// The tensor's name.
        tensor: &'a str,
    },
    /// The embedding layer of a BERT-style checkpoint.
    Embedding {
        /// The checkpoint.
        file: &'a Path,
        /// Token ids.
        ids: &'a [u32],
    },
    /// Random numbers between -1 and 1.
    Random {
        /// Rows.
        tokens: usize,
        /// What they follow from.
        seed: u64,
    },
}

/// The real activations [tokens, `inputs`].
pub fn activations(source: &Source, inputs: usize) -> Result<Matrix, Failure> {
    let matrix = match source {
        Source::Random { tokens, seed } => random(*tokens, inputs, *seed)?,
        Source::Tensor { file, tensor } => from_checkpoint(file, |checkpoint| {
            checkpoint.matrix(tensor).map_err(|problem| vec![problem])
        })?,
        Source::Embedding { file, ids } => {
            from_checkpoint(file, |checkpoint| embed(checkpoint, ids))?
        }
    };
    if matrix.columns() != inputs {
        let message = format!(
            "the activations have {} channels, the weights read {inputs}",
            matrix.columns()
        );
        let help = "give activations and weights of the same layer";
        let problem = Problem::new("activation-width", "--activations", message, help);
        return Err(Failure::bad_input(problem));
    }
    Ok(matrix)
}

fn random(tokens: usize, inputs: usize, seed: u64) -> Result<Matrix, Failure> {
    let mut generator = StdRng::seed_from_u64(seed);
    let values = (0..tokens * inputs).map(|_| generator.random_range(-1.0..=1.0)).collect();
    Matrix::new(tokens, inputs, values).map_err(Failure::bad_input)
}

fn from_checkpoint<T>(
    file: &Path,
    read: impl FnOnce(&Checkpoint) -> Result<T, Vec<Problem>>,
) -> Result<T, Failure> {
    let bytes = folder::read_bytes(file)?;
    let result = Checkpoint::parse(&bytes)
        .map_err(|problem| vec![problem])
        .and_then(|checkpoint| read(&checkpoint));
    result.map_err(|problems| {
        let problems = problems.into_iter().map(|problem| about(problem, file)).collect();
        Failure::new(Class::BadInput, problems)
    })
}

/// The packed weights in the file at `path`, which the core of `spec` can use.
pub fn weights(path: &Path, spec: &Spec) -> Result<LayerWeights, Failure> {
    let bytes = folder::read_bytes(path)?;
    let refused = |problem| Failure::bad_input(about(problem, path));
    let (weights, problems) = match spec.kind() {
        Kind::BitmodTile => {
            let weights = unpack_types(&bytes).map_err(refused)?;
            let problems = weights.require(spec);
            (LayerWeights::Types(weights), problems)
        }
        _ => {
            let weights = unpack(&bytes).map_err(refused)?;
            let problems = weights.require(spec);
            (LayerWeights::Integers(weights), problems)
        }
    };
    if problems.is_empty() { Ok(weights) } else { Err(Failure::new(Class::BadInput, problems)) }
}

/// The weights before quantisation, from a checkpoint; without one, those that the packed ones
/// stand for.
pub fn reference(file: Option<&Path>, packed: &LayerWeights) -> Result<Reference, Failure> {
    let (rows, columns) = (packed.outputs(), packed.inputs());
    let Some(file) = file else {
        let weights =
            Matrix::new(rows, columns, packed.dequantise()).map_err(Failure::bad_input)?;
        return Ok(Reference { weights, what: "real activations times the quantised weights" });
    };
    let tensor = packed.tensor();
    let weights = from_checkpoint(file, |checkpoint| {
        checkpoint.matrix(tensor).map_err(|problem| vec![problem])
    })?;
    let (found_rows, found_columns) = (weights.rows(), weights.columns());
    if (found_rows, found_columns) != (rows, columns) {
        let message = format!(
            "{tensor} is {found_rows} x {found_columns} there, {rows} x {columns} when packed"
        );
        let help = "give the checkpoint that the weights were quantised from";
        let problem = Problem::new("reference-shape", "--reference", message, help);
        return Err(Failure::bad_input(problem));
    }
    Ok(Reference { weights, what: "FP32" })
}
