"""The part of Yosys's command line that bitplane uses, over pyosys, which has none."""

import argparse
import os

from pyosys import libyosys


def main() -> None:
    parser = argparse.ArgumentParser(prog="yosys")
    parser.add_argument("-V", action="store_true", help="print the version")
    parser.add_argument("-q", action="store_true", help="print errors only")
    parser.add_argument("-p", metavar="COMMANDS", action="append", default=[])
    parser.add_argument("-s", metavar="SCRIPT", action="append", default=[])
    parser.add_argument("scripts", metavar="SCRIPT", nargs="*")
    arguments = parser.parse_args()
    if arguments.V:
        print(libyosys.yosys_maybe_version())
        return
    if arguments.q:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    design = libyosys.Design()
    for script in arguments.s + arguments.scripts:
        design.run_pass(f"script {script}")
    for commands in arguments.p:
        design.run_pass(commands)


main()
