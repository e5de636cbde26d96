use bitplane_formats::{FloatFormat, Specials};
use bitplane_spec::{ProductWord, Spec};

use crate::CodeFields;
use crate::core::{Core, bits_to_hold};

/// Operand decoder of one floating-point code (`<name>_<side>_decoder`), shared by all lanes of a row
/// or column.
///
/// The operand, from the lowest bit up: significand with its leading one, biased exponent (1 for
/// subnormal numbers), sign, whether it is zero, and what it is else, if there is anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatOperand {
    /// What comes.
    pub format: FloatFormat,
    /// Its fields.
    pub code: CodeFields,
    /// What codes besides numbers there are.
    pub specials: Specials,
    /// Bits of an operand.
    pub bits: u32,
}

impl FloatOperand {
    pub(crate) fn of(format: FloatFormat) -> Self {
        let code = CodeFields::of(format);
        let specials = format.specials();
        let kinds = match specials {
            Specials::InfinityAndNan => 2,
            Specials::Nan => 1,
            Specials::Nothing => 0,
        };
        let bits = code.fraction_bits + 1 + code.exponent_bits + 2 + kinds;
        Self { format, code, specials, bits }
    }

    /// Place of the lowest bit of the exponent, above the significand.
    pub fn exponent_place(&self) -> u32 {
        self.code.fraction_bits + 1
    }

    /// Place of the sign.
    pub fn sign_place(&self) -> u32 {
        self.exponent_place() + self.code.exponent_bits
    }

    /// Place of the bit that says whether the number is zero.
    pub fn zero_place(&self) -> u32 {
        self.sign_place() + 1
    }

    /// Place of the bit that says whether the code is NaN.
    pub fn nan_place(&self) -> Option<u32> {
        (self.specials != Specials::Nothing).then(|| self.zero_place() + 1)
    }

    /// Place of the bit that says whether the code is an infinity.
    pub fn infinity_place(&self) -> Option<u32> {
        (self.specials == Specials::InfinityAndNan).then(|| self.zero_place() + 2)
    }
}

/// Multipliers and accumulator of one row and column of an `fp_mac_array` (`<name>_fused_lane`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FusedLane {
    /// An activation.
    pub activation: FloatOperand,
    /// A weight.
    pub weight: FloatOperand,
    /// Bits of an exact product.
    pub product_bits: u32,
    /// Bits of an aligned product without its sign.
    pub magnitude_bits: u32,
    /// Width of the sum of a step's aligned products.
    pub partial_bits: u32,
    /// What the accumulator holds.
    pub word: ProductWord,
    /// Leaves of the tree of comparisons: the exponents of a step's products and the largest so far, and
    /// the smallest that it is taken for, if a product can have a smaller one.
    pub leaves: u32,
    /// Whether products are registered before they are aligned.
    pub registers_products: bool,
    /// Whether the sum of a step is registered.
    pub registers_sum: bool,
    /// Bits of a row's operands.
    pub activations_bits: u32,
    /// Bits of a column's operands.
    pub weights_bits: u32,
}

impl FusedLane {
    /// The lane of `core`; its `spec` is that of an `fp_mac_array`.
    pub(crate) fn of(core: &Core, spec: &Spec) -> Self {
        let both = spec.products().zip(spec.product_word());
        let (products, word) = both.expect("both operands of this kind are floating point");
        let activation = FloatOperand::of(products.activation());
        let weight = FloatOperand::of(products.weight());
        Self {
            product_bits: products.product_bits(),
            magnitude_bits: products.magnitude_bits(),
            partial_bits: products.magnitude_bits() + 1 + bits_to_hold(u64::from(core.k) - 1),
            word,
            leaves: (core.k + 1 + u32::from(word.smallest_exponent > 2)).next_power_of_two(),
            registers_products: core.stages > 1,
            registers_sum: core.stages > 0,
            activations_bits: core.k * activation.bits,
            weights_bits: core.k * weight.bits,
            activation,
            weight,
        }
    }

    /// Whether products can be something else than numbers.
    pub fn has_flags(&self) -> bool {
        self.word.flag_bits > 0
    }

    /// Whether products can be infinite.
    pub fn has_infinities(&self) -> bool {
        self.word.flag_bits > 1
    }

    /// Lowest bits of a product that no sum sees.
    pub fn lost_bits(&self) -> u32 {
        self.product_bits.saturating_sub(self.magnitude_bits)
    }

    /// Flip-flops of one lane.
    pub(crate) fn flops(&self, core: &Core) -> u64 {
        let ProductWord { exponent_bits, flag_bits, .. } = self.word;
        let product = self.product_bits + 1 + exponent_bits;
        let products =
            if self.registers_products { core.k * product + exponent_bits + flag_bits } else { 0 };
        let sum =
            if self.registers_sum { self.partial_bits + exponent_bits + flag_bits } else { 0 };
        u64::from(self.word.bits() + products + sum)
    }
}
