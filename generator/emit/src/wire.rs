//! The binary stream between a test driver and the generated C++ harness: one definition that
//! the Rust side and the printed C++ share.
//!
//! All numbers are little-endian 32-bit words. A *field* of `bits` bits takes ceil(bits / 32)
//! words, low word first, unused bits zero. A *beat* is its fields in port order, each starting on
//! a new word: for the activation and weight streams every port of that group but `valid` and
//! `ready`; for the result stream likewise, preceded by one word, the cycle at which it was
//! transferred, counted from the start of the batch. [`Beat`] gives the layout of one stream.
//!
//! A core that finds the exponents of activations on their way into memory has a scan stream too: the
//! inputs of that group are a beat, which is taken at once, and after each run the exponents are
//! recorded.
//!
//! A core that takes commands has a command stream, and with a matrix C an addend stream; their beats
//! are words of the inputs of those groups.
//!
//! Of a core that skips k-steps the numbers of those whose weights it asks for are recorded.
//!
//! The harness first writes a [`hello`]. Then, for every batch on its standard input (header,
//! activation beats, weight beats, scan beats, command beats, addend beats), it writes one response (header, result beats,
//! exponents, numbers of k-steps) to its standard output, until the input ends. Whatever the simulation prints goes to standard error.

use crate::manifest::{Manifest, Port};

/// First word of a batch.
pub const BATCH_MAGIC: u32 = 0x4850_4221;
/// First word of a response.
pub const RESPONSE_MAGIC: u32 = 0x5250_4221;
/// First word the harness writes when it starts.
pub const HELLO_MAGIC: u32 = 0x4f50_4221;
/// Version of this stream.
pub const VERSION: u32 = 4;

/// Words of a field of `bits` bits.
pub const fn words(bits: u32) -> usize {
    bits.div_ceil(32) as usize
}

/// Words that the harness writes when it starts, in order.
pub mod hello {
    /// [`super::HELLO_MAGIC`].
    pub const MAGIC: usize = 0;
    /// [`super::VERSION`].
    pub const VERSION: usize = 1;
    /// Last eight hexadecimal digits of the configuration digest.
    pub const DIGEST_LOW: usize = 2;
    /// First eight hexadecimal digits of the configuration digest.
    pub const DIGEST_HIGH: usize = 3;
    /// Words of the greeting.
    pub const WORDS: usize = 4;
}

/// The two digest words of a greeting, low word first; `None` unless `digest` is 16 hexadecimal
/// digits.
pub fn digest_words(digest: &str) -> Option<[u32; 2]> {
    let digits = u64::from_str_radix(digest, 16).ok().filter(|_| digest.len() == 16)?;
    Some([digits as u32, (digits >> 32) as u32])
}

/// One field of a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the port.
    pub port: String,
    /// The port's name without stream and direction (`data`, `keep`, `first`).
    pub name: String,
    /// Width in bits.
    pub bits: u32,
    /// First word within the beat.
    pub word: usize,
}

/// The layout of one stream's beats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// Fields in port order.
    pub fields: Vec<Field>,
    /// Words of one beat (of a result beat: without the cycle).
    pub words: usize,
}

impl Beat {
    /// The layout of the stream that the manifest calls `group`.
    pub fn of(manifest: &Manifest, group: &str) -> Self {
        Self::of_ports(manifest.ports.iter().filter(|port| port.group == group))
    }

    /// What the scan stream takes in, and what is recorded after each run; empty where there is no
    /// such stream.
    pub fn of_scan(manifest: &Manifest) -> [Self; 2] {
        ["input", "output"].map(|direction| {
            let belongs = |port: &&Port| port.group == "scan" && port.direction == direction;
            Self::of_ports(manifest.ports.iter().filter(belongs))
        })
    }

    fn of_ports<'a>(ports: impl Iterator<Item = &'a Port>) -> Self {
        let mut beat = Self::default();
        for port in ports {
            let name = field_name(port);
            if !["valid", "ready", "done"].contains(&name.as_str()) {
                let (port_name, bits) = (port.name.clone(), port.bits);
                beat.fields.push(Field { port: port_name, name, bits, word: beat.words });
                beat.words += words(bits);
            }
        }
        beat
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// `activation_data_i` of group `activation` is `data`.
fn field_name(port: &Port) -> String {
    let name = port.name.strip_prefix(&port.group).map_or(port.name.as_str(), |n| &n[1..]);
    let direction = name.strip_suffix("_i").or(name.strip_suffix("_o"));
    direction.unwrap_or(name).to_owned()
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
    /// Cycle of the batch at which the interruption starts. A batch that is complete before is not
    /// interrupted.
    pub const INTERRUPT_CYCLE: usize = 9;
    /// Idle cycles after completion or interruption in which stray results are still recorded. A
    /// batch is complete when all its stimulus is taken and its result beats are there.
    pub const QUIET_CYCLES: usize = 10;
    /// Cycles without any transfer after which the batch is given up.
    pub const WATCHDOG_CYCLES: usize = 11;
    /// Cycles after which the batch is given up in any case.
    pub const LIMIT_CYCLES: usize = 12;
    /// Scan beats that follow the weight beats; they hold back as activations do.
    pub const SCAN_BEATS: usize = 13;
    /// Recorded exponents after which the batch is complete.
    pub const SCAN_RUNS: usize = 14;
    /// Command beats that follow the scan beats; they hold back as activations do.
    pub const COMMAND_BEATS: usize = 15;
    /// Addend beats that follow the command beats; they hold back as weights do.
    pub const ADDEND_BEATS: usize = 16;
    /// Words of the header.
    pub const WORDS: usize = 17;
}

/// What happens in mid-stream. After an interruption the rest of the batch's stimulus is dropped.
pub mod interrupt {
    /// Nothing.
    pub const NONE: u32 = 0;
    /// `clear_i` for one cycle.
    pub const CLEAR: u32 = 1;
    /// `rst_ni` low for two cycles, in which no transfer counts.
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
    /// Recorded exponents that follow the result beats.
    pub const SCAN_RUNS: usize = 6;
    /// Recorded numbers of k-steps that follow the exponents.
    pub const FETCHES: usize = 7;
    /// Words of the header.
    pub const WORDS: usize = 8;
}

/// Status bits: the flags as they stand at the end of a batch, and what happened in it.
pub mod status {
    /// `error_o` is set.
    pub const ERROR: u32 = 1;
    /// `overflow_o` is set.
    pub const OVERFLOW: u32 = 2;
    /// The batch was given up: no transfer for too long, or too many cycles.
    pub const WATCHDOG: u32 = 4;
    /// The interruption asked for took place.
    pub const INTERRUPTED: u32 = 8;
    /// A stalled result beat was withdrawn or changed before it was taken.
    pub const UNSTABLE: u32 = 16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_travels_as_two_words_low_word_first() {
        assert_eq!(digest_words("0123456789abcdef"), Some([0x89ab_cdef, 0x0123_4567]));
        assert_eq!(digest_words("0123"), None);
        assert_eq!(digest_words("0123456789abcdeg"), None);
    }

    #[test]
    fn a_field_is_named_after_its_port_without_stream_and_direction() {
        let port = Port {
            name: "activation_zero_point_i".to_owned(),
            direction: "input".to_owned(),
            bits: 3,
            group: "activation".to_owned(),
            meaning: String::new(),
        };
        assert_eq!(field_name(&port), "zero_point");
    }
}
