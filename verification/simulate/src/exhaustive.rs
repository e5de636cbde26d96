use crate::bench::{Bench, Flow, Stop};
use crate::stimulus::zero_points;
use crate::{Case, Encoder, Error, Interrupt, Monitor, Report, Simulator, Stalls, Start};
use bitplane_formats::WeightFormat;
use bitplane_golden::GroupType;
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

/// What a run of all combinations is made with besides them.
#[derive(Clone, Copy)]
struct Variant {
    /// Format of the weights.
    weight: WeightFormat,
    /// Number of their codes.
    codes: u64,
    /// Data type, where there are such.
    group: GroupType,
}

/// Each width of the weights, or each data type with each of its usual special values.
fn variants(spec: &Spec) -> Vec<Variant> {
    let Some(terms) = spec.terms() else {
        let of_width = |weight: WeightFormat| Variant {
            weight,
            codes: weight.codes().into(),
            group: GroupType::default(),
        };
        return spec.run_weights().map(of_width).collect();
    };
    let types = terms.types().iter().enumerate();
    let of_type = types.flat_map(|(number, data_type)| {
        let usual = data_type.special_values();
        let specials = if usual.is_empty() { vec![0] } else { usual.to_vec() };
        specials.into_iter().map(move |special| Variant {
            weight: spec.weight,
            codes: data_type.codes().into(),
            group: GroupType { number, special },
        })
    });
    of_type.collect()
}

/// Combinations of the activations and weights of a group, unless they are far too many.
fn combinations(spec: &Spec) -> Option<u64> {
    let codes = u64::from(spec.weight.codes()).checked_pow(spec.tile.k)?;
    let activations = 1u64.checked_shl(spec.tile.k * spec.activation_code_bits())?;
    codes.checked_mul(activations).filter(|combinations| *combinations <= 1 << 40)
}

/// Values of one group of activations, as a number of bits.
fn activations(spec: &Spec) -> u64 {
    1 << (spec.tile.k * spec.activation_code_bits())
}

/// Values of one group of codes, as a number whose digits they are.
fn words(spec: &Spec, variant: Variant) -> u64 {
    variant.codes.pow(spec.tile.k)
}

/// Runs of all combinations of a variant.
fn runs(spec: &Spec, variant: Variant) -> u64 {
    let tile = spec.tile;
    let of_a_group =
        activations(spec).div_ceil(tile.m.into()) * words(spec, variant).div_ceil(tile.n.into());
    of_a_group * zero_points(spec, variant.weight).len() as u64 * u64::from(tile.groups)
}

/// The combinations, packed into runs: each row of a tile takes another group of activations,
/// each column another group of weights.
struct Plan<'a> {
    spec: &'a Spec,
    /// Widths of the weights, narrowest first, or data types.
    variants: Vec<Variant>,
    /// Values of one group of activations, as bits.
    activations: u64,
}

impl<'a> Plan<'a> {
    fn new(spec: &'a Spec) -> Result<Self, Error> {
        let bits = spec.tile.k * (spec.activation_code_bits() + spec.weight.bits());
        let variants = variants(spec);
        let runs = combinations(spec).map(|_| {
            let runs = variants.iter().map(|variant| runs(spec, *variant));
            runs.fold(0, u64::saturating_add)
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
        Ok(Self { spec, variants, activations: activations(spec) })
    }

    fn check_all(&self, bench: &mut Bench) -> Flow {
        let total = self.variants.iter().map(|variant| runs(self.spec, *variant)).sum();
        let mut cases = Vec::with_capacity(BATCH_RUNS);
        let mut done = 0;
        for variant in &self.variants {
            for case in self.cases(*variant) {
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

    fn cases(&self, variant: Variant) -> impl Iterator<Item = Case> + '_ {
        let (m, n) = (self.spec.tile.m as usize, self.spec.tile.n as usize);
        let places = move || {
            let groups = 0..self.spec.tile.groups as usize;
            let activations = move || (0..self.activations).step_by(m);
            let words = move || (0..words(self.spec, variant)).step_by(n);
            groups.flat_map(move |group| {
                activations().flat_map(move |a| words().map(move |word| (group, a, word)))
            })
        };
        zero_points(self.spec, variant.weight).into_iter().flat_map(move |zero_point| {
            places().map(move |(group, activation, word)| Case {
                zero_point,
                ..self.case(variant, group, activation, word)
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
    fn case(&self, variant: Variant, group: usize, activation: u64, word: u64) -> Case {
        let Variant { weight, codes, group: of_type } = variant;
        let mut case = Case { weight, ..Case::zero(self.spec, 1) }.with_type(of_type);
        if let (Some(scale), Some(groups)) = (self.spec.scale(), &mut case.group_zero_points) {
            groups.scales.fill(scale.code(1.0).expect("1 is a scale"));
        }
        let (k, elements) = (self.spec.tile.k as usize, case.elements);
        for row in 0..case.rows {
            let bits = (activation + row as u64) % self.activations;
            for i in 0..k {
                let raw = bits >> (i * self.spec.activation_code_bits() as usize);
                case.activations[row * elements + group * k + i] = self.activation(raw);
            }
        }
        for column in 0..case.columns {
            let mut digits = (word + column as u64) % words(self.spec, variant);
            for i in 0..k {
                let code = digits % codes;
                case.codes[column * elements + group * k + i] = code as u16;
                digits /= codes;
            }
        }
        case
    }
}
