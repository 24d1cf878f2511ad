#!/usr/bin/env python3
"""Pairs a second of the empirical drift of a bridge: PyTorch beside Weir, one thread each.

    python3 tests/benchmark/peers/bridge.py build/tests/benchmark/bridge_benchmark [particles=10000] [rows=50000] [dimension=8]

Needs torch. The drift is a softmax over all rows, in blocks of particles that fit into memory; best of several repeats.
"""
import json
import subprocess
import sys
import time

import torch

BLOCK = 500


@torch.no_grad()
def drift(at, rows, half_squares, rest):
    """(sum_j w_j y_j - z) / rest, w_j ~ exp(-|z - y_j|^2 / (2 rest))"""
    found = torch.empty_like(at)
    for first in range(0, len(at), BLOCK):
        z = at[first:first + BLOCK]
        weights = torch.softmax((z @ rows.t() - half_squares) / rest, dim=1)
        found[first:first + BLOCK] = (weights @ rows - z) / rest
    return found


def main(benchmark, particles=10000, rows=50000, dimension=8, repeats=3):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    at, data = torch.randn(int(particles), int(dimension)), torch.randn(int(rows), int(dimension))
    half_squares = 0.5 * (data * data).sum(1)
    best = {"PyTorch": 0, "Weir": 0}
    for _ in range(repeats):
        start = time.perf_counter()
        drift(at, data, half_squares, 0.1)
        best["PyTorch"] = max(best["PyTorch"], len(at) * len(data) / (time.perf_counter() - start))
        output = subprocess.run([benchmark, str(particles), str(rows), str(dimension), "2"], check=True, capture_output=True, text=True)
        best["Weir"] = max(best["Weir"], json.loads(output.stdout)["pairs_per_second"]["single"]["one_core"])
    print("| pairs a second, single precision | |\n|---|---|")
    for name, value in best.items():
        print(f"| {name} | {value:.3g} |")
    print(f"| Weir over PyTorch | {best['Weir'] / best['PyTorch']:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
