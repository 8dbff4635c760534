"""Processor time around a load, and whose it was."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

from compare.processes import TICKS_PER_SECOND


@dataclass(frozen=True)
class Snapshot:
    """Seconds since some beginning: on the wall, and of processor time of the
    servers, of ended loads, and of everything on the machine."""

    wall: float
    servers: float
    loads: float
    machine: float


def snapshot(cluster):
    """The state of now. Precondition: all servers of the cluster live."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    stat = Path("/proc/stat").read_text(encoding="ascii")
    return Snapshot(wall=time.monotonic(), servers=cluster.cpu_seconds(),
                    loads=ended.ru_utime + ended.ru_stime,
                    machine=busy_ticks(stat) / TICKS_PER_SECOND)


def busy_ticks(stat):
    """What all processors were busy, from a /proc/stat: user, nice, system,
    interrupts, and what the host took away (steal)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(x) for x in stat.split("\n", 1)[0].split()[1:9])
    return user + nice + system + irq + softirq + steal


def used(before, after, operations):
    """The figures of a load. Server time is divided by all operations that
    the servers saw, warm-up included. `other_cores` is what neither servers
    nor load used: the noise of the machine, and interrupts."""
    servers = after.servers - before.servers
    others = after.machine - before.machine - servers \
        - (after.loads - before.loads)
    return {"server_cpu_s": servers,
            "server_cpu_s_per_100k":
                servers / operations * 1e5 if operations else None,
            "other_cores": max(others / (after.wall - before.wall), 0)}
