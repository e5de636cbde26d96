use bitplane_formats::{TRITS_PER_BYTE, TableLayout, WeightWord, last_number};
use bitplane_spec::{Precompute, Spec, Table};

use crate::core::{Core, bits_to_hold};
use crate::lane::odd_bits;

/// A data port that is narrower than the register behind it, and the counter of its beats
/// (`<name>_activation_bus`, `<name>_weight_bus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusPort {
    /// Width of the data port.
    pub bits: u32,
    /// Beats that fill the register; 1 where the port is as wide.
    pub beats: u32,
    /// Width of the beat counter; 0 for one beat.
    pub beat_bits: u32,
    /// Bits of the last beat that count.
    pub last_bits: u32,
}

impl BusPort {
    /// A port of `bits` bits before a register of `data_bits`.
    pub(crate) fn of(bits: u32, data_bits: u32) -> Self {
        let beats = data_bits.div_ceil(bits);
        Self {
            bits,
            beats,
            beat_bits: bits_to_hold(u64::from(beats) - 1),
            last_bits: data_bits - (beats - 1) * bits,
        }
    }

    /// Whether the register takes several beats.
    pub fn is_narrow(&self) -> bool {
        self.beats > 1
    }
}

/// Activation register (`<name>_activation_register`): the waiting half of the double buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRegister {
    /// Bits that it keeps of one k-step: as they come through a narrow port, otherwise aligned.
    pub data_bits: u32,
    /// Bits of one k-step for the tables.
    pub step_bits: u32,
    /// The port that fills it.
    pub bus: BusPort,
    /// Whether it carries activations, which the keep mask can zero, and not tables.
    pub masked: bool,
}

impl ActivationRegister {
    /// With the bits of a group for the tables, where these are neither integers nor codes.
    pub(crate) fn of(spec: &Spec, table: &Table, group_bits: Option<u32>) -> Self {
        let port_bits = spec.activation_step_bits();
        let bus = BusPort::of(spec.bus.activation, port_bits);
        let of_group = |bits: u32| spec.tile.m * spec.tile.groups * bits;
        let step_bits = group_bits.map_or(aligned_step_bits(spec), of_group);
        Self {
            data_bits: if bus.is_narrow() { port_bits } else { step_bits },
            step_bits,
            bus,
            masked: table.precompute != Precompute::External,
        }
    }

    /// Bits of one k-step as they come.
    pub fn bus_bits(&self) -> u32 {
        (self.bus.beats - 1) * self.bus.bits + self.bus.last_bits
    }

    /// Flip-flops: full, ready, first, last, that of a quantisation group where it is told, counts, weight bits, zero point, exponents, data, and the
    /// keep mask where it comes after some of the data.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let zero_point = if core.corrected { core.zero_point_bits } else { 0 };
        let counts = core.rows_bits + core.columns_bits + core.run_bits_bits + core.exponents_bits;
        let keep = if self.masked && self.bus.is_narrow() { core.elements_per_step } else { 0 };
        let flags = 4 + u32::from(core.told_of_groups);
        u64::from(flags + counts + zero_point + self.data_bits + keep)
    }
}

/// Operand register of a MAC or ADD array (`<name>_operand_register`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperandRegister {
    /// Bits that it keeps of one k-step: as they come through a narrow port, otherwise aligned.
    pub data_bits: u32,
    /// Bits of one k-step for the lanes.
    pub step_bits: u32,
    /// The port that fills it.
    pub bus: BusPort,
}

impl OperandRegister {
    pub(crate) fn of(spec: &Spec) -> Self {
        let port_bits = spec.activation_step_bits();
        let bus = BusPort::of(spec.bus.activation, port_bits);
        let step_bits = aligned_step_bits(spec);
        let data_bits = if bus.is_narrow() { port_bits } else { step_bits };
        Self { data_bits, step_bits, bus }
    }

    /// Flip-flops: data, and where they come after some of the data, the keep mask and the
    /// exponents that the aligners need.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let late = core.elements_per_step + self.kept_exponents(core);
        u64::from(self.data_bits + if self.bus.is_narrow() { late } else { 0 })
    }

    /// Bits of exponents that activations which came before are aligned with.
    pub fn kept_exponents(&self, core: &Core) -> u32 {
        if core.exponent_bits > 1 { core.exponents_bits } else { 0 }
    }
}

/// Bits of a k-step of integers, or of its tables where they come from outside.
fn aligned_step_bits(spec: &Spec) -> u32 {
    match spec.has_external_tables() {
        true => spec.activation_step_bits(),
        false => spec.tile.m * spec.elements_per_step() * spec.activation.bits(),
    }
}

/// Weight register (`<name>_weight_register`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightRegister {
    /// Bits of one beat of the array.
    pub data_bits: u32,
    /// The port that fills it.
    pub bus: BusPort,
    /// Bits of one group's weights in a beat.
    pub word_bits: u32,
    /// What turns each column's bytes into words, where weights come five in a byte.
    pub unpacker: Option<TritUnpacker>,
    /// Whether it shows, beside what it holds, what it will hold in the next cycle.
    pub offers_next: bool,
}

impl WeightRegister {
    /// Bits that it takes in at once.
    pub fn input_bits(&self) -> u32 {
        match self.unpacker {
            None => self.bus.bits,
            Some(_) => self.data_bits,
        }
    }
}

/// Unpacker of one column's ternary weights (`<name>_trit_unpacker`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TritUnpacker {
    /// Bytes of a k-step.
    pub bytes: u32,
    /// Weights of a k-step.
    pub trits: u32,
    /// Weights that the bytes could hold besides.
    pub unused_trits: u32,
    /// Bits of a word.
    pub word_bits: u32,
    /// Bits of the sum of a word's codes, 3^i times code i.
    pub sum_bits: u32,
    /// That sum for weights of 0.
    pub zero: u32,
}

impl TritUnpacker {
    pub(crate) fn of(spec: &Spec) -> Option<Self> {
        let port = spec.port_word();
        (port.word == WeightWord::TernaryBytes).then(|| {
            let bytes = port.k.div_ceil(TRITS_PER_BYTE);
            let zero = last_number(spec.tile.k);
            Self {
                bytes,
                trits: port.k,
                unused_trits: bytes * TRITS_PER_BYTE - port.k,
                word_bits: spec.weight_word_bits(),
                sum_bits: bits_to_hold(u64::from(2 * zero)),
                zero,
            }
        })
    }
}

/// Table registers of one row (`<name>_table_registers`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRegisters {
    /// Bits of one table.
    pub table_bits: u32,
    /// Bits of a row's tables.
    pub data_bits: u32,
    /// Width of the number of odd tables; 0 if entries share no bit.
    pub odd_bits: u32,
}

impl TableRegisters {
    pub(crate) fn of(core: &Core, layout: TableLayout) -> Self {
        Self {
            table_bits: layout.bits(),
            data_bits: core.groups * layout.bits(),
            odd_bits: odd_bits(core, layout),
        }
    }
}
