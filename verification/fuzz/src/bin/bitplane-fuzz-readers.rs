//! Brings random and mutated files to everything that reads what a user brings, for a given time: what panics or
//! takes too long is left in a file, and what was told for the first time is kept.

use bitplane_fuzz::readers::{Mutator, Reader};
use clap::Parser;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Bring random and mutated files to one reader
#[derive(Parser)]
struct Options {
    /// The reader: configuration, command, checkpoint, packed or typed
    reader: String,
    /// Folder for what fails, the case under way, and what is kept
    folder: PathBuf,
    /// Cases that start it, beside whole files
    #[arg(long)]
    corpus: Option<PathBuf>,
    /// Seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Start of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Longest time of a case. The slowest take milliseconds.
const TOO_LONG: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let options = Options::parse();
    let Some(reader) = Reader::ALL.into_iter().find(|reader| reader.name() == options.reader)
    else {
        eprintln!("bitplane-fuzz-readers: there is no reader \"{}\"", options.reader);
        return ExitCode::from(2);
    };
    match run(reader, &options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bitplane-fuzz-readers: {}: {error}", options.folder.display());
            ExitCode::from(4)
        }
    }
}

/// The file in which a case stays that ends the program: eight bytes of its length, lowest first, and the case.
struct UnderWay {
    file: File,
}

impl UnderWay {
    /// Longer cases before it stay behind it: making files short takes longer than reading them.
    fn is(&mut self, case: &[u8]) -> io::Result<()> {
        let length = (case.len() as u64).to_le_bytes();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&[&length, case].concat())
    }
}

/// Runs cases until the time is over; how many failed.
fn run(reader: Reader, options: &Options) -> io::Result<u64> {
    let kept = options.folder.join("kept");
    fs::create_dir_all(&kept)?;
    let mut examples = reader.examples();
    for path in options.corpus.iter().map(|corpus| files(corpus)) {
        for path in path? {
            examples.push(fs::read(path)?);
        }
    }
    let mut mutator = Mutator::new(examples, options.seed);
    let under_way = options.folder.join("case");
    let mut last = UnderWay { file: File::create(&under_way)? };
    let (start, mut cases, mut failed) = (Instant::now(), 0u64, 0u64);
    let mut slowest = Duration::ZERO;
    while start.elapsed().as_secs() < options.seconds {
        let case = mutator.draw();
        last.is(&case)?;
        let begun = Instant::now();
        let told = catch_unwind(AssertUnwindSafe(|| reader.read(&case)));
        let took = begun.elapsed();
        (cases, slowest) = (cases + 1, slowest.max(took));
        match told {
            Ok(told) if took <= TOO_LONG => {
                if mutator.keep_new(&case, told) {
                    fs::write(kept.join(format!("{:04}", mutator.kept().len())), &case)?;
                }
            }
            told => {
                failed += 1;
                let file = options.folder.join(format!("failed-{failed}"));
                fs::write(&file, &case)?;
                let what = if told.is_err() { "a panic" } else { "too long" };
                println!("FAILED  {}: {what}: {}", reader.name(), file.display());
            }
        }
    }
    fs::remove_file(&under_way)?;
    println!(
        "{}: {cases} cases in {} s, the slowest in {:.1} ms, {} kept; {failed} failed",
        reader.name(),
        options.seconds,
        slowest.as_secs_f64() * 1e3,
        mutator.kept().len(),
    );
    Ok(failed)
}

/// The files of a folder, in order; none where there is no folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}
