"""Says whether two runs left the same, bit for bit: metrics.csv as text, HDF5 files by every data set and attribute."""
import pathlib
import sys

import h5py


def contents(path):
    """All data sets and attributes of a file as bytes. (The file's own layout may differ: gaps between objects.)"""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = (item.shape, item.dtype.str, item[()].tobytes())
        for key, value in item.attrs.items():
            found[f"{name}@{key}"] = repr(value)

    with h5py.File(path) as file:
        visit("/", file)
        file.visititems(visit)
    return found


def differences(first, second):
    compared = 0
    for path in sorted(first.iterdir()):
        if path.name == "metrics.csv":
            compared += 1
            if path.read_bytes() != (second / path.name).read_bytes():
                yield path.name
        elif path.suffix == ".h5":
            compared += 1
            a, b = contents(path), contents(second / path.name)
            yield from (f"{path.name}: {name}" for name in sorted(set(a) | set(b)) if a.get(name) != b.get(name))
    if compared < 2:
        yield f"only {compared} files to compare"


if __name__ == "__main__":
    found = list(differences(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
    print("\n".join(found))
    sys.exit(bool(found))
