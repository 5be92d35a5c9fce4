"""Seconds of processor time, Yosys included, to write the Verilog of every preset.

Run it with ``python benchmarks/generation.py``. The exit status is 1 if one takes 20 or more.
"""

import argparse
import os
import sys

from dualspike.hw.emit.files import core_verilog
from dualspike.model.description.load import load_preset, presets

SECONDS = 20


def main() -> int:
    """Generate each preset once, print the time it took."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    slowest = 0.0
    for name in presets():
        d, before = load_preset(name), sum(os.times()[:4])
        verilog = core_verilog(d)
        seconds = sum(os.times()[:4]) - before
        slowest = max(slowest, seconds)
        print(f"{name:18} {seconds:6.1f} s {len(verilog.splitlines()):9,} lines")
    print(f"slowest            {slowest:6.1f} s    (wanted: below {SECONDS})")
    return int(slowest >= SECONDS)


if __name__ == "__main__":
    sys.exit(main())
