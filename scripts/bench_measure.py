"""The measurements of scripts/bench. Times are wall time and processor time (user and system, of
all processes a command started); on a busy machine only the latter and the minima mean something.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SMALL = """kind = "lut_tensor_core"
activation.format = "int8"
weight.format = "int2"
tile = { m = 1, n = 8, k = 4, drain = 8 }
group.zero_point = "constant"
"""
HERE = pathlib.Path(__file__).parent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--criterion", type=pathlib.Path, required=True)
    parser.add_argument("--bitplane", required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.out, prefix="work-") as work:
        report = Bench(options, pathlib.Path(work)).report()
    path = options.out / "bench.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))
    print(f"\nwritten: {path}")


def summary(values, unit):
    """Median, extremes and quartiles of one quantity over all runs."""
    low, median, high = (
        statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    )
    return {
        "unit": unit,
        "runs": len(values),
        "median": median,
        "quartiles": [low, high],
        "min": min(values),
        "max": max(values),
    }


def timed(command, **keywords):
    """Runs a command; its wall time, its processor time, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, text=True, **keywords)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, done.stdout


class Bench:
    def __init__(self, options, work):
        self.bitplane, self.work, self.quick = options.bitplane, work, options.quick
        self.runs = 1 if self.quick else options.runs
        self.criterion = options.criterion
        self.doctor = json.loads((options.out / "doctor.json").read_text())
        self.pinned = pathlib.Path(self.doctor["pinned_folder"])
        self.benchmarks = {}
        # ccache would turn the second build into a look-up.
        cache = {"XDG_CACHE_HOME": str(work / "cache"), "CCACHE_DISABLE": "1"}
        self.environment = {**os.environ, **cache}

    def report(self):
        self.config = "lut_w2a8"
        if self.quick:
            self.config = self.work / "small_core.toml"
            self.config.write_text(SMALL)
        self.bundle = self.work / "bundle"
        self.generate()
        self.from_criterion()
        self.simulate()
        self.synthesise()
        self.peer()
        return {
            "quick": self.quick,
            "configuration": str(self.manifest["name"]),
            "machine": {"processor": processor(), "processors": os.cpu_count()},
            "tools": self.tools(),
            "benchmarks": self.benchmarks,
            "ratios": self.ratios(),
        }

    def command(self, *arguments):
        return timed([self.bitplane, *arguments], env=self.environment)

    def note(self, name, values, unit):
        self.benchmarks[name] = summary(values, unit)

    def note_times(self, name, times):
        self.note(name, [wall for wall, _ in times], "s")
        self.note(f"{name}_cpu", [cpu for _, cpu in times], "s")

    def generate(self):
        generate = ["generate", self.config, "--out", self.bundle, "--force"]
        self.note_times("generate", [self.command(*generate)[:2] for _ in range(4 * self.runs)])
        self.manifest = json.loads((self.bundle / "manifest.json").read_text())

    def from_criterion(self):
        """Times of one iteration; the minimum is that of criterion's samples."""
        for path in sorted(self.criterion.glob("*/*/new/sample.json")):
            sample = json.loads(path.read_text())
            values = [time / count / 1e9 for time, count in zip(sample["times"], sample["iters"])]
            self.note(".".join(path.parts[-4:-2]), values, "s")
            estimates = json.loads(path.with_name("estimates.json").read_text())
            interval = estimates["median"]["confidence_interval"]
            bounds = [interval["lower_bound"] / 1e9, interval["upper_bound"] / 1e9]
            self.benchmarks[".".join(path.parts[-4:-2])]["median_confidence_95"] = bounds

    def simulate(self):
        """The command as its users call it; the build is what an empty cache adds."""
        # From a million on, the simulator is built for speed.
        vectors = 2_000 if self.quick else 1_000_000
        report = self.work / "verify.json"
        verify = ["verify", self.config, "--vectors", vectors, "--json", report]
        cold = self.command(*verify)[:2]
        warm = [self.command(*verify)[:2] for _ in range(self.runs)]
        least = [min(times) for times in zip(*warm)]
        self.note("verilator_build", [max(cold[0] - least[0], 0)], "s")
        self.note("verilator_build_cpu", [max(cold[1] - least[1], 0)], "s")
        self.note_times("verify", warm)
        found = json.loads(report.read_text())
        for name, place in (("wall", 0), ("cpu", 1)):
            for what in ("cycles", "lookups"):
                rates = [found[what] / times[place] for times in warm]
                self.note(f"{what}_per_{name}_second", rates, "1/s")

    def synthesise(self):
        synth = ["synth", self.config]
        self.note_times("synthesise", [self.command(*synth)[:2] for _ in range(min(self.runs, 3))])

    def peer(self):
        """The same array in Amaranth, and both under one driver, without golden model."""
        rtlil = self.work / "peer.il"
        script = self.work / "peer.ys"
        verilog = self.work / "peer.v"
        script.write_text(
            f"read_rtlil {rtlil}\nproc -nomux -norom\nmemory_collect\n"
            f"write_verilog -norename {verilog}\n"
        )
        elaborate, convert = [], []
        for _ in range(self.runs):
            wall, cpu, text = timed([sys.executable, HERE / "bench_amaranth.py", self.bundle])
            rtlil.write_text(text)
            elaborate.append((wall, cpu))
            convert.append(timed([self.pinned / "bin" / "yosys", "-q", "-s", script])[:2])
        self.note_times("amaranth_elaborate", elaborate)
        self.note_times("amaranth_to_verilog", convert)
        ours = [self.bundle / name for name in self.manifest["files"]]
        # Yosys prints signed operands of different widths, which Verilator tells of.
        drivers = {
            "driven": self.build("driven", ours),
            "amaranth_driven": self.build("peer", [verilog], "-Wno-fatal"),
        }
        checksums = {}
        for name, driver in drivers.items():
            runs = 200 if self.quick else 3_000
            results = [json.loads(timed([driver, runs])[2]) for _ in range(max(self.runs, 3))]
            rates = [result["cycles"] / result["seconds"] for result in results]
            self.note(f"{name}_cycles_per_cpu_second", rates, "1/s")
            checksums[name] = {result["checksum"] for result in results}
        if checksums["driven"] != checksums["amaranth_driven"] or len(checksums["driven"]) != 1:
            sys.exit(f"the two arrays gave different results: {checksums}")

    def build(self, name, files, *options):
        top, tile = self.manifest["top"], self.tile()
        package = next(self.pinned.glob("lib/python3*/site-packages/verilator"))
        environment = {**self.environment, "VERILATOR_ROOT": str(package)}
        objects = self.work / name
        objects.mkdir()
        defines = {
            "VL_TIME_CONTEXT": 1,
            "CORE": f"V{top}",
            "CORE_HEADER": f"'\"V{top}.h\"'",
            "ROWS": tile["m"],
            "COLUMNS": tile["n"],
            "ELEMENTS": tile["k"],
            "PLANES": self.manifest["beats_per_step"],
        }
        flags = " ".join(f"-D{key}={value}" for key, value in defines.items())
        verilate = [package / "bin" / "verilator_bin", "--cc", "--exe", "--assert", "-O3"]
        verilate += [*options, "--output-split", "2000", "-CFLAGS", flags]
        verilate += ["-o", "driver", "--top-module", top, "--Mdir", objects, *files]
        timed([*verilate, HERE / "bench_drive.cpp"], env=environment)
        make = ["make", "-s", "-j2", "-C", objects, "-f", f"V{top}.mk", f"VERILATOR_ROOT={package}"]
        make += ["CXX=g++", "LINK=g++", "AR=ar", "PYTHON3=python3", "PERL=perl"]
        make += ["CFG_CXXFLAGS_PCH_I=-include", "CFG_LDLIBS_THREADS=-lpthread"]
        make += ["CFG_CXXFLAGS_STD=-std=c++20", "OPT_FAST=-O2", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2"]
        timed(make, env=environment)
        return objects / "driver"

    def tile(self):
        text = (self.bundle / "config.toml").read_text()
        section = re.search(r"\[tile\]\n((?:\w+ = \d+\n)+)", text).group(1)
        return {key: int(value) for key, value in re.findall(r"(\w+) = (\d+)", section)}

    def tools(self):
        version = [sys.executable, "-c", "import amaranth; print(amaranth.__version__)"]
        rust = timed(["rustc", "--version"])[2].strip() if shutil.which("rustc") else "unknown"
        return {
            "rust": rust,
            "simulator": json.loads((self.work / "verify.json").read_text())["tool"],
            "gcc": timed(["g++", "-dumpfullversion"])[2].strip(),
            "python": platform.python_version(),
            "amaranth": timed(version)[2].strip(),
        }

    def ratios(self):
        """Ratios of the minima, which other work on the machine disturbs least."""

        def least(name):
            return self.benchmarks[name]["min"]

        def most(name):
            return self.benchmarks[name]["max"]

        def golden(run, name):
            return least(f"golden_{run}.{name}")

        peer = least("amaranth_elaborate_cpu") + least("amaranth_to_verilog_cpu")
        return {
            "straightforward loop / golden model, one thread, layer": (
                golden("layer", "straightforward") / golden("layer", "one_thread")
            ),
            "straightforward loop / golden model, all threads, layer": (
                golden("layer", "straightforward") / golden("layer", "all_threads")
            ),
            "straightforward loop / golden model, one thread, row": (
                golden("row", "straightforward") / golden("row", "one_thread")
            ),
            "golden model, one thread / reading its codes, row": (
                golden("row", "one_thread") / golden("row", "read")
            ),
            "time to Verilog, Amaranth / bitplane": peer / least("generate_cpu"),
            "cycles a second under one driver, bitplane / Amaranth": (
                most("driven_cycles_per_cpu_second")
                / most("amaranth_driven_cycles_per_cpu_second")
            ),
            "cycles a second, verify / core under the driver": (
                most("cycles_per_cpu_second") / most("driven_cycles_per_cpu_second")
            ),
        }


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = re.search(r"model name\s*:\s*(.*)", text)
    return found.group(1) if found else platform.processor()


def quantity(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def table(report):
    lines = ["| benchmark | unit | runs | median | min | max |"]
    lines.append("| :-- | :-- | --: | --: | --: | --: |")
    for name, each in report["benchmarks"].items():
        values = " | ".join(quantity(each[key]) for key in ("median", "min", "max"))
        lines.append(f"| {name} | {each['unit']} | {each['runs']} | {values} |")
    lines += ["", "| ratio of the best runs | |", "| :-- | --: |"]
    lines += [f"| {name} | {value:.2f} |" for name, value in report["ratios"].items()]
    return "\n".join(lines)


main()
