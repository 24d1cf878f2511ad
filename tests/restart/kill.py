"""Kills a run with SIGKILL again and again, at random moments and while it writes, on changing numbers of ranks;
restarts it each time; what it leaves in the end is bit for bit what a run leaves that nobody killed.

    kill.py WEIR DECK FOLDER KILLS MPIEXEC..   (the last words start MPI and end with the option for the number of ranks)
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "decks"))
from identical import differences

PATIENCE = 120 * int(os.environ.get("WEIR_TEST_PATIENCE", 1))  # seconds that anything may take


def children(process):
    """Ids of the processes that `process` started, and of those that they did."""
    try:
        own = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in own] + [grandchild for child in own for grandchild in children(child)]


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Run:
    def __init__(self, command, folder):
        self.folder = folder
        self.log = open(folder.with_suffix(".txt"), "a")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def ended(self):
        return self.process.poll() is not None

    def checkpoints(self):
        return set(self.folder.glob("checkpoint-*.h5"))

    def wait_until(self, condition):
        """Returns at once when the condition holds; False where the run ended before."""
        start = time.monotonic()
        while not condition():
            if self.ended():
                return False
            if time.monotonic() - start > PATIENCE:
                self.kill_all()
                sys.exit(f"nothing happened for {PATIENCE} s; see {self.log.name}")
            time.sleep(0.0005)
        return True

    def kill_all(self):
        for process in [*children(self.process.pid), self.process.pid]:
            kill(process)
        self.process.wait(PATIENCE)

    def kill_one_rank(self):
        """mpirun ends the others."""
        ranks = children(self.process.pid)
        kill(random.choice(ranks) if ranks else self.process.pid)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill_all()
            sys.exit("the other ranks went on without the one that was killed")


def being_written(folder):
    return any(True for _ in folder.glob("*.part")) or (folder / "snapshots.h5.open").exists()


def interrupt(run):
    """Waits for a random moment within three checkpoints and kills. Returns whether a file was being written then."""
    before = run.checkpoints()
    moment = random.choice(["start", "writing", "writing", "snapshot", "between"])
    if moment == "start":
        time.sleep(random.uniform(0, 0.6))
    else:
        run.wait_until(lambda: run.checkpoints() - before)
        if moment == "writing":
            run.wait_until(lambda: any(run.folder.glob("checkpoint-*.part")))
        elif moment == "snapshot":
            run.wait_until(lambda: (run.folder / "snapshots.h5.open").exists())
        time.sleep(random.choice([0, 0, random.uniform(0, 0.02)]))
    if run.ended():
        sys.exit(f"the run ended with {run.process.returncode} before it was killed; see {run.log.name}")
    random.choice([run.kill_all, run.kill_one_rank])()
    return being_written(run.folder)


def main(weir, deck, folder, kills, *mpiexec):
    random.seed(11)
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    whole, part = folder / "whole", folder / "part"

    def command(ranks, output, *options):
        return [*mpiexec, str(ranks), weir, deck, "--set", f"run.output={output}", *options]

    subprocess.run(command(2, whole, "--set", "run.checkpoint={every: 0}"), check=True, stdout=subprocess.DEVNULL)
    writing, ranks = 0, [2, 3, 1]
    for number in range(int(kills)):
        writing += interrupt(Run(command(ranks[number % 3], part, "--restart"), part))
    last = Run(command(ranks[int(kills) % 3], part, "--restart"), part)
    if last.process.wait(PATIENCE) != 0:
        sys.exit(f"the last run ended with {last.process.returncode}; see {last.log.name}")

    found = list(differences(whole, part))
    summaries = [json.loads((output / "summary.json").read_text()) for output in (whole, part)]
    for summary in summaries:
        summary.pop("seconds"), summary.pop("ranks")
    if summaries[0] != summaries[1]:
        found.append("summary.json")
    left = [path.name for path in part.iterdir() if path.suffix in (".part", ".open")]
    print(f"{kills} kills, {writing} of them while a file was written; left over: {left}; different: {found}")
    sys.exit(bool(found or left) or writing == 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
