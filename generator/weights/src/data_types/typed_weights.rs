//! Weights as codes of data types.

use bitplane_formats::{DataType, ScaleFormat};

use crate::grouping::Grouping;
use crate::matrix::{Matrix, nmse};

/// What belongs to one quantisation group of an output channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypedGroup {
    /// Number of its data type.
    pub number: usize,
    /// Its special value in units of the type; 0 where it has none.
    pub special: i32,
    /// The code of its scale.
    pub scale: u32,
}

/// Weights as codes, with a data type, special value and scale per quantisation group.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedWeights {
    /// The tensor's name.
    pub name: String,
    /// The quantiser's name.
    pub quantiser: String,
    /// The data types by number.
    pub types: Vec<DataType>,
    /// Output channels.
    pub rows: usize,
    /// The input channels and how they share types and scales.
    pub grouping: Grouping,
    /// How the scales are written.
    pub scale: ScaleFormat,
    /// What the scale 1 of an output channel stands for.
    pub units: Vec<f32>,
    /// [output channels, groups], row-major.
    pub groups: Vec<TypedGroup>,
    /// Codes [output channels, input channels], row-major.
    pub codes: Vec<u8>,
    /// The output channel of the tensor that each row holds.
    pub order: Vec<u32>,
}

impl TypedWeights {
    /// Input channels.
    pub fn columns(&self) -> usize {
        self.grouping.inputs()
    }

    /// The group of one output channel.
    ///
    /// # Panics
    /// If either is beyond the shape.
    pub fn group(&self, row: usize, group: usize) -> TypedGroup {
        assert!(group < self.grouping.count(), "group {group} is beyond the shape");
        self.groups[row * self.grouping.count() + group]
    }

    /// The real weights that the codes stand for, row-major: value times the group's scale times the
    /// output channel's unit.
    pub fn dequantise(&self) -> Vec<f32> {
        let real = |(place, &code): (usize, &u8)| {
            let (row, column) = (place / self.columns(), place % self.columns());
            let group = self.group(row, self.grouping.group_of(column));
            let value = self.types[group.number].value(code.into(), group.special);
            let scale = self.scale.value(group.scale) * f64::from(self.units[row]);
            (f64::from(value) * scale) as f32
        };
        self.codes.iter().enumerate().map(real).collect()
    }

    /// Normalised mean square error against `original`, whose rows are in the tensor's order.
    pub fn nmse(&self, original: &Matrix) -> f64 {
        let rows = self.order.iter().flat_map(|&row| original.row(row as usize));
        nmse(&rows.copied().collect::<Vec<f32>>(), &self.dequantise())
    }

    /// Bits of all codes over their number.
    pub fn code_bits(&self) -> f64 {
        let spans = (0..self.rows).flat_map(|_| 0..self.grouping.count());
        let bits = self.groups.iter().zip(spans).map(|(group, span)| {
            u64::from(self.types[group.number].bits()) * self.grouping.members(span).len() as u64
        });
        bits.sum::<u64>() as f64 / self.codes.len().max(1) as f64
    }

    /// The share of the weights that each data type has.
    pub fn shares(&self) -> Vec<f64> {
        let mut counts = vec![0usize; self.types.len()];
        for (place, group) in self.groups.iter().enumerate() {
            counts[group.number] += self.grouping.members(place % self.grouping.count()).len();
        }
        counts.iter().map(|&count| count as f64 / self.codes.len().max(1) as f64).collect()
    }

    /// The same with the output channels in the order of `cycles`, which is what a k-step of a type
    /// takes: channels whose groups take the most cycles come first, and neighbours take as many in as
    /// many groups as can be; otherwise the order stays.
    pub fn ordered(&self, cycles: impl Fn(&DataType) -> u32) -> Self {
        let count = self.grouping.count();
        let of_row = |row: usize| -> Vec<u32> {
            let groups = &self.groups[row * count..][..count];
            groups.iter().map(|group| cycles(&self.types[group.number])).collect()
        };
        let key = |row: &usize| {
            let cycles = of_row(*row);
            std::cmp::Reverse((cycles.iter().sum::<u32>(), cycles))
        };
        let mut rows: Vec<usize> = (0..self.rows).collect();
        rows.sort_by_cached_key(key);
        self.rearranged(&rows)
    }

    /// The same with the output channels in the order of the tensor.
    pub fn in_tensor_order(&self) -> Self {
        let mut rows: Vec<usize> = (0..self.rows).collect();
        rows.sort_by_key(|&row| self.order[row]);
        self.rearranged(&rows)
    }

    /// The same with `rows` in their order.
    fn rearranged(&self, rows: &[usize]) -> Self {
        let (count, columns) = (self.grouping.count(), self.columns());
        let groups = rows.iter().flat_map(|row| &self.groups[row * count..][..count]);
        let codes = rows.iter().flat_map(|row| &self.codes[row * columns..][..columns]);
        Self {
            units: rows.iter().map(|row| self.units[*row]).collect(),
            groups: groups.copied().collect(),
            codes: codes.copied().collect(),
            order: rows.iter().map(|row| self.order[*row]).collect(),
            ..self.clone()
        }
    }
}
