"""Training on any engine: one loop, one protocol, and the float engine."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dualspike.golden.data.measures import Measures, measure
from dualspike.golden.data.problem import Problem
from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.masked import MaskedGradient
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient
from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.model import Model
from dualspike.golden.keys import generator
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.checkpoint import Checkpointer
from dualspike.golden.training.divergence import divergence
from dualspike.golden.training.fixed_engine import chunks
from dualspike.golden.training.validation import Validation, ValidationWatch
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput, Interrupted
from dualspike.model.keys import Purpose


class Engine(Protocol):
    """Whatever can learn: the float reference, the integer model, a simulated or a real chip."""

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once from inputs [B_n, n_in] of every part and a target, in real values.

        The target is [B, n_out], or [B_0, B_1, ...] of an operator network. Updates are counted
        from 0. Returns the loss of the batch before the update: 1/2 mean over the batch of sum over
        outputs (y - target)^2, and with local losses the mean of those of the hidden layers more;
        of an operator network 1/2 mean over all entries of the weighted squared error. Raises
        BadInput for a batch of another size than described and for values outside their formats.
        """
        ...

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs for any numbers of rows, in real values."""
        ...

    def load(self, parameters: Parameters) -> None:
        """Go back to before the first update, with these weights and biases."""
        ...

    def weights(self) -> Parameters:
        """Weights and biases of all layers now, part after part, in real values; a copy."""
        ...


class FloatEngine:
    """Randomized forward gradients and plain gradient descent in float64.

    Starts from the parameters ``initial``, or from ``start(description, learning.seed)``. Update
    u takes its directions from the key (seed, u), so it depends on no earlier draw. The rate of
    layer l is
    2^-(rate + layer_shift[l] + stage(u)), times mantissa[l] / 8; with momentum k velocities keep
    1 - 2^-k of themselves. Nothing is rounded. As on the chip the directions are summed, not
    averaged, and the sum over the batch is divided by the next power of two from
    ``learning.batch``; with local losses N times the gradient by the next power of two from N.
    """

    def __init__(self, description: Description, initial: Parameters | None = None) -> None:
        learning = description.learning
        self._description = description
        self._model = Model(description.operator, local=description.local, floor=learning.floor)
        self._theta = self._model.start(learning.seed)
        self._velocity = np.zeros_like(self._theta)
        if initial is not None:
            self.load(initial)
        self._estimator: ForwardGradient | NeuronGradient = ForwardGradient(
            learning.scope, learning.directions, "rademacher", learning.structure
        )
        if description.online:
            self._estimator = NeuronGradient(learning.directions)
        if learning.masks is not None or learning.frozen:
            masks = tuple(description.masks[: description.lanes_used])
            self._estimator = MaskedGradient(
                "global", len(masks), "rademacher", learning.structure, masks
            )

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once; see Engine.update."""
        description = self._description
        learning = description.learning
        loss, g = self._estimator.gradient(
            self._model, self._theta, tuple(inputs), target, (learning.seed, update)
        )
        mean_to_sum = self._mean_to_sum([len(rows) for rows in inputs])
        stage = description.stage(update)
        for layer, slot in enumerate(self._model.layout.layers):
            shift = learning.rate + description.layer_shift[layer] + stage
            mantissa = 1.0 if learning.mantissa is None else learning.mantissa[layer] / 8
            step = mean_to_sum[layer] * mantissa * 2.0**-shift * g[slot.slice]
            if learning.momentum is not None and layer not in learning.frozen:
                velocity = self._velocity[slot.slice]
                velocity += step - velocity * 2.0**-learning.momentum
                step = velocity
            self._theta[slot.slice] -= step
        return loss

    def _mean_to_sum(self, rows: list[int]) -> list[float]:
        """By layer, what makes of a gradient that is a mean what the chip adds up for a batch.

        Sums are divided by the next power of two. Those of an online learner are over the rows of
        the layer's part, and means over the steps of spikes, and over the lanes of a hidden layer.
        """
        description, slots = self._description, self._model.layout.layers
        whole = math.prod(_share(count) for count in rows)
        if not description.online:
            directions = self._estimator.directions
            return [directions * whole * _share(description.global_weight) for _ in slots]
        factors: list[float] = []
        for slot in slots:
            network, factor = description.networks[slot.part], whole
            if slot.depth:
                factor *= _share(network.time_steps)
            if slot.depth < len(network.shapes) - 1:
                factor *= _share(description.learning.directions)
            factors.append(factor * (1 << (rows[slot.part] - 1).bit_length()))
        return factors

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs; see Engine.predict."""
        rng = generator((self._description.learning.seed,), Purpose.CODING)
        pieces = chunks(self._description, inputs)
        found = [self._model.predict(self._theta, tuple(p), rng) for p in pieces]
        return np.concatenate(found, dtype=np.float64)

    def load(self, parameters: Parameters) -> None:
        """Begin with these parameters; see Engine.load."""
        places = self._model.layout.whole(self._theta)
        given = (*parameters.weights, *parameters.biases)
        for place, value in zip((*places.weights, *places.biases), given, strict=True):
            place[:] = value
        self._velocity[:] = 0

    def weights(self) -> Parameters:
        """Weights and biases now; see Engine.weights."""
        return self._model.layout.whole(self._theta).copy()


def _share(count: int) -> float:
    """A count over the next power of two."""
    return count / (1 << (count - 1).bit_length())


@dataclass(frozen=True, eq=False)
class TrainResult:
    """One training run.

    ``before``, ``after``: `Measures.figure` on the test samples; ``measures`` has all of it after
    the run. ``losses`` [updates]: batch loss before each update. ``samples``: rows of the first
    part in all batches. ``seconds``: wall time of the updates. ``prediction``: answers for the test
    samples, in the units of their file. ``weights`` and biases as they are then. ``diverged``: see
    `golden.training.divergence`. ``validation``: what it came to on validation samples, if asked.
    """

    before: float
    measures: Measures
    losses: Doubles
    updates: int
    samples: int
    seconds: float
    prediction: Doubles
    weights: Parameters
    diverged: str | None
    validation: Validation | None = None

    @property
    def after(self) -> float:
        """See ``before``."""
        return self.measures.figure


def train(
    engine: Engine,
    description: Description,
    problem: Problem,
    progress: Callable[[int, float], None] | None = None,
    checkpointer: Checkpointer | None = None,
    stop: Callable[[], bool] = lambda: False,
    watch: ValidationWatch | None = None,
) -> TrainResult:
    """Run ``learning.updates`` updates and measure what was learned on the test samples.

    Update u learns from the batch of the key (seed, u), as every engine does. A ``checkpointer``
    writes a checkpoint now and then, and the run goes on from the one that it finds. ``progress``
    is called after every update with the number of updates done and the last loss. Where ``stop``
    says so after an update, a last checkpoint is written and Interrupted raised. A ``watch``
    looks at the validation samples now and then; it may end the run early, and with the weights
    that were best there. Raises BadInput when a loss or a prediction at the end is not finite.
    """
    learning, test = description.learning, problem.test
    losses = np.empty(learning.updates)
    found = checkpointer.load() if checkpointer else None
    first, before, past = 0, 0.0, 0.0
    if found:
        first, before, past = len(found.losses), found.before, found.seconds
        losses[:first] = found.losses
        if watch is not None:
            watch.resume(engine, found.path, found.watched)
    else:
        before = measure(problem, problem.units.given(engine.predict(test.inputs))).figure
        if watch is not None:
            watch.look(engine, 0)
    done = first
    began = time.perf_counter() - past
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(first, learning.updates):
            if watch is not None and watch.stops:
                break
            loss = engine.update(*problem.training_batch(learning.seed, update), update)
            if not np.isfinite(loss):
                raise _diverged(update, learning.rate)
            losses[update], done = loss, update + 1
            if watch is not None and watch.due(done) and not watch.look(engine, done):
                raise _diverged(update, learning.rate)
            if progress is not None:
                progress(done, loss)
            stopped = stop()
            if checkpointer is not None and (stopped or checkpointer.due(done)):
                watched = {} if watch is None else watch.arrays()
                checkpointer.save(losses[:done], before, time.perf_counter() - began, watched)
            if stopped:
                raise Interrupted(f"interrupted after {done} of {learning.updates} updates")
        seconds, losses = time.perf_counter() - began, losses[:done]
        if watch is not None:
            watch.restore(engine)
        prediction = problem.units.given(engine.predict(test.inputs))
        measures = measure(problem, prediction) if np.isfinite(prediction).all() else None
    if measures is None or not np.isfinite(measures.figure):
        raise _diverged(done, learning.rate)
    weights = engine.weights()
    return TrainResult(
        before=before,
        measures=measures,
        losses=losses,
        updates=done,
        samples=done * description.batch[0],
        seconds=seconds,
        prediction=prediction,
        weights=weights,
        diverged=divergence(description, problem, losses, before, measures, weights.weights),
        validation=None if watch is None else watch.found(),
    )


def _diverged(update: int, rate: int) -> BadInput:
    return BadInput(
        f"training diverged at update {update}: raise learning.rate, a right shift,"
        f" to lower the rate (learning.rate is {rate})"
    )
