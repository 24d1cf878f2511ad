"""Particles at chosen times: first two components as points, one component as a histogram."""
import numpy as np

from . import style
from ..run import evenly

MOST_PANELS = 20
MOST_POINTS = 5000  # a panel and block; more only darken the picture
NEARBY = 0.25  # of the range of observations: how far beyond it a point may lie and still be drawn within the frame

# What the blocks of a snapshot look like; any other block gets the colours of lines.
COLOURS = {"particles": style.LINES[0], "observed": style.OBSERVED, "predicted": style.PREDICTED,
           "trajectory": style.LINES[2], "paths": style.LINES[0], "latents": style.LINES[0]}


def draw(run):
    times = run.snapshot_times()
    if not times:
        return None
    chosen = run.snapshots([step for step, _ in evenly(times, MOST_PANELS)], MOST_POINTS)
    plane = all(x.shape[1] > 1 for snapshot in chosen for x in snapshot.blocks.values())
    limits = _limits(chosen, plane)
    aspect = _height_over_width(limits) if plane else 0.75
    figure, axes = style.panels(len(chosen), 2.3, 2.3 * aspect + 0.25, sharex=True, sharey=True)
    colours = _colours(chosen)
    for panel, snapshot in zip(axes, chosen):
        (_scatter if plane else _histogram)(panel, snapshot, limits, colours)
        panel.set_title(style.time_label(snapshot.time) + (" (left out)" if snapshot.step in run.steps_left_out else ""))
        panel.label_outer()
    _label(figure, axes, plane)
    _legend(figure, colours)
    style.title(figure, _title(run, chosen))
    return figure


def _limits(chosen, plane):
    """Ranges that all panels share. A prediction that ran away must not set the scale: where there are observations, they do.

    Points a little beyond nearly all observations widen the range, so that the frame cuts none of them.
    """
    seen = [x for s in chosen for name, x in s.blocks.items() if name != "predicted"]
    every = [x for s in chosen for x in s.blocks.values()]
    ranges = []
    for c in range(2 if plane else 1):
        low, high = style.limits(np.concatenate([x[:, c] for x in seen]), margin=NEARBY)
        values = np.concatenate([x[:, c] for x in every])
        ranges.append(style.limits(values[(values >= low) & (values <= high)], share=100))
    return ranges


def _height_over_width(limits):
    """Equal scales where the ranges are alike; a square where one would be a sliver."""
    ratio = (limits[1][1] - limits[1][0]) / (limits[0][1] - limits[0][0])
    return ratio if 0.5 < ratio < 2 else 1.0


def _colours(chosen):
    names = list(dict.fromkeys(name for snapshot in chosen for name in snapshot.blocks))
    others = iter(style.LINES[1:] * len(names))
    return {name: COLOURS.get(name) or next(others) for name in names}


def _scatter(panel, snapshot, limits, colours):
    # All blocks in one shuffled heap, so that none lies on top of the others.
    points = np.concatenate(list(snapshot.blocks.values()))
    paint = np.repeat([colours[name] for name in snapshot.blocks], [len(x) for x in snapshot.blocks.values()])
    order = np.random.default_rng(0).permutation(len(points))
    size = np.clip(4000 / len(points), 0.8, 12)
    panel.scatter(points[order, 0], points[order, 1], s=size, c=paint[order], alpha=0.6, linewidths=0, rasterized=True)
    panel.set_xlim(limits[0])
    panel.set_ylim(limits[1])


def _histogram(panel, snapshot, limits, colours):
    low, high = limits[0]
    for name, x in snapshot.blocks.items():
        bins = np.linspace(low, high, int(np.clip(np.sqrt(len(x)), 10, 60)) + 1)
        filled = name != "predicted"
        panel.hist(
            x[:, 0],
            bins=bins,
            density=True,
            histtype="stepfilled" if filled else "step",
            color=colours[name],
            alpha=0.55 if filled else 1,
            linewidth=0 if filled else 1.3,
        )
    panel.set_xlim(low, high)


def _label(figure, axes, plane):
    columns = axes[0].get_gridspec().ncols
    for k, panel in enumerate(axes):
        # The lowest panel of a column carries the label, also where the last row is not full.
        if k + columns >= len(axes):
            panel.set_xlabel(style.component(0))
            panel.tick_params(labelbottom=True)
        if k % columns == 0:
            panel.set_ylabel(style.component(1) if plane else "density")


def _legend(figure, colours):
    if len(colours) < 2:
        return
    handles = [figure.axes[0].scatter([], [], s=16, color=colour, label=name) for name, colour in colours.items()]
    figure.legend(handles=handles, loc="upper right", ncol=len(colours), handletextpad=0.2, borderaxespad=0.2)


def _title(run, chosen):
    first = next(iter(chosen[0].blocks))
    count, drawn = run.particles(chosen[0].step, first), len(chosen[0].blocks[first])
    return run.name if drawn == count else f"{run.name}: {drawn} of {count} particles"
