"""What lies in a folder that commands have written to, checked, and what does not."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from dualspike.golden.files.arrays import array_names, finite_floats, read_arrays
from dualspike.golden.float.layout import Parameters
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.weights_file import read_weights
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import read_from
from dualspike.model.description.load import describe, load, mistake
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash
from dualspike.model.system.seal import CHECKSUM, whole
from dualspike.model.system.text import parse_json, read_text
from dualspike.report.records import (
    ClassResult,
    FolderRecord,
    FunctionEstimate,
    Proof,
    Result,
    SampleEstimate,
    Synthesis,
)

DESCRIPTIONS = ("description.toml", "net.toml")
MANIFEST = "manifest.json"
WAVEFORMS = ("waves.fst", "waves.vcd", "mismatch.fst", "mismatch.vcd")

R = TypeVar("R", bound=FolderRecord)


@dataclass
class Folder:
    """A folder's contents; None or empty where something is not there.

    ``missing`` holds what each absent file would show and the command that writes it, ``strange``
    the files that belong to another configuration than the description's. ``stale``: there is a
    proof, of other files than those of the manifest.
    """

    path: Path
    description: Description
    estimate: SampleEstimate | FunctionEstimate | None = None
    syntheses: list[Synthesis] = field(default_factory=list[Synthesis])
    proof: Proof | None = None
    stale: bool = False
    result: Result | ClassResult | None = None
    parameters: Parameters | None = None
    losses: Doubles | None = None
    prediction: Doubles | None = None
    waveforms: list[Path] = field(default_factory=list[Path])
    missing: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    strange: list[str] = field(default_factory=list[str])


def read_folder(path: Path, description: Description) -> Folder:
    """Read everything that a page can show; raises BadInput for files that are damaged."""
    folder = Folder(path, description)
    here = config_hash(description)
    learns = description.learns

    def known(name: str, found: str | None) -> None:
        if found is not None and found != here:
            folder.strange.append(f"{name} ({found[:16]})")

    def lacks(name: str, what: str, command: str) -> None:
        folder.missing.append((name, what, command))

    kind = SampleEstimate if description.kind == "mlp" else FunctionEstimate
    folder.estimate = _record(path / "report" / "estimate.json", kind)
    if folder.estimate:
        known("report/estimate.json", folder.estimate.config_hash)
    else:
        lacks("report/estimate.json", "clocks, memories and forecast of the area", "generate")
    found = [_record(file, Synthesis) for file in sorted(path.glob("report/synth-*.json"))]
    folder.syntheses = [synthesis for synthesis in found if synthesis]
    for synthesis in folder.syntheses:
        known(f"report/synth-{synthesis.target}.json", synthesis.config_hash)
    if not folder.syntheses:
        lacks("report/synth-*.json", "area and clock rate after synthesis", "synth")
    folder.proof = _record(path / "proof.json", Proof)
    if folder.proof:
        known("proof.json", folder.proof.config_hash)
        manifest = path / MANIFEST
        if not manifest.exists() or read_sealed(manifest).get("files") != folder.proof.files:
            folder.proof, folder.stale = None, True
    folder.result = _result(path / "result.json")
    if folder.result:
        known("result.json", folder.result.config_hash)
    elif learns:
        lacks("result.json", "error before and after learning", "train")
    if (path / "weights.npz").exists():
        _weights(folder)
    else:
        what, command = ("learned weights and the learning curve", "train")
        if not learns:
            command = "nir import" if description.kind == "mlp" else "train, with a rule to learn"
            what = "weights"
        lacks("weights.npz", what, command)
    folder.waveforms = [path / name for name in WAVEFORMS if (path / name).exists()]
    if not folder.waveforms:
        lacks("waves.fst", "waveforms of the simulated hardware", "simulate --waves")
    return folder


def read_description(path: Path) -> Description:
    """The description in a folder; raises BadInput if there is no folder, or none in it."""
    if not path.is_dir():
        raise BadInput(f"report needs a folder that dualspike has written to, not {path}")
    for name in DESCRIPTIONS:
        if (path / name).exists():
            return load(path / name)
    manifest = path / MANIFEST
    if not manifest.exists():
        names = ", ".join((*DESCRIPTIONS, manifest.name))
        raise BadInput(f"{path} must hold one of {names}: run generate or train with -o {path}")
    tables = read_sealed(manifest).get("description")
    if not isinstance(tables, dict):
        raise BadInput(f"{manifest} must hold a table description, it holds none")
    return read_from(describe(cast(dict[str, Any], tables), str(manifest)), path)


def _weights(folder: Folder) -> None:
    file = folder.path / "weights.npz"
    folder.parameters = read_weights(file, folder.description)
    losses = _optional(file, "losses")
    folder.losses = None if losses is None else losses.reshape(-1)
    folder.prediction = _optional(file, "prediction")


def _result(file: Path) -> Result | ClassResult | None:
    labelled = file.exists() and "accuracy" in read_sealed(file)
    return _record(file, ClassResult if labelled else Result)


def _optional(file: Path, name: str) -> Doubles | None:
    if name not in array_names(file):
        return None
    return finite_floats(file, name, read_arrays(file, [name])[name])


def read_sealed(file: Path) -> dict[str, Any]:
    """The content of a JSON file; raises BadInput for one that is damaged or has no checksum."""
    text = read_text(file)
    try:
        content = parse_json(text)
    except ValueError as error:
        raise BadInput(f"{file} must be JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadInput(f"{file} must be a JSON object, not {type(content).__name__}")
    table = cast(dict[str, Any], content)
    if CHECKSUM not in table:
        raise BadInput(
            f"{file} must have a {CHECKSUM}: it is damaged, or of a version that wrote none"
        )
    if not whole(table):
        raise BadInput(
            f"{file} must have the content of its {CHECKSUM}: it is damaged or was changed"
        )
    return table


def _record(file: Path, kind: type[R]) -> R | None:
    """A JSON file, checked, or None where there is none; raises BadInput for a damaged one."""
    if not file.exists():
        return None
    try:
        return kind.model_validate(read_sealed(file))
    except ValidationError as error:
        raise BadInput(f"{file}: {mistake(error.errors()[0])}") from error
