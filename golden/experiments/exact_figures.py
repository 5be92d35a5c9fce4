"""Training by exact derivatives drawn: test accuracy over epochs, a panel for each task."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, PercentFormatter

from dualspike.golden.experiments.exact_training import Trained
from dualspike.golden.figures import ACCENT, INK
from dualspike.golden.files import write_atomic

COLOURS = {"BP": INK, "RFG-L": ACCENT}


def draw(found: list[Trained], folder: Path) -> list[str]:
    """Write ``accuracy`` as PNG and PDF; returns the file names.

    Each file appears whole or not at all; raises BadInput where it cannot be written.
    """
    tasks = list(dict.fromkeys(one.task for one in found))
    figure = Figure(
        figsize=(4.4 * len(tasks), 3.8),
        dpi=120,
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),
    )
    FigureCanvasAgg(figure)
    panels: list[Axes] = figure.subplots(1, len(tasks), squeeze=False, sharey=True)[0].tolist()
    for ax, task in zip(panels, tasks, strict=True):
        for one in found:
            if one.task == task:
                label = one.rule if one.seed == 1 else None
                epochs = range(1, len(one.accuracies) + 1)
                ax.plot(epochs, one.accuracies, color=COLOURS[one.rule], linewidth=1.2, label=label)
        ax.set_title(task, fontsize=11, color=INK)
        ax.set_xlabel("epochs")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.grid(alpha=0.2)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    panels[0].set_ylabel("test accuracy")
    for kind, stamp in (("png", "Software"), ("pdf", "CreationDate")):
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata={stamp: None})
        write_atomic(folder / f"accuracy.{kind}", content.getvalue())
    return ["accuracy.png", "accuracy.pdf"]
