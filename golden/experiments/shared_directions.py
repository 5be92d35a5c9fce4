"""The K directions of every update shared among workers, which exchange (seed, slopes) and no more.

Every worker holds theta and takes every step. It finds the slopes <dL/dtheta, v_k> of its share of
the directions; what it sends is, for each, the seed of v_k and the slopes: one number for a global
direction, one for each layer for a layer-wise one. Everyone then draws all v_k from their seeds
and takes the same step. Each direction is computed by itself and all are summed in order of their
seeds, so the bits do not depend on the number of workers.
"""

import multiprocessing as mp
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import cast

import numpy as np

from dualspike.golden.experiments.paper.run import Run, Training
from dualspike.golden.experiments.runner.folder import RunsFolder
from dualspike.golden.experiments.runner.processes import one_thread, tied
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput

SEED = 3
"""Integers of a direction's seed: the run's seed, the update, the direction's number."""


@dataclass(frozen=True)
class Shared:
    """An estimator: forward gradients of ``rule.directions`` directions, ours those of ``share``.

    Direction k of an update is drawn from the key (seed, update, k). ``exchange`` hands over our
    part of what every worker needs, 3 little-endian 64-bit integers and the slopes in float64 for
    each direction, and returns everyone's, in order of the workers.
    """

    rule: ForwardGradient
    share: range
    exchange: Callable[[bytes], bytes]

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient."""
        one = replace(self.rule, directions=1)
        loss, parts = 0.0, list[bytes]()
        for k in self.share:
            v = one.draw(model, (*key, k))
            loss, slopes = one.slopes(model, theta, inputs, target, v, key)
            parts.append(np.array([*key, k], "<i8").tobytes() + slopes.astype("<f8").tobytes())
        pairs = self._read(model, self.exchange(b"".join(parts)))
        v = np.concatenate([one.draw(model, seed) for seed, _ in pairs])
        return loss, self.rule.combine(model, v, np.array([slopes for _, slopes in pairs]))

    def _read(self, model: Model, message: bytes) -> list[tuple[Key, Floats]]:
        """(seed, slopes) of all directions, ascending."""
        columns = len(model.layout.layers) if self.rule.scope == "layer" else 1
        rows = np.frombuffer(message, "<i8").reshape(self.rule.directions, SEED + columns)
        pairs = [(tuple(row[:SEED].tolist()), row[SEED:].view("<f8")) for row in rows]
        return sorted(pairs, key=lambda pair: pair[0])


def train_shared(run: Run, folder: RunsFolder, workers: int) -> tuple[Floats, int]:
    """Theta after all updates of the run by ``workers`` processes, and the bytes they sent.

    This process passes messages on and knows nothing of the network. Raises BadInput for a method
    without directions and for a number of workers outside [1, directions].
    """
    rule = run.estimator()
    if not isinstance(rule, ForwardGradient):
        raise BadInput(f"method must have directions to be shared, {run.method.name} has none")
    if not 1 <= workers <= rule.directions:
        raise BadInput(f"workers must be in [1, {rule.directions}], not {workers}")
    context = mp.get_context("spawn")
    with ExitStack() as stack:
        ends: list[Connection] = []
        stack.enter_context(one_thread())
        tie, held = context.Pipe(duplex=False)
        stack.enter_context(cast(Connection, tie))
        for worker in range(workers):
            here, there = context.Pipe()
            ends.append(cast(Connection, stack.enter_context(here)))
            share = range(worker, rule.directions, workers)
            process = context.Process(target=_work, args=(run, folder, rule, share, there, tie))
            process.start()
            there.close()
            stack.callback(process.join)
        stack.callback(held.close)
        sent = 0
        for _ in range(run.settings.training.updates):
            parts = [end.recv_bytes() for end in ends]
            sent += sum(map(len, parts))
            for end in ends:
                end.send_bytes(b"".join(parts))
        thetas = [end.recv_bytes() for end in ends]
    return np.frombuffer(thetas[0]), sent


def _work(
    run: Run,
    folder: RunsFolder,
    rule: ForwardGradient,
    share: range,
    pipe: Connection,
    tie: Connection,
) -> None:
    """One worker's process."""
    tied(tie)

    def exchange(ours: bytes) -> bytes:
        pipe.send_bytes(ours)
        return pipe.recv_bytes()

    with pipe:
        training = Training(run, folder.problem(run.settings), Shared(rule, share, exchange))
        state = training.start()
        while state.update < run.settings.training.updates:
            training.update(state)
        pipe.send_bytes(state.theta.tobytes())
