"""What a page needs of the JSON files in a folder, checked."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, NonNegativeInt, field_validator, model_validator

from dualspike.model.description.network import within

Share = Annotated[float, within(0, 1)]


class FolderRecord(BaseModel):
    """What a page needs of a JSON file; more may be in it."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class LayerEstimate(FolderRecord):
    """One layer of a part in `report/estimate.json`."""

    index: int
    kind: str
    n_in: int
    n_out: int
    pe: int
    simd: int
    cycles_per_sample: int
    share_of_interval: float
    multipliers: int
    weight_bits: int


class PartEstimate(FolderRecord):
    """One part in `report/estimate.json`."""

    lanes: int
    interval: int
    layers: list[LayerEstimate]


class Estimate(FolderRecord):
    """`report/estimate.json`, as ``dualspike generate`` writes it."""

    config_hash: str
    bottleneck: str
    multipliers: int
    memory_bits: dict[str, int]
    parts: list[PartEstimate]
    device: dict[str, Any] | None = None
    estimate: dict[str, float]


class SampleEstimate(Estimate):
    """That of a perceptron."""

    interval: int
    clocks_per_sample_learning: float | None = None
    clocks_per_sample_inference: float


class FunctionEstimate(Estimate):
    """That of an operator network."""

    clocks_per_function: int
    clocks_per_batch_at_least: int
    clocks_per_batch_at_most: int


class Synthesis(FolderRecord):
    """`report/synth-TARGET.json`, as ``dualspike synth`` writes it."""

    config_hash: str
    target: str
    tool: str
    actual: dict[str, float]
    estimate: dict[str, float] | None = None
    fmax_mhz: float | None = None


class ProofTools(FolderRecord):
    """What has proved, by version."""

    verilator: str


class Proof(FolderRecord):
    """`proof.json`, as ``dualspike verify FOLDER`` writes it."""

    config_hash: str
    wrap: str | None
    equal: bool
    updates: NonNegativeInt
    inferences: NonNegativeInt
    cycles: NonNegativeInt
    when: str
    tools: ProofTools
    files: dict[str, str]


class Errors(FolderRecord):
    """Relative l2 errors in `result.json`."""

    rel_l2_before: float
    rel_l2: float
    global_rel_l2: float | None = None
    published: float | None = None


class Classes(FolderRecord):
    """Accuracy in `result.json`, the loss on the same samples, and what was taken for what."""

    accuracy_before: Share
    accuracy: Share
    loss: float
    confusion: list[list[NonNegativeInt]]

    @field_validator("confusion")
    @classmethod
    def _square(cls, rows: list[list[int]]) -> list[list[int]]:
        if not rows or any(len(row) != len(rows) for row in rows):
            raise ValueError("must have as many entries in every row as rows")
        return rows


class Validation(FolderRecord):
    """The curve on validation samples in `result.json`; one of the figures is there."""

    samples: int
    updates: list[NonNegativeInt]
    loss: list[float]
    accuracy: list[Share] | None = None
    rel_l2: list[float] | None = None
    best_update: NonNegativeInt
    restored_best: bool
    stopped_early: bool

    @model_validator(mode="after")
    def _whole(self) -> Self:
        figures = self.rel_l2 if self.accuracy is None else self.accuracy
        lengths = {len(one or []) for one in (self.updates, self.loss, figures)}
        if len(lengths) > 1 or self.best_update not in self.updates:
            raise ValueError(
                "must have as many figures and losses as updates, and the best of them"
            )
        return self

    @property
    def best(self) -> str:
        """What the best look found, in words."""
        at = self.updates.index(self.best_update)
        if self.accuracy is not None:
            return f"{100 * self.accuracy[at]:.2f} %"
        return "" if self.rel_l2 is None else f"{self.rel_l2[at]:.4f}"


class Run(FolderRecord):
    """The rest of `result.json`, as ``dualspike train`` and ``demo`` write it."""

    updates: int
    samples: int
    seconds: float
    seed: int
    engine: str = "rtl"
    tested_on: str | None = None
    split: str | None = None
    validation: Validation | None = None
    diverged: str | None = None
    config_hash: str | None = None
    cycles: int | None = None
    cycles_per_sample: float | None = None


class Result(Run, Errors):
    """`result.json` where targets are real numbers."""


class ClassResult(Run, Classes):
    """`result.json` where targets are labels."""
