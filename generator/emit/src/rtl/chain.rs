//! Text of chained tiles and of what is between them.

use std::ops::Deref;

use askama::Template;
use bitplane_design::{Chain, Design, Link, Port, ResultCollector, Stream};

use super::sequence::Pin;
use super::{
    BundleFile, CoreText, PortGroup, Worded, named, port_groups, print, scanner_text, summary,
};

unit_text!(StreamLinkText, "rtl/stream_link.sv", LinkUnit<'a> {});

/// A link of one stream.
struct LinkUnit<'a> {
    link: &'a Link,
    stream: &'static str,
    name: &'static str,
    title: &'static str,
    readers: &'static str,
    forwards: bool,
    has_room: &'static str,
}

impl Deref for LinkUnit<'_> {
    type Target = Link;

    fn deref(&self) -> &Link {
        self.link
    }
}

struct CollectorPhrases {
    keeps_bits: u32,
    datas_bits: u32,
    tile_index_bits: u32,
    tile: String,
    row_is_done: &'static str,
    run_is_done: String,
    /// A run's shape as it is kept, and where it comes from.
    shape: &'static str,
    run_shape: &'static str,
    rows_can_exceed: bool,
    columns_can_exceed: bool,
}

unit_text!(
    ResultCollectorText, "rtl/result_collector.sv",
    Worded<'a, ResultCollector, CollectorPhrases> {}
);

unit_text!(ChainedArrayText, "rtl/chained_array.sv", Array {});

/// Everything the array's text needs beside the core.
struct Array {
    summary: String,
    module: String,
    port_groups: Vec<PortGroup>,
    rows: u32,
    columns: u32,
    tile_m: u32,
    tile_n: u32,
    tile_rows_bits: u32,
    tile_columns_bits: u32,
    result_bits: u32,
    activation_bits: u32,
    weight_bits: u32,
    spread: Vec<Spread>,
    edge_fields: Vec<String>,
    told: Vec<Told>,
    pins: Vec<Pin>,
    counts_columns: bool,
    scans: bool,
    skews_activations: bool,
    skews_weights: bool,
}

/// A field of which each row or column of tiles takes a part, and the width of that.
struct Spread {
    constant: &'static str,
    bits: u32,
}

/// What a tile is told of a k-step.
struct Told {
    name: String,
    bits: u32,
}

/// The array of tiles in `module`, and what is between them.
pub(super) fn files(
    core: &CoreText,
    design: &Design,
    chain: &Chain,
    module: String,
) -> Vec<BundleFile> {
    let (activation, weight) = (&chain.activation_link, &chain.weight_link);
    let mut files = Vec::new();
    files.extend(skew(core, "activation", chain.activation_skew.as_ref()));
    files.extend(links(core, "activation", activation, chain.columns));
    files.extend(skew(core, "weight", chain.weight_skew.as_ref()));
    files.extend(links(core, "weight", weight, chain.rows));
    let collector = collector(core, chain);
    files.push(named(core, "result_collector", ResultCollectorText { core, unit: collector }));
    files.extend(
        chain.scanner.iter().map(|unit| named(core, "exponent_scanner", scanner_text(core, unit))),
    );
    let top = ChainedArrayText { core, unit: array(core, design, chain, module) };
    files.push(BundleFile::new(format!("rtl/{}.sv", top.unit.module), print(&top)));
    files
}

/// The links of a chain of `length` tiles.
fn links(core: &CoreText, stream: &'static str, link: &Link, length: u32) -> Vec<BundleFile> {
    let forwarding = || {
        let both = "(tile_left_d != Entries) && (next_left_d != Entries)";
        let unit =
            LinkUnit { forwards: true, has_room: both, ..link_unit(link, stream, "link", LINK) };
        named(core, &format!("{stream}_link"), StreamLinkText { core, unit })
    };
    let unit = link_unit(link, stream, "end", LAST_LINK);
    let end = named(core, &format!("{stream}_end"), StreamLinkText { core, unit });
    (length > 1).then(forwarding).into_iter().chain([end]).collect()
}

/// What holds the beats for the chains that begin later.
fn skew(core: &CoreText, stream: &'static str, link: Option<&Link>) -> Option<BundleFile> {
    let unit = link_unit(link?, stream, "skew", SKEW);
    Some(named(core, &format!("{stream}_skew"), StreamLinkText { core, unit }))
}

/// What a link is, and who takes its beats.
const LINK: [&str; 2] = ["Link of a chain of tiles", "the tile and the next link have each taken"];
const LAST_LINK: [&str; 2] = ["Last link of a chain of tiles", "the tile takes"];
const SKEW: [&str; 2] = ["Start of a chain that begins after others", "its first link takes"];

/// A link that one reader empties.
fn link_unit<'a>(
    link: &'a Link,
    stream: &'static str,
    name: &'static str,
    [title, readers]: [&'static str; 2],
) -> LinkUnit<'a> {
    let has_room = "(tile_left_d != Entries)";
    LinkUnit { link, stream, name, title, readers, forwards: false, has_room }
}

fn collector<'a>(
    core: &CoreText,
    chain: &'a Chain,
) -> Worded<'a, ResultCollector, CollectorPhrases> {
    let unit = &chain.collector;
    let both = unit.tile_row_bits > 0 && unit.tile_column_bits > 0;
    let tile_index_bits = (u32::BITS - (unit.tiles - 1).leading_zeros()).max(1);
    let wide = |name: &str| format!("{tile_index_bits}'({name})");
    let phrases = CollectorPhrases {
        keeps_bits: unit.tiles * core.drain,
        datas_bits: unit.tiles * unit.data_bits,
        tile_index_bits,
        tile: match both {
            true => format!(
                "{} * {tile_index_bits}'d{} + {}",
                wide("tile_row_q"),
                chain.columns,
                wide("tile_column_q")
            ),
            false if unit.tile_row_bits > 0 => "tile_row_q".to_owned(),
            false => "tile_column_q".to_owned(),
        },
        row_is_done: match unit.counts_columns {
            true => "(columns_left <= ColumnsBits'(Drain))",
            false => "1'b1",
        },
        run_is_done: match unit.tile_row_bits {
            0 => "tiles_are_done".to_owned(),
            _ => format!(
                "tiles_are_done\n                          && (rows <= (RowsBits'(tile_row_q) + RowsBits'(1)) * RowsBits'({}))",
                chain.tile.core.m
            ),
        },
        shape: match (unit.tile_row_bits > 0, unit.counts_columns) {
            (true, true) => "{rows, columns}",
            (true, false) => "rows",
            (false, _) => "columns",
        },
        run_shape: match (unit.tile_row_bits > 0, unit.counts_columns) {
            (true, true) => "{run_rows_i, run_columns_i}",
            (true, false) => "run_rows_i",
            (false, _) => "run_columns_i",
        },
        rows_can_exceed: !(core.m + 1).is_power_of_two(),
        columns_can_exceed: !(core.n + 1).is_power_of_two(),
    };
    Worded { unit, phrases }
}

fn array(core: &CoreText, design: &Design, chain: &Chain, module: String) -> Array {
    let tile = &chain.tile;
    let of_tile = |name: &str| tile.ports.iter().find(|port| port.name == name);
    let spread = [
        ("ExponentsBits", "activation_exponents_i"),
        ("ActivationDataBits", "activation_data_i"),
        ("WeightDataBits", "weight_data_i"),
    ];
    let spread = spread.into_iter().filter_map(|(constant, name)| {
        let bits = of_tile(name)?.bits;
        Some(Spread { constant, bits })
    });
    let told: Vec<&Port> = tile.ports.iter().filter(|port| is_told(port)).collect();
    Array {
        summary: summary(design),
        module,
        port_groups: port_groups(&chain.ports),
        rows: chain.rows,
        columns: chain.columns,
        tile_m: tile.core.m,
        tile_n: tile.core.n,
        tile_rows_bits: tile.core.rows_bits,
        tile_columns_bits: tile.core.columns_bits,
        result_bits: chain.collector.data_bits,
        activation_bits: chain.activation_link.data_bits,
        weight_bits: chain.weight_link.data_bits,
        spread: spread.collect(),
        edge_fields: told.iter().map(|port| edge_field(port)).collect(),
        told: told
            .iter()
            .map(|port| Told { name: step_net(port), bits: told_bits(core, port) })
            .collect(),
        pins: tile.ports.iter().map(pin).collect(),
        counts_columns: chain.collector.counts_columns,
        scans: chain.scanner.is_some(),
        skews_activations: chain.activation_skew.is_some(),
        skews_weights: chain.weight_skew.is_some(),
    }
}

/// Whether `port` of a tile travels with a k-step.
fn is_told(port: &Port) -> bool {
    let handshake = ["activation_valid_i", "activation_ready_o"];
    port.stream == Stream::Activation && !handshake.contains(&port.name)
}

/// Columns are told of all tiles together.
fn told_bits(core: &CoreText, port: &Port) -> u32 {
    if port.name == "activation_columns_i" { core.columns_bits } else { port.bits }
}

/// The signal of what travels with a k-step.
fn step_net(port: &Port) -> String {
    port.name.trim_end_matches("_i").replace("activation_", "step_")
}

/// What a row of tiles takes of a field of the port.
fn edge_field(port: &Port) -> String {
    let part = |bits: &str| format!("{}[r*{bits} +: {bits}]", port.name);
    match port.name {
        "activation_rows_i" => "tile_rows".to_owned(),
        "activation_exponents_i" => part("ExponentsBits"),
        "activation_data_i" => part("ActivationDataBits"),
        name => name.to_owned(),
    }
}

/// What a port of a tile is connected to.
fn pin(port: &Port) -> Pin {
    let net = match port.name {
        "activation_valid_i" => "step_valid".to_owned(),
        "activation_ready_o" => "step_ready".to_owned(),
        "activation_columns_i" => "tile_columns".to_owned(),
        "weight_valid_i" => "beat_valid".to_owned(),
        "weight_ready_o" => "beat_ready".to_owned(),
        "weight_last_i" => "beat[WeightBits-1]".to_owned(),
        "weight_data_i" => "beat[WeightDataBits-1:0]".to_owned(),
        "result_valid_o" => "tile_result_valid[Tile]".to_owned(),
        "result_ready_i" => "tile_result_ready[Tile]".to_owned(),
        "result_last_o" => "tile_result_last[Tile]".to_owned(),
        "result_keep_o" => "tile_result_keep[Tile*Drain +: Drain]".to_owned(),
        "result_data_o" => "tile_result_data[Tile*ResultBits +: ResultBits]".to_owned(),
        "error_o" => "tile_error[Tile]".to_owned(),
        "overflow_o" => "tile_overflow[Tile]".to_owned(),
        _ if port.stream == Stream::Activation => step_net(port),
        name => name.to_owned(),
    };
    Pin { port: port.name.to_owned(), net }
}
