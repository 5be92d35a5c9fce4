# %% [markdown]
# # Data of your own: where a robot's hand is
#
# Two joints, two links. A chip learns the place of the hand from the angles, one sample at a
# time; then it answers angles of its own, is proved against the simulated hardware, and is
# written as Verilog that holds what it learned.

# %%
import numpy as np

import dualspike as ds

UPDATES = 500  # batches of 64; some seconds

rng = np.random.default_rng(0)
angles = rng.uniform(-1, 1, (4000, 2))  # in quarter turns


def hand(angles: np.ndarray) -> np.ndarray:
    """Place of the hand, [N, 2], for links of length 1/2."""
    a, b = np.pi * angles[:, 0] / 2, np.pi * angles.sum(axis=1) / 2
    return 0.5 * np.stack([np.cos(a) + np.cos(b), np.sin(a) + np.sin(b)], axis=1)


# %% [markdown]
# The description says what the chip is. `every = "sample"` makes one change of every weight after
# each sample.

# %%
description = ds.Description.from_dict(
    {
        "name": "arm",
        "network": {"layers": [2, 24, 24, 2], "time_steps": 32},
        "learning": {"rule": "online", "every": "sample", "rate": 6, "updates": UPDATES},
    }
)
chip = ds.Chip(description)
run = chip.train(x=angles, y=hand(angles))
print(f"relative l2 {run.measures.rel_l2:.4f} on the {run.tested_on}")
run

# %% [markdown]
# Answers for angles of one's own.

# %%
asked = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]])
for place, truth in zip(chip.predict(asked).y, hand(asked), strict=True):
    print(np.round(place, 3), "is really", np.round(truth, 3))

# %% [markdown]
# The simulated hardware does the same, bit for bit; then it becomes files. `arm_tb.v` is a
# testbench for Icarus or Verilator that needs no Python.

# %%
print("equal in every bit:", chip.verify(updates=1).equal)
files = chip.generate("arm", baked=True)
print(", ".join(sorted(path.name for path in files if path.suffix in (".v", ".h", ".c"))))
