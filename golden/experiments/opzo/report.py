"""The comparison of online rules as tables, plain data and figures."""

# Matplotlib's own annotations leave **kwargs untyped in nearly every drawing call.
# pyright: reportUnknownMemberType=false

import statistics
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from dualspike.golden.experiments.opzo.study import Comparison, OpzoRun, job
from dualspike.golden.experiments.opzo.trials import (
    LOCAL,
    RULES,
    OpzoTrial,
    convolution_trials,
    deep_trials,
    noise_trials,
    rule_trials,
    variance_trials,
)
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import markdown_table, marked
from dualspike.golden.training.figure import INK, blank, write_figure
from dualspike.model.version import VERSION

PUBLISHED = {
    "digits": {"BP": 98.38, "OPZO": 98.34, "DFA": 98.05, "DKP": 98.14, "ZO": 86.53},
    "nmnist": {"BP": 98.15, "OPZO": 98.27, "DFA": 97.98, "DKP": 97.81, "ZO": 72.90},
}
PUBLISHED["mnist"] = PUBLISHED["digits"]
"""Xiao et al., OPZO, tables 1 and 8, in percent, networks 800-800; MNIST's stand next to digits."""
NOT_CONVOLVED = "No convolutional networks: images of an odd side cannot be halved."
COLOURS = ("#0f766e", "#2563eb", "#c2410c", "#9333ea", "#be185d", INK, "#d97706", "#65a30d")


def results(found: Comparison) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "experiment": "opzo",
        "version": VERSION,
        "data": found.data,
        "plan": asdict(found.plan),
        "order": order(found),
        "tuning": [
            asdict(trial) | {"validation": {str(rate): right for rate, right in scores.items()}}
            for trial, scores in found.tuning.items()
        ],
        "trials": [
            asdict(trial)
            | {
                "rate": found.rate(trial),
                "runs": [asdict(one) for one in runs],
            }
            for trial, runs in found.trials.items()
        ],
        "baselines": found.simple,
        "variance_by_nodes": found.widths,
        "forward_variance": [asdict(one) for one in found.forward],
    }


def order(found: Comparison) -> list[dict[str, Any]]:
    """By coding: is OPZO within 1 point of BP, and ZO at least 5 points below DFA, on average?"""
    rows: list[dict[str, Any]] = []
    for coding in found.shown:
        bp, opzo, dfa, zo = (
            _mean(found.trials[OpzoTrial(name, coding)]) for name in ("BP", "OPZO", "DFA", "ZO")
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


def markdown(found: Comparison) -> str:
    """The tables: rules by coding and network, noise, variance, and what order shows."""
    lines: list[str] = []
    for coding in found.shown:
        trials = [t for t in rule_trials(found.shown) if t.coding == coding]
        lines += _rules(f"Rules, {found.data}, {coding} inputs", trials, found)
    if found.simple:
        cells = [[name, f"{100 * right:.2f}"] for name, right in found.simple.items()]
        lines += ["## Without a network", "", *_table(["baseline", "accuracy"], cells), ""]
    hidden = "-".join(map(str, found.plan.deep))
    lines += _rules(f"Networks with {hidden} hidden neurons", deep_trials(found.shown), found)
    convolved = _convolved(found)
    if convolved:
        lines += _rules("Convolutional networks", convolved, found)
    else:
        lines += ["## Convolutional networks", "", NOT_CONVOLVED, ""]
    lines += [
        f"## Noise of OPZO, {found.shown[0]} inputs",
        "",
        *_table(
            ["distribution", "neuron", "antithetic", "accuracy", "rate of spikes"],
            [_noise_cells(trial, found) for trial in noise_trials(found.shown)],
        ),
    ]
    lines += ["", *_variances(found), "", *_forward(found), "", *_verdicts(found), ""]
    return "\n".join(lines)


def text(found: Comparison) -> str:
    """The same for the terminal, the verdicts alone below the accuracies."""
    shown = [*rule_trials(found.shown), *deep_trials(found.shown)]
    shown += _convolved(found)
    lines = [f"{t.coding:8} {t.kind:13} {t.rule:11} {_spread(found.trials[t])} %" for t in shown]
    if not _convolved(found):
        lines.append(NOT_CONVOLVED)
    return "\n".join([*lines, *_verdicts(found)])


def draw(found: Comparison, folder: Path) -> list[str]:
    """Write ``curves`` and ``variance`` as PNG and PDF; returns the file names."""
    return [*_draw_curves(found, folder), *_draw_variance(found, folder)]


def _convolved(found: Comparison) -> list[OpzoTrial]:
    return [trial for trial in convolution_trials(found.shown) if trial in found.trials]


def _rules(title: str, trials: list[OpzoTrial], found: Comparison) -> list[str]:
    published = PUBLISHED.get(found.data, {}) if trials[0].kind == "dense" else {}
    lines = [
        f"## {title}",
        "",
        "Accuracy on the test samples in percent, mean and standard deviation over the seeds;",
        "published: 800-800, for digits that of MNIST. Variance of the hidden layers' gradient.",
        "Spikes per neuron and step. Operations: additions per sample after the hidden layers.",
        "",
    ]
    header = ["rule", "accuracy", "published", "learning rate", "variance", "spikes by layer"]
    rows: list[list[str]] = []
    for trial in trials:
        runs = found.trials[trial]
        layers = zip(*(one.epochs[-1].rates for one in runs), strict=True)
        rows.append(
            [
                trial.rule,
                _spread(runs),
                str(published.get(trial.rule, "")),
                f"{found.rate(trial):g}",
                f"{statistics.fmean(one.variances[-1] for one in runs):.2e}",
                ", ".join(f"{statistics.fmean(layer):.3f}" for layer in layers),
                f"{statistics.fmean(sum(one.operations) for one in runs):,.0f}",
            ]
        )
    return [*lines, *_table([*header, "operations"], rows), ""]


def _variances(found: Comparison) -> list[str]:
    nodes = list(next(iter(found.widths.values())))
    return [
        "## Variance over that of BP, by the number of noisy nodes, at the start",
        "",
        *_table(
            ["rule", *map(str, nodes)],
            [[name, *(f"{row[d]:.3g}" for d in nodes)] for name, row in found.widths.items()],
        ),
    ]


def _forward(found: Comparison) -> list[str]:
    rows = [
        [str(n) for n in astuple(one.setting)]
        + [f"{one.variance.predicted:.4g}", f"{one.variance.measured:.4g}"]
        + [f"{one.variance.error:.2g}"]
        for one in found.forward
    ]
    header = ["neurons of a layer", "lanes", "steps", "predicted", "measured", "standard error"]
    title = "## Variance of FWD over the squared norm of the gradient, hidden layers, at the start"
    return [title, "", *_table(header, rows)]


def _draw_curves(found: Comparison, folder: Path) -> list[str]:
    figure = blank(5 * len(found.shown), 4.2)
    panels = figure.subplots(1, len(found.shown), squeeze=False)[0]
    for ax, coding in zip(panels, found.shown, strict=True):
        for name, colour in zip(RULES, COLOURS, strict=True):
            for rule, style in ((name, "-"), (name + LOCAL, ":")):
                runs = found.trials[OpzoTrial(rule, coding)]
                epochs = zip(*(one.epochs for one in runs), strict=True)
                means = [100 * statistics.fmean(one.accuracy for one in row) for row in epochs]
                ax.plot(range(1, len(means) + 1), means, style, color=colour, label=rule)
        ax.set_title(f"{found.data}, {coding} inputs", color=INK)
        ax.set_xlabel("epoch")
        ax.set_ylabel("validation accuracy, %")
        ax.legend(frameon=False, fontsize=7, ncols=2)
    return write_figure(figure, folder, "curves")


def _draw_variance(found: Comparison, folder: Path) -> list[str]:
    figure = blank(10, 4.6)
    over_time, by_nodes = figure.subplots(1, 2)
    colours: dict[str, str] = dict(zip(RULES, COLOURS, strict=True))
    for trial in variance_trials(found.shown):
        rows = zip(*(one.variances for one in found.trials[trial]), strict=True)
        means = [statistics.fmean(row) for row in rows]
        share = [found.plan.course.epochs * k / (len(means) - 1) for k in range(len(means))]
        over_time.semilogy(share, means, "o-", color=colours[trial.rule], label=trial.rule)
    over_time.set_title("over training", color=INK)
    over_time.set_xlabel("epoch")
    over_time.set_ylabel("variance of the hidden layers' gradient")
    for name, row in found.widths.items():
        by_nodes.loglog(list(row), list(row.values()), "o-", color=colours[name], label=name)
    nodes = list(next(iter(found.widths.values())))
    by_nodes.loglog(nodes, nodes, ":", color=INK, label="number of nodes")
    by_nodes.axhline(1, color=colours["BP"], label="BP")
    by_nodes.set_title("by the number of noisy nodes, at the start", color=INK)
    by_nodes.set_xlabel("noisy nodes")
    by_nodes.set_ylabel("variance over that of BP")
    for ax in (over_time, by_nodes):
        below = (0.5, -0.14)
        ax.legend(frameon=False, fontsize=8, ncols=6, loc="upper center", bbox_to_anchor=below)
    return write_figure(figure, folder, "variance")


def _verdicts(found: Comparison) -> list[str]:
    return [
        f"{row['coding']}: OPZO less BP {row['opzo_less_bp']:+.2f} points "
        f"({'within' if row['opzo_near_bp'] else 'not within'} 1), "
        f"DFA less ZO {row['dfa_less_zo']:+.2f} points "
        f"({'at least' if row['zo_far_below_dfa'] else 'less than'} 5)."
        for row in order(found)
    ]


def _mean(runs: list[OpzoRun]) -> float:
    return 100 * statistics.fmean(one.accuracy for one in runs)


def _spread(runs: list[OpzoRun]) -> str:
    cell = f"{_mean(runs):.2f}"
    if len(runs) > 1:
        cell += f" ± {100 * statistics.stdev(one.accuracy for one in runs):.2f}"
    return marked(cell, sum(one.diverged for one in runs), len(runs))


def _rate(runs: list[OpzoRun]) -> float:
    return statistics.fmean(rate for one in runs for rate in one.epochs[-1].rates)


def _noise_cells(trial: OpzoTrial, found: Comparison) -> list[str]:
    runs = found.trials[trial]
    antithetic = "yes" if trial.antithetic else "no"
    return [trial.distribution, trial.position, antithetic, _spread(runs), f"{_rate(runs):.3f}"]


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    return markdown_table(header, rows, len(header), tight=True)


STUDY = Study(job, results, markdown, text, draw)
