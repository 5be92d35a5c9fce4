"""Experiments small enough to run in a test."""

from collections.abc import Callable
from typing import Any

import pytest

from dualspike.golden.experiments.opzo.study import OpzoPlan
from dualspike.golden.experiments.paper.methods import Experiment, every
from dualspike.golden.experiments.paper.run import Run
from dualspike.golden.experiments.paper.settings import PaperSettings, describe, load_settings
from dualspike.golden.online.training import TrainingConfig

PROBLEMS: dict[Experiment, dict[str, Any]] = {
    "hat": {"validation": 50},
    "poisson": {
        "field": {"kernel": "gaussian", "length": 1.0},
        "train": 20,
        "validation": 5,
        "test": 6,
        "sensors": 11,
        "points": 9,
    },
    "reaction-diffusion": {
        "train": 8,
        "validation": 3,
        "test": 4,
        "sensors": 10,
        "points": 10,
        "times": 7,
        "cells": 18,
        "steps": 18,
    },
}
LAYERS: dict[Experiment, list[list[int]]] = {
    "hat": [[2, 6, 5, 1]],
    "poisson": [[11, 6, 4], [1, 5, 4]],
    "reaction-diffusion": [[10, 6, 4], [1, 5, 4], [1, 5, 4]],
}
BATCH: dict[Experiment, list[int | str]] = {
    "hat": [16],
    "poisson": [8, "all"],
    "reaction-diffusion": [4, 5, "all"],
}
TINY = OpzoPlan(
    hidden=(6, 5),
    deep=(6, 5, 4),
    channels=(2, 2),
    course=TrainingConfig(epochs=2, batch=500, steps=2),
    rates=(1e-3, 1e-2),
    convolved_rates=(1e-2,),
    batches=2,
    marks=2,
    widths=(2, 4),
    draws=3,
    seeds=1,
)
"""A comparison of online rules that takes a second."""


@pytest.fixture
def small() -> Callable[..., PaperSettings]:
    """Settings of an experiment by name; keywords replace those of the training."""

    def settings(name: Experiment, **training: Any) -> PaperSettings:
        tables = load_settings(name).model_dump()
        tables["problem"] = PROBLEMS[name]
        for part, layers in zip(tables["operator"]["parts"], LAYERS[name], strict=True):
            part |= {"layers": layers, "time_steps": 8}
        tables["training"] |= {"updates": 30, "batch": BATCH[name], "validations": 3} | training
        tables["quick"] = {"updates": 10, "batch": BATCH[name]}
        return describe(tables, "small")

    return settings


@pytest.fixture
def run_of(small: Callable[..., PaperSettings]) -> Callable[..., Run]:
    """A run by experiment, method and seed; keywords as above."""

    def run(name: Experiment, method: str, seed: int = 1, **training: Any) -> Run:
        chosen = next(m for m in every(name) if m.name == method)
        return Run(small(name, **training), chosen, seed)

    return run
