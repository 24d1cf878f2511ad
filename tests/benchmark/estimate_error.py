"""How far `weir --estimate` is from what `weir --benchmark` measures, on 1 and 2 ranks.

    estimate_error.py WEIR [RANKS ..]

The best of several short runs stands against the best of several predictions: others may be working on the machine.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

DECKS = pathlib.Path(__file__).resolve().parent.parent.parent / "input"
QUIET = ["simulate.metrics.every=100000", "simulate.snapshots.every=0"]
TEN_TIMES = ["learn_energies.populations.simulate.initial.particles=20000", "learn_energies.metrics=[l2_uvp]"]
TRAJECTORY = ["learn_energies.model.trajectory.train.reports=1", "learn_energies.metrics=[l2_uvp]"]
ITERATIONS = "learn_energies.model.trajectory.train.iterations"
CASES = {  # deck, settings, what makes it longer and two lengths, or the phases that are predicted
    "noise and mean, 100,000 particles": ("simulate/ornstein_uhlenbeck.yaml", QUIET, "simulate.time.end", (0.1, 0.4), ()),
    "moments, 100,000 particles": ("simulate/aggregation.yaml", ["simulate.initial.particles=100000", *QUIET],
                                   "simulate.time.end", (0.5, 2.0), ()),
    "pairs, 4000 particles": ("simulate/aggregation.yaml", ["simulate.energy.interaction={gaussian: {width: 0.5}}",
                                                            "simulate.initial.particles=4000", *QUIET],
                              "simulate.time.end", (0.25, 1.0), ()),
    "implicit steps": ("simulate/implicit_jko.yaml", QUIET, "simulate.time.end", (0.5, 2.0), ()),
    "training of a network": ("learn_energies/network.yaml", ["learn_energies.model.network.train.reports=1"],
                              "learn_energies.model.network.train.epochs", (20, 120), ()),
    "training of a trajectory": ("learn_energies/trajectory.yaml", TRAJECTORY, ITERATIONS, (100, 500), ()),
    "trajectory, entropy and W": ("learn_energies/trajectory.yaml",
                                  [*TRAJECTORY, "learn_energies.model.trajectory.entropy=0.1",
                                   "learn_energies.model.trajectory.interaction={hidden: [32, 32], sources: 64}"],
                                  ITERATIONS, (5, 20), ()),
    "couplings, 50 of 1000": ("learn_energies/unpaired.yaml", TEN_TIMES, "run.seed", (0,), ("coupling",)),
    "linear fit, 10,000 particles": ("learn_energies/unpaired.yaml", TEN_TIMES, "run.seed", (0,), ("fit",)),
}
RUNS, PREDICTIONS = 6, 3


def run(weir, ranks, deck, settings, *words, before=()):
    command = ["mpirun", "-n", str(ranks), "--bind-to", "none", *before, weir, DECKS / deck, *words,
               *([] if "--estimate" in words else ["--overwrite"])]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def measured(weir, ranks, deck, settings, key, lengths, folder, phases):
    """Seconds of the phases or, where there are none, of a step, from the shortest of several runs of two lengths, and the
    peak memory of a rank, in bytes."""
    shortest, steps, peaks = [], [], pathlib.Path(folder) / "peaks"
    for length in lengths:
        reports = []
        for _ in range(RUNS):
            run(weir, ranks, deck, [*settings, f"{key}={length}", f"run.output={folder}/out"], "--benchmark",
                before=("/usr/bin/time", "-a", "-o", peaks, "-f", "%M"))
            reports.append(json.loads((pathlib.Path(folder) / "out/benchmark.json").read_text()))
        shortest.append(min(sum(report["phases"][phase]["seconds"] for phase in phases) if phases else report["seconds"]
                            for report in reports))
        steps.append(reports[0]["steps"])
    if phases:
        return shortest[0], 1024 * max(int(peak) for peak in peaks.read_text().split())
    return ((shortest[1] - shortest[0]) / (steps[1] - steps[0]),
            1024 * max(int(peak) for peak in peaks.read_text().split()))


def predicted(weir, ranks, deck, settings, phases):
    parts = json.loads(run(weir, ranks, deck, settings, "--estimate", "--json", "--ranks", str(ranks)))
    part = next(parts[name][0] for name in (phases or ("step", "iteration")) if name in parts)
    return part["seconds"], part["memory"]


def main(weir, *ranks):
    print("| case | ranks | measured s/step | predicted | ratio | memory of a rank, MiB | predicted |\n|---|---|---|---|---|---|---|")
    for name, (deck, settings, key, lengths, phases) in CASES.items():
        for number in ranks or (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                seconds, memory = measured(weir, number, deck, settings, key, lengths, folder, phases)
            predictions = [predicted(weir, number, deck, settings, phases) for _ in range(PREDICTIONS)]
            expected = min(predictions)[0]
            print(f"| {name} | {number} | {seconds:.3g} | {expected:.3g} | {expected / seconds:.2f} | "
                  f"{memory / 2**20:.0f} | {predictions[0][1] / 2**20:.0f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
