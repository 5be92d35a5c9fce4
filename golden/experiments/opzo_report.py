"""The comparison of online rules as tables, plain data and a figure."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import io
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dualspike.golden.experiments.opzo import (
    CODINGS,
    LOCAL,
    RULES,
    Found,
    Plan,
    Trial,
    noise_trials,
    rule_trials,
)
from dualspike.golden.figures import INK
from dualspike.golden.files import write_atomic
from dualspike.model.identity import VERSION

Study = dict[Trial, list[Found]]
PUBLISHED = {"BP": 98.38, "OPZO": 98.34, "DFA": 98.05, "ZO": 86.53}
"""Xiao et al., OPZO, table 1: MNIST, 800-800, in percent."""
COLOURS = ("#0f766e", "#2563eb", "#c2410c", "#9333ea", "#be185d", INK)


def results(found: Study, plan: Plan) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "experiment": "opzo",
        "version": VERSION,
        "plan": asdict(plan),
        "order": order(found),
        "trials": [
            asdict(trial) | {"runs": [asdict(one) | {"accuracy": one.accuracy} for one in runs]}
            for trial, runs in found.items()
        ],
    }


def order(found: Study) -> list[dict[str, Any]]:
    """By coding: is OPZO within 1 point of BP, and ZO at least 5 points below DFA, on average?"""
    rows: list[dict[str, Any]] = []
    for coding in CODINGS:
        bp, opzo, dfa, zo = (
            _mean(found[Trial(name, coding)]) for name in ("BP", "OPZO", "DFA", "ZO")
        )
        rows.append(
            {
                "coding": coding,
                "opzo_less_bp": opzo - bp,
                "opzo_near_bp": abs(opzo - bp) <= 1,
                "dfa_less_zo": dfa - zo,
                "zo_far_below_dfa": dfa - zo >= 5,
            }
        )
    return rows


def markdown(found: Study) -> str:
    """The tables: rules by coding, noise of OPZO, and whether the published order shows."""
    lines: list[str] = []
    for coding in CODINGS:
        lines += [
            f"## Rules, {coding} inputs",
            "",
            "Accuracy in percent, mean and standard deviation over the seeds; published: MNIST,",
            "800-800. Rate: spikes per neuron and step. Operations: additions per sample.",
            "",
            "| rule | accuracy | published | variance of the gradient | rate | operations |",
            "|---|---|---|---|---|---|",
        ]
        for trial in rule_trials():
            if trial.coding == coding:
                runs = found[trial]
                lines.append(
                    f"| {trial.rule} | {_spread(runs)} | {PUBLISHED.get(trial.rule, '')} "
                    f"| {statistics.fmean(one.variance for one in runs):.2e} "
                    f"| {_rate(runs):.3f} | {_operations(runs):,.0f} |"
                )
        lines.append("")
    lines += [
        "## Noise of OPZO, static inputs",
        "",
        "| distribution | neuron | antithetic | accuracy | rate |",
        "|---|---|---|---|---|",
    ]
    for trial in noise_trials():
        antithetic = "yes" if trial.antithetic else "no"
        lines.append(
            f"| {trial.distribution} | {trial.position} | {antithetic} "
            f"| {_spread(found[trial])} | {_rate(found[trial]):.3f} |"
        )
    return "\n".join([*lines, "", *_verdicts(found), ""])


def text(found: Study) -> str:
    """The same for the terminal, the verdicts alone below the accuracies."""
    lines = [
        f"{trial.coding:8} {trial.rule:8} {_spread(found[trial])} %" for trial in rule_trials()
    ]
    return "\n".join([*lines, *_verdicts(found)])


def draw(found: Study, folder: Path) -> list[str]:
    """Write ``curves``, test accuracy over epochs, as PNG and PDF; returns the file names."""
    figure = Figure(figsize=(10, 4.2), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for ax, coding in zip(figure.subplots(1, len(CODINGS)), CODINGS, strict=True):
        for name, colour in zip(RULES, COLOURS, strict=True):
            for rule, style in ((name, "-"), (name + LOCAL, ":")):
                epochs = zip(*(one.epochs for one in found[Trial(rule, coding)]), strict=True)
                means = [100 * statistics.fmean(one.accuracy for one in row) for row in epochs]
                ax.plot(range(1, len(means) + 1), means, style, color=colour, label=rule)
        ax.set_title(f"digits, {coding} inputs", color=INK)
        ax.set_xlabel("epoch")
        ax.set_ylabel("test accuracy, %")
        ax.legend(frameon=False, fontsize=7, ncols=2)
    for kind, stamp in (("png", "Software"), ("pdf", "CreationDate")):
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata={stamp: None})
        write_atomic(folder / f"curves.{kind}", content.getvalue())
    return ["curves.png", "curves.pdf"]


def _verdicts(found: Study) -> list[str]:
    return [
        f"{row['coding']}: OPZO less BP {row['opzo_less_bp']:+.2f} points "
        f"({'within' if row['opzo_near_bp'] else 'not within'} 1), "
        f"DFA less ZO {row['dfa_less_zo']:+.2f} points "
        f"({'at least' if row['zo_far_below_dfa'] else 'less than'} 5)."
        for row in order(found)
    ]


def _mean(runs: list[Found]) -> float:
    return 100 * statistics.fmean(one.accuracy for one in runs)


def _spread(runs: list[Found]) -> str:
    if len(runs) == 1:
        return f"{_mean(runs):.2f}"
    return f"{_mean(runs):.2f} ± {100 * statistics.stdev(one.accuracy for one in runs):.2f}"


def _rate(runs: list[Found]) -> float:
    return statistics.fmean(rate for one in runs for rate in one.epochs[-1].rates)


def _operations(runs: list[Found]) -> float:
    return statistics.fmean(sum(one.operations) for one in runs)
