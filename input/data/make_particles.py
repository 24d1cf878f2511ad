"""Particles that attract each other on their way down a slope, as a table: make_particles.py FILE

Columns: frame (f0, f3, f5 .., uneven), x, y. 400 particles a frame, drawn afresh for each: nobody knows who became whom.
The energy behind them, for a time of 0.1 a frame: V = (x - 1)^2 / 4 + y^2 / 2 and W(r) = |r|^2 / 2, noise beta = 0.02.
"""
import sys

import numpy as np

FRAMES = [0, 3, 5, 9, 14, 20]
UNIT, STEP, PARTICLES = 0.1, 0.005, 400  # of time a frame; of the simulation


def main(path):
    rng = np.random.default_rng(7)
    rows = ["frame,x,y"]
    for frame in FRAMES:
        x = rng.normal([-1.0, 1.0], [0.6, 0.4], size=(PARTICLES, 2))
        for _ in range(round(frame * UNIT / STEP)):
            force = (x - [1.0, 0.0]) * [0.5, 1.0] + x - x.mean(axis=0)
            x += -STEP * force + np.sqrt(2 * 0.02 * STEP) * rng.standard_normal(x.shape)
        rows += [f"f{frame},{p[0]:.6f},{p[1]:.6f}" for p in x]
    with open(path, "w") as file:
        file.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
