"""Queues of a learner: a `Ring` where its memory is small, else a `Queue`."""

from amaranth.hdl import Shape, ShapeLike

from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.ring import CreditRing, Ring
from dualspike.hw.stream.queue import Queue
from dualspike.model.sizes.waiting import in_ring

CreditQueue = CreditRing | CreditBuffer
"""After a pipeline that waits for nobody."""


def waiting(shape: ShapeLike, places: int) -> Queue | Ring:
    """At least so many places: a `Ring` where its memory is small, else a `Queue`."""
    small = in_ring(Shape.cast(shape).width, places)
    return Ring(shape, places) if small else Queue(shape, places)


def credited(shape: ShapeLike, places: int) -> CreditQueue:
    """The same after a pipeline: a `CreditRing`, or a `CreditBuffer` around a `Queue`."""
    if in_ring(Shape.cast(shape).width, places):
        return CreditRing(shape, places)
    return CreditBuffer(shape, places, Queue(shape, places))
