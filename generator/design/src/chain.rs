use bitplane_spec::Spec;

use crate::core::{Core, bits_to_hold};
use crate::design::{Design, UnitCount, unit};
use crate::float::ExponentScanner;
use crate::port::{Port, Stream, ports};

/// Tiles that share the rows and columns of a core: weights pass from each row of tiles to the next,
/// activations from each column of tiles to the next (BitMoD, section IV-B, "tiles connected in a systolic
/// manner"). Outside they are one core of m x n.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// Rows of tiles.
    pub rows: u32,
    /// Columns of tiles.
    pub columns: u32,
    /// One of the tiles, a core by itself but for the scan port.
    pub tile: Box<Design>,
    /// Of the activations, one for each tile.
    pub activation_link: Link,
    /// Before the other rows of tiles than the first, where activations wait long for weights.
    pub activation_skew: Option<Link>,
    /// Of the weights, one for each tile.
    pub weight_link: Link,
    /// Before the other columns of tiles than the first, where weights wait long for activations.
    pub weight_skew: Option<Link>,
    /// Beside the memory of the activations, for all rows.
    pub scanner: Option<ExponentScanner>,
    /// Behind the tiles.
    pub collector: ResultCollector,
    /// Ports between the array and what is around it.
    pub ports: Vec<Port>,
}

/// What takes the beats of a stream for a tile and for the next link (`<name>_activation_link`,
/// `<name>_weight_link`), or for a tile alone (`<name>_activation_end`, `<name>_weight_end`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Bits of a beat with what is told of it.
    pub data_bits: u32,
    /// Beats that it holds, a power of two.
    pub entries: u32,
    /// Width of a number of beats, 0 to `entries`.
    pub count_bits: u32,
    /// Width of a place among them; 0 for one.
    pub place_bits: u32,
}

impl Link {
    fn of(data_bits: u32, entries: u32) -> Self {
        Self {
            data_bits,
            entries,
            count_bits: bits_to_hold(entries.into()),
            place_bits: bits_to_hold(u64::from(entries) - 1),
        }
    }

    /// What keeps beats of a stream that comes `lag` cycles early, one in every `period` cycles; none where
    /// the links and the tile's own register do.
    fn skewing(data_bits: u32, lag: u32, period: u32) -> Option<Self> {
        let entries = (lag / period + 1).max(Self::ENTRIES).next_power_of_two();
        (lag >= period).then(|| Self::of(data_bits, entries))
    }

    /// With two places a beat is taken in every cycle though ready comes from a register.
    const ENTRIES: u32 = 2;

    /// Flip-flops: the beats, ready, the place of the next, and how many are left for the tile and for the
    /// next link, if there is one.
    fn flops(&self, forwards: bool) -> u64 {
        let readers = if forwards { 2 } else { 1 };
        u64::from(self.entries * self.data_bits + 1 + self.place_bits + readers * self.count_bits)
    }
}

/// What sends the results of all tiles row by row (`<name>_result_collector`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultCollector {
    /// Tiles in all.
    pub tiles: u32,
    /// Width of the number of a row of tiles; 0 for one.
    pub tile_row_bits: u32,
    /// Width of the number of a column of tiles; 0 for one.
    pub tile_column_bits: u32,
    /// Last beat of a tile's row.
    pub last_beat: u32,
    /// Width of the number of a beat of a tile's row; 0 for one, or for one column of tiles.
    pub beat_bits: u32,
    /// Whether a row of all tiles takes several beats.
    pub counts_columns: bool,
    /// Bits of what is kept of a run: its rows where there are several of tiles, and its columns.
    pub shape_bits: u32,
    /// Runs whose results have not left, at most.
    pub runs: u32,
    /// Width of their number.
    pub runs_bits: u32,
    /// Width of a run's place among them.
    pub place_bits: u32,
    /// Bits of the results of a beat.
    pub data_bits: u32,
}

impl ResultCollector {
    /// One run leaves, one waits in the lanes, one is under way, and one begins in the links.
    const RUNS: u32 = 4;

    fn of(core: &Core, tile: &Core, [rows, columns]: [u32; 2]) -> Self {
        let places = |count: u32| bits_to_hold(u64::from(count) - 1);
        let beats = tile.n / tile.drain;
        let counts_columns = core.n > core.drain;
        Self {
            tiles: rows * columns,
            tile_row_bits: places(rows),
            tile_column_bits: places(columns),
            last_beat: beats - 1,
            beat_bits: if columns > 1 { places(beats) } else { 0 },
            counts_columns,
            shape_bits: if rows > 1 { core.rows_bits } else { 0 }
                + if counts_columns { core.columns_bits } else { 0 },
            runs: Self::RUNS,
            runs_bits: bits_to_hold(Self::RUNS.into()),
            place_bits: places(Self::RUNS),
            data_bits: core.drain * core.port_result_bits,
        }
    }

    /// Flip-flops: ready and error, shapes, places and number of the runs, columns left and whether these are
    /// a run's, and which beat of which tile.
    fn flops(&self, core: &Core) -> u64 {
        let runs = 2 + self.runs * self.shape_bits + 2 * self.place_bits + self.runs_bits;
        let columns = if self.counts_columns { core.columns_bits + 1 } else { 0 };
        let places = self.tile_row_bits + self.tile_column_bits + self.beat_bits;
        u64::from(runs + columns + places)
    }
}

impl Chain {
    /// The tiles of `spec`, which chains several, under `whole`, the core that they are together.
    pub(crate) fn of(spec: &Spec, whole: &Design) -> Self {
        let one = spec.of_one_tile();
        let mut tile = Design::of_one(&one);
        tile.sequenced = None;
        tile.ports = ports(&one, &tile.core);
        tile.ports.retain(|port| port.stream != Stream::Scan);
        // Where a run is smaller than the array there are tiles without a row or column of it.
        tile.control.counts_can_be_zero = true;
        let scanner = tile.float.as_mut().and_then(|edge| edge.scanner.take());
        let bits = |stream: Stream| {
            let carried = tile.ports.iter().filter(|port| port.stream == stream);
            let handshake = 2;
            carried.map(|port| port.bits).sum::<u32>() - handshake
        };
        // Columns are told of all tiles: each takes its own.
        let other_columns = whole.core.columns_bits - tile.core.columns_bits;
        let spread = [spec.chain.rows, spec.chain.columns];
        let activation_bits = bits(Stream::Activation) + other_columns;
        let weight_bits = bits(Stream::Weight);
        let period = fewest_cycles(spec);
        Self {
            rows: spec.chain.rows,
            columns: spec.chain.columns,
            activation_link: Link::of(activation_bits, Link::ENTRIES),
            activation_skew: Link::skewing(activation_bits, spec.chain.rows - 1, period),
            weight_link: Link::of(weight_bits, Link::ENTRIES),
            weight_skew: Link::skewing(weight_bits, spec.chain.columns - 1, period),
            scanner: scanner.and(whole.float.as_ref()).and_then(|edge| edge.scanner.clone()),
            collector: ResultCollector::of(&whole.core, &tile.core, spread),
            ports: ports(spec, &whole.core),
            tile: Box::new(tile),
        }
    }

    /// Cycles of the first beats on their way to the first tile.
    pub(crate) const LATENCY: u32 = 1;

    /// Flip-flops of `each` that are the same in all tiles, so that synthesis keeps those of one: drains from
    /// registers of their own follow `clear_i` alone in what they clear.
    fn same_flops(&self, each: &UnitCount) -> u64 {
        let other_tiles = u64::from(self.rows * self.columns - 1);
        let is_same = each.unit == "result_drain" && self.tile.core.shadow;
        if is_same { other_tiles } else { 0 }
    }

    /// Cycles in which a tile waits between its rows for those of the tiles beside it.
    pub(crate) fn result_wait(&self, core: &Core) -> u32 {
        let of_others = (core.n - self.tile.core.n) / core.drain;
        (self.tile.core.m - 1) * of_others
    }

    /// Units of all tiles, and what is between them.
    pub(crate) fn units(&self, core: &Core) -> Vec<UnitCount> {
        let tiles = u64::from(self.rows * self.columns);
        let of_tiles = self.tile.units().into_iter().map(|each| UnitCount {
            count: tiles * each.count,
            flops: tiles * each.flops - self.same_flops(&each),
            ..each
        });
        let scanner =
            self.scanner.as_ref().map(|scanner| unit("exponent_scanner", 1, scanner.flops(core)));
        let skew = |name, link: Option<Link>, chains: u32| {
            let skew = link.map(|link| unit(name, u64::from(chains - 1), link.flops(false)));
            skew.into_iter().collect::<Vec<_>>()
        };
        let between = [
            skew("activation_skew", self.activation_skew, self.rows),
            links(
                ["activation_link", "activation_end"],
                self.activation_link,
                self.rows,
                self.columns,
            ),
            skew("weight_skew", self.weight_skew, self.columns),
            links(["weight_link", "weight_end"], self.weight_link, self.columns, self.rows),
            vec![unit("tile", tiles, 0)],
        ];
        let behind = [unit("result_collector", 1, self.collector.flops(core))];
        between.into_iter().flatten().chain(of_tiles).chain(behind).chain(scanner).collect()
    }
}

/// Cycles of a k-step of the data types that take the fewest.
fn fewest_cycles(spec: &Spec) -> u32 {
    let plans = spec.terms().into_iter().flat_map(|terms| terms.plans());
    plans.map(|plan| plan.cycles).min().unwrap_or(1)
}

/// The links of `chains` chains of `length` tiles each; the last has no next one.
fn links([link, end]: [&'static str; 2], each: Link, chains: u32, length: u32) -> Vec<UnitCount> {
    let forwarding = u64::from(chains * (length - 1));
    let links = (forwarding > 0).then(|| unit(link, forwarding, each.flops(true)));
    links.into_iter().chain([unit(end, chains.into(), each.flops(false))]).collect()
}
