//! Weights as codes.

use bitplane_formats::{WeightFormat, ZeroPoint};

use crate::grouping::Grouping;
use crate::matrix::{Matrix, nmse};

/// Weights as codes, with a scale and a zero point per quantisation group.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedWeights {
    /// The tensor's name.
    pub name: String,
    /// The quantiser's name.
    pub quantiser: String,
    /// The codes' format.
    pub format: WeightFormat,
    /// Output channels.
    pub rows: usize,
    /// The input channels and how they share scales and zero points.
    pub grouping: Grouping,
    /// Unsigned codes [output channels, input channels], row-major.
    pub codes: Vec<u8>,
    /// Scales [output channels, groups], row-major, 0 or more.
    pub scales: Vec<f32>,
    /// Reinterpreted zero points z' [output channels, groups], row-major.
    pub zero_points: Vec<ZeroPoint>,
}

impl QuantisedWeights {
    /// Input channels.
    pub fn columns(&self) -> usize {
        self.grouping.inputs()
    }

    /// The integer weights that the codes stand for, row-major.
    pub fn values(&self) -> Vec<i32> {
        let value = |(place, &code): (usize, &u8)| {
            self.format.value(code, self.zero_points[self.group_at(place)])
        };
        self.codes.iter().enumerate().map(value).collect()
    }

    /// The real weights that the codes stand for, row-major: integer times the group's scale.
    pub fn dequantise(&self) -> Vec<f32> {
        let real = |(place, value): (usize, i32)| value as f32 * self.scales[self.group_at(place)];
        self.values().into_iter().enumerate().map(real).collect()
    }

    /// Normalised mean square error against the original.
    pub fn nmse(&self, original: &Matrix) -> f64 {
        nmse(original.data(), &self.dequantise())
    }

    /// Index into scales and zero points of the weight at `place` of the row-major codes.
    fn group_at(&self, place: usize) -> usize {
        let (row, column) = (place / self.columns(), place % self.columns());
        row * self.grouping.count() + self.grouping.group_of(column)
    }
}
