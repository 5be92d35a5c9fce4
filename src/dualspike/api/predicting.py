"""What a network answers with the weights it was trained to, or any others, on any engine."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dualspike.api.board_engine import BAUD, BoardEngine
from dualspike.api.data import initial
from dualspike.api.engines import EngineName, open_engine
from dualspike.boards.host.port import LinkLost
from dualspike.golden.data.units import target_units
from dualspike.golden.float.layout import Parameters, start
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.description import Description
from dualspike.model.description.load import load
from dualspike.model.errors import BadInput
from dualspike.testbench.cosim.device import DeviceEngine
from dualspike.testbench.cosim.verilate import silent

DESCRIPTION, WEIGHTS = "description.toml", "weights.npz"
"""The files of a run that make a trained network."""


def read_run(folder: Path) -> tuple[Description, Parameters]:
    """The description and the weights in the folder of a run; raises BadInput without them."""
    for name in (DESCRIPTION, WEIGHTS):
        if not (folder / name).is_file():
            raise BadInput(f"{folder} must be a folder that train wrote, it has no {name}")
    d = load(folder / DESCRIPTION)
    return d, read_weights(folder / WEIGHTS, d)


def network_of(net: Path, weights: Path | None) -> tuple[Description, Parameters]:
    """A run, or a description as a file; with other weights if they are given.

    A description alone has the weights of its seed. Raises BadInput as `read_run`, `load` and
    `read_weights` do.
    """
    if net.is_file():
        d = load(net)
        return d, initial(weights, d) or start(d, d.learning.seed)
    d, parameters = read_run(net)
    return d, parameters if weights is None else read_weights(weights, d)


def answers(
    d: Description,
    engine: EngineName,
    parameters: Parameters | None,
    inputs: Sequence[Doubles],
    port: str | None = None,
    baud: int = BAUD,
    building: Callable[[], None] = silent,
) -> tuple[Doubles, int]:
    """Answers for rows [N, n_in] of every part: [N, n_out], or [F, P, ...] of an operator network.

    They are in the units of the file that ``d.data`` scales the targets of.

    Also FLAGS of the hardware, what was clipped on the way; 0 of the models. Raises BadInput for
    values outside of the formats and for a board that is lost. ``building`` as in `verilate.build`.
    """
    try:
        rows = len(inputs[0])
        with open_engine(d, engine, parameters, port, baud, rows, building) as (chosen, _):
            y = target_units(d.data, d.basis).given(chosen.predict(inputs))
            hardware = isinstance(chosen, DeviceEngine | BoardEngine)
            return y, chosen.flags() if hardware else 0
    except LinkLost as lost:
        raise BadInput(str(lost)) from lost
