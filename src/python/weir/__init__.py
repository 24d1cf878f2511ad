"""What Weir's runs leave, as NumPy arrays, and what they learned, as functions.

    import weir
    run = weir.open("out/hsmm")
    run.metrics["w1"], run.summary["w1"]            # columns of metrics.csv, entries of summary.json
    run.snapshot(1)["observed"]                     # (particles, components), in the units of the file
    run.trajectories("trajectory")                  # (times, particles, components)
    run.potential(x, t), run.drift(x, t), run.interaction(r, t)
    run.networks, run.samples                       # of methods that have them
    run.to_anndata()                                # predictions beside the cells that they are of

Needs numpy and h5py; figures (weir.plot) need matplotlib, to_anndata needs anndata.
"""
from .energy import Energy
from .network import Network
from .run import NotARun, Run, open

__all__ = ["Energy", "Network", "NotARun", "Run", "open"]
