"""Problems in files: computed once, checked whenever they are read, so that runs compare."""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.data.problem import Problem, Samples, Settings, assembled, build
from dualspike.golden.files.arrays import finite_floats, read_arrays
from dualspike.golden.files.writing import write_atomic
from dualspike.golden.numeric import Doubles
from dualspike.model.errors import BadInput
from dualspike.model.system.text import parse_json

_SPLITS = ("train", "validation", "test")
_PARTS = {
    "mlp": ("x", "y"),
    "deeponet": ("u", "points", "y"),
    "seponet": ("u", "x", "t", "y"),
}


def checksum(problem: Problem) -> str:
    """SHA-256 of every sample, as 64 hexadecimal digits.

    Over the arrays in the order training, validation, test, inputs before the target: for each
    its name, its shape and its values as little-endian float64, row-major. The built-in problems
    have the same bits on every machine, see ``portable``, hence one checksum.
    """
    return digest_of(_arrays(problem))


def digest_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of names, shapes and values, as `checksum` has it; of integers as such."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {list(array.shape)}\n".encode())
        kind = "<f8" if array.dtype.kind == "f" else "<i8"
        digest.update(np.ascontiguousarray(array, kind).tobytes())
    return digest.hexdigest()


def save(path: Path, settings: Settings, problem: Problem) -> None:
    """Write the problem, its settings and its checksum as an ``.npz``, whole or not at all.

    Raises BadInput with the path and the reason if that cannot be done.
    """
    content = io.BytesIO()
    np.savez(
        content,
        settings=np.array(_text(settings)),
        checksum=np.array(checksum(problem)),
        allow_pickle=False,
        **_arrays(problem),
    )
    write_atomic(path, content.getvalue())


def load(path: Path, settings: Settings) -> Problem:
    """The problem that was saved with these settings.

    Raises BadInput with the path for a file that is missing, damaged, incomplete, made with other
    settings, or whose samples do not have the checksum it names.
    """
    names = [f"{split}_{part}" for split in _SPLITS for part in _PARTS[settings.kind]]
    arrays = read_arrays(path, ["settings", "checksum", *names])
    _same_settings(path, str(arrays["settings"]), settings)
    values = {name: finite_floats(path, name, arrays[name]) for name in names}
    wanted, found = str(arrays["checksum"]), digest_of(values)
    if found != wanted:
        raise BadInput(
            f"{path} must hold the samples it was made with, SHA-256 {wanted[:12]}..., not"
            f" {found[:12]}...: remove it to have it made again"
        )
    train, validation, test = (
        _samples([values[f"{split}_{part}"] for part in _PARTS[settings.kind]]) for split in _SPLITS
    )
    return assembled(settings, (train, validation, test))


def stored(path: Path, settings: Settings) -> Problem:
    """The problem in the file at ``path``; computed and saved there first if there is no file.

    Raises BadInput as ``load`` and ``save`` do.
    """
    if os.path.exists(path):
        return load(path, settings)
    problem = build(settings)
    save(path, settings, problem)
    return problem


def _arrays(problem: Problem) -> dict[str, Doubles]:
    arrays: dict[str, Doubles] = {}
    for split in _SPLITS:
        samples: Samples = getattr(problem, split)
        values = (*samples.inputs, samples.target)
        for part, array in zip(_PARTS[problem.kind], values, strict=True):
            arrays[f"{split}_{part}"] = array
    return arrays


def _samples(values: list[Doubles]) -> Samples:
    *inputs, target = values
    return Samples(tuple(inputs), target)


def _text(settings: Settings) -> str:
    return json.dumps({"problem": settings.name, **asdict(settings)})


def _same_settings(path: Path, text: str, settings: Settings) -> None:
    """Raise BadInput for the first setting in which the file's differ from those asked for."""
    try:
        made: Any = parse_json(text)
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise BadInput(f"{path}: settings must be a JSON object, not {text[:40]!r}")
    held = cast("dict[str, Any]", made)
    asked: dict[str, Any] = json.loads(_text(settings))
    for name in [*asked, *held]:
        ours, theirs = asked.get(name), held.get(name)
        if ours != theirs:
            raise BadInput(
                f"{path} must be made with {name} = {ours}, not {theirs}: remove it or name"
                " another file"
            )
