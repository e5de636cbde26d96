//! Reading packed weight files.

use bitplane_formats::{TernaryGroup, WeightFormat, WeightWord, ZeroPoint, last_number};
use bitplane_spec::Problem;

use crate::container::{Content, check_payload, inconsistent, split};
use crate::grouping::Grouping;
use crate::layout::PackLayout;
use crate::pack::{Extent, FORMAT, PackHeader, VERSION, legal_scale};
use crate::packed::{PackedWeights, WordPlace};

/// Reads a packed weight file, checking everything about it.
///
/// # Errors
/// `packed-empty`, `packed-foreign` (another kind of file), `packed-version`, `packed-truncated`
/// and `packed-trailing` (with both lengths), `packed-checksum` (header or data were altered) or
/// `packed-inconsistent` (intact, but written wrongly).
pub fn unpack(bytes: &[u8]) -> Result<PackedWeights, Problem> {
    let (header, payload) = split(Content::Integers, bytes)?;
    let header: PackHeader =
        serde_json::from_slice(header).map_err(|error| inconsistent(&error.to_string()))?;
    let (format, layout, grouping, extent) = interpret(&header)?;
    let lengths = [header.payload_bytes, bytes.len()];
    check_payload(lengths, &header.payload_sha256, payload)?;
    let (scales, rest) = payload.split_at(extent.scale_bytes);
    let (zero_points, words) = rest.split_at(extent.words_offset - extent.scale_bytes);
    let zero_point = |bytes| ZeroPoint(i16::from_le_bytes(bytes).into());
    let packed = PackedWeights {
        scales: scales.as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes).collect(),
        zero_points: zero_points.as_chunks::<2>().0.iter().copied().map(zero_point).collect(),
        words: words.to_vec(),
        header,
        format,
        layout,
        grouping,
        extent,
    };
    check_content(&packed)?;
    Ok(packed)
}

/// What the header's fields mean, if they agree with each other.
fn interpret(header: &PackHeader) -> Result<(WeightFormat, PackLayout, Grouping, Extent), Problem> {
    let fail = |reason: String| Err(inconsistent(&reason));
    if header.format != FORMAT || header.version != VERSION {
        return fail(format!("it is {:?}, version {}", header.format, header.version));
    }
    let Some(planes) = WeightFormat::new(header.bits) else {
        return fail(format!("{} bits are not 1 to 8", header.bits));
    };
    let Some(word) = PackLayout::word_called(&header.word) else {
        return fail(format!("there is no word layout {:?}", header.word));
    };
    let format = match word {
        WeightWord::Ternary | WeightWord::TernaryBytes => WeightFormat::TERNARY,
        // No file names floating-point words.
        WeightWord::Folded | WeightWord::Plain | WeightWord::TwosComplement | WeightWord::Codes => {
            planes
        }
    };
    if header.bits != format.bits() {
        return fail(format!("a trit is stored as {} bits, not {}", format.bits(), header.bits));
    }
    let layout =
        PackLayout::new(word, header.k).map_err(|problem| inconsistent(&problem.message))?;
    if header.shape.contains(&0) {
        return fail(format!("the shape {:?} has no weights", header.shape));
    }
    let [outputs, inputs] = header.shape;
    let grouping =
        Grouping::new(inputs, header.group).map_err(|problem| inconsistent(&problem.message))?;
    if header.layout_digest != layout.digest(format, grouping) {
        return fail("the layout's digest is not that of its fields".to_owned());
    }
    match Extent::of(outputs, grouping, format, layout) {
        Some(extent) if sizes(header) == sizes_of(extent) => Ok((format, layout, grouping, extent)),
        _ => fail("its sizes and offsets do not follow from its shape".to_owned()),
    }
}

fn sizes(header: &PackHeader) -> [usize; 4] {
    let PackHeader { scales_offset, zero_points_offset, words_offset, payload_bytes, .. } = *header;
    [scales_offset, zero_points_offset, words_offset, payload_bytes]
}

fn sizes_of(extent: Extent) -> [usize; 4] {
    [0, extent.scale_bytes, extent.words_offset, extent.payload_bytes]
}

/// Checks what only a wrong writer can have got wrong.
fn check_content(packed: &PackedWeights) -> Result<(), Problem> {
    if let Some(scale) = packed.scales.iter().find(|&&scale| !legal_scale(scale)) {
        return Err(inconsistent(&format!("{scale} is no scale")));
    }
    let whole = packed.layout.word() == WeightWord::TwosComplement;
    let illegal = |&&z: &&ZeroPoint| !packed.format.accepts(z) || (whole && z.0 == 0);
    if let Some(z) = packed.zero_points.iter().find(illegal) {
        let (format, word) = (packed.format, &packed.header.word);
        return Err(inconsistent(&format!("{format} in {word} words has no zero point {}", z.0)));
    }
    if packed.layout.word() == WeightWord::Ternary {
        return check_trits(packed);
    }
    if !whole {
        return Ok(());
    }
    for output in 0..packed.outputs() {
        for input in 0..packed.inputs() {
            let value = packed.stored_integer(output, input);
            let lowest = packed.lowest_value(output, packed.grouping.group_of(input));
            if !(lowest..lowest + packed.format.codes() as i32).contains(&value) {
                return Err(inconsistent(&format!(
                    "the weight {value} at [{output}, {input}] has no code"
                )));
            }
        }
    }
    Ok(())
}

/// Checks that every word is that of a group of ternary weights.
fn check_trits(packed: &PackedWeights) -> Result<(), Problem> {
    let k = packed.layout.k();
    let places = (0..packed.outputs())
        .flat_map(|output| (0..packed.extent.words).map(move |word| (output, word)));
    for (output, word) in places {
        let found = packed.word(WordPlace { word, plane: 0, output }) as u32;
        let group = TernaryGroup::from_word(found, k);
        if group.number > last_number(k) || (group.sign && group.number == 0) {
            let reason = format!("word {word} of output channel {output} is {found:#b}");
            return Err(inconsistent(&reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{MAGIC, PREAMBLE_BYTES, assemble};
    use crate::layout::hex;
    use crate::pack::pack;
    use crate::quantise::WeightQuantiser;
    use crate::quantised::QuantisedWeights;
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    fn int(bits: u32) -> WeightFormat {
        WeightFormat::new(bits).unwrap()
    }

    fn layout(word: WeightWord, k: u32) -> PackLayout {
        PackLayout::new(word, k).unwrap()
    }

    fn place(word: usize, plane: u32, output: usize) -> WordPlace {
        WordPlace { word, plane, output }
    }

    /// Weights with the given codes on one grid, in one group per output channel.
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
            rows,
            grouping: Grouping::per_channel(columns),
            codes,
            scales: (0..rows).map(|row| row as f32 * 0.5).collect(),
            zero_points: vec![zero_point; rows],
        }
    }

    /// The same in groups of `size`, every group with scales and zero points of its own.
    fn in_groups(size: usize, original: QuantisedWeights) -> QuantisedWeights {
        let grouping = Grouping::new(original.columns(), size).unwrap();
        let spans = original.rows * grouping.count();
        let codes = original.format.codes() as usize;
        let zero_points =
            (0..spans).map(|i| ZeroPoint::of_code(original.format, (i % codes) as u8));
        QuantisedWeights {
            grouping,
            scales: (0..spans).map(|i| i as f32 * 0.25).collect(),
            zero_points: zero_points.collect(),
            ..original
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
        let (header, payload) = split(Content::Integers, file).unwrap();
        let mut header: serde_json::Value = serde_json::from_slice(header).unwrap();
        header[field] = value;
        assemble(Content::Integers, &serde_json::to_vec(&header).unwrap(), payload)
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
          "version": 2,
          "tensor": "layer.weight",
          "shape": [
            2,
            5
          ],
          "quantiser": "int2",
          "bits": 2,
          "word": "folded",
          "k": 4,
          "group": 0,
          "layout_digest": "1282ff79becaa6a8",
          "scales_offset": 0,
          "zero_points_offset": 8,
          "words_offset": 12,
          "payload_bytes": 16,
          "payload_sha256": "60d81f957d18e6c8eb694cbf1292d1d4a473ccd0fc002b1d856ead53c218902c"
        }
        "#);
    }

    #[test]
    fn words_and_padding_are_what_the_weight_port_takes() {
        let packed = unpack(&small_file(WeightWord::Folded)).unwrap();
        assert_eq!((packed.words_of(0), packed.planes(), packed.word_bits()), (0..2, 2, 4));
        // Channel 0, group 0, plane 0: bits 0 1 0 1 fold to index 010 with no sign.
        assert_eq!(packed.word(place(0, 0, 0)), 0b0010);
        // Code 0 everywhere folds to index 111, negated.
        assert_eq!(packed.word(place(2, 0, 0)), 0b1111);
        assert_eq!(packed.word(place(0, 1, 2)), 0b1111);
        let whole = unpack(&small_file(WeightWord::TwosComplement)).unwrap();
        // -2 -1 0 1, element 0 lowest.
        assert_eq!(whole.word(place(0, 0, 0)), 0b01_00_11_10);
        assert_eq!(whole.word(place(1, 0, 0)), 0b01);
        assert_eq!(whole.word(place(2, 0, 0)), 0);
    }

    #[test]
    fn long_words_come_in_pieces_of_64_bits() {
        let codes: Vec<u8> = (0..50).map(|i| i * 5).collect();
        let original = weights([1, 50], 8, ZeroPoint::TWOS_COMPLEMENT, codes);
        let file = pack(&original, layout(WeightWord::TwosComplement, 20)).unwrap();
        let packed = unpack(&file).unwrap();
        let pieces: Vec<_> = packed.word_pieces(place(1, 0, 0)).collect();
        assert_eq!(pieces.iter().map(|piece| piece.1).collect::<Vec<_>>(), [64, 64, 32]);
        assert_eq!(pieces[0].0, packed.word(place(1, 0, 0)));
        for element in 0..20 {
            let (piece, _) = pieces[element / 8];
            let value = (piece >> (element % 8 * 8)) as u8 as i8;
            assert_eq!(i32::from(value), packed.value(0, 20 + element));
        }
        assert_eq!(packed.word_pieces(place(3, 0, 0)).map(|piece| piece.0).sum::<u64>(), 0);
    }

    #[test]
    fn ternary_codes_are_stored_as_their_integers_in_twos_complement_words() {
        let ternary = weights([1, 3], 2, ZeroPoint(-1), vec![0, 1, 2]);
        let file = pack(&ternary, layout(WeightWord::TwosComplement, 4)).unwrap();
        let packed = unpack(&file).unwrap();
        assert_eq!(packed.word(place(0, 0, 0)), 0b00_01_00_11);
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
            refusal(|w| w.zero_points.truncate(1)),
            refusal(|w| w.codes[3] = 4),
            refusal(|w| w.zero_points[1] = ZeroPoint(2)),
            refusal(|w| w.scales[1] = f32::NAN),
        ];
        assert_snapshot!(told.join("\n"), @r"
        these weights cannot be packed: the shape [0, 5] has no weights
        these weights cannot be packed: 9 codes do not fill the shape [2, 5]
        these weights cannot be packed: there are 3 scales for 2 output channels of 1 groups
        these weights cannot be packed: there are 1 zero points for 2 scales
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
        assert_snapshot!(unpack(&file).unwrap_err(), @"the file has packing version 7; this program reads version 2");
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
            refusal("group", 6.into()),
            refusal("group", 2.into()),
            refusal("shape", serde_json::json!([0, 5])),
            refusal("shape", serde_json::json!([2, u64::MAX])),
            refusal("shape", serde_json::json!([3, 5])),
            refusal("words_offset", 0.into()),
            refusal("zero_points_offset", 4.into()),
        ];
        assert_snapshot!(told.join("\n"), @r#"
        it is "other", version 2
        9 bits are not 1 to 8
        there is no word layout "woven"
        a twos_complement word holds 1 to 64 weights, not 0
        the layout's digest is not that of its fields
        a group of 6 input channels does not fit the 5 that there are
        the layout's digest is not that of its fields
        the shape [0, 5] has no weights
        its sizes and offsets do not follow from its shape
        its sizes and offsets do not follow from its shape
        its sizes and offsets do not follow from its shape
        its sizes and offsets do not follow from its shape
        "#);
        let unknown = with_field(&file, "colour", "red".into());
        assert_eq!(unpack(&unknown).unwrap_err().code, "packed-inconsistent");
    }

    /// What is said about a file whose payload has other bytes at `at` and the right checksum.
    fn refusal_of_payload(word: WeightWord, at: usize, bytes: &[u8]) -> String {
        let file = small_file(word);
        let (_, payload) = split(Content::Integers, &file).unwrap();
        let mut payload = payload.to_vec();
        payload[at..][..bytes.len()].copy_from_slice(bytes);
        let checksum = hex(&Sha256::digest(&payload));
        let mut file = with_field(&file, "payload_sha256", checksum.into());
        let start = file.len() - payload.len();
        file[start..].copy_from_slice(&payload);
        unpack(&file).unwrap_err().to_string()
    }

    #[test]
    fn scales_and_zero_points_that_are_none_are_refused_even_with_the_right_checksum() {
        let plain = |at, bytes: &[u8]| refusal_of_payload(WeightWord::Plain, at, bytes);
        assert_snapshot!(plain(0, &f32::NAN.to_le_bytes()), @"the file is undamaged but not as this program writes one: NaN is no scale");
        // Two scales come before the zero points.
        assert_snapshot!(plain(10, &2i16.to_le_bytes()), @"the file is undamaged but not as this program writes one: int2 in plain words has no zero point 2");
        let whole = |at, bytes: &[u8]| refusal_of_payload(WeightWord::TwosComplement, at, bytes);
        assert_snapshot!(whole(10, &0i16.to_le_bytes()), @"the file is undamaged but not as this program writes one: int2 in twos_complement words has no zero point 0");
        assert_snapshot!(whole(10, &(-1i16).to_le_bytes()), @"the file is undamaged but not as this program writes one: the weight -2 at [1, 2] has no code");
    }

    #[test]
    fn a_file_of_the_first_version_is_refused_by_its_version() {
        let mut file = small_file(WeightWord::Folded);
        file[8] = 1;
        assert_snapshot!(unpack(&file).unwrap_err(), @"the file has packing version 1; this program reads version 2");
    }

    #[test]
    fn every_quantisation_group_begins_a_new_word_and_keeps_its_zero_point() {
        let original = in_groups(3, small());
        let packed = unpack(&pack(&original, layout(WeightWord::Plain, 2)).unwrap()).unwrap();
        // Groups of 3 and 2 in words of 2: two words and one.
        assert_eq!((packed.words_of(0), packed.words_of(1)), (0..2, 2..3));
        // Channel 0 has codes 0 1 2 | 3 3; plane 0 of the third word holds 1 1.
        assert_eq!([0, 1, 2].map(|word| packed.word(place(word, 0, 0))), [0b10, 0b00, 0b11]);
        let zeros: Vec<i32> = packed.zero_points().iter().map(|z| z.0).collect();
        assert_eq!(zeros, [-3, -1, 1, 3]);
        assert_eq!((packed.zero_point(1, 0), packed.scale(1, 0)), (ZeroPoint(1), 0.5));
        assert_eq!(packed.common_zero_point(0), None);
        let equal = unpack(&small_file(WeightWord::Plain)).unwrap();
        assert_eq!(equal.common_zero_point(0), Some(ZeroPoint::TWOS_COMPLEMENT));
    }

    #[test]
    fn a_core_takes_twos_complement_words_by_the_integers_in_them() {
        let ternary = weights([1, 3], 2, ZeroPoint(-1), vec![0, 1, 2]);
        let whole =
            unpack(&pack(&ternary, layout(WeightWord::TwosComplement, 4)).unwrap()).unwrap();
        assert_eq!((whole.codes(), whole.core_codes()), (vec![0, 1, 2], vec![1, 2, 3]));
        let planes = unpack(&pack(&ternary, layout(WeightWord::Folded, 4)).unwrap()).unwrap();
        assert_eq!(planes.core_codes(), [0, 1, 2]);
    }

    #[test]
    fn weights_of_two_bits_are_the_same_in_trits() {
        let ternary = weights([2, 4], 2, ZeroPoint(-1), vec![0, 1, 2, 2, 1, 1, 1, 0]);
        let packed = unpack(&pack(&ternary, layout(WeightWord::Ternary, 3)).unwrap()).unwrap();
        assert_eq!((packed.format(), packed.word_bits()), (WeightFormat::TERNARY, 5));
        // -1 + 3 * 0 + 9 * 1, then 1; 0, then -1 with its sign above four bits.
        let words = [(0, 0), (1, 0), (0, 1), (1, 1)];
        let words = words.map(|(word, output)| packed.word(place(word, 0, output)));
        assert_eq!(words, [8, 1, 0, 0b1_0001]);
        assert_eq!(packed.quantised().values(), ternary.values());
        let binary = weights([1, 2], 1, ZeroPoint::MID_RISE, vec![0, 1]);
        let packed = unpack(&pack(&binary, layout(WeightWord::Ternary, 2)).unwrap()).unwrap();
        assert_eq!(packed.codes(), [0, 2]);
        let back = pack(&packed.quantised(), layout(WeightWord::TwosComplement, 2)).unwrap();
        assert_eq!(unpack(&back).unwrap().quantised().values(), [-1, 1]);
    }

    #[test]
    fn weights_beyond_one_are_not_packed_in_trits() {
        let refusal = pack(&small(), layout(WeightWord::Ternary, 3)).unwrap_err();
        assert_snapshot!(refusal, @"the weight of output channel 0, input channel 0 is -2; a ternary core reads -1, 0 and 1");
    }

    #[test]
    fn a_number_beyond_the_last_entry_is_not_a_group_of_trits() {
        let ternary = weights([1, 3], 2, ZeroPoint(-1), vec![2, 2, 2]);
        let file = pack(&ternary, layout(WeightWord::Ternary, 3)).unwrap();
        let (header, payload) = split(Content::Integers, &file).unwrap();
        let mut payload = payload.to_vec();
        *payload.last_mut().unwrap() = 14;
        let mut header: serde_json::Value = serde_json::from_slice(header).unwrap();
        header["payload_sha256"] = hex(&Sha256::digest(&payload)).into();
        let altered = assemble(Content::Integers, &serde_json::to_vec(&header).unwrap(), &payload);
        assert_snapshot!(unpack(&altered).unwrap_err(), @"the file is undamaged but not as this program writes one: word 0 of output channel 0 is 0b1110");
        let wide = with_field(&file, "bits", 3.into());
        assert_snapshot!(unpack(&wide).unwrap_err(), @"the file is undamaged but not as this program writes one: a trit is stored as 2 bits, not 3");
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
            group in 0usize..20,
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
            let original = match group {
                1.. if group <= columns && !whole => in_groups(group, original),
                _ => original,
            };
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
            quantiser in proptest::sample::select(WeightQuantiser::all()),
            group in 0usize..5,
            data in proptest::collection::vec(-1.0f32..2.0, 12),
        ) {
            let matrix = crate::Matrix::new(3, 4, data).unwrap();
            let grouping = quantiser.grouping(4, group).unwrap_or(Grouping::per_channel(4));
            let original = quantiser.quantise("w", &matrix, grouping);
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
        fn ternary_weights_round_trip_in_words_of_every_length(
            k in 1u32..=6,
            rows in 1usize..12,
            columns in 1usize..20,
            seed: u64,
        ) {
            let random = |i: usize| seed.rotate_left(i as u32 * 7) ^ (i as u64 * 0x9e37);
            let codes = (0..rows * columns).map(|i| (random(i) >> 3) as u8 % 3);
            let original = QuantisedWeights {
                format: WeightFormat::TERNARY,
                ..weights([rows, columns], 2, ZeroPoint::MID_RISE, codes.collect())
            };
            for (word, k) in [(WeightWord::Ternary, k), (WeightWord::TernaryBytes, 4 * k)] {
                let packed = unpack(&pack(&original, layout(word, k)).unwrap()).unwrap();
                prop_assert_eq!(packed.quantised(), original.clone());
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
