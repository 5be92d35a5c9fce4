"""Good files as dualspike writes them, small, and the same on every run but for times."""

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np

from dualspike.boards.flow.manifest import digest
from dualspike.model.system.seal import CHECKSUM, sealed
from tests.small import OPERATOR, functions, synthesis

from .readers import built, said
from .trial import Ended

NET = """\
# A small network.
name = "tiny"

[network]
layers = [2, 3, 4, 1]
time_steps = 4
leak = 0.875
surrogate = { kind = "gaussian", sigma = 0.5, entries = 64, span = 2 }

[learning]
batch = 4
updates = 3
rate = 4

[data]
source = "data.npz"
"""

SETTINGS = """\
experiment = "hat"
seeds = 1

[problem]
validation = 20

[operator]
kind = "mlp"

[[operator.parts]]
layers = [2, 4, 4, 1]
time_steps = 4
surrogate = { kind = "gaussian", sigma = 0.5 }

[training]
updates = 6
batch = [8]
directions = 1
optimiser = { kind = "adam" }
schedule = { kind = "constant" }

[training.rates]
BP = 5e-3
RFG-L = 5e-3
RFG-G = 3e-3

[quick]
updates = 3
batch = [8]
"""

CHECKPOINT = 100
"""Updates after a checkpoint; two more are left."""


def network(folder: Path, updates: int = 3, rows: int = 300) -> None:
    """A description with its data, which zipfile does not read at once, or it would see it all."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (rows, 2))
    np.savez(folder / "data.npz", x=x, y=0.5 * x[:, :1] * x[:, 1:])
    text = NET.replace("updates = 3", f"updates = {updates}")
    (folder / "net.toml").write_text(text)


def packed(folder: Path) -> None:
    """The same with data that are compressed."""
    network(folder)
    with np.load(folder / "data.npz") as arrays:
        np.savez_compressed(folder / "data.npz", **arrays)


def labelled(folder: Path) -> None:
    """A description with its labelled data, test samples among them."""
    rng = np.random.default_rng(2)
    x, labels = rng.uniform(-1, 1, (320, 2)), np.arange(320) % 3
    tests = {"x_test": x[300:], "labels_test": labels[300:]}
    np.savez(folder / "data.npz", x=x[:300], labels=labels[:300], **tests)
    (folder / "net.toml").write_text(NET.replace("[2, 3, 4, 1]", "[2, 3, 4, 3]"))


def trained_labelled(folder: Path) -> None:
    """What train leaves of labelled data."""
    labelled(folder)
    said(folder, "train", "@net.toml", "-o", "@run")
    _timeless(folder / "run" / "result.json")


def operator(folder: Path) -> None:
    """A description of an operator chip with its functions."""
    np.savez(folder / "data.npz", **functions())
    (folder / "net.toml").write_text(OPERATOR.replace("updates = 6", "updates = 3"))


def trained(folder: Path) -> None:
    """What generate, synth, train and simulate leave; little in it besides the weights."""
    network(folder, rows=12)
    for command in ("generate", "train"):
        said(folder, command, "@net.toml", "-o", "@run")
    (folder / "run" / "report" / "synth-ecp5.json").write_text(synthesis(folder / "net.toml"))
    _timeless(folder / "run" / "result.json")


def generated(folder: Path) -> None:
    """The same without a training run: the description is in the manifest."""
    network(folder)
    said(folder, "generate", "@net.toml", "-o", "@run")


def generated_operator(folder: Path) -> None:
    """As `generated`, of an operator chip."""
    operator(folder)
    said(folder, "generate", "@net.toml", "-o", "@run")


def trained_operator(folder: Path) -> None:
    """As `trained`, of an operator chip."""
    generated_operator(folder)
    said(folder, "train", "@net.toml", "-o", "@run")
    _timeless(folder / "run" / "result.json")


def broken_off(folder: Path) -> None:
    """A training run that was interrupted after its first checkpoint."""
    network(folder, CHECKPOINT + 2)
    _interrupted(folder)


def broken_off_operator(folder: Path) -> None:
    """The same of an operator chip."""
    operator(folder)
    text = (folder / "net.toml").read_text()
    (folder / "net.toml").write_text(text.replace("updates = 3", f"updates = {CHECKPOINT + 2}"))
    _interrupted(folder)


def board(folder: Path) -> None:
    """What flash needs of what build writes."""
    preamble = b"\xff\x00Part: LFE5U-85F\x00\xff\xff\xbd\xb3\xff\xff\xff\xff\xe2\x00\x00\x00"
    content = preamble + bytes.fromhex("41113043") + np.random.default_rng(5).bytes(400)
    made = {"name": "net", "board": "ulx3s-85f", "bitstream": "net.bit", "size": len(content)}
    (folder / "net.bit").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(made | {"sha256": digest(content)}, indent=2))


def simulator(folder: Path) -> None:
    """Kept builds: a core and Verilator's runtime."""
    built(folder)


def alone(folder: Path) -> None:
    """The core alone."""
    built(folder)
    for library in folder.glob("cache/simulators/*/runtime.o"):
        shutil.rmtree(library.parent)


def runtime(folder: Path) -> None:
    """The runtime alone."""
    built(folder)
    for library in folder.glob("cache/simulators/*/core.so"):
        shutil.rmtree(library.parent)


def experiment_settings(folder: Path) -> None:
    """Settings of an experiment."""
    (folder / "settings.toml").write_text(SETTINGS)


def experiment(folder: Path) -> None:
    """An experiment in which one method has ended."""
    experiment_settings(folder)
    said(folder, *EXPERIMENT)


def experiment_broken_off(folder: Path) -> None:
    """The same, stopped on the way."""
    experiment_settings(folder)
    first = patch("dualspike.golden.experiments.paper.run.FIRST_SECONDS", 0.0)
    last = patch(
        "dualspike.golden.experiments.paper.run.RunRecord.finish", side_effect=KeyboardInterrupt
    )
    with first, last, suppress(Ended):
        said(folder, *EXPERIMENT)


def widths(folder: Path) -> None:
    """A study of widths in which every run has ended."""
    said(folder, *WIDTHS)


EXPERIMENT = (
    *("experiment", "hat", "--methods", "BP", "--settings", "@settings.toml"),
    *("-o", "@experiment"),
)
WIDTHS = (
    *("experiment", "widths", "--network", "hat", "--seeds", "1", "--quick", "--updates", "1"),
    *("-o", "@widths"),
)


def _interrupted(folder: Path) -> None:
    @contextmanager
    def impatient(*_: object) -> Generator[object, None, None]:
        def show(done: int, _loss: float) -> None:
            if done > CHECKPOINT:
                raise KeyboardInterrupt

        yield show

    with patch("dualspike.commands.train.progress_bar", impatient), suppress(Ended):
        said(folder, "train", "@net.toml", "--resume", "@kept.npz", "-o", "@run")


def _timeless(file: Path) -> None:
    """A result whose run has taken no time, so that the file is the same on every machine."""
    found = json.loads(file.read_text())
    del found[CHECKSUM]
    file.write_text(sealed(found | {"seconds": 1.5}))
