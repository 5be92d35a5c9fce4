"""Clocks a second of the hat's core: bulk driver against a cocotb bench that acts in every cycle.

Also the time of one update of the integer model (64 samples, one thread). Run it with
``python benchmarks/simulation_speed.py``; everything is measured in this one run. The exit
status is 1 if the bulk driver is not ten times as fast or an update takes more than 15 ms.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dualspike.golden.data.load import load_problem
from dualspike.golden.training.fixed_engine import FixedEngine
from dualspike.model.description.load import load_preset
from dualspike.testbench.cosim.engine import RtlEngine
from dualspike.testbench.cosim.simulation import Simulation
from dualspike.testbench.unit.benches import bench_rate
from dualspike.testbench.unit.run import run_bench

ROUNDS, UPDATES, CYCLES = 5, 20, 40_000
RATIO, MILLISECONDS = 10, 15


def main() -> int:
    """Measure in turns, print medians and ratios."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    d = load_preset("hat")
    problem = load_problem(d)
    fixed = FixedEngine(d)
    bulk: list[float] = []
    cocotb: list[float] = []
    golden: list[float] = []
    with RtlEngine(d, Simulation.of(d), check=False) as rtl:
        for r in range(ROUNDS):
            batches = [problem.training_batch(1, r * UPDATES + n) for n in range(UPDATES)]
            clocks, began = rtl.learning_cycles, time.perf_counter()
            for n, batch in enumerate(batches):
                rtl.update(*batch, n)
            bulk.append((rtl.learning_cycles - clocks) / (time.perf_counter() - began))
            began = time.perf_counter()
            for n, batch in enumerate(batches):
                fixed.update(*batch, n)
            golden.append((time.perf_counter() - began) / UPDATES * 1e3)
            cocotb.append(_cocotb())
    ratio = statistics.median(b / c for b, c in zip(bulk, cocotb, strict=True))
    update = statistics.median(golden)
    print(f"bulk driver          {statistics.median(bulk):12,.0f} clocks/s")
    print(f"cocotb, every cycle  {statistics.median(cocotb):12,.0f} clocks/s")
    print(f"ratio                {ratio:12.1f}    (wanted: {RATIO} or more)")
    print(f"integer model        {update:12.2f} ms an update    (wanted: {MILLISECONDS} or less)")
    return int(ratio < RATIO or update > MILLISECONDS)


def _cocotb() -> float:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "rate.json"
        run_bench(bench_rate, cycles=CYCLES, result=str(result))
        return json.loads(result.read_text())["clocks_per_second"]


if __name__ == "__main__":
    sys.exit(main())
