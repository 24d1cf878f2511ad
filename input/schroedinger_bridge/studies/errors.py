#!/usr/bin/env python3
"""Of what the error of a bridge is made: steps, early stopping, score, for several values of each and of sigma.

    python3 input/schroedinger_bridge/studies/errors.py build/weir [--seeds 4]

Errors are squares, less half of that between two sets of held-out rows: e = W2^2(samples, rows) - 1/2 W2^2(rows, rows'). With
e(score, steps, stop) the mean over seeds,

    early stopping   e(exact, many, stop) - e(exact, many, 1 - 1e-5)
    discretisation   e(exact, steps, stop) - e(exact, many, stop)
    score            e(network, steps, stop) - e(exact, steps, stop)

exact: the score of the smoothed training rows, `empirical`; many: 1000 steps. What is left, e(exact, many, 1 - 1e-5), is that there
are as many training rows and no more. A score that generalises is better than `exact` there, so that its part may be negative.
There is no encoder here; `reconstruction_error` in summary.json is the part of the pre-training.
"""
import argparse
import functools
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

DECK = pathlib.Path(__file__).resolve().parent / "errors.yaml"
MANY, LATE = 1000, 0.99999
SWEEPS = {"steps": [(k, 0.9999, 1.0) for k in (5, 10, 20, 40, 80)],
          "stop": [(100, t, 1.0) for t in (0.9, 0.97, 0.99, 0.997, 0.999)],
          "sigma": [(100, 0.9999, s) for s in (0.5, 1.0, 2.0, 4.0)]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    folder = tempfile.TemporaryDirectory(prefix="weir_errors_")
    output = pathlib.Path(folder.name) / "out"

    @functools.lru_cache(None)
    def error(score, steps, stop, sigma):
        found = []
        for seed in range(options.seeds):
            section = "schroedinger_bridge."
            settings = {"run.seed": seed, "run.output": output, section + "score": score, section + "bridge.steps": steps,
                        section + "bridge.stop": stop, section + "bridge.sigma": sigma}
            words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
            done = subprocess.run([options.weir, str(DECK), "--overwrite", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                sys.exit(done.stdout[-2000:])
            summary = json.loads((output / "summary.json").read_text())
            found.append(summary["w2"] ** 2 - 0.5 * summary["w2_floor"] ** 2)
        return np.mean(found), np.std(found, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else 0.0

    for name, cases in SWEEPS.items():
        print(f"| steps | stop | sigma | all, of a network | its error | early stopping | discretisation | score | rest |\n{'|---' * 9}|")
        for steps, stop, sigma in cases:
            network, exact, fine, late = (error("network", steps, stop, sigma), error("empirical", steps, stop, sigma),
                                          error("empirical", MANY, stop, sigma), error("empirical", MANY, LATE, sigma))
            parts = fine[0] - late[0], exact[0] - fine[0], network[0] - exact[0], late[0]
            print(f"| {steps} | {stop} | {sigma} | {network[0]:.4f} | {network[1]:.4f} | " + " | ".join(f"{p:.4f}" for p in parts) + " |",
                  flush=True)
        print()


if __name__ == "__main__":
    main()
