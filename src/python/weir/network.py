"""Networks that Weir stored, in plain NumPy: values and gradients with respect to what goes in.

    h_0 = embedding of x      z_l = W_l h_(l-1) + b_l      n_l = z_l, or gain_l normal(z_l) + shift_l
    h_l = phi(n_l) [+ h_(l-1)]                             y = W_(L+1) h_L + b_(L+1)
"""
import numpy as np


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def _logistic(z):
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1) / (1 + e)


def _softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), _logistic(z)


def _silu(z):
    s = _logistic(z)
    return z * s, s + z * s * (1 - s)


def _gelu(z):
    k2, a = 1.59576912160573071176, 0.044715
    y = np.clip(z, -20, 20)
    s = _logistic(y * (k2 + k2 * a * y * y))
    return z * s, s + z * s * (1 - s) * (k2 + 3 * k2 * a * y * y)


def _tanh(z):
    value = np.tanh(z)
    return value, 1 - value * value


def _relu(z):
    return np.maximum(z, 0), (z > 0).astype(float)


ACTIVATIONS = {"softplus": _softplus, "silu": _silu, "gelu": _gelu, "tanh": _tanh, "relu": _relu}


class Network:
    """`group`: an h5py group that holds a network. Rows of arguments and results are samples."""

    def __init__(self, group):
        attributes = group.attrs
        self.inputs, self.outputs = int(attributes["inputs"]), int(attributes["outputs"])
        self.takes_time = bool(attributes["time"])
        self.frequencies, self.horizon = int(attributes["frequencies"]), float(attributes["horizon"])
        self.activation = _text(attributes["activation"])
        self._residual, self._layer_norm = bool(attributes["residual"]), bool(attributes["layer_norm"])
        widths = [int(width) for width in group["hidden"][:]] if "hidden" in group else []
        self._embeds = self.takes_time and self.frequencies > 0
        self._space = self.inputs - 1 if self._embeds else self.inputs
        embedded = self._space + (2 * self.frequencies if self._embeds else 0)
        self._layers, theta, at = [], group["parameters"][:], 0
        for layer, (before, after) in enumerate(zip([embedded, *widths], [*widths, self.outputs])):
            hidden = layer < len(widths)
            parts = []
            for size in [before * after, after] + ([after, after] if hidden and self._layer_norm else []):
                parts.append(theta[at : at + size])
                at += size
            parts[0] = parts[0].reshape(before, after)  # the transpose of W, which is stored column by column
            self._layers.append((parts, hidden, hidden and self._residual and layer > 0 and before == after))
        if at != len(theta):
            raise ValueError(f"{group.name} holds {len(theta)} parameters, its shape tells of {at}")

    @property
    def space(self):
        """Components that are no time."""
        return self.inputs - self.takes_time

    def _input(self, x, t):
        x = np.atleast_2d(np.asarray(x, float))
        if x.shape[1] != self.space:
            raise ValueError(f"rows have {x.shape[1]} components; the network takes {self.space}")
        if not self.takes_time:
            return x
        if t is None:
            raise ValueError("the network takes a time: give t")
        times = np.broadcast_to(np.asarray(t, float).reshape(-1, 1), (len(x), 1))
        if not self._embeds:
            return np.hstack([x, times])
        turns = times / self.horizon / 2 * 2.0 ** np.arange(self.frequencies)
        angle = 2 * np.pi * (turns - np.floor(turns))
        return np.hstack([x, np.sin(angle), np.cos(angle)])

    def _forward(self, x, t):
        h, tape = self._input(x, t), []
        for parts, hidden, residual in self._layers:
            z = h @ parts[0] + parts[1]
            if not hidden:
                return z, tape
            normal = inverse = None
            if self._layer_norm:
                centred = z - z.mean(axis=1, keepdims=True)
                inverse = 1 / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + 1e-5)
                normal = centred * inverse
                z = parts[2] * normal + parts[3]
            value, slope = ACTIVATIONS[self.activation](z)
            tape.append((slope, normal, inverse))
            h = value + h if residual else value

    def __call__(self, x, t=None):
        """f(x) or f(x, t): (samples, outputs)."""
        return self._forward(x, t)[0]

    def gradient(self, x, t=None):
        """grad_x f(x, t) of a network with one output: (samples, components), without the derivative by t."""
        if self.outputs != 1:
            raise ValueError(f"the network has {self.outputs} outputs; a gradient is of one")
        y, tape = self._forward(x, t)
        g = np.ones_like(y) @ self._layers[-1][0][0].T
        for (parts, _, residual), (slope, normal, inverse) in zip(self._layers[-2::-1], tape[::-1]):
            delta = slope * g
            if normal is not None:
                delta = delta * parts[2]
                along = (delta * normal).mean(axis=1, keepdims=True)
                delta = inverse * (delta - delta.mean(axis=1, keepdims=True) - normal * along)
            g = delta @ parts[0].T + (g if residual else 0)
        return g[:, : self.space]


def networks_in(file):
    """{path: Network} of all networks in an open HDF5 file."""
    found = {}

    def visit(name, item):
        if hasattr(item, "keys") and "parameters" in item and "layers" in item.attrs:
            found[name] = Network(item)

    file.visititems(visit)
    return found
