"""One look for all figures."""
import textwrap

import matplotlib
import numpy as np

matplotlib.use("Agg")  # files only: there may be no display

import matplotlib.pyplot as plt  # noqa: E402

OBSERVED = "#4c5b6b"
PREDICTED = "#d9622b"
REFERENCE = "#c3cad1"
_names = []
LINES = ("#2a6f97", "#d9622b", "#4f8f3a", "#8a5aa8", "#b8860b", "#b03a48", "#3aa6a0", "#6b6b6b")


def colours():
    """The colour map of potentials: the same in print, on screens and to the colour-blind."""
    return plt.get_cmap("viridis")


def use(sheets=()):
    """Weir's own look, and over it style sheets: names that matplotlib knows, or files."""
    plt.rcParams.update(
        {
            "font.size": 9,
            "axes.titlesize": 9,
            "axes.labelsize": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#808080",
            "axes.linewidth": 0.8,
            "axes.prop_cycle": plt.cycler(color=LINES),
            "xtick.color": "#404040",
            "ytick.color": "#404040",
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "legend.frameon": False,
            "legend.fontsize": 8,
            "lines.linewidth": 1.5,
            "figure.constrained_layout.use": True,
        }
    )
    for sheet in sheets:
        plt.style.use(sheet)


def panels(count, width, height, columns=5, **arguments):
    """A figure of `count` panels in rows as even as can be; the panels in one flat list, those left over taken away."""
    rows = -(-count // columns)
    columns = -(-count // rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows + 0.4), squeeze=False, **arguments
    )
    flat = list(axes.flat)
    for spare in flat[count:]:
        spare.remove()
    return figure, flat[:count]


def save(figure, path, dpi, formats=("png",)):
    """Writes the figure in each format, the path's ending replaced; the paths written."""
    written = [path.with_suffix(f".{ending}") for ending in formats]
    for each in written:
        figure.savefig(each, dpi=dpi)
    plt.close(figure)
    return written


def title(figure, text):
    """A title of the whole figure, in lines that are no wider than it."""
    letters = max(20, int(figure.get_size_inches()[0] * 13))
    figure.suptitle("\n".join(textwrap.wrap(text, letters)), fontsize=10)


def limits(values, share=99.9, margin=0.06):
    """The range of nearly all values with a margin, so that a few stray ones do not shrink the rest."""
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [100 - share, share]) if values.size else (-1.0, 1.0)
    space = margin * (high - low) or 0.5
    return low - space, high + space


def time_label(time):
    return f"$t$ = {time:.4g}"


def name_components(names):
    """Names of the columns that components come from; none: x_0, x_1 .."""
    _names[:] = names


def component(k):
    return _names[k].replace("$", r"\$") if k < len(_names) else f"$x_{{{k}}}$"
