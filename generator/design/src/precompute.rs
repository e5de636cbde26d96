use bitplane_formats::{Range, signed_bits};
use bitplane_spec::{Spec, Symmetry, Table};

use crate::core::Core;
use crate::lane::entries;

/// Table precompute of one row and group (`<name>_table_precompute`).
///
/// The k elements are halved again and again; a half table of n elements (the highest one positive)
/// is every sum and difference of the half tables of its upper and lower part. For k = 4 this takes
/// 12 additions at depth 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePrecompute {
    /// Bits of the group's activations.
    pub data_bits: u32,
    /// Bits of the table.
    pub table_bits: u32,
    /// Entries of the table.
    pub entries: u32,
    /// Width of an entry.
    pub entry_bits: u32,
    /// Bits of the table that always equal another bit of it, so that synthesis keeps one register
    /// for both: sign extensions, and the lowest bit of a sum and of its negation.
    pub repeated_bits: u32,
    /// Whether only entries with a positive last element are stored.
    pub half: bool,
    /// Additions, subtractions and negations.
    pub nodes: Vec<Node>,
    /// Adders in series.
    pub depth: u32,
    /// The nodes that are the entries, entry 0 first.
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
    /// Signs of the part's elements, lowest in bit 0; 1 adds.
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
        let name = sum_name(signs, low, count, self.total);
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
            let name = sum_name(signs, 0, k, k);
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

fn sum_name(signs: u32, low: u32, count: u32, total: u32) -> String {
    let letters: String =
        (0..count).rev().map(|i| if signs >> i & 1 == 1 { 'p' } else { 'm' }).collect();
    if count == total { format!("sum_{letters}") } else { format!("sum_{letters}_from{low}") }
}

impl TablePrecompute {
    pub(crate) fn of(core: &Core, spec: &Spec, table: &Table, entry_bits: u32) -> Self {
        let activation = Range { min: spec.activation.min(), max: spec.activation.max() };
        let mut builder = Builder { total: core.k, activation, nodes: Vec::new() };
        let part = builder.half_table(0, core.k);
        let half = matches!(table.symmetry, Symmetry::Half { .. });
        let mut sums = part.sums;
        if !half {
            let mut all = builder.negations(&sums);
            all.append(&mut sums);
            sums = all;
        }
        let entries = entries(core, table);
        debug_assert_eq!(sums.len(), entries as usize);
        Self {
            data_bits: core.k * core.activation_bits,
            table_bits: entries * entry_bits,
            entries,
            entry_bits,
            repeated_bits: repeated_bits(&sums, entry_bits, half),
            half,
            nodes: builder.nodes,
            depth: part.depth + u32::from(!half),
            stored: sums.iter().map(Sum::operand).collect(),
        }
    }
}

/// Bits of a table that repeat another one.
fn repeated_bits(sums: &[Sum], entry_bits: u32, half: bool) -> u32 {
    let extensions: u32 = sums.iter().map(|sum| entry_bits - signed_bits(sum.range)).sum();
    let lowest = if half { 0 } else { sums.len() as u32 / 2 };
    extensions + lowest
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn built(k: u32, half: bool) -> (Vec<Node>, Vec<Sum>, u32) {
        let activation = Range { min: -128, max: 127 };
        let mut builder = Builder { total: k, activation, nodes: Vec::new() };
        let part = builder.half_table(0, k);
        let mut sums = part.sums;
        if !half {
            let mut all = builder.negations(&sums);
            all.append(&mut sums);
            sums = all;
        }
        (builder.nodes, sums, part.depth)
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
            for half in [true, false] {
                let (nodes, sums, _) = built(k, half);
                let activations: Vec<i64> = (0..k as i64).map(|i| 17 * i - 30).collect();
                let values = evaluate(&nodes, &activations);
                for (entry, sum) in sums.iter().enumerate() {
                    let signs = if half { entry as u32 | 1 << (k - 1) } else { entry as u32 };
                    assert_eq!(sum.signs, signs);
                    let signed = |(i, a): (usize, &i64)| if signs >> i & 1 == 1 { *a } else { -a };
                    let expected: i64 = activations.iter().enumerate().map(signed).sum();
                    assert_eq!(values[&sum.name], expected, "k {k} entry {entry}");
                }
            }
        }
    }

    #[test]
    fn four_elements_take_twelve_adders_two_deep() {
        let (nodes, _, depth) = built(4, true);
        assert_eq!((nodes.len(), depth), (12, 2));
    }

    #[test]
    fn no_node_is_wider_than_its_values_need() {
        let (nodes, _, _) = built(4, true);
        assert!(nodes.iter().all(|node| node.bits <= 10));
        assert_eq!(nodes.last().unwrap().bits, 10);
    }
}
