"""One trial: one system, started fresh, through all its rows."""

import time

from compare import load
from compare.cluster import Cluster
from compare.rows import FILL
from compare.usage import snapshot, used


class Trial:
    """Measures one system once. `trace` takes lines for people."""

    def __init__(self, system, program, scale, scratch, trace):
        self._system = system
        self._program = program
        self._scale = scale
        self._scratch = scratch
        self._trace = trace

    def run(self, rows):
        """Yields (name of a row, its figures): the fill, then the rows that
        the system can do. A row that kills the primary has a cluster of its
        own, so that nothing before it matters to it."""
        possible = [row for row in rows if can(self._system, row)]
        with Cluster(self._system, self._scratch) as cluster:
            yield FILL.name, self._fill(cluster)
            for row in possible:
                if not row.kills_primary:
                    yield row.name, self._measure(cluster, row)
        for row in possible:
            if row.kills_primary:
                with Cluster(self._system, self._scratch) as cluster:
                    self._fill(cluster)
                    yield row.name, self._kill_primary(cluster, row)

    def _fill(self, cluster):
        return self._run(cluster, FILL, load.for_count(self._scale.keys))

    def _measure(self, cluster, row):
        return self._run(cluster, row, load.for_seconds(self._scale.seconds,
                                                        self._scale.warm_up))

    def _run(self, cluster, row, how_long):
        arguments = self._arguments(cluster, row)
        before = snapshot(cluster)
        figures = load.run(self._program, arguments + how_long,
                           self._scale.seconds + load.GRACE_SECONDS)
        figures |= used(before, snapshot(cluster), figures["operations_ever"])
        figures["resident_mib"] = cluster.resident_mib()
        self._say(row, figures)
        return figures

    def _kill_primary(self, cluster, row):
        scale = self._scale
        primary = cluster.primary()

        def kill():
            time.sleep(scale.kill_after)
            cluster.kill(primary)

        figures = load.run(self._program, self._arguments(cluster, row)
                           + load.for_seconds(scale.gap_seconds,
                                              scale.warm_up),
                           scale.gap_seconds + load.GRACE_SECONDS,
                           when_measuring=kill)
        figures["recovered"] = recovered(figures)
        self._say(row, figures)
        return figures

    def _arguments(self, cluster, row):
        return load.arguments(row, self._system, cluster.endpoints(),
                              self._scale.keys)

    def _say(self, row, figures):
        self._trace(f"{self._system.name:16} {row.name:10} "
                    f"{figures['per_second']:10.0f}/s "
                    f"p50 {figures['p50_us']:8.0f} us "
                    f"p99 {figures['p99_us']:8.0f} us "
                    f"gap {figures['gap_ms']:6.0f} ms")


def can(system, row):
    """Whether a row makes sense for a system."""
    if row.kills_primary:
        return system.no_failover is None
    if row.spread:
        # Where clients are always spread, the row "w64" is this one.
        return not (system.only_primary_serves or system.always_spread)
    return True


def recovered(figures):
    """Whether writes completed again after the longest gap: of one that
    reaches to the end of the window, the length is not known."""
    end_ms = figures["gap_began_ms"] + figures["gap_ms"]
    return end_ms < figures["seconds"] * 1000 - 1
