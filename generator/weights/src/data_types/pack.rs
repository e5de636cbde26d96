//! Packed files of weights of data types.
//!
//! Preamble and header are those of every packed file ([`container`](crate::container)), with version 3. The
//! payload is, all numbers little-endian:
//!
//! | for each | bytes | content |
//! |---|---|---|
//! | output channel | 4 | its number in the tensor |
//! | | 4 | its unit, F32: what the scale 1 stands for |
//! | output channel and group | 1 | number of the data type |
//! | | 2 | special value in units of the type, signed |
//! | | 2 | code of the scale |
//! | output channel | | codes of all input channels, each with the bits of its data type, one behind the other, lowest bit first; filled up with zeros to a whole byte |
//!
//! How a core's weight port takes them does not show in the file: its heads, beats and padding are made from
//! it.

use std::fmt;

use bitplane_formats::{Codebook, DataType, ScaleFormat};
use bitplane_spec::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::typed_weights::{TypedGroup, TypedWeights};
use crate::bits::{get, put};
use crate::container::{Content, assemble, check_payload, inconsistent, split};
use crate::grouping::Grouping;
use crate::layout::hex;

/// Value of the header's field `format`.
const FORMAT: &str = "bitplane packed data types";
/// Bytes of what belongs to an output channel besides its codes.
const ROW_BYTES: usize = 8;
/// Bytes of what belongs to a group besides its codes.
const GROUP_BYTES: usize = 5;
const SCALES: [ScaleFormat; 4] =
    [ScaleFormat::Fp16, ScaleFormat::E8m0, ScaleFormat::Int8, ScaleFormat::E4m3];

/// What such a file says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedHeader {
    format: String,
    version: u32,
    tensor: String,
    /// Output channels, input channels.
    shape: [usize; 2],
    quantiser: String,
    /// Data types by number.
    types: Vec<TypeEntry>,
    /// Input channels of a quantisation group; 0: the whole output channel is one.
    group: usize,
    /// Format of the scales, as in a configuration.
    scale: String,
    /// First 16 hexadecimal digits of the SHA-256 over what the meaning of the payload depends on.
    layout_digest: String,
    payload_bytes: usize,
    payload_sha256: String,
}

/// A data type in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum TypeEntry {
    /// One that has this name everywhere.
    Name(String),
    /// One of a configuration's own: the value of each code in units of 2^-fraction_bits.
    Codebook(CodebookEntry),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodebookEntry {
    name: String,
    fraction_bits: u32,
    values: Vec<i32>,
}

impl TypeEntry {
    fn of(data_type: &DataType) -> Self {
        let name = data_type.name().to_owned();
        if DataType::named(&name).is_some() {
            return Self::Name(name);
        }
        let values = (0..data_type.codes()).map(|code| data_type.value(code, 0)).collect();
        let fraction_bits = data_type.fraction_bits();
        Self::Codebook(CodebookEntry { name, fraction_bits, values })
    }

    fn data_type(&self) -> Option<DataType> {
        let CodebookEntry { name, fraction_bits, values } = match self {
            Self::Name(name) => return DataType::named(name),
            Self::Codebook(entry) => entry,
        };
        if DataType::named(name).is_some() || !Codebook::FRACTION_BITS.contains(fraction_bits) {
            return None;
        }
        let unit = 0.5f64.powi(*fraction_bits as i32);
        let values = values.iter().map(|units| f64::from(*units) * unit).collect();
        let codebook = Codebook::new(values, Some(*fraction_bits)).ok()?;
        Some(codebook.data_type(name.clone()))
    }
}

impl fmt::Display for TypeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Codebook(CodebookEntry { name, fraction_bits, values }) => {
                write!(f, "{name}{values:?}/2^{fraction_bits}")
            }
        }
    }
}

/// Packs weights into the bytes of a `.bitplane` file: a function of its argument alone.
///
/// # Errors
/// `pack-inconsistent` if the fields of `weights` contradict each other.
pub fn pack_types(weights: &TypedWeights) -> Result<Vec<u8>, Problem> {
    if let Some(reason) = contradiction(weights) {
        let message = format!("these weights cannot be packed: {reason}");
        return Err(Problem::new(
            "pack-inconsistent",
            "",
            message,
            "pack weights as a quantiser makes them",
        ));
    }
    let rows = weights.order.iter().zip(&weights.units);
    let mut payload: Vec<u8> = rows
        .flat_map(|(row, unit)| row.to_le_bytes().into_iter().chain(unit.to_le_bytes()))
        .collect();
    for group in &weights.groups {
        payload.push(group.number as u8);
        payload.extend((group.special as i16).to_le_bytes());
        payload.extend((group.scale as u16).to_le_bytes());
    }
    for row in 0..weights.rows {
        payload.extend(packed_row(weights, row));
    }
    let header = serde_json::to_vec(&header(weights, &payload))
        .map_err(|error| inconsistent(&error.to_string()))?;
    Ok(assemble(Content::DataTypes, &header, &payload))
}

/// The codes of an output channel.
fn packed_row(weights: &TypedWeights, row: usize) -> Vec<u8> {
    let bits = row_bits(weights, row);
    let mut bytes = vec![0; bits.iter().sum::<usize>().div_ceil(8)];
    let codes = &weights.codes[row * weights.columns()..][..weights.columns()];
    let mut at = 0;
    for (code, bits) in codes.iter().zip(bits) {
        put(&mut bytes, at, bits as u32, (*code).into());
        at += bits;
    }
    bytes
}

/// Width of each code of an output channel.
fn row_bits(weights: &TypedWeights, row: usize) -> Vec<usize> {
    let bits = |input| {
        let group = weights.group(row, weights.grouping.group_of(input));
        weights.types[group.number].bits() as usize
    };
    (0..weights.columns()).map(bits).collect()
}

fn header(weights: &TypedWeights, payload: &[u8]) -> TypedHeader {
    let types: Vec<TypeEntry> = weights.types.iter().map(TypeEntry::of).collect();
    TypedHeader {
        format: FORMAT.to_owned(),
        version: Content::DataTypes.version(),
        tensor: weights.name.clone(),
        shape: [weights.rows, weights.columns()],
        quantiser: weights.quantiser.clone(),
        layout_digest: layout_digest(&types, weights.grouping.size(), weights.scale),
        types,
        group: weights.grouping.size(),
        scale: weights.scale.name().to_owned(),
        payload_bytes: payload.len(),
        payload_sha256: hex(&Sha256::digest(payload)),
    }
}

fn layout_digest(types: &[TypeEntry], group: usize, scale: ScaleFormat) -> String {
    let version = Content::DataTypes.version();
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    let text = format!(
        "bitplane packing {version} types {} group {group} scale {}",
        types.join(" "),
        scale.name()
    );
    let mut digest = hex(&Sha256::digest(text));
    digest.truncate(16);
    digest
}

/// What contradicts itself in `weights`.
fn contradiction(weights: &TypedWeights) -> Option<String> {
    let TypedWeights { types, rows, grouping, units, groups, codes, order, scale, .. } = weights;
    let columns = weights.columns();
    let counts = [
        ("units", units.len(), Some(*rows)),
        ("channel numbers", order.len(), Some(*rows)),
        ("groups", groups.len(), rows.checked_mul(grouping.count())),
        ("codes", codes.len(), rows.checked_mul(columns)),
    ];
    if *rows == 0 || columns == 0 {
        return Some(format!("the shape [{rows}, {columns}] has no weights"));
    }
    if let Some((what, found, _)) = counts.iter().find(|(_, found, wanted)| Some(*found) != *wanted)
    {
        return Some(format!("{found} {what} do not fill the shape [{rows}, {columns}]"));
    }
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.iter().enumerate().any(|(place, row)| place != *row as usize) {
        return Some("its channels are not all of the tensor's, once each".to_owned());
    }
    if let Some(unit) = units.iter().find(|unit| !unit.is_finite() || **unit <= 0.0) {
        return Some(format!("{unit} is no unit of scales"));
    }
    if let Some(group) = groups.iter().find(|group| group.number >= types.len()) {
        return Some(format!("there is no data type number {}", group.number));
    }
    if let Some(reason) = groups.iter().find_map(|group| illegal_group(types, *scale, *group)) {
        return Some(reason);
    }
    let widths = (0..*rows).flat_map(|row| row_bits(weights, row));
    let too_large = codes.iter().zip(widths).find(|(code, bits)| u32::from(**code) >> bits > 0);
    too_large.map(|(code, bits)| format!("the code {code} has more than {bits} bits"))
}

fn illegal_group(types: &[DataType], scale: ScaleFormat, group: TypedGroup) -> Option<String> {
    let data_type = &types[group.number];
    if data_type.special_code().is_none() && group.special != 0 {
        return Some(format!("{data_type} has no special value {}", group.special));
    }
    if i16::try_from(group.special).is_err() {
        return Some(format!("{} is beyond any special value", group.special));
    }
    let value = (u64::from(group.scale) >> scale.bits() == 0).then(|| scale.value(group.scale));
    let is_scale = value.is_some_and(|value| value.is_finite() && value >= 0.0);
    (!is_scale).then(|| format!("{:#x} is no scale of {}", group.scale, scale.name()))
}

/// Reads the bytes of a packed file of data types, checking everything about it.
///
/// # Errors
/// Those of [`unpack`](crate::unpack); `packed-content` for a file of integer weights.
pub fn unpack_types(bytes: &[u8]) -> Result<TypedWeights, Problem> {
    let (header, payload) = split(Content::DataTypes, bytes)?;
    let header: TypedHeader =
        serde_json::from_slice(header).map_err(|error| inconsistent(&error.to_string()))?;
    let blank = blank(&header)?;
    check_payload([header.payload_bytes, bytes.len()], &header.payload_sha256, payload)?;
    let weights = filled(blank, payload)
        .ok_or_else(|| inconsistent("its data has not the length that its shape asks for"))?;
    match contradiction(&weights) {
        None => Ok(weights),
        Some(reason) => Err(inconsistent(&reason)),
    }
}

/// What the header alone says of the weights.
fn blank(header: &TypedHeader) -> Result<TypedWeights, Problem> {
    if header.format != FORMAT || header.version != Content::DataTypes.version() {
        let reason = format!("it is {:?}, version {}", header.format, header.version);
        return Err(inconsistent(&reason));
    }
    let types: Option<Vec<DataType>> = header.types.iter().map(TypeEntry::data_type).collect();
    let types = types.filter(|types| !types.is_empty());
    let types = types.ok_or_else(|| {
        let names: Vec<String> = header.types.iter().map(ToString::to_string).collect();
        inconsistent(&format!("[{}] are no data types", names.join(", ")))
    })?;
    let scale = SCALES.into_iter().find(|scale| scale.name() == header.scale);
    let scale =
        scale.ok_or_else(|| inconsistent(&format!("there are no scales {:?}", header.scale)))?;
    let [rows, inputs] = header.shape;
    let grouping =
        Grouping::new(inputs, header.group).map_err(|problem| inconsistent(&problem.message))?;
    if header.layout_digest != layout_digest(&header.types, header.group, scale) {
        return Err(inconsistent("the layout's digest is not that of its fields"));
    }
    Ok(TypedWeights {
        name: header.tensor.clone(),
        quantiser: header.quantiser.clone(),
        types,
        rows,
        grouping,
        scale,
        units: Vec::new(),
        groups: Vec::new(),
        codes: Vec::new(),
        order: Vec::new(),
    })
}

/// The weights with the content of `payload`; nothing if that has another length.
fn filled(mut weights: TypedWeights, payload: &[u8]) -> Option<TypedWeights> {
    let (rows, groups) = (weights.rows, weights.grouping.count());
    let (heads, payload) = payload.split_at_checked(rows.checked_mul(ROW_BYTES)?)?;
    for head in heads.as_chunks::<ROW_BYTES>().0 {
        let [a, b, c, d, unit @ ..] = *head;
        weights.order.push(u32::from_le_bytes([a, b, c, d]));
        weights.units.push(f32::from_le_bytes(unit));
    }
    let group_bytes = rows.checked_mul(groups)?.checked_mul(GROUP_BYTES)?;
    let (heads, mut payload) = payload.split_at_checked(group_bytes)?;
    for &[number, low, high, scale_low, scale_high] in heads.as_chunks::<GROUP_BYTES>().0 {
        weights.groups.push(TypedGroup {
            number: usize::from(number).min(weights.types.len()),
            special: i16::from_le_bytes([low, high]).into(),
            scale: u16::from_le_bytes([scale_low, scale_high]).into(),
        });
    }
    if weights.groups.iter().any(|group| group.number == weights.types.len()) {
        // Told as a contradiction: the widths of such codes are not known.
        return Some(weights);
    }
    for row in 0..rows {
        let bits = row_bits(&weights, row);
        let (codes, rest) = payload.split_at_checked(bits.iter().sum::<usize>().div_ceil(8))?;
        let mut at = 0;
        for bits in bits {
            weights.codes.push(get(codes, at, bits as u32) as u8);
            at += bits;
        }
        payload = rest;
    }
    payload.is_empty().then_some(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChoiceSpan, Matrix, TypeQuantiser};
    use insta::assert_snapshot;
    use proptest::prelude::*;

    const NAMES: &str = "bitmod_fp4,bitmod_fp3,int6";

    /// Three output channels of ten inputs, groups of four: the last of two.
    fn small(format: ScaleFormat) -> TypedWeights {
        let data = (0..30).map(|i| ((i * 17 % 31) as f32 - 12.0) * 0.3).collect();
        let matrix = Matrix::new(3, 10, data).unwrap();
        let quantiser = TypeQuantiser::parse(NAMES, ChoiceSpan::Group, Some(4.4)).unwrap();
        quantiser.quantise("layer.weight", &matrix, Grouping::new(10, 4).unwrap(), format)
    }

    #[test]
    fn packing_and_unpacking_give_back_the_weights() {
        for format in SCALES {
            let weights = small(format).ordered(|data_type| data_type.bits());
            assert_eq!(unpack_types(&pack_types(&weights).unwrap()), Ok(weights));
        }
    }

    #[test]
    fn codes_lie_one_behind_the_other_with_the_bits_of_their_types() {
        let weights = TypedWeights {
            types: vec![DataType::BITMOD_FP3, DataType::INT6],
            rows: 1,
            grouping: Grouping::new(4, 2).unwrap(),
            units: vec![1.0],
            groups: vec![
                TypedGroup { number: 0, special: -6, scale: 0x3c00 },
                TypedGroup { number: 1, special: 0, scale: 0x3800 },
            ],
            codes: vec![0b101, 0b011, 0b10_0001, 0b11_1111],
            order: vec![0],
            ..small(ScaleFormat::Fp16)
        };
        let file = pack_types(&weights).unwrap();
        let payload = &file[file.len() - (8 + 2 * 5 + 3)..];
        assert_eq!(payload[..8], [0, 0, 0, 0, 0, 0, 0x80, 0x3f]);
        assert_eq!(payload[8..18], [0, 0xfa, 0xff, 0, 0x3c, 1, 0, 0, 0, 0x38]);
        assert_eq!(payload[18..], [0b0101_1101, 0b1111_1000, 0b11]);
    }

    #[test]
    fn a_file_holds_the_values_of_types_that_have_no_name_elsewhere() {
        let codebook = Codebook::new(vec![-1.0, -0.25, 0.0, 0.5], None).unwrap();
        let types = vec![DataType::INT6, codebook.data_type("mine".to_owned())];
        let quantiser = TypeQuantiser::parse_among("mine,int6", &types, ChoiceSpan::Group, None);
        let data = (0..24).map(|i| ((i * 17 % 31) as f32 - 12.0) * 0.3).collect();
        let (matrix, grouping) = (Matrix::new(2, 12, data).unwrap(), Grouping::new(12, 4).unwrap());
        let quantiser = quantiser.unwrap();
        let weights = quantiser.quantise("layer", &matrix, grouping, ScaleFormat::Fp16);
        let file = pack_types(&weights).unwrap();
        assert_eq!(unpack_types(&file), Ok(weights));
        let (header, _) = split(Content::DataTypes, &file).unwrap();
        let header: serde_json::Value = serde_json::from_slice(header).unwrap();
        assert_snapshot!(header["types"], @r#"
        [{"fraction_bits":2,"name":"mine","values":[-4,-1,0,2]},"int6"]
        "#);
    }

    #[test]
    fn a_codebook_with_the_name_of_another_type_or_beyond_its_grid_is_refused() {
        let entry = |name: &str, fraction_bits, values| {
            let name = name.to_owned();
            TypeEntry::Codebook(CodebookEntry { name, fraction_bits, values }).data_type()
        };
        assert!(entry("mine", 3, vec![0, 1, 2, 1023]).is_some());
        assert_eq!(entry("int6", 3, vec![0, 1, 2, 1023]), None);
        assert_eq!(entry("mine", 11, vec![0, 1, 2, 1023]), None);
        assert_eq!(entry("mine", 3, vec![0, 1, 2, 1024]), None);
        assert_eq!(entry("mine", 3, vec![0, 1, 2]), None);
    }

    #[test]
    fn a_header_says_what_the_file_holds() {
        let file = pack_types(&small(ScaleFormat::Int8)).unwrap();
        let (header, _) = split(Content::DataTypes, &file).unwrap();
        let header: serde_json::Value = serde_json::from_slice(header).unwrap();
        assert_snapshot!(serde_json::to_string_pretty(&header).unwrap(), @r#"
        {
          "format": "bitplane packed data types",
          "group": 4,
          "layout_digest": "17e08e37fdbbd47f",
          "payload_bytes": 86,
          "payload_sha256": "7ad4a6d9161884c1bab475dc5bb1ea16eba87f2249bb58156c7b2976ea8db03d",
          "quantiser": "bitmod_fp4,bitmod_fp3,int6",
          "scale": "int8",
          "shape": [
            3,
            10
          ],
          "tensor": "layer.weight",
          "types": [
            "bitmod_fp4",
            "bitmod_fp3",
            "int6"
          ],
          "version": 3
        }
        "#);
    }

    #[test]
    fn a_cut_off_file_is_refused_at_every_length_and_every_flipped_bit_is_caught() {
        let file = pack_types(&small(ScaleFormat::Int8)).unwrap();
        for length in 1..file.len() {
            assert_eq!(unpack_types(&file[..length]).unwrap_err().code, "packed-truncated");
        }
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack_types(&damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn the_readers_of_both_kinds_of_files_tell_which_they_were_given() {
        let told = |problem: Problem| format!("{}: {problem}", problem.code);
        let types = pack_types(&small(ScaleFormat::Int8)).unwrap();
        assert_snapshot!(told(crate::unpack(&types).unwrap_err()), @"packed-content: the file holds weights of data types; the configuration takes integer weights");
        let quantiser = crate::WeightQuantiser::parse("int4").unwrap();
        let matrix = Matrix::new(1, 4, vec![1.0; 4]).unwrap();
        let integers = quantiser.quantise("w", &matrix, Grouping::per_channel(4));
        let layout = crate::PackLayout::new(bitplane_formats::WeightWord::Plain, 4).unwrap();
        let integers = crate::pack(&integers, layout).unwrap();
        assert_snapshot!(told(unpack_types(&integers).unwrap_err()), @"packed-content: the file holds integer weights; the configuration takes weights of data types");
    }

    #[test]
    fn weights_that_contradict_themselves_are_not_packed() {
        let refusal = |change: fn(&mut TypedWeights)| {
            let mut weights = small(ScaleFormat::Fp16);
            change(&mut weights);
            pack_types(&weights).unwrap_err().message
        };
        let told = [
            refusal(|w| w.rows = 0),
            refusal(|w| w.codes.truncate(9)),
            refusal(|w| w.units[1] = 0.0),
            refusal(|w| w.order[0] = 1),
            refusal(|w| w.groups[2].number = 3),
            refusal(|w| w.groups[0] = TypedGroup { number: 2, special: 1, scale: 0 }),
            refusal(|w| w.groups[0].scale = 0x7c00),
            refusal(|w| w.groups[0].scale = 0x1_0000),
            refusal(|w| w.codes[0] = 64),
        ];
        assert_snapshot!(told.join("\n"), @r"
        these weights cannot be packed: the shape [0, 10] has no weights
        these weights cannot be packed: 9 codes do not fill the shape [3, 10]
        these weights cannot be packed: 0 is no unit of scales
        these weights cannot be packed: its channels are not all of the tensor's, once each
        these weights cannot be packed: there is no data type number 3
        these weights cannot be packed: int6 has no special value 1
        these weights cannot be packed: 0x7c00 is no scale of fp16
        these weights cannot be packed: 0x10000 is no scale of fp16
        these weights cannot be packed: the code 64 has more than 6 bits
        ");
    }

    proptest! {
        #[test]
        fn no_bytes_behind_a_sound_preamble_make_the_reader_panic(
            payload in prop::collection::vec(any::<u8>(), 0..200), rows in 0usize..4, group in 0usize..5,
        ) {
            let values = vec![-3, 0, 1, 4];
            let codebook = CodebookEntry { name: "mine".to_owned(), fraction_bits: 1, values };
            let names = ["bitmod_fp4", "int6"].map(|name| TypeEntry::Name(name.to_owned()));
            let codebook = [TypeEntry::Codebook(codebook)];
            let types: Vec<TypeEntry> = names.into_iter().chain(codebook).collect();
            let header = TypedHeader {
                format: FORMAT.to_owned(),
                version: 3,
                tensor: String::new(),
                shape: [rows, 4],
                quantiser: String::new(),
                layout_digest: layout_digest(&types, group, ScaleFormat::Int8),
                types,
                group,
                scale: "int8".to_owned(),
                payload_bytes: payload.len(),
                payload_sha256: hex(&Sha256::digest(&payload)),
            };
            let header = serde_json::to_vec(&header).unwrap();
            let file = assemble(Content::DataTypes, &header, &payload);
            if let Ok(weights) = unpack_types(&file) {
                prop_assert_eq!(unpack_types(&pack_types(&weights).unwrap()), Ok(weights));
            }
        }
    }
}
