"""`Passes`: which of a batch have a frame, and in which a change is due."""

import random

from dualspike.hw.layer.online.passes import Passes
from dualspike.testbench.unit.tb import TB

TOP = "passes"
CASES = [
    {"frames": 7, "lag": 2},
    {"frames": 3, "lag": 5},
    {"frames": 1, "lag": 3},
    {"frames": 12, "lag": 2, "steps": 3},
    {"frames": 4, "lag": 3, "steps": 2},
]


def component(frames: int, lag: int, steps: int = 1) -> Passes:
    """The passes of one layer."""
    return Passes(frames, lag, steps)


@TB.test()
async def counts_a_batch(tb: TB) -> None:
    """Two batches, with inferences before and after each."""
    rng = random.Random(5)
    frames, lag, steps = (int(str(tb.case.get(name, 1))) for name in ("frames", "lag", "steps"))
    for _ in range(2):
        tb.set(learn=0)
        for _ in range(frames + lag + 2):
            await tb.pulse(ended=1)
            assert [await tb.see(name) for name in ("due", "flush", "over")] == [0, 0, 0]
        tb.set(learn=1)
        await tb.pulse(start=1)
        for n in range(frames + lag + 1):
            # So many changes have gone by, and of the next one so many passes.
            change, step = divmod(n, steps) if n < frames else (frames // steps + n - frames, 0)
            expected = [change >= lag and not step, n >= frames, n == frames + lag]
            for _ in range(rng.randint(1, 3)):
                found = [await tb.see(name) for name in ("due", "flush", "over")]
                assert found == expected, f"pass {n}"
                if steps > 1:
                    ends = [await tb.see("first"), await tb.see("last")]
                    assert ends == [step == 0, n >= frames or step == steps - 1]
            if n < frames + lag:
                await tb.pulse(ended=1)
