use bitplane_formats::{TermArray, WeightWord};
use bitplane_spec::lmma::{FieldName, WORD_BITS};
use bitplane_spec::{Buffers, Spec};

use crate::core::{Core, bits_to_hold};

/// Which way a port faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the core.
    Input,
    /// Out of the core.
    Output,
}

/// What a port belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Clock and reset.
    Clock,
    /// `clear_i`.
    Control,
    /// Activation stream, one beat a k-step.
    Activation,
    /// Activations on their way into the memory that the activation stream comes from.
    Scan,
    /// Command words, where the core takes them.
    Command,
    /// The matrix C, where the core adds one.
    Addend,
    /// The k-steps whose weights are wanted, where others are skipped.
    Fetch,
    /// Weight stream, one beat a plane (a k-step in a MAC array).
    Weight,
    /// Result stream.
    Result,
    /// Sticky flags.
    Status,
}

/// One port of the top module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name with its `_i` or `_o`.
    pub name: &'static str,
    /// Which way it faces.
    pub direction: Direction,
    /// Width.
    pub bits: u32,
    /// What it belongs to.
    pub stream: Stream,
    /// Meaning and bit order.
    pub meaning: String,
}

fn input(stream: Stream, name: &'static str, bits: u32, meaning: impl Into<String>) -> Port {
    Port { name, direction: Direction::Input, bits, stream, meaning: meaning.into() }
}

fn output(stream: Stream, name: &'static str, bits: u32, meaning: impl Into<String>) -> Port {
    Port { name, direction: Direction::Output, bits, stream, meaning: meaning.into() }
}

/// Ports of the top module in order.
pub(crate) fn ports(spec: &Spec, core: &Core) -> Vec<Port> {
    let mut ports = clock(core);
    ports.extend(activation(spec, core));
    ports.extend(scan(spec, core));
    ports.extend(weight(spec, core));
    ports.extend(result(spec, core));
    ports.push(output(Stream::Status, "error_o", 1, "illegal code or protocol violation; sticky"));
    ports.push(output(Stream::Status, "overflow_o", 1, "run longer than max_k; sticky"));
    ports
}

/// Outputs of the core itself that tell a sequencer which beat of a narrow port is the last.
pub(crate) fn whole_ports(spec: &Spec) -> Vec<Port> {
    let told = |narrow: bool, stream, name| {
        narrow
            .then(|| output(stream, name, 1, "the beat that can be taken is the last of its step"))
    };
    let activation = spec.activation_bus_beats() > 1;
    let weight = spec.weight_bus_beats() > 1;
    told(activation, Stream::Activation, "activation_whole_o")
        .into_iter()
        .chain(told(weight, Stream::Weight, "weight_whole_o"))
        .collect()
}

/// What the sequencer says of a k-step or a weight beat, so that the streams do not.
const SEQUENCED: [&str; 9] = [
    "activation_first_i",
    "activation_last_i",
    "activation_group_last_i",
    "activation_rows_i",
    "activation_columns_i",
    "activation_weight_bits_i",
    "activation_zero_point_i",
    "activation_keep_i",
    "weight_last_i",
];

/// Ports of the top module of a core that takes commands, from those of the core itself.
pub(crate) fn sequenced_ports(spec: &Spec, core: &Core, inner: &[Port]) -> Vec<Port> {
    let mut ports = Vec::new();
    for port in inner.iter().filter(|port| !SEQUENCED.contains(&port.name)) {
        let port = port.clone();
        match port.name {
            "activation_valid_i" => {
                ports.extend(command());
                ports.push(port);
            }
            "weight_valid_i" => {
                ports.extend(fetch(spec));
                ports.push(port);
            }
            "activation_ready_o" | "weight_ready_o" => {
                let buffers = spec.buffers();
                let buffered = match port.name {
                    "weight_ready_o" => buffers.weight > 0,
                    _ => buffers.activation > 0,
                };
                // A buffer takes beats ahead of their command.
                let meaning = match buffered {
                    true => port.meaning.clone(),
                    false => port
                        .meaning
                        .replace("can be taken", "can be taken and belongs to a command"),
                };
                ports.push(Port { meaning, ..port });
            }
            "result_valid_o" => {
                ports.extend(addend(spec, core));
                ports.push(port);
            }
            "result_last_o" => {
                ports.push(Port { meaning: "last beat of a command".to_owned(), ..port });
                let bits = FieldName::Id.field().bits;
                ports.push(output(Stream::Result, "result_id_o", bits, "number of the command"));
            }
            "result_data_o" => {
                ports.push(Port { bits: core.drain * spec.port_result_bits(), ..port });
            }
            "error_o" => {
                let overfull = match spec.buffers() {
                    Buffers { activation: 0, weight: 0, .. } => "",
                    _ => ", or one whose tiles do not fit a buffer",
                };
                let meaning = format!("illegal command, which is dropped{overfull}; sticky");
                ports.push(Port { meaning, ..port });
            }
            "overflow_o" => {
                let meaning = "a sum with C left its format; sticky".to_owned();
                let kept = Port { meaning, ..port.clone() };
                ports.push(if spec.addend().is_some() { kept } else { port });
            }
            _ => ports.push(port),
        }
    }
    ports
}

fn command() -> Vec<Port> {
    use Stream::Command as C;
    vec![
        input(C, "command_valid_i", 1, "a command is offered"),
        output(C, "command_ready_o", 1, "a command can be taken; from a register"),
        input(C, "command_data_i", WORD_BITS, "command word"),
    ]
}

/// Requests of weights, which are sent in that order; there is nothing to wait for, and at most two of
/// them wait for their weights.
fn fetch(spec: &Spec) -> Vec<Port> {
    use Stream::Fetch as F;
    if !spec.skips() {
        return Vec::new();
    }
    let number = "number of the k-step in K, from 0; a tile ends with its last one";
    vec![
        output(F, "fetch_valid_o", 1, "the weights of a k-step are wanted; for one cycle"),
        output(F, "fetch_step_o", step_number_bits(spec), number),
    ]
}

/// Width of the number of a k-step.
pub(crate) fn step_number_bits(spec: &Spec) -> u32 {
    bits_to_hold(spec.max_steps() - 1).max(1)
}

fn addend(spec: &Spec, core: &Core) -> Vec<Port> {
    use Stream::Addend as A;
    let Some(format) = spec.addend() else { return Vec::new() };
    let bits = core.drain * format.bits();
    vec![
        input(A, "addend_valid_i", 1, "a beat of C is offered"),
        output(A, "addend_ready_o", 1, "a beat of C can be taken; from a register"),
        input(
            A,
            "addend_data_i",
            bits,
            "C in the order of the results, one beat for each of theirs",
        ),
    ]
}

fn clock(core: &Core) -> Vec<Port> {
    let reset = if core.reset_is_async {
        "reset, low; asserted asynchronously, released synchronously by the integrator"
    } else {
        "reset, low; sampled at the clock edge"
    };
    vec![
        input(Stream::Clock, "clk_i", 1, "clock"),
        input(Stream::Clock, "rst_ni", 1, reset),
        input(Stream::Control, "clear_i", 1, "drops everything in flight, lowers the flags"),
    ]
}

fn activation(spec: &Spec, core: &Core) -> Vec<Port> {
    use Stream::Activation as A;
    let whole = whole(core);
    let sampled =
        if core.passes { "sampled on first of the first pass" } else { "sampled on first" };
    let mut ports = vec![
        input(A, "activation_valid_i", 1, "a k-step is offered"),
        output(A, "activation_ready_o", 1, "a k-step can be taken; from a register"),
        input(A, "activation_first_i", 1, format!("first k-step of {whole}")),
        input(A, "activation_last_i", 1, format!("last k-step of {whole}")),
    ];
    if core.told_of_groups {
        let meaning = "last k-step of a quantisation group";
        ports.push(input(A, "activation_group_last_i", 1, meaning));
    }
    ports.extend([
        input(A, "activation_rows_i", core.rows_bits, format!("rows kept, 1 to m; {sampled}")),
        input(
            A,
            "activation_columns_i",
            core.columns_bits,
            format!("columns kept, 1 to n; {sampled}"),
        ),
    ]);
    if core.run_bits_bits > 0 {
        let bits = core.weight.bits();
        let meaning = match core.half_bits {
            0 => format!("bit planes b of the weights, 1 to {bits}; {sampled}"),
            half => format!("bits of the weights, {bits}, or {half} of two in each; {sampled}"),
        };
        ports.push(input(A, "activation_weight_bits_i", core.run_bits_bits, meaning));
    }
    if core.corrected {
        let meaning =
            format!("reinterpreted zero point z', 0 or odd up to 2^b - 1, signed; {sampled}");
        ports.push(input(A, "activation_zero_point_i", core.zero_point_bits, meaning));
    }
    if core.exponents_bits > 0 {
        let meaning = format!("{}; in every k-step of a {}", exponents(core), block(core));
        ports.push(input(A, "activation_exponents_i", core.exponents_bits, meaning));
    }
    if spec.has_external_tables() {
        let shares = spec.table_layout().is_some_and(|layout| layout.shared_bits() > 0);
        let meaning = if shares {
            "tables: row, group, lowest first; of each the lowest bit that all entries share, then \
             the other bits of entry after entry"
        } else {
            "tables: row, group, entry 1 and up, lowest first, two's complement"
        };
        let meaning = carried(meaning, spec.activation_bus_beats(), "a k-step");
        ports.push(input(A, "activation_data_i", spec.bus.activation, meaning));
    } else {
        let numbers = numbers(spec);
        let keep = "element counts; group, then element, lowest first";
        ports.push(input(A, "activation_keep_i", core.elements_per_step, keep));
        let meaning = format!("row, group, element, lowest first, {numbers}");
        let meaning = carried(&meaning, spec.activation_bus_beats(), "a k-step");
        ports.push(input(A, "activation_data_i", spec.bus.activation, meaning));
    }
    ports
}

/// How activations are written.
fn numbers(spec: &Spec) -> String {
    match spec.float {
        Some(float) => float.format.to_string(),
        None => "two's complement".to_owned(),
    }
}

/// What a block of activations is in each row.
fn block(core: &Core) -> &'static str {
    if core.group_blocks { "quantisation group" } else { "run" }
}

/// What the field of a row's block of activations holds.
fn exponents(core: &Core) -> &'static str {
    if core.sum_blocks {
        "biased exponent that the magnitudes of no k of each row's activations add up to twice of, row 0 lowest; 0 if \
         one is no number"
    } else if core.exponent_bits > 1 {
        "largest biased exponent of each row's activations, row 0 lowest; 0 if one is no number"
    } else {
        "whether all activations of each row are numbers, row 0 lowest"
    }
}

/// The write port of the activation memory, where exponents are found before they are needed.
fn scan(spec: &Spec, core: &Core) -> Vec<Port> {
    use Stream::Scan as S;
    if core.exponent_bits == 0 || spec.has_external_tables() {
        return Vec::new();
    }
    let keep = "element counts; group, then element, lowest first";
    let data = format!("row, group, element, lowest first, {}", numbers(spec));
    let bits = spec.activation_step_bits();
    vec![
        input(S, "scan_valid_i", 1, "a k-step of activations is written"),
        input(S, "scan_first_i", 1, format!("first k-step of a {}", block(core))),
        input(S, "scan_last_i", 1, format!("last k-step of a {}", block(core))),
        input(S, "scan_keep_i", core.elements_per_step, keep),
        input(S, "scan_data_i", bits, data),
        output(
            S,
            "scan_done_o",
            1,
            format!("the exponents are those of a whole {}; for one cycle", block(core)),
        ),
        output(S, "scan_exponents_o", core.exponents_bits, exponents(core)),
    ]
}

/// The meaning of a data port that carries `whole` in so many beats.
fn carried(meaning: &str, beats: u32, whole: &str) -> String {
    match beats {
        1 => meaning.to_string(),
        _ => format!(
            "{meaning}; {beats} beats for {whole}, lowest bits first; the other fields are read with \
             the last"
        ),
    }
}

/// What first and last enclose.
fn whole(core: &Core) -> &'static str {
    if core.passes { "a pass over K" } else { "a run" }
}

fn weight(spec: &Spec, core: &Core) -> Vec<Port> {
    use Stream::Weight as W;
    let meaning = if core.scales {
        match core.group_zero_points {
            true => {
                "column, group, word, lowest first; behind a quantisation group's last plane each \
                 column's reinterpreted zero point z', 0 or odd, signed, in its lowest bits, and above \
                 it the scale"
            }
            false => {
                "column, group, word, lowest first; behind a quantisation group's last plane each \
                 column's scale in its lowest bits"
            }
        }
    } else if core.per_group() {
        "column, group, word, lowest first; behind a quantisation group's last plane each column's \
         reinterpreted zero point z', 0 or odd, signed, in its lowest bits"
    } else if spec.port_word().word == WeightWord::TernaryBytes {
        "column, byte, lowest first; five weights of a k-step in each byte"
    } else {
        "column, group, word, lowest first"
    };
    let meaning = match spec.terms() {
        Some(terms) => term_weights(terms),
        None => meaning.to_owned(),
    };
    let meaning = carried(&meaning, spec.weight_bus_beats(), "all columns");
    vec![
        input(W, "weight_valid_i", 1, "a beat is offered"),
        output(W, "weight_ready_o", 1, "a beat can be taken; from a register"),
        input(W, "weight_last_i", 1, format!("last beat of {}", whole(core))),
        input(W, "weight_data_i", spec.bus.weight, meaning),
    ]
}

/// What the weight beats of a `bitmod_tile` carry.
fn term_weights(terms: &TermArray) -> String {
    let codes = "column, code, lowest first, for all cycles of a k-step";
    let factors = "behind a quantisation group each column's scale in its lowest bits";
    let [number, special] = [terms.type_bits(), terms.special_cycles()];
    let number = (number > 0).then(|| format!("the number of its data type, {number} bits"));
    let shift = terms.shift_bits();
    let special = (special > 0).then(|| {
        format!(
            "for each of {special} cycles the term of its special value: {shift} bits of shift, whether there \
             is one, its sign"
        )
    });
    let told: Vec<String> = number.into_iter().chain(special).collect();
    match told.is_empty() {
        true => format!("{codes}; {factors}"),
        false => format!(
            "before a quantisation group of each column in its lowest bits {}; then {codes}; {factors}",
            told.join(", ")
        ),
    }
}

fn result(spec: &Spec, core: &Core) -> Vec<Port> {
    use Stream::Result as R;
    let bits = core.drain * core.port_result_bits;
    let numbers = spec.result_format().map_or("signed".to_owned(), |format| format.to_string());
    let of_pairs = match core.half_bits {
        0 => "",
        _ => "; two of a column, that of the first weight lowest, +0 above that of a whole weight",
    };
    vec![
        output(R, "result_valid_o", 1, "a beat is offered"),
        input(R, "result_ready_i", 1, "a beat can be taken"),
        output(R, "result_last_o", 1, "last beat of a run"),
        output(R, "result_keep_o", core.drain, "result counts; lowest column first"),
        output(
            R,
            "result_data_o",
            bits,
            format!("results of one row, lowest column first, {numbers}{of_pairs}"),
        ),
    ]
}
