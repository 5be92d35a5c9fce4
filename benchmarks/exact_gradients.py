"""One direction of exact gradients against the simulation that it differentiates.

Run it with ``python benchmarks/exact_gradients.py``. Both are timed in turns, in processor time;
the exit status is 1 if a direction takes longer than the simulation.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from dualspike.golden.exact.circuit import layered
from dualspike.golden.exact.forward import directional
from dualspike.golden.exact.spikes import simulate

ROUNDS, UNTIL = 50, 20.0


def main() -> int:
    """Measure in turns, print medians and their ratio."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rng = np.random.default_rng(0)
    circuit = layered([5, 100, 3])
    weights = rng.uniform(0, 3, circuit.n_edges)
    times, sources = np.sort(rng.uniform(0, UNTIL, 60)), rng.integers(0, 5, 60)
    spikes = simulate(circuit, weights, times, sources, until=UNTIL)
    direction = rng.standard_normal(circuit.n_edges)
    simulations: list[float] = []
    directions: list[float] = []
    for _ in range(ROUNDS):
        simulations.append(
            _seconds(lambda: simulate(circuit, weights, times, sources, until=UNTIL))
        )
        directions.append(_seconds(lambda: directional(spikes, direction)))
    one, other = statistics.median(directions), statistics.median(simulations)
    print(f"{len(spikes.times)} spikes, simulation {other * 1e3:9.3f} ms")
    print(f"one direction          {one * 1e3:9.3f} ms")
    print(f"ratio                  {one / other:9.3f}    (wanted: 1 or less)")
    return int(one > other)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
