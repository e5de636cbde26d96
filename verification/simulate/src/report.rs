use crate::Cover;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a check of one core found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Look-up cycles driven in compared runs: weight beats.
    pub vectors: u64,
    /// Single look-ups (or multiplications) made by those: beats times the tile's operations.
    pub lookups: u64,
    /// Complete runs compared.
    pub runs: u64,
    /// Of these, runs during which at least one stream held back at times.
    pub stalled_runs: u64,
    /// Results compared.
    pub results: u64,
    /// Differences found; checking stops after the first batch that has any.
    pub mismatches: u64,
    /// Clock cycles simulated.
    pub cycles: u64,
    /// The seed everything followed from.
    pub seed: u64,
    /// Name and version of the simulator's tool.
    pub tool: String,
    /// Longest run without overflow, in elements of K.
    pub longest_k: u64,
    /// What was exercised.
    pub cover: Cover,
    /// Checks that this configuration made too large, each with its reason.
    pub skipped: Vec<String>,
    /// The first difference.
    pub failure: Option<Failure>,
}

impl Report {
    /// Whether everything checked was right.
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.mismatches == 0
    }
}

/// The first difference between core and golden model. Its `Display` is a small text with all of
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was being checked.
    pub check: String,
    /// What differs (`result`, `result_keep_o`, flags).
    pub what: String,
    /// The seed that replays it.
    pub seed: u64,
    /// Batch since the start.
    pub batch: u64,
    /// Cycle within the batch.
    pub cycle: u32,
    /// Run within the batch.
    pub run: usize,
    /// Row of the lane.
    pub row: usize,
    /// Column of the lane.
    pub column: usize,
    /// What the golden model says.
    pub expected: String,
    /// What came out.
    pub got: String,
    /// The smallest failing case found, if a run fails alone.
    pub shrunk: Option<ShrunkCase>,
}

/// The smallest runs found that still fail from a fresh start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShrunkCase {
    /// Whether it takes random stalls to make it fail.
    pub stalls: bool,
    /// The runs, sent back to back.
    pub runs: Vec<ShrunkRun>,
    /// What differs.
    pub what: String,
    /// The run in which it does.
    pub run: usize,
    /// Row and column of the first difference.
    pub lane: [usize; 2],
    /// Expected there.
    pub expected: String,
    /// Got there.
    pub got: String,
}

/// One run of a shrunk case. Only what counts is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShrunkRun {
    /// K-steps of the run.
    pub steps: usize,
    /// Bits of its weights.
    pub weight_bits: u32,
    /// The run's reinterpreted zero point.
    pub zero_point: i32,
    /// Those of the quantisation groups, one list for each column; empty where the core corrects
    /// no groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_zero_points: Vec<Vec<i32>>,
    /// The data types of the quantisation groups with their special values, one list for each column;
    /// empty but in a `bitmod_tile`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_types: Vec<Vec<String>>,
    /// Elements that count, a row of 0 and 1.
    pub keep: Vec<u8>,
    /// Activations, one list for each row.
    pub activations: Vec<Vec<i32>>,
    /// Weight codes, one list for each column.
    pub codes: Vec<Vec<u16>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} differs", self.check, self.what)?;
        writeln!(
            f,
            "  seed {}, batch {}, cycle {}, run {}, row {}, column {}",
            self.seed, self.batch, self.cycle, self.run, self.row, self.column
        )?;
        writeln!(f, "  expected {}", self.expected)?;
        writeln!(f, "  got      {}", self.got)?;
        match &self.shrunk {
            Some(shrunk) => shrunk.fmt(f),
            None => writeln!(f, "the batch's runs pass from a fresh start; replay it by the seed"),
        }
    }
}

impl fmt::Display for ShrunkCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stalls = if self.stalls { "with stalls" } else { "without stalls" };
        writeln!(f, "shrunk, {stalls}, to")?;
        self.runs.iter().try_for_each(|run| run.fmt(f))?;
        let [row, column] = self.lane;
        let (what, run, expected, got) = (&self.what, self.run, &self.expected, &self.got);
        writeln!(f, "  {what} of run {run}, row {row}, column {column}: {expected}, not {got}")
    }
}

impl fmt::Display for ShrunkRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.activations.len(), self.codes.len());
        writeln!(
            f,
            "  a run of {} k-steps, {rows} rows, {columns} columns, {}-bit weights, \
             zero point z' = {}:",
            self.steps, self.weight_bits, self.zero_point
        )?;
        if self.keep.contains(&0) {
            writeln!(f, "    keep            {}", row(&self.keep))?;
        }
        for (i, activations) in self.activations.iter().enumerate() {
            writeln!(f, "    activations {i:>3} {}", row(activations))?;
        }
        for (i, codes) in self.codes.iter().enumerate().take(SHOWN) {
            writeln!(f, "    codes       {i:>3} {}", row(codes))?;
        }
        for (i, types) in self.group_types.iter().enumerate().take(SHOWN) {
            writeln!(f, "    data types {i:>4} {}", row(types))?;
        }
        for (i, zero_points) in self.group_zero_points.iter().enumerate().take(SHOWN) {
            writeln!(f, "    zero points {i:>3} {}", row(zero_points))?;
        }
        Ok(())
    }
}

/// Numbers of a list, and lists of a matrix, that are shown.
const SHOWN: usize = 48;

/// A list of numbers, cut short where it would be too long to read.
fn row<T: fmt::Display>(values: &[T]) -> String {
    let mut text: Vec<String> = values.iter().take(SHOWN).map(T::to_string).collect();
    if values.len() > SHOWN {
        text.push(format!("... {} in all", values.len()));
    }
    text.join(" ")
}
