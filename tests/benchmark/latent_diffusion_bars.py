#!/usr/bin/env python3
"""What latent_diffusion reaches, beside its bars. Minutes.

    python3 tests/benchmark/latent_diffusion_bars.py build/weir [digits baselines long swiss_roll] [--seeds 3] [--ranks 1] [--verify]

--verify: the exit code says whether every bar is met. Without names all parts run. `baselines` share decoder and number of gradient
evaluations with the model, and have no bars.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

DECKS = pathlib.Path(__file__).resolve().parents[2] / "input/latent_diffusion"
METRICS = ("frechet_pca", "energy_distance", "nearest_neighbour", "reconstruction")
missed = []


class Weir:
    def __init__(self, program, ranks):
        self.command = [program] if ranks == 1 else ["mpirun", "--oversubscribe", "-n", str(ranks), program]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir_bars_"))

    def run(self, deck, name, *settings):
        """The summary of a run."""
        output = self.folder / name
        words = [word for setting in (*settings, f"run.output={output}") for word in ("--set", setting)]
        done = subprocess.run(self.command + [str(DECKS / deck)] + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{deck}: exit code {done.returncode}\n{done.stdout[-2000:]}")
        return json.loads((output / "summary.json").read_text())


def row(name, value, most=None):
    met = most is None or value <= most
    print(f"| {name} | {value:.4g} | {f'at most {most:g}' if most is not None else '-'} | {'' if met else '**missed**'} |", flush=True)
    if not met:
        missed.append(name)


def digits(weir, seeds):
    runs = [weir.run("digits.yaml", f"digits_{seed}", f"run.seed={seed}") for seed in range(seeds)]
    for metric, most in zip(METRICS, (0.70, 0.018, 0.65, 0.15)):
        row(f"digits, 150 epochs: {metric}, mean", np.mean([s[metric] for s in runs]), most)
        row(f"digits, 150 epochs: {metric}, deviation over seeds", np.std([s[metric] for s in runs], ddof=1) if seeds > 1 else 0)


def baselines(weir, seeds):
    variants = {
        "diffusion prior fitted afterwards": ["train.prior_afterwards=true"],
        "N(0, I) as prior": ["prior=gaussian"],
        "VAE": ["posterior=amortised", "prior=gaussian", "decoder.noise=learned"],
        "VAE, diffusion prior fitted afterwards": ["posterior=amortised", "decoder.noise=learned", "train.prior_afterwards=true"],
        "VAE and diffusion prior jointly": ["posterior=amortised", "decoder.noise=learned"],
    }
    for name, settings in variants.items():
        runs = [weir.run("digits.yaml", f"{name}_{seed}", f"run.seed={seed}", *(f"latent_diffusion.{s}" for s in settings))
                for seed in range(seeds)]
        for metric in METRICS:
            row(f"{name}: {metric}, mean", np.mean([s[metric] for s in runs]))


def long(weir, seeds):
    summary = weir.run("digits.yaml", "long", "latent_diffusion.train.epochs=300")
    row("digits, 300 epochs: frechet_pca", summary["frechet_pca"], 0.63)
    row("digits, 300 epochs: energy_distance", summary["energy_distance"], 0.01)


def swiss_roll(weir, seeds):
    """In 20 dimensions, against the prior N(0, I) and a VAE."""
    settings = {"": [], "N(0, I)": ["prior=gaussian"], "VAE": ["posterior=amortised", "prior=gaussian", "decoder.noise=learned"]}
    found = {}
    for name, changed in settings.items():
        runs = [weir.run("swiss_roll.yaml", f"roll_{name}_{seed}", f"run.seed={seed}", *(f"latent_diffusion.{s}" for s in changed))
                for seed in range(seeds)]
        found[name] = np.mean([s["w2"] for s in runs])
        row(f"swiss roll, {name or 'diffusion'}: W2 over its floor, mean", np.mean([s["w2_ratio"] for s in runs]), None if name else 1.3)
    for name in list(settings)[1:]:
        row(f"swiss roll: W2 over that of {name}", found[""] / found[name], 0.75)


def main():
    parts = {"digits": digits, "baselines": baselines, "long": long, "swiss_roll": swiss_roll}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weir")
    parser.add_argument("parts", nargs="*", choices=[*parts, []])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    weir = Weir(options.weir, options.ranks)
    print("| | measured | bar | |\n|---|---|---|---|")
    for part in options.parts or parts:
        parts[part](weir, options.seeds)
    if missed:
        print("missed:", ", ".join(missed))
    return int(options.verify and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
