use bitplane_spec::Spec;

use crate::core::bits_to_hold;

/// Buffers in front of a core that takes commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayBuffers {
    /// Repeats A for every further n columns.
    pub activation: Option<ReplayBuffer>,
    /// Repeats the weights of a column of tiles for every further m rows.
    pub weight: Option<ReplayBuffer>,
}

/// Replay buffer (`<name>_activation_buffer`, `<name>_weight_buffer`): a memory filled round and round
/// with the beats of a stream, which keeps a pass of them as long as it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayBuffer {
    /// Its memory.
    pub memory: Memory,
    /// Width of a place among the beats, with one bit more than an address: full and empty differ.
    pub place_bits: u32,
}

/// Memory (`<name>_activation_memory`, `<name>_weight_memory`): a write and a read a cycle, the word that
/// is read a cycle later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Words, a power of two.
    pub words: u32,
    /// Width of a word.
    pub word_bits: u32,
    /// Banks, a power of two; the low bits of an address tell which.
    pub banks: u32,
    /// Width of an address.
    pub address_bits: u32,
    /// Low bits of an address that tell the bank.
    pub bank_bits: u32,
}

impl Memory {
    fn of(words: u32, word_bits: u32, banks: u32) -> Self {
        let places = |count: u32| bits_to_hold(u64::from(count) - 1);
        Self {
            words,
            word_bits,
            banks,
            address_bits: places(words),
            bank_bits: if banks == 1 { 0 } else { places(banks) },
        }
    }

    /// Words of a bank.
    pub fn bank_words(&self) -> u32 {
        self.words / self.banks
    }
}

impl ReplayBuffer {
    fn of(words: u32, word_bits: u32, banks: u32) -> Option<Self> {
        (words > 0).then(|| {
            let memory = Memory::of(words, word_bits, banks);
            Self { place_bits: memory.address_bits + 1, memory }
        })
    }

    /// Flip-flops: three places, and whether there is room, a beat, and an error.
    pub(crate) fn flops(&self) -> u64 {
        u64::from(3 * self.place_bits + 3)
    }
}

impl ReplayBuffers {
    /// Those that `spec` asks for, of beats that are `activation_bits` (with their exponents) and
    /// `weight_bits` wide.
    pub(crate) fn of(spec: &Spec, activation_bits: u32, weight_bits: u32) -> Self {
        let buffers = spec.buffers();
        Self {
            activation: ReplayBuffer::of(buffers.activation, activation_bits, buffers.banks),
            weight: ReplayBuffer::of(buffers.weight, weight_bits, buffers.banks),
        }
    }

    /// Each with the stream that it repeats.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &ReplayBuffer)> {
        let named = [("activation", &self.activation), ("weight", &self.weight)];
        named.into_iter().filter_map(|(stream, buffer)| Some((stream, buffer.as_ref()?)))
    }
}
