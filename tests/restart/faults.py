"""What goes wrong outside the program ends a run promptly with its cause, and costs nothing that was committed.

    faults.py CASE WEIR DECK FOLDER MPIEXEC..   (the last words start MPI and end with the option for the number of ranks)

Exit code 77: the case cannot be tried here, and why.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "decks"))
from identical import differences
from kill import children

PATIENCE = 120 * int(os.environ.get("WEIR_TEST_PATIENCE", 1))  # seconds that anything may take
STOPPED = 85


class Case:
    def __init__(self, weir, deck, folder, mpiexec):
        self.weir, self.deck, self.folder, self.mpiexec = weir, deck, folder, mpiexec

    def of(self, name):
        """The same with another deck beside this one."""
        return Case(self.weir, str(pathlib.Path(self.deck).with_name(name)), self.folder, self.mpiexec)

    def command(self, ranks, output, *options):
        start = [*self.mpiexec, str(ranks)] if ranks else []
        return [*start, self.weir, self.deck, "--overwrite", "--set", f"run.output={output}", *options]

    def run(self, ranks, output, *options):
        return subprocess.run(self.command(ranks, output, *options), capture_output=True, text=True, timeout=PATIENCE)

    def start(self, ranks, output, *options):
        return subprocess.Popen(self.command(ranks, output, *options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True)

    def whole(self):
        """The folder of a run that had no trouble."""
        output = self.folder / "whole"
        if not output.exists():
            result = self.run(2, output, "--set", "run.checkpoint.every=0")
            expect(result.returncode == 0, result)
        return output

    def goes_on(self, output, ranks=1):
        """A restart ends as a run that had no trouble. (Fewer checkpoints: they take most of the time.)"""
        result = self.run(ranks, output, "--restart", "--set", "run.checkpoint.every=100")
        expect(result.returncode == 0, result)
        expect("restarted from" in result.stdout, result)
        found = list(differences(self.whole(), output))
        expect(not found, found)


def expect(condition, what):
    if not condition:
        sys.exit(f"not as expected: {what}")


def wait_for(condition, what):
    start = time.monotonic()
    while not condition():
        expect(time.monotonic() - start < PATIENCE, what)
        time.sleep(0.002)


def full_disk(case):
    """The disk fills up a little later each time: during a snapshot, a checkpoint, a table."""
    if os.geteuid() != 0:
        print("only root can mount a small file system")
        return 77
    disk = case.folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]).returncode != 0:
        print("a file system cannot be mounted here")
        return 77
    try:
        output = disk / "out"
        for kilobytes in range(400, 440, 8):
            subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", disk], check=True)
            result = case.run(2, output, "--restart")
            expect(result.returncode == 1, result)
            expect("o space left on device" in result.stderr or "disk full" in result.stderr, result)
            expect(str(output) in result.stderr, result)
            expect(any(output.glob("checkpoint-*.h5")), result)
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        case.goes_on(output)
    finally:
        subprocess.run(["umount", disk], check=True)


def unwritable(case):
    for output, words in (("/proc/nowhere", "cannot write to the folder /proc/nowhere"),
                          (case.deck + "/out", "kill.yaml is not a folder")):
        result = case.run(2, output)
        expect(result.returncode == 2 and words in result.stderr, result)


def damaged(case):
    """The newest checkpoint has one wrong bit, the one before is cut: both are named, the third is used."""
    output = case.folder / "out"
    expect(case.run(2, output).returncode == 0, "the run ends")
    newest = sorted(output.glob("checkpoint-*.h5"), key=lambda path: -int(path.stem.split("-")[1]))
    expect(len(newest) == 3, newest)
    wrong = bytearray(newest[0].read_bytes())
    wrong[len(wrong) // 3] ^= 4
    newest[0].write_bytes(wrong)
    newest[1].write_bytes(newest[1].read_bytes()[:-100])
    (output / "log.txt").write_bytes((output / "log.txt").read_bytes() + b"half a li")
    case.goes_on(output, 3)
    log = (output / "log.txt").read_text()
    for path in newest[:2]:
        expect(f"{path} cannot be used" in log, log)
    expect(f"restarted from {newest[2]}" in log and "half a li" not in log, log)


def signals(case):
    """USR1 through mpirun; TERM and INT to a run without it: exit code 85, a checkpoint, and the same end."""
    for ranks, sent in ((2, signal.SIGUSR1), (0, signal.SIGTERM), (0, signal.SIGINT), (0, signal.SIGUSR1)):
        output = case.folder / f"out_{ranks}_{sent.name}"
        process = case.start(ranks, output)  # a checkpoint every 4 steps
        wait_for((output / "checkpoint-4.h5").exists, "the first checkpoint")
        process.send_signal(sent)
        words = process.communicate(timeout=PATIENCE)[0]
        expect(process.returncode == STOPPED, (process.returncode, words))
        expect(f"stopped by {sent.name}" in words, words)
        expect(json.loads((output / "summary.json").read_text())["status"] == "stopped", output)
        case.goes_on(output)


def two_interrupts(case):
    """The second SIGINT does not wait for the end of the step, which would take minutes."""
    output = case.folder / "out"
    slow = ["--set", "simulate.initial.particles=400000", "--set", "simulate.energy.interaction={gaussian: {width: 0.7}}",
            "--set", "simulate.snapshots.every=0", "--set", "simulate.metrics={report: [mean], every: 1}"]
    process = case.start(0, output, *slow)
    wait_for(lambda: (output / "metrics.csv").exists(), "the first row")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    expect(process.returncode == -signal.SIGINT, process.returncode)


def ranks_of(process):
    """Ids of the ranks that mpirun started."""
    return [child for child in children(process.pid) if pathlib.Path(f"/proc/{child}/comm").read_text() == "weir\n"]


def during_metrics(case):
    """A rank hears the signal when predictions are made and nothing is measured yet: the run stops after the first piece
    of the metrics. However fast the machine is: pipes in the place of two files, which the run only writes, hold it where it
    opens them."""
    case = case.of("learn.yaml")
    output = case.folder / "out"
    output.mkdir()
    log, snapshots = output / "log.txt", output / "snapshots.xdmf"
    os.mkfifo(log)
    snapshots.touch()  # the run removes it, then opens its log
    process = case.start(2, output)

    def ended():
        return process.poll() is not None

    wait_for(lambda: ended() or not snapshots.exists(), "the run begins")
    expect(not ended(), process.returncode)
    os.mkfifo(snapshots)
    with open(log):  # lets it go on
        wait_for(lambda: ended() or (output / "energies.h5").exists(), "the energy")  # then it opens snapshots.xdmf
        expect(not ended(), process.returncode)
        os.kill(ranks_of(process)[-1], signal.SIGUSR1)
        pipe = snapshots.rename(case.folder / "pipe")
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # lets it go on, if it is there yet
        words = process.communicate(timeout=PATIENCE)[0]
        os.close(reader)
    log.unlink()
    expect(process.returncode == STOPPED, (process.returncode, words))
    with h5py.File(max(output.glob("checkpoint-*.h5"))) as file:
        expect("learned/times" in file and file["metrics/done"][0] == 2, words)  # steps, of 8: one a rank
    case.goes_on(output)


def asked_for(case):
    """A file <output>/checkpoint-now makes a checkpoint and goes; the run goes on."""
    output = case.folder / "out"
    process = case.start(2, output, "--set", "run.checkpoint.every=0", "--set", "simulate.time.end=1000")
    wait_for((output / "metrics.csv").exists, "the first row")
    (output / "checkpoint-now").touch()
    wait_for(lambda: any(output.glob("checkpoint-*.h5")), "a checkpoint")
    expect(not (output / "checkpoint-now").exists() and process.poll() is None, output)
    process.send_signal(signal.SIGUSR1)
    process.communicate(timeout=PATIENCE)
    expect(process.returncode == STOPPED, process.returncode)


def left_semaphore(case):
    """A run that was killed as it wrote may leave a semaphore of Open MPI's, named after the file: others do not wait for it."""
    shared = pathlib.Path("/dev/shm")
    if not shared.is_dir() or not os.access(shared, os.W_OK):
        print("there is no /dev/shm to write to")
        return 77
    left = shared / "sem.OMPIO_checkpoint-444.h5.part"
    left.write_bytes(bytes(32))  # nobody will ever give it free
    try:
        result = case.run(2, case.folder / "out", "--set", "run.checkpoint.every=444")
        expect(result.returncode == 0, result)
        expect(any((case.folder / "out").glob("checkpoint-444.h5")), "the checkpoint")
    finally:
        left.unlink(missing_ok=True)


def main(name, weir, deck, folder, *mpiexec):
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    case = globals()[name]
    sys.exit(case(Case(weir, deck, folder, mpiexec)) or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
