"""One run that learns to forecast a Mackey-Glass series, and what needs no network.

As NeuroBench has it (Yik et al., arXiv 2304.04640): tau = 17, 75 points in each of its Lyapunov
times, 10 of them to learn from and the next 10 to forecast, each value made from forecasts alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from dualspike.golden.data.problems.mackey_glass import mackey_glass
from dualspike.golden.experiments.neighbours.study import make
from dualspike.golden.float.compiled import CompiledHidden
from dualspike.golden.float.estimators.backpropagation import Backpropagation
from dualspike.golden.float.estimators.estimator import Estimator
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient
from dualspike.golden.float.model import Model
from dualspike.golden.float.tanh import TanhHidden
from dualspike.golden.numeric import Doubles
from dualspike.golden.online.operator import OnlineGradient
from dualspike.golden.training.optimisers import Adam
from dualspike.golden.training.schedules import Cosine
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.description.operator import Operator
from dualspike.model.keys import Purpose

SeriesRule = Literal["BP", "RFG-N", "OTTT", "OPZO", "DFA", "FWD", "tanh"]
Forecast = Callable[[Doubles], Doubles]
"""The next values [N] from windows [N, WINDOW]."""

TAU, LYAPUNOV, START = 17, 197, 0.72066
POINTS, TIMES = 75, 10
LEARNED = POINTS * TIMES
"""Points to learn from, and to forecast."""
WINDOW = 10
"""Values that a forecast is made from; 7 of them span tau."""
HELD = 150
"""Windows for the choice of rates, the last of those to learn from."""
BATCH = 64
OPERATOR = Operator(
    parts=[
        Network(
            layers=[WINDOW, 32, 1],
            time_steps=16,
            threshold=1.0,
            surrogate=Surrogate(kind="gaussian", sigma=0.5),
        )
    ]
)


@dataclass(frozen=True)
class Errors:
    """sMAPE in percent: of the next value, and of values made from forecasts alone.

    The latter over one Lyapunov time and over all ten, which is NeuroBench's figure.
    """

    next: float
    one: float
    all: float


@dataclass(frozen=True)
class SeriesRun:
    """One run, infinite where it diverged. ``validation``: of the next value, windows held back."""

    seed: int
    validation: float
    errors: Errors


def smape(y: Doubles, truth: Doubles) -> float:
    """200 mean of |y - truth| / (|y| + |truth|): 0 to 200 percent, 200 for what is no number.

    Source: NeuroBench, whose metric has this scale and these bounds.
    """
    value = 200 * float(np.mean(np.abs(y - truth) / (np.abs(y) + np.abs(truth))))
    return value if math.isfinite(value) else 200.0


@lru_cache
def series() -> Doubles:
    """All points, learned and forecast."""
    return mackey_glass(TAU, START, LYAPUNOV / POINTS, 2 * LEARNED)


def windows(values: Doubles) -> tuple[Doubles, Doubles]:
    """Every window [N, WINDOW] of a stretch and the value after it [N]."""
    rows = np.lib.stride_tricks.sliding_window_view(values, WINDOW + 1)
    return rows[:, :-1], rows[:, -1]


def measured(forecast: Forecast) -> Errors:
    """On the points after those that were learned from."""
    values = series()
    x, after = windows(values[LEARNED - WINDOW :])
    alone = list(values[LEARNED - WINDOW : LEARNED])
    for _ in range(LEARNED):
        alone.append(float(forecast(np.array([alone[-WINDOW:]]))[0]))
    made = np.array(alone[WINDOW:])
    truth = values[LEARNED:]
    return Errors(
        smape(forecast(x), after), smape(made[:POINTS], truth[:POINTS]), smape(made, truth)
    )


def simple() -> dict[str, Errors]:
    """What needs no network: the last value again, the mean, and least squares on the window."""
    learned = series()[:LEARNED]
    x, after = windows(learned)
    weights = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), after, rcond=None)[0]
    found: dict[str, Forecast] = {
        "persistence": lambda rows: rows[:, -1],
        "mean": lambda rows: np.full(len(rows), learned.mean()),
        "linear, least squares": lambda rows: rows @ weights[1:] + weights[0],
    }
    return {name: measured(forecast) for name, forecast in found.items()}


def execute(rule: SeriesRule, updates: int, rate: float, seed: int) -> SeriesRun:
    """One run: Adam, half a cosine; what is learned is the step from the last value to the next.

    Windows count from the series' mean in its deviations, steps in theirs.
    """
    x, after = windows(series()[:LEARNED])
    middle, spread = float(x.mean()), float(x.std())
    scale = float((after - x[:, -1]).std())
    learned = len(x) - HELD
    model = Model(OPERATOR, hidden=TanhHidden if rule == "tanh" else CompiledHidden)
    estimator, optimiser, schedule = _estimator(rule, updates, seed), Adam(), Cosine(rate)
    theta, loss = model.start(seed), 0.0

    def forecast(rows: Doubles) -> Doubles:
        step = model.predict(theta, ((rows - middle) / spread,))[:, 0]
        return rows[:, -1] + scale * step.astype(np.float64)

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for update in range(updates):
            key = (seed, update)
            some = np.random.default_rng([*key, Purpose.BATCH]).choice(
                learned, BATCH, replace=False
            )
            rows = x[some]
            target = (after[some] - rows[:, -1])[:, None] / scale
            loss, g = estimator.gradient(model, theta, ((rows - middle) / spread,), target, key)
            if not math.isfinite(loss):
                break
            optimiser.step(theta, g, schedule.rate(update, updates))
        validation = smape(forecast(x[learned:]), after[learned:])
        # Worse than the mean by twice: no more than noise was learned.
        if not math.isfinite(loss) or validation > 2 * smape(
            np.full(HELD, middle), after[learned:]
        ):
            return SeriesRun(seed, math.inf, Errors(math.inf, math.inf, math.inf))
        return SeriesRun(seed, validation, measured(forecast))


def _estimator(rule: SeriesRule, updates: int, seed: int) -> Estimator:
    """Of the online rules those of `golden.experiments.neighbours`, of RFG-N one direction."""
    match rule:
        case "BP" | "tanh":
            return Backpropagation()
        case "RFG-N":
            return NeuronGradient()
        case "OTTT" | "OPZO" | "DFA" | "FWD":
            return OnlineGradient(OPERATOR, make(rule), updates, seed)
