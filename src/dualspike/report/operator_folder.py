"""What commands have left in the folder of an operator chip, checked, and what is not there."""

from dataclasses import dataclass, field
from pathlib import Path

from dualspike.golden.network import Parameters
from dualspike.golden.weights import read_weights
from dualspike.model.identity import config_hash
from dualspike.model.operator_chip import OperatorDescription
from dualspike.report.folder import (
    MANIFEST,
    WAVEFORMS,
    Floats,
    Record,
    Synthesis,
    read_losses,
    read_record,
    read_syntheses,
)


class LayerEntry(Record):
    """One layer of a part in `manifest.json`."""

    kind: str
    n_in: int
    n_out: int
    pe: int
    simd: int
    cycles_per_sample: int


class PartEntry(Record):
    """One part in `manifest.json`."""

    lanes: list[int]
    sample_interval: int
    layers: list[LayerEntry]


class OperatorManifest(Record):
    """`manifest.json` of an operator chip, as ``dualspike generate`` writes it."""

    config_hash: str
    parts: list[PartEntry]
    terms: int
    cycles: dict[str, int]
    resources: dict[str, float]


class OperatorEstimate(Record):
    """What a page shows of an operator chip's `report/estimate.json`."""

    config_hash: str
    memory_bits: dict[str, int]
    estimate: dict[str, float]


class OperatorResult(Record):
    """`result.json` of an operator chip, as ``dualspike train`` writes it."""

    config_hash: str
    rel_l2_before: float
    rel_l2: float
    global_rel_l2: float
    updates: int
    seconds: float
    seed: int
    engine: str
    published: float | None = None
    cycles: int | None = None
    cycles_per_batch: float | None = None


@dataclass
class OperatorFolder:
    """A folder's contents, as `report.folder.Folder`; ``parts`` are the weights, part by part."""

    path: Path
    description: OperatorDescription
    manifest: OperatorManifest | None = None
    estimate: OperatorEstimate | None = None
    syntheses: list[Synthesis] = field(default_factory=list[Synthesis])
    result: OperatorResult | None = None
    parts: list[Parameters] | None = None
    losses: Floats | None = None
    waveforms: list[Path] = field(default_factory=list[Path])
    missing: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    strange: list[str] = field(default_factory=list[str])


def read_operator_folder(path: Path, description: OperatorDescription) -> OperatorFolder:
    """Read everything that a page can show; raises BadInput for files that are damaged."""
    folder = OperatorFolder(path, description)
    folder.manifest = read_record(path / MANIFEST, OperatorManifest)
    folder.estimate = read_record(path / "report" / "estimate.json", OperatorEstimate)
    folder.result = read_record(path / "result.json", OperatorResult)
    folder.syntheses = read_syntheses(path)
    if (path / "weights.npz").exists():
        _weights(folder)
    folder.waveforms = [path / name for name in WAVEFORMS if (path / name).exists()]
    for found, name, what, command in (
        (folder.manifest, MANIFEST, "clocks, folding and sizes", "generate"),
        (folder.result, "result.json", "error before and after learning", "train"),
        (folder.parts, "weights.npz", "learned weights and the learning curve", "train"),
    ):
        if found is None:
            folder.missing.append((name, what, command))
    here = config_hash(description)
    known = [
        (MANIFEST, folder.manifest),
        ("report/estimate.json", folder.estimate),
        ("result.json", folder.result),
    ]
    known += [(f"report/synth-{one.target}.json", one) for one in folder.syntheses]
    folder.strange = [
        f"{name} ({one.config_hash[:16]})"
        for name, one in known
        if one is not None and one.config_hash != here
    ]
    return folder


def _weights(folder: OperatorFolder) -> None:
    file, d = folder.path / "weights.npz", folder.description
    every = read_weights(file, d)
    folder.parts = [
        Parameters(every.weights[some.start : some.stop], every.biases[some.start : some.stop])
        for some in map(d.layers_of, range(len(d.parts)))
    ]
    folder.losses = read_losses(file)
