"""The command line of the comparison."""

import json
import signal
import sys
import tempfile
from pathlib import Path

from compare import gates, report
from compare.comparison import Comparison, trace
from compare.options import parse


def print_result(result, judged, systems):
    """The tables, on standard output."""
    for key, value in result["environment"].items():
        print(f"{key:14}{value}")
    print()
    for system in systems:
        print(f"{system.name:16}{result['versions'][system.name]}"
              f"; {system.note}")
        if system.no_failover:
            print(f"{'':16}no row gap: {system.no_failover}")
    for name, notes in result["notes"].items():
        for note in notes:
            print(f"{name:16}{note}")
    print()
    print(report.LEGEND)
    print()
    print(report.table(result["medians"], [x.name for x in systems]))
    print(report.verdicts(judged))


def main(arguments):
    """Runs the comparison; returns the exit status."""
    options = parse(arguments)
    # Make every polite end an exception, so that all servers are killed. Who
    # started us without a terminal may have us ignore its end.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda at, _: sys.exit(128 + at))
    if not options.load.is_file():
        trace(f"{options.load} is not there: build the target cohort-load")
        return 2
    options.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.scratch) as directory:
        comparison = Comparison(options, Path(directory))
        result = comparison.run()
    judged = gates.judge_all(result["medians"])
    print_result(result, judged, comparison.systems())
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n",
                               encoding="utf-8")
        trace(f"wrote {options.out}")
    good = not comparison.failed and not any(
        x.gate.required and x.passed is False for x in judged)
    return 1 if options.check and not good else 0
