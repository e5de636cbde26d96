use bitplane_spec::{Precompute, Table};

use crate::core::Core;
use crate::lane::entries;

/// Activation register (`<name>_activation_register`): the waiting half of the double buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRegister {
    /// Bits of one k-step.
    pub data_bits: u32,
    /// Whether it carries activations, which the keep mask can zero, and not tables.
    pub masked: bool,
}

impl ActivationRegister {
    pub(crate) fn of(core: &Core, table: &Table, entry_bits: u32) -> Self {
        let masked = table.precompute == Precompute::Shared;
        let row_bits = if masked {
            core.elements_per_step * core.activation_bits
        } else {
            core.groups * entries(core, table) * entry_bits
        };
        Self { data_bits: core.m * row_bits, masked }
    }

    /// Flip-flops: full, ready, first, last, counts, weight bits, zero point and data.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let zero_point = if core.corrected { core.zero_point_bits } else { 0 };
        let counts = core.rows_bits + core.columns_bits + core.run_bits_bits;
        u64::from(4 + counts + zero_point + self.data_bits)
    }
}

/// Operand register of a MAC array (`<name>_operand_register`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperandRegister {
    /// Bits of one k-step.
    pub data_bits: u32,
}

impl OperandRegister {
    pub(crate) fn of(core: &Core) -> Self {
        Self { data_bits: core.m * core.elements_per_step * core.activation_bits }
    }
}

/// Weight register (`<name>_weight_register`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightRegister {
    /// Bits of one beat.
    pub data_bits: u32,
    /// Bits of one group's weights in a beat.
    pub word_bits: u32,
}

/// Table registers of one row (`<name>_table_registers`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRegisters {
    /// Entries of one table.
    pub entries: u32,
    /// Width of one entry.
    pub entry_bits: u32,
    /// Bits of a row's tables.
    pub data_bits: u32,
}

impl TableRegisters {
    pub(crate) fn of(core: &Core, table: &Table, entry_bits: u32) -> Self {
        let entries = entries(core, table);
        Self { entries, entry_bits, data_bits: core.groups * entries * entry_bits }
    }
}
