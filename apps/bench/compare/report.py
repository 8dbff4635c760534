"""The tables that people read."""

from compare.rows import FILL, ROWS

# From this share of one core on, the load generator is likely the limit.
BUSY_CORES = 0.9

LEGEND = f"""\
p50, p99, max  us from the first try of an operation to its reply
CPU            seconds of all servers per 100,000 operations
RSS            MiB of the largest server, after the row
load           cores that the load generator used; ! from {BUSY_CORES} on
others         cores that neither servers nor load used: noise
ratio          operations of the first system of the row to those of this one"""

_HEAD = (f"{'':16}{'per second':>11}{'p50':>9}{'p99':>9}{'max':>9}"
         f"{'CPU':>8}{'RSS':>8}{'load':>7}{'others':>7}{'errors':>8}"
         f"{'ratio':>8}")


def table(medians, order):
    """All rows; within a row, the systems in the given order."""
    lines = [_HEAD]
    for row in (FILL, *ROWS):
        systems = [name for name in order if row.name in medians.get(name, {})]
        if not systems:
            continue
        lines += ["", f"{row.name}: {row.title}"]
        first = medians[systems[0]][row.name]
        for name in systems:
            figures = medians[name][row.name]
            lines.append(_gap_line(name, figures) if row.kills_primary
                         else _line(name, figures, first))
    return "\n".join(lines)


def _line(name, figures, first):
    theirs = figures["per_second"]
    ratio = f"{first['per_second'] / theirs:.2f}" if theirs else "-"
    busy = "!" if figures["own_cpu_cores"] >= BUSY_CORES else " "
    cpu = figures.get("server_cpu_s_per_100k")
    return (f"  {name:14}{theirs:11.0f}{figures['p50_us']:9.0f}"
            f"{figures['p99_us']:9.0f}{figures['max_us']:9.0f}"
            f"{'-' if cpu is None else f'{cpu:.2f}':>8}"
            f"{figures['resident_mib']:8.1f}"
            f"{figures['own_cpu_cores']:6.2f}{busy}"
            f"{figures['other_cores']:7.2f}"
            f"{sum(figures['errors'].values()):8}{ratio:>8}")


def _gap_line(name, figures):
    gap = f"{figures['gap_ms']:.0f} ms without a completed write"
    if not figures["recovered"]:
        gap = "no recovery within the run of at least one trial; median " + gap
    return (f"  {name:14}{gap}, from {figures['gap_began_ms'] / 1000:.2f} s on;"
            f" errors {sum(figures['errors'].values())}")


def verdicts(judged):
    """The gates and expectations, one a line."""
    lines = []
    for required, title in ((True, "gates"), (False, "expectations")):
        lines += ["", title]
        lines += [_verdict_line(x) for x in judged
                  if x.gate.required == required]
    return "\n".join(lines)


def _verdict_line(verdict):
    gate = verdict.gate
    if verdict.passed is None:
        outcome = "not measured"
        ratio = "-"
    else:
        outcome = "pass" if verdict.passed else "FAIL"
        ratio = f"{verdict.ratio:.4g}"
    return (f"  {gate.title:44}{ratio:>9}  {gate.relation} {gate.limit:<6g}"
            f" {outcome}")
