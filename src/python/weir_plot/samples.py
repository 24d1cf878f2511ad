"""Generated rows beside rows that were held out: points of the plane, or pictures where rows are square images."""
import h5py
import numpy as np

from . import style

MOST_POINTS = 3000
SIDES = (8, 28)  # pixels of a side
PICTURES = 8     # a side of the board


def draw(run):
    """None where the run generated nothing of the kind."""
    path = run.folder / "samples.h5"
    if not path.exists():
        return None
    with h5py.File(path, "r") as file:
        rows = {name: file[name][:] for name in ("held_out", "samples") if name in file}
    if "samples" not in rows or rows["samples"].shape[1] < 2:
        return None
    side = int(round(np.sqrt(rows["samples"].shape[1])))
    return (_pictures if side in SIDES and side * side == rows["samples"].shape[1] else _points)(run, rows)


def _points(run, rows):
    figure, axes = style.panels(len(rows), 3.1, 3.0, sharex=True, sharey=True)
    ranges = [style.limits(np.concatenate([x[:, c] for x in rows.values()])) for c in range(2)]
    for panel, (name, x) in zip(axes, rows.items()):
        x = x[:: max(1, -(-len(x) // MOST_POINTS))]
        colour = style.PREDICTED if name == "samples" else style.OBSERVED
        panel.scatter(x[:, 0], x[:, 1], s=2, color=colour, alpha=0.6, linewidths=0, rasterized=True)
        panel.set(xlim=ranges[0], ylim=ranges[1], title=_title(name), xlabel=style.component(0))
    axes[0].set_ylabel(style.component(1))
    figure.suptitle(run.name, fontsize=10)
    return figure


def _pictures(run, rows):
    figure, axes = style.panels(len(rows), 3.1, 3.1)
    for panel, (name, x) in zip(axes, rows.items()):
        side = int(round(np.sqrt(x.shape[1])))
        chosen = x[: PICTURES**2]
        board = np.full((PICTURES * (side + 1) + 1,) * 2, x.min())
        for k, picture in enumerate(chosen):
            top, left = (place * (side + 1) + 1 for place in divmod(k, PICTURES))
            board[top : top + side, left : left + side] = picture.reshape(side, side)
        low, high = np.percentile(rows["samples"], [1, 99])
        panel.imshow(board, cmap="gray", vmin=low, vmax=high)
        panel.set(xticks=[], yticks=[], title=_title(name))
    figure.suptitle(run.name, fontsize=10)
    return figure


def _title(name):
    return {"held_out": "rows held out", "samples": "samples"}[name]
