use bitplane_formats::{IntegerFormat, ZeroPoint};

use super::{Command, Instruction, MOST_ROWS, NumberFormat, WeightOperand};
use crate::problem::Problem;
use crate::spec::{Spec, ZeroPointMode};

/// What one core takes: the formats of its instructions and their longest K.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Format of A.
    pub activation: NumberFormat,
    /// What W can be, narrowest first.
    pub weights: Vec<WeightOperand>,
    /// Format of C and the sums.
    pub accumulator: NumberFormat,
    /// Format of O.
    pub output: NumberFormat,
    /// Longest K.
    pub max_k: u32,
    /// Whether C can be added.
    pub accumulates: bool,
    /// Whether the zero point is the command's; otherwise it is 0 in every command.
    pub zero_points: bool,
    /// The core's tile, M, N and the k * groups of K that it works on at once.
    pub tile: [u32; 3],
    /// The core.
    spec: Spec,
}

impl Limits {
    /// Those of the core that `spec` asks for.
    pub fn of(spec: &Spec) -> Self {
        let integer = |bits| {
            NumberFormat::Integer(IntegerFormat::new(bits).expect("sums have at most 128 bits"))
        };
        let sums = integer(spec.addend().map_or(spec.result_bits(), IntegerFormat::bits));
        let scaled = spec.scale().and(spec.result_format()).map(NumberFormat::Float);
        Self {
            activation: match spec.float {
                Some(float) => NumberFormat::Float(float.format),
                None => NumberFormat::Integer(spec.activation),
            },
            weights: spec.run_weights().map(|weight| spec.weight_operand(weight)).collect(),
            // Scaled groups are added to floating-point results.
            accumulator: scaled.unwrap_or(sums),
            output: spec.result_format().map_or(sums, NumberFormat::Float),
            // At most 2^24.
            max_k: spec.accumulate.max_k as u32,
            accumulates: spec.addend().is_some(),
            zero_points: spec.zero_point == ZeroPointMode::Constant,
            tile: [spec.tile.m, spec.tile.n, spec.elements_per_step()],
            spec: spec.clone(),
        }
    }

    /// The instruction of one whole tile with `weight` weights.
    pub fn tile_instruction(&self, weight: WeightOperand) -> Instruction {
        let [m, n, k] = self.tile;
        let k = k.min(self.max_k);
        Instruction {
            m,
            n,
            k,
            activation: self.activation,
            weight,
            accumulator: self.accumulator,
            output: self.output,
        }
    }

    /// Every legal instruction with `weight` weights, as a pattern.
    pub fn pattern(&self, weight: WeightOperand) -> String {
        let Self { activation, accumulator, output, .. } = self;
        format!("lmma.mMnNkK.{activation}.{weight}.{accumulator}.{output}")
    }

    /// The sizes of every legal instruction.
    pub fn sizes(&self) -> String {
        format!("M and N from 1 to {MOST_ROWS}, K from 1 to {}", self.max_k)
    }

    /// Everything about `command`, legal by itself, that this core does not do.
    pub fn refuse(&self, command: &Command) -> Vec<Problem> {
        let instruction = command.instruction;
        let mut problems = Vec::new();
        if instruction.k > self.max_k {
            let message =
                format!("K = {} is longer than max_k = {} of the core", instruction.k, self.max_k);
            let help = format!("write `max_k = {}` in [accumulate]", instruction.k);
            problems.push(Problem::new("lmma-size", "K", message, help));
        }
        let numbers = [
            ("A", instruction.activation, self.activation),
            ("Acc", instruction.accumulator, self.accumulator),
            ("O", instruction.output, self.output),
        ];
        for (place, given, legal) in numbers.into_iter().filter(|(_, given, legal)| given != legal)
        {
            problems.push(format_fault(place, &given.to_string(), &legal.to_string()));
        }
        if !self.weights.contains(&instruction.weight) {
            let legal: Vec<String> = self.weights.iter().map(ToString::to_string).collect();
            let given = instruction.weight.to_string();
            problems.push(format_fault("W", &given, &legal.join(", ")));
        }
        if command.accumulate && !self.accumulates {
            let message = "the core adds no C to its results";
            let help = "leave `accumulate` out, or write an `addend` in [sequencer]";
            problems.push(Problem::new("lmma-option", "accumulate", message, help));
        }
        if command.zero_point != ZeroPoint::MID_RISE && !self.zero_points {
            let message = format!(
                "{} is not legal; legal is 0: the core corrects no zero point of a command",
                command.zero_point.0
            );
            let help = "leave `zero_point` out, or write `zero_point = \"constant\"` in [group]";
            problems.push(Problem::new("lmma-zero-point", "zero_point", message, help));
        }
        problems.extend(self.overfilled(&instruction));
        problems
    }

    /// What comes again in the course of `instruction` and has no room in its buffer.
    pub fn overfilled(&self, instruction: &Instruction) -> Vec<Problem> {
        let Self { spec, tile: [rows, columns, _], .. } = self;
        let buffers = spec.buffers();
        let steps = spec.steps_of(instruction.k.into());
        let weight = match instruction.weight {
            WeightOperand::Format(format) => format,
            WeightOperand::PerGroup => spec.weight,
        };
        let of_all_rows = u64::from(instruction.m.div_ceil(*rows)) * steps;
        let needs = [
            ("activation", buffers.activation, instruction.n > *columns, "columns", *columns),
            ("weight", buffers.weight, instruction.m > *rows, "rows", *rows),
        ];
        let beats =
            [spec.activation_buffer_beats(of_all_rows), spec.weight_buffer_beats(weight, steps)];
        let overfull = needs.into_iter().zip(beats).filter(|((_, words, again, ..), beats)| {
            *words > 0 && *again && u64::from(*words) < *beats
        });
        let problem =
            |((name, words, _, lanes, most), beats)| buffer_fault(name, words, beats, lanes, most);
        overfull.map(problem).collect()
    }
}

fn buffer_fault(name: &str, words: u32, beats: u64, lanes: &str, most: u32) -> Problem {
    let message =
        format!("{beats} beats come again for further {lanes}, and {name}_buffer holds {words}");
    let help = format!(
        "split the product into commands of fewer elements of K{}, or of up to {most} {lanes}",
        if name == "activation" { " or fewer rows" } else { "" }
    );
    Problem::new("lmma-buffer", format!("{name}_buffer"), message, help)
}

fn format_fault(place: &str, given: &str, legal: &str) -> Problem {
    let message = format!("{given} is not what the core works with; legal is {legal}");
    let help = format!("write {legal}, or change the configuration; `bitplane lmma list CONFIG`");
    Problem::new("lmma-format", place, message, help)
}
