"""`Passes`: which of a batch have a frame, and in which a change is due."""

import random

from dualspike.hw.layer.online.passes import Passes
from dualspike.testbench.unit.tb import TB

TOP = "passes"
CASES = [{"frames": 7, "lag": 2}, {"frames": 3, "lag": 5}, {"frames": 1, "lag": 3}]


def component(frames: int, lag: int) -> Passes:
    """The passes of one layer."""
    return Passes(frames, lag)


@TB.test()
async def counts_a_batch(tb: TB) -> None:
    """Two batches, with inferences before and after each."""
    rng = random.Random(5)
    frames, lag = int(str(tb.case["frames"])), int(str(tb.case["lag"]))
    for _ in range(2):
        tb.set(learn=0)
        for _ in range(frames + lag + 2):
            await tb.pulse(ended=1)
            assert [await tb.see(name) for name in ("due", "flush", "over")] == [0, 0, 0]
        tb.set(learn=1)
        await tb.pulse(start=1)
        for n in range(frames + lag + 1):
            expected = [n >= lag, n >= frames, n == frames + lag]
            for _ in range(rng.randint(1, 3)):
                found = [await tb.see(name) for name in ("due", "flush", "over")]
                assert found == expected, f"pass {n}"
            if n < frames + lag:
                await tb.pulse(ended=1)
