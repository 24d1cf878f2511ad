"""What a run left in its folder, read on demand. Everything here is plain NumPy; nothing is drawn."""
import csv
import functools
import json
import pathlib
from collections import namedtuple

import h5py
import numpy as np

from . import deck, network
from .energy import Energy

Snapshot = namedtuple("Snapshot", "step time blocks")  # blocks: name to array (particles, components)
Grid = namedtuple("Grid", "axes learned true times")  # learned: one array per row of coefficients; true may be None


NUMBERS = ("growth", "row")  # blocks of snapshots that are no places


class NotARun(Exception):
    """The folder is not one that a run leaves behind."""


def open(folder):
    """The run that left this folder."""
    return Run(pathlib.Path(folder))


class Run:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        if not (folder / "summary.json").exists() and not (folder / "snapshots.h5").exists():
            raise NotARun(f"{folder} has neither summary.json nor snapshots.h5: not the folder of a run")

    @functools.cached_property
    def summary(self):
        path = self.folder / "summary.json"
        return json.loads(path.read_text()) if path.exists() else {}

    @property
    def name(self):
        return self.summary.get("name", self.folder.resolve().name)

    @functools.cached_property
    def metrics(self):
        """Columns of metrics.csv by name, in the file's order; empty where there is no table."""
        path = self.folder / "metrics.csv"
        if not path.exists():
            return {}
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        if len(rows) < 2:
            return {}
        # A run that was killed may have left half a row.
        table = [row for row in rows[1:] if len(row) == len(rows[0])]
        return {name: np.array([_number(row[i]) for row in table]) for i, name in enumerate(rows[0])}

    @functools.cached_property
    def deck(self):
        """deck.yaml, as nested dictionaries."""
        path = self.folder / "deck.yaml"
        return deck.read(path.read_text()) if path.exists() else {}

    def snapshot(self, step):
        """{block: array} of one snapshot, whole: particles, observed, predicted, row .."""
        with h5py.File(self.folder / "snapshots.h5", "r") as file:
            return {name: data[:] for name, data in file[f"snapshots/{step}"].items()}

    def trajectories(self, block=None):
        """(times, particles, components) of a block that has the same particles in all its snapshots: times, places.

        Without a name: the first block of which that is so, of particles, paths, trajectory and latents.
        """
        names = [block] if block else ["particles", "paths", "trajectory", "latents"]
        for name in names:
            found = []
            for step, time in self.snapshot_times():
                with h5py.File(self.folder / "snapshots.h5", "r") as file:
                    if f"snapshots/{step}/{name}" in file:
                        found.append((time, file[f"snapshots/{step}/{name}"][:]))
            if found and len({places.shape for _, places in found}) == 1:
                return np.array([time for time, _ in found]), np.stack([places for _, places in found])
        raise KeyError(f"{self.folder}: no block of {', '.join(names)} keeps its particles from snapshot to snapshot")

    @functools.cached_property
    def energy(self):
        """The learned energy of energies.h5; None where there is none."""
        path = self.folder / "energies.h5"
        return Energy(path) if path.exists() else None

    def _learned(self):
        if self.energy is None:
            raise FileNotFoundError(f"{self.folder} has no energies.h5: this run learned no energy")
        return self.energy

    def potential(self, x, t=0.0):
        """V(x, t) of the learned energy, one number a row of x."""
        return self._learned().potential(x, t)

    def drift(self, x, t=0.0, population=None):
        """The velocity that the learned energy gives places x at time t, among a population (default: x themselves)."""
        return self._learned().drift(x, t, population)

    def interaction(self, r, t=0.0):
        """W(r, t) of the learned energy, one number a row of differences r."""
        return self._learned().interaction(r, t)

    @functools.cached_property
    def networks(self):
        """{path: Network} of networks.h5; empty where there is none."""
        path = self.folder / "networks.h5"
        if not path.exists():
            return {}
        with h5py.File(path, "r") as file:
            return network.networks_in(file)

    @functools.cached_property
    def samples(self):
        """{name: array} of samples.h5; empty where there is none."""
        path, found = self.folder / "samples.h5", {}
        if path.exists():
            with h5py.File(path, "r") as file:
                file.visititems(lambda name, item: found.update({name: item[:]}) if isinstance(item, h5py.Dataset) else None)
        return found

    def to_anndata(self):
        """The cells that were read, as AnnData, with what the run says of them (see weir.h5ad). Needs anndata."""
        from . import h5ad

        return h5ad.to_anndata(self)

    @functools.cached_property
    def columns(self):
        """Names of the components: those of the file's columns where it has some, else x_0, x_1 .."""
        for name, place in (("energies.h5", "data/names"), ("samples.h5", "columns")):
            path = self.folder / name
            if not path.exists():
                continue
            with h5py.File(path, "r") as file:
                if place in file:
                    return [text.decode() if isinstance(text, bytes) else text for text in file[place][:]]
        return []

    @property
    def left_out(self):
        """Numbers of the populations that were left out of training."""
        found = [method.get("leave_out") for method in self.deck.values() if isinstance(method, dict)]
        return next((numbers for numbers in found if isinstance(numbers, list)), [])

    @functools.cached_property
    def steps_left_out(self):
        """Steps of snapshots.h5 that are of populations left out of training."""
        numbers = self.left_out
        if not numbers:
            return set()
        # Paths may have steps of their own between those of the populations, which alone have what was observed.
        with h5py.File(self.folder / "snapshots.h5", "r") as file:
            populations = [step for step, _ in self.snapshot_times() if "observed" in file[f"snapshots/{step}"]]
        return {populations[k] for k in numbers if k < len(populations)}

    @functools.cached_property
    def rolls_out(self):
        """Whether predictions start from predictions, rather than from what was observed a step before."""
        path = self.folder / "deck.yaml"
        return path.exists() and "predict: roll_out" in path.read_text()

    def snapshot_times(self):
        """(step, time) of all snapshots, in the order of the steps."""
        path = self.folder / "snapshots.h5"
        if not path.exists():
            return []
        with h5py.File(path, "r") as file:
            group = file.get("snapshots", {})
            steps = sorted((int(step) for step in group if len(group[step])))
            return [(step, _time(group[str(step)])) for step in steps]

    def snapshots(self, steps, most_points):
        """The snapshots of the given steps, of each block an even choice of at most so many particles."""
        chosen = []
        if not steps:
            return chosen
        with h5py.File(self.folder / "snapshots.h5", "r") as file:
            for step in steps:
                group = file[f"snapshots/{step}"]
                blocks = {name: _thinned(data, most_points) for name, data in group.items() if name not in NUMBERS}
                chosen.append(Snapshot(step, _time(group), blocks))
        return chosen

    def growth(self, steps, most_points):
        """Weight and growth rate of the paths that `snapshots` gives, step by step; None where none grow."""
        with h5py.File(self.folder / "snapshots.h5", "r") as file:
            groups = [file[f"snapshots/{step}"] for step in steps]
            if not all("growth" in group for group in groups):
                return None
            return np.stack([_thinned(group["growth"], most_points) for group in groups])

    def particles(self, step, block):
        """How many particles a block of a snapshot has in the file."""
        with h5py.File(self.folder / "snapshots.h5", "r") as file:
            return file[f"snapshots/{step}/{block}"].shape[0]

    @functools.cached_property
    def dimension(self):
        path = self.folder / "energies.h5"
        with h5py.File(path, "r") as file:
            return int(file.attrs["dimension"])

    @functools.cached_property
    def grid(self):
        """The learned and, where known, the true potential on the grid of energies.h5; None where there is none."""
        path = self.folder / "energies.h5"
        if not path.exists():
            return None
        with h5py.File(path, "r") as file:
            if "grid/learned" not in file:
                return None
            axes = [file[f"grid/{axis}"][:] for axis in ("x0", "x1") if f"grid/{axis}" in file]
            rows = sorted(file["grid/learned"], key=int)
            learned = [file[f"grid/learned/{row}"][:] for row in rows]
            true = file["grid/true"][:] if "grid/true" in file else None
            times = file["times"][:] if "times" in file else np.arange(len(rows))
        return Grid(axes, learned, true, times)

    def per_step(self, metric):
        """{k: value} of the summary's `metric/<k>`."""
        values = {}
        for key, value in self.summary.items():
            name, _, step = key.rpartition("/")
            if name == metric and step.isdigit() and value is not None:
                values[int(step)] = value
        return dict(sorted(values.items()))


def evenly(items, most):
    """At most so many of the items, evenly chosen, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _thinned(data, most):
    stride = max(1, -(-data.shape[0] // most))
    return data[::stride, :2]  # a stride in the file: an ensemble may be larger than memory


def _time(group):
    return float(next(iter(group.values())).attrs["time"])


def _number(text):
    try:
        return float(text)
    except ValueError:
        return np.nan
