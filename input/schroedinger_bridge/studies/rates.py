#!/usr/bin/env python3
"""How the error of a latent bridge falls with the number of rows, whatever the ambient dimension is.

    python3 input/schroedinger_bridge/studies/rates.py build/weir [--replicates 8] [--ambient 4 16 64 256]

Rows lie near a curved surface of two dimensions, turned into a space of many with ripples. An autoencoder is pre-trained once a
space, on 4000 rows of their own; then for each number of rows n as many bridges are made as there are replicates, each of rows of
its own. With 1000 samples and 1000 rows held out

    error^2 = W2^2(samples, rows) - 1/2 W2^2(rows, rows') - (reconstruction error)^2

and the slope is that of log error over log n. The claim is that it does not depend on the ambient dimension.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

import numpy as np

import study

DECK = pathlib.Path(__file__).resolve().parent / "rates.yaml"
SIZES = (100, 200, 400, 800, 1600)
HELD_OUT = 2000


def latents(n, rng):
    a = rng.standard_normal((n, 2))
    return np.c_[a[:, 0], 0.6 * a[:, 1] + 0.4 * a[:, 0] ** 2 - 0.4]


def embedding(ambient):
    rng = np.random.default_rng(7)
    turn = np.linalg.qr(rng.standard_normal((ambient, 2)))[0]
    waves, phases = rng.standard_normal((2, ambient)) * 0.7, rng.random(ambient) * 6
    return lambda z: z @ turn.T + np.sin(z @ waves + phases) / np.sqrt(ambient)


def slope(errors):
    """Of the mean error over the replicates, and its standard error from a jackknife over them."""
    fit = lambda e: np.polyfit(np.log(SIZES), np.log(np.sqrt(np.maximum(e.mean(0), 1e-12))), 1)[0]
    n = len(errors)
    leave_one = np.array([fit(np.delete(errors, i, 0)) for i in range(n)])
    return fit(errors), np.sqrt((n - 1) / n * ((leave_one - leave_one.mean()) ** 2).sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--ambient", type=int, nargs="+", default=[4, 16, 64, 256])
    parser.add_argument("--verify", action="store_true", help="1 where slopes of different ambient dimensions are more than .1 apart")
    parser.add_argument("--into", help="a folder for rates.csv and rates.png")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir_rates_"))
    print("| ambient | reconstruction | " + " | ".join(f"n = {n}" for n in SIZES) + " | slope, end to end | slope, latent |")
    print("|---" * (4 + len(SIZES)) + "|")
    section = "schroedinger_bridge__"
    slopes, drawn = [], {}
    for ambient in options.ambient:
        embed = embedding(ambient)
        rows = folder / "rows.npy"
        np.save(rows, embed(latents(4000, np.random.default_rng(ambient))))
        network = "{network: {hidden: [128, 64]}, train: {epochs: 150, batch: 64, rule: {adam: {rate: 2.0e-3, schedule: cosine}}}}"
        study.run(options.weir, DECK, folder / "out", **{section + "data__file__path": rows, section + "autoencoder": network,
                                     section + "generate__count": 10, section + "metrics__report": "[]"})
        shutil.copy(folder / "out/networks.h5", folder / "networks.h5")
        end, latent, left = (np.zeros((options.replicates, len(SIZES))) for _ in range(3))
        for replicate in range(options.replicates):
            for k, n in enumerate(SIZES):
                rng = np.random.default_rng([ambient, replicate, n])
                np.save(rows, embed(latents(n + HELD_OUT, rng)))
                found = study.run(options.weir, DECK, folder / "out", run__seed=1000 * replicate + n + ambient,
                            **{section + "data__file__path": rows, section + "split__test": HELD_OUT / (n + HELD_OUT),
                               section + "autoencoder": f"{{model: {folder / 'networks.h5'}}}"})
                left[replicate, k] = found["reconstruction_error"]
                end[replicate, k] = found["w2"] ** 2 - 0.5 * found["w2_floor"] ** 2 - found["reconstruction_error"] ** 2
                latent[replicate, k] = found["w2_latent"] ** 2 - 0.5 * found["w2_floor_latent"] ** 2
        slopes.append(slope(end)[0])
        roots = np.sqrt(np.maximum(end, 0))
        drawn[f"ambient_{ambient}"] = (np.sqrt(np.maximum(end.mean(0), 0)), roots.std(0, ddof=min(1, len(roots) - 1)) / np.sqrt(len(roots)))
        means = np.sqrt(np.maximum(end.mean(0), 0))
        print(f"| {ambient} | {left.mean():.3f} | " + " | ".join(f"{e:.3f}" for e in means)
              + " | {:.3f} +- {:.3f}".format(*slope(end)) + " | {:.3f} +- {:.3f} |".format(*slope(latent)), flush=True)
    shutil.rmtree(folder)
    if options.into:
        study.save(options.into, "rates", "rows", SIZES, drawn, logarithmic=True)
    print(f"slopes differ by at most {max(slopes) - min(slopes):.3f}")
    return int(options.verify and max(slopes) - min(slopes) > 0.1)


if __name__ == "__main__":
    sys.exit(main())
