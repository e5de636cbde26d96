use crate::bench::{Bench, Flow, Stop};
use crate::stimulus::zero_points;
use crate::{Case, Encoder, Error, Interrupt, Monitor, Report, Simulator, Stalls, Start};
use bitplane_formats::ZeroPoint;
use bitplane_spec::Spec;

/// Runs that an exhaustive check may take.
const LIMIT: u64 = 1 << 22;
/// Runs of one k-step in a batch.
const BATCH_RUNS: usize = 512;

/// Checks every combination of activations and weights of one group of k elements, for each group
/// and each zero point, in runs of one k-step. The other groups are zero.
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

/// The combinations, packed into runs: each row of a tile takes another group of activations,
/// each column another group of weights.
struct Plan<'a> {
    spec: &'a Spec,
    zero_points: Vec<ZeroPoint>,
    /// Values of one group of activations, as bits.
    activations: u64,
    /// Values of one group of weights, as bits.
    weights: u64,
}

impl<'a> Plan<'a> {
    fn new(spec: &'a Spec) -> Result<Self, Error> {
        let bits = spec.tile.k * (spec.activation.bits() + spec.weight.bits());
        let zero_points = zero_points(spec);
        let lanes = u64::from(spec.tile.m * spec.tile.n);
        let runs = 1u64.checked_shl(bits).map(|combinations| {
            combinations / lanes * zero_points.len() as u64 * u64::from(spec.tile.groups)
        });
        if bits > 40 || runs.is_none_or(|runs| runs > LIMIT) {
            return Err(Error::input(
                "too-many-combinations",
                "tile.k",
                format!(
                    "{} activations of {} bits and as many weights of {} bits have 2^{bits} \
                     combinations; at most {LIMIT} runs can be checked exhaustively",
                    spec.tile.k,
                    spec.activation.bits(),
                    spec.weight.bits()
                ),
                "check it with random runs, or choose a smaller k or narrower formats",
            ));
        }
        Ok(Self {
            spec,
            zero_points,
            activations: 1 << (spec.tile.k * spec.activation.bits()),
            weights: 1 << (spec.tile.k * spec.weight.bits()),
        })
    }

    fn check_all(&self, bench: &mut Bench) -> Flow {
        let (m, n) = (u64::from(self.spec.tile.m), u64::from(self.spec.tile.n));
        let total = self.activations.div_ceil(m)
            * self.weights.div_ceil(n)
            * self.zero_points.len() as u64
            * u64::from(self.spec.tile.groups);
        let mut cases = Vec::with_capacity(BATCH_RUNS);
        let mut done = 0;
        for zero_point in &self.zero_points {
            for group in 0..self.spec.tile.groups as usize {
                for activation in (0..self.activations).step_by(m as usize) {
                    for weight in (0..self.weights).step_by(n as usize) {
                        let case = self.case(group, activation, weight);
                        cases.push(Case { zero_point: *zero_point, ..case });
                        if cases.len() == BATCH_RUNS {
                            done += self.check(bench, &mut cases)?;
                            bench.monitor.report("all combinations", done, total)?;
                        }
                    }
                }
            }
        }
        self.check(bench, &mut cases)?;
        Ok(())
    }

    fn check(&self, bench: &mut Bench, cases: &mut Vec<Case>) -> Result<u64, Stop> {
        let check = "all combinations";
        bench.check(check, cases, Stalls::none(), Interrupt::None, 0)?;
        let count = cases.len() as u64;
        cases.clear();
        Ok(count)
    }

    /// Row r takes the activations numbered `activation` + r, column c the weights `weight` + c;
    /// numbers beyond the last start again.
    fn case(&self, group: usize, activation: u64, weight: u64) -> Case {
        let mut case = Case::zero(self.spec, 1);
        let (k, elements) = (self.spec.tile.k as usize, case.elements);
        for row in 0..case.rows {
            let bits = (activation + row as u64) % self.activations;
            for i in 0..k {
                let raw = bits >> (i * self.spec.activation.bits() as usize);
                case.activations[row * elements + group * k + i] =
                    self.spec.activation.wrap(i128::from(raw)) as i32;
            }
        }
        for column in 0..case.columns {
            let bits = (weight + column as u64) % self.weights;
            for i in 0..k {
                let raw = bits >> (i * self.spec.weight.bits() as usize);
                let code = raw as u32 & (self.spec.weight.codes() - 1);
                case.codes[column * elements + group * k + i] = code as u8;
            }
        }
        case
    }
}
