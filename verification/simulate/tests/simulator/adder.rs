//! The floating-point adder alone against the definition of its sums.

use crate::common::{cache, verilator};
use bitplane_formats::{FloatFormat, Term, TermFormat};
use bitplane_simulate::{BuildRequest, Monitor, Optimisation, Simulator, Trace, build};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// A core whose name the adder takes; nothing else of it shows.
const CORE: &str = "kind = 'lut_tensor_core'\nactivation.format = 'int4'\nweight.format = 'int2'\n\
                    tile = { m = 1, n = 1, k = 2 }\n";

/// An adder: what it adds to numbers of `format`.
#[derive(Clone, Copy)]
struct Adder {
    format: FloatFormat,
    term: TermFormat,
}

impl Adder {
    fn of_numbers(format: FloatFormat) -> Self {
        Self { format, term: TermFormat::of_number(format) }
    }

    fn of_products(format: FloatFormat, factors: FloatFormat) -> Self {
        Self { format, term: TermFormat::of_product(factors) }
    }

    /// The simulator of the adder, whose text `edit` may change.
    fn simulator(self, edit: impl Fn(String) -> String) -> Option<Simulator> {
        let verilator = verilator()?;
        let spec = bitplane_spec::parse(CORE, "unit").unwrap().spec;
        let file = bitplane_emit::floating_point_adder(&spec, self.format, self.term, true);
        let mut manifest = bitplane_emit::bundle(&spec).manifest;
        manifest.top = "unit_floating_point_adder".to_owned();
        manifest.files = vec![file.path.clone()];
        let folder = tempfile::tempdir().unwrap();
        let harness = include_str!("fixtures/adder_main.cpp");
        let files =
            [(file.path.as_str(), edit(file.text)), ("harness/sim_main.cpp", harness.into())];
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let request = BuildRequest {
            bundle_dir: folder.path(),
            manifest: &manifest,
            verilator: &verilator,
            cache_dir: &cache(),
            optimisation: Optimisation::Speed,
            trace: Trace::Off,
        };
        Some(build(&request, &Monitor::silent()).unwrap_or_else(|error| panic!("{error}")))
    }

    /// The words of the harness for `code` + `term`.
    fn record(self, code: u32, term: Term) -> [u64; 4] {
        match term {
            Term::Number { negative, significand, exponent } => {
                let exponent = (exponent - self.term.lowest) as u64;
                [code.into(), negative.into(), exponent, significand as u64]
            }
            Term::Infinity { negative } => [code.into(), 2 | u64::from(negative), 0, 0],
            Term::Nan => [code.into(), 4, 0, 0],
        }
    }

    /// How many sums of `pairs` are not those of the definition.
    fn differences(self, simulator: &Simulator, pairs: &[(u32, Term)]) -> usize {
        let words = pairs.iter().flat_map(|(code, term)| self.record(*code, *term));
        let input: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        let mut child = Command::new(&simulator.binary)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let mut output = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
        writer.join().unwrap().unwrap();
        assert!(child.wait().unwrap().success());
        let (sums, []) = output.as_chunks() else { panic!("half a sum") };
        assert_eq!(sums.len(), pairs.len());
        let sums = sums.iter().map(|sum| u32::from_le_bytes(*sum));
        let is_wrong = |((code, term), sum): &(&(u32, Term), u32)| {
            let expected = self.format.add(*code, *term);
            *sum != expected && !self.both_nan(*sum, expected)
        };
        let wrong: Vec<_> = pairs.iter().zip(sums).filter(is_wrong).collect();
        for ((code, term), sum) in wrong.iter().take(4) {
            let expected = self.format.add(*code, *term);
            eprintln!("{}: {code:x} + {term:x?} = {expected:x}, not {sum:x}", self.format);
        }
        wrong.len()
    }

    /// A format without infinities has a NaN of each sign.
    fn both_nan(self, a: u32, b: u32) -> bool {
        self.format.infinity().is_none() && self.format.term(a) == Term::Nan && {
            self.format.term(b) == Term::Nan
        }
    }

    /// That so many pairs, drawn from `numbers`, have the right sums.
    fn holds(self, count: usize, numbers: &mut Numbers, term: impl Fn(&mut Numbers) -> Term) {
        let Some(simulator) = self.simulator(|text| text) else { return };
        const BATCH: usize = 1 << 20;
        for start in (0..count).step_by(BATCH) {
            let pairs: Vec<_> = (start..count.min(start + BATCH))
                .map(|i| {
                    let term = term(numbers);
                    (numbers.augend(self.format, term, i % 3 == 0), term)
                })
                .collect();
            assert_eq!(self.differences(&simulator, &pairs), 0);
        }
    }
}

/// Random numbers.
struct Numbers(StdRng);

impl Numbers {
    fn of_seed(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    fn next(&mut self) -> u32 {
        self.0.random()
    }

    fn code(&mut self, format: FloatFormat) -> u32 {
        self.next() & (u32::MAX >> (32 - format.bits()))
    }

    /// A number to which adding `term` is hard: cancellation, ties, subnormal numbers, the edges of
    /// overflow and of the window; or any.
    fn augend(&mut self, format: FloatFormat, term: Term, hard: bool) -> u32 {
        let Term::Number { negative, significand, exponent } = term else {
            return self.code(format);
        };
        if !hard {
            return self.code(format);
        }
        let (choice, random) = (self.next() % 6, self.next());
        let near = format.round(negative != (choice < 4), significand, exponent);
        let fraction_bits = format.fraction_bits();
        let magnitude = format.largest().min(near & (u32::MAX >> (33 - format.bits())));
        let sign = near & 1 << (format.bits() - 1);
        let field = magnitude >> fraction_bits;
        let distance = random % (2 * fraction_bits + 6);
        match choice {
            0 => sign | magnitude.saturating_sub(random & 3),
            1 => sign | format.largest().min(magnitude + (random & 3)),
            2 | 4 => {
                sign | format.largest().min((field + distance) << fraction_bits | random >> 20 & 1)
            }
            3 => sign | (field.saturating_sub(distance) << fraction_bits) | random >> 20 & 1,
            _ if random & 1 == 1 => sign | random >> 1 & ((1 << fraction_bits) - 1),
            _ => sign | (format.largest() - (random >> 1 & 3)),
        }
    }
}

#[test]
fn fp8_sums_are_right_in_all_pairs() {
    for format in [FloatFormat::FP8_E4M3, FloatFormat::FP8_E5M2] {
        let adder = Adder::of_numbers(format);
        let Some(simulator) = adder.simulator(|text| text) else { return };
        let pairs: Vec<_> =
            (0..1 << 16).map(|pair| (pair & 0xff, format.term(pair >> 8))).collect();
        assert_eq!(adder.differences(&simulator, &pairs), 0);
    }
}

#[test]
fn ten_million_fp16_sums_are_right() {
    let format = FloatFormat::FP16;
    let mut numbers = Numbers::of_seed(0x9e37_79b9_7f4a_7c15);
    let term = |numbers: &mut Numbers| format.term(numbers.next());
    Adder::of_numbers(format).holds(10_000_000, &mut numbers, term);
}

#[test]
fn ten_million_fp32_sums_are_right() {
    let format = FloatFormat::FP32;
    let mut numbers = Numbers::of_seed(0x1234_5678_9abc_def1);
    let term = |numbers: &mut Numbers| format.term(numbers.next());
    Adder::of_numbers(format).holds(10_000_000, &mut numbers, term);
}

#[test]
fn sums_with_exact_products_are_right() {
    for (format, factors) in [
        (FloatFormat::FP32, FloatFormat::FP16),
        (FloatFormat::FP16, FloatFormat::FP16),
        (FloatFormat::FP32, FloatFormat::BF16),
        (FloatFormat::FP16, FloatFormat::FP8_E5M2),
    ] {
        let mut numbers = Numbers::of_seed(0x0dd0_beef_1234_5677);
        let term = |numbers: &mut Numbers| factors.product([numbers.next(), numbers.next()]);
        Adder::of_products(format, factors).holds(2_000_000, &mut numbers, term);
    }
}

#[test]
fn faults_of_an_adder_show_in_its_sums() {
    let faults = [
        ("WindowBits'(moved_beyond);", "WindowBits'(moved_beyond && 1'b0);"),
        ("32'(AugendPlace + i)", "32'(AugendPlace + i + 1)"),
        ("HighBits'(low_is_zero)", "HighBits'(low_is_zero && 1'b0)"),
        ("-augend[TermPlace-1:0]}", "augend[TermPlace-1:0]}"),
        ("ForwardBits'(subtracts)", "ForwardBits'(subtracts && 1'b0)"),
        ("&& (near_biased !=", "&& (near_biased =="),
        ("(rest || fraction[0])", "(rest || (fraction[0] && 1'b0))"),
        ("is_smaller ? backward", "(is_smaller && 1'b0) ? backward"),
        ("is_given = term_is_zero;", "is_given = term_is_zero && 1'b0;"),
        ("!(subtracts && (magnitude == '0))", "(!subtracts || 1'b1)"),
        ("&& !is_above)", "&& (!is_above || 1'b1))"),
        ("| mark", "| {mark[0], mark[WindowBits-1:1]}"),
        ("term_is_infinite_i && subtracts", "term_is_infinite_i && subtracts && 1'b0"),
        ("(augend_fraction == '0);", "(augend_fraction == '0) && 1'b0;"),
        ("assign is_beyond = ", "assign is_beyond = 1'b0 && "),
        (
            "equal_above & ((more & ~less_below)",
            "equal_above & ((more & ~more_below & (less_below | ~less_below))",
        ),
    ];
    // Products have more bits than sums, so that none of the window's is there for nothing.
    let format = FloatFormat::FP8_E5M2;
    let adder = Adder::of_products(format, format);
    let mut numbers = Numbers::of_seed(0x9e37_79b9_7f4a_7c15);
    let pair = |i: u32| {
        let term = format.product([numbers.code(format), numbers.code(format)]);
        (numbers.augend(format, term, i.is_multiple_of(3)), term)
    };
    let pairs: Vec<_> = (0..1 << 18).map(pair).collect();
    for (right, wrong) in faults {
        let planted = |text: String| {
            assert_eq!(text.matches(right).count(), 1, "{right}");
            text.replace(right, wrong)
        };
        let Some(simulator) = adder.simulator(planted) else { return };
        assert!(adder.differences(&simulator, &pairs) > 0, "{right} -> {wrong}");
    }
}
