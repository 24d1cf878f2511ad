"""The muscle cells of hsmm_10pc.csv as an .h5ad, laid out as anndata writes it: make_h5ad.py FILE

obsm/X_pca has the ten principal components, obs/day the day of each cell as a category: day0, day1, day2, day3.
"""
import csv
import pathlib
import sys

import h5py
import numpy as np


def encoded(item, kind, version):
    item.attrs["encoding-type"], item.attrs["encoding-version"] = kind, version
    return item


def main(path):
    with open(pathlib.Path(__file__).with_name("hsmm_10pc.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    cells = np.array([[float(row[f"PC{k}"]) for k in range(1, 11)] for row in rows])
    days = np.array([int(float(row["hours"])) // 24 for row in rows], dtype=np.int8)
    text = h5py.string_dtype()
    with h5py.File(path, "w") as file:
        encoded(file, "anndata", "0.1.0")
        encoded(file.create_dataset("X", data=np.zeros((len(cells), 0))), "array", "0.2.0")
        encoded(file.create_group("obsm"), "dict", "0.1.0")
        encoded(file.create_dataset("obsm/X_pca", data=cells), "array", "0.2.0")
        obs = encoded(file.create_group("obs"), "dataframe", "0.2.0")
        obs.attrs["_index"], obs.attrs["column-order"] = "_index", np.array(["day"], dtype=text)
        names = np.array([f"cell{i}" for i in range(len(cells))], dtype=text)
        encoded(obs.create_dataset("_index", data=names), "string-array", "0.2.0")
        day = encoded(obs.create_group("day"), "categorical", "0.2.0")
        day.attrs["ordered"] = False
        encoded(day.create_dataset("codes", data=days), "array", "0.2.0")
        categories = np.array(["day0", "day1", "day2", "day3"], dtype=text)
        encoded(day.create_dataset("categories", data=categories), "string-array", "0.2.0")
        var = encoded(file.create_group("var"), "dataframe", "0.2.0")
        var.attrs["_index"], var.attrs["column-order"] = "_index", np.array([], dtype=text)
        encoded(var.create_dataset("_index", data=np.array([], dtype=text)), "string-array", "0.2.0")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
