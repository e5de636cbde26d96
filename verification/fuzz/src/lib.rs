//! Random legal configurations of every kind: what other crates' property tests draw, and, as a program,
//! files for `scripts/fuzz`.

pub mod readers;

use bitplane_formats::{
    AlignedFormat, Codebook, DataType, FloatFormat, IntegerFormat, ScaleFormat, TermArray,
    WeightFormat, WeightReading, signed_bits,
};
use bitplane_spec::{
    Accumulate, AccumulatorFormat, AlignBits, AlignBlock, Architecture, Buffers, Bus, Chain, Entry,
    FloatActivation, Fold, GroupDrain, Kind, Overflow, Packing, Pipeline, PlaneOrder, Precompute,
    QuantisationGroup, Reset, Select, Sequencer, Skip, Spec, Stages, SumMode, Symmetry, Table,
    Tile, WeightWidth, ZeroPointMode, parse,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Most look-ups or multiplications a cycle of any core.
pub const MOST_OPERATIONS: u32 = 16_384;

fn tables() -> impl Strategy<Value = Table> {
    let symmetries = select(vec![
        Symmetry::Half { fold: Fold::Offline },
        Symmetry::Half { fold: Fold::Runtime },
        Symmetry::Full,
        Symmetry::Subsets,
    ]);
    let precomputes = select(vec![Precompute::Shared, Precompute::Local, Precompute::External]);
    let selects = select(vec![Select::OneHot, Select::Binary]);
    let entries = select(vec![Entry::Exact, Entry::Int8]);
    (symmetries, precomputes, selects, entries, 1..=1024u32).prop_map(
        |(symmetry, precompute, select, entry, copies)| Table {
            symmetry,
            precompute,
            select,
            entry,
            copies,
        },
    )
}

fn tiles(most: u32) -> impl Strategy<Value = Tile> {
    let orders = select(vec![PlaneOrder::Inner, PlaneOrder::Outer]);
    (1..=16u32, 1..=1024u32, 0..=6u32, 1..=8u32, any::<Index>(), orders).prop_map(
        move |(m, n, k, groups, drain, plane_order)| {
            let m = m.min(most / (groups * k.max(1)));
            let n = n.min(most / (m * groups * k.max(1)));
            let divisors: Vec<u32> = (1..=n).filter(|drain| n.is_multiple_of(*drain)).collect();
            Tile { m, n, k, groups, drain: divisors[drain.index(divisors.len())], plane_order }
        },
    )
}

fn accumulates() -> impl Strategy<Value = Accumulate> {
    let formats = prop_oneof![
        Just(AccumulatorFormat::Auto),
        (16..=128u32).prop_map(|b| AccumulatorFormat::Integer(IntegerFormat::new(b).unwrap())),
    ];
    let overflows = select(vec![Overflow::Refuse, Overflow::Wrap, Overflow::Saturate]);
    let lengths = prop_oneof![1..=4096u64, 1..=1u64 << 24];
    (lengths, formats, overflows).prop_map(|(max_k, format, overflow)| Accumulate {
        max_k,
        format,
        overflow,
    })
}

/// A sequencer in half of all specs, with C in half of those, skipping k-steps in half, and memories in most.
fn sequencers() -> impl Strategy<Value = Option<Sequencer>> {
    let addend = proptest::option::of((16..=128u32).prop_map(|b| IntegerFormat::new(b).unwrap()));
    let skip = select(vec![Skip::None, Skip::ZeroSteps]);
    let words = || prop_oneof![Just(0), (8..=16u32).prop_map(|places| 1 << places)];
    let buffers = (words(), words(), (0..=6u32).prop_map(|places| 1 << places));
    let sequencer =
        (addend, skip, buffers).prop_map(|(addend, skip, (activation, weight, banks))| {
            let weight = if skip == Skip::None { weight } else { 0 };
            let banks = if activation + weight > 0 { banks } else { 1 };
            Sequencer { addend, skip, buffers: Buffers { activation, weight, banks } }
        });
    proptest::option::of(sequencer)
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    let stages = select(vec![Stages::Auto, Stages::Fixed(0), Stages::Fixed(1), Stages::Fixed(2)]);
    let resets = select(vec![Reset::Async, Reset::Sync]);
    (stages, resets).prop_map(|(stages, reset)| Pipeline { stages, reset })
}

/// Floating-point activations in a third of all specs.
fn floats() -> impl Strategy<Value = Option<FloatActivation>> {
    let aligns = prop_oneof![Just(AlignBits::Exact), (8..=40u32).prop_map(AlignBits::Bits)].boxed();
    let formats = (select(&FloatFormat::ACTIVATIONS), select(&FloatFormat::RESULTS), aligns);
    let float = formats.prop_filter_map("legal together", |(format, result, align)| {
        let (mode, block) = (SumMode::Aligned, AlignBlock::K);
        let float = FloatActivation { format, mode, align, block, result };
        let wide = result.exponent_bits() >= format.exponent_bits();
        (wide && float.aligned().is_some()).then_some(float)
    });
    prop_oneof![2 => Just(None), 1 => float.prop_map(Some)]
}

fn architectures() -> impl Strategy<Value = Architecture> {
    let arrays = select(vec![Architecture::AddArray, Architecture::MacArray]);
    prop_oneof![tables().prop_map(Architecture::LookUp), arrays, tiles_of_terms()]
}

/// Any list of values.
fn codebooks() -> impl Strategy<Value = DataType> {
    let units = -Codebook::LARGEST..=Codebook::LARGEST;
    let values = Codebook::BITS.prop_flat_map(move |bits| vec(units.clone(), 1 << bits));
    let name = "[a-z]{1,6}_[a-z0-9_]{0,9}"
        .prop_filter("names are new", |name| DataType::named(name).is_none());
    (values, Codebook::FRACTION_BITS, name).prop_filter_map(
        "not all zero",
        |(values, bits, name)| {
            let unit = 0.5f64.powi(bits as i32);
            let values = values.iter().map(|value| f64::from(*value) * unit).collect();
            Some(Codebook::new(values, Some(bits)).ok()?.data_type(name))
        },
    )
}

/// Some of all data types in any order, and one or none of one's own, with any reach.
fn tiles_of_terms() -> impl Strategy<Value = Architecture> {
    let types = Just(DataType::ALL.to_vec()).prop_shuffle();
    let terms = (types, 1..=DataType::ALL.len(), option::of(codebooks()), TermArray::REACH);
    terms.prop_map(|(mut types, count, codebook, reach)| {
        types.truncate(count);
        types.splice(..0, codebook);
        Architecture::BitmodTile(TermArray::new(types, reach))
    })
}

/// Legal specs of every kind with at most `most` operations a cycle, at least 64 and at most
/// [`MOST_OPERATIONS`].
pub fn specs(most: u32) -> impl Strategy<Value = Spec> {
    prop_oneof![4 => exact_specs(most), 1 => rounding_specs()]
}

/// Legal specs of all kinds that sum integers, with at most `most` operations a cycle, at least 64 and at most
/// [`MOST_OPERATIONS`]: drawn freely, then brought inside the rules between keys.
fn exact_specs(most: u32) -> impl Strategy<Value = Spec> {
    let modes = [ZeroPointMode::None, ZeroPointMode::Constant, ZeroPointMode::PerGroup];
    let scales = select(vec![
        None,
        Some(ScaleFormat::Fp16),
        Some(ScaleFormat::E4m3),
        Some(ScaleFormat::E8m0),
        Some(ScaleFormat::Int8),
    ]);
    let sizes = prop_oneof![1..=300u64, 1..=1u64 << 24];
    let drains = select(vec![GroupDrain::Stall, GroupDrain::Shadow]);
    let zero_points = (select(modes.to_vec()), sizes, scales, any::<bool>(), drains);
    let buses = (1..=4096u32, 1..=4096u32);
    let weight_widths = select(vec![WeightWidth::Fixed, WeightWidth::Runtime]);
    let packings = select(vec![Packing::Words, Packing::Bytes]);
    let weights = (0..=8u32, packings, weight_widths);
    let widths = (2..=16u32, floats(), weights, buses);
    let chains = (1..=4u32, 1..=4u32).prop_map(|(rows, columns)| Chain { rows, columns });
    let parts = (
        architectures(),
        widths,
        (tiles(most), chains),
        accumulates(),
        zero_points,
        pipelines(),
        sequencers(),
    );
    ("z[a-z0-9_]{0,39}", parts).prop_map(move |(name, parts)| {
        let (architecture, formats, (tile, chain), accumulate, zero_points, pipeline, sequencer) =
            parts;
        let (a, float, (w, packing, weight_width), buses) = formats;
        let (zero_point, size, scale, own_blocks, drain) = zero_points;
        let aligned = float.and_then(FloatActivation::aligned).map(AlignedFormat::integer);
        let activation = aligned.unwrap_or(IntegerFormat::new(a).unwrap());
        let weight = WeightFormat::new(w).unwrap_or(WeightFormat::TERNARY);
        let block = if own_blocks { AlignBlock::Group } else { AlignBlock::K };
        let float = float.map(|float| FloatActivation { block, ..float });
        let accumulate = match float {
            Some(_) => Accumulate { format: AccumulatorFormat::Auto, ..accumulate },
            None => accumulate,
        };
        legal(
            Spec {
                name,
                architecture,
                activation,
                float,
                weight,
                weight_width,
                packing,
                bus: Bus { activation: buses.0, weight: buses.1 },
                chain,
                tile,
                accumulate,
                zero_point,
                quantisation_group: Some(QuantisationGroup { size, scale_units: 0, scale, drain }),
                pipeline,
                sequencer,
            },
            most,
        )
    })
}

/// Whether quantisation groups can have the scales that `spec` gives them.
fn takes_scales(spec: &Spec) -> bool {
    let bits: u32 = spec.group_beat_bits().iter().sum();
    matches!(spec.kind(), Kind::LutTensorCore | Kind::BitmodTile)
        && spec.zero_point != ZeroPointMode::Constant
        && spec.tile.plane_order == PlaneOrder::Inner
        && spec.weight_width == WeightWidth::Fixed
        && spec.packing == Packing::Words
        && bits <= spec.tile.groups * spec.weight_word_bits()
}

/// Keeps what contradicts entries of 8 bits out, or the entries exact.
fn make_entries_roundable(spec: &mut Spec) {
    let rounds = spec.quantised_entries().is_some();
    let corrects = spec.zero_point != ZeroPointMode::None;
    if let Architecture::LookUp(table) = &mut spec.architecture {
        let subsets = table.symmetry == Symmetry::Subsets;
        if !rounds || subsets {
            table.entry = Entry::Exact;
        } else if corrects && table.precompute == Precompute::External {
            table.precompute = Precompute::Shared;
        }
    }
    if spec.quantised_entries().is_some() && spec.accumulate.overflow == Overflow::Saturate {
        spec.accumulate.overflow = Overflow::Wrap;
    }
}

fn legal(mut spec: Spec, most: u32) -> Spec {
    if let Some(terms) = spec.terms() {
        spec.weight = WeightFormat::new(terms.code_bits()).unwrap();
        make_term_by_term(&mut spec, most);
    } else {
        spec.chain = Chain::ONE_TILE;
    }
    if spec.weight.is_ternary() {
        make_ternary(&mut spec);
    } else {
        spec.packing = Packing::Words;
    }
    if spec.weight_reading() == WeightReading::Bits {
        spec.weight_width = WeightWidth::Fixed;
        if spec.zero_point == ZeroPointMode::PerGroup {
            spec.zero_point = ZeroPointMode::Constant;
        }
    }
    let halves = matches!(spec.architecture, Architecture::FpMacArray)
        && spec.weight.halved().is_some()
        && spec.sequencer.is_none();
    match &mut spec.architecture {
        Architecture::LookUp(table) => {
            spec.tile.k = spec.tile.k.max(2);
            table.copies = table.copies.min(spec.tile.n);
        }
        Architecture::AddArray => spec.tile.k = spec.tile.k.max(1),
        Architecture::MacArray | Architecture::FpMacArray | Architecture::BitmodTile(_) => {
            spec.tile.k = spec.tile.k.max(1);
            spec.tile.groups = 1;
            spec.zero_point = ZeroPointMode::None;
            spec.tile.plane_order = PlaneOrder::Inner;
            if !halves {
                spec.weight_width = WeightWidth::Fixed;
            }
        }
    }
    make_entries_roundable(&mut spec);
    if spec.table().is_none() && spec.pipeline.stages == Stages::Fixed(2) {
        spec.pipeline.stages = Stages::Fixed(1);
    }
    if spec.weight.bits() == 1 {
        spec.weight_width = WeightWidth::Fixed;
    }
    let too_wide = spec.weight.zero_point_bits() > spec.tile.k * spec.tile.groups;
    let passes = spec.tile.plane_order == PlaneOrder::Outer;
    let runtime = spec.weight_width == WeightWidth::Runtime;
    if spec.zero_point == ZeroPointMode::PerGroup && (too_wide || passes || runtime) {
        spec.zero_point = ZeroPointMode::Constant;
    }
    let scale = spec.scale().filter(|_| takes_scales(&spec));
    let asked = spec.zero_point == ZeroPointMode::PerGroup || scale.is_some();
    let group = spec.quantisation_group.filter(|_| asked);
    spec.quantisation_group =
        group.map(|group| QuantisationGroup { scale_units: spec.tile.drain, scale, ..group });
    let exact = |float: FloatActivation| float.align == AlignBits::Exact;
    if let Some(float) = spec.float.filter(|float| scale.is_none() || exact(*float)) {
        spec.float = Some(FloatActivation { block: AlignBlock::K, ..float });
    }
    if scale.is_some() {
        spec.accumulate.format = AccumulatorFormat::Auto;
    }
    if group.is_some() && spec.accumulate.overflow == Overflow::Saturate {
        spec.accumulate.overflow = Overflow::Wrap;
    }
    let [step, beat] = [spec.activation_step_bits(), spec.weight_beat_bits()];
    // Quantisation groups need ports as wide as what the array takes.
    let between = |bus: u32, whole: u32| match group {
        Some(_) => whole,
        None => bus.clamp(whole.min(8), whole),
    };
    spec.bus.activation = between(spec.bus.activation, step);
    spec.bus.weight = match spec.packing {
        Packing::Words => between(spec.bus.weight, beat),
        Packing::Bytes => beat,
    };
    let narrow = spec.result_bits() < signed_bits(spec.exact_result());
    if narrow && spec.accumulate.overflow == Overflow::Refuse {
        spec.accumulate.overflow = Overflow::Wrap;
    }
    let one_step = spec.group_steps() == Some(1);
    let (float, bits) = (spec.result_format().is_some(), spec.result_bits());
    let (kind, external) = (spec.kind(), spec.has_external_tables());
    let narrow = spec.activation_bus_beats() > 1;
    let passes = spec.tile.plane_order == PlaneOrder::Outer && spec.beats_per_step() > 1;
    let beats = [spec.activation_buffer_beats(1), spec.weight_buffer_beats(spec.weight, 1)];
    if let Some(sequencer) = &mut spec.sequencer {
        let fits = |format: &IntegerFormat| !float && format.bits() >= bits;
        sequencer.addend = sequencer.addend.filter(fits);
        let tables = matches!(kind, Kind::LutTensorCore | Kind::LutConventional);
        if !tables || external || narrow || one_step {
            sequencer.skip = Skip::None;
        }
        let kept = [!passes, sequencer.skip == Skip::None];
        sequencer.buffers = legal_buffers(sequencer.buffers, kept, beats);
    }
    spec
}

/// `buffers` that hold at least `beats`, of those streams that are `kept`.
fn legal_buffers(buffers: Buffers, kept: [bool; 2], beats: [u64; 2]) -> Buffers {
    let words = |words: u32, kept: bool, beats: u64| match (words, kept) {
        (0, _) | (_, false) => 0,
        _ => words.max(beats.next_power_of_two() as u32),
    };
    let activation = words(buffers.activation, kept[0], beats[0]);
    let weight = words(buffers.weight, kept[1], beats[1]);
    let banks = if activation + weight > 0 { buffers.banks } else { 1 };
    Buffers { activation, weight, banks }
}

/// Brings a spec inside the rules of a `bitmod_tile`, which always scales groups.
fn make_term_by_term(spec: &mut Spec, most: u32) {
    let head_bits = spec.head_bits();
    let group = spec.quantisation_group.as_mut().unwrap();
    let scale = *group.scale.get_or_insert(ScaleFormat::Fp16);
    let tile = &mut spec.tile;
    let bits = scale.bits().max(head_bits);
    tile.k = tile.k.max(bits.div_ceil(spec.weight.bits()));
    tile.m = tile.m.min((most / tile.k).max(1));
    let most = (most / (tile.m * tile.k)).max(1);
    if tile.n > most {
        (tile.n, tile.drain) = (most, 1);
    }
    // Of tiles that are alike, whose rows are sent in whole beats.
    let shared = |tiles: u32, fits: &dyn Fn(u32) -> bool| {
        (1..=tiles).rev().find(|tiles| fits(*tiles)).unwrap_or(1)
    };
    spec.chain = Chain {
        rows: shared(spec.chain.rows, &|rows| tile.m.is_multiple_of(rows)),
        columns: shared(spec.chain.columns, &|columns| {
            tile.n.is_multiple_of(columns) && (tile.n / columns).is_multiple_of(tile.drain)
        }),
    };
    spec.accumulate.format = AccumulatorFormat::Auto;
    spec.accumulate.overflow = Overflow::Refuse;
}

/// Brings a spec inside the rules of ternary weights, or gives it others.
fn make_ternary(spec: &mut Spec) {
    match &mut spec.architecture {
        Architecture::LookUp(table) if table.symmetry != Symmetry::Subsets => {
            table.symmetry = Symmetry::Half { fold: Fold::Offline };
            spec.tile.k = spec.tile.k.min(4);
            spec.weight_width = WeightWidth::Fixed;
            spec.zero_point = ZeroPointMode::None;
        }
        _ => {
            spec.weight = WeightFormat::new(2).unwrap();
            spec.packing = Packing::Words;
        }
    }
}

/// A line of a file, one of several.
fn line(key: &'static str, values: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    select(values.to_vec()).prop_map(move |value| format!("{key} = {value}\n"))
}

/// The weights, tables and kind of cores whose look-ups are rounded.
fn rounded_look_ups() -> impl Strategy<Value = (String, String, String)> {
    let weights = ["'int1'", "'int2'", "'int3'", "'int5'", "'int8'", "'ternary'"];
    let tables = (
        line("table.symmetry", &["'half'", "'full'"]),
        line("table.select", &["'one_hot'", "'binary'"]),
        line("table.precompute", &["'shared'", "'local'"]),
        line("table.copies", &["1", "2"]),
        line("weight.runtime_bits", &["false", "true"]),
    );
    (line("weight.format", &weights), tables).prop_map(|(weight, tables)| {
        let (symmetry, select, precompute, copies, runtime) = tables;
        let more = format!("{symmetry}{select}{precompute}{copies}{runtime}");
        (weight, more, "kind = 'lut_tensor_core'\naccumulate.mode = 'float'\n".to_owned())
    })
}

/// Cores that round every sum, or every k-step's: drawn as files, of which the legal ones stay.
fn rounding_specs() -> impl Strategy<Value = Spec> {
    let floats = ["'fp16'", "'bf16'", "'fp8_e4m3'", "'fp8_e5m2'", "'fp6_e2m3'", "'fp4_e2m1'"];
    let weights = [floats.as_slice(), &["'int2'", "'int4'", "'int5'", "'int8'"]].concat();
    let shared = (
        line("activation.format", &floats),
        line("accumulate.result", &["'fp32'", "'fp16'", "'bf16'"]),
        line("pipeline.stages", &["'auto'", "0", "1", "2"]),
        line("pipeline.reset", &["'sync'", "'async'"]),
        line("sequencer.commands", &["'none'", "'lmma'"]),
        (1..=4u32, 1..=8u32, select(vec![1u32, 2, 4])),
        1..=300u32,
    );
    let array = (
        line("weight.format", &weights),
        line("accumulate.mode", &["'aligned'", "'float'"]),
        Just("kind = 'fp_mac_array'\n".to_owned()),
    );
    let types = [
        "'bitmod_fp4'",
        "['bitmod_fp4', 'bitmod_fp3', 'int6']",
        "['int8', 'nf4']",
        "['fp6_e2m3', 'fp4_e2m1', 'fp3_e2m0']",
        "'int5'",
    ];
    let groups = (
        line("chain", &["{ rows = 1 }", "{ rows = 2 }", "{ columns = 2 }"]),
        line("group.size", &["8", "16", "24", "64"]),
        line("group.scale", &["'fp16'", "'e4m3'", "'e8m0'", "'int8'"]),
        line("group.drain", &["'stall'", "'shadow'"]),
        line("weight.format", &types),
    );
    let tile = groups.prop_map(|(chain, size, scale, drain, types)| {
        let kind = "kind = 'bitmod_tile'\naccumulate.mode = 'float'\n".to_owned();
        (types, format!("{chain}{size}{scale}{drain}"), kind)
    });
    (shared, prop_oneof![array, tile, rounded_look_ups()], "z[a-z0-9_]{0,39}").prop_filter_map(
        "legal together",
        |((activation, result, stages, reset, commands, (m, n, k), max_k), kind, name)| {
            let (weight, more, kind) = kind;
            let rest = format!(
                "{kind}{activation}{weight}{more}{result}{stages}{reset}{commands}\
                 accumulate.max_k = {max_k}\ntile = {{ m = {m}, n = {n}, k = {k}, drain = 1 }}\n"
            );
            parse(&format!("name = '{name}'\n{rest}"), "core").ok().map(|parsed| parsed.spec)
        },
    )
}
