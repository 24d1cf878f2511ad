#!/usr/bin/env python3
"""Runs the studies of this folder: each is a deck swept by --set, and a table of what the runs report.

    python3 input/learn_energies/studies/studies.py potentials --weir build/weir --plot build/weir-plot
    python3 input/learn_energies/studies/studies.py cells --data <folder with X.npy and t.npy>

Runs are named <row>.<column>; a run whose summary is there is not run again.
"""
import argparse
import itertools
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
POTENTIALS = (
    "double_exp rotational relu flat wavy_plateau friedman watershed ishigami flowers bohachevsky holder_table "
    "zigzag_ridge oakley_ohagan sphere styblinski_tang"
).split()
LINEAR = (
    "{linear: {features_at: current, interaction: %s, entropy: %s, features: {polynomial: {degree: 4, kind: tensor}, "
    "radial: {centres: {grid: 10, low: -4, high: 4}, length: 0.70710678}}}}"
)
MODEL, POPULATIONS = "learn_energies.model", "learn_energies.populations"
FAST = "{adam: {rate: 3.0e-3, clip: 10, schedule: cosine}}"


def potentials(_):
    network = f"{MODEL}.network"
    columns = {
        "linear": [f"{MODEL}={LINEAR % ('false', 'false')}"],
        "network": [],
        "linear_unpaired": [f"{MODEL}={LINEAR % ('false', 'false')}", "learn_energies.pairing=unpaired"],
        "network_unpaired": ["learn_energies.pairing=unpaired"],
        "all_linear": [f"{MODEL}={LINEAR % ('true', 'true')}"],
        "all_network": [f"{network}.interaction=true", f"{network}.entropy=true", f"{network}.train.epochs=50",
                        f"{network}.train.batch=64", f"{network}.train.rule={FAST}"],
    }
    for potential, (column, settings) in itertools.product(POTENTIALS, columns.items()):
        yield f"{potential}.{column}", [f"{POPULATIONS}.simulate.energy.potential={potential}", *settings]


def scaling(_):
    for dimension, particles in itertools.product((10, 20, 30, 40, 50), (1000, 2500, 5000, 7500, 10000)):
        initial = f"{POPULATIONS}.simulate.initial"
        yield f"d{dimension}.n{particles}", [f"{initial}.dimension={dimension}", f"{initial}.particles={particles}"]


def energies(_):
    pairs = [("wavy_plateau", "flowers"), ("styblinski_tang", "bohachevsky"), ("flowers", "oakley_ohagan"),
             ("double_exp", "ishigami")]
    for (potential, interaction), entropy in itertools.product(pairs, (0, 0.1, 0.2)):
        energy = f"{{potential: {potential}, interaction: {interaction}, entropy: {entropy}}}"
        yield f"{potential}-{interaction}.beta{entropy}", [f"{POPULATIONS}.simulate.energy={energy}"]


def cells(options):
    data = pathlib.Path(options.data).resolve()
    file = [f"{POPULATIONS}.file={{path: {data / 'X.npy'}, columns: [0, 5], labels: {{path: {data / 't.npy'}}}, "
            "times: [0, 1, 2, 3, 4]}"]
    train = f"{MODEL}.network.train"
    linear = ("{linear: {time: true, features_at: current, features: {polynomial: {degree: 2, kind: total}, "
              "radial: {centres: {data: 300}, length: 1.41421356}}}}")
    leave_out = ["learn_energies.leave_out=[1, 3]", "learn_energies.split.test=0", "learn_energies.repetitions=1"]
    models = {
        "linear": [f"{MODEL}={linear}"],
        "network": [],
        "network_next": [f"{MODEL}.network.features_at=next"],
        "network_long": [f"{train}.epochs=200", f"{train}.rule={FAST}"],
    }
    for name, settings in models.items():
        yield f"one_step.{name}", [*file, *settings]
        for predict in ("one_step", "roll_out"):
            yield f"left_out_{predict}.{name}", [*file, *settings, *leave_out, f"learn_energies.predict={predict}"]


STUDIES = {"potentials": potentials, "scaling": scaling, "energies": energies, "cells": cells}
METRICS = {"potentials": ["w1", "l2_uvp"], "scaling": ["l2_uvp", "w1", "seconds"], "energies": ["l2_uvp", "w1"],
           "cells": ["w1", "w2", "w2/1", "w2/3", "unconverged"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--weir", default="build/weir", help="the program, with mpirun before it where wanted (default %(default)s)")
    parser.add_argument("--plot", default="build/weir-plot", help="weir-plot (default %(default)s)")
    parser.add_argument("--data", default=".", help="cells: the folder with X.npy and t.npy")
    parser.add_argument("--only", default="", help="only runs whose name contains this")
    parser.add_argument("--set", action="append", default=[], help="passed on to every run")
    options = parser.parse_args()
    folder = pathlib.Path("out") / options.study
    settings_of_all = [word for setting in options.set for word in ("--set", setting)]
    for name, settings in STUDIES[options.study](options):
        output = folder / name
        if options.only not in name or (output / "summary.json").exists():
            continue
        print(f"{options.study}: {name}", flush=True)
        words = [*shlex.split(options.weir), str(HERE / f"{options.study}.yaml"), "--overwrite", "--set", f"run.name={name}",
                 "--set", f"run.output={output}", *[w for s in settings for w in ("--set", s)], *settings_of_all]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\n{name} left with {done.returncode}")
    runs = sorted(str(path.parent) for path in folder.glob("*/summary.json"))
    table = [*shlex.split(options.plot), "--table", *METRICS[options.study], "--into", str(folder), "--", *runs]
    sys.exit(subprocess.run(table).returncode)


if __name__ == "__main__":
    main()
