#!/usr/bin/env python3
"""What the error of a bridge is made of, for several numbers of steps, times to stop at, and values of sigma.

    python3 input/schroedinger_bridge/studies/errors.py build/weir [--seeds 4] [--into FOLDER]

Runs errors.yaml, whose metric error_parts splits the squared error, and prints means over seeds with their standard errors.
`score` is below 0 where a network that generalises does better than the exact score of the training rows.
"""
import argparse
import pathlib
import tempfile

import numpy as np

import study

DECK = pathlib.Path(__file__).resolve().parent / "errors.yaml"
SWEEPS = {"steps": (5, 10, 20, 40, 80), "stop": (0.9, 0.97, 0.99, 0.997, 0.999), "sigma": (0.5, 1.0, 2.0, 4.0)}
PARTS = "error", "error_score", "error_discretisation", "error_early_stopping", "error_rest"


def parts_of(weir, output, key, value, seed):
    summary = study.run(weir, DECK, output, run__seed=seed, **{f"schroedinger_bridge__bridge__{key}": value})
    return [summary[name] for name in PARTS]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--into", help="a folder for errors_steps.csv and .png, and so on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weir_errors_") as folder:
        for key, values in SWEEPS.items():
            all_means, all_errors = [], []
            print(f"| {key} | " + " | ".join(PARTS) + " |\n" + "|---" * (1 + len(PARTS)) + "|")
            for value in values:
                found = np.array([parts_of(options.weir, pathlib.Path(folder) / "out", key, value, seed) for seed in range(options.seeds)])
                errors = found.std(0, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.zeros(len(PARTS))
                all_means.append(found.mean(0))
                all_errors.append(errors)
                print(f"| {value} | " + " | ".join(f"{m:.3f} +- {e:.3f}" for m, e in zip(found.mean(0), errors)) + " |", flush=True)
            print()
            if options.into:
                study.save(options.into, f"errors_{key}", key, values,
                            {part: (np.array(all_means)[:, k], np.array(all_errors)[:, k]) for k, part in enumerate(PARTS)})


if __name__ == "__main__":
    main()
