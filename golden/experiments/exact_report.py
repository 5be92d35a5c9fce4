"""What training by exact derivatives came to: plain data and a table."""

import statistics
from dataclasses import asdict
from typing import Any

from dualspike.golden.experiments.exact_training import Trained
from dualspike.model.identity import VERSION


def results(found: list[Trained]) -> dict[str, Any]:
    """What results.json holds.

    ``accuracies`` are shares of the validation samples, one for each epoch, ``test`` that of the
    test samples, measured once.
    """
    return {
        "experiment": "exact-gradient",
        "version": VERSION,
        "runs": [
            {
                "task": one.task,
                "rule": one.rule,
                "seed": one.seed,
                "fold": one.fold,
                "plan": asdict(one.plan),
                "losses": one.losses,
                "accuracies": one.accuracies,
                "test": one.test,
            }
            for one in found
        ],
    }


def rows(found: list[Trained]) -> list[tuple[str, str, list[float]]]:
    """Task, rule, and the test accuracy of every seed, over all of its folds."""
    cells = dict.fromkeys((one.task, one.rule) for one in found)
    seeds = dict.fromkeys(one.seed for one in found)
    return [
        (
            *cell,
            [
                statistics.mean(
                    one.test for one in found if (one.task, one.rule, one.seed) == (*cell, seed)
                )
                for seed in seeds
            ],
        )
        for cell in cells
    ]


def markdown(found: list[Trained]) -> str:
    """The table."""
    lines = [
        "# Training by exact derivatives of firing times",
        "",
        "Test accuracy.",
        "",
        "| task | rule | seeds | mean | least |",
        "|---|---|---|---|---|",
    ]
    for task, rule, ends in rows(found):
        mean, least = statistics.mean(ends), min(ends)
        lines.append(f"| {task} | {rule} | {len(ends)} | {mean:.1%} | {least:.1%} |")
    return "\n".join(lines) + "\n"


def text(found: list[Trained]) -> str:
    """The table for a terminal."""
    lines = [f"{'task':<10}{'rule':<8}{'seeds':>6}{'mean':>9}{'least':>9}"]
    for task, rule, ends in rows(found):
        mean, least = statistics.mean(ends), min(ends)
        lines.append(f"{task:<10}{rule:<8}{len(ends):>6}{mean:>9.1%}{least:>9.1%}")
    return "\n".join(lines)
