"""The command line of the comparison."""

import argparse
import json
import signal
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from compare import environment, gates, load, report
from compare.medians import medians_of
from compare.processes import ServerFailed
from compare.rows import ROWS, rows_named
from compare.systems.ceiling import Ceiling
from compare.systems.cohort import Cohort
from compare.systems.etcd import Etcd
from compare.systems.redis import Redis
from compare.trial import Trial

REPOSITORY = Path(__file__).resolve().parents[3]
BUILD = REPOSITORY / "build" / "release" / "apps"
SYSTEMS = ("cohort", "etcd", "redis", "ceiling")


def parse(arguments):
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description="Measures Cohort, and beside it its peers. Each trial"
        " starts each system fresh; figures are medians over trials.")
    parser.add_argument("--systems", default=",".join(SYSTEMS),
                        help="which of: %(default)s")
    parser.add_argument("--rows", default=",".join(r.name for r in ROWS),
                        help="which of: %(default)s")
    parser.add_argument("--engine", default="both",
                        choices=("memory", "rocksdb", "both"),
                        help="of Cohort (default: both)")
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5,
                        help="how long each row is measured")
    parser.add_argument("--keys", type=int, default=100_000,
                        help="the gates are meant for %(default)s")
    parser.add_argument("--quick", action="store_true",
                        help="one trial of one second a row: a smoke test")
    parser.add_argument("--out", type=Path, help="where to write the JSON")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 if a gate fails")
    parser.add_argument("--scratch", type=Path,
                        default=REPOSITORY / ".run" / "bench",
                        help="where the servers' data goes: the disk that is"
                        " measured (default: %(default)s)")
    parser.add_argument("--load", type=Path,
                        default=BUILD / "bench" / "cohort-load")
    parser.add_argument("--cohortd", type=Path,
                        default=BUILD / "node" / "cohortd")
    parser.add_argument("--ceiling", type=Path,
                        default=REPOSITORY.parent / "shared" / "bench"
                        / "ceiling.cpp", help="the source of the probe")
    options = parser.parse_args(arguments)
    if options.trials < 1 or options.seconds <= 0 or options.keys < 1:
        parser.error("--trials, --seconds and --keys must be above 0")
    try:
        options.rows = rows_named(options.rows.split(","))
    except ValueError as problem:
        parser.error(str(problem))
    options.systems = options.systems.split(",")
    for name in options.systems:
        if name not in SYSTEMS:
            parser.error(f"there is no system {name}")
    return options


def scale_of(options):
    """How much the loads do."""
    if options.quick:
        return load.Scale(keys=options.keys, seconds=1, warm_up=0.2,
                          gap_seconds=4, kill_after=1)
    return load.Scale(keys=options.keys, seconds=options.seconds)


def systems_of(options, scratch):
    """The systems that were asked for, in the order of a trial."""
    engines = ("memory", "rocksdb") if options.engine == "both" \
        else (options.engine,)
    known = {"cohort": [Cohort(options.cohortd, x) for x in engines],
             "etcd": [Etcd()], "redis": [Redis()],
             "ceiling": [Ceiling(options.ceiling, scratch)]}
    return [system for name in options.systems for system in known[name]]


class Comparison:
    """A whole run. Systems that cannot run are left out with a note; one that
    fails is noted, and the others go on."""

    def __init__(self, options, scratch):
        self._options = options
        self._scratch = scratch
        self._trials = []
        self._notes = {}
        self._systems = []
        speaks = load.protocols(options.load)
        for system in systems_of(options, scratch):
            why = system.why_missing()
            if why is None and system.protocol not in speaks:
                why = f"cohort-load does not speak {system.protocol}"
            if why:
                self._note(system, f"skipped: {why}")
            else:
                self._systems.append(system)

    def run(self):
        """All trials: A B C, A B C, ... so that a slow time of the machine
        hits all systems alike. Returns all that is known, for the JSON."""
        surroundings = environment.describe(self._scratch, REPOSITORY)
        versions = {x.name: x.version() for x in self._systems}
        trials = 1 if self._options.quick else self._options.trials
        for number in range(trials):
            for system in self._systems:
                trace(f"trial {number + 1} of {trials}: {system.name}")
                self._trial(number, system)
        medians = medians_of(self._trials)
        return {"environment": surroundings, "versions": versions,
                "scale": asdict(scale_of(self._options)),
                "notes": self._notes, "trials": self._trials,
                "medians": medians,
                "verdicts": [asdict(x) for x in gates.judge_all(medians)]}

    def order(self):
        """The names of the systems that ran."""
        return [system.name for system in self._systems]

    def _trial(self, number, system):
        trial = Trial(system, self._options.load, scale_of(self._options),
                      self._scratch, trace)
        try:
            # Closing stops the servers also when what follows is interrupted.
            with closing(trial.run(self._options.rows)) as measured:
                for row, figures in measured:
                    self._trials.append({"trial": number, "row": row,
                                         "system": system.name,
                                         "figures": figures})
        except (ServerFailed, load.LoadFailed) as problem:
            self._note(system, f"trial {number + 1} failed: {problem}")

    def _note(self, system, text):
        trace(f"{system.name}: {text}")
        self._notes.setdefault(system.name, []).append(text)


def trace(line):
    """Progress goes to standard error, so that tables can be piped."""
    print(line, file=sys.stderr, flush=True)


def print_result(result, order, systems):
    """The tables, on standard output."""
    for key, value in result["environment"].items():
        print(f"{key:14}{value}")
    print()
    for system in systems:
        if system.name in order:
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
    print(report.table(result["medians"], order))
    print(report.verdicts(gates.judge_all(result["medians"])))


def main(arguments):
    """Runs the comparison; returns the exit status."""
    options = parse(arguments)
    # Make every polite end an exception, so that all servers are killed.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda at, _: sys.exit(128 + at))
    if not options.load.is_file():
        trace(f"{options.load} is not there: build the target cohort-load")
        return 2
    options.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.scratch) as directory:
        scratch = Path(directory)
        comparison = Comparison(options, scratch)
        result = comparison.run()
        systems = systems_of(options, scratch)
    print_result(result, comparison.order(), systems)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n",
                               encoding="utf-8")
        trace(f"wrote {options.out}")
    failed = [x for x in gates.judge_all(result["medians"])
              if x.gate.required and x.passed is False]
    return 1 if options.check and failed else 0
