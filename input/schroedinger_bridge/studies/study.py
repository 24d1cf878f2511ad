"""What studies share: runs of a deck, and curves as a table and a figure."""
import csv
import json
import pathlib
import subprocess
import sys


def run(weir, deck, output, **settings):
    """The summary of a run into the folder `output`; a__b=value sets a.b."""
    settings = {**settings, "run__output": output}
    words = [word for key, value in settings.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]
    done = subprocess.run([weir, str(deck), "--overwrite", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(done.stdout[-2000:])
    return json.loads((pathlib.Path(output) / "summary.json").read_text())


def save(folder, name, across, values, curves, logarithmic=False):
    """NAME.csv and NAME.png. curves: by their names, means and standard errors at each of `values` of the quantity `across`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow([across, *(column for label in curves for column in (label, f"{label}_error"))])
        for k, value in enumerate(values):
            table.writerow([value, *(number for means, errors in curves.values() for number in (means[k], errors[k]))])
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.2, 3.2), layout="constrained")
    for label, (means, errors) in curves.items():
        axes.errorbar(values, means, yerr=errors, marker="o", markersize=3, capsize=2, label=label.replace("_", " "))
    axes.set_xscale("log")
    if logarithmic:
        axes.set_yscale("log")
    axes.set(xlabel=across, ylabel="error")
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(folder / f"{name}.png", dpi=150)
    pyplot.close(figure)
