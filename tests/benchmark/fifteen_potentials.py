#!/usr/bin/env python3
"""The benchmark of the JKOnet* paper: mean one-step W1 of the linear model on its fifteen potentials, three seeds each.

    python3 tests/benchmark/fifteen_potentials.py build/weir [--verify]

Prints a Markdown table beside the values of an independent implementation (one seed; other seeds vary by some 20%).
--verify: the exit code says whether every paired mean is within 1.3 times its reference, plus 1e-4.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

REFERENCE = {  # paired, unpaired
    "double_exp": (0.0042, 0.070), "rotational": (0.0174, 0.083), "relu": (0.0344, 0.118), "flat": (0, 0.060),
    "wavy_plateau": (0.0160, 0.051), "friedman": (0.0449, 0.085), "watershed": (1e-5, 0.059), "ishigami": (0.0072, 0.061),
    "flowers": (0.0050, 0.061), "bohachevsky": (0.1314, 0.134), "holder_table": (0.0457, 0.080), "zigzag_ridge": (0.0020, 0.058),
    "oakley_ohagan": (0.0035, 0.047), "sphere": (1.2e-4, 0.130), "styblinski_tang": (3.5e-4, 0.058)}
SEEDS = (0, 1, 2)
DECK = pathlib.Path(__file__).resolve().parents[2] / "input/learn_energies/benchmark.yaml"


def mean_w1(weir, potential, pairing):
    total = 0
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            settings = [f"learn_energies.populations.simulate.energy.potential={potential}", f"learn_energies.pairing={pairing}",
                        f"run.seed={seed}", f"run.output={folder}", "learn_energies.metrics=[w1]"]
            command = [weir, str(DECK), "--overwrite"] + [word for setting in settings for word in ("--set", setting)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            total += json.loads((pathlib.Path(folder) / "summary.json").read_text())["w1"]
    return total / len(SEEDS)


def main():
    weir, verify = sys.argv[1], "--verify" in sys.argv
    print("| potential | paired | reference | unpaired | reference |\n|---|---|---|---|---|")
    missed = []
    for potential, (paired_reference, unpaired_reference) in REFERENCE.items():
        paired, unpaired = (mean_w1(weir, potential, pairing) for pairing in ("paired", "unpaired"))
        print(f"| {potential} | {paired:.2g} | {paired_reference:.2g} | {unpaired:.2g} | {unpaired_reference:.2g} |", flush=True)
        if paired > 1.3 * paired_reference + 1e-4:
            missed.append(potential)
    if missed:
        print("beyond 1.3 times the reference:", ", ".join(missed))
    return int(verify and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
