"""A run that is broken off goes on to the same bits, on the same engine and on the other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.store import checksum
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.checkpoint import Checkpointer, Origin
from dualspike.golden.training.fixed_engine import FixedEngine, first_chip
from dualspike.golden.training.train import train
from dualspike.golden.training.validation import ValidationWatch
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe
from dualspike.model.version import VERSION
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.verilate import build
from dualspike.testbench.unit.benches.online import taught
from dualspike.testbench.unit.benches.shapes import described
from tests.refusals import refusal
from tests.testbench.cosimulation import random_problem

TABLES = {
    "name": "tiny",
    "network": {"layers": [2, 3, 1], "time_steps": 4},
    "learning": {
        "batch": 4,
        "updates": 230,
        "rate": 4,
        "momentum": 2,
        "schedule": "chip",
        "local": True,
    },
}
D = describe(TABLES, "test")
PROBLEM = load_problem(D)
DATA = checksum(PROBLEM)
START = first_chip(D)
ORIGIN = Origin.of(D, DATA, START.weights, START.biases)


class Broken(Exception):
    """The run ends here."""


def break_off(done: int, _: float) -> None:
    if done == 150:
        raise Broken


def lines() -> Problem:
    """Four functions at three points, for the operator network."""
    u, points = np.random.default_rng(0).uniform(-1, 1, (4, 2)), np.linspace(-1, 1, 3)[:, None]
    samples = Samples((u, points), u[:, :1] + u[:, 1:] * points.T)
    return Problem("straight lines", "deeponet", samples, samples, samples, (4, 3))


ONLINE, _ = taught("matrix", 0)
ONLINE = ONLINE.model_copy(update={"learning": ONLINE.learning.model_copy(update={"updates": 230})})


@pytest.mark.parametrize(
    ("d", "problem"),
    [(D, PROBLEM), (described("sliding"), lines()), (ONLINE, random_problem(ONLINE, 0))],
    ids=["mlp", "deeponet", "online"],
)
def test_either_engine_goes_on_where_either_broke_off(
    d: Description, problem: Problem, tmp_path: Path
) -> None:
    whole, library, start = FixedEngine(d), build(source(d), quick=True), first_chip(d)
    origin = Origin.of(d, checksum(problem), start.weights, start.biases)
    expected = train(whole, d, problem)
    for first in ("fixed", "rtl"):
        for then in ("fixed", "rtl"):
            path = tmp_path / f"{first}-{then}.npz"
            with RtlEngine(d, Simulation(d, library), check=False) as rtl:
                engine = rtl if first == "rtl" else FixedEngine(d)
                with pytest.raises(Broken):
                    train(engine, d, problem, break_off, Checkpointer(path, engine, origin))
            with RtlEngine(d, Simulation(d, library), check=False) as rtl:
                engine = rtl if then == "rtl" else FixedEngine(d)
                result = train(engine, d, problem, None, Checkpointer(path, engine, origin))
                state = engine.state()
            np.testing.assert_array_equal(result.losses, expected.losses)
            assert result.before == expected.before
            assert result.after == expected.after
            assert state.lfsr == whole.state().lfsr
            assert (state.clocks > 0) == (then == "rtl")
            for held, wanted in zip(state.memories, whole.state().memories, strict=True):
                np.testing.assert_array_equal(held, wanted)


def test_validation_goes_on_as_well(tmp_path: Path) -> None:
    """Broken off on the model, ended on the hardware: the same curve, best weights and answers."""
    d, problem, start = ONLINE, random_problem(ONLINE, 0), first_chip(ONLINE)
    origin = Origin.of(d, checksum(problem), start.weights, start.biases)
    watches = [ValidationWatch(problem, 230, None, restore_best=True) for _ in range(3)]
    expected = train(FixedEngine(d), d, problem, watch=watches[0])
    path, engine = tmp_path / "run.npz", FixedEngine(d)
    with pytest.raises(Broken):
        train(engine, d, problem, break_off, Checkpointer(path, engine, origin), watch=watches[1])
    with RtlEngine(d, Simulation(d, build(source(d), quick=True)), check=False) as rtl:
        keeper = Checkpointer(path, rtl, origin)
        found = train(rtl, d, problem, None, keeper, watch=watches[2])
    assert expected.validation and found.validation
    np.testing.assert_array_equal(found.validation.losses, expected.validation.losses)
    assert 0 < found.validation.best_update == expected.validation.best_update
    np.testing.assert_array_equal(found.prediction, expected.prediction)
    for held, wanted in zip(found.weights.weights, expected.weights.weights, strict=True):
        np.testing.assert_array_equal(held, wanted)


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    engine, path = FixedEngine(D), tmp_path / "run.npz"
    with pytest.raises(Broken):
        train(engine, D, PROBLEM, break_off, Checkpointer(path, engine, ORIGIN))
    for content in (b"", b"nonsense", path.read_bytes()[:-40]):
        path.write_bytes(content)
        line = f"{path} must be an .npz archive, it is damaged or something else"
        assert refusal(Checkpointer(path, engine, ORIGIN).load) == line


def other(**tables: object) -> Origin:
    return Origin.of(describe(TABLES | tables, "test"), DATA, START.weights, START.biases)


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (other(name="other"), "description: it has name tiny, not other"),
        (
            other(learning=TABLES["learning"] | {"rate": 5, "seed": 2}),
            "description: it has learning.rate 4, not 5",
        ),
        (
            other(hardware={"pe": [1, 1]}),
            "description: it has hardware.pe[0] None, not 1",
        ),
        (replace(ORIGIN, description="damaged"), "description"),
        (replace(ORIGIN, data="f" * 64), f"data to train and test on: it has {ORIGIN.data[:12]}"),
        (replace(ORIGIN, start="f" * 64), f"start weights: it has {ORIGIN.start[:12]}"),
        (replace(ORIGIN, engine="float"), "engines: it has exact, not float"),
    ],
)
def test_another_origin_is_refused_with_the_difference(
    tmp_path: Path, origin: Origin, line: str
) -> None:
    engine, path = FixedEngine(D), tmp_path / "run.npz"
    Checkpointer(path, engine, ORIGIN).save(np.ones(3), 0.5, 1.0)
    assert refusal(Checkpointer(path, engine, origin).load).startswith(
        f"{path} must be a checkpoint of the same {line}"
    )


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    engine, path = FixedEngine(D), tmp_path / "run.npz"
    Checkpointer(path, engine, replace(ORIGIN, version="0.0.9")).save(np.ones(3), 0.5, 1.0)
    line = f"{path} must be a checkpoint of dualspike {VERSION}, not 0.0.9"
    assert refusal(Checkpointer(path, engine, ORIGIN).load) == line


def nudged(values: Doubles) -> Doubles:
    """The same but for the last bit of the last number."""
    moved = values.copy()
    moved.flat[-1] += 2.0**-52
    return moved


def test_the_origin_is_of_every_sample_and_every_start_weight() -> None:
    for name in ("train", "validation", "test"):
        samples = getattr(PROBLEM, name)
        for moved in (
            Samples(tuple(nudged(one) for one in samples.inputs), samples.target),
            Samples(samples.inputs, nudged(samples.target)),
        ):
            assert checksum(replace(PROBLEM, **{name: moved})) != DATA
    for arrays in (START.weights, START.biases):
        for array in arrays:
            array.flat[-1] += 1
            assert Origin.of(D, DATA, START.weights, START.biases) != ORIGIN
            array.flat[-1] -= 1
    assert Origin.of(D, DATA, START.weights, START.biases) == ORIGIN
