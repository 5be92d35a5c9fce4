"""Between the numbers of a user's file and those that a network learns from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dualspike.golden.numeric import Doubles
from dualspike.model.description.data import Data
from dualspike.model.errors import BadInput


@dataclass(frozen=True, eq=False)
class Units:
    """A network has (value - ``offset``) ``scale`` where a user has a value, in every column."""

    offset: Doubles | float = 0.0
    scale: Doubles | float = 1.0

    def stored(self, values: Doubles) -> Doubles:
        """What the network has for values [..., n]."""
        return (values - self.offset) * self.scale

    def given(self, stored: Doubles) -> Doubles:
        """What a user has for what the network has, [..., n]."""
        return stored / self.scale + self.offset


AS_THEY_ARE = Units()


def input_units(data: Data, width: int) -> Units:
    """Of inputs [..., width]; raises BadInput for lists of another length."""
    return _units({"offset": data.offset, "scale": data.scale}, width, "input")


def target_units(data: Data, width: int) -> Units:
    """Of targets and answers [..., width]; raises BadInput for lists of another length."""
    keys = {"target_offset": data.target_offset, "target_scale": data.target_scale}
    return _units(keys, width, "output")


def check_labels(data: Data) -> None:
    """Raise BadInput for a scale of targets where these are labels."""
    for key in ("target_offset", "target_scale"):
        if getattr(data, key) != Data.model_fields[key].default:
            raise BadInput(f"data.{key} must be left out for {data.source}, which has labels")


def _units(keys: Mapping[str, float | Sequence[float]], width: int, what: str) -> Units:
    for name, given in keys.items():
        if isinstance(given, list) and len(given) != width:
            raise BadInput(
                f"data.{name} must have {width} entries, one for each {what}, not {len(given)}"
            )
    offset, scale = (np.asarray(one, np.float64) for one in keys.values())
    return Units(offset, scale)
