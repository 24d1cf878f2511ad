"""From deck to metrics on one core: seconds of whole runs, beside the machine's rates in the same minutes.

    deck_times.py WEIR KERNEL_BENCHMARK [REPEATS]

The best of the repeats; the rates are those of products of matrices by the BLAS and of exponentials.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

DECKS = pathlib.Path(__file__).resolve().parent.parent.parent / "input" / "learn_energies"
CASES = {"linear, 124 features of V": "benchmark.yaml", "V, W and entropy, 249 unknowns": "full.yaml"}


def seconds(weir, deck, folder):
    start = time.perf_counter()
    done = subprocess.run([weir, DECKS / deck, "--overwrite", "--set", f"run.output={folder}/out"], stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"{deck} failed")
    return time.perf_counter() - start


def machine_rates(program):
    words = [program, "--benchmark_filter=^machine/", "--benchmark_format=json"]
    report = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)
    for result in report["benchmarks"]:
        unit = "flop/s" if "flop/s" in result else "exp/s"
        yield result["name"].split("/")[1], result[unit], unit


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    repeats = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    for name, rate, unit in machine_rates(sys.argv[2]):
        print(f"{name:32} {rate:.3g} {unit}")
    for name, deck in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name:32} {min(seconds(sys.argv[1], deck, folder) for _ in range(repeats)):.2f} s")


if __name__ == "__main__":
    main()
