use bitplane_spec::Spec;

use crate::core::Core;

/// What lets the array go on with the next quantisation group while one drains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// A second register of every lane, for the sum of the group that drains.
    pub lane: ShadowRegister,
    /// One of every row, for its sum of activations, where that is corrected for.
    pub row: Option<ShadowRegister>,
    /// What else belongs to the group that drains.
    pub group: GroupRegister,
}

/// A register that takes a sum over and passes it along (`<name>_shadow_lane`, `<name>_shadow_row`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowRegister {
    /// Width of the sum.
    pub bits: u32,
}

/// What belongs to a quantisation group whose planes are over (`<name>_group_register`): shape and
/// exponents from its last plane on, zero points and scales from then on when its drain begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupRegister {
    /// Bits of a column's part of a weight beat.
    pub column_bits: u32,
    /// Those of them that hold the zero point and the scale.
    pub factor_bits: u32,
    /// Bits of all columns' zero points and scales.
    pub factors_bits: u32,
}

impl Shadow {
    pub(crate) fn of(core: &Core, spec: &Spec, activation_sum_bits: Option<u32>) -> Option<Self> {
        core.shadow.then(|| Self {
            lane: ShadowRegister { bits: core.lane_bits() },
            row: activation_sum_bits.map(|bits| ShadowRegister { bits }),
            group: GroupRegister::of(core, spec),
        })
    }
}

impl GroupRegister {
    fn of(core: &Core, spec: &Spec) -> Self {
        let factor_bits = spec.group_beat_bits().iter().sum();
        Self {
            column_bits: core.groups * spec.weight_word_bits(),
            factor_bits,
            factors_bits: core.n * factor_bits,
        }
    }

    /// Flip-flops: row and column count, whether the group is its run's last, exponents, zero points and
    /// scales.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let shape = core.rows_bits + core.columns_bits + 1;
        u64::from(shape + core.exponents_bits + self.factors_bits)
    }
}
