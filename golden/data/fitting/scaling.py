"""Offset and scale for the inputs of a file, whatever network they are for."""

from pathlib import Path
from typing import Any

import numpy as np

from dualspike.golden.data.classes import load_classes
from dualspike.golden.data.fitting.regression import read_own
from dualspike.golden.data.fitting.scales import to_ones
from dualspike.golden.data.samples import KIND, check_source
from dualspike.golden.files.arrays import array_names
from dualspike.model.description.data import Data
from dualspike.model.errors import BadInput


def scaling(data: Data) -> dict[str, Any]:
    """Keys offset and scale of ``[data]`` that bring the training inputs of a file to [-1, 1].

    They are those of `to_ones`, of the samples that are trained on alone. Raises BadInput for what
    is no file of samples, or one that cannot be used.
    """
    if data.path is None:
        raise BadInput(f"--scale must be left out with {data.source}: it is for files of samples")
    check_samples(data.path)
    found = load_classes(data)
    x = read_own(data).train.inputs[0] if found is None else found.whole.x
    x = x.reshape(-1, x.shape[-1]).astype(np.float64)
    return {"offset": 0.0, "scale": 1.0} | to_ones(x, x[:0])


def check_samples(path: Path) -> list[str]:
    """The names of all arrays of a file; BadInput if there is none, or one of functions."""
    check_source(path)
    held = array_names(path, KIND)
    if "u" in held:
        raise BadInput(f"{path} must hold samples, not functions: begin with --preset poisson")
    return held
