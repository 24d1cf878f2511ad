"""Generated rows beside rows that were held out: points of the plane, or pictures where rows are square images."""
import h5py
import numpy as np

from . import style

MOST_POINTS = 3000
SIDES = (8, 28)  # pixels of a side
PICTURES = 8     # a side of the board
TITLES = {"held_out": "rows held out", "samples": "samples", "completions": "completed", "reconstructions": "reconstructed",
          "density": "learned density"}


def draw(run):
    """None where the run generated nothing of the kind."""
    rows = read(run.folder / "samples.h5", ("held_out", "samples"))
    if "samples" not in rows:
        return None
    density = read(run.folder / "likelihood.h5", ("density/points", "density/log_density", "density/shape"))
    if rows["samples"].shape[1] == 1:
        return _histograms(run, rows, density)
    return _pictures(run, rows) if are_pictures(rows["samples"]) else _points(run, rows, density)


def draw_completions(run):
    """What was completed or reconstructed, beside the rows that it came from."""
    rows = read(run.folder / "samples.h5", ("held_out", "completions", "reconstructions"))
    generate = next((m.get("generate") for m in run.deck.values() if isinstance(m, dict) and isinstance(m.get("generate"), dict)), {})
    for name, key in (("completions", "given"), ("reconstructions", "reconstruct")):
        if isinstance(generate.get(key), dict) and generate[key].get("file"):
            rows.pop(name, None)  # of rows of a file, which are not those held out
    if len(rows) < 2 or "held_out" not in rows or rows["held_out"].shape[1] < 2:
        return None
    if any(len(x) != len(rows["held_out"]) for x in rows.values()):
        return None
    return _pictures(run, rows) if are_pictures(rows["held_out"]) else _conditionals(run, rows)


def read(path, names):
    """Those of the data sets that are there, by the last part of their names."""
    if not path.exists():
        return {}
    with h5py.File(path, "r") as file:
        return {name.split("/")[-1]: file[name][:] for name in names if name in file}


def are_pictures(x):
    side = int(round(np.sqrt(x.shape[1])))
    return side in SIDES and side * side == x.shape[1]


def _histograms(run, rows, density):
    figure, axes = style.panels(1, 3.6, 3.0)
    low, high = style.limits(np.concatenate([x[:, 0] for x in rows.values()]))
    for name, x in rows.items():
        colour = style.PREDICTED if name == "samples" else style.OBSERVED
        axes[0].hist(x[:, 0], bins=60, range=(low, high), density=True, histtype="step", color=colour, label=TITLES[name])
    if "log_density" in density:
        axes[0].plot(density["points"][:, 0], np.exp(density["log_density"].ravel()), "k", linewidth=1, label=TITLES["density"])
    axes[0].set(xlim=(low, high), xlabel=style.component(0), ylabel="density")
    axes[0].legend()
    style.title(figure, run.name)
    return figure


def _conditionals(run, rows):
    """A column that was drawn against one that was given: equal clouds where the conditional law is right."""
    x = rows["held_out"]
    completed = rows.get("completions", x)
    drawn = [c for c in range(x.shape[1]) if not np.array_equal(completed[:, c], x[:, c])]
    given = [c for c in range(x.shape[1]) if c not in drawn]
    across, up = (given[0], drawn[0]) if given and drawn else (0, 1)
    figure, axes = style.panels(len(rows), 3.1, 3.0, sharex=True, sharey=True)
    ranges = [style.limits(np.concatenate([rows_of[:, c] for rows_of in rows.values()])) for c in (across, up)]
    for panel, (name, points) in zip(axes, rows.items()):
        points = points[:: max(1, -(-len(points) // MOST_POINTS))]
        colour = style.OBSERVED if name == "held_out" else style.PREDICTED
        panel.scatter(points[:, across], points[:, up], s=2, color=colour, alpha=0.6, linewidths=0, rasterized=True)
        panel.set(xlim=ranges[0], ylim=ranges[1], title=TITLES[name], xlabel=style.component(across))
    axes[0].set_ylabel(style.component(up))
    names = ", ".join(style.component(c) for c in given[:6]) + (", .." if len(given) > 6 else "")
    style.title(figure, f"{run.name}: {names} given" if "completions" in rows and given and drawn else run.name)
    return figure


def _points(run, rows, density):
    with_density = "log_density" in density and density["points"].shape[1] == 2
    figure, axes = style.panels(len(rows) + with_density, 3.1, 3.0, sharex=True, sharey=True)
    ranges = [style.limits(np.concatenate([x[:, c] for x in rows.values()])) for c in range(2)]
    for panel, (name, x) in zip(axes, rows.items()):
        x = x[:: max(1, -(-len(x) // MOST_POINTS))]
        colour = style.PREDICTED if name == "samples" else style.OBSERVED
        panel.scatter(x[:, 0], x[:, 1], s=2, color=colour, alpha=0.6, linewidths=0, rasterized=True)
        panel.set(xlim=ranges[0], ylim=ranges[1], title=TITLES[name], xlabel=style.component(0))
    if with_density:
        shape = tuple(int(n) for n in density["shape"][::-1])  # the first component runs fastest
        x, y = (density["points"][:, c].reshape(shape) for c in range(2))
        axes[-1].pcolormesh(x, y, np.exp(density["log_density"].reshape(shape)), cmap=style.colours(), shading="auto", rasterized=True)
        axes[-1].set(xlim=ranges[0], ylim=ranges[1], title=TITLES["density"], xlabel=style.component(0))
    axes[0].set_ylabel(style.component(1))
    style.title(figure, run.name)
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
        low, high = np.percentile(next(iter(rows.values())), [1, 99])
        panel.imshow(board, cmap="gray", vmin=low, vmax=high)
        panel.set(xticks=[], yticks=[], title=TITLES[name])
    style.title(figure, run.name)
    return figure
