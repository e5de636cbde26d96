//! Faults of the RTL that was published with LUT Tensor Core, each as a test that our cores pass.
//!
//! That RTL shifts a packed floating-point table entry by adding the plane's number to its exponent
//! field, has neither handshake nor table registers, and needs cells from elsewhere.

use crate::common::{generated, verilator};
use crate::faults::regression_with;
use bitplane_formats::{FloatFormat, WeightFormat, ZeroPoint};
use bitplane_simulate::{Layer, Monitor, Start, Weights, ZeroPoints, layer};

/// FP16 activations against odd integers of four bits, with the registers of the two-stage variant.
fn text(result: &str) -> String {
    format!(
        "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int4'\n\
         tile = {{ m = 1, n = 4, k = 2 }}\naccumulate = {{ max_k = 8, align_bits = 'exact', result = \
         '{result}' }}\npipeline.stages = 2\n"
    )
}

/// The same, but for the order of that RTL: entries and sums are rounded.
fn rounded_text(result: &str) -> String {
    text(result)
        .replace("align_bits = 'exact'", "mode = 'float'")
        .replace("pipeline.stages = 2\n", "")
}

/// What the core of [`text`] makes of `activations` (FP16 codes) and four columns of as many codes.
fn outputs(result: &str, activations: &[i32], codes: &[u16]) -> Option<Vec<u32>> {
    outputs_of(&text(result), activations, codes)
}

fn outputs_of(text: &str, activations: &[i32], codes: &[u16]) -> Option<Vec<u32>> {
    let (spec, simulator) = generated(text)?;
    let run = Layer {
        tokens: 1,
        inputs: activations.len(),
        outputs: codes.len() / activations.len(),
        activations,
        weight: WeightFormat::new(4).unwrap(),
        codes,
        weights: Weights::Codes,
        zero_points: ZeroPoints::Constant(ZeroPoint::MID_RISE),
    };
    let report = layer(&simulator, &spec, &run, &Start::default(), &Monitor::silent()).unwrap();
    assert_eq!(report.first_mismatch, None);
    Some(report.outputs.iter().map(|code| *code as u32).collect())
}

fn fp16(value: f64) -> i32 {
    FloatFormat::FP16.of_f64(value) as i32
}

#[test]
fn an_entry_of_zero_stays_zero_on_every_plane() {
    // One bit set on each plane: with plus and minus zero, and with numbers that cancel.
    let codes = [1, 1, 2, 2, 4, 4, 8, 8];
    for activations in [[0, 0], [0, 0x8000], [fp16(3.5), fp16(-3.5)]] {
        let Some(outputs) = outputs("fp16", &activations, &codes) else { return };
        assert_eq!(outputs, [0; 4], "{activations:?}");
    }
}

#[test]
fn a_subnormal_entry_is_multiplied_by_its_planes_significance() {
    // q' = 2q - 15; the smallest subnormal number is 2^-24, and so its multiples are their own codes.
    let Some(outputs) = outputs("fp16", &[1, 0], &[15, 15, 8, 8, 9, 9, 7, 7]) else { return };
    assert_eq!(outputs, [15, 1, 3, 0x8001]);
}

#[test]
fn an_entry_that_the_highest_plane_takes_beyond_the_largest_number_is_infinite_and_not_lost() {
    let codes = [15, 15, 8, 8, 0, 0, 9, 9];
    let Some(narrow) = outputs("fp16", &[fp16(32768.0), 0], &codes) else { return };
    // Plane 3 alone is beyond FP16 in each column; what the planes leave of it in the second is not.
    assert_eq!(narrow, [0x7c00, 0x7800, 0xfc00, 0x7c00]);
    let Some(wide) = outputs("fp32", &[fp16(32768.0), 0], &codes) else { return };
    let expected = [491_520.0f32, 32768.0, -491_520.0, 98304.0];
    assert_eq!(wide, expected.map(f32::to_bits));
}

#[test]
fn entries_that_are_rounded_have_none_of_the_faults_of_packed_codes() {
    let rounded = |result: &str, activations: &[i32], codes: &[u16]| {
        outputs_of(&rounded_text(result), activations, codes)
    };
    // A zero on every plane, a subnormal number on every plane.
    let codes = [1, 1, 2, 2, 4, 4, 8, 8];
    for activations in [[0, 0], [0, 0x8000], [fp16(3.5), fp16(-3.5)]] {
        let Some(outputs) = rounded("fp16", &activations, &codes) else { return };
        assert_eq!(outputs, [0; 4], "{activations:?}");
    }
    let Some(subnormal) = rounded("fp16", &[1, 0], &[15, 15, 8, 8, 9, 9, 7, 7]) else { return };
    assert_eq!(subnormal, [15, 1, 3, 0x8001]);
    // 32768 counts 65536 on plane 1 already. Where the highest plane turns the sign, both infinities meet.
    let large = [fp16(32768.0), 0];
    let Some(narrow) = rounded("fp16", &large, &[15, 15, 8, 8, 0, 0, 9, 9]) else { return };
    assert_eq!(narrow, [0x7c00, 0x7e00, 0xfc00, 0x7e00]);
    let Some(wide) = rounded("fp32", &large, &[15, 15, 8, 8, 0, 0, 9, 9]) else { return };
    assert_eq!(wide, [491_520.0f32, 32768.0, -491_520.0, 98304.0].map(f32::to_bits));
}

#[test]
fn with_two_stages_every_plane_counts_with_its_own_significance() {
    // All 16 codes one after the other, so that a plane of the step before would show.
    for codes in (0..16u16).collect::<Vec<_>>().chunks(4) {
        let both: Vec<u16> = codes.iter().flat_map(|code| [*code, 15 - code, 8, *code]).collect();
        let values = [1.0, 0.5, -0.25, 2.0];
        let Some(outputs) = outputs("fp32", &values.map(fp16), &both) else { return };
        for (weights, output) in both.chunks(4).zip(outputs) {
            let weight = |code: &u16| 2.0 * f64::from(*code) - 15.0;
            let sum: f64 =
                weights.iter().zip(values).map(|(code, value)| weight(code) * value).sum();
            assert_eq!(f64::from(f32::from_bits(output)), sum, "{weights:?}");
        }
    }
}

/// Weights of one bit have one plane, whose number has no bits.
const ONE_BIT: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int4'\nweight.format = 'int1'\n\
                       tile = { m = 1, n = 3, k = 2 }\naccumulate.max_k = 64\n";

#[test]
fn weights_of_one_bit_have_no_vector_of_minus_one() {
    let Some(verilator) = verilator() else { return };
    let spec = bitplane_spec::parse(ONE_BIT, "one_bit").unwrap().spec;
    let files = bitplane_emit::bundle(&spec).files;
    assert!(files.iter().all(|file| !file.text.contains("[-1:0]")));
    assert!(regression_with(&verilator, ONE_BIT, None).passed());
}

#[test]
fn runs_begin_and_end_by_marks_stall_with_every_stream_and_are_cleared() {
    let Some(verilator) = verilator() else { return };
    // The regression clears and resets runs on their way; it builds from the bundle's own files.
    let report = regression_with(&verilator, &text("fp16"), None);
    assert!(report.passed(), "{:?}", report.failure);
    assert!(report.stalled_runs >= 30, "{} stalled runs", report.stalled_runs);
}

#[test]
fn tables_weights_and_their_builders_are_units_of_the_core_with_registers_that_are_counted() {
    let spec = bitplane_spec::parse(&text("fp16"), "core").unwrap().spec;
    let units = bitplane_emit::bundle(&spec).manifest.units;
    let flops = |name: &str| units.iter().find(|unit| unit.unit == name).map(|unit| unit.flops);
    // Two entries of a bit less than 42, and the bit that they share; a plane of two bits a column.
    assert_eq!(flops("table_registers"), Some(2 * 41 + 1));
    assert_eq!(flops("weight_register"), Some(4 * 2));
    assert!(flops("table_precompute").is_some());
}

#[test]
fn every_port_is_a_packed_vector() {
    for text in [text("fp16"), ONE_BIT.to_owned()] {
        let spec = bitplane_spec::parse(&text, "core").unwrap().spec;
        for file in bitplane_emit::bundle(&spec).files {
            let ports = file
                .text
                .lines()
                .filter(|line| line.starts_with("  input ") || line.starts_with("  output "));
            for port in ports {
                let name = port.trim_end_matches(',').split_whitespace().next_back().unwrap();
                assert!(!name.contains('['), "{}: {port}", file.path);
            }
        }
    }
}
