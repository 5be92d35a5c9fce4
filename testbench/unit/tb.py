"""What every bench starts from: its component's ports by name, clock, reset, and its parts."""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from functools import wraps
from inspect import signature
from typing import Any, Self

import cocotb
from amaranth.lib import stream, wiring
from cocotb._decorators import TestGenerator  # what `cocotb.test` makes; the version is fixed
from cocotb.clock import Clock
from cocotb.handle import HierarchyObject
from cocotb.triggers import RisingEdge, Timer

from dualspike.testbench.unit import run as components
from dualspike.testbench.unit.payloads import Codec, Fields
from dualspike.testbench.unit.streams import (
    HandshakeChecker,
    Pulses,
    StreamEnd,
    StreamSink,
    StreamSource,
)

_PATIENCE = 20_000
_PERIOD, _LATE = 2000, 1500
"""Picoseconds of a clock, and up to where a component's outputs must have settled."""
_RESET = (0,) * 6 + (1,)
"""Clocks up to the end of a reset."""


class Startable(ABC):
    """What the tests of a bench begin with. ``TIMEOUT``: simulated microseconds for each."""

    TIMEOUT: float | None = None

    @abstractmethod
    def __init__(self, dut: Any) -> None:
        """What is common to the tests of a component."""

    @classmethod
    @abstractmethod
    async def start(cls, dut: Any, **options: Any) -> Self:
        """The bench with its component clocked and reset."""

    @classmethod
    def test(cls, **options: Any) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Any]:
        """Make a cocotb test of ``async def name(tb, ...)``, with a component that has started.

        ``options`` that the constructor names go there, those that the test names to the test; a
        list is one case after the other.
        """
        cases = {name: value for name, value in options.items() if isinstance(value, list)}

        def decorate(body: Callable[..., Coroutine[Any, Any, None]]) -> TestGenerator:
            named = [signature(one).parameters for one in (cls.__init__, body)]

            @wraps(body)
            async def test(dut: HierarchyObject, **case: Any) -> None:
                given = options | case
                own, others = ({n: given[n] for n in given if n in some} for some in named)
                await body(await cls.start(dut, **own), **others)

            found = cocotb.test(timeout_time=cls.TIMEOUT, timeout_unit="us")(test)
            for name, values in cases.items():
                found = cocotb.parametrize(**{name: values})(found)
            return found

        return decorate


class TB(Startable):
    """The component under test, reset and clocked; a `HandshakeChecker` watches each stream.

    A cycle: the parts drive, everything settles, the parts sample, the clock rises. ``now`` is the
    number of the present cycle. Between two cycles `set` drives ports for the coming one;
    `settle` and `edge` are the two halves of a cycle, and between them `get` sees what has settled.
    """

    def __init__(self, dut: HierarchyObject) -> None:
        component = components.component()
        self.case = components.parameters()
        self.now = 0
        self._settled = False
        self.parts: list[StreamEnd] = []
        self._dut: Any = dut
        self._shapes: dict[str, Any] = {}
        self._ports: dict[str, tuple[Any, Codec]] = {}
        self._inputs: list[str] = []
        self._driven: dict[str, int] = {}
        self._streams: set[str] = set()
        for path, member, _ in component.signature.flatten(component):
            name = "_".join(map(str, path))
            self._shapes[name] = member.shape
            self._ports[name] = getattr(dut, name), Codec(member.shape)
            if member.flow is wiring.In:
                self._inputs.append(name)
        for name, member in component.signature.members.items():
            if member.is_signature and isinstance(member.signature, stream.Signature):
                self.parts.append(HandshakeChecker(self, name))
                self._streams |= {f"{name}_valid", f"{name}_ready"}

    @classmethod
    async def start(cls, dut: HierarchyObject, **options: Any) -> Self:
        """Clock the component, reset it, and `load` it; after that, 0 is driven everywhere."""
        tb = cls(dut, **options)
        Clock(tb._dut.clk, _PERIOD, unit="ps", impl="gpi").start()
        await tb.reset()
        await tb.load()
        return tb

    async def reset(self, seed: int = 1) -> None:
        """Hold the component in reset for a clock, wherever random inputs have led it before.

        Inputs are as random in reset, but streams offer nothing then, as AXI4-Stream has it (Arm
        IHI 0051), and take nothing, so that nothing leaves a buffer but by its reset. After it all
        are 0.
        """
        rng = random.Random(seed)
        for active in _RESET:
            self._dut.rst.value = active
            for name in self._inputs:
                port, codec = self._ports[name]
                bits = 0 if active and name in self._streams else rng.getrandbits(codec.width)
                port.value = self._driven[name] = bits
            await RisingEdge(self._dut.clk)
        self._dut.rst.value = 0
        self.set(**self._zeros(self._inputs))

    async def load(self) -> None:
        """What a bench does once after reset; here nothing."""

    def shape(self, name: str) -> Any:
        """Shape or layout of a port."""
        return self._shapes[name]

    def set(self, **values: Fields) -> None:
        """Drive input ports by their fields."""
        for name, fields in values.items():
            port, codec = self._ports[name]
            bits = codec.pack(fields)
            if self._driven.get(name) != bits:
                port.value = self._driven[name] = bits

    def get(self, name: str) -> Any:
        """The fields of a port."""
        return self._ports[name][1].unpack(self.bits(name))

    def bits(self, name: str) -> int:
        """The bits of a port as an unsigned number."""
        assert self._settled, f"{name} is looked at before it has settled"
        return int(self._ports[name][0].value)

    def source(self, name: str, stall: float = 0.0, seed: int = 1) -> StreamSource:
        """A source on an input stream."""
        self.parts.append(part := StreamSource(self, name, stall, seed))
        return part

    def sink(self, name: str, stall: float = 0.0, seed: int = 1) -> StreamSink:
        """A sink on an output stream."""
        self.parts.append(part := StreamSink(self, name, stall, seed))
        return part

    def pulses(self, name: str) -> list[tuple[int, int]]:
        """A list that fills with (cycle, value) wherever a port is not 0."""
        self.parts.append(part := Pulses(self, name))
        return part.seen

    async def settle(self) -> None:
        """First half of a cycle."""
        for part in self.parts:
            part.drive()
        # Behind the clock's other edge, so that a register which it moves is seen.
        await Timer(_LATE, "ps")
        self._settled = True
        for part in self.parts:
            part.sample()

    async def edge(self) -> None:
        """Second half of a cycle."""
        await RisingEdge(self._dut.clk)
        self._settled = False
        self.now += 1

    async def cycle(self, count: int = 1) -> None:
        """Whole cycles."""
        for _ in range(count):
            await self.settle()
            await self.edge()

    async def pulse(self, **values: Fields) -> None:
        """One cycle with ``values``, which go back to 0 after it."""
        self.set(**values)
        await self.cycle()
        self.set(**self._zeros(values))

    def _zeros(self, names: Iterable[str]) -> dict[str, Fields]:
        return {name: self._ports[name][1].unpack(0) for name in names}

    async def see(self, name: str) -> Any:
        """The fields of a port in a cycle of its own."""
        await self.settle()
        fields = self.get(name)
        await self.edge()
        return fields

    async def until(self, done: Callable[[], bool], limit: int = _PATIENCE) -> None:
        """Cycles up to the first in which ``done()``; AssertionError after ``limit`` of them."""
        for _ in range(limit):
            await self.settle()
            reached = done()
            await self.edge()
            if reached:
                return
        raise AssertionError(f"nothing came of it in {limit} cycles")

    async def through(
        self, payloads: Iterable[Fields], count: int, stalls: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[StreamSource, StreamSink]:
        """Send ``payloads`` into ``inputs`` until ``outputs`` has given ``count``; both ends."""
        source, sink = self.source("inputs", stalls[0]), self.sink("outputs", stalls[1])
        source.send(payloads)
        await self.taken(sink, count)
        return source, sink

    async def taken(self, sink: StreamSink, count: int) -> None:
        """Cycles until ``sink`` has taken ``count`` payloads."""
        await self.until(lambda: len(sink.taken) >= count)
