import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualspike.golden.data.problem import Problem, build
from dualspike.golden.data.problems.hat import hat
from dualspike.golden.data.store import checksum
from dualspike.golden.experiments.paper import run as module
from dualspike.golden.experiments.paper.methods import METHODS, Experiment
from dualspike.golden.experiments.paper.run import Run, Training, execute
from dualspike.golden.experiments.runner.records import RunOutcome
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient
from dualspike.golden.float.model import Model
from dualspike.model.keys import Purpose
from tests.refusals import refusal

ROWS = [(name, method.name) for name in METHODS for method in METHODS[name]]


def ended(run: Run, folder: Path) -> RunOutcome:
    outcome = run.record(folder, checksum(problem_of(run))).read_outcome()
    assert outcome is not None
    return outcome


def on(_: int, __: float) -> bool:
    return True


def problem_of(run: Run) -> Problem:
    return build(run.settings.problem)


def numbers(outcome: RunOutcome) -> Iterator[Any]:
    """Everything of an outcome but the time it took."""
    state = outcome.state
    yield from (state.update, state.theta, state.losses, state.validation)
    yield from (state.optimiser[name] for name in sorted(state.optimiser))
    yield from (outcome.diverged, outcome.error, outcome.global_error, outcome.prediction)


def assert_same(a: RunOutcome, b: RunOutcome) -> None:
    for x, y in zip(numbers(a), numbers(b), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(("name", "method"), ROWS)
def test_stopped_anywhere_a_run_ends_with_the_same_numbers(
    run_of: Callable[..., Run],
    tmp_path: Path,
    name: Experiment,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after each of many updates, against never stopped."""
    run = run_of(name, method, updates=12)
    problem = problem_of(run)
    (whole := tmp_path / "whole").mkdir()
    (parts := tmp_path / "parts").mkdir()
    execute(run, problem, whole, on)
    calls = 0
    while not run.record(parts).outcome.exists():
        execute(run, problem, parts, lambda done, _: done not in (1, 2, 5, 11))
        calls += 1
    assert calls == 5
    assert_same(ended(run, whole), ended(run, parts))
    assert [p.name for p in parts.iterdir()] == [f"{method}-1.npz"]


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_the_optimisers_state_is_part_of_a_checkpoint(
    run_of: Callable[..., Run], tmp_path: Path, kind: str
) -> None:
    run = run_of("hat", "RFG-L", optimiser={"kind": kind}, directions=2, updates=9)
    problem = problem_of(run)
    for folder, stops in (("whole", ()), ("parts", (4,))):
        (tmp_path / folder).mkdir()
        execute(run, problem, tmp_path / folder, lambda done, _, stops=stops: done not in stops)
    execute(run, problem, tmp_path / "parts", on)
    assert_same(ended(run, tmp_path / "whole"), ended(run, tmp_path / "parts"))


def test_a_checkpoint_is_written_every_so_often(
    run_of: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(module, "SECONDS", 0.0)
    run = run_of("hat", "BP", updates=5)
    seen: list[int] = []

    def notice(_: int, __: float) -> bool:
        state = run.record(tmp_path, checksum(problem_of(run))).read_state()
        seen.append(0 if state is None else state.update)
        return True

    execute(run, problem_of(run), tmp_path, notice)
    assert seen == [0, 1, 2, 3, 4]


def test_an_update_is_a_step_down_the_gradient_of_its_batch(run_of: Callable[..., Run]) -> None:
    """Put together by hand: batch (seed, update, purpose), gradient, cosine rate, plain step."""
    run = run_of("hat", "BP", seed=5, optimiser={"kind": "sgd"}, updates=4)
    training = Training(run, problem_of(run))
    state = training.start()
    model = Model(run.settings.operator)
    theta = model.start(5)
    for update in range(4):
        loss = training.update(state)
        rows = np.random.default_rng([5, update, Purpose.BATCH]).choice(
            10_000, 16, replace=False, shuffle=False
        )
        x = np.random.default_rng(0).uniform(-1, 1, (10_000, 2))[rows]
        expected, g = model.gradient(theta, (x,), hat(x), (5, update))
        theta -= 5e-3 * 0.5 * (1 + math.cos(math.pi * update / 4)) * g
        assert loss == pytest.approx(expected, rel=1e-6)
        np.testing.assert_allclose(state.theta, theta, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_the_errors_are_those_of_the_test_samples(
    run_of: Callable[..., Run], tmp_path: Path, name: Experiment
) -> None:
    run = run_of(name, METHODS[name][0].name)
    problem = problem_of(run)
    execute(run, problem, tmp_path, on)
    outcome = ended(run, tmp_path)
    y = run.model().predict(outcome.state.theta, problem.test.inputs)
    truth = problem.test.target
    overall = math.sqrt(((y - truth) ** 2).sum() / (truth**2).sum())
    assert outcome.global_error == pytest.approx(overall, rel=1e-12)
    if name == "hat":
        assert outcome.error == outcome.global_error
        np.testing.assert_array_equal(outcome.prediction, y)
    else:
        each = [
            math.sqrt(((a - b) ** 2).sum() / (b**2).sum()) for a, b in zip(y, truth, strict=True)
        ]
        assert outcome.error == pytest.approx(np.mean(each), rel=1e-12)
        np.testing.assert_array_equal(outcome.prediction, y[:1])
    assert outcome.state.validation[:, 0].tolist() == [10, 20, 30]
    last = training_error(run, problem, outcome)
    assert outcome.state.validation[-1, 1] == pytest.approx(last, rel=1e-12)


def training_error(run: Run, problem: Problem, outcome: RunOutcome) -> float:
    state = outcome.state
    return Training(run, problem).errors(state, problem.validation)[0]


def test_learning_lowers_the_error(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("hat", "BP", updates=400, batch=[64])
    execute(run, problem_of(run), tmp_path, on)
    outcome = ended(run, tmp_path)
    assert outcome.error < 0.3
    assert outcome.state.losses[-50:].sum() < 0.2 * outcome.state.losses[:50].sum()


def test_seeds_and_methods_differ(run_of: Callable[..., Run], tmp_path: Path) -> None:
    errors: set[float] = set()
    for method in ("BP", "RFG-L", "RFG-G"):
        for seed in (1, 2):
            run = run_of("hat", method, seed)
            execute(run, problem_of(run), tmp_path, on)
            errors.add(ended(run, tmp_path).error)
    assert len(errors) == 6


@pytest.mark.parametrize("method", ["BP", "RFG-G"])
def test_divergence_is_an_outcome(run_of: Callable[..., Run], tmp_path: Path, method: str) -> None:
    rates = {"BP": 10.0, "RFG-L": 10.0, "RFG-G": 10.0}
    steep = {"optimiser": {"kind": "sgd"}, "schedule": {"kind": "constant"}}
    run = run_of("hat", method, updates=4000, rates=rates, **steep)
    execute(run, problem_of(run), tmp_path, on)
    outcome = ended(run, tmp_path)
    assert outcome.diverged == outcome.state.update and 0 < outcome.state.update < 4000
    assert math.isnan(outcome.error) and math.isnan(outcome.global_error)
    assert np.isfinite(outcome.state.losses).all()


def test_an_ended_run_is_left_alone(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("hat", "BP", updates=3)
    execute(run, problem_of(run), tmp_path, on)
    before = run.record(tmp_path).outcome.stat()
    execute(run, problem_of(run), tmp_path, lambda _, __: pytest.fail("it ran again"))
    assert run.record(tmp_path).outcome.stat() == before


def test_a_damaged_checkpoint_is_one_line(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("hat", "BP")
    execute(run, problem_of(run), tmp_path, lambda done, _: done < 5)
    path = run.record(tmp_path).checkpoint
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    line = f"{path} is damaged (SHA-256): delete it to start that run again"
    assert refusal(execute, run, problem_of(run), tmp_path, on) == line
    path.unlink()
    execute(run, problem_of(run), tmp_path, on)
    assert run.record(tmp_path).outcome.exists()


def test_the_settings_say_how_directions_are_drawn(run_of: Callable[..., Run]) -> None:
    plain = run_of("hat", "RFG-L", directions=2)
    assert plain.estimator() == ForwardGradient("layer", 2, "rademacher", "independent")
    other = run_of("hat", "RFG-L", directions=2, distribution="lfsr", structure="factored")
    assert other.estimator() == ForwardGradient("layer", 2, "lfsr", "factored")
    neurons = run_of("hat", "RFG-N", directions=2, distribution="lfsr")
    assert neurons.estimator() == NeuronGradient(2, "lfsr")
    half = run_of("hat", "RFG-L", directions=2, structure="factored")
    assert len({run.settings.identity for run in (plain, other, half)}) == 3
