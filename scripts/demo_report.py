"""Prints the report of scripts/demo from the JSON files that its commands wrote.

demo_report.py FOLDER [--update-readme README.md]
"""

import argparse
import json
import pathlib
import sys

from report import read, table

BEGIN = "<!-- results: begin (written by scripts/demo --update-readme) -->"
END = "<!-- results: end -->"
LAYERS = ["int2", "ternary_int2", "int4"]


def manifest(folder, name):
    return json.loads((folder / name / "manifest.json").read_text())


def verification(folder):
    report = read(folder, "verify")
    cover = report["cover"]
    shares = ", ".join(
        f"{cover[what]['hits']} of {cover[what]['total']} {what}"
        for what in ("lanes", "indices", "planes")
    )
    return [
        f"`verify lut_w2a8`: {report['mismatches']} mismatches in {report['results']} results of "
        f"{report['runs']} runs, {report['lookups']} look-ups, {report['cycles']} cycles "
        f"({report['tool']}, seed {report['seed']}); cover: {shares}."
    ]


def layers(folder):
    rows = []
    for name in LAYERS:
        report = read(folder, f"run_{name}")
        quantised = read(folder, f"quantize_{name}")
        rows.append(
            [
                name,
                f"{report['outputs']}",
                f"{report['mismatches']}",
                f"{report['cycles']}",
                f"{report['utilisation']:.1%}",
                f"{quantised['nmse']:.4f}",
                f"{report['error']['nmse']:.4f}",
            ]
        )
    head = ["weights", "outputs", "mismatches", "cycles", "array used", "weight NMSE", "output NMSE"]
    tokens, inputs, outputs = report["shape"]
    return [
        f"`run`, {report['tensor']} of all-MiniLM-L6-v2, {tokens} tokens, {inputs} to {outputs} "
        "channels, INT8 activations (NMSE: normalised mean square error against FP32):",
        "",
        *table(head, rows),
    ]


def areas(folder):
    rows, costs = [], []
    for name in ("lut_w2a8", "mac_w2a8"):
        report = read(folder, f"synth_{name}")
        macs = manifest(folder, name)["macs_per_cycle"]
        costs.append(report["area"] / macs)
        rows.append(
            [
                f"`{name}`",
                f"{macs:g}",
                f"{report['area']:.0f}",
                f"{report['area'] / macs:.1f}",
                f"{report['flops']}",
                f"{report['latches']}",
                f"{report['delay_ps']:.0f}",
                "yes" if report["met"] else "no",
            ]
        )
    unit, clock = report["area_unit"], report["clock_mhz"]
    head = [
        "core",
        "MACs a cycle",
        f"area ({unit})",
        f"{unit} per MAC/cycle",
        "flip-flops",
        "latches",
        "delay (ps)",
        f"{clock:g} MHz met",
    ]
    lut, mac = costs
    return [
        f"`synth`, {report['tool']}, library {report['library']}, flattened, all registers of the "
        "core included:",
        "",
        *table(head, rows),
        "",
        f"Area per MAC and cycle, table look-up against multipliers: {lut / mac:.3f} to 1.",
    ]


def report_text(folder):
    core = manifest(folder, "lut_w2a8")
    ours = [
        f"`{core['name']}` (configuration {core['digest']}): {core['macs_per_cycle']:g} "
        f"multiply-accumulates a cycle, {core['accumulator_bits']}-bit accumulators, exact up to "
        f"K = {core['max_k']}."
    ]
    parts = [ours, verification(folder), layers(folder), areas(folder)]
    return "\n\n".join("\n".join(part) for part in parts)


def update_readme(path, text):
    old = path.read_text()
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{path}: the lines that mark the results are missing")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--update-readme", metavar="README.md", type=pathlib.Path)
    arguments = parser.parse_args()
    text = report_text(arguments.folder)
    print(text)
    if arguments.update_readme:
        update_readme(arguments.update_readme, text)


main()
