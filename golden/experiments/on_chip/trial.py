"""One training run of the study, and the file in which it leaves what it came to."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from dualspike.golden.data.load import load_problem
from dualspike.golden.data.measures import measure
from dualspike.golden.experiments.on_chip.cases import Case
from dualspike.golden.experiments.on_chip.sources import SOURCES, Source
from dualspike.golden.experiments.on_chip.spatial import SpatialEngine
from dualspike.golden.experiments.runner.outcomes import read_outcome, write_outcome
from dualspike.golden.training.divergence import far_above_start
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.online_engine import OnlineFloatEngine, float_engine
from dualspike.golden.training.train import FloatEngine
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe

Notice = Callable[[int, float], bool]

TUNING_SEED = 10**6
"""With which rates are tried, and no run that counts begins."""

BATCH = {False: 48, True: 128}
"""Samples of an update, of a chip that learns online and of one that learns by weights."""

WEIGHTS = {8: "s0.7", 10: "s1.8", 12: "s2.9", 16: "s2.13"}
WEIGHTS_BY_WEIGHTS = {8: "s1.6", 10: "s1.8", 12: "s1.10", 16: "s1.14"}


@dataclass(frozen=True)
class OnChipTrial:
    """A source of errors on a case; ``bits`` of weights, None in float; ``rate``: a right shift.

    A try, with `TUNING_SEED`, is measured on validation samples, which it does not learn; others
    learn these too and are measured on the test samples.
    """

    case: Case
    source: str
    bits: int | None
    rate: int
    samples: int
    seed: int

    @property
    def tuning(self) -> bool:
        """Whether it is a try."""
        return self.seed == TUNING_SEED

    @property
    def made(self) -> Source:
        """Where its errors come from."""
        return SOURCES[self.source]

    @property
    def updates(self) -> int:
        """Batches."""
        return max(1, self.samples // BATCH[self.made.by_weights])

    @property
    def name(self) -> str:
        """What its file is called."""
        width = "float" if self.bits is None else str(self.bits)
        last = f"rate-{self.rate}" if self.tuning else f"seed-{self.seed}"
        return "-".join((self.case.name, self.source, width, last))

    def description(self) -> Description:
        """The chip; for rules that have none, the online learner whose place they take."""
        case, made, network = self.case, self.made, self.case.network
        learning: dict[str, Any] = {
            "rate": self.rate,
            "stages": 3,
            "batch": BATCH[made.by_weights],
            "updates": self.updates,
            "seed": self.seed,
        }
        tables: dict[str, Any] = {
            "name": "on_chip",
            "network": {"layers": list(case.layers), "time_steps": network.steps},
            "learning": {**learning, **made.learning},
            "data": {"source": case.name, "tested": "validation" if self.tuning else "test"},
            "formats": {},
        }
        if case.folder is not None:
            tables["data"]["folder"] = case.folder
        if made.by_weights:
            tables["formats"] |= {"membrane": "s4.12", "target": "s1.12"}
        else:
            tables["network"] |= {"leak": network.leak, "surrogate": {"sigma": 0.75}}
            tables["network"]["coding"] = "frames" if case.events else "direct"
            more = network.hidden_shift if made.hidden is None else made.hidden
            shifts = [more] * len(network.hidden) + [0]
            tables["learning"] |= {"rule": "online", "loss": "margin", "layer_shift": shifts}
        if self.bits is not None:
            forms = WEIGHTS_BY_WEIGHTS if made.by_weights else WEIGHTS
            tables["formats"]["weight"] = forms[self.bits]
        return describe(tables, self.name)

    def engine(self) -> FixedEngine | FloatEngine | OnlineFloatEngine | SpatialEngine:
        """What learns."""
        d = self.description()
        if self.made.rule is not None:
            return SpatialEngine(d, self.made.rule)
        return float_engine(d) if self.bits is None else FixedEngine(d)

    @property
    def identity(self) -> str:
        """SHA-256, as hex, of everything that its numbers depend on, wherever the files are."""
        tables = self.description().model_dump(mode="json")
        tables["data"].pop("folder", None)
        known = [tables, self.source, self.bits, self.case.digest]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class OnChipOutcome:
    """What a trial came to: the share of samples answered rightly, and its wall time.

    ``diverged``: a loss was no finite number, or they ended far above their start.
    """

    accuracy: float
    seconds: float
    diverged: bool = False


def read(folder: Path, trial: OnChipTrial) -> OnChipOutcome | None:
    """The outcome, None if there is none; BadInput for a damaged one or one of other settings."""
    found = read_outcome(folder, trial, len(fields(OnChipOutcome)))
    if found is None:
        return None
    accuracy, seconds, diverged = found
    return OnChipOutcome(accuracy, seconds, bool(diverged))


def execute(folder: Path, trial: OnChipTrial, notice: Notice) -> None:
    """Train and leave the outcome in the folder.

    ``notice`` is called after every update with the number of updates done and the last loss;
    where it answers False, the trial ends and leaves nothing.
    """
    found = train(trial, notice)
    if found is not None:
        write_outcome(folder, trial, astuple(found))


def train(trial: OnChipTrial, notice: Notice) -> OnChipOutcome | None:
    """One training run; None if ``notice`` ended it. One that diverged answers what it can."""
    problem, engine = load_problem(trial.description()), trial.engine()
    began = time.perf_counter()
    losses: list[float] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(trial.updates):
            inputs, target = problem.training_batch(trial.seed, update)
            losses.append(engine.update(inputs, target, update))
            if not notice(update + 1, losses[-1]):
                return None
            if not np.isfinite(losses[-1]):
                break
        seconds = time.perf_counter() - began
        found = measure(problem, engine.predict(problem.test.inputs)).accuracy
    assert found is not None
    far = far_above_start(trial.description(), problem, np.array(losses)) is not None
    return OnChipOutcome(found, seconds, far or not np.isfinite(losses[-1]))
