"""What is learned: the data of the study, and the network for each."""

from dataclasses import dataclass

import numpy as np

from dualspike.golden.data.classes import load_classes
from dualspike.golden.data.store import digest_of
from dualspike.model.description.data import FROM_FILES, Data
from dualspike.model.errors import BadInput


@dataclass(frozen=True)
class Network:
    """Hidden layers and what goes with them.

    ``rate``: the right shift around which rates are tried; ``hidden_shift``: what hidden layers
    shift more where errors come through the readout's weights, which says how large these are.
    ``samples``: presentations of a run.
    """

    hidden: tuple[int, ...]
    steps: int
    leak: float
    rate: int
    hidden_shift: int
    samples: int


NETWORKS = {
    "digits": Network((64,), 8, 0.75, 8, 1, 19_200),
    "events": Network((32,), 8, 0.75, 7, 1, 9_600),
    "mnist": Network((128,), 8, 0.75, 9, 1, 48_000),
    "spoken-digits": Network((128, 128), 32, 1 - 2**-4, 11, -2, 40_800),
}


@dataclass(frozen=True)
class Case:
    """A data set, where its files are, the layers it takes, and a checksum of its samples."""

    name: str
    folder: str | None
    layers: tuple[int, ...]
    events: bool
    digest: str

    @property
    def network(self) -> Network:
        """Hidden layers and what goes with them."""
        return NETWORKS[self.name]


def case_of(text: str) -> Case:
    """The data ``NAME`` or ``NAME=FOLDER``.

    Raises BadInput for another name, for a folder too many or too few, and for bad files.
    """
    name, given, folder = text.partition("=")
    files = name in FROM_FILES
    if name not in NETWORKS or files != bool(folder) or (given and not files):
        known = [f"{one}=FOLDER" if one in FROM_FILES else one for one in NETWORKS]
        raise BadInput(f"--data must be one of {', '.join(known)}, not {text}")
    found = load_classes(Data(source=name, folder=folder or None), steps=NETWORKS[name].steps)
    assert found is not None
    parts = (found.train, found.validation, found.test)
    arrays = {f"x_{n}": np.asarray(one.x) for n, one in enumerate(parts)}
    arrays |= {f"labels_{n}": one.labels for n, one in enumerate(parts)}
    layers = (found.train.x.shape[-1], *NETWORKS[name].hidden, found.classes)
    return Case(name, folder or None, layers, found.events, digest_of(arrays))
