"""What a trained network answers, on any engine."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dualspike.api.board_engine import BAUD
from dualspike.api.engines import EngineName, open_engine
from dualspike.boards.host.port import LinkLost
from dualspike.golden.float.layout import Parameters
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.description import Description
from dualspike.model.description.load import load
from dualspike.model.errors import BadInput
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


def answers(
    d: Description,
    engine: EngineName,
    parameters: Parameters | None,
    inputs: Sequence[Doubles],
    port: str | None = None,
    baud: int = BAUD,
    building: Callable[[], None] = silent,
) -> Doubles:
    """Outputs for rows [N, n_in] of every part: [N, n_out], or [F, P, ...] of an operator network.

    Raises BadInput for values outside of the formats and for a board that is lost. ``building``
    as in `verilate.build`.
    """
    try:
        with open_engine(d, engine, parameters, port, baud, len(inputs[0]), building) as (
            chosen,
            _,
        ):
            return chosen.predict(inputs)
    except LinkLost as lost:
        raise BadInput(str(lost)) from lost
