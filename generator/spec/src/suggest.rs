//! Near misses.

/// The candidate that `given` most likely means, if one is close: at most a third of its letters
/// mistyped (one for short words), letter case and `-` for `_` not counted; or else the first one
/// that it abbreviates or continues.
pub(crate) fn nearest<'c>(
    given: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // Longer than any key or value; keeps the quadratic distance away from pasted text.
    if given.len() > 64 {
        return None;
    }
    let given = given.trim().to_lowercase().replace(['-', ' '], "_");
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let has_same_start = |candidate: &&str| {
        let shorter = given.len().min(candidate.len());
        shorter > 2 && (candidate.starts_with(&given) || given.starts_with(*candidate))
    };
    candidates
        .iter()
        .copied()
        .map(|candidate| (strsim::damerau_levenshtein(&given, candidate), candidate))
        .filter(|(distance, candidate)| is_close(*distance, &given, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
        .or_else(|| candidates.iter().copied().find(has_same_start))
}

fn is_close(distance: usize, given: &str, candidate: &str) -> bool {
    let longer = given.chars().count().max(candidate.chars().count());
    distance == 0 || (longer > 2 && distance <= (longer / 3).max(1))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KEYS: [&str; 5] = ["m", "n", "k", "groups", "drain"];

    #[test]
    fn a_mistyped_letter_is_forgiven() {
        assert_eq!(nearest("group", KEYS), Some("groups"));
        assert_eq!(nearest("gruops", KEYS), Some("groups"));
        assert_eq!(nearest("Drain", KEYS), Some("drain"));
        assert_eq!(nearest("one-hot", ["one_hot", "binary"]), Some("one_hot"));
    }

    #[test]
    fn abbreviations_and_longer_forms_are_understood() {
        assert_eq!(nearest("mac", ["lut_tensor_core", "mac_array"]), Some("mac_array"));
        assert_eq!(nearest("automatic", ["auto"]), Some("auto"));
        assert_eq!(nearest("dr", KEYS), None);
    }

    #[test]
    fn unlike_words_and_single_letters_are_not_guessed() {
        assert_eq!(nearest("planes", KEYS), None);
        assert_eq!(nearest("l", KEYS), None);
        assert_eq!(nearest(&"n".repeat(100_000), KEYS), None);
    }
}
