"""Prints what scripts/attention measured as a Markdown table.

attention_report.py FOLDER
"""

import json
import pathlib
import sys

PRODUCTS = {"key": "queries x keys", "value": "shares x values"}
HEAD = (
    "product",
    "weights",
    "mismatches",
    "cycles",
    "terms",
    "error of the weights",
    "error of the product, mean",
    "largest",
)


def row(folder, tensor, weights):
    run, quantised = (
        json.loads((folder / f"{kind}_{tensor}_{weights}.json").read_text())
        for kind in ("run", "quantize")
    )
    core = run["rounding"]["core"]
    return (
        PRODUCTS[tensor],
        weights,
        f"{run['mismatches']} of {run['outputs']}",
        str(run["cycles"]),
        f"{100 * run['terms']['useful_share']:.1f} %",
        f"{quantised['nmse']:.5f}",
        f"{core['mean']:.1e}",
        f"{core['max']:.1e}",
    )


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    rows = [HEAD, (":--", ":--", *["--:"] * (len(HEAD) - 2))]
    rows += [row(folder, tensor, weights) for tensor in PRODUCTS for weights in ("int8", "int4", "int3")]
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


main()
