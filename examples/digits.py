# %% [markdown]
# # Labels: handwritten digits
#
# A 64-64-10 chip learns scikit-learn's 8 x 8 digits from their labels, sample by sample. Names of
# data sets stand in the place of files; `dualspike train --preset digits` is the same on the
# command line.

# %%
import numpy as np

import dualspike as ds

UPDATES = 150  # batches of 48; the preset has 2,400

chip = ds.Chip(ds.Description.preset("digits"))
run = chip.train("digits", updates=UPDATES)
print(f"after {UPDATES} updates: {run.measures.accuracy:.1%} on the {run.tested_on}")
run

# %% [markdown]
# Which digits are taken for which: a row is what they are, a column what the chip says.

# %%
print(np.array(run.measures.confusion))

# %% [markdown]
# What the chip takes of an FPGA, before anything is synthesised.

# %%
told = chip.estimate("ecp5-85f")
print({name: told["estimate"][name] for name in ("lut4", "ff", "dsp", "bram")})
print(told["clocks_per_sample_inference"], "clocks a sample")

# %% [markdown]
# Kept as a folder, which `dualspike predict`, `verify` and `generate` take as well.

# %%
chip.save("kept", force=True)
again = ds.Chip.load("kept")
images = np.zeros((1, 64))
print("an empty image is called", again.predict(images).classes[0])
