"""Tables and bars of one metric over many runs that are named <row>.<column>."""
import csv

from .style import plt


def collect(runs, metric):
    """Rows, columns and {(row, column): (value, deviation)} of the runs that report the metric, in the runs' order."""
    values = {}
    for run in runs:
        value = run.summary.get(metric)
        if value is None:
            continue
        row, _, column = run.name.partition(".")
        values[row, column or metric] = (value, run.summary.get(f"{metric}_deviation"))
    rows = list(dict.fromkeys(row for row, _ in values))
    columns = list(dict.fromkeys(column for _, column in values))
    return rows, columns, values


def text_of(entry):
    if entry is None:
        return ""
    value, deviation = entry
    return f"{value:.3g}" if deviation is None else f"{value:.3g} ± {deviation:.1g}"


def markdown(metric, rows, columns, values):
    lines = [f"| {metric} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        lines.append(f"| {row} | " + " | ".join(text_of(values.get((row, column))) for column in columns) + " |")
    return "\n".join(lines)


def write_csv(path, metric, rows, columns, values):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([metric, *columns])
        for row in rows:
            writer.writerow([row, *[values.get((row, column), ("",))[0] for column in columns]])


def draw(metric, rows, columns, values):
    """Grouped bars, rows along the axis; on a logarithmic scale where the values are positive and far apart."""
    figure, axes = plt.subplots(figsize=(max(5, 0.28 * len(rows) * len(columns) + 2), 4), constrained_layout=True)
    width = 0.8 / len(columns)
    for c, column in enumerate(columns):
        at = [r for r, row in enumerate(rows) if (row, column) in values]
        entries = [values[rows[r], column] for r in at]
        errors = [entry[1] or 0 for entry in entries]
        axes.bar([r + (c - (len(columns) - 1) / 2) * width for r in at], [entry[0] for entry in entries], width,
                 yerr=errors if any(errors) else None, label=column)
    heights = [entry[0] for entry in values.values()]
    if min(heights) > 0 and max(heights) > 30 * min(heights):
        axes.set_yscale("log")
    axes.set_xticks(range(len(rows)), rows, rotation=40, ha="right")
    axes.set_ylabel(metric)
    axes.legend(fontsize="small")
    return figure
