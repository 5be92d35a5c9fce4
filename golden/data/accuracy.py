"""The two readings of "relative l2 error" of an operator network; both are reported."""

import numpy as np

from dualspike.golden.numeric import Doubles


def relative_l2(y: Doubles, truth: Doubles) -> float:
    """Relative l2 error ||y - truth|| / ||truth|| over all entries; ``truth`` must not be all 0."""
    return float(np.linalg.norm(y - truth) / np.linalg.norm(truth))


def mean_relative_l2(y: Doubles, truth: Doubles) -> float:
    """Mean over axis 0 of each function's relative l2 error; no function may be all 0.

    The usual figure for operator networks. ``relative_l2`` is one norm over everything, in which
    a few large functions count most.
    """
    functions = len(truth)
    off = np.linalg.norm((y - truth).reshape(functions, -1), axis=1)
    return float((off / np.linalg.norm(truth.reshape(functions, -1), axis=1)).mean())
