"""The learned potential, beside the true one where that is known: level curves in the plane, curves in one dimension."""
import numpy as np
from matplotlib.colors import BoundaryNorm

from . import style
from ..run import evenly

MOST_PANELS = 8
MOST_POINTS = 300
LEVELS = 15
ARROWS = 11  # of the drift, along each axis


def draw(run):
    if run.grid is None:
        return None
    return _draw_plane(run) if len(run.grid.axes) > 1 else _draw_line(run)


def _centred(values):
    """A potential is known up to a constant: the one of mean 0 over the grid."""
    finite = values[np.isfinite(values)]
    return values - (finite.mean() if finite.size else 0)


def _fields(run):
    """(title, time or None, values) of each panel, the true potential first."""
    grid = run.grid
    fields = [("true potential", None, _centred(grid.true))] if grid.true is not None else []
    rows = list(range(len(grid.learned)))
    for row in evenly(rows, MOST_PANELS):
        one = len(rows) == 1
        time = None if one else grid.times[row]
        title = "learned potential" if one else f"learned, {style.time_label(time)}"
        fields.append((title, time, _centred(grid.learned[row])))
    return fields


def _observed(run, time):
    """Particles that were observed at a time (None: at any), to show where the data lie; None where there are none."""
    steps = [step for step, t in run.snapshot_times() if time is None or np.isclose(t, time)]
    if not steps:
        return None
    found = [s.blocks["observed"] for s in run.snapshots(steps, MOST_POINTS) if "observed" in s.blocks]
    return np.concatenate(found) if found else None


def _levels(fields):
    """Levels that all panels share, as many values between any two: so the wells show, and not only the steep rims."""
    stacked = np.concatenate([values[np.isfinite(values)] for _, _, values in fields])
    levels = np.unique(np.quantile(stacked, np.linspace(0, 1, LEVELS + 1)))
    return levels if np.ptp(levels) > 1e-12 else levels[0] + np.array([-1.0, 1.0])


def _draw_plane(run):
    fields = _fields(run)
    x0, x1 = run.grid.axes
    levels = _levels(fields)
    colours = BoundaryNorm(levels, style.colours().N)
    figure, axes = style.panels(len(fields), 2.8, 2.6, sharex=True, sharey=True)
    for panel, (title, time, values) in zip(axes, fields):
        filled = panel.contourf(x0, x1, values, levels=levels, norm=colours, cmap=style.colours())
        panel.contour(x0, x1, values, levels=levels, colors="white", linewidths=0.4, linestyles="solid", alpha=0.7)
        points = _observed(run, time)
        if points is not None:
            panel.scatter(points[:, 0], points[:, 1], s=2.5, color="white", alpha=0.55, linewidths=0, rasterized=True)
        if not title.startswith("true"):
            _arrows(panel, run, time, points, x0, x1)
        panel.set(xlim=(x0[0], x0[-1]), ylim=(x1[0], x1[-1]), title=title)
        panel.set_xlabel(style.component(0))
    columns = axes[0].get_gridspec().ncols
    for panel in axes[::columns]:
        panel.set_ylabel(style.component(1))
    bar = figure.colorbar(filled, ax=axes, label="potential, mean 0", shrink=0.9, aspect=25, pad=0.02, ticks=levels[::3])
    bar.ax.set_yticklabels([f"{level:.3g}" for level in levels[::3]])
    where = "dots: observed particles"
    if run.energy is not None and run.energy.dimension == 2:
        where += "; arrows: drift"
    if run.dimension > 2:
        where += f"; the slice of {run.dimension} dimensions through the mean"
    style.title(figure, f"{run.name} ({where})")
    return figure


def _arrows(panel, run, time, population, x0, x1):
    """The drift on a coarse grid of the plane, each arrow at most as long as the grid is wide."""
    energy = run.energy
    if energy is None or energy.dimension != 2:
        return
    t = energy.times[0] if time is None else time
    ticks = [np.linspace(x[0], x[-1], ARROWS + 2)[1:-1] for x in (x0, x1)]
    places = np.stack([grid.ravel() for grid in np.meshgrid(*ticks)], axis=1)
    drift = energy.drift(places, t, population)
    scaled = drift / [ticks[0][1] - ticks[0][0], ticks[1][1] - ticks[1][0]]
    longest = np.percentile(np.linalg.norm(scaled, axis=1), 90)
    if longest > 0:
        panel.quiver(places[:, 0], places[:, 1], drift[:, 0], drift[:, 1], angles="xy", scale_units="xy", scale=longest,
                     width=0.004, color="black", alpha=0.7)


def _draw_line(run):
    x = run.grid.axes[0]
    figure, (panel,) = style.panels(1, 4.6, 3.0)
    fields = _fields(run)
    learned = [field for field in fields if not field[0].startswith("true")]
    if run.grid.true is not None:
        panel.plot(x, fields[0][2].ravel(), color=style.REFERENCE, linewidth=5, label="true", solid_capstyle="round")
    colours = style.LINES if len(learned) <= len(style.LINES) else style.LINES * len(learned)
    for (title, time, values), colour in zip(learned, colours):
        label = "learned" if time is None else style.time_label(time)
        panel.plot(x, values.ravel(), color=colour if time is not None else style.PREDICTED, label=label)
    points = _observed(run, None)
    if points is not None:
        panel.plot(points[:, 0], np.zeros(len(points)), "|", color=style.OBSERVED, alpha=0.15, markersize=7,
                   transform=panel.get_xaxis_transform(), clip_on=False)
    panel.set(xlabel=style.component(0), ylabel="potential, mean 0", xlim=(x[0], x[-1]))
    panel.legend()
    style.title(figure, f"{run.name} (ticks: observed particles)")
    return figure
