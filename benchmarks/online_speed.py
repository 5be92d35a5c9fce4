"""How fast are the online rules? Back-propagation and OPZO against the same in JAX and PyTorch.

A network 64-256-256-10, six steps, batches of 128 digits: one gradient, parameters at their start.
All give the same gradient of back-propagation, which is checked first. JAX and PyTorch compute the
rule as written by hand, JAX compiled over all steps, in the same double precision. They take turns,
and the fastest round of each counts: in time that passed and in processor time, which other
programs on the machine disturb less. Needs the extra ``bench``.

dualspike takes one thread, as in its experiments: matrices are small, and threads that wait for one
another lose more than they gain. Run ``python benchmarks/online_speed.py``, and the others take the
threads they like; with one thread each it is ``OMP_NUM_THREADS=1
XLA_FLAGS=--xla_cpu_multi_thread_eigen=false taskset -c 0 python benchmarks/online_speed.py``.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from dualspike.golden.data.labelled.digits import digits
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.loss import MixedLoss
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.traces import repeated, train_pass

try:
    import jax
    import jax.numpy as jnp
    import torch  # pyright: ignore[reportMissingImports]
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is missing: pip install 'dualspike[bench]'")

jax.config.update("jax_enable_x64", True)

LAYERS, STEPS, BATCH = [64, 256, 256, 10], 6, 128
ROUNDS = 40
MOMENTUM, ALPHA, SHARE = 0.999, 0.2, 0.05


def slope(x: Any) -> Any:
    """The surrogate derivative."""
    p = jax.nn.sigmoid(x / 0.25)
    return p * (1 - p) / 0.25


@jax.jit
def by_jax(weights: Any, biases: Any, x: Any, wanted: Any, noise: Any, matrices: Any) -> Any:
    """Gradients (dW, db) and the new matrices; back-propagation where ``noise`` is None."""
    hidden = len(weights) - 1
    zeros = [jnp.zeros((len(x), n)) for n in LAYERS[1:-1]]
    U, S = zeros, zeros
    traces = [jnp.zeros((len(x), n)) for n in LAYERS[:-2]]
    dW, db, c = [0.0] * (hidden + 1), [0.0] * (hidden + 1), 0.0
    for t in range(STEPS):
        sent, U, S = x, list(U), list(S)
        for k in range(hidden):
            U[k] = 0.5 * (U[k] - S[k]) + sent @ weights[k].T + biases[k]
            S[k] = sent = (U[k] >= 1).astype(x.dtype)
            if noise is not None:
                sent = sent + ALPHA * noise[t][k]
        output = sent @ weights[-1].T + biases[-1]
        error = (1 - SHARE) * (jax.nn.softmax(output) - wanted)
        error += 2 * SHARE / LAYERS[-1] * (output - wanted)
        traces = [0.5 * a + s for a, s in zip(traces, [x, *S[:-1]], strict=True)]
        c = 0.5 * c + 1
        dW[-1] += error.T @ S[-1]
        db[-1] += error.sum(0)
        signal = error @ weights[-1]
        if noise is not None:
            share = (1 - MOMENTUM) / len(x)
            matrices = [
                MOMENTUM * M + share * (n.T @ output)
                for M, n in zip(matrices, noise[t], strict=True)
            ]
        for k in reversed(range(hidden)):
            if noise is not None:
                signal = error @ matrices[k].T
            delta = signal * slope(U[k] - 1)
            dW[k] += delta.T @ traces[k]
            db[k] += c * delta.sum(0)
            signal = delta @ weights[k] if k and noise is None else signal
    scale = 1 / (STEPS * len(x))
    return [scale * g for g in dW], [scale * g for g in db], matrices


def draws(key: Any) -> Any:
    """Gaussian noise for all steps, its sign turned at every odd one."""
    pairs = [
        [
            jax.random.normal(jax.random.fold_in(key, 9 * t + k), (BATCH, n), jnp.float64)
            for k, n in enumerate(LAYERS[1:-1])
        ]
        for t in range(STEPS // 2)
    ]
    return [[sign * n for n in pair] for pair in pairs for sign in (1, -1)]


def torch_slope(x: Any) -> Any:
    """The surrogate derivative."""
    p = torch.sigmoid(x / 0.25)
    return p * (1 - p) / 0.25


@torch.no_grad()
def by_torch(weights: Any, biases: Any, x: Any, wanted: Any, matrices: Any = None) -> Any:
    """The same; OPZO, with noise of its own, where there are ``matrices``, which change."""
    hidden, share = len(weights) - 1, (1 - MOMENTUM) / len(x)
    zeros = [torch.zeros(len(x), n, dtype=x.dtype) for n in LAYERS[1:-1]]
    U, S = list(zeros), list(zeros)
    traces = [torch.zeros(len(x), n, dtype=x.dtype) for n in LAYERS[:-2]]
    dW, db = [torch.zeros_like(W) for W in weights], [torch.zeros_like(b) for b in biases]
    fed, c, noise = torch.addmm(biases[0], x, weights[0].T), 0.0, []
    for t in range(STEPS):
        if matrices is not None:
            noise = [-n for n in noise] if t % 2 else [torch.randn_like(u) for u in U]
        sent = x
        for k in range(hidden):
            z = torch.addmm(biases[k], sent, weights[k].T) if k else fed
            U[k] = 0.5 * (U[k] - S[k]) + z
            S[k] = sent = (U[k] >= 1).to(x.dtype)
            if matrices is not None:
                sent = sent + ALPHA * noise[k]
        output = torch.addmm(biases[-1], sent, weights[-1].T)
        error = (1 - SHARE) * (torch.softmax(output, 1) - wanted)
        error += 2 * SHARE / LAYERS[-1] * (output - wanted)
        traces = [0.5 * a + s for a, s in zip(traces, [x, *S[:-1]], strict=True)]
        c = 0.5 * c + 1
        dW[-1].addmm_(error.T, S[-1])
        db[-1] += error.sum(0)
        signal = error @ weights[-1] if matrices is None else None
        for M, n in zip(matrices or [], noise, strict=True):
            M.mul_(MOMENTUM).addmm_(n.T, output, alpha=share)
        for k in reversed(range(hidden)):
            if matrices is not None:
                signal = error @ matrices[k].T
            delta = signal * torch_slope(U[k] - 1)
            dW[k].addmm_(delta.T, traces[k])
            db[k] += c * delta.sum(0)
            signal = delta @ weights[k] if k and matrices is None else signal
    scale = 1 / (STEPS * len(x))
    return [scale * g for g in dW], [scale * g for g in db]


def flat(found: Any) -> np.ndarray:
    """Weights and biases layer by layer, as one vector."""
    return np.concatenate([np.append(W, b) for W, b in zip(found[0], found[1], strict=True)])


def race(calls: list[Callable[[], Any]]) -> list[tuple[float, float]]:
    """Milliseconds that passed and of the processor, in the fastest of some rounds, of each."""
    for call in calls:
        call()
    rounds: list[list[tuple[float, float]]] = []
    for _ in range(ROUNDS):
        rounds.append([])
        for call in calls:
            wall, used = time.perf_counter(), time.process_time()
            call()
            spent = time.perf_counter() - wall, time.process_time() - used
            rounds[-1].append((1000 * spent[0], 1000 * spent[1]))
    pairs = zip(*rounds, strict=True)
    return [(min(w for w, _ in one), min(u for _, u in one)) for one in pairs]


def main() -> None:
    """Check, race, print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    samples = digits()
    x, labels = samples.train.x[:BATCH], samples.train.labels[:BATCH]
    rng = np.random.default_rng(1)
    network = perceptron(LAYERS, rng)
    frames, loss = repeated(x, STEPS), MixedLoss(SHARE)
    given = [jnp.asarray(W) for W in network.weights], [jnp.asarray(b) for b in network.biases]
    data = jnp.asarray(x), jax.nn.one_hot(jnp.asarray(labels), LAYERS[-1], dtype=jnp.float64)
    opzo = PseudoZerothOrder(network, Noise(rng, ALPHA), MOMENTUM)
    matrices = [jnp.zeros((n, LAYERS[-1])) for n in LAYERS[1:-1]]
    key, drawn = jax.random.key(1), jax.jit(draws)

    tensors = [torch.tensor(p) for p in network.weights], [torch.tensor(p) for p in network.biases]
    shown = torch.tensor(x), torch.tensor(np.array(data[1]))
    learned = [torch.zeros(n, LAYERS[-1], dtype=torch.float64) for n in LAYERS[1:-1]]

    controller = ThreadpoolController()

    def ours(rule: Rule) -> np.ndarray:
        with controller.limit(limits=1):
            return train_pass(network, rule, loss, frames, labels).gradient

    gradient = ours(SpatialBackpropagation())
    for other in (by_jax(*given, *data, None, None), by_torch(*tensors, *shown)):
        np.testing.assert_allclose(gradient, flat(other), rtol=1e-9, atol=1e-13)
    races: dict[str, list[Callable[[], Any]]] = {
        "BP": [
            lambda: ours(SpatialBackpropagation()),
            lambda: jax.block_until_ready(by_jax(*given, *data, None, None)),
            lambda: by_torch(*tensors, *shown),
        ],
        "OPZO": [
            lambda: ours(opzo),
            lambda: jax.block_until_ready(by_jax(*given, *data, drawn(key), matrices)),
            lambda: by_torch(*tensors, *shown, learned),
        ],
    }
    print("fastest round, ms: passed (processor); ratio to the faster of the others")
    for name, calls in races.items():
        times = race(calls)
        engines = zip(("dualspike", "JAX", "PyTorch"), times, strict=True)
        shown_times = "   ".join(f"{who} {a:6.1f} ({b:6.1f})" for who, (a, b) in engines)
        passed, used = (own / min(others) for own, *others in zip(*times, strict=True))
        print(f"{name:5} {shown_times}   ratio {passed:.2f} ({used:.2f})")


if __name__ == "__main__":
    main()
