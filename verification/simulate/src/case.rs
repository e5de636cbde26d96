use bitplane_formats::{WeightFormat, ZeroPoint};
use bitplane_golden::Run;
use bitplane_spec::{Spec, Tile};

/// One run as it is sent: whole k-steps of the whole tile, with masks. What a mask leaves out is
/// sent too (as junk that must not matter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Rows kept, 1 to m.
    pub rows: usize,
    /// Columns kept, 1 to n.
    pub columns: usize,
    /// Elements of K sent: k-steps times elements per step.
    pub elements: usize,
    /// Which elements count, `[elements]`.
    pub keep: Vec<bool>,
    /// `[m * elements]`, row-major.
    pub activations: Vec<i32>,
    /// Format of the codes.
    pub weight: WeightFormat,
    /// Weight codes `[n * elements]`, all elements of column 0 first.
    pub codes: Vec<u8>,
    /// The run's reinterpreted zero point.
    pub zero_point: ZeroPoint,
}

impl Case {
    /// A run of `steps` k-steps of the whole tile with the widest weights in which everything is
    /// zero.
    pub fn zero(spec: &Spec, steps: usize) -> Self {
        let Tile { m, n, .. } = spec.tile;
        let elements = steps * spec.elements_per_step() as usize;
        Self {
            rows: m as usize,
            columns: n as usize,
            elements,
            keep: vec![true; elements],
            activations: vec![0; m as usize * elements],
            weight: spec.weight,
            codes: vec![0; n as usize * elements],
            zero_point: ZeroPoint::MID_RISE,
        }
    }

    /// K-steps of the run.
    pub fn steps(&self, spec: &Spec) -> usize {
        self.elements / spec.elements_per_step() as usize
    }

    /// The activation that the core is to see in `row`: 0 where it is left out.
    pub fn activation(&self, row: usize, element: usize) -> i32 {
        if self.keep[element] { self.activations[row * self.elements + element] } else { 0 }
    }

    /// The code of `element` in `column`.
    pub fn code(&self, column: usize, element: usize) -> u8 {
        self.codes[column * self.elements + element]
    }

    /// What counts of the case.
    pub fn run(&self) -> Run {
        let (rows, columns, elements) = (self.rows, self.columns, self.elements);
        let kept = (0..rows).flat_map(|row| (0..elements).map(move |i| (row, i)));
        Run {
            rows,
            columns,
            elements,
            activations: kept.map(|(row, i)| self.activation(row, i)).collect(),
            weight: self.weight,
            codes: self.codes[..columns * elements].to_vec(),
            zero_point: self.zero_point,
        }
    }

    /// Result beats of the run.
    pub fn result_beats(&self, spec: &Spec) -> u32 {
        (self.rows * self.columns.div_ceil(spec.tile.drain as usize)) as u32
    }
}
