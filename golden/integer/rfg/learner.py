"""The learner in integers: what the slopes of all lanes do to weights, biases and velocities."""

from collections.abc import Sequence

import numpy as np

from dualspike.golden.integer.perturbation import Signs
from dualspike.golden.integer.rounding import round_half_up, saturate
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.learning import VELOCITY_BITS
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.register import Flag

Perturbed = tuple[Sequence[int], Signs, Signs]
"""The lanes that perturb a layer, their signs of its weights [lanes, n_out, n_in] and biases."""


class Learner:
    """Moves layer by layer: what other layers do does not touch one.

    With momentum ``velocities`` has an array for every memory, weights and biases of each layer in
    turn, in the step format; they start from 0.
    """

    def __init__(self, description: Description) -> None:
        self._d = description
        moving = memory_map(description)[2 * description.n_layers :]
        self.velocities = [np.zeros(one.shape, np.int64) for one in moving]
        self._flags = 0

    def learn(
        self,
        weights: list[Matrix],
        biases: list[Matrix],
        layers: Sequence[Perturbed],
        jvp: Sequence[int],
        stage: int,
        words: Sequence[int],
    ) -> int:
        """Replace what has moved in ``weights`` and ``biases``; returns the flags raised.

        For every lane k of layer l, in their order, step_kl = `_step`, W_l -= V_kl step_kl and
        b_l -= C_kl step_kl, saturating; with momentum see `_with_momentum`. ``words``: those
        drawn for stochastic rounding, lane by lane, in each one for every layer; none without.
        """
        self._flags = 0
        for layer, (lanes, *signs) in enumerate(layers):
            if not lanes:
                continue
            at = [k * len(layers) + layer for k in lanes]
            drawn = [words[n] for n in at] if words else [0] * len(at)
            steps = np.array(
                [
                    self._step(jvp[k], layer, stage, word)
                    for k, word in zip(lanes, drawn, strict=True)
                ],
                np.int64,
            )
            for kind, stored in enumerate((weights, biases)):
                held = stored[layer]
                if self.velocities:
                    stored[layer] = self._with_momentum(2 * layer + kind, held, signs[kind], steps)
                else:
                    stored[layer] = self._moved(held, -signs[kind], steps, self._d.formats.weight)
        return self._flags

    def _step(self, jvp: int, layer: int, stage: int, word: int) -> int:
        """floor((jvp * mantissa + u) / 2^s), saturated, with s the layer's shift.

        u is half of 2^s to round to the nearest; for stochastic rounding the lowest s bits of a
        drawn word, uniform in [0, 2^s). Mantissas are eighths: with them s is 3 more.
        """
        learning, form = self._d.learning, self._d.step_format
        shift = self._d.step_shift[layer] + stage + learning.mantissa_bits
        value = jvp if learning.mantissa is None else jvp * learning.mantissa[layer]
        stochastic = learning.rounding == "stochastic"
        dither = word & (1 << shift) - 1 if stochastic else (1 << shift) >> 1
        exact = (value + dither) >> shift
        step = min(form.highest, max(form.lowest, exact))
        self._flags |= (step != exact) << Flag.STEP
        return step

    def _with_momentum(self, memory: int, held: Matrix, signs: Signs, steps: Ints) -> Matrix:
        """Velocities m of a memory lose round(m / 2^k), and then the weights -round(m).

        The first comes with the first lane's step, the second after the last one's.
        """
        form, decay = self._d.step_format, self._d.learning.momentum or 0
        velocity = self.velocities[memory]
        lost = round_half_up(velocity, decay)
        first = velocity - lost + signs[0] * steps[0]
        velocity = self._moved(self._kept(first, form), signs[1:], steps[1:], form)
        self.velocities[memory] = velocity
        return self._kept(held - round_half_up(velocity, VELOCITY_BITS), self._d.formats.weight)

    def _moved(self, held: Matrix, signs: Signs, steps: Ints, form: Format) -> Matrix:
        """``held`` + signs_k step_k, saturated lane by lane; at once where no lane can saturate."""
        if int(np.abs(held).max()) + int(np.abs(steps).sum()) <= form.highest:
            return held + np.tensordot(steps, signs, 1)
        for step, sign in zip(steps, signs, strict=True):
            held = self._kept(held + sign * step, form)
        return held

    def _kept(self, value: Matrix, form: Format) -> Matrix:
        """Saturated, and told in the flags."""
        kept, over = saturate(value, form)
        self._flags |= over << Flag.WEIGHT
        return kept.astype(np.int64, copy=False)
