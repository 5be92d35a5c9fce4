"""The descriptions that may fit data: one, or one for every leak that may suit them."""

import re
from pathlib import Path
from typing import Any

from dualspike.golden.data.classes import load_classes
from dualspike.golden.data.fitting.constant import of_constants
from dualspike.golden.data.fitting.over_time import STEPS, of_frames
from dualspike.golden.data.fitting.regression import of_numbers
from dualspike.golden.data.fitting.scaling import check_samples
from dualspike.golden.data.labelled.own import is_of_events
from dualspike.model.description.data import Data
from dualspike.model.description.description import Description
from dualspike.model.description.load import describe


def descriptions_for(keys: dict[str, Any]) -> list[Description]:
    """Descriptions with these keys of ``[data]``, of which one fits what is found there.

    Labels are learned online, and there is a description for every leak that may suit, the
    likeliest first: nothing but learning tells how long a neuron should remember. Real numbers are
    learned by perturbed weights, and there is one.

    Raises BadInput for data that cannot be used, or that no perceptron fits.
    """
    data = describe({"network": {"layers": [1, 1, 1]}, "data": keys}, "--data").data
    return [
        describe({"name": _name(data), **tables, "data": keys | tables["data"]}, "--data")
        for tables in _tables(data)
    ]


def _tables(data: Data) -> list[dict[str, Any]]:
    path = data.path
    events = False
    if path is not None:
        events = is_of_events(check_samples(path))
    found = load_classes(data, steps=STEPS if events else None)
    if found is None:
        return [of_numbers(data)]
    return (of_frames if found.events else of_constants)(found, own=path is not None)


def _name(data: Data) -> str:
    stem = Path(data.source).stem if data.known is None else data.known
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:40]
    return f"{name}_core" if re.match("[a-z]", name) else "own_core"
