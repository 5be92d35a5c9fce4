"""What training by exact derivatives came to: plain data and a table."""

import statistics
from dataclasses import asdict
from typing import Any

from dualspike.golden.experiments.exact.figures import draw
from dualspike.golden.experiments.exact.training import Trained, job
from dualspike.golden.experiments.runner.study import Study
from dualspike.golden.experiments.runner.table import markdown_table, marked
from dualspike.model.version import VERSION

HEADER = ["task", "rule", "seeds", "mean", "least"]


def results(found: list[Trained]) -> dict[str, Any]:
    """What results.json holds.

    ``accuracies`` are shares of the validation samples, one for each epoch, ``test`` that of the
    test samples, measured once.
    """
    return {
        "experiment": "exact-gradient",
        "version": VERSION,
        "runs": [
            {name: value for name, value in vars(one).items() if name != "network"}
            | {"plan": asdict(one.plan), "diverged": one.diverged}
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
        *markdown_table(HEADER, _cells(found), len(HEADER), tight=True),
        "",
    ]
    return "\n".join(lines)


def text(found: list[Trained]) -> str:
    """The table for a terminal."""
    return "\n".join(
        f"{task:<10}{rule:<8}{seeds:>6}{mean:>9}{least:>9}"
        for task, rule, seeds, mean, least in (HEADER, *_cells(found))
    )


def _cells(found: list[Trained]) -> list[list[str]]:
    cells: list[list[str]] = []
    for task, rule, ends in rows(found):
        runs = [one.diverged for one in found if (one.task, one.rule) == (task, rule)]
        mean = marked(f"{statistics.mean(ends):.1%}", sum(runs), len(runs))
        cells.append([task, rule, str(len(ends)), mean, f"{min(ends):.1%}"])
    return cells


STUDY = Study(job, results, markdown, text, draw)
