"""What is kept of a training run: figures, weights, predictions."""

from typing import Any

from dualspike.api.engines import EngineName
from dualspike.golden.data.measures import Measures
from dualspike.golden.data.problem import Problem
from dualspike.golden.experiments.paper.methods import METHODS
from dualspike.golden.training.train import TrainResult
from dualspike.golden.training.validation import Validation
from dualspike.golden.training.weights_file import npz_bytes, weight_arrays
from dualspike.model.description.description import Description
from dualspike.model.interface.identity import config_hash


def summarise(
    d: Description, engine: EngineName, problem: Problem, result: TrainResult
) -> dict[str, Any]:
    """What result.json says of a run."""
    return {
        "name": d.name,
        "engine": str(engine),
        "config_hash": config_hash(d),
        "seed": d.learning.seed,
        "scope": d.learning.scope,
        "tested_on": problem.test_set,
        **({"split": problem.parts} if problem.parts else {}),
        **figures(problem, result.before, result.measures),
        **_validated(problem, result.validation),
        **_published(d),
        "updates": result.updates,
        "samples": result.samples,
        "seconds": result.seconds,
        "diverged": result.diverged,
    }


def _validated(problem: Problem, found: Validation | None) -> dict[str, Any]:
    """The curve on validation samples, a list entry for every look, and what was made of it."""
    if found is None:
        return {}
    name = "rel_l2" if problem.classes is None else "accuracy"
    curve = {"updates": found.updates, name: found.figures, "loss": found.losses}
    told = {key: values.tolist() for key, values in curve.items()}
    told |= {"samples": len(problem.validation.target), "best_update": found.best_update}
    told |= {"restored_best": found.restored, "stopped_early": found.stopped}
    return {"validation": told}


def _published(d: Description) -> dict[str, float]:
    """The paper's error of the same problem, layer-wise forward gradients in floating point."""
    rows = [row for name, some in METHODS.items() for row in some if name == d.data.known]
    layered = [row for row in rows if row.rule == "RFG-L" and d.kind != "mlp"]
    errors = [row.published for row in layered if row.published is not None]
    return {"published": errors[0]} if errors else {}


def npz(result: TrainResult) -> bytes:
    """Weights, biases, losses and the test samples' prediction as one .npz."""
    arrays: dict[str, Any] = {"losses": result.losses, "prediction": result.prediction}
    return npz_bytes(arrays | weight_arrays(result.weights))


def figures(problem: Problem, before: float, after: Measures) -> dict[str, Any]:
    """What result.json says of a run's test samples."""
    if after.accuracy is not None:
        return {
            "accuracy_before": before,
            "accuracy": after.accuracy,
            "loss": after.loss,
            "confusion": after.confusion,
        }
    found = {"rel_l2_before": before, "rel_l2": after.rel_l2}
    return found if problem.kind == "mlp" else found | {"global_rel_l2": after.global_rel_l2}
