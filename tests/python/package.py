"""The package `weir` against Weir's own numbers: package.py WEIR BUILD FOLDER

Potentials against the grid that Weir leaves in energies.h5; drifts against what one explicit step moved; trees of decks;
results back into an .h5ad; figures that hide nothing; XDMF against the format's rules.
"""
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

import h5py
import numpy as np

WEIR, BUILD, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
sys.path.insert(0, str(BUILD / "python"))
import weir  # noqa: E402
from weir import deck as decks  # noqa: E402
from weir.plot import curves, snapshots, style  # noqa: E402
from weir.plot.main import main as plot  # noqa: E402

failures = []


def expect(truth, what):
    if not truth:
        failures.append(what)


def close(found, expected, what, tolerance=1e-12):
    scale = max(1.0, float(np.max(np.abs(expected))))
    error = float(np.max(np.abs(found - expected))) / scale
    expect(found.shape == expected.shape and error <= tolerance, f"{what}: {found.shape} {expected.shape}, off by {error:.3g}")


def learn(name, model, more="", populations=None):
    text = f"""weir: 1
run: {{name: {name}, seed: 3, output: {FOLDER}/{name}}}
learn_energies:
  populations: {populations or '''
    simulate:
      initial: {particles: 60, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: styblinski_tang}
      time: {step: 0.02, end: 0.06}'''}
  split: 0.25
  coupling: {{batch: whole}}
  model: {model}
  metrics: [w1]
{more}"""
    return run_deck(name, text)


def run_deck(name, text):
    path = FOLDER / f"{name}.yaml"
    path.write_text(text)
    done = subprocess.run([WEIR, path, "--overwrite"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return weir.open(FOLDER / name)


def check_energy(name, model):
    run = learn(name, model)
    energy = run.energy
    if run.grid is not None:
        x0, x1 = run.grid.axes
        places = np.stack([x.ravel() for x in np.meshgrid(x0, x1)], axis=1)
        for row, values in enumerate(run.grid.learned):
            close(run.potential(places, energy.times[row]), values.ravel(), f"{name}: potential {row}")
    times = run.snapshot_times()
    for (step, t), (after, later) in zip(times, times[1:]):
        x, moved = run.snapshot(step)["observed"], run.snapshot(after)["predicted"]
        close(x + (later - t) * run.drift(x, t), moved, f"{name}: drift at {t}")
    return run


def cells_h5ad(path):
    """160 cells at three days, in an .h5ad as anndata writes it."""
    rng = np.random.default_rng(5)
    days = np.repeat([0, 1, 2], [50, 60, 50])
    cells = rng.standard_normal((160, 3)) + days[:, None] * [1.0, 0.5, 0.0]
    order = rng.permutation(160)
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
        file["X"] = np.zeros((160, 2))
        file["obsm/X_pca"] = cells[order]
        obs = file.create_group("obs")
        obs.attrs["column-order"] = np.array(["day"], dtype=h5py.string_dtype())
        obs["day/codes"] = days[order].astype(np.int8)
        obs["day/categories"] = np.array(["day0", "day2", "day10"], dtype=h5py.string_dtype())
    return cells[order], np.array([0.0, 2.0, 10.0])[days[order]]


def check_h5ad():
    cells, days = cells_h5ad(FOLDER / "cells.h5ad")
    linear = "{linear: {features_at: current, features: {polynomial: {degree: 2}}}}"
    for standardise in ("false", "true"):
        run = learn("cells", linear, populations="{file: {path: cells.h5ad, dataset: obsm/X_pca, columns: [0, 2], scale: 2, "
                    f"labels: {{column: day}}, standardise: {standardise}}}}}")
        log = (FOLDER / "cells/log.txt").read_text()
        expect("labels day0, day2, day10: times 0, 2, 10 (day)" in log, log)
        done = subprocess.run([BUILD / "weir-h5ad", FOLDER / "cells"], capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr)
        with h5py.File(FOLDER / "cells/cells.h5ad", "r") as file:
            predicted, velocity = file["obsm/weir_predicted"][:], file["obsm/weir_velocity"][:]
            times, potential = file["obs/weir_time"][:], file["obs/weir_potential"][:]
            order = [name.decode() if isinstance(name, bytes) else name for name in file["obs"].attrs["column-order"]]
            expect(order == ["day", "weir_potential", "weir_time"], f"columns of obs: {order}")
        known = np.isfinite(times)
        expect(known.sum() == 41, f"{known.sum()} cells were kept from training")
        expect(np.array_equal(times[known], days[known]), "times of cells")
        moved = known & (days < 10)
        expect(np.array_equal(np.isfinite(predicted[:, 0]), moved), "cells with a prediction")
        tau = np.where(days == 0, 2.0, 8.0)[moved, None]
        close(cells[moved, :2] + tau * velocity[moved], predicted[moved], f"cells in the .h5ad, standardise {standardise}", 1e-11)
        expect(np.isfinite(potential[known]).all(), "potentials of cells")
        if importlib.util.find_spec("anndata"):  # is optional
            read = run.to_anndata()
            expect(np.allclose(read.obsm["weir_predicted"], predicted, 1e-12, equal_nan=True), "predictions in AnnData")
            expect(np.allclose(read.obs["weir_potential"], potential, 1e-12, equal_nan=True), "potentials in AnnData")


def check_rolled_out():
    """Cells of the first day, moved through all days: by one step a day, or past a day that was left out."""
    cells, days = cells_h5ad(FOLDER / "cells.h5ad")
    linear = "{linear: {features_at: current, features: {polynomial: {degree: 2}}}}"
    populations = "{file: {path: cells.h5ad, dataset: obsm/X_pca, columns: [0, 2], scale: 2, labels: {column: day}, standardise: true}}"
    for left_out in ("[]", "[1]"):
        run = learn("rolled", linear, f"  predict: roll_out\n  leave_out: {left_out}\n", populations)
        done = subprocess.run([BUILD / "weir-h5ad", FOLDER / "rolled"], capture_output=True, text=True)
        expect(done.returncode == 0 and "13 cells of that time have predictions" in done.stderr, f"what is said of a roll-out: {done.stderr}")
        with h5py.File(FOLDER / "rolled/rolled.h5ad", "r") as file:
            time = file["obs/weir_time"][:]
            after, later = file["obsm/weir_predicted"][:], file["obsm/weir_predicted_at_10"][:]
        first = np.isfinite(time) & (days == 0)
        for predicted in (after, later):
            expect(first.sum() == 13 and np.array_equal(np.isfinite(predicted).all(axis=1), first), f"cells that rolled out, {left_out} left out")
        start = 2 * cells[first, :2]
        close(start + 2 * run.drift(start, 0.0), 2 * after[first], f"cells at day 2, {left_out} left out", 1e-11)
        start, time, tau = (2 * after[first], 2.0, 8.0) if left_out == "[]" else (start, 0.0, 10.0)
        close(start + tau * run.drift(start, time), 2 * later[first], f"cells at day 10, {left_out} left out", 1e-11)
    check_unplaced(run)


def check_unplaced(run):
    """Predictions that cannot be those of the cells are named, and no array without a number is written for them."""
    with h5py.File(run.folder / "snapshots.h5", "r+") as file:
        for step in (1, 2):
            time, rows = file[f"snapshots/{step}/predicted"].attrs["time"], file[f"snapshots/{step}/predicted"][:-1]
            del file[f"snapshots/{step}/predicted"]
            file[f"snapshots/{step}/predicted"] = rows
            file[f"snapshots/{step}/predicted"].attrs["time"] = time
    again = FOLDER / "rolled/again.h5ad"
    for source in ("cells.h5ad", "rolled/rolled.h5ad"):  # the second has predictions of before, which must go
        text = (run.folder / "deck.yaml").read_text()
        (run.folder / "deck.yaml").write_text(text.replace(str(FOLDER / "cells.h5ad"), str(FOLDER / source)))
        done = subprocess.run([BUILD / "weir-h5ad", run.folder, "--into", again], capture_output=True, text=True)
        expect(done.returncode == 0 and "12 predictions at t = 10 cannot be of the 13 cells at t = 0" in done.stderr, f"unplaced: {done.stderr}")
        with h5py.File(again, "r") as file:
            expect(not [name for name in file["obsm"] if "predicted" in name] and "weir_velocity" in file["obsm"], f"{source}: {list(file['obsm'])}")
    with h5py.File(run.folder / "snapshots.h5", "r+") as file:
        del file["snapshots/1/row"]
    done = subprocess.run([BUILD / "weir-h5ad", run.folder, "--into", again], capture_output=True, text=True)
    expect(done.returncode == 1 and "does not say which rows" in done.stderr, f"no rows: {done.stderr}")


def check_deck():
    text = (FOLDER / "poly/deck.yaml").read_text()
    run = decks.read(text)
    expect(run["run"]["name"] == "poly" and run["run"]["seed"] == 3, run)
    expect(run["learn_energies"]["split"]["test"] == 0.25, run)
    expect(decks.read('a: [1, "b, c", [d, 2.0e-08]]\nb:\n  - x: 1\n    y: {}\n  - {}\n') ==
           {"a": [1, "b, c", ["d", 2e-8]], "b": [{"x": 1, "y": {}}, {}]}, "a deck of every kind")


def check_xdmf(components):
    """Every grid has a time or is in a collection that has one, a topology, and places of two or three components."""
    output = FOLDER / f"xdmf{components}"
    (FOLDER / "x.yaml").write_text(
        f"weir: 1\nrun: {{output: {output}}}\nsimulate:\n  initial: {{particles: 7, dimension: {components}, normal: {{}}}}\n"
        "  energy: {potential: {quadratic: {stiffness: 1}}}\n  time: {step: 0.1, end: 0.2}\n  snapshots: {every: 1}\n")
    subprocess.run([WEIR, FOLDER / "x.yaml", "--overwrite"], check=True, stdout=subprocess.DEVNULL)
    root = xml.parse(output / "snapshots.xdmf").getroot()
    expect(root.tag == "Xdmf" and root.get("Version") in ("2.0", "3.0"), "the root of XDMF")
    collection = root.find("Domain/Grid")
    expect(collection.get("GridType") == "Collection" and collection.get("CollectionType") == "Temporal", "a temporal collection")
    grids = collection.findall("Grid")
    expect(len(grids) == 3, f"{len(grids)} grids")
    with h5py.File(output / "snapshots.h5", "r") as file:
        for grid in grids:
            expect(grid.find("Time") is not None, "a time")
            expect(grid.find("Topology").get("TopologyType") == "Polyvertex", "a topology")
            expect(int(grid.find("Topology").get("NumberOfElements")) == 7, "so many points")
            geometry = grid.find("Geometry")
            width = {"XY": 2, "XYZ": 3}[geometry.get("GeometryType")]
            item = geometry.find("DataItem")
            expect(item.get("Dimensions") == f"7 {width}", f"places of {components} components: {item.get('Dimensions')}")
            if item.get("ItemType") == "HyperSlab":
                slab = [int(n) for n in item.findall("DataItem")[0].text.split()]
                expect(slab == [0, 0, 1, 1, 7, 3], f"a slab {slab}")
            fields = grid.findall("Attribute")
            names = [field.get("Name") for field in fields]
            expect(len(set(names)) == len(names) and names, f"fields {names}")
            for data in grid.iter("DataItem"):
                if data.get("Format") == "HDF":
                    name, _, path = data.text.partition(":")
                    shape = tuple(int(n) for n in data.get("Dimensions").split())
                    expect(name == "snapshots.h5" and file[path].shape == shape, f"{data.text} of shape {shape}")
            total = sum(int(np.prod([int(n) for n in f.find("DataItem").get("Dimensions").split()])) for f in fields)
            expect(total == 7 * components, f"all {components} components are fields: {total}")


def check_figures():
    code = plot(["--format", "png", "pdf", "--dpi", "40", "--style", "grayscale", "--", str(FOLDER / "poly"), str(FOLDER / "pairs"),
                 str(FOLDER / "cells")])
    expect(code == 0, "weir-plot")
    for name in ("poly/figures/energies", "pairs/figures/interaction", "poly/figures/steps", "cells/figures/prediction"):
        for ending in (".png", ".pdf"):
            path = (FOLDER / name).with_suffix(ending)
            expect(path.exists() and path.stat().st_size > 3000, f"{path} was not drawn")


def check_crowded_figures():
    """Twenty snapshots, two of them left out: nothing lies over the bars, no point is cut by a frame."""
    rng = np.random.default_rng(5)
    k = np.repeat(np.arange(20), 40)
    places = 0.4 * rng.standard_normal((800, 2)) + 2 * np.stack([np.cos(k / 6), np.sin(k / 6)], axis=1)
    np.savetxt(FOLDER / "twenty.csv", np.column_stack([k, places]), delimiter=",", header="t,a,b", comments="", fmt="%.6g")
    run = learn("twenty", "{linear: {time: true, features: {polynomial: {degree: 2}}}}", "  leave_out: [3, 7]\n",
                "{file: {path: twenty.csv, labels: {column: t}}}")
    style.use()
    for crowded in (run, weir.open(FOLDER / "cells")):  # wide, and as narrow as it gets
        figure = curves.draw_steps(crowded)
        figure.canvas.draw()
        panel, = figure.axes
        frame, legend = panel.get_window_extent(), panel.get_legend().get_window_extent()
        expect(legend.y0 >= frame.y1 - 1 and legend.x1 <= figure.bbox.x1, f"{crowded.name}: the legend {legend} beside the bars {frame}")
        dashes = [panel.transData.transform(line) for lines in panel.collections for line in lines.get_segments()]
        expect(len(panel.texts) == len(dashes) > 1, f"{crowded.name}: {len(panel.texts)} numbers, {len(dashes)} dashes")
        for number in panel.texts:
            box = number.get_window_extent()
            struck = [line for line in dashes if line[0, 0] < box.x1 and line[1, 0] > box.x0 and box.y0 < line[0, 1] < box.y1]
            expect(not struck and box.y1 < frame.y1, f"{crowded.name}: the number {number.get_text()}")
    figure = snapshots.draw(run)
    titles = [panel.get_title() for panel in figure.axes]
    expect([k for k, title in enumerate(titles) if title.endswith("(left out)")] == [3, 7] and titles[3] == "$t$ = 3 (left out)", f"titles {titles}")
    low, high = np.transpose([figure.axes[0].get_xlim(), figure.axes[0].get_ylim()])
    for step, _ in run.snapshot_times():
        points = np.concatenate([block for name, block in run.snapshot(step).items() if name in ("observed", "predicted")])
        apart = np.minimum(points - low, high - points) / (high - low)
        expect((apart > 0.03).all(), f"points at t = {step} are {apart.min():.3g} of the frame's width from it")


def check_growth():
    grown = run_deck("growth", f"weir: 1\nrun: {{name: growth, output: {FOLDER}/growth}}" + """
schroedinger_bridge:
  populations: {simulate: {initial: {particles: 30, dimension: 2, normal: {}}, energy: {potential: sphere}, time: {step: 0.1, end: 0.2}}}
  snapshots: {coupling: {growth: {rho: 3}}}
  metrics: []
""")
    steps = [step for step, _ in grown.snapshot_times()]
    growth = grown.growth(steps, 1000)
    expect(growth.shape == (len(steps), 30, 2) and (growth[:, :, 0] > 0).all(), f"growth {growth.shape}")
    expect(grown.growth(steps, 10).shape[1] == 10, "some of the paths")
    expect(plot(["--dpi", "40", str(FOLDER / "growth")]) == 0 and (FOLDER / "growth/figures/paths.png").exists(), "paths with growth")
    expect(weir.open(FOLDER / "xdmf3").growth([0], 10) is None, "nothing grows")
    between = run_deck("between", f"weir: 1\nrun: {{name: between, output: {FOLDER}/between}}" + """
schroedinger_bridge:
  populations: {simulate: {initial: {particles: 30, dimension: 2, normal: {}}, energy: {potential: sphere}, time: {step: 0.1, end: 0.2}}}
  leave_out: [1]
  snapshots: {coupling: {batch: whole}, times: [0, 0.05, 0.1, 0.2]}
  metrics: []
""")
    expect(between.steps_left_out == {2}, f"snapshots of a population that was left out: {between.steps_left_out}")


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
check_energy("poly", "{linear: {time: true, features_at: current, features: {polynomial: {degree: 4}}}}")
check_energy("trig", "{linear: {features_at: current, features: {polynomial: {degree: 2, trigonometric: true}}}}")
for profile in ("constant", "linear", "cubic", "thin_plate", "multiquadric", "inverse_multiquadric"):
    check_energy(profile, "{linear: {features_at: current, ridge: 0.1, features: {polynomial: {degree: 1}, radial: {length: 0.8, "
                 f"profile: {profile}, centres: {{grid: 4}}}}}}}}}}")
pairs = check_energy("pairs", "{linear: {features_at: current, interaction: true, features: {polynomial: {degree: 3}}}}")
r = np.array([[0.3, -0.2]])
expect(pairs.interaction(r).shape == (1,) and np.isfinite(pairs.interaction(r)).all(), "W of a difference")
for k, activation in enumerate(("softplus", "silu", "gelu", "tanh", "relu")):
    layers = "residual: true, layer_norm: true, " if k % 2 else ""
    time = "time: true, " if k > 2 else ""
    check_energy(activation, f"{{network: {{features_at: current, potential: {{hidden: [9, 9, 5], {layers}{time}activation: {activation}}}, "
                 "interaction: {hidden: [6]}, train: {epochs: 2}}}")
check_deck()
check_h5ad()
check_rolled_out()
run = weir.open(FOLDER / "poly")
expect(json.loads((FOLDER / "poly/summary.json").read_text())["w1"] == run.summary["w1"], "the summary")
check_figures()
check_crowded_figures()
for components in (1, 2, 3, 5):
    check_xdmf(components)
simulated = weir.open(FOLDER / "xdmf3")
check_growth()
times, places = simulated.trajectories()
expect(times.shape == (3,) and places.shape == (3, 7, 3), f"trajectories {times.shape} {places.shape}")
print("\n".join(failures) or "the package agrees with Weir")
sys.exit(bool(failures))
