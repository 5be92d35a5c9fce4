"""JSON files that tell when they are damaged: what commands write, and `report` reads again.

Their first key, ``checksum``, is the SHA-256 of everything else: of the JSON text that Python's
``json.dumps`` makes of it with sorted keys.
"""

import hashlib
import json
from typing import Any

CHECKSUM = "checksum"


def sealed(content: dict[str, Any]) -> str:
    """The text of a file with this content and its checksum."""
    return json.dumps({CHECKSUM: _checksum(content), **content}, indent=2) + "\n"


def whole(content: dict[str, Any]) -> bool:
    """Whether a file's content is what its checksum says; False where there is no checksum."""
    rest = {name: value for name, value in content.items() if name != CHECKSUM}
    return content.get(CHECKSUM) == _checksum(rest)


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
