"""The model's derivatives against JAX, through a network written for itself, step by step."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dualspike.golden.float.hidden import ReferenceHidden
from dualspike.golden.float.model import Model
from dualspike.golden.keys import Purpose
from dualspike.golden.numeric import Floats
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.description.operator import Operator
from tests.refusals import refusal

jax.config.update("jax_enable_x64", True)

KEY = (5, 11)


def net(*layers: int, **settings: Any) -> Network:
    return Network(layers=list(layers), **{"time_steps": 6, "threshold": 0.6, **settings})


def mlp(**settings: Any) -> Operator:
    return Operator(parts=[net(2, 5, 4, 3, **settings)])


def deeponet(**settings: Any) -> Operator:
    return Operator(kind="deeponet", parts=[net(4, 5, 3, **settings), net(2, 6, 3, time_steps=5)])


def seponet(**settings: Any) -> Operator:
    parts = [net(4, 5, 4, 3, **settings), net(1, 6, 5, 3, leak=0.7), net(1, 4, 5, 3)]
    return Operator(kind="seponet", parts=parts)


def stein(**settings: Any) -> Surrogate:
    return Surrogate(kind="stein", sigma=0.4, samples=9, **settings)


CASES: dict[str, tuple[Operator, bool]] = {
    "mlp": (mlp(), False),
    "mlp, leak": (mlp(leak=0.8), False),
    "mlp, attached": (mlp(reset="attached"), False),
    "mlp, attached, leak, local": (mlp(reset="attached", leak=0.9), True),
    "mlp, fixed stein": (mlp(surrogate=stein()), False),
    "mlp, fresh stein": (mlp(surrogate=stein(draws="fresh")), True),
    "mlp, fast sigmoid": (mlp(surrogate=Surrogate(kind="fast_sigmoid")), False),
    "mlp, triangle": (mlp(surrogate=Surrogate(kind="triangle", sigma=0.8)), False),
    "mlp, rectangle": (mlp(surrogate=Surrogate(kind="rectangle", sigma=0.7)), False),
    "mlp, bernoulli": (mlp(coding="bernoulli"), False),
    "mlp, rate": (mlp(coding="rate"), True),
    "deeponet": (deeponet(), False),
    "deeponet, local": (deeponet(coding="rate"), True),
    "deeponet, stein": (deeponet(surrogate=stein(), leak=0.9), True),
    "seponet": (seponet(reset="attached"), False),
    "seponet, local": (seponet(), True),
}


@dataclass
class Case:
    model: Model
    theta: Floats
    inputs: tuple[Floats, ...]
    target: Floats

    @classmethod
    def of(cls, name: str, **settings: Any) -> "Case":
        operator, local = CASES[name]
        model = Model(operator, local=local, **settings)
        rng = np.random.default_rng(len(name))
        rows = [7, 4, 3][: len(operator.parts)]
        inputs = tuple(
            rng.uniform(-1, 1, (n, part.layers[0]))
            for n, part in zip(rows, operator.parts, strict=True)
        )
        shape = rows if len(rows) > 1 else (rows[0], operator.parts[0].layers[-1])
        return cls(model, 2 * model.start(3), inputs, rng.standard_normal(shape))


def step_function(surrogate: Surrogate, draws: Floats) -> Any:
    """The step with the surrogate as its derivative, every form from its definition."""
    s = surrogate.sigma

    def f(x: Any) -> Any:
        if surrogate.kind == "gaussian":
            return jnp.exp(-(x**2) / (2 * s**2)) / (jnp.sqrt(2 * jnp.pi) * s)
        if surrogate.kind == "fast_sigmoid":
            return 1 / (2 * s * (1 + jnp.abs(x) / s) ** 2)
        if surrogate.kind == "triangle":
            return jnp.where(jnp.abs(x) < s, (1 - jnp.abs(x) / s) / s, 0)
        if surrogate.kind == "rectangle":
            return jnp.where(jnp.abs(x) < s, 1 / (2 * s), 0)
        d = draws * s
        above, below = (jnp.where(x[..., None] + sign * d > 0, 1, 0) for sign in (1, -1))
        return (d / (2 * s**2) * (above - below)).mean(axis=-1)

    @jax.custom_jvp
    def step(x: Any) -> Any:
        return jnp.where(x > 0, 1.0, 0.0)

    step.defjvp(lambda primals, tangents: (step(*primals), f(*primals) * tangents[0]))
    return step


def spikes_in(x: Floats, part: int, network: Network) -> Floats:
    """Inputs of every step, [T, B, n_in], as documented."""
    steps = range(1, network.time_steps + 1)
    if network.coding == "direct":
        return np.array([x for _ in steps])
    if network.coding == "rate":
        size = np.abs(x)
        due = [np.floor(t * size) - np.floor((t - 1) * size) for t in steps]
        return np.array([np.where(d > 0, np.sign(x), 0) for d in due])
    uniform = np.random.default_rng([*KEY, part, Purpose.CODING]).random((len(steps), *x.shape))
    return np.where(uniform < np.abs(x), np.sign(x), 0)


def layers_of(theta: Any, operator: Operator, local: bool) -> Iterator[tuple[Any, Any]]:
    """Weights and biases, one layer after the other."""
    shapes = [pair for part in operator.parts for pair in part.shapes]
    if local:
        shapes += [(n, p.layers[-1]) for p in operator.parts for n in p.layers[1:-1]]
    at = 0
    for n_in, n_out in shapes:
        w, at = theta[at : at + n_in * n_out].reshape(n_out, n_in), at + n_in * n_out
        b, at = theta[at : at + n_out], at + n_out
        yield w, b
    assert at == len(theta)


def outputs(theta: Any, case: Case) -> list[Any]:
    """y, and with local losses y of every hidden layer's readouts."""
    operator, local = case.model.operator, case.model.local
    layers = layers_of(theta, operator, local)
    rates: list[list[Any]] = []
    heads: list[list[Any]] = [[]]
    for part, (network, x) in enumerate(zip(operator.parts, case.inputs, strict=True)):
        used = KEY if network.surrogate.draws == "fresh" else KEY[:1]
        rng = np.random.default_rng([*used, part, Purpose.SURROGATE])
        step = step_function(network.surrogate, rng.standard_normal(network.surrogate.samples))
        params = [next(layers) for _ in network.shapes]
        membranes = [jnp.zeros((len(x), n)) for n in network.layers[1:-1]]
        counts = [jnp.zeros((len(x), n)) for n in network.layers[1:-1]]
        for spikes in spikes_in(x, part, network):
            for n, (w, b) in enumerate(params[:-1]):
                u = network.leak * membranes[n] + spikes @ w.T + b
                spikes = step(u - network.thresholds[n])
                reset = spikes if network.reset == "attached" else jax.lax.stop_gradient(spikes)
                membranes[n] = u - network.thresholds[n] * reset
                counts[n] += spikes
        rates.append([count / network.time_steps for count in counts])
        heads[0].append(rates[-1][-1] @ params[-1][0].T + params[-1][1])
    if local:
        heads += [[] for _ in rates[0]]
        for part_rates in rates:
            for n, rate in enumerate(part_rates):
                w, b = next(layers)
                heads[1 + n].append(rate @ w.T + b)
    sums = {1: "ai->ai", 2: "ai,bi->ab", 3: "ai,bi,ci->abc"}[len(rates)]
    return [jnp.einsum(sums, *head) for head in heads]


def loss(theta: Any, case: Case) -> Any:
    terms = len(case.inputs[0]) if len(case.inputs) == 1 else case.target.size
    losses = [((y - case.target) ** 2).sum() / (2 * terms) for y in outputs(theta, case)]
    return losses[0] + sum(losses[1:]) / max(len(losses) - 1, 1)


@pytest.mark.parametrize(
    ("name", "settings"),
    [(name, {}) for name in CASES]
    + [(name, {"hidden": ReferenceHidden}) for name in ("mlp, attached, leak, local", "seponet")],
)
def test_gradient_is_that_of_jax(name: str, settings: Any) -> None:
    case = Case.of(name, **settings)
    expected_loss, expected = jax.value_and_grad(loss)(jnp.asarray(case.theta), case)
    value, g = case.model.gradient(case.theta, case.inputs, case.target, KEY)
    assert value == pytest.approx(float(expected_loss), rel=1e-12)
    assert value == case.model.loss(case.theta, case.inputs, case.target, KEY)
    scale = np.abs(np.asarray(expected)).max()
    assert scale > 0.05
    np.testing.assert_allclose(g, expected, rtol=1e-10, atol=1e-12 * scale)


@pytest.mark.parametrize("name", CASES)
def test_jvp_is_that_of_jax(name: str) -> None:
    case = Case.of(name)
    v = np.random.default_rng(1).standard_normal((2, case.model.layout.size))
    y, dy = case.model.jvp(case.theta, case.inputs, v, KEY)
    for k in range(2):
        expected, tangent = jax.jvp(
            lambda theta: outputs(theta, case)[0], (jnp.asarray(case.theta),), (jnp.asarray(v[k]),)
        )
        np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(dy[k], tangent, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("floor", [None, 0.5])
def test_slopes_are_products_with_the_gradient(name: str, floor: float | None) -> None:
    """Forward and reverse mode agree but for rounding, in all and layer by layer."""
    case = Case.of(name, floor=floor)
    layout = case.model.layout
    given = (case.theta, case.inputs, case.target)
    v = np.random.default_rng(2).standard_normal((4, layout.size))
    value, g = case.model.gradient(*given, KEY)
    for scope in ("global", "layer"):
        again, slopes = case.model.slopes(*given, v, scope, KEY)
        slots = layout.layers if scope == "layer" else [None]
        expected = [v @ g if s is None else v[:, s.slice] @ g[s.slice] for s in slots]
        assert again == value
        np.testing.assert_allclose(slopes, np.array(expected).T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["mlp", "deeponet, local", "seponet"])
def test_float32_follows_float64(name: str) -> None:
    double, single = Case.of(name), Case.of(name, dtype=np.float32)
    loss64, g64 = double.model.gradient(double.theta, double.inputs, double.target, KEY)
    loss32, g32 = single.model.gradient(single.theta, single.inputs, single.target, KEY)
    assert (g32.dtype, single.theta.dtype) == (np.float32, np.float32)
    assert loss32 == pytest.approx(loss64, rel=1e-5)
    np.testing.assert_allclose(g32, g64, rtol=0, atol=1e-5 * np.abs(g64).max())


def test_predict() -> None:
    """The first output of the network above; Bernoulli spikes come from the generator given."""
    for name in ("mlp", "mlp, rate", "deeponet, local", "seponet"):
        case = Case.of(name)
        y = case.model.predict(case.theta, case.inputs)
        np.testing.assert_allclose(y, outputs(case.theta, case)[0], rtol=1e-11, atol=1e-13)
    case = Case.of("mlp, bernoulli")
    one, same, other = (
        case.model.predict(case.theta, case.inputs, np.random.default_rng(n)) for n in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_start_is_the_layout_s() -> None:
    model = Model(deeponet(), dtype=np.float32)
    assert (model.start(3) == model.layout.start(3).astype(np.float32)).all()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"inputs": (0,)}, "inputs must be 2 arrays, one for each part, not 1"),
        ({"inputs": ((7, 3), (4, 2))}, "inputs[0] must have shape [B, 4], not [7, 3]"),
        ({"inputs": ((7, 4), (4,))}, "inputs[1] must have shape [B, 2], not [4]"),
        ({"target": (7, 3)}, "target must have shape [7, 4], not [7, 3]"),
        ({"theta": (5,)}, "theta must have shape [82], not [5]"),
        ({"v": (3, 87)}, "v must have shape [K, 82], not [3, 87]"),
    ],
)
def test_wrong_shapes(change: dict[str, Any], line: str) -> None:
    case = Case.of("deeponet")
    shapes: dict[str, Any] = {
        "theta": case.theta.shape,
        "inputs": ((7, 4), (4, 2)),
        "target": (7, 4),
        "v": (1, case.model.layout.size),
    } | change
    inputs = tuple(np.zeros(shape) for shape in shapes["inputs"])
    arrays = [np.zeros(shapes[name]) for name in ("theta", "target", "v")]
    assert refusal(case.model.slopes, arrays[0], inputs, arrays[1], arrays[2], "layer") == line


def test_wrong_shapes_of_neurons() -> None:
    case = Case.of("deeponet")
    v = [np.zeros((2, 7, 5)), np.zeros((2, 7, 6))]
    given = (case.theta, (np.zeros((7, 4)), np.zeros((4, 2))), np.zeros((7, 4)))
    line = "v must have the shapes [2, 7, 5], [2, 4, 6], not [2, 7, 5], [2, 7, 6]"
    assert refusal(case.model.neuron_slopes, *given, v) == line
    line = "v must have the shapes [0, 7, 5], [0, 4, 6], not nothing"
    assert refusal(case.model.neuron_slopes, *given, []) == line
