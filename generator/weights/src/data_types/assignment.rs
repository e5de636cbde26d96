//! Which data type each span of weights gets.

/// What has one data type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChoiceSpan {
    /// A quantisation group.
    #[default]
    Group,
    /// An output channel.
    Channel,
}

/// What a data type costs a span and leaves of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Offer {
    /// Bits of the span's codes.
    pub bits: u64,
    /// Squared error.
    pub error: f64,
}

/// For each of `spans`, which has an offer from each data type, the number of one: that of the least
/// error, of equals that of the fewest bits, then the first. With a `budget` of bits for all spans, each
/// begins with the fewest bits, and the step to more bits that saves the most error a bit, of all spans,
/// is taken as long as the budget lasts; a step leads along the lower hull of error over bits. What the
/// fewest bits exceed is not looked at.
pub(super) fn assign(spans: &[Vec<Offer>], budget: Option<u64>) -> Vec<usize> {
    let hulls: Vec<Vec<usize>> = spans.iter().map(|offers| hull(offers)).collect();
    let Some(budget) = budget else {
        return hulls.iter().map(|hull| hull[hull.len() - 1]).collect();
    };
    let offer = |span: usize, number: usize| spans[span][number];
    let mut upgrades: Vec<Upgrade> = Vec::new();
    for (span, hull) in hulls.iter().enumerate() {
        for (place, pair) in hull.windows(2).enumerate() {
            let (from, to) = (offer(span, pair[0]), offer(span, pair[1]));
            let bits = to.bits - from.bits;
            let gain = (from.error - to.error) / bits as f64;
            upgrades.push(Upgrade { span, place: place + 1, bits, gain });
        }
    }
    // The gains of a span fall along its hull, so that its steps come in their order.
    upgrades.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let mut places = vec![0; spans.len()];
    let mut spent: u64 =
        hulls.iter().enumerate().map(|(span, hull)| offer(span, hull[0]).bits).sum();
    for upgrade in upgrades {
        if spent + upgrade.bits > budget {
            break;
        }
        spent += upgrade.bits;
        places[upgrade.span] = upgrade.place;
    }
    hulls.iter().zip(places).map(|(hull, place)| hull[place]).collect()
}

/// A step of one span to the next place of its hull.
struct Upgrade {
    span: usize,
    place: usize,
    bits: u64,
    gain: f64,
}

/// The numbers of the offers on the lower hull of error over bits, from the fewest bits to the least
/// error.
fn hull(offers: &[Offer]) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..offers.len()).collect();
    // Stable: of equals the first offer comes first.
    numbers.sort_by(|&a, &b| {
        offers[a].bits.cmp(&offers[b].bits).then(offers[a].error.total_cmp(&offers[b].error))
    });
    let mut hull: Vec<usize> = Vec::new();
    for number in numbers {
        let new = offers[number];
        if hull.last().is_some_and(|&last| offers[last].error <= new.error) {
            continue;
        }
        if hull.last().is_some_and(|&last| offers[last].bits == new.bits) {
            continue;
        }
        while let [.., before, last] = hull[..] {
            if slope(offers[before], offers[last]) > slope(offers[last], new) {
                break;
            }
            hull.pop();
        }
        hull.push(number);
    }
    hull
}

/// Error saved a bit.
fn slope(from: Offer, to: Offer) -> f64 {
    (from.error - to.error) / (to.bits - from.bits) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offers(pairs: &[(u64, f64)]) -> Vec<Offer> {
        pairs.iter().map(|&(bits, error)| Offer { bits, error }).collect()
    }

    #[test]
    fn without_a_budget_the_least_error_wins_then_the_fewest_bits_then_the_first() {
        let spans = [
            offers(&[(4, 2.0), (3, 5.0), (6, 1.0)]),
            offers(&[(4, 0.0), (3, 0.0), (6, 0.0)]),
            offers(&[(4, 1.0), (4, 1.0), (3, 2.0)]),
        ];
        assert_eq!(assign(&spans, None), [2, 1, 0]);
    }

    #[test]
    fn a_budget_goes_where_a_bit_saves_the_most_error() {
        let spans =
            [offers(&[(4, 2.0), (3, 5.0), (6, 1.0)]), offers(&[(4, 5.0), (3, 6.0), (6, 0.0)])];
        // The second span gains 2 a bit from 3 to 6 bits, and nothing on the way; the first 3, then 0.5.
        assert_eq!(assign(&spans, Some(6)), [1, 1]);
        assert_eq!(assign(&spans, Some(7)), [0, 1]);
        assert_eq!(assign(&spans, Some(9)), [0, 1]);
        assert_eq!(assign(&spans, Some(10)), [0, 2]);
        assert_eq!(assign(&spans, Some(12)), [2, 2]);
        assert_eq!(assign(&spans, Some(0)), [1, 1]);
    }

    proptest! {
        #[test]
        fn no_other_assignment_of_the_same_bits_leaves_less_error(
            errors in prop::collection::vec(prop::array::uniform3(0u32..50), 1..6),
            budget in 0u64..40,
        ) {
            let spans: Vec<Vec<Offer>> = errors.iter()
                .map(|errors| offers(&[(3, errors[0].into()), (4, errors[1].into()), (6, errors[2].into())]))
                .collect();
            let cost = |chosen: &[usize]| {
                let offers = || spans.iter().zip(chosen).map(|(offers, &number)| offers[number]);
                (offers().map(|offer| offer.bits).sum::<u64>(), offers().map(|offer| offer.error).sum::<f64>())
            };
            let chosen = assign(&spans, Some(budget));
            let (bits, error) = cost(&chosen);
            prop_assert!(bits <= budget.max(3 * spans.len() as u64));
            for code in 0..3usize.pow(spans.len() as u32) {
                let other: Vec<usize> = (0..spans.len()).map(|i| code / 3usize.pow(i as u32) % 3).collect();
                let (other_bits, other_error) = cost(&other);
                prop_assert!(other_bits > bits || other_error >= error - 1e-9, "{chosen:?} {other:?}");
            }
        }
    }
}
