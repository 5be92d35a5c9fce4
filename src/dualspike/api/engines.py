"""What runs a network: the float reference, the integer model, simulated hardware, or a board."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from enum import StrEnum
from typing import Any

from dualspike.api.board_engine import BAUD, BoardEngine, board_port
from dualspike.boards.host.board import BoardCore
from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.golden.training.online_engine import OnlineFloatEngine, float_engine
from dualspike.golden.training.train import FloatEngine
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.cosim.verify import is_short
from dualspike.testbench.cosim.verilate import silent


class EngineName(StrEnum):
    """What runs a network."""

    golden = "golden"
    fixed = "fixed"
    rtl = "rtl"
    board = "board"


def check_port(name: EngineName, port: str | None) -> None:
    """Raise BadInput for a port with another engine than a board."""
    if port is not None and name is not EngineName.board:
        raise BadInput(f"--port must be left out with --engine {name}: it is that of a board")


@contextmanager
def open_engine(
    d: Description,
    name: EngineName,
    first: Parameters | None = None,
    port: str | None = None,
    baud: int = BAUD,
    rows: int | None = None,
    building: Callable[[], None] = silent,
) -> Generator[
    tuple[
        FloatEngine | OnlineFloatEngine | FixedEngine | RtlEngine | BoardEngine,
        Callable[[int], dict[str, Any]],
    ],
    None,
    None,
]:
    """An engine and a function for the clocks of so many updates (empty for the models).

    It starts from the parameters ``first``, or those of the seed. A board is at ``port``, or
    simulated. What is simulated is compiled for all updates, or only to answer ``rows``;
    ``building`` as in `verilate.build`.
    """
    if name is EngineName.board:
        with (
            board_port(d, port, building) as path,
            closing(BoardEngine(d, lambda: BoardCore.at(path, baud, d), first)) as engine,
        ):
            yield engine, lambda updates: clock_counts(d, engine, updates)
    elif name is EngineName.rtl:
        updates = d.learning.updates if d.learns and rows is None else 0
        quick = is_short(d, updates, rows or 0)
        simulation = Simulation.of(d, quick=quick, building=building)
        with RtlEngine(d, simulation, check=False, initial=first) as engine:
            yield engine, lambda updates: clock_counts(d, engine, updates)
    else:
        model = FixedEngine if name is EngineName.fixed else float_engine
        yield model(d, first), lambda _: {}


def clock_counts(d: Description, engine: RtlEngine | BoardEngine, updates: int) -> dict[str, Any]:
    """Clocks of the training alone, in all and by sample."""
    samples = updates * d.batch[0]
    return {
        "cycles": engine.learning_cycles,
        "cycles_per_sample": engine.learning_cycles / samples,
    }
