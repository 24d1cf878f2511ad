"""What scripts share that run decks and print what was measured beside its bar."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time


class Weir:
    def __init__(self, program, ranks):
        self.command = [program] if ranks == 1 else ["mpirun", "--oversubscribe", "-n", str(ranks), program]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir_bars_"))

    def run(self, deck, *settings, **keys):
        """The summary of a run, its folder (until the next run) and its seconds.

        deck: a path, or the text of a deck. settings: "a.b=value"; keys: the same as a__b=value."""
        if "\n" in str(deck):
            path = self.folder / "deck.yaml"
            path.write_text(deck)
            deck = path
        output = self.folder / "out"
        settings = [*settings, *(f"{key.replace('__', '.')}={value}" for key, value in keys.items()), f"run.output={output}"]
        words = [word for setting in settings for word in ("--set", setting)]
        start = time.time()
        done = subprocess.run(self.command + [str(deck), "--overwrite"] + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{deck}: exit code {done.returncode}\n{done.stdout[-2000:]}")
        return json.loads((output / "summary.json").read_text()), output, time.time() - start


class Table:
    """Rows of a Markdown table; remembers which bars were missed."""

    def __init__(self):
        self.missed, self.rows = [], 0
        print("| what | measured | bar | |\n|---|---|---|---|")

    def row(self, name, value, most=None, least=None):
        self.rows += 1
        met = (most is None or value <= most) and (least is None or value >= least)
        wanted = f"at most {most:g}" if most is not None else f"at least {least:g}" if least is not None else "-"
        print(f"| {name} | {value:.4g} | {wanted} | {'' if met else '**missed**'} |", flush=True)
        if not met:
            self.missed.append(name)


    def leave_out(self, name, why):
        print(f"| {name}: {why} | | | left out |", flush=True)


def benchmark(program, ranks, *arguments):
    """What one of the programs of this folder prints."""
    command = [program, *map(str, arguments)]
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "-n", str(ranks), *command]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def main(parts, document, more=()):
    """Runs the parts that the command line names, or all; each is a function of a Weir, a Table and the options.

    more: further arguments as (name, keywords of add_argument)."""
    parser = argparse.ArgumentParser(description=document.splitlines()[0])
    parser.add_argument("weir")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(part.__name__ for part in parts))
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--verify", action="store_true", help="the exit code says whether every bar is met")
    for name, keywords in more:
        parser.add_argument(name, **keywords)
    options = parser.parse_args()
    unknown = set(options.parts) - {part.__name__ for part in parts}
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(part.__name__ for part in parts)}")
    weir, table = Weir(options.weir, options.ranks), Table()
    for part in parts:
        if not options.parts or part.__name__ in options.parts:
            part(weir, table, options)
    shutil.rmtree(weir.folder)
    if table.missed:
        print("missed:", ", ".join(table.missed))
    if options.verify and table.rows == 0:
        return 77  # nothing was measured: ctest counts it as skipped
    return int(options.verify and bool(table.missed))
