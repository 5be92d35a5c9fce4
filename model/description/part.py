"""A part of a chip: what a chain of layers is built from. No rate, no batch, no data."""

from dataclasses import dataclass, replace

from dualspike.model.description.format import Format
from dualspike.model.description.formats import Formats
from dualspike.model.description.learning import VELOCITY_BITS, Learning
from dualspike.model.description.network import Network
from dualspike.model.interface.ecc import Protection
from dualspike.model.sizes.depth import Depth

LEAKS = range(1, 9)
"""Numbers k for which hardware has the leak 1 - 2^-k."""


SPIKE_BITS = 2
"""Bits of a spike of either sign: -1, 0 or 1."""


TRACE_FRACTION = 6
"""Fraction bits of a presynaptic trace."""


FEEDBACK_FINER = 8
"""Bits by which feedback is finer than weights where it takes the readout's changes."""


@dataclass(frozen=True, eq=False)
class Part:
    """One spiking perceptron on the chip: the whole network, or the branch or a trunk of several.

    ``masks``: for each lane that is drawn for the part the layers it perturbs, layer l of the part
    in bit l; ``lanes`` are the tangent lanes it is built with. ``pe`` and ``simd`` are those of the
    description, None where they are left out. ``learning`` is plain but for the seed where nothing
    is learned; the seed fixes the draws of a stein surrogate and of spikes for inputs. ``rows``: of
    a batch, where changes land after all of them: in operator chips that learn online, else 0.
    """

    network: Network
    formats: Formats
    masks: tuple[int, ...]
    lanes: int
    learning: Learning
    protection: Protection
    depth: Depth
    pe: tuple[int, ...] | None = None
    simd: tuple[int, ...] | None = None
    skip: bool = False
    rows: int = 0

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(n_in, n_out) of every weight layer; local readouts after the others, by depth."""
        layers = self.network.layers
        hidden = layers[1:-1] if self.learning.local else []
        return [*self.network.shapes, *((width, layers[-1]) for width in hidden)]

    def lanes_on(self, layer: int) -> list[int]:
        """Those of its lanes that perturb a layer of it."""
        return [lane for lane, mask in enumerate(self.masks) if mask >> layer & 1]

    @property
    def readouts(self) -> int:
        """Readouts that meet a target: the network's, and the local ones."""
        return 1 + len(self.network.layers[1:-1]) * self.learning.local

    @property
    def online(self) -> bool:
        """Whether its weights change in the passes that read them."""
        return self.learning.online

    @property
    def by_sample(self) -> bool:
        """Whether its weights change once a sample, and lanes follow all of it."""
        return self.learning.by_sample

    @property
    def numbers(self) -> bool:
        """Whether every step brings numbers and not spikes: frames of more than two bits."""
        return self.network.coding == "frames" and self.formats.input.bits > SPIKE_BITS

    @property
    def errors(self) -> int:
        """Errors of a sample, with the online learner: one a step, or one at its end."""
        return 1 if self.by_sample else self.network.time_steps

    @property
    def own_lanes(self) -> int:
        """Tangent lanes that begin in the neurons of each hidden layer, with the online learner."""
        return self.learning.directions if self.learning.has_lanes else 0

    @property
    def output_lanes(self) -> int:
        """Tangent lanes that come out of it, whichever rule they are for."""
        return self.lanes + self.own_lanes * len(self.network.layers[1:-1])

    @property
    def feedback_format(self) -> Format | None:
        """Format of feedback matrices where these are learned: so many bits finer than as used."""
        used, finer = self.feedback_used, self.feedback_finer
        if not self.learning.keeps_feedback:
            return None
        return replace(used, fraction=used.fraction + finer)

    @property
    def feedback_used(self) -> Format:
        """Format in which a feedback matrix meets errors: of tangents, or of weights."""
        lanes = self.learning.has_lanes
        return self.formats.tangent if lanes else self.formats.weight

    @property
    def feedback_finer(self) -> int:
        """Bits of a feedback matrix that only its changes see (docs/online_chip.md)."""
        return self.learning.feedback_momentum if self.learning.has_lanes else FEEDBACK_FINER

    @property
    def gate(self) -> int:
        """Half the width of the gate around the threshold, in the membrane's last bit."""
        return round(self.network.surrogate.sigma * 2**self.formats.membrane.fraction)

    @property
    def thresholds(self) -> list[int]:
        """Threshold of every hidden layer in units of the membrane's last bit."""
        one = 2**self.formats.membrane.fraction
        return [round(threshold * one) for threshold in self.network.thresholds]

    @property
    def leak_shift(self) -> int:
        """k where a membrane keeps the share 1 - 2^-k from step to step, 0 where it keeps all."""
        return next((k for k in LEAKS if self.network.leak == 1 - 2.0**-k), 0)

    @property
    def step_format(self) -> Format:
        """Format of steps: the weights', with momentum the finer one of their velocities."""
        weight = self.formats.weight
        if self.learning.momentum is None:
            return weight
        return replace(weight, fraction=weight.fraction + VELOCITY_BITS)

    def check(self) -> None:
        """ValueError for what no hardware is built for; the float model knows more."""
        network, formats = self.network, self.formats
        if network.leak != 1 and not self.leak_shift:
            raise ValueError(
                f"network.leak must be 1, or 1 - 2^-k with k in [{LEAKS[0]}, {LEAKS[-1]}], in"
                f" hardware, not {network.leak}"
            )
        if network.surrogate.kind == "stein" and network.surrogate.draws != "fixed":
            raise ValueError(
                f"network.surrogate.draws must be fixed (a table) in hardware, not"
                f" {network.surrogate.draws}"
            )
        if network.coding in ("bernoulli", "rate") and not formats.input.fraction:
            raise ValueError(
                f"formats.input must have at least 1 fraction bit with coding {network.coding},"
                f" not {formats.input}"
            )
        self._check_thresholds()
        if self.lanes or self.by_sample:
            self._check_surrogate()

    def _check_thresholds(self) -> None:
        membrane = self.formats.membrane
        for stored, threshold in zip(self.thresholds, self.network.thresholds, strict=True):
            if not 1 <= stored <= membrane.highest:
                raise ValueError(
                    f"formats.membrane must hold the threshold {threshold:g}"
                    f" as a positive number, {membrane} holds {float(membrane.lsb):g}"
                    f" to {float(membrane.highest * membrane.lsb):.10g}"
                )

    def _check_surrogate(self) -> None:
        membrane, table = self.formats.membrane, self.formats.surrogate
        surrogate = self.network.surrogate
        if round(surrogate.peak * 2**table.fraction) > table.highest:
            raise ValueError(
                f"formats.surrogate must hold the surrogate's peak"
                f" {surrogate.peak:.3f}, {table} ends at"
                f" {float(table.highest * table.lsb):.3f}"
            )
        shift = surrogate.bin_shift(membrane.fraction)
        if shift < 0:
            raise ValueError(
                f"network.surrogate.entries must be at most {surrogate.entries >> -shift} with"
                f" {membrane} membranes, not {surrogate.entries}"
            )


def change_fractions(d: Part) -> list[int]:
    """Fraction bits of a signal times a trace, by layer, with the online learner."""
    f, hidden = d.formats, len(d.network.shapes) - 1
    if d.by_sample:
        counts = (d.network.time_steps - 1).bit_length()
        first = f.input.fraction if d.network.coding == "direct" else counts
        error = f.cotangent if d.rows else f.error
        signals = [f.cotangent.fraction] * hidden + [error.fraction]
        return [a + b for a, b in zip(signals, [first] + [counts] * hidden, strict=True)]
    first = f.input.fraction if d.network.coding == "direct" else TRACE_FRACTION
    traces = [first, *[TRACE_FRACTION] * (hidden - 1)]
    return [*(f.cotangent.fraction + trace for trace in traces), f.error.fraction]


def change_shifts(d: Part) -> list[range]:
    """Right shifts from a signal times a trace to a change, of all stages, by layer."""
    learning, fraction = d.learning, d.formats.weight.fraction
    more = learning.layer_shift or [0] * len(d.network.shapes)
    starts = [
        one - fraction + learning.rate + extra
        for one, extra in zip(change_fractions(d), more, strict=True)
    ]
    return [range(start, start + learning.stages) for start in starts]
