"""V and W of a McKean-Vlasov double well with a Gaussian attraction, from 20 snapshots at uneven times that Weir simulated.

    python3 tests/benchmark/mckean_vlasov.py build/weir [--iterations 600] [--verify]

The trajectory model knows the noise. Reported: the relative squared error of the drift, pooled over snapshots; W1 of
predictions beside doing nothing; seconds. Weight, bandwidth and rates are those of five tries with the least W1 on the
half of each snapshot that is held out; the drift was not looked at. --verify: 1 unless the error is at most .1 and W1 is
below doing nothing.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "src/python"))
import weir  # noqa: E402

HEIGHT, AMPLITUDE, WIDTH, BETA, STEP = 0.25, -0.8, 0.8, 0.1, 0.01
# Steps of the simulation: close where particles fall into the wells, further apart later.
SNAPSHOTS = [0, 4, 8, 12, 17, 22, 28, 34, 41, 48, 56, 65, 75, 86, 98, 111, 125, 145, 170, 200]
SIMULATE = f"""weir: 1
run: {{name: truth, seed: 5}}
simulate:
  initial: {{particles: 1000, dimension: 1, normal: {{mean: 0.2, covariance: 0.6}}}}
  energy:
    potential: {{double_well: {{height: {HEIGHT}, width: 1}}}}
    interaction: {{gaussian: {{amplitude: {AMPLITUDE}, width: {WIDTH}}}}}
    entropy: {BETA}
  time: {{step: {STEP}, end: {STEP * SNAPSHOTS[-1]}, scheme: langevin}}
  snapshots: {{every: 1}}
"""
LEARN = f"""weir: 1
run: {{name: learned, seed: 1, precision: single, tile: 16}}
learn_energies:
  populations: {{file: {{path: snapshots.csv, columns: [x], labels: t}}}}
  split: 0.5
  coupling: {{method: auto, batch: whole}}
  model:
    trajectory:
      particles: 300
      steps: 60
      entropy: {BETA}
      weight: 0.1
      bandwidth: 0.1
      potential: {{hidden: [32, 32]}}
      interaction: {{hidden: [16, 16], sources: 16}}
      train: {{rule: {{adam: {{rate: 1.0e-2, schedule: cosine}}}}}}
  metrics: [w1]
"""


def true_drift(x):
    """-grad V - grad W averaged over the snapshot: V = h (x^2 - 1)^2, W = a exp(-r^2 / (2 w^2))."""
    r = x[:, None] - x[None]
    attraction = (AMPLITUDE * -r / WIDTH**2 * np.exp(-(r**2) / (2 * WIDTH**2))).mean(axis=1)
    return -4 * HEIGHT * x * (x**2 - 1) - attraction


def run(program, folder, name, text, *settings):
    path = folder / f"{name}.yaml"
    path.write_text(text)
    words = [word for setting in (f"run.output={folder / name}", *settings) for word in ("--set", setting)]
    done = subprocess.run([program, str(path), "--overwrite", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(done.stdout[-2000:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weir")
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        run(options.weir, folder, "truth", SIMULATE)
        truth = weir.open(folder / "truth")
        times = dict(truth.snapshot_times())
        snapshots = {times[step]: truth.snapshot(step)["particles"][:, 0] for step in SNAPSHOTS}
        rows = ["t,x"] + [f"{t:.6g},{value:.9g}" for t, x in snapshots.items() for value in x]
        (folder / "snapshots.csv").write_text("\n".join(rows) + "\n")
        start = time.time()
        run(options.weir, folder, "learned", LEARN, f"learn_energies.model.trajectory.train.iterations={options.iterations}")
        seconds = time.time() - start
        learned = weir.open(folder / "learned")
        wrong = total = 0.0
        for t, x in snapshots.items():
            expected = true_drift(x)
            found = learned.drift(x[:, None], t)[:, 0]
            wrong += ((found - expected) ** 2).sum()
            total += (expected**2).sum()
        summary = json.loads((folder / "learned/summary.json").read_text())
    error = wrong / total
    print(f"drift, relative squared error: {error:.4f}\nw1: {summary['w1']:.4f}\nw1_identity: {summary['w1_identity']:.4f}\n"
          f"w1_floor: {summary['w1_floor']:.4f}\nseconds: {seconds:.0f}")
    if options.verify and not (error <= 0.1 and summary["w1"] < summary["w1_identity"]):
        sys.exit("the drift is off by more than .1, or predictions are no better than doing nothing")


if __name__ == "__main__":
    main()
