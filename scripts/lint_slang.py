"""slang's command line over pyslang, which has none: lint_slang.py --top NAME FILES."""

import shlex
import sys

from pyslang import driver


def main() -> int:
    slang = driver.Driver()
    slang.addStandardArgs()
    line = shlex.join(["slang", "--color-diagnostics=false", *sys.argv[1:]])
    understood = (
        slang.parseCommandLine(line, driver.CommandLineOptions())
        and slang.processOptions()
        and slang.parseAllSources()
    )
    return 0 if understood and slang.runFullCompilation(True) else 1


sys.exit(main())
