use bitplane_formats::{
    Factor, FloatFormat, HeldSum, Range, RoundedProduct, Specials, WeightFormat, WideNumber,
    signed_bits,
};
use bitplane_spec::Spec;

use crate::CodeFields;
use crate::core::{Core, bits_to_hold};
use crate::design::{UnitCount, unit};

/// Decoder of a factor of rounded products (`<name>_<side>_decoder`), shared by all lanes of a row or
/// column: subnormal numbers and integers get a leading one.
///
/// The operand, from the lowest bit up: significand, exponent (in two's complement if any is negative), sign, and
/// what it is else, as far as there is anything: NaN, infinity, and where the other factor can be an infinity
/// zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorDecoder {
    /// What comes.
    pub code: FactorCode,
    /// Bits of a code.
    pub code_bits: u32,
    /// Bits of a significand.
    pub significand_bits: u32,
    /// Bits of an exponent.
    pub exponent_bits: u32,
    /// Whether an exponent can be negative.
    pub exponent_is_signed: bool,
    /// Exponent of the operand that is 1.
    pub exponent_of_one: i32,
    /// Width of a count of leading zeros.
    pub count_bits: u32,
    /// Bits whose leading zeros are counted: those of a significand, or of an integer's magnitude.
    pub counted_bits: u32,
    /// What codes besides numbers there are.
    pub specials: Specials,
    /// Whether the operand says that it is zero.
    pub tells_zero: bool,
    /// Whether the operand is registered.
    pub registers_operand: bool,
    /// Bits of an operand.
    pub bits: u32,
}

/// How a factor is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorCode {
    /// A floating-point number.
    Float(FloatFormat),
    /// A two's-complement integer.
    Integer,
}

impl FactorDecoder {
    fn of_activation(format: FloatFormat, other: Factor) -> Self {
        Self::of(FactorCode::Float(format), Factor::of_float(format), other, format.bias())
    }

    /// Exponents of weights are such that both sum up to that of a product below two, less one;
    /// `exponent_of_one` is that of a product which is 1.
    fn of_weight(format: WeightFormat, activation: FloatFormat, exponent_of_one: i32) -> Self {
        let code = format.float().map_or(FactorCode::Integer, FactorCode::Float);
        let decoder = Self::of(
            code,
            Factor::of_weight(format),
            Factor::of_float(activation),
            exponent_of_one - 1 - activation.bias(),
        );
        Self { code_bits: format.bits(), ..decoder }
    }

    fn of(code: FactorCode, factor: Factor, other: Factor, exponent_of_one: i32) -> Self {
        let exponents = Range {
            min: (factor.smallest + exponent_of_one).into(),
            max: (factor.largest + exponent_of_one).into(),
        };
        let exponent_is_signed = exponents.min < 0;
        let exponent_bits = signed_bits(exponents) - u32::from(!exponent_is_signed);
        let (code_bits, counted_bits) = match code {
            FactorCode::Float(float) => (float.bits(), float.fraction_bits() + 1),
            FactorCode::Integer => (factor.significand_bits + 1, factor.significand_bits + 1),
        };
        let tells_zero = other.specials == Specials::InfinityAndNan;
        let kinds = match factor.specials {
            Specials::InfinityAndNan => 2,
            Specials::Nan => 1,
            Specials::Nothing => 0,
        };
        Self {
            code,
            code_bits,
            significand_bits: factor.significand_bits,
            exponent_bits,
            exponent_is_signed,
            exponent_of_one,
            count_bits: counted_bits.next_power_of_two().ilog2().max(1),
            counted_bits,
            specials: factor.specials,
            tells_zero,
            registers_operand: false,
            bits: factor.significand_bits + exponent_bits + 1 + kinds + u32::from(tells_zero),
        }
    }

    /// Flip-flops of one decoder.
    pub(crate) fn flops(&self) -> u64 {
        match self.registers_operand {
            true => (self.bits - self.constant_exponent_bits()).into(),
            false => 0,
        }
    }

    /// Exponent of an integer without leading zeros.
    pub fn exponent_of_highest_bit(&self) -> i32 {
        self.exponent_of_one + self.significand_bits as i32
    }

    /// Bits of the exponent that are the same for every code, which need no register.
    fn constant_exponent_bits(&self) -> u32 {
        if self.code != FactorCode::Integer {
            return 0;
        }
        let half = 1i32 << (self.code_bits - 1);
        let most = (1 << self.count_bits) - 1;
        let exponent = |value: i32| {
            let bits = u32::BITS - value.unsigned_abs().leading_zeros();
            // Behind the magnitude stand zeros, which count where there is nothing else.
            let count = if value == 0 { most } else { self.counted_bits - bits };
            (self.exponent_of_highest_bit() - count as i32) as u32
        };
        let differing = (-half..half).fold(0, |all, value| all | exponent(value) ^ exponent(0));
        let mask = (1 << self.exponent_bits) - 1;
        self.exponent_bits - (differing & mask).count_ones()
    }

    /// The fields of a code that is a floating-point number.
    pub fn fields(&self) -> Option<CodeFields> {
        match self.code {
            FactorCode::Float(float) => Some(CodeFields::of(float)),
            FactorCode::Integer => None,
        }
    }

    /// What is left of the operand where the product of the significands is made elsewhere.
    fn without_significand(self) -> Self {
        Self { significand_bits: 0, bits: self.bits - self.significand_bits, ..self }
    }

    /// Place of the sign, above significand and exponent.
    pub fn sign_place(&self) -> u32 {
        self.significand_bits + self.exponent_bits
    }

    /// Place of the bit that says whether the code is NaN.
    pub fn nan_place(&self) -> Option<u32> {
        (self.specials != Specials::Nothing).then(|| self.sign_place() + 1)
    }

    /// Place of the bit that says whether the code is an infinity.
    pub fn infinity_place(&self) -> Option<u32> {
        (self.specials == Specials::InfinityAndNan).then(|| self.sign_place() + 2)
    }

    /// Place of the bit that says whether the operand is zero: the highest.
    pub fn zero_place(&self) -> Option<u32> {
        self.tells_zero.then(|| self.bits - 1)
    }
}

/// Decoder of a weight that can be two of half of its bits (`<name>_weight_decoder`), shared by all lanes of a
/// column. The first of two is the upper half of the code and is decoded as a whole weight with zeros behind it.
///
/// The operand, from the lowest bit up: that of the whole weight or the first, with the second's significand in
/// the lowest places of its own; then the second's without its significand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairDecoder {
    /// A whole weight, or the first of two (`<name>_whole_decoder`).
    pub whole: FactorDecoder,
    /// The second of two (`<name>_half_decoder`).
    pub half: FactorDecoder,
    /// Bits of a whole weight.
    pub code_bits: u32,
    /// Bits of a weight of two.
    pub half_bits: u32,
    /// Whether the operand is registered.
    pub registers_operand: bool,
    /// Bits of an operand.
    pub bits: u32,
}

impl PairDecoder {
    fn of(whole: FactorDecoder, half: FactorDecoder) -> Self {
        let registers_operand = whole.registers_operand;
        let [whole, half] =
            [whole, half].map(|each| FactorDecoder { registers_operand: false, ..each });
        Self {
            code_bits: whole.code_bits,
            half_bits: half.code_bits,
            registers_operand,
            bits: whole.bits + half.without_significand().bits,
            whole,
            half,
        }
    }

    /// Flip-flops of one decoder.
    pub(crate) fn flops(&self) -> u64 {
        match self.registers_operand {
            true => (self.bits - self.half.constant_exponent_bits()).into(),
            false => 0,
        }
    }
}

/// Multiplier of one activation and one weight, or two of half of its bits (`<name>_pair_multiplier`). The
/// products of the significand's parts add up to one, or are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairMultiplier {
    /// The weights of a column.
    pub decoder: PairDecoder,
    /// Bits of an activation's operand.
    pub operand_bits: u32,
    /// Bits of an activation's significand.
    pub activation_bits: u32,
    /// Bits of the upper part of a weight's significand.
    pub upper_bits: u32,
    /// Bits of the lower part: the significand of the second of two.
    pub lower_bits: u32,
    /// The product of a whole weight, or of the first of two (`<name>_first_product`).
    pub first: FloatMultiplier,
    /// The product of the second of two (`<name>_second_product`).
    pub second: FloatMultiplier,
    /// Whether there is a register before rounding.
    pub registers_product: bool,
}

impl PairMultiplier {
    fn of(whole: &FloatMultiplier, half: &FloatMultiplier) -> Self {
        let lower_bits = half.weight.significand_bits;
        Self {
            decoder: PairDecoder::of(whole.weight, half.weight),
            operand_bits: whole.activation.bits,
            activation_bits: whole.activation.significand_bits,
            upper_bits: whole.weight.significand_bits - lower_bits,
            lower_bits,
            first: whole.of_given_product(),
            second: half.of_given_product(),
            registers_product: whole.registers_product,
        }
    }
}

/// Multiplier of one activation and one weight whose product is a number of the format of sums
/// (`<name>_float_multiplier`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatMultiplier {
    /// Format of the product.
    pub format: FloatFormat,
    /// An activation.
    pub activation: FactorDecoder,
    /// A weight.
    pub weight: FactorDecoder,
    /// Bits of the exact product of the significands.
    pub product_bits: u32,
    /// Bits of it that rounding sees; the lowest stands for those that it has more.
    pub seen_bits: u32,
    /// Width of the sum of the exponents.
    pub sum_bits: u32,
    /// Bits of an exponent of the product.
    pub exponent_bits: u32,
    /// How much less that is than in a code of the format.
    pub exponent_offset: u32,
    /// Bits of a fraction of the format.
    pub fraction_bits: u32,
    /// Whether a product may have to be rounded, or is a subnormal number.
    pub rounds: bool,
    /// Whether a product can be below the normal numbers.
    pub can_be_below: bool,
    /// Bits in which a product moves down: a carry, the significand, and two behind it.
    pub window_bits: u32,
    /// Width of the distance by which it moves.
    pub distance_bits: u32,
    /// Whether there is a register before rounding.
    pub registers_product: bool,
    /// Bits of the product as a number.
    pub number_bits: u32,
    /// Whether no product of the significands reaches two: weights are powers of two.
    pub is_below_two: bool,
    /// Whether the product of the significands is made elsewhere, and operands come without theirs.
    pub is_given: bool,
}

impl FloatMultiplier {
    /// The multiplier of weights of `weight`, no wider than the configuration's, which decide on whether products
    /// are rounded. `has_first_stage` says whether there is a register before the one behind products: before they
    /// are rounded or, where they are not, before they are made.
    fn of(spec: &Spec, weight: WeightFormat, has_first_stage: bool) -> Self {
        let product =
            spec.rounded_products_with(weight).expect("products of this kind are rounded");
        let widest = spec.rounded_products().expect("products of this kind are rounded");
        let float = spec.float.expect("activations of this kind are floating point");
        let format = product.sum;
        let (exponent_bits, exponent_offset) = match spec.held_sums() {
            Some(held) => (held.exponent_bits, held.exponent_offset),
            None => (format.exponent_bits(), 0),
        };
        let (fraction_bits, offset) = (format.fraction_bits(), exponent_offset as i32);
        let rounds = !widest.is_exact();
        let registers_operand = has_first_stage && !rounds;
        let activation = FactorDecoder::of_activation(float.format, product.weight);
        let weight = FactorDecoder::of_weight(weight, float.format, format.bias() - offset);
        let [activation, weight] =
            [activation, weight].map(|factor| FactorDecoder { registers_operand, ..factor });
        let exponents = Range {
            min: (product.smallest_exponent() - offset - 1).into(),
            max: (product.largest_exponent() - offset - 2).into(),
        };
        let sum_bits = signed_bits(exponents).max(exponent_bits + 1);
        let window_bits = fraction_bits + 4;
        let significand_bits = if rounds { fraction_bits + 1 } else { product.product_bits() };
        let multiplier = Self {
            format,
            activation,
            weight,
            product_bits: product.product_bits(),
            seen_bits: product.product_bits().min(window_bits),
            sum_bits,
            exponent_bits,
            exponent_offset,
            fraction_bits,
            rounds,
            can_be_below: product.smallest_exponent() < 1,
            window_bits,
            distance_bits: bits_to_hold(u64::from(window_bits) - 1).min(sum_bits - 1),
            registers_product: has_first_stage && rounds,
            number_bits: significand_bits + exponent_bits + 1,
            is_below_two: product.weight.significand_bits == 1,
            is_given: false,
        };
        let number_bits = multiplier.number_bits + u32::from(multiplier.has_nan());
        Self { number_bits, ..multiplier }
    }

    /// The same for a product of significands that is made elsewhere.
    fn of_given_product(&self) -> Self {
        let [activation, weight] =
            [self.activation, self.weight].map(FactorDecoder::without_significand);
        Self { activation, weight, is_given: true, ..self.clone() }
    }

    /// Whether a product can be NaN.
    pub fn has_nan(&self) -> bool {
        let factors = [self.activation.specials, self.weight.specials];
        factors.iter().any(|specials| *specials != Specials::Nothing)
    }

    /// Whether a factor can be an infinity.
    pub fn has_infinities(&self) -> bool {
        [self.activation, self.weight].iter().any(|factor| factor.infinity_place().is_some())
    }

    fn flops(&self) -> u32 {
        match self.registers_product {
            true => {
                let seen_bits = self.seen_bits - u32::from(self.is_below_two);
                seen_bits + self.sum_bits + 1 + u32::from(self.has_nan())
            }
            false => 0,
        }
    }

    /// Bits of the product that can differ. One that is not rounded moves up a place where it is below two, and
    /// has nothing in the lowest.
    fn varying_bits(&self) -> u32 {
        self.number_bits - u32::from(self.is_below_two && !self.rounds)
    }
}

/// Adder of two numbers of one format (`<name>_float_adder`), rounded once; combinational.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatAdder {
    /// Format of both and of the sum.
    pub format: FloatFormat,
    /// Bits of an exponent.
    pub exponent_bits: u32,
    /// Bits of a fraction.
    pub fraction_bits: u32,
    /// Bits of a number: significand with its leading bit, exponent, sign, whether it is NaN.
    pub number_bits: u32,
    /// Width of a count of leading zeros.
    pub count_bits: u32,
    /// Whether there are subnormal numbers.
    pub has_subnormals: bool,
    /// Exponent of zero; without subnormal numbers no other has it.
    pub zero_exponent: u32,
}

impl FloatAdder {
    /// The adder of numbers so large that no sum is subnormal.
    pub(crate) fn without_subnormals(format: FloatFormat) -> Self {
        Self { has_subnormals: false, ..Self::of(format) }
    }

    /// The adder of numbers with as many exponents as their sums need.
    pub(crate) fn wide(number: WideNumber) -> Self {
        let whole = Self::without_subnormals(number.sum);
        Self {
            exponent_bits: number.exponent_bits,
            number_bits: number.bits(),
            zero_exponent: number.zero_exponent,
            ..whole
        }
    }

    fn of(format: FloatFormat) -> Self {
        let (exponent_bits, fraction_bits) = (format.exponent_bits(), format.fraction_bits());
        Self {
            format,
            exponent_bits,
            fraction_bits,
            number_bits: fraction_bits + exponent_bits + 3,
            count_bits: bits_to_hold(u64::from(fraction_bits) + 1),
            has_subnormals: true,
            zero_exponent: 1,
        }
    }
}

/// What adds sums of products that lose nothing and puts their rounding off to the next addition
/// (`<name>_deferred_adder`), rounds them behind trees (`<name>_sum_rounder`) and makes codes of them behind the
/// drain (`<name>_sum_encoder`); all combinational.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeferredAdder {
    /// Format that sums are rounded to.
    pub format: FloatFormat,
    /// Bits of an exponent as it is held.
    pub exponent_bits: u32,
    /// How much less that is than in a code.
    pub exponent_offset: u32,
    /// Bits of a fraction.
    pub fraction_bits: u32,
    /// Bits of a number, which has nothing left to be rounded: significand with its leading bit, exponent,
    /// sign, whether it is NaN.
    pub number_bits: u32,
    /// Bits of a sum: a number, and whether it is to be rounded up.
    pub sum_bits: u32,
    /// Width of a count of leading zeros.
    pub count_bits: u32,
    /// Bits of an exponent in a code.
    pub field_bits: u32,
    /// Bits of a code.
    pub code_bits: u32,
}

impl DeferredAdder {
    fn of(held: HeldSum) -> Self {
        let fraction_bits = held.fraction_bits();
        Self {
            format: held.sum,
            exponent_bits: held.exponent_bits,
            exponent_offset: held.exponent_offset,
            fraction_bits,
            number_bits: held.number_bits(),
            sum_bits: held.bits(),
            count_bits: bits_to_hold(u64::from(fraction_bits) + 3),
            field_bits: held.sum.exponent_bits(),
            code_bits: held.sum.bits(),
        }
    }
}

/// What adds two numbers in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneAdder {
    /// Rounds sums at once.
    Rounding(FloatAdder),
    /// Leaves rounding to the next addition.
    Deferred(DeferredAdder),
}

impl LaneAdder {
    /// Name of the unit.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Rounding(_) => "float_adder",
            Self::Deferred(_) => "deferred_adder",
        }
    }

    /// Whether rounding is put off.
    pub fn defers(&self) -> bool {
        matches!(self, Self::Deferred(_))
    }

    /// Bits of a fraction.
    pub fn fraction_bits(&self) -> u32 {
        match self {
            Self::Rounding(adder) => adder.fraction_bits,
            Self::Deferred(adder) => adder.fraction_bits,
        }
    }

    /// Bits of an exponent as it is held.
    pub fn exponent_bits(&self) -> u32 {
        match self {
            Self::Rounding(adder) => adder.exponent_bits,
            Self::Deferred(adder) => adder.exponent_bits,
        }
    }

    /// Bits of a number.
    pub fn number_bits(&self) -> u32 {
        match self {
            Self::Rounding(adder) => adder.number_bits,
            Self::Deferred(adder) => adder.number_bits,
        }
    }

    /// Bits that an accumulator holds.
    pub fn sum_bits(&self) -> u32 {
        match self {
            Self::Rounding(adder) => adder.number_bits,
            Self::Deferred(adder) => adder.sum_bits,
        }
    }
}

/// Multipliers, tree of adders and accumulator of one row and column of an `fp_mac_array` that rounds
/// every product and sum (`<name>_discrete_lane`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscreteLane {
    /// Format of the activations.
    pub activation: FloatFormat,
    /// Format of products and sums.
    pub format: FloatFormat,
    /// One for each element.
    pub multiplier: FloatMultiplier,
    /// What is there in its place, with a tree and an accumulator for each of two weights, where a run can have
    /// two in the place of one (`<name>_pair_lane`).
    pub pair: Option<Box<PairMultiplier>>,
    /// One for each sum of two.
    pub adder: LaneAdder,
    /// Levels of the tree of sums.
    pub levels: u32,
    /// Registers between the operands and the accumulator.
    pub stages: u32,
    /// Bits of a row's operands.
    pub activations_bits: u32,
    /// Bits of a column's operands.
    pub weights_bits: u32,
}

impl DiscreteLane {
    /// The lane of `core`; its `spec` is that of an `fp_mac_array` which rounds products.
    pub(crate) fn of(core: &Core, spec: &Spec, product: RoundedProduct) -> Self {
        let levels = spec.sum_levels();
        let of_weights = |weight| FloatMultiplier::of(spec, weight, core.stages > levels + 1);
        let multiplier = of_weights(spec.weight);
        let pair = spec
            .weight_pairs()
            .map(|pairs| Box::new(PairMultiplier::of(&multiplier, &of_weights(pairs.each()))));
        let weight_bits = pair.as_ref().map_or(multiplier.weight.bits, |pair| pair.decoder.bits);
        Self {
            activation: spec.float.expect("activations of this kind are floating point").format,
            format: product.sum,
            adder: match spec.held_sums() {
                Some(held) => LaneAdder::Deferred(DeferredAdder::of(held)),
                None => LaneAdder::Rounding(FloatAdder::of(product.sum)),
            },
            levels,
            stages: core.stages,
            activations_bits: core.k * multiplier.activation.bits,
            weights_bits: core.k * weight_bits,
            multiplier,
            pair,
        }
    }

    /// Name of the unit.
    pub fn unit(&self) -> &'static str {
        if self.pair.is_some() { "pair_lane" } else { "discrete_lane" }
    }

    /// Sums of one lane.
    pub fn sums(&self) -> u32 {
        1 + u32::from(self.pair.is_some())
    }

    /// Bits of one sum as the accumulator gives it to the drain.
    pub fn word_bits(&self) -> u32 {
        match &self.adder {
            LaneAdder::Rounding(adder) => adder.format.bits(),
            LaneAdder::Deferred(adder) => adder.sum_bits,
        }
    }

    /// Whether products have registers, behind their rounding.
    pub fn registers_products(&self) -> bool {
        self.stages > self.levels
    }

    /// Whether the sums of its tree are rounded behind their adders.
    pub fn rounds_trees(&self) -> bool {
        self.adder.defers() && self.levels > 0
    }

    /// Adders of one lane.
    pub fn adders(&self, core: &Core) -> u64 {
        (self.sums() * core.k).into()
    }

    /// Flip-flops of the registers of products of one lane.
    pub(crate) fn product_flops(&self, core: &Core) -> u64 {
        let number_bits = match &self.pair {
            None => self.multiplier.varying_bits(),
            Some(pair) => pair.first.varying_bits() + pair.second.varying_bits(),
        };
        if self.registers_products() { (core.k * number_bits).into() } else { 0 }
    }

    /// Flip-flops of one sum: tree and accumulator.
    pub(crate) fn sum_flops(&self) -> u64 {
        // Levels from the last sum, which is one, down.
        let sums = (1 << self.stages.min(self.levels)) - 1;
        u64::from(sums * self.adder.number_bits() + self.adder.sum_bits())
    }

    /// Flip-flops of the decoder of one weight.
    pub(crate) fn weight_decoder_flops(&self) -> u64 {
        self.pair.as_ref().map_or(self.multiplier.weight.flops(), |pair| pair.decoder.flops())
    }

    /// The units of all lanes, and those of columns and of the drain that only these lanes have.
    pub(crate) fn units(&self, core: &Core) -> Vec<UnitCount> {
        let (lanes, elements) = (core.lanes(), core.lanes() * u64::from(core.k));
        let sums = lanes * u64::from(self.sums());
        let of_columns = u64::from(core.n * core.k);
        let mut units = match self.pair {
            None => vec![unit("float_multiplier", elements, self.multiplier.flops().into())],
            Some(ref pair) => vec![
                unit("whole_decoder", of_columns, 0),
                unit("half_decoder", of_columns, 0),
                unit("pair_multiplier", elements, 0),
                unit("first_product", elements, pair.first.flops().into()),
                unit("second_product", elements, pair.second.flops().into()),
                unit("rounded_sum", sums, self.sum_flops()),
            ],
        };
        let sum_flops = if self.pair.is_some() { 0 } else { self.sum_flops() };
        units.extend([
            unit(self.adder.unit(), lanes * self.adders(core), 0),
            unit(self.unit(), lanes, self.product_flops(core) + sum_flops),
        ]);
        if self.rounds_trees() {
            units.push(unit("sum_rounder", sums * u64::from(core.k - 1), 0));
        }
        if self.adder.defers() {
            units.push(unit("sum_encoder", (core.drain * self.sums()).into(), 0));
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use crate::Design;

    /// Predicted flip-flops of one lane of FP16 activations and `weight`, with all that belongs to it.
    fn flops(weight: &str, result: &str) -> u64 {
        let text = format!(
            "kind = 'fp_mac_array'\nactivation.format = 'fp16'\nweight = {{ {weight} }}\n\
             tile = {{ m = 1, n = 1, k = 1 }}\n\
             accumulate = {{ mode = 'float', result = '{result}' }}\n"
        );
        Design::of(&bitplane_spec::parse(&text, "core").unwrap().spec).flops()
    }

    #[test]
    fn bits_that_never_change_are_no_registers() {
        // As many as `bitplane synth` finds in the netlist.
        let of_bits =
            |result| (1..9).map(|bits| flops(&format!("format = 'int{bits}'"), result)).collect();
        let [single, half]: [Vec<u64>; 2] = ["fp32", "fp16"].map(of_bits);
        assert_eq!(single, [126, 129, 133, 137, 141, 144, 146, 151]);
        assert_eq!(half, [105, 106, 109, 112, 113, 114, 115, 116]);
        let of_pairs = |result| {
            ["int4", "int6", "int8"]
                .map(|whole| flops(&format!("format = '{whole}', runtime_bits = true"), result))
        };
        assert_eq!(of_pairs("fp32"), [198, 206, 215]);
        assert_eq!(of_pairs("fp16"), [169, 173, 177]);
    }
}
