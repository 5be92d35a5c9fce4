"""What a description's labelled data are to a chip: a class is 1 at its output, 0 at the others."""

from dataclasses import replace

import numpy as np

from dualspike.golden.data.labelled.own import is_of_events, label_names, read_labelled
from dualspike.golden.data.labelled.own_events import read_own_events
from dualspike.golden.data.labelled.samples import ClassData, Labelled, capped
from dualspike.golden.data.labelled.sets import known_set
from dualspike.golden.data.problem import Problem, Samples
from dualspike.golden.data.samples import scaled
from dualspike.golden.data.splits import BY_CLASS, HELD_OUT_PART
from dualspike.golden.data.units import check_labels
from dualspike.model.description.data import FROM_FILES, LABELLED, Data
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput

STEPS = 32


def load_classes(
    data: Data,
    n_in: int | None = None,
    classes: int | None = None,
    steps: int | None = None,
) -> ClassData | None:
    """The labelled samples that are named there.

    They are those of `known_set`, or of a file as `read_labelled` or `read_own_events` has it; None
    if it names neither a data set nor a file with labels. Of a file there must be so many
    ``classes``, and as many channels of events as inputs ``n_in``; left out, as many as there are.
    ``steps``: frames of what is over time; left out, 32 for a file, or as the data set has it.
    """
    if data.path is None:
        found = known_set(data, steps)
    else:
        found = _of_file(data, n_in, classes, steps or STEPS)
    if found is None and data.tested == "validation":
        raise BadInput(f"data.tested must be 'test' for {data.source}, which has no labels")
    return found


def _of_file(data: Data, n_in: int | None, classes: int | None, steps: int) -> ClassData | None:
    assert data.path is not None
    names = label_names(data.path)
    if names and is_of_events(names[1]):
        return read_own_events(data.path, names[1], steps, data.bin, n_in, classes)
    if data.bin is not None:
        raise BadInput(f"data.bin must be left out for {data.source}, which has no times of events")
    return read_labelled(data.path, *names, classes) if names else None


def has_labels(data: Data) -> bool:
    """Whether what is named there has labels; False for a file that cannot be read."""
    if data.path is None:
        return data.known in (*LABELLED, *FROM_FILES)
    try:
        return label_names(data.path) is not None
    except BadInput:
        return False


def class_problem(description: Description, data: ClassData) -> Problem:
    """The problem of labelled samples, with a constant input or frames over time, in float64.

    Where ``data.tested`` is validation, validation samples stand in for the test samples, and what
    is left is trained on; otherwise all samples but the test samples are. Of counts in frames
    (uint8) that are not scaled a chip takes as many as its inputs' format holds: with s1.0 an event
    or none.

    Raises BadInput for samples over time where the chip takes none, and the other way round, and
    for a scale of targets.
    """
    source, frames = description.data.source, description.network.coding == "frames"
    check_labels(description.data)
    if frames and not data.events:
        raise BadInput(
            f"{source}: x must have shape [N, T, n] with network.coding frames, not"
            f" {list(data.train.x.shape)}"
        )
    if data.events and not frames:
        steps, width = data.train.x.shape[1:]
        raise BadInput(
            f"{source}: x must have shape [N, n], one input for all steps of this chip, not"
            f" [N, {steps}, {width}], an input for every step"
        )
    train, test, test_set = data.whole, data.test, data.test_set
    if description.data.tested == "validation":
        train, test, test_set = data.train, data.validation, "validation samples"
    most = description.formats.input.highest
    counts = [train, data.validation, test]
    if description.data.plain:
        counts = [replace(one, x=capped(one.x, most)) for one in counts]
    parts = [one_hot(one, data.classes) for one in counts]
    learned, tuned, tested = (scaled(one, description.data) for one in parts)
    return Problem(
        data.name or source,
        "mlp",
        learned,
        tuned,
        tested,
        (None,),
        classes=data.classes,
        image=_image(data),
        test_set=test_set,
        split=BY_CLASS if test_set == HELD_OUT_PART else None,
    )


def _image(data: ClassData) -> tuple[int, int] | None:
    """(rows, columns) of samples that are images of one channel."""
    shape = data.shape
    flat = data.events or shape.channels > 1 or min(shape.height, shape.width) == 1
    return None if flat else (shape.height, shape.width)


def one_hot(part: Labelled, classes: int) -> Samples:
    """Samples whose target is 1 for the output of their class, 0 for the others."""
    return Samples((part.x.astype(np.float64),), np.eye(classes)[part.labels], part.rows)
