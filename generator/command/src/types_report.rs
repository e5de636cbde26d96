//! What `quantize` tells of weights of data types.

use crate::outcome::Outcome;
use bitplane_weights::TypedWeights;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Weights that were quantised, and what is known of them.
pub struct TypesReport<'a> {
    /// The weights.
    pub weights: &'a TypedWeights,
    /// Their error.
    pub nmse: f64,
    /// Size of their file.
    pub bytes: usize,
}

impl TypesReport<'_> {
    /// The report of weights that were written to `out`, if they were.
    pub fn outcome(&self, out: Option<&Path>) -> Outcome {
        let Self { weights, nmse, bytes } = self;
        let (rows, columns) = (weights.rows, weights.columns());
        let kept = match out {
            Some(out) => format!("wrote {}, {bytes} bytes", out.display()),
            None => format!("{bytes} bytes packed, not written (--out)"),
        };
        let of = match weights.grouping.size() {
            0 => "one per output channel".to_owned(),
            size => format!("one per {size} input channels"),
        };
        let text = format!(
            "{}  {rows} x {columns}  {}\n{}{} scales ({}), {of}; {:.3} bits a weight, {:.3} with scale, \
             type and special value\nnormalised mean square error {nmse:.5}\n{kept}\n",
            weights.name,
            weights.quantiser,
            self.types_text(),
            weights.groups.len(),
            weights.scale.name(),
            weights.code_bits(),
            self.bits_in_all(),
        );
        let keys = json!({
            "tensor": weights.name,
            "shape": [rows, columns],
            "format": weights.quantiser,
            "group": weights.grouping.size(),
            "scales": weights.groups.len(),
            "scale": weights.scale.name(),
            "types": self.types_json(),
            "special_values": self.specials_json(),
            "nmse": nmse,
            "code_bits": weights.code_bits(),
            "bits_in_all": self.bits_in_all(),
            "bytes": bytes,
            "file": out.map(|out| out.display().to_string()),
        });
        Outcome { text, json: keys.as_object().cloned().unwrap_or_else(Map::new) }
    }

    /// Bits a weight with what a group stores besides: its scale, the number of its type, and that of its
    /// special value among those that its type has in this tensor.
    fn bits_in_all(&self) -> f64 {
        let weights = self.weights;
        let used = self.specials();
        let of_special = |number: usize| {
            let count = used.keys().filter(|(of, _)| *of == number).count();
            bits_to_tell(count)
        };
        let of_a_group = weights.scale.bits() + bits_to_tell(weights.types.len());
        let of_groups = weights.groups.iter().map(|group| of_a_group + of_special(group.number));
        let sum: u32 = of_groups.sum();
        weights.code_bits() + f64::from(sum) / weights.codes.len() as f64
    }

    /// How many groups have each special value of each type.
    fn specials(&self) -> BTreeMap<(usize, i32), usize> {
        let mut counts = BTreeMap::new();
        for group in &self.weights.groups {
            if self.weights.types[group.number].special_code().is_some() {
                *counts.entry((group.number, group.special)).or_insert(0) += 1;
            }
        }
        counts
    }

    /// A special value as people write it.
    fn value(&self, number: usize, special: i32) -> f64 {
        f64::from(special) * 0.5f64.powi(self.weights.types[number].fraction_bits() as i32)
    }

    fn types_text(&self) -> String {
        let specials = self.specials();
        let groups = self.weights.groups.len() as f64;
        let line = |(number, share): (usize, f64)| {
            let values: Vec<String> = specials
                .iter()
                .filter(|((of, _), _)| *of == number)
                .map(|(&(_, special), &count)| {
                    let share = 100.0 * count as f64 / groups;
                    format!("{} {share:.1}%", self.value(number, special))
                })
                .collect();
            let values = match values.is_empty() {
                true => String::new(),
                false => format!(", groups by special value: {}", values.join(", ")),
            };
            let name = &self.weights.types[number];
            format!("{name}: {:.1}% of the weights{values}\n", 100.0 * share)
        };
        self.weights.shares().into_iter().enumerate().map(line).collect()
    }

    fn types_json(&self) -> Value {
        let shares = self.weights.types.iter().zip(self.weights.shares());
        shares.map(|(name, share)| json!({"name": name.name(), "share": share})).collect()
    }

    fn specials_json(&self) -> Value {
        let each = self.specials().into_iter().map(|((number, special), count)| {
            let name = self.weights.types[number].name();
            json!({"type": name, "value": self.value(number, special), "groups": count})
        });
        each.collect()
    }
}

/// Bits that tell one of `count`.
fn bits_to_tell(count: usize) -> u32 {
    count.max(1).next_power_of_two().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_four_takes_two_bits_and_one_of_one_none() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(bits_to_tell), [0, 0, 1, 2, 2, 3]);
    }
}
