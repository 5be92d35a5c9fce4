"""What training samples lack, so that a run would learn less than it seems to, without a word."""

import numpy as np

from dualspike.golden.data.problem import Problem

SHOWN = 10


def lacks(problem: Problem) -> list[str]:
    """A line for each: classes without a training sample, and inputs that are all the same.

    Inputs are those of the first part: samples, or functions. One input that never changes is no
    fault, as the corners of images are; all of them are.
    """
    lines: list[str] = []
    x, *_ = problem.train.inputs
    if problem.classes is not None:
        absent = np.flatnonzero(~(problem.train.target > 0).any(axis=0)).tolist()
        names = ", ".join(map(str, absent[:SHOWN])) + (", ..." if len(absent) > SHOWN else "")
        if absent:
            be = "class" if len(absent) == 1 else "classes"
            lines.append(f"no training sample is of {be} {names}, which cannot be learned")
    if len(x) > 1 and (x == x[:1]).all():
        rows = "samples" if problem.kind == "mlp" else "functions"
        lines.append(
            f"all {len(x)} training {rows} have the same inputs: only a constant is learned"
        )
    return lines
