//! Checkpoints in the safetensors format.

use bitplane_spec::Problem;
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::matrix::{Matrix, first_not_finite, not_finite};
use crate::recognise::{likeness, looks_like_safetensors};
use crate::suggest::{nearest, start_of_list};

/// Bytes of the header length that begins a safetensors file.
const LENGTH_BYTES: u64 = 8;

/// An opened safetensors checkpoint; tensors are decoded when they are asked for.
pub struct Checkpoint<'a> {
    tensors: SafeTensors<'a>,
}

impl<'a> Checkpoint<'a> {
    /// Reads the header of a safetensors file.
    ///
    /// # Errors
    /// `checkpoint-empty`, `checkpoint-foreign` (another kind of file), `checkpoint-truncated`
    /// (with both lengths) or `checkpoint-damaged` (a header that contradicts itself or the file).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        check_length(bytes)?;
        match SafeTensors::deserialize(bytes) {
            Ok(tensors) => Ok(Self { tensors }),
            Err(error) => Err(damaged(&error.to_string())),
        }
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names = self.tensors.names();
        names.sort_unstable();
        names
    }

    /// Whether there is a tensor called `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// The two-dimensional tensor `name`, stored as F32, F16 or BF16.
    ///
    /// # Errors
    /// `tensor-unknown` with the nearest name, `tensor-dtype`, `tensor-rank`, and those of
    /// [`Matrix::new`].
    pub fn matrix(&self, name: &str) -> Result<Matrix, Problem> {
        let (view, [rows, columns]) = self.view(name)?;
        let data = decode(view.dtype(), view.data());
        Matrix::new(rows, columns, data).map_err(|problem| in_tensor(name, problem))
    }

    /// The given rows of the two-dimensional tensor `name`, in the order given; a row may be named
    /// more than once. Only these are decoded.
    ///
    /// # Errors
    /// Those of [`Checkpoint::matrix`], and `tensor-row` for a row that the tensor does not have.
    pub fn rows(&self, name: &str, rows: &[usize]) -> Result<Matrix, Problem> {
        let (view, [available, columns]) = self.view(name)?;
        if let Some(&row) = rows.iter().find(|&&row| row >= available) {
            return Err(no_such_row(name, row, available));
        }
        let row_bytes = columns * view.dtype().bitsize() / 8;
        let decoded =
            |&row: &usize| decode(view.dtype(), &view.data()[row * row_bytes..][..row_bytes]);
        let data = rows.iter().flat_map(decoded).collect();
        Matrix::new(rows.len(), columns, data).map_err(|problem| in_tensor(name, problem))
    }

    /// The one-dimensional tensor `name`, stored as F32, F16 or BF16.
    ///
    /// # Errors
    /// As [`Checkpoint::matrix`].
    pub fn vector(&self, name: &str) -> Result<Vec<f32>, Problem> {
        let (view, [length]) = self.view(name)?;
        if length == 0 {
            let empty = "it has no elements; at least one is needed";
            let help = "choose a tensor with elements";
            return Err(in_tensor(name, Problem::new("matrix-empty", "", empty, help)));
        }
        let data = decode(view.dtype(), view.data());
        match first_not_finite(&data) {
            None => Ok(data),
            Some((at, value)) => Err(in_tensor(name, not_finite(&format!("index {at}"), value))),
        }
    }

    /// The shape of the two-dimensional tensor `name`: rows, columns.
    ///
    /// # Errors
    /// `tensor-unknown`, `tensor-dtype` or `tensor-rank`.
    pub fn shape(&self, name: &str) -> Result<[usize; 2], Problem> {
        self.view(name).map(|(_, shape)| shape)
    }

    /// A tensor of a readable type and of as many dimensions as the caller's pattern has.
    fn view<const RANK: usize>(
        &self,
        name: &str,
    ) -> Result<(TensorView<'a>, [usize; RANK]), Problem> {
        let view = self.tensors.tensor(name).map_err(|_| self.unknown(name))?;
        if !matches!(view.dtype(), Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(unsupported_type(name, view.dtype()));
        }
        match <[usize; RANK]>::try_from(view.shape()) {
            Ok(shape) => Ok((view, shape)),
            Err(_) => Err(wrong_rank(name, view.shape(), RANK)),
        }
    }

    fn unknown(&self, name: &str) -> Problem {
        let names = self.names();
        let present = match names.len() {
            0 => "the file holds no tensors".to_owned(),
            1 => format!("the file holds only {}", names[0]),
            count => format!("the file holds {count}: {}", start_of_list(&names)),
        };
        let help = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => "give the name of a tensor in the file".to_owned(),
        };
        Problem::new("tensor-unknown", name, format!("there is no tensor {name}; {present}"), help)
    }
}

/// Little-endian elements of a type that [`Checkpoint::view`] lets through.
fn decode(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    let pairs = || bytes.as_chunks::<2>().0.iter().copied();
    match dtype {
        Dtype::F16 => pairs().map(|pair| f16::from_le_bytes(pair).to_f32()).collect(),
        Dtype::BF16 => pairs().map(|pair| bf16::from_le_bytes(pair).to_f32()).collect(),
        _ => bytes.as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes).collect(),
    }
}

/// Finds files that are empty, of another kind, too short or too long, before the header is used.
fn check_length(bytes: &[u8]) -> Result<(), Problem> {
    let length = bytes.len() as u64;
    let Some((start, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(if bytes.is_empty() { empty() } else { foreign(bytes) });
    };
    if !looks_like_safetensors(bytes) {
        return Err(foreign(bytes));
    }
    let header = u64::from_le_bytes(*start);
    if header > rest.len() as u64 {
        return Err(truncated(length, header.checked_add(LENGTH_BYTES)));
    }
    let data = header_data_bytes(&rest[..header as usize])?;
    let needed = (LENGTH_BYTES + header).checked_add(data);
    match needed {
        Some(needed) if needed == length => Ok(()),
        Some(needed) if needed < length => Err(trailing(length, needed)),
        _ => Err(truncated(length, needed)),
    }
}

/// Bytes of tensor data that the header speaks of: the end of its last tensor.
fn header_data_bytes(header: &[u8]) -> Result<u64, Problem> {
    let header: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|error| damaged(&error.to_string()))?;
    let end = |entry: &serde_json::Value| entry.get("data_offsets")?.get(1)?.as_u64();
    Ok(header.values().filter_map(end).max().unwrap_or(0))
}

fn empty() -> Problem {
    Problem::new(
        "checkpoint-empty",
        "",
        "the file is empty; a safetensors checkpoint is expected",
        "download or save the checkpoint again",
    )
}

fn foreign(bytes: &[u8]) -> Problem {
    Problem::new(
        "checkpoint-foreign",
        "",
        format!("this is not a safetensors checkpoint{}", likeness(bytes)),
        "give a .safetensors file; convert other checkpoints with the safetensors package",
    )
}

fn truncated(length: u64, needed: Option<u64>) -> Problem {
    let needed = needed.map_or("more than 2^64".to_owned(), |needed| needed.to_string());
    Problem::new(
        "checkpoint-truncated",
        "",
        format!("the file has {length} bytes, but its header speaks of {needed}: it is cut off"),
        "download or save the checkpoint again",
    )
}

fn trailing(length: u64, needed: u64) -> Problem {
    damaged(&format!("{length} bytes where the header speaks of {needed}"))
}

fn damaged(reason: &str) -> Problem {
    Problem::new(
        "checkpoint-damaged",
        "",
        format!("the safetensors header is damaged: {reason}"),
        "download or save the checkpoint again",
    )
}

fn unsupported_type(name: &str, dtype: Dtype) -> Problem {
    Problem::new(
        "tensor-dtype",
        name,
        format!("tensor {name} is stored as {dtype}; only F32, F16 and BF16 are read"),
        "choose another tensor, or save this one in one of these types",
    )
}

fn wrong_rank(name: &str, shape: &[usize], wanted: usize) -> Problem {
    let kind = if wanted == 2 { "a matrix [rows, columns]" } else { "a vector" };
    Problem::new(
        "tensor-rank",
        name,
        format!("tensor {name} has shape {shape:?}, {} dimensions; {kind} is needed", shape.len()),
        "choose another tensor, or reshape it before saving",
    )
}

fn no_such_row(name: &str, row: usize, available: usize) -> Problem {
    Problem::new(
        "tensor-row",
        name,
        format!("tensor {name} has rows 0 to {}; row {row} was asked for", available.max(1) - 1),
        "ask for a row that it has",
    )
}

fn in_tensor(name: &str, problem: Problem) -> Problem {
    Problem { key: name.to_owned(), message: format!("tensor {name}: {problem}"), ..problem }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    /// A checkpoint with the given tensors: name, type, shape, bytes.
    pub(crate) fn checkpoint_of(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
        let views: Vec<_> = tensors
            .iter()
            .map(|(name, dtype, shape, data)| {
                (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap())
            })
            .collect();
        safetensors::serialize(views, None).unwrap()
    }

    /// The little-endian bytes of F32 elements.
    pub(crate) fn f32_bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn sample() -> Vec<u8> {
        let values = [1.0f32, -2.0, 0.5, 3.0, 0.0, -0.25];
        let halves = values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
        let brains = values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes()).collect();
        checkpoint_of(&[
            ("layer.half", Dtype::F16, &[2, 3], halves),
            ("layer.brain", Dtype::BF16, &[2, 3], brains),
            ("layer.single", Dtype::F32, &[2, 3], f32_bytes(&values)),
            ("layer.gain", Dtype::F32, &[6], f32_bytes(&values)),
            ("layer.ids", Dtype::I64, &[1, 1], vec![0; 8]),
            ("layer.none", Dtype::F32, &[0, 3], vec![]),
            ("layer.broken", Dtype::F32, &[2, 2], f32_bytes(&[0.0, 1.0, f32::NAN, 2.0])),
        ])
    }

    fn parse_error(bytes: &[u8]) -> Problem {
        Checkpoint::parse(bytes).err().expect("a problem")
    }

    #[test]
    fn the_three_float_types_read_alike() {
        let bytes = sample();
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        let single = checkpoint.matrix("layer.single").unwrap();
        assert_eq!((single.rows(), single.columns()), (2, 3));
        assert_eq!(single.row(1), [3.0, 0.0, -0.25]);
        assert_eq!(checkpoint.matrix("layer.half").unwrap(), single);
        assert_eq!(checkpoint.matrix("layer.brain").unwrap(), single);
        assert_eq!(checkpoint.vector("layer.gain").unwrap(), single.data());
    }

    #[test]
    fn rows_come_in_the_order_asked_for() {
        let bytes = sample();
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        let rows = checkpoint.rows("layer.half", &[1, 0, 1]).unwrap();
        assert_eq!(rows.data(), [3.0, 0.0, -0.25, 1.0, -2.0, 0.5, 3.0, 0.0, -0.25]);
        let problem = checkpoint.rows("layer.half", &[2]).unwrap_err();
        assert_snapshot!(problem, @"tensor layer.half has rows 0 to 1; row 2 was asked for");
    }

    #[test]
    fn an_unknown_tensor_is_answered_with_the_nearest_name_and_the_list() {
        let bytes = sample();
        let problem = Checkpoint::parse(&bytes).unwrap().matrix("layer.singel").unwrap_err();
        assert_eq!(problem.code, "tensor-unknown");
        assert_snapshot!(problem, @"there is no tensor layer.singel; the file holds 7: layer.brain, layer.broken, layer.gain, layer.half, layer.ids, layer.none, layer.single");
        assert_snapshot!(problem.help, @"did you mean layer.single?");
    }

    #[test]
    fn a_checkpoint_without_tensors_says_so() {
        let bytes = checkpoint_of(&[]);
        let problem = Checkpoint::parse(&bytes).unwrap().matrix("a").unwrap_err();
        assert_snapshot!(problem, @"there is no tensor a; the file holds no tensors");
    }

    #[test]
    fn tensors_of_another_type_rank_or_content_are_refused() {
        let bytes = sample();
        let checkpoint = Checkpoint::parse(&bytes).unwrap();
        let problem = |name| checkpoint.matrix(name).unwrap_err();
        assert_snapshot!(problem("layer.ids"), @"tensor layer.ids is stored as I64; only F32, F16 and BF16 are read");
        assert_snapshot!(problem("layer.gain"), @"tensor layer.gain has shape [6], 1 dimensions; a matrix [rows, columns] is needed");
        assert_snapshot!(problem("layer.none"), @"tensor layer.none: the shape [0, 3] has no elements; at least one is needed");
        assert_snapshot!(problem("layer.broken"), @"tensor layer.broken: the element at row 1, column 0 is NaN; every element must be finite, because a scale is taken from all of them");
        assert_eq!(checkpoint.vector("layer.single").unwrap_err().code, "tensor-rank");
    }

    #[test]
    fn a_truncated_file_is_refused_with_both_lengths() {
        let bytes = sample();
        let problem = parse_error(&bytes[..bytes.len() - 7]);
        assert_eq!(problem.code, "checkpoint-truncated");
        let lengths =
            format!("{} bytes, but its header speaks of {}", bytes.len() - 7, bytes.len());
        assert!(problem.message.contains(&lengths), "{problem}");
    }

    #[test]
    fn a_file_of_another_kind_is_refused_by_what_it_looks_like() {
        assert_eq!(parse_error(b"").code, "checkpoint-empty");
        assert_snapshot!(parse_error(b"PK\x03\x04 some zip archive"), @"this is not a safetensors checkpoint; it looks like a zip archive, as PyTorch checkpoints, .npz files and wheels are");
        assert_snapshot!(parse_error(b"hello, world, hello"), @"this is not a safetensors checkpoint");
        assert_snapshot!(parse_error(b"BITPLANE\x01\0\0\0"), @"this is not a safetensors checkpoint; it looks like a packed weight file of bitplane");
    }

    #[test]
    fn every_proper_prefix_and_every_extension_is_refused() {
        let mut bytes = sample();
        for length in 0..bytes.len() {
            parse_error(&bytes[..length]);
        }
        bytes.push(0);
        assert_eq!(parse_error(&bytes).code, "checkpoint-damaged");
    }

    /// Tensors whose lengths add up to nearly 2^64.
    #[test]
    fn a_header_with_overflowing_offsets_is_refused() {
        let step = (1u64 << 61) - 1;
        let entry = |i: u64| {
            let (from, to) = (i * step, (i + 1) * step);
            format!(r#""t{i}":{{"dtype":"U8","shape":[{step}],"data_offsets":[{from},{to}]}}"#)
        };
        let header = format!("{{{}}}", (0..8).map(entry).collect::<Vec<_>>().join(","));
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        assert_eq!(parse_error(&bytes).code, "checkpoint-truncated");
        bytes[..8].fill(0xff);
        assert_eq!(parse_error(&bytes).code, "checkpoint-truncated");
    }

    #[test]
    fn a_checkpoint_without_tensors_is_legal() {
        let bytes = b"\x02\0\0\0\0\0\0\0{}";
        assert_eq!(Checkpoint::parse(bytes).unwrap().names().len(), 0);
    }

    /// Reads all tensors of what may be a checkpoint.
    fn read_everything(bytes: &[u8]) {
        if let Ok(checkpoint) = Checkpoint::parse(bytes) {
            for name in checkpoint.names() {
                let _ = (checkpoint.matrix(name), checkpoint.vector(name));
            }
        }
    }

    proptest! {
        #[test]
        fn a_damaged_header_never_panics(at in 0usize..600, byte: u8) {
            let mut bytes = sample();
            let at = at % bytes.len();
            bytes[at] = byte;
            read_everything(&bytes);
        }

        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 9..64)) {
            bytes[8] = b'{';
            bytes[1..8].fill(0);
            read_everything(&bytes);
        }
    }
}
