"""Paths in a description count from the folder that it is in, wherever a command runs."""

import os
from pathlib import Path

from dualspike.model.description.description import Description


def read_from(d: Description, folder: Path) -> Description:
    """What was read in ``folder``, with paths that count from the current directory."""

    def moved(path: str) -> str:
        inside = os.path.join(folder, path)
        if os.pardir not in Path(path).parts and not os.path.isabs(folder):
            return os.path.normpath(inside)
        whole = os.path.realpath(inside)
        near = os.path.relpath(whole)
        return whole if os.pardir in Path(near).parts else near

    return _with_paths(d, {name: moved(path) for name, path in _paths(d).items()})


def written_to(d: Description, folder: Path) -> Description:
    """What is to be written in ``folder``, with paths that count from there."""
    here = os.path.realpath(folder)

    def moved(path: str) -> str:
        whole = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        return os.path.relpath(whole, here)

    return _with_paths(d, {name: moved(path) for name, path in _paths(d).items()})


def anywhere(d: Description) -> Description:
    """The same with bare names of files, to be compared wherever these are."""
    found = {"source": None if d.data.known else d.data.source, "folder": d.data.folder}
    return _with_paths(d, {name: Path(path).name for name, path in found.items() if path})


def _paths(d: Description) -> dict[str, str]:
    """The keys of ``[data]`` that hold a path that is not absolute; zero bytes are no path."""
    found = {"source": None if d.data.known else d.data.source, "folder": d.data.folder}
    return {
        name: path
        for name, path in found.items()
        if path and "\0" not in path and not os.path.isabs(path)
    }


def _with_paths(d: Description, paths: dict[str, str]) -> Description:
    if all(getattr(d.data, name) == path for name, path in paths.items()):
        return d
    return d.model_copy(update={"data": d.data.model_copy(update=paths)})
