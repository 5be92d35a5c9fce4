"""How many clocks a second a bench gets through that acts in every cycle: the usual way."""

import json
import time
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from dualspike.hw.chip.core import Core
from dualspike.model.description.load import load_preset
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map
from dualspike.testbench.unit.run import parameters

TOP = "hat"


def component(cycles: int, result: str) -> Core:
    """The core of the paper's network; ``result`` is the file for the speed over ``cycles``."""
    return Core(load_preset("hat"))


@cocotb.test()
async def every_cycle(dut: Any) -> None:
    """A learning core with new inputs and targets offered at every clock edge."""
    given = parameters()
    cycles = int(str(given["cycles"]))
    d = load_preset("hat")
    address = {r.name: r.address for r in register_map(d)}
    for name in ("inputs_valid", "targets_valid", "results_ready", "bus_request"):
        getattr(dut, name).value = 0
    dut.rst.value = 1
    Clock(dut.clk, 10, unit="ns", impl="gpi").start()
    edge = RisingEdge(dut.clk)
    await edge
    dut.rst.value = 0
    for name, value in (("UPDATES", 1000), ("CONTROL", Command.LEARN)):
        dut.bus_address.value, dut.bus_write_data.value = address[name], int(value)
        dut.bus_write.value = dut.bus_request.value = 1
        for _ in range(5):
            await edge
        dut.bus_request.value = 0
        await edge
    dut.inputs_valid.value = dut.targets_valid.value = 1
    began = time.perf_counter()
    for n in range(cycles):
        dut.inputs_payload.value = n & 0xFFFF
        dut.targets_payload.value = n & 0x3FFFF
        await edge
    seconds = time.perf_counter() - began
    assert dut.busy.value == 1, "the core was not at work"
    Path(str(given["result"])).write_text(json.dumps({"clocks_per_second": cycles / seconds}))
