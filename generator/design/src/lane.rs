use bitplane_formats::{Range, WeightWord, signed_bits};
use bitplane_spec::{Overflow, Select, Spec, Symmetry, Table};

use crate::core::Core;

/// Entries that a table stores.
pub(crate) fn entries(core: &Core, table: &Table) -> u32 {
    match table.symmetry {
        Symmetry::Half { .. } => 1 << (core.k - 1),
        Symmetry::Full => 1 << core.k,
    }
}

/// Weight decoder of one column and group (`<name>_weight_decoder`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightDecoder {
    /// Entries of a table.
    pub entries: u32,
    /// Bits of an entry's number.
    pub index_bits: u32,
    /// Whether a looked-up entry can be negated (half tables).
    pub signed: bool,
    /// Whether plain planes are folded here.
    pub runtime_fold: bool,
    /// Whether lanes receive one line an entry instead of the number.
    pub one_hot: bool,
}

impl WeightDecoder {
    pub(crate) fn of(core: &Core, spec: &Spec, table: &Table) -> Self {
        let entries = entries(core, table);
        let signed = matches!(table.symmetry, Symmetry::Half { .. });
        Self {
            entries,
            index_bits: entries.ilog2(),
            signed,
            runtime_fold: signed && spec.weight_word() == WeightWord::Plain,
            one_hot: table.select == Select::OneHot,
        }
    }

    /// Bits of a selection.
    pub fn select_bits(&self) -> u32 {
        if self.one_hot { self.entries } else { self.index_bits }
    }
}

/// Select lane of one row and column (`<name>_select_lane`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectLane {
    /// Entries of a table.
    pub entries: u32,
    /// Width of an entry.
    pub entry_bits: u32,
    /// Bits of the row's tables.
    pub tables_bits: u32,
    /// Bits of an entry's number.
    pub index_bits: u32,
    /// Bits of the column's selections, all groups.
    pub select_bits: u32,
    /// Whether a looked-up entry can be negated.
    pub signed: bool,
    /// Whether selections are one-hot.
    pub one_hot: bool,
    /// Width of the sum over the groups: k * groups signed activations.
    pub partial_bits: u32,
    /// Whether the groups' values are registered before they are summed.
    pub registers_values: bool,
}

impl SelectLane {
    pub(crate) fn of(core: &Core, spec: &Spec, decoder: &WeightDecoder, entry_bits: u32) -> Self {
        let largest = -spec.activation.min() * i128::from(core.elements_per_step);
        Self {
            entries: decoder.entries,
            entry_bits,
            tables_bits: core.groups * decoder.entries * entry_bits,
            index_bits: decoder.index_bits,
            select_bits: core.groups * decoder.select_bits(),
            signed: decoder.signed,
            one_hot: decoder.one_hot,
            partial_bits: signed_bits(Range::symmetric(largest)),
            registers_values: core.stages > 1,
        }
    }

    /// Flip-flops of all lanes. The carry-ins that wait beside registered values depend on the
    /// column alone, so synthesis keeps one register of them for all rows.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let partial = if core.stages > 0 { self.partial_bits } else { 0 };
        let values = if self.registers_values { core.groups * self.entry_bits } else { 0 };
        let carries = if self.registers_values && self.signed { core.groups } else { 0 };
        core.lanes() * u64::from(partial + values) + u64::from(core.n * carries)
    }
}

/// Dot-product lane of one row and column of a MAC array (`<name>_dot_lane`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotLane {
    /// Bits of the row's activations.
    pub activations_bits: u32,
    /// Bits of the column's weights.
    pub weights_bits: u32,
    /// Width of one product.
    pub product_bits: u32,
    /// Width of the sum of k products.
    pub partial_bits: u32,
}

impl DotLane {
    pub(crate) fn of(core: &Core, spec: &Spec) -> Self {
        let range = bitplane_formats::mac_range(spec.activation, spec.weight, core.k.into());
        Self {
            activations_bits: core.k * core.activation_bits,
            weights_bits: core.k * core.weight_bits,
            product_bits: core.activation_bits + core.weight_bits,
            partial_bits: signed_bits(range),
        }
    }

    /// Flip-flops of one lane.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        u64::from(if core.stages > 0 { self.partial_bits } else { 0 })
    }
}

/// Plane accumulator of one row and column (`<name>_plane_accumulator`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaneAccumulator {
    /// Width of the plane number; 0 where partial sums are not shifted.
    pub plane_bits: u32,
    /// Whether the sum is doubled where a new plane starts.
    pub doubles: bool,
    /// Width of the partial sum.
    pub partial_bits: u32,
    /// Width in which one addition is exact.
    pub exact_bits: u32,
    /// Whether the width follows from `max_k`, so that no addition leaves it.
    pub exact: bool,
    /// Whether additions clamp.
    pub saturates: bool,
}

impl PlaneAccumulator {
    pub(crate) fn of(core: &Core, spec: &Spec, plane_bits: u32, partial_bits: u32) -> Self {
        // Either the sum grows by a bit before an addition, or the partial sum by a shift.
        let (sum_bits, addend_bits) = if core.passes {
            (core.accumulator_bits + 1, partial_bits)
        } else {
            (core.accumulator_bits, partial_bits + core.beats_per_step - 1)
        };
        let exact = core.accumulator_bits >= signed_bits(spec.exact_accumulator());
        Self {
            plane_bits: if core.passes { 0 } else { plane_bits },
            doubles: core.passes,
            partial_bits,
            exact_bits: sum_bits.max(addend_bits) + 1,
            exact,
            saturates: !exact && spec.accumulate.overflow == Overflow::Saturate,
        }
    }
}
