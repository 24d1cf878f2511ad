#!/usr/bin/env python3
"""What bridges reach, beside their bars. Minutes; needs NumPy.

    python3 tests/benchmark/bridge_bars.py build/weir [plane published mixtures gaussian digits cells rates speed] [--ranks 2] [--verify]

--verify: the exit code says whether every bar is met. Without names all parts run; `cells` needs the embryoid-body cells
(--cells FOLDER with X.npy and t.npy) and is left out, with a line, where they are not.
"""
import pathlib
import subprocess
import sys

import h5py
import numpy as np

import bars

DECKS = pathlib.Path(__file__).resolve().parents[2] / "input/schroedinger_bridge"

# Fresh starts, five pairs, eight seeds each; distances of 1000 points.
MOONS = "{synthetic: {moons: {count: 10000, noise: 0.1, scale: 3, shift: -1}}}"
EIGHT = "{synthetic: {eight_gaussians: {count: 10000, radius: 5, deviation: 0.5623}}}"
ROLL = "{synthetic: {swiss_roll: {count: 10000, noise: 0.05}}}"


def plane(weir, table, options):
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
            table.row(f"{pair}, {drift}: W2 over its floor", np.mean(ratios), most=most)
            table.row(f"{pair}, {drift}: copying", np.mean(copying), least=0.9)


def published(weir, table, options):
    """From a normal law, W2 of 10,000 samples. Published, SF2M and OT-CFM: eight_gaussians .275, .303; moons .124, .130."""
    normal = weir.folder / "normal.npy"
    np.save(normal, np.random.default_rng(1).standard_normal((30000, 2)))
    moons = "{synthetic: {moons: {count: 30000, noise: 0.2, scale: 3, shift: -1}}}"
    for name, end in (("eight_gaussians", EIGHT.replace("10000", "30000")), ("moons", moons)):
        for drift in ("mixture", "network"):
            runs = [weir.run(DECKS / f"moons_{drift}.yaml", run__seed=seed, schroedinger_bridge__data=end,
                             schroedinger_bridge__split="{test: 0.6667}",
                             schroedinger_bridge__bridge__start=f"{{ensemble: {{file: {{path: {normal}}}}}}}",
                             schroedinger_bridge__generate__count=10000,
                             schroedinger_bridge__metrics="{report: [w2], points: 10000}")[0] for seed in range(options.seeds)]
            table.row(f"normal to {name}, {drift}: W2 of 10,000", np.mean([run["w2"] for run in runs]))
            table.row(f"normal to {name}, {drift}: that of two sets of rows", np.mean([run["w2_floor"] for run in runs]))


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


def known_plan(weir, instance, d, eps):
    """cBW-UVP in percent of a plan that is known, and the seconds that learning it takes."""
    rng = np.random.default_rng(instance)
    r = rng.standard_normal((5, d))
    r *= 5 / np.linalg.norm(r, axis=1, keepdims=True)
    S, alpha = rng.uniform(0.5, 1.5, (5, d)), np.full(5, 0.2)

    def ends(x):
        logits = np.log(alpha) + (x * x @ S.T + 2 * x @ r.T) / (2 * eps)
        p = np.exp(logits - logits.max(1, keepdims=True))
        p = np.cumsum(p, 1) / p.sum(1, keepdims=True)
        k = (p < rng.random((len(x), 1))).sum(1)
        return r[k] + S[k] * x + np.sqrt(eps * S[k]) * rng.standard_normal(x.shape)

    # Both ends of 10,000 draws of the plan, shuffled apart. (With ends of other starts the shares of the components differ
    # by chance, which alone is .2% and more where the plan is sharp.)
    x0 = rng.standard_normal((10000, d))
    y1 = rng.permutation(ends(x0))
    np.save(weir.folder / "x.npy", x0)
    np.save(weir.folder / "y.npy", y1)
    components, spread = (50, 1.0) if d < 8 else (20, 0.3)
    deck = f"""weir: 1
run: {{name: mixtures, precision: single}}
schroedinger_bridge:
  data: {{file: {{path: {weir.folder}/y.npy}}}}
  bridge:
    start: {{ensemble: {{file: {{path: {weir.folder}/x.npy}}}}}}
    sigma: {eps ** 0.5}
    drift: {{mixture: {{components: {components}, shape: 1.0, spread: {spread}, train: {{iterations: 4000, batch: 256, rule: {{adam: {{rate: 1.0e-2, schedule: cosine, average: 0.995}}}}, reports: 2}}}}}}
  generate: {{count: 1000, by: plan}}
"""
    _, output, seconds = weir.run(deck)
    with h5py.File(output / "networks.h5") as file:
        values, shape = file["drift/mixture/parameters"][:], file["drift/mixture/shape"][:]
    k = int(shape[0])
    learned = (np.exp(values[:k] - values[:k].max()), values[k:k * (1 + d)].reshape(k, d), np.exp(values[k * (1 + d):]).reshape(k, d))
    error = np.mean([bures(*moments(x, *learned, eps), *moments(x, alpha, r, S, eps)) for x in rng.standard_normal((500, d))])
    return 100 * error / (y1.var(0).sum() / 2), seconds


def mixtures(weir, table, options, instances=3):
    """Plans that are known. Published (another instance): .03/.08/.60 and .05/.09/.62."""
    for eps in (0.1, 1.0):
        for d, most in zip((2, 16, 128), (0.1, 0.2, 0.7)):
            found, seconds = zip(*(known_plan(weir, instance, d, eps) for instance in range(instances)))
            what = f"known plan, D = {d}, eps = {eps:g}"
            table.row(f"{what}: cBW-UVP %, instance 0", found[0], most=most)
            table.row(f"{what}: cBW-UVP %, mean of {instances} instances", np.mean(found), most=most)
            table.row(f"{what}: seconds, the most", max(seconds), most=60)


def gaussian(weir, table, options):
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
        values = file["drift/mixture/parameters"][:]
    r, S = values[1:3], np.exp(values[3:5])
    C = 0.5 * (np.sqrt(4 * s0 * s1 + eps**2) - eps)
    for t in (0, 0.5, 0.9):
        v, m = (1 - t) ** 2 * s0 + t * t * s1 + t * (1 - t) * (2 * C + eps), (1 - t) * m0 + t * m1
        x = m + np.sqrt(v) * rng.standard_normal((20000, 2))
        true = (m1 + ((1 - t) * C + t * s1) / v * (x - m) - x) / (1 - t)
        learned = ((S * x / (1 - t) + r) / (S * t / (1 - t) + 1) - x) / (1 - t)
        table.row(f"normal to normal, trained: error of the drift at t = {t:g}",
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


def digits(weir, table, options):
    deck = DECKS / "digits.yaml"
    latent = {"schroedinger_bridge__autoencoder": "{data: {file: {path: " + str(DECKS.parent / "data/digits.csv.gz")
              + ", columns: [0, 64], scale: 0.125, shift: -1.0, labels: {column: 64, select: [0, 1, 2, 3, 4]}}}, linear: {}}",
              "schroedinger_bridge__metrics": "[nearest_neighbour_latent, energy_distance_latent, copying_latent, nearest_neighbour]"}
    runs, of_all = {}, {}
    for score, given in (("network", "{network: {}}"), ("empirical", "empirical")):
        runs[score], of_all[score] = [], []
        for seed in range(5):
            summary, output, _ = weir.run(deck, run__seed=seed, schroedinger_bridge__score=given, **latent)
            runs[score].append(summary)
            of_all[score].append(all_neighbours(output))
    mean = lambda score, name: np.mean([run[name] for run in runs[score]])
    table.row("digits, network: latent 1-NN", mean("network", "nearest_neighbour_latent"), most=0.64)
    table.row("digits, network: copying", mean("network", "copying_latent"), least=0.9)
    table.row("digits, network: latent 1-NN of 448 a side", np.mean(of_all["network"]), most=0.64)
    table.row("digits, network less empirical: latent 1-NN of 448 a side",
        np.mean(of_all["network"]) - np.mean(of_all["empirical"]), most=0)
    table.row("digits, empirical: latent 1-NN", mean("empirical", "nearest_neighbour_latent"))
    table.row("digits, empirical: copying", mean("empirical", "copying_latent"))
    table.row("digits, network: 1-NN in pixels (real digits through that decoder: .92)", mean("network", "nearest_neighbour"))


def cells(weir, table, options):
    if options.cells is None or not (options.cells / "X.npy").exists():
        return table.leave_out("cells", "no --cells folder with X.npy")
    folder = options.cells.resolve()
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
    table.row("cells, spline .5: W1 of t1, t2, t3", found["w1"], most=0.75)
    table.row("cells, spline .5 less displacement", found["w1"] - found["w1_displacement"], most=0)
    table.row("cells, displacement", found["w1_displacement"])
    table.row("cells, spline .5, growth rho 3", found["w1, growth rho 3"])
    table.row("cells, the snapshot before", found["w1_identity"])
    table.row("cells, floor (two halves)", found["w1_floor"])
    print("| cells, published: OT-CFM, SF2M, OT-MFM | .790, .793, .713 | - | |")


def speed(weir, table, options):
    """The empirical drift of 50,000 rows on 10,000 particles in 8 dimensions."""
    if not options.benchmark:
        return table.leave_out("speed", "no --benchmark")
    found = bars.benchmark(options.benchmark, 2)["pairs_per_second"]["single"]
    table.row("single: pairs a second and core", found["one_core"], least=0.5e9)
    table.row("single: two ranks over two processes", found["efficiency"], least=0.95)


def rates(weir, table, options):
    """The study of the rate: its own table, and whether slopes agree."""
    done = subprocess.run([sys.executable, DECKS / "studies/rates.py", weir.command[-1], "--verify"])
    table.row("rates: the study's exit code", done.returncode, most=0)


if __name__ == "__main__":
    folder = ("--cells", {"type": pathlib.Path, "help": "folder with X.npy and t.npy of the embryoid-body cells"})
    sys.exit(bars.main((plane, published, mixtures, gaussian, digits, cells, rates, speed), __doc__,
                       [folder, ("--benchmark", {"help": "the program bridge_benchmark"})]))
