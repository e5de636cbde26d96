"""What the reports of the scripts share: results as JSON, tables as Markdown."""

import json
import sys


def read(folder, name):
    path = folder / f"{name}.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}")


def table(head, rows):
    lines = [head, [":--" if n == 0 else "--:" for n in range(len(head))], *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]

    def cell(text, n):
        if text == "--:":
            return "-" * (widths[n] - 1) + ":"
        if text == ":--":
            return ":" + "-" * (widths[n] - 1)
        return text.ljust(widths[n]) if n == 0 else text.rjust(widths[n])

    return ["| " + " | ".join(cell(text, n) for n, text in enumerate(line)) + " |" for line in lines]
