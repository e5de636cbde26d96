//! Writes random legal configurations, one a file: the first so many of a seed are always the same.

use bitplane_fuzz::specs;
use bitplane_spec::Spec;
use clap::Parser;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::PathBuf;
use std::process::ExitCode;

/// Write random legal configurations
#[derive(Parser)]
struct Options {
    /// Folder for `0000.toml` and so on; created if it is not there
    folder: PathBuf,
    /// How many
    #[arg(long, default_value_t = 100)]
    count: u32,
    /// Number of the first
    #[arg(long, default_value_t = 0)]
    first: u32,
    /// Look-ups or multiplications a cycle, at most
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(64..=16_384))]
    operations: u32,
    /// Start of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match write(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bitplane-fuzz: {}: {error}", options.folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(options: &Options) -> std::io::Result<()> {
    std::fs::create_dir_all(&options.folder)?;
    for number in options.first..options.first + options.count {
        let text = configuration(options.seed, number, options.operations);
        std::fs::write(options.folder.join(format!("{number:04}.toml")), text)?;
    }
    Ok(())
}

/// Configuration `number` of `seed`, whatever others are drawn.
fn configuration(seed: u64, number: u32, operations: u32) -> String {
    let mut start = [0; 32];
    start[..8].copy_from_slice(&seed.to_le_bytes());
    start[8..12].copy_from_slice(&number.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &start);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let strategy = specs(operations);
    let mut draw = || strategy.new_tree(&mut runner).map(|tree| tree.current());
    let mut spec = loop {
        let spec = draw().expect("a legal spec can always be drawn");
        if is_cheap(&spec) {
            break spec;
        }
    };
    // Modules of all of them can stand in one folder.
    spec.name = format!("fuzz_{number:04}");
    spec.to_toml()
}

/// Longest run of a core that is drawn, as the longest are simulated.
const LONGEST_RUN: u64 = 1024;
/// Widest beat: 16 rows of tables from outside can have more bits than all the rest of a core.
const WIDEST_BEAT: u32 = 4096;

/// Whether the core is simulated and synthesised in seconds.
fn is_cheap(spec: &Spec) -> bool {
    spec.accumulate.max_k <= LONGEST_RUN && spec.activation_step_bits() <= WIDEST_BEAT
}
