"""Components in Amaranth's own simulator."""

from collections.abc import Callable, Coroutine
from typing import Any

from amaranth.hdl import Elaboratable
from amaranth.sim import Simulator


def simulate(dut: Elaboratable, bench: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """Run ``bench`` to its end."""
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
