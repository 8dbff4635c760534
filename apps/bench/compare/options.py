"""What the comparison is asked to do."""

import argparse
from pathlib import Path

from compare.load import Scale
from compare.rows import ROWS, rows_named
from compare.systems.ceiling import Ceiling
from compare.systems.cohort import Cohort
from compare.systems.etcd import Etcd
from compare.systems.redis import Redis

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
                        help="exit with 1 if a gate or a trial fails")
    parser.add_argument("--scratch", type=Path,
                        default=REPOSITORY / ".run" / "bench",
                        help="where the servers' data goes: the disk that is"
                        " measured (default: %(default)s)")
    # Servers run in directories of their own, where a relative path of the
    # command line would be another.
    parser.add_argument("--load", type=absolute,
                        default=BUILD / "bench" / "cohort-load")
    parser.add_argument("--cohortd", type=absolute,
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


def absolute(path):
    """Of a path as the user sees it."""
    return Path(path).resolve()


def scale_of(options):
    """How much the loads do."""
    if options.quick:
        return Scale(keys=options.keys, seconds=1, warm_up=0.2,
                     gap_seconds=4, kill_after=1)
    return Scale(keys=options.keys, seconds=options.seconds)


def systems_of(options, scratch):
    """The systems that were asked for, in the order of a trial."""
    engines = ("memory", "rocksdb") if options.engine == "both" \
        else (options.engine,)
    known = {"cohort": [Cohort(options.cohortd, x) for x in engines],
             "etcd": [Etcd()], "redis": [Redis()],
             "ceiling": [Ceiling(options.ceiling, scratch)]}
    return [system for name in options.systems for system in known[name]]
