use bitplane_formats::{FloatFormat, Specials, TableLayout, WideNumber};
use bitplane_spec::Spec;

use crate::core::{Core, bits_to_hold};
use crate::design::{UnitCount, unit};
use crate::discrete::FloatAdder;
use crate::float::CodeFields;
use crate::lane::WeightDecoder;
use crate::precompute::{Node, RoundedParts};

/// Decoder of an activation (`<name>_number_decoder`): its code as a number of the tables, subnormal ones
/// normalised; combinational.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberDecoder {
    /// Format of the activation.
    pub format: FloatFormat,
    /// Its fields.
    pub fields: CodeFields,
    /// What comes of it.
    pub number: WideNumber,
    /// How much more the number's exponent is than the code's, modulo 2^(bits of an exponent).
    pub exponent_offset: u32,
    /// Width of a count of leading zeros.
    pub count_bits: u32,
    /// What codes besides numbers there are.
    pub specials: Specials,
}

impl NumberDecoder {
    /// Bits of a number.
    pub fn number_bits(&self) -> u32 {
        self.number.bits()
    }

    fn of(format: FloatFormat, number: WideNumber) -> Self {
        let fields = CodeFields::of(format);
        let modulus = 1 << number.exponent_bits;
        Self {
            format,
            fields,
            number,
            exponent_offset: number.offset_from(format).rem_euclid(modulus) as u32,
            count_bits: bits_to_hold(fields.fraction_bits.into()),
            specials: format.specials(),
        }
    }
}

/// Encoder of a result (`<name>_number_encoder`): a number as it leaves the accumulators, as a code; combinational.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberEncoder {
    /// What leaves.
    pub number: WideNumber,
    /// Bits of an exponent in a code.
    pub field_bits: u32,
    /// Bits of a code.
    pub code_bits: u32,
    /// What is added to an exponent, modulo 2^(bits of an exponent in a code).
    pub field_offset: u32,
    /// Width of the places by which a subnormal code moves down; 0 where none is subnormal.
    pub distance_bits: u32,
}

impl NumberEncoder {
    /// Bits of a number.
    pub fn number_bits(&self) -> u32 {
        self.number.bits()
    }

    fn of(number: WideNumber) -> Self {
        let field_bits = number.sum.exponent_bits();
        let modulus = 1 << field_bits;
        let moves = number.least_normal().is_some();
        Self {
            number,
            field_bits,
            code_bits: number.sum.bits(),
            field_offset: (-number.exponent_offset).rem_euclid(modulus) as u32,
            distance_bits: if moves { bits_to_hold(number.fraction_bits().into()) } else { 0 },
        }
    }
}

/// What builds the tables of one row and group where every sum is rounded: the tables of the group's lower and upper
/// elements on their way into the activation register (`<name>_part_tables`), and behind it all sums of an
/// entry of each (`<name>_table_precompute`). Both are combinational.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundedTables {
    /// Makes numbers of activations.
    pub decoder: NumberDecoder,
    /// Adds two numbers.
    pub adder: FloatAdder,
    /// What the entries are, and where their bits lie.
    pub layout: TableLayout,
    /// Bits of the group's activations.
    pub data_bits: u32,
    /// Bits of the group in the activation register.
    pub held_bits: u32,
    /// What is held there, lowest first.
    pub held: Vec<Held>,
    /// Additions and negations, and which of them are made where.
    pub parts: RoundedParts,
    /// Bits of the table that always equal another bit of it, or are always zero, so that synthesis keeps no
    /// register for them.
    pub repeated_bits: u32,
}

/// One of the sums, or an activation's code, that the activation register holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name in the emitted text.
    pub name: String,
    /// The element, where it is a code.
    pub element: Option<u32>,
    /// Its place in the group's bits.
    pub low: u32,
    /// Its width.
    pub bits: u32,
}

impl RoundedTables {
    fn of(core: &Core, spec: &Spec, layout: TableLayout, number: WideNumber) -> Self {
        let format = spec.float.expect("activations are floating point").format;
        let parts = RoundedParts::of(layout.content, core.k);
        let held = held(&parts, core.code_bits, number);
        let singles = parts.stored.iter().filter(|name| parts.element(name).is_some()).count();
        let missing = number.fraction_bits() - format.fraction_bits();
        let negated = parts.nodes.iter().filter(|node| node.left.is_none()).count() as u32;
        Self {
            decoder: NumberDecoder::of(format, number),
            adder: FloatAdder::wide(number),
            layout,
            data_bits: core.k * core.code_bits,
            held_bits: held.iter().map(|each| each.bits).sum(),
            held,
            parts,
            repeated_bits: singles as u32 * missing + negated * (number.stored_bits() - 1),
        }
    }

    /// Whether anything is added before the activation register.
    pub fn adds_early(&self) -> bool {
        !self.parts.part_nodes.is_empty()
    }

    /// The units of one core.
    pub(crate) fn units(&self, core: &Core, copies: u64) -> Vec<UnitCount> {
        let groups = u64::from(core.m * core.groups);
        let adders = |nodes: &[Node]| nodes.iter().filter(|node| node.left.is_some()).count();
        let early = adders(&self.parts.part_nodes) as u64 * groups;
        let late = adders(&self.parts.nodes) as u64 * groups * copies;
        let early_decoders = u64::from(self.parts.decoded_early()) * groups;
        let late_decoders = u64::from(self.parts.decoded_late()) * groups * copies;
        let parts = self.adds_early().then(|| unit("part_tables", groups, 0));
        let decoders = early_decoders + late_decoders;
        let decoders = (decoders > 0).then(|| unit("number_decoder", decoders, 0));
        let lanes = core.lanes() * u64::from(core.groups);
        [parts, decoders, Some(unit("float_adder", early + late + lanes, 0))]
            .into_iter()
            .flatten()
            .chain([unit("table_precompute", groups * copies, 0)])
            .collect()
    }
}

fn held(parts: &RoundedParts, code_bits: u32, number: WideNumber) -> Vec<Held> {
    let mut low = 0;
    let hold = |name: &String| {
        let element = parts.element(name);
        let bits = if element.is_some() { code_bits } else { number.stored_bits() };
        low += bits;
        Held { name: name.clone(), element, low: low - bits, bits }
    };
    parts.held.iter().map(hold).collect()
}

/// Select lane of one row and column where every sum is rounded (`<name>_rounded_select_lane`): looks up, counts by
/// the plane, adds the look-ups two by two, and accumulates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundedSelectLane {
    /// What is added.
    pub number: WideNumber,
    /// Adds two numbers.
    pub adder: FloatAdder,
    /// Makes codes of what leaves.
    pub encoder: NumberEncoder,
    /// Stored entries of a table.
    pub entries: u32,
    /// Entries below the stored ones, which are 0, as those above are.
    pub zero_entries: u32,
    /// Bits of one table.
    pub table_bits: u32,
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
    /// Width of the plane number; 0 where there is one plane.
    pub plane_bits: u32,
    /// Levels of the tree of sums.
    pub levels: u32,
    /// Registers between look-up and accumulator.
    pub stages: u32,
}

impl RoundedSelectLane {
    fn of(
        core: &Core,
        spec: &Spec,
        decoder: &WeightDecoder,
        layout: TableLayout,
        number: WideNumber,
    ) -> Self {
        Self {
            number,
            adder: FloatAdder::wide(number),
            encoder: NumberEncoder::of(number),
            entries: decoder.entries,
            zero_entries: layout.first(),
            table_bits: layout.bits(),
            tables_bits: core.groups * layout.bits(),
            index_bits: decoder.index_bits,
            select_bits: core.groups * decoder.select_bits(),
            signed: decoder.signed,
            one_hot: decoder.one_hot,
            plane_bits: bits_to_hold(u64::from(core.cycles_per_step) - 1),
            levels: spec.sum_levels(),
            stages: core.stages,
        }
    }

    /// Bits of a number.
    pub fn number_bits(&self) -> u32 {
        self.number.bits()
    }

    /// Whether look-ups are registered before they are added.
    pub fn registers_values(&self) -> bool {
        self.stages > self.levels
    }

    /// Flip-flops of one lane.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let values = if self.registers_values() { core.groups } else { 0 };
        // Levels from the last sum, which is one, down.
        let sums = (1 << self.stages.min(self.levels)) - 1;
        u64::from((values + sums + 1) * self.number.bits())
    }
}

/// The tables and the lane of a core that rounds every sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounded {
    /// What builds the tables.
    pub tables: RoundedTables,
    /// What reads them.
    pub lane: RoundedSelectLane,
}

impl Rounded {
    pub(crate) fn of(
        core: &Core,
        spec: &Spec,
        decoder: &WeightDecoder,
        layout: TableLayout,
    ) -> Option<Self> {
        let number = spec.look_up_sums()?;
        Some(Self {
            tables: RoundedTables::of(core, spec, layout, number),
            lane: RoundedSelectLane::of(core, spec, decoder, layout, number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitplane_formats::TableContent;

    #[test]
    fn four_elements_take_four_adders_before_the_register_and_eight_behind_it() {
        let parts = RoundedParts::of(TableContent::SignedHalf, 4);
        assert_eq!((parts.part_nodes.len(), parts.nodes.len()), (4, 8));
        let held = ["sum_pm_from0", "sum_pp_from0", "sum_pm_from2", "sum_pp_from2"];
        assert_eq!(parts.held, held);
    }

    #[test]
    fn elements_that_are_no_sum_stay_codes() {
        let parts = RoundedParts::of(TableContent::SignedHalf, 3);
        assert_eq!(parts.held[0], "a0");
        assert_eq!((parts.part_nodes.len(), parts.nodes.len()), (2, 4));
        let parts = RoundedParts::of(TableContent::SignedHalf, 2);
        assert_eq!(parts.held, ["a0", "a1"]);
        assert!(parts.part_nodes.is_empty());
    }
}
