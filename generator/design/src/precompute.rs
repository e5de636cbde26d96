use bitplane_formats::{QuantisedEntry, Range, TableContent, TableLayout, signed_bits};
use bitplane_spec::Spec;

use crate::core::Core;

/// Table precompute of one row and group (`<name>_table_precompute`).
///
/// The k elements are halved again and again; a half table of n elements (the highest one positive)
/// is every sum and difference of the half tables of its upper and lower part. For k = 4 this takes
/// 12 additions at depth 2. A table of subset sums is built alike, in 11 additions for k = 4, and so
/// is one of ternary sums, in 10 for k = 3.
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
    /// Bits of the table, as it is kept, that always equal another bit of it, so that synthesis keeps one register
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

/// A part of the group whose table has been built.
struct Part {
    /// The sums that its table stores, lowest number first.
    sums: Vec<Sum>,
    depth: u32,
}

#[derive(Clone)]
struct Sum {
    name: String,
    /// What each of the part's elements is multiplied by, lowest first: 1, -1 or 0.
    factors: Vec<i8>,
    range: Range,
}

impl Sum {
    fn operand(&self) -> Operand {
        Operand { name: self.name.clone(), bits: signed_bits(self.range) }
    }

    /// The sum in a larger part, with so many elements left out below and above.
    fn within(&self, below: u32, above: u32) -> Self {
        let left_out = |count: u32| std::iter::repeat_n(0, count as usize);
        let factors = left_out(below).chain(self.factors.iter().copied()).chain(left_out(above));
        Self { factors: factors.collect(), ..self.clone() }
    }

    /// Orders sums by the numbers of their entries, whatever the table holds: the highest element
    /// counts most, and what subtracts comes before what leaves out and what adds.
    fn in_order(sums: &mut [Self]) {
        sums.sort_by(|one, other| one.factors.iter().rev().cmp(other.factors.iter().rev()));
    }
}

/// What a table of rounded sums is built of: half of its additions before the activation register, the tables of the
/// lower and the upper elements, and the others behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundedParts {
    /// Additions before the register.
    pub part_nodes: Vec<Node>,
    /// What is held there, lowest elements first: nodes, and activations that are no sum.
    pub held: Vec<String>,
    /// Additions and negations behind it.
    pub nodes: Vec<Node>,
    /// The nodes, or what is held, that are the stored entries, lowest number first.
    pub stored: Vec<String>,
    elements: Vec<String>,
}

impl RoundedParts {
    pub(crate) fn of(content: TableContent, k: u32) -> Self {
        // Widths are those of numbers.
        let activation = Range { min: 0, max: 0 };
        let mut builder = Builder { total: k, content, activation, nodes: Vec::new() };
        let parts = builder.parts(0, k);
        let part_nodes = std::mem::take(&mut builder.nodes);
        let held = parts.iter().flat_map(|part| &part.sums).map(|sum| sum.name.clone()).collect();
        let half = builder.combined(0, parts);
        let (stored, _) = builder.stored_of(half);
        Self {
            part_nodes,
            held,
            nodes: builder.nodes,
            stored: stored.into_iter().map(|sum| sum.name).collect(),
            elements: (0..k).map(element_name).collect(),
        }
    }

    /// The element that is called `name`, unless that is a sum.
    pub fn element(&self, name: &str) -> Option<u32> {
        self.elements.iter().position(|element| element == name).map(|place| place as u32)
    }

    /// The elements that are added before the register.
    pub fn early_elements(&self) -> impl Iterator<Item = u32> {
        (0..self.elements.len() as u32).filter(|element| {
            let name = &self.elements[*element as usize];
            self.part_nodes.iter().any(|node| node.operands().any(|operand| operand == name))
        })
    }

    pub(crate) fn decoded_early(&self) -> u32 {
        self.early_elements().count() as u32
    }

    pub(crate) fn decoded_late(&self) -> u32 {
        self.held.iter().filter(|name| self.element(name).is_some()).count() as u32
    }
}

impl Node {
    fn operands(&self) -> impl Iterator<Item = &String> {
        self.left.iter().chain([&self.right]).map(|operand| &operand.name)
    }
}

struct Builder {
    total: u32,
    content: TableContent,
    activation: Range,
    nodes: Vec<Node>,
}

impl Builder {
    /// The half of a table of elements `low..low + count` in which the highest that counts is added.
    fn half_table(&mut self, low: u32, count: u32) -> Part {
        if count == 1 {
            let sum = Sum { name: element_name(low), factors: vec![1], range: self.activation };
            return Part { sums: vec![sum], depth: 0 };
        }
        let parts = self.parts(low, count);
        self.combined(low, parts)
    }

    /// The halves of the tables of the lower and the upper elements.
    fn parts(&mut self, low: u32, count: u32) -> [Part; 2] {
        let low_count = count / 2;
        let lower = self.half_table(low, low_count);
        [lower, self.half_table(low + low_count, count - low_count)]
    }

    /// What both parts of elements from `low` on give together.
    fn combined(&mut self, low: u32, [lower, upper]: [Part; 2]) -> Part {
        let elements = |part: &Part| part.sums[0].factors.len() as u32;
        let (low_count, up_count) = (elements(&lower), elements(&upper));
        let mut sums = Vec::new();
        if self.content.leaves_out() {
            sums.extend(lower.sums.iter().map(|sum| sum.within(0, up_count)));
            sums.extend(upper.sums.iter().map(|sum| sum.within(low_count, 0)));
        }
        let signs: &[bool] = match self.content {
            TableContent::Subsets => &[false],
            _ => &[true, false],
        };
        for up in &upper.sums {
            for down in &lower.sums {
                for subtract in signs {
                    sums.push(self.combine(low, up, down, *subtract));
                }
            }
        }
        Sum::in_order(&mut sums);
        Part { sums, depth: 1 + lower.depth.max(upper.depth) }
    }

    /// The entries to store, lowest number first, and the adders in series.
    fn stored(&mut self) -> (Vec<Sum>, u32) {
        let half = self.half_table(0, self.total);
        self.stored_of(half)
    }

    /// The same where one half is there.
    fn stored_of(&mut self, half: Part) -> (Vec<Sum>, u32) {
        if self.content != TableContent::SignedFull {
            return (half.sums, half.depth);
        }
        let mut sums = self.negations(&half.sums);
        sums.extend(half.sums);
        (sums, half.depth + 1)
    }

    fn name(&self, factors: &[i8], low: u32) -> String {
        let letter = |factor: &i8| match factor {
            0 => '0',
            1 => 'p',
            _ => 'm',
        };
        let letters: String = factors.iter().rev().map(letter).collect();
        if factors.len() == self.total as usize {
            format!("sum_{letters}")
        } else {
            format!("sum_{letters}_from{low}")
        }
    }

    fn combine(&mut self, low: u32, up: &Sum, down: &Sum, subtract: bool) -> Sum {
        let sign = if subtract { -1 } else { 1 };
        let below = down.factors.iter().map(|factor| sign * factor);
        let factors: Vec<i8> = below.chain(up.factors.iter().copied()).collect();
        let range = if subtract {
            Range { min: up.range.min - down.range.max, max: up.range.max - down.range.min }
        } else {
            Range { min: up.range.min + down.range.min, max: up.range.max + down.range.max }
        };
        let name = self.name(&factors, low);
        self.nodes.push(Node {
            name: name.clone(),
            bits: signed_bits(range),
            left: Some(up.operand()),
            subtract,
            right: down.operand(),
        });
        Sum { name, factors, range }
    }

    /// The other half of a full table: negations.
    fn negations(&mut self, half: &[Sum]) -> Vec<Sum> {
        let mut negated = Vec::new();
        for sum in half.iter().rev() {
            let factors: Vec<i8> = sum.factors.iter().map(|factor| -factor).collect();
            let range = Range { min: -sum.range.max, max: -sum.range.min };
            let name = self.name(&factors, 0);
            self.nodes.push(Node {
                name: name.clone(),
                bits: signed_bits(range),
                left: None,
                subtract: true,
                right: sum.operand(),
            });
            negated.push(Sum { name, factors, range });
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
            repeated_bits: sums.iter().map(|sum| repeated_bits(spec, layout, sum.range)).sum(),
            nodes: builder.nodes,
            depth,
            stored: sums.iter().map(Sum::operand).collect(),
        }
    }
}

/// Bits of an entry of the table that is kept beyond those that the range of its sum needs.
fn repeated_bits(spec: &Spec, layout: TableLayout, sum: Range) -> u32 {
    let Some(entry) = spec.quantised_entries() else {
        return layout.entry_bits - signed_bits(sum);
    };
    let [min, max] = [sum.min, sum.max].map(|end| entry.entry(end as i64).into());
    QuantisedEntry::BITS - signed_bits(Range { min, max })
}

/// Table rounder of one row and group (`<name>_table_rounder`): makes entries of 8 bits of exact sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRounder {
    /// The table of sums.
    pub sums: TableLayout,
    /// The table of their entries.
    pub entries: TableLayout,
    /// Low bits of a sum that an entry does not have.
    pub dropped_bits: u32,
}

impl TableRounder {
    /// Whether a sum can have more bits than those that count, so that its entry is the largest.
    pub fn clips(&self) -> bool {
        self.sums.entry_bits > self.dropped_bits + self.entries.entry_bits
    }

    pub(crate) fn of(spec: &Spec, sums: TableLayout, entries: TableLayout) -> Option<Self> {
        let dropped_bits = spec.quantised_entries()?.dropped_bits;
        Some(Self { sums, entries, dropped_bits })
    }
}

/// Sum of the activations of one row's k-step (`<name>_step_sum`), which waits until its first plane is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSum {
    /// Activations.
    pub elements: u32,
    /// Bits of all of them.
    pub data_bits: u32,
    /// Width of their sum.
    pub bits: u32,
}

impl StepSum {
    pub(crate) fn of(core: &Core) -> Self {
        let elements = core.elements_per_step;
        let most_negative = 1 << (core.activation_bits - 1);
        let elements_range = Range {
            min: -i128::from(elements) * most_negative,
            max: i128::from(elements) * (most_negative - 1),
        };
        Self {
            elements,
            data_bits: elements * core.activation_bits,
            bits: signed_bits(elements_range),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const CONTENTS: [TableContent; 4] = [
        TableContent::SignedHalf,
        TableContent::SignedFull,
        TableContent::Subsets,
        TableContent::Ternary,
    ];

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
        let (nodes, _, depth) = built(3, TableContent::Ternary);
        assert_eq!((nodes.len(), depth), (10, 2));
    }

    #[test]
    fn no_node_is_wider_than_its_values_need() {
        let (nodes, _, _) = built(4, TableContent::SignedHalf);
        assert!(nodes.iter().all(|node| node.bits <= 10));
        assert_eq!(nodes.last().unwrap().bits, 10);
    }
}
