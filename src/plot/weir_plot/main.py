"""The command line of weir-plot."""
import argparse
import pathlib
import sys

from . import curves, energies, snapshots, style
from .run import NotARun, Run

# One figure each: file name, and the function that draws it or returns None where the run has nothing of the kind.
FIGURES = (
    ("snapshots.png", snapshots.draw),
    ("energies.png", energies.draw),
    ("metrics.png", curves.draw_metrics),
    ("steps.png", curves.draw_steps),
)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="weir-plot", description="Draws the figures of finished runs into the folder `figures` of each."
    )
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="out/<name>", help="folder that a run left behind")
    parser.add_argument("--dpi", type=int, default=150, help="resolution of the figures (default %(default)s)")
    return parser.parse_args(arguments)


def draw_all(run, dpi):
    """Draws what there is to draw; the paths written."""
    written = []
    for name, draw in FIGURES:
        figure = draw(run)
        if figure is None:
            continue
        path = run.folder / "figures" / name
        path.parent.mkdir(exist_ok=True)
        style.save(figure, path, dpi)
        written.append(path)
    return written


def main(arguments):
    options = parse(arguments)
    failures = 0
    style.use()
    for folder in options.folders:
        try:
            written = draw_all(Run(folder), options.dpi)
        except (NotARun, OSError) as error:
            print(f"weir-plot: {error}", file=sys.stderr)
            failures += 1
            continue
        for path in written:
            print(path)
        if not written:
            print(f"weir-plot: {folder} holds nothing to draw", file=sys.stderr)
    return 1 if failures else 0
