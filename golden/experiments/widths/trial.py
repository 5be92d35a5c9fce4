"""How exact must the chip's numbers be? Integer training with one format after the other narrowed.

Every trial trains the integer model of a preset (what the hardware computes, bit for bit) with one
format changed, and measures the error on the validation samples. The presets' own formats are the
point around which all this happens.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from dualspike.golden.data.accuracy import mean_relative_l2, relative_l2
from dualspike.golden.data.load import load_problem
from dualspike.golden.data.problem import Problem
from dualspike.golden.experiments.runner.outcomes import read_outcome, write_outcome
from dualspike.golden.training.divergence import far_above_start
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.load import describe, load_preset
from dualspike.model.keys import Purpose

NetworkName = Literal["hat", "poisson", "reaction-diffusion"]
Notice = Callable[[int, float], bool]
NAMES: tuple[NetworkName, ...] = get_args(NetworkName)

# Weights of fewer bits would ask `poisson`, which has momentum, for shifts beyond 32.
COMMON = {
    "tangent": ("s12.3", "s12.1", "s11.0", "s9.0", "s7.0", "s5.0"),
    "weight": ("s1.14", "s1.12", "s1.10", "s1.8", "s1.7"),
    "membrane": ("s3.12", "s3.10", "s3.8", "s3.6", "s3.5"),
}
PRODUCT = {
    "factor": ("s2.12", "s2.9", "s2.7", "s2.5", "s2.3"),
    "error": ("s1.13", "s1.10", "s1.8", "s1.6", "s1.4"),
    "cotangent": ("s0.17", "s0.14", "s0.11", "s0.9", "s0.7"),
}
SURROGATE = ("6", "4", "3", "2", "1")
"""Fraction bits; the integer bits are the preset's."""


@dataclass(frozen=True)
class FormatTrial:
    """One training run: ``factor`` names the format that is replaced, "" for none."""

    network: NetworkName
    factor: str
    form: str
    updates: int
    seed: int

    @property
    def name(self) -> str:
        """What its file is called."""
        return "-".join(filter(None, (self.network, self.factor, self.form, str(self.seed))))

    def description(self) -> Description:
        """The chip; a target has at most the membrane's fraction bits, and follows it."""
        base = load_preset(self.network)
        tables = base.model_dump()
        tables["learning"] |= {"updates": self.updates, "seed": self.seed}
        if self.factor:
            form = Format.parse(self.form)
            tables["formats"][self.factor] = form
            target = base.formats.target
            if self.factor == "membrane" and form.fraction < target.fraction:
                tables["formats"]["target"] = replace(target, fraction=form.fraction)
        return describe(tables, self.name)

    @property
    def identity(self) -> str:
        """SHA-256, as hex, of everything that its numbers depend on."""
        text = json.dumps(self.description().model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class FormatOutcome:
    """What a trial came to: errors on the validation samples, and the chip's sticky flags.

    ``error``: relative l2, for operator networks the mean over functions; ``global_error``: over
    all entries at once. ``diverged``: the loss ended far above its start.
    """

    error: float
    global_error: float
    flags: int
    seconds: float
    diverged: bool


def narrowed(network: NetworkName) -> dict[str, list[str]]:
    """For every factor the formats that are tried, the preset's own first."""
    formats = load_preset(network).formats
    whole = formats.surrogate.integer
    tried = COMMON | {"surrogate": tuple(f"u{whole}.{bits}" for bits in SURROGATE)}
    if network != "hat":
        tried |= PRODUCT
    return {
        factor: [str(getattr(formats, factor)), *(f for f in forms if Format.parse(f).bits >= 2)]
        for factor, forms in tried.items()
    }


def read(folder: Path, trial: FormatTrial) -> FormatOutcome | None:
    """The outcome, None if there is none; BadInput for a damaged one or one of other settings."""
    found = read_outcome(folder, trial, len(fields(FormatOutcome)))
    if found is None:
        return None
    error, over_all, flags, seconds, diverged = found
    return FormatOutcome(error, over_all, int(flags), seconds, bool(diverged))


def execute(folder: Path, trial: FormatTrial, notice: Notice) -> None:
    """Train and leave the outcome in the folder.

    ``notice`` is called after every update with the number of updates done and the last loss;
    where it answers False, the trial ends and leaves nothing.
    """
    found = train(trial, notice)
    if found is not None:
        write_outcome(folder, trial, astuple(found))


def train(trial: FormatTrial, notice: Notice) -> FormatOutcome | None:
    """One training run; None if ``notice`` ended it."""
    d, problem = trial.description(), _problem(trial.network)
    problem, engine = replace(problem, batch_sizes=tuple(d.batch)), FixedEngine(d)
    began = time.perf_counter()
    losses: list[float] = []
    for update in range(trial.updates):
        inputs, target = problem.batch((trial.seed, update, Purpose.BATCH))
        losses.append(engine.update(inputs, target, update))
        if not notice(update + 1, losses[-1]):
            return None
    seconds = time.perf_counter() - began
    inputs, truth = problem.validation.inputs, problem.validation.target
    y = engine.predict(inputs)
    over_all = relative_l2(y, truth)
    error = over_all if trial.network == "hat" else mean_relative_l2(y, truth)
    diverged = far_above_start(d, problem, np.array(losses)) is not None
    return FormatOutcome(error, over_all, engine.chip.flags, seconds, diverged)


@lru_cache(maxsize=1)
def _problem(network: NetworkName) -> Problem:
    """Computed once in a process, however many trials it executes."""
    return load_problem(load_preset(network))
