"""What `init --data` makes of real numbers: errors of its chips beside those of scikit-learn.

``python benchmarks/regressions.py [SEED ...]``: made-up data and one table of scikit-learn's for
every seed, a fifth of the samples held out. The chip learns as `train` does, integer model;
`Ridge` and an `MLPRegressor` of 64 neurons learn the same samples, standardised. An error is the
root mean square over the held-out samples, over that of answering with the mean, outputs brought to
one standard deviation. The exit status is 1 if half of the data have a median error of the chip
above the perceptron's.
"""

import argparse
import statistics
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import (
    load_diabetes,
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_regression,
)
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from dualspike.golden.numeric import Doubles
from dualspike.golden.training.fitting import description_for
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.train import train
from dualspike.model.description.load import revised
from dualspike.testbench.arguments import count

SEEDS = (801, 802, 803)


def main() -> int:
    """Learn everything for every seed, print errors and medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=count, nargs="*", metavar="SEED")
    seeds: list[int] = parser.parse_args().seeds or list(SEEDS)
    warnings.filterwarnings("ignore", module="sklearn")
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in seeds:
        for name, x, y in data(seed):
            found.setdefault(name, []).append(errors(x, y, seed))
            print(f"{seed} {name:18}", *(f"{one:6.3f}" for one in found[name][-1]), flush=True)
    print("medians: chip, Ridge, MLPRegressor")
    worse = 0
    for name, rows in found.items():
        chip, ridge, perceptron = (statistics.median(one) for one in zip(*rows, strict=True))
        worse += chip > perceptron
        print(f"{name:22} {chip:6.3f} {ridge:6.3f} {perceptron:6.3f}")
    return int(2 * worse >= len(found))


def data(seed: int) -> Iterator[tuple[str, Doubles, Doubles]]:
    """Name, x [N, n_in] and y [N, n_out]."""
    rng = np.random.default_rng(seed)
    for name, made in (
        ("Friedman 1", make_friedman1(1000, 10, noise=1.0, random_state=seed)),
        ("Friedman 2", make_friedman2(1000, noise=20, random_state=seed)),
        ("Friedman 3", make_friedman3(1000, noise=0.1, random_state=seed)),
        (
            "linear, 8 of 20",
            make_regression(600, 20, n_informative=8, noise=10, random_state=seed),
        ),
        ("diabetes", load_diabetes(return_X_y=True)),
    ):
        x, y = (np.asarray(one, np.float64) for one in made[:2])
        order = rng.permutation(len(x)) if name == "diabetes" else np.arange(len(x))
        yield name, x[order], y[order, None]
    x = rng.uniform(-1, 1, (2000, 1))
    yield "sine", x, np.sin(6 * x) + rng.normal(0, 0.05, x.shape)
    x = rng.uniform(-1, 1, (2000, 2))
    q = 6 * np.square(x).sum(axis=1, keepdims=True)
    yield "hat", x, (1 - q) * np.exp(-q / 2)
    x = rng.uniform(-np.pi, np.pi, (2000, 2))
    both = x.sum(axis=1)
    hand = [np.cos(x[:, 0]) + 0.7 * np.cos(both), np.sin(x[:, 0]) + 0.7 * np.sin(both)]
    yield "arm, two joints", x, np.column_stack(hand)
    x = rng.normal(0, 1, (1500, 6))
    yield "product", x, 300 * (x[:, :1] * x[:, 1:2] + 0.5 * x[:, 2:3]) + 1000
    x, w = rng.normal(0, 1, (800, 100)), rng.normal(0, 1, (100, 3)) / 10
    yield "100 to 3", x, np.tanh(x @ w) + rng.normal(0, 0.05, (800, 3))
    rng = np.random.default_rng(seed)
    x, w = rng.uniform(-1, 1, (1500, 8)), rng.normal(0, 1, (8, 16))
    yield "8 to 16", x, 50 * np.sin(x @ w) + rng.normal(0, 2, (1500, 16))
    pixels = rng.integers(0, 17, (1200, 64)).astype(np.float64)
    yield "64 pixels to 2", pixels, 7 * np.tanh((pixels - 8) @ rng.normal(0, 0.03, (64, 2))) + 20


def errors(x: Doubles, y: Doubles, seed: int) -> tuple[float, float, float]:
    """Of the chip, of a straight line, of a perceptron."""
    order = np.random.default_rng(seed).permutation(len(x))
    known, held = order[len(x) // 5 :], order[: len(x) // 5]
    inputs, targets = StandardScaler().fit(x[known]), StandardScaler().fit(y[known])
    truth = np.asarray(targets.transform(y[held]))

    def error(answers: Doubles) -> float:
        return float(np.sqrt(np.square(answers - truth).mean() / np.square(truth).mean()))

    def peer(model: Any) -> float:
        model.fit(inputs.transform(x[known]), targets.transform(y[known]))
        return error(model.predict(inputs.transform(x[held])).reshape(truth.shape))

    chip = error(np.asarray(targets.transform(_chip(x, y, known, held, seed))))
    perceptron = MLPRegressor(hidden_layer_sizes=(64,), max_iter=1000, random_state=seed)
    return chip, peer(Ridge()), peer(perceptron)


def _chip(x: Doubles, y: Doubles, known: Any, held: Any, seed: int) -> Doubles:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.npz"
        np.savez(file, x=x[known], y=y[known], x_test=x[held], y_test=y[held])
        d, problem = description_for({"source": str(file)})
    d = revised(d, "learning", seed=seed)
    return train(FixedEngine(d), d, problem).prediction


if __name__ == "__main__":
    sys.exit(main())
