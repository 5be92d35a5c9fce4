"""The formulas against loops that count what they do, and these against the online rules."""

from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pytest

from dualspike.golden.experiments.cost.count import Count
from dualspike.golden.experiments.cost.online import RULES, online
from dualspike.golden.experiments.neighbours import study as neighbours
from dualspike.golden.experiments.opzo import trials as opzo_trials
from dualspike.golden.float.combine import function_weights
from dualspike.golden.float.model import Model
from dualspike.golden.online import operator as online_operator
from dualspike.golden.online.operator import OnlineGradient
from dualspike.golden.online.rules.local_learning import LocalLearning
from dualspike.golden.online.rules.noise import Noise
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.errors import BadInput

from .meter import Meter
from .online_loops import OnlinePart, Settings, execute

ALPHA = online_operator.FIRST_ALPHA


def operator(*layers: list[int]) -> Operator:
    parts = [Network(layers=each, time_steps=5, threshold=0.4) for each in layers]
    return Operator(kind="mlp" if len(parts) == 1 else "deeponet", parts=parts)


NETWORKS = {
    "one hidden layer": operator([2, 3, 2]),
    "three hidden layers": operator([2, 3, 4, 2, 2]),
    "deeponet": operator([3, 2, 3, 2], [1, 4, 2]),
}
CASES = [(name, rule, False) for name in NETWORKS for rule in RULES]
CASES += [("three hidden layers", rule, True) for rule in RULES]


@pytest.mark.parametrize(("name", "rule", "local"), CASES)
def test_formulas_count_what_loops_do(
    name: str, rule: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same counts, exactly, from loops whose gradient is that of the rule."""
    o = NETWORKS[name]
    rows = [3, 2][: len(o.parts)]
    model = Model(o, floor=0.2 if len(rows) > 1 else None)
    rng = np.random.default_rng(1)
    inputs = tuple(rng.uniform(-1, 1, (n, p.layers[0])) for n, p in zip(rows, o.parts, strict=True))
    target = rng.uniform(-1, 1, (rows[0], o.parts[0].layers[-1]) if len(rows) == 1 else rows)
    theta = 3 * model.start(2)
    rules: list[Any] = []

    def make(*given: Any) -> Any:
        rules.append(neighbours.make(rule + opzo_trials.LOCAL * local)(*given))
        return rules[-1]

    estimator = OnlineGradient(o, make, 2, 1)
    readouts = [[R.weights.copy() for R in r.readouts] if local else [] for r in rules]
    inner = [r._rule if isinstance(r, LocalLearning) else r for r in rules]
    matrices = [[M.copy() for M in getattr(r, "matrices", [])] for r in inner]
    drawn: dict[int, list[Any]] = {}

    def draw(self: Noise, *given: Any) -> Any:
        found = plain(self, *given)
        drawn.setdefault(id(self), []).append(self.values)
        return found

    plain = Noise.draw
    monkeypatch.setattr(Noise, "draw", draw)
    loss, expected = estimator.gradient(model, theta, inputs, target, (1, 0))
    meter = Meter()
    noises = [*drawn.values()] or [[]] * len(rows)
    settings = Settings(
        *(rule, ALPHA, opzo_trials.MOMENTUM, opzo_trials.POLLACK_RATE, opzo_trials.POLLACK_DECAY),
        *(opzo_trials.LOCAL_SCALE, opzo_trials.LOCAL_RATE),
    )
    parts = [
        OnlinePart(meter, network, weights, x, settings, noise, M, R)
        for network, weights, x, noise, M, R in zip(
            o.parts,
            [[s.split(theta) for s in model.layout.of_part(n)] for n in range(len(rows))],
            *(inputs, noises, matrices, readouts),
            strict=True,
        )
    ]
    found = execute(parts, target, function_weights(target, model.floor))
    assert np.abs(expected).max() > 0 and loss > 0
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    weighted = model.floor is not None
    formula = online(o, rows, rule, local=local, weighted=weighted)
    assert asdict(Count(**meter.counts, kept_values=formula.kept_values)) == asdict(formula)
    assert formula.kept_values == sum(map(partial(kept, rule), parts))


def kept(rule: str, part: OnlinePart) -> int:
    """Entries of what an `OnlinePart` carries from step to step."""
    arrays = [part.z, part.q, part.total, *part.U, *part.a[:-1], *part.matrices, *part.readouts]
    arrays += part.h if part.readouts else []
    arrays += part.before if rule == "SPSA" else []
    return sum(array.size for array in arrays)


def test_what_is_not_counted_is_one_line() -> None:
    for o, rule, local, line in (
        (NETWORKS["deeponet"], "OTTT", True, "kind deeponet is not counted, local readouts"),
        (NETWORKS["deeponet"], "BP", False, f"rule must be one of {', '.join(RULES)}, not BP"),
    ):
        with pytest.raises(BadInput) as caught:
            online(o, [3, 2], rule, local=local)
        assert str(caught.value) == line
