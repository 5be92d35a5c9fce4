"""The files of a core: Verilog and what goes with it, start weights, the estimate."""

from pathlib import Path

from dualspike.golden.files.writing import write_atomic
from dualspike.golden.float.layout import Parameters
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.emit.c_weights import c_weights
from dualspike.hw.emit.files import core_files, hex_words
from dualspike.model.cost.devices import Device
from dualspike.model.cost.estimate import estimate
from dualspike.model.description.description import Description
from dualspike.model.system.cache import check_cache
from dualspike.model.system.seal import sealed


def write_core(
    d: Description,
    folder: Path,
    first: Parameters | None = None,
    wrap: str | None = None,
    device: Device | None = None,
) -> list[str]:
    """Write everything that belongs to a core into a folder; returns the names.

    The folder and a folder ``report`` in it are there. The weights are ``first``, or those of the
    seed. ``wrap`` is one of `hw.soc.soc.WRAPS`, or None. The estimate names ``device``.
    """
    check_cache()
    contents = core_files(d, wrap)
    bits = d.formats.weight.bits
    chip = first_chip(d, first)
    words = {
        kind: [[int(v) for v in values.flat] for values in arrays]
        for kind, arrays in (("weights", chip.weights), ("biases", chip.biases))
    }
    for kind, layers in words.items():
        for layer, values in enumerate(layers):
            contents[f"{kind}_{layer}.hex"] = hex_words(values, bits)
    contents[f"{d.name}_weights.h"] = c_weights(d, words)
    contents["report/estimate.json"] = sealed(estimate(d, device))
    for name, text in contents.items():
        write_atomic(folder / name, text)
    return list(contents)
