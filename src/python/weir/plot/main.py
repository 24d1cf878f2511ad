"""The command line of weir-plot."""
import argparse
import pathlib
import sys

from . import curves, energies, interaction, paths, prediction, samples, scaling, snapshots, style, table
from ..run import NotARun, Run

# One figure each: file name, and the function that draws it or returns None where the run has nothing of the kind.
FIGURES = (
    ("snapshots.png", snapshots.draw),
    ("paths.png", paths.draw),
    ("samples.png", samples.draw),
    ("completions.png", samples.draw_completions),
    ("energies.png", energies.draw),
    ("interaction.png", interaction.draw),
    ("prediction.png", prediction.draw),
    ("metrics.png", curves.draw_metrics),
    ("steps.png", curves.draw_steps),
)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="weir-plot", description="Draws the figures of finished runs into the folder `figures` of each."
    )
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="out/<name>", help="folder that a run left behind")
    parser.add_argument(
        "--table", nargs="+", metavar="METRIC", help="instead of figures of each run, a table and bars of these metrics "
        "over all runs; names <row>.<column> become rows and columns"
    )
    parser.add_argument(
        "--scaling", action="store_true", help="instead: for each folder a table and a figure of the benchmarks below it "
        "(scaling.csv, scaling.png)"
    )
    parser.add_argument("--into", type=pathlib.Path, default=pathlib.Path("."), help="folder for the tables (default %(default)s)")
    parser.add_argument("--dpi", type=int, default=150, help="resolution of the figures (default %(default)s)")
    parser.add_argument("--format", nargs="+", choices=("png", "pdf", "svg"), default=["png"],
                        help="formats of the figures (default png)")
    parser.add_argument("--style", nargs="+", default=[], metavar="STYLE",
                        help="matplotlib's style sheets, by name or file, over Weir's own look")
    return parser.parse_args(arguments)


def draw_all(run, dpi, formats):
    """Draws what there is to draw; the paths written."""
    written = []
    style.name_components(run.columns)
    for name, draw in FIGURES:
        figure = draw(run)
        if figure is None:
            continue
        path = run.folder / "figures" / name
        path.parent.mkdir(exist_ok=True)
        written += style.save(figure, path, dpi, formats)
    return written


def tabulate(runs, metrics, into, dpi, formats):
    """Markdown to the terminal; <metric>.csv and <metric>.png into the folder. How many metrics nobody reports."""
    into.mkdir(parents=True, exist_ok=True)
    missing = 0
    for metric in metrics:
        collected = table.collect(runs, metric)
        if not collected[2]:
            print(f"weir-plot: none of the runs reports {metric}", file=sys.stderr)
            missing += 1
            continue
        print(table.markdown(metric, *collected) + "\n")
        stem = metric.replace("/", "_")
        table.write_csv(into / f"{stem}.csv", metric, *collected)
        style.save(table.draw(metric, *collected), into / f"{stem}.png", dpi, formats)
    return missing


def show_scaling(folder, dpi, formats):
    rows = scaling.rows(scaling.load(folder))
    print(scaling.markdown(rows))
    scaling.write_csv(folder / "scaling.csv", rows)
    style.save(scaling.draw(rows), folder / "scaling.png", dpi, formats)


def main(arguments):
    options = parse(arguments)
    try:
        style.use(options.style)
    except OSError as error:
        print(f"weir-plot: {error}", file=sys.stderr)
        return 1
    if options.scaling:
        try:
            for folder in options.folders:
                show_scaling(folder, options.dpi, options.format)
            return 0
        except (scaling.NoBenchmarks, OSError, KeyError, ValueError) as error:
            print(f"weir-plot: {error}", file=sys.stderr)
            return 1
    if options.table:
        try:
            runs = [Run(folder) for folder in options.folders]
            return 1 if tabulate(runs, options.table, options.into, options.dpi, options.format) else 0
        except (NotARun, OSError) as error:
            print(f"weir-plot: {error}", file=sys.stderr)
            return 1
    failures = 0
    for folder in options.folders:
        try:
            written = draw_all(Run(folder), options.dpi, options.format)
        except (NotARun, OSError) as error:
            print(f"weir-plot: {error}", file=sys.stderr)
            failures += 1
            continue
        for path in written:
            print(path)
        if not written:
            print(f"weir-plot: {folder} holds nothing to draw", file=sys.stderr)
    return 1 if failures else 0
