use bitplane_formats::{WeightFormat, ZeroPoint};
use bitplane_golden::{GroupType, GroupZeroPoints, Run, ZeroPoints};
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
    pub codes: Vec<u16>,
    /// The run's reinterpreted zero point.
    pub zero_point: ZeroPoint,
    /// Those of all n columns and their quantisation groups, by elements sent, with the groups'
    /// scales, where the core works on such groups.
    pub group_zero_points: Option<GroupZeroPoints>,
    /// Where the run stands in a command, where the core takes commands.
    pub part: Part,
    /// The row and column of the command's product at which the run's tile starts.
    pub corner: [usize; 2],
    /// Number of the command.
    pub id: u8,
    /// The tile's part of C, `[m * n]`, row-major, where the command adds one.
    pub addend: Option<Vec<i128>>,
}

/// Where a run stands in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is the whole product.
    Whole,
    /// It is the first tile of several.
    First {
        /// Rows of the product.
        m: u32,
        /// Columns of the product.
        n: u32,
    },
    /// It is neither the first nor the last tile.
    Middle,
    /// It is the last tile.
    Last,
}

impl Part {
    /// Whether the command's results end with those of the run.
    pub fn closes(self) -> bool {
        matches!(self, Self::Whole | Self::Last)
    }
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
            zero_point: spec.weight_reading().zero_point(spec.weight),
            group_zero_points: spec.group_steps().map(|whole| {
                let size = whole as usize * spec.elements_per_step() as usize;
                let count = n as usize * elements.div_ceil(size);
                let scales = if spec.scale().is_some() { vec![0; count] } else { Vec::new() };
                let types = spec.terms().map_or(Vec::new(), |_| vec![GroupType::default(); count]);
                GroupZeroPoints { size, values: vec![ZeroPoint::MID_RISE; count], scales, types }
            }),
            part: Part::Whole,
            corner: [0, 0],
            id: 0,
            addend: None,
        }
    }

    /// K-steps of the run.
    pub fn steps(&self, spec: &Spec) -> usize {
        self.elements / spec.elements_per_step() as usize
    }

    /// Elements of K up to the last one that counts, the empty places of groups left out.
    pub(crate) fn longest_k(&self, spec: &Spec) -> u64 {
        let within = (1..=spec.elements_of(self.steps(spec) as u64)).rev();
        let mut counts = within.skip_while(|k| !self.keep[spec.place_of(k - 1) as usize]);
        counts.next().unwrap_or(0)
    }

    /// Places of the elements of K that the run can have within `max_k`, in their order.
    fn places(&self, spec: &Spec) -> impl Iterator<Item = usize> + use<> {
        let spec = spec.clone();
        let most = spec.elements_of(self.steps(&spec) as u64).min(spec.accumulate.max_k);
        (0..most).map(move |element| spec.place_of(element) as usize)
    }

    /// Leaves out all but the first `count` elements of K, what is beyond `max_k` and what is in the empty
    /// places of quantisation groups.
    pub(crate) fn keep_leading(&mut self, spec: &Spec, count: usize) {
        let mut exact = vec![false; self.keep.len()];
        self.places(spec).take(count).for_each(|place| exact[place] = true);
        self.keep.iter_mut().zip(exact).for_each(|(keep, exact)| *keep &= exact);
    }

    /// Elements of K, where they are those before the first that does not count, and their number takes
    /// all k-steps of the run.
    pub(crate) fn leading_elements(&self, spec: &Spec) -> Option<usize> {
        let count = self.places(spec).take_while(|place| self.keep[*place]).count();
        let alone = self.keep.iter().filter(|keep| **keep).count() == count;
        let whole = spec.steps_of(count as u64) == self.steps(spec) as u64;
        (alone && whole && count > 0).then_some(count)
    }

    /// The activation that the core is to see in `row`: 0 where it is left out.
    pub fn activation(&self, row: usize, element: usize) -> i32 {
        if self.keep[element] { self.activations[row * self.elements + element] } else { 0 }
    }

    /// The code of `element` in `column`.
    pub fn code(&self, column: usize, element: usize) -> u16 {
        self.codes[column * self.elements + element]
    }

    /// Zero point of `group` in `column`; that of the run where the core corrects no groups.
    pub fn group_zero_point(&self, column: usize, group: usize) -> ZeroPoint {
        match &self.group_zero_points {
            Some(groups) => groups.values[column * self.elements.div_ceil(groups.size) + group],
            None => self.zero_point,
        }
    }

    /// Code of the scale of `group` in `column`; 0 where the core does not scale groups.
    pub fn group_scale(&self, column: usize, group: usize) -> u32 {
        let groups = self.group_zero_points.as_ref();
        let at = |groups: &GroupZeroPoints| {
            let place = column * self.elements.div_ceil(groups.size) + group;
            groups.scales.get(place).copied()
        };
        groups.and_then(at).unwrap_or(0)
    }

    /// Data type of `group` in `column`; the first where there are none.
    pub fn group_type(&self, column: usize, group: usize) -> GroupType {
        let groups = self.group_zero_points.as_ref();
        let at = |groups: &GroupZeroPoints| {
            let place = column * self.elements.div_ceil(groups.size) + group;
            groups.types.get(place).copied()
        };
        groups.and_then(at).unwrap_or_default()
    }

    /// The case with the same data type for all columns and groups.
    pub(crate) fn with_type(mut self, group: GroupType) -> Self {
        if let Some(groups) = &mut self.group_zero_points {
            groups.types.fill(group);
        }
        self
    }

    /// The case with the same zero point for the run and for all columns and groups.
    pub(crate) fn with_zero_point(mut self, zero_point: ZeroPoint) -> Self {
        self.zero_point = zero_point;
        if let Some(groups) = &mut self.group_zero_points {
            groups.values.fill(zero_point);
        }
        self
    }

    /// The case without the elements for which `keep` is false; the last groups lose their zero
    /// points if fewer groups are left.
    pub(crate) fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let elements = (0..self.elements).filter(|i| keep(*i)).count();
        let kept = |i: usize| keep(i % self.elements);
        let groups = self.group_zero_points.as_ref().map(|groups| {
            let of_a_column = self.elements.div_ceil(groups.size).max(1);
            let left = elements.div_ceil(groups.size);
            GroupZeroPoints {
                size: groups.size,
                values: firsts(&groups.values, of_a_column, left),
                scales: firsts(&groups.scales, of_a_column, left),
                types: firsts(&groups.types, of_a_column, left),
            }
        });
        Self {
            elements,
            keep: filtered(&self.keep, kept),
            activations: filtered(&self.activations, kept),
            codes: filtered(&self.codes, kept),
            group_zero_points: groups,
            addend: self.addend.clone(),
            ..*self
        }
    }

    fn zero_points(&self) -> ZeroPoints {
        match &self.group_zero_points {
            None => ZeroPoints::Constant(self.zero_point),
            Some(GroupZeroPoints { size, values, scales, types }) => {
                let count = self.columns * self.elements.div_ceil(*size);
                let values = values[..count].to_vec();
                let scales = scales[..count.min(scales.len())].to_vec();
                let types = types[..count.min(types.len())].to_vec();
                ZeroPoints::PerGroup(GroupZeroPoints { size: *size, values, scales, types })
            }
        }
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
            zero_points: self.zero_points(),
        }
    }

    /// Result beats of the run.
    pub fn result_beats(&self, spec: &Spec) -> u32 {
        (self.rows * self.columns.div_ceil(spec.tile.drain as usize)) as u32
    }
}

/// The first `left` of each `chunk` of `values`.
fn firsts<T: Copy>(values: &[T], chunk: usize, left: usize) -> Vec<T> {
    values.chunks(chunk).flat_map(|values| values[..left].iter().copied()).collect()
}

fn filtered<T: Copy>(values: &[T], kept: impl Fn(usize) -> bool) -> Vec<T> {
    values.iter().enumerate().filter(|(i, _)| kept(*i)).map(|(_, value)| *value).collect()
}
