"""Forecast against synthesis: how far `model.cost.area` is from what Yosys makes of eleven cores.

Run it with ``python benchmarks/area.py``; it takes some minutes. The exit status is 1 if tables or
registers are more than 15 % away, or multipliers or block RAMs more than 2.
"""

import argparse
import statistics
import sys
from typing import Any

from dualspike.boards.flow.measure import measure
from dualspike.model.cost.devices import DEVICES
from dualspike.model.description.load import describe, load_preset

SHARE = 0.15
COUNT = 2

NARROW = {"tangent": "s11.0"}
CORES: dict[str, dict[str, Any]] = {
    "mid": {"network": {"layers": [4, 12, 12, 3]}, "hardware": {"pe": [2, 4, 1]}},
    "deep": {"network": {"layers": [3, 8, 8, 8, 2], "time_steps": 16}},
    "wide_rows": {"network": {"layers": [8, 16, 2]}, "hardware": {"simd": [1, 2], "pe": [4, 2]}},
    "lanes8": {
        "network": {"layers": [2, 8, 8, 1]},
        "learning": {"scope": "global", "directions": 8},
    },
    "narrow": {"network": {"layers": [2, 16, 16, 1]}, "formats": NARROW},
    "factored": {"network": {"layers": [6, 10, 10, 1]}, "learning": {"structure": "factored"}},
    "big": {"network": {"layers": [32, 64, 64, 4]}, "hardware": {"pe": [1, 2, 1]}},
    "signs": {
        "network": {"layers": [8, 16, 4], "time_steps": 8},
        "learning": {"rule": "online", "batch": 3, "feedback": "signs"},
        "hardware": {"pe": [4, 2]},
    },
    "frames": {
        "network": {"layers": [6, 12, 10, 4], "time_steps": 4, "coding": "frames", "leak": 0.75},
        "learning": {"rule": "online", "batch": 3},
        "hardware": {"pe": [4, 3, 2], "simd": [1, 2, 1]},
    },
    "forward2": {
        "network": {"layers": [4, 8, 8, 2], "time_steps": 8},
        "learning": {"rule": "online", "batch": 3, "directions": 2},
    },
}


def main() -> int:
    """Synthesise each core for an ECP5, print both counts, and how far apart they are."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    device = DEVICES["ecp5-85f"]
    away: dict[str, list[float]] = {"lut4": [], "ff": []}
    apart: dict[str, list[int]] = {"dsp": [], "bram": []}
    print("core        LUT4            FF              DSP        BRAM   (forecast/synthesised)")
    for name, tables in {"hat": None, **CORES}.items():
        d = load_preset("hat") if tables is None else describe({"name": name} | tables, name)
        found = measure(d, "ecp5", device)
        forecast, actual = found["estimate"], found["actual"]
        for key, values in away.items():
            values.append(forecast[key] / actual[key] - 1)
        for key, counts in apart.items():
            counts.append(forecast[key] - actual[key])
        cells = [f"{forecast[key]:,}/{actual[key]:,}" for key in ("lut4", "ff", "dsp", "bram")]
        print(f"{name:11} {cells[0]:15} {cells[1]:15} {cells[2]:10} {cells[3]}", flush=True)
    for key, values in away.items():
        low, high, middle = min(values), max(values), statistics.median(values)
        print(
            f"{key:4} {low:+.0%} to {high:+.0%}, {middle:+.0%} in the median (wanted: {SHARE:.0%})"
        )
    for key, counts in apart.items():
        print(f"{key:4} {min(counts):+d} to {max(counts):+d} (wanted: {COUNT})")
    close = max(abs(value) for values in away.values() for value in values) <= SHARE
    exact = max(abs(count) for counts in apart.values() for count in counts) <= COUNT
    return int(not (close and exact))


if __name__ == "__main__":
    sys.exit(main())
