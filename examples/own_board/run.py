# %% [markdown]
# # A board of one's own
#
# `board.toml` names device, package, oscillator and pins; they are checked against the tables of
# the installed tools. What fits is a forecast, in a second; `dualspike build` makes the
# bitstream, in minutes.

# %%
import subprocess
import sys
from pathlib import Path

BUILD = False  # True makes the bitstream, with dualspike[boards] installed
HERE = Path(__file__).parent if "__file__" in globals() else Path("examples/own_board")


def dualspike(*words: object) -> None:
    """The command line."""
    command = [sys.executable, "-m", "dualspike", *map(str, words)]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


board, net = HERE / "board.toml", HERE / "net.toml"
dualspike("boards", net, "--board", board)
if BUILD:
    dualspike("build", net, "--board", board, "--clock", 50, "--seeds", 4, "-o", "bench")
