"""Which parts make up an operator."""

from typing import Any

import pytest
from pydantic import ValidationError

from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator


def parts(*layers: list[int]) -> list[Network]:
    return [Network(layers=widths) for widths in layers]


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        ("mlp", [[2, 16, 16, 1]]),
        ("deeponet", [[26, 32, 16], [3, 8, 8, 16]]),
        ("seponet", [[26, 16, 8], [1, 4, 8]]),
        ("seponet", [[26, 16, 8], [1, 4, 8], [1, 5, 6, 8], [1, 4, 8]]),
    ],
)
def test_known_kinds(kind: Any, layers: list[list[int]]) -> None:
    operator = Operator(kind=kind, parts=parts(*layers))
    assert [part.layers for part in operator.parts] == layers
    assert Operator(parts=parts(layers[0])).kind == "mlp"


@pytest.mark.parametrize(
    ("kind", "layers", "line"),
    [
        ("mlp", [], "parts must be 1 part for kind mlp, not 0"),
        ("mlp", [[1, 2, 3], [1, 2, 3]], "parts must be 1 part for kind mlp, not 2"),
        (
            "deeponet",
            [[1, 2, 3]],
            "parts must be 2 parts (branch, trunk) for kind deeponet, not 1",
        ),
        (
            "seponet",
            [[1, 2, 3]],
            "parts must be 2 to 16 parts (branch, one trunk for each coordinate)"
            " for kind seponet, not 1",
        ),
        (
            "deeponet",
            [[1, 2, 3], [1, 2, 4]],
            "parts[1].layers must end with the basis 3 of parts[0], not 4",
        ),
        (
            "seponet",
            [[1, 2, 3], [1, 2, 3], [2, 2, 3]],
            "parts[2].layers must begin with 1 (one coordinate), not 2",
        ),
    ],
)
def test_mistakes(kind: Any, layers: list[list[int]], line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Operator(kind=kind, parts=parts(*layers))
    (error,) = caught.value.errors()
    assert str(error.get("ctx", {})["error"]) == line
