"""Prints the report of scripts/layers from the JSON files that its commands wrote.

layers_report.py FOLDER      exit status 1 if any output differs from the golden model
"""

import pathlib
import sys

from report import read, table

LAYERS = ["intermediate", "output"]
FORMATS = [("int8", weights) for weights in ["int1", "ternary_int2", "int2", "int3", "int4", "int8"]]
FORMATS += [("fp16", weights) for weights in ["int2", "int4"]]
HEAD = [
    "layer",
    "channels",
    "activations",
    "weights",
    "outputs",
    "mismatches",
    "cycles",
    "array used",
    "weight NMSE",
    "output NMSE",
]


# How activations are quantised, behind squared ReLU, for a core with and without skipping.
QUANTISERS = ["absmax", "absmax_top_5"]
SKIPPING = {
    "layer_w4a8_lmma": "int4 weights, k-steps of 4 elements",
    "layer_w4a8_group_lmma": "int4 weights with a zero point and an int8 scale for every 64, "
    "k-steps of 16 elements",
}
SKIP_HEAD = [
    "activation quantiser",
    "zero activations",
    "k-steps skipped",
    "cycles at least",
    "cycles",
    "without skipping",
    "outputs",
    "mismatches",
]


# Rounding of the core beside that of multiply-adds.
ROUNDING_HEAD = ["layer", "core", "FP16 sums", "FP32 sums", "outputs", "mismatches"]


def rounding_row(folder, layer):
    run = read(folder, f"run_{layer}_fp16_int4_groups")
    ways = [run["rounding"][way] for way in ["core", "fp16_accumulation", "fp32_accumulation"]]
    errors = [f"{way['mean']:.1e}, {way['max']:.1e}" for way in ways]
    return [f"{layer}.dense", *errors, f"{run['outputs']}", f"{run['mismatches']}"]


def skipping_row(folder, core, quantiser):
    plain, skipping = (read(folder, f"run_{core}{name}_{quantiser}") for name in ["", "_skip"])
    return [
        quantiser,
        f"{skipping['zero_activations']:.1%}",
        f"{skipping['skipped_steps'] / skipping['steps']:.1%}",
        f"{skipping['least_cycles']}",
        f"{skipping['cycles']}",
        f"{plain['cycles']}",
        f"{skipping['outputs']}",
        f"{plain['mismatches'] + skipping['mismatches']}",
    ]


def row(layer, activation, format, run, quantised):
    _, inputs, outputs = run["shape"]
    return [
        f"{layer}.dense",
        f"{inputs} to {outputs}",
        activation,
        format,
        f"{run['outputs']}",
        f"{run['mismatches']}",
        f"{run['cycles']}",
        f"{run['utilisation']:.1%}",
        f"{quantised['nmse']:.4g}",
        f"{run['error']['nmse']:.4g}",
    ]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    names = [(layer, *formats) for layer in LAYERS for formats in FORMATS]
    runs = [read(folder, "run_" + "_".join(name)) for name in names]
    quantised = [read(folder, "quantize_" + "_".join(name)) for name in names]
    rows = [row(*name, run, weights) for name, run, weights in zip(names, runs, quantised)]
    tokens, mismatches = runs[0]["shape"][0], sum(run["mismatches"] for run in runs)
    print(
        f"`run`, first encoder layer of all-MiniLM-L6-v2, {tokens} tokens, 2 rows, "
        "64 columns, tables of 4 (ternary: 3) (NMSE: normalised mean square error against FP32):\n"
    )
    print("\n".join(table(HEAD, rows)))
    print(f"\n{mismatches} mismatches in {sum(run['outputs'] for run in runs)} outputs ({runs[0]['tool']}).")
    all_rows = [rounding_row(folder, layer) for layer in LAYERS]
    print(
        "\n`run`, fp16 activations aligned to 24 bits in groups of 64, int4 weights with a zero point and "
        "a scale a group: mean and largest difference from exact sums, over the sum of magnitudes:\n"
    )
    print("\n".join(table(ROUNDING_HEAD, all_rows)))
    for core, what in SKIPPING.items():
        rows = [skipping_row(folder, core, quantiser) for quantiser in QUANTISERS]
        print(f"\n`run`, output.dense behind squared ReLU, 1 row, {what}:\n")
        print("\n".join(table(SKIP_HEAD, rows)))
        all_rows += rows
    if mismatches or any(row[-1] != "0" for row in all_rows):
        sys.exit(1)


main()
