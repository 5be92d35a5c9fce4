"""What the estimator study found: results for programs, and tables next to what was predicted."""

from dataclasses import asdict
from itertools import groupby
from math import hypot
from statistics import NormalDist
from typing import Any

from dualspike.golden.experiments.estimator.figures import draw
from dualspike.golden.experiments.estimator.study import (
    DIRECTIONS,
    Estimators,
    Measured,
    Value,
    job,
)
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.experiments.paper.settings import load_settings
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import markdown_table, terminal_table
from dualspike.model.version import VERSION

FALSE_ALARM = 1e-3
"""Chance that a kind of z-scores goes beyond its bound although every prediction holds."""

NAMES = {"layer": "RFG-L", "global": "RFG-G"}


def results(found: Estimators) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "experiment": "estimator",
        "version": VERSION,
        "draws": found.plan.draws,
        "updates": found.plan.updates,
        "settings": {name: load_settings(name).tables() for name in METHODS},
        "directions": list(DIRECTIONS),
        "checks": checks(found.measured),
        "shift_register": [
            {**_where(m), "structure": m.structure, "scope": m.scope, **differences}
            for m, differences in _against_generator(found.measured)
        ],
        "estimators": [asdict(m) for m in found.measured],
        "neurons": [asdict(one) for one in found.neurons],
        "compared": [asdict(one) for one in found.compared],
    }


def checks(found: list[Measured]) -> list[dict[str, Any]]:
    """By kind of prediction: how many z-scores, the largest |z|, its bound, the share beyond 3.

    The bound is for all of a kind together (Bonferroni), as if they were independent and normal;
    those of different K come from the same draws.
    """
    kinds = {
        "bias, every parameter": [(m.bias, m.parameters) for m in found],
        "bias along the gradient": _sizes([m.along for m in found]),
        "variance": _sizes([value for m in found for value in m.variances]),
        "kurtosis of the slope": _sizes([value for m in found for value in m.kurtoses]),
        "cosine, where exact": _sizes(
            [value for m in found for value in m.cosines[: m.exact_cosines]]
        ),
    }
    rows: list[dict[str, Any]] = []
    for name, sizes in kinds.items():
        count = sum(tests for _, tests in sizes)
        single = len(sizes) == count
        rows.append(
            {
                "kind": name,
                "count": count,
                "largest": max(size for size, _ in sizes),
                "bound": NormalDist().inv_cdf(1 - FALSE_ALARM / (2 * count)),
                "beyond_3": sum(size > 3 for size, _ in sizes) / count if single else None,
            }
        )
    return rows


def markdown(found: Estimators) -> str:
    """All tables."""
    lines = [
        "# Forward gradients against back-propagation",
        "",
        f"{found.plan.draws:,} directions each; trained: after {found.plan.updates:,} updates of"
        " back-propagation.",
        "Variance: E|g - grad|^2 / |grad|^2, which is c / K with the predicted c below; the rule of"
        " thumb is c = N.",
        "Measured variances are relative to the predicted ones. Cosine: root mean square of the"
        " cosine between g and grad.",
        "Kurtosis: of the slope; for RFG-L of the layer for which it is predicted highest.",
        "",
        *markdown_table(*_check_table(found.measured)),
    ]
    for _, group in groupby(found.measured, key=_where_key):
        rows = list(group)
        first = rows[0]
        title = f"{first.experiment}, {first.weights}, seed {first.seed}: N = {first.parameters}"
        header = ["rule", "distribution", "structure", "c", "variance K=1", "K=64", "max abs z"]
        header += ["bias abs z", "kurtosis predicted", "measured"]
        header += ["cosine K=1 predicted", "measured", "K=64 predicted", "measured"]
        lines += ["", f"## {title}", "", *markdown_table(header, [_cells(m) for m in rows], 3)]
    if found.neurons:
        lines += ["", *_neurons(found)]
    if found.compared:
        lines += ["", *_compared(found)]
    lines += ["", "## Bits of the shift register against PCG64, in standard errors", ""]
    header = ["network", "rule", "structure", "along the gradient", "variance, worst K"]
    header += ["kurtosis, worst layer", "cosine, worst K"]
    cells = [
        [f"{m.experiment}, {m.weights}, seed {m.seed}", NAMES[m.scope], m.structure]
        + [f"{z:+.1f}" for z in differences.values()]
        for m, differences in _against_generator(found.measured)
    ]
    return "\n".join([*lines, *markdown_table(header, cells, 3), ""])


def text(found: Estimators) -> str:
    """The checks, for a terminal."""
    return "\n".join(terminal_table(*_check_table(found.measured)))


def _check_table(found: list[Measured]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            str(row["kind"]),
            str(row["count"]),
            f"{row['largest']:.1f}",
            f"{row['bound']:.1f}",
            "" if row["beyond_3"] is None else f"{100 * row['beyond_3']:.1f} %",
        ]
        for row in checks(found)
    ]
    return ["prediction", "z-scores", "largest abs z", "bound", "beyond 3"], rows


def _neurons(found: Estimators) -> list[str]:
    header = ["network", "neurons", "left out of spikes", "cosine of the mean", "bias abs z"]
    header += ["variance predicted", "measured", "z", "RFG-L predicted"]
    rows: list[list[str]] = []
    for one in found.neurons:
        cells = [f"{one.experiment}, {one.weights}, seed {one.seed}", str(one.neurons)]
        cells += [f"{one.spikes:.4f}", f"{one.cosine:.4f}", f"{one.bias:.1f}"]
        cells += [f"{size:.4g}" for size in (one.variance.predicted, one.variance.measured)]
        rows.append([*cells, f"{one.variance.z:+.1f}", f"{one.layered:.4g}"])
    title = f"## Along neurons: RFG-N, {found.plan.gradients:,} gradients of one direction each"
    return [title, "", *markdown_table(header, rows)]


def _compared(found: Estimators) -> list[str]:
    header = ["network", "estimator", "K", "variance predicted", "measured", "z", "bias abs z"]
    header += ["arithmetic over RFG-L", "gain"]
    rows = [
        [
            f"{one.experiment}, {one.weights}, seed {one.seed}",
            one.estimator,
            str(one.directions),
            *(f"{size:.4g}" for size in (one.variance.predicted, one.variance.measured)),
            f"{one.variance.z:+.1f}",
            f"{one.bias:.1f}",
            f"{one.arithmetic:.2f}",
            f"{one.gain:.3g}",
        ]
        for one in found.compared
    ]
    title = f"## At equal cost: variance times arithmetic, {found.plan.compared:,} directions each"
    return [title, "", *markdown_table(header, rows, 2)]


def _sizes(values: list[Value]) -> list[tuple[float, int]]:
    return [(abs(value.z), 1) for value in values]


def _where(m: Measured) -> dict[str, Any]:
    return {"experiment": m.experiment, "weights": m.weights, "seed": m.seed}


def _where_key(m: Measured) -> tuple[Any, ...]:
    return tuple(_where(m).values())


def _cells(m: Measured) -> list[str]:
    first, last = m.variances[0], m.variances[-1]
    kurtosis = max(m.kurtoses, key=lambda value: value.predicted)
    return [
        NAMES[m.scope],
        m.distribution,
        m.structure,
        f"{first.predicted:.1f}",
        *(f"{value.measured / value.predicted:.3f}" for value in (first, last)),
        f"{max(abs(value.z) for value in m.variances):.1f}",
        f"{m.bias:.1f}",
        f"{kurtosis.predicted:.2f}",
        f"{kurtosis.measured:.2f}",
        *(
            f"{number:.3f}"
            for value in (m.cosines[0], m.cosines[-1])
            for number in (value.predicted, value.measured)
        ),
    ]


def _against_generator(found: list[Measured]) -> list[tuple[Measured, dict[str, float]]]:
    """Of every estimator with lfsr bits, how far it is from the one with rademacher signs."""
    good = {
        (*_where_key(m), m.scope, m.structure): m for m in found if m.distribution == "rademacher"
    }
    pairs: list[tuple[Measured, dict[str, float]]] = []
    for m in found:
        if m.distribution == "lfsr":
            other = good[*_where_key(m), m.scope, m.structure]
            differences = {
                "along": _apart([m.along], [other.along]),
                "variance": _apart(m.variances, other.variances),
                "kurtosis": _apart(m.kurtoses, other.kurtoses),
                "cosine": _apart(m.cosines, other.cosines),
            }
            pairs.append((m, differences))
    return pairs


def _apart(ours: list[Value], theirs: list[Value]) -> float:
    """The largest difference between two lists of means, in its standard error, with its sign."""
    scores = [
        (a.measured - b.measured) / (hypot(a.error, b.error) or 1.0)
        for a, b in zip(ours, theirs, strict=True)
    ]
    return max(scores, key=abs)


STUDY = Study(job, results, markdown, text, draw)
