"""A look-up array in Amaranth, the peer of scripts/bench: prints its RTLIL.

bench_amaranth.py BUNDLE

It has the ports, the streams, the arithmetic and the storage of the generated core in the folder
BUNDLE, a lut_tensor_core of one group with offline fold and shared precompute, as far as whole
tiles go. It leaves out what the benchmark does not use: partial tiles, clear and the two flags.
"""

import json
import pathlib
import sys

from amaranth.back import rtlil
from amaranth.hdl import Array, Cat, ClockDomain, Const, Elaboratable, Module, Mux, Signal, signed

try:
    import tomllib
except ImportError:  # Python before 3.11
    import tomli as tomllib


class LookUpArray(Elaboratable):
    def __init__(self, tile, activation_bits, planes, width, ports):
        self.tile, self.activation_bits = tile, activation_bits
        self.planes, self.width = planes, width
        self.ports = {port["name"]: Signal(port["bits"], name=port["name"]) for port in ports}

    def elaborate(self, platform):
        m, port = Module(), self.ports
        m.domains.sync = sync = ClockDomain(async_reset=True)
        m.d.comb += [sync.clk.eq(port["clk_i"]), sync.rst.eq(~port["rst_ni"])]
        rows, columns, k = self.tile["m"], self.tile["n"], self.tile["k"]
        entry_bits = self.activation_bits + (k - 1).bit_length()

        # Activations of one k-step.
        held, first, last = Signal(), Signal(), Signal()
        zero_point = Signal(signed(len(port["activation_zero_point_i"])))
        element = signed(self.activation_bits)
        elements = [[Signal(element, name=f"a_{r}_{i}") for i in range(k)] for r in range(rows)]
        load = Signal()
        m.d.comb += port["activation_ready_o"].eq(~held | load)
        with m.If(port["activation_ready_o"]):
            m.d.sync += held.eq(port["activation_valid_i"])
        with m.If(port["activation_ready_o"] & port["activation_valid_i"]):
            m.d.sync += [first.eq(port["activation_first_i"]), last.eq(port["activation_last_i"])]
            with m.If(port["activation_first_i"]):
                m.d.sync += zero_point.eq(port["activation_zero_point_i"])
            for n, signal in enumerate(signal for row in elements for signal in row):
                value = port["activation_data_i"].word_select(n, self.activation_bits)
                m.d.sync += signal.eq(Mux(port["activation_keep_i"][n % k], value, 0))

        # Half tables: bit i of the number of an entry adds element i, the last is always added.
        valid, run_first, run_last = Signal(), Signal(), Signal()
        run_zero_point = Signal.like(zero_point)
        entry = signed(entry_bits)
        numbers = range(1 << (k - 1))
        tables = [[Signal(entry, name=f"t_{r}_{e}") for e in numbers] for r in range(rows)]
        with m.If(load):
            m.d.sync += [run_first.eq(first), run_last.eq(last), run_zero_point.eq(zero_point)]
            for table, row in zip(tables, elements):
                for number, signal in enumerate(table):
                    terms = (a if number >> i & 1 else -a for i, a in enumerate(row[:-1]))
                    m.d.sync += signal.eq(sum(terms, row[-1]))

        # Weights of one plane of it.
        weights, weights_valid, fire = Signal(len(port["weight_data_i"])), Signal(), Signal()
        m.d.comb += port["weight_ready_o"].eq(~weights_valid | fire)
        with m.If(port["weight_ready_o"]):
            m.d.sync += weights_valid.eq(port["weight_valid_i"])
            m.d.sync += weights.eq(port["weight_data_i"])

        plane, busy = Signal(range(max(self.planes, 2))), Signal()
        step_done = fire & (plane == self.planes - 1)
        m.d.comb += [
            fire.eq(valid & weights_valid & ~busy),
            load.eq(held & (~valid | step_done)),
        ]
        m.d.sync += valid.eq(load | (valid & ~step_done))
        with m.If(fire):
            m.d.sync += plane.eq(Mux(step_done, 0, plane + 1))

        # One accumulator a lane, and the sum of the activations of each row.
        fresh = run_first & (plane == 0)
        result = signed(self.width)
        lanes = [
            [Signal(result, name=f"acc_{r}_{c}") for c in range(columns)] for r in range(rows)
        ]
        sums = [Signal(result, name=f"sum_{r}") for r in range(rows)]
        with m.If(fire):
            for table, row in zip(tables, lanes):
                for column, lane in enumerate(row):
                    word = weights.word_select(column, k)
                    picked = Array(table)[word[:-1]]
                    partial = Mux(word[-1], -picked, picked)
                    m.d.sync += lane.eq(Mux(fresh, 0, lane) + (partial << plane))
        with m.If(step_done):
            for total, table in zip(sums, tables):
                m.d.sync += total.eq(Mux(run_first, 0, total) + table[-1])

        # Results leave row by row.
        drain = self.tile["drain"]
        beats = columns // drain
        beat = Signal(range(max(rows * beats, 2)))
        result_zero_point = Signal.like(zero_point)
        final = beat == rows * beats - 1
        with m.If(step_done & run_last):
            m.d.sync += [busy.eq(1), beat.eq(0), result_zero_point.eq(run_zero_point)]
        with m.If(busy & port["result_ready_i"]):
            m.d.sync += [beat.eq(beat + 1), busy.eq(~final)]
        total = Array(sums)[beat // beats]
        results = []
        for lane in range(drain):
            sources = [row[start + lane] for row in lanes for start in range(0, columns, drain)]
            value = Signal(result, name=f"value_{lane}")
            m.d.comb += value.eq(Array(sources)[beat])
            corrected = (value - result_zero_point * total) >> 1
            results.append(Mux(result_zero_point == 0, value, corrected)[: self.width])
        m.d.comb += [
            port["result_valid_o"].eq(busy),
            port["result_last_o"].eq(final),
            port["result_keep_o"].eq(Const(-1, signed(drain))),
            port["result_data_o"].eq(Cat(results)),
        ]
        return m


def main():
    bundle = pathlib.Path(sys.argv[1])
    manifest = json.loads((bundle / "manifest.json").read_text())
    config = tomllib.loads((bundle / "config.toml").read_text())
    array = LookUpArray(
        config["tile"],
        int(config["activation"]["format"].removeprefix("int")),
        int(config["weight"]["format"].removeprefix("int")),
        manifest["accumulator_bits"],
        manifest["ports"],
    )
    print(rtlil.convert(array, name=manifest["top"], ports=list(array.ports.values())))


main()
