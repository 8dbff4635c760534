#!/usr/bin/python3
"""Real daemons under all faults at once, and a judge of what clients saw.

    nemesis.py SECONDS [--seed S] [--nodes N] [--engine NAME] [--keep]

COHORTD, COHORTCTL and COHORT_JUDGE name the programs, COHORT_BAD_DISK_LIBRARY
the library of disk/; PYTHONPATH has tests/cluster.

A run has rounds. In each of them clients use a few keys while a storm of faults
passes over the cluster; then all serve again within a bound, all are killed
once more, all keys are read, and the judge looks at the history. At the end
each node becomes the primary, and must have the same keys and values as the
others.

The seed draws the shape of the cluster and the faults; what the processes make
of them is up to the machine."""

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arena import Arena
from faults import FAULTS
from load import READ_AT_ONCE, Load
from operations import name_of
from storm import Storm

JUDGE = os.environ["COHORT_JUDGE"]
ROUND_SECONDS = (12, 25)

# Of storm, on average: with less, a run shows nothing.
COMPLETED_PER_SECOND_MIN = 5

MIB = 1 << 20
IN_NAMESPACE = "COHORT_NEMESIS_NAMESPACE"


def enter_namespace():
    """Runs this program again where it may mount disks that nobody else sees,
    and that are gone with it; if that is not allowed, goes on without."""
    if os.environ.get(IN_NAMESPACE) or not shutil.which("unshare"):
        return
    command = ["unshare", "--mount"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    done = subprocess.run([*command, "true"], capture_output=True, check=False)
    if done.returncode == 0:
        os.environ[IN_NAMESPACE] = "1"
        sys.stdout.flush()
        os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


def draw_shape(draw, nodes, engine):
    """Of the cluster: small bounds, so that logs roll and snapshots happen."""
    segment = draw.choice((256 << 10, MIB, 4 * MIB))
    drawn_nodes = draw.choice((3, 3, 3, 5))
    drawn_engine = draw.choice(("memory", "rocksdb"))
    return {
        "nodes": nodes or drawn_nodes,
        "engine": engine or drawn_engine,
        "limits": {
            "segment_bytes": segment,
            "log_bytes_max": max(8 * segment, 8 * MIB),
            "log_bytes_limit": max(16 * segment, 32 * MIB),
            "snapshot_log_bytes": draw.choice((MIB, 4 * MIB)),
            "disk_reserve_bytes": MIB,
        },
        "timers": {"request_patience_ms": draw.choice((500, 1000, 2000))},
    }


class Nemesis:
    """A run."""

    def __init__(self, options, directory):
        self.seed = options.seed
        self.seconds = options.seconds
        self.directory = directory
        self.events = []
        self.counts = collections.Counter()
        self.faults = collections.Counter()
        self._begin = time.monotonic()
        shape = draw_shape(random.Random(f"shape {self.seed}"), options.nodes,
                           options.engine)
        self.say(f"shape: {shape}")
        self.arena = Arena(directory, shape, self.seed, self.say)
        self.kinds = set(options.faults)
        if self.arena.no_small_disks:
            self.kinds.discard("full-disk")
        self._first_key = 1
        self._values = {}  # of all keys that are not deleted

    def say(self, text):
        """An event, with its time."""
        self.events.append(f"{time.monotonic() - self._begin:9.3f} {text}")

    def write_events(self):
        """Beside the histories."""
        (self.directory / "events").write_text("\n".join(self.events) + "\n",
                                               encoding="utf-8")

    def run(self):
        """All rounds. AssertionError: something is wrong."""
        self.arena.start(*self.arena.nodes)
        self.arena.await_recovery()
        draw = random.Random(f"rounds {self.seed}")
        left = self.seconds
        number = 0
        while left > 0:
            number += 1
            seconds = draw.randint(*ROUND_SECONDS)
            if left - seconds < ROUND_SECONDS[0]:
                seconds = left
            left -= seconds
            self.round(number, seconds)
        self.say("each node leads in turn")
        self.arena.lead_in_turn(self.check_values)
        self.arena.check_traces()
        self.check_worth()

    def round(self, number, seconds):
        """One storm, one history."""
        self.say(f"round {number}")
        history = self.directory / f"history{number}"
        seed = f"{self.seed} {number}"
        load = Load(self.arena.nodes, history, seed, self._first_key)
        load.start()
        try:
            self.torment(load, seed, seconds)
        finally:
            load.stop()
        self.arena.restart_all()
        self._forget_values()
        self._values = load.read_all(self.arena.nodes[0].client_port)
        load.recorder.close()
        self.arena.check_traces()
        self._first_key = load.items.next_key
        self.counts.update(load.recorder.counts)
        self.judge(history)

    def torment(self, load, seed, seconds):
        """Faults; then clients of all nodes get on again."""
        storm = Storm(self.arena, seed, self.kinds)
        storm.blow(seconds, load.check)
        self.faults.update(storm.kinds)
        self.say("all faults are over")
        self.arena.mend()
        self.arena.await_recovery()
        load.check()

    def _forget_values(self):
        """Keys of earlier rounds are not needed any more."""
        keys = list(self._values)
        for i in range(0, len(keys), READ_AT_ONCE):
            self.arena.ask(self.arena.nodes[0], "DEL",
                           *map(name_of, keys[i:i + READ_AT_ONCE]))

    def check_values(self, node):
        """What a node has itself."""
        keys = list(self._values)
        found = {}
        for i in range(0, len(keys), READ_AT_ONCE):
            part = keys[i:i + READ_AT_ONCE]
            found.update(zip(part, self.arena.ask(node, "MGET",
                                                  *map(name_of, part))))
        for key, value in self._values.items():
            if found[key] != value:
                raise AssertionError(f"{node.name} has {found[key]} as "
                                     f"{name_of(key)}, others {value}")
        size = sum(x is not None for x in found.values()) + 1  # and "service"
        if self.arena.ask(node, "DBSIZE") != size:
            raise AssertionError(f"{node.name} has keys that others do not "
                                 "have")

    def judge(self, history):
        """A history that cannot be explained is an error."""
        done = subprocess.run([JUDGE, str(history)], capture_output=True,
                              text=True, check=False)
        self.say(f"{history.name}: {done.stdout}{done.stderr}".rstrip())
        if done.returncode != 0:
            raise AssertionError(f"{history}: {done.stdout}{done.stderr}")
        history.unlink()

    def check_worth(self):
        """A run that shows nothing is not good."""
        least = self.seconds * COMPLETED_PER_SECOND_MIN
        if not self.faults or self.counts["completed"] < least:
            raise AssertionError(
                f"void: {self.faults.total()} faults, and "
                f"{self.counts['completed']} operations were completed; it "
                f"must be {least} at least")

    def report(self):
        """What it amounted to."""
        counts = self.counts
        network = self.arena.network.counts()
        yield f"storm: {self.seconds} s, in all " \
            f"{time.monotonic() - self._begin:.0f} s"
        yield f"operations: {counts['completed']} completed, " \
            f"{counts['refused']} refused, {counts['failed']} failed, " \
            f"{counts['unknown']} unknown; {counts['lost connections']} " \
            "connections lost"
        yield "faults: " + ", ".join(
            f"{n} {kind}" for kind, n in sorted(self.faults.items()))
        if self.arena.no_small_disks:
            yield f"no full disks: {self.arena.no_small_disks}"
        yield f"network: {network.get('bytes', 0) >> 20} MiB, " \
            f"{network.get('connections', 0)} connections, " \
            f"{network.get('resets', 0)} broken, " \
            f"{network.get('damaged', 0)} pieces damaged"
        yield f"elections: {self.arena.elections()}"
        yield "all histories are linearizable, all replicas are equal"


def parse_arguments():
    """Of the command line."""
    parser = argparse.ArgumentParser(prog="./dev nemesis")
    parser.add_argument("seconds", type=int, metavar="SECONDS",
                        help="of faults; recovery and verdict come on top")
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--nodes", type=int, choices=(3, 5),
                        help="default: drawn")
    parser.add_argument("--engine", choices=("memory", "rocksdb"),
                        help="default: drawn")
    parser.add_argument("--faults", nargs="+", metavar="KIND",
                        choices=list(FAULTS), default=list(FAULTS),
                        help=f"default: all, {' '.join(FAULTS)}")
    parser.add_argument("--keep", action="store_true",
                        help="keep all files of a good run, too")
    options = parser.parse_args()
    if options.seconds < 1:
        parser.error("SECONDS: 1 or more")
    return options


def all_of(problem):
    """It, and what it came on top of: faults are taken back and clients are
    stopped after something went wrong, and that may fail, too."""
    while problem:
        if isinstance(problem, Exception):
            yield problem
        problem = problem.__context__


def explain(run, problem, options):
    """What went wrong, and how to do it again."""
    kept = run.directory / "disks"
    run.arena.keep_disks(kept)
    run.write_events()
    print(*run.events, sep="\n")
    for x in all_of(problem):
        print(f"FAILED: {x}")
    print(f"events, histories, traces and disks are kept: {run.directory}")
    more = "".join(f" --{x} {getattr(options, x)}" for x in
                   ("nodes", "engine") if getattr(options, x))
    if options.faults != list(FAULTS):
        more += f" --faults {' '.join(options.faults)}"
    print(f"again: ./dev nemesis {options.seconds} --seed {options.seed}"
          f"{more}")


def main():
    """The exit code: 0 good, 1 something is wrong."""
    options = parse_arguments()
    enter_namespace()
    print(f"seed {options.seed}", flush=True)
    directory = Path(tempfile.mkdtemp(prefix="cohort-nemesis-"))
    run = Nemesis(options, directory)
    try:
        run.run()
        print(*run.report(), sep="\n")
    except Exception as problem:  # pylint: disable=broad-except
        for line in run.arena.describe():
            run.say(line)
        run.arena.close()
        explain(run, problem, options)
        return 1
    run.arena.close()
    if options.keep:
        run.write_events()
        print(f"kept: {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
