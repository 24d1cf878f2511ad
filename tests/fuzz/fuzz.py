"""Mutated decks and files of every format: each run ends with code 0 or 2, and with 2 nothing is written.

Half of the runs read a mutated data file or a deck about one; a quarter check a mutated deck of input/; a quarter take a
mutated networks.h5 as `model`.

    python3 tests/fuzz/fuzz.py build/weir FOLDER [--seconds 7200] [--seed 1]

What breaks the rule is kept in FOLDER/finds, with the code and what was said; each becomes a case of the quick tests.
"""
import argparse
import gzip
import io
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np

PATIENCE = 30  # seconds; a run takes a fraction of one
DECK = """weir: 1
run: {{name: fuzz, seed: 1, output: {output}}}
learn_energies:
  populations:
    file: {{path: {file}, {keys}}}
  split: 0.2
  coupling: {{method: network_simplex, batch: whole}}
  model: {{linear: {{features_at: current, features: {{polynomial: {{degree: 1}}}}}}}}
  metrics: [w1]
"""
INPUT = pathlib.Path(__file__).resolve().parents[2] / "input"
MOONS = "data: {synthetic: {moons: {count: 40}}}, split: 0.5, generate: {count: 5"
MODELS = {  # small decks that leave a model, and take one
    "latent_ebm": MOONS + ", steps: 5}, energy: {network: {hidden: [4]}}, train: {iterations: 4, batch: 16, negatives: {particles: 8}}, metrics: []",
    "latent_diffusion": MOONS + "}, latent: {dimension: 2, particles: 1}, decoder: {network: {hidden: [4]}}, prior: {diffusion: {hidden: [4]}}, train: {epochs: 1, batch: 16}, metrics: []",
    "schroedinger_bridge": MOONS + "}, bridge: {steps: 3}, score: {network: {hidden: [4]}, train: {iterations: 4, batch: 16}}, metrics: []",
}
WORDS = [b"nan", b"inf", b"-1", b"0", b"1e999", b"9223372036854775807", b"\0", b"\n", b",", b'"', b"#", b"[", b"]", b"{", b"}", b":",
         b"- ", b"..", b"day", b"\xff\xfe", b"\xc3", b"true", b"null", b"&a", b"*a", b"!!int", b"|", b"PC1..PC3"]


def sound_files():
    """{name: (bytes, keys of the deck)}: one small file of every format."""
    rng = np.random.default_rng(1)
    x, t = rng.standard_normal((24, 3)), np.repeat([0, 1, 2], 8)
    rows = ["a,b,c,when"] + [f"{p[0]:.4f},{p[1]:.4f},{p[2]:.4f},day{k}" for p, k in zip(x, t)]
    csv = "\n".join(rows).encode()

    def npy(array):
        stream = io.BytesIO()
        np.save(stream, array)
        return stream.getvalue()

    def npz(compression):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            archive.writestr("x.npy", npy(x))
            archive.writestr("t.npy", npy(t))
        return stream.getvalue()

    def hdf5(fill):
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            fill(file)
        return stream.getvalue()

    def plain(file):
        file["x"], file["t"] = x, t
        file.create_dataset("packed", data=x, compression="gzip", chunks=(8, 3))

    def cells(file):
        file.create_dataset("X", data=np.zeros((24, 3)))
        file["obsm/X_pca"] = x
        file["obs/day/codes"] = t.astype(np.int8)
        file["obs/day/categories"] = np.array(["day0", "day1", "day2"], dtype=h5py.string_dtype())
        file["obs/hours"] = t * 1.0
        file["var/_index"] = np.array(["g1", "g2", "g3"], dtype=h5py.string_dtype())

    def sparse(file):
        cells(file)
        group = file.create_group("layers/s")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", np.array([24, 3])
        group["data"], group["indices"], group["indptr"] = x.ravel(), np.tile(np.arange(3), 24), np.arange(25) * 3

    idx = b"\0\0\x08\x02" + (24).to_bytes(4, "big") + (3).to_bytes(4, "big") + (np.arange(72) % 251).astype(np.uint8).tobytes()
    labels = "labels: {path: labels.csv}"
    return {
        "x.csv": (csv, "labels: when"), "x.tsv": (csv.replace(b",", b"\t"), "columns: [a, c], labels: when"),
        "x.csv.gz": (gzip.compress(csv), "labels: {column: when, select: [day0, day2]}"),
        "x.npy": (npy(x), labels), "f.npy": (npy(np.asfortranarray(x)), labels), "s.npy": (npy(x.reshape(3, 8, 3)), "times: [0, 1, 2]"),
        "x.npy.gz": (gzip.compress(npy(x)), labels), "x.npz": (npz(zipfile.ZIP_STORED), "dataset: x, labels: {dataset: t}"),
        "y.npz": (npz(zipfile.ZIP_DEFLATED), "dataset: x, labels: {dataset: t}"),
        "x.h5": (hdf5(plain), "dataset: x, labels: {dataset: t}"), "p.h5": (hdf5(plain), "dataset: packed, labels: {dataset: t}"),
        "x.h5ad": (hdf5(cells), "dataset: obsm/X_pca, labels: {column: day}"),
        "s.h5ad": (hdf5(sparse), "dataset: layers/s, labels: {column: hours}"), "x.idx": (idx, labels),
    }


def mutated(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        if not data:
            return bytes(data)
        # Headers and tables of contents stand at the beginning or the end: half of the strokes go there.
        at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.choice([rng.randrange(min(len(data), 256)), -1 - rng.randrange(min(len(data), 256))])
        at %= len(data)
        stroke = rng.randrange(7)
        if stroke == 0:
            data[at] = rng.randrange(256)
        elif stroke == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif stroke == 2:
            del data[at : at + rng.choice([1, 2, 8, 100])]
        elif stroke == 3:
            data[at:at] = rng.choice(WORDS)
        elif stroke == 4:
            data[at : at + 8] = rng.choice([0, 1, 2**31, 2**32, 2**62, 2**63, 2**64 - 1]).to_bytes(8, rng.choice(["little", "big"]))
        elif stroke == 5:
            del data[at:]
        else:
            data[at:at] = data[max(0, at - rng.randrange(64)) : at]
    return bytes(data)


class Fuzzer:
    def __init__(self, weir, folder, seed):
        self.weir, self.work, self.finds = weir, folder / "work", folder / "finds"
        self.rng, self.codes, self.runs, self.found = random.Random(seed), {}, 0, 0
        shutil.rmtree(folder, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.output = self.work / "out"
        self.files = sound_files()
        self.decks = sorted(path for path in INPUT.rglob("*.yaml") if "studies" not in path.parts)
        self.models = {name: self.train(name) for name in sorted(MODELS)}

    def deck_of(self, name):
        return f"weir: 1\nrun: {{name: fuzz, output: {self.output}}}\n{name}: {{{MODELS[name]}}}\n"

    def train(self, name):
        """The networks.h5 of a small run."""
        deck = self.work / "deck.yaml"
        deck.write_text(self.deck_of(name))
        subprocess.run([self.weir, deck, "--overwrite"], check=True, capture_output=True)
        return (self.output / "networks.h5").read_bytes()

    def data_file(self, name=None):
        """A mutated file, or a mutated deck about one; a given one is left as it is."""
        sound, rng = name is not None, self.rng
        name = name or rng.choice(sorted(self.files))
        data, keys = self.files[name]
        labels = b"\n".join(b"%d" % (i // 8) for i in range(24))
        deck = DECK.format(output=self.output, file=name, keys=keys).encode()
        break_deck = not sound and rng.random() < 0.3
        files = {"labels.csv": labels if sound or rng.random() < 0.9 else mutated(labels, rng),
                 name: data if sound or break_deck else mutated(data, rng),
                 "deck.yaml": mutated(deck, rng) if break_deck else deck}
        self.run(files, ["--set", f"run.output={self.output}"], sound)

    def shipped_deck(self):
        deck = self.rng.choice(self.decks).read_bytes().replace(b"../data", str(INPUT / "data").encode())
        self.run({"deck.yaml": mutated(deck, self.rng)}, ["--check", "--set", f"run.output={self.output}"])

    def model(self):
        name = self.rng.choice(sorted(self.models))
        files = {"deck.yaml": self.deck_of(name).encode(), "networks.h5": mutated(self.models[name], self.rng)}
        self.run(files, ["--set", f"{name}.model=networks.h5"])

    def run(self, files, words, sound=False):
        shutil.rmtree(self.output, ignore_errors=True)
        for name, content in files.items():
            (self.work / name).write_bytes(content)
        try:
            done = subprocess.run([self.weir, str(self.work / "deck.yaml"), *words], capture_output=True, timeout=PATIENCE)
            code, said = done.returncode, done.stderr
        except subprocess.TimeoutExpired as late:
            code, said = "hangs", late.stderr or b""
        self.codes[code] = self.codes.get(code, 0) + 1
        self.runs += 1
        if code != 0 if sound else code not in (0, 2) or (code == 2 and self.output.exists()):
            self.keep(files, code, said)
        for name in files:
            (self.work / name).unlink()

    def keep(self, files, code, said):
        self.found += 1
        kept = self.finds / f"{self.found}"
        kept.mkdir(parents=True)
        for name in files:
            shutil.copy(self.work / name, kept)
        (kept / "said.txt").write_bytes(f"code {code}, wrote: {self.output.exists()}\n".encode() + said)
        print(f"{kept}: code {code}: {said[:300].decode(errors='replace')}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weir")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("WEIR_FUZZ_SECONDS", 7200)))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.time()
    fuzzer = Fuzzer(str(pathlib.Path(options.weir).resolve()), options.folder.resolve(), options.seed)
    for name in sorted(fuzzer.files):
        fuzzer.data_file(name)
    while time.time() - start < options.seconds:
        fuzzer.rng.choice([fuzzer.data_file, fuzzer.data_file, fuzzer.shipped_deck, fuzzer.model])()
    codes = ", ".join(f"code {code}: {count}" for code, count in sorted(fuzzer.codes.items(), key=str))
    print(f"{fuzzer.runs} runs: {codes}; {fuzzer.found} finds")
    return 1 if fuzzer.found else 0


if __name__ == "__main__":
    sys.exit(main())
