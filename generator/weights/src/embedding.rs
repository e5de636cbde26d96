//! Real activations: the output of a BERT-style embedding layer.

use bitplane_spec::Problem;

use crate::checkpoint::Checkpoint;
use crate::matrix::Matrix;

/// Added to the variance in the layer normalisation, as BERT does.
const EPSILON: f64 = 1e-12;

/// Where the tables may stand in a checkpoint.
const PREFIXES: [&str; 2] = ["embeddings.", "bert.embeddings."];
const WORD: &str = "word_embeddings.weight";
const POSITION: &str = "position_embeddings.weight";
const TOKEN_TYPE: &str = "token_type_embeddings.weight";
const GAIN: &str = "LayerNorm.weight";
const BIAS: &str = "LayerNorm.bias";

/// The activations [tokens, hidden] that the embedding layer of a BERT-style checkpoint gives for
/// a sentence of `token_ids`: word, position and first token-type embedding added, then normalised
/// over each token (variance + 1e-12), times gain, plus bias. Computed in f64, rounded once.
///
/// The tensors are `embeddings.word_embeddings.weight`, `embeddings.position_embeddings.weight`,
/// `embeddings.token_type_embeddings.weight` and `embeddings.LayerNorm.weight` and `.bias`, all
/// with or without `bert.` before them.
///
/// # Errors
/// All at once: `embedding-no-tokens`, `embedding-too-long`, `embedding-token-id` for every id
/// without a row, `embedding-width` for tensors of differing width, and those of [`Checkpoint`].
pub fn embed(checkpoint: &Checkpoint, token_ids: &[u32]) -> Result<Matrix, Vec<Problem>> {
    let layer = Layer { checkpoint, prefix: prefix(checkpoint) };
    let problems = layer.problems(token_ids);
    if !problems.is_empty() {
        return Err(problems);
    }
    layer.output(token_ids).map_err(|problem| vec![problem])
}

/// The prefix under which most of the tensors are.
fn prefix(checkpoint: &Checkpoint) -> &'static str {
    let found = |prefix: &&&str| checkpoint.contains(&format!("{prefix}{WORD}"));
    PREFIXES.iter().find(found).unwrap_or(&PREFIXES[0])
}

/// An embedding layer in a checkpoint.
struct Layer<'a> {
    checkpoint: &'a Checkpoint<'a>,
    prefix: &'static str,
}

impl Layer<'_> {
    fn name(&self, tensor: &str) -> String {
        format!("{}{tensor}", self.prefix)
    }

    /// Everything that shapes and token ids say is wrong.
    fn problems(&self, token_ids: &[u32]) -> Vec<Problem> {
        let mut problems = Vec::new();
        if token_ids.is_empty() {
            problems.push(no_tokens());
        }
        let mut keep = |shape: Result<[usize; 2], Problem>| match shape {
            Ok(shape) => Some(shape),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let words = keep(self.checkpoint.shape(&self.name(WORD)));
        let positions = keep(self.checkpoint.shape(&self.name(POSITION)));
        let types = keep(self.checkpoint.shape(&self.name(TOKEN_TYPE)));
        let gain = keep(self.vector_shape(GAIN));
        let bias = keep(self.vector_shape(BIAS));
        if let Some([known, width]) = words {
            problems.extend(token_ids.iter().filter_map(|&id| check_id(id, known)));
            let others = [(POSITION, positions), (TOKEN_TYPE, types), (GAIN, gain), (BIAS, bias)];
            for (tensor, shape) in others {
                let found = shape.map_or(width, |[_, found]| found);
                if found != width {
                    problems.push(wrong_width(&self.name(tensor), found, width));
                }
            }
        }
        let longest = positions.map_or(usize::MAX, |[longest, _]| longest);
        if token_ids.len() > longest {
            problems.push(too_long(token_ids.len(), longest));
        }
        problems
    }

    /// The shape of a vector as that of a matrix of one row.
    fn vector_shape(&self, tensor: &str) -> Result<[usize; 2], Problem> {
        Ok([1, self.checkpoint.vector(&self.name(tensor))?.len()])
    }

    fn output(&self, token_ids: &[u32]) -> Result<Matrix, Problem> {
        let rows = |tensor, rows: &[usize]| self.checkpoint.rows(&self.name(tensor), rows);
        let ids: Vec<usize> = token_ids.iter().map(|&id| id as usize).collect();
        let words = rows(WORD, &ids)?;
        let positions = rows(POSITION, &(0..ids.len()).collect::<Vec<_>>())?;
        let token_type = rows(TOKEN_TYPE, &[0])?;
        let gain = self.checkpoint.vector(&self.name(GAIN))?;
        let bias = self.checkpoint.vector(&self.name(BIAS))?;
        let token = |row| {
            let parts = [words.row(row), positions.row(row), token_type.row(0)];
            normalise(&sum(parts), &gain, &bias)
        };
        let data = (0..ids.len()).flat_map(token).collect();
        Matrix::new(ids.len(), words.columns(), data)
    }
}

/// The sum of three vectors, in order.
fn sum([a, b, c]: [&[f32]; 3]) -> Vec<f64> {
    let wide = |x: f32| f64::from(x);
    a.iter().zip(b).zip(c).map(|((&a, &b), &c)| wide(a) + wide(b) + wide(c)).collect()
}

/// Layer normalisation of one token.
fn normalise(token: &[f64], gain: &[f32], bias: &[f32]) -> Vec<f32> {
    let mean_of = |sum: f64| sum / token.len() as f64;
    let mean = mean_of(token.iter().sum());
    let variance = mean_of(token.iter().map(|x| (x - mean) * (x - mean)).sum());
    let deviation = (variance + EPSILON).sqrt();
    let element = |((&x, &gain), &bias): ((&f64, &f32), &f32)| {
        ((x - mean) / deviation * f64::from(gain) + f64::from(bias)) as f32
    };
    token.iter().zip(gain).zip(bias).map(element).collect()
}

fn check_id(id: u32, known: usize) -> Option<Problem> {
    let message = format!("token id {id} has no embedding; the checkpoint has {known}, from 0");
    let help = "give ids below the size of the model's vocabulary";
    (id as usize >= known).then(|| Problem::new("embedding-token-id", "", message, help))
}

fn no_tokens() -> Problem {
    let message = "there are no token ids; at least one is needed";
    Problem::new("embedding-no-tokens", "", message, "give one or more token ids")
}

fn too_long(tokens: usize, longest: usize) -> Problem {
    let message = format!("{tokens} tokens are more than the {longest} positions of the model");
    Problem::new("embedding-too-long", "", message, "give fewer token ids")
}

fn wrong_width(tensor: &str, found: usize, wanted: usize) -> Problem {
    Problem::new(
        "embedding-width",
        tensor,
        format!("tensor {tensor} is {found} wide; the word embeddings are {wanted} wide"),
        "use a checkpoint whose embedding tensors belong together",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::tests::{checkpoint_of, f32_bytes};
    use insta::assert_snapshot;
    use safetensors::Dtype;

    fn with_prefix(prefix: &str, gain: &[f32]) -> Vec<u8> {
        let names =
            [WORD, POSITION, TOKEN_TYPE, GAIN, BIAS].map(|tensor| format!("{prefix}{tensor}"));
        let words = [0.0, 0.0, 1.0, 2.0, 5.0, -5.0];
        checkpoint_of(&[
            (&names[0], Dtype::F32, &[3, 2], f32_bytes(&words)),
            (&names[1], Dtype::F32, &[2, 2], f32_bytes(&[0.0, 0.0, 1.0, 0.0])),
            (&names[2], Dtype::F32, &[2, 2], f32_bytes(&[0.0, 1.0, 9.0, 9.0])),
            (&names[3], Dtype::F32, &[gain.len()], f32_bytes(gain)),
            (&names[4], Dtype::F32, &[2], f32_bytes(&[0.5, 0.0])),
        ])
    }

    #[test]
    fn embeddings_are_added_and_normalised_per_token() {
        for prefix in PREFIXES {
            let bytes = with_prefix(prefix, &[1.0, 2.0]);
            let checkpoint = Checkpoint::parse(&bytes).unwrap();
            let activations = embed(&checkpoint, &[1, 2]).unwrap();
            assert_eq!((activations.rows(), activations.columns()), (2, 2));
            // Sums [1, 3] and [6, -4] normalise to [-1, 1] and [1, -1].
            assert_eq!(activations.data(), [-0.5, 2.0, 1.5, -2.0]);
        }
    }

    #[test]
    fn a_constant_token_normalises_to_the_bias() {
        let bytes = with_prefix(PREFIXES[0], &[1.0, 2.0]);
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        let activations = embed(&checkpoint, &[0, 0]).unwrap();
        assert_eq!(activations.row(1), [0.5, 0.0]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let bytes = with_prefix(PREFIXES[0], &[1.0]);
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        let problems = embed(&checkpoint, &[7, 1, 3]).unwrap_err();
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_snapshot!(told.join("\n"), @r"
        token id 7 has no embedding; the checkpoint has 3, from 0
        token id 3 has no embedding; the checkpoint has 3, from 0
        tensor embeddings.LayerNorm.weight is 1 wide; the word embeddings are 2 wide
        3 tokens are more than the 2 positions of the model
        ");
        assert_eq!(embed(&checkpoint, &[]).unwrap_err()[0].code, "embedding-no-tokens");
    }

    #[test]
    fn absent_tensors_are_all_named() {
        let bytes = checkpoint_of(&[("a", Dtype::F32, &[1], f32_bytes(&[0.0]))]);
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        let problems = embed(&checkpoint, &[0]).unwrap_err();
        assert_eq!(problems.len(), 5);
        assert!(problems.iter().all(|problem| problem.code == "tensor-unknown"));
    }
}
