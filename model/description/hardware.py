"""What a chip is built of: folding and lanes."""

from typing import Annotated

from pydantic import AfterValidator

from dualspike.model.description.network import Section, Width, within
from dualspike.model.errors import not_one_of
from dualspike.model.interface.ecc import Protection
from dualspike.model.sizes.depth import DELAYS

CLOCKS = 1, 1000
"""MHz that can be asked for."""


def _device(name: str) -> str:
    if name not in DELAYS:
        raise ValueError(not_one_of("", DELAYS, name).lstrip())
    return name


class Hardware(Section):
    """Folding: layer l computes ``pe[l]`` neurons by ``simd[l]`` inputs a cycle.

    Layers are counted through all parts. Left out, ``simd`` is 1 and ``pe`` is n_out for spiking
    layers; for the first and the last layer, which work once a sample, the smallest ``pe`` that
    does not make them the slowest.
    ``lanes`` is the number of tangent lanes; left out, as many as the learning rule uses, which
    are none for a core that only infers. With fewer, a batch is taken in several passes.
    ``skip``: inputs without a spike and without tangents cost no clock (`hw.layer.zero_skipper`).
    ``terms`` of the basis of a point of an operator network are multiplied in a clock; left out, as
    few as let the product unit take a function's points while the branch takes a function, or the
    whole basis where that is not enough.
    ``protection`` of the memories of weights, biases, velocities and feedback against upsets
    (`model.interface.ecc`).
    ``clock``: MHz that are asked of the chip, which decide how deep its pipelines are on
    ``device``, the FPGA it is for (`model.sizes.depth`); without a clock as little as they can be,
    without a device as on an ECP5. Neither changes a result.
    """

    pe: list[Width] | None = None
    simd: list[Width] | None = None
    lanes: Annotated[int, within(0, 64)] | None = None
    skip: bool = False
    terms: Width | None = None
    protection: Protection = "none"
    clock: Annotated[float, within(*CLOCKS)] | None = None
    device: Annotated[str, AfterValidator(_device)] | None = None
