"""Presets for labels learn: far above chance after a small part of their samples."""

from pathlib import Path

import pytest

from dualspike.golden.data.load import load_problem
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import train
from dualspike.model.description.load import load_preset, revised
from tests.hostile.foreign import images, words


@pytest.mark.parametrize(
    ("preset", "updates", "rate", "wanted"), [("digits", 60, 8, 0.9), ("events", 60, 6, 0.6)]
)
def test_test_samples(preset: str, updates: int, rate: int, wanted: float) -> None:
    d = revised(load_preset(preset), "learning", updates=updates, rate=rate)
    result = train(FixedEngine(d), d, load_problem(d))
    assert result.before < 0.35 < wanted < result.after


@pytest.mark.parametrize(("preset", "updates"), [("mnist", 20), ("spoken_digits", 6)])
def test_few_samples_by_heart(preset: str, updates: int, here: Path) -> None:
    """Of data that a user has: images of noise, and digits that are a pitch each."""
    images(here, 28)
    words(here)
    d = revised(load_preset(preset), "data", folder=".")
    d = revised(d, "learning", updates=updates, rate=d.learning.rate - 1)
    problem, engine = load_problem(d), FixedEngine(d)
    train(engine, d, problem)
    answers = engine.predict(problem.train.inputs).argmax(axis=1)
    assert (answers == problem.train.target.argmax(axis=1)).mean() > 0.9
