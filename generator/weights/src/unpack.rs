//! Reading packed weight files.

use bitplane_formats::{WeightFormat, WeightWord, ZeroPoint};
use bitplane_spec::Problem;
use sha2::{Digest, Sha256};

use crate::layout::{PackLayout, hex};
use crate::pack::{Extent, FORMAT, MAGIC, PREAMBLE_BYTES, PackHeader, VERSION, legal_scale};
use crate::packed::PackedWeights;
use crate::recognise::likeness;

/// Reads a packed weight file, checking everything about it.
///
/// # Errors
/// `packed-empty`, `packed-foreign` (another kind of file), `packed-version`, `packed-truncated`
/// and `packed-trailing` (with both lengths), `packed-checksum` (header or data were altered) or
/// `packed-inconsistent` (intact, but written wrongly).
pub fn unpack(bytes: &[u8]) -> Result<PackedWeights, Problem> {
    let (header, payload) = split(bytes)?;
    let header: PackHeader =
        serde_json::from_slice(header).map_err(|error| inconsistent(&error.to_string()))?;
    let (format, layout, extent) = interpret(&header)?;
    check_payload(&header, payload, bytes.len())?;
    let (scales, words) = payload.split_at(extent.scale_bytes);
    let packed = PackedWeights {
        scales: scales.as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes).collect(),
        words: words.to_vec(),
        header,
        format,
        layout,
        extent,
    };
    check_content(&packed)?;
    Ok(packed)
}

/// Splits a file into its header and what follows, checking everything before them.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Problem> {
    if bytes.is_empty() {
        return Err(empty());
    }
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        return Err(foreign(bytes));
    }
    let found = bytes.len() as u64;
    let version = number(bytes, 8..12).ok_or_else(|| truncated(found, PREAMBLE_BYTES as u64))?;
    if version != u64::from(VERSION) {
        return Err(other_version(version));
    }
    let Some((preamble, rest)) = bytes.split_at_checked(PREAMBLE_BYTES) else {
        return Err(truncated(found, PREAMBLE_BYTES as u64));
    };
    let length = number(preamble, 12..20).unwrap_or_default();
    let Some((header, payload)) = split_at(rest, length) else {
        return Err(truncated(found, length.saturating_add(PREAMBLE_BYTES as u64)));
    };
    if preamble[20..] != Sha256::digest(header)[..] {
        return Err(altered("header"));
    }
    Ok((header, payload))
}

/// The little-endian number in a range of at most eight bytes.
fn number(bytes: &[u8], range: std::ops::Range<usize>) -> Option<u64> {
    let mut wide = [0; 8];
    wide[..range.len()].copy_from_slice(bytes.get(range)?);
    Some(u64::from_le_bytes(wide))
}

fn split_at(bytes: &[u8], length: u64) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(usize::try_from(length).ok()?)
}

/// What the header's fields mean, if they agree with each other.
fn interpret(header: &PackHeader) -> Result<(WeightFormat, PackLayout, Extent), Problem> {
    let fail = |reason: String| Err(inconsistent(&reason));
    if header.format != FORMAT || header.version != VERSION {
        return fail(format!("it is {:?}, version {}", header.format, header.version));
    }
    let Some(format) = WeightFormat::new(header.bits) else {
        return fail(format!("{} bits are not 1 to 8", header.bits));
    };
    let Some(word) = PackLayout::word_called(&header.word) else {
        return fail(format!("there is no word layout {:?}", header.word));
    };
    let layout =
        PackLayout::new(word, header.k).map_err(|problem| inconsistent(&problem.message))?;
    if header.layout_digest != layout.digest(format) {
        return fail("the layout's digest is not that of its fields".to_owned());
    }
    let zero_point = ZeroPoint(header.zero_point);
    let mid_rise = zero_point == ZeroPoint::MID_RISE && word == WeightWord::TwosComplement;
    if mid_rise || !format.accepts(zero_point) {
        let word = &header.word;
        return fail(format!("{format} in {word} words has no zero point {}", zero_point.0));
    }
    if header.shape.contains(&0) {
        return fail(format!("the shape {:?} has no weights", header.shape));
    }
    match Extent::of(header.shape, format, layout) {
        Some(extent) if sizes(header) == (0, extent.scale_bytes, extent.payload_bytes) => {
            Ok((format, layout, extent))
        }
        _ => fail("its sizes and offsets do not follow from its shape".to_owned()),
    }
}

fn sizes(header: &PackHeader) -> (usize, usize, usize) {
    (header.scales_offset, header.words_offset, header.payload_bytes)
}

fn check_payload(header: &PackHeader, payload: &[u8], found: usize) -> Result<(), Problem> {
    let before = (found - payload.len()) as u64;
    let (found, needed) = (found as u64, before.saturating_add(header.payload_bytes as u64));
    if found < needed {
        return Err(truncated(found, needed));
    }
    if found > needed {
        return Err(trailing(found - needed));
    }
    if hex(&Sha256::digest(payload)) != header.payload_sha256 {
        return Err(altered("data"));
    }
    Ok(())
}

/// Checks what only a wrong writer can have got wrong.
fn check_content(packed: &PackedWeights) -> Result<(), Problem> {
    if let Some(scale) = packed.scales.iter().find(|&&scale| !legal_scale(scale)) {
        return Err(inconsistent(&format!("{scale} is no scale")));
    }
    if packed.layout.word() != WeightWord::TwosComplement {
        return Ok(());
    }
    let lowest = packed.lowest_value();
    let legal = lowest..lowest + packed.format.codes() as i32;
    for output in 0..packed.outputs() {
        for input in 0..packed.inputs() {
            let value = packed.stored_integer(output, input);
            if !legal.contains(&value) {
                return Err(inconsistent(&format!(
                    "the weight {value} at [{output}, {input}] has no code"
                )));
            }
        }
    }
    Ok(())
}

/// The way out of all that is wrong with a file itself.
const PACK_AGAIN: &str = "pack the weights again with `bitplane quantize`";

fn empty() -> Problem {
    let message = "the file is empty; a packed weight file (.bitplane) is expected";
    Problem::new("packed-empty", "", message, PACK_AGAIN)
}

fn foreign(bytes: &[u8]) -> Problem {
    Problem::new(
        "packed-foreign",
        "",
        format!("this is not a packed weight file{}", likeness(bytes)),
        "make one from a checkpoint: `bitplane quantize MODEL.safetensors --tensor NAME --format \
         FMT --config CONFIG --out FILE`",
    )
}

fn other_version(found: u64) -> Problem {
    Problem::new(
        "packed-version",
        "",
        format!("the file has packing version {found}; this program reads version {VERSION}"),
        PACK_AGAIN,
    )
}

fn truncated(found: u64, needed: u64) -> Problem {
    Problem::new(
        "packed-truncated",
        "",
        format!("the file is cut off: it has {found} bytes where {needed} are needed"),
        PACK_AGAIN,
    )
}

fn trailing(extra: u64) -> Problem {
    Problem::new(
        "packed-trailing",
        "",
        format!("{extra} bytes follow the end of the packed weights"),
        PACK_AGAIN,
    )
}

fn altered(part: &str) -> Problem {
    Problem::new(
        "packed-checksum",
        "",
        format!("the {part} of the file does not match its checksum: it was altered or damaged"),
        PACK_AGAIN,
    )
}

fn inconsistent(reason: &str) -> Problem {
    Problem::new(
        "packed-inconsistent",
        "",
        format!("the file is undamaged but not as this program writes one: {reason}"),
        PACK_AGAIN,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::{assemble, pack};
    use crate::quantise::{QuantisedWeights, WeightQuantiser};
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn int(bits: u32) -> WeightFormat {
        WeightFormat::new(bits).unwrap()
    }

    fn layout(word: WeightWord, k: u32) -> PackLayout {
        PackLayout::new(word, k).unwrap()
    }

    /// Weights with the given codes on a grid.
    fn weights(
        [rows, columns]: [usize; 2],
        bits: u32,
        zero_point: ZeroPoint,
        codes: Vec<u8>,
    ) -> QuantisedWeights {
        QuantisedWeights {
            name: "layer.weight".to_owned(),
            quantiser: format!("int{bits}"),
            format: int(bits),
            zero_point,
            rows,
            columns,
            codes,
            scales: (0..rows).map(|row| row as f32 * 0.5).collect(),
        }
    }

    /// Two output channels, five input channels, two bits.
    fn small() -> QuantisedWeights {
        let codes = vec![0, 1, 2, 3, 3, 2, 1, 0, 0, 1];
        weights([2, 5], 2, ZeroPoint::TWOS_COMPLEMENT, codes)
    }

    fn small_file(word: WeightWord) -> Vec<u8> {
        pack(&small(), layout(word, 4)).unwrap()
    }

    /// The payload's words of a file, without the scales.
    fn words_of(file: &[u8]) -> Vec<u8> {
        unpack(file).unwrap().words
    }

    /// A file whose header has one field replaced and whose checksums are right.
    fn with_field(file: &[u8], field: &str, value: serde_json::Value) -> Vec<u8> {
        let (header, payload) = split(file).unwrap();
        let mut header: serde_json::Value = serde_json::from_slice(header).unwrap();
        header[field] = value;
        assemble(&serde_json::to_vec(&header).unwrap(), payload)
    }

    #[test]
    fn plain_words_lie_group_by_group_plane_by_plane_channel_by_channel() {
        // Group 0, plane 0: channel 0 has codes 0 1 2 3, so bits 0 1 0 1; channel 1 bits 0 1 0 0.
        let bytes = words_of(&small_file(WeightWord::Plain));
        assert_eq!(bytes, [0b0010_1010, 0b0001_1100, 0b0001_0001, 0b0000_0001]);
    }

    #[test]
    fn a_header_says_what_the_file_holds() {
        let packed = unpack(&small_file(WeightWord::Folded)).unwrap();
        assert_snapshot!(serde_json::to_string_pretty(packed.header()).unwrap(), @r#"
        {
          "format": "bitplane packed weights",
          "version": 1,
          "tensor": "layer.weight",
          "shape": [
            2,
            5
          ],
          "quantiser": "int2",
          "bits": 2,
          "zero_point": 1,
          "word": "folded",
          "k": 4,
          "layout_digest": "99cc3bc0d8d35619",
          "scales_offset": 0,
          "words_offset": 8,
          "payload_bytes": 12,
          "payload_sha256": "c4975f652e447969edc88258c29beaa7971461db2bb1680ec32b779b725aa262"
        }
        "#);
    }

    #[test]
    fn words_and_padding_are_what_the_weight_port_takes() {
        let packed = unpack(&small_file(WeightWord::Folded)).unwrap();
        assert_eq!((packed.groups(), packed.planes(), packed.word_bits()), (2, 2, 4));
        // Channel 0, group 0, plane 0: bits 0 1 0 1 fold to index 010 with no sign.
        assert_eq!(packed.word(0, 0, 0), 0b0010);
        // Code 0 everywhere folds to index 111, negated.
        assert_eq!(packed.word(2, 0, 0), 0b1111);
        assert_eq!(packed.word(0, 1, 2), 0b1111);
        let whole = unpack(&small_file(WeightWord::TwosComplement)).unwrap();
        // -2 -1 0 1, element 0 lowest.
        assert_eq!(whole.word(0, 0, 0), 0b01_00_11_10);
        assert_eq!(whole.word(1, 0, 0), 0b01);
        assert_eq!(whole.word(2, 0, 0), 0);
    }

    #[test]
    fn long_words_come_in_pieces_of_64_bits() {
        let codes: Vec<u8> = (0..50).map(|i| i * 5).collect();
        let original = weights([1, 50], 8, ZeroPoint::TWOS_COMPLEMENT, codes);
        let file = pack(&original, layout(WeightWord::TwosComplement, 20)).unwrap();
        let packed = unpack(&file).unwrap();
        let pieces: Vec<_> = packed.word_pieces(1, 0, 0).collect();
        assert_eq!(pieces.iter().map(|piece| piece.1).collect::<Vec<_>>(), [64, 64, 32]);
        assert_eq!(pieces[0].0, packed.word(1, 0, 0));
        for element in 0..20 {
            let (piece, _) = pieces[element / 8];
            let value = (piece >> (element % 8 * 8)) as u8 as i8;
            assert_eq!(i32::from(value), packed.value(0, 20 + element));
        }
        assert_eq!(packed.word_pieces(3, 0, 0).map(|piece| piece.0).sum::<u64>(), 0);
    }

    #[test]
    fn ternary_codes_are_stored_as_their_integers_in_twos_complement_words() {
        let ternary = weights([1, 3], 2, ZeroPoint(-1), vec![0, 1, 2]);
        let file = pack(&ternary, layout(WeightWord::TwosComplement, 4)).unwrap();
        let packed = unpack(&file).unwrap();
        assert_eq!(packed.word(0, 0, 0), 0b00_01_00_11);
        assert_eq!(packed.quantised(), ternary);
    }

    #[test]
    fn grids_that_twos_complement_cannot_hold_are_refused() {
        let refusal = |zero_point, codes| {
            let original = weights([1, 3], 2, zero_point, codes);
            pack(&original, layout(WeightWord::TwosComplement, 4)).unwrap_err()
        };
        assert_snapshot!(refusal(ZeroPoint::MID_RISE, vec![0, 1, 2]), @"int2 weights stand for odd integers up to 3; a mac_array multiplies 2-bit two's complement, which does not hold them");
        assert_snapshot!(refusal(ZeroPoint(-1), vec![0, 1, 3]), @"the weight of output channel 0, input channel 2 is 2; a mac_array multiplies 2-bit two's complement, -2 to 1");
        assert_snapshot!(refusal(ZeroPoint(-1), vec![0, 1, 3]).help, @"quantise with --format int2, or choose a lut_tensor_core");
    }

    #[test]
    fn weights_that_contradict_themselves_are_not_packed() {
        let refusal = |change: fn(&mut QuantisedWeights)| {
            let mut original = small();
            change(&mut original);
            pack(&original, layout(WeightWord::Plain, 4)).unwrap_err().message
        };
        let told = [
            refusal(|w| w.rows = 0),
            refusal(|w| w.codes.truncate(9)),
            refusal(|w| w.scales.push(1.0)),
            refusal(|w| w.codes[3] = 4),
            refusal(|w| w.zero_point = ZeroPoint(2)),
            refusal(|w| w.scales[1] = f32::NAN),
        ];
        assert_snapshot!(told.join("\n"), @r"
        these weights cannot be packed: the shape [0, 5] has no weights
        these weights cannot be packed: 9 codes do not fill the shape [2, 5]
        these weights cannot be packed: there are 3 scales for 2 output channels
        these weights cannot be packed: code 4 is not below 4
        these weights cannot be packed: int2 weights cannot have the reinterpreted zero point 2
        these weights cannot be packed: NaN is no scale
        ");
    }

    #[test]
    fn a_truncated_file_is_refused_with_its_length_at_every_length() {
        for word in [WeightWord::Folded, WeightWord::TwosComplement] {
            let file = small_file(word);
            assert_eq!(unpack(&[]).unwrap_err().code, "packed-empty");
            for length in 1..file.len() {
                let problem = unpack(&file[..length]).unwrap_err();
                assert_eq!(problem.code, "packed-truncated", "{length}");
                assert!(problem.message.contains(&format!("has {length} bytes")), "{problem}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_caught() {
        let file = small_file(WeightWord::Folded);
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack(&damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_refused_by_what_it_looks_like() {
        let told = |bytes: &[u8]| unpack(bytes).unwrap_err().to_string();
        assert_snapshot!(told(b"\x20\0\0\0\0\0\0\0{\"a\":{"), @"this is not a packed weight file; it looks like a safetensors checkpoint");
        assert_snapshot!(told(b"hello, world"), @"this is not a packed weight file");
        assert_eq!(unpack(b"PK\x03\x04").unwrap_err().code, "packed-foreign");
    }

    #[test]
    fn another_version_and_trailing_bytes_are_refused() {
        let mut file = small_file(WeightWord::Plain);
        file.push(0);
        assert_snapshot!(unpack(&file).unwrap_err(), @"1 bytes follow the end of the packed weights");
        file[8] = 7;
        assert_snapshot!(unpack(&file).unwrap_err(), @"the file has packing version 7; this program reads version 1");
    }

    #[test]
    fn damage_to_header_and_data_is_told_apart() {
        let file = small_file(WeightWord::Plain);
        let damaged = |at: usize| {
            let mut file = file.clone();
            file[at] ^= 0x10;
            unpack(&file).unwrap_err()
        };
        assert_snapshot!(damaged(PREAMBLE_BYTES + 5), @"the header of the file does not match its checksum: it was altered or damaged");
        assert_snapshot!(damaged(file.len() - 1), @"the data of the file does not match its checksum: it was altered or damaged");
    }

    #[test]
    fn a_header_that_contradicts_itself_is_refused() {
        let file = small_file(WeightWord::TwosComplement);
        let refusal = |field, value: serde_json::Value| {
            let problem = unpack(&with_field(&file, field, value)).unwrap_err();
            assert_eq!(problem.code, "packed-inconsistent", "{field}");
            problem.message.split_once(": ").unwrap().1.to_owned()
        };
        let told = [
            refusal("format", "other".into()),
            refusal("bits", 9.into()),
            refusal("word", "woven".into()),
            refusal("k", 0.into()),
            refusal("k", 5.into()),
            refusal("zero_point", 0.into()),
            refusal("zero_point", 2.into()),
            refusal("zero_point", (-1).into()),
            refusal("shape", serde_json::json!([0, 5])),
            refusal("shape", serde_json::json!([2, u64::MAX])),
            refusal("shape", serde_json::json!([3, 5])),
            refusal("words_offset", 0.into()),
        ];
        assert_snapshot!(told.join("\n"), @r#"
        it is "other", version 1
        9 bits are not 1 to 8
        there is no word layout "woven"
        a twos_complement word holds 1 to 64 weights, not 0
        the layout's digest is not that of its fields
        int2 in twos_complement words has no zero point 0
        int2 in twos_complement words has no zero point 2
        the weight -2 at [0, 0] has no code
        the shape [0, 5] has no weights
        its sizes and offsets do not follow from its shape
        its sizes and offsets do not follow from its shape
        its sizes and offsets do not follow from its shape
        "#);
        let unknown = with_field(&file, "colour", "red".into());
        assert_eq!(unpack(&unknown).unwrap_err().code, "packed-inconsistent");
    }

    #[test]
    fn a_scale_that_is_no_number_is_refused_even_with_the_right_checksum() {
        let file = small_file(WeightWord::Plain);
        let (_, payload) = split(&file).unwrap();
        let mut payload = payload.to_vec();
        payload[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        let checksum = hex(&Sha256::digest(&payload));
        let mut file = with_field(&file, "payload_sha256", checksum.into());
        let start = file.len() - payload.len();
        file[start..].copy_from_slice(&payload);
        assert_snapshot!(unpack(&file).unwrap_err(), @"the file is undamaged but not as this program writes one: NaN is no scale");
    }

    fn any_word() -> impl Strategy<Value = WeightWord> {
        let words = [WeightWord::Folded, WeightWord::Plain, WeightWord::TwosComplement];
        proptest::sample::select(words.to_vec())
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_give_back_the_weights(
            word in any_word(),
            k in 2u32..=7,
            bits in 1u32..=8,
            rows in 1usize..12,
            columns in 1usize..20,
            zero in 0u32..=255,
            seed: u64,
        ) {
            let format = int(bits);
            let whole = word == WeightWord::TwosComplement;
            let zero = if whole { format.codes() / 2 } else { zero % format.codes() };
            let random = |i: usize| (seed.rotate_left(i as u32 * 7) ^ (i as u64 * 0x9e37)) >> 3;
            let codes = (0..rows * columns).map(|i| (random(i) % u64::from(format.codes())) as u8);
            let zero_point = match zero {
                1 if !whole => ZeroPoint::MID_RISE,
                _ => ZeroPoint::of_code(format, zero as u8),
            };
            let original = weights([rows, columns], bits, zero_point, codes.collect());
            let packed = unpack(&pack(&original, layout(word, k)).unwrap()).unwrap();
            prop_assert_eq!(packed.quantised(), original.clone());
            let values = original.values();
            for (i, value) in values.iter().enumerate() {
                prop_assert_eq!(packed.value(i / columns, i % columns), *value);
            }
        }

        #[test]
        fn every_quantiser_round_trips_where_the_word_holds_it(
            word in any_word(),
            index in 0usize..24,
            data in proptest::collection::vec(-1.0f32..2.0, 12),
        ) {
            let matrix = crate::Matrix::new(3, 4, data).unwrap();
            let original = WeightQuantiser::all()[index].quantise("w", &matrix);
            match pack(&original, layout(word, 3)) {
                Ok(file) => prop_assert_eq!(unpack(&file).unwrap().quantised(), original),
                Err(problem) => {
                    prop_assert_eq!(word, WeightWord::TwosComplement);
                    let codes = ["pack-mid-rise", "pack-out-of-range"];
                    prop_assert!(codes.contains(&problem.code), "{}", problem);
                }
            }
        }

        #[test]
        fn no_bytes_make_unpacking_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..80),
            claims_to_be_packed: bool,
        ) {
            if claims_to_be_packed && bytes.len() >= 12 {
                bytes[..8].copy_from_slice(MAGIC);
                bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
            }
            prop_assert!(unpack(&bytes).is_err());
        }
    }
}
