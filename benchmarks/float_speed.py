"""Time of one update of the float model, of JAX and of snnTorch: the same network and batch.

The hat's network (2-16-16-1, 32 steps, 256 samples) with Adam; back-propagation (BP) and
layer-wise forward gradients (RFG-L), drawing of signs included, in float32 and float64. Each
engine runs in a process of its own with one thread, on one and the same processor; they take
turns, and the ratios of a turn are compared. Times are those of the processor, to which other
work on the machine adds little. Needs the extra ``bench``. Run
``python benchmarks/float_speed.py``. The exit status is 1 if this model is slower than JAX at
anything, or less than 15 times as fast as back-propagation through time in snnTorch, which is run
in float32, its own type.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
ROUNDS, SECONDS, BATCH, STEPS, LAYERS = 15, 0.2, 256, 32, (2, 16, 16, 1)
SIGMA, RATE, BETA1, BETA2, EPS = 0.5, 5e-3, 0.9, 0.999, 1e-8
RATIO_JAX, RATIO_SNNTORCH = 1.0, 15.0

Update = Callable[[int], float]


def inputs(dtype: str) -> tuple[Any, Any, Any]:
    """Start values of all parameters and one batch, the same for every engine."""
    import numpy as np

    from dualspike.golden.data.problems.hat import hat
    from dualspike.golden.float.layout import Layout
    from dualspike.model.description.network import Network
    from dualspike.model.description.operator import Operator

    x = np.random.default_rng(0).uniform(-1, 1, (BATCH, 2))
    theta = Layout(Operator(parts=[Network(layers=list(LAYERS))])).start(1)
    return theta.astype(dtype), x.astype(dtype), hat(x).astype(dtype)


def golden(rule: str, dtype: str) -> Update:
    """This project's float model."""
    import numpy as np

    from dualspike.golden.float.estimators.backpropagation import Backpropagation
    from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
    from dualspike.golden.float.model import Model
    from dualspike.golden.training.optimisers import Adam
    from dualspike.model.description.network import Network, Surrogate
    from dualspike.model.description.operator import Operator

    theta, x, y = inputs(dtype)
    network = Network(layers=list(LAYERS), time_steps=STEPS, surrogate=Surrogate(sigma=SIGMA))
    model = Model(Operator(parts=[network]), dtype=np.dtype(dtype).type)
    estimator = Backpropagation() if rule == "BP" else ForwardGradient("layer")
    optimiser = Adam(BETA1, BETA2, EPS)

    def update(n: int) -> float:
        loss, g = estimator.gradient(model, theta, (x,), y, (1, n))
        optimiser.step(theta, g, RATE)
        return loss

    return update


def jax_engine(rule: str, dtype: str) -> Update:
    """The same in JAX: a scan over the steps, the whole update compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", dtype == "float64")
    theta, x, y = map(jnp.asarray, inputs(dtype))
    kind, shapes = theta.dtype, list(pairwise(LAYERS))

    @jax.custom_jvp
    def step(distance: Any) -> Any:
        return (distance > 0).astype(kind)

    @step.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (distance,), (moved,) = primals, tangents
        f = jnp.exp(-(distance**2) / (2 * SIGMA**2)) / (SIGMA * (2 * jnp.pi) ** 0.5)
        return step(distance), f.astype(kind) * moved

    def split(flat: Any) -> Any:
        layers, at = [], 0
        for n_in, n_out in shapes:
            end = at + n_in * n_out
            layers.append((flat[at:end].reshape(n_out, n_in), flat[end : end + n_out]))
            at = end + n_out
        return layers

    def loss(layers: Any) -> Any:
        (w1, b1), (w2, b2), (w3, b3) = layers
        z = x @ w1.T + b1

        def tick(carry: Any, _: Any) -> Any:
            u1, u2, count = carry
            u1 = u1 + z
            s1 = step(u1 - 1)
            u2 = u2 + s1 @ w2.T + b2
            s2 = step(u2 - 1)
            held1, held2 = jax.lax.stop_gradient((s1, s2))
            return (u1 - held1, u2 - held2, count + s2), None

        zeros = tuple(jnp.zeros((BATCH, n), kind) for n in (LAYERS[1], LAYERS[2], LAYERS[2]))
        (_, _, count), _ = jax.lax.scan(tick, zeros, None, length=STEPS)
        return ((count / STEPS @ w3.T + b3 - y) ** 2).sum() / (2 * BATCH)

    masks = jnp.concatenate(
        [jnp.full((n_in + 1) * n_out, n) for n, (n_in, n_out) in enumerate(shapes)]
    )

    def estimate(theta: Any, key: Any) -> Any:
        if rule == "BP":
            return jax.value_and_grad(lambda flat: loss(split(flat)))(theta)
        signs = jax.random.rademacher(key, theta.shape, kind)
        lanes = [jnp.where(masks == n, signs, 0) for n in range(len(shapes))]
        values, slopes = jax.vmap(
            lambda v: jax.jvp(lambda flat: loss(split(flat)), (theta,), (v,))
        )(jnp.stack(lanes))
        return values[0], slopes[masks] * signs

    @jax.jit
    def advance(theta: Any, m: Any, s: Any, n: Any) -> Any:
        value, g = estimate(theta, jax.random.fold_in(jax.random.key(1), n))
        m = BETA1 * m + (1 - BETA1) * g
        s = BETA2 * s + (1 - BETA2) * g**2
        scaled = (m / (1 - BETA1 ** (n + 1))) / (jnp.sqrt(s / (1 - BETA2 ** (n + 1))) + EPS)
        return theta - RATE * scaled, m, s, value

    state = [theta, jnp.zeros_like(theta), jnp.zeros_like(theta)]

    def update(n: int) -> float:
        *state[:], value = advance(*state, n)
        return float(value)

    return update


def snntorch_engine(rule: str, dtype: str) -> Update:
    """Back-propagation through time as snnTorch is commonly run: a loop over the steps."""
    import numpy as np
    import snntorch  # pyright: ignore[reportMissingImports]
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    theta, x, y = (torch.from_numpy(np.array(array)) for array in inputs(dtype))

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, distance: Any) -> Any:
            ctx.save_for_backward(distance)
            return (distance > 0).to(distance.dtype)

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            (distance,) = ctx.saved_tensors
            f = torch.exp(-(distance**2) / (2 * SIGMA**2)) / (SIGMA * (2 * np.pi) ** 0.5)
            return grads[0] * f

    layers = [torch.nn.Linear(n_in, n_out, dtype=x.dtype) for n_in, n_out in pairwise(LAYERS)]
    torch.nn.utils.vector_to_parameters(theta, [p for layer in layers for p in layer.parameters()])
    neurons = [
        snntorch.Leaky(beta=1.0, threshold=1.0, spike_grad=Step.apply, reset_mechanism="subtract")
        for _ in layers[:-1]
    ]
    parameters = [p for layer in layers for p in layer.parameters()]
    adam = torch.optim.Adam(parameters, lr=RATE, betas=(BETA1, BETA2), eps=EPS)

    def update(n: int) -> float:
        membranes = [neuron.init_leaky() for neuron in neurons]
        count, current = 0, layers[0](x)
        for _ in range(STEPS):
            spikes, membranes[0] = neurons[0](current, membranes[0])
            spikes, membranes[1] = neurons[1](layers[1](spikes), membranes[1])
            count = count + spikes
        loss = ((layers[2](count / STEPS) - y) ** 2).sum() / (2 * BATCH)
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.item()

    return update


ENGINES = {"golden": golden, "jax": jax_engine, "snntorch": snntorch_engine}


def serve(engine: str, rule: str, dtype: str) -> None:
    """A child: the losses of three updates, then for every line read the seconds of one update."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    update = ENGINES[engine](rule, dtype)
    print(json.dumps([update(n) for n in range(3)]), flush=True)
    began, first = time.process_time(), 3
    while time.process_time() - began < SECONDS:
        update(first)
        first += 1
    for _ in sys.stdin:
        count, began = 0, time.process_time()
        while (spent := time.process_time() - began) < SECONDS:
            update(first + count)
            count += 1
        first += count
        print(spent / count, flush=True)


class Child:
    """A process that runs one engine when told to."""

    def __init__(self, engine: str, rule: str, dtype: str) -> None:
        xla = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        env = os.environ | dict.fromkeys(THREADS, "1") | {"XLA_FLAGS": xla, "JAX_PLATFORMS": "cpu"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", engine, rule, dtype],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        self.losses: list[float] = self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"an engine ended early (status {self._process.wait()})")
        return json.loads(line)

    def seconds(self) -> float:
        """Run for a while: seconds of one update."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def race(rule: str, dtype: str, rivals: dict[str, float]) -> bool:
    """Let this model and its rivals take turns; whether all ratios are as wanted."""
    children = {name: Child(name, rule, dtype) for name in ("golden", *rivals)}
    reference = children["golden"].losses
    for name, child in children.items():
        # The first loss is that of the start values; later ones also show the same gradients.
        known = 3 if rule == "BP" else 1
        for got, expected in zip(child.losses[:known], reference, strict=False):
            if abs(got - expected) > 1e-3 * expected:
                raise SystemExit(f"{name} computes something else: loss {got}, not {expected}")
    times = {name: list[float]() for name in children}
    for _ in range(ROUNDS):
        for name, child in children.items():
            times[name].append(child.seconds())
    for child in children.values():
        child.close()
    good = True
    print(f"{rule:6}{dtype:9}", end="")
    for name, wanted in {"golden": 0.0, **rivals}.items():
        print(f"{name} {statistics.median(times[name]) * 1e3:7.3f} ms", end="")
        if name in rivals:
            pairs = zip(times[name], times["golden"], strict=True)
            ratio = statistics.median(theirs / ours for theirs, ours in pairs)
            good &= ratio >= wanted
            print(f", {ratio:.2f} times ours (wanted: {wanted:g} or more)", end="")
        print("   ", end="")
    print(flush=True)
    return good


def main() -> int:
    """Race all of them; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--serve", nargs=3, metavar=("ENGINE", "RULE", "TYPE"), help="run one alone, as a child"
    )
    if alone := parser.parse_args().serve:
        serve(*alone)
        return 0
    for package in ("jax", "snntorch"):
        if find_spec(package) is None:
            sys.exit(f"{package} is missing: pip install 'dualspike[bench]'")
    good = [
        race("BP", "float32", {"jax": RATIO_JAX, "snntorch": RATIO_SNNTORCH}),
        race("RFG-L", "float32", {"jax": RATIO_JAX}),
        race("BP", "float64", {"jax": RATIO_JAX}),
        race("RFG-L", "float64", {"jax": RATIO_JAX}),
    ]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
