//! The order of bits on the ports, beat by beat, against words worked out by hand.

use crate::common::{Shape, manifest, spec};
use bitplane_emit::manifest::Manifest;
use bitplane_formats::ZeroPoint;
use bitplane_simulate::{Case, Encoder};
use bitplane_spec::{
    Architecture, Entry, Fold, PlaneOrder, Precompute, Select, Spec, Symmetry, Table, ZeroPointMode,
};

/// One row, two columns, groups of two, int4 activations, int2 weights.
const TINY: Shape = Shape { m: 1, n: 2, k: 2, activation: 4, weight: 2, drain: 2, max_k: 32 };

fn table_core(symmetry: Symmetry, precompute: Precompute) -> Spec {
    let table =
        Table { symmetry, precompute, select: Select::OneHot, entry: Entry::Exact, copies: 1 };
    Spec { architecture: Architecture::LookUp(table), ..spec(TINY) }
}

fn with_data_bits(stream: &str, bits: u32) -> Manifest {
    let mut manifest = manifest(TINY);
    let name = format!("{stream}_data_i");
    manifest.ports.iter_mut().filter(|port| port.name == name).for_each(|port| port.bits = bits);
    manifest
}

/// One k-step: activations (-8, 3); column 0 has the codes (0, 1), column 1 (2, 3).
fn case(spec: &Spec) -> Case {
    let mut case = Case::zero(spec, 1);
    case.activations = vec![-8, 3];
    case.codes = vec![0, 1, 2, 3];
    case.zero_point = ZeroPoint(-3);
    case
}

/// Data words of the weight beats; word 0 of a beat is `weight_last_i`.
fn weight_words(spec: &Spec, manifest: &Manifest) -> Vec<u32> {
    let mut beats = Vec::new();
    Encoder::new(spec, manifest).unwrap().weight_beats(&case(spec), &mut beats);
    beats.chunks(2).map(|beat| beat[1]).collect()
}

#[test]
fn plain_planes_come_lowest_first_with_element_0_of_column_0_lowest() {
    let spec = table_core(Symmetry::Full, Precompute::Shared);
    // Plane 0 of (0, 1) is (0, 1), of (2, 3) too; plane 1 is (0, 0) and (1, 1).
    assert_eq!(weight_words(&spec, &manifest(TINY)), [0b10_10, 0b11_00]);
}

#[test]
fn folded_planes_carry_sign_on_top_and_the_agreement_with_the_last_element_below() {
    let spec = table_core(Symmetry::Half { fold: Fold::Offline }, Precompute::Shared);
    // (0, 1): last is 1, no sign, element 0 differs. (0, 0): sign, agrees. (1, 1): agrees.
    assert_eq!(weight_words(&spec, &manifest(TINY)), [0b00_00, 0b01_11]);
    let runtime = table_core(Symmetry::Half { fold: Fold::Runtime }, Precompute::Shared);
    assert_eq!(weight_words(&runtime, &manifest(TINY)), [0b10_10, 0b11_00]);
}

#[test]
fn in_passes_the_highest_plane_comes_first_with_all_steps_and_activations_come_again() {
    let mut spec = table_core(Symmetry::Full, Precompute::Shared);
    spec.tile.plane_order = PlaneOrder::Outer;
    let mut case = Case::zero(&spec, 2);
    case.activations = vec![1, 2, 3, 4];
    // Column 0 has the codes (0, 1) and (2, 3), column 1 zeros.
    case.codes[..4].copy_from_slice(&[0, 1, 2, 3]);
    let encoder = Encoder::new(&spec, &manifest(TINY)).unwrap();
    let (mut weights, mut activations) = (Vec::new(), Vec::new());
    encoder.weight_beats(&case, &mut weights);
    // last, data: plane 1 of both steps, then plane 0.
    assert_eq!(weights, [0, 0b00, 1, 0b11, 0, 0b10, 1, 0b10]);
    encoder.activation_beats(&case, &mut activations);
    let fields = |beat: &[u32]| (beat[0], beat[1], beat[6]);
    let beats: Vec<_> = activations.chunks(7).map(fields).collect();
    assert_eq!(beats, [(1, 0, 0x21), (0, 1, 0x43), (1, 0, 0x21), (0, 1, 0x43)]);
}

#[test]
fn a_multiplier_array_takes_twos_complement_weights_in_one_beat() {
    let mut spec = spec(TINY);
    spec.architecture = Architecture::MacArray;
    spec.zero_point = ZeroPointMode::None;
    spec.bus.weight = spec.weight_beat_bits();
    // Codes 0, 1, 2, 3 are -2, -1, 0, 1.
    assert_eq!(weight_words(&spec, &with_data_bits("weight", 8)), [0b01_00_11_10]);
}

#[test]
fn an_activation_beat_carries_its_fields_in_port_order() {
    let spec = spec(TINY);
    let mut beats = Vec::new();
    Encoder::new(&spec, &manifest(TINY)).unwrap().activation_beats(&case(&spec), &mut beats);
    // first, last, rows, columns, zero point (3 bits), keep, data.
    assert_eq!(beats, [1, 1, 1, 2, 0b101, 0b11, 0x38]);
}

#[test]
fn external_tables_are_built_with_the_last_element_positive_and_zeroed_elements_left_out() {
    let entries = |symmetry, bits, keep: [bool; 2]| {
        let mut spec = table_core(symmetry, Precompute::External);
        spec.bus.activation = spec.activation_step_bits();
        let mut case = case(&spec);
        case.keep = keep.to_vec();
        let mut beats = Vec::new();
        let encoder = Encoder::new(&spec, &with_data_bits("activation", bits)).unwrap();
        encoder.activation_beats(&case, &mut beats);
        *beats.last().unwrap()
    };
    let half = Symmetry::Half { fold: Fold::Offline };
    // Half: 5-bit entries 3 + 8 and 3 - 8, which share their lowest bit.
    assert_eq!(entries(half, 9, [true, true]), 0b1101_0101 << 1 | 1);
    assert_eq!(entries(half, 9, [false, true]), 0b0001_0001 << 1 | 1);
    // Full: 6-bit entries 8 - 3, -8 - 3, 8 + 3, -8 + 3.
    assert_eq!(entries(Symmetry::Full, 21, [true, true]), 0b11101_00101_11010_00010 << 1 | 1);
}
