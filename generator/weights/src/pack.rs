//! Writing packed weight files (`.bitplane`).
//!
//! A file is, all numbers little-endian:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `BITPLANE` |
//! | 4 | version |
//! | 8 | length of the header |
//! | 32 | SHA-256 of the header |
//! | | header: JSON, [`PackHeader`] |
//! | | payload: scales, zero points, words |
//!
//! Scales are F32, the reinterpreted zero points z' are I16; both are [output channels,
//! quantisation groups], row-major.
//!
//! A word holds up to k successive input channels; every quantisation group begins a new one. The
//! words come by their place along the input channels, within a place plane by plane, least
//! significant first (all planes at once in a two's-complement word), within a plane output channel
//! by output channel; words follow each other bit by bit, lowest bit first, and each plane is
//! padded with zeros to a whole byte. Elements of a quantisation group's last word beyond the group
//! have code 0 in a plane word and weight 0 in a two's-complement or ternary word; a core masks them.
//!
//! Version 1 had one zero point, in the header, and no quantisation groups; version 3 holds weights of
//! data types.

use bitplane_formats::{IntegerFormat, WeightFormat, WeightWord, ZeroPoint};
use bitplane_spec::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bits::put;
use crate::container::{Content, assemble};
use crate::grouping::Grouping;
use crate::layout::{PackLayout, hex};
use crate::quantised::QuantisedWeights;

/// Version of the files of integer weights that this crate reads and writes.
pub const VERSION: u32 = Content::Integers.version();
/// Value of the header's field `format`.
pub(crate) const FORMAT: &str = "bitplane packed weights";

/// What a packed weight file says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackHeader {
    /// Always `bitplane packed weights`.
    pub format: String,
    /// The file's version, as before the header.
    pub version: u32,
    /// Name of the tensor.
    pub tensor: String,
    /// Output channels, input channels.
    pub shape: [usize; 2],
    /// Name of the quantiser.
    pub quantiser: String,
    /// Bits of a code.
    pub bits: u32,
    /// Kind of word: `folded`, `plain`, `twos_complement`, `ternary` or `ternary_bytes`.
    pub word: String,
    /// Elements of a word.
    pub k: u32,
    /// Input channels of a quantisation group; 0: the whole output channel is one.
    pub group: usize,
    /// [`PackLayout::digest`].
    pub layout_digest: String,
    /// Where the scales begin, counted from the end of the header.
    pub scales_offset: usize,
    /// Where the zero points begin, counted from the end of the header.
    pub zero_points_offset: usize,
    /// Where the words begin, counted from the end of the header.
    pub words_offset: usize,
    /// Bytes after the header.
    pub payload_bytes: usize,
    /// SHA-256 of the bytes after the header.
    pub payload_sha256: String,
}

/// Sizes that follow from shape, format and layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Words along one quantisation group, the last group's included.
    pub words_per_group: usize,
    /// Words along the input channels.
    pub words: usize,
    /// Bytes of one plane of one word of all output channels.
    pub plane_bytes: usize,
    /// Bytes of the scales; the zero points follow.
    pub scale_bytes: usize,
    /// Bytes of scales and zero points; the words follow.
    pub words_offset: usize,
    /// Bytes of scales, zero points and words.
    pub payload_bytes: usize,
}

impl Extent {
    /// `None` if a size does not fit the machine's.
    pub fn of(
        outputs: usize,
        grouping: Grouping,
        format: WeightFormat,
        layout: PackLayout,
    ) -> Option<Self> {
        let k = layout.k() as usize;
        let groups = grouping.count();
        let words_per_group = grouping.span().div_ceil(k);
        let last = grouping.members(groups.checked_sub(1)?).len().div_ceil(k);
        let words = (groups - 1).checked_mul(words_per_group)?.checked_add(last)?;
        let plane_bytes = outputs.checked_mul(layout.word_bits(format) as usize)?.div_ceil(8);
        let planes = words.checked_mul(layout.planes(format) as usize)?;
        let spans = outputs.checked_mul(groups)?;
        let scale_bytes = spans.checked_mul(size_of::<f32>())?;
        let words_offset = spans.checked_mul(size_of::<i16>())?.checked_add(scale_bytes)?;
        let payload_bytes = planes.checked_mul(plane_bytes)?.checked_add(words_offset)?;
        Some(Self { words_per_group, words, plane_bytes, scale_bytes, words_offset, payload_bytes })
    }

    /// The word that holds an input channel, and its element there.
    pub fn place(self, grouping: Grouping, k: usize, input: usize) -> (usize, usize) {
        let group = grouping.group_of(input);
        let within = input - grouping.members(group).start;
        (group * self.words_per_group + within / k, within % k)
    }
}

/// Packs weights into the bytes of a `.bitplane` file: a function of its arguments alone.
///
/// # Errors
/// `pack-inconsistent` if the fields of `weights` contradict each other. For a two's-complement
/// layout, where the integer weight itself is stored, also `pack-mid-rise` for a mid-rise grid and
/// `pack-out-of-range` for a weight beyond b bits (an asymmetric grid). For a ternary one
/// `pack-not-ternary` for a weight beyond -1 to 1; weights of any format that are not are stored as
/// trits.
pub fn pack(weights: &QuantisedWeights, layout: PackLayout) -> Result<Vec<u8>, Problem> {
    check_consistent(weights)?;
    match (weights.format.is_ternary(), layout.is_ternary()) {
        (true, false) => pack_words(&in_two_bits(weights), layout),
        (false, true) => pack_words(&in_trits(weights)?, layout),
        (true, true) | (false, false) => pack_words(weights, layout),
    }
}

/// Packs consistent weights, whose format is that of the words.
fn pack_words(weights: &QuantisedWeights, layout: PackLayout) -> Result<Vec<u8>, Problem> {
    let extent = Extent::of(weights.rows, weights.grouping, weights.format, layout)
        .ok_or_else(|| inconsistent("the shape exceeds this machine's address space"))?;
    let words = match layout.word() {
        WeightWord::TwosComplement => whole_words(weights, layout, extent)?,
        WeightWord::Folded | WeightWord::Plain | WeightWord::Ternary => {
            plane_words(weights, layout, extent)
        }
        WeightWord::TernaryBytes => byte_words(weights, layout, extent),
        WeightWord::Codes => return Err(floating_point()),
    };
    let scales = weights.scales.iter().flat_map(|scale| scale.to_le_bytes());
    let zero_points = weights.zero_points.iter().flat_map(|z| (z.0 as i16).to_le_bytes());
    let payload: Vec<u8> = scales.chain(zero_points).chain(words).collect();
    let header = serde_json::to_vec(&header(weights, layout, extent, &payload))
        .map_err(|error| inconsistent(&error.to_string()))?;
    Ok(assemble(Content::Integers, &header, &payload))
}

fn floating_point() -> Problem {
    Problem::new(
        "weights-floating-point",
        "weight.format",
        "the core takes floating-point weights, and only quantised ones are packed",
        "write `kind = \"lut_tensor_core\"`, or another kind that takes integer weights",
    )
}

fn header(
    weights: &QuantisedWeights,
    layout: PackLayout,
    extent: Extent,
    payload: &[u8],
) -> PackHeader {
    PackHeader {
        format: FORMAT.to_owned(),
        version: VERSION,
        tensor: weights.name.clone(),
        shape: [weights.rows, weights.columns()],
        quantiser: weights.quantiser.clone(),
        bits: weights.format.bits(),
        word: layout.word_name().to_owned(),
        k: layout.k(),
        group: weights.grouping.size(),
        layout_digest: layout.digest(weights.format, weights.grouping),
        scales_offset: 0,
        zero_points_offset: extent.scale_bytes,
        words_offset: extent.words_offset,
        payload_bytes: payload.len(),
        payload_sha256: hex(&Sha256::digest(payload)),
    }
}

fn plane_words(weights: &QuantisedWeights, layout: PackLayout, extent: Extent) -> Vec<u8> {
    let k = layout.k() as usize;
    let (planes, bits) = (layout.planes(weights.format) as usize, layout.word_bits(weights.format));
    let mut bytes = vec![0; extent.payload_bytes - extent.words_offset];
    for (output, codes) in weights.codes.chunks(weights.columns()).enumerate() {
        let words = codes.chunks(weights.grouping.span()).flat_map(|group| group.chunks(k));
        for (word, codes) in words.enumerate() {
            for plane in 0..planes {
                let row = &mut bytes[(word * planes + plane) * extent.plane_bytes..];
                put(row, output * bits as usize, bits, layout.plane_word(codes, plane as u32));
            }
        }
    }
    bytes
}

fn byte_words(weights: &QuantisedWeights, layout: PackLayout, extent: Extent) -> Vec<u8> {
    let k = layout.k() as usize;
    let word_bytes = layout.word_bits(weights.format) as usize / 8;
    let mut bytes = vec![0; extent.payload_bytes - extent.words_offset];
    for (output, codes) in weights.codes.chunks(weights.columns()).enumerate() {
        let words = codes.chunks(weights.grouping.span()).flat_map(|group| group.chunks(k));
        for (word, codes) in words.enumerate() {
            let start = word * extent.plane_bytes + output * word_bytes;
            let place = bytes[start..][..word_bytes].iter_mut();
            place.zip(layout.trit_bytes(codes)).for_each(|(place, byte)| *place = byte);
        }
    }
    bytes
}

/// The weights, all of them -1, 0 or 1, as codes of one trit.
fn in_trits(weights: &QuantisedWeights) -> Result<QuantisedWeights, Problem> {
    let values = weights.values();
    if let Some(place) = values.iter().position(|value| !(-1..=1).contains(value)) {
        return Err(not_ternary(weights, place, values[place]));
    }
    Ok(QuantisedWeights {
        format: WeightFormat::TERNARY,
        codes: values.into_iter().map(|value| (value + 1) as u8).collect(),
        zero_points: vec![ZeroPoint::MID_RISE; weights.zero_points.len()],
        ..weights.clone()
    })
}

/// Codes of one trit as the same codes of two bits.
fn in_two_bits(weights: &QuantisedWeights) -> QuantisedWeights {
    let format = WeightFormat::new(2).expect("2 bits are legal");
    let zero_points = vec![ZeroPoint::of_code(format, 1); weights.zero_points.len()];
    QuantisedWeights { format, zero_points, ..weights.clone() }
}

fn whole_words(
    weights: &QuantisedWeights,
    layout: PackLayout,
    extent: Extent,
) -> Result<Vec<u8>, Problem> {
    check_twos_complement(weights)?;
    let bits = weights.format.bits();
    let k = layout.k() as usize;
    let mut bytes = vec![0; extent.payload_bytes - extent.words_offset];
    for (position, value) in weights.values().into_iter().enumerate() {
        let (output, input) = (position / weights.columns(), position % weights.columns());
        let (word, element) = extent.place(weights.grouping, k, input);
        let row = &mut bytes[word * extent.plane_bytes..];
        let field = value as u64 & ((1 << bits) - 1);
        put(row, (output * k + element) * bits as usize, bits, field);
    }
    Ok(bytes)
}

/// Refuses integer weights that a two's-complement word cannot hold.
fn check_twos_complement(weights: &QuantisedWeights) -> Result<(), Problem> {
    if weights.zero_points.contains(&ZeroPoint::MID_RISE) {
        return Err(mid_rise(weights));
    }
    let Some(range) = IntegerFormat::new(weights.format.bits()) else {
        return Err(inconsistent("the format has no bits"));
    };
    let legal = |&value: &i32| (range.min()..=range.max()).contains(&value.into());
    match weights.values().iter().position(|value| !legal(value)) {
        None => Ok(()),
        Some(position) => Err(out_of_range(weights, position, range)),
    }
}

fn check_consistent(weights: &QuantisedWeights) -> Result<(), Problem> {
    let QuantisedWeights { format, rows, grouping, codes, scales, zero_points, .. } = weights;
    let (columns, groups) = (weights.columns(), grouping.count());
    let reason = if *rows == 0 || columns == 0 {
        format!("the shape [{rows}, {columns}] has no weights")
    } else if rows.checked_mul(columns) != Some(codes.len()) {
        format!("{} codes do not fill the shape [{rows}, {columns}]", codes.len())
    } else if rows.checked_mul(groups) != Some(scales.len()) {
        format!("there are {} scales for {rows} output channels of {groups} groups", scales.len())
    } else if zero_points.len() != scales.len() {
        format!("there are {} zero points for {} scales", zero_points.len(), scales.len())
    } else if let Some(code) = codes.iter().find(|&&code| u32::from(code) >= format.codes()) {
        format!("code {code} is not below {}", format.codes())
    } else if let Some(z) = zero_points.iter().find(|&&z| !format.accepts(z)) {
        format!("{format} weights cannot have the reinterpreted zero point {}", z.0)
    } else if let Some(scale) = scales.iter().find(|&&scale| !legal_scale(scale)) {
        format!("{scale} is no scale")
    } else {
        return Ok(());
    };
    Err(inconsistent(&reason))
}

/// Whether a scale is finite and not negative.
pub(crate) fn legal_scale(scale: f32) -> bool {
    scale.is_finite() && scale >= 0.0
}

fn inconsistent(reason: &str) -> Problem {
    Problem::new(
        "pack-inconsistent",
        "",
        format!("these weights cannot be packed: {reason}"),
        "pack weights as a quantiser makes them",
    )
}

fn mid_rise(weights: &QuantisedWeights) -> Problem {
    let bits = weights.format.bits();
    let help = match bits {
        1 => "choose a weight format of two bits or more, or a lut_tensor_core".to_owned(),
        _ => format!("quantise with --format int{bits}, or choose a lut_tensor_core"),
    };
    Problem::new(
        "pack-mid-rise",
        "--format",
        format!(
            "{} weights stand for odd integers up to {}; a mac_array multiplies {bits}-bit two's \
             complement, which does not hold them",
            weights.quantiser,
            (1 << bits) - 1
        ),
        help,
    )
}

fn not_ternary(weights: &QuantisedWeights, place: usize, value: i32) -> Problem {
    let (row, column) = (place / weights.columns(), place % weights.columns());
    Problem::new(
        "pack-not-ternary",
        "--format",
        format!(
            "the weight of output channel {row}, input channel {column} is {value}; a ternary core \
             reads -1, 0 and 1"
        ),
        "quantise with --format ternary_int2",
    )
}

fn out_of_range(weights: &QuantisedWeights, position: usize, range: IntegerFormat) -> Problem {
    let (row, column) = (position / weights.columns(), position % weights.columns());
    let value = weights.values()[position];
    let bits = weights.format.bits();
    Problem::new(
        "pack-out-of-range",
        "--format",
        format!(
            "the weight of output channel {row}, input channel {column} is {value}; a mac_array \
             multiplies {bits}-bit two's complement, {} to {}",
            range.min(),
            range.max()
        ),
        format!("quantise with --format int{bits}, or choose a lut_tensor_core"),
    )
}
