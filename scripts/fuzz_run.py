"""Runs the configurations of scripts/fuzz: a line about each that fails, then one about all.

Exit status 1 if any fails.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

# Enough that every kind of check of verify is made.
RANDOM = ["--vectors", "1000", "--runs", "20"]
# Cells and arrays of these sizes take seconds.
TOO_LONG = 900


class Failed(Exception):
    """What is wrong with a configuration."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bitplane", required=True)
    parser.add_argument("--doctor", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--verify", type=int, required=True)
    parser.add_argument("--synth", type=int, required=True)
    options = parser.parse_args()
    tools = {tool["name"]: tool for tool in json.loads(options.doctor.read_text())["tools"]}
    work = [
        Work(options, tools, path, number)
        for number, path in enumerate(sorted((options.out / "configurations").glob("*.toml")))
    ]
    start = time.monotonic()
    done = collections.Counter()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(each.run) for each in work]
        try:
            for number, each in enumerate(concurrent.futures.as_completed(waiting), 1):
                steps, failure = each.result()
                done.update(steps)
                if failure:
                    failed += 1
                    print(f"FAILED  {failure}", flush=True)
                if number % 100 == 0:
                    print(f"{number} of {len(work)}, {failed} failed", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            sys.exit(130)
    versions = ", ".join(f"{name} {tools[name]['version']}" for name in ["Verilator", "Yosys"])
    steps = ", ".join(f"{count} {step}" for step, count in done.items())
    seconds = time.monotonic() - start
    print(f"fuzz: {len(work)} configurations: {steps}; {failed} failed ({versions}; {seconds:.0f} s)")
    sys.exit(failed > 0)


class Work:
    """The checks of one configuration."""

    def __init__(self, options, tools, path, number):
        self.options = options
        self.tools = tools
        self.path = path
        self.verifies = number < options.verify
        self.synthesises = number < options.synth
        self.bundle = options.out / "bundles" / path.stem

    def run(self):
        """The steps that passed, and what failed, if anything did."""
        passed = []
        try:
            for step, check in self.steps():
                check()
                passed.append(step)
        except Failed as failed:
            return passed, f"{self.path}: {failed}"
        shutil.rmtree(self.bundle, ignore_errors=True)
        return passed, None

    def steps(self):
        yield "generated", self.generate
        yield "clean in Verilator", self.verilator
        yield "clean in Yosys", self.yosys
        if self.verifies:
            yield "verified", self.verify
        if self.synthesises:
            yield "synthesised", self.synth

    def generate(self):
        run([self.options.bitplane, "generate", str(self.path), "--out", str(self.bundle)])
        manifest = json.loads((self.bundle / "manifest.json").read_text())
        self.top = manifest["top"]
        self.files = [str(self.bundle / file) for file in manifest["files"]]

    def verilator(self):
        program = pathlib.Path(self.tools["Verilator"]["path"])
        environment = dict(os.environ)
        if self.tools["Verilator"]["origin"] == "pinned":
            environment["VERILATOR_ROOT"] = str(program.parent.parent)
        lint = [str(program), "--lint-only", "-Wall", "--quiet", "--top-module", self.top]
        said = run([*lint, *self.files], environment)
        if said.strip():
            raise Failed(f"Verilator: {said}")

    def yosys(self):
        files = " ".join(self.files)
        script = f"read_verilog -sv {files}; hierarchy -check -top {self.top}; proc; check -assert"
        said = run([self.tools["Yosys"]["path"], "-q", "-p", script])
        if "Warning" in said:
            raise Failed(f"Yosys: {said}")

    def verify(self):
        run([self.options.bitplane, "verify", str(self.path), *RANDOM])

    def synth(self):
        run([self.options.bitplane, "synth", str(self.path)])


def run(command, environment=None):
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=TOO_LONG
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[:3]}: not done after {TOO_LONG} s") from None
    if done.returncode != 0:
        told = " ".join(command)[:300]
        raise Failed(f"{told}: exit status {done.returncode}\n{done.stderr[:3000]}")
    return done.stdout + done.stderr


if __name__ == "__main__":
    main()
