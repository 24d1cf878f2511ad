"""How far `weir --estimate` is from what `weir --benchmark` measures, on 1 and 2 ranks.

    estimate_error.py WEIR [RANKS ..]

The best of several short runs stands against the best of several predictions: others may be working on the machine.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

DECKS = pathlib.Path(__file__).resolve().parent.parent.parent / "input"
QUIET = ["simulate.metrics.every=100000", "simulate.snapshots.every=0"]
CASES = {
    "noise and mean, 100,000 particles": ("simulate/ornstein_uhlenbeck.yaml", ["simulate.time.end=0.2", *QUIET]),
    "moments, 100,000 particles": ("simulate/aggregation.yaml", ["simulate.initial.particles=100000",
                                                                 "simulate.time.end=1.0", *QUIET]),
    "pairs, 4000 particles": ("simulate/aggregation.yaml", ["simulate.energy.interaction={gaussian: {width: 0.5}}",
                                                            "simulate.initial.particles=4000", "simulate.time.end=0.5", *QUIET]),
    "training of a network": ("learn_energies/network.yaml", ["learn_energies.model.network.train.epochs=100"]),
}
RUNS, PREDICTIONS = 12, 3


def run(weir, ranks, deck, settings, *words):
    command = ["mpirun", "-n", str(ranks), "--bind-to", "none", "/usr/bin/time", "-f", "peak %M KiB", weir, DECKS / deck, *words]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done


def measured(weir, ranks, deck, settings, folder):
    """Seconds of a step and the peak memory of a rank, in bytes."""
    done = run(weir, ranks, deck, [*settings, f"run.output={folder}"], "--benchmark")
    phases = json.loads((pathlib.Path(folder) / "benchmark.json").read_text())["phases"]
    steps = phases["velocity"]["times"]
    seconds = sum(phases[name]["seconds"] / steps for name in ("velocity", "rules", "check"))
    return seconds, 1024 * max(int(peak) for peak in re.findall(r"peak (\d+) KiB", done.stderr))


def predicted(weir, ranks, deck, settings):
    step = json.loads(run(weir, ranks, deck, settings, "--estimate", "--json", "--ranks", str(ranks)).stdout)["steps"][0]
    return step["seconds"], step["memory"]


def main(weir, *ranks):
    print("| case | ranks | measured s/step | predicted | ratio | memory of a rank, MiB | predicted |\n|---|---|---|---|---|---|---|")
    for name, (deck, settings) in CASES.items():
        for number in ranks or (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                runs = [measured(weir, number, deck, settings, folder) for _ in range(RUNS)]
            predictions = [predicted(weir, number, deck, settings) for _ in range(PREDICTIONS)]
            seconds, expected = min(runs)[0], min(predictions)[0]
            print(f"| {name} | {number} | {seconds:.3g} | {expected:.3g} | {expected / seconds:.2f} | "
                  f"{runs[0][1] / 2**20:.0f} | {predictions[0][1] / 2**20:.0f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
