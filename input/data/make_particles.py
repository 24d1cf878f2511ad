"""Particles that attract each other in two wells, as a table: make_particles.py FILE

Columns: frame (f0, f3, f5 .., uneven), x, y. 250 particles a frame, drawn afresh for each: nobody knows who became whom.
The energy behind them: V = (x^2 - 1)^2 / 4 + y^2 / 2 and W(r) = r^2 / 4, noise beta = 0.05.
"""
import sys

import numpy as np

FRAMES = [0, 3, 5, 9, 14, 20]
UNIT, STEP, PARTICLES = 0.1, 0.005, 250  # of time a frame; of the simulation


def main(path):
    rng = np.random.default_rng(7)
    rows = ["frame,x,y"]
    for frame in FRAMES:
        x = rng.normal([0.2, 1.0], [0.5, 0.4], size=(PARTICLES, 2))
        for _ in range(round(frame * UNIT / STEP)):
            force = np.stack([x[:, 0] ** 3 - x[:, 0], x[:, 1]], axis=1) + 0.5 * (x - x.mean(axis=0))
            x += -STEP * force + np.sqrt(2 * 0.05 * STEP) * rng.standard_normal(x.shape)
        rows += [f"f{frame},{p[0]:.6f},{p[1]:.6f}" for p in x]
    with open(path, "w") as file:
        file.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
