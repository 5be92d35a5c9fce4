"""The signs of a batch, drawn again bit by bit from what docs/perturbation.md says in words."""

from collections import deque
from typing import Any

from dualspike.model.description.description import Description

DRAWER, SIGNS = (64, (0, 1, 3, 4)), (32, (0, 2, 6, 7))


class Register:
    """Puts out bit 0, shifts, and enters the XOR of the taps at the top."""

    def __init__(self, kind: tuple[int, tuple[int, ...]], state: int) -> None:
        length, self.taps = kind
        self.held = deque(state >> n & 1 for n in range(length))

    def bit(self) -> int:
        """The next bit."""
        self.held.append(sum(self.held[tap] for tap in self.taps) % 2)
        return self.held.popleft()

    def field(self, count: int) -> list[int]:
        """The first ``count`` bits of as many words of 32 as that takes."""
        return [self.bit() for _ in range(-(-count // 32) * 32)][:count]

    def word(self) -> int:
        """The next 32 bits as a number."""
        return sum(bit << n for n, bit in enumerate(self.field(32)))

    @property
    def state(self) -> int:
        """What it holds."""
        return sum(bit << n for n, bit in enumerate(self.held))


def lanes_on(d: Description) -> list[list[int]]:
    """For every lane the layers that it perturbs; idle lanes last."""
    learning, layers = d.learning, list(range(d.n_layers))
    lanes = [[n] for n in layers] if learning.scope == "layer" else [layers]
    lanes = lanes * learning.directions if learning.masks is None else learning.masks
    lanes = [[n for n in lane if n not in learning.frozen] for lane in lanes]
    lanes = [lane for lane in lanes if lane]
    return lanes + [[]] * ((d.hardware.lanes or 0) - len(lanes))


def signs(d: Description, drawer: Register) -> Any:
    """By lane, by layer: (V [n_out][n_in], C [n_out]), 0 where masked."""
    lanes = []
    for on in lanes_on(d):
        layers = []
        for layer, (n_in, n_out) in enumerate(d.shapes):
            row = drawer.field(n_out)
            if d.learning.structure == "factored":
                column = drawer.field(n_in + 1)
                v = [[r ^ c for c in column[1:]] for r in row]
                c = [r ^ column[0] for r in row]
            else:
                stream = Register(SIGNS, drawer.word())
                columns = [[stream.bit() for _ in range(n_out)] for _ in range(n_in)]
                v, c = [list(bits) for bits in zip(*columns, strict=True)], row
            active = layer in on
            layers.append(
                ([[active * (1 - 2 * b) for b in r] for r in v], [active * (1 - 2 * b) for b in c])
            )
        lanes.append(layers)
    return lanes
