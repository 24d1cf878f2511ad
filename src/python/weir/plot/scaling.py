"""Strong and weak scaling from the benchmark.json of runs on different numbers of ranks."""
import csv
import json

from .style import REFERENCE, plt


class NoBenchmarks(Exception):
    """The folder has no benchmark.json in it."""


def load(folder):
    """The benchmarks below a folder, by number of ranks; the fastest where there are several."""
    fastest = {}
    for path in sorted(folder.glob("**/benchmark.json")):
        benchmark = json.loads(path.read_text())
        ranks = benchmark["ranks"]
        if ranks not in fastest or benchmark["seconds"] < fastest[ranks]["seconds"]:
            fastest[ranks] = benchmark
    if not fastest:
        raise NoBenchmarks(f"{folder} has no benchmark.json below it; weir --benchmark DECK writes one")
    return [fastest[ranks] for ranks in sorted(fastest)]


def work(benchmark):
    """What the run mostly does, in units: pair kernels, else matrix products, else particles moved."""
    phases = benchmark["phases"].values()
    for unit in ("pairs", "flops"):
        total = sum(phase[unit] for phase in phases)
        if total > 0:
            return unit, total
    return "particle steps", benchmark["particle_steps_per_second"] * benchmark["seconds"]


def rows(benchmarks):
    """(ranks, seconds, unit, units per second, efficiency): the rate of a rank as a share of that of the fewest ranks.

    It is the strong efficiency where the work is the same on any number of ranks, the weak one where it grows with them.
    """
    table = []
    for benchmark in benchmarks:
        unit, units = work(benchmark)
        rate = units / benchmark["seconds"]
        table.append([benchmark["ranks"], benchmark["seconds"], unit, rate, rate / benchmark["ranks"]])
    first = table[0][4]
    return [[*row[:4], row[4] / first] for row in table]


def markdown(table):
    lines = ["| ranks | seconds | units/s | of | efficiency |", "|---|---|---|---|---|"]
    lines += [f"| {ranks} | {seconds:.3g} | {rate:.3g} | {unit} | {share:.2f} |" for ranks, seconds, unit, rate, share in table]
    return "\n".join(lines)


def write_csv(path, table):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ranks", "seconds", "unit", "units_per_second", "efficiency"])
        writer.writerows(table)


def draw(table):
    """Rate over ranks with the ideal line, and the efficiency below."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(4.5, 5), sharex=True, height_ratios=(2, 1))
    ranks = [row[0] for row in table]
    ideal = [table[0][3] / table[0][0] * number for number in ranks]
    above.loglog(ranks, ideal, color=REFERENCE, label="ideal")
    above.loglog(ranks, [row[3] for row in table], "o-", label="measured")
    above.set_ylabel(f"{table[0][2]} per second")
    above.legend()
    below.axhline(1, color=REFERENCE)
    below.plot(ranks, [row[4] for row in table], "o-")
    below.set_ylim(0, 1.15)
    below.set_ylabel("efficiency")
    below.set_xlabel("ranks")
    below.set_xticks(ranks, [str(number) for number in ranks])
    below.minorticks_off()
    return figure
