"""A million random bytes over a line that drops, doubles and flips one byte in 1,000.

Run it with ``python benchmarks/link_faults.py [BYTES] [SEED]``. It fails if a word does not arrive
as it was sent, if a register changes that nobody wrote, or if a transfer does not end.
"""

import argparse
import sys

from dualspike.model.description.load import describe
from dualspike.testbench.arguments import count
from dualspike.testbench.board.board import BoardSimulation
from dualspike.testbench.board.link_faults import endure

NET = {
    "network": {"layers": [2, 12, 12, 1], "time_steps": 4},
    "learning": {"scope": "global"},
    "hardware": {"pe": [1, 1, 1]},
}


def main() -> int:
    """Move the bytes, print what happened to them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("octets", type=count, nargs="?", default=1_000_000, metavar="BYTES")
    parser.add_argument("seed", type=int, nargs="?", default=1, metavar="SEED")
    asked = parser.parse_args()
    d = describe(NET, "benchmark")
    with BoardSimulation(d) as simulation:
        result = endure(d, simulation, asked.octets, asked.seed)
    print(f"bytes written and read back  {result.octets:,}, all right")
    print(f"transfers                    {result.transfers:,}, all complete")
    for kind, number in result.faults.items():
        print(f"bytes {kind:22} {number:,}")
    print(f"requests sent again          {result.resent:,}")
    print(f"clocks                       {result.clocks:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
