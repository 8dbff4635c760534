"""What Cohort must reach beside the ceiling and its peers."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Figure:
    """One median of the comparison."""

    system: str
    row: str
    metric: str

    def of(self, medians):
        """Its value; None where it was not measured."""
        return medians.get(self.system, {}).get(self.row, {}).get(self.metric)


@dataclass(frozen=True)
class Gate:
    """subject <= limit x versus, or >=. Without `versus` the limit is in the
    unit of the metric. What is not `required` is an expectation."""

    title: str
    subject: Figure
    relation: str
    limit: float
    versus: Optional[Figure] = None
    required: bool = True


@dataclass(frozen=True)
class Verdict:
    """A gate and what was measured. `passed` is None without both figures.
    `ratio` is subject / versus, or the subject itself."""

    gate: Gate
    subject: Optional[float]
    versus: Optional[float]
    ratio: Optional[float]
    passed: Optional[bool]


def judge(gate, medians):
    """Holds one gate against the medians."""
    subject = gate.subject.of(medians)
    versus = gate.versus.of(medians) if gate.versus else None
    if subject is None or (gate.versus and not versus):
        return Verdict(gate, subject, versus, None, None)
    ratio = subject / versus if gate.versus else subject
    passed = ratio <= gate.limit if gate.relation == "<=" \
        else ratio >= gate.limit
    return Verdict(gate, subject, versus, ratio, passed)


def judge_all(medians):
    """All gates, in the order of the table."""
    return [judge(gate, medians) for gate in GATES]


def _beside(title, row, metric, relation, ceiling, peers):
    """Cohort's memory engine beside the ceiling, and the expectations beside
    the peers."""
    subject = Figure("cohort", row, metric)
    gates = [Gate(f"{title}, to the ceiling's", subject, relation, ceiling,
                  Figure("ceiling", row, metric))]
    gates += [Gate(f"{title}, to {peer}'s", subject, relation, limit,
                   Figure(peer, row, metric), required=False)
              for peer, limit in peers.items()]
    return gates


def _rocksdb(row, limit):
    return Gate(f"{row} per second, rocksdb to memory",
                Figure("cohort-rocksdb", row, "per_second"), ">=", limit,
                Figure("cohort", row, "per_second"))


def _absolute(title, system, row, metric, limit):
    return Gate(f"{title}, {system}", Figure(system, row, metric), "<=", limit)


def _ended(system):
    """A median says nothing about the one trial that never came back."""
    return Gate(f"gap over in every trial, {system}",
                Figure(system, "gap", "recovered"), ">=", True)


GATES = (
    *_beside("w1 p50", "w1", "p50_us", "<=", 2.0, {"etcd": 0.7}),
    *_beside("w64 per second", "w64", "per_second", ">=", 0.45,
             {"etcd": 4, "redis": 1.4}),
    *_beside("w512 per second", "w512", "per_second", ">=", 0.4,
             {"etcd": 4, "redis": 1.2}),
    *_beside("w64x16 per second", "w64x16", "per_second", ">=", 0.4,
             {"etcd": 10, "redis": 2}),
    *_beside("w64_16k per second", "w64_16k", "per_second", ">=", 0.3,
             {"etcd": 4, "redis": 2.5}),
    *_beside("r64 per second", "r64", "per_second", ">=", 0.4, {"etcd": 8}),
    *(_rocksdb(row, 0.75) for row in ("w1", "w64", "w512", "r64")),
    *(_rocksdb(row, 0.45) for row in ("w64x16", "w64_16k")),
    Gate("w64 p99 to its p50", Figure("cohort", "w64", "p99_us"), "<=", 4,
         Figure("cohort", "w64", "p50_us")),
    Gate("w64 server CPU, to redis's",
         Figure("cohort", "w64", "server_cpu_s_per_100k"), "<=", 1.0,
         Figure("redis", "w64", "server_cpu_s_per_100k")),
    _absolute("gap in ms", "cohort", "gap", "gap_ms", 1500),
    _absolute("gap in ms", "cohort-rocksdb", "gap", "gap_ms", 1500),
    _ended("cohort"),
    _ended("cohort-rocksdb"),
    _absolute("resident MiB after the fill", "cohort", "fill", "resident_mib",
              80),
    _absolute("resident MiB after the fill", "cohort-rocksdb", "fill",
              "resident_mib", 120),
)
