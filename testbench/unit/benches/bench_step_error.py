"""`StepError`: errors, loss, slopes and scores, each rounded from exact sums."""

from fractions import Fraction
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.head.step_error import StepError
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import rounded

TOP = "step_error"
CASES = [{"name": name} for name in ("own", "lanes", "frames", "short", "matrix", "mirror")]


def component(name: str) -> StepError:
    """The head of one chip."""
    return StepError(taught(name, -1)[0])


class Counted:
    """Notes (label, answer) wherever ``counted`` is up."""

    def __init__(self, tb: OnlineTB) -> None:
        self.seen: list[tuple[int, int]] = []
        self._tb = tb

    def drive(self) -> None:
        """Nothing: this only looks."""

    def sample(self) -> None:
        """Note the two."""
        if self._tb.bits("counted"):
            self.seen.append((self._tb.bits("label"), self._tb.bits("answer")))


class Bench(OnlineTB):
    """A head, and all that it should make of samples."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.lanes = self.part.own_lanes * (self.d.n_layers - 1)
        self.sums = self.lanes > 0 and not self.d.learning.keeps_feedback
        self.outputs = self.d.network.layers[-1]
        self.steps = self.d.network.time_steps

    def step(self) -> list[tuple[int, list[int]]]:
        """(o, dy of every lane) of every output."""
        f = self.d.formats
        pairs = zip(
            self.numbers(f.membrane.bits, self.outputs),
            [self.numbers(f.tangent.bits, self.lanes) for _ in range(self.outputs)],
            strict=True,
        )
        return list(pairs)

    def payloads(self, step: list[tuple[int, list[int]]]) -> list[dict[str, Any]]:
        """A step as it comes in."""
        tangents = [{"tangent": [dy]} if dy else {} for _, dy in step]
        return [{"value": [o], **dy} for (o, _), dy in zip(step, tangents, strict=True)]

    def wanted(self) -> list[int]:
        """A target: a number for every output, or one class, that may not be there."""
        if not self.d.classes:
            return self.numbers(self.d.formats.target.bits, self.outputs)
        return [self.rng.choice([*range(self.outputs), -1, self.outputs, 127])]

    def errors(self, step: list[tuple[int, list[int]]], target: list[int]) -> list[Any]:
        """(e, clipped) of every output."""
        f = self.d.formats
        values = [o * f.membrane.lsb for o, _ in step]
        if self.d.classes:
            (label,), there = target, target[0] in range(self.outputs)
            off = [max(o, Fraction(0)) for o in values]
            if there:
                off[label] = min(values[label] - 1, Fraction(0))
            return [rounded(e if there else Fraction(0), f.error) for e in off]
        off = [o - y * f.target.lsb for o, y in zip(values, target, strict=True)]
        return [rounded(e, f.error) for e in off]

    def scores(self, steps: list[list[tuple[int, list[int]]]]) -> list[int]:
        """The mean of every output over the steps of a sample."""
        f, scale = self.d.formats, 1 << (self.steps - 1).bit_length()
        sums = [sum(step[k][0] for step in steps) for k in range(self.outputs)]
        return [rounded(Fraction(one, scale) * f.membrane.lsb, f.membrane)[0] for one in sums]

    def back(self, step: list[tuple[int, list[int]]], errors: list[int]) -> tuple[Any, bool]:
        """What hidden layers need, and whether some of it was clipped.

        A slope for every lane, or all errors, with their outputs' tangents where there are lanes.
        """
        f = self.d.formats
        if not self.sums:
            tangents = [dy for _, dy in step]
            if not self.d.learning.keeps_feedback:
                return errors, False
            return {"value": errors, **({"tangent": tangents} if self.lanes else {})}, False
        sums = [
            sum(e * dy[k] for e, (_, dy) in zip(errors, step, strict=True))
            for k in range(self.lanes)
        ]
        found = [rounded(one * f.error.lsb * f.tangent.lsb, f.cotangent) for one in sums]
        return [one for one, _ in found], any(clips for _, clips in found)


@Bench.test(stalls=[(0.0, 0.0), (0.4, 0.6)])
async def compares_every_step(bench: Bench, stalls: tuple[float, float]) -> None:
    """Samples that are learned, whoever waits; targets are taken once each."""
    source, targets = bench.source("inputs", stalls[0]), bench.source("targets", stalls[1])
    errors, back = bench.sink("errors", stalls[1]), bench.sink("back", stalls[0], seed=2)
    clipped = bench.pulses("clipped")
    bench.set(learn=1)
    told = set[bool]()
    for _ in range(20):
        await bench.pulse(clear=1)
        loss, over, samples = 0, False, 3
        clipped.clear()
        errors.taken.clear()
        back.taken.clear()
        expected, sums = list[int](), list[Any]()
        for _ in range(samples):
            wanted = bench.wanted()
            targets.send(wanted)
            for _ in range(bench.steps):
                step = bench.step()
                source.send(bench.payloads(step))
                found = bench.errors(step, wanted)
                expected += [error for error, _ in found]
                loss += sum(error**2 for error, _ in found)
                told_now, clips_now = bench.back(step, [error for error, _ in found])
                sums.append(told_now)
                over |= clips_now or any(clips for _, clips in found)
        await bench.taken(back, samples * bench.steps)
        await bench.taken(errors, len(expected))
        await bench.cycle(4)
        assert errors.taken == expected
        assert back.taken == sums
        assert await bench.see("loss") == loss
        assert {value for _, value in clipped} == ({2} if over else set())
        told.add(over)
    assert any(told), "no numbers were so large that they clip"


@Bench.test(stalls=[(0.0, 0.0), (0.4, 0.6)])
async def adds_scores_up(bench: Bench, stalls: tuple[float, float]) -> None:
    """Samples that are not learned: the mean of o over the steps, and no target is taken."""
    source, sink = bench.source("inputs", stalls[0]), bench.sink("results", stalls[1])
    clipped = bench.pulses("clipped")
    bench.source("targets").send([0] * bench.outputs)
    for _ in range(20):
        steps = [bench.step() for _ in range(bench.steps)]
        for step in steps:
            source.send(bench.payloads(step))
        sink.taken.clear()
        await bench.taken(sink, bench.outputs)
        assert sink.taken == bench.scores(steps)
    assert not clipped
    assert await bench.see("targets_ready") == 0
    assert await bench.see("errors_valid") == 0


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """An output a cycle; its error 3 cycles later, slopes 4 + multiply from the last of a step."""
    bench.set(learn=1)
    source, errors, back = bench.source("inputs"), bench.sink("errors"), bench.sink("back")
    bench.source("targets").send([0] * bench.outputs * 4)
    count = bench.outputs * bench.steps * 4
    for _ in range(4 * bench.steps):
        source.send(bench.payloads(bench.step()))
    await bench.taken(errors, count)
    await bench.taken(back, bench.steps * 4)
    assert source.moved == list(range(source.moved[0], source.moved[0] + count))
    assert errors.moved == [cycle + 3 for cycle in source.moved]
    late = 4 + bench.d.depth.multiply if bench.sums else 3
    last = source.moved[bench.outputs - 1 :: bench.outputs]
    assert back.moved == [cycle + late for cycle in last]


@Bench.test(learn=[0, 1], stalls=[(0.0, 0.0), (0.4, 0.6)])
async def counts_answers(bench: Bench, learn: int, stalls: tuple[float, float]) -> None:
    """A class for each sample, learned or not; right is the first of the largest scores."""
    if not bench.d.classes:
        return
    source, targets = bench.source("inputs", stalls[0]), bench.source("targets", stalls[1])
    sinks = [bench.sink(name, stalls[0]) for name in ("results", "errors", "back")]
    seen, correct, unknown = (bench.pulses(name) for name in ("seen", "correct", "unknown"))
    bench.parts.append(counted := Counted(bench))
    bench.set(learn=learn, labelled=1 - learn)
    right = wrong = 0
    expected = list[tuple[int, int]]()
    for _ in range(60):
        given = [bench.step() for _ in range(bench.steps)]
        (label,) = wanted = bench.wanted()
        targets.send(wanted)
        for step in given:
            source.send(bench.payloads(step))
        scores = bench.scores(given)
        answer = scores.index(max(scores))
        right += label == answer
        wrong += label not in range(bench.outputs)
        expected += [(label, answer)] if label in range(bench.outputs) else []
    done = bench.outputs * 60 * (bench.steps if learn else 1)
    await bench.taken(sinks[learn], done)
    await bench.cycle(6)
    assert [len(pulses) for pulses in (seen, correct, unknown)] == [60, right, wrong]
    assert counted.seen == expected
    assert 0 < right < 60 and wrong


@Bench.test(learn=[0, 1])
async def waits_while_it_is_held(bench: Bench, learn: int) -> None:
    """No output is taken, and nothing is lost."""
    if not bench.d.classes:
        return
    source = bench.source("inputs")
    sinks = [bench.sink(name) for name in ("results", "errors", "back")]
    bench.source("targets").send([0] * 4)
    bench.set(learn=learn, hold=1)
    for _ in range(4 * bench.steps):
        source.send(bench.payloads(bench.step()))
    await bench.cycle(20)
    assert not source.moved
    for hold in [0, 0, 1, 1, 0, 1, 0, 1] * 8:
        bench.set(hold=hold)
        taken = len(source.moved)
        await bench.cycle()
        assert not hold or len(source.moved) == taken
    bench.set(hold=0)
    await bench.taken(sinks[learn], bench.outputs * 4 * (bench.steps if learn else 1))
