"""Where particles go: each observed particle with an arrow to its prediction, on the landscape, beside what came next."""
import numpy as np

from . import style
from ..run import evenly

MOST_PANELS = 5
MOST_POINTS = 150
LEVELS = 9


def draw(run):
    """One panel an interval; None where predictions did not start from the observed particles of the time before."""
    times = run.snapshot_times()
    if run.rolls_out or len(times) < 2:
        return None
    intervals = evenly(list(zip(times, times[1:])), MOST_PANELS)
    pairs = [run.snapshots([before[0], after[0]], MOST_POINTS) for before, after in intervals]
    if not all(_fits(before, after) for before, after in pairs):
        return None
    limits = _limits(pairs)
    figure, axes = style.panels(len(pairs), 2.9, 2.7, sharex=True, sharey=True)
    for panel, (before, after) in zip(axes, pairs):
        _landscape(panel, run, before.time)
        start, end = before.blocks["observed"], after.blocks["predicted"]
        later = after.blocks["observed"]
        panel.scatter(later[:, 0], later[:, 1], s=26, facecolors="none", edgecolors=style.OBSERVED, linewidths=0.9)
        panel.quiver(start[:, 0], start[:, 1], *(end - start).T, angles="xy", scale_units="xy", scale=1, width=0.004,
                     headwidth=4, headlength=5, color=style.PREDICTED, alpha=0.9)
        panel.scatter(start[:, 0], start[:, 1], s=6, color=style.OBSERVED, alpha=0.8, linewidths=0)
        panel.set(xlim=limits[0], ylim=limits[1])
        panel.set_title(f"{style.time_label(before.time)} to {after.time:.4g}")
        panel.set_xlabel(style.component(0))
    axes[0].set_ylabel(style.component(1))
    style.title(
        figure, f"{run.name}: observed (dots), predicted (arrow heads), observed next (rings)"
    )
    return figure


def _fits(before, after):
    start, end = before.blocks.get("observed"), after.blocks.get("predicted")
    return start is not None and end is not None and start.shape == end.shape and start.shape[1] > 1


def _limits(pairs):
    points = np.concatenate([s.blocks["observed"] for pair in pairs for s in pair])
    return [style.limits(points[:, c], share=99) for c in range(2)]


def _landscape(panel, run, time):
    """The learned potential at that time, pale, where it lies on a grid of the plane."""
    grid = run.grid
    if grid is None or len(grid.axes) < 2:
        return
    row = 0 if len(grid.learned) == 1 else int(np.argmin(np.abs(np.asarray(grid.times[: len(grid.learned)]) - time)))
    values = grid.learned[row]
    levels = np.unique(np.quantile(values[np.isfinite(values)], np.linspace(0, 1, LEVELS + 1)))
    if len(levels) < 2:
        return
    x0, x1 = grid.axes
    # By rank: as many colours in the wells as on the steep rims.
    ranks = np.interp(values, levels, np.linspace(0, 1, len(levels)))
    panel.contourf(x0, x1, ranks, levels=np.linspace(0, 1, LEVELS + 1), cmap=style.colours(), alpha=0.35)
