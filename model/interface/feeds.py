"""The input streams of a chip: one list that hardware, models and drivers follow."""

from dataclasses import dataclass

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.sizes.geometry import geometry


@dataclass(frozen=True)
class Feed:
    """Stream ``name``: rows of ``width`` numbers of ``format``, in chunks of ``simd``.

    What fills up a row's last chunk has no meaning. A sample is one row, or ``frames`` of them.
    """

    name: str
    width: int
    simd: int
    format: Format
    frames: int = 1

    @property
    def chunks(self) -> int:
        """Chunks of a row."""
        return ceil_div(self.width, self.simd)


def place_bits(bits: int) -> int:
    """Width of the place of a number of 1 to 64 bits in memory and in AXI4-Stream."""
    return max(8, 1 << (bits - 1).bit_length())


def feeds_of(d: Description) -> list[Feed]:
    """Rows of every part, targets, weights of functions."""
    f, mlp = d.formats, d.kind == "mlp"
    feeds: list[Feed] = []
    for n, part in enumerate(d.parts):
        first = geometry(part).layers[0]
        name = "inputs" if mlp else f"inputs_{n}"
        feeds.append(Feed(name, first.n_in, first.simd, f.input, part.network.frames))
    if d.learns:
        feeds.append(Feed("targets", d.target_width, 1, d.target_format))
    if d.floor is not None:
        feeds.append(Feed("scales", 1, 1, f.scale))
    return feeds
