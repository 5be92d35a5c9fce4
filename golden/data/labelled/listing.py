"""What a user put into a folder, without what systems leave there of their own."""

from pathlib import Path

from dualspike.model.errors import BadInput

_LEFT = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}


def listed(folder: Path) -> list[Path]:
    """Files and folders in ``folder`` by name; none if there is no such folder.

    Hidden ones do not count, such as ``._00000.bin`` and ``.DS_Store``, nor ``Thumbs.db``,
    ``desktop.ini`` and ``__MACOSX``. Raises BadInput for a folder that cannot be read.
    """
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"cannot read {folder}: {reason}") from error
    return [one for one in found if not one.name.startswith(".") and one.name.lower() not in _LEFT]
