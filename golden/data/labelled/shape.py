"""Rows, columns and channels: where the inputs of a sample lie next to each other."""

from dataclasses import dataclass

from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput


@dataclass(frozen=True)
class Shape:
    """Rows, columns and channels of a layer, each 1 or more."""

    height: int
    width: int
    channels: int

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.channels) < 1:
            came = f"{self.height} x {self.width} x {self.channels}"
            raise BadInput(f"height, width and channels must be from 1 up, not {came}")

    @property
    def size(self) -> int:
        """Neurons."""
        return self.height * self.width * self.channels

    @property
    def halves(self) -> bool:
        """Whether rows and columns can be halved, as they are after every convolution."""
        return self.height % 2 == 0 and self.width % 2 == 0

    def unfold(self, flat: Floats) -> Floats:
        """[B, height, width, channels] from [B, size]."""
        return flat.reshape(-1, self.height, self.width, self.channels)
