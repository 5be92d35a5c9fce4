"""Weights of experiments are weights as every command takes them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.problem import build
from dualspike.golden.experiments.paper.models import write_models
from dualspike.golden.experiments.paper.report import collect
from dualspike.golden.experiments.paper.run import Run, execute
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.training.train import FloatEngine
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.description import Description


def on(_: int, __: float) -> bool:
    return True


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("hat", ("RFG-L", "tanh")),
        ("poisson", ("SG-BP",)),
        ("reaction-diffusion", ("RFG-N",)),
    ],
)
def test_descriptions_of_chips_read_them_and_answer_the_same(
    name: str, methods: tuple[str, ...], run_of: Callable[..., Run], tmp_path: Path
) -> None:
    folder = RunsFolder(tmp_path)
    folder.runs.mkdir()
    settings = run_of(name, methods[0]).settings
    problem = build(settings.problem)
    for method in methods:
        execute(run_of(name, method), problem, folder.runs, on)
    report = collect(folder, settings, problem)
    assert write_models(report, tmp_path) == [f"weights_{methods[0]}.npz"]  # tanh does not spike
    tables = settings.operator.model_dump()
    batch = [min(8, len(rows)) for rows in problem.train.inputs]
    learning = {"batch": batch if len(batch) > 1 else 8}
    network = {"network": tables["parts"][0]} if len(batch) == 1 else {"operator": tables}
    formats = {"surrogate": "u1.8"}
    tables = network | {"learning": learning, "formats": formats}
    description = Description.model_validate(tables)
    found = read_weights(tmp_path / f"weights_{methods[0]}.npz", description)
    answers = FloatEngine(description, found).predict(problem.test.inputs)
    shown = report.rows[0].typical.prediction
    np.testing.assert_allclose(answers[: len(shown)], shown, rtol=1e-12, atol=1e-14)
