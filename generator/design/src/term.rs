use bitplane_formats::{PLACES_PER_CYCLE, Range, TermArray, signed_bits};
use bitplane_spec::Spec;

use crate::core::{Core, bits_to_hold};
use crate::float_term::FloatTerms;

/// What the columns of a `bitmod_tile` know of their quantisation group (`<name>_group_head`): the data
/// type and the terms of the special value of each, from the beat before the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupHead {
    /// Bits of a column's head.
    pub head_bits: u32,
    /// Bits of the number of a data type; 0 for one.
    pub type_bits: u32,
    /// Number of data types.
    pub types: u32,
    /// Whether a number can be that of no type.
    pub type_can_exceed: bool,
    /// Terms of a special value; 0 without special values.
    pub special_terms: u32,
    /// Bits of such a term.
    pub term_bits: u32,
    /// Bits of its shift, the lowest.
    pub shift_bits: u32,
    /// The largest shift that lanes have, where the field can hold a larger one.
    pub shift_limit: Option<u32>,
    /// Bits of a column's part of a weight beat.
    pub column_bits: u32,
    /// Bits of all columns' heads.
    pub heads_bits: u32,
    /// The number of the last cycle of a k-step of each type, by its number.
    pub last_cycles: Vec<u32>,
}

impl GroupHead {
    fn of(core: &Core, spec: &Spec, terms: &TermArray) -> Option<Self> {
        let head_bits = spec.head_bits();
        let types = terms.types().len() as u32;
        let special_terms = terms.special_cycles();
        let can_exceed = special_terms > 0 && !(terms.reach() + 1).is_power_of_two();
        (head_bits > 0).then(|| Self {
            head_bits,
            type_bits: terms.type_bits(),
            types,
            type_can_exceed: !types.is_power_of_two(),
            special_terms,
            term_bits: terms.term_bits(),
            shift_bits: terms.shift_bits(),
            shift_limit: can_exceed.then(|| terms.reach()),
            column_bits: spec.weight_word_bits(),
            heads_bits: core.n * head_bits,
            last_cycles: terms.plans().iter().map(|plan| plan.cycles - 1).collect(),
        })
    }

    /// Whether there are heads that are none.
    pub fn is_checked(&self) -> bool {
        self.type_can_exceed || self.shift_limit.is_some()
    }

    /// Flip-flops: the heads of all columns.
    pub(crate) fn flops(&self) -> u64 {
        self.heads_bits.into()
    }
}

/// Term encoder of one column (`<name>_term_encoder`), shared by its rows: the terms of a cycle of all
/// weights of a k-step. It works on what registers will hold in the next cycle and has a register of its
/// own behind it, so that terms are there when the cycle begins and no cycle is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermEncoder {
    /// How each data type becomes terms.
    pub terms: TermArray,
    /// Bits of a code.
    pub code_bits: u32,
    /// Bits of the codes of a k-step.
    pub codes_bits: u32,
    /// Bits of a column's head; 0 without heads.
    pub head_bits: u32,
    /// Lines of a term: one a shift, none of them where there is no term.
    pub lines: u32,
    /// Bits of the lines of all elements.
    pub select_bits: u32,
    /// Elements.
    pub elements: u32,
    /// Bits of the count of negative terms; 0 where lanes do not need it.
    pub count_bits: u32,
}

impl TermEncoder {
    /// Flip-flops of one encoder: the lines and signs of a cycle, and how many are negative. A line that no term
    /// has is 0 and needs none.
    pub(crate) fn flops(&self) -> u64 {
        let lines = self.terms.used_shifts().len() as u64;
        (lines + 1) * u64::from(self.elements) + u64::from(self.count_bits)
    }
}

/// Term lane of one row and column (`<name>_term_lane`): the terms of one cycle times their activations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermLane {
    /// Bits of the row's activations.
    pub activations_bits: u32,
    /// Lines of a term.
    pub lines: u32,
    /// Bits of the lines of all elements.
    pub select_bits: u32,
    /// Width of an activation times a term.
    pub product_bits: u32,
    /// Width of the sum of a cycle.
    pub partial_bits: u32,
    /// Bits of the count of negative terms; 0 where the sign of the one element tells it.
    pub count_bits: u32,
}

/// The units of a `bitmod_tile` between its registers and its accumulators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What columns know of their group, where there is something to tell.
    pub head: Option<GroupHead>,
    /// One for each column.
    pub encoder: TermEncoder,
    /// What adds terms up.
    pub lanes: TermLanes,
}

/// What adds the terms of a `bitmod_tile` up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermLanes {
    /// Integers, one lane for each row and column.
    Aligned(TermLane),
    /// Floating-point numbers whose sums are rounded.
    Float(FloatTerms),
}

impl Terms {
    /// Bits by which the significance of terms rises from cycle to cycle.
    pub(crate) const PLACES: u32 = PLACES_PER_CYCLE;

    pub(crate) fn of(core: &Core, spec: &Spec, terms: &TermArray) -> Self {
        let lines = terms.reach() + 1;
        let select_bits = core.k * lines;
        let lanes = match spec.term_sums() {
            Some(sums) => TermLanes::Float(FloatTerms::of(core, terms, sums)),
            None => TermLanes::Aligned(TermLane::of(core, spec, terms)),
        };
        Self {
            head: GroupHead::of(core, spec, terms),
            encoder: TermEncoder {
                terms: terms.clone(),
                code_bits: terms.code_bits(),
                codes_bits: core.k * terms.code_bits(),
                head_bits: spec.head_bits(),
                lines,
                select_bits,
                elements: core.k,
                count_bits: match &lanes {
                    TermLanes::Aligned(lane) => lane.count_bits,
                    TermLanes::Float(_) => 0,
                },
            },
            lanes,
        }
    }
}

impl TermLane {
    fn of(core: &Core, spec: &Spec, terms: &TermArray) -> Self {
        let lines = terms.reach() + 1;
        let largest = (spec.largest_activation() << terms.reach()) * i128::from(core.k);
        Self {
            activations_bits: core.k * core.activation_bits,
            lines,
            select_bits: core.k * lines,
            product_bits: core.activation_bits + terms.reach(),
            partial_bits: signed_bits(Range::symmetric(largest)),
            count_bits: if core.k > 1 { bits_to_hold(core.k.into()) } else { 0 },
        }
    }

    /// Flip-flops of one lane.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        u64::from(if core.stages > 0 { self.partial_bits } else { 0 })
    }
}
