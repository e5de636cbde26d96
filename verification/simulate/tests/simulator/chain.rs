//! Tiles that are chained: faults in what is between them that are caught.

use crate::common::verilator;
use crate::faults::{Fault, assert_caught, regression_with};

/// Four tiles of data types of two and three cycles, which drain while they go on.
const SQUARE: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp16'\n\
                      weight.format = ['bitmod_fp4', 'int6']\n\
                      chain = { rows = 2, columns = 2 }\n\
                      tile = { m = 4, n = 4, k = 4 }\naccumulate.max_k = 200\n\
                      group = { scale = 'int8', size = 24, scale_units = 1, drain = 'shadow' }\n";

/// Six tiles of weights that take one cycle, of which some wait for activations or weights.
const LONG: &str = "kind = 'bitmod_tile'\nactivation.format = 'fp8_e4m3'\n\
                    weight.format = [{ name = 'quad', values = [-2, -1, 0, 1], fraction_bits = 0 }]\n\
                    chain = { rows = 2, columns = 3 }\n\
                    tile = { m = 2, n = 6, k = 4 }\n\
                    accumulate = { max_k = 200, align_bits = 8 }\n\
                    group = { scale = 'e8m0', size = 32, scale_units = 1 }\n";

const FAULTS: &[Fault] = &[
    Fault {
        name: "a beat that the next link has not taken is overwritten",
        core: SQUARE,
        unit: "activation_link",
        right: "(tile_left_d != Entries) && (next_left_d != Entries)",
        wrong: "(tile_left_d != Entries) && ((next_left_d != Entries) || 1'b1)",
    },
    Fault {
        name: "a beat that the tile has not taken is overwritten",
        core: SQUARE,
        unit: "weight_end",
        right: "    ready_d = (tile_left_d != Entries);",
        wrong: "    ready_d = (tile_left_d != Entries) || 1'b1;",
    },
    Fault {
        name: "the next link is given the beat of the tile",
        core: SQUARE,
        unit: "weight_link",
        right: "  assign next_place   = place_q - PlaceBits'(next_left_q);",
        wrong: "  assign next_place   = place_q - PlaceBits'(tile_left_q);",
    },
    Fault {
        name: "clear leaves a beat for the tile",
        core: SQUARE,
        unit: "weight_link",
        right: "      tile_left_d = '0;",
        wrong: "      tile_left_d = tile_left_q;",
    },
    Fault {
        name: "clear leaves a beat for the next link",
        core: SQUARE,
        unit: "activation_link",
        right: "      next_left_d = '0;",
        wrong: "      next_left_d = next_left_q;",
    },
    Fault {
        name: "a chain that begins later loses a beat",
        core: LONG,
        unit: "weight_skew",
        right: "    ready_d = (tile_left_d != Entries);",
        wrong: "    ready_d = (tile_left_d != Entries) || 1'b1;",
    },
    Fault {
        name: "a beat is taken before every column has room",
        core: LONG,
        unit: "",
        right: "  assign beat_taken         = weight_valid_i && weight_ready_o;",
        wrong: "  assign beat_taken         = weight_valid_i && column_ready[0];",
    },
    Fault {
        name: "a run begins before every row of tiles has room",
        core: LONG,
        unit: "",
        right: "(&row_ready) && run_ready;",
        wrong: "(|row_ready) && run_ready;",
    },
    Fault {
        name: "rows are counted from the first tile on",
        core: SQUARE,
        unit: "",
        right: "TileRowsBits'(activation_rows_i - RowsBits'(r * Rows))",
        wrong: "TileRowsBits'(activation_rows_i - RowsBits'(r))",
    },
    Fault {
        name: "a tile without a column of the run gives a result",
        core: SQUARE,
        unit: "",
        right: "TileColumnsBits'(step_columns - ColumnsBits'(c * Columns)) : '0;",
        wrong: "TileColumnsBits'(step_columns - ColumnsBits'(c * Columns)) : TileColumnsBits'(1);",
    },
    Fault {
        name: "an error of one tile is not told",
        core: SQUARE,
        unit: "",
        right: "(|tile_error) || collector_error",
        wrong: "(&tile_error) || collector_error",
    },
    Fault {
        name: "an overflow is not told",
        core: SQUARE,
        unit: "",
        right: "  assign overflow_o = |tile_overflow;",
        wrong: "  assign overflow_o = (|tile_overflow) && 1'b0;",
    },
    Fault {
        name: "illegal counts are not told",
        core: SQUARE,
        unit: "result_collector",
        right: "(run_begins_i && is_illegal)",
        wrong: "(run_begins_i && is_illegal && 1'b0)",
    },
    Fault {
        name: "more runs begin than shapes are kept",
        core: SQUARE,
        unit: "result_collector",
        right: "    ready_d = (count_d != CountBits'(4));",
        wrong: "    ready_d = (count_d != CountBits'(6));",
    },
    Fault {
        name: "clear leaves a run whose results are awaited",
        core: SQUARE,
        unit: "result_collector",
        right: "      count_d = '0;",
        wrong: "      count_d = count_q;",
    },
    Fault {
        name: "clear leaves the columns of a row",
        core: SQUARE,
        unit: "result_collector",
        right: "clear_i || (take ? row_is_done : starts_row_q)",
        wrong: "(take ? row_is_done : starts_row_q)",
    },
    Fault {
        name: "a row of tiles is left with its first row",
        core: SQUARE,
        unit: "result_collector",
        right: "    if (take && tiles_are_done) tile_row_d",
        wrong: "    if (take && row_is_done) tile_row_d",
    },
    Fault {
        name: "a run that fills its tiles has one row of them more",
        core: SQUARE,
        unit: "result_collector",
        right: "&& (rows <= ",
        wrong: "&& (rows < ",
    },
    Fault {
        name: "the next row begins where the last ended",
        core: SQUARE,
        unit: "result_collector",
        right: "    if (clear_i || (take && row_is_done)) begin",
        wrong: "    if (clear_i || (take && run_is_done)) begin",
    },
    Fault {
        name: "a tile is left after each beat",
        core: SQUARE,
        unit: "result_collector",
        right: "      if (beat_q == 1'd1) begin",
        wrong: "      if ((beat_q == 1'd1) || (beat_q == 1'd0)) begin",
    },
];

#[test]
fn chained_tiles_give_the_golden_results() {
    let Some(verilator) = verilator() else { return };
    for core in [SQUARE, LONG] {
        let report = regression_with(&verilator, core, None);
        assert!(report.passed(), "{:?}", report.failure);
    }
}

#[test]
fn every_fault_planted_between_chained_tiles_is_caught() {
    assert_caught(FAULTS);
}
