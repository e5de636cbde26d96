use std::fmt;

use bitplane_formats::{IntegerFormat, ZeroPoint};

use super::{Command, Instruction, NumberFormat, WeightOperand, size_fault, zero_point_fault};
use crate::check::excerpt;
use crate::problem::Problem;
use crate::suggest::nearest;

/// How a command is written.
pub const SYNTAX: &str = "lmma.mMnNkK.A.W.Acc.O [accumulate] [zero_point=Z] [id=I]";

const EXAMPLE: &str = "lmma.m2n64k4.int8.int2.int32.int32";

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { m, n, k, activation, weight, accumulator, output } = self;
        write!(f, "lmma.m{m}n{n}k{k}.{activation}.{weight}.{accumulator}.{output}")
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.instruction.fmt(f)?;
        if self.accumulate {
            f.write_str(" accumulate")?;
        }
        if self.zero_point != ZeroPoint::MID_RISE {
            write!(f, " zero_point={}", self.zero_point.0)?;
        }
        if self.id != 0 {
            write!(f, " id={}", self.id)?;
        }
        Ok(())
    }
}

impl Command {
    /// Reads a command as [`SYNTAX`] says.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut words = text.split_whitespace();
        let mut reader = Reader { problems: Vec::new() };
        let instruction = reader.instruction(words.next().unwrap_or_default());
        let weight = instruction.map(|instruction| instruction.weight);
        let options = reader.options(words, weight);
        match instruction {
            Some(instruction) if reader.problems.is_empty() => Ok(Self { instruction, ..options }),
            _ => Err(reader.problems),
        }
    }
}

/// Collects what is wrong.
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn instruction(&mut self, word: &str) -> Option<Instruction> {
        let parts: Vec<&str> = word.split('.').collect();
        let ["lmma", shape, activation, weight, accumulator, output] = parts[..] else {
            self.note(syntax_fault(word));
            return None;
        };
        let sizes = self.shape(shape);
        let activation = self.number("A", activation);
        let weight = self.weight(weight);
        let accumulator = self.number("Acc", accumulator);
        let output = self.number("O", output);
        let [m, n, k] = sizes?;
        Some(Instruction {
            m,
            n,
            k,
            activation: activation?,
            weight: weight?,
            accumulator: accumulator?,
            output: output?,
        })
    }

    fn shape(&mut self, text: &str) -> Option<[u32; 3]> {
        let Some(sizes) = shape(text) else {
            let message =
                format!("\"{}\" is no shape; legal is mMnNkK with three integers", excerpt(text));
            self.note(Problem::new("lmma-syntax", "shape", message, "write for example `m2n64k4`"));
            return None;
        };
        let most = [super::MOST_ROWS, super::MOST_ROWS, super::MOST_ELEMENTS];
        let before = self.problems.len();
        for ((name, size), most) in ["M", "N", "K"].into_iter().zip(sizes).zip(most) {
            if !(1..=u64::from(most)).contains(&size) {
                self.note(size_fault(name, size.into(), most));
            }
        }
        (self.problems.len() == before).then(|| sizes.map(|size| size as u32))
    }

    fn number(&mut self, place: &str, name: &str) -> Option<NumberFormat> {
        let format = NumberFormat::named(name);
        if format.is_none() {
            let names: Vec<String> = NumberFormat::all().map(|each| each.to_string()).collect();
            let floats = names.iter().filter(|name| !name.starts_with("int"));
            let floats: Vec<&str> = floats.map(String::as_str).collect();
            let legal = format!("int1 to int128, {}", floats.join(", "));
            self.note(format_fault(place, name, &legal, &names));
        }
        format
    }

    fn weight(&mut self, name: &str) -> Option<WeightOperand> {
        let weight = WeightOperand::all().find(|weight| weight.to_string() == name);
        if weight.is_none() {
            let names: Vec<String> = WeightOperand::all().map(|each| each.to_string()).collect();
            let others = names.iter().map(String::as_str).filter(|name| !name.starts_with("int"));
            let legal = format!("int1 to int8, {}", others.collect::<Vec<_>>().join(", "));
            self.note(format_fault("W", name, &legal, &names));
        }
        weight
    }

    /// The options, in a command whose instruction does not count; `weight` is that of the
    /// instruction, if it can be told.
    fn options<'a>(
        &mut self,
        words: impl Iterator<Item = &'a str>,
        weight: Option<WeightOperand>,
    ) -> Command {
        let mut command = blank();
        let mut seen = Vec::new();
        for word in words {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            if seen.contains(&name) {
                let message = format!("`{}` is given twice", excerpt(name));
                self.note(Problem::new("lmma-option", name, message, "leave one of them out"));
            }
            seen.push(name);
            let number = value.and_then(|value| value.parse::<i32>().ok());
            match (name, value, number) {
                ("accumulate", None, _) => command.accumulate = true,
                ("zero_point", Some(_), Some(number)) => {
                    let fits = number.abs() <= super::LARGEST_ZERO_POINT;
                    match weight.filter(|w| !fits || !w.accepts(ZeroPoint(number))) {
                        Some(weight) => self.note(zero_point_fault(weight, number.into())),
                        None => command.zero_point = ZeroPoint(number),
                    }
                }
                ("id", Some(_), Some(number)) if u8::try_from(number).is_ok() => {
                    command.id = number as u8;
                }
                _ => self.note(option_fault(word, name)),
            }
        }
        command
    }
}

/// A command of which only the options count.
fn blank() -> Command {
    let format = NumberFormat::Integer(IntegerFormat::new(1).expect("a format"));
    let instruction = Instruction {
        m: 1,
        n: 1,
        k: 1,
        activation: format,
        weight: WeightOperand::PerGroup,
        accumulator: format,
        output: format,
    };
    instruction.command()
}

/// The three integers of `mMnNkK`; one that is beyond 64 bits counts as the largest.
fn shape(text: &str) -> Option<[u64; 3]> {
    let (m, rest) = text.strip_prefix('m')?.split_once('n')?;
    let (n, k) = rest.split_once('k')?;
    let sizes = [m, n, k].map(|digits| {
        let canonical = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
        let number = canonical && digits.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| digits.parse().unwrap_or(u64::MAX))
    });
    let [Some(m), Some(n), Some(k)] = sizes else { return None };
    Some([m, n, k])
}

fn syntax_fault(word: &str) -> Problem {
    let message = format!("\"{}\" is no instruction; legal is {SYNTAX}", excerpt(word));
    Problem::new("lmma-syntax", "", message, format!("write for example `{EXAMPLE}`"))
}

fn format_fault(place: &str, name: &str, legal: &str, names: &[String]) -> Problem {
    let message = format!("\"{}\" is no format of {place}; legal is {legal}", excerpt(name));
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write for example `{EXAMPLE}`"),
    };
    Problem::new("lmma-format", place, message, help)
}

fn option_fault(word: &str, name: &str) -> Problem {
    let (key, legal) = match name {
        "accumulate" => (name, "`accumulate` without a value"),
        "zero_point" => (name, "`zero_point=Z` with an integer Z, 0 or odd"),
        "id" => (name, "`id=I` with an integer I from 0 to 255"),
        _ => ("", "accumulate, zero_point=Z and id=I"),
    };
    let message = format!("\"{}\" is no option of a command; legal is {legal}", excerpt(word));
    let help = format!("write for example `{EXAMPLE} zero_point=1 id=7`");
    Problem::new("lmma-option", key, message, help)
}
