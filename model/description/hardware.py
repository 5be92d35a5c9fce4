"""What a chip is built of: folding and lanes."""

from typing import Annotated

from dualspike.model.description.network import Section, Width, within
from dualspike.model.interface.ecc import Protection


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
    ``protection`` of the memories of weights, biases and velocities against upsets
    (`model.interface.ecc`).
    ``clock``: MHz that the chip is to be clocked with, which decides how deep its pipelines are
    (`model.sizes.depth`); left out, as little as they can be. It changes no result.
    """

    pe: list[Width] | None = None
    simd: list[Width] | None = None
    lanes: Annotated[int, within(0, 64)] | None = None
    skip: bool = False
    terms: Width | None = None
    protection: Protection = "none"
    clock: Annotated[float, within(1, 1000)] | None = None
