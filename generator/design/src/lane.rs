use bitplane_formats::{Range, TableContent, TableLayout, WeightWord, signed_bits, subset_range};
use bitplane_spec::{Overflow, Select, Spec, Table};

use crate::core::{Core, bits_to_hold};

/// Weight decoder of one column and group (`<name>_weight_decoder`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightDecoder {
    /// Stored entries of a table.
    pub entries: u32,
    /// Number of the lowest of them.
    pub first: u32,
    /// Bits of an entry's number.
    pub index_bits: u32,
    /// Bits of a word on the weight port.
    pub word_bits: u32,
    /// Whether a looked-up entry can be negated (half tables).
    pub signed: bool,
    /// Whether plain planes are folded here.
    pub runtime_fold: bool,
    /// Whether lanes receive one line an entry instead of the number.
    pub one_hot: bool,
}

impl WeightDecoder {
    pub(crate) fn of(spec: &Spec, table: &Table, layout: TableLayout) -> Self {
        let signed = layout.content.is_half();
        Self {
            word_bits: spec.weight_word_bits(),
            entries: layout.entries(),
            first: layout.first(),
            index_bits: layout.index_bits(),
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
///
/// Tables whose entries are all odd or all even keep that bit once. The lane then works on the
/// other bits: an entry is 2h + p, and its negation 2(NOT h) + p plus 2 where p is 0. The shared
/// bits add up to one number for the whole row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectLane {
    /// Stored entries of a table.
    pub entries: u32,
    /// Entries below the stored ones, which are 0, as those above are.
    pub zero_entries: u32,
    /// Bits that the lane selects.
    pub value_bits: u32,
    /// Bits of one table.
    pub table_bits: u32,
    /// Bits that all entries of a table share, at its low end.
    pub shared_bits: u32,
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
    /// Width of the sum over the groups: k * groups activations, each with either sign or, in sums
    /// of subsets, left out.
    pub partial_bits: u32,
    /// Width of the number of odd tables; 0 if entries share no bit.
    pub odd_bits: u32,
    /// What the sum starts from: values are added with their highest bit inverted, as unsigned
    /// numbers, and this takes the excess away. Non-negative, below 2^(partial_bits - shared_bits).
    pub offset: u64,
    /// Whether the groups' values are registered before they are summed.
    pub registers_values: bool,
}

impl SelectLane {
    pub(crate) fn of(
        core: &Core,
        spec: &Spec,
        decoder: &WeightDecoder,
        layout: TableLayout,
    ) -> Self {
        let partial_bits = match layout.content {
            TableContent::Subsets => subset_sum_bits(core, spec),
            TableContent::SignedHalf | TableContent::SignedFull | TableContent::Ternary => {
                signed_bits(Range::symmetric(largest_partial(core, spec)))
            }
        };
        let shared_bits = layout.shared_bits();
        let excess = u64::from(core.groups) << (layout.own_bits() - 1);
        Self {
            entries: decoder.entries,
            zero_entries: layout.first(),
            value_bits: layout.own_bits(),
            table_bits: layout.bits(),
            shared_bits,
            tables_bits: core.groups * layout.bits(),
            index_bits: decoder.index_bits,
            select_bits: core.groups * decoder.select_bits(),
            signed: decoder.signed,
            one_hot: decoder.one_hot,
            partial_bits,
            odd_bits: odd_bits(core, layout),
            offset: (1 << (partial_bits - shared_bits)) - excess,
            registers_values: core.stages > 1,
        }
    }

    /// Width of the sum that is formed in the lane.
    pub fn sum_bits(&self) -> u32 {
        self.partial_bits - self.shared_bits
    }

    /// Flip-flops of all lanes. The odd counts that wait beside registered values, and their
    /// lowest bits beside registered sums, are the same for all columns that read one copy of the
    /// tables, so synthesis keeps one register of them.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let readers_of_a_table = u64::from(core.m * core.copies);
        let sum = if core.stages > 0 { self.sum_bits() } else { 0 };
        let odd_sum = if core.stages > 0 { self.shared_bits } else { 0 };
        let values = if self.registers_values { core.groups * self.value_bits } else { 0 };
        let carries = if self.registers_values && self.signed { core.groups } else { 0 };
        let odd = if self.registers_values { self.odd_bits } else { 0 };
        core.lanes() * u64::from(sum + values + carries)
            + readers_of_a_table * u64::from(odd + odd_sum)
    }
}

/// The largest magnitude of what a lane looks up in a row's tables.
fn largest_partial(core: &Core, spec: &Spec) -> i128 {
    let of_a_table = -spec.activation.min() * i128::from(core.k);
    let looked_up = match spec.quantised_entries() {
        Some(entry) => entry.entry(of_a_table as i64).into(),
        None => of_a_table,
    };
    looked_up * i128::from(core.groups)
}

/// Width of the number of a row's odd tables; 0 if entries share no bit.
pub(crate) fn odd_bits(core: &Core, layout: TableLayout) -> u32 {
    if layout.shared_bits() > 0 { bits_to_hold(core.groups.into()) } else { 0 }
}

/// Width of the sum of any activations of a step.
fn subset_sum_bits(core: &Core, spec: &Spec) -> u32 {
    signed_bits(subset_range(spec.activation, core.elements_per_step.into()))
}

/// Adder lane of one row and column of an ADD array (`<name>_add_lane`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddLane {
    /// Activations of a step.
    pub elements: u32,
    /// Bits of the row's activations.
    pub activations_bits: u32,
    /// Width of the sum of those activations whose weight bit is 1.
    pub partial_bits: u32,
    /// What the sum starts from: activations are added with their highest bit inverted, as unsigned
    /// numbers, and this takes the excess away. Non-negative, below 2^partial_bits.
    pub offset: u64,
}

impl AddLane {
    pub(crate) fn of(core: &Core, spec: &Spec) -> Self {
        let elements = core.elements_per_step;
        let partial_bits = subset_sum_bits(core, spec);
        let excess = u64::from(elements) << (core.activation_bits - 1);
        Self {
            elements,
            activations_bits: elements * core.activation_bits,
            partial_bits,
            offset: (1 << partial_bits) - excess,
        }
    }

    /// Flip-flops of one lane.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        u64::from(if core.stages > 0 { self.partial_bits } else { 0 })
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
            weights_bits: core.k * core.weight.bits(),
            product_bits: core.activation_bits + core.weight.bits(),
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
    /// Bits by which a plane's significance lies above that of the plane before.
    pub places: u32,
    /// Whether the sum is doubled where a new plane starts.
    pub doubles: bool,
    /// Width of the partial sum.
    pub partial_bits: u32,
    /// Width of the sum.
    pub bits: u32,
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
            (core.lane_bits() + 1, partial_bits)
        } else {
            (core.lane_bits(), partial_bits + core.places_per_cycle * (core.cycles_per_step - 1))
        };
        let exact = core.accumulator_bits >= signed_bits(spec.exact_accumulator());
        Self {
            plane_bits: if core.passes { 0 } else { plane_bits },
            places: core.places_per_cycle,
            doubles: core.passes,
            partial_bits,
            bits: core.lane_bits(),
            exact_bits: sum_bits.max(addend_bits) + 1,
            exact,
            saturates: !exact && spec.accumulate.overflow == Overflow::Saturate,
        }
    }
}
