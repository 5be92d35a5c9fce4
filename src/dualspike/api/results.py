"""What comes of training and of answering: arrays, figures of worth, a picture."""

# Matplotlib leaves types of its arguments unknown.
# pyright: reportUnknownMemberType=false

import base64
import html
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dualspike.golden.data.measures import Measures, classes_of
from dualspike.golden.data.problem import Problem
from dualspike.golden.numeric import Doubles, Indices
from dualspike.golden.training.train import TrainResult
from dualspike.golden.training.validation import Validation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIDDEN = ("confusion", "name", "validation")
"""What is left out of a small table."""


def table_rows(cells: Mapping[str, object]) -> str:
    """A small table for notebooks."""
    lines = (
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in cells.items()
    )
    return f"<table>{''.join(lines)}</table>"


def _picture(figure: "Figure") -> str:
    """A figure inside a page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    png = io.BytesIO()
    FigureCanvasAgg(figure).print_png(png)
    picture = base64.b64encode(png.getvalue()).decode()
    return f'<img style="max-width:100%" src="data:image/png;base64,{picture}">'


def _shown(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


@dataclass(frozen=True, eq=False, repr=False)
class Trained:
    """One training run: ``summary`` is what ``dualspike train --json`` prints.

    ``losses`` [updates]: the loss of every batch before its update. ``prediction``: outputs for
    the test samples of ``problem``, [N, n_out], after the run.
    """

    summary: dict[str, Any]
    problem: Problem
    result: TrainResult

    @property
    def losses(self) -> Doubles:
        """Of every batch before its update, [updates]."""
        return self.result.losses

    @property
    def prediction(self) -> Doubles:
        """Outputs for the test samples after the run."""
        return self.result.prediction

    @property
    def validation(self) -> Validation | None:
        """The curve on validation samples; None for a run without."""
        return self.result.validation

    @property
    def measures(self) -> Measures:
        """Accuracy and confusion, or relative l2, on the test samples after the run."""
        return self.result.measures

    @property
    def tested_on(self) -> str:
        """What is measured on: "test set", "held-out part", ...."""
        return self.problem.test_set

    @property
    def diverged(self) -> str | None:
        """Why the run counts as diverged, with a rate to try; None if it does not."""
        return self.result.diverged

    def plot(self) -> "Figure":
        """Truth, what was learned, and the losses: the picture that train writes."""
        from dualspike.golden.training.figure import drawn_run

        title = f"{self.summary['name']}, engine {self.summary['engine']}"
        return drawn_run(self.problem, self.prediction, self.losses, title, self.result.validation)

    def __repr__(self) -> str:
        cells = (f"{k} {_shown(v)}" for k, v in self.summary.items() if k not in HIDDEN)
        return f"<Trained {self.summary['name']}, {', '.join(cells)}>"

    def _repr_html_(self) -> str:
        cells = {k: _shown(v) for k, v in self.summary.items() if k not in HIDDEN}
        return table_rows(cells) + _picture(self.plot())


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a chip answers: ``y`` [N, n_out], or [F, P, ...] of an operator network.

    ``classes`` [N]: the largest of a row's outputs, the first of equal ones.
    """

    y: Doubles
    of_functions: bool = False

    @property
    def classes(self) -> Indices:
        """Of outputs that are scores of classes, [N]."""
        return classes_of(self.y)

    def __len__(self) -> int:
        return len(self.y)

    def _repr_html_(self) -> str:
        cells: dict[str, object] = {"rows": len(self), "outputs": list(self.y.shape[1:])}
        return table_rows(cells) + _picture(self.plot())

    def plot(self, title: str = "answers") -> "Figure":
        """Outputs by row, or functions by point; twelve of them at most."""
        from dualspike.golden.training.answers import drawn_answers

        return drawn_answers(self.y, self.of_functions, title)


class Figures(dict[str, Any]):
    """Figures by name, some of them in groups: a table in a notebook."""

    def _repr_html_(self) -> str:
        return table_rows({name: _told(one) for name, one in self.items()})


def _told(one: object) -> object:
    """A figure, or those of a group with their names."""
    if not isinstance(one, dict):
        return _shown(one)
    group = cast(dict[str, object], one)
    return ", ".join(f"{name} {_shown(value)}" for name, value in group.items())
