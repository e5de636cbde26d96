//! Proofs by a real Yosys, named by `BITPLANE_YOSYS` or found on `PATH`. Without one the tests are
//! skipped and say so; `BITPLANE_REQUIRE_TOOLS=1` makes that a failure.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use bitplane_synthesise::{Failure, Lemma, Proof, ProofRequest, Proofs, Watch, Yosys};

/// Seconds for a proof; each takes a few.
const SECONDS: u32 = 120;

fn skip(why: &dyn std::fmt::Display) {
    let required = env::var("BITPLANE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(!required, "Yosys is required: {why}");
    eprintln!("SKIPPED, NOT TESTED: Yosys is missing: {why}");
}

fn yosys() -> Option<Yosys> {
    let path = env::var_os("BITPLANE_YOSYS").unwrap_or_else(|| "yosys".into());
    Yosys::at(path).map_err(|error| skip(&error)).ok()
}

fn watched<T>(work: impl FnOnce(&Watch<'_>) -> Result<T, Failure>) -> T {
    let never = AtomicBool::new(false);
    work(&Watch { on_stage: &|_| (), interrupt: &never }).unwrap()
}

fn proofs(yosys: Yosys, folder: &Path, config: &str) -> Proofs {
    let spec = bitplane_spec::parse(config, "unit").unwrap().spec;
    let bundle = bitplane_emit::bundle(&spec);
    for file in &bundle.files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.text).unwrap();
    }
    let manifest = bundle.manifest;
    let request = ProofRequest { bundle_dir: folder.into(), manifest, spec, yosys };
    watched(|watch| Proofs::prepare(request, watch))
}

/// Every lemma of the core holds, and none with three changes of its unit, of the first ten.
fn hold_and_can_fail(config: &str, units: &[&str]) {
    let Some(yosys) = yosys() else { return };
    let folder = tempfile::tempdir().unwrap();
    let proofs = proofs(yosys, folder.path(), config);
    let proved: Vec<&str> = proofs.lemmas.iter().map(|lemma| lemma.unit.as_str()).collect();
    assert_eq!(proved, units);
    for lemma in &proofs.lemmas {
        let (proof, time) = watched(|watch| proofs.prove(lemma, SECONDS, watch));
        eprintln!("{}: {proof:?} in {time:.1?} ({})", lemma.unit, lemma.widths);
        assert_eq!(proof, Proof::Proved, "{}", lemma.unit);
        let refuted = refuted(&proofs, lemma);
        assert!(refuted >= 3, "{}: only {refuted} of ten changes are refuted", lemma.unit);
    }
}

/// How many of up to ten changes of its unit refute `lemma`; three are enough.
fn refuted(proofs: &Proofs, lemma: &Lemma) -> usize {
    let changes = watched(|watch| proofs.changes(lemma, 10, 5, watch));
    let refuted = changes.iter().filter(|change| {
        let (proof, _) = watched(|watch| proofs.prove_changed(lemma, change, SECONDS, watch));
        proof == Proof::Refuted
    });
    refuted.take(3).count()
}

#[test]
fn units_of_an_integer_look_up_core_are_proved_and_a_change_refutes_each_proof() {
    hold_and_can_fail(
        "kind = 'lut_tensor_core'\n[activation]\nformat = 'int8'\n[weight]\nformat = 'int2'\n\
         [tile]\nm = 1\nn = 2\nk = 4\n[group]\nzero_point = 'constant'\n",
        &[
            "table_precompute",
            "weight_decoder",
            "select_lane",
            "plane_accumulator",
            "activation_sum",
            "zero_point_correction",
        ],
    );
}

#[test]
fn units_of_a_core_with_rounded_entries_are_proved_and_a_change_refutes_each_proof() {
    hold_and_can_fail(
        "kind = 'lut_tensor_core'\n[activation]\nformat = 'int8'\n[weight]\nformat = 'int2'\n\
         [tile]\nm = 1\nn = 2\nk = 4\ngroups = 2\n[table]\nentry = 'int8'\n\
         [group]\nzero_point = 'constant'\n",
        &[
            "table_precompute",
            "table_rounder",
            "step_sum",
            "weight_decoder",
            "select_lane",
            "plane_accumulator",
            "activation_sum",
            "zero_point_correction",
        ],
    );
}

#[test]
fn sums_of_rounded_entries_are_proved_to_be_rounded_in_their_units() {
    hold_and_can_fail(
        "kind = 'lut_tensor_core'\n[activation]\nformat = 'fp8_e4m3'\n[weight]\nformat = 'int1'\n\
         [tile]\nm = 1\nn = 1\nk = 2\n[table]\nentry = 'int8'\n\
         [accumulate]\nmax_k = 16\nalign_bits = 10\nresult = 'fp16'\n",
        &[
            "aligner",
            "table_exponent",
            "table_precompute",
            "table_rounder",
            "weight_decoder",
            "select_lane",
            "plane_accumulator",
            "fixed_to_float",
        ],
    );
}

#[test]
fn codes_of_rounded_look_ups_are_proved_to_keep_their_values_both_ways() {
    for (activation, result) in [("fp16", "fp16"), ("fp8_e4m3", "fp32")] {
        let config = format!(
            "kind = 'lut_tensor_core'\n[activation]\nformat = '{activation}'\n\
             [weight]\nformat = 'int2'\n[tile]\nm = 1\nn = 1\nk = 2\n\
             [accumulate]\nmode = 'float'\nresult = '{result}'\n"
        );
        hold_and_can_fail(&config, &["number_decoder", "weight_decoder", "number_encoder"]);
    }
}

#[test]
fn a_byte_of_ternary_weights_is_proved_to_give_their_words() {
    hold_and_can_fail(
        "kind = 'lut_tensor_core'\n[activation]\nformat = 'int4'\n[weight]\nformat = 'ternary'\n\
         packing = 'bytes'\n[tile]\nm = 1\nn = 1\nk = 3\ngroups = 5\n",
        &["trit_unpacker", "plane_accumulator"],
    );
}

#[test]
fn units_of_a_bitmod_tile_are_proved_and_a_change_refutes_each_proof() {
    hold_and_can_fail(
        "kind = 'bitmod_tile'\n[activation]\nformat = 'fp16'\n\
         [weight]\nformat = ['bitmod_fp4', 'bitmod_fp3', 'int6']\n[tile]\nm = 1\nn = 2\nk = 4\n\
         [accumulate]\nmax_k = 64\nalign_bits = 10\n[group]\nsize = 16\nscale = 'int8'\n",
        &[
            "aligner",
            "group_head",
            "term_encoder",
            "term_lane",
            "plane_accumulator",
            "group_scaler",
        ],
    );
}

#[test]
fn heads_that_are_all_legal_and_terms_of_a_tile_that_rounds_are_proved() {
    hold_and_can_fail(
        "kind = 'bitmod_tile'\n[activation]\nformat = 'fp8_e4m3'\n[weight]\nformat = ['int8', 'int3']\n\
         [tile]\nm = 1\nn = 2\nk = 2\n[accumulate]\nmode = 'float'\nmax_k = 64\n\
         [group]\nsize = 16\nscale = 'int8'\n",
        &["group_head", "term_encoder", "float_operands"],
    );
}

#[test]
fn scales_of_every_kind_are_proved_to_multiply_exactly() {
    for scale in ["fp16", "e4m3", "e8m0"] {
        let config = format!(
            "kind = 'lut_tensor_core'\n[activation]\nformat = 'int4'\n[weight]\nformat = 'int1'\n\
             [tile]\nm = 2\nn = 2\nk = 2\ngroups = 8\n[accumulate]\nmax_k = 32\n\
             [group]\nsize = 16\nscale = '{scale}'\nscale_units = 1\n"
        );
        hold_and_can_fail(
            &config,
            &[
                "table_precompute",
                "weight_decoder",
                "select_lane",
                "plane_accumulator",
                "group_scaler",
            ],
        );
    }
}

#[test]
fn sums_of_floating_point_activations_are_proved_to_be_rounded_to_the_nearest() {
    hold_and_can_fail(
        "kind = 'mac_array'\n[activation]\nformat = 'fp8_e4m3'\n[weight]\nformat = 'int2'\n\
         [tile]\nm = 1\nn = 1\nk = 2\n[accumulate]\nmax_k = 16\nalign_bits = 10\nresult = 'fp16'\n",
        &["aligner", "dot_lane", "plane_accumulator", "fixed_to_float"],
    );
}
