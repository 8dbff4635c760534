"""Runs cohort-load for one row."""

import json
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass

from compare.processes import die_with_parent

# How much longer than its window and warm-up a load may take; a fill has this
# for itself.
GRACE_SECONDS = 300


@dataclass(frozen=True)
class Scale:
    """How much each load does."""

    # What a fill writes, and the other rows choose from.
    keys: int = 100_000
    # The window of the rows that run by time.
    seconds: float = 5
    warm_up: float = 1
    # The window of the row "gap", and when in it the primary is killed.
    gap_seconds: float = 12
    kill_after: float = 3


class LoadFailed(Exception):
    """cohort-load ended with an error, or did not end."""


def arguments(row, system, endpoints, keys):
    """The arguments of a row for one system, but for how long it runs."""
    spread = row.spread or system.always_spread
    result = ["--protocol", system.protocol,
              "--endpoints", ",".join(endpoints),
              "--spread", "yes" if spread else "no",
              "--clients", str(row.clients),
              "--in-flight", str(row.in_flight),
              "--operation", row.operation,
              "--keys", str(keys),
              "--value-bytes", str(row.value_bytes)]
    if row.operation == "set":
        result += system.write_arguments
    return result


def for_count(count):
    """More arguments: meet each of so many keys once."""
    return ["--order", "sequential", "--count", str(count)]


def for_seconds(seconds, warm_up):
    """More arguments: a window after a warm-up."""
    return ["--seconds", str(seconds), "--warm-up", str(warm_up)]


def protocols(program):
    """Which protocols a cohort-load speaks."""
    return subprocess.run([program, "--protocols"], capture_output=True,
                          text=True, timeout=10, check=True).stdout.split()


def run(program, load_arguments, timeout, when_measuring=None):
    """Runs cohort-load to its end and returns what it reports.
    `when_measuring` is called as its window opens."""
    with _started([program, *load_arguments], timeout) as process:
        errors = []
        for line in process.stderr:
            if line.strip() == "measuring":
                if when_measuring:
                    when_measuring()
            else:
                errors.append(line)
        output = process.stdout.read()
    if process.returncode != 0:
        raise LoadFailed("".join(errors) or "cohort-load ran out of time")
    return json.loads(output)


@contextmanager
def _started(command, timeout):
    """A process that is gone afterwards, whatever happens, and that is killed
    if it takes longer than `timeout` seconds."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, preexec_fn=die_with_parent) as process:
        watchdog = threading.Timer(timeout, process.kill)
        watchdog.start()
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            watchdog.cancel()
