"""Results of a run back into the .h5ad that its cells came from.

    obsm/weir_predicted    where each cell that was kept from training is predicted to be at the next time; nan for others
    obsm/weir_velocity     the drift of the learned energy at each cell and its time
    obs/weir_potential     the learned potential at each cell and its time
    obs/weir_time          the time of the cell's population

Places and velocities are in the units of the matrix that was read, in its chosen columns.
"""
import argparse
import pathlib
import shutil
import sys

import h5py
import numpy as np

from .run import NotARun, Run


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


def results(run):
    """{key of the .h5ad: array over all its cells}"""
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
    found = {"obsm/weir_predicted": np.full((n, d), np.nan), "obsm/weir_velocity": np.full((n, d), np.nan),
             "obs/weir_potential": np.full(n, np.nan), "obs/weir_time": np.full(n, np.nan)}
    known = {}  # of cells that the run kept for tests, or for training where it kept none
    steps = run.snapshot_times()
    for k, (step, time) in enumerate(steps):
        here = run.snapshot(step)
        rows = here["row"][:, 0].astype(int)
        known[time] = rows
        found["obs/weir_time"][rows] = time
        if k + 1 < len(steps) and not run.rolls_out:
            predicted = run.snapshot(steps[k + 1][0])["predicted"]
            found["obsm/weir_predicted"][rows] = (predicted - shift) / scale
        found["obsm/weir_velocity"][rows] = energy.drift(places[rows], time) / scale
        found["obs/weir_potential"][rows] = energy.potential(places[rows], time)
    return found


def to_anndata(run):
    import anndata

    adata = anndata.read_h5ad(_source(run)["path"])
    for key, values in results(run).items():
        group, name = key.split("/")
        (adata.obsm if group == "obsm" else adata.obs)[name] = values
    return adata


def write(run, into):
    """A copy of the .h5ad with the results in it."""
    found = results(run)
    shutil.copyfile(_source(run)["path"], into)
    with h5py.File(into, "r+") as file:
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


def main(arguments):
    parser = argparse.ArgumentParser(prog="weir-h5ad", description="Writes what a run says of its cells into a copy of the "
                                     ".h5ad that they came from: " + " ".join(__doc__.split("\n\n")[1].split()))
    parser.add_argument("folder", type=pathlib.Path, metavar="out/<name>", help="folder that a run of learn_energies left behind")
    parser.add_argument("--into", type=pathlib.Path, help="the file to write (default: out/<name>/<name>.h5ad)")
    options = parser.parse_args(arguments)
    try:
        run = Run(options.folder)
        into = options.into or options.folder / f"{run.name}.h5ad"
        write(run, into)
    except (NotARun, NoCells, OSError, KeyError) as error:
        print(f"weir-h5ad: {error}", file=sys.stderr)
        return 1
    print(into)
    return 0
