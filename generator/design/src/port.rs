use bitplane_spec::{Architecture, Precompute, Spec};

use crate::core::Core;

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
pub(crate) fn ports(spec: &Spec, core: &Core, step_bits: u32) -> Vec<Port> {
    let mut ports = clock(core);
    ports.extend(activation(spec, core, step_bits));
    ports.extend(weight(spec, core));
    ports.extend(result(core));
    ports.push(output(Stream::Status, "error_o", 1, "illegal code or protocol violation; sticky"));
    ports.push(output(Stream::Status, "overflow_o", 1, "run longer than max_k; sticky"));
    ports
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

fn activation(spec: &Spec, core: &Core, step_bits: u32) -> Vec<Port> {
    use Stream::Activation as A;
    let mut ports = vec![
        input(A, "activation_valid_i", 1, "a k-step is offered"),
        output(A, "activation_ready_o", 1, "a k-step can be taken; from a register"),
        input(A, "activation_first_i", 1, "first k-step of a run"),
        input(A, "activation_last_i", 1, "last k-step of a run"),
        input(A, "activation_rows_i", core.rows_bits, "rows kept, 1 to m; sampled on first"),
        input(
            A,
            "activation_columns_i",
            core.columns_bits,
            "columns kept, 1 to n; sampled on first",
        ),
    ];
    if core.corrected {
        let meaning = "reinterpreted zero point z', 0 or odd, signed; sampled on first";
        ports.push(input(A, "activation_zero_point_i", core.zero_point_bits, meaning));
    }
    let external = matches!(&spec.architecture,
        Architecture::LutTensorCore(table) if table.precompute == Precompute::External);
    if external {
        let meaning = "tables: row, group, lowest first; of each the lowest bit that all entries share, then \
                       the other bits of entry after entry";
        ports.push(input(A, "activation_data_i", step_bits, meaning));
    } else {
        let keep = "element counts; group, then element, lowest first";
        ports.push(input(A, "activation_keep_i", core.elements_per_step, keep));
        let meaning = "row, group, element, lowest first, two's complement";
        ports.push(input(A, "activation_data_i", step_bits, meaning));
    }
    ports
}

fn weight(spec: &Spec, core: &Core) -> Vec<Port> {
    use Stream::Weight as W;
    let bits = core.n * core.groups * spec.weight_word_bits();
    vec![
        input(W, "weight_valid_i", 1, "a beat is offered"),
        output(W, "weight_ready_o", 1, "a beat can be taken; from a register"),
        input(W, "weight_last_i", 1, "last beat of a run"),
        input(W, "weight_data_i", bits, "column, group, word, lowest first"),
    ]
}

fn result(core: &Core) -> Vec<Port> {
    use Stream::Result as R;
    let bits = core.drain * core.accumulator_bits;
    vec![
        output(R, "result_valid_o", 1, "a beat is offered"),
        input(R, "result_ready_i", 1, "a beat can be taken"),
        output(R, "result_last_o", 1, "last beat of a run"),
        output(R, "result_keep_o", core.drain, "result counts; lowest column first"),
        output(R, "result_data_o", bits, "results of one row, lowest column first, signed"),
    ]
}
