//! SystemVerilog text of every unit. Templates receive numbers and phrases; none are computed there.

use std::fmt::Display;
use std::ops::Deref;

use askama::Template;
use bitplane_design::{
    ActivationRegister, ActivationSum, AddDatapath, AddLane, Aligner, BusPort, Control, Core,
    Correction, Datapath, Dequantiser, Design, Direction, DotLane, ExponentScanner, FixedToFloat,
    FloatEdge, FpLane, FpMacDatapath, GroupAccumulator, GroupEdge, GroupRegister, GroupScaler,
    LastUse, LutDatapath, MacDatapath, Operand, OperandRegister, PlaneAccumulator, Port,
    ResultDrain, ResultRounder, ScalePipeline, ScaleSelect, ScaledAccumulator, Scaling, SelectLane,
    Shadow, StepSum, Stream, TableExponent, TablePrecompute, TableRegisters, TableRounder,
    TermDatapath, TermLanes, Terms, TritUnpacker, WeightDecoder, WeightRegister,
    ZeroPointCorrection, ZeroPointSelect,
};

use bitplane_formats::{
    EntryForm, FloatFormat, QuantisedEntry, ScaleFormat, Specials, TableContent, TableLayout,
    WeightFormat,
};

use crate::adder::FloatingPointAdderText;
use crate::bundle::{BundleFile, generator};

/// The core as templates see it.
pub(crate) struct CoreText<'a> {
    pub(crate) core: &'a Core,
    pub(crate) generator: String,
    pub(crate) digest: &'a str,
}

impl Deref for CoreText<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        self.core
    }
}

impl CoreText<'_> {
    /// What comes with a beat behind a quantisation group, as a part of names.
    fn factors(&self) -> &'static str {
        Self::factors_of(self.core)
    }

    fn factors_of(core: &Core) -> &'static str {
        if core.group_zero_points { "zero_points" } else { "scales" }
    }

    /// The same in prose.
    fn factors_text(&self) -> &'static str {
        match (self.group_zero_points, self.scales) {
            (true, true) => "zero points and scales",
            (true, false) => "zero points",
            (false, _) => "scales",
        }
    }

    /// `[bits-1:0]`.
    pub(crate) fn range(&self, bits: &u32) -> String {
        format!("[{}:0]", bits - 1)
    }

    /// The blank that stands for the range of a single-bit port.
    pub(crate) fn bit(&self) -> String {
        self.width(&1)
    }

    /// The range of a port that is indexed, so that a single bit has one too.
    pub(crate) fn vector(&self, bits: &u32) -> String {
        format!("{:<9}", self.range(bits))
    }

    /// The range of a port, padded to one column; blank for a single bit.
    pub(crate) fn width(&self, bits: &u32) -> String {
        let range = if *bits == 1 { String::new() } else { self.range(bits) };
        format!("{range:<9}")
    }
}

macro_rules! unit_text {
    ($text:ident, $path:literal, $unit:ty { $($field:ident : $kind:ty),* $(,)? }) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $text<'a> {
            core: &'a CoreText<'a>,
            unit: $unit,
            $($field: $kind,)*
        }
    };
}

mod chain;
mod discrete;
mod product;
mod rounded;
mod sequence;
mod term;

/// A unit's numbers with the phrases that its text needs beside them.
pub(crate) struct Worded<'a, U, P> {
    pub(crate) unit: &'a U,
    pub(crate) phrases: P,
}

impl<U, P> Deref for Worded<'_, U, P> {
    type Target = U;

    fn deref(&self) -> &U {
        self.unit
    }
}

struct ControlPhrases {
    walked: &'static str,
    planes_of_a_step: String,
    run_last_plane: String,
    first_plane: String,
    double_next: String,
    run_done: &'static str,
    enable_next: String,
    plane_next: String,
    sum_enable: &'static str,
    group_steps: u64,
    weight_done: String,
    emptied_next: &'static str,
    used: &'static str,
    checks_heads: bool,
    weight_out_of_step: String,
    weight_checked: String,
}

unit_text!(ControlText, "rtl/control.sv", Worded<'a, Control, ControlPhrases> {});
unit_text!(ResultDrainText, "rtl/result_drain.sv", Worded<'a, ResultDrain, DrainPhrases> {});

struct DrainPhrases {
    or_flushing: &'static str,
    lanes_take: String,
    settle_next: String,
    done: &'static str,
    kept: &'static str,
    last_use: String,
    gives_row: bool,
}

struct HeldPhrases {
    held: &'static str,
    held_reason: &'static str,
    kept_early: &'static str,
    kept_late: &'static str,
    /// Bits of a group's sums that are made before the register; 0 without.
    group_bits: u32,
}

unit_text!(
    ActivationRegisterText, "rtl/activation_register.sv",
    Worded<'a, ActivationRegister, HeldPhrases> {}
);
/// The counter of one stream.
struct BusCounter<'a> {
    stream: &'static str,
    bus: &'a BusPort,
    last_beat: u32,
}

unit_text!(BusCounterText, "rtl/bus_counter.sv", BusCounter<'a> {});
struct OperandPhrases {
    keeps_exponents: bool,
    kept_early: &'static str,
    kept_late: &'static str,
}

unit_text!(
    OperandRegisterText, "rtl/operand_register.sv",
    Worded<'a, OperandRegister, OperandPhrases> {}
);

/// A shadow register: whose, and of what.
struct ShadowUnit {
    name: &'static str,
    owner: &'static str,
    sum: &'static str,
    bits: u32,
}

unit_text!(ShadowRegisterText, "rtl/shadow_register.sv", ShadowUnit {});
unit_text!(GroupRegisterText, "rtl/group_register.sv", &'a GroupRegister {});

struct AlignerPhrases {
    field_meaning: &'static str,
    exponent: &'static str,
    subnormal: &'static str,
    format: FloatFormat,
    rule: String,
    tail_note: String,
    block_exponent: String,
    placed: String,
    rest: &'static str,
}

unit_text!(AlignerText, "rtl/aligner.sv", Worded<'a, Aligner, AlignerPhrases> {});

struct TableExponentPhrases {
    codes_bits: u32,
    sum_bits: u32,
    /// The largest sums, each of a power of two more, that the exponent holds for.
    most: Vec<u32>,
    unread_note: &'static str,
}

unit_text!(
    TableExponentText, "rtl/table_exponent.sv",
    Worded<'a, TableExponent, TableExponentPhrases> {}
);

struct ScannerPhrases {
    /// What a k-step is told by where it is compared.
    valid: &'static str,
    first: &'static str,
    last: &'static str,
    candidates: &'static str,
    one: String,
    any_special: &'static str,
    field: &'static str,
    block: &'static str,
    data_bits: u32,
    is_special: String,
}

unit_text!(
    ExponentScannerText, "rtl/exponent_scanner.sv",
    Worded<'a, ExponentScanner, ScannerPhrases> {}
);

struct FloatPhrases {
    format: FloatFormat,
    owner: &'static str,
    unit_owner: &'static str,
    marks_by_exponent: bool,
    sum: &'static str,
    counted: String,
    normalised: String,
    biased: String,
    /// Where bits of the biased exponent are always equal.
    runs: Option<BiasedRuns>,
    rounded_bits: u32,
    code_bits: u32,
    exponent_ones: u32,
    infinity: String,
}

unit_text!(
    FixedToFloatText, "rtl/fixed_to_float.sv", Worded<'a, FixedToFloat, FloatPhrases> {}
);

struct RounderPhrases {
    row_meaning: &'static str,
    exponent: String,
    marks_by_exponent: bool,
    nan: String,
    infinity: String,
    sum_stride: u32,
}

unit_text!(
    ResultRounderText, "rtl/result_rounder.sv", Worded<'a, ResultRounder, RounderPhrases> {}
);

struct WeightPhrases {
    input_bits: u32,
    word_meaning: &'static str,
}

unit_text!(
    WeightRegisterText, "rtl/weight_register.sv", Worded<'a, WeightRegister, WeightPhrases> {}
);

struct UnpackerPhrases {
    bytes_bits: u32,
    used_bits: u32,
    words_bits: u32,
    unused_low: u32,
}

unit_text!(
    TritUnpackerText, "rtl/trit_unpacker.sv", Worded<'a, TritUnpacker, UnpackerPhrases> {}
);

struct Element {
    name: String,
    low: u32,
}

struct NodeText {
    name: String,
    bits: u32,
    expression: String,
}

struct PrecomputePhrases {
    copied: bool,
    elements: Vec<Element>,
    nodes: Vec<NodeText>,
    entry_names: Vec<String>,
    shared_name: String,
    unused_names: Vec<String>,
    adders: usize,
    entry_meaning: &'static str,
    table_meaning: &'static str,
    example: String,
    letters: &'static str,
}

unit_text!(
    TablePrecomputeText, "rtl/table_precompute.sv",
    Worded<'a, TablePrecompute, PrecomputePhrases> {}
);

struct TableRounderPhrases {
    copied: bool,
    largest: i64,
    entries: u32,
    sums_bits: u32,
    entries_bits: u32,
    sums_meaning: &'static str,
    entries_meaning: &'static str,
    /// Sum e.
    sum: String,
    /// Whether anything is left below the highest dropped bit, as a part of a condition.
    rest: &'static str,
}

unit_text!(
    TableRounderText, "rtl/table_rounder.sv", Worded<'a, TableRounder, TableRounderPhrases> {}
);

unit_text!(StepSumText, "rtl/step_sum.sv", &'a StepSum {});

struct CopyPhrases {
    copied: bool,
    table_meaning: &'static str,
}

unit_text!(
    TableRegistersText, "rtl/table_registers.sv", Worded<'a, TableRegisters, CopyPhrases> {}
);

struct DecoderPhrases {
    first_term: &'static str,
    input: &'static str,
    input_meaning: &'static str,
    output_meaning: &'static str,
}

unit_text!(
    WeightDecoderText, "rtl/weight_decoder.sv", Worded<'a, WeightDecoder, DecoderPhrases> {}
);

struct LanePhrases {
    timing: &'static str,
    weights_meaning: &'static str,
    carry: &'static str,
    carry_note: &'static str,
    odd_note: &'static str,
    odd_term: String,
    partial: String,
    all_entries: u32,
    all_entries_value: &'static str,
    select_meaning: &'static str,
    values_name: &'static str,
    carries_name: &'static str,
}

unit_text!(SelectLaneText, "rtl/select_lane.sv", Worded<'a, SelectLane, LanePhrases> {});

struct DotPhrases {
    timing: &'static str,
}

unit_text!(AddLaneText, "rtl/add_lane.sv", Worded<'a, AddLane, DotPhrases> {});
unit_text!(DotLaneText, "rtl/dot_lane.sv", Worded<'a, DotLane, DotPhrases> {});

struct AccumulatorPhrases {
    addend_meaning: &'static str,
    policy_note: &'static str,
    bound_note: String,
    augend: &'static str,
    summed: &'static str,
    placed: String,
}

unit_text!(
    PlaneAccumulatorText, "rtl/plane_accumulator.sv",
    Worded<'a, PlaneAccumulator, AccumulatorPhrases> {}
);
struct SumPhrases {
    source: &'static str,
}

unit_text!(
    ActivationSumText, "rtl/activation_sum.sv", Worded<'a, ActivationSum, SumPhrases> {}
);

struct CorrectionPhrases {
    rule: &'static str,
    factor_next: String,
    factor: &'static str,
    is_odd: &'static str,
    minuend: &'static str,
}

unit_text!(
    ZeroPointCorrectionText, "rtl/zero_point_correction.sv",
    Worded<'a, ZeroPointCorrection, CorrectionPhrases> {}
);
unit_text!(ZeroPointSelectText, "rtl/zero_point_select.sv", &'a ZeroPointSelect {});

struct ProductPhrases {
    product: String,
}

unit_text!(DequantiserText, "rtl/dequantiser.sv", Worded<'a, Dequantiser, ProductPhrases> {});

struct GroupPhrases {
    bound_note: String,
    value: String,
    words_next: &'static str,
}

unit_text!(
    GroupAccumulatorText, "rtl/group_accumulator.sv",
    Worded<'a, GroupAccumulator, GroupPhrases> {}
);
unit_text!(ScaleSelectText, "rtl/scale_select.sv", &'a ScaleSelect {});

struct ScalerPhrases {
    scale: &'static str,
    value: String,
    block: &'static str,
    at_field: &'static str,
    significand: String,
    exponent: String,
    /// Bits of a scale's fraction and of its exponent, where it is a float.
    fraction_bits: u32,
    scale_exponent_bits: u32,
    has_infinity: bool,
    not_a_number: String,
}

unit_text!(GroupScalerText, "rtl/group_scaler.sv", Worded<'a, GroupScaler, ScalerPhrases> {});

struct AccumulatedPhrases {
    format: FloatFormat,
    next: &'static str,
    words_next: &'static str,
}

unit_text!(
    ScaledAccumulatorText, "rtl/scaled_accumulator.sv",
    Worded<'a, ScaledAccumulator, AccumulatedPhrases> {}
);

struct PipelinePhrases {
    exponent: String,
    at_field: &'static str,
    field: &'static str,
}

unit_text!(
    ScalePipelineText, "rtl/scale_pipeline.sv", Worded<'a, ScalePipeline, PipelinePhrases> {}
);
unit_text!(TopText, "rtl/top.sv", Top {});

/// Everything the top module's text needs beside the core.
struct Top {
    summary: String,
    notes: Vec<String>,
    port_groups: Vec<PortGroup>,
    is_lut: bool,
    masked: bool,
    precomputes: bool,
    builds_copies: bool,
    lane: &'static str,
    lane_weights_bits: u32,
    /// Of a decoded activation and weight, where lanes multiply floating-point numbers.
    operand_bits: [u32; 2],
    registers_operands: bool,
    /// Whether sums become codes behind the drain, and in which unit.
    encodes: bool,
    encoder: &'static str,
    encoder_ports: [&'static str; 2],
    code_bits: u32,
    weight_code_bits: u32,
    word_bits: u32,
    unpacks: bool,
    packed_column_bits: u32,
    unpacked_column_bits: u32,
    signed: bool,
    sums_fit: bool,
    results_fit: bool,
    plane_bits: u32,
    activation_bus: BusPort,
    weight_bus: BusPort,
    step_valid: &'static str,
    beat_valid: &'static str,
    weight_load: &'static str,
    step_bits: u32,
    weights_bits: u32,
    group_bits: u32,
    row_bits: u32,
    partial_bits: u32,
    table_bits: u32,
    odd_bits: u32,
    entry_bits: u32,
    own_bits: u32,
    /// Bits of a table before its entries are rounded; 0 where they are not.
    exact_bits: u32,
    /// Whether sums of activations come from units of their own.
    step_sums: bool,
    select_bits: u32,
    sum_bits: u32,
    sum_terms_bits: u32,
    column_bits: u32,
    value_bits: u32,
    product_beat_bits: u32,
    rounds: bool,
    sequenced: bool,
    scans: bool,
    row_bits_of_rounder: u32,
    scale_bits: u32,
    scale_place: u32,
    term_exponent_bits: u32,
    term_significand_bits: u32,
    reads_ahead: bool,
    row_is_nan: bool,
    scaler_takes_field: bool,
    keeps_exponents: bool,
    factor_bits: u32,
    terms: bool,
    head_bits: u32,
    heads_are_checked: bool,
    select_lines: u32,
    count_bits: u32,
    exponents_bits: u32,
    significands_bits: u32,
    rows_have_nan: bool,
    rows_are_clocked: bool,
    phrases: TopPhrases,
}

struct TopPhrases {
    module: String,
    /// The number of the plane that lanes or accumulators are told.
    plane: &'static str,
    weight_data: &'static str,
    done: &'static str,
    /// Prefix of what the drain is told of its run.
    run: &'static str,
    /// When the drain is told.
    begun: String,
    /// Where column c of the zero points and scales begins.
    factors: String,
    result_width: String,
    results: &'static str,
    drained: &'static str,
    own: [&'static str; 2],
    /// Where the table of a group is built: what is rounded, or the table itself.
    built: &'static str,
    /// Width of what accumulators hold, and the name of all of it.
    lane_width: &'static str,
    lane_sums: &'static str,
    no_chain: String,
    chain: String,
    activation_chain: &'static str,
    /// How many encode sums behind the drain, and the width of one's sum.
    encoders: String,
    encoded: String,
}

struct PortGroup {
    comment: String,
    ports: Vec<PortText>,
    is_last: bool,
}

struct PortText {
    direction: &'static str,
    bits: u32,
    name: &'static str,
}

/// The RTL files of `design`, leaves first, the top module last.
pub(crate) fn files(design: &Design, digest: &str) -> Vec<BundleFile> {
    let core = CoreText { core: &design.core, generator: generator(), digest };
    let module = match &design.sequenced {
        None => core.name.clone(),
        Some(_) => format!("{}_core", core.name),
    };
    let mut files = match &design.chain {
        None => files_of_core(&core, design, module),
        Some(chain) => {
            let tile = CoreText { core: &chain.tile.core, generator: generator(), digest };
            let mut files = files_of_core(&tile, &chain.tile, format!("{}_tile", core.name));
            files.extend(chain::files(&core, design, chain, module));
            files
        }
    };
    if let Some(sequenced) = &design.sequenced {
        files.extend(sequence::files(&core, design, sequenced));
    }
    files
}

/// The files of one core, whose top is `module`.
fn files_of_core(core: &CoreText, design: &Design, module: String) -> Vec<BundleFile> {
    let mut files = vec![named(core, "control", control(core, design))];
    let unpacker = design.weight_register.unpacker.as_ref();
    files.extend(unpacker.map(|unit| named(core, "trit_unpacker", unpacker_text(core, unit))));
    files.push(named(core, "weight_register", weight_register(core, design)));
    for (stream, bus) in
        [("activation", design.datapath.bus()), ("weight", &design.weight_register.bus)]
    {
        if bus.is_narrow() {
            let unit = BusCounter { stream, bus, last_beat: bus.beats - 1 };
            files.push(named(core, &format!("{stream}_bus"), BusCounterText { core, unit }));
        }
    }
    match &design.datapath {
        Datapath::Lut(lut) => files.extend(lut_files(core, lut)),
        Datapath::Add(add) => files.extend(add_files(core, add)),
        Datapath::Mac(mac) => files.extend(mac_files(core, mac)),
        Datapath::FpMac(mac) => files.extend(product::files(core, mac)),
        Datapath::Term(term) => {
            files.extend(term::files(core, term, design.control.plane_bits));
        }
    }
    let accumulator = design.accumulator.as_ref();
    files.extend(
        accumulator.map(|unit| named(core, "plane_accumulator", plane_accumulator(core, unit))),
    );
    if let Some((sum, correction)) = &design.correction {
        let source = match &design.datapath {
            Datapath::Lut(_) => ", read from the table entry that adds them all",
            Datapath::Add(_) | Datapath::Mac(_) | Datapath::FpMac(_) | Datapath::Term(_) => "",
        };
        let unit = Worded { unit: sum, phrases: SumPhrases { source } };
        files.push(named(core, "activation_sum", ActivationSumText { core, unit }));
        files.extend(correction_files(core, correction));
    }
    files.extend(design.shadow.iter().flat_map(|shadow| shadow_files(core, shadow)));
    files.push(named(core, "result_drain", drain(core, design)));
    if let Some(scaling) = &design.scaling {
        files.extend(scale_files(core, scaling));
    }
    if let Some(edge) = &design.float {
        files.extend(float_files(core, edge));
    }
    let top = TopText { core, unit: top(design, module) };
    files.push(BundleFile::new(format!("rtl/{}.sv", top.unit.phrases.module), print(&top)));
    files
}

fn print(text: &impl Template) -> String {
    text.render().expect("templates hold no fallible filters, and strings do not refuse text")
}

pub(crate) fn named(core: &CoreText, unit: &str, text: impl Template) -> BundleFile {
    BundleFile::new(format!("rtl/{}_{unit}.sv", core.name), print(&text))
}

fn shadow_files(core: &CoreText, shadow: &Shadow) -> Vec<BundleFile> {
    let register = |name: &'static str, owner, sum, bits| {
        named(core, name, ShadowRegisterText { core, unit: ShadowUnit { name, owner, sum, bits } })
    };
    let lane = register("shadow_lane", "lane", "the sum", shadow.lane.bits);
    let row =
        shadow.row.map(|row| register("shadow_row", "row", "the sum of the activations", row.bits));
    let group = named(core, "group_register", GroupRegisterText { core, unit: &shadow.group });
    [Some(lane), row, Some(group)].into_iter().flatten().collect()
}

fn control<'a>(core: &'a CoreText, design: &'a Design) -> ControlText<'a> {
    let control = &design.control;
    let checks_heads = match &design.datapath {
        Datapath::Term(term) => term.terms.head.as_ref().is_some_and(|head| head.is_checked()),
        _ => false,
    };
    let used = if core.holds_weights { "step_done" } else { "advance" };
    let phrases = ControlPhrases {
        walked: if core.passes { "run" } else { "step" },
        planes_of_a_step: planes_of_a_step(core),
        run_last_plane: run_last_plane(core, control),
        first_plane: match core.run_bits_bits {
            0 => format!("{}'d{}", control.plane_bits, control.last_plane),
            _ => run_last_plane(core, control),
        },
        double_next: delay_line(
            "accumulate_double_q",
            control.stages,
            1,
            "(advance && step_first_q)",
        ),
        run_done: if core.passes {
            "step_done && step_last_q && (plane_q == '0)"
        } else {
            "step_done && step_last_q"
        },
        enable_next: delay_line("accumulate_enable_q", control.stages, 1, "advance"),
        plane_next: delay_line("accumulate_plane_q", control.stages, control.plane_bits, "plane_q"),
        sum_enable: match (core.passes, control.plane_bits) {
            (true, _) => "advance && pass_is_first_q",
            (false, 0) => "advance",
            (false, _) => "advance && (plane_q == '0)",
        },
        group_steps: control.last_group_step + 1,
        weight_done: if core.per_group() { "weight_done" } else { used }.to_owned(),
        emptied_next: match core.holds_weights {
            true => "(advance_next && plane_is_last_next)",
            false => "advance_next",
        },
        used,
        checks_heads,
        weight_out_of_step: if core.per_group() {
            format!("(weight_last_q != ({}_taken_i && drain_run_last_i))", core.factors())
        } else {
            "(weight_last_q != (plane_is_last && step_last_q))".to_owned()
        },
        weight_checked: if core.per_group() {
            let head = if core.heads { " || head_load" } else { "" };
            format!("(advance{head} || {}_taken_i)", core.factors())
        } else {
            "advance".to_owned()
        },
    };
    ControlText { core, unit: Worded { unit: control, phrases } }
}

fn planes_of_a_step(core: &Core) -> String {
    match core.run_bits_bits {
        _ if core.passes => "one weight beat in each pass".to_string(),
        _ if core.half_bits > 0 => "one weight beat".to_string(),
        0 if core.holds_weights => match core.heads_set_cycles {
            true => format!("one weight beat, for up to {} cycles", core.cycles_per_step),
            false => format!("one weight beat, for {} cycles", core.cycles_per_step),
        },
        0 => format!("{} weight beat(s)", core.beats_per_step),
        _ => format!("1 to {} weight beats, as its run says", core.beats_per_step),
    }
}

/// The number of the last plane from the bits of a run's weights.
fn run_last_plane(core: &Core, control: &Control) -> String {
    let last = format!("step_weight_bits_i - {}'d1", core.run_bits_bits);
    if core.run_bits_bits == control.plane_bits {
        last
    } else {
        format!("{}'({last})", control.plane_bits)
    }
}

/// Next state of a delay line of `stages` fields of `bits` bits that takes in `input` below.
fn delay_line(register: &str, stages: u32, bits: u32, input: &str) -> String {
    match stages {
        0 | 1 => input.to_string(),
        _ => format!("{{{register}[{}:0], {input}}}", (stages - 1) * bits.max(1) - 1),
    }
}

fn drain<'a>(core: &'a CoreText, design: &'a Design) -> ResultDrainText<'a> {
    let unit = &design.drain;
    let done = match (core.shadow, core.per_group()) {
        (true, _) => "take",
        (false, true) => "group_done_i",
        (false, false) => "run_done_i",
    };
    let phrases = DrainPhrases {
        or_flushing: if core.shadow { "" } else { "flushing_q || " },
        lanes_take: match core.stages {
            0 => "take".to_owned(),
            stages => format!("settle_q[{}]", stages - 1),
        },
        settle_next: delay_line("settle_q", unit.delay_cycles, 1, done),
        done,
        kept: if core.per_group() {
            "last_q && (rows_left_q != '0) && (columns_left_q != '0)"
        } else {
            "(rows_left_q != '0) && (columns_left_q != '0)"
        },
        last_use: match core.per_group() {
            true if core.shadow => "take".to_owned(),
            true => last_use(LastUse::of(core), unit),
            false => String::new(),
        },
        gives_row: row_bits(design) > 0,
    };
    ResultDrainText { core, unit: Worded { unit, phrases } }
}

/// Width of the number of the row that drains, where something asks for it.
fn row_bits(design: &Design) -> u32 {
    let rounder = design.float.as_ref().and_then(|edge| edge.rounder.as_ref());
    let scaled = design.scaling.as_ref().map(|scaling| scaling.pipeline.row_bits);
    scaled.or(rounder.map(|rounder| rounder.row_bits)).unwrap_or(0)
}

/// The cycle in which the last zero points of a group are multiplied.
fn last_use(last_use: LastUse, drain: &ResultDrain) -> String {
    let row = |row: u32| match drain.row_bits {
        0 => String::new(),
        bits => format!(" && (row_q == {bits}'d{row})"),
    };
    match last_use {
        LastUse::Start => "start".to_string(),
        LastUse::Row(last) => format!("product_load && draining_q{}", row(last)),
        LastUse::LastBeat(last) => format!("product_load && product_of_last_beat{}", row(last)),
    }
}

fn float_files(core: &CoreText, edge: &FloatEdge) -> Vec<BundleFile> {
    let mut files = Vec::new();
    files.extend(edge.aligner.as_ref().map(|unit| named(core, "aligner", aligner(core, unit))));
    let scanner = edge.scanner.as_ref();
    let tables = scanner.and_then(|unit| unit.tables.as_ref());
    files.extend(tables.map(|unit| named(core, "table_exponent", table_exponent(core, unit))));
    files.extend(scanner.map(|unit| named(core, "exponent_scanner", scanner_text(core, unit))));
    if let Some(unit) = &edge.rounder {
        files.push(named(core, "fixed_to_float", fixed_to_float(core, unit)));
        files.push(named(core, "result_rounder", rounder(core, unit)));
    }
    files
}

fn aligner<'a>(core: &'a CoreText, unit: &'a Aligner) -> AlignerText<'a> {
    let exponent_bits = unit.code.exponent_bits;
    let below = unit.window_bits - unit.code.fraction_bits - 1;
    let phrases = AlignerPhrases {
        format: unit.format,
        rule: match unit.fixed_exponent {
            Some(_) => "In units of the smallest number, so that no bit is lost.".to_owned(),
            None => "In units that the largest exponent of the block sets; rounded to the nearest."
                .into(),
        },
        tail_note: match unit.tail_bits {
            0 => ", of which none can be lost".to_owned(),
            bits => format!(", of which the low {bits} are rounded away"),
        },
        field_meaning: match unit.field_bits > exponent_bits {
            true => "Exponent of the block, not less than that of the activation.",
            false => "Largest biased exponent of the block, not less than that of the activation.",
        },
        exponent: match unit.field_bits > exponent_bits {
            true => "FieldBits'(exponent)",
            false => "exponent",
        },
        subnormal: match unit.field_bits > exponent_bits {
            true => "FieldBits'(!is_normal)",
            false => "ExponentBits'(!is_normal)",
        },
        block_exponent: match unit.fixed_exponent {
            Some(exponent) => format!("{exponent_bits}'d{exponent}"),
            None => "exponent_i".to_owned(),
        },
        placed: match below {
            0 => "{is_normal, code_i[FractionBits-1:0]}".to_owned(),
            _ => format!("{{is_normal, code_i[FractionBits-1:0], {below}'d0}}"),
        },
        rest: if unit.tail_bits > 1 { "(|window[TailBits-2:0]) || " } else { "" },
    };
    AlignerText { core, unit: Worded { unit, phrases } }
}

fn table_exponent<'a>(core: &'a CoreText, unit: &'a TableExponent) -> TableExponentText<'a> {
    let whole = 2 << unit.counted_bits;
    let phrases = TableExponentPhrases {
        codes_bits: unit.elements * unit.code.bits,
        sum_bits: unit.sum_bits(),
        most: (0..unit.headroom).map(|above| (whole << above) - unit.elements).collect(),
        unread_note: match unit.code.fraction_bits > unit.counted_bits {
            true => ", and low bits of fractions neither",
            false => "",
        },
    };
    TableExponentText { core, unit: Worded { unit, phrases } }
}

fn scanner_text<'a>(core: &'a CoreText, unit: &'a ExponentScanner) -> ExponentScannerText<'a> {
    let code = unit.code;
    let of_tables = unit.tables.is_some();
    let [valid, first, last] = match of_tables {
        true => ["valid_q", "first_q", "last_q"],
        false => ["scan_valid_i", "scan_first_i", "scan_last_i"],
    };
    let phrases = ScannerPhrases {
        valid,
        first,
        last,
        candidates: if of_tables { "Tables" } else { "Elements" },
        one: match of_tables {
            true => format!("{}'d1", unit.field_bits),
            false => format!("{}'d1", code.exponent_bits),
        },
        any_special: if of_tables { "is_special_q" } else { "(|is_special)" },
        block: if core.group_blocks { "quantisation group" } else { "run" },
        field: match (unit.compares, unit.specials) {
            _ if of_tables => "the largest exponent\n// of a table, or 0 if a code is no number",
            (true, Specials::Nothing) => "the largest biased exponent",
            (true, _) => "the largest biased exponent, or 0\n// if a code is no number",
            (false, _) => "whether all codes are\n// numbers",
        },
        data_bits: core.m * core.elements_per_step * code.bits,
        is_special: match unit.specials {
            Specials::InfinityAndNan => {
                format!("&codes[i*CodeBits+{} +: {}]", code.fraction_bits, code.exponent_bits)
            }
            Specials::Nan => format!("&codes[i*CodeBits +: {}]", code.bits - 1),
            Specials::Nothing => String::new(),
        },
    };
    ExponentScannerText { core, unit: Worded { unit, phrases } }
}

fn fixed_to_float<'a>(core: &'a CoreText, rounder: &'a ResultRounder) -> FixedToFloatText<'a> {
    let unit = &rounder.lane;
    let own = rounder.word.is_some();
    let code_bits = unit.bits - 1;
    let exponent_ones = (1u32 << unit.exponent_bits) - 1;
    let phrases = FloatPhrases {
        format: unit.format,
        owner: if own { "sum" } else { "block" },
        unit_owner: if own { "exponent" } else { "block" },
        marks_by_exponent: unit.marks_by_exponent(),
        sum: if unit.registers_sum { "sum_q" } else { "sum_i" },
        counted: counted(unit),
        normalised: match unit.padded_bits - unit.sum_bits {
            0 => "counted_magnitude_q".to_owned(),
            below => format!("{{counted_magnitude_q, {below}'d0}}"),
        },
        biased: biased(unit),
        runs: biased_runs(unit),
        rounded_bits: unit.biased_bits + unit.fraction_bits,
        code_bits,
        exponent_ones,
        infinity: format!("{code_bits}'d{}", exponent_ones << unit.fraction_bits),
    };
    FixedToFloatText { core, unit: Worded { unit, phrases } }
}

/// The word whose leading zeros are counted: a magnitude, with a one at the smallest normal number
/// beyond which nothing is normalised, at the top of a power of two of bits.
fn counted(unit: &FixedToFloat) -> String {
    let magnitude = match (unit.smallest_normal, unit.fixed_exponent) {
        (None, _) => "magnitude_q".to_owned(),
        (Some(marker), Some(exponent)) => {
            format!("(magnitude_q | (SumBits'(1) << {}))", marker - exponent)
        }
        (Some(marker), None) => {
            let place = marker - unit.smallest_exponent;
            let above = match unit.smallest_exponent {
                0 => "magnitude_exponent_i".to_owned(),
                least => format!("(magnitude_exponent_i - {}'d{least})", unit.sum_exponent_bits),
            };
            format!("(magnitude_q | ((SumBits'(1) << {place}) >> {above}))")
        }
    };
    match (1 << unit.count_bits) - unit.sum_bits {
        0 => magnitude,
        below => format!("{{{magnitude}, {below}'d0}}"),
    }
}

/// The registers of a biased exponent, some of whose bits are always equal.
struct BiasedRuns {
    bits: u32,
    /// What they hold, the highest bit of the exponent first.
    kept: String,
    /// The exponent from them.
    spread: String,
}

fn biased_runs(unit: &FixedToFloat) -> Option<BiasedRuns> {
    let runs = unit.biased_runs();
    let bits = runs.len() as u32;
    let several = |run: &[u32; 2]| run[0] > run[1];
    if !runs.iter().any(several) {
        return None;
    }
    let (mut kept, mut spread, mut place) = (Vec::new(), Vec::new(), bits);
    for part in runs.chunk_by(|a, b| !several(a) && !several(b)) {
        let (high, low) = (part[0][0], part[part.len() - 1][1]);
        place -= part.len() as u32;
        let range = if high == low { format!("[{low}]") } else { format!("[{high}:{low}]") };
        if several(&part[0]) {
            kept.push(format!("|biased{range}"));
            spread.push(format!("{{{}{{kept_q[{place}]}}}}", high - low + 1));
        } else {
            kept.push(format!("biased{range}"));
            spread.push(match part.len() {
                1 => format!("kept_q[{place}]"),
                count => format!("kept_q[{}:{place}]", place + count as u32 - 1),
            });
        }
    }
    let [kept, spread] = [kept, spread].map(|parts| format!("{{{}}}", parts.join(", ")));
    Some(BiasedRuns { bits, kept, spread })
}

/// The biased exponent of a sum without leading zeros; numbers are modulo its width.
fn biased(unit: &FixedToFloat) -> String {
    let constant = |value: i32| {
        let value = value.rem_euclid(1 << unit.biased_bits);
        format!("{}'d{value}", unit.biased_bits)
    };
    match unit.fixed_exponent {
        Some(exponent) => constant(unit.exponent_offset + exponent as i32),
        None => {
            format!("{} + BiasedBits'(counted_exponent_i)", constant(unit.exponent_offset))
        }
    }
}

fn rounder<'a>(core: &'a CoreText, unit: &'a ResultRounder) -> ResultRounderText<'a> {
    let bits = core.exponent_bits;
    let phrases = RounderPhrases {
        row_meaning: if unit.row_bits > 0 { ", and their row" } else { "" },
        exponent: match unit.row_bits {
            0 => "exponents_q".to_owned(),
            _ => format!("exponents_q[row_i*{bits} +: {bits}]"),
        },
        marks_by_exponent: unit.lane.marks_by_exponent(),
        nan: format!("{}'d{}", unit.lane.bits, unit.lane.format.nan().unwrap_or_default()),
        infinity: format!(
            "{}'d{}",
            unit.lane.bits - 1,
            unit.lane.format.infinity().unwrap_or_default()
        ),
        sum_stride: core.result_bits,
    };
    ResultRounderText { core, unit: Worded { unit, phrases } }
}

fn scale_files(core: &CoreText, scaling: &Scaling) -> Vec<BundleFile> {
    let Scaling { select, scaler, adder, accumulator, pipeline } = scaling;
    let words = AccumulatedPhrases {
        format: accumulator.format,
        next: match accumulator.words {
            1 => "waits_i ? sum : words_q",
            _ => "waits_i ? words_q[2*Width-1:Width] : words_q[Width-1:0]",
        },
        words_next: match accumulator.words {
            1 => "sum",
            _ => "{sum, words_q[DataBits-1:Width]}",
        },
    };
    let accumulator = Worded { unit: accumulator, phrases: words };
    let exponent = match pipeline.row_bits {
        0 => "exponents_q".to_owned(),
        _ => format!("exponents_q[row_i*{0} +: {0}]", core.exponent_bits),
    };
    let (at_field, field) = match pipeline.field_stages {
        1 => ("magnitude", "field_q"),
        _ => ("product", "product_field_q"),
    };
    let phrases = PipelinePhrases { exponent, at_field, field };
    let pipeline = Worded { unit: pipeline, phrases };
    vec![
        named(core, "scale_select", ScaleSelectText { core, unit: select }),
        named(core, "group_scaler", group_scaler(core, scaler, at_field)),
        named(core, "floating_point_adder", FloatingPointAdderText::new(core, adder)),
        named(core, "scaled_accumulator", ScaledAccumulatorText { core, unit: accumulator }),
        named(core, "scale_pipeline", ScalePipelineText { core, unit: pipeline }),
    ]
}

fn group_scaler<'a>(
    core: &'a CoreText,
    unit: &'a GroupScaler,
    at_field: &'static str,
) -> GroupScalerText<'a> {
    let (bits, float) = (unit.exponent_bits, unit.format.float());
    let extended = |name: &str, own: u32| match own == bits {
        true => name.to_owned(),
        false => format!("{bits}'({name})"),
    };
    let of_scale = match unit.format {
        ScaleFormat::Fp16 | ScaleFormat::E4m3 => {
            Some(extended("scale_exponent", float.map_or(0, FloatFormat::exponent_bits)))
        }
        ScaleFormat::E8m0 => Some(extended("magnitude_scale_q", unit.scale_bits)),
        ScaleFormat::Int8 => None,
    };
    let of_block = match unit.float {
        Some(code) => Some(extended("value_exponent_q", code.exponent_bits)),
        None => unit.adds_field.then(|| extended("field_i", core.exponent_bits)),
    };
    let special = match unit.format {
        ScaleFormat::Fp16 => Some("(is_special && !(fraction_is_zero && !is_zero))"),
        ScaleFormat::E4m3 => Some("(&magnitude_scale_q[6:0])"),
        ScaleFormat::E8m0 => Some("(&magnitude_scale_q)"),
        ScaleFormat::Int8 => None,
    };
    let no_field = match unit.float {
        Some(_) => Some("(&value_exponent_q)"),
        None if unit.row_is_nan => Some("row_is_nan_i"),
        None => (core.exponent_bits > 0).then_some("(field_i == '0)"),
    };
    let scale_significand = match float {
        Some(_) => "{is_normal, scale_fraction}",
        None => "scale_magnitude",
    };
    let phrases = ScalerPhrases {
        scale: match unit.format {
            ScaleFormat::Fp16 => "FP16",
            ScaleFormat::E4m3 => "E4M3",
            ScaleFormat::E8m0 => "E8M0",
            ScaleFormat::Int8 => "INT8",
        },
        value: match unit.float {
            Some(code) => format!(
                "a floating-point number: sign, {} bits of exponent, {} of fraction",
                code.exponent_bits, code.fraction_bits
            ),
            None => "two's complement".to_owned(),
        },
        block: if unit.adds_field { ", in units of its block" } else { "" },
        at_field,
        significand: format!(
            "{0}'(magnitude_q) * {0}'({scale_significand})",
            unit.significand_bits
        ),
        exponent: either(of_scale, of_block, " + ").unwrap_or_default(),
        fraction_bits: float.map_or(0, FloatFormat::fraction_bits),
        scale_exponent_bits: float.map_or(0, FloatFormat::exponent_bits),
        has_infinity: unit.format == ScaleFormat::Fp16,
        not_a_number: either(special, no_field, " || ").unwrap_or_else(|| "1'b0".to_owned()),
    };
    GroupScalerText { core, unit: Worded { unit, phrases } }
}

/// Both operands with the operator between them, or the one that there is.
fn either<T: Display>(left: Option<T>, right: Option<T>, operator: &str) -> Option<String> {
    match (left, right) {
        (Some(left), Some(right)) => Some(format!("{left}{operator}{right}")),
        (left, right) => left.or(right).map(|only| only.to_string()),
    }
}

fn correction_files(core: &CoreText, correction: &Correction) -> Vec<BundleFile> {
    match correction {
        Correction::Run(unit) => {
            vec![named(core, "zero_point_correction", run_correction(core, unit))]
        }
        Correction::Groups(GroupEdge { select, dequantiser, accumulator }) => {
            let accumulator = accumulator.as_ref();
            let accumulator = accumulator
                .map(|unit| named(core, "group_accumulator", group_accumulator(core, unit)));
            let select =
                named(core, "zero_point_select", ZeroPointSelectText { core, unit: select });
            let dequantiser = named(core, "dequantiser", dequantiser_text(core, dequantiser));
            [select, dequantiser].into_iter().chain(accumulator).collect()
        }
    }
}

fn run_correction<'a>(
    core: &'a CoreText,
    unit: &'a ZeroPointCorrection,
) -> ZeroPointCorrectionText<'a> {
    let bits = core.zero_point_bits;
    let phrases = if unit.doubles {
        CorrectionPhrases {
            rule: "subtracts (z' + 2^b - 1) * (sum of the row's activations) from twice every\n\
                   // result of a beat, which is a sum of codes, and halves the difference for an odd z', where it\n\
                   // is always even. The mid-rise grids, z' = 0, have odd weights and keep them.",
            factor_next: format!("run_zero_point_i + {bits}'d{}", unit.factor_offset),
            factor: "$signed({1'b0, factor_q})",
            is_odd: "!factor_q[0]",
            minuend: "$signed({sums_i[i*Width +: Width], 1'b0})",
        }
    } else {
        CorrectionPhrases {
            rule: "subtracts z' * (sum of the row's activations) from every result of a beat,\n\
                   // and halves the difference for an odd z', where it is always even: reinterpretation doubles\n\
                   // weights. The mid-rise grids, z' = 0, have odd weights and keep them.",
            factor_next: "run_zero_point_i".to_string(),
            factor: "$signed(factor_q)",
            is_odd: "factor_q[0]",
            minuend: "DifferenceBits'($signed(sums_i[i*Width +: Width]))",
        }
    };
    ZeroPointCorrectionText { core, unit: Worded { unit, phrases } }
}

fn dequantiser_text<'a>(core: &'a CoreText, unit: &'a Dequantiser) -> DequantiserText<'a> {
    let product = match unit.product_bits == unit.difference_bits {
        true => "product_q".to_string(),
        false => "DifferenceBits'(product_q)".to_string(),
    };
    DequantiserText { core, unit: Worded { unit, phrases: ProductPhrases { product } } }
}

fn group_accumulator<'a>(
    core: &'a CoreText,
    unit: &'a GroupAccumulator,
) -> GroupAccumulatorText<'a> {
    let bits = core.result_bits;
    let phrases = GroupPhrases {
        bound_note: if unit.exact {
            format!("{bits} bits hold every result of up to {} elements.", core.max_k)
        } else {
            format!("{bits} bits, as configured, keep the low bits of every result.")
        },
        value: if unit.value_bits == bits {
            "value_i".to_string()
        } else {
            "Width'($signed(value_i))".to_string()
        },
        words_next: match unit.words {
            1 => "result",
            _ => "{result, words_q[DataBits-1:Width]}",
        },
    };
    GroupAccumulatorText { core, unit: Worded { unit, phrases } }
}

fn weight_register<'a>(core: &'a CoreText, design: &'a Design) -> WeightRegisterText<'a> {
    let word_meaning = match &design.datapath {
        Datapath::Lut(lut) if lut.decoder.signed && !lut.decoder.runtime_fold => {
            "a table index and above it a sign"
        }
        Datapath::Lut(_) | Datapath::Add(_) => "one plane's bits",
        Datapath::Mac(_) => "the two's-complement weights",
        Datapath::FpMac(_) | Datapath::Term(_) => "the codes of the weights",
    };
    let phrases = WeightPhrases { input_bits: design.weight_register.input_bits(), word_meaning };
    WeightRegisterText { core, unit: Worded { unit: &design.weight_register, phrases } }
}

fn unpacker_text<'a>(core: &'a CoreText, unit: &'a TritUnpacker) -> TritUnpackerText<'a> {
    let phrases = UnpackerPhrases {
        bytes_bits: 8 * unit.bytes,
        used_bits: 2 * unit.trits,
        words_bits: core.groups * unit.word_bits,
        unused_low: unit.sum_bits + 1 - unit.word_bits,
    };
    TritUnpackerText { core, unit: Worded { unit, phrases } }
}

fn lut_files(core: &CoreText, lut: &LutDatapath) -> Vec<BundleFile> {
    let mut files = Vec::new();
    files.extend(lut.rounded.iter().flat_map(|unit| rounded::table_files(core, lut, unit)));
    files.push(named(core, "activation_register", activation_register(core, lut)));
    if let Some(unit) = &lut.precompute {
        files.push(named(core, "table_precompute", precompute(core, unit, lut.builds_copies)));
    }
    if let Some(unit) = &lut.rounder {
        files.push(named(core, "table_rounder", table_rounder(core, unit, lut.builds_copies)));
    }
    files.extend(
        lut.step_sum.iter().map(|unit| named(core, "step_sum", StepSumText { core, unit })),
    );
    let phrases = CopyPhrases { copied: core.copies > 1, table_meaning: table_meaning(lut.layout) };
    let registers =
        TableRegistersText { core, unit: Worded { unit: &lut.table_registers, phrases } };
    files.push(named(core, "table_registers", registers));
    files.push(named(core, "weight_decoder", decoder(core, &lut.decoder)));
    files.extend(lut.lane.as_ref().map(|unit| named(core, "select_lane", lane(core, unit))));
    files.extend(lut.rounded.iter().flat_map(|unit| rounded::lane_files(core, unit)));
    files
}

fn activation_register<'a>(core: &'a CoreText, lut: &'a LutDatapath) -> ActivationRegisterText<'a> {
    let unit = &lut.activation_register;
    let early = lut.rounded.as_ref().is_some_and(|rounded| rounded.tables.adds_early());
    let phrases = if early {
        ("sums of half of its elements", "half of the way")
    } else if unit.masked {
        ("activations", "narrower than its tables")
    } else {
        ("tables", "what the port delivers")
    };
    let (held, held_reason) = phrases;
    let [kept_early, kept_late] = if early { ["kept"; 2] } else { ["data_d", "step_data_o"] };
    let phrases = HeldPhrases {
        held,
        held_reason,
        kept_early,
        kept_late,
        group_bits: if early { unit.step_bits / (core.m * core.groups) } else { 0 },
    };
    ActivationRegisterText { core, unit: Worded { unit, phrases } }
}

fn precompute<'a>(
    core: &'a CoreText,
    unit: &'a TablePrecompute,
    built_in_copies: bool,
) -> TablePrecomputeText<'a> {
    let element = |i: u32| Element { name: format!("a{i}"), low: i * core.activation_bits };
    let layout = unit.layout;
    // The last entry is in every table, and its shared bit is that of all.
    let shared = unit.stored.last().filter(|_| layout.shared_bits() > 0);
    let shared_name = shared.map_or(String::new(), |entry| format!("{}[0]", entry.name));
    let lowest = unit.stored.iter().rev().skip(1);
    let own = unit.stored.iter().rev().map(|entry| own_bits(entry, layout));
    let phrases = PrecomputePhrases {
        copied: built_in_copies,
        elements: (0..core.k).map(element).collect(),
        nodes: unit.nodes.iter().map(node).collect(),
        entry_names: own.chain(shared.map(|_| shared_name.clone())).collect(),
        shared_name,
        unused_names: lowest.map(|entry| format!("{}[0]", entry.name)).collect(),
        adders: unit.nodes.len(),
        entry_meaning: entry_meaning(layout),
        table_meaning: table_meaning(layout),
        example: unit.nodes[0].name.clone(),
        letters: letters(layout),
    };
    TablePrecomputeText { core, unit: Worded { unit, phrases } }
}

fn table_rounder<'a>(
    core: &'a CoreText,
    unit: &'a TableRounder,
    built_in_copies: bool,
) -> TableRounderText<'a> {
    let own = "sums_i[e*OwnBits +: OwnBits]";
    let phrases = TableRounderPhrases {
        copied: built_in_copies,
        largest: QuantisedEntry::LARGEST,
        entries: unit.entries.entries(),
        sums_bits: unit.sums.bits(),
        entries_bits: unit.entries.bits(),
        sums_meaning: table_meaning(unit.sums),
        entries_meaning: table_meaning(unit.entries),
        sum: match unit.sums.shared_bits() {
            0 => own.to_owned(),
            shared => format!("{{sums_i[{shared}+e*OwnBits +: OwnBits], sums_i[0]}}"),
        },
        rest: if unit.dropped_bits > 1 { "(|sum[DroppedBits-2:0]) || " } else { "" },
    };
    TableRounderText { core, unit: Worded { unit, phrases } }
}

/// What an entry of a table adds, as a part of a comment.
fn entry_meaning(layout: TableLayout) -> &'static str {
    match layout.content {
        TableContent::SignedHalf => {
            "Entry e adds\n// element i where bit i of e is 1 and subtracts it where the bit is 0; the last element,\n\
             // which has no bit, is added."
        }
        TableContent::SignedFull => {
            "Entry e adds\n// element i where bit i of e is 1 and subtracts it where the bit is 0."
        }
        TableContent::Subsets => "Entry e adds\n// element i where bit i of e is 1.",
        TableContent::Ternary => {
            "Entry e adds\n// element i where trit i of e, which counts 3^i, is 1, subtracts it where it is -1, and leaves it\n\
             // out where it is 0."
        }
    }
}

/// What the letters of a sum's name mean.
fn letters(layout: TableLayout) -> &'static str {
    match layout.content {
        TableContent::Subsets => "p adds, 0 leaves out",
        TableContent::Ternary => "p adds,\n// m subtracts, 0 leaves out",
        TableContent::SignedHalf | TableContent::SignedFull => "p adds, m subtracts",
    }
}

/// Order of the bits of a table.
fn table_meaning(layout: TableLayout) -> &'static str {
    match layout.content {
        TableContent::Ternary if layout.form == EntryForm::Number => {
            "Entries 1 and up, entry 1 lowest."
        }
        _ if layout.form == EntryForm::Number => "Entry 0 lowest.",
        TableContent::SignedHalf | TableContent::SignedFull if layout.shared_bits() == 0 => {
            "Entry 0 lowest, two's complement."
        }
        TableContent::SignedHalf | TableContent::SignedFull => {
            "Lowest bit of all entries, then their other bits, entry 0 lowest."
        }
        TableContent::Subsets | TableContent::Ternary => {
            "Entries 1 and up, entry 1 lowest, two's complement."
        }
    }
}

/// The bits of `entry` that it does not share with others, sign-extended to their width.
fn own_bits(entry: &Operand, layout: TableLayout) -> String {
    if layout.shared_bits() == 0 {
        return extended(entry, layout.own_bits());
    }
    let own = format!("{}[{}:1]", entry.name, entry.bits - 1);
    if entry.bits == layout.entry_bits {
        own
    } else {
        format!("{}'($signed({own}))", layout.own_bits())
    }
}

fn node(node: &bitplane_design::Node) -> NodeText {
    let operator = if node.subtract { '-' } else { '+' };
    let expression = match &node.left {
        Some(left) => {
            format!("{} {operator} {}", extended(left, node.bits), extended(&node.right, node.bits))
        }
        // Yosys reads `-11'(x)` as a cast to a negative size.
        None => format!("-({})", extended(&node.right, node.bits)),
    };
    NodeText { name: node.name.clone(), bits: node.bits, expression }
}

/// `operand` sign-extended to `bits`; as it is where the widths agree.
fn extended(operand: &Operand, bits: u32) -> String {
    let name = &operand.name;
    if operand.bits == bits { name.clone() } else { format!("{bits}'({name})") }
}

fn decoder<'a>(core: &'a CoreText, unit: &'a WeightDecoder) -> WeightDecoderText<'a> {
    let input = match core.weight {
        WeightFormat::TERNARY => "ternary weights",
        _ => "weight bits of a plane",
    };
    let input_meaning = if unit.signed && !unit.runtime_fold {
        "Folded by the packer: entry number, and above it the sign."
    } else {
        "Element i in bit i; 1 adds."
    };
    let output_meaning = if unit.one_hot { "one select line an entry" } else { "an entry number" };
    let first_term = if unit.first > 0 { " + 1" } else { "" };
    let phrases = DecoderPhrases { first_term, input, input_meaning, output_meaning };
    WeightDecoderText { core, unit: Worded { unit, phrases } }
}

fn lane<'a>(core: &'a CoreText, unit: &'a SelectLane) -> SelectLaneText<'a> {
    let odd = if unit.registers_values { "odd_q" } else { "odd_i" };
    // Every other odd table brings one more to a sum of halves.
    let odd_term = match unit.odd_bits {
        0 | 1 => String::new(),
        bits => format!(" + SumBits'({odd}[{}:1])", bits - 1),
    };
    let phrases = LanePhrases {
        timing: timing(core),
        weights_meaning: match (unit.signed, unit.shared_bits) {
            (_, 1..) => "weights +1 and -1",
            (true, 0) => "weights 1, 0 and -1",
            (false, 0) => "weights 1 and 0",
        },
        carry: match unit.shared_bits {
            0 => "negate_i[g]",
            _ => "negate_i[g] && !tables_i[g*TableBits]",
        },
        carry_note: match unit.shared_bits {
            0 => "A negated value is complemented, and lacks 1 then.",
            _ => {
                "A negated value is complemented: an even entry lacks 1 then, an odd one 1/2, which is its own."
            }
        },
        odd_note: if unit.odd_bits > 0 { ", and how many of them have odd entries" } else { "" },
        odd_term,
        partial: if unit.shared_bits > 0 {
            format!("{{sum, {odd}[0]}}")
        } else {
            "sum".to_string()
        },
        all_entries: unit.entries + unit.zero_entries,
        all_entries_value: if unit.zero_entries > 0 {
            "{entries, {ValueBits{1'b0}}}"
        } else {
            "entries"
        },
        select_meaning: if unit.one_hot { "one line an entry" } else { "an entry number" },
        values_name: if unit.registers_values { "values_q" } else { "values" },
        carries_name: if unit.registers_values { "carries_q" } else { "carries" },
    };
    SelectLaneText { core, unit: Worded { unit, phrases } }
}

fn timing(core: &CoreText) -> &'static str {
    match core.stages {
        0 => "Combinational.",
        1 => "One cycle: the sum is registered.",
        _ => "Two cycles: looked-up values and their sum are registered.",
    }
}

fn operand_register<'a>(core: &'a CoreText, unit: &'a OperandRegister) -> OperandRegisterText<'a> {
    let phrases = OperandPhrases {
        keeps_exponents: unit.kept_exponents(core) > 0,
        kept_early: "operands_d",
        kept_late: "operands_o",
    };
    OperandRegisterText { core, unit: Worded { unit, phrases } }
}

fn add_files(core: &CoreText, add: &AddDatapath) -> Vec<BundleFile> {
    let register = operand_register(core, &add.operand_register);
    let phrases = DotPhrases { timing: timing(core) };
    let lane = AddLaneText { core, unit: Worded { unit: &add.lane, phrases } };
    vec![named(core, "operand_register", register), named(core, "add_lane", lane)]
}

fn mac_files(core: &CoreText, mac: &MacDatapath) -> Vec<BundleFile> {
    let register = operand_register(core, &mac.operand_register);
    let phrases = DotPhrases { timing: timing(core) };
    let lane = DotLaneText { core, unit: Worded { unit: &mac.lane, phrases } };
    vec![named(core, "operand_register", register), named(core, "dot_lane", lane)]
}

fn plane_accumulator<'a>(
    core: &'a CoreText,
    unit: &'a PlaneAccumulator,
) -> PlaneAccumulatorText<'a> {
    let bound_note = if unit.exact {
        let elements = core.accumulated_elements;
        format!("{} bits hold every sum of up to {elements} elements.", unit.bits)
    } else {
        format!("{} bits, as configured, do not hold every sum.", unit.bits)
    };
    let phrases = AccumulatorPhrases {
        addend_meaning: match unit.plane_bits {
            _ if unit.doubles => "a lane's partial sum, doubling where a new plane starts,",
            0 => "a lane's partial sum",
            _ => "a lane's partial sum, shifted to its plane's significance,",
        },
        policy_note: match (unit.exact, unit.saturates) {
            (true, _) => "",
            (false, true) => ", clamped to the range",
            (false, false) => ", keeping the low bits",
        },
        bound_note,
        augend: if unit.doubles { "augend" } else { "sum_q" },
        summed: if core.per_group() { "quantisation group" } else { "run" },
        placed: match unit.places {
            1 => "plane_i".to_owned(),
            places => format!("{{plane_i, {}'d0}}", places - 1),
        },
    };
    PlaneAccumulatorText { core, unit: Worded { unit, phrases } }
}

fn top(design: &Design, module: String) -> Top {
    let core = &design.core;
    let [lane_width, lane_sums] =
        if core.dropped_bits > 0 { ["LaneWidth", "lane_sums"] } else { ["Width", "sums"] };
    let mut top = Top {
        summary: summary(design),
        notes: notes(design),
        port_groups: port_groups(match &design.sequenced {
            None => &design.ports,
            Some(sequenced) => &sequenced.core_ports,
        }),
        is_lut: false,
        masked: true,
        precomputes: false,
        builds_copies: false,
        lane: "",
        lane_weights_bits: 0,
        operand_bits: [0, 0],
        registers_operands: false,
        encodes: false,
        encoder: "sum_encoder",
        encoder_ports: ["sum_i ", "code_o"],
        code_bits: 0,
        weight_code_bits: 0,
        word_bits: design.weight_register.word_bits,
        unpacks: design.weight_register.unpacker.is_some(),
        packed_column_bits: design.weight_register.bus.bits / core.n,
        unpacked_column_bits: core.groups * design.weight_register.word_bits,
        signed: false,
        sums_fit: design.accumulator.as_ref().is_none_or(|unit| unit.exact),
        results_fit: false,
        plane_bits: match &design.accumulator {
            Some(unit) => unit.plane_bits,
            None => design.control.plane_bits,
        },
        activation_bus: *design.datapath.bus(),
        weight_bus: design.weight_register.bus,
        step_valid: if design.datapath.bus().is_narrow() {
            "activation_valid_i && activation_beat_is_last"
        } else {
            "activation_valid_i"
        },
        // A narrow port loads its register beat by beat.
        weight_load: if design.weight_register.bus.is_narrow() {
            "unused_weight_load"
        } else {
            "weight_load"
        },
        beat_valid: if design.weight_register.bus.is_narrow() {
            "weight_valid_i && weight_beat_is_last"
        } else {
            "weight_valid_i"
        },
        step_bits: 0,
        weights_bits: design.weight_register.data_bits,
        group_bits: core.k * core.activation_bits,
        row_bits: core.elements_per_step * core.activation_bits,
        partial_bits: design.accumulator.as_ref().map_or(0, |unit| unit.partial_bits),
        table_bits: 0,
        odd_bits: 0,
        entry_bits: 0,
        own_bits: 0,
        exact_bits: 0,
        step_sums: false,
        select_bits: 0,
        sum_bits: 0,
        sum_terms_bits: 0,
        column_bits: 0,
        value_bits: 0,
        product_beat_bits: design.drain.beat_bits,
        rounds: design.float.as_ref().is_some_and(|edge| edge.rounder.is_some()),
        scans: design.float.as_ref().is_some_and(|edge| edge.scanner.is_some()),
        row_bits_of_rounder: row_bits(design),
        scale_bits: 0,
        scale_place: 0,
        term_exponent_bits: 0,
        term_significand_bits: 0,
        reads_ahead: false,
        row_is_nan: false,
        scaler_takes_field: false,
        keeps_exponents: core.exponent_bits > 1,
        factor_bits: 0,
        terms: false,
        head_bits: 0,
        heads_are_checked: false,
        select_lines: 0,
        count_bits: 0,
        exponents_bits: 0,
        significands_bits: 0,
        rows_have_nan: false,
        rows_are_clocked: false,
        sequenced: design.sequenced.is_some(),
        phrases: TopPhrases {
            plane: if core.early_planes { "cycle" } else { "accumulate_plane" },
            module,
            weight_data: match design.weight_register.unpacker {
                Some(_) => "unpacked",
                None => "weight_data_i",
            },
            done: if core.per_group() { "group_done" } else { "run_done" },
            run: if core.shadow { "due" } else { "run" },
            begun: match (core.shadow, core.per_group()) {
                (true, _) => format!("{}_taken", CoreText::factors_of(core)),
                (false, true) => "group_done".to_owned(),
                (false, false) => "run_done".to_owned(),
            },
            factors: String::new(),
            result_width: match (&design.float, core.per_group()) {
                _ if core.scales => core.port_result_bits.to_string(),
                (Some(_), _) => core.port_result_bits.to_string(),
                (None, true) => "ResultWidth".to_owned(),
                (None, false) => "Width".to_owned(),
            },
            results: if design.float.is_some() { "results" } else { "result_data_o" },
            drained: if design.float.is_some() || core.scales { "drained" } else { "result" },
            own: if design.float.is_some() || core.scales { ["", ""] } else { ["_o", "_i"] },
            encoders: "Drain".to_owned(),
            encoded: "Width".to_owned(),
            built: "built[g*TableBits +: TableBits]",
            lane_width,
            lane_sums,
            no_chain: format!("{{{lane_width}{{1'b0}}}}"),
            // Shifting everything out at once is zero, and slang warns of it.
            chain: match design.drain.positions {
                1 => "'0".to_owned(),
                _ => format!("{lane_sums} >> (Drain * {lane_width})"),
            },
            activation_chain: if core.m > 1 { "activation_sums >> SumBits" } else { "'0" },
        },
    };
    if let Some((sum, _)) = &design.correction {
        top.sum_bits = sum.sum_bits;
        top.sum_terms_bits = sum.terms_bits;
    }
    if let Some((_, Correction::Groups(edge))) = &design.correction {
        top.column_bits = edge.select.column_bits;
        top.value_bits = edge.dequantiser.value_bits;
        top.results_fit = edge.accumulator.as_ref().is_some_and(|unit| unit.exact);
    }
    if let Some(scaling) = &design.scaling {
        top.column_bits = scaling.select.column_bits;
        (top.scale_bits, top.scale_place) = (scaling.select.scale_bits, scaling.select.place);
        top.term_exponent_bits = scaling.scaler.exponent_bits;
        top.term_significand_bits = scaling.scaler.significand_bits;
        top.reads_ahead = scaling.accumulator.reads_ahead;
        top.row_is_nan = scaling.scaler.row_is_nan;
        top.scaler_takes_field = scaling.scaler.takes_field;
    }
    top.phrases.factors = match &design.shadow {
        Some(_) => "factors[c*FactorBits".to_owned(),
        None => format!("weights[c*{}", top.column_bits),
    };
    top.factor_bits = design.shadow.as_ref().map_or(0, |shadow| shadow.group.factor_bits);
    match &design.datapath {
        Datapath::Lut(lut) => {
            top.is_lut = true;
            top.masked = lut.activation_register.masked;
            top.precomputes = lut.precompute.is_some() || lut.rounded.is_some();
            top.builds_copies = lut.builds_copies;
            top.signed = lut.decoder.signed;
            top.step_bits = lut.activation_register.step_bits;
            top.table_bits = lut.layout.bits();
            top.odd_bits = lut.table_registers.odd_bits;
            top.group_bits = top.step_bits / (core.m * core.groups);
            if let Some(rounded) = &lut.rounded {
                top.encoder = "number_encoder";
                top.encoder_ports = ["number_i", "code_o  "];
                top.encodes = true;
                top.phrases.result_width = core.port_result_bits.to_string();
                top.code_bits = rounded.lane.encoder.code_bits;
            }
            top.entry_bits = lut.layout.entry_bits;
            top.own_bits = lut.layout.own_bits();
            top.step_sums = lut.step_sum.is_some();
            if let Some(rounder) = &lut.rounder {
                top.exact_bits = rounder.sums.bits();
                top.phrases.built = "exact";
            }
            top.select_bits = lut.decoder.select_bits();
        }
        Datapath::Add(add) => {
            top.step_bits = add.operand_register.step_bits;
            top.lane = "add_lane";
            top.lane_weights_bits = add.lane.elements;
        }
        Datapath::Mac(mac) => {
            top.step_bits = mac.operand_register.step_bits;
            top.lane = "dot_lane";
            top.lane_weights_bits = mac.lane.weights_bits;
        }
        Datapath::FpMac(mac) => {
            top.step_bits = mac.operand_register.step_bits;
            match &mac.lane {
                FpLane::Fused(lane) => {
                    top.lane = "fused_lane";
                    top.operand_bits = [lane.activation.bits, lane.weight.bits];
                }
                FpLane::Discrete(lane) => {
                    top.lane = lane.unit();
                    top.operand_bits =
                        [lane.multiplier.activation.bits, lane.weights_bits / core.k];
                    top.registers_operands = lane.multiplier.activation.registers_operand;
                    if lane.adder.defers() {
                        top.encodes = true;
                        top.phrases.result_width = core.port_result_bits.to_string();
                        top.code_bits = lane.format.bits();
                        if lane.sums() > 1 {
                            top.phrases.encoders = format!("{} * Drain", lane.sums());
                            top.phrases.encoded = lane.word_bits().to_string();
                        }
                    }
                }
            }
            top.weight_code_bits = core.weight.bits();
        }
        Datapath::Term(term) => {
            top.step_bits = term.operand_register.step_bits;
            top.terms = true;
            match &term.terms.lanes {
                TermLanes::Aligned(_) => top.lane = "term_lane",
                TermLanes::Float(float) => {
                    top.lane = "float_term_lane";
                    top.exponents_bits = float.operands.exponents_bits;
                    top.significands_bits = float.operands.significands_bits;
                    top.rows_have_nan = float.operands.has_nan();
                    top.rows_are_clocked = float.operands.is_clocked();
                }
            }
            top.lane_weights_bits = term.terms.encoder.codes_bits;
            top.select_lines = term.terms.encoder.select_bits;
            top.count_bits = term.terms.encoder.count_bits;
            top.column_bits = term.terms.encoder.codes_bits;
            if let Some(head) = &term.terms.head {
                top.head_bits = head.head_bits;
                top.heads_are_checked = head.is_checked();
            }
        }
    }
    top
}

fn summary(design: &Design) -> String {
    let core = &design.core;
    let kind = match &design.datapath {
        Datapath::Lut(lut) if lut.layout.content == TableContent::Subsets => "Conventional look-up",
        Datapath::Lut(_) => "LUT Tensor Core",
        Datapath::Add(_) => "ADD array",
        Datapath::Mac(_) => "MAC array",
        Datapath::FpMac(_) => "Floating-point MAC array",
        Datapath::Term(_) => "BitMoD tile",
    };
    format!(
        "{kind}: O[{}, {}] = A[{}, K] x W[{}, K], activations {}, weights{}{}.",
        core.m,
        core.n,
        core.m,
        core.n,
        match &design.float {
            Some(edge) => {
                let (format, result) = (edge.format, edge.result);
                let integers = match edge.rounder.as_ref().and_then(|rounder| rounder.word) {
                    None => format!(" as int{}", core.activation_bits),
                    Some(_) => String::new(),
                };
                format!("{format}{integers}, results {result}")
            }
            None => match &design.datapath {
                Datapath::FpMac(FpMacDatapath { lane: FpLane::Discrete(lane), .. }) => {
                    format!("{}, products and sums {}", lane.activation, lane.format)
                }
                Datapath::Term(TermDatapath {
                    terms: Terms { lanes: TermLanes::Float(float), .. },
                    ..
                }) => {
                    format!(
                        "{}, sums of groups {}",
                        float.lane.sums.activation(),
                        float.lane.sums.sum()
                    )
                }
                Datapath::Lut(LutDatapath { rounded: Some(rounded), .. }) => {
                    let decoder = &rounded.tables.decoder;
                    format!("{}, entries and sums {}", decoder.format, decoder.number.sum)
                }
                _ => format!("int{}", core.activation_bits),
            },
        },
        if core.places_per_cycle > 1 || core.half_bits > 0 || core.early_planes {
            "\n// "
        } else {
            " "
        },
        weights(design)
    )
}

/// The weights as a summary names them.
fn weights(design: &Design) -> String {
    match &design.datapath {
        Datapath::Term(term) => {
            let types = term.terms.encoder.terms.types().iter();
            types.map(|each| each.name()).collect::<Vec<_>>().join(", ")
        }
        _ => match design.core.half_bits {
            0 => design.core.weight.to_string(),
            half => format!("{} or two int{half}", design.core.weight),
        },
    }
}

fn notes(design: &Design) -> Vec<String> {
    let core = &design.core;
    let timing = &design.timing;
    let mut notes = Vec::new();
    if core.passes {
        notes.push(
            "A run is a pass over K for each bit plane of the weights, most significant".into(),
        );
        notes.push("first; first and last enclose a pass.".into());
    }
    notes.extend([
        format!(
            "{} K elements is ceil(K / {}) k-steps. A k-step is one activation beat and",
            if core.passes { "A pass over" } else { "A run of" },
            core.elements_per_step
        ),
        format!("{}. Exact up to K = {}.", planes_of_a_step(core), core.max_k),
        format!(
            "First result beat {} cycles after the last weight beat is taken; a {} adds {} cycles in",
            timing.latency_cycles,
            if core.per_group() { "group" } else { "run" },
            timing.stall_cycles
        ),
        "which no weight beat is consumed.".to_string(),
    ]);
    notes
}

fn port_groups(ports: &[Port]) -> Vec<PortGroup> {
    let mut groups: Vec<(Stream, PortGroup)> = Vec::new();
    for port in ports {
        let text = PortText {
            direction: match port.direction {
                Direction::Input => "input ",
                Direction::Output => "output",
            },
            bits: port.bits,
            name: port.name,
        };
        match groups.last_mut() {
            Some((stream, group)) if *stream == port.stream => group.ports.push(text),
            _ => {
                let comment = group_comment(port.stream).to_string();
                let group = PortGroup { comment, ports: vec![text], is_last: false };
                groups.push((port.stream, group));
            }
        }
    }
    let mut groups: Vec<PortGroup> = groups.into_iter().map(|(_, group)| group).collect();
    if let Some(last) = groups.last_mut() {
        last.is_last = true;
    }
    groups
}

fn group_comment(stream: Stream) -> impl Display {
    match stream {
        Stream::Clock => "Clock and reset.",
        Stream::Control => "Drops everything in flight and lowers the flags.",
        Stream::Activation => {
            "Activation stream, one beat a k-step. Data: row, group, element, lowest first."
        }
        Stream::Scan => {
            "Activations on their way into the memory before the core: what their exponents are."
        }
        Stream::Command => "Commands.",
        Stream::Addend => "C, in the order of the results.",
        Stream::Fetch => "K-steps whose weights are wanted.",
        Stream::Weight => "Weight stream. Data: column, group, word, lowest first.",
        Stream::Result => "Result stream: rows in order, columns ascending, lowest first.",
        Stream::Status => "Sticky until clear_i or reset.",
    }
}
