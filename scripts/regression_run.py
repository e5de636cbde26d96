"""Runs the configurations of scripts/regression: a line about each, then one about all.

Exit status 1 if any fails, or if less was checked than the regression promises.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

CYCLES = 20_000
STALLED_RUNS = 200
RANDOM = ["--vectors", str(CYCLES), "--runs", str(STALLED_RUNS)]


class Failed(Exception):
    """What is wrong with a configuration."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bitplane", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--synth", action="store_true")
    parser.add_argument("configurations", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(check, options, path) for path in options.configurations]
        try:
            done = [told(each.result()) for each in concurrent.futures.as_completed(waiting)]
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            sys.exit(130)
    passed = [reports for reports in done if reports]
    print(closing(passed, len(done), time.monotonic() - start))
    sys.exit(len(passed) < len(done))


def told(result):
    """Prints the line of a configuration; its reports, or None if it failed."""
    name, reports, text = result
    print(f"{'passed' if reports else 'FAILED'}  {name}: {text}", flush=True)
    return reports


def check(options, configuration):
    """Name, reports (None for a failure) and text of one configuration."""
    name = configuration.stem
    start = time.monotonic()
    try:
        reports = [verify(options, configuration, name, RANDOM)]
        hold_to_promise(reports[0])
        if name.startswith("exhaustive_"):
            reports.append(verify(options, configuration, f"{name}.all", ["--exhaustive"]))
        if options.synth:
            run([options.bitplane, "synth", str(configuration)])
    except Failed as failed:
        return name, None, str(failed)
    return name, reports, line(reports, time.monotonic() - start)


def verify(options, configuration, name, arguments):
    path = options.out / f"{name}.json"
    run([options.bitplane, "verify", str(configuration), *arguments, "--json", str(path)])
    return json.loads(path.read_text())


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")


def hold_to_promise(report):
    short = [f"{what} not covered: {hits(ratio)}" for what, ratio in report["cover"].items()
             if ratio["hits"] < ratio["total"]]
    if report["mismatches"]:
        short.append(f"{report['mismatches']} mismatches")
    if report["vectors"] < CYCLES:
        short.append(f"only {report['vectors']} look-up cycles")
    if report["stalled_runs"] < STALLED_RUNS:
        short.append(f"only {report['stalled_runs']} runs with stalls")
    if short:
        raise Failed("; ".join(short))


def hits(ratio):
    return f"{ratio['hits']} of {ratio['total']}"


def line(reports, seconds):
    first = reports[0]
    cover = first["cover"]
    every = f", all combinations in {reports[1]['runs']} runs" if len(reports) > 1 else ""
    skipped = "".join(f"; skipped {check}" for check in first["skipped"])
    return (
        f"{first['mismatches']} mismatches in {first['results']} results, "
        f"{first['vectors']} look-up cycles, {first['stalled_runs']} of {first['runs']} runs "
        f"with stalls, cover {cover['lanes']['total']} lanes, {cover['indices']['total']} "
        f"indices, {cover['planes']['total']} planes{every}{skipped} "
        f"({seconds:.0f} s)"
    )


def closing(passed, configurations, seconds):
    def total(key):
        return sum(report[key] for reports in passed for report in reports)

    return (
        f"regression: {len(passed)} of {configurations} configurations passed: "
        f"{total('mismatches')} mismatches in {total('results')} results of {total('runs')} runs "
        f"({total('stalled_runs')} with stalls), {total('vectors')} look-up cycles, "
        f"{seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
