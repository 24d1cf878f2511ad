"""Results of a run back into the .h5ad that its cells came from.

    obsm/weir_predicted    where each cell that was kept from training is predicted to be at the next time; nan for others
    obsm/weir_velocity     the drift of the learned energy at each cell and its time
    obs/weir_potential     the learned potential at each cell and its time
    obs/weir_time          the time of the cell's population

A roll-out predicts cells of the first population alone, through all times: they have obsm/weir_predicted for the second
time, and obsm/weir_predicted_at_<time> for each later one.

Places and velocities are in the units of the matrix that was read, in its chosen columns.
"""
import argparse
import pathlib
import shutil
import sys
import warnings

import h5py
import numpy as np

from .run import NotARun, Run

LATER = "obsm/weir_predicted_at_"  # and the time: predictions of a roll-out beyond the second time


class NoCells(Exception):
    """The run did not read its populations from one .h5ad file, or learned no energy."""


def _source(run):
    for method in run.deck.values():
        if isinstance(method, dict) and isinstance(method.get("populations"), dict):
            file = method["populations"].get("file")
            if isinstance(file, dict) and str(file.get("path", "")).endswith(".h5ad"):
                return file
    raise NoCells(f"{run.folder}: the populations of this run are not from an .h5ad file")


def _matrix(file, dataset):
    """Dense rows of a matrix, also of a sparse one by rows or columns."""
    item = file[dataset]
    if isinstance(item, h5py.Dataset):
        return item[:]
    kind = item.attrs.get("encoding-type", "")
    kind = kind.decode() if isinstance(kind, bytes) else kind
    shape, pointers = item.attrs["shape"], item["indptr"][:]
    dense = np.zeros(shape)
    lines = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
    rows, columns = (lines, item["indices"][:]) if kind == "csr_matrix" else (item["indices"][:], lines)
    np.add.at(dense, (rows, columns), item["data"][:])
    return dense


def _predictions(run, snapshots):
    """[(key, cells, predictions)] in the units of the deck, and remarks on what other cells or times do not have."""
    placed, remarks = [], []
    for k, (time, after) in enumerate(snapshots[1:]):
        if "predicted" not in after:
            remarks.append(f"there is no prediction at t = {time:g}")
            continue
        # All predictions of a roll-out are rows of the first population, whichever time they are at.
        start, before = snapshots[0 if run.rolls_out else k]
        key = "obsm/weir_predicted" if k == 0 or not run.rolls_out else f"{LATER}{time:.12g}"
        if len(before["row"]) != len(after["predicted"]):
            remarks.append(f"{len(after['predicted'])} predictions at t = {time:g} cannot be of the {len(before['row'])} cells at t = {start:g}: "
                           "they are not written")
        else:
            placed.append((key, before["row"][:, 0].astype(int), after["predicted"]))
    if run.rolls_out and placed:
        keys = ", ".join(dict.fromkeys(key for key, _, _ in placed))
        remarks.append(f"the run rolled out from t = {snapshots[0][0]:g}: the {len(placed[0][1])} cells of that time have predictions ({keys}), "
                       "all others nan")
    return placed, remarks


def results(run):
    """{key of the .h5ad: array over all its cells}, and remarks on predictions that are not there."""
    source, energy = _source(run), run.energy
    if energy is None:
        raise NoCells(f"{run.folder} has no energies.h5: nothing was learned of these cells")
    with h5py.File(run.folder / "energies.h5", "r") as file:
        columns = file["data/columns"][:].astype(int)
        scale, shift = file["data/scale"][:], file["data/shift"][:]
    with h5py.File(source["path"], "r") as file:
        raw = _matrix(file, source.get("dataset") or "X")[:, columns].astype(float)
    n, d = raw.shape
    places = scale * raw + shift  # in the units of the deck, as snapshots.h5
    found = {"obsm/weir_velocity": np.full((n, d), np.nan), "obs/weir_potential": np.full(n, np.nan), "obs/weir_time": np.full(n, np.nan)}
    snapshots = [(time, run.snapshot(step)) for step, time in run.snapshot_times()]
    if not all("row" in here for _, here in snapshots):
        raise NoCells(f"{run.folder}/snapshots.h5 does not say which rows of the .h5ad its cells are (block `row`)")
    placed, remarks = _predictions(run, snapshots)
    for key, rows, predicted in placed:
        found.setdefault(key, np.full((n, d), np.nan))[rows] = (predicted - shift) / scale
    for key in [key for key, values in found.items() if key.startswith("obsm/weir_predicted") and not np.isfinite(values).any()]:
        del found[key]
        remarks.append(f"no prediction of {key} is finite: it is not written")
    # Of cells that the run kept for tests, or for training where it kept none.
    for time, here in snapshots:
        rows = here["row"][:, 0].astype(int)
        found["obs/weir_time"][rows] = time
        found["obsm/weir_velocity"][rows] = energy.drift(places[rows], time) / scale
        found["obs/weir_potential"][rows] = energy.potential(places[rows], time)
    return found, remarks


def _of_predictions(name):
    """Whether an array of obsm is one of those that this module writes of predictions."""
    return name == "weir_predicted" or f"obsm/{name}".startswith(LATER)


def to_anndata(run):
    import anndata

    adata = anndata.read_h5ad(_source(run)["path"])
    found, remarks = results(run)
    for remark in remarks:
        warnings.warn(remark, stacklevel=2)
    for name in [name for name in adata.obsm if _of_predictions(name)]:
        del adata.obsm[name]
    for key, values in found.items():
        group, name = key.split("/")
        (adata.obsm if group == "obsm" else adata.obs)[name] = values
    return adata


def write(run, into):
    """A copy of the .h5ad with the results in it; remarks on predictions that are not there."""
    found, remarks = results(run)
    shutil.copyfile(_source(run)["path"], into)
    with h5py.File(into, "r+") as file:
        for name in [name for name in file.get("obsm", ()) if _of_predictions(name)]:
            del file[f"obsm/{name}"]  # of an earlier run, where the .h5ad is itself a copy
        for key, values in found.items():
            if key in file:
                del file[key]
            data = file.create_dataset(key, data=values)
            data.attrs["encoding-type"], data.attrs["encoding-version"] = "array", "0.2.0"
            if key.startswith("obsm/"):
                file["obsm"].attrs.setdefault("encoding-type", "dict")
                file["obsm"].attrs.setdefault("encoding-version", "0.1.0")
        if "column-order" in file["obs"].attrs:
            order = [name.decode() if isinstance(name, bytes) else str(name) for name in file["obs"].attrs["column-order"]]
            order += [key[4:] for key in found if key.startswith("obs/") and key[4:] not in order]
            file["obs"].attrs["column-order"] = np.array(order, dtype=h5py.string_dtype())
    return remarks


def main(arguments):
    parser = argparse.ArgumentParser(prog="weir-h5ad", description="Writes what a run says of its cells into a copy of the "
                                     ".h5ad that they came from: " + " ".join(" ".join(__doc__.split("\n\n")[1:3]).split()))
    parser.add_argument("folder", type=pathlib.Path, metavar="out/<name>", help="folder that a run of learn_energies left behind")
    parser.add_argument("--into", type=pathlib.Path, help="the file to write (default: out/<name>/<name>.h5ad)")
    options = parser.parse_args(arguments)
    try:
        run = Run(options.folder)
        into = options.into or options.folder / f"{run.name}.h5ad"
        for remark in write(run, into):
            print(f"weir-h5ad: {remark}", file=sys.stderr)
    except (NotARun, NoCells, OSError, KeyError) as error:
        print(f"weir-h5ad: {error}", file=sys.stderr)
        return 1
    print(into)
    return 0
