"""The same bits on every machine: exp against published digits, NumPy without vector units."""

import importlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import dualspike
from dualspike.golden.data.portable import exponential, rounded
from dualspike.golden.data.problem import build
from dualspike.golden.data.problems.hat import HatSettings
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.data.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.data.store import checksum

SMALL = """
from dualspike.golden.data.problems.hat import HatSettings
from dualspike.golden.data.problems.poisson import PoissonSettings
from dualspike.golden.data.problem import build
from dualspike.golden.data.problems.random_field import RandomField
from dualspike.golden.data.problems.reaction_diffusion import ReactionDiffusionSettings
from dualspike.golden.data.store import checksum
for settings in (
    HatSettings(),
    PoissonSettings(),
    PoissonSettings(4, 4, 4, RandomField("matern52", 0.3)),
    ReactionDiffusionSettings(4, 4, 4),
):
    print(checksum(build(settings)))
"""


def test_exponential_published_digits() -> None:
    # OEIS A001113 (e), A068985 (1/e), A092426 (e^4), the float64 nearest to each.
    values = exponential(np.array([[1.0, -1.0], [4.0, 0.0]]))
    assert values.tolist() == [
        [2.71828182845904523536, 0.36787944117144232160],
        [54.59815003314423907811, 1.0],
    ]


def test_exponential_against_the_machine() -> None:
    values = np.concatenate([-np.linspace(0, 30, 500), [-745, -1e5, -1e300]])
    np.testing.assert_array_max_ulp(exponential(values), np.exp(values), maxulp=1)


def test_rounded() -> None:
    step = 2.0**-30
    values = np.array([0.5 * step, 1.5 * step, -2.5 * step, 1 + 0.4 * step, 3.0])
    assert rounded(values).tolist() == [0, 2 * step, -2 * step, 1, 3]
    random = np.random.default_rng(0).standard_normal(1000)
    assert (np.abs(rounded(random) - random) <= step / 2).all()
    assert all(math.ldexp(value, 30).is_integer() for value in rounded(random).tolist())


def test_default_problems_have_these_checksums() -> None:
    """Change one only together with every result that was computed from it."""
    assert {
        settings.name: checksum(build(settings))
        for settings in (HatSettings(), PoissonSettings(), ReactionDiffusionSettings())
    } == {
        "hat": "debf0e98c0b59e34b61c0f50a4e8b4282d5ef32d5369155a5d8617b787639cc8",
        "poisson": "44c80609969551566f5c9c3d0dc9cd742ea3bc42cc8f1b67d14e6b15e9cd2981",
        "reaction_diffusion": "aa2cbe28906db33651a8b0d7c3f880b8d1fed4f1edc8ffea68884656e153758f",
    }


def test_same_bits_without_vector_units() -> None:
    """A machine without AVX is imitated by NumPy's own switch, in a fresh interpreter."""
    core = importlib.import_module("numpy._core._multiarray_umath")
    extra = [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]
    package = Path(dualspike.__file__).parents[1]
    plain, *others = (
        subprocess.run(
            [sys.executable, "-c", SMALL],
            env=os.environ
            | {"NPY_DISABLE_CPU_FEATURES": " ".join(disabled), "PYTHONPATH": str(package)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for disabled in ([], extra)
    )
    assert len(plain) == 4
    assert others == [plain]
