"""dualspike: hardware that learns with spikes and without back-propagation."""

import os
import sys

# ``python -m dualspike`` would take modules from the folder it is started in: a user's random.py.
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and sys.path[0] != _HERE:
    del sys.path[0]

from dualspike.model.interface.identity import VERSION  # noqa: E402
from dualspike.model.system.cache import adopt  # noqa: E402

__version__ = VERSION

adopt()  # before anything imports Numba or Matplotlib
