use bitplane_formats::{
    AlignedFormat, EntryForm, FloatFormat, HeldSum, IntegerFormat, ProductFormat, QuantisedEntry,
    Range, RoundedProduct, ScaleFormat, Specials, TableContent, TableLayout, TermArray, TermSum,
    WeightFormat, WeightReading, WeightWord, WideNumber, ZeroPoint, accumulator_range, mac_range,
    signed_bits, unsigned_range,
};

use crate::choice::Named;
use crate::lmma::WeightOperand;

/// A checked configuration. Every combination of field values that the parser lets through can be
/// built; combinations that make no sense are not representable where the types allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Prefix of every module: `[a-z][a-z0-9_]{0,39}`, no SystemVerilog keyword.
    pub name: String,
    /// Key `kind` with the keys that only this kind has.
    pub architecture: Architecture,
    /// The integers that the array works on: key `activation.format` or, where that is floating
    /// point, the aligned activations.
    pub activation: IntegerFormat,
    /// What turns floating-point activations into such integers and sums back, where
    /// `activation.format` is floating point.
    pub float: Option<FloatActivation>,
    /// Key `weight.format`: the widest weights, where the width is a run's; in a `bitmod_tile` codes as
    /// wide as those of the widest data type.
    pub weight: WeightFormat,
    /// Key `weight.runtime_bits`; always fixed in a `mac_array`. In an `fp_mac_array` a run has weights of
    /// all bits, or pairs of half as many.
    pub weight_width: WeightWidth,
    /// Key `weight.packing`; always in words where weights are not ternary.
    pub packing: Packing,
    /// Keys `activation.bus` and `weight.bus`.
    pub bus: Bus,
    /// Section `chain`; one tile in kinds that do not chain any.
    pub chain: Chain,
    /// Section `tile`: of all tiles together.
    pub tile: Tile,
    /// Section `accumulate`.
    pub accumulate: Accumulate,
    /// Key `group.zero_point`.
    pub zero_point: ZeroPointMode,
    /// The other keys of section `group`, where the core works on quantisation groups: with
    /// [`ZeroPointMode::PerGroup`].
    pub quantisation_group: Option<QuantisationGroup>,
    /// Section `pipeline`.
    pub pipeline: Pipeline,
    /// Section `sequencer`, where the core takes commands.
    pub sequencer: Option<Sequencer>,
}

impl Spec {
    /// The kind of core.
    pub fn kind(&self) -> Kind {
        match &self.architecture {
            Architecture::LookUp(Table { symmetry: Symmetry::Subsets, .. }) => {
                Kind::LutConventional
            }
            Architecture::LookUp(_) => Kind::LutTensorCore,
            Architecture::AddArray => Kind::AddArray,
            Architecture::MacArray => Kind::MacArray,
            Architecture::FpMacArray => Kind::FpMacArray,
            Architecture::BitmodTile(_) => Kind::BitmodTile,
        }
    }

    /// Columns of each tile.
    pub fn columns_of_a_tile(&self) -> u32 {
        self.tile.n / self.chain.columns
    }

    /// What each of the chained tiles is by itself; its ports carry what is its own of a beat.
    pub fn of_one_tile(&self) -> Self {
        let Chain { rows, columns } = self.chain;
        let tile = Tile { m: self.tile.m / rows, n: self.columns_of_a_tile(), ..self.tile };
        let bus = Bus { activation: self.bus.activation / rows, weight: self.bus.weight / columns };
        Self { chain: Chain::ONE_TILE, tile, bus, ..self.clone() }
    }

    /// The data types of a `bitmod_tile` and their terms.
    pub fn terms(&self) -> Option<&TermArray> {
        match &self.architecture {
            Architecture::BitmodTile(terms) => Some(terms),
            _ => None,
        }
    }

    /// How the lanes read weight codes.
    pub fn weight_reading(&self) -> WeightReading {
        match &self.architecture {
            Architecture::LookUp(Table { symmetry: Symmetry::Subsets, .. })
            | Architecture::AddArray => WeightReading::Bits,
            Architecture::LookUp(_) => WeightReading::Signs,
            // Floating-point weights and data types have their signs too, with nothing to correct.
            Architecture::MacArray | Architecture::FpMacArray | Architecture::BitmodTile(_) => {
                WeightReading::TwosComplement
            }
        }
    }

    /// The only zero point that `weight` codes can have without correction; `None` where the core
    /// corrects them.
    pub fn fixed_zero_point(&self, weight: WeightFormat) -> Option<ZeroPoint> {
        let corrects = self.zero_point != ZeroPointMode::None;
        (!corrects).then(|| self.weight_reading().zero_point(weight))
    }

    /// Section `table`, where the kind has tables.
    pub fn table(&self) -> Option<&Table> {
        match &self.architecture {
            Architecture::LookUp(table) => Some(table),
            Architecture::AddArray
            | Architecture::MacArray
            | Architecture::FpMacArray
            | Architecture::BitmodTile(_) => None,
        }
    }

    /// Look-ups, multiplications (`mac_array`, `fp_mac_array`), additions (`add_array`) or terms (`bitmod_tile`)
    /// a cycle, which bound the cost of a core.
    pub fn operations_per_cycle(&self) -> u64 {
        let Tile { m, n, k, groups, .. } = self.tile;
        let of_a_column = match self.architecture {
            Architecture::LookUp(_) => groups,
            Architecture::AddArray
            | Architecture::MacArray
            | Architecture::FpMacArray
            | Architecture::BitmodTile(_) => k * groups,
        };
        u64::from(m) * u64::from(n) * u64::from(of_a_column)
    }

    /// Every value that a result can take in a run of up to `max_steps` whole k-steps, in units of
    /// 2^[`Spec::sum_unit`]; where sums are floating-point numbers, every code, read as two's complement.
    pub fn exact_result(&self) -> Range {
        self.sum_range(self.max_steps() * u64::from(self.elements_per_step()))
    }

    /// Every value that an accumulator can take between two drains: that of a whole run, or of a
    /// whole quantisation group.
    pub fn exact_accumulator(&self) -> Range {
        match self.group_steps() {
            None => self.exact_result(),
            Some(steps) => {
                let steps = steps.min(self.max_steps());
                self.sum_range(steps * u64::from(self.elements_per_step()))
            }
        }
    }

    /// Every value that a sum over up to `elements` elements of K can take.
    pub(crate) fn sum_range(&self, elements: u64) -> Range {
        let rounded = self.rounded_sums().or_else(|| self.term_sums().map(TermSum::sum));
        if let Some(format) = rounded {
            let half = 1 << (self.sums_per_lane() * format.bits() - 1);
            return Range { min: -half, max: half - 1 };
        }
        if let Some(products) = self.products() {
            return products.sum_range(elements);
        }
        if let Some(terms) = self.terms() {
            let largest = self.largest_activation() * i128::from(terms.largest());
            return Range::symmetric(largest * i128::from(elements));
        }
        if let Some(entry) = self.quantised_entries() {
            let tables = i128::from(elements.div_ceil(self.tile.k.into()));
            let largest = i128::from(self.weight.largest()) * self.largest_look_up(entry);
            return Range::symmetric(tables * largest);
        }
        let range = match self.weight_reading() {
            WeightReading::TwosComplement => mac_range,
            // A zero point turns codes around.
            WeightReading::Bits if self.zero_point == ZeroPointMode::None => unsigned_range,
            WeightReading::Bits | WeightReading::Signs => accumulator_range,
        };
        range(self.activation, self.weight, elements)
    }

    /// The largest magnitude of what one table gives a sum for each unit of a weight: that of an entry or, where
    /// sums of activations are taken away with a zero point, that of such a sum. Of a look-up and what is taken
    /// away half is left.
    fn largest_look_up(&self, entry: QuantisedEntry) -> i128 {
        let exact = i128::from(self.tile.k) * -self.activation.min();
        let looked_up = i128::from(entry.value(exact as i64)) >> self.sum_unit();
        if self.zero_point == ZeroPointMode::None { looked_up } else { looked_up.max(exact) }
    }

    /// The largest magnitude of an activation in the array: aligned ones are never the most negative.
    pub fn largest_activation(&self) -> i128 {
        if self.aligned().is_some() { self.activation.max() } else { -self.activation.min() }
    }

    /// Width of a result before it is rounded to a floating-point format: that of
    /// `accumulate.format`, or for `auto` the narrowest that [`Spec::exact_result`] fits (which may be
    /// below 16).
    pub fn result_bits(&self) -> u32 {
        if let Some(format) = self.rounded_sums() {
            return self.sums_per_lane() * format.bits();
        }
        if let Some(word) = self.product_word() {
            return word.bits();
        }
        match self.accumulate.format {
            AccumulatorFormat::Auto => signed_bits(self.exact_result()),
            AccumulatorFormat::Integer(format) => format.bits(),
        }
    }

    /// How the scales of quantisation groups are written, where groups have scales.
    pub fn scale(&self) -> Option<ScaleFormat> {
        self.quantisation_group.and_then(|group| group.scale)
    }

    /// The floating-point format of results, where they are no integers: that of
    /// `accumulate.result`, or FP32 where the sums of integers are scaled.
    pub fn result_format(&self) -> Option<FloatFormat> {
        let of_scaled = self.scale().map(|_| FloatFormat::FP32);
        self.float.map(|float| float.result).or(of_scaled)
    }

    /// Bits of a column's part of a weight beat that carries what belongs to its quantisation group:
    /// the zero point, and above it the scale.
    pub fn group_beat_bits(&self) -> [u32; 2] {
        let zero_point = match self.zero_point {
            ZeroPointMode::PerGroup => self.weight.zero_point_bits(),
            ZeroPointMode::None | ZeroPointMode::Constant => 0,
        };
        [zero_point, self.scale().map_or(0, ScaleFormat::bits)]
    }

    /// Width of a result on the port: that of [`Spec::array_result_bits`], or of the sum with the
    /// matrix C where the core adds one.
    pub fn port_result_bits(&self) -> u32 {
        self.addend().map_or(self.array_result_bits(), IntegerFormat::bits)
    }

    /// Width of a result behind the drain: that of the sum, or of the format it is rounded to; of both sums
    /// of a pair of weights, the first lowest.
    pub fn array_result_bits(&self) -> u32 {
        let of_sums = |format: FloatFormat| self.sums_per_lane() * format.bits();
        self.result_format().map_or(self.result_bits(), of_sums)
    }

    /// Whether k-steps of zeros are skipped.
    pub fn skips(&self) -> bool {
        self.sequencer.is_some_and(|sequencer| sequencer.skip == Skip::ZeroSteps)
    }

    /// Memories in front of the core; [`Buffers::NONE`] where it takes no commands.
    pub fn buffers(&self) -> Buffers {
        self.sequencer.map_or(Buffers::NONE, |sequencer| sequencer.buffers)
    }

    /// Beats of the activation port that `steps` k-steps of one tile take.
    pub fn activation_buffer_beats(&self, steps: u64) -> u64 {
        steps * u64::from(self.activation_bus_beats())
    }

    /// Beats of the weight port that `steps` k-steps of `weight` codes take for one column of tiles.
    pub fn weight_buffer_beats(&self, weight: WeightFormat, steps: u64) -> u64 {
        self.weight_beats_of(weight, steps) * u64::from(self.weight_bus_beats())
    }

    /// Format of the matrix C and of its sum with the results, where the core adds one.
    pub fn addend(&self) -> Option<IntegerFormat> {
        self.sequencer?.addend
    }

    /// Width of an accumulator of the array: that of a result or, where it holds the sum of one
    /// quantisation group alone, the narrowest that this fits; of a sum as it is held where its rounding
    /// is put off.
    pub fn accumulator_bits(&self) -> u32 {
        if let Some(held) = self.held_sums() {
            return self.sums_per_lane() * held.bits();
        }
        if let Some(number) = self.look_up_sums() {
            return number.bits();
        }
        match self.quantisation_group {
            None => self.result_bits(),
            Some(_) => signed_bits(self.exact_accumulator()),
        }
    }

    /// Weight beats of one k-step, with weights of `weight.format`.
    pub fn beats_per_step(&self) -> u32 {
        self.beats_per_step_of(self.weight)
    }

    /// Weight beats of one k-step in a run of `weight` codes: its bit planes, or 1 where a beat holds
    /// whole codes.
    pub fn beats_per_step_of(&self, weight: WeightFormat) -> u32 {
        match self.architecture {
            Architecture::LookUp(_) | Architecture::AddArray => weight.planes(),
            Architecture::MacArray | Architecture::FpMacArray | Architecture::BitmodTile(_) => 1,
        }
    }

    /// Cycles that one k-step occupies the array in a run of `weight` codes, at most: one a weight beat,
    /// in a `bitmod_tile` one a term of the slowest data type.
    pub fn cycles_per_step_of(&self, weight: WeightFormat) -> u32 {
        self.terms().map_or(self.beats_per_step_of(weight), TermArray::cycles)
    }

    /// Bits of a column's part of the weight beat before each quantisation group, the head, which tells
    /// its data type and special value; 0 where there is nothing to tell.
    pub fn head_bits(&self) -> u32 {
        self.terms().map_or(0, TermArray::head_bits)
    }

    /// Whether a head comes before each quantisation group.
    pub fn has_heads(&self) -> bool {
        self.head_bits() > 0
    }

    /// What a command says of the weights of a run of `weight` codes.
    pub fn weight_operand(&self, weight: WeightFormat) -> WeightOperand {
        match self.terms() {
            Some(_) => WeightOperand::PerGroup,
            None => WeightOperand::Format(weight),
        }
    }

    /// How often a run of `weight` codes streams its activations: once, or once a bit plane.
    pub fn passes_of(&self, weight: WeightFormat) -> u32 {
        match self.tile.plane_order {
            PlaneOrder::Inner => 1,
            PlaneOrder::Outer => self.beats_per_step_of(weight),
        }
    }

    /// The weight beats of a run of `steps` k-steps of `weight` codes in stream order, without those
    /// before and behind quantisation groups.
    pub fn weight_beats(
        &self,
        weight: WeightFormat,
        steps: usize,
    ) -> impl Iterator<Item = WeightBeat> + use<> {
        let (planes, order) = (self.beats_per_step_of(weight), self.tile.plane_order);
        (0..steps * planes as usize).map(move |beat| match order {
            PlaneOrder::Inner => WeightBeat {
                step: beat / planes as usize,
                plane: (beat % planes as usize) as u32,
                last: beat + 1 == steps * planes as usize,
            },
            PlaneOrder::Outer => WeightBeat {
                step: beat % steps,
                plane: planes - 1 - (beat / steps) as u32,
                last: beat % steps + 1 == steps,
            },
        })
    }

    /// The weights that a run can have, narrowest first.
    pub fn run_weights(&self) -> impl DoubleEndedIterator<Item = WeightFormat> + use<> {
        let (widest, pairs) = (self.weight, self.weight_pairs());
        let narrower = match self.weight_width {
            WeightWidth::Runtime if pairs.is_none() => 1..widest.bits(),
            WeightWidth::Fixed | WeightWidth::Runtime => 0..0,
        };
        narrower.filter_map(WeightFormat::new).chain(pairs).chain(std::iter::once(widest))
    }

    /// Pairs of weights of half of the bits of [`Spec::weight`], where a run can have these in its place: in
    /// an `fp_mac_array` with [`WeightWidth::Runtime`].
    pub fn weight_pairs(&self) -> Option<WeightFormat> {
        let splits = matches!(self.architecture, Architecture::FpMacArray);
        let runtime = self.weight_width == WeightWidth::Runtime;
        self.weight.halved().filter(|_| splits && runtime)
    }

    /// Sums of a row and column, each a number of [`Spec::result_format`] where that has more than one: as
    /// many as weights in a code, at most. In a run with fewer those behind them are +0.
    pub fn sums_per_lane(&self) -> u32 {
        self.weight_pairs().map_or(1, WeightFormat::per_code)
    }

    /// Bits of the activations of one k-step as they come or, where they come from outside, of its
    /// tables.
    pub fn activation_step_bits(&self) -> u32 {
        let Tile { m, k, groups, .. } = self.tile;
        let group_bits = match self.table_layout() {
            Some(layout) if self.has_external_tables() => layout.bits(),
            _ => k * self.activation_code_bits(),
        };
        m * groups * group_bits
    }

    /// Bits of one activation as it comes.
    pub fn activation_code_bits(&self) -> u32 {
        self.float.map_or(self.activation.bits(), |float| float.format.bits())
    }

    /// Whether the tables are built elsewhere.
    pub fn has_external_tables(&self) -> bool {
        self.table().is_some_and(|table| table.precompute == Precompute::External)
    }

    /// How activations become integers, where they are floating point.
    pub fn aligned(&self) -> Option<AlignedFormat> {
        match self.architecture {
            Architecture::FpMacArray => None,
            _ if self.rounds_sums() => None,
            _ => {
                let aligned = self.float?.aligned()?;
                let of_tables = self.table().is_some_and(|table| table.entry == Entry::Int8);
                Some(if of_tables { aligned.of_tables(self.tile.k) } else { aligned })
            }
        }
    }

    /// Whether sums are rounded as they are made: `accumulate.mode = "float"`.
    pub fn rounds_sums(&self) -> bool {
        self.float.is_some_and(|float| float.mode == SumMode::Float)
    }

    /// The format that every product and every sum is rounded to, in an `fp_mac_array` or a core with tables
    /// that rounds them.
    pub fn rounded_sums(&self) -> Option<FloatFormat> {
        let of_numbers =
            matches!(self.architecture, Architecture::FpMacArray | Architecture::LookUp(_));
        self.float.filter(|_| of_numbers && self.rounds_sums()).map(|float| float.result)
    }

    /// How entries of tables and sums of look-ups are held, where every sum is rounded.
    pub fn look_up_sums(&self) -> Option<WideNumber> {
        self.table()?;
        let sum = self.rounded_sums()?;
        let places = self.weight.planes() - 1;
        WideNumber::new(self.float?.format, sum, self.elements_per_step(), places)
    }

    /// How the sums of a quantisation group are rounded, in a `bitmod_tile` that rounds them.
    pub fn term_sums(&self) -> Option<TermSum> {
        let (terms, float) = (self.terms()?, self.float.filter(|_| self.rounds_sums())?);
        let steps =
            self.group_steps().map_or(self.max_steps(), |steps| steps.min(self.max_steps()));
        let elements = steps * u64::from(self.elements_per_step());
        Some(TermSum::new(float.format, float.result, terms, elements))
    }

    /// How products of floating-point numbers become integers, in an `fp_mac_array`.
    pub fn products(&self) -> Option<ProductFormat> {
        if self.rounds_sums() {
            return None;
        }
        let (float, weight) = (self.float?, self.weight.float()?);
        let bits = match float.align {
            AlignBits::Bits(bits) => bits,
            AlignBits::Exact => ProductFormat::exact_bits(float.format, weight),
        };
        ProductFormat::new(float.format, weight, bits)
    }

    /// How products are rounded before they are added, in an `fp_mac_array` that rounds them.
    pub fn rounded_products(&self) -> Option<RoundedProduct> {
        self.rounded_products_with(self.weight)
    }

    /// The same for products with weights of `weight`.
    pub fn rounded_products_with(&self, weight: WeightFormat) -> Option<RoundedProduct> {
        let of_products = matches!(self.architecture, Architecture::FpMacArray);
        let sum = self.rounded_sums().filter(|_| of_products)?;
        Some(RoundedProduct::new(self.float?.format, weight, sum))
    }

    /// How an accumulator of an `fp_mac_array` holds its sum, where this is rounded in the next addition.
    pub fn held_sums(&self) -> Option<HeldSum> {
        HeldSum::new(self.rounded_products()?, self.sum_levels())
    }

    /// Most registers that fit between the operands and the accumulator of a lane, where that
    /// hangs on other keys: after each level of a tree of sums, after the products and, where
    /// they are rounded, before that, or else before they are made; after look-ups and each level of the tree of
    /// their sums, where these are rounded; in a `bitmod_tile` after the sum of a cycle or, where that is
    /// rounded, after the exponents, after the sum and after its rounding.
    pub fn most_stages(&self) -> Option<u32> {
        match self.architecture {
            Architecture::FpMacArray if self.rounds_sums() => Some(self.sum_levels() + 2),
            Architecture::FpMacArray => Some(2),
            Architecture::LookUp(_) if self.rounds_sums() => Some(self.sum_levels() + 1),
            Architecture::BitmodTile(_) => Some(if self.rounds_sums() { 3 } else { 1 }),
            _ => None,
        }
    }

    /// Levels of the tree of sums of two that adds the products, or the look-ups, of a k-step up.
    pub fn sum_levels(&self) -> u32 {
        let addends = match self.architecture {
            Architecture::LookUp(_) => self.tile.groups,
            _ => self.elements_per_step(),
        };
        addends.next_power_of_two().ilog2()
    }

    /// What an accumulator of an `fp_mac_array` holds, where products are aligned.
    pub fn product_word(&self) -> Option<ProductWord> {
        let products = self.products()?;
        let both = [products.activation().specials(), products.weight().specials()];
        let sum_bits = signed_bits(self.exact_result());
        Some(ProductWord {
            sum_bits,
            smallest_exponent: products.smallest_exponent(self.float?.result, sum_bits),
            exponent_bits: u32::BITS - products.largest_exponent().leading_zeros(),
            flag_bits: match both {
                [Specials::Nothing, Specials::Nothing] => 0,
                both if both.contains(&Specials::InfinityAndNan) => 3,
                _ => 1,
            },
        })
    }

    /// Width of the field that a row's block of activations travels with; 0 where there is none.
    pub fn exponent_bits(&self) -> u32 {
        self.aligned().map_or(0, AlignedFormat::field_bits)
    }

    /// K-steps that share an align block in each row, where not all of a run do.
    pub fn block_steps(&self) -> Option<u64> {
        let own = self.float.is_some_and(|float| float.block == AlignBlock::Group);
        self.group_steps().filter(|_| own)
    }

    /// Whether a quantisation group drains from registers of its own.
    pub fn has_shadow(&self) -> bool {
        self.quantisation_group.is_some_and(|group| group.drain == GroupDrain::Shadow)
    }

    /// Bits of the weights that the array takes in one cycle, as they come.
    pub fn weight_beat_bits(&self) -> u32 {
        let port = self.port_word();
        self.tile.n * port.of_a_column * port.word.bits(self.weight, port.k)
    }

    /// The words in which weights come.
    pub fn port_word(&self) -> PortWord {
        match self.packing {
            Packing::Bytes if self.weight.is_ternary() => PortWord {
                word: WeightWord::TernaryBytes,
                k: self.elements_per_step(),
                of_a_column: 1,
            },
            Packing::Bytes | Packing::Words => {
                PortWord { word: self.weight_word(), k: self.tile.k, of_a_column: self.tile.groups }
            }
        }
    }

    /// Beats of the activation port that one k-step takes in each pass.
    pub fn activation_bus_beats(&self) -> u32 {
        self.activation_step_bits().div_ceil(self.bus.activation)
    }

    /// Beats of the weight port that one weight beat of the array takes.
    pub fn weight_bus_beats(&self) -> u32 {
        self.weight_beat_bits().div_ceil(self.bus.weight)
    }

    /// Elements of K that one k-step covers.
    pub fn elements_per_step(&self) -> u32 {
        self.tile.k * self.tile.groups
    }

    /// Longest run in k-steps: those of `max_k` elements.
    pub fn max_steps(&self) -> u64 {
        self.steps_of(self.accumulate.max_k)
    }

    /// K-steps of `elements` elements of K. A quantisation group fills whole k-steps: the places
    /// behind its last element stay empty.
    pub fn steps_of(&self, elements: u64) -> u64 {
        let step = u64::from(self.elements_per_step());
        match (self.quantisation_group, self.group_steps()) {
            (Some(group), Some(steps)) => {
                elements / group.size * steps + (elements % group.size).div_ceil(step)
            }
            _ => elements.div_ceil(step),
        }
    }

    /// Most elements of K that `steps` k-steps carry.
    pub fn elements_of(&self, steps: u64) -> u64 {
        let step = u64::from(self.elements_per_step());
        match (self.quantisation_group, self.group_steps()) {
            (Some(group), Some(whole)) => steps / whole * group.size + steps % whole * step,
            _ => steps * step,
        }
    }

    /// Place among the elements of a run's k-steps that element `element` of K takes.
    pub fn place_of(&self, element: u64) -> u64 {
        match (self.quantisation_group, self.group_steps()) {
            (Some(group), Some(steps)) => {
                let start = element / group.size * steps * u64::from(self.elements_per_step());
                start + element % group.size
            }
            _ => element,
        }
    }

    /// K-steps of a whole quantisation group, where there are such groups.
    pub fn group_steps(&self) -> Option<u64> {
        let group = self.quantisation_group.filter(|group| group.size > 0)?;
        Some(group.size.div_ceil(u64::from(self.elements_per_step())))
    }

    /// Quantisation groups in `steps` k-steps, the last of them whole or not; 0 where there are no
    /// such groups.
    pub fn groups_of(&self, steps: u64) -> u64 {
        self.group_steps().map_or(0, |whole| steps.div_ceil(whole))
    }

    /// Weight beats of `steps` k-steps of `weight` codes: their planes, and of each quantisation group the
    /// head, if it has one, and the beat of its zero points and scales.
    pub fn weight_beats_of(&self, weight: WeightFormat, steps: u64) -> u64 {
        let of_a_group = 1 + u64::from(self.has_heads());
        steps * u64::from(self.beats_per_step_of(weight)) + self.groups_of(steps) * of_a_group
    }

    /// What the tables hold, where the kind has tables.
    pub fn table_layout(&self) -> Option<TableLayout> {
        let content = match self.table()?.symmetry {
            _ if self.weight.is_ternary() => TableContent::Ternary,
            Symmetry::Half { .. } => TableContent::SignedHalf,
            Symmetry::Full => TableContent::SignedFull,
            Symmetry::Subsets => TableContent::Subsets,
        };
        Some(match self.look_up_sums() {
            Some(number) => TableLayout::of_numbers(content, number, self.tile.k),
            None => {
                let exact = TableLayout::of(content, self.activation, self.tile.k);
                let rounds = self.table()?.entry == Entry::Int8;
                exact.quantised(self.sum_bits(exact)).filter(|_| rounds).unwrap_or(exact)
            }
        })
    }

    /// What tables of the same entries hold before these are rounded, where they are.
    pub fn exact_layout(&self) -> Option<TableLayout> {
        self.quantised_entries()?;
        Some(TableLayout::of(self.table_layout()?.content, self.activation, self.tile.k))
    }

    /// Bits of the sums in a table that rounding them looks at: all, or those of aligned activations where the field
    /// of a block is for their sums.
    fn sum_bits(&self, exact: TableLayout) -> u32 {
        let summed = self.aligned().filter(|aligned| aligned.summed() > 1);
        summed.map_or(exact.entry_bits, AlignedFormat::bits)
    }

    /// How the sums in tables are rounded, where these hold integers of fewer bits.
    pub fn quantised_entries(&self) -> Option<QuantisedEntry> {
        match self.table_layout()?.form {
            EntryForm::Quantised(entry) => Some(entry),
            EntryForm::Exact | EntryForm::Number => None,
        }
    }

    /// The power of two that sums count in, from the accumulators on: that of rounded entries, where results are
    /// floating point and no sum of activations is taken away.
    pub fn sum_unit(&self) -> u32 {
        let counts = self.result_format().is_some() && self.zero_point == ZeroPointMode::None;
        self.quantised_entries().filter(|_| counts).map_or(0, |entry| entry.dropped_bits)
    }

    /// Low bits of a sum that no accumulator holds, because they are 0 in every entry of a table.
    pub fn dropped_bits(&self) -> u32 {
        self.quantised_entries().map_or(0, |entry| entry.dropped_bits) - self.sum_unit()
    }

    /// Layout of one group's weights behind the weight port.
    pub fn weight_word(&self) -> WeightWord {
        match &self.architecture {
            Architecture::LookUp(_) if self.weight.is_ternary() => WeightWord::Ternary,
            Architecture::LookUp(table) => match table.symmetry {
                Symmetry::Half { fold: Fold::Offline } => WeightWord::Folded,
                _ => WeightWord::Plain,
            },
            Architecture::AddArray => WeightWord::Plain,
            Architecture::MacArray => WeightWord::TwosComplement,
            Architecture::FpMacArray => match self.weight.float() {
                Some(_) => WeightWord::Codes,
                None => WeightWord::TwosComplement,
            },
            Architecture::BitmodTile(_) => WeightWord::Codes,
        }
    }

    /// Bits of one group's weights in one beat.
    pub fn weight_word_bits(&self) -> u32 {
        self.weight_word().bits(self.weight, self.tile.k)
    }
}

/// What an accumulator of an `fp_mac_array` holds, from the lowest bit up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductWord {
    /// Bits of the sum of aligned products.
    pub sum_bits: u32,
    /// Bits of the largest exponent so far.
    pub exponent_bits: u32,
    /// The smallest that this exponent is taken for.
    pub smallest_exponent: u32,
    /// Whether a product was negative infinity, positive infinity and NaN, NaN lowest; only whether
    /// one was NaN where there are no infinities; nothing where all codes are numbers.
    pub flag_bits: u32,
}

impl ProductWord {
    /// Width of the word.
    pub fn bits(self) -> u32 {
        self.sum_bits + self.exponent_bits + self.flag_bits
    }
}

/// The words of the weight port: those of column 0, lowest first, then those of column 1, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortWord {
    /// Layout of a word.
    pub word: WeightWord,
    /// Elements of a word.
    pub k: u32,
    /// Words of a column in one weight beat of the array.
    pub of_a_column: u32,
}

/// One beat of the weight stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightBeat {
    /// K-step within the run.
    pub step: usize,
    /// Bit plane, 0 the least significant; 0 too where a beat holds all bits.
    pub plane: u32,
    /// Whether the run, or with [`PlaneOrder::Outer`] the pass over K, ends here.
    pub last: bool,
}

/// Key `kind`: the hardware organisation by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `lut_tensor_core`.
    LutTensorCore,
    /// `lut_conventional`.
    LutConventional,
    /// `add_array`.
    AddArray,
    /// `mac_array`.
    MacArray,
    /// `fp_mac_array`.
    FpMacArray,
    /// `bitmod_tile`.
    BitmodTile,
}

impl Kind {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        self.word()
    }

    /// The kind called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::named(name)
    }
}

/// The hardware organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Table look-up, one bit plane a cycle: `lut_conventional` where the tables hold sums of
    /// [`Symmetry::Subsets`], otherwise `lut_tensor_core`.
    LookUp(Table),
    /// `add_array`: an adder for every weight bit of a step, one bit plane a cycle.
    AddArray,
    /// `mac_array`: a two's-complement multiplier for every weight of a step.
    MacArray,
    /// `fp_mac_array`: a floating-point multiplier for every weight of a step; products are aligned,
    /// added as integers and rounded once, at the output, or every product and sum is rounded.
    FpMacArray,
    /// `bitmod_tile`: lanes add one term of every weight of a step a cycle; keys `weight.format` and
    /// `term.reach`.
    BitmodTile(TermArray),
}

/// Floating-point activations: keys `activation.format`, `accumulate.mode`, `accumulate.align_bits` and
/// `accumulate.result`.
///
/// With [`SumMode::Aligned`] the activations of a row are aligned to the largest exponent of their block, once, before anything
/// else; all sums are those of integers, and results are rounded once, at the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatActivation {
    /// Format of each activation.
    pub format: FloatFormat,
    /// What is rounded.
    pub mode: SumMode,
    /// Width of the integers: of aligned activations or, in an `fp_mac_array`, of aligned products.
    pub align: AlignBits,
    /// Which activations share an exponent.
    pub block: AlignBlock,
    /// Format that a sum is rounded to; with [`SumMode::Float`] every product and every sum.
    pub result: FloatFormat,
}

impl FloatActivation {
    /// Activations of `format` with the defaults of the other keys.
    pub(crate) fn new(format: FloatFormat) -> Self {
        let align = match AlignedFormat::rounded(format, AlignBits::DEFAULT) {
            Some(_) => AlignBits::Bits(AlignBits::DEFAULT),
            None => AlignBits::Exact,
        };
        let (mode, block) = (SumMode::Aligned, AlignBlock::K);
        Self { format, mode, align, block, result: FloatFormat::RESULTS[0] }
    }

    /// Activations of `format` whose products with `weight` are aligned, with the default width.
    pub(crate) fn with_products(self, weight: FloatFormat) -> Self {
        let exact = ProductFormat::exact_bits(self.format, weight);
        let align = match exact > AlignBits::DEFAULT_OF_PRODUCTS {
            true => AlignBits::Bits(AlignBits::DEFAULT_OF_PRODUCTS),
            false => AlignBits::Exact,
        };
        Self { align, ..self }
    }

    /// How an activation becomes an integer; always there in a checked configuration.
    pub fn aligned(self) -> Option<AlignedFormat> {
        match self.align {
            AlignBits::Bits(bits) => AlignedFormat::rounded(self.format, bits),
            AlignBits::Exact => AlignedFormat::exact(self.format),
        }
    }
}

/// Key `accumulate.mode`: what is rounded where activations are floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumMode {
    /// Activations or products, once, to integers whose sums are exact, and the result.
    Aligned,
    /// Every product, every entry of a table and every sum, to `accumulate.result`; in a `bitmod_tile` the sum of each cycle and
    /// the sum so far, to its fraction.
    Float,
}

/// Key `accumulate.align_block`: the activations that are aligned to one exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlignBlock {
    /// Those of a row of a run.
    K,
    /// Those of a row of a quantisation group.
    Group,
}

/// Key `accumulate.align_bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlignBits {
    /// Integers of so many bits, 8 to 40, to which activations are rounded.
    Bits(u32),
    /// `exact`: integers that lose no bit.
    Exact,
}

impl AlignBits {
    /// The width where the file does not say and fewer bits would be lost.
    const DEFAULT: u32 = 16;
    /// The same for products: the 24 bits of a binary32's significand, a sign and a bit more.
    const DEFAULT_OF_PRODUCTS: u32 = 26;
}

/// Widths of the data ports of the two input streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bus {
    /// Bits of a k-step's activations or tables in one beat of the port.
    pub activation: u32,
    /// Bits of a weight beat of the array in one beat of the port.
    pub weight: u32,
}

/// Key `weight.runtime_bits`: who decides on the number of bit planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightWidth {
    /// `false`: every weight has the bits of `weight.format`.
    Fixed,
    /// `true`: a field of the activation stream, for each run. In an `fp_mac_array` all bits or half of them.
    Runtime,
}

/// Key `weight.packing`: how ternary weights come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Words of k weights, as the lanes take them.
    Words,
    /// Five weights of a column in a byte.
    Bytes,
}

/// Section `chain`: how many tiles share the rows and columns of a core, as many each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Rows of tiles, 1 to [`Chain::MOST`]; divides m. Weights pass from each to the next.
    pub rows: u32,
    /// Columns of tiles, 1 to [`Chain::MOST`]; divides n. Activations pass from each to the next.
    pub columns: u32,
}

impl Chain {
    /// Most rows, and most columns, of tiles.
    pub const MOST: u32 = 8;

    /// Nothing is chained.
    pub const ONE_TILE: Self = Self { rows: 1, columns: 1 };

    /// Tiles in all.
    pub fn tiles(self) -> u32 {
        self.rows * self.columns
    }
}

/// Section `tile`: what the core works on in one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Rows (tokens), 1 to 16; 1 to 64 in a `bitmod_tile`.
    pub m: u32,
    /// Columns (output channels), 1 to 1024.
    pub n: u32,
    /// Elements of one group: of one table (2 to 6), of one dot product in a `mac_array` (1 to 64),
    /// or of one weight word in an `add_array` (1 to 8).
    pub k: u32,
    /// Groups summed before one accumulator, 1 to 8 (1 in a `mac_array`).
    pub groups: u32,
    /// Results a beat; divides the columns of a tile. Default: their largest divisor up to 16.
    pub drain: u32,
    /// Key `plane_order`; always inner in a `mac_array`.
    pub plane_order: PlaneOrder,
}

/// Key `tile.plane_order`: in which order the bit planes of a run come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaneOrder {
    /// All planes of a k-step before the next k-step, least significant first.
    Inner,
    /// All k-steps of a plane before the next plane, most significant first: one pass over K for
    /// each plane, which streams the activations again.
    Outer,
}

/// Section `table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Keys `symmetry` and `fold`.
    pub symmetry: Symmetry,
    /// Key `precompute`.
    pub precompute: Precompute,
    /// Key `select`.
    pub select: Select,
    /// Key `entry`.
    pub entry: Entry,
    /// Copies of each table register, each read by ceil(n / copies) columns; 1 to n.
    pub copies: u32,
}

/// How much of a table is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    /// 2^(k-1) entries, (3^k - 1) / 2 of ternary weights; the other half is their negation.
    Half {
        /// Where the group's sign bits are folded onto the stored half.
        fold: Fold,
    },
    /// All 2^k entries, no negation.
    Full,
    /// The sums of all subsets of the elements, for weights 1 and 0: a `lut_conventional`. That of
    /// no element is not stored.
    Subsets,
}

/// Key `fold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The packer stores sign and index.
    Offline,
    /// Exclusive-ors at the weight port fold plain planes.
    Runtime,
}

/// Key `precompute`: who builds the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precompute {
    /// The core, once per row and group, for all columns.
    Shared,
    /// The core, once per row, group and copy of the tables: beside the columns that read it.
    Local,
    /// Another operator; the activation port carries table entries.
    External,
}

/// Key `select`: how a lane picks an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// A decoder shared by the rows of a column drives an AND-OR in each lane.
    OneHot,
    /// A multiplexer tree on the binary index in each lane.
    Binary,
}

/// Key `entry`: how the integers of a table are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// As the sums that they are.
    Exact,
    /// Rounded to 8 bits ([`QuantisedEntry`]).
    Int8,
}

/// Section `accumulate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accumulate {
    /// Longest exact run in elements of K, 1 to 2^24.
    pub max_k: u64,
    /// Key `format`.
    pub format: AccumulatorFormat,
    /// Key `overflow`.
    pub overflow: Overflow,
}

/// Key `accumulate.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccumulatorFormat {
    /// The narrowest that `max_k` needs.
    Auto,
    /// `int16` to `int128`.
    Integer(IntegerFormat),
}

/// Key `accumulate.overflow`: what an accumulator narrower than `max_k` needs does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// A narrower accumulator is a configuration error.
    Refuse,
    /// Keep the low bits at every addition.
    Wrap,
    /// Clamp at every addition.
    Saturate,
}

/// Key `group.zero_point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroPointMode {
    /// No correction; results are in units of the reinterpreted weights.
    None,
    /// One reinterpreted zero point for all columns, given with each run.
    Constant,
    /// One reinterpreted zero point for each column and quantisation group, given with the weights.
    PerGroup,
}

/// Keys of section `group` about quantisation groups: neighbouring elements of K whose weights
/// share a zero point in each column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantisationGroup {
    /// Key `size`: elements of K, 1 to 2^24. The last group of a run may have fewer.
    pub size: u64,
    /// Key `scale`; `None` where groups have zero points alone.
    pub scale: Option<ScaleFormat>,
    /// Key `scale_units`: columns corrected a cycle; divides n and equals [`Tile::drain`].
    pub scale_units: u32,
    /// Key `drain`: where the sums of a group drain from.
    pub drain: GroupDrain,
}

/// Key `group.drain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupDrain {
    /// The accumulators, while the array stands still.
    Stall,
    /// A second register of each lane, while the array goes on with the next group.
    Shadow,
}

impl QuantisationGroup {
    /// Groups with `scale` before any other key is applied.
    pub(crate) fn blank(scale: Option<ScaleFormat>) -> Self {
        Self { size: 0, scale, scale_units: 0, drain: GroupDrain::Stall }
    }
}

/// Section `pipeline`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Key `stages`.
    pub stages: Stages,
    /// Key `reset`.
    pub reset: Reset,
}

/// Section `sequencer`: the core runs whole products, tile by tile, as commands say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequencer {
    /// Key `addend`: format of the matrix C that a command can add and of the sums with it; none if
    /// there is no such matrix.
    pub addend: Option<IntegerFormat>,
    /// Key `skip`.
    pub skip: Skip,
    /// Keys `activation_buffer`, `weight_buffer` and `buffer_banks`.
    pub buffers: Buffers,
}

/// Memories that repeat what a command needs more than once, so that it is streamed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// Beats of the activation port that are kept, a power of two; 0 without a buffer.
    pub activation: u32,
    /// Beats of the weight port that are kept, a power of two; 0 without a buffer.
    pub weight: u32,
    /// Banks of each memory, a power of two.
    pub banks: u32,
}

impl Buffers {
    /// No memories.
    pub const NONE: Self = Self { activation: 0, weight: 0, banks: 1 };
}

/// Key `sequencer.skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Every k-step takes its cycles.
    None,
    /// A k-step whose activations are all zero takes none, and no weights; the last of a pass over K stays.
    ZeroSteps,
}

/// Key `sequencer.commands`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// The streams carry single runs with their markers.
    None,
    /// [`crate::lmma`].
    Lmma,
}

/// Key `pipeline.stages`: registers between select and accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stages {
    /// Chosen from widths and groups.
    Auto,
    /// 0: none. 1: after the group sum. 2: also after each group's select and negate.
    Fixed(u32),
}

/// Key `pipeline.reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Asserted asynchronously.
    Async,
    /// Sampled at the clock edge.
    Sync,
}
