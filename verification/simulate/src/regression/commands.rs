//! What a core that takes commands is checked for besides.

use super::{PATIENCE, Regression};
use crate::bench::Flow;
use crate::product::Product;
use crate::{Batch, Case, Interrupt, Stalls};
use bitplane_emit::wire::status;
use bitplane_formats::{IntegerFormat, TermArray, ZeroPoint};
use bitplane_golden::GroupType;
use bitplane_spec::Spec;
use bitplane_spec::lmma::{
    Command, FIELDS, Instruction, Limits, NumberFormat, WORD_BITS, WeightOperand,
};

/// Words of the largest buffer that is overfilled, and tiles or k-steps with which it is tried.
const MOST_WORDS: u32 = 256;
const MOST_TILES: usize = 64;
/// Elements of K with which a buffer is overfilled, at most.
const MOST_ELEMENTS: u64 = 512;
/// Random batches of products.
const BATCHES: usize = 24;
/// Products in one batch.
const PRODUCTS: u32 = 4;
/// Look-up cycles of a product, roughly at most.
const LONGEST: usize = 4000;

impl Regression<'_> {
    /// Products of many tiles, at the directed sizes and at random; commands back to back and cut
    /// off; illegal commands; sums with C that are too large; no cycle between tiles.
    pub(super) fn commands(&mut self) -> Flow {
        if self.bench.spec().sequencer.is_none() {
            return Ok(());
        }
        self.directed_products()?;
        self.random_products()?;
        self.tile_rate()?;
        self.illegal_commands()?;
        self.overfull_buffers()?;
        self.addend_overflow()
    }

    /// The smallest, the whole and the ragged in each of the sizes, each with the next behind it.
    fn directed_products(&mut self) -> Flow {
        let spec = self.bench.spec();
        let (m, n) = (spec.tile.m as usize, spec.tile.n as usize);
        let step = spec.elements_per_step() as usize;
        let max_k = usize::try_from(spec.accumulate.max_k).unwrap_or(usize::MAX);
        let mut sizes = vec![[1, 1, 1], [m, n, step], [2 * m, 2 * n, 2 * step]];
        sizes.extend([[m + 1, n, step], [m, n + 1, step], [m, n, step + 1]]);
        sizes.extend([[2 * m + 1, 2 * n + 1, 2 * step + 1], [3 * m, 1, 1], [1, 3 * n, 1]]);
        let mut products = Vec::new();
        for accumulate in [false, true] {
            for [m, n, k] in sizes.clone() {
                let size = [m, n, k.min(max_k)];
                products.push(Product::random(&mut self.maker, size, accumulate));
            }
        }
        for stalls in [Stalls::none(), self.maker.stalls(), self.maker.stalls()] {
            for products in products.chunks(PRODUCTS as usize) {
                self.check_products("directed products", products, stalls, Interrupt::None)?;
            }
        }
        Ok(())
    }

    fn random_products(&mut self) -> Flow {
        for batch in 0..BATCHES {
            self.bench.monitor.report("products", batch as u64, BATCHES as u64)?;
            let count = 1 + self.maker.below(PRODUCTS);
            let products: Vec<Product> = (0..count).map(|_| self.random_product()).collect();
            let stalls = self.maker.stalls();
            let interrupt = match batch % 4 {
                1 => Interrupt::Clear(self.maker.below(400)),
                3 => Interrupt::Reset(self.maker.below(400)),
                _ => Interrupt::None,
            };
            self.check_products("random products", &products, stalls, interrupt)?;
        }
        Ok(())
    }

    fn random_product(&mut self) -> Product {
        let spec = self.bench.spec();
        let (m, n) = (spec.tile.m, spec.tile.n);
        let step = spec.elements_per_step();
        let max_k = u32::try_from(spec.accumulate.max_k).unwrap_or(u32::MAX);
        let drain = (m * n / spec.tile.drain) as usize;
        let size = [
            1 + self.maker.below(4 * m),
            1 + self.maker.below(3 * n),
            1 + self.maker.below((6 * step).min(max_k)),
        ];
        let accumulate = self.maker.below(2) == 1;
        let tiles = (size[0].div_ceil(m) * size[1].div_ceil(n)) as usize;
        // Large tiles take long to drain.
        let m = if tiles * drain > LONGEST { size[0].min(m) } else { size[0] };
        Product::random(&mut self.maker, [m, size[1], size[2]].map(|s| s as usize), accumulate)
    }

    fn check_products(
        &mut self,
        check: &str,
        products: &[Product],
        stalls: Stalls,
        interrupt: Interrupt,
    ) -> Flow {
        let all = products.iter();
        let cases: Vec<Case> = all.clone().flat_map(|product| product.cases.clone()).collect();
        let values: Vec<_> = all.flat_map(|product| product.values.clone()).collect();
        self.bench.check_values(check, &cases, &values, stalls, interrupt, 8)
    }

    /// Tiles of one command follow each other as fast as runs do, and so do commands of one tile.
    fn tile_rate(&mut self) -> Flow {
        let (m, n) = (self.bench.spec().tile.m as usize, self.bench.spec().tile.n as usize);
        let step = self.bench.spec().elements_per_step() as usize;
        let max_k = usize::try_from(self.bench.spec().accumulate.max_k).unwrap_or(usize::MAX);
        for steps in [1, 3] {
            let k = (steps * step).min(max_k);
            let four = Product::random(&mut self.maker, [2 * m, 2 * n, k], false);
            // As many as fit the buffers.
            let k = four.cases[0].leading_elements(self.bench.spec()).unwrap_or(k);
            let one = Product::random(&mut self.maker, [m, n, k], false);
            // Of the widest weights or the slowest data type, and without zeros that are skipped.
            let slowest = |product: Product| -> Vec<Case> {
                let weight = self.bench.spec().weight;
                let slowest_type = self.bench.spec().terms().map_or(0, TermArray::slowest);
                let group = GroupType { number: slowest_type, special: 0 };
                let slowest = |case: Case| {
                    let activations = vec![1; case.activations.len()];
                    Case { weight, activations, ..case }.with_type(group)
                };
                product.cases.into_iter().map(slowest).collect()
            };
            let (one, four) = (slowest(one), slowest(four));
            let single = self.bench.cycles_of(&one)?;
            let product = self.bench.cycles_of(&four)?;
            let commands = self.bench.cycles_of(&vec![one[0].clone(); 4])?;
            let run = self.bench.run_cycles(self.bench.spec().steps_of(k as u64) as u32);
            let [fewest, most] = match run {
                Some(run) => [run.start(), run.end()].map(|run| single + 3 * run),
                None => [commands, commands],
            };
            for (what, took) in [("tiles of a command", product), ("commands", commands)] {
                if !(fewest..=most).contains(&took) {
                    let check = format!("rate of four {what} of {k} elements");
                    let expected = match fewest == most {
                        true => format!("{most} cycles"),
                        false => format!("{fewest} to {most} cycles"),
                    };
                    return self.bench.fail_overall(&check, expected, format!("{took} cycles"));
                }
            }
        }
        Ok(())
    }

    /// Each illegal command raises `error_o` and nothing else; those around it are executed.
    fn illegal_commands(&mut self) -> Flow {
        let legal = {
            let spec = self.bench.spec();
            let weight = spec.weight_operand(spec.weight);
            Limits::of(spec).tile_instruction(weight).command()
        };
        for (i, (name, word)) in
            illegal_words(&Limits::of(self.bench.spec()), legal).iter().enumerate()
        {
            let check = format!("an illegal command: {name}");
            let cases = [self.maker.random(), self.maker.random()];
            self.bench.check_beside(&check, &cases, *word)?;
            let mut waiting = self.bench.encoder.empty_batch();
            waiting.quiet_cycles = 8;
            self.bench.check_flags(&check, &waiting, status::ERROR, 0)?;
            self.lower_flags(&check, i % 3 == 2)?;
        }
        let next = [self.maker.random()];
        let check = "a run after illegal commands";
        self.bench.check(check, &next, Stalls::none(), Interrupt::None, 8)
    }

    /// A product of whose beats more come again than a buffer holds raises `error_o`; behind a clear or reset
    /// the core goes on.
    fn overfull_buffers(&mut self) -> Flow {
        let spec = self.bench.spec().clone();
        let [m, n] = [spec.tile.m as usize, spec.tile.n as usize];
        let buffers = spec.buffers();
        for (i, (what, words)) in
            [("activation", buffers.activation), ("weight", buffers.weight)].into_iter().enumerate()
        {
            let Some(size) = overfull(&spec, what, words, [m, n]).filter(|_| words > 0) else {
                continue;
            };
            let check = format!("a product too large for the {what} buffer");
            let product = Product::unfitted(&mut self.maker, size);
            let mut batch = self.bench.encoder.empty_batch();
            for case in product.cases {
                let widest = Case { weight: spec.weight, ..case };
                self.bench.encoder.add(&widest, &mut batch);
            }
            (batch.result_beats, batch.watchdog_cycles) = (Batch::ENDLESS, PATIENCE);
            batch.limit_cycles = Some(u32::MAX);
            self.bench.check_flags(&check, &batch, status::ERROR, status::WATCHDOG)?;
            self.lower_flags(&check, i % 2 == 1)?;
            let next = [self.maker.random(), self.maker.random()];
            self.bench.check(&check, &next, Stalls::none(), Interrupt::None, 8)?;
        }
        Ok(())
    }

    /// A sum with C beyond its format keeps its low bits and raises `overflow_o`.
    fn addend_overflow(&mut self) -> Flow {
        let Some(format) = self.bench.spec().addend() else { return Ok(()) };
        for (i, end) in [format.min(), format.max()].into_iter().enumerate() {
            let mut case = self.maker.random();
            let lanes = (self.bench.spec().tile.m * self.bench.spec().tile.n) as usize;
            case.addend = Some(vec![end; lanes]);
            // A result may be 0 or of the other sign; all of them hardly ever are.
            let check = "sums with C that are too large";
            self.bench.check(check, &[case], Stalls::none(), Interrupt::None, 8)?;
            self.lower_flags(check, i % 2 == 1)?;
        }
        Ok(())
    }
}

/// The size of a product of which more than `words` beats of `what` come again, if it is small enough to try.
fn overfull(spec: &Spec, what: &str, words: u32, [m, n]: [usize; 2]) -> Option<[usize; 3]> {
    let limits = Limits::of(spec);
    let whole = limits.tile_instruction(spec.weight_operand(spec.weight));
    let longest = spec.accumulate.max_k.min(MOST_ELEMENTS) as usize;
    let sizes = (1..MOST_TILES).map(|tiles| match what {
        "activation" => [tiles * m, 2 * n, longest],
        _ => [2 * m, n, (tiles * spec.elements_per_step() as usize).min(longest)],
    });
    let faulty = |[m, n, k]: &[usize; 3]| {
        let instruction = Instruction { m: *m as u32, n: *n as u32, k: *k as u32, ..whole };
        let faults = limits.overfilled(&instruction);
        faults.iter().any(|fault| fault.key.starts_with(what)) && words <= MOST_WORDS
    };
    sizes.into_iter().find(faulty)
}

/// Words that no core like this takes, each with its name.
fn illegal_words(limits: &Limits, legal: Command) -> Vec<(String, u128)> {
    let instruction = legal.instruction;
    let mut words: Vec<(String, u128)> = Vec::new();
    let mut change = |name: &str, change: &dyn Fn(&mut Command)| {
        let mut command = legal;
        change(&mut command);
        words.push((name.to_owned(), command.word()));
    };
    change("no rows", &|c| c.instruction.m = 0);
    change("no columns", &|c| c.instruction.n = 0);
    change("no elements", &|c| c.instruction.k = 0);
    change("K beyond max_k", &|c| c.instruction.k = limits.max_k + 1);
    let other = |format: NumberFormat| match format {
        NumberFormat::Integer(format) if format.bits() > 1 => {
            NumberFormat::Integer(IntegerFormat::new(format.bits() - 1).unwrap_or(format))
        }
        _ => NumberFormat::Integer(IntegerFormat::new(2).expect("a format")),
    };
    change("other activations", &|c| c.instruction.activation = other(instruction.activation));
    change("other sums", &|c| c.instruction.accumulator = other(instruction.accumulator));
    change("other results", &|c| c.instruction.output = other(instruction.output));
    for weight in WeightOperand::all().filter(|weight| !limits.weights.contains(weight)) {
        change(&format!("{weight} weights"), &|c| c.instruction.weight = weight);
    }
    if !limits.accumulates {
        change("C where there is none", &|c| c.accumulate = true);
    }
    for weight in &limits.weights {
        let wrong = match (limits.zero_points, weight) {
            (true, WeightOperand::Format(format)) => {
                let codes = format.codes() as i32;
                let beyond = [codes + 1, -codes - 1].into_iter();
                beyond.filter(|z| (-256..256).contains(z)).chain([2, -2]).collect()
            }
            _ => vec![1, -1],
        };
        for zero_point in wrong {
            change(&format!("the zero point {zero_point} of {weight} weights"), &|c| {
                c.instruction.weight = *weight;
                c.zero_point = ZeroPoint(zero_point);
            });
        }
    }
    let word = legal.word();
    let used = FIELDS.iter().fold(0, |used, field| used | field.mask());
    let unused = (0..WORD_BITS).filter(|bit| used >> bit & 1 == 0);
    words.extend(unused.map(|bit| (format!("the unused bit {bit}"), word | 1 << bit)));
    words
}
