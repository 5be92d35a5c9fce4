"""The data sets of the comparison of online rules, by name."""

from collections.abc import Callable
from pathlib import Path

from dualspike.golden.online.data.digits import digits
from dualspike.golden.online.data.dvs_gesture import dvs_gesture
from dualspike.golden.online.data.idx import mnist
from dualspike.golden.online.data.moving_bars import moving_bars
from dualspike.golden.online.data.nmnist import nmnist
from dualspike.golden.online.data.samples import ClassData
from dualspike.model.errors import BadInput

BUILT_IN: dict[str, Callable[[], ClassData]] = {"digits": digits, "bars": moving_bars}
FROM_FILES: dict[str, Callable[[Path], ClassData]] = {
    "mnist": mnist,
    "nmnist": nmnist,
    "dvs-gesture": dvs_gesture,
}


def dataset(text: str) -> ClassData:
    """Samples of ``NAME``, or of ``NAME=FOLDER`` where a user has the files.

    Raises BadInput for any other name, for a folder too many or too few, and for bad files.
    """
    name, given, folder = text.partition("=")
    if name in BUILT_IN and not given:
        return BUILT_IN[name]()
    if name in FROM_FILES and folder:
        return FROM_FILES[name](Path(folder))
    known = [*BUILT_IN, *(f"{name}=FOLDER" for name in FROM_FILES)]
    raise BadInput(f"--data must be one of {', '.join(known)}, not {text}")
