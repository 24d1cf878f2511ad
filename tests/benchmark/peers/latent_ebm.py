#!/usr/bin/env python3
"""Evaluations a second of mala chains on a small energy: PyTorch beside Weir, one thread each.

    python3 tests/benchmark/peers/latent_ebm.py build/tests/benchmark/ebm_benchmark [particles=4096] [width=64]

Needs torch. The energy is the one of ebm_benchmark: a network 3-width-width-1 (silu) beside a confinement, 5 moves being 6
evaluations with gradients. PyTorch runs twice: by autograd, and by formulas for the gradient; the faster one counts.
Best of several repeats, the programs in turn.
"""
import json
import math
import subprocess
import sys
import time

import torch

MOVES = 5
H = torch.tensor([0.01, 0.01, 0.1])
CONFINEMENT = torch.tensor([0.05, 0.05, 1.0])


def network(width):
    sizes = [3, width, width, 1]
    return [(torch.randn(b, a) / math.sqrt(a), torch.zeros(b)) for a, b in zip(sizes, sizes[1:])]


def by_autograd(layers):
    def evaluate(v):
        v = v.detach().requires_grad_(True)
        h = v
        for weight, bias in layers[:-1]:
            h = torch.nn.functional.silu(torch.nn.functional.linear(h, weight, bias))
        energies = torch.nn.functional.linear(h, *layers[-1])[:, 0] + 0.5 * (CONFINEMENT * v * v).sum(1)
        return energies.detach(), torch.autograd.grad(energies.sum(), v)[0]
    return evaluate


def by_formulas(layers):
    @torch.no_grad()
    def evaluate(v):
        h, slopes = v, []
        for weight, bias in layers[:-1]:
            z = torch.addmm(bias, h, weight.t())
            s = torch.sigmoid(z)
            h = z * s
            slopes.append(s + h * (1 - s))
        weight, bias = layers[-1]
        energies = torch.addmm(bias, h, weight.t())[:, 0] + 0.5 * (CONFINEMENT * v * v).sum(1)
        g = weight.expand(len(v), -1)
        for (weight, _), slope in zip(layers[-2::-1], slopes[::-1]):
            g = (g * slope) @ weight
        return energies, g + CONFINEMENT * v
    return evaluate


@torch.no_grad()
def move(v, evaluate):
    """MOVES moves by mala, from an evaluation of its own."""
    with torch.enable_grad():
        energies, gradient = evaluate(v)
    for _ in range(MOVES):
        noise = torch.randn_like(v)
        proposal = v - H * gradient + torch.sqrt(2 * H) * noise
        with torch.enable_grad():
            there, gradient_there = evaluate(proposal)
        back = v - proposal + H * gradient_there
        log_ratio = energies - there + 0.5 * (noise * noise).sum(1) - (back * back / (4 * H)).sum(1)
        accepted = torch.log(torch.rand(len(v))) < log_ratio
        v = torch.where(accepted[:, None], proposal, v)
        gradient = torch.where(accepted[:, None], gradient_there, gradient)
        energies = torch.where(accepted, there, energies)
    return v


def rate(v, evaluate, steps=10):
    start = time.perf_counter()
    for _ in range(steps):
        v = move(v, evaluate)
    return len(v) * (MOVES + 1) * steps / (time.perf_counter() - start)


def main(benchmark, particles=4096, width=64, repeats=5):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layers = network(int(width))
    kinds = {"autograd": by_autograd(layers), "formulas": by_formulas(layers)}
    best = dict.fromkeys([*kinds, "Weir"], 0)
    start = torch.randn(int(particles), 3)
    for _ in range(repeats):
        for kind, evaluate in kinds.items():
            best[kind] = max(best[kind], rate(start, evaluate))
        output = subprocess.run([benchmark, str(particles), "64", str(width), "3"], check=True, capture_output=True, text=True).stdout
        best["Weir"] = max(best["Weir"], json.loads(output)["single"]["evaluations"])
    peer = max(best["autograd"], best["formulas"])
    print("| evaluations a second, single precision | |\n|---|---|")
    for name, value in best.items():
        print(f"| {name} | {value:.3g} |")
    print(f"| Weir over PyTorch | {best['Weir'] / peer:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
