//! Cycles that the terms of a layer's weights take in a tile whose columns run in lockstep.

use bitplane_formats::{DataType, TermPlan};
use bitplane_spec::Spec;
use bitplane_weights::TypedWeights;
use serde_json::{Value, json};

/// Cycles of a layer without waiting, by what they are the sum of. A k-step takes as many as its slowest
/// column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermCycles {
    /// With the output channels in the order in which they are packed.
    pub lockstep: u64,
    /// In the order of the tensor.
    pub tensor_order: u64,
    /// With those of as many cycles side by side.
    pub ordered: u64,
    /// If every column went on by itself: the mean of the columns of each tile.
    pub columns: f64,
    /// The share of the rows of the tiles that tokens fill.
    rows: f64,
}

impl TermCycles {
    /// The cycles of `weights` in the tile of `spec`, which can take them, for so many tokens.
    pub fn of(spec: &Spec, weights: &TypedWeights, tokens: usize) -> Option<Self> {
        let reach = spec.terms()?.reach();
        let cycles = |data_type: &DataType| TermPlan::of(data_type, reach).cycles;
        let (m, n) = (spec.tile.m as usize, spec.tile.n as usize);
        let rows = tokens.div_ceil(m) as u64;
        let lockstep = |weights: &TypedWeights| rows * Steps::of(spec, weights, cycles).lockstep(n);
        Some(Self {
            lockstep: lockstep(weights),
            tensor_order: lockstep(&weights.in_tensor_order()),
            ordered: lockstep(&weights.ordered(cycles)),
            columns: rows as f64 * Steps::of(spec, weights, cycles).sum() as f64 / n as f64,
            rows: tokens as f64 / (rows * m as u64) as f64,
        })
    }

    /// The share of `cycles` in which the array works on terms.
    pub fn useful(&self, cycles: u64) -> f64 {
        self.lockstep as f64 / cycles.max(1) as f64
    }

    /// The share of the array's term slots in `cycles` that the terms of the layer's weights take.
    pub fn utilisation(&self, cycles: u64) -> f64 {
        self.rows * self.columns / cycles.max(1) as f64
    }

    /// For people.
    pub fn text(&self, cycles: u64) -> String {
        let Self { lockstep, tensor_order, ordered, columns, .. } = self;
        format!(
            "terms take {lockstep} cycles, {:.1}% of all; with the output channels in the tensor's order \
             {tensor_order}, by cycles {ordered}, each column by itself {columns:.0}\n",
            100.0 * self.useful(cycles)
        )
    }

    /// For programs.
    pub fn json(&self, cycles: u64) -> Value {
        json!({
            "lockstep_cycles": self.lockstep,
            "useful_share": self.useful(cycles),
            "tensor_order_cycles": self.tensor_order,
            "ordered_cycles": self.ordered,
            "column_cycles": self.columns,
        })
    }
}

/// Cycles of each output channel and group of the core [output channels, groups].
struct Steps {
    groups: usize,
    cycles: Vec<u64>,
}

impl Steps {
    fn of(spec: &Spec, weights: &TypedWeights, cycles: impl Fn(&DataType) -> u32) -> Self {
        let of_types: Vec<u64> = weights.types.iter().map(|of| cycles(of).into()).collect();
        let inputs = weights.columns();
        let size = spec.quantisation_group.map_or(inputs, |group| group.size as usize);
        let starts: Vec<usize> = (0..inputs).step_by(size).collect();
        let of_channel = |row: usize| {
            let of_types = &of_types;
            starts.iter().map(move |&start| {
                let steps = spec.steps_of((inputs - start).min(size) as u64);
                let group = weights.group(row, weights.grouping.group_of(start));
                steps * of_types[group.number]
            })
        };
        let cycles = (0..weights.rows).flat_map(of_channel).collect();
        Self { groups: starts.len(), cycles }
    }

    /// Of tiles of `n` columns, the most cycles of a column in each group.
    fn lockstep(&self, n: usize) -> u64 {
        let tiles = self.cycles.chunks(n * self.groups);
        let of_tile = |tile: &[u64]| -> u64 {
            let most = |group| tile.iter().skip(group).step_by(self.groups).max().copied();
            (0..self.groups).filter_map(most).sum()
        };
        tiles.map(of_tile).sum()
    }

    fn sum(&self) -> u64 {
        self.cycles.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::ScaleFormat;
    use bitplane_weights::{ChoiceSpan, Grouping, Matrix, TypeQuantiser};

    #[test]
    fn columns_wait_for_the_slowest_of_their_tile_unless_like_stand_together() {
        let text = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                    weight.format = ['bitmod_fp3', 'int6']\ntile = { m = 4, n = 2, k = 4 }\n\
                    group = { size = 8, scale = 'fp16' }\n";
        let spec = bitplane_spec::parse(text, "tile").unwrap().spec;
        // Channels 0 and 3 are exact in FP3, the others in INT6: two cycles and three.
        let row = |row: usize| {
            (0..16).map(move |i| match row {
                0 | 3 => [4.0, 1.0, -2.0, 0.0][i % 4],
                _ => [31.0, 17.0, -9.0, 3.0][i % 4],
            })
        };
        let weights = Matrix::new(4, 16, (0..4).flat_map(row).collect()).unwrap();
        let quantiser = TypeQuantiser::parse("bitmod_fp3,int6", ChoiceSpan::Group, None).unwrap();
        let grouping = Grouping::new(16, 8).unwrap();
        let weights = quantiser.quantise("w", &weights, grouping, ScaleFormat::Fp16);
        let found = TermCycles::of(&spec, &weights, 6).unwrap();
        // Four k-steps a channel, two tiles of columns, two of rows.
        assert_eq!((found.lockstep, found.tensor_order), (2 * 2 * 12, 2 * 2 * 12));
        assert_eq!((found.ordered, found.columns), (2 * (12 + 8), (2 * 2 * 10) as f64));
        assert_eq!((found.useful(60), found.utilisation(60)), (0.8, 40.0 / 60.0 * 6.0 / 8.0));
    }
}
