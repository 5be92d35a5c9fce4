"""Which training data a description names."""

from pathlib import Path
from typing import Annotated

from dualspike.model.description.network import Section, within

BUILT_IN = ("hat", "poisson", "reaction-diffusion")


class Data(Section):
    """Training data: a built-in problem, or an ``.npz`` of samples or of functions.

    ``hat`` is the 2-D Mexican hat; a file for a perceptron has x [N, n_in] and y [N, n_out]. For an
    operator network there are ``poisson`` and ``reaction-diffusion``, with the ``length`` of their
    random field, whose sensors are the branch's inputs.
    """

    source: str = "hat"
    length: Annotated[float, within(1e-3, 1e3)] = 1.0

    @property
    def path(self) -> Path | None:
        """The file, or None for a built-in source."""
        return None if self.source in BUILT_IN else Path(self.source)
