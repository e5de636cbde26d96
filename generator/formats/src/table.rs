//! What a table of partial sums holds, and where each bit of it lies.
//!
//! All sums of a group with every element's sign chosen freely are odd together or even together,
//! because changing a sign changes the sum by an even number. Such a table keeps that lowest bit
//! once, below the other bits of its entries; a lane then selects one bit less.

use crate::{
    IntegerFormat, TernaryGroup, WideNumber, entry_range, last_number, number_bits, signed_bits,
    subset_range,
};

/// Which sums of k activations a table holds. Element i follows bit i of an entry's number, or its
/// trit i.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableContent {
    /// A set bit adds an element, a clear one subtracts it; the last element, which has no bit, is
    /// added. 2^(k-1) entries.
    SignedHalf,
    /// As above with a bit for every element: 2^k entries.
    SignedFull,
    /// A set bit adds an element, a clear one leaves it out. Entry 0 is 0 and not stored:
    /// 2^k - 1 entries.
    Subsets,
    /// Every element is added, subtracted or left out, and the highest that is not left out is added
    /// ([`TernaryGroup`]). Entry 0 is 0 and not stored: (3^k - 1) / 2 entries.
    Ternary,
}

impl TableContent {
    /// Whether lanes negate what they look up: half of the sums are not in the table.
    pub fn is_half(self) -> bool {
        matches!(self, Self::SignedHalf | Self::Ternary)
    }

    /// Whether sums may leave an element out, so that the sum of none is 0.
    pub fn leaves_out(self) -> bool {
        matches!(self, Self::Subsets | Self::Ternary)
    }
}

/// How a table holds the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryForm {
    /// As they are: two's complement.
    Exact,
    /// Rounded to [`QuantisedEntry::BITS`] bits.
    Quantised(QuantisedEntry),
    /// As rounded numbers ([`WideNumber`](crate::WideNumber)).
    Number,
}

/// A sum rounded to 8 bits: in units of a power of two, the least with which the largest sum of a table fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuantisedEntry {
    /// Bits of a sum below those that an entry keeps; at least 1.
    pub dropped_bits: u32,
}

impl QuantisedEntry {
    /// Width of an entry, two's complement.
    pub const BITS: u32 = 8;
    /// The largest magnitude of an entry: an entry and its negation have one width.
    pub const LARGEST: i64 = (1 << (Self::BITS - 1)) - 1;

    /// Entries of sums of `sum_bits` bits; nothing where these are no wider than an entry.
    pub fn of_sums(sum_bits: u32) -> Option<Self> {
        let dropped_bits = sum_bits.checked_sub(Self::BITS).filter(|bits| *bits > 0)?;
        Some(Self { dropped_bits })
    }

    /// The entry of `sum`: that many units of 2^`dropped_bits`, to the nearest, of two to the even one, and
    /// never more than [`QuantisedEntry::LARGEST`] of them.
    pub fn entry(self, sum: i64) -> i64 {
        let below = sum >> self.dropped_bits;
        let rest = sum - (below << self.dropped_bits);
        let half = 1 << (self.dropped_bits - 1);
        let up = rest > half || (rest == half && below & 1 == 1);
        (below + i64::from(up)).clamp(-Self::LARGEST, Self::LARGEST)
    }

    /// What the entry of `sum` stands for.
    pub fn value(self, sum: i64) -> i64 {
        self.entry(sum) << self.dropped_bits
    }
}

/// Bits of one table: the bit that all entries share, if there is one, then entry after entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableLayout {
    /// What the entries are.
    pub content: TableContent,
    /// Elements of a group, 1 to 16.
    pub k: u32,
    /// Width of an entry: two's complement, or that of a number as it is stored.
    pub entry_bits: u32,
    /// How entries are held.
    pub form: EntryForm,
}

impl TableLayout {
    /// The table of `k` activations.
    pub fn of(content: TableContent, activation: IntegerFormat, k: u32) -> Self {
        let range = match content {
            TableContent::SignedHalf | TableContent::Ternary => entry_range(activation, k, true),
            TableContent::SignedFull => entry_range(activation, k, false),
            TableContent::Subsets => subset_range(activation, k.into()),
        };
        Self { content, k, entry_bits: signed_bits(range), form: EntryForm::Exact }
    }

    /// The table of the same sums, of which `sum_bits` bits count, rounded to 8 bits; nothing where they are no
    /// wider.
    pub fn quantised(self, sum_bits: u32) -> Option<Self> {
        let entry = QuantisedEntry::of_sums(sum_bits)?;
        Some(Self { entry_bits: QuantisedEntry::BITS, form: EntryForm::Quantised(entry), ..self })
    }

    /// The table of the rounded sums of `k` activations.
    pub fn of_numbers(content: TableContent, number: WideNumber, k: u32) -> Self {
        Self { content, k, entry_bits: number.stored_bits(), form: EntryForm::Number }
    }

    /// Number of the lowest stored entry.
    pub fn first(self) -> u32 {
        self.content.leaves_out().into()
    }

    /// Stored entries.
    pub fn entries(self) -> u32 {
        match self.content {
            TableContent::SignedHalf => 1 << (self.k - 1),
            TableContent::SignedFull => 1 << self.k,
            TableContent::Subsets => (1 << self.k) - 1,
            TableContent::Ternary => last_number(self.k),
        }
    }

    /// Bits of an entry's number.
    pub fn index_bits(self) -> u32 {
        match self.content {
            TableContent::SignedHalf => self.k - 1,
            TableContent::SignedFull | TableContent::Subsets => self.k,
            TableContent::Ternary => number_bits(self.k),
        }
    }

    /// Low bits that all entries share: 1 where they are exact and no element is ever left out, 0 otherwise.
    pub fn shared_bits(self) -> u32 {
        (!self.content.leaves_out() && self.form == EntryForm::Exact).into()
    }

    /// Bits that each entry has to itself.
    pub fn own_bits(self) -> u32 {
        self.entry_bits - self.shared_bits()
    }

    /// Bits of the whole table.
    pub fn bits(self) -> u32 {
        self.shared_bits() + self.entries() * self.own_bits()
    }

    /// Entry `number` of the table of `elements`.
    pub fn entry(self, elements: &[i64], number: u32) -> i64 {
        let bit = |i: u32, clear| if number >> i & 1 == 1 { 1 } else { clear };
        let factors: Vec<i64> = match self.content {
            TableContent::SignedHalf => {
                (0..self.k - 1).map(|i| bit(i, -1)).chain(std::iter::once(1)).collect()
            }
            TableContent::SignedFull => (0..self.k).map(|i| bit(i, -1)).collect(),
            TableContent::Subsets => (0..self.k).map(|i| bit(i, 0)).collect(),
            TableContent::Ternary => {
                let group = TernaryGroup { sign: false, number };
                group.codes(self.k).map(|code| i64::from(code) - 1).collect()
            }
        };
        let sum = elements.iter().zip(factors).map(|(element, factor)| factor * element).sum();
        match self.form {
            EntryForm::Quantised(entry) => entry.entry(sum),
            EntryForm::Exact | EntryForm::Number => sum,
        }
    }

    /// The table of `elements` as fields of (width, value), lowest first.
    pub fn fields(self, elements: &[i64]) -> Vec<(u32, i64)> {
        let numbers = self.first()..self.first() + self.entries();
        let own = |number| (self.own_bits(), self.entry(elements, number) >> self.shared_bits());
        let shared = (self.shared_bits() > 0).then(|| (1, self.entry(elements, 0) & 1));
        shared.into_iter().chain(numbers.map(own)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENTS: [TableContent; 4] = [
        TableContent::SignedHalf,
        TableContent::SignedFull,
        TableContent::Subsets,
        TableContent::Ternary,
    ];

    fn int(bits: u32) -> IntegerFormat {
        IntegerFormat::new(bits).unwrap()
    }

    #[test]
    fn a_half_table_of_four_int8_takes_73_bits() {
        let layout = TableLayout::of(TableContent::SignedHalf, int(8), 4);
        assert_eq!((layout.entries(), layout.entry_bits, layout.bits()), (8, 10, 73));
    }

    #[test]
    fn the_entries_of_a_half_table_hold_the_last_element_positive() {
        let entries = |content, elements: &[i64]| {
            let layout = TableLayout::of(content, int(8), elements.len() as u32);
            let numbers = layout.first()..layout.first() + layout.entries();
            numbers.map(|number| layout.entry(elements, number)).collect::<Vec<_>>()
        };
        assert_eq!(entries(TableContent::SignedHalf, &[1, 10, 100]), [89, 91, 109, 111]);
        assert_eq!(entries(TableContent::SignedFull, &[1, 10]), [-11, -9, 9, 11]);
        assert_eq!(entries(TableContent::Subsets, &[1, 10]), [1, 10, 11]);
        assert_eq!(entries(TableContent::Ternary, &[1, 10]), [1, 9, 10, 11]);
    }

    #[test]
    fn a_quantised_entry_is_the_nearest_of_two_the_even_one_and_its_negation_is_that_of_the_sum() {
        for dropped_bits in 1..=6 {
            let entry = QuantisedEntry { dropped_bits };
            let unit = 1i64 << dropped_bits;
            let range = 128 * unit;
            for sum in -range..=range {
                let (found, exact) = (entry.entry(sum), sum as f64 / unit as f64);
                let nearest = exact.round_ties_even().clamp(-127.0, 127.0);
                assert_eq!(found as f64, nearest, "{sum} in units of {unit}");
                assert_eq!(entry.entry(-sum), -found);
                assert_eq!(entry.value(sum), found * unit);
            }
        }
    }

    #[test]
    fn sums_no_wider_than_eight_bits_are_not_quantised() {
        let layout = |bits, k| {
            let exact = TableLayout::of(TableContent::SignedHalf, int(bits), k);
            exact.quantised(exact.entry_bits)
        };
        assert_eq!(layout(6, 4), None);
        assert_eq!(
            layout(7, 4).unwrap().form,
            EntryForm::Quantised(QuantisedEntry { dropped_bits: 1 })
        );
        // Eight entries of 8 bits; none is odd where another is even.
        assert_eq!(layout(16, 4).unwrap().bits(), 64);
    }

    #[test]
    fn fields_put_together_give_every_entry_back() {
        for content in CONTENTS {
            let layout = TableLayout::of(content, int(4), 3);
            for elements in [[-8, -8, -8], [7, 7, 7], [-8, 7, 3], [1, 0, 0]] {
                let fields = layout.fields(&elements);
                assert_eq!(fields.iter().map(|field| field.0).sum::<u32>(), layout.bits());
                let shared = layout.shared_bits();
                let low = if shared == 1 { fields[0].1 } else { 0 };
                for (i, (bits, own)) in fields[shared as usize..].iter().enumerate() {
                    let number = layout.first() + i as u32;
                    assert_eq!((own << shared) + low, layout.entry(&elements, number));
                    assert!(int(*bits).wrap(i128::from(*own)) == i128::from(*own));
                }
            }
        }
    }
}
