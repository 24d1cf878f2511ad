"""Small files in the place of those that decks of own data are given: images with labels, angles, populations.

    python3 make_data.py FOLDER
"""
import gzip
import pathlib
import struct
import sys

import numpy as np


def write_idx(path, values):
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for name, count in (("train", 150), ("test", 30)):
        labels = np.arange(count) % 10
        rows, columns = np.mgrid[:28, :28]
        centres = 8 + 12 * np.stack([labels % 3, labels // 4], 1) / 2 + rng.standard_normal((count, 2))
        squares = (rows - centres[:, :1, None]) ** 2 + (columns - centres[:, 1:, None]) ** 2
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", 255 * np.exp(-squares / 30))
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", labels)
    np.save(folder / "angles.npy", rng.uniform(-4, 4, (210, 2)))
    times = np.repeat(np.arange(5), 30)
    np.save(folder / "cells.npy", rng.standard_normal((150, 5)) + 0.5 * times[:, None])
    np.save(folder / "times.npy", times)


if __name__ == "__main__":
    main()
