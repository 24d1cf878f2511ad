"""Paths of particles that keep their row from snapshot to snapshot: some of them as lines over the snapshots' points."""
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from . import style

MOST_PATHS = 60
MOST_POINTS = 1500
BLOCKS = ("paths", "latents")


def draw(run):
    """One panel of the first two components, coloured by time; None where no block has paths in a plane."""
    times = run.snapshot_times()
    for block in BLOCKS:
        snapshots = [s for s in run.snapshots([step for step, _ in times], MOST_POINTS) if block in s.blocks]
        if len(snapshots) > 1 and _keeps_rows(run, snapshots, block):
            return _draw(run, snapshots, block)
    return None


def _keeps_rows(run, snapshots, block):
    counts = {run.particles(s.step, block) for s in snapshots}
    return len(counts) == 1 and all(s.blocks[block].shape[1] > 1 for s in snapshots)


def _draw(run, snapshots, block):
    figure, axes = style.panels(1, 4.6, 4.2)
    panel = axes[0]
    last = max(s.time for s in snapshots) - min(s.time for s in snapshots) or 1
    colour = lambda time: style.colours()((time - min(s.time for s in snapshots)) / last)
    for snapshot in snapshots:
        observed = snapshot.blocks.get("observed", snapshot.blocks[block] if block == "latents" else None)
        if observed is not None:
            panel.scatter(observed[:, 0], observed[:, 1], s=4, color=colour(snapshot.time), alpha=0.5, linewidths=0,
                          label=style.time_label(snapshot.time), rasterized=True)
    tracks = np.stack([s.blocks[block] for s in snapshots])
    chosen = np.random.default_rng(0).permutation(tracks.shape[1])[:MOST_PATHS]
    growth = run.growth([s.step for s in snapshots], MOST_POINTS) if block == "paths" else None
    if growth is None:
        for path in chosen:
            panel.plot(tracks[:, path, 0], tracks[:, path, 1], color="0.25", linewidth=0.5, alpha=0.6)
    else:
        _draw_growth(figure, panel, tracks, growth[:, :, 1], chosen)
    panel.set(xlabel=style.component(0), ylabel=style.component(1))
    panel.legend(loc="best", markerscale=2, fontsize=7)
    style.title(figure, f"{run.name}: {len(chosen)} of {run.particles(snapshots[0].step, block)} {'paths' if block == 'paths' else 'samples on their way'}")
    return figure


def _draw_growth(figure, panel, tracks, rates, chosen):
    """Pieces of paths in the colour of their growth rate: red where particles multiply, blue where they die."""
    most = np.abs(rates[:, chosen]).max() or 1
    pieces = [tracks[k : k + 2, path] for path in chosen for k in range(len(tracks) - 1)]
    lines = LineCollection(pieces, cmap="coolwarm", norm=Normalize(-most, most), linewidths=0.8)
    lines.set_array(np.array([rates[k, path] for path in chosen for k in range(len(tracks) - 1)]))
    panel.add_collection(lines)
    figure.colorbar(lines, ax=panel, label="growth rate")
