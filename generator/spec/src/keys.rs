//! The table of keys: every fact about a key of the configuration, once.

use bitplane_formats::{
    AlignedFormat, DataType, FloatFormat, IntegerFormat, ScaleFormat, TermArray, WeightFormat,
};

use crate::choice::{
    AUTO, DATA_TYPES, EXACT, FLOAT_ACTIVATIONS, FLOAT_RESULTS, NO_ADDEND, Named, StoredTable,
    TERNARY, activation_format, result_format,
};
use crate::legal::{Legal, Setting, Values};
use crate::spec::{
    Accumulate, AccumulatorFormat, AlignBits, AlignBlock, Architecture, Buffers, Bus, Chain,
    Commands, Entry, FloatActivation, Fold, GroupDrain, Kind, Overflow, Packing, Pipeline,
    PlaneOrder, Precompute, QuantisationGroup, Reset, Select, Sequencer, Skip, Spec, Stages,
    SumMode, Symmetry, Table, Tile, WeightWidth, ZeroPointMode,
};

/// A section of the file. The keys before the first section header are in the section "".
pub(crate) struct Section {
    pub name: &'static str,
    pub doc: &'static str,
    /// The kinds that have this section.
    pub kinds: &'static [Kind],
    /// Why the other kinds do not, as a clause.
    pub why_not: &'static str,
}

/// One key.
pub(crate) struct Key {
    /// Name of its section.
    pub section: &'static str,
    pub name: &'static str,
    /// What it sets, as a sentence.
    pub doc: &'static str,
    /// What it takes in each kind.
    pub legal: fn(Kind) -> Legal,
    pub default: Default,
    /// Its setting in a spec; `None` where another key leaves it without meaning.
    pub get: fn(&Spec) -> Option<Setting>,
    /// Writes a legal setting into a spec.
    pub set: fn(&mut Spec, &Setting),
    /// Values that the design foresees but no builder makes yet.
    pub later: &'static [Later],
}

/// What holds where the file does not set a key.
pub(crate) enum Default {
    /// The file must set it.
    Required { example: Setting },
    /// The first of its words.
    FirstWord,
    /// Always the same.
    Is(Setting),
    /// Follows from the file or from other keys.
    Derived { text: &'static str, example: Setting, of: fn(&Spec) -> Setting },
}

/// Something the design foresees and this version does not build.
pub(crate) struct Later {
    /// A key or, in [`Key::later`], a value.
    pub what: &'static str,
    /// What it needs, as a clause.
    pub reason: &'static str,
}

impl Key {
    /// Dotted key, as in `tile.n`.
    pub fn path(&self) -> String {
        dotted(self.section, self.name)
    }

    pub fn is_required(&self) -> bool {
        matches!(self.default, Default::Required { .. })
    }

    /// A setting to show where `legal` are the values: the example of a required key or the default
    /// of another, and the first word where that is not one of them.
    pub fn example(&self, legal: &Legal) -> Setting {
        match (&legal.values, legal.words.first(), self.general_example()) {
            (_, Some(first), _) if legal.shows_a_word => Setting::Word(first.name),
            (Values::None | Values::DataTypes, Some(first), setting) if !legal.has(&setting) => {
                Setting::Word(first.name)
            }
            (_, _, setting) => setting,
        }
    }

    fn general_example(&self) -> Setting {
        match &self.default {
            Default::Required { example } | Default::Derived { example, .. } => example.clone(),
            Default::Is(setting) => setting.clone(),
            Default::FirstWord => first_word(&(self.legal)(Kind::LutTensorCore)),
        }
    }

    /// The default where it is the same in every file of a kind in which the key takes `legal`.
    pub fn fixed_default(&self, legal: &Legal) -> Option<Setting> {
        match &self.default {
            Default::FirstWord => Some(first_word(legal)),
            Default::Is(setting) => Some(setting.clone()),
            Default::Required { .. } | Default::Derived { .. } => None,
        }
    }
}

fn first_word(legal: &Legal) -> Setting {
    Setting::Word(legal.words.first().expect("a key with this default has words").name)
}

/// `section.name`, or `name` alone outside sections.
pub(crate) fn dotted(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// The section called `name`.
pub(crate) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// The key `section.name`.
pub(crate) fn key(section: &str, name: &str) -> Option<&'static Key> {
    keys_of(section).find(|key| key.name == name)
}

/// The keys of a section, in order.
pub(crate) fn keys_of(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

/// A spec of `kind` before any key is applied. The fields are placeholders: every one is written
/// by a default or by the file.
pub(crate) fn blank(kind: Kind, name: &str) -> Spec {
    let table = Table {
        symmetry: match kind {
            Kind::LutConventional => Symmetry::Subsets,
            _ => Symmetry::Half { fold: Fold::Offline },
        },
        precompute: Precompute::Shared,
        select: Select::OneHot,
        entry: Entry::Exact,
        copies: 1,
    };
    Spec {
        name: name.to_owned(),
        architecture: match kind {
            Kind::LutTensorCore | Kind::LutConventional => Architecture::LookUp(table),
            Kind::AddArray => Architecture::AddArray,
            Kind::MacArray => Architecture::MacArray,
            Kind::FpMacArray => Architecture::FpMacArray,
            Kind::BitmodTile => {
                Architecture::BitmodTile(TermArray::new(vec![DataType::BITMOD_FP4], 2))
            }
        },
        activation: IntegerFormat::new(8).expect("8 bits are a format"),
        float: None,
        weight: WeightFormat::new(2).expect("2 bits are a format"),
        weight_width: WeightWidth::Fixed,
        packing: Packing::Words,
        bus: Bus { activation: 1, weight: 1 },
        chain: Chain::ONE_TILE,
        tile: Tile { m: 1, n: 1, k: 2, groups: 1, drain: 1, plane_order: PlaneOrder::Inner },
        accumulate: Accumulate {
            max_k: 1,
            format: AccumulatorFormat::Auto,
            overflow: Overflow::Refuse,
        },
        zero_point: ZeroPointMode::None,
        quantisation_group: None,
        pipeline: Pipeline { stages: Stages::Auto, reset: Reset::Async },
        sequencer: None,
    }
}

/// The largest number of results a beat that divides `n` without making the result port wide.
fn default_drain(n: u32) -> u32 {
    (1..=16).rev().find(|drain| n.is_multiple_of(*drain)).unwrap_or(1)
}

/// Results a beat where the file does not say: as many as are corrected at once, if it says that.
fn derived_drain(spec: &Spec) -> u32 {
    let given = spec.quantisation_group.map(|group| group.scale_units);
    given.filter(|units| *units > 0).unwrap_or_else(|| default_drain(spec.columns_of_a_tile()))
}

fn set_terms(spec: &mut Spec, types: Vec<DataType>, reach: u32) {
    let terms = TermArray::new(types, reach);
    spec.weight = WeightFormat::new(terms.code_bits()).expect("codes have up to 8 bits");
    spec.architecture = Architecture::BitmodTile(terms);
}

/// The data types of a bitmod_tile's `weight.format`, of which an example is a word.
fn data_types(value: &Setting) -> Vec<DataType> {
    match value {
        Setting::Types(types) => types.clone(),
        Setting::Word(word) => DataType::named(word).into_iter().collect(),
        other => unreachable!("a key of data types holds {other:?}"),
    }
}

fn change_group(spec: &mut Spec, change: impl FnOnce(&mut QuantisationGroup)) {
    if let Some(group) = &mut spec.quantisation_group {
        change(group);
    }
}

fn change_buffers(spec: &mut Spec, change: impl FnOnce(&mut Buffers)) {
    if let Some(sequencer) = &mut spec.sequencer {
        change(&mut sequencer.buffers);
    }
}

fn change_table(spec: &mut Spec, change: impl FnOnce(&mut Table)) {
    if let Architecture::LookUp(table) = &mut spec.architecture {
        change(table);
    }
}

/// Floating-point activations and the integers that they become.
fn set_float(spec: &mut Spec, float: Option<FloatActivation>) {
    spec.float = float;
    let integer = match spec.architecture {
        // Codes as they come.
        Architecture::FpMacArray => float.and_then(|f| IntegerFormat::new(f.format.bits())),
        _ if spec.rounds_sums() => float.and_then(|f| IntegerFormat::new(f.format.bits())),
        _ => float.and_then(FloatActivation::aligned).map(AlignedFormat::integer),
    };
    if let Some(integer) = integer {
        spec.activation = integer;
    }
}

/// Floating-point activations that are aligned, or whose products are.
fn aligning(spec: &Spec) -> Option<FloatActivation> {
    spec.float.filter(|float| float.mode == SumMode::Aligned)
}

fn align_setting(align: AlignBits) -> Setting {
    match align {
        AlignBits::Bits(bits) => Setting::Number(bits.into()),
        AlignBits::Exact => Setting::Word(EXACT.name),
    }
}

fn word<T: Named>(value: T) -> Option<Setting> {
    Some(Setting::Word(value.word()))
}

fn count(value: u32) -> Option<Setting> {
    Some(Setting::Number(value.into()))
}

const EVERY_KIND: &[Kind] = &[
    Kind::LutTensorCore,
    Kind::LutConventional,
    Kind::AddArray,
    Kind::MacArray,
    Kind::FpMacArray,
    Kind::BitmodTile,
];

/// Every section, in file order.
pub(crate) static SECTIONS: &[Section] = &[
    Section { name: "", doc: "Which core this is.", kinds: EVERY_KIND, why_not: "" },
    Section { name: "activation", doc: "The activations A.", kinds: EVERY_KIND, why_not: "" },
    Section { name: "weight", doc: "The weights.", kinds: EVERY_KIND, why_not: "" },
    Section {
        name: "chain",
        doc: "Tiles that share the m x n results and pass weights and activations on.",
        kinds: &[Kind::BitmodTile],
        why_not: "its array is one tile",
    },
    Section {
        name: "tile",
        doc: "What the core works on in one cycle: m x n results, k * groups elements of each.",
        kinds: EVERY_KIND,
        why_not: "",
    },
    Section {
        name: "table",
        doc: "The tables of partial sums.",
        kinds: &[Kind::LutTensorCore, Kind::LutConventional],
        why_not: "it has no tables",
    },
    Section {
        name: "term",
        doc: "The terms of weights, of which lanes add one a cycle.",
        kinds: &[Kind::BitmodTile],
        why_not: "its weights are not taken term by term",
    },
    Section {
        name: "accumulate",
        doc: "The accumulators, one for each of the m x n results.",
        kinds: EVERY_KIND,
        why_not: "",
    },
    Section {
        name: "group",
        doc: "Corrections that belong to the quantisation of the weights.",
        kinds: EVERY_KIND,
        why_not: "",
    },
    Section { name: "pipeline", doc: "Registers and reset.", kinds: EVERY_KIND, why_not: "" },
    Section {
        name: "sequencer",
        doc: "Whole matrix products as commands.",
        kinds: EVERY_KIND,
        why_not: "",
    },
];

/// Every key, in file order. A key whose setting needs another's comes after it.
pub(crate) static KEYS: &[Key] = &[
    Key {
        section: "",
        name: "name",
        doc: "Prefix of every module and name of the bundle.",
        legal: |_| Legal::name("it becomes a module's name"),
        default: Default::Derived {
            text: "the file's stem",
            example: Setting::Word("my_core"),
            of: |spec| Setting::Text(spec.name.clone()),
        },
        get: |spec| Some(Setting::Text(spec.name.clone())),
        set: |spec, value| {
            if let Setting::Text(name) = value {
                spec.name.clone_from(name);
            }
        },
        later: &[],
    },
    Key {
        section: "",
        name: "kind",
        doc: "The hardware organisation.",
        legal: |_| Legal::words::<Kind>(),
        default: Default::Required { example: Setting::Word("lut_tensor_core") },
        get: |spec| word(spec.kind()),
        // A blank spec has its kind already, because the other rows depend on it.
        set: |_, _| {},
        later: &[
            Later { what: "bitmod_pe", reason: "its processing element is a unit of its own" },
            Later { what: "fp_mac_pe", reason: "it is a unit of its own" },
            Later { what: "fp_int_mac_pe", reason: "it is a unit of its own" },
        ],
    },
    Key {
        section: "activation",
        name: "format",
        doc: "Two's-complement integer or floating-point number of each activation.",
        legal: |kind| match kind {
            Kind::FpMacArray => Legal::only_words(FLOAT_ACTIVATIONS, FLOATING_POINT_ARRAY),
            _ => {
                let integers = Legal::formats(
                    IntegerFormat::ACTIVATION_BITS,
                    "one bit has no positive value, and above 16 bits nothing is quantised any more",
                );
                FLOAT_ACTIVATIONS.iter().fold(integers, |legal, format| legal.or(*format))
            }
        },
        default: Default::Required { example: Setting::Format(8) },
        get: |spec| {
            Some(match spec.float {
                Some(float) => Setting::Word(float.format.name()),
                None => Setting::Format(spec.activation.bits()),
            })
        },
        set: |spec, value| match value {
            Setting::Word(word) => {
                set_float(spec, activation_format(word).map(FloatActivation::new));
            }
            format => {
                spec.activation = format.integer_format();
                spec.float = None;
            }
        },
        later: &[],
    },
    Key {
        section: "activation",
        name: "bus",
        doc: "Bits of a k-step in one beat of activation_data_i; the last beat is padded.",
        legal: |_| Legal::integers(1..=WIDEST_BUS, WIDEST_BUS_REASON),
        default: Default::Derived {
            text: "all bits of a k-step",
            example: Setting::Number(64),
            of: |spec| Setting::Number(spec.activation_step_bits().into()),
        },
        get: |spec| count(spec.bus.activation),
        set: |spec, value| spec.bus.activation = value.count(),
        later: &[],
    },
    Key {
        section: "weight",
        name: "format",
        doc: "Code of each weight; its bits are its bit planes, a trit is one. In a bitmod_tile the data types \
              that quantisation groups can have, in the order of their numbers.",
        legal: |kind| {
            let planes = |reason| Legal::formats(WeightFormat::BITS, reason);
            match kind {
                Kind::LutTensorCore => planes("packed codes are at most one byte").or(TERNARY),
                Kind::LutConventional | Kind::AddArray | Kind::MacArray => planes(BASELINE_CODES),
                Kind::FpMacArray => {
                    let integers = planes("packed codes are at most one byte");
                    let all =
                        FLOAT_ACTIVATIONS.iter().fold(integers, |legal, format| legal.or(*format));
                    all.showing_a_word()
                }
                Kind::BitmodTile => Legal::data_types(
                    DATA_TYPES,
                    "each has its own digits, and a group of weights says which it has",
                ),
            }
        },
        default: Default::Required { example: Setting::Format(2) },
        get: |spec| {
            if let Some(terms) = spec.terms() {
                return Some(Setting::Types(terms.types().to_vec()));
            }
            Some(match (spec.weight, spec.weight.float()) {
                (_, Some(float)) => Setting::Word(float.name()),
                (WeightFormat::TERNARY, None) => Setting::Word(TERNARY.name),
                (planes, None) => Setting::Format(planes.bits()),
            })
        },
        set: |spec, value| {
            if let Some(terms) = spec.terms() {
                let reach = terms.reach();
                return set_terms(spec, data_types(value), reach);
            }
            spec.weight = match value {
                Setting::Word(word) => {
                    activation_format(word).map_or(WeightFormat::TERNARY, WeightFormat::of_float)
                }
                format => format.weight_format(),
            };
            if let (Some(float), Some(weight)) = (spec.float, spec.weight.float()) {
                spec.float = Some(float.with_products(weight));
            }
        },
        later: &[],
    },
    Key {
        section: "weight",
        name: "runtime_bits",
        doc: "Whether the bits of the weights are a field of each run: up to those of format, or in an \
              fp_mac_array those or half of them.",
        legal: |kind| match kind {
            Kind::LutTensorCore => Legal::booleans(),
            Kind::LutConventional | Kind::AddArray => Legal::only_false(BASELINE_WIDTH),
            Kind::FpMacArray => Legal::booleans(),
            Kind::MacArray => Legal::only_false(
                "a multiplier takes all bits of a weight at once, so that fewer save nothing",
            ),
            Kind::BitmodTile => {
                Legal::only_false("each group of weights says its data type itself")
            }
        },
        default: Default::Is(Setting::Boolean(false)),
        get: |spec| Some(Setting::Boolean(spec.weight_width == WeightWidth::Runtime)),
        set: |spec, value| {
            spec.weight_width =
                if value.is_true() { WeightWidth::Runtime } else { WeightWidth::Fixed }
        },
        later: &[],
    },
    Key {
        section: "weight",
        name: "packing",
        doc: "How ternary weights come; only with format = \"ternary\".",
        legal: |kind| match kind {
            Kind::LutTensorCore => Legal::words::<Packing>(),
            _ => Legal::first_word::<Packing>("it takes no \"ternary\" weights"),
        },
        default: Default::FirstWord,
        get: |spec| spec.weight.is_ternary().then(|| word(spec.packing)).flatten(),
        set: |spec, value| spec.packing = value.choice(),
        later: &[],
    },
    Key {
        section: "weight",
        name: "bus",
        doc: "Bits of what the array takes in a cycle in one beat of weight_data_i, the last padded.",
        legal: |_| Legal::integers(1..=WIDEST_BUS, WIDEST_BUS_REASON),
        default: Default::Derived {
            text: "all bits that the array takes in a cycle",
            example: Setting::Number(64),
            of: |spec| Setting::Number(spec.weight_beat_bits().into()),
        },
        get: |spec| count(spec.bus.weight),
        set: |spec, value| spec.bus.weight = value.count(),
        later: &[],
    },
    Key {
        section: "chain",
        name: "rows",
        doc: "Rows of tiles, each of which takes its weights from the one above; divides m.",
        legal: |_| Legal::integers(1..=Chain::MOST.into(), CHAINED),
        default: Default::Is(Setting::Number(1)),
        get: |spec| spec.terms().and_then(|_| count(spec.chain.rows)),
        set: |spec, value| spec.chain.rows = value.count(),
        later: &[],
    },
    Key {
        section: "chain",
        name: "columns",
        doc: "Columns of tiles, each of which takes its activations from the one before; divides n.",
        legal: |_| Legal::integers(1..=Chain::MOST.into(), CHAINED),
        default: Default::Is(Setting::Number(1)),
        get: |spec| spec.terms().and_then(|_| count(spec.chain.columns)),
        set: |spec, value| spec.chain.columns = value.count(),
        later: &[],
    },
    Key {
        section: "tile",
        name: "m",
        doc: "Rows (tokens) worked on at once.",
        legal: |kind| match kind {
            Kind::BitmodTile => {
                Legal::integers(1..=64, "every row repeats its lanes for all columns")
            }
            _ => Legal::integers(1..=16, "every row repeats its tables and lanes for all columns"),
        },
        default: Default::Required { example: Setting::Number(2) },
        get: |spec| count(spec.tile.m),
        set: |spec, value| spec.tile.m = value.count(),
        later: &[],
    },
    Key {
        section: "tile",
        name: "n",
        doc: "Columns (output channels) worked on at once.",
        legal: |_| Legal::integers(1..=1024, "every column adds a lane to each row"),
        default: Default::Required { example: Setting::Number(64) },
        get: |spec| count(spec.tile.n),
        set: |spec, value| spec.tile.n = value.count(),
        later: &[],
    },
    Key {
        section: "tile",
        name: "k",
        doc: "Elements of one group: of one table, one weight word in an add_array, or one dot product \
              in a mac_array.",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::LutConventional => Legal::integers(
                2..=6,
                "one element needs no table, and every further one doubles the table",
            ),
            Kind::AddArray => {
                Legal::integers(1..=8, "a weight word is at most a byte; more elements are groups")
            }
            Kind::MacArray | Kind::FpMacArray => {
                Legal::integers(1..=64, "every element is a multiplier in each lane")
            }
            Kind::BitmodTile => {
                Legal::integers(1..=64, "every element is a shifter and an adder in each lane")
            }
        },
        default: Default::Required { example: Setting::Number(4) },
        get: |spec| count(spec.tile.k),
        set: |spec, value| spec.tile.k = value.count(),
        later: &[],
    },
    Key {
        section: "tile",
        name: "groups",
        doc: "Groups summed before one accumulator.",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::LutConventional => {
                Legal::integers(1..=16, "every group adds a table a row and a look-up a lane")
            }
            Kind::AddArray => Legal::integers(1..=16, "every group adds k adders to each lane"),
            Kind::MacArray | Kind::FpMacArray | Kind::BitmodTile => Legal::integers(
                1..=1,
                "an array without tables has no look-ups that could be summed; a larger k makes its dot \
                 products longer",
            ),
        },
        default: Default::Is(Setting::Number(1)),
        get: |spec| count(spec.tile.groups),
        set: |spec, value| spec.tile.groups = value.count(),
        later: &[],
    },
    Key {
        section: "tile",
        name: "drain",
        doc: "Results in one beat of the result port; divides the columns of a tile, n where tiles are not \
              chained.",
        legal: |_| Legal::integers(1..=1024, "a row's n results leave in whole beats"),
        default: Default::Derived {
            text: "group.scale_units, else the largest divisor of a tile's columns that is at most 16",
            example: Setting::Number(16),
            of: |spec| Setting::Number(derived_drain(spec).into()),
        },
        get: |spec| count(spec.tile.drain),
        set: |spec, value| spec.tile.drain = value.count(),
        later: &[],
    },
    Key {
        section: "tile",
        name: "plane_order",
        doc: "In which order the bit planes of a run come.",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::LutConventional | Kind::AddArray => {
                Legal::words::<PlaneOrder>()
            }
            Kind::MacArray | Kind::FpMacArray => Legal::first_word::<PlaneOrder>(
                "a multiplier takes all planes of a weight in one beat",
            ),
            Kind::BitmodTile => Legal::first_word::<PlaneOrder>(
                "a beat holds whole codes, whose terms follow each other",
            ),
        },
        default: Default::FirstWord,
        get: |spec| word(spec.tile.plane_order),
        set: |spec, value| spec.tile.plane_order = value.choice(),
        later: &[],
    },
    Key {
        section: "table",
        name: "symmetry",
        doc: "How much of a table is stored; only in a lut_tensor_core.",
        legal: |_| Legal::words::<StoredTable>(),
        default: Default::FirstWord,
        get: |spec| {
            spec.table().and_then(|table| match table.symmetry {
                Symmetry::Half { .. } => word(StoredTable::Half),
                Symmetry::Full => word(StoredTable::Full),
                Symmetry::Subsets => None,
            })
        },
        set: |spec, value| {
            change_table(spec, |table| {
                table.symmetry = match (table.symmetry, value.choice()) {
                    (Symmetry::Subsets, _) => Symmetry::Subsets,
                    (_, StoredTable::Half) => Symmetry::Half { fold: Fold::Offline },
                    (_, StoredTable::Full) => Symmetry::Full,
                }
            });
        },
        later: &[],
    },
    Key {
        section: "table",
        name: "fold",
        doc: "Where sign bits are folded onto the stored half; only with symmetry = \"half\".",
        legal: |_| Legal::words::<Fold>(),
        default: Default::FirstWord,
        get: |spec| {
            spec.table().and_then(|table| match table.symmetry {
                Symmetry::Half { fold } => word(fold),
                Symmetry::Full | Symmetry::Subsets => None,
            })
        },
        set: |spec, value| {
            change_table(spec, |table| {
                if let Symmetry::Half { fold } = &mut table.symmetry {
                    *fold = value.choice();
                }
            });
        },
        later: &[],
    },
    Key {
        section: "table",
        name: "precompute",
        doc: "Who builds the tables.",
        legal: |_| Legal::words::<Precompute>(),
        default: Default::FirstWord,
        get: |spec| spec.table().and_then(|table| word(table.precompute)),
        set: |spec, value| change_table(spec, |table| table.precompute = value.choice()),
        later: &[],
    },
    Key {
        section: "table",
        name: "select",
        doc: "How a lane picks its entry.",
        legal: |_| Legal::words::<Select>(),
        default: Default::FirstWord,
        get: |spec| spec.table().and_then(|table| word(table.select)),
        set: |spec, value| change_table(spec, |table| table.select = value.choice()),
        later: &[],
    },
    Key {
        section: "table",
        name: "entry",
        doc: "How a table holds sums of integers; sums of rounded numbers, with mode = \"float\", are as they are.",
        legal: |kind| match kind {
            Kind::LutConventional => Legal::first_word::<Entry>(
                "it is the baseline of published comparisons, whose tables hold the sums themselves",
            ),
            _ => Legal::words::<Entry>(),
        },
        default: Default::FirstWord,
        get: |spec| spec.table().and_then(|table| word(table.entry)),
        set: |spec, value| change_table(spec, |table| table.entry = value.choice()),
        later: &[],
    },
    Key {
        section: "table",
        name: "copies",
        doc: "Copies of each table register, to lower its fan-out; at most n.",
        legal: |_| Legal::integers(1..=1024, "every copy needs a column that reads it"),
        default: Default::Is(Setting::Number(1)),
        get: |spec| spec.table().and_then(|table| count(table.copies)),
        set: |spec, value| change_table(spec, |table| table.copies = value.count()),
        later: &[],
    },
    Key {
        section: "term",
        name: "reach",
        doc: "Largest shift of a term within its cycle; a larger one takes floating-point types in fewer cycles.",
        legal: |_| {
            let (least, most) = (*TermArray::REACH.start(), *TermArray::REACH.end());
            Legal::integers(
                least.into()..=most.into(),
                "Booth digits need 1, and every one more widens the lanes by a bit",
            )
        },
        default: Default::Derived {
            text: "the least with which no type takes more cycles than with 3",
            example: Setting::Number(2),
            of: |spec| {
                let reach = spec.terms().map_or(1, |terms| TermArray::least_reach(terms.types()));
                Setting::Number(reach.into())
            },
        },
        get: |spec| spec.terms().and_then(|terms| count(terms.reach())),
        set: |spec, value| {
            if let Some(terms) = spec.terms() {
                let types = terms.types().to_vec();
                set_terms(spec, types, value.count());
            }
        },
        later: &[],
    },
    Key {
        section: "accumulate",
        name: "max_k",
        doc: "Longest exact run in elements of K.",
        legal: |_| Legal::integers(1..=1 << 24, "no layer is longer, and widths follow from it"),
        default: Default::Is(Setting::Number(4096)),
        get: |spec| Some(Setting::Number(spec.accumulate.max_k)),
        set: |spec, value| spec.accumulate.max_k = value.number(),
        later: &[],
    },
    Key {
        section: "accumulate",
        name: "format",
        doc: "Accumulator and result; auto is the narrowest that max_k needs.",
        legal: |kind| match kind {
            Kind::FpMacArray => Legal::only_words(&[AUTO], SUMS_OF_PRODUCTS),
            Kind::BitmodTile => Legal::only_words(&[AUTO], SUMS_OF_GROUPS),
            _ => Legal::formats(
                16..=128,
                "no sum goes beyond 128 bits, and auto finds the narrow widths by itself",
            )
            .or(AUTO),
        },
        default: Default::FirstWord,
        get: |spec| {
            Some(match spec.accumulate.format {
                AccumulatorFormat::Auto => Setting::Word(AUTO.name),
                AccumulatorFormat::Integer(format) => Setting::Format(format.bits()),
            })
        },
        set: |spec, value| {
            spec.accumulate.format = match value {
                Setting::Word(_) => AccumulatorFormat::Auto,
                format => AccumulatorFormat::Integer(format.integer_format()),
            }
        },
        later: &[
            Later { what: "fp16", reason: FLOATING_POINT_SUMS },
            Later { what: "fp32", reason: FLOATING_POINT_SUMS },
        ],
    },
    Key {
        section: "accumulate",
        name: "mode",
        doc: "What is rounded; only with floating-point activations.",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::FpMacArray | Kind::BitmodTile => Legal::words::<SumMode>(),
            _ => Legal::first_word::<SumMode>(ALIGNED_SUMS),
        },
        default: Default::FirstWord,
        get: |spec| word(spec.float?.mode),
        set: |spec, value| {
            let mode = value.choice();
            set_float(spec, spec.float.map(|float| FloatActivation { mode, ..float }));
        },
        later: &[],
    },
    Key {
        section: "accumulate",
        name: "align_bits",
        doc: "Width of the integers that floating-point activations (in an fp_mac_array: products) are \
              aligned to; exact loses no bit. Only with such activations and mode = \"aligned\".",
        legal: |_| {
            let (narrowest, widest) = (*AlignedFormat::BITS.start(), *AlignedFormat::BITS.end());
            Legal::integers(
                narrowest.into()..=widest.into(),
                "fewer bits lose more than the narrowest formats do, and 41 are exact for FP16",
            )
            .or(EXACT)
        },
        default: Default::Derived {
            text: "16 (fp_mac_array: 26), or exact where that is no wider",
            example: Setting::Number(16),
            of: |spec| align_setting(spec.float.map_or(AlignBits::Exact, |float| float.align)),
        },
        get: |spec| aligning(spec).map(|float| align_setting(float.align)),
        set: |spec, value| {
            let align = match value {
                Setting::Word(_) => AlignBits::Exact,
                bits => AlignBits::Bits(bits.count()),
            };
            set_float(spec, spec.float.map(|float| FloatActivation { align, ..float }));
        },
        later: &[],
    },
    Key {
        section: "accumulate",
        name: "align_block",
        doc: "Activations of a row that are aligned to one exponent; only with floating-point activations.",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::BitmodTile => Legal::words::<AlignBlock>(),
            Kind::LutConventional | Kind::AddArray | Kind::MacArray => {
                Legal::first_word::<AlignBlock>(BASELINE_SCALES)
            }
            Kind::FpMacArray => Legal::first_word::<AlignBlock>(
                "products are aligned to the largest exponent of their run so far",
            ),
        },
        default: Default::FirstWord,
        get: |spec| word(aligning(spec)?.block),
        set: |spec, value| {
            if let Some(float) = &mut spec.float {
                float.block = value.choice();
            }
        },
        later: &[],
    },
    Key {
        section: "accumulate",
        name: "result",
        doc: "Format that a sum is rounded to at the output, with mode = \"float\" every product and sum (in a \
              bitmod_tile to its fraction); only with floating-point activations.",
        legal: |_| Legal::any_of(FLOAT_RESULTS),
        default: Default::FirstWord,
        get: |spec| spec.float.map(|float| Setting::Word(float.result.name())),
        set: |spec, value| {
            if let (Some(float), Setting::Word(word)) = (&mut spec.float, value) {
                float.result = result_format(word).unwrap_or(FloatFormat::FP32);
            }
        },
        later: &[],
    },
    Key {
        section: "accumulate",
        name: "overflow",
        doc: "What an accumulator narrower than max_k needs does.",
        legal: |kind| match kind {
            Kind::FpMacArray => Legal::first_word::<Overflow>(SUMS_OF_PRODUCTS),
            Kind::BitmodTile => Legal::first_word::<Overflow>(SUMS_OF_GROUPS),
            _ => Legal::words::<Overflow>(),
        },
        default: Default::FirstWord,
        get: |spec| word(spec.accumulate.overflow),
        set: |spec, value| spec.accumulate.overflow = value.choice(),
        later: &[],
    },
    Key {
        section: "group",
        name: "zero_point",
        doc: "Zero points of the weights.",
        legal: |kind| match kind {
            Kind::LutTensorCore => Legal::words::<ZeroPointMode>(),
            Kind::LutConventional | Kind::AddArray => {
                Legal::first_words::<ZeroPointMode>(2, BASELINE_CORRECTION)
            }
            Kind::MacArray | Kind::FpMacArray | Kind::BitmodTile => {
                Legal::first_word::<ZeroPointMode>(
                    "it takes weights with their signs, which need no correction",
                )
            }
        },
        default: Default::FirstWord,
        get: |spec| word(spec.zero_point),
        set: |spec, value| {
            spec.zero_point = value.choice();
            let has_groups = spec.zero_point == ZeroPointMode::PerGroup || spec.terms().is_some();
            spec.quantisation_group = has_groups.then_some(QuantisationGroup::blank(None));
        },
        later: &[],
    },
    Key {
        section: "group",
        name: "scale",
        doc: "Scales of the quantisation groups: results are then floating-point numbers, to which each \
              group's sum times its scale is added with one rounding. A bitmod_tile has scales always, FP16 \
              unless it says otherwise.",
        legal: |kind| match kind {
            Kind::LutTensorCore => Legal::words::<Option<ScaleFormat>>(),
            Kind::BitmodTile => Legal::without_first::<Option<ScaleFormat>>(GROUPS_ARE_SCALED),
            _ => Legal::first_word::<Option<ScaleFormat>>(BASELINE_SCALES),
        },
        default: Default::FirstWord,
        get: |spec| word(spec.scale()),
        set: |spec, value| {
            let scale = value.choice();
            let group = QuantisationGroup::blank(scale);
            match &mut spec.quantisation_group {
                Some(group) => group.scale = scale,
                None => spec.quantisation_group = scale.map(|_| group),
            }
        },
        later: &[],
    },
    Key {
        section: "group",
        name: "size",
        doc: "Elements of K in a quantisation group; required by zero_point = \"per_group\" and by a \
              scale, and only for them. A whole column is one group if its K is at most this long.",
        legal: |_| Legal::integers(0..=1 << 24, "no layer is longer, and 0 stands for no groups"),
        default: Default::Derived {
            text: "0; 128 in a bitmod_tile",
            example: Setting::Number(0),
            of: |spec| Setting::Number(if spec.terms().is_some() { 128 } else { 0 }),
        },
        get: |spec| spec.quantisation_group.map(|group| Setting::Number(group.size)),
        set: |spec, value| change_group(spec, |group| group.size = value.number()),
        later: &[],
    },
    Key {
        section: "group",
        name: "scale_units",
        doc: "Columns of a tile corrected in one cycle while a quantisation group drains; divides them; only \
              with zero_point = \"per_group\" or a scale.",
        legal: |_| Legal::integers(1..=1024, "a row's n columns are corrected in whole beats"),
        default: Default::Derived {
            text: "tile.drain",
            example: Setting::Number(16),
            of: |spec| Setting::Number(spec.tile.drain.into()),
        },
        get: |spec| spec.quantisation_group.and_then(|group| count(group.scale_units)),
        set: |spec, value| change_group(spec, |group| group.scale_units = value.count()),
        later: &[],
    },
    Key {
        section: "group",
        name: "drain",
        doc: "Where the sums of a quantisation group drain from; only with zero_point = \"per_group\" or a \
              scale.",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::BitmodTile => Legal::words::<GroupDrain>(),
            _ => Legal::first_word::<GroupDrain>(BASELINE_SCALES),
        },
        default: Default::FirstWord,
        get: |spec| word(spec.quantisation_group?.drain),
        set: |spec, value| change_group(spec, |group| group.drain = value.choice()),
        later: &[],
    },
    Key {
        section: "pipeline",
        name: "stages",
        doc: "Registers between select or multiply and the accumulator.",
        legal: |kind| {
            match kind {
                Kind::LutTensorCore | Kind::LutConventional => Legal::integers(
                    0..=2,
                    "a register fits after the group sum (1) and after each look-up as well (2)",
                ),
                Kind::AddArray => Legal::integers(0..=1, "a register fits after the sum (1)"),
                Kind::MacArray => {
                    Legal::integers(0..=1, "a register fits after the products' sum (1)")
                }
                Kind::BitmodTile => Legal::integers(
                    0..=3,
                    "a register fits after the terms' sum (1); with mode = \"float\" after its rounding (1), \
                     before that (2) and after the exponents (3)",
                ),
                Kind::FpMacArray => Legal::integers(
                    0..=2,
                    "a register fits after the products' sum (1) and after the products as well (2); with \
                     mode = \"float\" auto has one after each rounding",
                ),
            }
            .or(AUTO)
        },
        default: Default::FirstWord,
        get: |spec| match spec.pipeline.stages {
            Stages::Auto => Some(Setting::Word(AUTO.name)),
            Stages::Fixed(stages) => count(stages),
        },
        set: |spec, value| {
            spec.pipeline.stages = match value {
                Setting::Word(_) => Stages::Auto,
                number => Stages::Fixed(number.count()),
            }
        },
        later: &[],
    },
    Key {
        section: "pipeline",
        name: "reset",
        doc: "How rst_ni acts.",
        legal: |_| Legal::words::<Reset>(),
        default: Default::FirstWord,
        get: |spec| word(spec.pipeline.reset),
        set: |spec, value| spec.pipeline.reset = value.choice(),
        later: &[],
    },
    Key {
        section: "sequencer",
        name: "commands",
        doc: "Commands that the core takes and executes.",
        legal: |_| Legal::words::<Commands>(),
        default: Default::FirstWord,
        get: |spec| {
            word(match spec.sequencer {
                None => Commands::None,
                Some(_) => Commands::Lmma,
            })
        },
        set: |spec, value| {
            spec.sequencer = match value.choice() {
                Commands::None => None,
                Commands::Lmma => {
                    Some(Sequencer { addend: None, skip: Skip::None, buffers: Buffers::NONE })
                }
            }
        },
        later: &[],
    },
    Key {
        section: "sequencer",
        name: "addend",
        doc: "Format of a matrix C that a command can add and of the results then; at least as wide \
              as a result. Only with commands = \"lmma\".",
        legal: |kind| match kind {
            Kind::FpMacArray | Kind::BitmodTile => Legal::only_words(
                &[NO_ADDEND],
                "C is added to integers, and its results are rounded",
            ),
            _ => Legal::formats(16..=128, "no sum goes beyond 128 bits, and C is never narrower")
                .or(NO_ADDEND),
        },
        default: Default::FirstWord,
        get: |spec| {
            spec.sequencer.map(|sequencer| match sequencer.addend {
                None => Setting::Word(NO_ADDEND.name),
                Some(format) => Setting::Format(format.bits()),
            })
        },
        set: |spec, value| {
            if let Some(sequencer) = &mut spec.sequencer {
                sequencer.addend = match value {
                    Setting::Word(_) => None,
                    format => Some(format.integer_format()),
                };
            }
        },
        later: &[],
    },
    Key {
        section: "sequencer",
        name: "skip",
        doc: "K-steps that the sequencer leaves out. The core asks for the weights of the others, one k-step after \
              the other, on a stream of its own. The last of K and of each quantisation group stay. Only with \
              commands = \"lmma\".",
        legal: |kind| match kind {
            Kind::LutTensorCore | Kind::LutConventional => Legal::words::<Skip>(),
            Kind::AddArray | Kind::MacArray | Kind::BitmodTile => {
                Legal::first_word::<Skip>(SINGLE_STEP)
            }
            Kind::FpMacArray => Legal::first_word::<Skip>(
                "a weight may be an infinity or NaN, of which zeros make NaN",
            ),
        },
        default: Default::FirstWord,
        get: |spec| word(spec.sequencer?.skip),
        set: |spec, value| {
            if let Some(sequencer) = &mut spec.sequencer {
                sequencer.skip = value.choice();
            }
        },
        later: &[],
    },
    Key {
        section: "sequencer",
        name: "activation_buffer",
        doc: "Beats of the activation port that a memory keeps, a power of two: A is streamed once and comes again \
              from there for every n columns. 0: it is streamed again. Only with commands = \"lmma\".",
        legal: |_| Legal::integers(0..=MOST_BEATS, NO_LARGER_MEMORY),
        default: Default::Is(Setting::Number(0)),
        get: |spec| spec.sequencer.and_then(|sequencer| count(sequencer.buffers.activation)),
        set: |spec, value| change_buffers(spec, |buffers| buffers.activation = value.count()),
        later: &[],
    },
    Key {
        section: "sequencer",
        name: "weight_buffer",
        doc: "Beats of the weight port that a memory keeps, a power of two: W is streamed once and comes again from \
              there for every m rows. 0: it is streamed again. Only with commands = \"lmma\".",
        legal: |_| Legal::integers(0..=MOST_BEATS, NO_LARGER_MEMORY),
        default: Default::Is(Setting::Number(0)),
        get: |spec| spec.sequencer.and_then(|sequencer| count(sequencer.buffers.weight)),
        set: |spec, value| change_buffers(spec, |buffers| buffers.weight = value.count()),
        later: &[],
    },
    Key {
        section: "sequencer",
        name: "buffer_banks",
        doc: "Memories that each buffer is made of, a power of two; neighbouring beats lie in different ones. Only \
              with commands = \"lmma\".",
        legal: |_| Legal::integers(1..=64, "a beat is read from one of them while the others rest"),
        default: Default::Is(Setting::Number(1)),
        get: |spec| spec.sequencer.and_then(|sequencer| count(sequencer.buffers.banks)),
        set: |spec, value| change_buffers(spec, |buffers| buffers.banks = value.count()),
        later: &[],
    },
];

const CHAINED: &str = "results of all tiles leave one tile after the other";

/// Beats of the largest buffer.
const MOST_BEATS: u64 = 1 << 16;
const NO_LARGER_MEMORY: &str = "a product that needs more can be split into commands";

/// More than any k-step has: 16 rows of 16 external tables of 64 entries of 44 bits.
const WIDEST_BUS: u64 = 1 << 20;
const WIDEST_BUS_REASON: &str = "no k-step has more bits";

const BASELINE_CODES: &str = "packed codes are at most one byte, and only tables of a lut_tensor_core hold \
                              the sums of \"ternary\" weights, which a baseline takes as \"int2\"";
const BASELINE_WIDTH: &str = "the zero points of weights that are read as 1 and 0 hang on their width, \
                              which is therefore that of the core";
const BASELINE_CORRECTION: &str = "a baseline corrects whole runs; quantisation groups are corrected \
                                   by a lut_tensor_core";

const SINGLE_STEP: &str = "arrays without tables hold one k-step at a time, so that weights that wait for theirs \
                           would cost a cycle";
const BASELINE_SCALES: &str =
    "a baseline has no quantisation groups; they are scaled by a lut_tensor_core";

const SUMS_OF_PRODUCTS: &str =
    "products are aligned to integers, whose sums are as wide as max_k needs";
const SUMS_OF_GROUPS: &str = "sums of groups have the bits that max_k needs, with mode = \"float\" the exponents that it needs";
const GROUPS_ARE_SCALED: &str =
    "values are in units of their data type, which a scale gives their size";
const FLOATING_POINT_ARRAY: &str = "a mac_array multiplies integers, a lut_tensor_core both";
const ALIGNED_SUMS: &str = "its activations are aligned, so that lanes work on integers; a lut_tensor_core, an \
                            fp_mac_array and a bitmod_tile can round every sum";
const FLOATING_POINT_SUMS: &str = "integers are summed exactly; what is rounded is rounded to \
                                   accumulate.result";

/// Keys that the design foresees and this version does not build, by dotted key.
pub(crate) static LATER_KEYS: &[Later] = &[Later {
    what: "accumulate.exponent",
    reason: "the exponent of a block comes with its activations",
}];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;

    #[test]
    fn every_key_lies_in_a_section_and_is_listed_once() {
        for row in KEYS {
            assert!(section(row.section).is_some(), "{}", row.path());
            let same = KEYS.iter().filter(|other| other.path() == row.path());
            assert_eq!(same.count(), 1, "{}", row.path());
        }
    }

    #[test]
    fn nothing_is_both_built_and_left_for_later() {
        for later in LATER_KEYS {
            assert!(KEYS.iter().all(|key| key.path() != later.what), "{}", later.what);
        }
        for key in KEYS {
            for kind in EVERY_KIND {
                let legal = (key.legal)(*kind);
                for later in key.later {
                    assert!(legal.words.iter().all(|word: &Choice| word.name != later.what));
                }
            }
        }
    }

    #[test]
    fn every_kind_takes_every_example() {
        for key in KEYS {
            for kind in EVERY_KIND {
                let legal = (key.legal)(*kind);
                let fits = match (key.example(&legal), &legal.values) {
                    (Setting::Number(number), Values::Integers(range)) => range.contains(&number),
                    (Setting::Format(bits), Values::Formats(range)) => range.contains(&bits),
                    (Setting::Boolean(flag), Values::Booleans(flags)) => flags.contains(&flag),
                    (Setting::Word(_), Values::Name) => true,
                    (Setting::Word(word), _) => legal.words.iter().any(|w| w.name == word),
                    _ => false,
                };
                assert!(fits, "{} in {}", key.path(), kind.name());
            }
        }
    }
}
