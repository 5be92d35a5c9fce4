# %% [markdown]
# # An operator network: from a function to its integral
#
# A DeepONet has two parts: the branch sees a function at eight places, the trunk a place x. Their
# outputs are multiplied and added up to the integral of the function from -1 to x. The chip
# learns both parts at once.

# %%
import numpy as np
from numpy.polynomial import Polynomial

import dualspike as ds

UPDATES = 1500  # batches of 16 functions at 17 places

sensors, places = np.linspace(-1, 1, 8), np.linspace(-1, 1, 17)


def integral(f: Polynomial) -> np.ndarray:
    """The integral from -1 to every place."""
    whole = f.integ()
    return whole(places) - whole(-1)


rng = np.random.default_rng(0)
functions = [Polynomial(rng.uniform(-0.5, 0.5, 4)) for _ in range(500)]
u = np.array([f(sensors) for f in functions])
y = np.array([integral(f) for f in functions])

# %%
part = {"time_steps": 32, "surrogate": {"kind": "gaussian", "sigma": 0.5}}
description = ds.Description.from_dict(
    {
        "name": "integral",
        "operator": {
            "kind": "deeponet",
            "parts": [{"layers": [8, 24, 8], **part}, {"layers": [1, 24, 8], **part}],
        },
        "learning": {
            "rule": "online",
            "every": "sample",
            "batch": [16, 17],
            "rate": 5,
            "updates": UPDATES,
        },
    }
)
chip = ds.Chip(description)
run = chip.train(u=u, points=places[:, None], y=y)
mean, whole = run.measures.rel_l2, run.measures.global_rel_l2
print(f"relative l2 on the {run.tested_on}: {mean:.4f}, mean over functions; {whole:.4f} over all")
run

# %% [markdown]
# A function that it has not seen: x^2 / 2, whose integral from -1 is (x^3 + 1) / 6.

# %%
asked = (sensors**2 / 2)[None, :]
answer = chip.predict(asked, places[:, None]).y[0]
truth = (places**3 + 1) / 6
for place, found, right in list(zip(places, answer, truth, strict=True))[::4]:
    print(f"x = {place:+.1f}: {found:.3f}, really {right:.3f}")
