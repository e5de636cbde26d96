use crate::Case;
use crate::encode::signs;
use crate::stimulus::plane_values;
use crate::values::{pattern_of, patterns};
use bitplane_formats::{TermArray, plane_bit};
use bitplane_spec::{Architecture, Spec};
use serde::{Deserialize, Serialize};

/// How much of something was exercised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// How many were hit.
    pub hits: u64,
    /// How many there are.
    pub total: u64,
}

/// What the completed and compared runs exercised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Lanes (row, column) in which a result other than 0 was compared.
    pub lanes: Ratio,
    /// Table entries in both signs, for each column, group and plane: look-ups that picked them.
    /// Where there are no tables, the codes of each column and element, of each data type where there are
    /// several; of floating-point weights their signs and exponents.
    pub indices: Ratio,
    /// Both values of each bit plane in each column; all three of a trit.
    pub planes: Ratio,
    /// Widths of the weights that a run can have.
    pub widths: Ratio,
}

impl Cover {
    /// Whether everything was hit.
    pub fn is_full(&self) -> bool {
        let all = [self.lanes, self.indices, self.planes, self.widths];
        all.iter().all(|ratio| ratio.hits == ratio.total)
    }
}

/// Counts cover while runs are compared.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    spec: Spec,
    lanes: Hits,
    indices: Hits,
    planes: Hits,
    widths: Hits,
}

impl Counter {
    pub(crate) fn new(spec: &Spec) -> Self {
        let tile = spec.tile;
        let (n, planes) = (tile.n as usize, spec.weight.planes() as usize);
        let values = plane_values(spec.weight) as usize;
        let patterns = match spec.architecture {
            Architecture::LookUp(_) => tile.groups as usize * planes * values.pow(tile.k),
            _ => spec.elements_per_step() as usize * patterns_of_a_weight(spec),
        };
        Self {
            spec: spec.clone(),
            lanes: Hits::new(tile.m as usize * n),
            indices: Hits::new(n * patterns),
            planes: Hits::new(n * planes * values),
            widths: Hits::new(spec.run_weights().count()),
        }
    }

    /// Counts a run whose golden results `values` were all seen.
    pub(crate) fn add(&mut self, case: &Case, values: &[i128]) {
        for (i, _) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
            let (row, column) = (i / case.columns, i % case.columns);
            self.lanes.hit(row * self.spec.tile.n as usize + column);
        }
        let width = self.spec.run_weights().position(|weight| weight == case.weight);
        width.into_iter().for_each(|width| self.widths.hit(width));
        if self.indices.is_full() && self.planes.is_full() {
            return;
        }
        for column in 0..case.columns {
            self.add_planes(case, column);
            match self.spec.architecture {
                Architecture::LookUp(_) => self.add_look_ups(case, column),
                _ => self.add_codes(case, column),
            }
        }
    }

    fn add_planes(&mut self, case: &Case, column: usize) {
        let (planes, values) = (self.spec.weight.planes(), plane_values(self.spec.weight) as usize);
        for element in 0..case.elements {
            let code = case.code(column, element);
            for plane in 0..case.weight.planes() {
                let place = column * planes as usize + plane as usize;
                let value = match case.weight.is_ternary() {
                    true => code.into(),
                    false => usize::from(plane_bit(code, plane)),
                };
                self.planes.hit(values * place + value);
            }
        }
    }

    fn add_look_ups(&mut self, case: &Case, column: usize) {
        let (k, groups) = (self.spec.tile.k as usize, self.spec.tile.groups as usize);
        let (planes, values) = (self.spec.weight.planes(), plane_values(self.spec.weight) as usize);
        let codes = &case.codes[column * case.elements..][..case.elements];
        for (i, group) in codes.chunks(k).enumerate() {
            let place = (column * groups + i % groups) * planes as usize;
            for plane in 0..case.weight.planes() {
                let pattern = match case.weight.is_ternary() {
                    true => group.iter().rev().fold(0, |sum, code| 3 * sum + usize::from(*code)),
                    false => signs(group, k as u32, plane) as usize,
                };
                self.indices.hit((place + plane as usize) * values.pow(k as u32) + pattern);
            }
        }
    }

    fn add_codes(&mut self, case: &Case, column: usize) {
        let step = self.spec.elements_per_step() as usize;
        let patterns_of_one = patterns_of_a_weight(&self.spec);
        for element in 0..case.elements {
            let (place, code) = (column * step + element % step, case.code(column, element));
            let pattern = match (self.spec.terms(), self.spec.weight.float()) {
                (Some(terms), _) => Some(code_of_type(&self.spec, terms, case, column, element)),
                (None, Some(float)) => pattern_of(float, code),
                (None, None) => Some(code.into()),
            };
            pattern.into_iter().for_each(|p| self.indices.hit(place * patterns_of_one + p));
        }
    }

    pub(crate) fn cover(&self) -> Cover {
        Cover {
            lanes: self.lanes.ratio(),
            indices: self.indices.ratio(),
            planes: self.planes.ratio(),
            widths: self.widths.ratio(),
        }
    }
}

/// Patterns of a weight that are told apart where there are no tables.
fn patterns_of_a_weight(spec: &Spec) -> usize {
    if let Some(terms) = spec.terms() {
        return terms.types().iter().map(|each| usize::from(each.codes())).sum();
    }
    spec.weight.float().map_or(spec.weight.codes() as usize, patterns)
}

/// Number of a code among those of all data types.
fn code_of_type(
    spec: &Spec,
    terms: &TermArray,
    case: &Case,
    column: usize,
    element: usize,
) -> usize {
    let size = spec.group_steps().unwrap_or(1) as usize * spec.elements_per_step() as usize;
    let number = case.group_type(column, element / size).number;
    let before = terms.types()[..number].iter().map(|each| usize::from(each.codes()));
    let code = case.code(column, element) & (terms.types()[number].codes() - 1);
    before.sum::<usize>() + usize::from(code)
}

#[derive(Clone, Debug)]
struct Hits {
    hit: Vec<bool>,
    count: usize,
}

impl Hits {
    fn new(total: usize) -> Self {
        Self { hit: vec![false; total], count: 0 }
    }

    fn hit(&mut self, place: usize) {
        self.count += usize::from(!std::mem::replace(&mut self.hit[place], true));
    }

    fn is_full(&self) -> bool {
        self.count == self.hit.len()
    }

    fn ratio(&self) -> Ratio {
        Ratio { hits: self.count as u64, total: self.hit.len() as u64 }
    }
}
