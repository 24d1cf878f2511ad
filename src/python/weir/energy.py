"""Learned energies (energies.h5) in plain NumPy: potential, interaction, entropy and the drift that they give.

    dx = -[grad V(x, t) + (1/N) sum_j grad W(x - x_j, t)] dt + sqrt(2 beta) dW

A network f stands for the even W(r) = (f(r) + f(-r)) / 2, which is all that pairs see of it.
Where columns were standardised, places, potentials and drifts are those of the file's units all the same.
"""
import h5py
import numpy as np

from .network import Network

PROFILES = ("constant", "linear", "cubic", "thin_plate", "multiquadric", "inverse_multiquadric")


class _Expansion:
    """theta . phi, phi monomials, their sines and cosines, and radial functions; a row of theta a transition."""

    def __init__(self, file, name):
        group = file[f"basis/{name}"]
        self.theta = file[name][:]
        self._exponents = group["exponents"][:].astype(int)
        self._centres = group["centres"][:]
        self._trigonometric = bool(group.attrs["trigonometric"])
        self._length, self._profile = float(group.attrs["length"]), PROFILES[int(group.attrs["profile"])]

    def value(self, x, row):
        parts, radial = self._split(row)
        value = np.zeros(len(x))
        if len(self._exponents):
            m = self._monomials(x)
            for theta, outer in zip(parts, (lambda m: m, np.sin, np.cos)):
                value += outer(m) @ theta
        if len(radial):
            difference, s = self._distances(x)
            value += (np.exp(-s) * self._factor(s)[0]) @ radial
        return value

    def gradient(self, x, row):
        parts, radial = self._split(row)
        gradient = np.zeros_like(x)
        if len(self._exponents):
            m = self._monomials(x)
            weights = np.zeros_like(m)
            for theta, slope in zip(parts, (np.ones_like, np.cos, lambda m: -np.sin(m))):
                weights += slope(m) * theta
            for c in range(x.shape[1]):
                gradient[:, c] += (weights * self._slopes(x, c)).sum(axis=1)
        if len(radial):
            difference, s = self._distances(x)
            p, slope = self._factor(s)
            weights = np.exp(-s) * (slope - 2 * p) * radial / self._length
            gradient += np.einsum("nk,nkc->nc", weights, difference)
        return gradient

    def _split(self, row):
        theta = self.theta[row]
        monomials = len(self._exponents)
        kinds = 3 if self._trigonometric else 1
        parts = [theta[k * monomials : (k + 1) * monomials] for k in range(kinds)]
        return parts, theta[kinds * monomials :]

    def _monomials(self, x):
        return np.prod(x[:, None, :] ** self._exponents[None], axis=2)

    def _slopes(self, x, c):
        lowered = self._exponents.copy()
        lowered[:, c] = np.maximum(lowered[:, c] - 1, 0)
        return np.prod(x[:, None, :] ** lowered[None], axis=2) * self._exponents[:, c]

    def _distances(self, x):
        difference = (x[:, None, :] - self._centres[None]) / self._length
        return difference, (difference * difference).sum(axis=2)

    def _factor(self, s):
        """p and p'/r of the profile as functions of s = r^2."""
        one, zero = np.ones_like(s), np.zeros_like(s)
        if self._profile == "constant":
            return one, zero
        if self._profile in ("multiquadric", "inverse_multiquadric"):
            root = np.sqrt(1 + s)
            return (root, 1 / root) if self._profile == "multiquadric" else (1 / root, -1 / root**3)
        apart = s > 1e-30
        safe = np.where(apart, s, 1)
        r = np.sqrt(safe)
        p, slope = {"linear": (r, 1 / r), "cubic": (safe * r, 3 * r),
                    "thin_plate": (safe * 0.5 * np.log(safe), np.log(safe) + 1)}[self._profile]
        return np.where(apart, p, 0), np.where(apart, slope, 0)


class _EvenNetwork:
    """(f(r) + f(-r)) / 2"""

    def __init__(self, network):
        self._network = network

    def __call__(self, r, t):
        return (self._network(r, t) + self._network(-r, t)) / 2

    def gradient(self, r, t):
        return (self._network.gradient(r, t) - self._network.gradient(-r, t)) / 2


class Energy:
    """Reads energies.h5. Places are rows of the file's columns; a single place may be given without the outer list."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            self.dimension = int(file.attrs["dimension"])
            self.times = file["times"][:]
            self._potentials, self._interactions = [], []
            for name, terms in (("potential", self._potentials), ("interaction", self._interactions)):
                if name in file:
                    terms.append(_Expansion(file, name))
                if f"networks/{name}" in file:
                    network = Network(file[f"networks/{name}"])
                    terms.append(_EvenNetwork(network) if name == "interaction" else network)
            self._entropy = file["entropy"][:] if "entropy" in file else np.zeros(1)
            standardised = "standardisation" in file
            self.mean = file["standardisation/mean"][:] if standardised else np.zeros(self.dimension)
            self.deviation = file["standardisation/deviation"][:] if standardised else np.ones(self.dimension)

    @property
    def has_potential(self):
        return bool(self._potentials)

    @property
    def has_interaction(self):
        return bool(self._interactions)

    def _row(self, t, rows):
        if rows <= 1:
            return 0
        slack = 1e-9 * (self.times[-1] - self.times[0])
        return int(np.clip(np.searchsorted(self.times, t + slack, side="right") - 1, 0, rows - 1))

    def _rows_of(self, x):
        x = np.atleast_2d(np.asarray(x, float))
        if x.shape[1] != self.dimension:
            raise ValueError(f"rows have {x.shape[1]} components; the energy has {self.dimension}")
        return x

    def _sum(self, terms, what, y, t):
        total = np.zeros_like(y) if what == "gradient" else np.zeros(len(y))
        for term in terms:
            if isinstance(term, (Network, _EvenNetwork)):
                total += term.gradient(y, t) if what == "gradient" else term(y, t)[:, 0]
            else:
                total += getattr(term, what)(y, self._row(t, len(term.theta)))
        return total

    def potential(self, x, t=0.0):
        """V(x, t), one a row of x; zero where no potential was learned."""
        return self._sum(self._potentials, "value", (self._rows_of(x) - self.mean) / self.deviation, t)

    def interaction(self, r, t=0.0):
        """W(r, t) of differences r = x - y between places; zero where no interaction was learned."""
        return self._sum(self._interactions, "value", self._rows_of(r) / self.deviation, t)

    def drift(self, x, t=0.0, population=None):
        """Velocity of places x at time t: -grad V, and -grad W averaged over the population (default: over x)."""
        y = (self._rows_of(x) - self.mean) / self.deviation
        velocity = -self._sum(self._potentials, "gradient", y, t)
        if self._interactions:
            others = y if population is None else (self._rows_of(population) - self.mean) / self.deviation
            for i, place in enumerate(y):
                velocity[i] -= self._sum(self._interactions, "gradient", place - others, t).mean(axis=0)
        return velocity * self.deviation

    def entropy(self, t=0.0):
        """beta(t), not below 0 and in the units of standardised columns where there are such; 0 where none was learned."""
        return max(float(self._entropy[self._row(t, len(self._entropy))]), 0.0)
