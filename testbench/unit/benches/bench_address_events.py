"""`AddressEvents`: frames of events, next to a plain model of what a sample of them means."""

import random
from collections.abc import Iterable
from typing import Any

from dualspike.hw.stream.address_events import AddressEvents
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.events import CHANNEL_BITS, EventFlag
from dualspike.testbench.unit.tb import TB

TOP = "address_events"
CASES = [
    {"width": 7, "steps": 3, "simd": 3, "bits": 2},
    {"width": 1, "steps": 1, "simd": 1, "bits": 2},
    {"width": 24, "steps": 2, "simd": 4, "bits": 9},
    {"width": 5, "steps": 4, "simd": 5, "bits": 2},
    {"width": 40, "steps": 2, "simd": 1, "bits": 2},
]
Word = dict[str, int]
STALLS = [(0.0, 0.0), (0.0, 0.6), (0.6, 0.0), (0.4, 0.4)]


def component(width: int, steps: int, simd: int, bits: int) -> AddressEvents:
    """An adapter for frames of these sizes."""
    return AddressEvents(width, steps, simd, bits)


def event(channel: int, negative: int = 0, last: int = 0) -> Word:
    """An event."""
    return {"channel": channel, "negative": negative, "end": 0, "last": last}


def end(last: int = 0) -> Word:
    """The end of a step, whatever channel it names."""
    return {"channel": (1 << CHANNEL_BITS) - 1, "negative": 1, "end": 1, "last": last}


class Bench(TB):
    """An adapter, and what it should make of a sample."""

    async def load(self) -> None:
        """Its sizes."""
        self.rng = random.Random(9)
        self.width, self.steps, self.simd = (
            int(str(self.case[name])) for name in ("width", "steps", "simd")
        )
        self.chunks = ceil_div(self.width, self.simd)

    def frames(self, words: Iterable[Word]) -> tuple[list[list[int]], set[EventFlag]]:
        """All frames of a sample, one after the other, and the flags that it raises."""
        steps, flags, step = [[0] * self.width for _ in range(self.steps)], set[EventFlag](), 0
        for word in words:
            if step == self.steps:
                flags.add(EventFlag.LATE)
            elif not word["end"] and word["channel"] < self.width:
                steps[step][word["channel"]] = -1 if word["negative"] else 1
            elif not word["end"]:
                flags.add(EventFlag.CHANNEL)
            if word["last"] and step < self.steps - 1:
                flags.add(EventFlag.SHORT)
            step = min(step + word["end"], self.steps)
        return steps, flags

    def chunked(self, frames: list[list[int]]) -> list[list[int]]:
        """As they come out; 0 fills up the last chunk of each."""
        padded = [[*one, *[0] * (self.chunks * self.simd - self.width)] for one in frames]
        places = range(0, self.chunks * self.simd, self.simd)
        return [one[n : n + self.simd] for one in padded for n in places]

    def events(self, most: int) -> list[Word]:
        """Of one step."""
        channels = (self.rng.randrange(self.width) for _ in range(self.rng.randint(0, most)))
        return [event(channel, self.rng.randrange(2)) for channel in channels]

    def sample(self) -> list[Word]:
        """As it should be; its last word is an event or the end of its last step."""
        words = list[Word]()
        for _ in range(self.steps):
            words += [*self.events(self.width + 2), end()]
        if len(words) > 1 and not words[-2]["end"] and self.rng.random() < 0.5:
            words.pop()
        words[-1] |= {"last": 1}
        return words

    def wrong(self) -> list[Word]:
        """Of any number of steps, with channels that are not there; its last word is any."""
        words = list[Word]()
        for _ in range(self.rng.randint(0, self.steps + 2)):
            words += [*self.events(4), end()]
        far = [self.width, self.width + 1, 2 * self.width, (1 << CHANNEL_BITS) - 1]
        for _ in range(self.rng.randint(0, 2)):
            words.insert(self.rng.randint(0, len(words)), event(self.rng.choice(far)))
        words += [event(self.rng.randrange(self.width))] if self.rng.random() < 0.5 else [end()]
        words[-1] |= {"last": 1}
        return words


@Bench.test(stalls=STALLS)
async def makes_frames_of_samples(bench: Bench, stalls: tuple[float, float]) -> None:
    """Any events in any order, a channel several times; no flag is raised."""
    samples = [bench.sample() for _ in range(30)]
    found = [bench.frames(words) for words in samples]
    expected = [chunk for frames, _ in found for chunk in bench.chunked(frames)]
    assert not any(flags for _, flags in found)
    source, sink = bench.source("events", stalls[0]), bench.sink("outputs", stalls[1])
    flags = bench.pulses("flags")
    source.send(word for words in samples for word in words)
    await bench.taken(sink, len(expected))
    await bench.cycle(5)
    assert sink.taken == expected
    assert not flags


@Bench.test(stalls=STALLS)
async def says_what_is_wrong(bench: Bench, stalls: tuple[float, float]) -> None:
    """A sample always becomes its frames, and the next one is not touched."""
    source, sink = bench.source("events", stalls[0]), bench.sink("outputs", stalls[1])
    pulses, met = bench.pulses("flags"), set[EventFlag]()
    for _ in range(60):
        words = bench.wrong()
        frames, flags = bench.frames(words)
        expected = bench.chunked(frames)
        sink.taken.clear()
        pulses.clear()
        source.send(words)
        await bench.taken(sink, len(expected))
        await bench.until(lambda: not source.queue)
        await bench.cycle(5)
        assert sink.taken == expected
        assert {flag for _, bits in pulses for flag in EventFlag if bits >> flag & 1} == flags
        met |= flags
    assert met == set(EventFlag) - ({EventFlag.SHORT} if bench.steps == 1 else set())


@Bench.test()
async def begins_empty_after_a_reset(bench: Bench) -> None:
    """In the midst of a frame that is filled, and of one that is read; c cycles later."""
    source, sink = bench.source("events"), bench.sink("outputs")
    sink.open = False
    for _ in range(3):
        source.send([*(event(n) for n in range(bench.width)), end(last=1)])
        await bench.cycle(2 * bench.width + 4)
        source.queue.clear()
        bench._dut.rst.value = 1
        bench.parts.clear()
        await bench.cycle()
        bench._dut.rst.value = 0
        source, sink = bench.source("events"), bench.sink("outputs")
        begin = bench.now
        sink.open = True
        source.send([end()] * (bench.steps - 1) + [end(last=1)])
        await bench.taken(sink, bench.steps * bench.chunks)
        assert source.moved[0] == begin + bench.chunks
        assert not any(any(chunk) for chunk in sink.taken)
        sink.open = False


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """4 cycles from the end of a step to its frame; two frames in max(2 w, 2 c, w + c + 1)."""
    chunks, steps = bench.chunks, bench.steps
    for words in sorted({1, 2, chunks - 2, chunks - 1, chunks, chunks + 1, chunks + 4} - {0, -1}):
        source, sink = bench.source("events"), bench.sink("outputs")
        ends = list[int]()
        sent = list[Any]()
        for frame in range(12 * steps):
            last = int(frame % steps == steps - 1)
            sent += [*(event(0) for _ in range(words - 1)), end(last)]
            ends.append(len(sent) - 1)
        source.send(sent)
        await bench.taken(sink, 12 * steps * chunks)
        first, *_ = ends
        assert sink.moved[0] == source.moved[first] + 4
        firsts = sink.moved[::chunks]
        pairs = [late - early for early, late in zip(firsts[4:-2], firsts[6:], strict=True)]
        assert pairs == [max(2 * words, 2 * chunks, words + chunks + 1)] * len(pairs), words
        bench.parts.remove(source)
        bench.parts.remove(sink)
