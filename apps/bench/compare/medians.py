"""From trials to one figure each."""

from statistics import median


def medians_of(trials):
    """The median of each numeric figure over trials.

    `trials` is a list of {"system", "row", "figures"}; the result maps system
    -> row -> metric. Errors are summed by kind instead, and a flag holds only
    if it held in every trial."""
    grouped = {}
    for trial in trials:
        rows = grouped.setdefault(trial["system"], {})
        rows.setdefault(trial["row"], []).append(trial["figures"])
    return {system: {row: _combined(figures)
                     for row, figures in rows.items()}
            for system, rows in grouped.items()}


def _combined(trials):
    result = {"trials": len(trials), "errors": {}}
    for figures in trials:
        for kind, count in figures.get("errors", {}).items():
            result["errors"][kind] = result["errors"].get(kind, 0) + count
    for metric in trials[0]:
        if metric == "errors":
            continue
        values = [figures[metric] for figures in trials
                  if figures.get(metric) is not None]
        if values and isinstance(values[0], bool):
            result[metric] = all(values)
        elif values:
            result[metric] = median(values)
    return result
