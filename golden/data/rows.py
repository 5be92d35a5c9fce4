"""All rows of a user's file, to be answered: with targets if the file has them, or without."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.functions import read_inputs_of_functions
from dualspike.golden.data.labelled.own import inputs_of, is_of_events, label_names, labels_of
from dualspike.golden.data.labelled.samples import capped
from dualspike.golden.data.problem import Samples
from dualspike.golden.data.samples import KIND, check_source, read_inputs, read_targets, scaled
from dualspike.golden.data.units import check_labels
from dualspike.golden.files.arrays import array_names, read_arrays
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput


def read_rows(d: Description) -> tuple[Samples, bool, bool] | None:
    """What is in the file of ``d.data``: the samples, whether answers are known, whether classes.

    mlp: every row of ``x`` [N, n_in] or [N, T, n_in], next to ``y`` [N, n_out] or class numbers
    (``labels`` or ``y`` [N]); arrays with ``_test`` do not count. Operator networks: ``u`` [F, m]
    and the points, any number, next to ``y``. Targets are 0 where they are not known; inputs are
    scaled as the description says. None for what is no such file: the name of a data set, or
    lists of events.

    Raises BadInput with the path for arrays that are missing, misshapen or not finite, and for
    labels of which the network has no output.
    """
    path = d.data.path
    if path is None:
        return None
    if d.kind != "mlp":
        return *read_inputs_of_functions(path, d.kind), False
    check_source(path)
    n_in, n_out = d.network.layers[0], d.network.layers[-1]
    held = array_names(path, KIND)
    if is_of_events(held):
        return None
    if named := label_names(path):
        check_labels(d.data)
        return scaled(_labelled(d, path, named[0]), d.data), True, True
    if d.network.coding == "frames":
        x = inputs_of(path, "x", read_arrays(path, ["x"], KIND)["x"])
        return scaled(Samples((_taken(d, x),), np.zeros((len(x), n_out))), d.data), False, False
    if own := read_inputs(d.data, n_in, n_out):
        return own, False, False
    return read_targets(d.data, n_in, n_out), True, False


def _labelled(d: Description, path: Path, named: str) -> Samples:
    n_out = d.network.layers[-1]
    arrays = read_arrays(path, ["x", named], KIND)
    x = inputs_of(path, "x", arrays["x"])
    labels = labels_of(path, named, arrays[named], len(x))
    if (bad := labels >= n_out).any():
        row = int(bad.argmax())
        raise BadInput(
            f"{path}: {named} must be in [0, {n_out - 1}], {named}[{row}] is {labels[row]}"
        )
    return Samples((_taken(d, x),), np.eye(n_out)[labels])


def _taken(d: Description, x: NDArray[Any]) -> NDArray[np.float64]:
    """As float64; of counts in frames that are not scaled, as many as the chip can take."""
    return (capped(x, d.formats.input.highest) if d.data.plain else x).astype(np.float64)
