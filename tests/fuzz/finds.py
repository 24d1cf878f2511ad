"""What the fuzzer found in files that are too odd to be written by a test: each ends with code 2 and names the file, and
nothing is written.

    python3 tests/fuzz/finds.py build/weir

A find is a folder of finds/: deck.yaml, and its files, each packed by gzip.
"""
import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile

FINDS = pathlib.Path(__file__).resolve().parent / "finds"


def check(weir, find):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        shutil.copy(find / "deck.yaml", folder)
        names = [packed.stem for packed in sorted(find.glob("*.gz"))]
        for name in names:
            (folder / name).write_bytes(gzip.decompress((find / f"{name}.gz").read_bytes()))
        before = sorted(folder.iterdir())
        run = subprocess.run([weir, "deck.yaml"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        named = all(name in run.stderr for name in names)
        fine = run.returncode == 2 and named and sorted(folder.iterdir()) == before
        if not fine:
            print(f"{find.name}: code {run.returncode}, said:\n{run.stdout}{run.stderr}")
        return fine


def main():
    weir = str(pathlib.Path(sys.argv[1]).resolve())
    finds = sorted(find for find in FINDS.iterdir() if find.is_dir())
    broken = [find.name for find in finds if not check(weir, find)]
    print(f"{len(finds)} finds, {len(broken)} of them as before")
    return 1 if broken or not finds else 0


if __name__ == "__main__":
    sys.exit(main())
