"""The bytes of a file from outside, plain or gzipped, never more than are allowed for."""

import gzip
import zlib
from pathlib import Path

from dualspike.model.errors import BadInput

_GZIP = b"\x1f\x8b"


def read_bytes(path: Path, most: int) -> bytes:
    """The bytes of a file, or of what is in it where it is gzipped, whatever its name.

    Raises BadInput with the path for a file that cannot be read, is cut off or damaged, and for
    more than ``most`` bytes, of which no more are unpacked.
    """
    try:
        with path.open("rb") as file:
            packed = file.peek(len(_GZIP)).startswith(_GZIP)
            content = (gzip.GzipFile(fileobj=file) if packed else file).read(most + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadInput(f"cannot read {path}: {reason}") from None
    if len(content) > most:
        where = " unpacked" if packed else ""
        raise BadInput(f"{path} must have at most {most} bytes{where}, it has more")
    return content
