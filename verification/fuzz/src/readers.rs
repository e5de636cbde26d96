//! Everything that reads what a user brings: random bytes and mutated files go through it, and must give a value
//! or problems.

use bitplane_formats::{ScaleFormat, WeightWord};
use bitplane_spec::lmma::Command;
use bitplane_spec::{Problem, parse, starter};
use bitplane_weights::{
    Checkpoint, ChoiceSpan, Grouping, Matrix, PackLayout, TypeQuantiser, WeightQuantiser, pack,
    pack_types, unpack, unpack_types,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;

/// What reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Configurations, in TOML.
    Configuration,
    /// Commands, as text and as words.
    Command,
    /// Checkpoints and activations, in the safetensors format.
    Checkpoint,
    /// Packed weights of bit planes.
    Packed,
    /// Packed weights of several data types.
    Typed,
}

impl Reader {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Configuration, Self::Command, Self::Checkpoint, Self::Packed, Self::Typed];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Command => "command",
            Self::Checkpoint => "checkpoint",
            Self::Packed => "packed",
            Self::Typed => "typed",
        }
    }

    /// Reads `bytes` and uses all that comes of them; what was told: the codes of all problems, and nothing
    /// where there is none.
    pub fn read(self, bytes: &[u8]) -> BTreeSet<String> {
        match self {
            Self::Configuration => text(bytes, |text| parse(text, "core").map(|_| ())),
            Self::Command => command(bytes),
            Self::Checkpoint => checkpoint(bytes),
            Self::Packed => told(unpack(bytes).map(|weights| {
                let values = weights.quantised().dequantise();
                (weights.codes().len(), values.len(), weights.padding_pieces().count())
            })),
            Self::Typed => told(unpack_types(bytes).map(|weights| weights.groups.len())),
        }
    }

    /// Files that are whole.
    pub fn examples(self) -> Vec<Vec<u8>> {
        match self {
            Self::Configuration => configurations(),
            Self::Command => commands(),
            Self::Checkpoint => vec![safetensors(&matrix(3, 8))],
            Self::Packed => packed(),
            Self::Typed => typed(),
        }
    }
}

fn told<T>(result: Result<T, Problem>) -> BTreeSet<String> {
    result.err().into_iter().map(|problem| problem.code.to_owned()).collect()
}

fn text(bytes: &[u8], read: impl Fn(&str) -> Result<(), Vec<Problem>>) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let problems = read(&text).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.code.to_owned()).collect()
}

fn command(bytes: &[u8]) -> BTreeSet<String> {
    let mut word = [0; 16];
    let given = bytes.len().min(word.len());
    word[..given].copy_from_slice(&bytes[..given]);
    let of_word = Command::of_word(u128::from_le_bytes(word)).err().unwrap_or_default();
    let mut told = text(bytes, |text| Command::parse(text).map(|_| ()));
    told.extend(of_word.into_iter().map(|problem| format!("word: {}", problem.code)));
    told
}

fn checkpoint(bytes: &[u8]) -> BTreeSet<String> {
    let checkpoint = match Checkpoint::parse(bytes) {
        Ok(checkpoint) => checkpoint,
        Err(problem) => return told::<()>(Err(problem)),
    };
    let mut all = BTreeSet::new();
    for name in checkpoint.names() {
        all.extend(told(checkpoint.shape(name)));
        all.extend(told(checkpoint.matrix(name)));
        all.extend(told(checkpoint.rows(name, &[0, 1, usize::MAX])));
        all.extend(told(checkpoint.vector(name)));
    }
    all.extend(told(checkpoint.matrix("no such tensor")));
    all
}

fn configurations() -> Vec<Vec<u8>> {
    let kinds = bitplane_spec::KINDS.iter().filter_map(|kind| starter(kind.name));
    let others = [
        "kind = 'lut_tensor_core'\nactivation.format = 'fp16'\nweight.format = 'int2'\n\
         tile = { m = 2, n = 4, k = 4 }\naccumulate = { mode = 'float', result = 'fp16' }\n",
        "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
         weight.format = ['int6', { name = 'mine', values = [-1.5, -0.5, 0.5, 1.5] }]\n\
         tile = { m = 4, n = 4, k = 4 }\nchain = { rows = 2, columns = 2 }\n\
         group = { size = 32, scale = 'int8' }\n[sequencer]\ncommands = 'lmma'\n\
         activation_buffer = 4096\nbuffer_banks = 2\n",
    ];
    kinds.map(String::into_bytes).chain(others.map(|text| text.as_bytes().to_vec())).collect()
}

fn commands() -> Vec<Vec<u8>> {
    let texts = [
        "lmma.m2n64k384.int8.int2.int32.int32 zero_point=1 id=7",
        "lmma.m16n1536k384.fp16.per_group.fp32.fp32",
        "lmma.m1n1k1.fp8_e4m3.ternary.fp16.fp16 addend=zero",
    ];
    let words = texts.iter().filter_map(|text| Command::parse(text).ok());
    let words: Vec<Vec<u8>> = words.map(|command| command.word().to_le_bytes().to_vec()).collect();
    texts.into_iter().map(|text| text.as_bytes().to_vec()).chain(words).collect()
}

fn matrix(rows: usize, columns: usize) -> Matrix {
    let value = |i: usize| ((i * 37 % 23) as f32 - 11.0) / 8.0;
    Matrix::new(rows, columns, (0..rows * columns).map(value).collect())
        .expect("rows times columns finite numbers are a matrix")
}

/// A file with `matrix` in FP32, and a vector.
fn safetensors(matrix: &Matrix) -> Vec<u8> {
    let data: Vec<u8> = matrix.data().iter().flat_map(|value| value.to_le_bytes()).collect();
    let header = format!(
        "{{\"w\":{{\"dtype\":\"F32\",\"shape\":[{},{}],\"data_offsets\":[0,{}]}},\
         \"b\":{{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[{},{}]}}}}",
        matrix.rows(),
        matrix.row(0).len(),
        data.len(),
        data.len(),
        data.len() + 8
    );
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), &data, &[0x3c; 8]].concat()
}

fn packed() -> Vec<Vec<u8>> {
    let whole = |name: &str, word: WeightWord, k: u32| {
        let quantiser = WeightQuantiser::parse(name).ok()?;
        let weights = matrix(3, 12);
        let groups = Grouping::new(12, 6).ok()?;
        let quantised = quantiser.quantise("w", &weights, groups);
        pack(&quantised, PackLayout::new(word, k).ok()?).ok()
    };
    let words = [
        ("int4", WeightWord::Folded, 4),
        ("int2", WeightWord::Plain, 3),
        ("int8", WeightWord::TwosComplement, 2),
        ("ternary", WeightWord::Ternary, 3),
    ];
    words.into_iter().filter_map(|(name, word, k)| whole(name, word, k)).collect()
}

fn typed() -> Vec<Vec<u8>> {
    let whole = |names: &str, scale: ScaleFormat| {
        let quantiser = TypeQuantiser::parse(names, ChoiceSpan::Group, None).ok()?;
        let groups = Grouping::new(16, 8).ok()?;
        let weights = quantiser.quantise("w", &matrix(4, 16), groups, scale);
        pack_types(&weights).ok()
    };
    let all = [
        ("bitmod_fp4", ScaleFormat::Int8),
        ("bitmod_fp4,bitmod_fp3,int6", ScaleFormat::Fp16),
        ("nf4", ScaleFormat::E8m0),
    ];
    all.into_iter().filter_map(|(names, scale)| whole(names, scale)).collect()
}

/// Draws cases: mutations of what was worth keeping so far, and now and then nothing but random bytes.
pub struct Mutator {
    random: StdRng,
    kept: Vec<Vec<u8>>,
    seen: BTreeSet<BTreeSet<String>>,
}

/// Most cases that are kept.
const MOST_KEPT: usize = 400;
/// Longest case, which bounds the time that one takes.
const LONGEST: usize = 1 << 14;

impl Mutator {
    /// Mutations of `examples`.
    pub fn new(examples: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), kept: examples, seen: BTreeSet::new() }
    }

    /// Cases that were kept, the examples among them.
    pub fn kept(&self) -> &[Vec<u8>] {
        &self.kept
    }

    /// The next case.
    pub fn draw(&mut self) -> Vec<u8> {
        if self.below(64) == 0 {
            let length = self.below(256);
            return (0..length).map(|_| self.random.random()).collect();
        }
        let mut case = self.any_kept();
        for _ in 0..=self.below(6) {
            self.mutate(&mut case);
        }
        case.truncate(LONGEST);
        case
    }

    /// Keeps `case` if nothing was told in just these codes before, up to a number; whether it did.
    pub fn keep_new(&mut self, case: &[u8], told: BTreeSet<String>) -> bool {
        let is_new = self.kept.len() < MOST_KEPT && self.seen.insert(told);
        if is_new {
            self.kept.push(case.to_vec());
        }
        is_new
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.random.random_range(0..end) }
    }

    fn any_kept(&mut self) -> Vec<u8> {
        let place = self.below(self.kept.len());
        self.kept.get(place).cloned().unwrap_or_default()
    }

    fn mutate(&mut self, case: &mut Vec<u8>) {
        let (start, end) = self.span(case.len());
        match self.below(8) {
            0 => self.flip(case),
            1 => {
                case.drain(start..end);
            }
            2 => {
                let copy = case[start..end].to_vec();
                let place = self.below(case.len() + 1);
                case.splice(place..place, copy);
            }
            3 => {
                let other = self.any_kept();
                let (from, to) = self.span(other.len());
                case.splice(start..end, other[from..to].iter().copied());
            }
            4 => self.number(case),
            5 => {
                let values = [0, 1, 7, 0x7f, 0x80, 0xff, u64::from(u32::MAX), 1 << 40, u64::MAX];
                let value = values[self.below(values.len())].to_le_bytes();
                let width = [1, 4, 8][self.below(3)];
                let end = (start + width).min(case.len());
                case.splice(start..end, value[..width].iter().copied());
            }
            6 => case.truncate(start),
            _ => {
                let byte = self.random.random();
                case.insert(start, byte);
            }
        }
    }

    fn flip(&mut self, case: &mut [u8]) {
        let (place, bit) = (self.below(case.len()), self.below(8));
        if let Some(byte) = case.get_mut(place) {
            *byte ^= 1 << bit;
        }
    }

    /// Puts another number in the place of one in decimal digits.
    fn number(&mut self, case: &mut Vec<u8>) {
        let from = self.below(case.len());
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let Some(start) = case[from..].iter().position(is_digit).map(|place| from + place) else {
            return;
        };
        let end = start + case[start..].iter().take_while(|byte| is_digit(byte)).count();
        let numbers = ["0", "1", "-1", "3", "65536", "4294967296", "18446744073709551616", "1e9"];
        let number = numbers[self.below(numbers.len())];
        case.splice(start..end, number.bytes());
    }

    /// A short part of so many bytes, mostly.
    fn span(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length);
        let most = if self.below(8) == 0 { length - start } else { (length - start).min(16) };
        (start, start + self.below(most + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn examples_of_every_reader_are_read_without_a_problem() {
        for reader in Reader::ALL {
            let examples = reader.examples();
            assert!(!examples.is_empty(), "{reader:?}");
            let is_whole = |bytes: &&Vec<u8>| {
                let told = reader.read(bytes);
                // One is a text or a word, and lists of tensors have one that is not there.
                told.is_empty() || matches!(reader, Reader::Command | Reader::Checkpoint)
            };
            assert!(examples.iter().all(|bytes| is_whole(&bytes)), "{reader:?}");
        }
    }

    #[test]
    fn every_kept_case_is_read_without_a_panic() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for reader in Reader::ALL {
            let folder = corpus.join(reader.name());
            let files: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
            assert!(files.len() > 2, "{}", folder.display());
            for file in files {
                reader.read(&std::fs::read(file.unwrap().path()).unwrap());
            }
        }
    }

    #[test]
    fn mutations_of_every_reader_are_read_without_a_panic() {
        for reader in Reader::ALL {
            let mut mutator = Mutator::new(reader.examples(), 1);
            for _ in 0..2_000 {
                let case = mutator.draw();
                let told = reader.read(&case);
                mutator.keep_new(&case, told);
            }
            assert!(mutator.kept().len() > reader.examples().len(), "{reader:?}");
        }
    }
}
