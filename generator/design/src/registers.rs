use bitplane_formats::TableLayout;
use bitplane_spec::{Precompute, Table};

use crate::core::Core;
use crate::lane::SelectLane;

/// Activation register (`<name>_activation_register`): the waiting half of the double buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRegister {
    /// Bits of one k-step.
    pub data_bits: u32,
    /// Whether it carries activations, which the keep mask can zero, and not tables.
    pub masked: bool,
}

impl ActivationRegister {
    pub(crate) fn of(core: &Core, table: &Table, layout: TableLayout) -> Self {
        let masked = table.precompute == Precompute::Shared;
        let row_bits = if masked {
            core.elements_per_step * core.activation_bits
        } else {
            core.groups * layout.bits()
        };
        Self { data_bits: core.m * row_bits, masked }
    }

    /// Flip-flops: full, ready, first, last, counts, zero point and data.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let zero_point = if core.corrected { core.zero_point_bits } else { 0 };
        u64::from(4 + core.rows_bits + core.columns_bits + zero_point + self.data_bits)
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
    /// Bits of one table.
    pub table_bits: u32,
    /// Bits of a row's tables.
    pub data_bits: u32,
    /// Width of the number of odd tables; 0 if entries share no bit.
    pub odd_bits: u32,
}

impl TableRegisters {
    pub(crate) fn of(core: &Core, lane: &SelectLane) -> Self {
        Self {
            table_bits: lane.table_bits,
            data_bits: core.groups * lane.table_bits,
            odd_bits: lane.odd_bits,
        }
    }
}
