//! Legal specs survive the way through text, and no text whatever makes the parser panic.

use bitplane_formats::IntegerFormat;
use bitplane_fuzz::{MOST_OPERATIONS, specs};
use bitplane_spec::{AccumulatorFormat, KINDS, parse, starter};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Starter files with a few pieces cut out, doubled or overwritten.
fn mutated_texts() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        select(vec!["\"", "[", "]", "=", "\n", "{", "}", ".", "#", "-", "0x", "1e9", "ß", "\0"])
            .prop_map(str::to_owned),
        select(vec!["[tile]\n", "tile.n = 4\n", "kind", "\"int8\"", "99999999999999999999", "'''"])
            .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    let edits = prop::collection::vec((any::<Index>(), 0..12usize, pieces), 1..6);
    (select(KINDS.to_vec()), edits).prop_map(|(kind, edits)| {
        let mut letters: Vec<char> =
            starter(kind.name).unwrap().replace("# ", "").chars().collect();
        for (at, cut, piece) in edits {
            let start = at.index(letters.len() + 1);
            let end = (start + cut).min(letters.len());
            letters.splice(start..end, piece.chars());
        }
        letters.into_iter().collect()
    })
}

/// Parses, and holds every problem to its form.
fn parse_checked(text: &str) {
    let problems = match parse(text, "core") {
        Ok(parsed) => parsed.warnings,
        Err(problems) => {
            assert!(!problems.is_empty());
            problems
        }
    };
    for problem in problems {
        let span = problem.span.clone().unwrap_or(0..0);
        assert!(text.get(span).is_some(), "{problem:?}");
        assert!(problem.line.unwrap_or(1) <= text.split('\n').count(), "{problem:?}");
        assert!(!problem.render_plain("x.toml").chars().any(|c| c.is_control() && c != '\n'));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_legal_spec_is_what_its_text_says(spec in specs(MOST_OPERATIONS)) {
        let text = spec.to_toml();
        let parsed = parse(&text, "another_name");
        let parsed = parsed.map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        prop_assert_eq!(&parsed.spec, &spec);
        prop_assert_eq!(parsed.spec.to_toml(), text);
    }

    #[test]
    fn every_sum_fits_an_automatic_accumulator(spec in specs(MOST_OPERATIONS)) {
        // Numbers that are rounded are no integers.
        prop_assume!(spec.held_sums().is_none() && spec.look_up_sums().is_none());
        let mut spec = spec;
        spec.accumulate.format = AccumulatorFormat::Auto;
        let parts = [
            (spec.accumulator_bits(), spec.exact_accumulator()),
            (spec.result_bits(), spec.exact_result()),
        ];
        for (bits, exact) in parts {
            let format = IntegerFormat::new(bits).unwrap();
            prop_assert!(format.min() <= exact.min && exact.max <= format.max());
        }
    }

    #[test]
    fn groups_fill_whole_k_steps_and_elements_keep_their_order(spec in specs(MOST_OPERATIONS), k in 1..5000u64) {
        let step = u64::from(spec.elements_per_step());
        let steps = spec.steps_of(k);
        prop_assert!(spec.place_of(k - 1) < steps * step);
        prop_assert!(spec.place_of(k) >= k);
        prop_assert!(spec.elements_of(steps) >= k && spec.elements_of(steps - 1) < k);
        if let (Some(group), Some(whole)) = (spec.quantisation_group, spec.group_steps()) {
            prop_assert_eq!(spec.place_of(group.size), whole * step);
            prop_assert_eq!(spec.groups_of(steps), k.div_ceil(group.size));
        }
    }

    #[test]
    fn a_damaged_file_gives_problems_and_no_panic(text in mutated_texts()) {
        parse_checked(&text);
    }

    #[test]
    fn any_text_gives_problems_and_no_panic(text in any::<String>()) {
        parse_checked(&text);
    }
}

#[test]
fn deep_nesting_is_refused_without_exhausting_the_stack() {
    for piece in ["[", "{a=", "a.", "[[", "a={b="] {
        parse_checked(&format!("kind = {}", piece.repeat(20_000)));
        parse_checked(&piece.repeat(20_000));
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = starter("lut_tensor_core").unwrap();
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(parse(&windows, "core"), parse(&text, "core"));
}
