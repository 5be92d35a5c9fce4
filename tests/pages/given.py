"""Files that a page takes as given, small ones."""

from collections.abc import Callable
from pathlib import Path

import nir
import numpy as np

from tests.nir_graphs.graphs import affine, graph
from tests.small import OPERATOR, OWN_DATA, PERCEPTRON, functions


def description() -> None:
    """`net.toml`."""
    Path("net.toml").write_text(PERCEPTRON.replace("tiny", "net"))


def labelled() -> None:
    """`FILE.npz` and `MORE.npz`: two classes of points in a square."""
    x = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    np.savez("FILE.npz", x=x, labels=(x[:, 0] > 0).astype(int))
    np.savez("MORE.npz", x=x[:5] / 2)


def events() -> None:
    """`net.toml`, and `events.toml`, which takes an input for every step."""
    description()
    network = 'layers = [2, 3, 2]\ntime_steps = 4\ncoding = "frames"'
    Path("events.toml").write_text(f'[network]\n{network}\n[learning]\nrule = "online"\n')


def network() -> None:
    """`net.nir` and data for it, `my.npz`."""
    neurons = nir.IF(r=np.ones(3), v_threshold=np.ones(3))
    nir.write("net.nir", graph({"fc1": affine(1, 2, 3), "if1": neurons, "fc2": affine(2, 3, 1)}, 2))
    x = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    np.savez("my.npz", x=x, y=x[:, :1] / 2)


def operators() -> None:
    """`learns.toml` and `infers.toml`, two chips of one operator network, and their data."""
    Path("learns.toml").write_text(OPERATOR)
    silent = OPERATOR.replace("[learning]", '[learning]\nrule = "none"').replace(OWN_DATA, "")
    Path("infers.toml").write_text(silent)
    np.savez("data.npz", **functions())


GIVEN: dict[str, Callable[[], None]] = {
    "README.md": labelled,
    "data.md": labelled,
    "nir.md": network,
    "operators.md": operators,
    "soc.md": events,
}


def given(page: Path) -> None:
    """Write what a page takes as given; `net.toml` if nothing else is said."""
    GIVEN.get(page.name, description)()
