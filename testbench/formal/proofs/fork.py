"""One stream for two: both have every payload once, in order."""

from functools import partial

from amaranth.hdl import Signal

from dualspike.hw.stream.fork import Fork
from dualspike.testbench.formal.claims import Claims, Proof
from dualspike.testbench.formal.streams import stays_offered

FAMILY = "fork"


def fork(c: Claims, bits: int) -> None:
    """What comes in stays until it is taken, and ``on`` while anything is offered."""
    split = Fork(bits)
    inner = c.opened(split)
    given, copied = inner["given"], inner["copied"]
    valid, payload, on = c.anything(1, "valid"), c.anything(bits, "payload"), c.anything(1, "on")
    ready, copy_ready = c.anything(1, "ready"), c.anything(1, "copy_ready")
    c.m.d.comb += [
        split.inputs.valid.eq(valid),
        split.inputs.payload.eq(payload),
        split.on.eq(on),
        split.outputs.ready.eq(ready),
        split.copies.ready.eq(copy_ready),
    ]
    taken = valid & split.inputs.ready
    waited, last = Signal(), Signal(bits + 1)
    now = payload | on << bits
    c.m.d.sync += [waited.eq(valid & ~taken), last.eq(now)]
    c.given(~waited | (valid & (last == now)))
    goes = split.outputs.valid & ready
    copies = split.copies.valid & copy_ready
    given_once, copied_once = Signal(), Signal()
    c.m.d.sync += [
        given_once.eq(~taken & (given_once | goes)),
        copied_once.eq(~taken & (copied_once | copies)),
    ]
    c.always(
        "a payload that is given once is not offered again", ~(given_once & split.outputs.valid)
    )
    c.always(
        "a payload that is copied once is not offered again", ~(copied_once & split.copies.valid)
    )
    c.always("it moves on when the output has it", ~taken | given_once | goes)
    c.always("it moves on when the copy has it, while on", ~taken | ~on | copied_once | copies)
    c.always("no copy is made while off", on | ~split.copies.valid)
    c.always(
        "it waits for nothing else",
        ~valid | taken | ~(given_once | goes) | ~(~on | copied_once | copies),
    )
    c.always(
        "what is given is what came", ~split.outputs.valid | (split.outputs.payload == payload)
    )
    c.always("what is copied is what came", ~split.copies.valid | (split.copies.payload == payload))
    c.always("given is remembered", given == given_once)
    c.always("copied is remembered", ~last[bits] | (copied == copied_once))
    c.always(
        "nothing is remembered of what has moved on",
        waited | ~(given | copied | given_once | copied_once),
    )
    stays_offered(c, split.outputs, ready, "output")
    stays_offered(c, split.copies, copy_ready, "copy")


PROOFS = [Proof(f"fork_{bits}", FAMILY, partial(fork, bits=bits), 4) for bits in (1, 8)]
