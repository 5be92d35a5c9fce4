"""Integer arithmetic of the chip: rounding, saturation, exact matrix products."""

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.numeric import Ints
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput

EXACT = 1 << 53


def round_half_up(value: Ints, shift: int) -> Ints:
    """floor(value / 2^shift + 1/2); a negative shift multiplies, exactly."""
    if shift <= 0:
        return value << -shift
    return ((value >> (shift - 1)) + 1) >> 1


def saturate(value: Ints, form: Format) -> tuple[Ints, bool]:
    """Clip to the format; the second result says whether anything was clipped."""
    if value.size == 0 or (value.min() >= form.lowest and value.max() <= form.highest):
        return value, False
    return np.clip(value, form.lowest, form.highest), True


def product(a: Ints, matrix: Ints) -> Ints:
    """a @ matrix.T for integers [..., n_in] and [n_out, n_in], exact, as int64.

    Goes through float64 BLAS while every partial sum stays below 2^53.
    """
    if a.size == 0:
        return np.zeros((*a.shape[:-1], matrix.shape[0]), np.int64)
    bound = int(np.abs(a).max()) * int(np.abs(matrix).sum(axis=1).max())
    if bound >= EXACT:
        return a.astype(np.int64) @ matrix.astype(np.int64).T
    flat = a.reshape(-1, a.shape[-1]).astype(np.float64)
    result = (flat @ matrix.T.astype(np.float64)).astype(np.int64)
    return result.reshape(*a.shape[:-1], matrix.shape[0])


def rounded(values: NDArray[np.float64], form: Format) -> NDArray[np.float64]:
    """Whole numbers of the format's last bit, halves up, infinite beyond float64; no saturation."""
    with np.errstate(over="ignore"):
        return np.floor(values * 2.0**form.fraction + 0.5)


def quantise(values: NDArray[np.float64], form: Format, name: str) -> NDArray[np.int64]:
    """Nearest stored integers, halves up; BadInput names a value outside the format."""
    stored = rounded(values, form)
    outside = ~((stored >= form.lowest) & (stored <= form.highest))
    if outside.any():
        lowest, highest = form.lowest * form.lsb, form.highest * form.lsb
        raise BadInput(
            f"{name} must be in [{float(lowest):g}, {float(highest):g}] ({form}),"
            f" not {values[outside].flat[0]:g}"
        )
    return stored.astype(np.int64)


def real(stored: Ints, form: Format) -> NDArray[np.float64]:
    """Values of stored integers."""
    return stored.astype(np.float64) / 2.0**form.fraction
