"""dualspike: hardware that learns with spikes and without back-propagation.

``import dualspike as ds``: `Description` says what a chip is, `Chip` trains, asks, verifies and
writes it, `from_nir` reads one; `BadInput` is raised for what a user can fix. `golden` has the
models, estimators and problems for research. Each is imported when it is first used.
"""

import os
import sys

# ``python -m dualspike`` would take modules from the folder it is started in: a user's random.py.
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and sys.path[0] != _HERE:
    del sys.path[0]

from dualspike.model.system.cache import adopt  # noqa: E402
from dualspike.model.version import VERSION  # noqa: E402

__version__ = VERSION

TYPE_CHECKING = False  # what typing's is to type checkers, without importing it
if TYPE_CHECKING:
    from dualspike import golden
    from dualspike.api.building import Built
    from dualspike.api.chip import Chip, from_nir
    from dualspike.api.results import Predictions, Trained
    from dualspike.model.description.description import Description
    from dualspike.model.errors import BadInput

_HOMES = {
    "BadInput": "model.errors",
    "Built": "api.building",
    "Chip": "api.chip",
    "Description": "model.description.description",
    "Predictions": "api.results",
    "Trained": "api.results",
    "from_nir": "api.chip",
}
__all__ = [
    "BadInput",
    "Built",
    "Chip",
    "Description",
    "Predictions",
    "Trained",
    "__version__",
    "from_nir",
    "golden",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"dualspike.{_HOMES[name]}"), name)
    if name == "golden":
        return import_module("dualspike.golden")
    raise AttributeError(f"module 'dualspike' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


adopt()  # before anything imports Numba or Matplotlib
