#!/usr/bin/env python3
"""What bridges reach, beside their bars. Minutes; needs NumPy.

    python3 tests/benchmark/bridge_bars.py build/weir [plane mixtures gaussian digits cells] [--ranks 2] [--verify]

--verify: the exit code says whether every bar is met. Without names all parts run; `cells` needs the embryoid-body cells
(--cells FOLDER with X.npy and t.npy) and is left out, with a line, where they are not.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

DECKS = pathlib.Path(__file__).resolve().parents[2] / "input/schroedinger_bridge"
missed = []


class Weir:
    def __init__(self, program, ranks):
        self.command = [program]
        if ranks > 1:
            self.command = ["mpirun", "--oversubscribe", "-n", str(ranks), program]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir_bars_"))

    def run(self, deck, **settings):
        """The summary of a run, its folder and its seconds. `deck`: a path, or text."""
        if "\n" in str(deck):
            path = self.folder / "deck.yaml"
            path.write_text(deck)
            deck = path
        output = self.folder / "out"
        words = [f"{key.replace('__', '.')}={value}" for key, value in settings.items()] + [f"run.output={output}"]
        start = time.time()
        done = subprocess.run(self.command + [str(deck)] + [w for word in words for w in ("--set", word)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{deck}: exit code {done.returncode}\n{done.stdout[-2000:]}")
        return json.loads((output / "summary.json").read_text()), output, time.time() - start


def bar(name, value, most=None, least=None):
    met = (most is None or value <= most) and (least is None or value >= least)
    wanted = f"at most {most:g}" if most is not None else f"at least {least:g}" if least is not None else ""
    print(f"| {name} | {value:.4g} | {wanted or '-'} | {'' if met else '**missed**'} |", flush=True)
    if not met:
        missed.append(name)


# Fresh starts, five pairs, eight seeds each; distances of 1000 points.
MOONS = "{synthetic: {moons: {count: 10000, noise: 0.1, scale: 3, shift: -1}}}"
EIGHT = "{synthetic: {eight_gaussians: {count: 10000, radius: 5, deviation: 0.5623}}}"
ROLL = "{synthetic: {swiss_roll: {count: 10000, noise: 0.05}}}"


def plane(weir):
    normal = weir.folder / "normal.npy"
    np.save(normal, np.random.default_rng(1).standard_normal((10000, 2)))
    noise = f"{{file: {{path: {normal}}}}}"
    pairs = {"moons to eight_gaussians": (MOONS, EIGHT, 1), "eight_gaussians to moons": (EIGHT, MOONS, 1),
             "normal to eight_gaussians": (noise, EIGHT, 1), "normal to moons": (noise, MOONS, 1),
             "normal to swiss_roll": (noise, ROLL, 0.5)}
    for pair, (start, end, sigma) in pairs.items():
        for drift, most in (("mixture", 1.25), ("network", 1.3)):
            ratios, copying = [], []
            for seed in range(8):
                summary, _, _ = weir.run(DECKS / f"moons_{drift}.yaml", run__seed=seed, schroedinger_bridge__data=end,
                                         schroedinger_bridge__bridge__start=f"{{ensemble: {start}}}",
                                         schroedinger_bridge__bridge__sigma=sigma,
                                         schroedinger_bridge__generate__count=2000,
                                         schroedinger_bridge__metrics="{report: [w2, copying], points: 1000}")
                ratios.append(summary["w2_ratio"])
                copying.append(summary["copying"])
            bar(f"{pair}, {drift}: W2 over its floor", np.mean(ratios), most=most)
            bar(f"{pair}, {drift}: copying", np.mean(copying), least=0.9)


def moments(x, alpha, r, S, eps):
    """Mean and covariance of y given x."""
    logits = np.log(alpha) + (S @ (x * x) + 2 * r @ x) / (2 * eps)
    p = np.exp(logits - logits.max())
    p /= p.sum()
    m = r + S * x
    mean = p @ m
    return mean, np.diag(eps * p @ S) + (m - mean).T @ ((m - mean) * p[:, None])


def root(a):
    values, vectors = np.linalg.eigh(a)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def bures(m, a, n, b):
    s = root(a)
    return ((m - n) ** 2).sum() + np.trace(a + b - 2 * root(s @ b @ s))


def mixtures(weir):
    """The plan is known: cBW-UVP in percent. Published (another instance): .03/.08/.60 and .05/.09/.62."""
    for eps, bars in ((0.1, (0.1, 0.2, 0.7)), (1.0, (0.1, 0.2, 0.7))):
        for d, most in zip((2, 16, 128), bars):
            rng = np.random.default_rng(0)
            r = rng.standard_normal((5, d))
            r *= 5 / np.linalg.norm(r, axis=1, keepdims=True)
            S, alpha = rng.uniform(0.5, 1.5, (5, d)), np.full(5, 0.2)

            def ends(x):
                logits = np.log(alpha) + (x * x @ S.T + 2 * x @ r.T) / (2 * eps)
                p = np.exp(logits - logits.max(1, keepdims=True))
                p = np.cumsum(p, 1) / p.sum(1, keepdims=True)
                k = (p < rng.random((len(x), 1))).sum(1)
                return r[k] + S[k] * x + np.sqrt(eps * S[k]) * rng.standard_normal(x.shape)

            # Both ends of 10,000 draws of the plan, shuffled apart. (With ends of other starts the shares of the
            # components differ by chance, which alone is .3% and more where the plan is sharp.)
            x0 = rng.standard_normal((10000, d))
            y1 = rng.permutation(ends(x0))
            np.save(weir.folder / "x.npy", x0)
            np.save(weir.folder / "y.npy", y1)
            deck = f"""weir: 1
run: {{name: mixtures, precision: single}}
schroedinger_bridge:
  data: {{file: {{path: {weir.folder}/y.npy}}}}
  bridge:
    start: {{ensemble: {{file: {{path: {weir.folder}/x.npy}}}}}}
    sigma: {eps ** 0.5}
    drift: {{mixture: {{components: 20, shape: 1.0, spread: {0.5 if d < 8 else 0.3}, train: {{iterations: 4000, batch: 256, rule: {{adam: {{rate: 1.0e-2, schedule: cosine, average: 0.995}}}}, reports: 2}}}}}}
  generate: {{count: 1000, by: plan}}
"""
            _, output, seconds = weir.run(deck)
            with h5py.File(output / "networks.h5") as file:
                values, shape = file["drift/mixture"][:], file["drift/mixture_shape"][:]
            k = int(shape[0])
            learned = (np.exp(values[:k] - values[:k].max()), values[k:k * (1 + d)].reshape(k, d),
                       np.exp(values[k * (1 + d):]).reshape(k, d))
            error = np.mean([bures(*moments(x, *learned, eps), *moments(x, alpha, r, S, eps))
                             for x in rng.standard_normal((500, d))])
            bar(f"known plan, D = {d}, eps = {eps:g}: cBW-UVP %", 100 * error / (y1.var(0).sum() / 2), most=most)
            bar(f"known plan, D = {d}, eps = {eps:g}: seconds", seconds, most=60)


def gaussian(weir):
    """One component between two normal laws, trained on 20,000 rows of each: the drift's relative error."""
    rng = np.random.default_rng(3)
    m0, s0, m1, s1, eps = np.array([0.5, -1]), np.array([1.3, 0.7]), np.array([-1, 0.7]), np.array([0.5, 0.9]), 0.5
    np.save(weir.folder / "x.npy", m0 + np.sqrt(s0) * rng.standard_normal((20000, 2)))
    np.save(weir.folder / "y.npy", m1 + np.sqrt(s1) * rng.standard_normal((20000, 2)))
    _, output, _ = weir.run(f"""weir: 1
run: {{name: gaussian}}
schroedinger_bridge:
  data: {{file: {{path: {weir.folder}/y.npy}}}}
  bridge:
    start: {{ensemble: {{file: {{path: {weir.folder}/x.npy}}}}}}
    sigma: {eps ** 0.5}
    drift: {{mixture: {{components: 1, shape: 0.5, train: {{iterations: 2000, batch: 1024, rule: {{adam: {{rate: 3.0e-2, schedule: cosine, average: 0.99}}}}}}}}}}
  generate: {{count: 1000, by: plan}}
""")
    with h5py.File(output / "networks.h5") as file:
        values = file["drift/mixture"][:]
    r, S = values[1:3], np.exp(values[3:5])
    C = 0.5 * (np.sqrt(4 * s0 * s1 + eps**2) - eps)
    for t in (0, 0.5, 0.9):
        v, m = (1 - t) ** 2 * s0 + t * t * s1 + t * (1 - t) * (2 * C + eps), (1 - t) * m0 + t * m1
        x = m + np.sqrt(v) * rng.standard_normal((20000, 2))
        true = (m1 + ((1 - t) * C + t * s1) / v * (x - m) - x) / (1 - t)
        learned = ((S * x / (1 - t) + r) / (S * t / (1 - t) + 1) - x) / (1 - t)
        bar(f"normal to normal, trained: error of the drift at t = {t:g}",
            np.sqrt(((learned - true) ** 2).mean() / (true**2).mean()), most=0.01)


def neighbours(a, b):
    """Leave-one-out accuracy of the nearest neighbour, all rows."""
    x = np.concatenate([a, b])
    distances = ((x[:, None] - x[None]) ** 2).sum(2)
    np.fill_diagonal(distances, np.inf)
    of_a = np.arange(len(x)) < len(a)
    return (of_a[distances.argmin(1)] == of_a).mean()


def all_neighbours(output):
    """The same of all 448 latents and all 448 rows held out, as the metric takes half as many of each."""
    with h5py.File(output / "samples.h5") as samples, h5py.File(output / "networks.h5") as networks:
        to_latent = networks["autoencoder"]
        held_out = (samples["held_out"][:] - to_latent["mean"][:]) @ to_latent["vectors"][:].T
        held_out = (held_out - to_latent["latent_mean"][:]) / to_latent["latent_deviation"][:]
        return neighbours(samples["latents"][:], held_out)


def digits(weir):
    deck = DECKS / "digits.yaml"
    latent = {"schroedinger_bridge__autoencoder": "{data: {file: {path: " + str(DECKS.parent / "data/digits.csv.gz")
              + ", columns: [0, 64], scale: 0.125, shift: -1.0, labels: {column: 64, select: [0, 1, 2, 3, 4]}}}, linear: {}}",
              "schroedinger_bridge__metrics": "[nearest_neighbour_latent, energy_distance_latent, copying_latent, nearest_neighbour]"}
    runs, of_all = {}, {}
    for score, options in (("network", "{network: {}}"), ("empirical", "empirical")):
        runs[score], of_all[score] = [], []
        for seed in range(5):
            summary, output, _ = weir.run(deck, run__seed=seed, schroedinger_bridge__score=options, **latent)
            runs[score].append(summary)
            of_all[score].append(all_neighbours(output))
    mean = lambda score, name: np.mean([run[name] for run in runs[score]])
    bar("digits, network: latent 1-NN", mean("network", "nearest_neighbour_latent"), most=0.64)
    bar("digits, network: copying", mean("network", "copying_latent"), least=0.9)
    bar("digits, network: latent 1-NN of 448 a side", np.mean(of_all["network"]), most=0.64)
    bar("digits, network less empirical: latent 1-NN of 448 a side",
        np.mean(of_all["network"]) - np.mean(of_all["empirical"]), most=0)
    bar("digits, empirical: latent 1-NN", mean("empirical", "nearest_neighbour_latent"))
    bar("digits, empirical: copying", mean("empirical", "copying_latent"))
    bar("digits, network: 1-NN in pixels (real digits through that decoder: .92)", mean("network", "nearest_neighbour"))


def cells(weir, folder):
    if not (folder / "X.npy").exists():
        print(f"| cells: {folder} has no X.npy | | | left out |")
        return
    deck = f"""weir: 1
run: {{name: cells}}
schroedinger_bridge:
  populations:
    file: {{path: {folder}/X.npy, columns: [0, 5], labels: {{path: {folder}/t.npy}}, times: [0, 1, 2, 3, 4]}}
  leave_out: [1]
  snapshots:
    coupling: {{method: network_simplex, batch: whole}}
    path: {{spline: {{beta: 0.5}}}}
  metrics: [w1]
"""
    found = {}
    for name, more in (("", {}), (", growth rho 3", {"schroedinger_bridge__snapshots__coupling": "{growth: {rho: 3}}"})):
        runs = [weir.run(deck, schroedinger_bridge__leave_out=f"[{k}]", **more)[0] for k in (1, 2, 3)]
        for metric in ("w1", "w1_displacement", "w1_identity", "w1_floor"):
            found[metric + name] = np.mean([run[metric] for run in runs])
    bar("cells, spline .5: W1 of t1, t2, t3", found["w1"], most=0.75)
    bar("cells, spline .5 less displacement", found["w1"] - found["w1_displacement"], most=0)
    bar("cells, displacement", found["w1_displacement"])
    bar("cells, spline .5, growth rho 3", found["w1, growth rho 3"])
    bar("cells, the snapshot before", found["w1_identity"])
    bar("cells, floor (two halves)", found["w1_floor"])
    print("| cells, published: OT-CFM, SF2M, OT-MFM | .790, .793, .713 | - | |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--cells", type=pathlib.Path, default=pathlib.Path("../shared/data/eb_5pc"))
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    weir = Weir(options.weir, options.ranks)
    print("| what | measured | bar | |\n|---|---|---|---|")
    for part in (plane, mixtures, gaussian, digits, cells):
        if not options.parts or part.__name__ in options.parts:
            part(weir, *([options.cells.resolve()] if part is cells else []))
    shutil.rmtree(weir.folder)
    print(f"\n{len(missed)} missed" + "".join(f"\n* {name}" for name in missed))
    return int(options.verify and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
