//! Near misses of a name.

/// Similarity, from 0 to 1, from which a name is worth suggesting.
const ALIKE: f64 = 0.6;
/// Names listed before the rest is only counted.
const LISTED: usize = 8;

/// The candidate most like `given`, if any is alike enough; the first of equals.
pub(crate) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut best = (ALIKE, None);
    for candidate in candidates {
        let likeness = strsim::normalized_damerau_levenshtein(given, candidate);
        if likeness > best.0 {
            best = (likeness, Some(candidate));
        }
    }
    best.1
}

/// "a, b, c and 12 more".
pub(crate) fn start_of_list(names: &[&str]) -> String {
    let listed = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_prefix_and_a_swapped_letter_are_near_misses() {
        let names = ["bert.layer.0.query.weight", "bert.layer.0.query.bias"];
        assert_eq!(nearest("layer.0.query.weight", names), Some(names[0]));
        assert_eq!(nearest("bert.layer.0.qurey.bias", names), Some(names[1]));
        assert_eq!(nearest("x", names), None);
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        assert_eq!(start_of_list(&["a", "b"]), "a, b");
        assert_eq!(start_of_list(&["a"; 10]), "a, a, a, a, a, a, a, a and 2 more");
    }
}
