"""Iterations a second of a latent diffusion model trained by particles, in PyTorch: the peer of diffusion_benchmark.

    python3 tests/benchmark/peers/latent_diffusion.py [ROWS] [WIDTH] [REPEATS] [--threads 1]

ROWS: of a batch, as diffusion_benchmark reports them ("rows"). The same iteration: 5 latents of 32 components a row of 784 numbers; decoder
32-width-width-784 (gelu); score 3 x 3/4 width, residual, of the latent and twelve sines and cosines of lambda; one draw of noise; latents by Langevin
steps with a diagonal running metric, both networks by Adam with a running average. Needs torch, which nothing else of Weir does.
"""
import argparse
import json
import math
import time

import torch
from torch import nn


class Score(nn.Module):
    def __init__(self, latent, width):
        super().__init__()
        self.first = nn.Linear(latent + 12, width)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.last = nn.Linear(width, latent)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, u, angles, noise):
        h = nn.functional.gelu(self.first(torch.cat([u, angles.sin(), angles.cos()], 1)), approximate="tanh")
        for block in self.blocks:
            h = h + nn.functional.gelu(block(h), approximate="tanh")
        return noise * u + self.last(h)


class Training:
    def __init__(self, rows, width, latent=32, particles=5, data=784):
        self.particles, self.latent = particles, latent
        self.y = torch.randn(4 * rows, data)
        self.x = torch.randn(4 * rows, particles, latent)
        self.rows = rows
        self.decoder = nn.Sequential(nn.Linear(latent, width), nn.GELU("tanh"), nn.Linear(width, width), nn.GELU("tanh"), nn.Linear(width, data))
        self.score = Score(latent, max(4, 3 * width // 4))
        self.frequencies = 0.05 * 2.0 ** torch.arange(6)
        self.networks = [self.decoder, self.score]
        self.parameters = [list(network.parameters()) for network in self.networks]
        self.averages = [[p.detach().clone() for p in parameters] for parameters in self.parameters]
        self.optimisers = [torch.optim.Adam(parameters, 3e-3, betas=(0.9, 0.99)) for parameters in self.parameters]
        self.metric, self.mean, self.variance, self.step = None, torch.zeros(latent), torch.ones(latent), 0

    def iterate(self, noise_variance=0.01, step=0.3, least=-9.1, largest=10.05):
        self.step += 1
        first = (self.step % 4) * self.rows
        x = self.x[first:first + self.rows].reshape(-1, self.latent)
        y = self.y[first:first + self.rows].repeat_interleave(self.particles, 0)
        share = max(0.01, 1 / self.step)
        self.mean += share * (x.mean(0) - self.mean)
        self.variance += share * (x.var(0) - self.variance)
        deviation = self.variance.sqrt()
        x = x.clone().requires_grad_(True)
        residual = self.decoder(x) - y
        fit = (residual * residual).sum() / (2 * noise_variance)
        of_fit = torch.autograd.grad(fit, [x, *self.parameters[0]])
        u = ((x.detach() - self.mean) / deviation).requires_grad_(True)
        lam = least + (largest - least) * torch.rand(len(u), 1)
        signal, noise = torch.sigmoid(-lam).sqrt(), torch.sigmoid(lam).sqrt()
        eps = torch.randn_like(u)
        error = self.score(signal * u + noise * eps, lam * self.frequencies, noise) - eps
        weight = torch.exp(-lam * lam / 12.5)
        of_prior = torch.autograd.grad((weight[:, 0] * (error * error).sum(1)).sum(), [u, *self.parameters[1]])
        force = -of_fit[0] - (0.5 * (largest - least) / weight * of_prior[0] + math.exp(-largest) * u.detach()) / deviation
        square = (force * force).mean(0)
        self.metric = square if self.metric is None else self.metric + max(0.05, 1 / self.step) * (square - self.metric)
        moved = x.detach() + step * force / self.metric + (2 * step / self.metric).sqrt() * torch.randn_like(force)
        self.x[first:first + self.rows] = moved.reshape(self.rows, self.particles, self.latent)
        for optimiser, parameters, averages, gradients in zip(self.optimisers, self.parameters, self.averages, (of_fit[1:], of_prior[1:])):
            for p, g in zip(parameters, gradients):
                p.grad = g / len(x)
            optimiser.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, [p.detach() for p in parameters], 0.001)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=144)
    parser.add_argument("width", nargs="?", type=int, default=512)
    parser.add_argument("repeats", nargs="?", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    training = Training(options.rows, options.width)
    best = busy = float("inf")
    for repeat in range(options.repeats + 1):
        start, before = time.perf_counter(), time.process_time()
        for _ in range(4):
            training.iterate()
        if repeat:
            best = min(best, (time.perf_counter() - start) / 4)
            busy = min(busy, (time.process_time() - before) / 4)
    print(json.dumps({"torch": torch.__version__, "threads": options.threads, "rows": options.rows, "width": options.width,
                      "iterations": round(1 / best, 4), "iterations_cpu": round(1 / busy, 4)}))


if __name__ == "__main__":
    main()
