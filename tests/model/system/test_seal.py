import json
from typing import Any

import pytest

from dualspike.model.system.seal import sealed, whole

CONTENT: dict[str, Any] = {"name": "µ", "list": [1, 2.5, None, {"deep": True}], "empty": {}}


def test_a_sealed_text_is_its_content_after_the_checksum() -> None:
    """SHA-256 of the JSON text, from coreutils: printf '%s' '{"a": 1}' | sha256sum."""
    assert sealed({"a": 1}) == (
        '{\n  "checksum":'
        ' "f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310",\n  "a": 1\n}\n'
    )


def test_content_is_whole_in_any_order_but_not_without_a_checksum() -> None:
    read = json.loads(sealed(CONTENT))
    assert whole(read)
    assert whole(dict(reversed(read.items())))
    assert not whole(CONTENT)
    assert {name: read[name] for name in CONTENT} == CONTENT


@pytest.mark.parametrize(
    "change",
    [
        {"name": "u"},
        {"list": [1, 2.5000000000000004, None, {"deep": True}]},
        {"list": [1, 2.5, None, {"deep": 1}]},
        {"empty": []},
        {"more": 0},
        {"checksum": ""},
        {"checksum": None},
    ],
)
def test_any_change_is_told(change: dict[str, Any]) -> None:
    assert not whole(json.loads(sealed(CONTENT)) | change)
