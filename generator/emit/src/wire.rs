//! The binary stream between a test driver and the generated C++ harness: one definition that
//! the Rust side and the printed C++ share.
//!
//! All numbers are little-endian 32-bit words. A *field* of `bits` bits takes ceil(bits / 32)
//! words, low word first, unused bits zero. A *beat* is its fields in port order, each starting on
//! a new word: for the activation and weight streams every port of that group but `valid` and
//! `ready`; for the result stream likewise, preceded by one word, the cycle at which it was
//! transferred, counted from the start of the batch.

/// First word of a batch.
pub const BATCH_MAGIC: u32 = 0x4850_4221;
/// First word of a response.
pub const RESPONSE_MAGIC: u32 = 0x5250_4221;
/// First word the harness writes when it starts.
pub const HELLO_MAGIC: u32 = 0x4f50_4221;
/// Version of this stream, the second word the harness writes.
pub const VERSION: u32 = 1;

/// Words of a field of `bits` bits.
pub const fn words(bits: u32) -> usize {
    bits.div_ceil(32) as usize
}

/// Words of a batch header, in order.
pub mod header {
    /// [`super::BATCH_MAGIC`].
    pub const MAGIC: usize = 0;
    /// Seed of the stall generator (xorshift32, never 0).
    pub const STALL_SEED: usize = 1;
    /// Chance in 256 that the activation stream holds back in a cycle.
    pub const ACTIVATION_STALL: usize = 2;
    /// Chance in 256 that the weight stream holds back in a cycle.
    pub const WEIGHT_STALL: usize = 3;
    /// Chance in 256 that the result stream is not ready in a cycle.
    pub const RESULT_STALL: usize = 4;
    /// Activation beats that follow.
    pub const ACTIVATION_BEATS: usize = 5;
    /// Weight beats that follow the activation beats.
    pub const WEIGHT_BEATS: usize = 6;
    /// Result beats after which the batch is complete.
    pub const RESULT_BEATS: usize = 7;
    /// An [`super::interrupt`] code.
    pub const INTERRUPT: usize = 8;
    /// Cycle of the batch at which the interruption starts.
    pub const INTERRUPT_CYCLE: usize = 9;
    /// Idle cycles after completion or interruption in which stray results are still recorded.
    pub const QUIET_CYCLES: usize = 10;
    /// Cycles without any transfer after which the batch is given up.
    pub const WATCHDOG_CYCLES: usize = 11;
    /// Words of the header.
    pub const WORDS: usize = 12;
}

/// What happens in mid-stream. After an interruption the rest of the batch's stimulus is dropped.
pub mod interrupt {
    /// Nothing.
    pub const NONE: u32 = 0;
    /// `clear_i` for one cycle.
    pub const CLEAR: u32 = 1;
    /// `rst_ni` low for two cycles.
    pub const RESET: u32 = 2;
}

/// Words of a response header, in order; the result beats follow.
pub mod response {
    /// [`super::RESPONSE_MAGIC`].
    pub const MAGIC: usize = 0;
    /// Cycles the batch took.
    pub const CYCLES: usize = 1;
    /// Bits of [`super::status`].
    pub const STATUS: usize = 2;
    /// Result beats that follow.
    pub const RESULT_BEATS: usize = 3;
    /// Activation beats that were taken.
    pub const ACTIVATION_TAKEN: usize = 4;
    /// Weight beats that were taken.
    pub const WEIGHT_TAKEN: usize = 5;
    /// Words of the header.
    pub const WORDS: usize = 6;
}

/// Status bits at the end of a batch.
pub mod status {
    /// `error_o` is set.
    pub const ERROR: u32 = 1;
    /// `overflow_o` is set.
    pub const OVERFLOW: u32 = 2;
    /// The watchdog gave the batch up.
    pub const WATCHDOG: u32 = 4;
}
