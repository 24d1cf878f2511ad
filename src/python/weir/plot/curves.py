"""Numbers against time, and predictions step by step beside doing nothing and the sampling floor."""
import numpy as np
from matplotlib.patheffects import withStroke

from . import style

MOST_LINES = 8
ENTRY, LINE = 2.3, 0.17  # inches that an entry of a legend is wide and high


def draw_metrics(run):
    """One panel a metric, its components as lines; None for tables of a single time."""
    groups = _groups(run.metrics)
    if not groups:
        return None
    time = run.metrics["time"]
    figure, axes = style.panels(len(groups), 3.0, 2.1, columns=3, sharex=True)
    columns = axes[0].get_gridspec().ncols
    for k, (panel, (name, lines)) in enumerate(zip(axes, groups.items())):
        shown = dict(list(lines.items())[:MOST_LINES])
        for label, values in shown.items():
            panel.plot(*_apart(time, values), label=label)
        if all(_falls_far(values) for values in shown.values()):
            panel.set_yscale("log")
        if len(lines) > 1:
            panel.legend(ncol=2, handlelength=1.2, columnspacing=1.0)
        more = f" (first {len(shown)} of {len(lines)})" if len(shown) < len(lines) else ""
        panel.set_title(name.replace("_", " ") + more)
        panel.margins(x=0.02)
        if k + columns >= len(groups):
            panel.set_xlabel("$t$" if run.summary.get("method") == "simulate" else "epoch or iteration")
            panel.tick_params(labelbottom=True)
    style.title(figure, run.name)
    return figure


def _apart(time, values):
    """Repetitions, which begin again at the first time, as curves of their own."""
    starts = 1 + np.flatnonzero(np.diff(time) < 0)
    return np.insert(time, starts, np.nan), np.insert(values, starts, np.nan)


def _falls_far(values):
    """Whether a curve is positive and falls so far that a linear axis would show its start alone."""
    known = values[np.isfinite(values)]
    return len(known) > 0 and known.min() > 0 and known[0] > 50 * known.min()


def _groups(metrics):
    """{metric: {component label: values}} of the columns that are numbers at more than one time."""
    if len(np.unique(metrics.get("time", ()))) < 2:
        return {}
    groups = {}
    for column, values in metrics.items():
        if column in ("step", "time") or not np.isfinite(values).any():
            continue
        name, _, component = column.partition("/")
        groups.setdefault(name, {})[component.replace("/", ", ")] = values
    return groups


def draw_steps(run):
    """Bars of the one-step error W1 against those of doing nothing; a dash where two samples of the population lie."""
    predicted = run.per_step("w1")
    if not predicted:
        return None
    identity, floor = run.per_step("w1_identity"), run.per_step("w1_floor")
    steps = list(predicted)
    at = np.arange(len(steps))
    width = min(12.0, max(3.6, 1.0 + 0.75 * len(steps)))
    figure, (panel,) = style.panels(1, width, 2.8)
    left_out = set(run.left_out) & set(steps)
    for step in left_out:
        at_step = steps.index(step)
        panel.axvspan(at_step - 0.5, at_step + 0.5, color="#f0ece0", zorder=0, linewidth=0,
                      label="left out of training" if step == min(left_out) else None)

    def bars(values, offset, colour, label):
        heights = [values.get(step, np.nan) for step in steps]
        return panel.bar(at + offset, heights, 0.38, color=colour, label=f"{label} (mean {np.nanmean(heights):.3g})")

    if identity:
        bars(identity, -0.2, style.REFERENCE, "doing nothing")
    drawn = bars(predicted, 0.2 if identity else 0, style.PREDICTED, "predicted")
    interpolation = run.per_step("w1_interpolation")
    top = max([*predicted.values(), *identity.values(), *floor.values(), *interpolation.values()])
    _label_bars(panel, drawn, [floor.get(step, np.nan) for step in steps], top)
    if floor:
        heights = [floor.get(step, np.nan) for step in steps]
        label = f"two samples (mean {np.nanmean(heights):.3g})"
        panel.hlines(heights, at - 0.42, at + 0.42, color="black", linewidth=1.2, linestyle=(0, (3, 2)), label=label)
    if interpolation:
        known = [step for step in steps if step in interpolation]
        mean = np.mean([interpolation[step] for step in known])
        panel.plot([steps.index(step) for step in known], [interpolation[step] for step in known], "D", color="black",
                   markersize=4, label=f"interpolation (mean {mean:.3g})")
    panel.set_xticks(at, [str(step) for step in steps])
    panel.set(xlabel="snapshot predicted", ylabel="$W_1$ to the observed")
    panel.set_xlim(-0.6, len(steps) - 0.4)
    panel.set_ylim(0, top * 1.12)  # room for the numbers
    # Above the axes, where it hides nothing however high the bars are.
    columns, entries = max(1, int(width / ENTRY)), len(panel.get_legend_handles_labels()[0])
    panel.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=columns, borderaxespad=0.2)
    figure.set_figheight(figure.get_figheight() + LINE * -(-entries // columns))
    panel.tick_params(axis="x", length=0)
    style.title(figure, run.name)
    return figure


def _label_bars(panel, bars, dashes, top):
    """The height of each bar as a number above it, and above its dash where that would run through the number."""
    halo = [withStroke(linewidth=2, foreground="white")]  # a neighbour's bar may be near
    for bar, dash in zip(bars, dashes):
        height = bar.get_height()
        under = dash if height - 0.02 * top < dash < height + 0.09 * top else height
        panel.annotate(f"{height:.2g}", (bar.get_x() + bar.get_width() / 2, max(height, under)), xytext=(0, 2), textcoords="offset points",
                       ha="center", va="bottom", fontsize=7 if len(bars) < 13 else 5, color="#404040", path_effects=halo)
