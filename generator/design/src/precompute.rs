use bitplane_formats::{Range, TableContent, TableLayout, signed_bits};
use bitplane_spec::Spec;

use crate::core::Core;

/// Table precompute of one row and group (`<name>_table_precompute`).
///
/// The k elements are halved again and again; a half table of n elements (the highest one positive)
/// is every sum and difference of the half tables of its upper and lower part. For k = 4 this takes
/// 12 additions at depth 2. A table of subset sums is built alike, in 11 additions for k = 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePrecompute {
    /// Bits of the group's activations.
    pub data_bits: u32,
    /// Bits of the table.
    pub table_bits: u32,
    /// Entries of the table.
    pub entries: u32,
    /// What the entries are, and where their bits lie.
    pub layout: TableLayout,
    /// Bits of the table that always equal another bit of it, so that synthesis keeps one register
    /// for both: sign extensions.
    pub repeated_bits: u32,
    /// Additions, subtractions and negations.
    pub nodes: Vec<Node>,
    /// Adders in series.
    pub depth: u32,
    /// The nodes that are the stored entries, lowest number first.
    pub stored: Vec<Operand>,
}

/// One adder of a table precompute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `sum_` and a sign for each element, the highest first; parts of the group name the lowest
    /// element they cover, as in `sum_pm_from_2`.
    pub name: String,
    /// Width of the sum.
    pub bits: u32,
    /// Left operand; none for a negation.
    pub left: Option<Operand>,
    /// Whether the right operand is subtracted.
    pub subtract: bool,
    /// Right operand.
    pub right: Operand,
}

/// A named signal of a table precompute, an activation or a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Its name in the emitted text.
    pub name: String,
    /// Its width.
    pub bits: u32,
}

/// A part of the group whose half table has been built.
struct Part {
    /// Node names by the signs of the lower elements.
    sums: Vec<Sum>,
    depth: u32,
}

#[derive(Clone)]
struct Sum {
    name: String,
    /// What becomes of the part's elements, lowest in bit 0; 1 adds.
    signs: u32,
    range: Range,
}

impl Sum {
    fn operand(&self) -> Operand {
        Operand { name: self.name.clone(), bits: signed_bits(self.range) }
    }
}

struct Builder {
    total: u32,
    content: TableContent,
    activation: Range,
    nodes: Vec<Node>,
}

impl Builder {
    /// Half table of elements `low..low + count`.
    fn half_table(&mut self, low: u32, count: u32) -> Part {
        if count == 1 {
            let sum = Sum { name: element_name(low), signs: 1, range: self.activation };
            return Part { sums: vec![sum], depth: 0 };
        }
        let low_count = count / 2;
        let lower = self.half_table(low, low_count);
        let upper = self.half_table(low + low_count, count - low_count);
        let mut sums = Vec::new();
        for up in &upper.sums {
            for down in &lower.sums {
                for subtract in [true, false] {
                    sums.push(self.combine((low, count), up, down, subtract));
                }
            }
        }
        sums.sort_by_key(|sum| sum.signs);
        Part { sums, depth: 1 + lower.depth.max(upper.depth) }
    }

    /// Sums of every subset but the empty one of elements `low..low + count`.
    fn subsets(&mut self, low: u32, count: u32) -> Part {
        if count == 1 {
            return self.half_table(low, 1);
        }
        let low_count = count / 2;
        let lower = self.subsets(low, low_count);
        let upper = self.subsets(low + low_count, count - low_count);
        let mut sums = lower.sums.clone();
        for up in &upper.sums {
            sums.push(Sum { signs: up.signs << low_count, ..up.clone() });
            for down in &lower.sums {
                sums.push(self.combine((low, count), up, down, false));
            }
        }
        sums.sort_by_key(|sum| sum.signs);
        Part { sums, depth: 1 + lower.depth.max(upper.depth) }
    }

    /// The entries to store, lowest number first, and the adders in series.
    fn stored(&mut self) -> (Vec<Sum>, u32) {
        if self.content == TableContent::Subsets {
            let part = self.subsets(0, self.total);
            return (part.sums, part.depth);
        }
        let half = self.half_table(0, self.total);
        if self.content == TableContent::SignedHalf {
            return (half.sums, half.depth);
        }
        let mut sums = self.negations(&half.sums);
        sums.extend(half.sums);
        (sums, half.depth + 1)
    }

    fn name(&self, signs: u32, low: u32, count: u32) -> String {
        let clear = if self.content == TableContent::Subsets { '0' } else { 'm' };
        let letter = |i: u32| if signs >> i & 1 == 1 { 'p' } else { clear };
        let letters: String = (0..count).rev().map(letter).collect();
        if count == self.total {
            format!("sum_{letters}")
        } else {
            format!("sum_{letters}_from{low}")
        }
    }

    fn combine(&mut self, part: (u32, u32), up: &Sum, down: &Sum, subtract: bool) -> Sum {
        let (low, count) = part;
        let low_count = count / 2;
        let low_signs = if subtract { !down.signs & ((1 << low_count) - 1) } else { down.signs };
        let signs = up.signs << low_count | low_signs;
        let range = if subtract {
            Range { min: up.range.min - down.range.max, max: up.range.max - down.range.min }
        } else {
            Range { min: up.range.min + down.range.min, max: up.range.max + down.range.max }
        };
        let name = self.name(signs, low, count);
        self.nodes.push(Node {
            name: name.clone(),
            bits: signed_bits(range),
            left: Some(up.operand()),
            subtract,
            right: down.operand(),
        });
        Sum { name, signs, range }
    }

    /// The other half of a full table: negations.
    fn negations(&mut self, half: &[Sum]) -> Vec<Sum> {
        let k = self.total;
        let all = (1u32 << k) - 1;
        let mut negated = Vec::new();
        for sum in half.iter().rev() {
            let signs = !sum.signs & all;
            let range = Range { min: -sum.range.max, max: -sum.range.min };
            let name = self.name(signs, 0, k);
            self.nodes.push(Node {
                name: name.clone(),
                bits: signed_bits(range),
                left: None,
                subtract: true,
                right: sum.operand(),
            });
            negated.push(Sum { name, signs, range });
        }
        negated
    }
}

/// Name of activation `element` in the emitted text.
pub(crate) fn element_name(element: u32) -> String {
    format!("a{element}")
}

impl TablePrecompute {
    pub(crate) fn of(core: &Core, spec: &Spec, layout: TableLayout) -> Self {
        let activation = Range { min: spec.activation.min(), max: spec.activation.max() };
        let content = layout.content;
        let mut builder = Builder { total: core.k, content, activation, nodes: Vec::new() };
        let (sums, depth) = builder.stored();
        debug_assert_eq!(sums.len(), layout.entries() as usize);
        Self {
            data_bits: core.k * core.activation_bits,
            table_bits: layout.bits(),
            entries: layout.entries(),
            layout,
            repeated_bits: sums.iter().map(|sum| layout.entry_bits - signed_bits(sum.range)).sum(),
            nodes: builder.nodes,
            depth,
            stored: sums.iter().map(Sum::operand).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const CONTENTS: [TableContent; 3] =
        [TableContent::SignedHalf, TableContent::SignedFull, TableContent::Subsets];

    fn built(k: u32, content: TableContent) -> (Vec<Node>, Vec<Sum>, u32) {
        let activation = Range { min: -128, max: 127 };
        let mut builder = Builder { total: k, content, activation, nodes: Vec::new() };
        let (sums, depth) = builder.stored();
        (builder.nodes, sums, depth)
    }

    fn evaluate(nodes: &[Node], activations: &[i64]) -> HashMap<String, i64> {
        let mut values: HashMap<String, i64> =
            activations.iter().enumerate().map(|(i, a)| (element_name(i as u32), *a)).collect();
        for node in nodes {
            let left = node.left.as_ref().map_or(0, |left| values[&left.name]);
            let right = values[&node.right.name];
            let value = if node.subtract { left - right } else { left + right };
            values.insert(node.name.clone(), value);
        }
        values
    }

    #[test]
    fn every_entry_is_the_signed_sum_its_number_names() {
        for k in 2..=6 {
            for content in CONTENTS {
                let int8 = bitplane_formats::IntegerFormat::new(8).unwrap();
                let layout = TableLayout::of(content, int8, k);
                let (nodes, sums, _) = built(k, content);
                let activations: Vec<i64> = (0..k as i64).map(|i| 17 * i - 30).collect();
                let values = evaluate(&nodes, &activations);
                assert_eq!(sums.len(), layout.entries() as usize);
                for (number, sum) in (layout.first()..).zip(&sums) {
                    let expected = layout.entry(&activations, number);
                    assert_eq!(values[&sum.name], expected, "k {k} {content:?} entry {number}");
                }
            }
        }
    }

    #[test]
    fn four_elements_take_twelve_adders_two_deep() {
        let (nodes, _, depth) = built(4, TableContent::SignedHalf);
        assert_eq!((nodes.len(), depth), (12, 2));
        let (nodes, _, depth) = built(4, TableContent::Subsets);
        assert_eq!((nodes.len(), depth), (11, 2));
    }

    #[test]
    fn no_node_is_wider_than_its_values_need() {
        let (nodes, _, _) = built(4, TableContent::SignedHalf);
        assert!(nodes.iter().all(|node| node.bits <= 10));
        assert_eq!(nodes.last().unwrap().bits, 10);
    }
}
