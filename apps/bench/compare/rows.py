"""The rows of the comparison: what each asks of a system."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One load. `name` is what --rows and the JSON call it."""

    name: str
    title: str
    clients: int = 64
    in_flight: int = 1
    operation: str = "set"
    value_bytes: int = 256
    # Clients over all nodes, also where the primary alone is the default.
    spread: bool = False
    # Needs a cluster of its own, since it kills the primary.
    kills_primary: bool = False


# Comes before the first row, by count instead of by time.
FILL = Row("fill", "64 clients, each key written once")

# The large values come last: they make every store many times bigger.
ROWS = (
    Row("w1", "1 client, writes", clients=1),
    Row("w64", "64 clients, writes"),
    Row("w512", "512 clients, writes", clients=512),
    Row("w64x16", "64 clients x 16 pipelined, writes", in_flight=16),
    Row("r64", "64 clients, linearizable reads", operation="get"),
    Row("w64_spread", "64 clients over all nodes, writes", spread=True),
    Row("w64_16k", "64 clients, writes of 16 KiB", value_bytes=16 * 1024),
    Row("gap", "64 clients, kill -9 of the primary", kills_primary=True),
)


def rows_named(names):
    """The rows of a list of names, in the order of the table."""
    known = {row.name for row in ROWS}
    for name in names:
        if name not in known:
            raise ValueError(f"there is no row {name}; there are "
                             + ", ".join(row.name for row in ROWS))
    return [row for row in ROWS if row.name in names]
