"""The learned interaction W: level curves over differences in the plane, else over the distance along each axis.

Drawn is its even part, 0 at 0: a slope of W pushes all particles alike, and data cannot tell it from one of V.
"""
import numpy as np

from . import style

POINTS = 121
MOST_AXES = 5


def draw(run):
    """None where no interaction was learned."""
    energy = run.energy
    if energy is None or not energy.has_interaction:
        return None
    reach = _reach(run, energy)
    return _plane(run, energy, reach) if energy.dimension == 2 else _lines(run, energy, reach)


def _reach(run, energy):
    """How far apart nearly all particles are, in each component."""
    times = run.snapshot_times()
    places = [x for step, _ in times for name, x in run.snapshot(step).items() if name in ("observed", "particles")]
    if not places:
        return np.ones(energy.dimension)
    spread = np.percentile(np.concatenate(places), [1, 99], axis=0)
    return np.maximum(spread[1] - spread[0], 1e-12)


def _even(energy, r):
    t = energy.times[0]
    return (energy.interaction(r, t) + energy.interaction(-r, t)) / 2 - energy.interaction(0 * r[:1], t)


def _plane(run, energy, reach):
    axes = [np.linspace(-width, width, POINTS) for width in reach]
    grid = np.stack([x.ravel() for x in np.meshgrid(*axes)], axis=1)
    values = _even(energy, grid).reshape(POINTS, POINTS)
    figure, (panel,) = style.panels(1, 4.2, 3.6)
    filled = panel.contourf(*axes, values, levels=15, cmap=style.colours())
    panel.contour(*axes, values, levels=15, colors="white", linewidths=0.4, alpha=0.7)
    panel.set(xlabel=f"difference in {style.component(0)}", ylabel=f"difference in {style.component(1)}")
    figure.colorbar(filled, ax=panel, label="$W$")
    style.title(figure, f"{run.name}: learned interaction")
    return figure


def _lines(run, energy, reach):
    figure, (panel,) = style.panels(1, 4.6, 3.0)
    shown = min(energy.dimension, MOST_AXES)
    for c in range(shown):
        differences = np.zeros((POINTS, energy.dimension))
        differences[:, c] = np.linspace(0, reach[c], POINTS)
        label = f"along {style.component(c)}" if energy.dimension > 1 else None
        panel.plot(differences[:, c], _even(energy, differences), label=label)
    panel.set(xlabel="distance", ylabel="$W$")
    if energy.dimension > 1:
        panel.legend()
    style.title(figure, f"{run.name}: learned interaction")
    return figure
