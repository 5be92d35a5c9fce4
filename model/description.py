"""The validated description of one chip: what a TOML file says, and nothing else."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from dualspike.model.formats import Format
from dualspike.model.hardware import Hardware
from dualspike.model.keywords import check_name
from dualspike.model.learning import Learning, steps_of
from dualspike.model.network import Network, Section
from dualspike.model.widths import Formats

LEAKS = range(1, 9)
"""Numbers k for which hardware has the leak 1 - 2^-k."""


class Data(Section):
    """Training data: ``hat`` (2-D Mexican hat), or an ``.npz`` with x [N, n_in], y [N, n_out]."""

    source: str = "hat"

    @property
    def path(self) -> Path | None:
        """The file, or None for a built-in source."""
        return None if self.source == "hat" else Path(self.source)


class Description(Section):
    """One chip and its training. ``name`` becomes the name of the top module."""

    name: str = Field("dualspike_core", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    network: Network
    learning: Learning = Learning()
    formats: Formats = Formats()
    hardware: Hardware = Hardware()
    data: Data = Data()

    @property
    def n_layers(self) -> int:
        """Weight layers: the hidden ones, the readout, and the local readouts where there are."""
        return len(self.shapes)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(n_in, n_out) of every weight layer; local readouts behind the others, by depth."""
        network = self.network
        hidden = network.layers[1:-1] if self.local else []
        return [*network.shapes, *((width, network.layers[-1]) for width in hidden)]

    @property
    def local(self) -> bool:
        """Whether every hidden layer has a loss of its own."""
        return self.learns and self.learning.local

    @property
    def readouts(self) -> int:
        """Readouts that meet a target: the network's, and the local ones."""
        return 1 + self.global_weight * self.local

    @property
    def global_weight(self) -> int:
        """What the network's loss counts in units of a local one: N, the number of hidden layers.

        1 where there are no local losses.
        """
        return len(self.network.layers) - 2 if self.local else 1

    @property
    def learns(self) -> bool:
        """Whether the chip learns; one that does not has nothing that belongs to learning."""
        return self.learning.rule != "none"

    @property
    def has_learner(self) -> bool:
        """Whether loss, slopes and steps are taken in this core, and not behind it."""
        return self.learns

    @property
    def lanes(self) -> int:
        """Lanes for which signs are drawn: those that are used, or all on the chip if more."""
        return max(self.hardware.lanes or 0, self.lanes_used)

    @property
    def lanes_built(self) -> int:
        """Tangent lanes on the chip."""
        return self.hardware.lanes or self.lanes_used

    @property
    def passes(self) -> int:
        """How often the chip takes a batch until all lanes have had their turn."""
        return -(-self.lanes // max(1, self.lanes_built))

    @property
    def lanes_used(self) -> int:
        """Lanes that the learning rule perturbs; any others stay masked."""
        return len(self._used_masks)

    @property
    def masks(self) -> list[int]:
        """For each lane the layers it perturbs and updates, layer l in bit l."""
        used = self._used_masks
        return used + [0] * (self.lanes - len(used))

    @property
    def _used_masks(self) -> list[int]:
        return self.learning.lane_masks(self.n_layers) if self.learns else []

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
    def layer_shift(self) -> list[int]:
        """Extra rate shift of every layer."""
        shifts = self.learning.layer_shift
        return [0] * self.n_layers if shifts is None else shifts

    @property
    def momentum(self) -> int | None:
        """k, of a chip whose weights have velocities that keep 1 - 2^-k of themselves."""
        return self.learning.momentum if self.learns else None

    @property
    def step_format(self) -> Format:
        """Format of steps: the weights', with momentum the finer one of their velocities."""
        return steps_of(self.formats.weight, self.momentum)

    @property
    def step_shift(self) -> list[int]:
        """Right shift from a jvp accumulator to a step in its units, at the start, by layer.

        The accumulator has membrane + tangent fraction bits; the batch mean, the rate and the
        step's last bit are folded in. It holds N times the slope where there are local losses:
        that is divided by the next power of two, as the batch is.
        """
        f = self.formats
        base = f.membrane.fraction + f.tangent.fraction - self.step_format.fraction
        base += self.learning.rate + (self.learning.batch - 1).bit_length()
        base += (self.global_weight - 1).bit_length()
        return [base + shift for shift in self.layer_shift]

    @property
    def mantissa_bits(self) -> int:
        """Fraction bits of the mantissas, by which a step shifts further; 0 without mantissas."""
        return self.learning.mantissa_bits

    def stage(self, update: int) -> int:
        """Number of rate halvings in force at ``update`` (counted from 0)."""
        return self.learning.stage(update)

    def _check_network(self) -> None:
        """Only what the hardware builds; the float model knows more."""
        network, surrogate = self.network, self.network.surrogate
        if network.leak != 1 and not self.leak_shift:
            raise ValueError(
                f"network.leak must be 1, or 1 - 2^-k with k in [{LEAKS[0]}, {LEAKS[-1]}], in"
                f" hardware, not {network.leak}"
            )
        if surrogate.kind == "stein" and surrogate.draws != "fixed":
            raise ValueError(
                f"network.surrogate.draws must be fixed (a table) in hardware, not"
                f" {surrogate.draws}"
            )
        if network.coding != "direct" and not self.formats.input.fraction:
            raise ValueError(
                f"formats.input must have at least 1 fraction bit with coding {network.coding},"
                f" not {self.formats.input}"
            )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_name(self.name)
        self._check_network()
        membrane = self.formats.membrane
        for stored, threshold in zip(self.thresholds, self.network.thresholds, strict=True):
            if not 1 <= stored <= membrane.highest:
                raise ValueError(
                    f"formats.membrane must hold the threshold {threshold:g}"
                    f" as a positive number, {membrane} holds {float(membrane.lsb):g}"
                    f" to {float(membrane.highest * membrane.lsb):.10g}"
                )
        if self.learns:
            self._check_learning()
        elif self.hardware.lanes:
            raise ValueError(
                f"hardware.lanes must be 0 with learning.rule 'none', not {self.hardware.lanes}"
            )
        return self

    def _check_learning(self) -> None:
        membrane, formats = self.formats.membrane, self.formats
        table = formats.surrogate
        if round(self.network.surrogate.peak * 2**table.fraction) > table.highest:
            raise ValueError(
                f"formats.surrogate must hold the surrogate's peak"
                f" {self.network.surrogate.peak:.3f}, {table} ends at"
                f" {float(table.highest * table.lsb):.3f}"
            )
        bin_bits = (2 * self.network.surrogate.span).bit_length() - 1 + membrane.fraction
        if self.network.surrogate.entries.bit_length() - 1 > bin_bits:
            raise ValueError(
                f"network.surrogate.entries must be at most {1 << bin_bits} with"
                f" {membrane} membranes, not {self.network.surrogate.entries}"
            )
        if self.has_learner:
            self.learning.check_layers(self.n_layers, self.step_shift)
        if self.lanes > 64:
            name = "directions" if self.learning.masks is None else "masks"
            raise ValueError(f"learning.{name} must leave at most 64 lanes, not {self.lanes}")
        if self.network.coding == "bernoulli" and self.passes > 1:
            raise ValueError(
                f"hardware.lanes must be at least {self.lanes} with coding bernoulli,"
                f" not {self.lanes_built}"
            )
        if self.hardware.lanes == 0:
            raise ValueError("hardware.lanes must be in [1, 64], not 0")
