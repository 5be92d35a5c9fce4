# %% [markdown]
# # A core in a system on chip, with its C driver
#
# `soc.v` is a system: a RISC-V processor ([PicoRV32](https://github.com/YosysHQ/picorv32), from
# `pip install pythondata-cpu-picorv32`), memory, a console, and the core behind Wishbone. `main.c`
# is its program, which uses the driver that `generate` writes; `system.c` has what the driver asks
# of a system. It is compiled by Debian's `gcc-riscv64-unknown-elf`, without a library, and the
# whole system runs in Verilator, clock by clock.

# %%
import contextlib
import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pythondata_cpu_picorv32 as picorv32
from numpy.typing import ArrayLike

import dualspike as ds
from dualspike.golden.training.fixed_engine import first_chip, stored_batch, stored_inputs
from dualspike.testbench.cosim.verilate import Source, build

UPDATES = 400  # of the weights that the program loads
HERE = Path(__file__).parent if "__file__" in globals() else Path("examples/soc")
BATCH, BATCHES, ASKED, ROUNDS = 8, 4, 6, 2

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
places = [slice(n * BATCH, (n + 1) * BATCH) for n in range(BATCHES)]
batches = [stored_batch(d, [x[place]], y[place]) for place in places]
asked = stored_inputs(d, [x[:ASKED]])


def array(name: str, kind: str, *numbers: np.ndarray) -> str:
    """A C array of all these numbers."""
    words = ", ".join(str(word) for one in numbers for word in one.ravel())
    return f"static const plane_{kind}_t {name}[] = {{ {words} }};\n"


sizes = {"BATCHES": BATCHES, "ASKED": ASKED, "ROUNDS": ROUNDS}
text = "".join(f"#define {name} {value}u\n" for name, value in sizes.items())
text += array("inputs", "inputs", *(one.inputs[0] for one in batches))
text += array("targets", "targets", *(one.to_learn(0)[1] for one in batches))
text += array("inputs_asked", "inputs", asked[0])
Path("plane/samples.h").write_text(text)

# %% [markdown]
# The program, as words of memory.

# %%
tools = "riscv64-unknown-elf-"
flags = "-march=rv32im -mabi=ilp32 -std=c99 -Os -Wall -Wextra -Werror -ffreestanding -nostdlib"
files = [HERE / "start.S", HERE / "main.c", HERE / "system.c", "plane/plane_driver.c"]
linked = [
    f"-T{HERE / 'link.ld'}",
    "-Wl,--no-warn-rwx-segments",
    "-Iplane",
    f"-I{HERE}",
    "-o",
    "plane/program.elf",
]
subprocess.run([f"{tools}gcc", *flags.split(), *files, *linked, "-lgcc"], check=True)
raw = ["-O", "binary", "plane/program.elf", "plane/program.bin"]
subprocess.run([f"{tools}objcopy", *raw], check=True)
program = Path("plane/program.bin").read_bytes()
words = np.frombuffer(program + bytes(-len(program) % 4), "<u4")
Path("plane/firmware.hex").write_text("".join(f"{word:08x}\n" for word in words))

# %% [markdown]
# The system, built by Verilator and run.

# %%
files = [Path("plane/plane_wishbone.v"), HERE / "soc.v"]
files += [Path(picorv32.data_location) / "picorv32.v"]
verilog = "\n".join(path.read_text("utf-8") for path in files)
system = Source(verilog, "soc", (), "", harness=str((HERE / "console.cpp").resolve()))
library = ctypes.CDLL(str(build(system, quick=True)))


def run() -> str:
    """What the program in `firmware.hex` prints; its status and its clocks are the last line."""
    told, clocks = ctypes.create_string_buffer(1 << 16), ctypes.c_uint64()
    with contextlib.chdir("plane"):
        status = library.soc_run(told, ctypes.c_uint64(len(told)), ctypes.byref(clocks))
    return f"{told.value.decode()}status {status} after {clocks.value} clocks"


told = run()
print(told)

# %% [markdown]
# The integer model does the same, and every number is equal.

# %%
model = first_chip(d, chip.weights)


def line(name: str, *numbers: ArrayLike) -> str:
    """As the program prints them."""
    return " ".join([name, *map(str, np.concatenate([np.ravel(one) for one in numbers]))])


expected = [line("answers", model.infer(asked))]
for _ in range(ROUNDS):
    model.flags = 0
    record = [model.update(*one.to_learn(0)) for one in batches][-1]
    expected.append(line("learned", record.loss, record.jvp, record.flags))
expected += [line("memory", memory) for memory in model.memories]
expected += [line("answers", model.infer(asked))]
*lines, ended = told.splitlines()
assert lines == expected, "the chip is not the model"
assert ended.startswith("status 0 ")
print("equal:", len(lines), "lines")
