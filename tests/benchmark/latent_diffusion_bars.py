#!/usr/bin/env python3
"""What latent_diffusion reaches, beside its bars. Minutes.

    python3 tests/benchmark/latent_diffusion_bars.py build/weir
        [digits baselines long together_or_apart planes speed mnist mnist_baselines fashion]
        [--seeds 3] [--ranks 1] [--verify] [--benchmark build/tests/benchmark/diffusion_benchmark] [--mnist FOLDER] [--fashion FOLDER]

--verify: the exit code says whether every bar is met. Without names all parts run; `mnist`, `mnist_baselines` and `fashion` do where their folders
are given, which hold the files as they are published (train-images-idx3-ubyte.gz, ..), `speed` where the benchmark is. `baselines` share decoder
and number of gradient evaluations with the model, and are beside what independent prototypes reached.
"""
import os
import pathlib
import sys

import h5py
import numpy as np

import bars

DECKS = pathlib.Path(__file__).resolve().parents[2] / "input/latent_diffusion"
METRICS = ("frechet_pca", "energy_distance", "nearest_neighbour", "reconstruction")
BASELINES = {  # settings, and what prototypes reached: frechet_pca, energy_distance, nearest_neighbour, reconstruction
    "diffusion prior fitted afterwards": (["train.prior_afterwards=true"], (0.658, 0.0147, 0.620, 0.146)),
    "mixture fitted afterwards": (["prior={mixture: {components: 20}}"], None),
    "N(0, I) as prior": (["prior=gaussian"], (1.820, 0.137, 0.797, 0.150)),
    "VAE": (["posterior=amortised", "prior=gaussian", "decoder.noise=learned"], (1.424, 0.0573, 0.743, 0.191)),
    "VAE, diffusion prior fitted afterwards": (["posterior=amortised", "decoder.noise=learned", "train.prior_afterwards=true"],
                                               (0.774, 0.0117, 0.619, 0.183)),
    "VAE and diffusion prior jointly": (["posterior=amortised", "decoder.noise=learned"], (0.920, 0.0188, 0.658, 0.198)),
}


def settings_of(changes):
    return [f"latent_diffusion.{change}" for change in changes]


def runs_of(weir, deck, changes, seeds):
    return [weir.run(DECKS / deck, f"run.seed={seed}", *settings_of(changes))[0] for seed in range(seeds)]


def digits(weir, table, options):
    runs = runs_of(weir, "digits.yaml", [], options.seeds)
    table.row("digits: frechet_pca of the training rows themselves, mean", np.mean([s["frechet_pca_floor"] for s in runs]))
    for metric, most in zip(METRICS, (0.70, 0.018, 0.65, 0.15)):
        table.row(f"digits, 150 epochs: {metric}, mean", np.mean([s[metric] for s in runs]), most)
        table.row(f"digits, 150 epochs: {metric}, deviation over seeds", np.std([s[metric] for s in runs], ddof=1) if options.seeds > 1 else 0)


# Tries of every method; the deck's own values are among them.
TRIES = [[f"train.decoder.rule.adam.rate={rate}", f"decoder.noise={noise}"] for rate in (1.5e-3, 3e-3, 6e-3) for noise in (0.1, "learned")]


def rows_for_tuning(weir, seeds):
    """A file of the digits that no seed holds out."""
    rows = np.loadtxt(DECKS.parent / "data/digits.csv.gz", delimiter=",")[:, :64]
    held_out = set()
    for seed in range(seeds):
        _, folder, _ = weir.run(DECKS / "digits.yaml", f"run.seed={seed}", *settings_of(["train.epochs=1", "metrics=[]", "generate.count=2"]))
        with h5py.File(folder / "samples.h5") as file:
            held_out |= {tuple(row) for row in np.rint((file["held_out"][()] + 1) * 8).astype(int)}
    path = weir.folder / "rest.npy"
    np.save(path, np.array([row for row in rows if tuple(row.astype(int)) not in held_out]))
    return path


def tuned(weir, changes, rows):
    """The try with the least frechet_pca on a fifth of these rows."""
    data = f"data={{file: {{path: {rows}, scale: 0.125, shift: -1.0}}}}"
    found = [weir.run(DECKS / "digits.yaml", "run.seed=100", *settings_of([*changes, *some, data, "metrics=[frechet_pca]"]))[0]["frechet_pca"]
             for some in TRIES]
    return TRIES[int(np.argmin(found))]


def baselines(weir, table, options):
    """As the deck stands, and each method, the deck's own too, with the best of as many tries on rows that nobody is judged by."""
    rows = rows_for_tuning(weir, options.seeds)
    for name, (changes, reached) in {"particles and diffusion": ([], (0.655, 0.0131, 0.613, 0.142)), **BASELINES}.items():
        for best in ([], tuned(weir, changes, rows)):
            runs = runs_of(weir, "digits.yaml", [*changes, *best], options.seeds)
            how = f", tuned ({' '.join(best).replace('train.decoder.rule.adam.', '')})" if best else ""
            for k, metric in enumerate(METRICS):
                beside = f" (prototype {reached[k]:g})" if reached and not best else ""
                table.row(f"{name}{how}: {metric}, mean{beside}", np.mean([s[metric] for s in runs]))


def long(weir, table, options):
    runs = runs_of(weir, "digits.yaml", ["train.epochs=300"], options.seeds)
    for metric, most in zip(METRICS, (0.63, 0.01, None, None)):
        table.row(f"digits, 300 epochs: {metric}, mean", np.mean([s[metric] for s in runs]), most)


def together_or_apart(weir, table, options, seeds=5):
    """Where training end to end could beat a prior fitted afterwards, and where it does."""
    places = {
        "small latent space": ["latent.dimension=4"],
        "few data": ["split.test=0.8"],
        "short training": ["train.epochs=30"],
        "sharp likelihood": ["decoder.noise=0.03"],
        "all four": ["latent.dimension=4", "split.test=0.8", "train.epochs=30", "decoder.noise=0.03"],
        "wide likelihood, 60 epochs": ["decoder.noise=0.4", "train.epochs=60"],
        "wide likelihood, 60 epochs, small latent space": ["decoder.noise=0.4", "train.epochs=60", "latent.dimension=4"],
    }
    changed = ["metrics=[frechet_pca, energy_distance]"]
    for name, changes in places.items():
        found = {}
        for apart in ("false", "true"):
            found[apart] = runs_of(weir, "digits.yaml", [*changed, *changes, f"train.prior_afterwards={apart}"], seeds)
        for metric in METRICS[:2]:
            together, apart = ([s[metric] for s in found[key]] for key in ("false", "true"))
            gain = np.array(apart) - np.array(together)
            table.row(f"{name}: {metric}, end to end", np.mean(together))
            table.row(f"{name}: {metric}, prior afterwards", np.mean(apart))
            wide = name == "wide likelihood, 60 epochs"  # where end to end does win
            table.row(f"{name}: {metric}, gain in its standard errors", np.mean(gain) / (np.std(gain, ddof=1) / np.sqrt(seeds)), least=3 if wide else None)


def planes(weir, table, options):
    """Rolls and moons in 20 dimensions, against the prior N(0, I) and a VAE: of the noises learned, .05, .1 and .2 the one
    that is best for it on the roll of seed 0."""
    settings = {"": [], "N(0, I)": ["prior=gaussian"], "VAE": ["posterior=amortised", "prior=gaussian", "decoder.noise=0.2"],
                "prior afterwards": ["train.prior_afterwards=true"]}
    for deck in ("swiss_roll", "moons"):
        found = {}
        for name, changes in settings.items():
            runs = runs_of(weir, f"{deck}.yaml", changes, options.seeds)
            found[name] = np.mean([s["w2"] for s in runs])
            most = 1.3 if deck == "swiss_roll" and not name else None
            table.row(f"{deck}, {name or 'diffusion'}: W2 over its floor, mean", np.mean([s["w2_ratio"] for s in runs]), most)
        for name in ("N(0, I)", "VAE"):
            table.row(f"{deck}: W2 over that of {name}", found[""] / found[name], 0.75 if deck == "swiss_roll" else None)


def speed(weir, table, options):
    if not options.benchmark:
        return
    os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")  # large pages, as the job scripts ask for
    best = lambda name, *words: max(bars.benchmark(options.benchmark, *words)[name] for _ in range(3))
    table.row("an iteration of 128 rows: flops over those of matrix products", best("of_gemm", 1, 128, 640), least=0.60)
    for batch in (240, 480):
        table.row(f"two ranks over two processes, batches of {batch}", best("efficiency", 2, batch, 600), least=0.93)


def pictures(weir, table, deck, folder, sure, changes=(), name=""):
    places = [f"latent_diffusion.data.file.path={folder}/train-images-idx3-ubyte.gz",
              f"latent_diffusion.data.file.labels.path={folder}/train-labels-idx1-ubyte.gz"]
    summary, _, seconds = weir.run(DECKS / f"{deck}.yaml", *places, *settings_of(changes))
    bar = deck == "mnist" and not name
    what = f"{deck}, {name}" if name else deck
    table.row(f"{what}: minutes", seconds / 60, 30 if bar else None)
    table.row(f"{what}: accuracy of the classifier", summary["classifier_accuracy"], least=0.97 if bar else None)
    table.row(f"{what}: share of samples of which it is sure", summary["sure"], least=sure)
    for metric in ("confidence", "frechet_pca", "frechet_features", "energy_distance", "nearest_neighbour", "copying"):
        table.row(f"{what}: {metric}", summary[metric])


def mnist(weir, table, options):
    if options.mnist:
        pictures(weir, table, "mnist", options.mnist, 0.80)


def mnist_baselines(weir, table, options):
    """Five epochs of the deck's own method and of others with its decoder, as they stand: nothing is tuned."""
    methods = {"particles and diffusion": ([], None), **BASELINES}
    for name, (changes, _) in methods.items():
        if options.mnist:
            pictures(weir, table, "mnist", options.mnist, None, [*changes, "train.epochs=5"], f"5 epochs, {name}")


def fashion(weir, table, options):
    if options.fashion:
        pictures(weir, table, "fashion", options.fashion, None)


if __name__ == "__main__":
    sys.exit(bars.main((digits, baselines, long, together_or_apart, planes, speed, mnist, mnist_baselines, fashion), __doc__,
                       (("--benchmark", {"help": "the program diffusion_benchmark"}), ("--mnist", {"help": "the folder of MNIST's files"}),
                        ("--fashion", {"help": "the folder of Fashion-MNIST's files"}))))
