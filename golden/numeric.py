"""Types of arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""float32 or float64, as the run is."""
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]
Ints = NDArray[np.signedinteger]
Matrix = NDArray[np.int64]
