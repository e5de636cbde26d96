use bitplane_emit::wire::{self, header, response};

/// Stimulus of one batch, as it travels to the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// When the streams hold back.
    pub stalls: Stalls,
    /// Activation beats, one after the other.
    pub activation: Vec<u32>,
    /// Weight beats, one after the other.
    pub weight: Vec<u32>,
    /// Activations on their way into memory, where exponents are found there.
    pub scan: Vec<u32>,
    /// Command words, where the core takes commands.
    pub command: Vec<u32>,
    /// Beats of C, where the core adds one.
    pub addend: Vec<u32>,
    /// Words of an activation beat, of a weight beat, of a scan beat, of a command and of a beat of C.
    pub words: [usize; 5],
    /// Runs in `scan`.
    pub scan_runs: u32,
    /// Result beats after which the batch is complete; [`Batch::ENDLESS`] if it never is.
    pub result_beats: u32,
    /// What happens in mid-stream.
    pub interrupt: Interrupt,
    /// Cycles after completion or interruption in which stray results are recorded.
    pub quiet_cycles: u32,
    /// Cycles without a transfer after which the batch is given up.
    pub watchdog_cycles: u32,
    /// Cycles after which the batch is given up in any case; `None` for ample time for its beats.
    pub limit_cycles: Option<u32>,
}

impl Batch {
    /// A number of result beats that never comes: the batch ends by its interrupt or watchdog.
    pub const ENDLESS: u32 = u32::MAX;

    /// A batch without stimulus, for beats of so many words.
    pub fn empty(words: [usize; 5]) -> Self {
        Self {
            stalls: Stalls::none(),
            activation: Vec::new(),
            weight: Vec::new(),
            scan: Vec::new(),
            command: Vec::new(),
            addend: Vec::new(),
            words,
            scan_runs: 0,
            result_beats: 0,
            interrupt: Interrupt::None,
            quiet_cycles: 0,
            watchdog_cycles: 10_000,
            limit_cycles: None,
        }
    }

    /// Weight beats in the batch.
    pub fn weight_beats(&self) -> usize {
        self.weight.len() / self.words[1]
    }

    /// Activation beats in the batch.
    pub fn activation_beats(&self) -> usize {
        self.activation.len() / self.words[0]
    }

    /// Scan beats in the batch.
    fn scan_beats(&self) -> usize {
        self.scan.len() / self.words[2].max(1)
    }

    /// Commands in the batch.
    fn commands(&self) -> usize {
        self.command.len() / self.words[3].max(1)
    }

    /// Beats of C in the batch.
    fn addend_beats(&self) -> usize {
        self.addend.len() / self.words[4].max(1)
    }

    /// Sixteen times what the beats take with these stalls, one after the other, and the watchdog.
    fn ample_cycles(&self) -> u32 {
        let results = if self.result_beats == Self::ENDLESS { 0 } else { self.result_beats };
        let beats = self.activation_beats() + self.weight_beats() + self.scan_beats();
        let beats = (beats + self.commands()) as u64 + u64::from(results);
        let cycles = 16 * beats * 256 / u64::from(257 - self.stalls.worst().min(256));
        u32::try_from(cycles).unwrap_or(u32::MAX).saturating_add(4 * self.watchdog_cycles)
    }

    pub(crate) fn header(&self) -> [u32; header::WORDS] {
        let mut words = [0; header::WORDS];
        words[header::MAGIC] = wire::BATCH_MAGIC;
        words[header::STALL_SEED] = self.stalls.seed.max(1);
        words[header::ACTIVATION_STALL] = self.stalls.activation;
        words[header::WEIGHT_STALL] = self.stalls.weight;
        words[header::RESULT_STALL] = self.stalls.result;
        words[header::ACTIVATION_BEATS] = self.activation_beats() as u32;
        words[header::WEIGHT_BEATS] = self.weight_beats() as u32;
        words[header::RESULT_BEATS] = self.result_beats;
        words[header::SCAN_BEATS] = self.scan_beats() as u32;
        words[header::SCAN_RUNS] = self.scan_runs;
        words[header::COMMAND_BEATS] = self.commands() as u32;
        words[header::ADDEND_BEATS] = self.addend_beats() as u32;
        words[header::QUIET_CYCLES] = self.quiet_cycles;
        words[header::WATCHDOG_CYCLES] = self.watchdog_cycles;
        words[header::LIMIT_CYCLES] = self.limit_cycles.unwrap_or_else(|| self.ample_cycles());
        let (code, cycle) = match self.interrupt {
            Interrupt::None => (wire::interrupt::NONE, 0),
            Interrupt::Clear(cycle) => (wire::interrupt::CLEAR, cycle),
            Interrupt::Reset(cycle) => (wire::interrupt::RESET, cycle),
        };
        words[header::INTERRUPT] = code;
        words[header::INTERRUPT_CYCLE] = cycle;
        words
    }
}

/// How often each stream holds back, in 256ths of all cycles (256: always).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stalls {
    /// Seed of the sequence of stalls.
    pub seed: u32,
    /// The activation stream is not valid.
    pub activation: u32,
    /// The weight stream is not valid.
    pub weight: u32,
    /// The result stream is not ready.
    pub result: u32,
}

impl Stalls {
    /// No stream ever holds back.
    pub fn none() -> Self {
        Self { seed: 1, activation: 0, weight: 0, result: 0 }
    }

    /// The share of the worst stream.
    pub(crate) fn worst(&self) -> u32 {
        self.activation.max(self.weight).max(self.result)
    }
}

/// What happens in mid-stream. The rest of the batch's stimulus is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Nothing.
    None,
    /// `clear_i` in this cycle of the batch.
    Clear(u32),
    /// `rst_ni` low for two cycles from this one.
    Reset(u32),
}

/// What the core did with a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Cycles the batch took.
    pub cycles: u32,
    /// Bits of [`bitplane_emit::wire::status`].
    pub status: u32,
    /// Activation beats that were taken.
    pub activation_taken: u32,
    /// Weight beats that were taken.
    pub weight_taken: u32,
    /// Result beats, each preceded by its cycle.
    pub results: Vec<u32>,
    /// Words of a recorded result, its cycle included.
    pub result_words: usize,
    /// Exponents of each scanned run.
    pub scans: Vec<u32>,
    /// Words of one of them.
    pub scan_words: usize,
    /// Numbers of the k-steps whose weights the core asked for.
    pub fetches: Vec<u32>,
}

impl Response {
    /// Reads a response header; the result beats are still to come.
    pub(crate) fn of_header(
        words: &[u32],
        result_words: usize,
        scan_words: usize,
    ) -> Option<(Self, [usize; 3])> {
        (words[response::MAGIC] == wire::RESPONSE_MAGIC).then(|| {
            let read = Self {
                cycles: words[response::CYCLES],
                status: words[response::STATUS],
                activation_taken: words[response::ACTIVATION_TAKEN],
                weight_taken: words[response::WEIGHT_TAKEN],
                results: Vec::new(),
                result_words,
                scans: Vec::new(),
                scan_words,
                fetches: Vec::new(),
            };
            let counts = [response::RESULT_BEATS, response::SCAN_RUNS, response::FETCHES];
            (read, counts.map(|at| words[at] as usize))
        })
    }

    /// The recorded beats: cycle and fields.
    pub fn beats(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.results.chunks(self.result_words).map(|beat| (beat[0], &beat[1..]))
    }

    /// Whether `bit` of the status is set.
    pub fn has(&self, bit: u32) -> bool {
        self.status & bit != 0
    }
}
