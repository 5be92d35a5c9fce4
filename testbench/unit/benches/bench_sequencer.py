"""`Sequencer`: a batch from its first drawn word to its last sweep, cycle by cycle."""

import math
from fractions import Fraction

from cocotb.handle import HierarchyObject

from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.learn.sequencer_config import SequencerConfig
from dualspike.model.interface.lfsr import draw_order
from dualspike.model.interface.memory_map import has_velocities
from dualspike.model.interface.register import Command
from dualspike.model.sizes.cycles import refill_cycles
from dualspike.model.sizes.head import squared_error_sizes
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.plain import Plain
from dualspike.testbench.unit.benches.reference import rounded
from dualspike.testbench.unit.benches.shapes import described

TOP = "sequencer"
CASES = [
    {"name": name}
    for name in ("plain", "folded", "twisted", "odd", "gliding", "local", "event", "fast")
]


def component(name: str) -> Plain:
    """The sequencer of one core."""
    return Plain(Sequencer(SequencerConfig.of(described(name))))


class Bench(LayerTB):
    """A sequencer in the midst of a pretended core."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.jvp_bits = squared_error_sizes(self.d).jvp_bits
        self.outputs = self.d.network.layers[-1]
        self.order = draw_order(self.d.learning.structure, self.d.lanes, self.d.shapes)
        self.masks: list[int] = []
        self.shifts: list[int] = []
        self.mantissas: list[int] = []
        self.word = 0
        self.scaled = self.d.learning.mantissa is not None
        self.stage, self.clipped = 0, set[bool]()
        self.stochastic = self.d.learning.rounding == "stochastic"

    async def load(self) -> None:
        """Random words are always there."""
        self.set(words_valid=1)

    def choose(self) -> None:
        """Random masks and shifts."""
        layers = len(self.g.layers)
        self.masks = [self.rng.getrandbits(self.d.lanes) for _ in range(layers)]
        self.masks[0] |= 1
        self.shifts = [self.rng.randint(0, self.jvp_bits) for _ in range(layers)]
        self.shifts[0] = 0
        self.set(masks=self.masks, shifts=self.shifts)
        if self.scaled:
            self.mantissas = [self.rng.randint(0, 15) for _ in range(layers)]
            self.set(mantissas=self.mantissas)

    async def command(self, command: Command) -> None:
        """Write CONTROL."""
        await self.pulse(command=command, commanded=1)

    async def expect(self, **ports: int) -> None:
        """One cycle with exactly these values."""
        await self.settle()
        found = {name: self.get(name) for name in ports}
        assert found == ports, f"cycle {self.now}"
        await self.edge()

    def passing(self, **ports: int) -> dict[str, int]:
        """Ports that only a core with several passes has."""
        return ports if self.d.passes > 1 else {}

    async def batch(self, updates: int = 1) -> None:
        """A whole batch: every pass of it, and what is learned."""
        for pass_index in range(self.d.passes):
            await self.draw(pass_index)
            await self.samples()
        await self.learn(updates)

    async def draw(self, pass_index: int = 0, again: int = 0) -> None:
        """All words of a pass in their order, one a cycle, and one cycle to prime."""
        drawn = [draw for draw in self.order if draw.lane // self.g.lanes == pass_index]
        for n, draw in enumerate(drawn):
            await self.settle()
            load = [0] * len(self.g.layers)
            load[draw.layer] = 1 << draw.lane % self.g.lanes
            assert self.get("load") == load
            keeps = self.passing(
                keep=int(not (n or pass_index or again)), swap=0, pass_index=pass_index, clear=0
            )
            assert {name: self.get(name) for name in keeps} == keeps
            assert self.get("words_ready") == 1 and self.get("open") == 0
            assert (self.get("busy"), self.get("mode")) == (1, Command.LEARN)
            await self.edge()
        last = self.passing(clear=int(not (pass_index or again)), swap=again, pass_index=pass_index)
        await self.expect(prime=1, open=0, words_ready=0, learn=1, **last)

    async def samples(self) -> None:
        """The batch enters and leaves, with pauses; open until all have entered."""
        batch = self.d.batch[0]
        entered = left = 0
        outputs = self.outputs * self.d.parts[0].readouts
        while left < batch * outputs:
            enters = entered < batch and self.rng.random() < 0.5
            leaves = left < entered * outputs and self.rng.random() < 0.5
            self.set(entered=enters, left=leaves)
            await self.expect(open=int(entered < batch), prime=0, busy=1, start=0)
            entered, left = entered + enters, left + leaves
        self.set(entered=0, left=0)

    def step(self, jvp: int, layer: int, word: int) -> tuple[int, bool]:
        """A step, and whether it was clipped."""
        form, shift = self.d.step_format, self.shifts[layer] + self.stage
        if self.scaled:
            jvp, shift = jvp * self.mantissas[layer], shift + 3
        exact = Fraction(jvp, 1 << shift)
        if self.stochastic:
            exact = Fraction(math.floor(exact + Fraction(word % (1 << shift), 1 << shift)))
        return rounded(exact * form.lsb, form)

    async def learn(self, updates: int = 1) -> None:
        """Every lane and layer in order: a step, a start, and then waiting for the sweep."""
        halves = 1 << (self.jvp_bits - 1)
        lanes = range(self.d.lanes)
        jvp = [
            self.rng.randint(-halves, halves - 1) >> self.rng.randrange(self.jvp_bits)
            for _ in lanes
        ]
        self.set(jvp=jvp)
        self.choose()
        if self.d.learning.schedule == "chip":
            self.stage = self.rng.choice([0, self.rng.randrange(16)])
            self.set(stage=self.stage)
        for lane in lanes:
            pass_index, place = divmod(lane, self.g.lanes)
            if self.d.passes > 1 and place == 0:
                await self.expect(swap=1, pass_index=pass_index, words_ready=0, busy=1)
                await self.draw(pass_index, again=1)
                for _ in range(refill_cycles(self.d)):
                    await self.expect(start=0, busy=1, words_ready=0, open=0)
            for layer, mask in enumerate(self.masks):
                word = self.word
                await self.expect(start=0, clipped=0, open=0, words_ready=int(self.stochastic))
                if self.stochastic:
                    self.word = self.rng.getrandbits(32)
                    self.set(words_payload=self.word)
                if not mask >> lane & 1:
                    continue
                step, over = self.step(jvp[lane], layer, word)
                self.clipped.add(over)
                for _ in range(self.scaled + self.d.depth.learner + 1):
                    await self.expect(start=0, clipped=0, words_ready=0)
                users = [k for k in lanes if mask >> k & 1]
                ends = {"ends": (lane == users[0]) + 2 * (lane == users[-1])}
                now = {"lane": place, **(ends if has_velocities(self.d) else {})}
                await self.expect(start=1 << layer, clipped=int(over), **now)
                now["step"] = step
                sweep = self.rng.randint(1, 9)
                self.set(sweeping=1)
                for _ in range(sweep):
                    await self.expect(start=0, busy=1, **now)
                self.set(sweeping=0)
                await self.expect(start=0, busy=1, **now)
        await self.expect(busy=1, learn=1, start=0, updates=updates)


@Bench.test()
async def runs_batches(bench: Bench) -> None:
    """Three batches in a row; UPDATES counts down; then idle."""
    await bench.pulse(set_updates=1, updates_data=3)
    await bench.expect(busy=0, mode=Command.STOP, updates=3, learn=0)
    await bench.command(Command.LEARN)
    for left in (3, 2, 1):
        await bench.batch(updates=left)
    await bench.expect(busy=0, mode=Command.STOP, updates=0, learn=0, open=0)
    assert bench.clipped == {False, True}


@Bench.test()
async def ignores_commands_meanwhile(bench: Bench) -> None:
    """No command changes a batch that is under way; and none begins when none is left."""
    await bench.command(Command.LEARN)
    for _ in range(5):
        await bench.expect(busy=0, mode=Command.STOP, words_ready=0, open=0)
    await bench.pulse(set_updates=1, updates_data=1)
    await bench.expect(busy=0, updates=1)
    await bench.command(Command.LEARN)
    await bench.draw()
    for command in (Command.LEARN, Command.INFER, Command.STOP):
        await bench.command(command)
        await bench.expect(busy=1, mode=Command.LEARN, open=1, updates=1)
    await bench.samples()
    for pass_index in range(1, bench.d.passes):
        await bench.draw(pass_index)
        await bench.samples()
    await bench.learn()
    await bench.expect(busy=0, mode=Command.STOP, updates=0, open=0)


@Bench.test()
async def learns_while_any_batch_is_left(bench: Bench) -> None:
    """Whichever bit of UPDATES says so."""
    for place in range(32):
        await bench.reset()
        await bench.expect(busy=0, updates=0)
        await bench.pulse(set_updates=1, updates_data=1 << place)
        await bench.expect(busy=0, updates=1 << place)
        await bench.command(Command.LEARN)
        await bench.expect(busy=1, learn=1, mode=Command.LEARN, updates=1 << place)


@Bench.test()
async def counts_any_number_of_batches(bench: Bench) -> None:
    """UPDATES may be written in the midst of each; every bit of it tells that one is not the last.

    One less borrows from every bit.
    """
    left = 1
    await bench.pulse(set_updates=1, updates_data=left)
    await bench.expect(busy=0, updates=left)
    await bench.command(Command.LEARN)
    for number in (0xFFFFFFFF, *(1 << place for place in range(31, 0, -1)), 1):
        await bench.draw()
        await bench.expect(busy=1, mode=Command.LEARN, updates=left)
        await bench.pulse(set_updates=1, updates_data=number)
        await bench.samples()
        for pass_index in range(1, bench.d.passes):
            await bench.draw(pass_index)
            await bench.samples()
        await bench.learn(number)
        left = number - 1
    await bench.expect(busy=0, mode=Command.STOP, learn=0, updates=0)


@Bench.test()
async def infers_until_stopped(bench: Bench) -> None:
    """Open at once; busy while outputs are owed, also after a stop."""
    await bench.command(Command.INFER)
    await bench.expect(open=1, busy=0, mode=Command.INFER, learn=0)
    samples, owed = SequencerConfig.of(bench.d).inside, 0
    most = samples * bench.outputs
    # Full, empty, and by chance.
    for enters, leaves, cycles in (
        (1, 0, samples),
        (0, 1, most + 1),
        (0.5, 0.5, 50),
        (0.9, 0.9, 50),
    ):
        for _ in range(cycles):
            entered = owed + bench.outputs <= most and bench.rng.random() < enters
            left = owed > 0 and bench.rng.random() < leaves
            bench.set(entered=entered, left=left)
            await bench.expect(open=1, busy=int(owed > 0), mode=Command.INFER, learn=0)
            owed += entered * bench.outputs - left
    bench.set(entered=0, left=0)
    await bench.command(Command.STOP)
    for _ in range(owed):
        await bench.expect(open=0, busy=1, mode=Command.STOP, learn=0)
        bench.set(left=1)
        await bench.expect(busy=1)
        bench.set(left=0)
    await bench.expect(open=0, busy=0, mode=Command.STOP)
