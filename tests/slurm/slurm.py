"""The job scripts, submitted with sbatch to a real Slurm of two nodes on this machine.

    slurm.py WEIR WEIR_PLOT SOURCE FOLDER

Exit code 77: Slurm cannot run here, and why.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "decks"))
from identical import differences

PATIENCE = 240 * int(os.environ.get("WEIR_TEST_PATIENCE", 1))  # seconds that anything may take


def expect(condition, what):
    if not condition:
        sys.exit(f"not as expected: {what}")


def wait_for(condition, what):
    start = time.monotonic()
    while not condition():
        expect(time.monotonic() - start < PATIENCE, what() if callable(what) else what)
        time.sleep(0.1)


class Cluster:
    def __init__(self, source, folder, environment):
        self.jobscripts, self.folder = source / "jobscripts", folder
        self.environment = {**os.environ, **environment}

    def command(self, *words):
        return subprocess.run(words, cwd=self.folder, env=self.environment, check=True, capture_output=True, text=True,
                              timeout=PATIENCE).stdout.strip()

    def submit(self, *words):
        return self.command("sbatch", "--parsable", *words)

    def jobs(self, job, field):
        """A field of the job and, where it is an array, of each task."""
        text = self.command("scontrol", "--oneliner", "show", "job", job)
        return [dict(word.split("=", 1) for word in line.split() if "=" in word).get(field) for line in text.splitlines()]

    def logs(self):
        """What the jobs and, at their end, the daemons said."""
        daemons = sorted(pathlib.Path(self.environment["SLURM_CONF"]).parent.glob("slurm*.log"))
        return "\n".join(f"{path}:\n{path.read_text()[-3000:]}" for path in [*sorted(self.folder.glob("*.log")), *daemons])

    def wait_for_end(self, job):
        over = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"}
        wait_for(lambda: set(self.jobs(job, "JobState")) <= over, lambda: f"job {job} ends; {self.logs()}")
        expect(set(self.jobs(job, "JobState")) == {"COMPLETED"}, (self.jobs(job, "JobState"), self.logs()))


def compare(one, other):
    found = list(differences(one, other))
    expect(not found, found)


def interrupted(cluster, weir, deck, output, words, interrupt):
    """A job that is interrupted saves itself, is queued again, and ends as if nothing were."""
    run = ["--set", "run.checkpoint.every=0", "--set", "simulate.time.end=2.5"]
    job = cluster.submit(*words, deck, "--set", f"run.output={output}", *run)
    output = cluster.folder / output
    wait_for((output / "metrics.csv").exists, lambda: f"the job runs; {cluster.logs()}")
    time.sleep(0.5)
    interrupt(job)
    wait_for(lambda: cluster.jobs(job, "Restarts") == ["1"], lambda: f"the job is queued again; {cluster.logs()}")
    cluster.wait_for_end(job)
    log = (output / "log.txt").read_text()
    expect("stopped by SIGUSR1" in log and "restarted from" in log and "on 2 ranks" in log, (log, cluster.logs()))
    whole = cluster.folder / "out/whole"
    if not whole.exists():
        cluster.command(weir, deck, "--set", "run.output=out/whole", *run)
    for checkpoint in output.glob("checkpoint-*.h5"):
        checkpoint.unlink()
    compare(whole, output)


def signalled(cluster, weir, deck):
    """A job on two nodes is told that its time is over."""
    interrupted(cluster, weir, deck, "out/signalled", ["-N", "2", "-n", "2", cluster.jobscripts / "run.sbatch"],
                lambda job: cluster.command("scancel", "--batch", "--signal=USR1", job))


def signalled_under_mpirun(cluster, weir, deck):
    """The same on a site that starts ranks by mpirun."""
    interrupted(cluster, weir, deck, "out/mpirun",
                ["-N", "2", "-n", "2", "--export=ALL,WEIR_LAUNCHER=mpirun,WEIR_MPIRUN_FLAGS=--bind-to none",
                 cluster.jobscripts / "run.sbatch"],
                lambda job: cluster.command("scancel", "--batch", "--signal=USR1", job))


def preempted(cluster, weir, deck):
    """A more urgent job takes the nodes; the job with one rank a (pretended) GPU gets out of the way and comes back."""
    def urgent(_):
        cluster.wait_for_end(cluster.submit("-p", "urgent", "-N", "2", "-n", "4", "--wrap", "true"))
    interrupted(cluster, weir, deck, "out/preempted",
                ["-N", "2", "--ntasks-per-node=1", cluster.jobscripts / "gpu.sbatch"], urgent)


def devices_of_ranks(cluster, *_):
    """gpu.sbatch gives every rank a device of its own."""
    (cluster.folder / "device").write_text("#!/bin/sh\necho device_$SLURM_NODEID:$CUDA_VISIBLE_DEVICES\n")
    (cluster.folder / "device").chmod(0o755)
    job = cluster.submit("-N", "2", "--ntasks-per-node=2", "-J", "devices", f"--export=ALL,WEIR={cluster.folder / 'device'}",
                         cluster.jobscripts / "gpu.sbatch", "no.yaml")
    cluster.wait_for_end(job)
    said = sorted((cluster.folder / f"devices-{job}.log").read_text().split())
    expect(said == ["device_0:0", "device_0:1", "device_1:0", "device_1:1"], said)


def hybrid(cluster, weir, deck):
    """Two ranks of two cores each: ranks are told so, use them if their Kokkos has threads, and find the same as one core."""
    words = ["-N", "2", "-n", "2", "-c", "2"]
    (cluster.folder / "told").write_text("#!/bin/sh\necho rank $SLURM_PROCID: $SLURM_CPUS_PER_TASK $OMP_NUM_THREADS $OMP_PLACES\n")
    (cluster.folder / "told").chmod(0o755)
    job = cluster.submit(*words, "-J", "told", f"--export=ALL,WEIR={cluster.folder / 'told'}", cluster.jobscripts / "run.sbatch",
                         "no.yaml")
    cluster.wait_for_end(job)
    said = sorted((cluster.folder / f"told-{job}.log").read_text().splitlines())
    expect(said == ["rank 0: 2 2 cores", "rank 1: 2 2 cores"], said)
    threads = "OpenMP" in cluster.command(weir, "--build-info")
    run = [deck, "--set", "run.checkpoint.every=0"]
    cluster.wait_for_end(cluster.submit(*words, cluster.jobscripts / "run.sbatch", *run, "--set", "run.output=out/hybrid"))
    summary = json.loads((cluster.folder / "out/hybrid/summary.json").read_text())
    expect(summary["ranks"] == 2 and summary["threads"] == (2 if threads else 1), summary)
    cluster.command(weir, *run, "--set", "run.output=out/one_core")
    compare(cluster.folder / "out/one_core", cluster.folder / "out/hybrid")


def sweep(cluster, weir, deck):
    """Three tasks, one a line."""
    lines = [f"{deck} --set run.seed={seed} --set 'run.output=out/seed {seed}' --set run.checkpoint.every=0"
             for seed in (1, 2, 3)]
    (cluster.folder / "list.txt").write_text("\n".join(lines) + "\n")
    job = cluster.submit("--array=1-3", "-n", "1", cluster.jobscripts / "sweep.sbatch", "list.txt")
    cluster.wait_for_end(job)
    for seed in (1, 2, 3):
        summary = json.loads((cluster.folder / f"out/seed {seed}/summary.json").read_text())
        expect(summary["status"] == "done" and summary["seed"] == seed, summary)


def scaling(cluster, weir, deck):
    """Both scaling scripts leave their table and figure."""
    if "--benchmark" not in cluster.command(weir, "--help"):
        print("this weir has no --benchmark: the scaling scripts were not tried")
        return
    small = [deck, "--set", "run.checkpoint.every=0", "--set", "simulate.time.end=0.1"]
    jobs = [cluster.submit("-N", "2", "-n", "4", cluster.jobscripts / "strong_scaling.sbatch", *small),
            cluster.submit("-N", "2", "-n", "4", cluster.jobscripts / "weak_scaling.sbatch", "simulate.initial.particles",
                           "200", *small)]
    for kind, job in zip(("strong", "weak"), jobs):
        cluster.wait_for_end(job)
        folder = cluster.folder / f"out/{kind}_scaling-{job}"
        for ranks in (1, 2, 4):
            expect(json.loads((folder / f"{ranks}/benchmark.json").read_text())["ranks"] == ranks, folder)
        for kind_of_file in ("*.csv", "*.png"):
            expect(any(folder.rglob(kind_of_file)), f"{folder} has no {kind_of_file}; {cluster.logs()}")


def main(weir, weir_plot, source, folder):
    source, folder = pathlib.Path(source), pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    place = tempfile.mkdtemp(prefix="ws_", dir="/tmp")  # sockets want short paths
    script = source / "jobscripts/local_slurm.sh"
    started = subprocess.run(["bash", script, "start", place])
    if started.returncode != 0:
        shutil.rmtree(place, ignore_errors=True)
        sys.exit(started.returncode)
    cluster = Cluster(source, folder, {
        "SLURM_CONF": f"{place}/slurm.conf", "WEIR": weir, "WEIR_PLOT": weir_plot, "WEIR_SRUN_FLAGS": "--mpi=pmix",
        "OMP_PROC_BIND": "false", "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_MCA_oob_tcp_if_include": "lo",
        "OMPI_MCA_mpi_yield_when_idle": "1"})
    deck = str(source / "tests/restart/kill.yaml")
    try:
        known = subprocess.run(["srun", "--mpi=list"], env=cluster.environment, capture_output=True, text=True)
        if "pmix" not in known.stdout + known.stderr:
            print("this Slurm was built without PMIx, by which srun starts ranks of Open MPI")
            sys.exit(77)
        for part in (signalled, signalled_under_mpirun, preempted, devices_of_ranks, hybrid, sweep, scaling):
            begin = time.monotonic()
            part(cluster, weir, deck)
            print(f"{part.__name__}: {time.monotonic() - begin:.1f} s")
    finally:
        subprocess.run(["bash", script, "stop", place])
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
