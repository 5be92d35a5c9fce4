"""Weights and biases as a file: the arrays that `dualspike train` writes, read back and checked."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from dualspike.golden.data.warnings.vanishing import judge
from dualspike.golden.files.arrays import finite_floats, read_arrays
from dualspike.golden.float.layout import Parameters
from dualspike.golden.integer.rounding import quantise
from dualspike.golden.numeric import Floats
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput


def weight_arrays(parameters: Parameters) -> dict[str, Floats]:
    """Names and values of the arrays: ``weights_l`` [n_out, n_in], ``biases_l`` [n_out]."""
    arrays: dict[str, Floats] = {}
    for layer, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        arrays |= {f"weights_{layer}": w, f"biases_{layer}": b}
    return arrays


def npz_bytes(arrays: dict[str, Any]) -> bytes:
    """Arrays as the bytes of an ``.npz`` file; the same ones every time."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read_weights(path: Path, description: Description) -> Parameters:
    """Parameters of a description's layers from an ``.npz`` file, in float64, as they are there.

    Other arrays in the file do not count. Raises BadInput with the path for a file that cannot be
    read, and for arrays that are missing, misshapen, not finite, or outside the weight format, in
    which something must be left of the weights of every layer.
    """
    layers = range(description.n_layers)
    names = [f"{kind}_{layer}" for layer in layers for kind in ("weights", "biases")]
    arrays = read_arrays(path, names)
    values = {name: finite_floats(path, name, arrays[name]) for name in names}
    for layer, (n_in, n_out) in enumerate(description.shapes):
        for name, shape in ((f"weights_{layer}", (n_out, n_in)), (f"biases_{layer}", (n_out,))):
            if values[name].shape != shape:
                raise BadInput(
                    f"{path}: {name} must have shape {list(shape)}, not {list(values[name].shape)}"
                )
            quantise(values[name], description.formats.weight, f"{path}: {name}")
        name = f"weights_{layer}"
        loss = judge(name, values[name], description.formats.weight)
        if loss and loss.nothing:
            raise BadInput(f"{path}: {loss.text}")
    return Parameters(
        tuple(np.ascontiguousarray(values[f"weights_{layer}"]) for layer in layers),
        tuple(values[f"biases_{layer}"] for layer in layers),
    )
