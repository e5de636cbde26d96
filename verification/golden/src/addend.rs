use bitplane_formats::IntegerFormat;

/// `results` plus `addend` (the matrix C), both in `format`, element by element; and whether a sum is
/// beyond the format, of which the low bits are kept then.
///
/// # Panics
/// If the matrices are not of one size.
pub fn accumulated(
    format: IntegerFormat,
    results: Vec<i128>,
    addend: &[i128],
) -> (Vec<i128>, bool) {
    assert_eq!(results.len(), addend.len(), "shapes of the results and of C");
    let mut exceeds = false;
    let sums = results.iter().zip(addend).map(|(result, addend)| {
        // Beyond 128 bits the sum wraps to the other sign.
        let sum = format.wrap(result.wrapping_add(*addend));
        exceeds |= (*result < 0) == (*addend < 0) && (sum < 0) != (*result < 0);
        sum
    });
    (sums.collect(), exceeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_the_format_keeps_its_low_bits_and_is_told() {
        let int4 = IntegerFormat::new(4).unwrap();
        assert_eq!(accumulated(int4, vec![3, -8], &[4, 7]), (vec![7, -1], false));
        assert_eq!(accumulated(int4, vec![3, 7], &[4, 1]), (vec![7, -8], true));
        let int128 = IntegerFormat::new(128).unwrap();
        assert_eq!(accumulated(int128, vec![i128::MIN], &[-1]), (vec![i128::MAX], true));
    }
}
