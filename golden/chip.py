"""The integer model of the whole chip: weights, drawer, accumulators and learner."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np

from dualspike.golden.activity import skipped_clocks
from dualspike.golden.integer import Forward, IntegerNetwork, Matrix
from dualspike.golden.integer_coding import Coder
from dualspike.golden.lfsr import Drawer
from dualspike.golden.perturbation import Perturbation, draw
from dualspike.golden.rounding import Ints, round_half_up, saturate
from dualspike.model.description import Description
from dualspike.model.formats import Format
from dualspike.model.geometry import geometry
from dualspike.model.learning import VELOCITY_BITS
from dualspike.model.lfsr import seed_state
from dualspike.model.registers import Flag


@dataclass(frozen=True)
class Record:
    """What can be read from the chip behind an update.

    ``skipped``: what the registers SKIPPED have grown by, one for each layer that skips, in all
    passes together.
    """

    loss: int
    jvp: tuple[int, ...]
    lfsr: int
    flags: int
    skipped: tuple[int, ...] = ()


class Chip:
    """State of one chip: stored weights and biases, drawer and coder, sticky flags.

    ``weights[l]`` [n_out, n_in] and ``biases[l]`` [n_out] are integers in the weight format. With
    momentum ``velocities`` has one array for each of them, weights and biases in turn, in the step
    format; they start from 0. ``skipped`` is what the last run left out, as in `Record`.
    """

    def __init__(
        self,
        description: Description,
        weights: Sequence[Matrix],
        biases: Sequence[Matrix],
        lfsr: int | None = None,
    ) -> None:
        self.d = description
        self.g = geometry(description)
        self.weights = [np.array(w, np.int64) for w in weights]
        self.biases = [np.array(b, np.int64) for b in biases]
        self.drawer = Drawer(seed_state(description.learning.seed) if lfsr is None else lfsr)
        pairs = zip(self.weights, self.biases, strict=True)
        moving = [one for pair in pairs for one in pair] if description.momentum else []
        self.velocities = [np.zeros_like(one) for one in moving]
        self.flags = 0
        self.skipped: tuple[int, ...] = ()
        self.coder = Coder(description)
        self._network = IntegerNetwork(description, self.g)

    def copy(self) -> Self:
        """The chip as it is now, apart from this one."""
        twin = copy(self)
        twin.weights = [w.copy() for w in self.weights]
        twin.biases = [b.copy() for b in self.biases]
        twin.velocities = [v.copy() for v in self.velocities]
        twin.drawer, twin.coder = copy(self.drawer), copy(self.coder)
        return twin

    def infer(self, x: Ints) -> Ints:
        """Outputs [B, n_out] in the membrane format, for stored inputs x [B, n_in]."""
        fed = self.coder.frames(x)
        result = self._network.forward(self.weights, self.biases, fed, None)
        self.flags |= result.flags
        self.skipped = skipped_clocks(self.g, result)
        return result.y

    def perturb(self) -> Perturbation:
        """Draw the signs of the next batch."""
        return draw(self.d, self.drawer)

    def forward(self, x: Ints, perturbation: Perturbation | None) -> Forward:
        """One batch with all tangents and traces; without a perturbation there are no tangents."""
        fed = self.coder.frames(x)
        return self._network.forward(self.weights, self.biases, fed, perturbation)

    def update(self, x: Ints, target: Ints, stage: int = 0) -> Record:
        """Learn from one batch of stored inputs [B, n_in] and targets [B, n_out].

        error e = y - target; loss = sum e^2; jvp_k = sum e dy_k; for every lane k and layer l in
        its mask, in this order: step_kl = round(jvp_k 2^-(step_shift_l + stage)) (see `_step`)
        and W_l -= V_kl step_kl, b_l -= C_kl step_kl, saturating; with momentum see `_change`.
        With N local readouts y_n, loss = N sum e^2 + sum over n of sum e_n^2, and so for jvp_k.
        """
        perturbation = self.perturb()
        result = self.forward(x, perturbation)
        align = self.d.formats.membrane.fraction - self.d.formats.target.fraction
        wanted = target << align
        outputs = [(result.y, result.dy, self.d.global_weight)]
        for layer in self.g.local:
            trace = result.layers[layer.index]
            outputs.append((trace.z, trace.dz, 1))
        loss, slopes = 0, np.zeros(len(result.dy), np.int64)
        for y, dy, weight in outputs:
            error = y - wanted
            loss += weight * int((error * error).sum())
            slopes += weight * (error * dy).sum(axis=(1, 2))
        jvp = tuple(slopes.tolist())
        self.flags |= result.flags
        self.skipped = skipped_clocks(self.g, result)
        self._learn(perturbation, jvp, stage)
        return Record(loss, jvp, self.drawer.state, self.flags, self.skipped)

    def _learn(self, perturbation: Perturbation, jvp: tuple[int, ...], stage: int) -> None:
        layers, masks = range(self.d.n_layers), self.d.masks
        words = [0] * (len(jvp) * len(layers))
        if self.d.learning.rounding == "stochastic":
            words = self.drawer.words(len(words))
        for k, mask in enumerate(masks):
            for layer in layers:
                if not mask >> layer & 1:
                    continue
                step = self._step(jvp[k], layer, stage, words[k * len(layers) + layer])
                first, last = (
                    not any(one >> layer & 1 for one in others)
                    for others in (masks[:k], masks[k + 1 :])
                )
                for n, (stored, signs) in enumerate(
                    ((self.weights, perturbation.weights), (self.biases, perturbation.biases))
                ):
                    moved = -signs[layer][k] * step
                    if self.velocities:
                        moved = self._change(2 * layer + n, moved, first=first, last=last)
                    stored[layer] = self._kept(stored[layer] + moved, self.d.formats.weight)

    def _change(self, n: int, moved: Matrix, *, first: bool, last: bool) -> Matrix:
        """What the velocities m of memory n change in its weights: -round(m), once in a batch.

        m loses round(m / 2^k) at the layer's first lane of a batch, and what a lane's step would
        have moved at every lane; at the last the weights follow.
        """
        decay, velocity = self.d.momentum or 0, self.velocities[n]
        if first:
            moved = moved + round_half_up(velocity, decay)
        self.velocities[n] = velocity = self._kept(velocity - moved, self.d.step_format)
        return -round_half_up(velocity, VELOCITY_BITS) if last else np.zeros_like(velocity)

    def _kept(self, value: Matrix, form: Format) -> Matrix:
        """Saturated, and told in the flags."""
        kept, over = saturate(value, form)
        self.flags |= over << Flag.WEIGHT
        return kept.astype(np.int64, copy=False)

    def _step(self, jvp: int, layer: int, stage: int, word: int) -> int:
        """floor((jvp * mantissa + u) / 2^s), saturated, with s the layer's shift.

        u is half of 2^s to round to the nearest; for stochastic rounding the lowest s bits of a
        drawn word, uniform in [0, 2^s). Mantissas are eighths: with them s is 3 more.
        """
        learning, form = self.d.learning, self.d.step_format
        shift = self.d.step_shift[layer] + stage + self.d.mantissa_bits
        value = jvp if learning.mantissa is None else jvp * learning.mantissa[layer]
        dither = (1 << shift) >> 1
        if learning.rounding == "stochastic":
            dither = word & (1 << shift) - 1
        exact = (value + dither) >> shift
        step = min(form.highest, max(form.lowest, exact))
        self.flags |= (step != exact) << Flag.STEP
        return step
