# %% [markdown]
# # A core in a system on chip, with its C driver
#
# `generate` writes the driver next to the Verilog. `main.c` is a program that uses it; `port.c`
# stands for what a system has of its own, registers in memory and a DMA engine, and lets the core
# run in Verilator here: behind Wishbone for its registers and AXI4-Stream for its samples.

# %%
import subprocess
from pathlib import Path

import numpy as np

import dualspike as ds
from dualspike.hw.emit.unwrapped import unwrapped
from dualspike.testbench.cosim.simulation import source
from dualspike.testbench.cosim.verilate import build

UPDATES = 400  # of the weights that the program loads
HERE = Path(__file__).parent if "__file__" in globals() else Path("examples/soc")
BATCH, BATCHES, ASKED = 8, 4, 6

rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (200, 2))
y = (x @ [0.5, -0.25])[:, None]  # a plane
d = ds.Description.from_dict(
    {
        "name": "plane",
        "network": {"layers": [2, 4, 1], "time_steps": 8},
        "learning": {"batch": BATCH, "rate": 4, "updates": UPDATES},
    }
)
chip = ds.Chip(d)
chip.train(x=x, y=y)
chip.generate("plane", wrap="wishbone")

# %% [markdown]
# Samples as the core takes them: whole numbers with the fraction bits of their formats.

# %%
given = x[: BATCH * BATCHES]


def array(name: str, kind: str, values: np.ndarray, fraction: int) -> str:
    """A C array of rounded numbers."""
    words = np.floor(values * 2**fraction + 0.5).astype(int).ravel()
    return f"static const plane_{kind}_t {name}[] = {{ {', '.join(map(str, words))} }};\n"


inside, outside = d.formats.input.fraction, d.formats.target.fraction
numbers = {"ROWS": len(given), "BATCHES": BATCHES, "ASKED": ASKED, "INPUTS": 2, "ROUNDS": 3}
text = "".join(f"#define {name} {value}\n" for name, value in numbers.items())
text += array("inputs", "inputs", given, inside)
text += array("targets", "targets", y[: len(given)], outside)
text += array("inputs_asked", "inputs", x[:ASKED], inside)
Path("plane/samples.h").write_text(text)

# %%
verilog = Path("plane/plane_wishbone.v").read_text() + unwrapped(d, "wishbone", "plane")
library = build(source(d, verilog=verilog), quick=True)
files = [*map(str, (HERE / "main.c", HERE / "port.c")), "plane/plane_driver.c", str(library)]
subprocess.run(["gcc", "-std=c99", "-Wall", "-Iplane", *files, "-o", "plane/program"], check=True)
told = subprocess.run(["plane/program"], capture_output=True, text=True, check=True).stdout
print(told)

# %% [markdown]
# What the program was told is what the integer model answers, in every bit.

# %%
answers = [int(line.split()[1]) for line in told.splitlines() if line.startswith("answer")]
expected = chip.predict(x[:ASKED]).y.ravel() * 2**d.formats.membrane.fraction
assert answers == expected.astype(int).tolist()
print("equal:", answers)
