"""The one line with which something is refused."""

from collections.abc import Callable
from typing import ParamSpec

import pytest

from dualspike.model.errors import BadInput

P = ParamSpec("P")


def refusal(work: Callable[P, object], *given: P.args, **options: P.kwargs) -> str:
    """What the `BadInput` of a call says, which is one line."""
    with pytest.raises(BadInput) as caught:
        work(*given, **options)
    line = str(caught.value)
    assert "\n" not in line
    return line
