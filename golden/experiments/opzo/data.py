"""The data sets of the comparison of online rules, by name."""

from collections.abc import Callable
from pathlib import Path

from dualspike.golden.data.labelled.digits import digits
from dualspike.golden.data.labelled.moving_bars import moving_bars
from dualspike.golden.data.labelled.samples import ClassData
from dualspike.golden.data.labelled.sets import from_files
from dualspike.model.description.data import FROM_FILES
from dualspike.model.errors import BadInput

BUILT_IN: dict[str, Callable[[], ClassData]] = {"digits": digits, "bars": moving_bars}


def dataset(text: str) -> ClassData:
    """Samples of ``NAME``, or of ``NAME=FOLDER`` where a user has the files.

    Raises BadInput for any other name, for a folder too many or too few, and for bad files.
    """
    name, given, folder = text.partition("=")
    if name in BUILT_IN and not given:
        return BUILT_IN[name]()
    if name in FROM_FILES and folder:
        return from_files(name, Path(folder))
    known = [*BUILT_IN, *(f"{name}=FOLDER" for name in FROM_FILES)]
    raise BadInput(f"--data must be one of {', '.join(known)}, not {text}")
