"""The way of the learner to one layer: its signs come in by it, and its weights move."""

from amaranth.hdl import signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.memory.words import Words
from dualspike.model.interface.lfsr import WORD


class LearnerPort(wiring.Signature):
    """As the learner sees it.

    ``mask`` has the lanes that perturb the layer. ``load[k]`` pushes the drawn ``word`` into lane
    k, ``restart`` goes back to the start of a pass over the signs. ``start`` makes the layer move
    its weights and biases by ``step``, which is there from the next cycle on, against lane
    ``lane``; it is ``busy`` from that cycle on for max(cycles, rows) cycles, and nothing may be
    inside meanwhile. ``saturated`` pulses when a weight was clipped. What else moves are told is
    up to the ``words``.
    """

    def __init__(self, lanes: int, words: Words) -> None:
        super().__init__(
            {
                "mask": Out(lanes),
                "load": Out(lanes),
                "word": Out(WORD),
                "restart": Out(1),
                "start": Out(1),
                "lane": Out(range(max(lanes, 2))),
                "step": Out(signed(words.step_bits)),
                **{name: member.flip() for name, member in words.told.items()},
                "busy": In(1),
                "saturated": In(1),
            }
        )
