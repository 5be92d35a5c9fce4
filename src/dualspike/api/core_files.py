"""The files of a core: Verilog and what goes with it, weights, the estimate."""

from dualspike.api.golden_vectors import golden_vectors
from dualspike.golden.files.owned import OwnedFolder
from dualspike.golden.float.layout import Parameters
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.emit.files import core_files
from dualspike.model.cost.devices import Device
from dualspike.model.cost.estimate import estimate
from dualspike.model.description.description import Description
from dualspike.model.description.files.places import written_to
from dualspike.model.interface.memory_map import in_turn
from dualspike.model.system.cache import check_cache
from dualspike.model.system.seal import sealed


def write_core(
    d: Description,
    folder: OwnedFolder,
    first: Parameters | None = None,
    wrap: str | None = None,
    device: Device | None = None,
    *,
    baked: bool = False,
) -> list[str]:
    """Write everything that belongs to a core into a folder; returns the names.

    The folder and a folder ``report`` in it are there. The weights are ``first``, or those of the
    seed; with ``baked`` they are in the core's memories at power-up. ``wrap`` is one of
    `hw.soc.soc.WRAPS`, or None. The estimate names ``device``.
    """
    check_cache()
    words = words_of(first_chip(d, first))
    vectors = golden_vectors(d, first, baked=baked, wrap=wrap)
    contents = core_files(written_to(d, folder.path), wrap, words, baked=baked, vectors=vectors)
    contents["report/estimate.json"] = sealed(estimate(d, device))
    folder.write(contents)
    return list(contents)


def words_of(chip: IntegerChip) -> list[list[int]]:
    """Stored weights and biases of every layer, in the order of WEIGHT_SELECT."""
    return [[int(word) for word in one.flat] for one in in_turn(chip.weights, chip.biases)]
