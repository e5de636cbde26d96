use crate::bench::{Bench, Flow, Stop};
use crate::stimulus::zero_points;
use crate::{Case, Encoder, Error, Interrupt, Monitor, Report, Simulator, Stalls, Start};
use bitplane_formats::WeightFormat;
use bitplane_spec::Spec;

/// Runs that an exhaustive check may take.
const LIMIT: u64 = 1 << 22;
/// Runs of one k-step in a batch.
const BATCH_RUNS: usize = 512;

/// Checks every combination of activations and weights of one group of k elements, for each group
/// each width of the weights and each zero point, in runs of one k-step. The other groups are zero.
///
/// # Errors
/// [`Error::Input`] if there are too many combinations; otherwise as [`crate::regression`].
pub fn exhaustive(
    simulator: &Simulator,
    spec: &Spec,
    start: &Start,
    monitor: &Monitor,
) -> Result<Report, Error> {
    let encoder = Encoder::new(spec, &simulator.manifest)?;
    let plan = Plan::new(spec)?;
    let mut bench = Bench::new(&encoder, simulator, start.clone(), monitor)?;
    match plan.check_all(&mut bench) {
        Ok(()) | Err(Stop::Failed) => Ok(bench.finish()),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Combinations of the activations and weights of a group, unless they are far too many.
fn combinations(spec: &Spec) -> Option<u64> {
    let codes = u64::from(spec.weight.codes()).checked_pow(spec.tile.k)?;
    let activations = 1u64.checked_shl(spec.tile.k * spec.activation_code_bits())?;
    codes.checked_mul(activations).filter(|combinations| *combinations <= 1 << 40)
}

/// The combinations, packed into runs: each row of a tile takes another group of activations,
/// each column another group of weights.
struct Plan<'a> {
    spec: &'a Spec,
    /// Widths of the weights, narrowest first.
    weights: Vec<WeightFormat>,
    /// Values of one group of activations, as bits.
    activations: u64,
}

impl<'a> Plan<'a> {
    fn new(spec: &'a Spec) -> Result<Self, Error> {
        let bits = spec.tile.k * (spec.activation_code_bits() + spec.weight.bits());
        let lanes = u64::from(spec.tile.m * spec.tile.n);
        let runs = combinations(spec).map(|combinations| {
            // Narrower widths have half as many codes of an element, or fewer: never more in all.
            let widest = combinations / lanes * zero_points(spec, spec.weight).len() as u64;
            widest * u64::from(spec.tile.groups) * spec.run_weights().count() as u64
        });
        if runs.is_none_or(|runs| runs > LIMIT) {
            return Err(Error::input(
                "too-many-combinations",
                "tile.k",
                format!(
                    "{} activations of {} bits and as many {} weights have up to 2^{bits} \
                     combinations; at most {LIMIT} runs can be checked exhaustively",
                    spec.tile.k,
                    spec.activation_code_bits(),
                    spec.weight
                ),
                "check it with random runs, or choose a smaller k or narrower formats",
            ));
        }
        Ok(Self {
            spec,
            weights: spec.run_weights().collect(),
            activations: 1 << (spec.tile.k * spec.activation_code_bits()),
        })
    }

    fn check_all(&self, bench: &mut Bench) -> Flow {
        let total = self.weights.iter().map(|weight| self.runs(*weight)).sum();
        let mut cases = Vec::with_capacity(BATCH_RUNS);
        let mut done = 0;
        for weight in &self.weights {
            for case in self.cases(*weight) {
                cases.push(case);
                if cases.len() == BATCH_RUNS {
                    done += self.check(bench, &mut cases)?;
                    bench.monitor.report("all combinations", done, total)?;
                }
            }
        }
        self.check(bench, &mut cases)?;
        Ok(())
    }

    /// Values of one group of `weight` codes, as a number whose digits they are.
    fn words(&self, weight: WeightFormat) -> u64 {
        u64::from(weight.codes()).pow(self.spec.tile.k)
    }

    fn runs(&self, weight: WeightFormat) -> u64 {
        let tile = self.spec.tile;
        self.activations.div_ceil(tile.m.into())
            * self.words(weight).div_ceil(tile.n.into())
            * zero_points(self.spec, weight).len() as u64
            * u64::from(tile.groups)
    }

    fn cases(&self, weight: WeightFormat) -> impl Iterator<Item = Case> + '_ {
        let (m, n) = (self.spec.tile.m as usize, self.spec.tile.n as usize);
        let places = move || {
            let groups = 0..self.spec.tile.groups as usize;
            let activations = move || (0..self.activations).step_by(m);
            let words = move || (0..self.words(weight)).step_by(n);
            groups.flat_map(move |group| {
                activations().flat_map(move |a| words().map(move |word| (group, a, word)))
            })
        };
        zero_points(self.spec, weight).into_iter().flat_map(move |zero_point| {
            places().map(move |(group, activation, word)| Case {
                zero_point,
                ..self.case(weight, group, activation, word)
            })
        })
    }

    /// The activation whose lowest bits are those of `raw`.
    fn activation(&self, raw: u64) -> i32 {
        match self.spec.float {
            Some(float) => (raw & ((1 << float.format.bits()) - 1)) as i32,
            None => self.spec.activation.wrap(i128::from(raw)) as i32,
        }
    }

    fn check(&self, bench: &mut Bench, cases: &mut Vec<Case>) -> Result<u64, Stop> {
        let check = "all combinations";
        bench.check(check, cases, Stalls::none(), Interrupt::None, 0)?;
        let count = cases.len() as u64;
        cases.clear();
        Ok(count)
    }

    /// Row r takes the activations numbered `activation` + r, column c the weights `word` + c;
    /// numbers beyond the last start again.
    fn case(&self, weight: WeightFormat, group: usize, activation: u64, word: u64) -> Case {
        let mut case = Case { weight, ..Case::zero(self.spec, 1) };
        let (k, elements) = (self.spec.tile.k as usize, case.elements);
        for row in 0..case.rows {
            let bits = (activation + row as u64) % self.activations;
            for i in 0..k {
                let raw = bits >> (i * self.spec.activation_code_bits() as usize);
                case.activations[row * elements + group * k + i] = self.activation(raw);
            }
        }
        for column in 0..case.columns {
            let mut digits = (word + column as u64) % self.words(weight);
            for i in 0..k {
                let code = digits % u64::from(weight.codes());
                case.codes[column * elements + group * k + i] = code as u16;
                digits /= u64::from(weight.codes());
            }
        }
        case
    }
}
