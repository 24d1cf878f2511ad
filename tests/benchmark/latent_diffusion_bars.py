#!/usr/bin/env python3
"""What latent_diffusion reaches, beside its bars. Minutes.

    python3 tests/benchmark/latent_diffusion_bars.py build/weir [digits baselines long swiss_roll] [--seeds 3] [--ranks 1] [--verify]

--verify: the exit code says whether every bar is met. Without names all parts run. `baselines` share decoder and number of gradient
evaluations with the model, and have no bars.
"""
import pathlib
import sys

import numpy as np

import bars

DECKS = pathlib.Path(__file__).resolve().parents[2] / "input/latent_diffusion"
METRICS = ("frechet_pca", "energy_distance", "nearest_neighbour", "reconstruction")


def digits(weir, table, options):
    runs = [weir.run(DECKS / "digits.yaml", f"run.seed={seed}")[0] for seed in range(options.seeds)]
    for metric, most in zip(METRICS, (0.70, 0.018, 0.65, 0.15)):
        table.row(f"digits, 150 epochs: {metric}, mean", np.mean([s[metric] for s in runs]), most)
        table.row(f"digits, 150 epochs: {metric}, deviation over seeds", np.std([s[metric] for s in runs], ddof=1) if options.seeds > 1 else 0)


def baselines(weir, table, options):
    variants = {
        "diffusion prior fitted afterwards": ["train.prior_afterwards=true"],
        "N(0, I) as prior": ["prior=gaussian"],
        "VAE": ["posterior=amortised", "prior=gaussian", "decoder.noise=learned"],
        "VAE, diffusion prior fitted afterwards": ["posterior=amortised", "decoder.noise=learned", "train.prior_afterwards=true"],
        "VAE and diffusion prior jointly": ["posterior=amortised", "decoder.noise=learned"],
    }
    for name, settings in variants.items():
        runs = [weir.run(DECKS / "digits.yaml", f"run.seed={seed}", *(f"latent_diffusion.{s}" for s in settings))[0]
                for seed in range(options.seeds)]
        for metric in METRICS:
            table.row(f"{name}: {metric}, mean", np.mean([s[metric] for s in runs]))


def long(weir, table, options):
    summary = weir.run(DECKS / "digits.yaml", "latent_diffusion.train.epochs=300")[0]
    table.row("digits, 300 epochs: frechet_pca", summary["frechet_pca"], 0.63)
    table.row("digits, 300 epochs: energy_distance", summary["energy_distance"], 0.01)


def swiss_roll(weir, table, options):
    """In 20 dimensions, against the prior N(0, I) and a VAE."""
    settings = {"": [], "N(0, I)": ["prior=gaussian"], "VAE": ["posterior=amortised", "prior=gaussian", "decoder.noise=learned"]}
    found = {}
    for name, changed in settings.items():
        runs = [weir.run(DECKS / "swiss_roll.yaml", f"run.seed={seed}", *(f"latent_diffusion.{s}" for s in changed))[0]
                for seed in range(options.seeds)]
        found[name] = np.mean([s["w2"] for s in runs])
        table.row(f"swiss roll, {name or 'diffusion'}: W2 over its floor, mean", np.mean([s["w2_ratio"] for s in runs]), None if name else 1.3)
    for name in list(settings)[1:]:
        table.row(f"swiss roll: W2 over that of {name}", found[""] / found[name], 0.75)


if __name__ == "__main__":
    sys.exit(bars.main((digits, baselines, long, swiss_roll), __doc__))
