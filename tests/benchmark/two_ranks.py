"""What two ranks reach together, over what two independent copies of the program reach side by side.

    two_ranks.py WEIR [REPEATS]

Strong: the same deck on two ranks. Weak: twice the work on two ranks. Work a second over that of two copies with one rank
each, which share the machine too; best of the repeats, taken in turn.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

DECKS = pathlib.Path(__file__).resolve().parent.parent.parent / "input"
STEPS = ("velocity", "rules", "check")
NETWORK = "learn_energies.model.network"
CASES = {  # deck, phases that count, settings, and what makes it twice the work
    "pair interaction, 20,000 particles": (
        "simulate/aggregation.yaml", STEPS,
        ["simulate.energy.interaction={gaussian: {width: 0.5}}", "simulate.initial.particles=20000", "simulate.time.end=0.5",
         "simulate.metrics.every=100000", "simulate.snapshots.every=0"],
        ["simulate.initial.particles=28284"]),
    "network training, 128-128, batches of 8192": (
        "learn_energies/network.yaml", STEPS,
        ["learn_energies.populations.simulate.initial.particles=32768", "learn_energies.coupling.batch=128",
         f"{NETWORK}.potential={{hidden: [128, 128], activation: softplus}}", f"{NETWORK}.train.batch=8192",
         f"{NETWORK}.train.epochs=10", f"{NETWORK}.train.reports=1", "learn_energies.metrics=[l2_uvp]"],
        ["learn_energies.populations.simulate.initial.particles=65536", f"{NETWORK}.train.batch=16384"]),
    "coupling, 100 batches of 1000": (
        "learn_energies/unpaired.yaml", ["coupling"],
        ["learn_energies.populations.simulate.initial.particles=40000", "learn_energies.metrics=[l2_uvp]",
         "learn_energies.model.linear.features={polynomial: {degree: 2}}"],
        ["learn_energies.populations.simulate.initial.particles=80000"]),
}


def words(weir, deck, settings, output):
    return [weir, DECKS / deck, "--benchmark", "--overwrite", *[word for setting in [*settings, f"run.output={output}"]
                                                for word in ("--set", setting)]]


def seconds(commands, outputs, phases):
    """Of the slowest of programs that run side by side."""
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    if any([process.wait() for process in running]):
        sys.exit(f"{commands} failed")
    reports = [json.loads((output / "benchmark.json").read_text())["phases"] for output in outputs]
    return max(sum(report[phase]["seconds"] for phase in phases) for report in reports)


def main(weir, repeats=5):
    print("| case | two copies, s | strong, s | weak, s | strong | weak |\n|---|---|---|---|---|---|")
    for name, (deck, phases, settings, twice) in CASES.items():
        copies, strong, weak = [], [], []
        with tempfile.TemporaryDirectory() as folder:
            outputs = [pathlib.Path(folder) / output for output in ("one", "other", "together")]
            for _ in range(int(repeats)):
                copies.append(seconds([["taskset", "-c", str(core), *words(weir, deck, settings, outputs[core])]
                                       for core in (0, 1)], outputs[:2], phases))
                for taken, more in ((strong, []), (weak, twice)):
                    taken.append(seconds([["mpirun", "-n", "2", *words(weir, deck, [*settings, *more], outputs[2])]],
                                         outputs[2:], phases))
        alone, one_deck, double = min(copies), min(strong), min(weak)
        print(f"| {name} | {alone:.3g} | {one_deck:.3g} | {double:.3g} | {alone / 2 / one_deck:.3f} | {alone / double:.3f} |",
              flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
